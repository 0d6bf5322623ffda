"""The supervisor over fake processes, on a fake clock."""

import logging
import signal
from collections.abc import Callable

import mongomock_ng
import pytest

from crawler.model.errors import UnreachableError
from crawler.settings import Settings
from crawler.store import Store
from tests.factories import document, plan, spec, taken
from tests.unit.workers.clock import FakeClock
from workers.supervisor import Process, Supervisor

GRACE = 60.0


class FakeProcess:
    """A process that lives until it is ended, and takes `stop_time` seconds to stop."""

    def __init__(self, clock: FakeClock, slots: int, name: str) -> None:
        self._clock = clock
        self.slots, self.name, self.started_at = slots, name, clock()
        self.code: int | None = None
        self.code_at_stop = 0
        self.stop_time = 0.0
        self.stops_at = float("inf")
        self.signals: list[str] = []

    def poll(self) -> int | None:
        if self.code is None and self._clock() >= self.stops_at:
            self.code = self.code_at_stop
        return self.code

    def wait(self) -> int:
        code = self.poll()
        assert code is not None, "a supervisor that waits here hangs"
        return code

    def terminate(self) -> None:
        self.signals.append("TERM")
        self.stops_at = self._clock() + self.stop_time

    def kill(self) -> None:
        self.signals.append("KILL")
        self.code = -signal.SIGKILL


class Harness:
    """A supervisor, its clock, and all processes it started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, concurrency: int = 8, processes: int = 1) -> None:
        self.clock = FakeClock()
        self.store = Store(mongomock_ng.MongoClient(tz_aware=True).db)
        self.started: list[FakeProcess] = []
        self.is_stopping = False
        self.handlers: dict[int, Callable[[int, None], None]] = {}
        monkeypatch.setattr(signal, "signal", lambda number, handler: self.handlers.update({number: handler}))
        self.supervisor = Supervisor(
            Settings(),
            concurrency,
            processes,
            GRACE,
            store=self.store,
            start=self._start,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    @property
    def last(self) -> FakeProcess:
        return self.started[-1]

    def run(self, *steps: Callable[[], object]) -> int:
        """Run the supervisor; each of its sleeps takes the next step, and SIGTERM comes with the last."""
        waiting = list(steps)

        def step() -> None:
            if waiting:
                waiting.pop(0)()
            if not waiting and not self.is_stopping:
                self.signal(signal.SIGTERM)

        self.clock.on_sleep = step
        return self.supervisor.run()

    def signal(self, number: int) -> None:
        self.is_stopping = True
        self.handlers[number](number, None)

    def die(self, code: int = 1) -> None:
        self.last.code = code

    def die_after(self, seconds: float, code: int = 1) -> None:
        self.clock.now += seconds
        self.die(code)

    def until_restarted(self) -> float:
        """Check again and again; return the seconds from the death to the start of the next process."""
        died, known = self.clock(), len(self.started)
        while len(self.started) == known:
            self.clock.now += 0.1
            self.check()
        return self.last.started_at - died

    def check(self) -> None:
        """Take one round of the supervisor's loop."""
        for worker in self.supervisor._workers:
            self.supervisor._check(worker)

    def _start(self, slots: int, name: str) -> Process:
        self.started.append(FakeProcess(self.clock, slots, name))
        return self.last


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    return Harness(monkeypatch)


@pytest.mark.parametrize(
    ("concurrency", "processes", "slots"), [(8, 1, [8]), (8, 3, [3, 3, 2]), (2, 2, [1, 1]), (32, 4, [8] * 4)]
)
def test_the_calls_in_flight_are_shared_among_the_processes(
    monkeypatch: pytest.MonkeyPatch, concurrency: int, processes: int, slots: list[int]
) -> None:
    harness = Harness(monkeypatch, concurrency, processes)
    harness.run()
    assert [process.slots for process in harness.started] == slots
    assert len({process.name for process in harness.started}) == processes


def test_a_living_process_is_left_alone(harness: Harness) -> None:
    harness.run(*[lambda: None] * 50)
    assert len(harness.started) == 1


def test_the_pause_before_a_restart_doubles_up_to_thirty_seconds(harness: Harness) -> None:
    harness.check()
    pauses = []
    for _ in range(9):
        harness.die()
        pauses.append(harness.until_restarted())
    assert pauses == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30], abs=0.25)


def test_a_steady_run_resets_the_pause(harness: Harness) -> None:
    harness.check()
    for _ in range(4):
        harness.die()
        harness.until_restarted()
    harness.die_after(31)
    assert harness.until_restarted() == pytest.approx(0.5, abs=0.25)


def test_a_short_run_does_not_reset_the_pause(harness: Harness) -> None:
    harness.check()
    for _ in range(4):
        harness.die()
        harness.until_restarted()
    harness.die_after(29)
    assert harness.until_restarted() == pytest.approx(8, abs=0.25)


def test_each_process_has_a_pause_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = Harness(monkeypatch, 4, 2)
    harness.check()
    for _ in range(5):
        harness.die()
        harness.until_restarted()
    harness.started[0].code = 1
    assert harness.until_restarted() == pytest.approx(0.5, abs=0.25)


def test_a_restarted_process_has_a_new_name(harness: Harness) -> None:
    harness.check()
    harness.die()
    harness.until_restarted()
    assert harness.started[0].name != harness.started[1].name


@pytest.mark.parametrize(
    ("code", "reason"), [(1, "exit code 1"), (0, "exit code 0"), (-9, "signal SIGKILL"), (-11, "signal SIGSEGV")]
)
def test_the_log_says_how_a_process_died(
    harness: Harness, caplog: pytest.LogCaptureFixture, code: int, reason: str
) -> None:
    harness.check()
    harness.die(code)
    harness.check()
    assert f"{harness.last.name} died ({reason}); restarting it in 0.5 s" in caplog.text


def _lease_a_page(harness: Harness, crawl: str = "c") -> None:
    """Have the last process hold a page and be registered."""
    harness.store.crawls.create(crawl, spec())
    harness.store.crawls.start(crawl)
    taken(harness.store, plan(), crawl, worker=harness.last.name)
    harness.store.workers.heartbeat(harness.last.name, "host", 1, 8, 0)


def test_pages_of_a_dead_process_are_reclaimed_at_once(harness: Harness) -> None:
    harness.check()
    _lease_a_page(harness)
    harness.die()
    harness.check()
    found = document(harness.store, plan())
    assert (found["state"], found["worker_deaths"], "lease" in found) == ("planned", 1, False)
    assert harness.store.workers.all() == []


def test_pages_of_living_processes_stay_leased(harness: Harness) -> None:
    harness.check()
    _lease_a_page(harness)
    harness.check()
    assert document(harness.store, plan())["state"] == "leased"


def test_pages_are_reclaimed_once_the_database_answers_again(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    harness.check()
    _lease_a_page(harness)
    with monkeypatch.context() as away:
        away.setattr(harness.store.crawls, "active", _raise_unreachable)
        for _ in range(2):  # it dies twice meanwhile
            harness.die()
            harness.until_restarted()
        assert document(harness.store, plan())["state"] == "leased"
        assert "MongoDB does not answer" in caplog.text
    harness.check()
    assert document(harness.store, plan())["state"] == "planned"
    assert harness.store.workers.all() == []


def test_a_process_is_restarted_while_the_database_is_away(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.check()
    monkeypatch.setattr(harness.store.budgets, "observed_prices", _raise_unreachable)
    harness.die()
    assert harness.until_restarted() == pytest.approx(0.5, abs=0.25)


def _raise_unreachable() -> None:
    raise UnreachableError("MongoDB does not answer")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_calls_in_flight_finish(harness: Harness, number: int) -> None:
    def stop() -> None:
        harness.last.stop_time = 40
        harness.signal(number)

    started = harness.clock()
    assert harness.run(stop) == 0
    assert harness.last.signals == ["TERM"]
    assert harness.clock() - started == pytest.approx(40, abs=1)


def test_processes_that_do_not_stop_within_grace_are_killed(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    def stop() -> None:
        _lease_a_page(harness)
        harness.last.stop_time = GRACE * 10
        harness.signal(signal.SIGTERM)

    started = harness.clock()
    assert harness.run(stop) == 0
    assert harness.last.signals == ["TERM", "KILL"]
    assert harness.clock() - started == pytest.approx(GRACE, abs=1)
    assert "are killed" in caplog.text
    assert document(harness.store, plan())["state"] == "planned"


def test_a_second_signal_kills_at_once(harness: Harness) -> None:
    def stop() -> None:
        harness.last.stop_time = GRACE * 10
        harness.signal(signal.SIGTERM)
        harness.clock.on_sleep = lambda: harness.signal(signal.SIGINT)

    started = harness.clock()
    assert harness.run(stop) == 0
    assert harness.last.signals == ["TERM", "KILL"]
    assert harness.clock() - started < 1


def test_a_process_that_stops_uncleanly_gives_its_pages_back(harness: Harness) -> None:
    def stop() -> None:
        _lease_a_page(harness)
        harness.last.code_at_stop = 1
        harness.signal(signal.SIGTERM)

    assert harness.run(stop) == 0
    assert document(harness.store, plan())["state"] == "planned"


def test_a_process_that_waits_for_its_restart_is_not_stopped(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert harness.run(harness.die, lambda: None) == 0
    assert harness.last.signals == []
    assert "stopped" in caplog.messages
