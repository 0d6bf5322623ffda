"""Keeps what was bought: store, plan, mark done, send.

Pages whose answers come in at about the same time are kept together, so that each of these costs one round trip for
all of them. Every write before "mark done" can be made twice without harm.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import ParsedPage
from crawler.engine.batcher import Batcher
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.list_history import ListHistories, ListHistory
from crawler.engine.retry import insist
from crawler.engine.seen_entities import SeenEntities
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import Crawl
from crawler.model.entities import Comment, Entity, Hashtag, Live, Music, Post, User
from crawler.model.enums import EndReason, PageState
from crawler.model.errors import Unreachable
from crawler.model.pages import Page, PageMessage, PlannedPage, Request
from crawler.planning import follow_ups, next_or_end
from crawler.store import Store
from crawler.store.entities import Reject
from crawler.store.frontier import PlanBatch
from crawler.store.ledger import Charge, Result
from crawler.store.write_cache import Origin

log = logging.getLogger(__name__)

_LARGE = 500  # items from which a page is kept by itself, so that others need not wait for it
_MODELS: dict[str, type[Entity]] = {model.kind: model for model in (Post, User, Comment, Music, Hashtag, Live)}


@dataclass(slots=True)
class FetchedPage:
    """A page and the answer to its call, on its way into the database."""

    page: Page
    crawl: Crawl
    endpoint: Endpoint
    reading: ParsedPage
    charge: Charge
    history: ListHistory
    items: list[str]
    met: dict[str, list[str]]
    rejects: int = 0
    plans: Sequence[PlannedPage] = ()
    waiting: list[PageMessage] = field(default_factory=list)
    outcome: str = ""

    @property
    def kind(self) -> str:
        items = self.reading.items
        return items[0].found[0].entity.kind if items else ""

    def decide(self) -> Result:
        """What the ledger shall hold of it, and in `plans` what follows from it at the page's present depth."""
        items = [item.found[0].entity for item in self.reading.items]
        new = sum(item not in self.history.items for item in self.items)
        got = len(self.history.items) + new
        onward, end = next_or_end(
            self.endpoint,
            self.page,
            self.crawl.spec,
            cursor=self.reading.next,
            cursors=self.history.cursors,
            got=got,
            new=new,
            items=items,
        )
        self.plans = [
            *([onward] if onward else []),
            *follow_ups(self.crawl.spec, self.endpoint, self.page.depth, items),
        ]
        return Result(
            kind=self.kind,
            items=self.items,
            met=self.met,
            got=got,
            new=new,
            next=self.reading.next,
            end=end,
            ends=_ends(self.endpoint, self.page, self.items),
            total=self.reading.total,
            rejects=self.rejects,
        )


class Committer:
    """What is paid for is not let go: it waits for the database however long that is away. Safe to share."""

    def __init__(
        self, store: Store, board: CrawlCache, rollup: StatsBuffer, send: Callable[[Sequence[PageMessage]], None]
    ) -> None:
        self._store = store
        self._board = board
        self._rollup = rollup
        self._send_messages = send
        self._lists = ListHistories(store)
        self._met = SeenEntities()
        self._together = Batcher(self.keep_all)

    def keep(self, page: Page, crawl: Crawl, endpoint: Endpoint, reading: ParsedPage, charge: Charge) -> str:
        """Keep a bought page and plan what follows; returns in a word what became of it."""
        bought = self.bought(page, crawl, endpoint, reading, charge)
        return self.keep_all([bought])[0] if len(bought.items) > _LARGE else self._together(bought)

    def bought(self, page: Page, crawl: Crawl, endpoint: Endpoint, reading: ParsedPage, charge: Charge) -> FetchedPage:
        """A page with what has to be known of its list and of what else it names."""
        items = list(dict.fromkeys(item.id for item in reading.items))
        history = insist(self._lists.before, page)
        bought = FetchedPage(page, crawl, endpoint, reading, charge, history, items, {})
        bought.met = self._met.unnamed(page.crawl, reading.found(), bought.kind, set(items))
        return bought

    def keep_all(self, group: Sequence[FetchedPage]) -> list[str]:
        """Keep several bought pages at the cost in round trips of one; what became of each."""
        interruptions = self._store.interruptions.count
        rejects = insist(self._store_all, group)
        for bought in group:
            bought.rejects = rejects[bought.page.id]
        held = list(group)
        while held:
            results = [(bought.page, bought.decide(), bought.charge) for bought in held]
            waiting = self._plan([self._planning(b.page, b.crawl, b.plans) for b in held])
            done = insist(self._store.ledger.finish_all, results)
            for bought, messages, (page, result, _) in zip(held, waiting, results, strict=True):
                if page.id in done:
                    bought.waiting = messages
                    self._note(bought, result)
            held = [bought for bought in held if bought.page.id not in done and self._still_ours(bought)]
        while interruptions != self._store.interruptions.count:
            # The server was away: what it had not in its journal yet is written once more.
            interruptions = self._store.interruptions.count
            insist(self._store_all, group)
            plannings = [PlanBatch(b.page.crawl, b.plans, b.page.id, b.crawl.spec.depth) for b in group]
            insist(self._store.frontier.plan_all, plannings)
        self._send(list(chain.from_iterable(bought.waiting for bought in group)))
        return [bought.outcome for bought in group]

    def replan(self, page: Page, crawl: Crawl) -> str:
        """Plan the follow-ups of a page that was bought and is now met nearer, from what is stored; no call is made."""
        endpoint, ledger = ENDPOINTS[page.endpoint], self._store.ledger
        bought = insist(ledger.bought, page)
        kind, items = bought.get("kind") or "", bought.get("items") or []
        stored = insist(self._store.entities.typed, kind, items) if items else []
        plans = follow_ups(crawl.spec, endpoint, page.depth, [_entity(kind, document) for document in stored])
        if bought.get("next") and not bought.get("end"):
            barren = 0 if bought.get("new") else page.barren + 1
            plans.append(
                PlannedPage(Request(page.endpoint, page.request.args, bought["next"]), page.depth, page.nth + 1, barren)
            )
        interruptions = self._store.interruptions.count
        [waiting] = self._plan([self._planning(page, crawl, plans)])
        if interruptions != self._store.interruptions.count or not insist(ledger.replanned, page):
            insist(ledger.give_back, page, 0)
            return "to be planned again"
        self._send(waiting)
        return "planned anew"

    # --- store ---

    def _store_all(self, group: Sequence[FetchedPage]) -> Counter[str]:
        """Entities, edges and rejects; returns how many items were rejected, by page."""
        entities = self._store.entities
        origins = [Origin(bought.page.crawl, bought.page.id, bought.page.endpoint) for bought in group]
        pages = list(zip(origins, group, strict=True))
        rejects = [Reject(origin, bad.position, bad.why, bad.raw) for origin, b in pages for bad in b.reading.bad]
        rejects += entities.store((origin, b.reading.found()) for origin, b in pages)
        entities.follow([(origin, edge) for origin, b in pages for edge in _edges(b)])
        entities.reject(rejects)
        return Counter(reject.origin.page for reject in rejects)

    # --- plan ---

    def _planning(self, page: Page, crawl: Crawl, plans: Sequence[PlannedPage]) -> PlanBatch:
        """In the order of sending, with as many sent at once as there is room for."""
        plans = sorted(plans, key=lambda plan: (plan.nth == 0, plan.depth))
        # The list's next page takes the place of this one in the queue; nobody may take it before this one is done.
        onward = 1 if plans and plans[0].nth else 0
        send = onward + self._board.claim_room(page.crawl, len(plans) - onward)
        return PlanBatch(page.crawl, plans, page.id, crawl.spec.depth, send)

    def _plan(self, plannings: Sequence[PlanBatch]) -> list[list[PageMessage]]:
        """Write follow-ups into the ledger; returns those whose messages are to be sent from here."""
        new = insist(self._store.frontier.plan_all, plannings)
        waiting = []
        for planning, ids in zip(plannings, new, strict=True):
            self._rollup.planned(planning.crawl, len(ids))
            sent = [(plan.request.page_id(planning.crawl), plan.request) for plan in planning.plans[: planning.send]]
            waiting.append([PageMessage(one, planning.crawl, request) for one, request in sent if one in ids])
        return waiting

    # --- mark done ---

    def _note(self, bought: FetchedPage, result: Result) -> None:
        """Count a page that is done, and remember what later pages ask for."""
        page, endpoint, charge = bought.page, bought.endpoint, bought.charge
        if result.end is None:
            self._lists.keep(page, bought.history, bought.items)
        kinds = self._met.named(page.crawl, bought.met)
        if bought.kind:
            kinds[bought.kind] = result.new
        self._rollup.charged(page, endpoint, charge)
        self._rollup.closed(page, PageState.DONE, result.end)
        self._rollup.met(page.crawl, kinds, bought.rejects)
        if self._board.learned(endpoint, charge.units or 0):
            insist(self._store.budgets.learn, endpoint.name, charge.units or 0)
        bought.outcome = f"{len(bought.items)} items, {result.end or 'goes on'}"

    def _still_ours(self, bought: FetchedPage) -> bool:
        """Whether a page that could not be marked done was met nearer, and is to be planned at its new depth."""
        depth = insist(self._store.ledger.depth, bought.page)
        if depth is not None:
            bought.page = replace(bought.page, depth=depth)
            return True
        log.warning("page %s was bought twice: its lease ran out", bought.page.id)
        insist(self._store.ledger.charge, bought.page, bought.charge)
        bought.outcome = "bought twice"
        return False

    # --- send ---

    def _send(self, waiting: Sequence[PageMessage]) -> None:
        """Best effort: the ledger has them, and the feeder sends again what nobody takes."""
        if waiting:
            try:
                self._send_messages(waiting)
            except Unreachable as error:
                log.warning("%s; the feeder will send %d messages", error, len(waiting))


def _edges(bought: FetchedPage) -> list[tuple[str, str]]:
    """Who follows whom, as (follower, followee) uids."""
    if bought.endpoint.edge is None:
        return []
    other = str(bought.page.request.args["id"])
    ids = [item.id for item in bought.reading.items]
    return [(one, other) if bought.endpoint.edge == "in" else (other, one) for one in ids]


def _ends(endpoint: Endpoint, page: Page, items: Sequence[str]) -> dict[str, str] | None:
    """The ends of a batch's ids that brought nothing; missing ids are just left out of the answer (reference §3)."""
    if endpoint.batch is None:
        return None
    return {one: EndReason.MISSING for one in page.request.args[endpoint.batch] if one not in set(items)}


def _entity(kind: str, document: dict[str, Any]) -> Entity:
    model = _MODELS[kind]
    fields = {name: value for name, value in document.items() if name in model.model_fields}
    return model.model_validate({**fields, model.key: document["_id"]})
