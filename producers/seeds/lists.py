"""Read a list of values from a file or from standard input: lines of text, a table, JSON, TikTok's own data export.

- A line of text is a value. Blank lines and comments are skipped, but counted. A comment is `#` alone or starts with
  `# `; but in a list of hashtags all of which have their `#`, `# cats` is a value.
- A list is a table where its first row names its columns, and a data export where it says so by its form.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from crawler.model.enums import SeedKind
from crawler.model.text_files import decode_text
from producers.seeds.kinds import is_valid
from producers.seeds.problems import InputProblem, InvalidSeedsError
from producers.seeds.quoting import trim
from producers.seeds.records import find_records
from producers.seeds.tables import find_table

TextLine = tuple[int, str]  # the line's number and a value in it

_TABLE_ENDINGS = (".csv", ".tsv", ".tab")
_JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_R_ROW = re.compile(r'"[0-9]+"[ \t]+(?=\S)')  # R writes the number of a row before it


def read_list(
    path: str | Path,
    stdin: IO[bytes],
    kind: SeedKind | None = None,
    *,
    column: str | None = None,
    note: Callable[[str], None] = lambda _text: None,
) -> list[TextLine]:
    """Return the numbered values of a file, or of `stdin` for `-`; `column` names the one to take of a table.

    What was chosen among several columns is passed to `note`.
    """
    name = "standard input" if str(path) == "-" else str(path)
    try:
        data = stdin.read() if str(path) == "-" else Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _whole(name, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        text = decode_text(data).replace("\r\n", "\n").replace("\r", "\n")
        values = _values(text, kind, column, name, note)
    except ValueError as error:
        raise _whole(name, str(error)) from None
    if not values:
        raise _whole(name, "contains no values; write one per line")
    return values


def _values(
    text: str, kind: SeedKind | None, column: str | None, name: str, note: Callable[[str], None]
) -> list[TextLine]:
    """Return the values of a text in any of its forms; ValueError with what is wrong."""
    if (records := find_records(text, kind, column)) is not None:
        return records
    if name.lower().endswith(_JSON_ENDINGS):
        raise ValueError("is not valid JSON")
    lines = _without_comments(text.split("\n"), kind)
    if (table := find_table(lines, kind, column)) is not None:
        if column is None:
            others = ", ".join(table.other_columns)
            note(f"{name}: taking column {table.column!r}" + (f" (--column takes another: {others})" if others else ""))
        return table.values
    if lines and name.lower().endswith(_TABLE_ENDINGS) and _is_row(lines[0][1], kind):
        raise ValueError(f"has no column of a known name: give one by --column (first row: {lines[0][1][:200]!r})")
    return [(number, trim(_R_ROW.sub("", line, count=1))) for number, line in lines]


def _is_row(line: str, kind: SeedKind | None) -> bool:
    """Whether a line has several cells, and not of ids alone, which may stand in one line."""
    cells = re.split("[,;\t]", line)
    return len(cells) > 1 and not (kind is SeedKind.POSTS and all(is_valid(kind, cell) for cell in cells if cell))


def _without_comments(texts: Sequence[str], kind: SeedKind | None) -> list[TextLine]:
    lines = [(number, text) for number, text in enumerate(texts, 1) if trim(text).strip("#")]
    are_hashtags = kind is SeedKind.HASHTAG and all(trim(text)[0] == "#" for _, text in lines)
    return [(number, text) for number, text in lines if not _is_comment(trim(text), are_hashtags)]


def _is_comment(text: str, are_hashtags: bool) -> bool:
    return text[0] == "#" and text[1].isspace() and not (are_hashtags and len(text.split()) == 2)


def _whole(name: str, why: str) -> InvalidSeedsError:
    return InvalidSeedsError([InputProblem(name, "", why)])
