"""The queries that run all the time use an index, and read no more than they give back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.model.enums import EndReason, PageState
from crawler.model.pages import PlannedPage
from crawler.store import Store
from tests.factories import charged, finish, plan, result_of, taken

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def ledger(mongo: Store) -> Iterator[Store]:
    """Two crawls with pages in all states."""
    client, options = mongo.db.client, mongo.db.codec_options
    store = Store(client.get_database("indexes", codec_options=options))
    store.ensure_indexes()
    for crawl in ("c", "d"):
        store.frontier.add(crawl, [plan(n, depth=n % 3) for n in range(300)], max_depth=0, dispatch_first=50)
        for n in range(100, 160):
            held = store.ledger.acquire(plan(n, depth=n % 3).request.page_id(crawl), crawl, "w", 60)
            assert held is not None
            if n % 3:
                finish(store, held, result_of(f"item {n}"), charged())
            elif n % 2:
                store.ledger.end_without_result(held, PageState.FAILED, EndReason.ERROR, {"kind": "server"}, charged())
            else:
                store.ledger.release(held, -1)
        for nth in range(1, 6):
            made = PlannedPage(plan(0, cursor={"cursor": nth}).request, 0, nth)
            finish(store, taken(store, made, crawl), result_of("x"), charged())
    yield store
    client.drop_database("indexes")


@pytest.fixture
def watched(ledger: Store) -> Iterator[Store]:
    """With a profiler that writes down how each query is carried out."""
    ledger.db.command("profile", 2)
    yield ledger
    ledger.db.command("profile", 0)
    ledger.db.drop_collection("system.profile")


def carried_out(store: Store) -> list[dict[str, Any]]:
    return list(store.db["system.profile"].find({"ns": {"$regex": r"\.pages$"}}))


QUERIES: dict[str, Any] = {
    "unsent": lambda store: store.frontier.undispatched("c", 20),
    "unsent slow": lambda store: store.frontier.undispatched("c", 20, slow=True),
    "slow_count": lambda store: store.frontier.count_slow("c"),
    "overdue": lambda store: store.frontier.lost("c", 20),
    "paused_over": lambda store: store.frontier.due_retries("c", 20),
    "sent_count": lambda store: store.frontier.count_dispatched("c", 20),
    "has_open": lambda store: store.frontier.has_open_pages("c"),
    "has_open of nothing": lambda store: store.frontier.has_open_pages("nobody"),
    "has_failed": lambda store: store.failures.exist("c"),
    "failures": lambda store: store.failures.summarize("c"),
    "history": lambda store: store.ledger.list_history(plan(0).request.list_id("c"), "c", 4, 2),
    "expired": lambda store: store.leases.expired("c"),
    "leased_by": lambda store: store.leases.held_by(["c"], ["w"]),
    "leased_count": lambda store: store.ledger.count_leased("c"),
    "unknown_on": lambda store: store.charges.unknown_on("2026-01-31"),
    "skip_planned": lambda store: store.ledger.skip_planned("c", EndReason.CANCELLED),
    "unsend": lambda store: store.frontier.reset_dispatch("c"),
    "retry": lambda store: store.failures.retry("c", "server"),
    "tally": lambda store: store.stats.recount("c"),
    "take": lambda store: store.ledger.acquire(plan(1, depth=1).request.page_id("c"), "c", "w", 60),
}


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("unsent", 20),
        ("overdue", 20),  # none of those that pause, but it looks at them
        ("sent_count", 70),
        ("has_open", 2),
        ("has_open of nothing", 0),
        ("history", 2),
    ],
)
def test_feeding_reads_about_what_it_gives_back(watched: Store, name: str, most: int) -> None:
    """However long the ledger is: 610 pages here, of which these look at a few."""
    QUERIES[name](watched)
    (seen,) = carried_out(watched)
    assert seen["docsExamined"] <= most
    assert seen["keysExamined"] <= most + 5
    assert not seen.get("hasSortStage")


@pytest.mark.parametrize("ask", QUERIES.values(), ids=QUERIES)
def test_a_query_uses_an_index(watched: Store, ask: Any) -> None:
    ask(watched)
    seen = carried_out(watched)
    assert seen
    for one in seen:
        assert re.match("IXSCAN|COUNT_SCAN|IDHACK|EOF", one["planSummary"]), one["planSummary"]


@pytest.mark.parametrize(
    ("collection", "wanted"),
    [
        ("users", {"sec_uid": "x"}),
        ("comments", {"post_id": "1"}),
        ("pages", {"request": "x"}),
        ("crawls", {"state": "x"}),
    ],
)
def test_what_people_look_for_is_indexed(ledger: Store, collection: str, wanted: dict[str, str]) -> None:
    found = ledger.db[collection].find(wanted).explain()["queryPlanner"]["winningPlan"]
    assert "COLLSCAN" not in str(found)
    assert "IXSCAN" in str(found) or "EOF" in str(found)
