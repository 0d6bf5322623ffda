"""Take the values out of JSON, of JSON lines, and of the text files of TikTok's data export.

Whatever is nested how, a value is what stands under a name known for the seed kind (`link`, `username` …).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from crawler.model.enums import SeedKind
from producers.seeds.columns import find_column
from producers.seeds.quoting import trim

_EXPORT = re.compile(r"\s*Date: [0-9]{4}-[0-9]{2}-[0-9]{2}[^\n]*\n[A-Z][^:\n]*: ")
_FIELD = re.compile(r"([^:]+): (.*)")


def find_records(text: str, kind: SeedKind | None, column: str | None) -> list[tuple[int, str]] | None:
    """Return the values of a text in one of these forms, with their lines; None where it has another form."""
    if _EXPORT.match(text):
        return list(_export_values(text, kind, column))
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        documents = _documents(text)
        return None if documents is None else _with_lines(text, list(_json_values(documents, kind, column)))
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _export_values(text: str, kind: SeedKind | None, column: str | None) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        field = _FIELD.fullmatch(line.strip())
        if field and trim(field[2]) and find_column([field[1]], kind, column) is not None:
            yield number, trim(field[2])


def _documents(text: str) -> list[Any] | None:
    """Return the JSON document, or one for each line of JSON lines; None where it is neither."""
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError:
        return None


def _json_values(document: Any, kind: SeedKind | None, column: str | None) -> Iterator[str]:
    """Yield the texts and numbers of a list, and of each object what stands under the best known name.

    What is nested in an object that has one is not looked at: the author and the sound of a post have ids too.
    """
    if isinstance(document, list):
        for entry in document:
            yield from _json_values(entry, kind, column)
    elif isinstance(document, dict):
        names = [name for name, value in document.items() if _holds_values(value)]
        place = find_column(names, kind, column)
        for value in filter(_is_nested, document.values()) if place is None else [document[names[place]]]:
            yield from _json_values(value, kind, column)
    elif _is_value(document):
        yield trim(str(document))


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value))


def _holds_values(value: Any) -> bool:
    """Whether it is a value or a list of them."""
    return all(map(_is_value, value)) and bool(value) if isinstance(value, list) else _is_value(value)


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and trim(str(value)) != ""


def _with_lines(text: str, values: list[str]) -> list[tuple[int, str]]:
    """Number each value by the line it stands in; one that is written with escapes gets the line of the last before."""
    placed, line, begin = [], 1, 0
    for value in values:
        if (found := text.find(value, begin)) >= 0:
            line, begin = line + text.count("\n", begin, found), found
        placed.append((line, value))
    return placed
