"""The ledger compared with the provider's figures, and how unknown charges are resolved."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.api.client import ApiResponse
from crawler.api.endpoints import Endpoint
from crawler.model.charges import Charge
from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, SeedKind
from crawler.model.errors import UsageError
from crawler.model.pages import PlannedPage, Request
from crawler.store import Store
from crawler.store.budgets import BudgetClaim, BudgetLimit, Settlement, crawl_account, day_account
from producers.usage import reconcile, render_usage

# The fake says that it has no disk to use.
pytestmark = pytest.mark.filterwarnings("ignore:'allowDiskUse':UserWarning")


def day(back: int = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=back)).strftime("%Y-%m-%d")


class Provider:
    """Tells figures per day; a day it does not know costs nothing."""

    def __init__(self, **figures: Any) -> None:
        self.figures = figures
        self.asked: list[str] = []

    def fetch(self, endpoint: Endpoint, args: Mapping[str, Any], cursor: Mapping[str, Any]) -> ApiResponse:
        assert endpoint.name == "get_usage"
        self.asked.append(args["date"])
        return ApiResponse(self.figures.get("today" if args["date"] == day() else args["date"], {}), 0)


def did(store: Store, n: int, units: int | None, expected: int = 5, crawl: str = "c", back: int = 0) -> None:
    """One call of a page, charged so much; None where nobody could tell."""
    request = Request("post_comments", {"aweme_id": str(n)})
    store.frontier.add(crawl, [PlannedPage(request, 0)], max_depth=0)
    held = store.ledger.acquire(request.page_id(crawl), crawl, "w", 60)
    assert held is not None
    store.ledger.release(held, 0, charge=Charge(day(back), units, expected))


def settled(store: Store, provider: Provider, days: int = 1, *, settle_all: bool = True) -> list[dict[str, Any]]:
    return reconcile(store, provider, days, settle_all)  # type: ignore[arg-type]  # a fake


def figures(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(row[name] for name in ("provider", "ledger", "unknown", "settled", "elsewhere"))


@pytest.mark.parametrize(
    ("reported", "known", "unknown", "expected"),
    [
        (0, [], [], (0, 0, 0, 0, 0)),
        (7, [3, 4], [], (7, 7, 0, 0, 0)),
        (9, [3, 4], [], (9, 7, 0, 0, 2)),
        (6, [3, 4], [], (6, 7, 0, 0, -1)),
        (12, [3, 4], [5], (12, 12, 0, 5, 0)),
        (10, [3, 4], [5], (10, 10, 0, 3, 0)),
        (7, [3, 4], [5], (7, 7, 0, 0, 0)),
        (5, [3, 4], [5], (5, 7, 5, 0, -2)),  # a figure below what is known lags behind, and settles nothing
        (30, [3, 4], [5, 5], (30, 17, 0, 10, 13)),
        (14, [3, 4], [5, 5], (14, 14, 0, 7, 0)),
    ],
)
def test_unknown_charges_become_what_the_provider_leaves_for_them(
    store: Store, reported: int, known: list[int], unknown: list[int], expected: tuple[int, ...]
) -> None:
    for n, units in enumerate(known):
        did(store, n, units)
    for n, feared in enumerate(unknown):
        did(store, 100 + n, None, feared)
    (row,) = settled(store, Provider(today={"tiktok": reported, "instagram": 999}))
    assert figures(row) == expected
    assert store.charges.spent_on(day()) == (sum(known) + row["settled"], row["unknown"])


@pytest.mark.parametrize(
    ("reported", "expected"), [(9, (9, 7, 5, 0, 0)), (12, (12, 12, 0, 5, 0)), (8, (8, 7, 5, 0, 0))]
)
def test_a_day_that_still_runs_settles_nothing_downwards(
    store: Store, reported: int, expected: tuple[int, ...]
) -> None:
    did(store, 1, 7)
    did(store, 2, None, 5)
    (row,) = settled(store, Provider(today={"tiktok": reported}), settle_all=False)
    assert figures(row) == expected


def test_settling_again_changes_nothing(store: Store) -> None:
    did(store, 1, 3)
    did(store, 2, None)
    provider = Provider(today={"tiktok": 5})
    assert figures(settled(store, provider)[0]) == (5, 5, 0, 2, 0)
    assert figures(settled(store, provider)[0]) == (5, 5, 0, 0, 0)


def test_each_day_for_itself_newest_first(store: Store) -> None:
    did(store, 1, 3)
    did(store, 2, None, 5, back=1)
    provider = Provider(today={"tiktok": 3}, **{day(1): {"tiktok": 4}})
    rows = settled(store, provider, 3)
    assert [row["day"] for row in rows] == provider.asked == [day(), day(1), day(2)]
    assert [figures(row) for row in rows] == [(3, 3, 0, 0, 0), (4, 4, 0, 4, 0), (0, 0, 0, 0, 0)]


@pytest.mark.parametrize(
    "reported", [{"tiktok": 4}, {"units": 4}, {"tiktok": "4"}, {"tiktok": 4, "units": 9, "instagram": 1}]
)
def test_the_figure_in_its_known_forms(store: Store, reported: Any) -> None:
    assert settled(store, Provider(today=reported))[0]["provider"] == 4


@pytest.mark.parametrize(
    "reported", [None, [], 4, {"instagram": 4}, {"tiktok": None}, {"tiktok": True}, {"tiktok": "-4"}]
)
def test_a_figure_that_cannot_be_read_settles_nothing(store: Store, reported: Any) -> None:
    did(store, 1, None, 5)
    with pytest.raises(UsageError, match="cannot be read"):
        settled(store, Provider(today=reported))
    assert store.charges.spent_on(day()) == (0, 5)


def test_what_was_feared_and_not_charged_goes_back_to_the_budgets(store: Store) -> None:
    did(store, 1, None, 5)
    for account in (crawl_account("c"), day_account(day())):
        store.budgets.reserve(BudgetLimit(account), BudgetClaim("p", "t", 5))
        store.budgets.settle([Settlement(account, "t", 5, 5, False)])
    settled(store, Provider(today={"tiktok": 2}))
    for account in (crawl_account("c"), day_account(day())):
        found = store.db["budgets"].find_one({"_id": account})
        assert found is not None
        assert found["committed"] == 2


@pytest.mark.parametrize(
    ("state", "counted", "final"),
    [
        (CrawlState.RUNNING, False, None),
        (CrawlState.PAUSED, True, True),
        (CrawlState.COMPLETE, True, True),
        (CrawlState.CANCELLED, True, True),
    ],
)
def test_a_crawl_that_does_not_run_is_counted_anew(
    store: Store, state: CrawlState, counted: bool, final: bool | None
) -> None:
    store.crawls.create("c", CrawlSpec(kind=SeedKind.HASHTAG))
    store.db["crawls"].update_one({"_id": "c"}, {"$set": {"state": state}})
    did(store, 1, 3)
    did(store, 2, None, 5)
    settled(store, Provider(today={"tiktok": 5}))
    rollup = (store.crawls.get("c") or {})["rollup"]
    assert (rollup.get("units"), rollup.get("unknown"), rollup.get("final")) == (
        (5, 0, final) if counted else (None, None, None)
    )


def test_the_lines_say_what_does_not_fit() -> None:
    row = {"day": "2026-01-31", "provider": 1200, "ledger": 1200, "unknown": 0, "settled": 0, "elsewhere": 0}
    assert render_usage([row]) == "2026-01-31  provider 1,200  ledger 1,200"
    assert "(7 of these were unconfirmed until now)" in render_usage([{**row, "settled": 7}])
    assert "5 units spent elsewhere with this token, or in flight" in render_usage([{**row, "elsewhere": 5}])
    assert "provider reports 5 units fewer than its own responses charged" in render_usage([{**row, "elsewhere": -5}])
    assert "provider reports 1 unit fewer" in render_usage([{**row, "elsewhere": -1}])
    assert len(render_usage([row, row]).splitlines()) == 2
    assert render_usage([]) == ""
