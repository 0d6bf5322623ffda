"""Store what pages hold: entities, follow edges and rejects, in idempotent bulk upserts.

The merge rule: a typed field without knowledge is never written, so a thin or placeholder value never overwrites a
known one. `raw` is the fullest object that was bought, the newest among equals, or an embedded one until one is bought;
`full` says how full it is. One of another dialect that was bought too is in `raw_other`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import bson
from bson.errors import InvalidDocument
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from crawler.model.items import Fullness, ParsedEntity, Provenance
from crawler.model.leaves import count_leaves
from crawler.model.pages import stable_hash
from crawler.model.sanitize import json_preview, sanitize
from crawler.store.connection import Document, Repository, now, unjournaled
from crawler.store.connection_monitor import ConnectionMonitor
from crawler.store.errors import are_duplicates, translate_errors
from crawler.store.late_writes import fill_operations
from crawler.store.write_cache import RANK, EntityWrite, WriteCache

_ENCODING = (InvalidDocument, OverflowError, UnicodeError, DocumentTooLarge, ValueError, RecursionError)
_MOST_BYTES = 15_000_000  # MongoDB stops at 16 MiB a document
_MOST_LEVELS = 150  # and at 180 levels
_DIALECTS = {"users": ("app", "web", "alternative"), "posts": ("app", "web")}


@dataclass(frozen=True, slots=True)
class Reject:
    """An item that could not be parsed or stored: where it comes from, its position on the page, why, and the item.

    shape: given for an example of items of another kind; a crawl keeps one of each shape and endpoint.
    """

    origin: Provenance
    position: int
    why: str
    raw: Any
    shape: str | None = None

    @property
    def reject_id(self) -> str:
        if self.shape is not None:
            return stable_hash(self.origin.crawl_id, self.origin.endpoint, self.shape)
        return stable_hash(self.origin.page_id, self.position if self.position >= 0 else self.why)


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
        if edges:
            operations = [_edge_operation(origin, *edge, now()) for origin, edge in edges]
            self._collection("follows").bulk_write(operations, ordered=False)

    @translate_errors
    def delete_rejects(self, page_ids: Sequence[str]) -> None:
        """Forget what of these pages was rejected: they are read again."""
        self._collection("rejects").delete_many({"page": {"$in": list(page_ids)}})

    @translate_errors
    def named_by(self, crawl_id: str, kind: str, ids: Sequence[str]) -> set[str]:
        """Return which of these entities the crawl was the last to see, so that its pages name them."""
        wanted = {"_id": {"$in": list(ids)}, "seen.last_crawl": crawl_id}
        return {found["_id"] for found in self.db[kind].find(wanted, {"_id": 1})}

    @translate_errors
    def save_rejects(self, rejects: Sequence[Reject]) -> None:
        """Keep items that could not be parsed or stored; the same page parsed again writes the same rejects."""
        if not rejects:
            return
        self._collection("rejects").bulk_write(
            [
                UpdateOne(
                    {"_id": r.reject_id},
                    {
                        "$set" if r.shape is None else "$setOnInsert": {
                            "page": r.origin.page_id,
                            "crawl": r.origin.crawl_id,
                            "endpoint": r.origin.endpoint,
                            "position": r.position,
                            "why": r.why[:500],
                            "raw": json_preview(r.raw),
                            "at": r.origin.at or now(),
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
        return list(self.db[kind].find({"_id": {"$in": list(ids)}}, {"raw": 0, "raw_other": 0, "seen": 0}))

    def _collection(self, kind: str) -> "Collection[Document]":
        return unjournaled(self.db[kind])

    def _write(self, kind: str, writes: Sequence[EntityWrite]) -> None:
        """Upsert each entity; one that is stored fuller already takes only the typed fields."""
        moment = now()
        collection = self._collection(kind)
        if any(write.origin.at for write in writes):
            writes, fills = fill_operations(collection, writes)
            if fills:
                collection.bulk_write(fills)
        else:
            writes = [write for write in writes if not self._known.wrote_recently(kind, write, moment)]
        if not writes:
            return
        operations = [self._upsert(kind, write, moment) for write in writes]
        try:
            collection.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            if not are_duplicates(error):
                raise
            # There with more in it, or written by another worker just now: both are known to exist.
            fuller = [writes[f["index"]] for f in error.details["writeErrors"]]
            collection.bulk_write([op for write in fuller for op in _on_existing(kind, write, moment)])
            for write in fuller:
                self._known.note_fuller(kind, write)
        for write in writes:
            self._known.note_written(kind, write, moment)

    def _upsert(self, kind: str, write: EntityWrite, moment: datetime) -> UpdateOne:
        first = {"seen.first_at": write.origin.at or moment}
        seen = _seen(write.origin, moment)
        if self._known.has_fuller(kind, write):
            if_gone = {**first, **_object(write)}
            return UpdateOne({"_id": write.id}, {"$set": {**write.known, **seen}, "$setOnInsert": if_gone}, upsert=True)
        update = {"$set": {**write.known, **_object(write), **seen}, "$setOnInsert": first}
        return UpdateOne(_replaceable(kind, write), update, upsert=True)


def _object(write: EntityWrite) -> Document:
    fields = {"raw": write.raw, "full": write.full}
    return {**fields, "raw_dialect": write.dialect} if write.dialect else fields


def _replaceable(kind: str, write: EntityWrite) -> Document:
    """Return the filter of a stored entity whose object this one may replace."""
    wanted: Document = {"_id": write.id, "full": {"$lte": write.full}}
    if kind in _DIALECTS and not write.embedded:  # an embedded object replaces none that was bought in any dialect
        wanted["raw_dialect"] = {"$in": [write.dialect, None]}
    return wanted


def _edge_operation(origin: Provenance, follower: str, followee: str, moment: datetime) -> UpdateOne:
    at = origin.at or moment
    ends = {"follower": follower, "followee": followee}
    update: Document = {"$set": {**ends, **_seen(origin, at)}, "$setOnInsert": {"seen.first_at": at}}
    if origin.at is not None:  # one that is stored was seen since, or then
        update = {"$setOnInsert": {**update["$set"], **update["$setOnInsert"]}}
    return UpdateOne({"_id": f"{follower}:{followee}"}, update, upsert=True)


def _seen(origin: Provenance, moment: datetime) -> Document:
    return {
        "seen.last_at": origin.at or moment,
        "seen.last_crawl": origin.crawl_id,
        "seen.last_page": origin.page_id,
        "seen.last_endpoint": origin.endpoint,
    }


def _on_existing(kind: str, write: EntityWrite, moment: datetime) -> list[UpdateOne]:
    """Return what writes an entity that is stored already, in this order.

    Of two objects in different dialects the poorer goes to `raw_other`: this one, or the one that it replaces.
    """
    known = {**write.known, **_seen(write.origin, moment)}
    where, fuller, poorer = {"_id": write.id}, {"$gt": write.full}, {"$lte": write.full}
    replacing: Document = {"$set": {**known, **_object(write)}}
    if write.dialect is None:
        return [UpdateOne({**where, "full": fuller}, {"$set": known}), UpdateOne({**where, "full": poorer}, replacing)]
    own = f"raw_other.{write.dialect}"
    return [
        UpdateOne({**where, "full": fuller, "raw_dialect": write.dialect}, {"$set": known}),
        UpdateOne(
            {**where, "full": fuller, "raw_dialect": {"$ne": write.dialect}}, {"$set": {**known, own: write.raw}}
        ),
        *(
            UpdateOne(
                {**where, "full": poorer, "raw_dialect": other},
                {"$rename": {"raw": f"raw_other.{other}"}, "$set": {"full": -1}, "$unset": {"raw_dialect": 1}},
            )
            for other in _DIALECTS[kind]
            if other != write.dialect
        ),
        UpdateOne({**where, "full": poorer}, {**replacing, "$unset": {own: 1}}),
    ]


def _merged(pages: Sequence[tuple[Provenance, Sequence[ParsedEntity]]]) -> dict[str, list[EntityWrite]]:
    """Group writes by kind, merging an entity that appears twice: the fullest raw, later knowledge over earlier.

    Objects of the same entity in two dialects are two writes, with the same knowledge.
    """
    kinds: dict[str, dict[str, EntityWrite]] = {}
    in_other_dialects: defaultdict[str, list[EntityWrite]] = defaultdict(list)
    for origin, found in pages:
        for one in found:
            writes = kinds.setdefault(one.entity.kind, {})
            new = _write_of(one, origin)
            if (old := writes.get(new.id)) is None:
                writes[new.id] = new
                continue
            if new.full >= old.full:
                old.known.update(new.known)
                fuller, poorer = new, old
            else:
                old.known |= {**new.known, **old.known}
                fuller, poorer = old, new
            fuller.known = poorer.known = old.known
            fuller.origin = origin
            writes[new.id] = fuller
            if fuller.dialect and poorer.dialect not in (None, fuller.dialect):
                in_other_dialects[one.entity.kind].append(poorer)
    return {kind: [*writes.values(), *in_other_dialects[kind]] for kind, writes in kinds.items()}


def _write_of(one: ParsedEntity, origin: Provenance) -> EntityWrite:
    full = min(count_leaves(one.raw), RANK - 1) + (RANK if one.fullness else 0)
    detail = one.fullness is Fullness.DETAIL
    return EntityWrite(one.entity.id, one.known_fields(), one.raw, full, origin, one.dialect, detail)


def _fitting(writes: Iterable[EntityWrite]) -> tuple[list[EntityWrite], list[Reject]]:
    """Return the writes that BSON can hold, sanitized where needed, and the rest as rejects."""
    fitting: list[EntityWrite] = []
    unfit: list[Reject] = []
    for write in writes:
        try:
            clean = replace(write, known=sanitize(write.known), raw=sanitize(write.raw))
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
