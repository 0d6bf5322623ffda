"""Store what pages hold: entities, follow edges and rejects, in idempotent bulk upserts.

The merge rule: a typed field without knowledge is never written, so a thin or placeholder value never overwrites a
known one; `raw` is the fullest object received, the newest among equals. `full` joins fullness and number of keys.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
from bson.errors import InvalidDocument
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from crawler.model.items import ParsedEntity, Provenance
from crawler.model.pages import stable_hash
from crawler.model.sanitize import json_preview, sanitize
from crawler.store.connection import Document, Repository, now, unjournaled
from crawler.store.connection_monitor import ConnectionMonitor
from crawler.store.errors import translate_errors
from crawler.store.write_cache import RANK, EntityWrite, WriteCache

_DUPLICATE_KEY = 11000
_ENCODING = (InvalidDocument, OverflowError, UnicodeError, DocumentTooLarge, ValueError, RecursionError)
_MOST_BYTES = 15_000_000  # MongoDB stops at 16 MiB a document
_MOST_LEVELS = 150  # and at 180 levels


@dataclass(frozen=True, slots=True)
class Reject:
    """An item that could not be parsed or stored: where it comes from, its position on the page, why, and the item."""

    origin: Provenance
    position: int
    why: str
    raw: Any


class Entities(Repository):
    """The collections of entities, `follows` and `rejects`."""

    def __init__(
        self, db: "Database[Document]", connection_monitor: ConnectionMonitor, persistent: bool = False
    ) -> None:
        super().__init__(db, persistent)
        self._known = WriteCache(connection_monitor)

    @translate_errors
    def upsert(self, pages: Sequence[tuple[Provenance, Sequence[ParsedEntity]]]) -> list[Reject]:
        """Upsert what pages hold; return what MongoDB cannot hold even when sanitized, with position -1."""
        rejects: list[Reject] = []
        for kind, writes in _merged(pages).items():
            try:
                self._write(kind, writes)
            except (*_ENCODING, OperationFailure):
                # Not all of them can be held: the others are. What has another cause is raised again.
                fitting, unfit = _fitting(writes)
                rejects += unfit
                self._write(kind, fitting)
        return rejects

    @translate_errors
    def upsert_follows(self, edges: Sequence[tuple[Provenance, tuple[str, str]]]) -> None:
        """Upsert edges, given as (follower, followee) user ids, each with its provenance."""
        if not edges:
            return
        moment = now()
        self._collection("follows").bulk_write(
            [
                UpdateOne(
                    {"_id": f"{follower}:{followee}"},
                    {
                        "$set": {"follower": follower, "followee": followee, **_seen(origin, moment)},
                        "$setOnInsert": {"seen.first_at": moment},
                    },
                    upsert=True,
                )
                for origin, (follower, followee) in edges
            ],
            ordered=False,
        )

    @translate_errors
    def save_rejects(self, rejects: Sequence[Reject]) -> None:
        """Keep items that could not be parsed or stored; the same page parsed again writes the same rejects."""
        if not rejects:
            return
        self._collection("rejects").bulk_write(
            [
                UpdateOne(
                    {"_id": stable_hash(r.origin.page_id, r.position if r.position >= 0 else r.why)},
                    {
                        "$set": {
                            "page": r.origin.page_id,
                            "crawl": r.origin.crawl_id,
                            "endpoint": r.origin.endpoint,
                            "position": r.position,
                            "why": r.why[:500],
                            "raw": json_preview(r.raw),
                            "at": now(),
                        }
                    },
                    upsert=True,
                )
                for r in rejects
            ],
            ordered=False,
        )

    @translate_errors
    def load_fields(self, kind: str, ids: Sequence[str]) -> list[Document]:
        """Return the typed fields of entities, without `raw`; those that are not stored are left out."""
        return list(self.db[kind].find({"_id": {"$in": list(ids)}}, {"raw": 0, "seen": 0}))

    def _collection(self, kind: str) -> "Collection[Document]":
        return unjournaled(self.db[kind])

    def _write(self, kind: str, writes: Sequence[EntityWrite]) -> None:
        """Upsert each entity; one that is stored fuller already takes only the typed fields."""
        moment = now()
        writes = [write for write in writes if not self._known.wrote_recently(kind, write, moment)]
        if not writes:
            return
        collection = self._collection(kind)
        operations = [self._upsert(kind, write, moment) for write in writes]
        try:
            collection.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(f["code"] != _DUPLICATE_KEY for f in failures):
                raise
            # There with more in it, or written by another worker just now: both are known to exist.
            fuller = [writes[f["index"]] for f in failures]
            collection.bulk_write([op for write in fuller for op in _on_existing(write, moment)], ordered=False)
            for write in fuller:
                self._known.note_fuller(kind, write)
        for write in writes:
            self._known.note_written(kind, write, moment)

    def _upsert(self, kind: str, write: EntityWrite, moment: datetime) -> UpdateOne:
        first = {"seen.first_at": moment}
        seen = _seen(write.origin, moment)
        if self._known.has_fuller(kind, write):
            if_gone = {**first, "raw": write.raw, "full": write.full}
            return UpdateOne({"_id": write.id}, {"$set": {**write.known, **seen}, "$setOnInsert": if_gone}, upsert=True)
        everything = {**write.known, "raw": write.raw, "full": write.full, **seen}
        # Comments come in one dialect, so the newest is as full as any; the shorter filter costs the server less.
        wanted: Document = {"_id": write.id} if kind == "comments" else {"_id": write.id, "full": {"$lte": write.full}}
        return UpdateOne(wanted, {"$set": everything, "$setOnInsert": first}, upsert=True)


def _seen(origin: Provenance, moment: datetime) -> Document:
    return {
        "seen.last_at": moment,
        "seen.last_crawl": origin.crawl_id,
        "seen.last_page": origin.page_id,
        "seen.last_endpoint": origin.endpoint,
    }


def _on_existing(write: EntityWrite, moment: datetime) -> tuple[UpdateOne, UpdateOne]:
    seen = _seen(write.origin, moment)
    return (
        UpdateOne(
            {"_id": write.id, "full": {"$lte": write.full}},
            {"$set": {**write.known, "raw": write.raw, "full": write.full, **seen}},
        ),
        UpdateOne({"_id": write.id, "full": {"$gt": write.full}}, {"$set": {**write.known, **seen}}),
    )


def _merged(pages: Sequence[tuple[Provenance, Sequence[ParsedEntity]]]) -> dict[str, list[EntityWrite]]:
    """Group writes by kind, merging an entity that appears twice: the fullest raw, later knowledge over earlier."""
    kinds: dict[str, dict[str, EntityWrite]] = {}
    for origin, found in pages:
        for one in found:
            entity = one.entity
            writes = kinds.setdefault(entity.kind, {})
            full = one.fullness * RANK + min(len(one.raw), RANK - 1)
            if (write := writes.get(entity.id)) is None:
                writes[entity.id] = EntityWrite(entity.id, entity.known_fields(), one.raw, full, origin)
                continue
            write.origin = origin
            if full >= write.full:
                write.raw, write.full = one.raw, full
                write.known.update(entity.known_fields())
            else:
                write.known = {**entity.known_fields(), **write.known}
    return {kind: list(writes.values()) for kind, writes in kinds.items()}


def _fitting(writes: Iterable[EntityWrite]) -> tuple[list[EntityWrite], list[Reject]]:
    """Return the writes that BSON can hold, sanitized where needed, and the rest as rejects."""
    fitting: list[EntityWrite] = []
    unfit: list[Reject] = []
    for write in writes:
        try:
            clean = EntityWrite(write.id, sanitize(write.known), sanitize(write.raw), write.full, write.origin)
            size = len(bson.encode({"known": clean.known, "raw": clean.raw, "_id": clean.id}))
            if size > _MOST_BYTES or _deeper(clean.raw, _MOST_LEVELS):
                raise ValueError(f"{size} bytes, or nested too deeply")
            fitting.append(clean)
        except _ENCODING as error:
            unfit.append(Reject(write.origin, -1, f"{write.id}: MongoDB cannot hold it: {error}", write.raw))
    return fitting, unfit


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value is nested more than `levels` deep."""
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(entry, levels - 1) for entry in entries if isinstance(entry, dict | list))
