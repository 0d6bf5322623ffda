"""Stores what pages hold: entities, edges and rejects, in idempotent bulk upserts.

The merge rule (contract): typed fields that carry no knowledge are never written, so thin or zero never overwrites
known; `raw` is the fullest object bought, newest among equals. Fullness is (rank, number of keys) as one number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bson
import orjson
from bson.errors import InvalidDocument
from pymongo import InsertOne, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from crawler.pages import digest
from crawler.readers import Found
from crawler.readers.mend import mend
from crawler.store.connection import Document, now, reaching, unhurried

Operation = UpdateOne | InsertOne[Document]

_DUPLICATE_KEY = 11000
_ENCODING = (InvalidDocument, OverflowError, UnicodeError, DocumentTooLarge, ValueError, RecursionError)
_MOST_BYTES = 15_000_000  # MongoDB stops at 16 MiB a document
_MOST_LEVELS = 150  # and at 180 levels
_RAW_TEXT = 100_000  # characters of a reject that are kept


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from; becomes `seen`."""

    crawl: str
    page: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Reject:
    """An item that could not be read or stored: its position on the page, why, and the item."""

    position: int
    why: str
    raw: Any


class Entities:
    """The collections of entities, `follows` and `rejects`."""

    def __init__(self, db: "Database[Document]") -> None:
        self._db = db

    @reaching
    def store(self, found: Iterable[Found], origin: Origin) -> list[Reject]:
        """Upsert entities; returns those that MongoDB cannot hold even when mended, with position -1."""
        rejects: list[Reject] = []
        for kind, writes in _merged(found).items():
            try:
                self._write(kind, writes, origin)
            except (*_ENCODING, OperationFailure):
                # Not all of them can be held: the others are. What has another cause is raised again.
                fitting, unfit = _fitting(writes)
                rejects += unfit
                self._write(kind, fitting, origin)
        return rejects

    @reaching
    def follow(self, edges: Sequence[tuple[str, str]], origin: Origin) -> None:
        """Upsert edges, given as (follower, followee) uids."""
        if not edges:
            return
        moment = now()
        seen = {"last_at": moment, "crawl": origin.crawl, "page": origin.page, "endpoint": origin.endpoint}
        sets = {f"seen.{name}": value for name, value in seen.items()}
        self._collection("follows").bulk_write(
            [
                UpdateOne(
                    {"_id": f"{follower}:{followee}"},
                    {
                        "$set": {"follower": follower, "followee": followee, **sets},
                        "$setOnInsert": {"seen.first_at": moment},
                    },
                    upsert=True,
                )
                for follower, followee in edges
            ],
            ordered=False,
        )

    @reaching
    def reject(self, rejects: Sequence[Reject], origin: Origin) -> None:
        """Keep items that could not be read or stored; the same page read again writes the same rejects."""
        if not rejects:
            return
        self._collection("rejects").bulk_write(
            [
                UpdateOne(
                    {"_id": digest(origin.page, r.position if r.position >= 0 else r.why)},
                    {
                        "$set": {
                            "page": origin.page,
                            "crawl": origin.crawl,
                            "endpoint": origin.endpoint,
                            "position": r.position,
                            "why": r.why[:500],
                            "raw": as_text(r.raw),
                            "at": now(),
                        }
                    },
                    upsert=True,
                )
                for r in rejects
            ],
            ordered=False,
        )

    @reaching
    def typed(self, kind: str, ids: Sequence[str]) -> list[Document]:
        """The typed fields of entities, without `raw`; those that are not stored are left out."""
        return list(self._db[kind].find({"_id": {"$in": list(ids)}}, {"raw": 0, "seen": 0}))

    def _collection(self, kind: str) -> "Collection[Document]":
        return unhurried(self._db[kind])

    def _write(self, kind: str, writes: "Sequence[_Write]", origin: Origin) -> None:
        """One upsert an entity; those that are stored fuller already take only the typed fields."""
        if not writes:
            return
        moment = now()
        seen = {
            "seen.last_at": moment,
            "seen.crawl": origin.crawl,
            "seen.page": origin.page,
            "seen.endpoint": origin.endpoint,
        }
        collection = self._collection(kind)
        try:
            collection.bulk_write(
                [
                    UpdateOne(
                        {"_id": w.id, "full": {"$lte": w.full}},
                        {
                            "$set": {**w.known, "raw": w.raw, "full": w.full, **seen},
                            "$setOnInsert": {"seen.first_at": moment},
                        },
                        upsert=True,
                    )
                    for w in writes
                ],
                ordered=False,
            )
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(f["code"] != _DUPLICATE_KEY for f in failures):
                raise
            # There with more in it, or written by another worker just now: both are known to exist.
            collection.bulk_write(
                [op for f in failures for op in _on_existing(writes[f["index"]], seen)],
                ordered=False,
            )


@dataclass(slots=True)
class _Write:
    id: str
    known: Document
    raw: Any
    full: int


def _on_existing(write: _Write, seen: Document) -> tuple[UpdateOne, UpdateOne]:
    return (
        UpdateOne(
            {"_id": write.id, "full": {"$lte": write.full}},
            {"$set": {**write.known, "raw": write.raw, "full": write.full, **seen}},
        ),
        UpdateOne({"_id": write.id, "full": {"$gt": write.full}}, {"$set": {**write.known, **seen}}),
    )


def _merged(found: Iterable[Found]) -> dict[str, list[_Write]]:
    """Writes by kind, an entity met twice merged into one: the fullest raw, later knowledge over earlier."""
    kinds: dict[str, dict[str, _Write]] = {}
    for one in found:
        entity = one.entity
        writes = kinds.setdefault(entity.kind, {})
        full = one.rank * 10_000 + min(len(one.raw), 9_999)
        if (write := writes.get(entity.id)) is None:
            writes[entity.id] = _Write(entity.id, entity.known(), one.raw, full)
            continue
        if full >= write.full:
            write.raw, write.full = one.raw, full
            write.known.update(entity.known())
        else:
            write.known = {**entity.known(), **write.known}
    return {kind: list(writes.values()) for kind, writes in kinds.items()}


def _fitting(writes: Iterable[_Write]) -> tuple[list[_Write], list[Reject]]:
    """Writes that BSON can hold, mended where needed, and the rest as rejects."""
    fitting: list[_Write] = []
    unfit: list[Reject] = []
    for write in writes:
        try:
            mended = _Write(write.id, mend(write.known), mend(write.raw), write.full)
            size = len(bson.encode({"known": mended.known, "raw": mended.raw, "_id": mended.id}))
            if size > _MOST_BYTES or _deeper(mended.raw, _MOST_LEVELS):
                raise ValueError(f"{size} bytes, or nested too deeply")
            fitting.append(mended)
        except _ENCODING as error:
            unfit.append(Reject(-1, f"{write.id}: MongoDB cannot hold it: {error}", write.raw))
    return fitting, unfit


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value is nested in more levels than these."""
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(entry, levels - 1) for entry in entries if isinstance(entry, dict | list))


def as_text(raw: Any) -> str:
    """Any decoded JSON as text, for people to read."""
    try:
        return orjson.dumps(raw).decode()[:_RAW_TEXT]
    except (TypeError, ValueError):
        pass
    try:
        return repr(raw)[:_RAW_TEXT].encode("utf-8", "replace").decode()
    except RecursionError:
        return "nested too deeply to be shown"
