"""Take one column of a table with a header: comma, semicolon or tab between its cells."""

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crawler.model.enums import SeedKind
from producers.seeds.columns import find_column
from producers.seeds.kinds import SEARCHES
from producers.seeds.quoting import trim

# Where any word may be a value, the first line alone is a header only if it is one of these.
_FREE_TEXT = SEARCHES | {SeedKind.HASHTAG}
_SURE = ("hashtag", "keyword", "query")
_DELIMITERS = (",", "\t", ";")


class Table(NamedTuple):
    """The values of a column with their lines, its name, and the names of the columns that were left out."""

    values: list[tuple[int, str]]
    column: str
    other_columns: Sequence[str]


class _Rows(NamedTuple):
    header: list[str]
    place: int
    delimiter: str


def find_table(lines: Sequence[tuple[int, str]], kind: SeedKind | None, column: str | None) -> Table | None:
    """Return the wanted column of a table; None where the lines are none.

    ValueError where a column was named and is not there, or a row cannot be read.
    """
    found = _find_header(lines, kind, column)
    if found is None:
        if column is None:
            return None
        raise ValueError(f"has no column {column!r}; its first row is {lines[0][1][:200]!r}" if lines else "is empty")
    values = [(number, value) for number, row in _rows(lines[1:], found.delimiter) if (value := _cell(row, found))]
    others = [name for place, name in enumerate(found.header) if place != found.place and name]
    return Table(values, found.header[found.place], others)


def _find_header(lines: Sequence[tuple[int, str]], kind: SeedKind | None, column: str | None) -> _Rows | None:
    for delimiter in _DELIMITERS:
        header = [trim(name) for _, row in _rows(lines[:1], delimiter) for name in row]
        if len(header) == 1 and column is None and kind in _FREE_TEXT and header[0].casefold() not in _SURE:
            continue
        if (place := find_column(header, kind, column)) is not None:
            return _Rows(header, place, delimiter)
    return None


def _rows(lines: Sequence[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of the line it starts in; a quoted cell may hold line ends."""
    reader = csv.reader((line + "\n" for _, line in lines), delimiter=delimiter)
    begin = 0
    try:
        for row in reader:
            yield lines[begin][0], row
            begin = reader.line_num
    except csv.Error as error:
        raise ValueError(f"is no table from line {lines[begin][0]} on: {error}") from None


def _cell(row: Sequence[str], found: _Rows) -> str:
    return trim(row[found.place]) if found.place < len(row) else ""
