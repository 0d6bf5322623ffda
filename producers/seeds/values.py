"""Turn the lines of a list and the arguments of a command into distinct seeds, or report those that are invalid.

- The same seed given twice is one seed, at its first place.
- Unless invalid values are to be skipped, one of them is enough that nothing is returned, so that no crawl starts
  incomplete without its user's consent.
- A link in a line of text is found; several in a line are several seeds.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

from crawler.model.enums import SeedKind
from crawler.model.sanitize import fix_surrogates
from producers.seeds.forms import expected
from producers.seeds.ids import rounded_ids
from producers.seeds.kinds import SEARCHES, parse_value, unquote_value
from producers.seeds.links import find_links
from producers.seeds.problems import BadValueError, InputProblem, InvalidSeedsError, Problems, shown
from producers.seeds.seed_value import SeedValue

Line = tuple[int | None, str]  # the line's number, or None for a command-line argument
Note = Callable[[str], None]  # prints what a user should know

_MAX_GIVEN = 200  # characters of what was typed that are kept with the seed
_OF_IDS = frozenset({SeedKind.POST, SeedKind.POSTS, SeedKind.COMMENTS, SeedKind.MUSIC, SeedKind.LINKS})


class _Part(NamedTuple):
    """One value of a line: its place as people read it, its line, what was typed, and the value itself."""

    where: str
    line: int | None
    given: str
    value: str


def parse_values(
    kind: str, lines: Iterable[Line], *, skip_invalid: bool = False, note: Note = lambda _text: None
) -> list[SeedValue]:
    """Return the distinct seeds of the lines, in order; raise InvalidSeedsError where any is invalid.

    With `skip_invalid` that is raised only where none is valid. Duplicates and skipped values are passed to `note`.
    """
    wanted = seed_kind(kind)
    parts = [part for line in _placed(lines) for part in _parts(wanted, line)]
    rounded = rounded_ids([part.value for part in parts]) if wanted in _OF_IDS else {}
    found: dict[SeedValue, SeedValue] = {}
    problems, duplicates = Problems(), 0
    for part in parts:
        try:
            value = _parse_part(wanted, part, rounded)
        except BadValueError as bad:
            problems.add(InputProblem(part.where, part.value, str(bad)))
            continue
        duplicates += found.setdefault(_identity(value), value) is not value
    if problems.count and not (skip_invalid and found):
        raise problems.error()
    if not found:
        raise InvalidSeedsError([InputProblem("", "", f"no value given: {wanted} needs {expected(wanted)}")])
    if problems.count:
        note(f"{problems.error()}\n{_count(problems.count, 'invalid value')} skipped")
    if duplicates:
        note(f"{_count(duplicates, 'duplicate')} left out")
    return list(found.values())


def seed_kind(kind: str) -> SeedKind:
    """Return the kind of this name; raise InvalidSeedsError where there is none."""
    try:
        return SeedKind(kind)
    except ValueError:
        hint = did_you_mean(kind, SeedKind) or f"; use {', '.join(SeedKind)}"
        raise InvalidSeedsError([InputProblem("", "", f"unknown kind {shown(kind)}{hint}")]) from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'user'?` for the closest known word; empty if none is close."""
    close = get_close_matches(word.lower(), list(known), n=1)
    return f"; did you mean {str(close[0])!r}?" if close else ""


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _placed(lines: Iterable[Line]) -> Iterable[tuple[str, int | None, str]]:
    arguments = 0
    for number, text in lines:
        arguments += number is None
        yield (f"argument {arguments}" if number is None else f"line {number}"), number, text


def _parts(kind: SeedKind, placed: tuple[str, int | None, str]) -> list[_Part]:
    where, line, text = placed
    values = _split(kind, text)
    return [_Part(where, line, value if len(values) > 1 else text, unquote_value(kind, value)) for value in values]


def _split(kind: SeedKind, text: str) -> list[str]:
    """Return the values of a line: the links in it, for `posts` also ids; else the line."""
    if kind in SEARCHES or kind is SeedKind.REPLIES:
        return [text]
    links = find_links(text)
    if kind is not SeedKind.POSTS:
        return links or [text]
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    is_prose = any(part[:1].isalpha() and not find_links(part) for part in parts)
    return links if links and is_prose else parts or [text]


def _parse_part(kind: SeedKind, part: _Part, rounded: Mapping[str, str]) -> SeedValue:
    if part.value in rounded:
        raise BadValueError(rounded[part.value])
    value = parse_value(kind, part.value)
    return replace(value, given=fix_surrogates(part.given).strip()[:_MAX_GIVEN], line=part.line)


def _identity(value: SeedValue) -> SeedValue:
    """Return the key of a seed: a post is the same by its link and by its id."""
    return replace(value, url=None) if value.post_id else value
