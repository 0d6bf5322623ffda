"""Fit what an answer of long ago says of entities into what is stored by now, so that no newer knowledge is lost."""

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection

from crawler.store.connection import Document
from crawler.store.write_cache import EntityWrite


def fill_operations(
    collection: "Collection[Document]", writes: Sequence[EntityWrite]
) -> tuple[list[EntityWrite], list[UpdateOne]]:
    """Return the writes that nothing newer stands against, and for the others what fills the gaps of what is stored."""
    names = {name for write in writes for name in write.known}
    found = collection.find({"_id": {"$in": [write.id for write in writes]}}, {"seen": 1, **dict.fromkeys(names, 1)})
    stored = {document["_id"]: document for document in found}
    current = [write for write in writes if _is_current(write, stored.get(write.id))]
    fills = [
        operation
        for write in writes
        if not _is_current(write, stored.get(write.id))
        for operation in _fill(write, stored[write.id])
    ]
    return current, fills


def _is_current(write: EntityWrite, stored: Document | None) -> bool:
    """Whether nothing newer is known: what is stored is older, or of this very answer."""
    if stored is None or (at := write.origin.at) is None:
        return True
    seen = stored.get("seen") or {}
    return bool(seen["last_at"] <= at or seen.get("last_page") == write.origin.page_id)


def _fill(write: EntityWrite, stored: Document) -> list[UpdateOne]:
    """Return what adds the fields that are not known yet, and the object where it is fuller than the stored one."""
    missing: dict[str, Any] = {name: value for name, value in write.known.items() if name not in stored}
    update: Document = {"$min": {"seen.first_at": write.origin.at}}
    if missing:
        update["$set"] = missing
    wanted: Document = {"_id": write.id, "full": {"$lt": write.full}}
    raw: Document = {"raw": write.raw, "full": write.full}
    operations = [UpdateOne({"_id": write.id}, update)]
    if write.dialect is None:
        return [*operations, UpdateOne(wanted, {"$set": raw})]
    own = f"raw_other.{write.dialect}"
    other: Document = {"_id": write.id, "raw_dialect": {"$nin": [write.dialect, None]}, own: {"$exists": False}}
    return [
        *operations,
        UpdateOne(other, {"$set": {own: write.raw}}),
        UpdateOne(
            {**wanted, "raw_dialect": {"$in": [write.dialect, None]}},
            {"$set": {**raw, "raw_dialect": write.dialect}},
        ),
    ]
