"""Stores a page's documents as every peer but tokcrawl does: one unordered bulk of upserts per collection."""

from typing import Any

from pymongo import MongoClient, ReplaceOne
from pymongo.database import Database

from benchmarks.peers.reading import Documents

DB = "bench"


def database(url: str, connections: int) -> "Database[dict[str, Any]]":
    """Writes are journaled, as tokcrawl's are by default."""
    client: MongoClient[dict[str, Any]] = MongoClient(url, maxPoolSize=connections, journal=True)
    return client[DB]


def store(db: "Database[dict[str, Any]]", documents: Documents) -> None:
    for name, found in documents.items():
        if found:
            db[name].bulk_write(
                [ReplaceOne({"_id": key}, {"_id": key, "raw": raw}, upsert=True) for key, raw in found.items()],
                ordered=False,
            )
