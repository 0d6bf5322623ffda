"""How many messages this process may still dispatch per crawl before the heartbeat allots it new room in the queue."""

from collections.abc import Mapping
from threading import Lock


class DispatchQuota:
    """Room in the broker's queue, by crawl id; safe to share between threads."""

    def __init__(self) -> None:
        self._room: dict[str, int] = {}
        self._lock = Lock()

    def set(self, room: Mapping[str, int]) -> None:
        with self._lock:
            self._room = dict(room)

    def take(self, crawl_id: str, wanted: int) -> int:
        """Return how many of `wanted` messages may be dispatched now, and subtract them."""
        with self._lock:
            granted = max(0, min(wanted, self._room.get(crawl_id, 0)))
            if granted:
                self._room[crawl_id] -= granted
        return granted
