"""The heartbeat on a fake clock, over a store whose methods are recorded."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import mongomock_ng
import pytest

from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.held_leases import HeldLeases
from crawler.engine.prices import PriceBook
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import Crawl
from crawler.model.enums import PauseCause
from crawler.model.errors import UnreachableError
from crawler.store import Store
from tests.factories import document, plan, spec, taken
from tests.unit.workers.clock import FakeClock
from workers.heartbeat import BEAT_INTERVAL, MAINTAIN_INTERVAL, TICK_INTERVAL, Heartbeat

LEASE = 60.0


class FakeRunner:
    """The part of a page runner that the heartbeat reads."""

    def __init__(self) -> None:
        self.leases = HeldLeases()
        self.unleased_messages = 3


class FakeLeader:
    """A leader that notes what it is called for."""

    def __init__(self, log: list[str]) -> None:
        self._log = log
        self.crawls: list[list[str]] = []
        self.error: Exception | None = None

    def dispatch(self, crawls: Sequence[Crawl]) -> None:
        self._log.append("dispatch")
        self.crawls.append([crawl.id for crawl in crawls])
        if self.error is not None:
            raise self.error

    def maintain(self) -> None:
        self._log.append("maintain")


class Harness:
    """A heartbeat; `calls` names what it called, in order."""

    def __init__(self) -> None:
        self.clock, self.calls = FakeClock(), list[str]()
        self.store = Store(mongomock_ng.MongoClient(tz_aware=True).db)
        self.runner, self.leader = FakeRunner(), FakeLeader(self.calls)
        self.quota, self.stats = DispatchQuota(), StatsBuffer()
        self.errors: dict[str, Exception] = {}
        for owner, method in (
            (self.store.leases, "extend"),
            (self.store.workers, "heartbeat"),
            (self.store.workers, "unregister"),
            (self.store.workers, "reset_watch"),
            (self.store.crawls, "active"),
            (self.store.crawls, "increment_stats"),
            (self.store.budgets, "observed_prices"),
            (self.store.leadership, "try_acquire"),
        ):
            setattr(owner, method, self._recorded(method, getattr(owner, method)))
        self.heartbeat = Heartbeat(
            store=self.store,
            crawls=CrawlCache(self.store),
            prices=PriceBook(self.store),
            quota=self.quota,
            stats=self.stats,
            runner=self.runner,  # type: ignore[arg-type]  # a fake
            leader=self.leader,  # type: ignore[arg-type]  # a fake
            worker="w",
            slots=16,
            lease=LEASE,
            clock=self.clock,
        )

    def _recorded(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if name in self.errors:
                raise self.errors[name]
            return method(*args, **kwargs)

        return recorded

    def lose_database(self) -> None:
        for name in ("extend", "heartbeat", "active", "increment_stats", "observed_prices", "try_acquire"):
            self.errors[name] = UnreachableError("MongoDB does not answer")

    def regain_database(self) -> None:
        self.errors.clear()

    def tick_for(self, seconds: float) -> Counter[str]:
        """Tick as the thread would, and count what was called."""
        self.calls.clear()
        for _ in range(round(seconds / TICK_INTERVAL)):
            self.heartbeat.tick()
            self.clock.now += TICK_INTERVAL
        return Counter(self.calls)

    def crawl(self, name: str = "c", pages: int = 0, **fields: Any) -> None:
        self.store.crawls.create(name, spec(**fields))
        self.store.frontier.add(name, [plan(f"{name}-{n}") for n in range(pages)], max_depth=2)
        self.store.crawls.start(name)

    def figures(self) -> dict[str, Any]:
        rollup: dict[str, Any] = (self.store.crawls.get("c") or {})["rollup"]
        return rollup

    def follow(self) -> None:
        """Have another worker lead."""
        assert self.store.leadership.try_acquire("other")


@pytest.fixture
def harness() -> Harness:
    return Harness()


# --- leases -----------------------------------------------------------------------------------------------


def test_leases_are_extended_before_anything_else(harness: Harness) -> None:
    harness.heartbeat.tick()
    assert harness.calls[0] == "extend"


def test_leases_are_extended_every_third_of_their_time(harness: Harness) -> None:
    assert harness.tick_for(LEASE)["extend"] == 3


def test_an_extension_that_failed_is_tried_again_at_the_next_tick(harness: Harness) -> None:
    harness.errors["extend"] = UnreachableError("MongoDB does not answer")
    assert harness.tick_for(5 * TICK_INTERVAL)["extend"] == 5
    harness.regain_database()
    assert harness.tick_for(LEASE / 4)["extend"] == 1


def test_a_held_page_stays_leased_and_a_released_one_does_not(harness: Harness) -> None:
    harness.crawl()
    held, released = taken(harness.store, plan(1)), taken(harness.store, plan(2))
    before = [document(harness.store, one)["due"] for one in (held, released)]
    with harness.runner.leases.held(released):
        pass
    with harness.runner.leases.held(held):
        harness.heartbeat.tick()
    after = [document(harness.store, one)["due"] for one in (held, released)]
    assert after[0] > before[0]
    assert after[1] == before[1]


# --- beats ------------------------------------------------------------------------------------------------


def test_a_beat_comes_every_four_fifths_of_a_second(harness: Harness) -> None:
    assert BEAT_INTERVAL == 0.8
    assert harness.tick_for(8.0)["heartbeat"] == pytest.approx(10, abs=1)


def test_each_beat_refreshes_the_crawls_and_the_prices(harness: Harness) -> None:
    called = harness.tick_for(8.0)
    assert called["active"] == called["observed_prices"] == called["heartbeat"]


def test_a_beat_registers_the_worker_with_its_slots_and_messages(harness: Harness) -> None:
    harness.tick_for(4 * BEAT_INTERVAL)
    (worker,) = harness.store.workers.all()
    assert (worker["_id"], worker["slots"], worker["unleased_messages"]) == ("w", 16, 3)
    assert worker["beats"] == pytest.approx(4, abs=1)


def test_a_pause_is_seen_within_a_beat(harness: Harness) -> None:
    harness.crawl()
    harness.heartbeat.tick()
    assert harness.heartbeat._cache.active("c") is not None
    harness.store.crawls.pause(PauseCause.USER, "c")
    harness.tick_for(BEAT_INTERVAL + 2 * TICK_INTERVAL)
    assert harness.heartbeat._cache.active("c") is None


def test_an_unexpected_error_does_not_end_the_heartbeat(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    harness.errors["heartbeat"] = ZeroDivisionError("oops")
    harness.heartbeat.tick()
    assert "the heartbeat goes on after an error" in caplog.text
    harness.regain_database()
    assert harness.tick_for(TICK_INTERVAL)["heartbeat"] == 1


# --- statistics -------------------------------------------------------------------------------------------


def test_a_beat_flushes_what_was_counted(harness: Harness) -> None:
    harness.crawl()
    harness.stats.add_planned("c", 7)
    harness.heartbeat.tick()
    assert harness.figures()["pages"]["planned"] == 7
    assert harness.stats.drain() == {}


def test_nothing_is_written_where_nothing_was_counted(harness: Harness) -> None:
    harness.crawl()
    assert harness.tick_for(8)["increment_stats"] == 0


def test_what_was_counted_while_the_database_is_away_is_flushed_afterwards(harness: Harness) -> None:
    harness.crawl()
    harness.heartbeat.tick()
    harness.lose_database()
    harness.stats.add_planned("c", 7)
    harness.tick_for(4)
    harness.stats.add_planned("c", 1)
    harness.regain_database()
    harness.tick_for(2)
    assert harness.figures()["pages"]["planned"] == 8


def test_counts_are_written_once(harness: Harness) -> None:
    harness.crawl()
    harness.stats.add_planned("c", 7)
    harness.tick_for(8)
    assert harness.figures()["pages"]["planned"] == 7


# --- quota ------------------------------------------------------------------------------------------------


def test_room_in_the_queue_is_allotted_to_an_active_crawl(harness: Harness) -> None:
    harness.crawl()
    harness.heartbeat.tick()
    assert harness.quota.take("c", 1000) == 32


def test_workers_share_the_room(harness: Harness) -> None:
    harness.crawl()
    harness.store.workers.heartbeat("other", "host", 2, 16, 0)
    harness.heartbeat.tick()
    assert harness.quota.take("c", 1000) == 32  # 64 messages for 32 slots, half of them here


def test_crawls_share_the_room(harness: Harness) -> None:
    for name in ("c", "d"):
        harness.crawl(name)
    harness.heartbeat.tick()
    assert [harness.quota.take(name, 1000) for name in ("c", "d")] == [16, 16]


def test_dispatched_messages_take_up_room(harness: Harness) -> None:
    harness.crawl(pages=10)
    harness.store.frontier.mark_dispatched([plan(f"c-{n}").request.page_id("c") for n in range(10)])
    harness.heartbeat.tick()
    assert harness.quota.take("c", 1000) == 22


def test_a_paused_crawl_gets_no_room(harness: Harness) -> None:
    harness.crawl()
    harness.store.crawls.pause(PauseCause.USER, "c")
    harness.heartbeat.tick()
    assert harness.quota.take("c", 1000) == 0


# --- leadership -------------------------------------------------------------------------------------------


def test_the_leader_dispatches_at_each_tick_and_maintains_every_two_seconds(harness: Harness) -> None:
    called = harness.tick_for(10 * MAINTAIN_INTERVAL)
    assert called["dispatch"] == 100
    assert called["maintain"] == pytest.approx(10, abs=1)


def test_the_leader_gets_the_crawls_of_the_last_beat(harness: Harness) -> None:
    harness.crawl()
    harness.heartbeat.tick()
    assert harness.leader.crawls == [["c"]]


def test_a_worker_without_leadership_does_not_lead(harness: Harness) -> None:
    harness.follow()
    called = harness.tick_for(4)
    assert called["try_acquire"] == 20
    assert called["dispatch"] == called["maintain"] == 0


def test_nobody_leads_where_the_database_could_not_be_asked(harness: Harness) -> None:
    harness.heartbeat.tick()
    harness.lose_database()
    called = harness.tick_for(4)
    assert called["dispatch"] == called["maintain"] == 0


def test_nobody_leads_where_only_the_question_of_leadership_fails(harness: Harness) -> None:
    harness.errors["try_acquire"] = UnreachableError("MongoDB does not answer")
    called = harness.tick_for(4)
    assert called["heartbeat"] > 0
    assert called["dispatch"] == called["maintain"] == 0


def test_a_broker_that_is_away_stops_the_dispatch_and_not_the_beat(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.leader.error = UnreachableError("the broker does not answer")
    called = harness.tick_for(8)
    assert called["heartbeat"] == pytest.approx(10, abs=1)
    assert called["reset_watch"] == 0
    assert "the broker does not answer" in caplog.text


# --- the database goes and comes back ----------------------------------------------------------------------


def test_the_watch_over_the_workers_is_reset_when_the_database_answers_again(harness: Harness) -> None:
    harness.heartbeat.tick()
    harness.lose_database()
    assert harness.tick_for(30)["reset_watch"] == 0
    harness.regain_database()
    assert harness.tick_for(30)["reset_watch"] == 1


def test_the_watch_is_reset_before_the_leader_reaps(harness: Harness) -> None:
    harness.heartbeat.tick()
    harness.lose_database()
    harness.tick_for(30)
    harness.regain_database()
    harness.tick_for(2)
    assert harness.calls.index("reset_watch") < harness.calls.index("dispatch")


def test_the_log_says_once_that_the_database_is_away_and_once_that_it_is_back(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    harness.lose_database()
    harness.tick_for(30)
    harness.regain_database()
    harness.tick_for(30)
    assert caplog.messages == ["MongoDB does not answer; waiting for it", "MongoDB answers again"]


# --- the end ----------------------------------------------------------------------------------------------


def test_a_stop_flushes_what_was_counted_and_unregisters(harness: Harness) -> None:
    harness.crawl()
    harness.heartbeat.tick()
    harness.stats.add_planned("c", 5)
    harness.heartbeat.done.set()
    harness.heartbeat.run()
    assert harness.figures()["pages"]["planned"] == 5
    assert harness.store.workers.all() == []


def test_a_stop_while_the_database_is_away_raises_nothing(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    harness.lose_database()
    harness.stats.add_planned("c", 5)
    harness.heartbeat.done.set()
    harness.heartbeat.run()
    assert "MongoDB does not answer" in caplog.text
