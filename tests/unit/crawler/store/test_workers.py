"""Who is alive, who leads, and the gate."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from crawler.model.enums import PauseCause
from crawler.store import Store
from crawler.store import workers as fleet


def test_workers_beat_and_leave(store: Store) -> None:
    for _ in range(3):
        store.fleet.beat("a", "host", 1, 8, 2)
    store.fleet.beat("b", "host", 2, 4, 0)
    told = {one["_id"]: (one["beats"], one["slots"], one["holding"]) for one in store.fleet.workers()}
    assert told == {"a": (3, 8, 2), "b": (1, 4, 0)}
    store.fleet.leave("a")
    store.fleet.leave("nobody")
    assert [one["_id"] for one in store.fleet.workers()] == ["b"]


def test_who_does_not_beat_while_we_watch_is_silent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> list[str]:
        return store.fleet.silent(store.fleet.workers())

    for worker in ("a", "b"):
        store.fleet.beat(worker, "host", 1, 8, 0)
    monkeypatch.setattr(fleet, "SILENCE", 0.0)
    assert silent() == []  # seen for the first time, however old the beat
    store.fleet.beat("b", "host", 1, 8, 0)
    assert silent() == ["a"]
    store.fleet.beat("a", "host", 1, 8, 0)
    assert silent() == ["b"]
    store.fleet.forget_silence()
    assert silent() == []
    monkeypatch.setattr(fleet, "SILENCE", 60.0)
    assert silent() == []


def test_one_leads_until_its_time_is_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.fleet.lead("a")
    assert not store.fleet.lead("b")
    assert store.fleet.lead("a")
    monkeypatch.setattr(fleet, "LEADERSHIP", timedelta(seconds=-1))
    assert store.fleet.lead("a")  # renewed into the past
    monkeypatch.undo()
    assert store.fleet.lead("b")
    assert not store.fleet.lead("a")


@pytest.mark.server
def test_of_many_one_leads(real_store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        led = list(pool.map(lambda n: real_store.fleet.lead(f"w{n % 8}"), range(80)))
    (leader,) = {n % 8 for n, leads in enumerate(led) if leads}
    assert sum(led) == 10
    assert real_store.fleet.lead(f"w{leader}")


def test_the_gate_is_closed_for_a_cause_and_opened(store: Store) -> None:
    assert store.fleet.gate() is None
    midnight = datetime(2026, 2, 1, tzinfo=UTC)
    store.fleet.close_gate(PauseCause.UNITS, "x" * 900, midnight)
    gate = store.fleet.gate()
    assert gate is not None
    assert (gate.cause, gate.until, gate.detail) == (PauseCause.UNITS, midnight, "x" * 500)
    assert datetime.now(UTC) - gate.since < timedelta(minutes=1)
    assert not store.fleet.open_gate(PauseCause.OUTAGE)
    assert store.fleet.open_gate(PauseCause.UNITS)
    assert store.fleet.gate() is None
    assert not store.fleet.open_gate()
    store.fleet.close_gate(PauseCause.OUTAGE, "")
    assert store.fleet.open_gate()


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [
        (PauseCause.ACCOUNT, PauseCause.OUTAGE, PauseCause.ACCOUNT),
        (PauseCause.ACCOUNT, PauseCause.UNITS, PauseCause.ACCOUNT),
        (PauseCause.OUTAGE, PauseCause.ACCOUNT, PauseCause.ACCOUNT),
        (PauseCause.UNITS, PauseCause.ACCOUNT, PauseCause.ACCOUNT),
        (PauseCause.OUTAGE, PauseCause.UNITS, PauseCause.UNITS),
        (PauseCause.UNITS, PauseCause.OUTAGE, PauseCause.UNITS),
    ],
)
def test_a_lesser_trouble_does_not_overwrite_a_greater_one(
    store: Store, first: PauseCause, second: PauseCause, holds: PauseCause
) -> None:
    store.fleet.close_gate(first, "first")
    store.fleet.close_gate(second, "second")
    gate = store.fleet.gate()
    assert gate is not None
    assert gate.cause is holds
    assert gate.detail == ("first" if holds is first else "second")
