"""Deduplicate entity writes: remember what this process wrote, so that not every page writes the same again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crawler.model.bounded_cache import BoundedCache
from crawler.model.items import Provenance
from crawler.store.connection_monitor import ConnectionMonitor

RANK = 10_000  # weight of one step of Fullness: more than any number of keys
_THIN = 1 * RANK  # below it: embedded in another object
_FRESH = timedelta(seconds=60)
_WRITTEN, _FULLER = 25_000, 10_000  # entries kept at least, about 15 MB together


@dataclass(slots=True)
class EntityWrite:
    """An entity to be written: its typed fields, the object as received, and how full that is."""

    id: str
    known: dict[str, Any]
    raw: Any
    full: int
    origin: Provenance


class WriteCache:
    """What this process wrote of embedded entities in the last minute, and which are stored fuller already.

    A post's author or a comment's writer appears again and again, thin and unchanged. `seen.last_at` of such an entity
    may therefore be a minute behind.
    """

    def __init__(self, connection_monitor: ConnectionMonitor) -> None:
        self._connection_monitor = connection_monitor
        self._seen_resets = 0
        self._written: BoundedCache[tuple[str, str], tuple[int, int, str, datetime]] = BoundedCache(_WRITTEN)
        self._full: BoundedCache[tuple[str, str], int] = BoundedCache(_FULLER)

    def wrote_recently(self, kind: str, write: EntityWrite, moment: datetime) -> bool:
        """Whether this crawl wrote the same within the last minute."""
        if write.full >= _THIN:
            return False
        if self._seen_resets != self._connection_monitor.resets:  # the server may have lost what we believe is there
            self._seen_resets = self._connection_monitor.resets
            self._written.clear()
            self._full.clear()
        before = self._written.get((kind, write.id))
        if before is None or before[:3] != (write.full, _signature(write), write.origin.crawl_id):
            return False
        return moment - before[3] < _FRESH

    def has_fuller(self, kind: str, write: EntityWrite) -> bool:
        return (self._full.get((kind, write.id)) or -1) > write.full

    def note_fuller(self, kind: str, write: EntityWrite) -> None:
        """Record that a fuller object than this one is stored (how much fuller is unknown)."""
        self._full.put((kind, write.id), write.full + 1)

    def note_written(self, kind: str, write: EntityWrite, moment: datetime) -> None:
        if write.full < _THIN:
            self._written.put((kind, write.id), (write.full, _signature(write), write.origin.crawl_id, moment))


def _signature(write: EntityWrite) -> int:
    return hash(tuple(map(str, write.known.values())))
