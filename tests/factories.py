"""Makes plans, pages, specs and results for the tests of this folder, and loads the items of tests/fixtures."""

import json
from pathlib import Path
from typing import Any

from crawler.api.endpoints import Endpoint
from crawler.model.charges import Charge, PageResult
from crawler.model.crawls import Crawl, CrawlSpec
from crawler.model.enums import CrawlState, EndReason, Relation, SeedKind
from crawler.model.pages import Page, PlannedPage, Request
from crawler.store import Store

FIXTURES = Path(__file__).parent / "fixtures"
DAY = "2026-01-31"
SEC = "MS4wLjABAAAAv7iSuuXDJGDvJkmH_vz1qkDZYo1apxgzaxdBSeIuPiMAbCdEfGhIjKlMnOpQrStUv"


def raw(name: str, **changes: Any) -> Any:
    """A fresh item of tests/fixtures."""
    return json.loads((FIXTURES / f"{name}.json").read_text("utf-8")) | changes


def request(n: int | str = 0, endpoint: str = "post_comments", cursor: Any = None) -> Request:
    return Request(endpoint, {"aweme_id": str(n)}, cursor or {})


def plan(n: int | str = 0, depth: int = 1, *, nth: int = 0, cursor: Any = None) -> PlannedPage:
    return PlannedPage(request(n, cursor=cursor), depth, nth)


def page(
    made: Request | None = None, *, depth: int = 0, nth: int = 0, empty_streak: int = 0, attempts: int = 0
) -> Page:
    """A page as a worker holds it, of no ledger."""
    made = made or request()
    return Page(made.page_id("c"), "c", made, made.list_id("c"), depth, nth, empty_streak, attempts, "token", False)


def spec(kind: SeedKind = SeedKind.HASHTAG, *expand: Relation, **fields: Any) -> CrawlSpec:
    return CrawlSpec(kind=kind, **{"expand": frozenset(expand), **fields})


def crawl(name: str = "c", state: CrawlState = CrawlState.RUNNING, cause: Any = None, **fields: Any) -> Crawl:
    made = spec(**fields)
    return Crawl(name, state, cause, made, made.max_units, made.max_pages)


def result_of(*items: str, **fields: Any) -> PageResult:
    """The result of a page that held these comments."""
    made = {
        "kind": "comments",
        "embedded": {},
        "got": len(items),
        "new": len(items),
        "next": None,
        "end": EndReason.END,
    }
    return PageResult(items=list(items), **{**made, **fields})


def charged(units: int | None = 1, expected: int = 1) -> Charge:
    return Charge(DAY, units, expected)


def taken(store: Store, made: PlannedPage, crawl: str = "c", *, worker: str = "w", lease: float = 60) -> Page:
    """A page that was planned and is held."""
    store.frontier.add(crawl, [made], max_depth=2)
    held = store.ledger.acquire(made.request.page_id(crawl), crawl, worker, lease)
    assert held is not None
    return held


def finish(store: Store, held: Page, result: PageResult, charge: Charge | None) -> bool:
    """Mark a held page done; False where it is not in its holder's hands."""
    return held.id in store.ledger.complete_many([(held, result, charge)])


def document(store: Store, made: Page | PlannedPage, crawl: str = "c") -> dict[str, Any]:
    """A page's document in the ledger."""
    page_id = made.id if isinstance(made, Page) else made.request.page_id(crawl)
    found = store.db["pages"].find_one({"_id": page_id})
    assert found is not None
    return found


# --- answers ----------------------------------------------------------------------------------------------

# What each reader reads: the fixture, and where the id of the item stands in it.
ITEMS = {
    "parse_post": ("post", "aweme_id"),
    "parse_user": ("user", "uid"),
    "parse_comment": ("comment", "cid"),
    "parse_music": ("music", "mid"),
    "parse_live": ("user", "id"),
}


def item(endpoint: Endpoint, n: int) -> Any:
    """An item of this endpoint with an id of its own."""
    name, key = ITEMS[endpoint.parser.__name__]  # type: ignore[union-attr]  # never None here
    return raw(name, **{key: item_id(n)})


def item_id(n: int) -> str:
    return str(7_000_000_000_000_000_000 + n)


def envelope(path: tuple[str, ...], items: Any, **extra: Any) -> Any:
    """An answer's data with the items at a path of the table."""
    for key in reversed(path[1:]):
        items = {key: items}
    return {path[0]: items, **extra} if path else items
