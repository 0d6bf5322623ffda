"""The options of a seed become a query, and what makes no sense is refused with the reason."""

from __future__ import annotations

import pytest

from sandbox.truth.parse_query import InvalidQueryError, parse_query
from sandbox.truth.query import TruthQuery


def test_every_option_is_read() -> None:
    given = {
        "kind": "keyword", "value": "cats", "expand": "authors,comments", "depth": "3", "full": "1", "days": "30",
        "max_cursor": "100", "period": "7", "sorting": "1", "match_exactly": "true", "since": "2026-01-01",
        "until": "1780000000",
    }  # fmt: skip
    pairs = [*given.items(), ("value", "dogs"), ("limit", "keyword=5"), ("limit", "comments=30")]
    assert parse_query(pairs) == TruthQuery(
        "keyword", ("cats", "dogs"), frozenset(("authors", "comments")), 3, True, 30, 100, "7", "1", True,
        1_767_225_600, 1_780_000_000, {"keyword": 5, "comments": 30},
    )  # fmt: skip


def test_without_expand_the_kind_decides_and_none_expands_nothing() -> None:
    assert parse_query([("kind", "hashtag")]).relations == {"authors", "comments", "followings"}
    assert parse_query([("kind", "followers")]).relations == frozenset()
    assert parse_query([("kind", "hashtag"), ("expand", "none")]).relations == frozenset()


def test_a_list_takes_the_limit_of_its_name_or_of_the_seed_kind_it_belongs_to() -> None:
    query = parse_query([("kind", "user"), ("limit", "user=7"), ("limit", "comments=3")])
    assert [query.limit(name) for name in ("posts", "comments", "followers")] == [7, 3, None]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "unknown kind ''; known: hashtag, "),
        ([("kind", "haiku")], "unknown kind 'haiku'; known: hashtag, "),
        ([("kind", "user"), ("expand", "friends")], "unknown relation 'friends'; known: authors, "),
        ([("kind", "user"), ("colour", "red")], "unknown option 'colour'; known: kind, "),
        ([("kind", "user"), ("depth", "deep")], "invalid literal for int"),
        ([("kind", "user"), ("limit", "posts")], "invalid literal for int"),
        ([("kind", "user"), ("since", "yesterday")], "Invalid isoformat string"),
    ],
)
def test_an_invalid_query_is_refused_with_the_reason(given: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        parse_query(given)
