"""Read kept answers again with the parsers of today, and write what they hold as if it had been read at once."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from secrets import token_hex

from crawler.api.endpoints import ENDPOINTS
from crawler.api.kept_answer import read_kept
from crawler.api.page_parser import UnparsablePageError, parse_page
from crawler.engine.archive import AnswerArchive
from crawler.engine.committer import Committer, FetchedPage, Reread, plan_commit
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.outcome import Outcome
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.answers import Answer
from crawler.model.crawls import Crawl
from crawler.model.enums import CrawlState, PageState
from crawler.model.errors import ApiCallError, NotAvailableError
from crawler.store import Store
from crawler.store.connection import Document
from crawler.store.ledger import page_of

log = logging.getLogger(__name__)

_BATCH, _BATCH_BYTES = 50, 5_000_000  # pages and compressed bytes from which pages are written together
_READ_AGAIN = ("unreadable", "mismatch", "bug")  # failures that another reader may heal


@dataclass(slots=True)
class RereadFigures:
    """What reading a crawl's answers again brought.

    answers: read.        recovered: pages that had failed and are done now.        changed: done pages that held more.
    unread: pages whose answer still cannot be read.        orphans: answers whose page is gone or under way.
    planned: pages that follow and are planned now.        unplanned: those that are not, as the crawl has ended.
    """

    answers: int = 0
    recovered: int = 0
    changed: int = 0
    unread: int = 0
    orphans: int = 0
    planned: int = 0
    unplanned: int = 0


class Rereader:
    """Reads one crawl's kept answers again. Buys nothing, leaves all charges, and may be repeated without harm."""

    def __init__(self, store: Store, crawl_id: str, *, plan: bool = False) -> None:
        self._store = store
        self._crawl: Crawl = store.crawls.load(crawl_id)
        self._plan = plan or not self._crawl.state.ended
        self._token = token_hex(8)
        self._stats = StatsBuffer()
        self._committer = Committer(store, DispatchQuota(), self._stats, None, AnswerArchive(store, "none"))
        self.figures = RereadFigures()

    def run(self, endpoint: str | None, progress: Callable[[RereadFigures], None]) -> RereadFigures:
        """Read the answers, of one endpoint or of all; afterwards the crawl's state and figures are true."""
        for answers in self._batches(endpoint):
            self._read(answers)
            progress(self.figures)
        if self.figures.answers:
            self._correct()
        return self.figures

    def _batches(self, endpoint: str | None) -> Iterator[list[list[Answer]]]:
        """Yield the answers of some pages at a time, each page's newest first."""
        batch: list[list[Answer]] = []
        size = 0
        for _, answers in groupby(self._store.answers.of_crawl(self._crawl.id, endpoint), attrgetter("page_id")):
            batch.append(sorted(answers, key=attrgetter("at"), reverse=True))
            size += sum(len(answer.packed) for answer in batch[-1])
            if len(batch) == _BATCH or size > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    # --- read ---

    def _read(self, batch: Sequence[Sequence[Answer]]) -> None:
        pages = self._store.ledger.load_many([answers[0].page_id for answers in batch])
        fetched: list[FetchedPage] = []
        for answers in batch:
            self.figures.answers += len(answers)
            document = pages.get(answers[0].page_id)
            if document is None or not _may_be_read(document):
                self.figures.orphans += 1
            elif read := self._read_page(document, answers):
                fetched.append(read)
        self._write(sorted(fetched, key=_received_at))

    def _read_page(self, document: Document, answers: Sequence[Answer]) -> FetchedPage | None:
        """Return the page with its newest answer that can be read; None where none can."""
        error: ApiCallError | UnparsablePageError | None = None
        for answer in answers:
            try:
                return self._parse(document, answer)
            except (ApiCallError, UnparsablePageError) as raised:
                error = error or raised
            except Exception:
                log.exception("answer %s cannot be read", answer.id)
        if isinstance(error, NotAvailableError):
            self._end(document, error)
        elif document["state"] == PageState.FAILED:
            self.figures.unread += 1
        return None

    def _parse(self, document: Document, answer: Answer) -> FetchedPage:
        endpoint, page = ENDPOINTS[document["endpoint"]], page_of(document, self._token)
        parsed = parse_page(endpoint, read_kept(endpoint, page.request, answer).data, page.request.args)
        fetched = self._committer.prepare(page, self._crawl, endpoint, parsed, None)
        fetched.reread = Reread(answer.at, document, self._plan)
        if document["state"] == PageState.DONE:
            fetched.embedded = self._embedded(document, fetched)
        return fetched

    def _embedded(self, document: Document, fetched: FetchedPage) -> Mapping[str, Sequence[str]]:
        """Return what a done page names besides its items: what it named before, and what no page of the crawl does."""
        before: Mapping[str, Sequence[str]] = document.get("embedded") or {}
        named = {kind: list(ids) for kind, ids in before.items()}
        for kind, ids in fetched.embedded.items():
            other = [one for one in ids if one not in before.get(kind, ())]
            known = self._store.entities.named_by(self._crawl.id, kind, other) if other else set()
            if new := [one for one in other if one not in known]:
                named[kind] = [*before.get(kind, ()), *new]
        return named

    def _end(self, document: Document, error: NotAvailableError) -> None:
        """End a failed page's list: its answer said that there is nothing to be had."""
        if document["state"] != PageState.FAILED:
            return
        page = page_of(document, self._token)
        self._store.ledger.hold_ended([page.id], self._token)
        reason = {**document["error"], "kind": error.kind, "status": error.status, "detail": error.detail}
        if self._store.ledger.end_without_result(page, PageState.DONE, error.end, reason, None):
            self.figures.recovered += 1

    # --- write ---

    def _write(self, batch: Sequence[FetchedPage]) -> None:
        """Store the entities of all, and the results of the pages that were failed or now hold something else."""
        if not batch:
            return
        self._count_unplanned(batch)
        changed = [fetched for fetched in batch if _is_changed(fetched)]
        same = [fetched for fetched in batch if not _is_changed(fetched)]
        rejecting = [f.page.id for f in batch if f.reread and (f.reread.before.get("rejects") or 0)]
        if rejecting:
            self._store.entities.delete_rejects(rejecting)
        if same:
            self._committer.store_entities(same)
        if changed:
            self._store.ledger.hold_ended([fetched.page.id for fetched in changed], self._token)
            for fetched, outcome in zip(changed, self._committer.commit_many(changed), strict=True):
                self._count(fetched, outcome)
        self.figures.planned += sum(counts["pages.planned"] + counts["pages.done"] for counts in self._drained())

    def _drained(self) -> Sequence[Mapping[str, int]]:
        return list(self._stats.drain().values())

    def _count_unplanned(self, batch: Sequence[FetchedPage]) -> None:
        """Record with each page how many pages follow from it that are not in the ledger."""
        following = {
            fetched.page.id: {plan.request.page_id(self._crawl.id) for plan in plan_commit(fetched, 0).plans}
            for fetched in batch
        }
        missing = self._store.frontier.unplanned([one for ids in following.values() for one in ids])
        for fetched in batch:
            if fetched.reread is not None:
                fetched.reread.unplanned = len(following[fetched.page.id] & missing)

    def _count(self, fetched: FetchedPage, outcome: Outcome) -> None:
        if outcome is not Outcome.COMMITTED or fetched.reread is None:
            self.figures.orphans += 1
            return
        if fetched.reread.before["state"] == PageState.FAILED:
            self.figures.recovered += 1
        else:
            self.figures.changed += 1
        if not self._plan:
            self.figures.unplanned += fetched.reread.unplanned

    def _correct(self) -> None:
        """Reopen the crawl where pages are planned, else set its state and figures to what the ledger says."""
        store, crawl_id = self._store, self._crawl.id
        if self._plan and store.frontier.has_open_pages(crawl_id):
            store.crawls.reopen(crawl_id)
        state = None
        if store.crawls.state(crawl_id) is CrawlState.FAILED:
            open_ends = store.failures.exist(crawl_id) or store.ledger.has_unplanned(crawl_id)
            state = CrawlState.FAILED if open_ends else CrawlState.COMPLETE
        store.crawls.correct(crawl_id, store.stats.recount(crawl_id), state)


def _received_at(fetched: FetchedPage) -> datetime:
    assert fetched.reread is not None
    return fetched.reread.at


def _may_be_read(document: Document) -> bool:
    """Whether a page is done, or failed in a way that another reader may heal."""
    if document["endpoint"] not in ENDPOINTS:
        return False
    if document["state"] == PageState.FAILED:
        return (document.get("error") or {}).get("kind") in _READ_AGAIN
    return document["state"] == PageState.DONE and bool(document.get("fetched"))


def _is_changed(fetched: FetchedPage) -> bool:
    """Whether the ledger does not say yet what the page holds."""
    assert fetched.reread is not None
    before, reread = fetched.reread.before, fetched.reread
    if before["state"] == PageState.FAILED or (before.get("unplanned") or 0) != (
        0 if reread.plan else reread.unplanned
    ):
        return True
    return (
        (reread.plan and reread.unplanned > 0)
        or list(before.get("items") or []) != list(fetched.item_ids)
        or dict(before.get("embedded") or {}) != dict(fetched.embedded)
        or (before.get("rejects") or 0) != len(fetched.parsed.rejected)
    )
