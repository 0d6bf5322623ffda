"""Commit what was fetched: store → plan → complete → publish.

Pages whose answers arrive at about the same time are committed together, so that each step costs one round trip for all
of them. Every write before "complete" can be repeated without harm.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import ParsedPage
from crawler.batcher import Batcher
from crawler.engine.archive import AnswerArchive
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.list_history import ListHistories, ListHistory
from crawler.engine.outcome import Outcome
from crawler.engine.seen_entities import SeenEntities
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.answers import Answer
from crawler.model.charges import Charge, PageResult
from crawler.model.crawls import Crawl
from crawler.model.entities import Entity, entity_from_document
from crawler.model.enums import EndReason, PageState
from crawler.model.errors import UnreachableError
from crawler.model.items import Provenance
from crawler.model.pages import Page, PageMessage, PlannedPage
from crawler.planning import continue_list, follow_ups, next_page_or_end
from crawler.store import Store
from crawler.store.entities import Reject
from crawler.store.frontier import PlanBatch

log = logging.getLogger(__name__)

_LARGE = 500  # items from which a page is committed alone, so that others need not wait for it


@dataclass(slots=True)
class FetchedPage:
    """A page with the parsed answer to its call, what its list held before, and the messages to be published.

    reread: given where a kept answer was read again; it has no charge then.
    """

    page: Page
    crawl: Crawl
    endpoint: Endpoint
    parsed: ParsedPage
    charge: Charge | None
    history: ListHistory
    item_ids: Sequence[str]
    embedded: Mapping[str, Sequence[str]]
    answer: Answer | None = None
    reread: "Reread | None" = None
    messages: list[PageMessage] = field(default_factory=list)

    @property
    def provenance(self) -> Provenance:
        at = self.reread.at if self.reread else None
        return Provenance(self.page.crawl_id, self.page.id, self.page.endpoint, at)

    @property
    def items(self) -> list[Entity]:
        return [item.found[0].entity for item in self.parsed.items]


@dataclass(slots=True)
class Reread:
    """What is known of a page whose kept answer is read again.

    at: when the answer was received.        before: the page's document.
    unplanned: how many pages follow that are not in the ledger.        plan: whether they are planned now.
    """

    at: datetime
    before: Mapping[str, Any]
    plan: bool
    unplanned: int = 0


@dataclass(frozen=True, slots=True)
class PageCommit:
    """What the ledger shall hold of a fetched page, and the pages that follow from it at its present depth."""

    fetched: FetchedPage
    result: PageResult
    plans: Sequence[PlannedPage]


def plan_commit(fetched: FetchedPage, rejects: int) -> PageCommit:
    """Decide a page's result and its follow-ups. Pure."""
    endpoint, page, parsed, spec = fetched.endpoint, fetched.page, fetched.parsed, fetched.crawl.spec
    items = fetched.items
    new = sum(item_id not in fetched.history.item_ids for item_id in fetched.item_ids)
    got = len(fetched.history.item_ids) + new
    next_page, end = next_page_or_end(
        endpoint, page, spec, cursor=parsed.next, cursors=fetched.history.cursors, got=got, new=new, items=items
    )
    result = PageResult(
        kind=items[0].kind if items else "",
        items=fetched.item_ids,
        embedded=fetched.embedded,
        got=got,
        new=new,
        next=parsed.next,
        end=end,
        ends=_missing_ids(endpoint, page, fetched.item_ids),
        edge=endpoint.edge,
        total=parsed.total,
        rejects=rejects,
        skipped_items=parsed.skipped + len(parsed.unread),
    )
    plans = follow_ups(spec, endpoint, page.depth, items)
    commit = PageCommit(fetched, result, [next_page, *plans] if next_page else plans)
    return commit if fetched.reread is None else _reread_commit(commit, fetched.reread)


def _reread_commit(commit: PageCommit, reread: Reread) -> PageCommit:
    """Fit the result of a page that is read again to what became of its list meanwhile."""
    result, plans, before = commit.result, commit.plans, reread.before
    if before["state"] == PageState.DONE and before.get("end") is None:  # its list has gone on from here
        result = replace(result, next=before.get("next"), end=None)
        plans = [plan for plan in plans if not plan.nth]
    if not reread.plan and reread.unplanned:
        end = result.end or before.get("end")
        return PageCommit(commit.fetched, replace(result, end=end, unplanned=reread.unplanned), [])
    return PageCommit(commit.fetched, result, plans)


class Committer:
    """Commits fetched pages; safe to share between threads. `store` is persistent: a paid answer waits for it.

    Without `publish` the leader dispatches what follows.
    """

    def __init__(
        self,
        store: Store,
        quota: DispatchQuota,
        stats: StatsBuffer,
        publish: Callable[[Sequence[PageMessage]], None] | None,
        archive: AnswerArchive,
    ) -> None:
        self._store = store
        self._archive = archive
        self._quota = quota
        self._stats = stats
        self._publish_messages = publish
        self._histories = ListHistories(store)
        self._seen = SeenEntities()
        self._batcher: Batcher[FetchedPage, Outcome] = Batcher(self.commit_many)

    def commit(
        self,
        page: Page,
        crawl: Crawl,
        endpoint: Endpoint,
        parsed: ParsedPage,
        charge: Charge,
        answer: Answer | None = None,
    ) -> Outcome:
        """Store a fetched page, plan what follows, mark it done and publish messages for its follow-ups.

        `answer` is what is kept of it as bought, in the same batch of writes.
        """
        fetched = self.prepare(page, crawl, endpoint, parsed, charge)
        fetched.answer = answer
        if len(fetched.item_ids) > _LARGE:
            return self.commit_many([fetched])[0]
        return self._batcher.submit(fetched)

    def prepare(
        self, page: Page, crawl: Crawl, endpoint: Endpoint, parsed: ParsedPage, charge: Charge | None
    ) -> FetchedPage:
        """Join a fetched page with what its list has held so far and what else it names."""
        item_ids = list(dict.fromkeys(item.id for item in parsed.items))
        kind = parsed.items[0].found[0].entity.kind if parsed.items else ""
        embedded = self._seen.unseen(page.crawl_id, parsed.entities(), kind, set(item_ids))
        return FetchedPage(page, crawl, endpoint, parsed, charge, self._histories.load(page), item_ids, embedded)

    def commit_many(self, batch: Sequence[FetchedPage]) -> list[Outcome]:
        """Commit several fetched pages with the round trips of one; return an outcome for each."""
        done = self._store.rewrite_after_reset(lambda: self._write(batch))
        messages = [message for fetched in batch if fetched.page.id in done for message in fetched.messages]
        outcomes = [self._record(fetched, done.get(fetched.page.id)) for fetched in batch]
        self._publish(messages)
        return outcomes

    def replan(self, page: Page, crawl: Crawl) -> Outcome:
        """Plan the follow-ups of a fetched page, rediscovered at a smaller depth, from what is stored; make no call."""
        stored = self._store.ledger.stored_result(page)
        kind, item_ids = stored.get("kind") or "", stored.get("items") or []
        documents = self._store.entities.load_fields(kind, item_ids) if item_ids else []
        items = [entity_from_document(kind, document) for document in documents]
        plans = follow_ups(crawl.spec, ENDPOINTS[page.endpoint], page.depth, items)
        if stored.get("next") and not stored.get("end"):
            plans.append(continue_list(page, stored["next"], int(stored.get("new") or 0)))
        batch = self._plan_batch(page, crawl, plans)
        messages: list[PageMessage] = []
        is_done = False

        def write() -> None:
            nonlocal is_done
            messages.extend(self._add([batch])[0])
            is_done = is_done or self._store.ledger.complete_replan(page)

        self._store.rewrite_after_reset(write)
        if not is_done:
            self._store.ledger.release(page, 0)
            return Outcome.RELEASED
        self._publish(messages)
        return Outcome.REPLANNED

    def plan(self, page: Page, crawl: Crawl, plans: Sequence[PlannedPage]) -> None:
        """Add pages that take the place of one, and publish messages for them; can be repeated without harm."""
        batch = self._plan_batch(page, crawl, plans)
        messages: list[PageMessage] = []
        self._store.rewrite_after_reset(lambda: messages.extend(self._add([batch])[0]))
        self._publish(messages)

    # --- store, plan, complete ---

    def _write(self, batch: Sequence[FetchedPage]) -> dict[str, PageCommit]:
        """Write everything, the pages' completion last; return the commits of those that are done, by page id."""
        self._archive.save([fetched.answer for fetched in batch if fetched.answer is not None])
        rejects = self.store_entities(batch)
        done: dict[str, PageCommit] = {}
        pending = list(batch)
        while pending:
            commits = [plan_commit(fetched, rejects[fetched.page.id]) for fetched in pending]
            self._add_follow_ups(commits)
            completed = self._store.ledger.complete_many(
                [(commit.fetched.page, commit.result, commit.fetched.charge) for commit in commits]
            )
            done |= {commit.fetched.page.id: commit for commit in commits if commit.fetched.page.id in completed}
            pending = [f for f in pending if f.page.id not in completed and self._refresh_depth(f)]
        return done

    def store_entities(self, batch: Sequence[FetchedPage]) -> Counter[str]:
        """Upsert entities, edges and rejects; return how many items were rejected, by page id."""
        entities = self._store.entities
        rejects = [
            Reject(fetched.provenance, item.position, item.why, item.raw)
            for fetched in batch
            for item in fetched.parsed.rejected
        ]
        rejects += entities.upsert([(fetched.provenance, fetched.parsed.entities()) for fetched in batch])
        entities.upsert_follows([(fetched.provenance, edge) for fetched in batch for edge in _edges(fetched)])
        entities.save_rejects([*rejects, *(example for fetched in batch for example in _examples(fetched))])
        return Counter(reject.origin.page_id for reject in rejects)

    def _add_follow_ups(self, commits: Sequence[PageCommit]) -> None:
        """Add them to the frontier; a page's messages of an earlier round, before it was rediscovered, stay valid."""
        batches = [self._plan_batch(c.fetched.page, c.fetched.crawl, c.plans) for c in commits]
        for commit, messages in zip(commits, self._add(batches), strict=True):
            commit.fetched.messages += messages

    def _plan_batch(self, page: Page, crawl: Crawl, plans: Iterable[PlannedPage]) -> PlanBatch:
        """Order follow-ups for dispatch; as many are dispatched from here as the quota has room for."""
        ordered = sorted(plans, key=lambda plan: (plan.nth == 0, plan.depth))
        if self._publish_messages is None:
            return PlanBatch(page.crawl_id, ordered, page.id, crawl.spec.depth)
        # The list's next page takes this one's place in the queue, so it needs no room of its own.
        next_pages = 1 if ordered and ordered[0].nth else 0
        dispatch_first = next_pages + self._quota.take(page.crawl_id, len(ordered) - next_pages)
        return PlanBatch(page.crawl_id, ordered, page.id, crawl.spec.depth, dispatch_first)

    def _add(self, batches: Sequence[PlanBatch]) -> list[list[PageMessage]]:
        """Write follow-ups; return the messages of the new ones that are dispatched from here, batch by batch."""
        messages = []
        for batch, new_ids in zip(batches, self._store.frontier.add_many(batches), strict=True):
            self._stats.add_planned(batch.crawl_id, len(new_ids))
            first = [plan.request for plan in batch.plans[: batch.dispatch_first]]
            made = [PageMessage(request.page_id(batch.crawl_id), batch.crawl_id, request) for request in first]
            messages.append([message for message in made if message.page_id in new_ids])
        return messages

    def _refresh_depth(self, fetched: FetchedPage) -> bool:
        """Whether a page that could not be completed is still ours: it was rediscovered at a smaller depth."""
        depth = self._store.ledger.current_depth(fetched.page)
        if depth is None:
            return False
        fetched.page = replace(fetched.page, depth=depth)
        return True

    # --- after ---

    def _record(self, fetched: FetchedPage, commit: PageCommit | None) -> Outcome:
        """Count a page that is done, and remember what later pages of its list ask for."""
        page, charge = fetched.page, fetched.charge
        if commit is None:
            if charge is not None:
                log.warning("page %s was fetched twice: its lease had run out", page.id)
                self._store.ledger.record_duplicate_charge(page, charge)
            return Outcome.DUPLICATE
        result = commit.result
        if result.end is None:
            self._histories.append(page, fetched.history, fetched.item_ids)
        kinds = self._seen.mark_seen(page.crawl_id, fetched.embedded)
        if result.kind:
            kinds[result.kind] = result.new
        if charge is not None:
            self._stats.add_charge(page, charge)
        self._stats.add_closed(page, PageState.DONE, result.end)
        self._stats.add_entities(page.crawl_id, kinds, result.rejects, result.skipped_items)
        return Outcome.COMMITTED

    def _publish(self, messages: Sequence[PageMessage]) -> None:
        """Best effort: the ledger has them, and the leader dispatches again what nobody takes."""
        if messages and self._publish_messages is not None:
            try:
                self._publish_messages(messages)
            except UnreachableError as error:
                log.warning("%s; the leader will dispatch %d messages", error, len(messages))


def _examples(fetched: FetchedPage) -> list[Reject]:
    """Return one of each shape of what the page held besides its own kind of items."""
    return [
        Reject(fetched.provenance, item.position, item.why, item.raw, item.shape) for item in fetched.parsed.examples
    ]


def _edges(fetched: FetchedPage) -> list[tuple[str, str]]:
    """Return who follows whom, as (follower, followee) user ids."""
    if fetched.endpoint.edge is None:
        return []
    other = str(fetched.page.request.args["id"])
    ids = [item.id for item in fetched.parsed.items]
    return [(one, other) if fetched.endpoint.edge == "in" else (other, one) for one in ids]


def _missing_ids(endpoint: Endpoint, page: Page, item_ids: Sequence[str]) -> dict[str, Any] | None:
    """Return the ends of a batch's ids that are not in the answer: the API just leaves missing ids out."""
    if endpoint.batch_argument is None:
        return None
    got = set(item_ids)
    return {one: EndReason.MISSING for one in page.request.args[endpoint.batch_argument] if one not in got}
