"""One page from its message to its follow-ups, over a database, with a fake API and a fake limiter."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from time import monotonic, sleep
from typing import Any, Literal

import orjson
import pytest

from crawler.api.client import ApiResponse
from crawler.api.endpoints import Endpoint
from crawler.engine.archive import AnswerArchive, Policy
from crawler.engine.budget import BudgetGuard
from crawler.engine.committer import Committer
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.outcome import Outcome
from crawler.engine.page_runner import PageRunner
from crawler.engine.prices import PriceBook
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.enums import EndReason, PauseCause, Relation, SeedKind
from crawler.model.errors import (
    AccountError,
    ApiCallError,
    BadRequestError,
    MalformedAnswerError,
    NotAvailableError,
    RateLimitedError,
    TransientError,
    TransportError,
)
from crawler.model.pages import PageMessage, PlannedPage, Request
from crawler.rate_limit.limiter import Denied, GateChange, Permit
from crawler.store import Store
from tests.factories import document, item_id, raw, spec


class FakeApi:
    """Return what was prepared, in order, and record what was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.calls: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def fetch(self, endpoint: Endpoint, args: Mapping[str, Any], cursor: Mapping[str, Any]) -> ApiResponse:
        self.calls.append((endpoint.name, dict(args), dict(cursor)))
        self.meanwhile()
        answer = self.answers.pop(0)
        if isinstance(answer, ApiCallError):
            raise answer
        return (
            answer if isinstance(answer, ApiResponse) else ApiResponse(answer, 1, 200, orjson.dumps({"data": answer}))
        )


class FakeRateLimiter:
    """A limiter that admits every call, or none."""

    def __init__(self) -> None:
        self.answer: Permit | Denied = Permit(0.0, False, False)
        self.change = GateChange("none")
        self.reported: list[str] = []

    def acquire(self) -> Permit | Denied:
        return self.answer

    def closed_gate(self) -> None:
        return None

    def record_throttled(self, page: str, after: float | None) -> GateChange:
        self.reported.append("limited")
        return GateChange("none")

    def record_failure(self, page: str, probe: bool) -> GateChange:
        self.reported.append("failed")
        return self.change

    def record_success(self) -> GateChange:
        self.reported.append("worked")
        return GateChange("none")

    def close_gate(self, kind: str, until: float | None) -> None:
        self.reported.append(f"closed {kind}")


class RunnerHarness:
    """A worker process around one page runner."""

    def __init__(self, store: Store, slots: int = 8, policy: Policy = "unread", **fields: Any) -> None:
        made = spec(**{"kind": SeedKind.HASHTAG, **fields})
        store.crawls.create("c", made)
        store.crawls.start("c")
        self.store, self.api, self.limiter, self.sent = store, FakeApi(), FakeRateLimiter(), list[PageMessage]()
        self.stopping = Event()
        self.quota, stats, prices, crawls = DispatchQuota(), StatsBuffer(), PriceBook(store), CrawlCache(store)
        crawls.refresh()
        self.quota.set({"c": 100})
        archive = AnswerArchive(store, policy)
        self.runner = PageRunner(
            store=store, api=self.api, limiter=self.limiter, crawls=crawls,  # type: ignore[arg-type]  # a fake
            budget=BudgetGuard(store, prices, 0), archive=archive,
            committer=Committer(store, self.quota, stats, self.sent.extend, archive),
            stats=stats, worker="w", slots=slots, max_attempts=8, lease=60, stopping=self.stopping,
        )  # fmt: skip

    def run(self, request: Request, *answers: Any, depth: int = 0, nth: int = 0) -> dict[str, Any]:
        """Plan and run a page; returns what the ledger says of it then."""
        made = PlannedPage(request, depth, nth)
        self.store.frontier.add("c", [made], max_depth=2)
        self.api.answers = list(answers)
        self.runner.run(request.page_id("c"), "c")
        return document(self.store, made)


CATS = Request("hashtag_search", {"hashtag": "cats"})


@pytest.fixture
def harness(store: Store) -> RunnerHarness:
    return RunnerHarness(store, expand=frozenset({Relation.COMMENTS}))


def test_a_page_is_fetched_stored_and_followed_up(harness: RunnerHarness) -> None:
    found = harness.run(CATS, {"data": [raw("post"), None, {"desc": "no id"}], "nextCursor": 20})
    assert (found["state"], found["units"], found["items"], found["end"]) == ("done", 1, ["7300000000000000101"], None)
    assert (found["next"], found["rejects"], found["new"]) == ({"cursor": 20}, 1, 1)
    assert [one.request.describe() for one in harness.sent] == [
        "hashtag_search cats from 20",
        "post_comments 7300000000000000101",
    ]
    assert harness.store.db["posts"].count_documents({}) == 1
    assert harness.store.db["users"].count_documents({}) == 1
    assert harness.store.db["rejects"].count_documents({}) == 1
    assert harness.runner.leases.tokens() == {}


def test_a_second_delivery_makes_no_call(harness: RunnerHarness) -> None:
    harness.run(CATS, {"data": []})
    outcomes = [
        harness.runner.run(page, crawl)
        for page, crawl in ((CATS.page_id("c"), "c"), ("forged", "c"), (CATS.page_id("c"), "d"))
    ]
    assert outcomes == [Outcome.NOTHING_TO_DO, Outcome.NOTHING_TO_DO, Outcome.CRAWL_NOT_ACTIVE]
    assert len(harness.api.calls) == 1


FORGED: list[tuple[Request, int, str]] = [
    (Request("multi_post_info", {"aweme_ids": [item_id(n) for n in range(101)]}), 0, "error"),
    (Request("user_followers", {"id": "1", "sec_uid": "s"}, {"cursor": 5}), 50, "platform-cap"),
    (Request("hashtag_search", {"hashtag": "cats"}, {"cursor": "5000"}), 3, "platform-cap"),
    (Request("no_such_endpoint", {"a": 1}), 0, "error"),
    (Request("hashtag_search", {"hashtag": "cats", "token": "x"}), 0, "error"),
    (Request("hashtag_search", {}), 0, "error"),
    (Request("hashtag_search", {"hashtag": "cats"}), "first", "error"),  # type: ignore[list-item]  # mixed rows
    (Request("get_usage", {"date": "2026-01-31"}), 0, "error"),
    (Request("hashtag_search", {"hashtag": "cats", "captcha": "x"}), 0, "error"),  # "cap" in a sentence is no cap
]


@pytest.mark.parametrize(("request_", "nth", "end"), FORGED, ids=[one[0].describe() for one in FORGED])
def test_a_forged_page_makes_no_call_and_is_skipped(
    harness: RunnerHarness, request_: Request, nth: int, end: str
) -> None:
    found = harness.run(request_, nth=nth)
    assert (found["state"], found["end"], found["error"]["kind"]) == ("skipped", end, "refused")
    assert harness.api.calls == []
    assert not harness.store.failures.exist("c")


def run_refusing(harness: RunnerHarness, ids: list[str], refused: set[str]) -> None:
    """Run a batch and all that follows, over an API that refuses every call that holds one of `refused`."""
    first = Request("multi_post_info", {"aweme_ids": ids})
    harness.store.frontier.add("c", [PlannedPage(first, 0)], max_depth=2)
    harness.sent.append(PageMessage(first.page_id("c"), "c", first))
    while harness.sent:
        message = harness.sent.pop(0)
        asked = message.request.args["aweme_ids"]
        wrong = BadRequestError("aweme_ids: wrong", 422) if refused & set(asked) else None
        harness.api.answers = [wrong or [raw("post", aweme_id=one, item_id=one) for one in asked]]
        harness.runner.run(message.page_id, "c")


def test_one_bad_id_of_a_batch_loses_only_itself(store: Store) -> None:
    harness, ids = RunnerHarness(store, expand=frozenset()), [item_id(n) for n in range(1, 101)]
    run_refusing(harness, ids, {ids[66]})
    pages = list(harness.store.db["pages"].find())
    assert {page["state"] for page in pages} == {"done", "failed"}
    (failed,) = (page for page in pages if page["state"] == "failed")
    assert (failed["args"]["aweme_ids"], failed["end"], failed["error"]["status"]) == ([ids[66]], "error", 422)
    bought = [one for page in pages for one in page.get("items") or []]
    assert sorted(bought) == sorted(set(ids) - {ids[66]})  # each once
    assert (len(harness.api.calls), sum(page["units"] or 0 for page in pages)) == (15, 7)
    assert len({str(args) for _, args, _ in harness.api.calls}) == 15


def test_a_batch_that_is_refused_again_after_a_crash_plans_nothing_twice(harness: RunnerHarness) -> None:
    batch = Request("multi_post_info", {"aweme_ids": [item_id(1), item_id(2)]})
    found = harness.run(batch, BadRequestError("wrong", 422))
    assert (found["state"], found["end"], found["items"], found["units"]) == ("done", "end", [], 0)
    assert len(harness.sent) == 2
    reopened = {"$set": {"state": "planned"}, "$unset": {"fetched": 1}}
    harness.store.db["pages"].update_one({"_id": found["_id"]}, reopened)
    harness.run(batch, BadRequestError("wrong", 422))
    assert len(harness.sent) == 2
    assert harness.store.db["pages"].count_documents({}) == 3
    assert not harness.store.failures.exist("c")


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
    harness: RunnerHarness, error: ApiCallError, state: str, end: str | None, attempts: int, told: list[str]
) -> None:
    found = harness.run(CATS, error)
    assert (found["state"], found.get("end"), found["attempts"]) == (state, end, attempts)
    assert (found["error"]["kind"], found["error"]["detail"], found["calls"]) == (error.kind, error.detail, 1)
    assert harness.limiter.reported == told
    assert (harness.store.gate.get() is not None) == isinstance(error, AccountError)
    assert (found.get("unknown") is not None) == (error.units is None)


@pytest.mark.parametrize("weather", ["closed", "down"])
@pytest.mark.parametrize(
    "error", [TransientError("broken", 500), TransportError("closed", None, None), TransportError("cut", 200, 1)]
)
def test_an_outage_uses_up_no_attempt(
    harness: RunnerHarness, error: ApiCallError, weather: Literal["closed", "down"]
) -> None:
    harness.limiter.change = GateChange(weather)
    found = harness.run(CATS, error)
    assert (found["state"], found["attempts"], found["calls"]) == ("planned", 0, 1)
    gate = harness.store.gate.get()
    assert (gate and gate.cause) == (PauseCause.OUTAGE if weather == "closed" else None)


def test_successes_are_reported_for_a_while_after_a_failure(harness: RunnerHarness) -> None:
    harness.run(CATS, {"data": []})
    assert harness.limiter.reported == []
    harness.run(Request("hashtag_search", {"hashtag": "dogs"}), TransientError("broken", 500))
    harness.run(Request("hashtag_search", {"hashtag": "birds"}), {"data": []})
    assert harness.limiter.reported == ["failed", "worked"]


def test_an_unreadable_answer_fails_its_page_at_once_and_is_not_bought_again(harness: RunnerHarness) -> None:
    found = harness.run(CATS, {"videos": ["odd"]})
    assert (found["state"], found["end"], found["units"], found["error"]["kind"]) == (
        "failed",
        "error",
        1,
        "unreadable",
    )
    harness.runner.run(CATS.page_id("c"), "c")
    assert len(harness.api.calls) == 1


def test_an_answer_about_another_object_is_a_mismatch(harness: RunnerHarness) -> None:
    found = harness.run(Request("user_info_from_username", {"username": "bob"}), {"user": raw("user")})
    assert (found["state"], found["end"], found["units"], found["error"]["kind"]) == ("failed", "error", 1, "mismatch")


@pytest.mark.parametrize("room", ["parse", "store", "plan"])
def test_an_unexpected_error_after_a_paid_call_parks_the_page_with_its_charge(
    harness: RunnerHarness, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OverflowError("a number too large")

    place = {
        "parse": "crawler.engine.page_runner.parse_response",
        "store": "crawler.store.entities.Entities.upsert",
        "plan": "crawler.engine.committer.follow_ups",
    }[room]
    monkeypatch.setattr(place, broken)
    found = harness.run(CATS, {"data": [raw("post")]})
    assert (found["state"], found["end"], found["units"], found["calls"]) == ("failed", "error", 1, 1)
    assert found["error"]["kind"] == "bug"
    assert "a number too large" in found["error"]["detail"]
    assert "lease" not in found
    monkeypatch.undo()
    assert harness.store.failures.retry("c", "bug") == 1  # after an upgrade, a person may have it fetched again
    assert harness.run(CATS, {"data": [raw("post")]})["state"] == "done"


def test_an_unexpected_error_of_the_call_itself_has_an_unknown_charge(harness: RunnerHarness) -> None:
    harness.api.meanwhile = lambda: int("not a chunk size")
    found = harness.run(CATS)
    assert (found["state"], found["error"]["kind"], "units" in found) == ("failed", "bug", False)
    assert sum(found["unknown"].values()) == 1


def test_the_lists_next_page_is_sent_though_the_queue_is_full(harness: RunnerHarness) -> None:
    harness.quota.set({})
    harness.run(CATS, {"data": [raw("post")], "nextCursor": 20})
    assert [one.request.describe() for one in harness.sent] == ["hashtag_search cats from 20"]
    waiting = harness.store.frontier.undispatched("c", 10)
    assert [one.request.endpoint for one in waiting] == ["post_comments"]


def test_an_answer_of_an_unknown_shape_is_kept(harness: RunnerHarness) -> None:
    found = harness.run(CATS, {"videos": ["odd"]})
    assert (found["error"]["kind"], "body" in found["error"], found["units"]) == ("unreadable", False, 1)
    [answer] = harness.store.answers.of_crawl("c")
    assert (answer.page_id, answer.body, answer.units) == (found["_id"], b'{"data":{"videos":["odd"]}}', 1)
    assert answer.why == found["error"]["detail"]


def test_the_missing_ids_of_a_batch_are_recorded(harness: RunnerHarness) -> None:
    found = harness.run(Request("multi_post_info", {"aweme_ids": ["7300000000000000101", "8"]}), [raw("post")])
    assert (found["ends"], found["end"], found["items"]) == ({"8": "missing"}, "end", ["7300000000000000101"])


def test_a_chain_without_news_is_stalled(harness: RunnerHarness) -> None:
    cursor: dict[str, int] = {}
    ends = []
    for nth in range(5):
        answer = {"data": [raw("post")], "nextCursor": (nth + 1) * 20}
        found = harness.run(Request("hashtag_search", {"hashtag": "cats"}, cursor), answer, nth=nth)
        ends.append((found["new"], found["got"], found["end"]))
        cursor = {"cursor": (nth + 1) * 20}
    assert ends == [(1, 1, None), (0, 1, None), (0, 1, None), (0, 1, None), (0, 1, "stalled")]


def test_a_fetched_page_found_at_a_smaller_depth_plans_its_follow_ups_without_a_call(harness: RunnerHarness) -> None:
    harness.run(CATS, {"data": [raw("post")]}, depth=2)
    assert harness.sent == []  # its comments would be at depth 3
    harness.run(CATS, depth=1)
    assert [one.request.endpoint for one in harness.sent] == ["post_comments"]
    assert len(harness.api.calls) == 1
    assert document(harness.store, PlannedPage(CATS, 1))["units"] == 1


def test_without_a_permit_no_page_is_leased(harness: RunnerHarness) -> None:
    harness.stopping.set()
    found = harness.run(CATS)
    assert (found["state"], found.get("calls", 0)) == ("planned", 0)
    assert harness.api.calls == []


@pytest.mark.parametrize("edge", [("user_followers", "9:1"), ("user_followings", "1:9")])
def test_edges_point_from_the_follower(harness: RunnerHarness, edge: tuple[str, str]) -> None:
    name, expected = edge
    key = name.removeprefix("user_")
    harness.run(Request(name, {"id": "1", "sec_uid": "s"}), {key: [raw("user", uid="9")]})
    assert harness.store.db["follows"].distinct("_id") == [expected]


def test_while_a_slow_call_is_in_flight_another_waits_and_quick_ones_proceed(harness: RunnerHarness) -> None:
    slow = [Request("full_hashtag_search", {"hashtag": name, "days": 9}) for name in ("cats", "dogs", "birds")]
    empty: dict[str, list[Any]] = {"posts": []}
    seen: list[dict[str, Any]] = []

    def meanwhile() -> None:
        harness.api.meanwhile = lambda: None
        seen.append(harness.run(slow[1]))
        seen.append(harness.run(CATS, {"data": [], "nextCursor": None}))
        harness.api.answers = [empty]

    harness.api.meanwhile = meanwhile
    assert harness.run(slow[0])["state"] == "done"
    waits, quick = seen
    assert (waits["state"], waits["attempts"], quick["state"]) == ("planned", 0, "done")
    assert waits["not_before"] > waits["planned_at"] + timedelta(seconds=4)
    assert [call[0] for call in harness.api.calls] == ["full_hashtag_search", "hashtag_search"]
    assert harness.run(slow[2], empty)["state"] == "done"


@pytest.mark.server
def test_no_more_calls_are_in_flight_than_slots_and_committing_takes_none(
    real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = RunnerHarness(real_store, slots=2)
    tags = [Request("hashtag_search", {"hashtag": f"tag{n}"}) for n in range(6)]
    harness.store.frontier.add("c", [PlannedPage(tag, 0) for tag in tags], max_depth=0)
    harness.api.answers = [{"data": [raw("post")], "nextCursor": None} for _ in tags]
    calling, most, kept = [0], [0], Event()
    lock, called = Lock(), []
    complete_many = harness.store.ledger.complete_many

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
        return complete_many(*args)

    harness.api.meanwhile = meanwhile
    monkeypatch.setattr(harness.store.ledger, "complete_many", slowly)
    with ThreadPoolExecutor(len(tags)) as threads:
        list(threads.map(lambda tag: harness.runner.run(tag.page_id("c"), "c"), tags))
    assert (most[0], len(called)) == (2, 6)
    assert {document(harness.store, PlannedPage(tag, 0))["state"] for tag in tags} == {"done"}


def kept(harness: RunnerHarness) -> list[tuple[str | None, bytes]]:
    return [(answer.why, answer.body) for answer in harness.store.answers.of_crawl("c")]


def test_an_answer_read_whole_is_kept_only_if_all_are(store: Store) -> None:
    harness = RunnerHarness(store)
    harness.run(CATS, {"data": [raw("post")]})
    assert kept(harness) == []


@pytest.mark.parametrize("policy", ["all", "none"])
def test_an_answer_is_kept_with_the_result_of_its_page(store: Store, policy: Policy) -> None:
    harness = RunnerHarness(store, policy=policy)
    found = harness.run(CATS, ApiResponse({"data": [raw("post")]}, 1, 200, b"as received"))
    assert found["state"] == "done"
    assert kept(harness) == ([(None, b"as received")] if policy == "all" else [])


def test_an_answer_with_an_item_that_is_not_understood_is_kept(harness: RunnerHarness) -> None:
    harness.run(CATS, ApiResponse({"data": [raw("post"), {"desc": "no id"}]}, 1, 200, b"as received"))
    [(why, body)] = kept(harness)
    assert body == b"as received"
    assert (why or "").startswith("item 1: ")


def test_a_private_answer_is_kept_only_if_all_are(store: Store) -> None:
    harness = RunnerHarness(store, policy="all")
    harness.run(CATS, NotAvailableError("private", 472, 1, EndReason.PRIVATE, b"as received"))
    assert kept(harness) == [(None, b"as received")]


def test_an_unreadable_answer_is_kept_before_its_page_is_failed(
    harness: RunnerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, before = harness.store.ledger.end_without_result, []

    def ending(*args: Any) -> bool:
        before.extend(kept(harness))
        return end(*args)

    monkeypatch.setattr(harness.store.ledger, "end_without_result", ending)
    body = b"x" * 300_000
    harness.run(CATS, MalformedAnswerError("odd", 200, 1, body))
    assert before == [("odd", body)]


def test_an_answer_on_which_the_crawler_stumbles_is_kept(
    harness: RunnerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("crawler.engine.committer.plan_commit", stumble)
    found = harness.run(CATS, ApiResponse({"data": [raw("post")]}, 3, 200, b"as received"))
    assert (found["state"], found["error"]["kind"], found["units"]) == ("failed", "bug", 3)
    assert kept(harness) == [("bug: ZeroDivisionError", b"as received")]
