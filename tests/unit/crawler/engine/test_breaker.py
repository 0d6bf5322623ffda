"""The circuit breaker over a fake limiter: what is reported, and when the gate closes and opens."""

from datetime import UTC, datetime
from typing import Any

import mongomock_ng
import pytest

from crawler.engine import breaker
from crawler.engine.breaker import OutageBreaker
from crawler.model.enums import EndReason, PauseCause
from crawler.model.errors import (
    AccountError,
    ApiCallError,
    BadRequestError,
    MalformedAnswerError,
    MismatchError,
    NotAvailableError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
    TransportError,
    UnreachableError,
)
from crawler.rate_limit.limiter import GateChange, Permit
from crawler.store import Store
from tests.factories import document, plan, spec, taken

CALM = Permit(0.0, False, False)
TROUBLED = Permit(0.0, False, True)
PROBE = Permit(0.0, True, False)
NOTHING = NotAvailableError("private", 472, 0, EndReason.PRIVATE)


class FakeRateLimiter:
    """A limiter that notes each report, and answers with a prepared change."""

    def __init__(self) -> None:
        self.reports: list[tuple[Any, ...]] = []
        self.change = GateChange("none")
        self.is_away = False

    def record_success(self) -> GateChange:
        return self._note("success")

    def record_throttled(self, page: str, after: float | None) -> GateChange:
        return self._note("throttled", page, after)

    def record_failure(self, page: str, probe: bool) -> GateChange:
        return self._note("failure", page, probe)

    def close_gate(self, kind: PauseCause, until: float | None) -> None:
        self._note("close", kind, until)

    def _note(self, *report: Any) -> GateChange:
        if self.is_away:
            raise UnreachableError("Redis does not answer")
        self.reports.append(report)
        return self.change


class Harness:
    """A breaker, one running crawl, and the breaker's clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(breaker, "monotonic", lambda: self.now)
        self.store, self.limiter = Store(mongomock_ng.MongoClient(tz_aware=True).db), FakeRateLimiter()
        self.store.crawls.create("c", spec())
        self.store.crawls.start("c")
        self.breaker = OutageBreaker(self.store, self.limiter)  # type: ignore[arg-type]  # a fake

    def record(self, error: ApiCallError | None = None, permit: Permit = CALM) -> bool:
        return self.breaker.record("page", permit, error)

    def state(self) -> tuple[str, Any]:
        (found,) = self.store.crawls.active()
        return str(found.state), found.cause


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    return Harness(monkeypatch)


def test_a_healthy_crawl_reports_nothing(harness: Harness) -> None:
    assert [harness.record() for _ in range(5)] == [False] * 5
    assert harness.limiter.reports == []


@pytest.mark.parametrize("error", [TransientError("bad gateway", 502), TransportError("closed", None, None)])
def test_a_failure_is_reported_with_its_page(harness: Harness, error: ApiCallError) -> None:
    assert harness.record(error) is False
    assert harness.limiter.reports == [("failure", "page", False)]


def test_a_throttled_call_is_reported_with_the_pause_asked_for(harness: Harness) -> None:
    assert harness.record(RateLimitedError("slowly", 429, 0, 7.0)) is False
    assert harness.limiter.reports == [("throttled", "page", 7.0)]


@pytest.mark.parametrize("error", [NOTHING, BadRequestError("wrong", 422), AccountError("no", 491)])
def test_an_answer_about_the_page_is_no_failure_of_the_api(harness: Harness, error: ApiCallError) -> None:
    assert harness.record(error) is False
    assert harness.limiter.reports == []


def test_successes_are_reported_for_ten_seconds_after_a_failure(harness: Harness) -> None:
    harness.record(TransientError("bad gateway", 502))
    harness.now += 9.9
    harness.record()
    harness.now += 0.2
    harness.record()
    assert [report[0] for report in harness.limiter.reports] == ["failure", "success"]


@pytest.mark.parametrize("permit", [TROUBLED, PROBE])
def test_a_success_is_reported_where_the_permit_asks_for_it(harness: Harness, permit: Permit) -> None:
    harness.record(permit=permit)
    assert harness.limiter.reports == [("success",)]


def test_a_missing_item_shows_that_the_api_works(harness: Harness) -> None:
    harness.record(NOTHING, TROUBLED)
    assert harness.limiter.reports == [("success",)]


def test_an_outage_closes_the_gate_and_gives_attempts_back(harness: Harness) -> None:
    held = taken(harness.store, plan())
    harness.store.ledger.release(held, 0, attempt=True)
    assert document(harness.store, plan())["attempts"] == 1
    harness.limiter.change = GateChange("closed", [held.id])
    assert harness.record(TransientError("bad gateway", 502)) is True
    gate = harness.store.gate.get()
    assert gate is not None
    assert gate.cause is PauseCause.OUTAGE
    assert document(harness.store, plan())["attempts"] == 0
    assert harness.state() == ("running", None)  # the leader pauses crawls, once the outage lasts


def test_a_failure_during_an_outage_counts_as_out_of_reach(harness: Harness) -> None:
    harness.limiter.change = GateChange("down")
    assert harness.record(TransientError("bad gateway", 502), PROBE) is True
    assert harness.limiter.reports == [("failure", "page", True)]
    assert harness.store.gate.get() is None  # whoever closed it has written that


def test_a_probe_that_works_ends_the_outage(harness: Harness) -> None:
    harness.store.gate.close(PauseCause.OUTAGE, "502")
    harness.store.crawls.pause(PauseCause.OUTAGE)
    harness.limiter.change = GateChange("opened")
    assert harness.record(permit=PROBE) is False
    assert harness.store.gate.get() is None
    assert harness.state() == ("running", None)


def test_the_end_of_an_outage_leaves_other_pauses_alone(harness: Harness) -> None:
    harness.store.gate.close(PauseCause.ACCOUNT, "wrong token")
    harness.store.crawls.pause(PauseCause.ACCOUNT)
    harness.limiter.change = GateChange("opened")
    harness.record(permit=PROBE)
    assert harness.store.gate.get() is not None
    assert harness.state() == ("paused", PauseCause.ACCOUNT)


@pytest.mark.parametrize("error", [None, TransientError("bad gateway", 502), RateLimitedError("slowly")])
def test_reports_are_given_up_while_redis_is_away(
    harness: Harness, caplog: pytest.LogCaptureFixture, error: ApiCallError | None
) -> None:
    harness.limiter.is_away = True
    assert harness.record(error, TROUBLED) is False
    assert caplog.messages == ["Redis does not answer"]


def test_a_refused_account_closes_the_gate_until_somebody_opens_it(harness: Harness) -> None:
    harness.breaker.close_gate(PauseCause.ACCOUNT, AccountError("wrong token", 491))
    gate = harness.store.gate.get()
    assert gate is not None
    assert (gate.cause, gate.until, gate.detail) == (PauseCause.ACCOUNT, None, "491: wrong token")
    assert harness.limiter.reports == [("close", PauseCause.ACCOUNT, None)]
    assert harness.state() == ("paused", PauseCause.ACCOUNT)


def test_a_used_up_quota_closes_the_gate_until_midnight_utc(harness: Harness) -> None:
    harness.breaker.close_gate(PauseCause.UNITS, QuotaExhaustedError("used up", 495))
    gate = harness.store.gate.get()
    assert gate is not None
    assert gate.until is not None
    assert (gate.until.hour, gate.until.minute, gate.until.second) == (0, 0, 0)
    assert 0 < (gate.until - datetime.now(UTC)).total_seconds() <= 86_400
    assert harness.limiter.reports == [("close", PauseCause.UNITS, gate.until.timestamp())]
    assert harness.state() == ("paused", PauseCause.UNITS)


def test_the_gate_closes_while_redis_is_away(harness: Harness) -> None:
    harness.limiter.is_away = True
    harness.breaker.close_gate(PauseCause.ACCOUNT, AccountError("wrong token", 491))
    assert harness.store.gate.get() is not None
    assert harness.state() == ("paused", PauseCause.ACCOUNT)


@pytest.mark.parametrize("failure", [BadRequestError("wrong", 466), MalformedAnswerError("no list"), MismatchError("")])
def test_twenty_pages_in_a_row_that_fail_alike_close_the_gate(harness: Harness, failure: ApiCallError) -> None:
    for _ in range(19):
        harness.record()  # the call itself works
        harness.record(failure)
    assert harness.state() == ("running", None)
    harness.breaker.note_read()
    for _ in range(19):
        harness.record(failure)
    harness.record(BadRequestError("another", 422) if failure.kind != "mistake" else MalformedAnswerError("odd"))
    for _ in range(19):
        harness.record(failure)
    assert harness.state() == ("running", None)
    harness.record(failure)
    assert harness.state() == ("paused", PauseCause.ACCOUNT)
