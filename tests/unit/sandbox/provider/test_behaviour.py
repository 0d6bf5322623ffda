"""Settings take plain JSON, keep what is not named, and refuse what makes no sense."""

from __future__ import annotations

import pytest

from sandbox.provider.behaviour import Behaviour, Force, InvalidSettingError, Latency


def test_settings_that_are_not_named_stay_and_none_resets_one() -> None:
    changed = Behaviour().with_changes({"rate": 5, "quota": 100, "latency": 0.5, "tokens": ["a"]})
    again = changed.with_changes({"quota": None, "force": {"code": 500, "every": 3}})
    assert (again.rate, again.quota, again.latency, again.tokens) == (5, None, Latency(0.5), ("a",))
    assert again.force == Force(500, 0, 3)


def test_down_is_an_event_that_the_next_change_does_not_repeat() -> None:
    assert Behaviour().with_changes({"down": 3}).with_changes({"rate": 5}).down == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": 1}, "unknown setting 'speed'; known: burst, "),
        ({"rate": "fast"}, "rate: could not convert string to float: 'fast'"),
        ({"latency": {"second": 1}}, "latency: .*unexpected keyword argument 'second'"),
        ({"latency": {"seconds": "x"}}, "latency: could not convert"),
        ({"force": {"every": 0}}, "force: expected every >= 1"),
        ({"faults": 0.1}, "faults: expected an object of probabilities"),
        ({"faults": {"fire": 0.1}}, "faults: unknown fault 'fire'; known: drop, "),
        ({"faults": {"500": 0.6, "503": 0.6}}, "faults: the probabilities add up to more than 1"),
    ],
)
def test_an_invalid_setting_is_refused_with_what_is_wrong(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidSettingError, match=message):
        Behaviour().with_changes(settings)
