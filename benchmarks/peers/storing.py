"""Stores a page's documents as every peer but tokcrawl does: one unordered bulk of upserts per collection.

The last bulk of a page waits for the journal, and with it all before it are safe, for the journal is one sequence.
tokcrawl waits just as often: when it marks the page done.
"""

from typing import Any

from pymongo import MongoClient, ReplaceOne, WriteConcern
from pymongo.database import Database

from benchmarks.peers.reading import Documents

DB = "bench"
_JOURNALED = WriteConcern(j=True)


def database(url: str, connections: int) -> "Database[dict[str, Any]]":
    client: MongoClient[dict[str, Any]] = MongoClient(url, maxPoolSize=connections)
    return client[DB]


def store(db: "Database[dict[str, Any]]", documents: Documents) -> None:
    bulks = [(name, found) for name, found in documents.items() if found]
    for number, (name, found) in enumerate(bulks, 1):
        collection = db.get_collection(name, write_concern=_JOURNALED) if number == len(bulks) else db[name]
        collection.bulk_write(
            [ReplaceOne({"_id": key}, {"_id": key, "raw": raw}, upsert=True) for key, raw in found.items()],
            ordered=False,
        )
