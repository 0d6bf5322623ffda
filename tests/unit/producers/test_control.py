"""Pausing, resuming, cancelling and retrying: what each changes, and when it is refused."""

from typing import Any

import pytest

from crawler.model.charges import Charge
from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, EndReason, PageState, PauseCause, SeedKind
from crawler.model.errors import UsageError
from crawler.model.pages import PlannedPage, Request
from crawler.store import Store
from crawler.store.budgets import BudgetClaim, BudgetLimit, crawl_account
from producers import control

# The fake says that it has no disk to use.
pytestmark = pytest.mark.filterwarnings("ignore:'allowDiskUse':UserWarning")


class Gate:
    """Redis's copy of the gate."""

    def __init__(self) -> None:
        self.opened = 0

    def open_gate(self) -> None:
        self.opened += 1


@pytest.fixture
def gate() -> Any:
    return Gate()


def crawl(store: Store, name: str, **budget: int) -> str:
    store.crawls.create(name, CrawlSpec(kind=SeedKind.HASHTAG, **budget))
    store.crawls.start(name)
    return name


def page(store: Store, name: str, n: int) -> Any:
    request = Request("post_comments", {"aweme_id": str(n)})
    store.frontier.add(name, [PlannedPage(request, 0)], max_depth=0)
    return store.ledger.acquire(request.page_id(name), name, "w", 60)


def state_of(store: Store, name: str) -> tuple[str, str | None]:
    found = store.crawls.get(name)
    assert found is not None
    return found["state"], found["cause"]


def test_pausing_and_resuming(store: Store, gate: Any) -> None:
    crawl(store, "c")
    control.pause(store, "c")
    assert state_of(store, "c") == ("paused", "user")
    with pytest.raises(UsageError, match="paused, only a running one"):
        control.pause(store, "c")
    control.resume(store, gate, "c", None, None)
    assert state_of(store, "c") == ("running", None)
    with pytest.raises(UsageError, match="running, only a paused one"):
        control.resume(store, gate, "c", None, None)
    assert gate.opened == 0


@pytest.mark.parametrize(
    ("cause", "other"), [(PauseCause.UNITS, ("running", None)), (PauseCause.ACCOUNT, ("paused", "account"))]
)
def test_resuming_one_opens_the_gate(store: Store, gate: Any, cause: PauseCause, other: tuple[str, str | None]) -> None:
    """What the day's units paused would have gone on with the gate; what the account paused needs its own word."""
    for name in ("c", "d"):
        crawl(store, name)
    crawl(store, "e")
    control.pause(store, "e")
    store.gate.close(cause, "said so")
    store.crawls.pause(cause)
    control.resume(store, gate, "c", None, None)
    assert store.gate.get() is None
    assert gate.opened == 1
    assert [state_of(store, name) for name in "cde"] == [("running", None), other, ("paused", "user")]


def test_resuming_leaves_a_gate_of_another_cause_closed(store: Store, gate: Any) -> None:
    crawl(store, "c")
    store.crawls.pause(PauseCause.UNITS)
    store.gate.close(PauseCause.ACCOUNT, "token")
    control.resume(store, gate, "c", None, None)
    closed = store.gate.get()
    assert closed is not None
    assert closed.cause is PauseCause.ACCOUNT
    assert gate.opened == 0


@pytest.mark.parametrize("cause", [PauseCause.BUDGET, PauseCause.ACCOUNT])
def test_a_new_budget_is_kept_whatever_paused_the_crawl(store: Store, gate: Any, cause: PauseCause) -> None:
    crawl(store, "c")
    store.ledger.release(page(store, "c", 1), 0, charge=Charge("2026-01-31", 7))
    store.gate.close(PauseCause.ACCOUNT, "token")
    store.crawls.pause(cause)
    control.resume(store, gate, "c", 10, 20)
    found = store.crawls.get("c")
    assert found is not None
    assert (found["state"], found["budget"]) == ("running", {"units": 10, "pages": 20})
    refused = store.budgets.reserve(
        BudgetLimit(crawl_account("c"), 10, 20), BudgetClaim("p", "t", 4)
    )  # 7 were spent before it was bounded
    assert refused is not None
    assert refused.exhausted


def test_cancelling_skips_what_is_planned(store: Store) -> None:
    crawl(store, "c")
    page(store, "c", 1)
    store.frontier.add(
        "c", [PlannedPage(Request("post_comments", {"aweme_id": str(n)}), 0) for n in range(3)], max_depth=0
    )
    assert "2 planned pages" in control.cancel(store, "c")
    assert state_of(store, "c") == ("cancelled", None)
    for word in (control.cancel, control.pause):
        with pytest.raises(UsageError, match="cancelled"):
            word(store, "c")
    with pytest.raises(UsageError, match="cancelled"):
        control.retry(store, "c", None)


def test_retrying_plans_failed_pages_of_a_class_again(store: Store) -> None:
    crawl(store, "c")
    for n, kind in enumerate(("server", "server", "unreadable")):
        error = {"kind": kind, "status": None, "detail": ""}
        store.ledger.end_without_result(page(store, "c", n), PageState.FAILED, EndReason.ERROR, error, None)
    store.crawls.finish("c", CrawlState.FAILED)
    with pytest.raises(UsageError, match="crawl c has no failed pages of class killed; it has server, unreadable"):
        control.retry(store, "c", "killed")
    assert state_of(store, "c") == ("failed", None)
    assert control.retry(store, "c", "server") == "crawl c: 2 failed pages planned again"
    assert state_of(store, "c") == ("running", None)
    control.pause(store, "c")
    assert control.retry(store, "c", None) == "crawl c: 1 failed page planned again"
    assert state_of(store, "c") == ("paused", "user")  # a person's pause is not lifted by a retry
