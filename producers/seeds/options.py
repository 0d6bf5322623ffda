"""Read the seeds and build the crawl's spec from the options of `tokcrawl seed`; reject what does not fit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import DEFAULT_EXPAND, EXPANDING_KINDS, Relation, SeedKind
from crawler.model.errors import UsageError
from producers.seeds.kinds import printable
from producers.seeds.lists import read_list
from producers.seeds.problems import BadValueError
from producers.seeds.seed_value import SeedValue
from producers.seeds.start import sec_uids, usernames
from producers.seeds.values import Line, Note, did_you_mean, parse_values, seed_kind

_PERIODS = ("0", "1", "7", "30", "90", "180")
_DAY = 86_400  # seconds
_MOST = 10**12  # of units, pages, items
_MAX_TEXT = 500  # characters of a name, of an attribute

# The seed kinds each option applies to; with any other kind it is refused rather than ignored.
_OPTIONS: dict[str, tuple[SeedKind, ...]] = {
    "full": (SeedKind.HASHTAG, SeedKind.KEYWORD),
    "days": (SeedKind.HASHTAG,),
    "max_cursor": (SeedKind.HASHTAG,),
    "period": (SeedKind.KEYWORD,),
    "sorting": (SeedKind.KEYWORD,),
    "country": (SeedKind.KEYWORD, SeedKind.LIVE_SEARCH),
    "match_exactly": (SeedKind.KEYWORD,),
    "alternative_method": (SeedKind.USER,),
}


def read_seeds(
    kind: str,
    values: Sequence[str],
    input_file: Path | None,
    stdin: IO[bytes],
    *,
    column: str | None = None,
    skip_invalid: bool = False,
    note: Note = lambda _text: None,
) -> list[SeedValue]:
    """Return the seeds from the command line, `--input` and `-`, together."""
    lists: list[str | Path] = ["-"] if "-" in values else []
    lists += [input_file] if input_file is not None else []
    if column is not None and not lists:
        raise UsageError("--column needs a list: give a file with --input, or - for stdin")
    lines: list[Line] = [(None, value) for value in values if value != "-"]
    for one in lists:
        lines += read_list(one, stdin, seed_kind(kind), column=column, note=note)
    if not lines:
        raise UsageError(f"nothing to seed: give values after {kind}, a file with --input, or - for stdin")
    return parse_values(kind, lines, skip_invalid=skip_invalid, note=note)


def build_spec(
    kind: str,
    seeds: Sequence[SeedValue],
    *,
    expand: str | None,
    depth: int,
    max_pages: int | None,
    max_units: int | None,
    limits: Sequence[str],
    since: str | None,
    until: str | None,
    priority: int,
    name: str | None,
    attrs: Sequence[str],
    options: Mapping[str, Any],
) -> CrawlSpec:
    """Return the spec; raise UsageError for an option that is malformed or does not fit."""
    for option, number in (("depth", depth), ("max-pages", max_pages), ("max-units", max_units)):
        check_number(number, f"--{option}")
    start, stop = _day(since, "--since", 0), _day(until, "--until", _DAY - 1)
    if start is not None and stop is not None and start > stop:
        raise UsageError(f"--since {since} is after --until {until}")
    return CrawlSpec(
        kind=SeedKind(kind),
        usernames=usernames(seeds),
        sec_uids=sec_uids(seeds, options),
        options=_options(SeedKind(kind), options),
        expand=_expand(SeedKind(kind), expand),
        depth=depth,
        max_pages=max_pages,
        max_units=max_units,
        limits=dict(_limit(limit) for limit in limits),
        since=start,
        until=stop,
        priority=priority,
        name=None if name is None else _text(name.strip(), "--name"),
        attrs=dict(_pair(_text(attr, "--attr"), "--attr", "K=V") for attr in attrs),
    )


def _expand(kind: SeedKind, expand: str | None) -> frozenset[Relation]:
    if expand is None:
        return frozenset(DEFAULT_EXPAND if kind in EXPANDING_KINDS else ())
    if expand.strip() == "none":
        return frozenset()
    wanted = {word.strip() for word in expand.split(",") if word.strip()}
    if unknown := wanted - set(Relation):
        raise UsageError(
            f"--expand: {_no_such('relation', min(unknown), Relation)}; use {', '.join(Relation)}, or none"
        )
    return frozenset(Relation(word) for word in wanted)


def _options(kind: SeedKind, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kind's own options as the API's arguments, with their defaults."""
    given = {name: value for name, value in options.items() if value not in (None, False)}
    for name in ("days", "max_cursor"):
        check_number(given.get(name), f"--{name.replace('_', '-')}")
    for name in given:
        if kind not in _OPTIONS[name]:
            raise UsageError(f"--{name.replace('_', '-')} works with {' and '.join(_OPTIONS[name])}, not with {kind}")
    if kind is SeedKind.KEYWORD:
        given.setdefault("period", "180")
        if given["period"] not in _PERIODS:
            raise UsageError(f"--period must be one of {', '.join(_PERIODS)} (days)")
        if given.get("sorting") not in (None, "0", "1"):
            raise UsageError("--sorting must be 0 (relevance) or 1 (likes)")
    if kind is SeedKind.HASHTAG:
        if given.get("full"):
            given.setdefault("days", 3650)
        elif given.keys() & {"days", "max_cursor"}:
            raise UsageError("--days and --max-cursor need --full")
    if len(country := str(given.get("country", "xx"))) != 2 or not (country.isascii() and country.isalpha()):
        raise UsageError(f"--country takes a two-letter code like us, not {country!r}")
    return given


def check_number(number: int | None, option: str) -> None:
    """Raise UsageError where a number is larger than any crawl needs and the database may hold."""
    if number is not None and number > _MOST:
        raise UsageError(f"{option} takes a number up to {_MOST:,}")


def _text(text: str, option: str) -> str:
    """Return a text that the database can hold."""
    try:
        printable(text)
    except BadValueError as bad:
        raise UsageError(f"{option} {bad}") from None
    if not 0 < len(text) <= _MAX_TEXT:
        raise UsageError(f"{option} takes 1 to {_MAX_TEXT} characters, not {len(text):,}")
    return text


def _no_such(noun: str, word: str, known: Iterable[str]) -> str:
    return f"no {noun} {word!r}{did_you_mean(word, known)}"


def _limit(text: str) -> tuple[str, int]:
    name, value = _pair(text, "--limit", "LIST=N")
    if name not in (known := sorted({*SeedKind, *Relation} - {SeedKind.LINKS})):
        raise UsageError(f"--limit: {_no_such('list', name, known)}; use {', '.join(known)}")
    if not value.isdecimal() or len(value) > len(str(_MOST)) or int(value) < 1:
        raise UsageError(f"--limit {name} takes a number of items, not {value!r}")
    return name, int(value)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise UsageError(f"{option} takes {form}, not {text!r}")
    return name.strip(), value.strip()


def _day(text: str | None, option: str, seconds: int) -> int | None:
    """Parse a date or time as Unix seconds; a date without time gets `seconds` added to its start in UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        second = int((moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp())
    except (ValueError, OverflowError):
        raise UsageError(f"{option} takes a date like 2026-01-31, not {text!r}") from None
    whole_day = len(text) <= len("2026-01-31")
    return second + (seconds if whole_day else 0)
