"""Parses a truth query from the query string of a URL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sandbox.truth.query import KINDS, RELATIONS, TruthQuery

_OPTIONS = (
    *("kind", "value", "expand", "depth", "full", "days", "max_cursor", "period", "sorting", "match_exactly"),
    *("since", "until", "limit"),
)


class InvalidQueryError(ValueError):
    """Raised for a query that cannot be answered; the message says why."""


def parse_query(parameters: Sequence[tuple[str, str]]) -> TruthQuery:
    """Parse the options of `tokcrawl seed`; raise InvalidQueryError.

    `value` and `limit` (LIST=N) may be repeated; `expand` is `none` or relations separated by commas; `since` and
    `until` are dates or unix seconds, both inclusive.
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    for name in given:
        if name not in _OPTIONS:
            raise InvalidQueryError(f"unknown option {name!r}; known: {', '.join(_OPTIONS)}")
    try:
        return _truth_query(given)
    except ValueError as error:
        raise InvalidQueryError(str(error)) from None


def _truth_query(given: dict[str, list[str]]) -> TruthQuery:
    def last(name: str, default: str = "") -> str:
        return given[name][-1] if name in given else default

    return TruthQuery(
        kind=_one_of(KINDS, "kind", last("kind")),
        values=tuple(given.get("value", ())),
        expand=_parse_relations(last("expand")) if "expand" in given else None,
        depth=int(last("depth", "2")),
        full=_parse_flag(last("full")),
        days=int(last("days", "3650")),
        max_cursor=int(last("max_cursor")) if "max_cursor" in given else None,
        period=last("period", "180"),
        sorting=last("sorting", "0"),
        match_exactly=_parse_flag(last("match_exactly")),
        since=_parse_time(last("since")),
        until=_parse_time(last("until")),
        limits={name: int(count) for name, _, count in (pair.partition("=") for pair in given.get("limit", ()))},
    )


def _one_of(known: Sequence[str], what: str, value: str) -> str:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}; known: {', '.join(known)}")
    return value


def _parse_flag(text: str) -> bool:
    return text.lower() in ("1", "true", "yes")


def _parse_relations(text: str) -> frozenset[str]:
    names = (name for name in text.split(",") if name and name != "none")
    return frozenset(_one_of(RELATIONS, "relation", name) for name in names)


def _parse_time(text: str) -> int | None:
    if not text:
        return None
    if text.isdigit():
        return int(text)
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
