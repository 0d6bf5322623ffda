"""How much an object holds: values at any depth, whatever the keys at the top."""

from typing import Any

import pytest

from crawler.model.leaves import count_leaves


@pytest.mark.parametrize(
    ("raw", "leaves"),
    [
        ({}, 0),
        ([], 0),
        ({"a": None, "b": "", "c": [], "d": {}, "e": [None, {}, [""]]}, 0),
        ({"a": 0, "b": False, "c": 0.0, "d": " "}, 4),
        ({"user": {"id": "1", "name": "x"}, "stats": {"n": [1, 2, {"m": 3}]}}, 5),
        ({f"f{n}": None for n in range(25)} | {"uid": "1"}, 1),
    ],
)
def test_what_is_null_or_empty_holds_nothing(raw: Any, leaves: int) -> None:
    assert count_leaves(raw) == leaves


def test_any_depth_is_followed() -> None:
    deep: dict[str, Any] = {"a": 1}
    for _ in range(5000):
        deep = {"a": deep, "b": 1}
    assert count_leaves(deep) == 5001
