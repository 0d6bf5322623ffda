"""Buy at most one page of each endpoint, and report where the API deviates from the table: `tokcrawl doctor --live`."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from crawler.api.client import ApiClient, ApiResponse
from crawler.api.endpoints import Endpoint
from crawler.api.page_parser import parse_response
from crawler.engine.archive import AnswerArchive
from crawler.engine.budget import BudgetGuard, Reservation
from crawler.engine.committer import Committer, plan_commit
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.prices import PriceBook
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.charges import Charge
from crawler.model.crawls import Crawl, CrawlSpec
from crawler.model.enums import CrawlState, EndReason, PageState, SeedKind
from crawler.model.errors import (
    ApiCallError,
    MalformedAnswerError,
    NotAvailableError,
    RateLimitedError,
    UsageError,
)
from crawler.model.pages import Page, PlannedPage, Request
from crawler.store import Store
from producers.console import plural
from producers.doctor.findings import Finding, of_error, of_page, of_price
from producers.doctor.questions import Questions, price
from producers.seeds.start import new_crawl_id

_LEASE = 900  # seconds
_TRIES, _PAUSE = 5, 2.0  # of a call that comes too early, and seconds between where the API does not say
_WORKER = "doctor"


@dataclass(slots=True)
class Visit:
    """What came of one endpoint: not tried if there was nothing to ask for."""

    endpoint: str
    args: Mapping[str, Any] | None = None
    units: int | None = None
    items: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def tried(self) -> bool:
        return self.args is not None


class LiveDoctor:
    """Buys pages one by one as a crawl of its own, which no worker touches: its charges are in the ledger."""

    def __init__(self, store: Store, api: ApiClient, day_units: int) -> None:
        self._store = store
        self._api = api
        self._archive = AnswerArchive(store, "all")
        prices = PriceBook(store)
        prices.refresh()
        self._budget = BudgetGuard(store, prices, day_units)
        self._committer = Committer(store, DispatchQuota(), StatsBuffer(), None, self._archive)

    def run(
        self, endpoints: Sequence[Endpoint], questions: Questions, progress: Callable[[Visit], None]
    ) -> tuple[str, list[Visit]]:
        """Visit the endpoints in turn; return the crawl's id and what came of each."""
        crawl = self._create()
        visits: list[Visit] = []
        refused = False
        try:
            for endpoint in endpoints:
                request = None if refused else questions.request(endpoint)
                visit = Visit(endpoint.name) if request is None else self._visit(crawl, endpoint, request, questions)
                refused = refused or any(finding.kind in ("account", "units") for finding in visit.findings)
                visits.append(visit)
                progress(visit)
        finally:
            self._store.ledger.skip_planned(crawl.id, EndReason.BUDGET)
            failed = self._store.failures.exist(crawl.id)
            state = CrawlState.FAILED if failed else CrawlState.COMPLETE
            self._store.crawls.finish(crawl.id, state, rollup=self._store.stats.recount(crawl.id))
        return crawl.id, visits

    def _create(self) -> Crawl:
        """Return a crawl that is never dispatched, as it stays `seeding` until it ends."""
        crawl_id = new_crawl_id()
        name = f"doctor {datetime.now(UTC):%Y-%m-%d %H:%M}"
        self._store.crawls.create(crawl_id, CrawlSpec(kind=SeedKind.HASHTAG, depth=0, name=name))
        return self._store.crawls.load(crawl_id)

    def _visit(self, crawl: Crawl, endpoint: Endpoint, request: Request, questions: Questions) -> Visit:
        self._store.frontier.add(crawl.id, [PlannedPage(request, 0)], max_depth=0)
        page = self._store.ledger.acquire(request.page_id(crawl.id), crawl.id, _WORKER, _LEASE)
        if page is None:
            raise UsageError(f"the page of {endpoint.name} was taken by another process")
        reservation = self._budget.reserve(page, crawl, endpoint)
        if reservation is None:
            raise UsageError("TOKCRAWL_DAY_UNITS leaves too few units for today")
        visit = Visit(endpoint.name, dict(request.args))
        charge = reservation.charge(None)  # until an answer says what it cost
        try:
            response = self._call(endpoint, request)
            charge = reservation.charge(response.units)
            visit.units = response.units
            visit.findings += of_price(endpoint, request, response.units)
            self._read(crawl, endpoint, page, response, charge, visit, questions)
        except ApiCallError as error:
            charge = self._fail(page, reservation, error, visit)
            visit.findings += of_error(endpoint, error, user_is_private=questions.user_is_private)
        except BaseException as error:
            self._store.ledger.end_without_result(page, PageState.FAILED, EndReason.ERROR, _interrupted(error), charge)
            raise
        finally:
            self._budget.settle(reservation, charge, completed=True)
        return visit

    def _call(self, endpoint: Endpoint, request: Request) -> ApiResponse:
        """Call once; again only where the call was refused as one too many."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._api.fetch(endpoint, request.args, {})
            except RateLimitedError as error:
                if attempt == _TRIES:
                    raise
                time.sleep(min(error.after or _PAUSE, 60))
        raise AssertionError("the last try returns or raises")

    def _read(
        self, crawl: Crawl, endpoint: Endpoint, page: Page, response: ApiResponse, charge: Charge, visit: Visit,
        questions: Questions,
    ) -> None:  # fmt: skip
        """Parse, store and complete a page; nothing is planned from it."""
        parsed = parse_response(endpoint, response, page.request.args)
        self._archive.keep(page, status=response.status, units=response.units, body=response.body, why=None)
        fetched = self._committer.prepare(page, crawl, endpoint, parsed, charge)
        rejects = self._committer.store_entities([fetched])
        result = plan_commit(fetched, rejects[page.id]).result
        self._store.ledger.complete_many([(page, replace(result, end=result.end or EndReason.LIMIT), charge)])
        visit.items = len(parsed.items)
        visit.findings += of_page(endpoint, page.request, parsed, response.data, response.body)
        questions.learn(endpoint, fetched.items)

    def _fail(self, page: Page, reservation: Reservation, error: ApiCallError, visit: Visit) -> Charge:
        """End a page whose call brought nothing that can be read."""
        charge = reservation.charge(error.units)
        visit.units = error.units
        state, end, why = PageState.FAILED, EndReason.ERROR, error.detail or error.kind
        if isinstance(error, NotAvailableError):
            state, end, why = PageState.DONE, error.end, ""
        if error.body or isinstance(error, MalformedAnswerError):
            self._archive.keep(page, status=error.status, units=error.units, body=error.body, why=why or None)
        document = {"kind": error.kind, "status": error.status, "detail": error.detail, "at": datetime.now(UTC)}
        self._store.ledger.end_without_result(page, state, end, document, charge)
        return charge


def _interrupted(error: BaseException) -> dict[str, Any]:
    return {"kind": "bug", "status": None, "detail": repr(error)[:2000], "at": datetime.now(UTC)}


def price_line(endpoints: Sequence[Endpoint]) -> str:
    """Return what the visits will cost."""
    expected, most = (sum(units) for units in zip(*map(price, endpoints), strict=True))
    return f"{plural(len(endpoints), 'call')}: about {plural(expected, 'unit')}, at most {most:,} by the table"


def report(crawl_id: str, visits: Sequence[Visit]) -> dict[str, Any]:
    """Return what `doctor --live --json` prints."""
    return {
        "crawl": crawl_id,
        "deviations": sum(len(visit.findings) for visit in visits),
        "units": sum(visit.units or 0 for visit in visits),
        "endpoints": [{**asdict(visit), "tried": visit.tried} for visit in visits],
    }


def visit_line(visit: Visit) -> str:
    """Return the line for one endpoint, and one for each deviation."""
    if not visit.tried:
        return f"{visit.endpoint:26} not tried: nothing to ask for"
    cost = "unknown units" if visit.units is None else plural(visit.units, "unit")
    state = "ok" if not visit.findings else plural(len(visit.findings), "deviation")
    lines = [f"{visit.endpoint:26} {state}: {plural(visit.items, 'item')}, {cost}"]
    return "\n".join([*lines, *(f"  {finding.kind}: {finding.text}" for finding in visit.findings)])


def confirm(line: str) -> bool:
    """Ask on a terminal whether to spend that; without one, go on."""
    sys.stderr.write(line + "\n")
    if not sys.stdin.isatty():
        return True
    sys.stderr.write("buy them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
