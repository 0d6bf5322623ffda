"""Reads a question about the truth from a query string."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sandbox.truth.query import KINDS, RELATIONS, Question


class BadQuestion(ValueError):
    """A question that makes no sense; the message says why."""


def question(query: Sequence[tuple[str, str]]) -> Question:
    """kind, value (repeated or comma-free), expand (commas or `none`), depth, and the options of `tokcrawl seed`.

    `limit=LIST=N` may be repeated; since and until are dates or unix seconds. `until` is exclusive of nothing: a post
    of that very second counts.
    """
    given: dict[str, list[str]] = {}
    for name, value in query:
        given.setdefault(name, []).append(value)
    known = {"kind", "value", "expand", "depth", "full", "days", "max_cursor", "period", "sorting", "match_exactly"}
    for name in given:
        if name not in known | {"since", "until", "limit"}:
            raise BadQuestion(f"no option {name!r}")

    def last(name: str, default: str = "") -> str:
        return given[name][-1] if name in given else default

    kind = last("kind")
    if kind not in KINDS:
        raise BadQuestion(f"kind is one of {', '.join(KINDS)}")
    try:
        return Question(
            kind=kind,
            values=tuple(given.get("value", ())),
            expand=_expand(last("expand")) if "expand" in given else None,
            depth=int(last("depth", "2")),
            full=_flag(last("full")),
            days=int(last("days", "3650")),
            max_cursor=int(last("max_cursor")) if "max_cursor" in given else None,
            period=last("period", "180"),
            sorting=last("sorting", "0"),
            match_exactly=_flag(last("match_exactly")),
            since=_second(last("since")),
            until=_second(last("until")),
            limits={name: int(count) for name, _, count in (pair.partition("=") for pair in given.get("limit", ()))},
        )
    except ValueError as error:
        raise BadQuestion(str(error)) from None


def _flag(text: str) -> bool:
    return text.lower() in ("1", "true", "yes")


def _expand(text: str) -> frozenset[str]:
    names = frozenset(name for name in text.split(",") if name and name != "none")
    for name in names:
        if name not in RELATIONS:
            raise ValueError(f"no relation {name!r}")
    return names


def _second(text: str) -> int | None:
    if not text:
        return None
    if text.isdigit():
        return int(text)
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
