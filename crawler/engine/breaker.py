"""Circuit breaker around the API: report how calls went, and close the gate for every worker when none can work."""

import logging
from datetime import UTC, datetime, timedelta
from time import monotonic

from crawler.model.enums import PauseCause
from crawler.model.errors import (
    ApiCallError,
    BadRequestError,
    MalformedAnswerError,
    RateLimitedError,
    TransientError,
    UnreachableError,
)
from crawler.rate_limit.limiter import Permit, RateLimiter
from crawler.store import Store

log = logging.getLogger(__name__)

_MAX_REFUSED = 20  # pages in a row that fail alike, and none is read, after which the account counts as refused
_TROUBLE = 10.0  # seconds after a failure during which successes are reported to the limiter


class OutageBreaker:
    """Closes the gate on an outage, on a refused account and on a used-up quota; opens it when a call works again.

    A closed gate is an open circuit; the one call at a time that probes an outage is its half-open state. Failures are
    counted in Redis over all workers. Successes are reported only after this process saw or heard of
    a failure, so that a healthy crawl asks Redis once per call and not twice.
    """

    def __init__(self, store: Store, limiter: RateLimiter) -> None:
        self._store = store
        self._limiter = limiter
        self._troubled_until = 0.0
        self._refused_in_a_row = 0
        self._refused_as = ""

    def record(self, page_id: str, permit: Permit, error: ApiCallError | None) -> bool:
        """Report how a call went (None: it worked); return whether the API counts as out of reach."""
        self._count_refusals(error)
        if isinstance(error, TransientError) or permit.report_success or permit.probe:
            self._troubled_until = monotonic() + _TROUBLE
        try:
            if isinstance(error, RateLimitedError):
                self._limiter.record_throttled(page_id, error.after)
            elif isinstance(error, TransientError):
                return self._record_failure(page_id, permit, error)
            elif monotonic() < self._troubled_until and self._limiter.record_success().change == "opened":
                self._end_outage()
        except UnreachableError as unreachable:  # Redis; the gate's truth is in MongoDB
            log.warning("%s", unreachable)
        return False

    def note_read(self) -> None:
        """Note that an answer was read, so that what failed before was the pages' own fault."""
        self._refused_in_a_row = 0

    def close_gate(self, cause: PauseCause, error: ApiCallError) -> None:
        """Close the gate for every worker: at once through Redis, for good through MongoDB; pause the crawls."""
        until = _next_utc_day() if cause is PauseCause.UNITS else None
        try:
            self._limiter.close_gate(cause, until.timestamp() if until else None)
        except UnreachableError as unreachable:
            log.warning("%s", unreachable)
        self._store.gate.close(cause, str(error), until)
        if paused := self._store.crawls.pause(cause):
            log.error("calls stopped: %s. %d crawls paused (%s)", error, paused, cause)

    def _count_refusals(self, error: ApiCallError | None) -> None:
        """Close the gate when page after page of this process fails alike and none is read: it is not the pages' fault.

        Refused as a mistake, or paid and unreadable: either would go on to the end of the crawl.
        """
        if not isinstance(error, BadRequestError | MalformedAnswerError):
            return
        self._refused_in_a_row = self._refused_in_a_row + 1 if error.kind == self._refused_as else 1
        self._refused_as = error.kind
        if self._refused_in_a_row >= _MAX_REFUSED:
            self._refused_in_a_row = 0
            self.close_gate(PauseCause.ACCOUNT, error)

    def _record_failure(self, page_id: str, permit: Permit, error: ApiCallError) -> bool:
        change = self._limiter.record_failure(page_id, permit.probe)
        if change.change == "closed":
            log.warning("API failing (%s): calls stopped, probing one at a time", error)
            self._store.gate.close(PauseCause.OUTAGE, str(error))
            self._store.ledger.restore_attempts(change.pages)
        return change.change in ("closed", "down")

    def _end_outage(self) -> None:
        log.warning("API answers again")
        self._store.gate.open(PauseCause.OUTAGE)
        self._store.crawls.resume(causes=[PauseCause.OUTAGE])


def _next_utc_day() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
