import math
from typing import Any

import pytest
from bson import encode

from crawler.model.sanitize import decode_json, sanitize

PLAIN: list[Any] = [
    None, True, 0, 2**63 - 1, -(2**63), 1.5, "", "é\0\u2028😺", [], {}, [1, [2, {"a": "é"}]],
    {"a": {"b": [None, False]}},
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_sanitize_returns_the_same_object_where_nothing_changes(value: Any) -> None:
    assert sanitize(value) is value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude3a", "😺"),
        ("\ude3a\ud83d", "\ufffd\ufffd"),
        (2**63, str(2**63)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        ([1, 2**64], [1, str(2**64)]),
        ({"a": {"b": ["\udfff"]}, "c": 1}, {"a": {"b": ["\ufffd"]}, "c": 1}),
        ({"\ud800": 1}, {"\ufffd": 1}),
        ({"a\0b": {"\0": 2}}, {"a\ufffdb": {"\ufffd": 2}}),
    ],
)
def test_sanitize_makes_a_value_storable(value: Any, expected: Any) -> None:
    clean = sanitize(value)
    assert clean == expected
    assert sanitize(clean) is clean
    encode({"value": clean})


def test_sanitize_shares_unchanged_parts_and_keeps_the_original() -> None:
    fine = {"a": [1]}
    value = {"fine": fine, "bad": "\ud800"}
    assert sanitize(value)["fine"] is fine
    assert value["bad"] == "\ud800"


def test_sanitize_refuses_endless_nesting() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="deeply"):
        sanitize(value)
    while value:  # taken apart by hand, or its own destructor would dive as deep
        value = value[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'{"t": "\\ud800"}', {"t": "\ufffd"}),
        (b'{"t": "\\ud83d\\ude3a \\ude3a"}', {"t": "😺 \ufffd"}),
        (b'{"\\udc00": [18446744073709551616]}', {"\ufffd": ["18446744073709551616"]}),
        (b"\xef\xbb\xbf[1]", [1]),
        (b'"caf\xe9"', "caf\ufffd"),
        ('{"t": "a\\u0000b\u2028"}'.encode(), {"t": "a\0b\u2028"}),
        (b"[-Infinity]", [-math.inf]),
    ],
)
def test_decode_json(body: bytes, expected: Any) -> None:
    assert decode_json(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": "cut',
        b"<html>502</html>",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a": "\\ud800"',
        b"9" * 5000 + b"x",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_decode_json_refuses_other_bodies(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is the contract
        decode_json(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 123456789012345678901234567890}', {"a": "123456789012345678901234567890"}),
        (b'{"a":[1,-123456789012345678901]}', {"a": [1, "-123456789012345678901"]}),
        (b"[18446744073709551616, 18446744073709551615, -9223372036854775809]",
         ["18446744073709551616", "18446744073709551615", "-9223372036854775809"]),
        (b"[9223372036854775807, -9223372036854775808]", [2**63 - 1, -(2**63)]),
        (b'{"a": "20210816065057010245144225410", "b": 1.5}', {"a": "20210816065057010245144225410", "b": 1.5}),
        (b'{"a,20210816065057010245144": 1}', {"a,20210816065057010245144": 1}),
        (b"[" + b"7" * 5000 + b"]", ["7" * 5000]),
    ],
)  # fmt: skip
def test_digits_that_no_integer_holds_stay_exact(body: bytes, value: Any) -> None:
    assert decode_json(body) == value
