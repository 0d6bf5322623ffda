"""The step: one page from its message to its follow-ups.

limit → take → fetch → read here, store → plan → mark done → send in `crawler.engine.committer`. Only the holder of the
page's lease marks it done.
"""

import logging
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore, Event, get_ident
from time import monotonic
from typing import Any

from crawler.api.client import ApiClient, ApiResponse
from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import ParsedPage, UnreadablePage, read
from crawler.engine.batcher import Batcher
from crawler.engine.budget import BudgetGuard
from crawler.engine.capacity import slow_calls
from crawler.engine.committer import Committer
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.retry import insist, react
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import Crawl
from crawler.model.enums import EndReason, PageState, PauseCause
from crawler.model.errors import CallError, RateLimitedError, TransientError, Unreachable, Unreadable
from crawler.model.pages import Page, PageMessage
from crawler.planning import refusal
from crawler.rate_limit.limiter import Denied, Permit, RateLimiter
from crawler.store import Store
from crawler.store.entities import as_text
from crawler.store.ledger import Charge

log = logging.getLogger(__name__)

_TROUBLE = 10.0  # seconds after a failure during which what works is told
_SLOW_PAUSE = 5.0  # seconds until a slow page is tried again where all slots for slow ones were taken
_GLANCE = 0.5  # seconds between looks whether a page that waits for its turn is still wanted
_PATIENCE = 60.0  # seconds a message waits for leave to call before it is dropped; the feeder sends it again


@dataclass(frozen=True)
class RunnerDeps:
    """What a step works with, made once per process."""

    store: Store
    api: ApiClient
    pace: RateLimiter
    board: CrawlCache
    rollup: StatsBuffer
    purse: BudgetGuard
    worker: str
    slots: int
    attempts: int
    lease: float
    send: Callable[[Sequence[PageMessage]], None]
    stopping: Event


class PageRunner:
    """Runs pages; safe to share between threads."""

    def __init__(self, tools: RunnerDeps) -> None:
        self._t = tools
        self._ledger = tools.store.ledger
        self._keeping = Committer(tools.store, tools.board, tools.rollup, tools.send)
        self._permit: Batcher[None, Permit | Denied] = Batcher(lambda asked: tools.pace.permits(len(asked)))
        self._take: Batcher[tuple[str, str], Page | None] = Batcher(
            lambda pages: insist(self._ledger.take_all, pages, tools.worker, tools.lease)
        )
        self._calls = BoundedSemaphore(tools.slots)
        self._slow = BoundedSemaphore(slow_calls(tools.slots))
        self._admitting: set[int] = set()
        self._troubled_until = 0.0
        self.leases: dict[str, str] = {}
        """Pages this process holds, id → token; renewed by the keeper."""

    @property
    def holding(self) -> int:
        """Messages this process holds without a lease."""
        return len(self._admitting)

    def run(self, page_id: str, crawl_id: str) -> str:
        """Carry one page as far as it goes; returns in a word what became of it."""
        if self._t.board.crawl(crawl_id) is None and insist(self._t.board.look_again, crawl_id) is None:
            log.info("crawl %.40s is not running: message for page %.40s is dropped", crawl_id, page_id)
            return "dropped"
        with ExitStack() as slot:
            self._admitting.add(get_ident())
            try:
                permit = self._admitted(crawl_id, slot)
                if permit is None:
                    return "dropped"
                page = self._take((page_id, crawl_id))
            finally:
                self._admitting.discard(get_ident())
            if page is None:
                log.info("nothing to do for page %s: unknown, done or in other hands", page_id)
                return "nothing to do"
            crawl = self._t.board.crawl(crawl_id)
            self.leases[page.id] = page.token
            try:
                if crawl is None:
                    insist(self._ledger.give_back, page, 0)
                    return "given back"
                outcome = self._keeping.replan(page, crawl) if page.paid else self._buy(page, crawl, permit, slot)
                log.debug("%s: %s", page.request.title(), outcome)
                return outcome
            finally:
                self.leases.pop(page.id, None)

    # --- limit ---

    def _admitted(self, crawl_id: str, slot: ExitStack) -> Permit | None:
        """Leave to make one call, waited for without a lease; None where the message is to be dropped.

        `slot` then holds one of the calls that this process may have in flight, until it is closed.
        """
        deadline, has_slot = monotonic() + _PATIENCE, False
        while not self._t.stopping.is_set() and self._t.board.crawl(crawl_id) and monotonic() < deadline:
            if not has_slot:
                if has_slot := self._calls.acquire(timeout=_GLANCE):
                    slot.callback(self._calls.release)
                continue
            try:
                answer = self._permit(None)
                if isinstance(answer, Denied):
                    self._t.stopping.wait(min(answer.after, 1.0))
                    continue
                if answer.wait and self._t.stopping.wait(answer.wait):
                    return None
                # A gate may have closed while we slept.
                if answer.wait < 0.02 or self._t.pace.closed() is None:
                    return answer
            except Unreachable as error:  # it fails closed: no Redis, no calls
                log.warning("%s; waiting", error)
                self._t.stopping.wait(1.0)
        return None

    # --- fetch ---

    def _buy(self, page: Page, crawl: Crawl, permit: Permit, slot: ExitStack) -> str:
        endpoint = ENDPOINTS.get(page.endpoint)
        if (why := refusal(endpoint, page.request, page.nth)) or endpoint is None:
            log.warning("page %s is not bought: %s", page.id, why)
            end = EndReason.PLATFORM_CAP if endpoint and "cap" in (why or "") else EndReason.ERROR
            return self._close(page, PageState.SKIPPED, end, {"kind": "refused", "status": None, "detail": why}, None)
        if not endpoint.slow:
            return self._call(page, crawl, endpoint, permit, slot)
        if not self._slow.acquire(blocking=False):
            insist(self._ledger.give_back, page, _SLOW_PAUSE)
            return "as many slow calls as may be are in flight"
        try:
            return self._call(page, crawl, endpoint, permit, slot)
        finally:
            self._slow.release()

    def _call(self, page: Page, crawl: Crawl, endpoint: Endpoint, permit: Permit, slot: ExitStack) -> str:
        hold = self._t.purse.reserve(page, crawl, endpoint)
        if hold is None:
            return "no budget"
        try:
            answer = self._t.api.call(endpoint, page.request.args, page.request.cursor)
            slot.close()
            self._report(page, permit, None)
            reading = _read(endpoint, answer)
        except CallError as error:
            return self._failed(page, endpoint, permit, hold.charge(error.units), error, hold.settle)
        charge = hold.charge(answer.units)
        outcome = self._keeping.keep(page, crawl, endpoint, reading, charge)
        hold.settle(charge, True)
        return outcome

    def _failed(
        self,
        page: Page,
        endpoint: Endpoint,
        permit: Permit,
        charge: Charge,
        error: CallError,
        settle: Callable[[Charge, bool], None],
    ) -> str:
        outage = self._report(page, permit, error)
        reaction = react(error, page.attempts, self._t.attempts, outage, random.random, page.unreadable)
        if reaction.gate is not None:
            self._close_gate(reaction.gate, error)
        detail = {
            "kind": error.kind,
            "status": error.status,
            "detail": error.detail[:2000],
            "at": datetime.now(UTC),
        }
        if isinstance(error, Unreadable) and error.body:
            detail["body"] = error.body
        self._t.rollup.charged(page, endpoint, charge)
        try:
            if reaction.do == "again":
                if not insist(
                    self._ledger.give_back, page, reaction.after, attempt=reaction.attempt, error=detail, charge=charge
                ):
                    insist(self._ledger.charge, page, charge)
                return f"again: {error}"
            state = PageState.DONE if reaction.do == "ended" else PageState.FAILED
            return f"{self._close(page, state, reaction.end, detail, charge)}: {error}"
        finally:
            settle(charge, reaction.do != "again")

    def _report(self, page: Page, permit: Permit, error: CallError | None) -> bool:
        """Tell the shared limiter how the call went; whether the API counts as out of reach.

        What works is only told while something does not: for some seconds after this process saw or heard of a failure.
        """
        pace, moment = self._t.pace, monotonic()
        if isinstance(error, TransientError) or permit.troubled or permit.probe:
            self._troubled_until = moment + _TROUBLE
        try:
            if isinstance(error, RateLimitedError):
                pace.limited(page.id, error.after)
            elif isinstance(error, TransientError):
                weather = pace.failed(page.id, permit.probe)
                if weather.change == "closed":
                    self._outage_begins(error, weather.pages)
                return weather.change in ("closed", "down")
            elif moment < self._troubled_until and pace.worked().change == "opened":
                self._outage_ends()
        except Unreachable as unreachable:
            log.warning("%s", unreachable)
        return False

    def _outage_begins(self, error: CallError, pages: Sequence[str]) -> None:
        log.warning("the API cannot be used: %s. One call at a time tries it", error)
        insist(self._t.store.fleet.close_gate, PauseCause.OUTAGE, str(error))
        insist(self._ledger.refund, pages)

    def _outage_ends(self) -> None:
        log.warning("the API answers again")
        insist(self._t.store.fleet.open_gate, PauseCause.OUTAGE)
        insist(self._t.store.crawls.resume, causes=[PauseCause.OUTAGE])

    def _close_gate(self, cause: PauseCause, error: CallError) -> None:
        """Close the gate for all: at once through Redis, for good through MongoDB."""
        until = _next_utc_day() if cause is PauseCause.UNITS else None
        try:
            self._t.pace.close(cause, until.timestamp() if until else None)
        except Unreachable as unreachable:
            log.warning("%s", unreachable)
        insist(self._t.store.fleet.close_gate, cause, str(error), until)
        paused = insist(self._t.store.crawls.pause, cause)
        if paused:
            log.error("no more calls: %s. %d crawls paused (%s)", error, paused, cause)

    def _close(
        self, page: Page, state: PageState, end: EndReason, error: dict[str, Any] | None, charge: Charge | None
    ) -> str:
        while not insist(self._ledger.fail, page, state, end, error, charge):
            depth = insist(self._ledger.depth, page)
            if depth is None:
                if charge is not None:
                    insist(self._ledger.charge, page, charge)
                return "lease lost"
            page = replace(page, depth=depth)
        self._t.rollup.closed(page, state, end)
        return f"{state}: {end}"


def _read(endpoint: Endpoint, answer: ApiResponse) -> ParsedPage:
    try:
        return read(endpoint, answer.data)
    except UnreadablePage as error:
        raise Unreadable(str(error), 200, answer.units, as_text(answer.data)) from None


def _next_utc_day() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
