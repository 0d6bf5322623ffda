"""Parses the users mentioned in a text."""

from typing import Any

from crawler.api.parsers.fields import first_of, parse_id


def parse_mentions(marks: list[dict[str, Any]]) -> list[str]:
    """Return the ids of the users mentioned, each once; a mark without one is a hashtag (provider.md O10)."""
    ids = (parse_id(first_of(mark, "user_id", "UserId")) for mark in marks)
    return list(dict.fromkeys(user_id for user_id in ids if user_id))
