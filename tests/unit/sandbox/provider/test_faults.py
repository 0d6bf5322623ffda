"""Which calls are refused or struck by a fault, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.behaviour import FAULTS, Behaviour
from sandbox.provider.faults import Decision, FaultInjector


def injector(**settings: Any) -> FaultInjector:
    made = FaultInjector(7, Behaviour())
    made.configure(Behaviour().with_changes(settings), now=1000.0)
    return made


def decide(made: FaultInjector, *, now: float = 1000.0, token: str | None = "t", used: int = 0) -> int | str | None:
    """Return the status of the refusal, else the kind of fault, else None."""
    decision = made.decide(token, now, used, metered=True)
    return decision.fault if decision.refusal is None else decision.refusal.status


EVERYTHING = {"down": 1, "tokens": ["good"], "force": {"code": 493}, "rate": 1, "burst": 1, "quota": 5}


@pytest.mark.parametrize(
    ("without", "token", "expected"),
    [
        ((), "bad", "down"),
        (("down",), None, 422),
        (("down",), "bad", 491),
        (("down",), "good", 493),
        (("down", "force"), "good", 429),
        (("down", "force", "rate"), "good", 495),
        (("down", "force", "rate", "quota"), "good", "lost"),
    ],
)
def test_settings_apply_in_their_documented_order(
    without: tuple[str, ...], token: str | None, expected: object
) -> None:
    settings = {name: value for name, value in EVERYTHING.items() if name not in without}
    made = injector(**settings, faults={"lost": 1})
    if expected == 429:
        assert decide(made, token=token, used=5) == 495  # takes the only token out of the bucket
    assert decide(made, token=token, used=5) == expected


def test_usage_calls_need_a_token_but_meet_no_limit_and_no_fault() -> None:
    made = injector(force={"code": 493}, rate=1, burst=1, quota=5, faults={"lost": 1})
    assert [made.decide("t", 1000.0, 5, metered=False) for _ in range(3)] == [Decision()] * 3
    refusal = made.decide("", 1000.0, 0, metered=False).refusal
    assert refusal is not None
    assert refusal.status == 491


def test_the_bucket_refills_at_the_rate_up_to_the_burst() -> None:
    made = injector(rate=2, burst=3)
    assert [decide(made) for _ in range(4)] == [None, None, None, 429]
    assert [decide(made, now=1001.0) for _ in range(3)] == [None, None, 429]
    assert [decide(made, now=1100.0) for _ in range(4)] == [None, None, None, 429]


def test_a_forced_code_counts_from_when_it_was_set() -> None:
    made = injector()
    assert [decide(made) for _ in range(5)] == [None] * 5
    made.configure(Behaviour().with_changes({"force": {"code": 500, "after": 1, "every": 2}}), now=1000.0)
    assert [decide(made) for _ in range(5)] == [None, 500, None, 500, None]


def test_faults_repeat_with_the_seed_and_strike_as_often_as_they_should() -> None:
    share = dict.fromkeys(FAULTS, 0.05)
    one, other = injector(faults=share), injector(faults=share)
    drawn = [one.decide("t", 1000.0, 0, metered=True).fault for _ in range(4000)]
    assert drawn == [other.decide("t", 1000.0, 0, metered=True).fault for _ in range(4000)]
    assert all(120 < drawn.count(kind) < 280 for kind in FAULTS)
