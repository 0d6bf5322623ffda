"""The gate that stops every worker."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.model.enums import PauseCause
from crawler.store import Store


def test_the_gate_is_closed_for_a_cause_and_opened(store: Store) -> None:
    assert store.gate.get() is None
    midnight = datetime(2026, 2, 1, tzinfo=UTC)
    store.gate.close(PauseCause.UNITS, "x" * 900, midnight)
    gate = store.gate.get()
    assert gate is not None
    assert (gate.cause, gate.until, gate.detail) == (PauseCause.UNITS, midnight, "x" * 500)
    assert datetime.now(UTC) - gate.since < timedelta(minutes=1)
    assert not store.gate.open(PauseCause.OUTAGE)
    assert store.gate.open(PauseCause.UNITS)
    assert store.gate.get() is None
    assert not store.gate.open()
    store.gate.close(PauseCause.OUTAGE, "")
    assert store.gate.open()


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
    store.gate.close(first, "first")
    store.gate.close(second, "second")
    gate = store.gate.get()
    assert gate is not None
    assert gate.cause is holds
    assert gate.detail == ("first" if holds is first else "second")
