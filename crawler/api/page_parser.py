"""Parses the data of one answer into items, rejects and the next page's cursor, and accounts for all it holds. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from crawler.api.client import ApiResponse
from crawler.api.endpoints import Endpoint, ItemParser
from crawler.api.envelope import (
    UnparsablePageError,
    holds_objects,
    next_cursor,
    open_envelope,
    outline,
    says_nothing,
)
from crawler.api.parsers.fields import parse_count
from crawler.model.errors import MalformedAnswerError, MismatchError
from crawler.model.items import Fullness, Item, ParsedEntity, SkipItemError, UnparsableItemError

__all__ = ["ParsedPage", "RejectedItem", "UnparsablePageError", "parse_page", "parse_response"]

_NO_ARGS: Mapping[str, Any] = MappingProxyType({})
_ID_IN_URL = re.compile(r"/(?:video|photo|v)/([0-9]+)")
_MAX_SEARCHED = 1000  # objects and lists that are looked at for items in a place where none belongs


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """What was not parsed: its position on the page from 0 (-1: no item of the list), the reason, and the value."""

    position: int
    why: str
    raw: Any

    @property
    def shape(self) -> str:
        """Return what it has in common with others of its kind: its `type`, and the keys that hold something."""
        if self.position < 0 or not isinstance(self.raw, dict):
            return self.why
        filled = sorted(str(key) for key, value in self.raw.items() if value not in (None, ""))
        return " ".join([str(self.raw.get("type"))[:50], *filled])


@dataclass(slots=True)
class ParsedPage:
    """What one page holds.

    items: the parsed ones, in order.        foreign: parsed ones about something else than what was asked for.
    rejected: those that could not be parsed.        skipped: how many are of another kind; `examples`: one a shape.
    nulls: entries that hold nothing.        unread: paths of other lists and objects, none of which holds an item.
    next: the next page's cursor, None where the list ends.
    total: the list's length as the provider claims it, None where it does not (provider.md P12).

    Every entry of the answer is among items, foreign, rejected, skipped and nulls.
    """

    items: list[Item]
    rejected: list[RejectedItem] = field(default_factory=list)
    next: Mapping[str, Any] | None = None
    total: int | None = None
    foreign: list[Item] = field(default_factory=list)
    skipped: int = 0
    examples: list[RejectedItem] = field(default_factory=list)
    nulls: int = 0
    unread: list[str] = field(default_factory=list)

    def entities(self) -> list[ParsedEntity]:
        """Return every entity on the page: each item, followed by the entities embedded in it."""
        return [found for items in (self.items, self.foreign) for item in items for found in item.found]


def parse_response(endpoint: Endpoint, response: ApiResponse, args: Mapping[str, Any]) -> ParsedPage:
    """Parse a paid answer; a MalformedAnswerError or MismatchError with its charge and body where it is no page."""
    try:
        return parse_page(endpoint, response.data, args)
    except UnparsablePageError as error:
        kind = MismatchError if error.kind == "mismatch" else MalformedAnswerError
        raise kind(error.why, response.status, response.units, response.body) from None


def parse_page(endpoint: Endpoint, data: Any, args: Mapping[str, Any] = _NO_ARGS) -> ParsedPage:
    """Parse the data of an answer to a call with these arguments.

    UnparsablePageError where it is no page of this endpoint, holds what nobody reads, or is about something else; never
    because of one item among others.
    """
    assert endpoint.parser is not None, f"{endpoint.name} is not a page of items"
    envelope = open_envelope(endpoint, data)
    parsed, rejected, skipped, nulls = _parse_entries(endpoint, envelope.entries)
    if not parsed and (rejected or skipped):
        if endpoint.is_object and says_nothing(data):
            return ParsedPage([], nulls=len(envelope.entries))
        raise UnparsablePageError(_nothing_understood(envelope.entries, rejected or skipped))
    items, foreign = _split(endpoint, parsed, args)
    if args.get("alternative_method"):
        items = [item._replace(found=(item.found[0]._replace(dialect="alternative"),)) for item in items]
    unread = list(_unread(endpoint.parser, parsed, envelope.others)) if envelope.others else []
    return ParsedPage(
        items,
        rejected,
        next_cursor(endpoint, envelope, data, bool(parsed)),
        parse_count(data.get("total")) if isinstance(data, dict) else None,
        foreign,
        len(skipped),
        _examples(skipped, unread, envelope.others),
        nulls,
        unread,
    )


def _parse_entries(
    endpoint: Endpoint, entries: list[Any]
) -> tuple[list[Item], list[RejectedItem], list[RejectedItem], int]:
    """Return the items, the rejected ones, those of another kind, and how many entries hold nothing."""
    parse = endpoint.parser
    assert parse is not None
    fullness = Fullness.DETAIL if endpoint.is_object or endpoint.batch_argument else Fullness.LISTED
    items: list[Item] = []
    rejected: list[RejectedItem] = []
    skipped: list[RejectedItem] = []
    nulls = 0
    for position, raw in enumerate(entries):
        if raw is None or raw == {}:
            nulls += 1
            continue
        try:
            items.append(parse(raw, fullness=fullness))
        except SkipItemError as error:
            skipped.append(RejectedItem(position, error.why, raw))
        except UnparsableItemError as error:
            rejected.append(RejectedItem(position, error.why, raw))
    return items, rejected, skipped, nulls


def _nothing_understood(entries: list[Any], failed: list[RejectedItem]) -> str:
    return f"none of {len(entries)} items is understood: {failed[0].why}, in {outline(failed[0].raw)}"


def _examples(skipped: list[RejectedItem], unread: list[str], others: Mapping[str, Any]) -> list[RejectedItem]:
    """Return one item of another kind for each shape, and each list that nobody reads."""
    if not skipped and not unread:
        return []
    first: dict[str, RejectedItem] = {}
    for one in skipped:
        first.setdefault(one.shape, one)
    return [*first.values(), *(RejectedItem(-1, f"nobody reads {path}", others[path]) for path in unread)]


# --- the answer held against its question ------------------------------------------------------------------


def _split(endpoint: Endpoint, parsed: list[Item], args: Mapping[str, Any]) -> tuple[list[Item], list[Item]]:
    """Separate the items that are about something else than what was asked for; a batch just leaves ids out (E17)."""
    items = parsed
    for argument, name in endpoint.subject.items():
        if asked := _values(name, args.get(argument)):
            fitting = (None, *asked)
            items = [item for item in items if _value_of(item, name) in fitting]
            if parsed and not items and endpoint.batch_argument is None:
                raise UnparsablePageError(_about_another(parsed[0], name, asked), "mismatch")
    if len(items) == len(parsed):
        return parsed, []
    own = set(map(id, items))
    return items, [item for item in parsed if id(item) not in own]


def _values(name: str, given: Any) -> list[str]:
    """Return the values that a field may have for an argument; none where the argument does not say."""
    if given is None:
        return []
    if isinstance(given, list):
        return [str(value) for value in given]
    if name == "username":
        return [str(given).lower()]
    return _ID_IN_URL.findall(given) if isinstance(given, str) and "/" in given else [str(given)]


def _value_of(item: Item, name: str) -> str | None:
    value: str | None = getattr(item.found[0].entity, name)
    return value.lower() if value and name == "username" else value


def _about_another(item: Item, name: str, asked: list[str]) -> str:
    return f"the answer is about another object: {name} {_value_of(item, name)} instead of {', '.join(asked)[:200]}"


# --- what nobody reads -------------------------------------------------------------------------------------


def _unread(parse: ItemParser, parsed: list[Item], others: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of lists and maps of objects beside the items; UnparsablePageError where one holds items.

    A page without items must not hold any other objects at all: they would be what was bought.
    """
    ids = {item.id for item in parsed}
    for path, value in others.items():
        if not parsed and (holds_objects(value) or any(True for _ in _items_in(parse, value))):
            raise UnparsablePageError(f"no list of items, and nobody reads {path} ({outline(value)})")
        if any(item.id not in ids and item.found[0].entity.known_fields() for item in _items_in(parse, value)):
            raise UnparsablePageError(f"items where none are known to be: nobody reads {path} ({outline(value)})")
        if any(entry and isinstance(entry, dict) for entry in (value.values() if isinstance(value, dict) else value)):
            yield path


def _items_in(parse: ItemParser, value: Any) -> Iterator[Item]:
    """Yield every item that stands anywhere in a value, but not inside another."""
    pending = [value]
    for _ in range(_MAX_SEARCHED):
        if not pending:
            return
        one = pending.pop()
        if isinstance(one, dict):
            try:
                yield parse(one, fullness=Fullness.LISTED)
                continue
            except UnparsableItemError:
                pass
        entries = one.values() if isinstance(one, dict) else one
        pending.extend(entry for entry in entries if isinstance(entry, dict | list))
