"""The shared rate and the gate, on a real Redis and its clock."""

import socket
from collections.abc import Callable
from threading import Thread
from time import monotonic, sleep, time
from typing import Any

import pytest
import redis

from crawler.model.enums import PauseCause
from crawler.model.errors import UnreachableError, UsageError
from crawler.rate_limit import limiter as module
from crawler.rate_limit.limiter import OUTAGE_PAGES, Denied, Permit, RateLimiter
from tests.servers import redis_url

server = pytest.mark.server


@pytest.fixture
def url(servers: dict[str, str]) -> str:
    """An empty numbered database of the real Redis."""
    url = redis_url(servers, 5)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def permit(limiter: RateLimiter) -> Permit:
    answer = limiter.acquire_many(1)[0]
    assert isinstance(answer, Permit)
    return answer


def denied(limiter: RateLimiter) -> Denied:
    answer = limiter.acquire_many(1)[0]
    assert isinstance(answer, Denied)
    return answer


def outage(limiter: RateLimiter) -> None:
    """Report as many failed pages in a row as make an outage."""
    changes = [limiter.record_failure(f"p{n}", False).change for n in range(OUTAGE_PAGES)]
    assert changes == ["none"] * (OUTAGE_PAGES - 1) + ["closed"]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between probes."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.3)


# --- the rate ---------------------------------------------------------------------------------------------


@server
def test_without_a_rate_no_call_waits(url: str) -> None:
    limiter = RateLimiter(url)
    assert {permit(limiter).delay for _ in range(200)} == {0.0}


@server
def test_a_rate_holds_over_threads_and_processes(url: str) -> None:
    """Two limiters, as two processes have, of four threads each."""
    paces = [RateLimiter(url, rate=200), RateLimiter(url, rate=200)]
    made: list[float] = []
    end = monotonic() + 1.0

    def call(limiter: RateLimiter) -> None:
        while monotonic() < end:
            answer = limiter.acquire_many(1)[0]
            if isinstance(answer, Denied):
                sleep(min(answer.retry_after, 0.05))
                continue
            sleep(answer.delay)
            made.append(monotonic())

    threads = [Thread(target=call, args=(paces[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = min(made)
    within = sum(moment < first + 1.0 for moment in made)
    assert 170 <= within <= 212  # 200 and a burst of 8; a busy machine may make fewer


@server
def test_slots_are_reserved_one_after_the_other(url: str) -> None:
    limiter = RateLimiter(url, rate=100)
    began = monotonic()
    waits = [permit(limiter).delay for _ in range(150)]
    passed = monotonic() - began
    assert waits[:3] == [0.0, 0.0, 0.0]  # the burst
    assert waits[-1] == pytest.approx((150 - 4) / 100, abs=passed + 0.02)


@server
def test_no_slot_is_reserved_further_ahead_than_the_longest_wait(url: str) -> None:
    limiter = RateLimiter(url, rate=1)
    assert [round(permit(limiter).delay) for _ in range(3)] == [0, 1, 2]
    answer = denied(limiter)
    assert answer.reason == "rate"
    assert 2 < answer.retry_after <= 3
    assert denied(limiter).retry_after == pytest.approx(answer.retry_after, abs=0.5)  # what was denied is not booked


# --- gates ------------------------------------------------------------------------------------------------


@server
@pytest.mark.parametrize("cause", [PauseCause.ACCOUNT, PauseCause.UNITS])
def test_a_closed_gate_denies_all_calls_until_it_is_opened(url: str, cause: PauseCause) -> None:
    limiter, other = RateLimiter(url), RateLimiter(url)
    assert limiter.closed_gate() is None
    limiter.close_gate(cause, None)
    assert other.closed_gate() == cause
    answer = denied(other)
    assert answer.reason == cause
    assert answer.retry_after > 86_400
    assert other.record_success().change == "none"  # a call in flight that works does not open it
    assert other.record_failure("p", False).change == "down"
    assert denied(limiter).reason == cause
    other.open_gate()
    assert limiter.closed_gate() is None
    assert permit(limiter) == Permit(0.0, False, False)


@server
def test_a_gate_with_a_time_opens_by_itself(url: str) -> None:
    limiter = RateLimiter(url)
    limiter.close_gate(PauseCause.UNITS, time() + 0.3)
    answer = denied(limiter)
    assert answer.reason == "units"
    assert 0 < answer.retry_after <= 0.3
    sleep(answer.retry_after + 0.01)
    assert permit(limiter) == Permit(0.0, False, False)
    assert limiter.closed_gate() is None


# --- outages ----------------------------------------------------------------------------------------------


@server
def test_many_pages_that_fail_in_a_row_are_an_outage(url: str) -> None:
    limiter = RateLimiter(url)
    changes = [limiter.record_failure(f"p{n}", False) for n in range(OUTAGE_PAGES)]
    assert [one.change for one in changes] == ["none"] * (OUTAGE_PAGES - 1) + ["closed"]
    assert sorted(changes[-1].pages) == [f"p{n}" for n in range(OUTAGE_PAGES)]
    assert limiter.closed_gate() == "outage"
    answer = denied(limiter)
    assert answer.reason == "outage"
    assert 0 < answer.retry_after <= 1.0
    assert limiter.record_failure("another", False).change == "down"


@server
def test_one_page_that_fails_often_is_not_an_outage(url: str) -> None:
    limiter = RateLimiter(url)
    assert {limiter.record_failure("p", False).change for _ in range(100)} == {"none"}
    assert permit(limiter).report_success
    assert limiter.closed_gate() is None


@server
def test_one_success_resets_the_failures_in_a_row(url: str) -> None:
    limiter = RateLimiter(url)
    for _ in range(3):
        for n in range(OUTAGE_PAGES - 1):
            assert limiter.record_failure(f"p{n}", False).change == "none"
        assert permit(limiter).report_success
        assert limiter.record_success().change == "none"
        assert not permit(limiter).report_success


@server
@pytest.mark.usefixtures("short")
def test_one_probe_is_admitted_and_its_success_opens_the_gate(url: str) -> None:
    limiter = RateLimiter(url)
    outage(limiter)
    sleep(0.11)
    answers = [limiter.acquire_many(1)[0] for _ in range(5)]
    assert isinstance(answers[0], Permit)
    assert answers[0].probe
    assert {one.reason for one in answers[1:] if isinstance(one, Denied)} == {"outage"}
    assert not any(isinstance(one, Permit) for one in answers[1:])
    assert limiter.closed_gate() == "outage"
    assert limiter.record_success().change == "opened"
    assert limiter.record_success().change == "none"
    assert permit(limiter) == Permit(0.0, False, False)


@server
@pytest.mark.usefixtures("short")
def test_the_pause_between_probes_grows_up_to_a_maximum(url: str) -> None:
    limiter = RateLimiter(url)
    outage(limiter)
    pauses = []
    for _ in range(4):
        sleep(denied(limiter).retry_after + 0.005)
        assert permit(limiter).probe
        assert limiter.record_failure("other", False).change == "down"  # a straggler is no probe
        assert denied(limiter).retry_after > 1
        assert limiter.record_failure("p0", True).change == "down"
        pauses.append(denied(limiter).retry_after)
    assert pauses == [pytest.approx(one, abs=0.06) for one in (0.2, 0.3, 0.3, 0.3)]


@server
@pytest.mark.usefixtures("short")
def test_a_lost_probe_is_followed_by_another(url: str) -> None:
    limiter = RateLimiter(url, probe_time=0.2)
    outage(limiter)
    sleep(0.11)
    assert permit(limiter).probe
    sleep(denied(limiter).retry_after + 0.01)
    assert permit(limiter).probe


@server
@pytest.mark.usefixtures("short")
def test_a_probe_does_not_wait_behind_the_rate(url: str) -> None:
    limiter = RateLimiter(url, rate=1)
    for _ in range(3):
        permit(limiter)
    assert denied(limiter).reason == "rate"
    outage(limiter)
    sleep(0.11)
    assert permit(limiter).probe


# --- the found rate ---------------------------------------------------------------------------------------


@server
def test_a_429_cuts_the_rate_to_what_was_admitted_and_it_grows_again(url: str) -> None:
    limiter = RateLimiter(url)
    assert limiter.found_rate() is None
    for _ in range(40):
        permit(limiter)
    limiter.record_throttled("p", None)
    found = limiter.found_rate()
    assert found is not None
    assert 1 <= found <= 40
    for _ in range(20):  # answers to what was sent before the cut
        limiter.record_throttled("p", None)
    assert limiter.found_rate() == found
    assert permit(limiter).delay > 0.2  # what is in flight is let through first
    sleep(0.5)
    limiter.acquire_many(1)[0]
    climbed = limiter.found_rate()
    assert climbed is not None
    assert found < climbed < found * 1.1
    sleep(0.6)
    limiter.record_throttled("p", None)
    cut = limiter.found_rate()
    assert cut is not None
    assert climbed * 0.45 <= cut <= climbed


@server
def test_the_found_rate_never_reaches_zero(url: str) -> None:
    limiter = RateLimiter(url)
    limiter.record_throttled("p", None)  # before any permit
    assert limiter.found_rate() == 1.0


@server
def test_the_found_rate_never_exceeds_the_configured_rate(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        now = time() * 1e6
        client.hset(
            "tokcrawl:{limiter}:rate", mapping={"found": 1000, "ceiling": 1000, "cut": int(now), "moved": int(now)}
        )
    limiter = RateLimiter(url, rate=10)
    assert max(permit(limiter).delay for _ in range(10)) == pytest.approx(0.9, abs=0.1)


@server
def test_a_retry_after_delays_the_next_call(url: str) -> None:
    limiter = RateLimiter(url, rate=1000)
    permit(limiter)
    limiter.record_throttled("p", 1.5)
    assert permit(limiter).delay == pytest.approx(1.5, abs=0.1)
    limiter.record_throttled("p", 30.0)
    assert 29 < denied(limiter).retry_after < 31


# --- Redis itself -----------------------------------------------------------------------------------------


@server
def test_all_redis_state_may_be_lost(url: str) -> None:
    limiter = RateLimiter(url, rate=1)
    for _ in range(3):
        permit(limiter)
    limiter.close_gate(PauseCause.UNITS, None)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        client.script_flush()
    assert permit(limiter) == Permit(0.0, False, False)
    assert limiter.record_success().change == "none"
    limiter.ping()


ASKS: dict[str, Callable[[RateLimiter], Any]] = {
    "permit": lambda limiter: limiter.acquire_many(1)[0],
    "closed": lambda limiter: limiter.closed_gate(),
    "worked": lambda limiter: limiter.record_success(),
    "limited": lambda limiter: limiter.record_throttled("p", None),
    "failed": lambda limiter: limiter.record_failure("p", False),
    "close": lambda limiter: limiter.close_gate(PauseCause.UNITS, None),
    "open": lambda limiter: limiter.open_gate(),
    "found_rate": lambda limiter: limiter.found_rate(),
    "check": lambda limiter: limiter.ping(),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_without_redis_there_is_no_permit(ask: Callable[[RateLimiter], Any]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        limiter = RateLimiter(f"redis://:hunter2@127.0.0.1:{free.getsockname()[1]}/1")
        with pytest.raises(UnreachableError, match="Redis does not answer") as caught:
            ask(limiter)
    assert "hunter2" not in str(caught.value)


@server
def test_a_wrong_password_is_reported_without_showing_it(servers: dict[str, str]) -> None:
    wrong = servers["TOKCRAWL_REDIS_URL"].replace("redis://", "redis://nobody:hunter2@")
    with pytest.raises(UnreachableError, match="refuses the password") as caught:
        RateLimiter(wrong).ping()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1:1", "redis://127.0.0.1:port"])
def test_an_invalid_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="TOKCRAWL_REDIS_URL cannot be used"):
        RateLimiter(url)


# --- several calls in one go ------------------------------------------------------------------------------


@server
def test_several_slots_are_booked_one_after_the_other(url: str) -> None:
    limiter = RateLimiter(url, rate=100)
    waits = [one.delay for one in limiter.acquire_many(24) if isinstance(one, Permit)]
    assert waits == pytest.approx([max(0, n - 3) / 100 for n in range(24)], abs=0.002)  # a burst of 4, then 10 ms each
    assert permit(limiter).delay == pytest.approx(21 / 100, abs=0.1)


@server
def test_calls_without_a_slot_before_the_longest_wait_are_denied(url: str) -> None:
    limiter = RateLimiter(url, rate=1)
    given = limiter.acquire_many(5)
    assert [isinstance(one, Permit) for one in given] == [True, True, True, False, False]
    assert [round(one.retry_after) for one in given if isinstance(one, Denied)] == [3, 4]
    assert 2 < denied(limiter).retry_after <= 3  # what was denied is not booked


@server
@pytest.mark.usefixtures("short")
def test_one_of_several_probes_a_closed_gate(url: str) -> None:
    limiter = RateLimiter(url, probe_time=5)
    outage(limiter)
    sleep(0.12)
    given = limiter.acquire_many(3)
    assert [isinstance(one, Permit) and one.probe for one in given] == [True, False, False]
    assert [isinstance(one, Denied) for one in given] == [False, True, True]
