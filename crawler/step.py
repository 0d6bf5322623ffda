"""The step: one page from its message to its follow-ups.

limit → take → fetch → read → store → plan → mark done → send. Every write before "mark done" can be made twice without
harm; only the holder of the page's lease marks it done.
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic, sleep
from typing import Any, ParamSpec, TypeVar

from crawler.api import Answer, Api
from crawler.board import Board
from crawler.endpoints import ENDPOINTS, Endpoint
from crawler.entities import Comment, Entity, Hashtag, Live, Music, Post, User
from crawler.errors import CallError, TryLater, Unreachable, Unreadable, Wait
from crawler.lists import Lists
from crawler.met import Met
from crawler.money import Purse
from crawler.pace import Denied, Pace, Permit
from crawler.pages import Page, Plan, Request, Waiting
from crawler.planning import follow_ups, next_or_end, refusal
from crawler.reactions import react
from crawler.reading import Reading, UnreadablePage, read
from crawler.rollup import Rollup
from crawler.spec import Crawl
from crawler.store import Store
from crawler.store.entities import Origin, Reject, as_text
from crawler.store.ledger import Charge, Result
from crawler.words import Cause, End, PageState

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_TROUBLE = 10.0  # seconds after a failure during which what works is told
_PATIENCE = 60.0  # seconds a message waits for leave to call before it is dropped; the feeder sends it again
_MODELS: dict[str, type[Entity]] = {model.kind: model for model in (Post, User, Comment, Music, Hashtag, Live)}


@dataclass(frozen=True)
class Tools:
    """What a step works with, made once per process."""

    store: Store
    api: Api
    pace: Pace
    board: Board
    rollup: Rollup
    purse: Purse
    worker: str
    attempts: int
    lease: float
    send: Callable[[str, Sequence[Waiting]], None]
    stopping: Event


class Step:
    """Runs pages; safe to share between threads."""

    def __init__(self, tools: Tools) -> None:
        self._t = tools
        self._ledger = tools.store.ledger
        self._lists = Lists(tools.store)
        self._met = Met()
        self.leases: dict[str, str] = {}
        """Pages this process holds, id → token; renewed by the keeper."""
        self._troubled_until = 0.0
        self.holding = 0
        """Messages this process holds without a lease."""

    def run(self, page_id: str, crawl_id: str) -> str:
        """Carry one page as far as it goes; returns in a word what became of it."""
        if self._t.board.crawl(crawl_id) is None and self._insist(self._t.board.look_again, crawl_id) is None:
            log.info("crawl %.40s is not running: message for page %.40s is dropped", crawl_id, page_id)
            return "dropped"
        self.holding += 1
        try:
            permit = self._admitted(crawl_id)
            if permit is None:
                return "dropped"
            page = self._insist(self._ledger.take, page_id, crawl_id, self._t.worker, self._t.lease)
        finally:
            self.holding -= 1
        if page is None:
            log.info("nothing to do for page %s: unknown, done or in other hands", page_id)
            return "nothing to do"
        crawl = self._t.board.crawl(crawl_id)
        self.leases[page.id] = page.token
        try:
            if crawl is None:
                self._insist(self._ledger.give_back, page, 0)
                return "given back"
            outcome = self._replan(page, crawl) if page.paid else self._buy(page, crawl, permit)
            log.info("%s: %s", page.request.title(), outcome)
            return outcome
        finally:
            self.leases.pop(page.id, None)

    # --- limit ---

    def _admitted(self, crawl_id: str) -> Permit | None:
        """Leave to make one call, waited for without a lease; None where the message is to be dropped."""
        deadline = monotonic() + _PATIENCE
        while not self._t.stopping.is_set() and self._t.board.crawl(crawl_id) and monotonic() < deadline:
            try:
                answer = self._t.pace.permit()
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

    def _buy(self, page: Page, crawl: Crawl, permit: Permit) -> str:
        endpoint = ENDPOINTS.get(page.endpoint)
        if (why := refusal(endpoint, page.request, page.nth)) or endpoint is None:
            log.warning("page %s is not bought: %s", page.id, why)
            end = End.PLATFORM_CAP if endpoint and "cap" in (why or "") else End.ERROR
            return self._close(page, PageState.SKIPPED, end, {"kind": "refused", "status": None, "detail": why}, None)
        hold = self._insist(self._t.purse.reserve, page, crawl, endpoint)
        if hold is None:
            return "no budget"
        try:
            answer = self._t.api.call(endpoint, page.request.args, page.request.cursor)
            self._report(page, permit, None)
            reading = _read(endpoint, answer)
        except CallError as error:
            return self._failed(page, endpoint, permit, hold.charge(error.units), error, hold.settle)
        charge = hold.charge(answer.units)
        outcome = self._keep(page, crawl, endpoint, reading, charge)
        self._insist(hold.settle, charge, True)
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
                if not self._insist(
                    self._ledger.give_back, page, reaction.after, attempt=reaction.attempt, error=detail, charge=charge
                ):
                    self._insist(self._ledger.charge, page, charge)
                return f"again: {error}"
            state = PageState.DONE if reaction.do == "ended" else PageState.FAILED
            return f"{self._close(page, state, reaction.end, detail, charge)}: {error}"
        finally:
            self._insist(settle, charge, reaction.do != "again")

    def _report(self, page: Page, permit: Permit, error: CallError | None) -> bool:
        """Tell the shared limiter how the call went; whether the API counts as out of reach.

        What works is only told while something does not: for some seconds after this process saw or heard of a failure.
        """
        pace, moment = self._t.pace, monotonic()
        if isinstance(error, TryLater) or permit.troubled or permit.probe:
            self._troubled_until = moment + _TROUBLE
        try:
            if isinstance(error, Wait):
                pace.limited(page.id, error.after)
            elif isinstance(error, TryLater):
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
        self._insist(self._t.store.fleet.close_gate, Cause.OUTAGE, str(error))
        self._insist(self._ledger.refund, pages)

    def _outage_ends(self) -> None:
        log.warning("the API answers again")
        self._insist(self._t.store.fleet.open_gate, Cause.OUTAGE)
        self._insist(self._t.store.crawls.resume, causes=[Cause.OUTAGE])

    def _close_gate(self, cause: Cause, error: CallError) -> None:
        """Close the gate for all: at once through Redis, for good through MongoDB."""
        until = _next_utc_day() if cause is Cause.UNITS else None
        try:
            self._t.pace.close(cause, until.timestamp() if until else None)
        except Unreachable as unreachable:
            log.warning("%s", unreachable)
        self._insist(self._t.store.fleet.close_gate, cause, str(error), until)
        paused = self._insist(self._t.store.crawls.pause, cause)
        if paused:
            log.error("no more calls: %s. %d crawls paused (%s)", error, paused, cause)

    # --- store, plan, mark done, send ---

    def _keep(self, page: Page, crawl: Crawl, endpoint: Endpoint, reading: Reading, charge: Charge) -> str:
        """Store a bought page and plan what follows; the answer is kept in memory until the database takes it."""
        found = reading.found()
        items = list(dict.fromkeys(item.id for item in reading.items))
        entities = [item.found[0].entity for item in reading.items]
        interruptions = self._t.store.interruptions.count
        rejects = self._insist(self._store, page, endpoint, reading)
        history = self._insist(self._lists.before, page)
        fresh = [item for item in items if item not in history.items]
        kind = entities[0].kind if entities else ""
        met = self._met.unnamed(page.crawl, found, kind, set(items))
        while True:
            plan, end = next_or_end(
                endpoint,
                page,
                crawl.spec,
                cursor=reading.next,
                cursors=history.cursors,
                got=len(history.items) + len(fresh),
                new=len(fresh),
                items=entities,
            )
            result = Result(
                kind,
                items,
                met,
                len(history.items) + len(fresh),
                len(fresh),
                reading.next,
                end,
                _ends(endpoint, page, items),
                reading.total,
                rejects,
            )
            plans = [*([plan] if plan else []), *follow_ups(crawl.spec, endpoint, page.depth, entities)]
            waiting = self._plan(page, crawl, plans)
            if self._insist(self._ledger.finish, page, result, charge):
                break
            depth = self._insist(self._ledger.depth, page)
            if depth is None:
                log.warning("page %s was bought twice: its lease ran out", page.id)
                self._insist(self._ledger.charge, page, charge)
                return "bought twice"
            page = replace(page, depth=depth)
        while interruptions != self._t.store.interruptions.count:
            # The server was away: what it had not in its journal yet is written once more.
            interruptions = self._t.store.interruptions.count
            self._insist(self._store, page, endpoint, reading)
            self._insist(self._ledger.plan, page.crawl, plans, page.id, deepest=crawl.spec.depth)
        self._lists.keep(page, history, items)
        new = self._met.named(page.crawl, met)
        self._t.rollup.charged(page, endpoint, charge)
        self._t.rollup.closed(page, PageState.DONE, end)
        self._t.rollup.met(page.crawl, {**new, **({kind: len(fresh)} if kind else {})}, rejects)
        if self._t.board.learned(endpoint, charge.units or 0):
            self._insist(self._t.store.budgets.learn, endpoint.name, charge.units or 0)
        self._send(page.crawl, waiting)
        return f"{len(items)} items, {end or 'goes on'}"

    def _store(self, page: Page, endpoint: Endpoint, reading: Reading) -> int:
        """Entities, edges and rejects; returns how many items were rejected."""
        entities, origin = self._t.store.entities, Origin(page.crawl, page.id, page.endpoint)
        rejects = [Reject(bad.position, bad.why, bad.raw) for bad in reading.bad]
        rejects += entities.store(reading.found(), origin)
        if endpoint.edge is not None:
            other = str(page.request.args["id"])
            pairs = [(item.id, other) if endpoint.edge == "in" else (other, item.id) for item in reading.items]
            entities.follow(pairs, origin)
        entities.reject(rejects, origin)
        return len(rejects)

    def _plan(self, page: Page, crawl: Crawl, plans: list[Plan]) -> list[Waiting]:
        """Write follow-ups into the ledger; returns those whose messages are to be sent from here."""
        plans.sort(key=lambda plan: (plan.nth == 0, plan.depth))
        # The list's next page takes the place of this one in the queue; nobody may take it before this one is done.
        onward = 1 if plans and plans[0].nth else 0
        send = onward + self._t.board.claim_room(page.crawl, len(plans) - onward)
        new = set(self._insist(self._ledger.plan, page.crawl, plans, page.id, deepest=crawl.spec.depth, send=send))
        self._t.rollup.planned(page.crawl, len(new))
        waiting = [Waiting(plan.request.page_id(page.crawl), plan.request) for plan in plans[:send]]
        return [one for one in waiting if one.id in new]

    def _replan(self, page: Page, crawl: Crawl) -> str:
        """Plan the follow-ups of a page that was bought and is now met nearer, from what is stored; no call is made."""
        endpoint = ENDPOINTS[page.endpoint]
        bought = self._insist(self._ledger.bought, page)
        kind, items = bought.get("kind") or "", bought.get("items") or []
        stored = self._insist(self._t.store.entities.typed, kind, items) if items else []
        plans = follow_ups(crawl.spec, endpoint, page.depth, [_entity(kind, document) for document in stored])
        if bought.get("next") and not bought.get("end"):
            barren = 0 if bought.get("new") else page.barren + 1
            plans.append(
                Plan(
                    Request(page.endpoint, page.request.args, bought["next"]),
                    page.depth,
                    page.nth + 1,
                    barren,
                )
            )
        interruptions = self._t.store.interruptions.count
        waiting = self._plan(page, crawl, plans)
        if interruptions != self._t.store.interruptions.count or not self._insist(self._ledger.replanned, page):
            self._insist(self._ledger.give_back, page, 0)
            return "to be planned again"
        self._send(page.crawl, waiting)
        return "planned anew"

    def _close(
        self, page: Page, state: PageState, end: End, error: dict[str, Any] | None, charge: Charge | None
    ) -> str:
        while not self._insist(self._ledger.fail, page, state, end, error, charge):
            depth = self._insist(self._ledger.depth, page)
            if depth is None:
                if charge is not None:
                    self._insist(self._ledger.charge, page, charge)
                return "lease lost"
            page = replace(page, depth=depth)
        self._t.rollup.closed(page, state, end)
        return f"{state}: {end}"

    def _send(self, crawl: str, waiting: Sequence[Waiting]) -> None:
        """Best effort: the ledger has them, and the feeder sends again what nobody takes."""
        if waiting:
            try:
                self._t.send(crawl, waiting)
            except Unreachable as error:
                log.warning("%s; the feeder will send %d messages", error, len(waiting))

    def _insist(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it, however long the database is away: what was paid for is not let go."""
        while True:
            try:
                return do(*args, **kwargs)
            except Unreachable as error:
                log.warning("%s; waiting", error)
                sleep(1.0)


def _read(endpoint: Endpoint, answer: Answer) -> Reading:
    try:
        return read(endpoint, answer.data)
    except UnreadablePage as error:
        raise Unreadable(str(error), 200, answer.units, as_text(answer.data)) from None


def _ends(endpoint: Endpoint, page: Page, items: Sequence[str]) -> dict[str, str] | None:
    """The ends of a batch's ids that brought nothing; missing ids are just left out of the answer (reference §3)."""
    if endpoint.batch is None:
        return None
    return {one: End.MISSING for one in page.request.args[endpoint.batch] if one not in set(items)}


def _entity(kind: str, document: dict[str, Any]) -> Entity:
    model = _MODELS[kind]
    fields = {name: value for name, value in document.items() if name in model.model_fields}
    return model.model_validate({**fields, model.key: document["_id"]})


def _next_utc_day() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
