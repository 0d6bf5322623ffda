import pytest

from crawler.api.parsers.fields import (
    as_objects,
    parse_any_bool,
    parse_bool,
    parse_count,
    parse_id,
    parse_language,
    parse_text,
    parse_timestamp,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0), (7, 7), ("7", 7), ("0", 0), (7.0, 7), (2**63 - 1, 2**63 - 1),
        (-1, None), ("-1", None), (7.5, None), (float("nan"), None), (float("inf"), None), (2**63, None),
        (True, None), (False, None), (None, None), ("", None), ("7.5", None), ("1k", None), ("²", None),
        ("٣", None), ("9" * 25, None), ([], None), ({}, None),
    ],
)  # fmt: skip
def test_parse_count(value: object, expected: int | None) -> None:
    assert parse_count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("6600000000000000204", "6600000000000000204"), (6600000000000000204, "6600000000000000204"),
        ("a-b_c.d", "a-b_c.d"), ("007", "007"),
        (0, None), ("0", None), ("", None), (-1, None), ("-1", None), (True, None), (1.0, None), (None, None),
        (2**63, None), ("1;2", None), ("a b", None), ("a\n", None), ("1\n", None),
        ("\ud800", None), ("٣", None),
        ("x" * 129, None), ("1" * 129, None), ([], None), ({}, None),
    ],
)  # fmt: skip
def test_parse_id(value: object, expected: str | None) -> None:
    assert parse_id(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ("", None),
        (None, None),
        (5, None),
        ("a\0\u2028é", "a\0\u2028é"),
        ("\ud83d\ude3a\ud800", "😺\ufffd"),
    ],
)
def test_parse_text(value: object, expected: str | None) -> None:
    assert parse_text(value) == expected


def test_placeholders_are_unknown() -> None:
    assert (parse_timestamp(0), parse_timestamp("0"), parse_timestamp(5)) == (None, None, 5)
    assert (parse_language("un"), parse_language(""), parse_language("de")) == (None, None, "de")
    assert as_objects([None, {"a": 1}, "x"]) == [{"a": 1}]
    assert as_objects(None) == as_objects({"a": 1}) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (1, True), (False, False), (0, False), (2, None), ("1", None), (None, None)],
)
def test_parse_bool(value: object, expected: bool | None) -> None:
    assert parse_bool(value) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0, 1), True), ((None, False), False), ((None, "x"), None), ((), None), ((True, 0), True)],
)
def test_parse_any_bool(values: tuple[object, ...], expected: bool | None) -> None:
    assert parse_any_bool(*values) is expected
