"""Deduplicate entity writes: remember what this process wrote, so that not every page writes the same again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crawler.model.bounded_cache import BoundedCache
from crawler.model.items import Dialect, Provenance
from crawler.store.connection_monitor import ConnectionMonitor

RANK = 10_000  # added for an object that was bought, and is not embedded in another: more than any number of leaves
_FRESH = timedelta(seconds=60)
_WRITTEN, _FULLER = 25_000, 10_000  # entries kept at least, about 15 MB together


@dataclass(slots=True)
class EntityWrite:
    """An entity to be written: its typed fields, the object as received, how full that is, and its format.

    detail: the object was requested by itself, so it is written even where a fuller one is stored.
    """

    id: str
    known: dict[str, Any]
    raw: Any
    full: int
    origin: Provenance
    dialect: Dialect | None = None
    detail: bool = False

    @property
    def embedded(self) -> bool:
        return self.full < RANK


class WriteCache:
    """What this process wrote of embedded entities in the last minute, and which are stored fuller already.

    A post's author or a comment's writer appears again and again, thin and unchanged. `seen.last_at` of such an entity
    may therefore be a minute behind.
    """

    def __init__(self, connection_monitor: ConnectionMonitor) -> None:
        self._connection_monitor = connection_monitor
        self._seen_resets = 0
        self._written: BoundedCache[tuple[str, str], tuple[int, int, str, datetime]] = BoundedCache(_WRITTEN)
        self._full: BoundedCache[tuple[str, str, str | None], int] = BoundedCache(_FULLER)

    def wrote_recently(self, kind: str, write: EntityWrite, moment: datetime) -> bool:
        """Whether this crawl wrote the same within the last minute."""
        if not write.embedded:
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
        return not write.detail and (self._full.get(_key(kind, write)) or -1) > write.full

    def note_fuller(self, kind: str, write: EntityWrite) -> None:
        """Record that a fuller object than this one is stored (how much fuller is unknown)."""
        self._full.put(_key(kind, write), write.full + 1)

    def note_written(self, kind: str, write: EntityWrite, moment: datetime) -> None:
        if write.embedded:
            self._written.put((kind, write.id), (write.full, _signature(write), write.origin.crawl_id, moment))


def _key(kind: str, write: EntityWrite) -> tuple[str, str, str | None]:
    return kind, write.id, write.dialect


def _signature(write: EntityWrite) -> int:
    """Return a hash of what is known; addresses of files differ from answer to answer and are no news."""
    return hash(tuple(str(value) for name, value in write.known.items() if not name.endswith("_url")))
