"""Admit messages to their calls: one of the process's call slots, and a permit of the rate that all workers share."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore, Event
from time import monotonic

from crawler.engine.crawl_cache import CrawlCache
from crawler.model.errors import UnreachableError
from crawler.rate_limit.limiter import Denied, Permit, RateLimiter

log = logging.getLogger(__name__)

_POLL = 0.5  # seconds between looks whether a page that waits for a slot is still wanted
_MAX_WAIT = 60.0  # seconds a message waits for admission before it is dropped; the leader dispatches it again
_NEGLIGIBLE = 0.02  # seconds of delay during which no gate is expected to close


@dataclass(frozen=True, slots=True)
class Admitted:
    """Leave to make one call."""

    permit: Permit
    slot: ExitStack

    def release_slot(self) -> None:
        """Let another call begin: the answer is here, and committing it takes no call slot."""
        self.slot.close()


class AdmissionControl:
    """Waits for a slot and a permit while no lease is held, so that a page that waits is not kept from others."""

    def __init__(self, crawls: CrawlCache, limiter: RateLimiter, slots: int, stopping: Event) -> None:
        self._crawls = crawls
        self._limiter = limiter
        self._slots = BoundedSemaphore(slots)
        self._stopping = stopping

    @contextmanager
    def admit(self, crawl_id: str) -> Iterator[Admitted | None]:
        """Yield leave to make one call; None where the message is to be dropped."""
        with ExitStack() as slot:
            permit = self._wait(crawl_id, slot)
            yield None if permit is None else Admitted(permit, slot)

    def _wait(self, crawl_id: str, slot: ExitStack) -> Permit | None:
        deadline, has_slot = monotonic() + _MAX_WAIT, False
        while not self._stopping.is_set() and self._crawls.active(crawl_id) and monotonic() < deadline:
            if not has_slot:
                if has_slot := self._slots.acquire(timeout=_POLL):
                    slot.callback(self._slots.release)
                continue
            try:
                permit = self._limiter.acquire()
                if isinstance(permit, Denied):
                    self._stopping.wait(min(permit.retry_after, 1.0))
                elif permit.delay and self._stopping.wait(permit.delay):
                    return None
                elif permit.delay < _NEGLIGIBLE or self._limiter.closed_gate() is None:
                    return permit
            except UnreachableError as error:  # fails closed: no Redis, no calls
                log.warning("%s; waiting", error)
                self._stopping.wait(1.0)
        return None
