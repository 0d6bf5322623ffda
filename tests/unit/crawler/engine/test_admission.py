"""Admission over a fake limiter and a fake clock: when a message gets its call, and when it is dropped."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from crawler.engine import admission
from crawler.engine.admission import AdmissionControl
from crawler.model.crawls import Crawl
from crawler.model.enums import CrawlState
from crawler.model.errors import UnreachableError
from crawler.rate_limit.limiter import Denied, Permit
from tests.factories import crawl

AT_ONCE = Permit(0.0, False, False)


class FakeStopping:
    """A stop signal that comes at a given time; waiting for it takes none of ours."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at = float("inf")
        self.waits: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None

    def is_set(self) -> bool:
        return self.now >= self.at

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        self.on_wait()
        return self.is_set()


class FakeRateLimiter:
    """A limiter that answers what was prepared, and then the last of it again and again."""

    def __init__(self) -> None:
        self.answers: list[Permit | Denied | UnreachableError] = [AT_ONCE]
        self.asked = 0
        self.gate: str | None = None

    def acquire(self) -> Permit | Denied:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, UnreachableError):
            raise answer
        return answer

    def closed_gate(self) -> str | None:
        return self.gate


class FakeCrawls:
    """One crawl that may be paused."""

    def __init__(self) -> None:
        self.crawl: Crawl | None = crawl()

    def active(self, crawl_id: str) -> Crawl | None:
        return self.crawl if self.crawl is not None and self.crawl.is_active else None


class Harness:
    """An admission control of two slots."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stopping, self.limiter, self.crawls = FakeStopping(), FakeRateLimiter(), FakeCrawls()
        monkeypatch.setattr(admission, "monotonic", lambda: self.stopping.now)
        monkeypatch.setattr(admission, "_POLL", 0.001)
        self.control = AdmissionControl(self.crawls, self.limiter, 2, self.stopping)  # type: ignore[arg-type]  # fakes

    def permit(self) -> Permit | None:
        """Admit one message, and end its call."""
        with self.control.admit("c") as admitted:
            return None if admitted is None else admitted.permit


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    return Harness(monkeypatch)


def test_a_message_is_admitted_at_once_where_nothing_is_in_its_way(harness: Harness) -> None:
    assert harness.permit() is AT_ONCE
    assert harness.stopping.waits == []


def test_a_booked_call_waits_for_its_time(harness: Harness) -> None:
    harness.limiter.answers = [Permit(1.5, False, False)]
    assert harness.permit() is not None
    assert harness.stopping.waits == [1.5]


def test_a_denied_message_asks_again_after_a_second_at_most(harness: Harness) -> None:
    harness.limiter.answers = [Denied(0.25, "rate"), Denied(30, "outage"), AT_ONCE]
    assert harness.permit() is AT_ONCE
    assert harness.stopping.waits == [0.25, 1.0]


def test_no_call_is_made_while_redis_is_away(harness: Harness) -> None:
    harness.limiter.answers = [UnreachableError("Redis does not answer")]
    assert harness.permit() is None
    assert harness.stopping.now == pytest.approx(60)


def test_calls_go_on_once_redis_answers(harness: Harness) -> None:
    harness.limiter.answers = [*[UnreachableError("Redis does not answer")] * 3, AT_ONCE]
    assert harness.permit() is AT_ONCE


def test_a_message_is_dropped_after_a_minute(harness: Harness) -> None:
    harness.limiter.answers = [Denied(1, "rate")]
    assert harness.permit() is None
    assert harness.stopping.now == pytest.approx(60)


def test_a_gate_that_closes_during_the_wait_stops_the_call(harness: Harness) -> None:
    harness.limiter.answers = [Permit(1.0, False, False), Denied(100, "account")]
    harness.stopping.on_wait = lambda: setattr(harness.limiter, "gate", "account")
    assert harness.permit() is None


def test_a_paused_crawl_is_not_admitted(harness: Harness) -> None:
    harness.crawls.crawl = crawl(state=CrawlState.PAUSED)
    assert harness.permit() is None
    assert harness.limiter.asked == 0


def test_a_crawl_that_is_paused_during_the_wait_is_dropped(harness: Harness) -> None:
    harness.limiter.answers = [Denied(1, "rate")]
    harness.stopping.on_wait = lambda: setattr(harness.crawls, "crawl", None)
    assert harness.permit() is None
    assert harness.limiter.asked == 1


def test_nothing_is_admitted_by_a_worker_that_stops(harness: Harness) -> None:
    harness.stopping.at = 0
    assert harness.permit() is None
    assert harness.limiter.asked == 0


def test_a_stop_ends_the_wait_for_a_booked_call(harness: Harness) -> None:
    harness.limiter.answers = [Permit(1.5, False, False)]
    harness.stopping.at = 1
    assert harness.permit() is None


def test_a_worker_makes_no_more_calls_than_it_has_slots(harness: Harness) -> None:
    with ExitStack() as calls:
        for _ in range(2):
            assert calls.enter_context(harness.control.admit("c")) is not None
        asked = harness.limiter.asked
        stop_after(harness, looks=3)
        assert harness.permit() is None
        assert harness.limiter.asked == asked  # a permit without a slot would be wasted


def stop_after(harness: Harness, looks: int) -> None:
    """Pause the crawl once it has been looked up some times."""
    left = [harness.crawls.crawl] * looks
    harness.crawls.active = lambda crawl_id: left.pop() if left else None  # type: ignore[method-assign]  # a fake


def test_a_slot_is_free_again_after_the_call(harness: Harness) -> None:
    assert [harness.permit() for _ in range(5)] == [AT_ONCE] * 5


def test_a_slot_is_free_as_soon_as_it_is_released(harness: Harness) -> None:
    with ExitStack() as calls:
        for _ in range(5):
            admitted = calls.enter_context(harness.control.admit("c"))
            assert admitted is not None
            admitted.release_slot()


def test_a_slot_is_free_again_after_an_error(harness: Harness) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), harness.control.admit("c"):
            raise ZeroDivisionError
    assert harness.permit() is AT_ONCE


def test_a_slot_is_free_again_where_no_permit_came(harness: Harness) -> None:
    harness.limiter.answers = [Denied(1, "rate")]
    for _ in range(3):
        assert harness.permit() is None
    harness.limiter.answers = [AT_ONCE]
    assert harness.permit() is AT_ONCE
