"""The step: one page from its message to its follow-ups, over a database, with an API and a limiter of our own."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from time import monotonic, sleep
from typing import Any, Literal

import pytest

from crawler.api.client import ApiResponse
from crawler.api.endpoints import Endpoint
from crawler.engine.budget import BudgetGuard
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.page_runner import PageRunner, RunnerDeps
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.enums import EndReason, PauseCause, Relation, SeedKind
from crawler.model.errors import (
    AccountError,
    BadRequestError,
    CallError,
    NotAvailableError,
    RateLimitedError,
    TransientError,
    TransportError,
)
from crawler.model.pages import PageMessage, PlannedPage, Request
from crawler.rate_limit.limiter import Denied, GateChange, Permit
from crawler.store import Store
from tests.factories import document, item_id, raw, spec


class Provider:
    """Gives what was prepared, in order, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.calls: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def call(self, endpoint: Endpoint, args: Mapping[str, Any], cursor: Mapping[str, Any]) -> ApiResponse:
        self.calls.append((endpoint.name, dict(args), dict(cursor)))
        self.meanwhile()
        answer = self.answers.pop(0)
        if isinstance(answer, CallError):
            raise answer
        return ApiResponse(answer, 1, 0.0, 0)


class Weatherless:
    """A limiter that lets everybody through, or nobody."""

    def __init__(self) -> None:
        self.answer: Permit | Denied = Permit(0.0, False, False)
        self.weather = GateChange("none")
        self.told: list[str] = []

    def permits(self, wanted: int) -> list[Permit | Denied]:
        return [self.answer] * wanted

    def closed(self) -> None:
        return None

    def limited(self, page: str, after: float | None) -> GateChange:
        self.told.append("limited")
        return GateChange("none")

    def failed(self, page: str, probe: bool) -> GateChange:
        self.told.append("failed")
        return self.weather

    def worked(self) -> GateChange:
        self.told.append("worked")
        return GateChange("none")

    def close(self, kind: str, until: float | None) -> None:
        self.told.append(f"closed {kind}")


class Bench:
    """A worker of one step."""

    def __init__(self, store: Store, slots: int = 8, **fields: Any) -> None:
        made = spec(**{"kind": SeedKind.HASHTAG, **fields})
        store.crawls.create("c", made)
        store.crawls.start("c")
        self.store, self.provider, self.pace, self.sent = store, Provider(), Weatherless(), list[PageMessage]()
        self.stopping = Event()
        self.board = board = CrawlCache(store)
        board.refresh()
        board.set_room({"c": 100})
        self.step = PageRunner(
            RunnerDeps(
                store=store, api=self.provider, pace=self.pace, board=board, rollup=StatsBuffer(),  # type: ignore[arg-type]
                purse=BudgetGuard(store, board, 0), worker="w", slots=slots, attempts=8, lease=60,
                send=self.sent.extend, stopping=self.stopping,
            )
        )  # fmt: skip

    def run(self, request: Request, *answers: Any, depth: int = 0, nth: int = 0) -> dict[str, Any]:
        """Plan and run a page; returns what the ledger says of it then."""
        made = PlannedPage(request, depth, nth)
        self.store.frontier.plan("c", [made], deepest=2)
        self.provider.answers = list(answers)
        self.step.run(request.page_id("c"), "c")
        return document(self.store, made)


CATS = Request("hashtag_search", {"hashtag": "cats"})


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store, expand=frozenset({Relation.COMMENTS}))


def test_a_page_is_bought_stored_and_followed(bench: Bench) -> None:
    found = bench.run(CATS, {"data": [raw("post"), None, {"desc": "no id"}], "nextCursor": 20})
    assert (found["state"], found["units"], found["items"], found["end"]) == ("done", 1, ["7300000000000000101"], None)
    assert (found["next"], found["rejects"], found["new"]) == ({"cursor": 20}, 1, 1)
    assert [one.request.title() for one in bench.sent] == [
        "hashtag_search cats from 20",
        "post_comments 7300000000000000101",
    ]
    assert bench.store.database["posts"].count_documents({}) == 1
    assert bench.store.database["users"].count_documents({}) == 1
    assert bench.store.database["rejects"].count_documents({}) == 1
    assert bench.step.leases == {}


def test_a_second_delivery_makes_no_call(bench: Bench) -> None:
    bench.run(CATS, {"data": []})
    for page, crawl in ((CATS.page_id("c"), "c"), ("forged", "c"), (CATS.page_id("c"), "d")):
        bench.step.run(page, crawl)
    assert len(bench.provider.calls) == 1


FORGED: list[tuple[Request, int, str]] = [
    (Request("multi_post_info", {"aweme_ids": [item_id(n) for n in range(101)]}), 0, "error"),
    (Request("user_followers", {"id": "1", "sec_uid": "s"}, {"cursor": 5}), 50, "platform-cap"),
    (Request("hashtag_search", {"hashtag": "cats"}, {"cursor": "5000"}), 3, "platform-cap"),
    (Request("no_such_endpoint", {"a": 1}), 0, "error"),
    (Request("hashtag_search", {"hashtag": "cats", "token": "x"}), 0, "error"),
    (Request("hashtag_search", {}), 0, "error"),
    (Request("hashtag_search", {"hashtag": "cats"}), "first", "error"),  # type: ignore[list-item]
    (Request("get_usage", {"date": "2026-01-31"}), 0, "error"),
]


@pytest.mark.parametrize(("request_", "nth", "end"), FORGED, ids=[one[0].title() for one in FORGED])
def test_a_forged_page_makes_no_call_and_is_skipped(bench: Bench, request_: Request, nth: int, end: str) -> None:
    found = bench.run(request_, nth=nth)
    assert (found["state"], found["end"], found["error"]["kind"]) == ("skipped", end, "refused")
    assert bench.provider.calls == []
    assert not bench.store.ledger.has_failed("c")


@pytest.mark.parametrize(
    ("error", "state", "end", "attempts", "told"),
    [
        (TransientError("broken", 500), "planned", None, 1, ["failed"]),
        (TransportError("closed", None, None), "planned", None, 1, ["failed"]),
        (RateLimitedError("slowly"), "planned", None, 0, ["limited"]),
        (NotAvailableError("gone", 404, 1, EndReason.MISSING), "done", "missing", 0, []),
        (BadRequestError("wrong", 422), "failed", "error", 1, []),
        (AccountError("token", 491), "planned", None, 0, ["closed account"]),
    ],
    ids=repr,
)
def test_what_becomes_of_a_page_whose_call_failed(
    bench: Bench, error: CallError, state: str, end: str | None, attempts: int, told: list[str]
) -> None:
    found = bench.run(CATS, error)
    assert (found["state"], found.get("end"), found["attempts"]) == (state, end, attempts)
    assert (found["error"]["kind"], found["error"]["detail"], found["calls"]) == (error.kind, error.detail, 1)
    assert bench.pace.told == told
    assert (bench.store.fleet.gate() is not None) == isinstance(error, AccountError)
    assert (found.get("unknown") is not None) == (error.units is None)


@pytest.mark.parametrize("weather", ["closed", "down"])
@pytest.mark.parametrize(
    "error", [TransientError("broken", 500), TransportError("closed", None, None), TransportError("cut", 200, 1)]
)
def test_an_outage_uses_up_no_try(bench: Bench, error: CallError, weather: Literal["closed", "down"]) -> None:
    bench.pace.weather = GateChange(weather)
    found = bench.run(CATS, error)
    assert (found["state"], found["attempts"], found["calls"]) == ("planned", 0, 1)
    gate = bench.store.fleet.gate()
    assert (gate and gate.cause) == (PauseCause.OUTAGE if weather == "closed" else None)


def test_what_works_is_told_for_a_while_after_a_failure(bench: Bench) -> None:
    bench.run(CATS, {"data": []})
    assert bench.pace.told == []
    bench.run(Request("hashtag_search", {"hashtag": "dogs"}), TransientError("broken", 500))
    bench.run(Request("hashtag_search", {"hashtag": "birds"}), {"data": []})
    assert bench.pace.told == ["failed", "worked"]


def test_the_fourth_unreadable_answer_fails_a_page(store: Store) -> None:
    bench = Bench(store)
    tries = []
    for _ in range(4):
        found = bench.run(CATS, {"videos": ["odd"]})
        tries.append((found["state"], found.get("end"), found["units"]))
        store.database["pages"].update_many({}, {"$unset": {"not_before": 1}})
    assert tries == [("planned", None, 1), ("planned", None, 2), ("planned", None, 3), ("failed", "error", 4)]


def test_the_lists_next_page_is_sent_though_the_queue_is_full(bench: Bench) -> None:
    bench.board.set_room({})
    bench.run(CATS, {"data": [raw("post")], "nextCursor": 20})
    assert [one.request.title() for one in bench.sent] == ["hashtag_search cats from 20"]
    waiting = bench.store.frontier.unsent("c", 10)
    assert [one.request.endpoint for one in waiting] == ["post_comments"]


def test_an_answer_of_an_unknown_shape_is_kept(bench: Bench) -> None:
    found = bench.run(CATS, {"videos": ["odd"]})
    assert (found["error"]["kind"], found["error"]["body"], found["units"]) == ("unreadable", '{"videos":["odd"]}', 1)


def test_the_missing_ids_of_a_batch_are_told(bench: Bench) -> None:
    found = bench.run(Request("multi_post_info", {"aweme_ids": ["7300000000000000101", "8"]}), [raw("post")])
    assert (found["ends"], found["end"], found["items"]) == ({"8": "missing"}, "end", ["7300000000000000101"])


def test_a_chain_without_news_is_stalled(bench: Bench) -> None:
    cursor: dict[str, int] = {}
    ends = []
    for nth in range(5):
        answer = {"data": [raw("post")], "nextCursor": (nth + 1) * 20}
        found = bench.run(Request("hashtag_search", {"hashtag": "cats"}, cursor), answer, nth=nth)
        ends.append((found["new"], found["got"], found["end"]))
        cursor = {"cursor": (nth + 1) * 20}
    assert ends == [(1, 1, None), (0, 1, None), (0, 1, None), (0, 1, None), (0, 1, "stalled")]


def test_met_nearer_after_it_was_bought_plans_what_that_opens_without_a_call(bench: Bench) -> None:
    bench.run(CATS, {"data": [raw("post")]}, depth=2)
    assert bench.sent == []  # its comments would be at depth 3
    bench.run(CATS, depth=1)
    assert [one.request.endpoint for one in bench.sent] == ["post_comments"]
    assert len(bench.provider.calls) == 1
    assert document(bench.store, PlannedPage(CATS, 1))["units"] == 1


def test_without_leave_no_page_is_taken(bench: Bench) -> None:
    bench.stopping.set()
    found = bench.run(CATS)
    assert (found["state"], found.get("calls", 0)) == ("planned", 0)
    assert bench.provider.calls == []


@pytest.mark.parametrize("edge", [("user_followers", "9:1"), ("user_followings", "1:9")])
def test_edges_point_from_the_follower(bench: Bench, edge: tuple[str, str]) -> None:
    name, expected = edge
    key = name.removeprefix("user_")
    bench.run(Request(name, {"id": "1", "sec_uid": "s"}), {key: [raw("user", uid="9")]})
    assert bench.store.database["follows"].distinct("_id") == [expected]


def test_while_a_slow_call_is_in_flight_another_waits_and_quick_ones_go_on(bench: Bench) -> None:
    slow = [Request("full_hashtag_search", {"hashtag": name, "days": 9}) for name in ("cats", "dogs", "birds")]
    empty: dict[str, list[Any]] = {"posts": []}
    seen: list[dict[str, Any]] = []

    def meanwhile() -> None:
        bench.provider.meanwhile = lambda: None
        seen.append(bench.run(slow[1]))
        seen.append(bench.run(CATS, {"data": [], "nextCursor": None}))
        bench.provider.answers = [empty]

    bench.provider.meanwhile = meanwhile
    assert bench.run(slow[0])["state"] == "done"
    waits, quick = seen
    assert (waits["state"], waits["attempts"], quick["state"]) == ("planned", 0, "done")
    assert waits["not_before"] > waits["planned_at"] + timedelta(seconds=4)
    assert [call[0] for call in bench.provider.calls] == ["full_hashtag_search", "hashtag_search"]
    assert bench.run(slow[2], empty)["state"] == "done"


@pytest.mark.server
def test_no_more_calls_are_in_flight_than_slots_and_keeping_takes_none(
    real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(real_store, slots=2)
    tags = [Request("hashtag_search", {"hashtag": f"tag{n}"}) for n in range(6)]
    bench.store.frontier.plan("c", [PlannedPage(tag, 0) for tag in tags], deepest=0)
    bench.provider.answers = [{"data": [raw("post")], "nextCursor": None} for _ in tags]
    calling, most, kept = [0], [0], Event()
    lock, called = Lock(), []
    finish_all = bench.store.ledger.finish_all

    def meanwhile() -> None:
        with lock:
            calling[0] += 1
            most[0] = max(most[0], calling[0])
        sleep(0.05)
        with lock:
            calling[0] -= 1
            called.append(1)

    def slowly(*args: Any) -> Any:
        """The first to be kept waits until all the others have called."""
        if not kept.is_set():
            deadline = monotonic() + 10
            while len(called) < len(tags) and monotonic() < deadline:
                sleep(0.01)
            kept.set()
        return finish_all(*args)

    bench.provider.meanwhile = meanwhile
    monkeypatch.setattr(bench.store.ledger, "finish_all", slowly)
    with ThreadPoolExecutor(len(tags)) as threads:
        list(threads.map(lambda tag: bench.step.run(tag.page_id("c"), "c"), tags))
    assert (most[0], len(called)) == (2, 6)
    assert {document(bench.store, PlannedPage(tag, 0))["state"] for tag in tags} == {"done"}
