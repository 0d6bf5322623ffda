"""Run one page: message → admit → acquire → reserve → fetch → parse → commit."""

import logging
import random
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import BoundedSemaphore, Event, get_ident
from typing import TypedDict

from crawler.api.client import ApiClient, ApiResponse
from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import ParsedPage, parse_response
from crawler.engine.admission import AdmissionControl, Admitted
from crawler.engine.archive import AnswerArchive
from crawler.engine.breaker import OutageBreaker
from crawler.engine.budget import BudgetGuard
from crawler.engine.capacity import max_slow_calls
from crawler.engine.committer import Committer
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.held_leases import HeldLeases
from crawler.engine.outcome import Outcome
from crawler.engine.retry import RetryDecision, decide
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.charges import Charge
from crawler.model.crawls import Crawl
from crawler.model.enums import EndReason, PageState
from crawler.model.errors import ApiCallError, MalformedAnswerError
from crawler.model.pages import Page
from crawler.planning import Problem, halve_batch, validate_request
from crawler.rate_limit.limiter import Permit, RateLimiter
from crawler.store import Store
from crawler.store.connection import Document

log = logging.getLogger(__name__)

_SLOW_PAUSE = 5.0  # seconds until a slow page is tried again when every slot for slow calls was taken
_MAX_DETAIL = 2000  # characters of an error's text that the ledger keeps
_TRACEBACK_LINES = 4  # entries of a traceback, the last ones


class _Received(TypedDict):
    """What an answer brought, as the archive takes it."""

    status: int
    units: int | None
    body: bytes


class PageRunner:
    """Runs pages; safe to share between threads.

    `store` is persistent: what was paid for is not dropped, it waits for the database. Only the holder of a page's
    lease changes the page.
    """

    def __init__(
        self,
        *,
        store: Store,
        api: ApiClient,
        limiter: RateLimiter,
        crawls: CrawlCache,
        budget: BudgetGuard,
        committer: Committer,
        archive: AnswerArchive,
        stats: StatsBuffer,
        worker: str,
        slots: int,
        max_attempts: int,
        lease: float,
        stopping: Event,
    ) -> None:
        self._ledger = store.ledger
        self._api = api
        self._crawls = crawls
        self._budget = budget
        self._committer = committer
        self._archive = archive
        self._stats = stats
        self._worker = worker
        self._max_attempts = max_attempts
        self._lease = lease
        self._admission = AdmissionControl(crawls, limiter, slots, stopping)
        self._breaker = OutageBreaker(store, limiter)
        self._slow_slots = BoundedSemaphore(max_slow_calls(slots))
        self._running: set[int] = set()
        self.leases = HeldLeases()

    @property
    def unleased_messages(self) -> int:
        """Messages this process has taken from the broker without holding a lease yet."""
        return max(0, len(self._running) - len(self.leases))

    def run(self, page_id: str, crawl_id: str) -> Outcome:
        """Carry one page as far as it goes."""
        if self._crawls.active(crawl_id) is None and self._crawls.refresh_after(crawl_id) is None:
            log.info("crawl %.40s is not active: message for page %.40s dropped", crawl_id, page_id)
            return Outcome.CRAWL_NOT_ACTIVE
        self._running.add(get_ident())
        try:
            with self._admission.admit(crawl_id) as admitted:  # a slot and a permit; no lease is held while waiting
                if admitted is None:
                    return Outcome.NOT_ADMITTED
                page = self._ledger.acquire(page_id, crawl_id, self._worker, self._lease)
                if page is None:
                    log.debug("duplicate message for page %s ignored", page_id)
                    return Outcome.NOTHING_TO_DO
                with self.leases.held(page):
                    outcome = self._process(page, admitted)
        finally:
            self._running.discard(get_ident())
        log.debug("%s: %s", page.request.describe(), outcome)
        return outcome

    def _process(self, page: Page, admitted: Admitted) -> Outcome:
        crawl = self._crawls.active(page.crawl_id)
        if crawl is None:
            self._ledger.release(page, 0)
            return Outcome.RELEASED
        if page.fetched:
            return self._committer.replan(page, crawl)
        if problem := validate_request(page.request, page.nth):
            return self._skip(page, problem)
        endpoint = ENDPOINTS[page.endpoint]
        with self._slow_slot(endpoint) as has_slot:
            if not has_slot:
                self._ledger.release(page, _SLOW_PAUSE)
                return Outcome.NO_SLOW_SLOT
            return self._fetch(page, crawl, endpoint, admitted)

    def _fetch(self, page: Page, crawl: Crawl, endpoint: Endpoint, admitted: Admitted) -> Outcome:
        reservation = self._budget.reserve(page, crawl, endpoint)
        if reservation is None:
            return Outcome.NO_BUDGET
        charge = reservation.charge(None)  # until an answer says what it cost
        response: ApiResponse | None = None
        try:
            response = self._call(page, endpoint, admitted)
            charge = reservation.charge(response.units)
            parsed = parse_response(endpoint, response, page.request.args)
            self._breaker.note_read()
            answer = self._archive.prepare(page, **_received(response), why=_not_read(parsed))
            outcome = self._committer.commit(page, crawl, endpoint, parsed, charge, answer)
        except ApiCallError as error:
            charge = reservation.charge(error.units)
            outcome = self._handle_error(page, crawl, charge, admitted.permit, error)
        except Exception as error:
            # Whatever it is, the call was made: the page is parked with its charge, and not fetched again by itself.
            log.exception("page %s is parked: an unexpected error followed its call", page.id)
            outcome = self._park(page, charge, error, response)
        self._budget.settle(reservation, charge, completed=outcome is not Outcome.RETRY)
        return outcome

    def _call(self, page: Page, endpoint: Endpoint, admitted: Admitted) -> ApiResponse:
        response = self._api.fetch(endpoint, page.request.args, page.request.cursor)
        admitted.release_slot()
        self._breaker.record(page.id, admitted.permit, None)
        return response

    def _handle_error(self, page: Page, crawl: Crawl, charge: Charge, permit: Permit, error: ApiCallError) -> Outcome:
        outage = self._breaker.record(page.id, permit, error)
        decision = decide(error, page.attempts, self._max_attempts, outage, random.random)
        if decision.gate is not None:
            self._breaker.close_gate(decision.gate, error)
        self._stats.add_charge(page, charge)
        log.debug("%s: %s (%s)", page.request.describe(), error, decision.action)
        if decision.action == "retry":
            return self._retry(page, decision, charge, _error_document(error))
        if decision.action == "halve" and (halves := halve_batch(page)):
            self._committer.plan(page, crawl, halves)
            return self._end(page, PageState.DONE, EndReason.END, _error_document(error), charge)
        state = PageState.DONE if decision.action == "end" else PageState.FAILED
        if error.body or isinstance(error, MalformedAnswerError):
            why = error.detail if state is PageState.FAILED else None
            self._archive.keep(page, status=error.status, units=error.units, body=error.body, why=why)
        return self._end(page, state, decision.end, _error_document(error), charge)

    def _park(self, page: Page, charge: Charge, error: Exception, response: ApiResponse | None) -> Outcome:
        """Fail a page after an error of our own, with the end of its traceback; `retry --class bug` replays it."""
        lines = traceback.format_exception(error)[-_TRACEBACK_LINES:]
        document = {"kind": "bug", "status": None, "detail": "".join(lines)[-_MAX_DETAIL:], "at": datetime.now(UTC)}
        self._stats.add_charge(page, charge)
        if response is not None:
            self._archive.keep(page, **_received(response), why=f"bug: {type(error).__name__}")
        return self._end(page, PageState.FAILED, EndReason.ERROR, document, charge)

    def _retry(self, page: Page, decision: RetryDecision, charge: Charge, error: Document) -> Outcome:
        if not self._ledger.release(page, decision.after, attempt=decision.attempt, error=error, charge=charge):
            self._ledger.record_duplicate_charge(page, charge)
        return Outcome.RETRY

    def _skip(self, page: Page, problem: Problem) -> Outcome:
        log.warning("page %s is not fetched: %s", page.id, problem.detail)
        error = {"kind": "refused", "status": None, "detail": problem.detail}
        return self._end(page, PageState.SKIPPED, problem.end, error, None)

    def _end(
        self, page: Page, state: PageState, end: EndReason, error: Document | None, charge: Charge | None
    ) -> Outcome:
        """End a page that brought no items; its depth does not matter, as nothing follows from it."""
        if not self._ledger.end_without_result(page, state, end, error, charge):
            if charge is not None:
                self._ledger.record_duplicate_charge(page, charge)
            return Outcome.LEASE_LOST
        self._stats.add_closed(page, state, end)
        return {PageState.DONE: Outcome.ENDED, PageState.FAILED: Outcome.FAILED}.get(state, Outcome.SKIPPED)

    @contextmanager
    def _slow_slot(self, endpoint: Endpoint) -> Iterator[bool]:
        """Yield whether the call may be made now; slow calls are few at a time, as their answers fill the memory."""
        if not endpoint.slow:
            yield True
        elif has_slot := self._slow_slots.acquire(blocking=False):
            try:
                yield has_slot
            finally:
                self._slow_slots.release()
        else:
            yield False


def _received(response: ApiResponse) -> _Received:
    return {"status": response.status, "units": response.units, "body": response.body}


def _not_read(parsed: ParsedPage) -> str | None:
    """Return what of a readable answer was not read; None where it was read whole."""
    unread = [f"item {item.position}: {item.why}" for item in parsed.rejected]
    unread += [f"nobody reads {path}" for path in parsed.unread]
    return "; ".join(unread) or None


def _error_document(error: ApiCallError) -> Document:
    return {
        "kind": error.kind,
        "status": error.status,
        "detail": error.detail[:_MAX_DETAIL],
        "at": datetime.now(UTC),
    }
