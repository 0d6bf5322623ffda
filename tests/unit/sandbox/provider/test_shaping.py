"""What goes over the wire: JSON that one encoder alone cannot write, and answers spoilt by each fault."""

from __future__ import annotations

import json

import pytest

from sandbox.provider.response import failure, success
from sandbox.provider.shaping import ResponsePlan, encode, plan_response, spoil

PLAN = plan_response(success({"items": [1, 2, 3]}, units=4))


@pytest.mark.parametrize("value", ["half a pair: \ud83d", 2**70, "null\x00inside", {"a": [1.5, None, True]}])
def test_any_value_survives_encoding(value: object) -> None:
    assert json.loads(encode(value)) == value


def test_only_a_200_with_data_is_ok() -> None:
    assert ResponsePlan(200, b'{"data":{"items":[1,2,3]}}', 4, ok=True) == PLAN
    assert plan_response(failure(404, "Not found")).ok is False
    assert plan_response(failure(200, None)).ok is False


@pytest.mark.parametrize(
    ("fault", "status", "body", "cut"),
    [
        ("lost", 0, None, None),
        ("no-data", 200, b'{"detail":null}', None),
        ("bad-json", 200, b'{"data":{"ite"\x01}', None),
        ("cut", 200, PLAN.body, 13),
    ],
)
def test_a_spoilt_answer_is_charged_and_not_ok(fault: str, status: int, body: bytes | None, cut: int | None) -> None:
    spoilt = spoil(PLAN, fault)
    assert (spoilt.status, spoilt.body, spoilt.cut) == (status, body, cut)
    assert (spoilt.units, spoilt.ok) == (4, False)
