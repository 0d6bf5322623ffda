"""Keep the gate: reconcile Redis's copy with MongoDB, pause the crawls it stops, open it when its time is over."""

import logging
from datetime import timedelta

from crawler.model.enums import PauseCause
from crawler.rate_limit.limiter import RateLimiter
from crawler.store import Store
from crawler.store.connection import now

log = logging.getLogger(__name__)

_PAUSE_AFTER = timedelta(seconds=5)  # of an outage, before it pauses the crawls


class Gatekeeper:
    """Reconciles the two copies of the gate."""

    def __init__(self, store: Store, limiter: RateLimiter) -> None:
        self._store = store
        self._limiter = limiter
        self._copy_was_stale = False

    def reconcile(self) -> None:
        gate, copy = self._store.gate.get(), self._limiter.closed_gate()
        if gate is None:
            # Redis is closed first, so a copy without its original counts as stale only the second time.
            is_stale = copy in (PauseCause.ACCOUNT, PauseCause.UNITS)
            if is_stale and self._copy_was_stale:
                self._limiter.open_gate()
            self._copy_was_stale = is_stale
        elif gate.cause is PauseCause.OUTAGE:
            if copy is None:
                self._open(PauseCause.OUTAGE)
            elif now() - gate.since > _PAUSE_AFTER:
                self._store.crawls.pause(PauseCause.OUTAGE)
        elif gate.until is not None and gate.until <= now():
            self._open(gate.cause)
        else:
            if copy != gate.cause:
                self._limiter.close_gate(gate.cause, gate.until.timestamp() if gate.until else None)
            self._store.crawls.pause(gate.cause)

    def _open(self, cause: PauseCause) -> None:
        self._store.gate.open(cause)
        self._limiter.open_gate()
        if resumed := self._store.crawls.resume(causes=[cause]):
            log.warning("gate open again: %d crawls resumed", resumed)
