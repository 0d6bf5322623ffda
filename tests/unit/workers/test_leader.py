"""The parts of the leader over a fake database, a fake publisher and a fake limiter; no server, no sleep."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock_ng
import pytest

from crawler.engine.prices import PriceBook
from crawler.engine.reaper import MAX_WORKER_DEATHS
from crawler.model.crawls import Crawl
from crawler.model.enums import CrawlState, PauseCause
from crawler.model.errors import UnreachableError
from crawler.model.pages import PageMessage, PlannedPage, Request
from crawler.store import Store
from crawler.store.frontier import REDISPATCH_AFTER
from crawler.store.workers import HEARTBEAT_TIMEOUT
from tests.factories import document, finish, plan, result_of, spec, taken
from tests.unit.workers.clock import FakeClock
from workers.leader import Leader
from workers.leader.completion import Completion
from workers.leader.dispatcher import Dispatcher
from workers.leader.gatekeeper import Gatekeeper
from workers.leader.reaper import Reaper

DAY = timedelta(days=1)


class FakePublisher:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[PageMessage] = []
        self.depth = 0
        self.asked = 0
        self.is_away = False

    def publish(self, messages: Sequence[PageMessage]) -> None:
        if self.is_away:
            raise UnreachableError("the broker does not answer")
        self.sent += messages
        self.depth += len(messages)

    def queue_depth(self) -> int:
        self.asked += 1
        return self.depth

    def sent_of(self, crawl_id: str) -> int:
        return sum(message.crawl_id == crawl_id for message in self.sent)


class FakeRateLimiter:
    """Redis's copy of the gate."""

    def __init__(self) -> None:
        self.copy: str | None = None
        self.until: float | None = None

    def closed_gate(self) -> str | None:
        return self.copy

    def close_gate(self, kind: PauseCause, until: float | None) -> None:
        self.copy, self.until = kind, until

    def open_gate(self) -> None:
        self.copy = None


@pytest.fixture
def store() -> Store:
    made = Store(mongomock_ng.MongoClient(tz_aware=True).db)
    made.ensure_indexes()
    return made


@pytest.fixture
def publisher() -> FakePublisher:
    return FakePublisher()


@pytest.fixture
def limiter() -> FakeRateLimiter:
    return FakeRateLimiter()


def start(store: Store, name: str = "c", *plans: PlannedPage, **fields: Any) -> Crawl:
    store.crawls.create(name, spec(**fields))
    store.frontier.add(name, plans, max_depth=2)
    store.crawls.start(name)
    (found,) = (crawl for crawl in store.crawls.active() if crawl.id == name)
    return found


def worker(name: str = "w", slots: int = 16, unleased: int = 0, beats: int = 1) -> dict[str, Any]:
    return {"_id": name, "slots": slots, "unleased_messages": unleased, "beats": beats}


def plans(n: int) -> list[PlannedPage]:
    return [plan(each) for each in range(n)]


def slow(n: int) -> PlannedPage:
    return PlannedPage(Request("full_hashtag_search", {"hashtag": f"tag{n}", "days": 9}), 0, slow=True)


# --- dispatcher -------------------------------------------------------------------------------------------


@pytest.fixture
def dispatch(store: Store, publisher: FakePublisher) -> Callable[..., None]:
    dispatcher = Dispatcher(store, publisher)  # type: ignore[arg-type]  # a fake

    def run(*active: Crawl, workers: Sequence[Mapping[str, Any]] = (worker(),)) -> None:
        dispatcher.dispatch(active, workers)

    return run


@pytest.mark.parametrize(("slots", "sent"), [(1, 32), (16, 32), (40, 80), (500, 100)])
def test_two_messages_per_slot_are_dispatched_and_at_least_32(
    store: Store, publisher: FakePublisher, dispatch: Callable[..., None], slots: int, sent: int
) -> None:
    dispatch(start(store, "c", *plans(100)), workers=[worker(slots=slots)])
    assert len(publisher.sent) == sent


def test_a_full_window_is_not_dispatched_again(
    store: Store, publisher: FakePublisher, dispatch: Callable[..., None]
) -> None:
    crawl = start(store, "c", *plans(100))
    for _ in range(5):
        dispatch(crawl)
    assert len({message.page_id for message in publisher.sent}) == len(publisher.sent) == 32


def test_room_is_shared_by_weight(store: Store, publisher: FakePublisher, dispatch: Callable[..., None]) -> None:
    names = ("light", "heavy")
    crawls = [start(store, name, *plans(100), priority=level) for name, level in zip(names, (0, 2), strict=True)]
    dispatch(*crawls)
    assert [publisher.sent_of(name) for name in names] == [6, 26]  # a fifth of 32, and four fifths


def test_lost_messages_are_dispatched_again_once_they_are_overdue(
    store: Store, publisher: FakePublisher, dispatch: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl = start(store, "c", *plans(10))
    dispatch(crawl)
    publisher.depth = 0  # the broker lost its memory
    dispatch(crawl)
    assert len(publisher.sent) == 10
    pass_time(monkeypatch)
    dispatch(crawl)
    assert len(publisher.sent) == 20


def pass_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every message that was sent be overdue."""
    later = datetime.now(UTC) + REDISPATCH_AFTER + timedelta(seconds=1)
    monkeypatch.setattr("crawler.store.frontier.now", lambda: later)


def test_messages_in_a_workers_hands_are_not_lost(
    store: Store, publisher: FakePublisher, dispatch: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl = start(store, "c", *plans(10))
    dispatch(crawl)
    publisher.depth = 4
    pass_time(monkeypatch)
    dispatch(crawl, workers=[worker(unleased=5), worker("v", unleased=1)])
    assert len(publisher.sent) == 10


def test_the_broker_is_not_asked_where_nothing_is_dispatched(
    store: Store, publisher: FakePublisher, dispatch: Callable[..., None]
) -> None:
    dispatch(start(store))
    dispatch()
    assert (publisher.asked, publisher.sent) == (0, [])


def test_pages_that_the_broker_did_not_take_stay_in_the_frontier(
    store: Store, publisher: FakePublisher, dispatch: Callable[..., None]
) -> None:
    crawl = start(store, "c", *plans(10))
    publisher.is_away = True
    with pytest.raises(UnreachableError):
        dispatch(crawl)
    assert store.frontier.count_dispatched("c", 100) == 0
    publisher.is_away = False
    dispatch(crawl)
    assert len(publisher.sent) == 10


@pytest.mark.parametrize(("slots", "sent"), [(1, 1), (8, 1), (16, 2), (64, 2)])
def test_slow_pages_are_dispatched_as_many_as_may_be_called_at_a_time(
    store: Store, publisher: FakePublisher, dispatch: Callable[..., None], slots: int, sent: int
) -> None:
    crawl = start(store, "c", *map(slow, range(9)))
    for _ in range(3):
        dispatch(crawl, workers=[worker(slots=slots)])
    assert len(publisher.sent) == sent


# --- reaper -----------------------------------------------------------------------------------------------


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The clock by which workers are watched."""
    clock = FakeClock()
    monkeypatch.setattr("crawler.store.workers.monotonic", clock)
    return clock


@pytest.fixture
def reaper(store: Store) -> Reaper:
    return Reaper(store, PriceBook(store))


def test_a_page_whose_lease_ran_out_is_planned_again(store: Store, reaper: Reaper) -> None:
    crawl = start(store)
    taken(store, plan(1), lease=-1)
    taken(store, plan(2))
    reaper.reap([crawl], [])
    assert [document(store, plan(n))["state"] for n in (1, 2)] == ["planned", "leased"]


def test_a_reclaimed_call_counts_as_an_unknown_charge(store: Store, reaper: Reaper) -> None:
    crawl = start(store)
    taken(store, plan(1), lease=-1)
    reaper.reap([crawl], [])
    rollup = (store.crawls.get("c") or {})["rollup"]
    assert (rollup["calls"], rollup["unknown"]) == (1, 1)


def test_pages_of_a_worker_without_a_heartbeat_are_reclaimed(store: Store, reaper: Reaper, watch: FakeClock) -> None:
    crawl = start(store)
    taken(store, plan(1))
    store.workers.heartbeat("w", "host", 1, 8, 0)
    reaper.reap([crawl], store.workers.all())
    watch.now += HEARTBEAT_TIMEOUT + 1
    reaper.reap([crawl], store.workers.all())
    assert document(store, plan(1))["state"] == "planned"
    assert store.workers.all() == []


def test_pages_of_a_worker_with_a_heartbeat_stay_leased(store: Store, reaper: Reaper, watch: FakeClock) -> None:
    crawl = start(store)
    taken(store, plan(1))
    for _ in range(5):
        store.workers.heartbeat("w", "host", 1, 8, 0)
        reaper.reap([crawl], store.workers.all())
        watch.now += HEARTBEAT_TIMEOUT + 1
    assert document(store, plan(1))["state"] == "leased"
    assert len(store.workers.all()) == 1


def test_nobody_is_dead_right_after_the_watch_was_reset(store: Store, reaper: Reaper, watch: FakeClock) -> None:
    crawl = start(store)
    taken(store, plan(1))
    store.workers.heartbeat("w", "host", 1, 8, 0)
    reaper.reap([crawl], store.workers.all())
    watch.now += 10 * HEARTBEAT_TIMEOUT
    store.workers.reset_watch()
    reaper.reap([crawl], store.workers.all())
    assert document(store, plan(1))["state"] == "leased"


def test_a_page_that_keeps_killing_its_workers_is_parked(store: Store, reaper: Reaper) -> None:
    crawl = start(store)
    states = []
    for _ in range(MAX_WORKER_DEATHS):
        taken(store, plan(1), lease=-1)
        reaper.reap([crawl], [])
        states.append(document(store, plan(1))["state"])
    assert states == ["planned"] * (MAX_WORKER_DEATHS - 1) + ["failed"]


# --- gatekeeper -------------------------------------------------------------------------------------------


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the gatekeeper's time ahead of the true one."""

    def move(by: timedelta) -> None:
        monkeypatch.setattr("workers.leader.gatekeeper.now", lambda: datetime.now(UTC) + by)

    return move


@pytest.fixture
def gatekeeper(store: Store, limiter: FakeRateLimiter) -> Gatekeeper:
    return Gatekeeper(store, limiter)  # type: ignore[arg-type]  # a fake


def state(store: Store) -> str:
    return str((store.crawls.get("c") or {})["state"])


def test_an_open_gate_changes_nothing(store: Store, limiter: FakeRateLimiter, gatekeeper: Gatekeeper) -> None:
    start(store)
    gatekeeper.reconcile()
    assert (limiter.copy, store.crawls.active()[0].is_active) == (None, True)


@pytest.mark.parametrize("cause", [PauseCause.ACCOUNT, PauseCause.UNITS])
def test_a_copy_that_redis_lost_is_written_again(
    store: Store, limiter: FakeRateLimiter, gatekeeper: Gatekeeper, cause: PauseCause
) -> None:
    start(store)
    until = datetime.now(UTC).replace(microsecond=0) + DAY
    store.gate.close(cause, "no", until)
    gatekeeper.reconcile()
    assert (limiter.copy, limiter.until) == (cause, until.timestamp())
    assert not store.crawls.active()[0].is_active


def test_a_gate_opens_when_its_time_is_over(
    store: Store, limiter: FakeRateLimiter, gatekeeper: Gatekeeper, moment: Callable[[timedelta], None]
) -> None:
    start(store)
    store.gate.close(PauseCause.UNITS, "used up", datetime.now(UTC) + DAY)
    gatekeeper.reconcile()
    moment(2 * DAY)
    gatekeeper.reconcile()
    assert (store.gate.get(), limiter.copy) == (None, None)
    assert store.crawls.active()[0].is_active


def test_a_refused_account_stays_closed_however_long(
    store: Store, limiter: FakeRateLimiter, gatekeeper: Gatekeeper, moment: Callable[[timedelta], None]
) -> None:
    store.gate.close(PauseCause.ACCOUNT, "wrong token")
    moment(1000 * DAY)
    gatekeeper.reconcile()
    assert store.gate.get() is not None
    assert limiter.copy == PauseCause.ACCOUNT


def test_an_outage_pauses_the_crawls_after_five_seconds(
    store: Store, limiter: FakeRateLimiter, gatekeeper: Gatekeeper, moment: Callable[[timedelta], None]
) -> None:
    start(store)
    store.gate.close(PauseCause.OUTAGE, "503")
    limiter.copy = PauseCause.OUTAGE
    gatekeeper.reconcile()
    assert state(store) == "running"
    moment(timedelta(seconds=6))
    gatekeeper.reconcile()
    assert state(store) == "paused"
    assert store.crawls.active()[0].cause is PauseCause.OUTAGE


def test_an_outage_that_redis_forgot_is_over(store: Store, limiter: FakeRateLimiter, gatekeeper: Gatekeeper) -> None:
    start(store)
    store.gate.close(PauseCause.OUTAGE, "503")
    store.crawls.pause(PauseCause.OUTAGE)
    gatekeeper.reconcile()
    assert (store.gate.get(), state(store)) == (None, "running")


def test_a_copy_without_its_original_is_removed_at_the_second_look(
    limiter: FakeRateLimiter, gatekeeper: Gatekeeper
) -> None:
    limiter.copy = PauseCause.ACCOUNT
    gatekeeper.reconcile()
    assert limiter.copy == PauseCause.ACCOUNT  # it may be that MongoDB is still to be written
    gatekeeper.reconcile()
    assert limiter.copy is None


def test_the_copy_of_an_outage_is_left_to_its_probes(limiter: FakeRateLimiter, gatekeeper: Gatekeeper) -> None:
    limiter.copy = PauseCause.OUTAGE
    for _ in range(3):
        gatekeeper.reconcile()
    assert limiter.copy == PauseCause.OUTAGE


# --- completion -------------------------------------------------------------------------------------------


class Recount:
    """Counting is the database's; here it takes `seconds` and finds what is put there."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.seconds = 0.0
        self.counted: list[str] = []

    def __call__(self, crawl_id: str) -> dict[str, Any]:
        self.counted.append(crawl_id)
        self._clock.now += self.seconds
        return {"final": True, "pages": {"done": 3}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    made = FakeClock()
    monkeypatch.setattr("workers.leader.completion.monotonic", made)
    return made


@pytest.fixture
def recount(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Recount:
    made = Recount(clock)
    monkeypatch.setattr(store.stats, "recount", made)
    return made


def test_a_crawl_with_an_open_page_goes_on(store: Store, recount: Recount) -> None:
    Completion(store).finish_idle([start(store, "c", plan())])
    assert state(store) == "running"
    assert recount.counted == []


def test_a_crawl_without_an_open_page_is_complete_with_its_figures(store: Store, recount: Recount) -> None:
    crawl = start(store, "c", plan())
    assert finish(store, taken(store, plan()), result_of("1"), None)
    Completion(store).finish_idle([crawl])
    found = store.crawls.get("c") or {}
    assert (found["state"], found["rollup"]) == ("complete", {"final": True, "pages": {"done": 3}})


def test_a_crawl_with_a_failed_page_has_failed(store: Store, recount: Recount) -> None:
    crawl = start(store)
    for _ in range(MAX_WORKER_DEATHS):
        taken(store, plan(1), lease=-1)
        Reaper(store, PriceBook(store)).reap([crawl], [])
    Completion(store).finish_idle([crawl])
    assert state(store) == "failed"


def test_a_large_crawl_ends_before_it_is_counted(store: Store, recount: Recount) -> None:
    crawl = start(store)
    store.crawls.increment_stats("c", {"pages.done": 60_000})
    completion = Completion(store)
    completion.finish_idle([crawl])
    found = store.crawls.get("c") or {}
    assert (found["state"], "final" in found["rollup"], recount.counted) == ("complete", False, [])
    completion._finalize_all()
    assert (store.crawls.get("c") or {})["rollup"]["final"] is True


def test_a_cancelled_crawl_is_counted_once_nothing_is_in_flight(
    store: Store, recount: Recount, clock: FakeClock
) -> None:
    start(store, "c", *plans(3))
    held = taken(store, plan(0))
    store.crawls.finish("c", CrawlState.CANCELLED)
    completion = Completion(store)
    completion._finalize_all()
    assert [document(store, plan(n))["state"] for n in range(3)] == ["leased", "skipped", "skipped"]
    assert recount.counted == []
    store.ledger.release(held, 0)
    clock.now += 1
    completion._finalize_all()
    assert (document(store, plan(0))["state"], recount.counted) == ("skipped", ["c"])


def test_a_count_that_came_to_nothing_is_repeated_after_five_times_as_long(
    store: Store, recount: Recount, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(store)
    store.crawls.finish("c", CrawlState.CANCELLED)
    monkeypatch.setattr(store.crawls, "finalize_stats", lambda *_: False)
    recount.seconds = 10
    completion = Completion(store)
    completion._finalize_all()
    clock.now += 49
    completion._finalize_all()
    assert len(recount.counted) == 1
    clock.now += 2
    completion._finalize_all()
    assert len(recount.counted) == 2


@pytest.mark.parametrize("error", [UnreachableError("MongoDB does not answer"), ZeroDivisionError("oops")])
def test_a_count_that_fails_is_logged_and_ends_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(crawl_id: str) -> None:
        raise error

    start(store)
    store.crawls.finish("c", CrawlState.CANCELLED)
    monkeypatch.setattr(store.stats, "recount", fail)
    Completion(store)._finalize_all()
    assert str(error) in caplog.text


# --- all together -----------------------------------------------------------------------------------------


def test_a_round_reclaims_before_it_dispatches(
    store: Store, publisher: FakePublisher, limiter: FakeRateLimiter, recount: Recount
) -> None:
    start(store, "c", plan())
    taken(store, plan(), lease=-1)
    leader = Leader(store, PriceBook(store), limiter, publisher)  # type: ignore[arg-type]  # fakes
    leader.dispatch(store.crawls.active())
    assert [message.page_id for message in publisher.sent] == [plan().request.page_id("c")]


def test_a_paused_crawl_is_reaped_and_not_dispatched(
    store: Store, publisher: FakePublisher, limiter: FakeRateLimiter, recount: Recount
) -> None:
    start(store, "c", plan())
    taken(store, plan(), lease=-1)
    store.crawls.pause(PauseCause.USER, "c")
    leader = Leader(store, PriceBook(store), limiter, publisher)  # type: ignore[arg-type]  # fakes
    leader.dispatch(store.crawls.active())
    assert (document(store, plan())["state"], publisher.sent) == ("planned", [])
    assert state(store) == "paused"
