"""From a `seed` command's words to a spec; everything that does not fit is named before anything starts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import DEFAULT_EXPAND, EXPANDING_KINDS, Relation, SeedKind
from crawler.model.errors import UsageError
from producers.seeds.start import sec_uids, usernames
from producers.seeds.values import SeedValue, parse, read_list

_PERIODS = ("0", "1", "7", "30", "90", "180")
_DAY = 86_400  # seconds

# Which options go with which kinds; the others are refused rather than ignored.
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


def seeds(kind: str, values: Sequence[str], input_file: Path | None, stdin: IO[bytes]) -> list[SeedValue]:
    """The seeds of the command line, of `--input` and of `-`, together."""
    lines: list[tuple[int | None, str]] = [(None, value) for value in values if value != "-"]
    if "-" in values:
        lines += read_list("-", stdin)
    if input_file is not None:
        lines += read_list(input_file, stdin)
    if not lines:
        raise UsageError(f"what to seed? Give values after {kind}, a file with --input, or - for standard input")
    return parse(kind, lines)


def make_spec(
    kind: str,
    given: Sequence[SeedValue],
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
    """The spec; a UsageError names what cannot be meant."""
    start, stop = _day(since, "--since", 0), _day(until, "--until", _DAY - 1)
    if start is not None and stop is not None and start > stop:
        raise UsageError(f"--since {since} is after --until {until}")
    return CrawlSpec(
        kind=SeedKind(kind),
        usernames=usernames(given),
        sec_uids=sec_uids(given, options),
        options=_options(SeedKind(kind), options),
        expand=_expand(SeedKind(kind), expand),
        depth=depth,
        max_pages=max_pages,
        max_units=max_units,
        limits=dict(_limit(limit) for limit in limits),
        since=start,
        until=stop,
        priority=priority,
        name=name,
        attrs=dict(_pair(attr, "--attr", "K=V") for attr in attrs),
    )


def _expand(kind: SeedKind, expand: str | None) -> frozenset[Relation]:
    if expand is None:
        return frozenset(DEFAULT_EXPAND if kind in EXPANDING_KINDS else ())
    if expand.strip() == "none":
        return frozenset()
    wanted = {word.strip() for word in expand.split(",") if word.strip()}
    if unknown := wanted - set(Relation):
        known = ", ".join(Relation)
        raise UsageError(f"--expand knows no {', '.join(sorted(unknown))}; it takes {known}, or none")
    return frozenset(Relation(word) for word in wanted)


def _options(kind: SeedKind, options: Mapping[str, Any]) -> dict[str, Any]:
    """The kind's own options as the API's arguments, with the contract's defaults."""
    given = {name: value for name, value in options.items() if value not in (None, False)}
    for name in given:
        if kind not in _OPTIONS[name]:
            raise UsageError(f"--{name.replace('_', '-')} goes with {' and '.join(_OPTIONS[name])}, not with {kind}")
    if kind is SeedKind.KEYWORD:
        given.setdefault("period", "180")
        if given["period"] not in _PERIODS:
            raise UsageError(f"--period is one of {', '.join(_PERIODS)} (days)")
        if given.get("sorting") not in (None, "0", "1"):
            raise UsageError("--sorting is 0 (relevance) or 1 (likes)")
    if kind is SeedKind.HASHTAG:
        if given.get("full"):
            given.setdefault("days", 3650)
        elif given.keys() & {"days", "max_cursor"}:
            raise UsageError("--days and --max-cursor go with --full")
    if len(country := str(given.get("country", "xx"))) != 2 or not country.isalpha():
        raise UsageError(f"--country takes a code of two letters like us, not {country!r}")
    return given


def _limit(text: str) -> tuple[str, int]:
    name, value = _pair(text, "--limit", "LIST=N")
    if name not in (known := {*SeedKind, *Relation}):
        raise UsageError(f"--limit knows no list {name!r}; it takes {', '.join(sorted(known))}")
    if not value.isdecimal() or int(value) < 1:
        raise UsageError(f"--limit {name} takes a number of items, not {value!r}")
    return name, int(value)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise UsageError(f"{option} takes {form}, not {text!r}")
    return name.strip(), value.strip()


def _day(text: str | None, option: str, seconds: int) -> int | None:
    """Unix seconds of a UTC day's start plus `seconds`, or of a moment given with its time."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} takes a date like 2026-01-31, not {text!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole_day = len(text) <= len("2026-01-31")
    return int(moment.timestamp()) + (seconds if whole_day else 0)
