"""Parses the data of one answer into items, rejects and the next page's cursor. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from crawler.api.endpoints import Endpoint, Path
from crawler.api.parsers.fields import INT64
from crawler.model.items import Fullness, Item, ParsedEntity, SkipItemError, UnparsableItemError

_ABSENT = object()


class UnparsablePageError(Exception):
    """The answer's data does not have the shape of its endpoint."""


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item that could not be parsed: its position on the page from 0, the reason, and the item itself."""

    position: int
    why: str
    raw: Any


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What one page holds.

    items: the parsed ones, in order.        rejected: those that could not be parsed.
    next: the next page's cursor, None where the list ends.
    total: the list's length as the provider claims it, None where it does not (provider.md P12).
    """

    items: list[Item]
    rejected: list[RejectedItem] = field(default_factory=list)
    next: Mapping[str, Any] | None = None
    total: int | None = None

    def entities(self) -> list[ParsedEntity]:
        """Return every entity on the page: each item, followed by the entities embedded in it."""
        return [found for item in self.items for found in item.found]


def parse_page(endpoint: Endpoint, data: Any) -> ParsedPage:
    """Parse an answer's data; UnparsablePageError where it is no page of this endpoint, never because of one item."""
    raws = _raw_items(endpoint, data)
    fullness = Fullness.DETAIL if endpoint.is_object or endpoint.batch_argument else Fullness.LISTED
    items: list[Item] = []
    rejected: list[RejectedItem] = []
    assert endpoint.parser is not None, f"{endpoint.name} is not a page of items"
    for position, raw in enumerate(raws):
        try:
            items.append(endpoint.parser(raw, fullness=fullness))
        except SkipItemError as error:
            if raw is not None and not isinstance(raw, dict):
                rejected.append(RejectedItem(position, error.why, raw))
        except UnparsableItemError as error:
            rejected.append(RejectedItem(position, error.why, raw))
    total = data.get("total") if isinstance(data, dict) else None
    return ParsedPage(items, rejected, _next_cursor(endpoint, data), total if isinstance(total, int) else None)


def _raw_items(endpoint: Endpoint, data: Any) -> list[Any]:
    """Return the page's items; a list may be null or missing (provider.md P13)."""
    if endpoint.is_object:
        return data if isinstance(data, list) else [] if data is None else [data]
    for path in endpoint.items:
        value = _value_at(path, data)
        if isinstance(value, list):
            return value
        if value is None:
            return []
    if _is_empty_page(endpoint, data):
        return []
    raise UnparsablePageError(f"no list of items in {_outline(data)}")


def _value_at(path: Path, data: Any) -> Any:
    """Return the value at a path, which may be null; _ABSENT where the path does not exist."""
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return _ABSENT
        data = data[key]
    return data


def _is_empty_page(endpoint: Endpoint, data: Any) -> bool:
    """Whether this is a page that omits its list, as TikTok's own pages without items do (provider.md P13)."""
    if not isinstance(data, dict):
        return False
    return not data or bool(data.keys() & {"total", "has_more", "status_code", *endpoint.cursor_fields.values()})


def _next_cursor(endpoint: Endpoint, data: Any) -> Mapping[str, Any] | None:
    """Return the arguments that request the next page; None where the list ends here.

    A missing cursor ends a list (provider.md P1), and so does one of 0 or less: TikTok's last page of followers has
    cursor -1, together with a page token and a total of millions (provider.md P8).
    """
    if not endpoint.cursor_fields or not isinstance(data, dict):
        return None
    cursor = {
        argument: value
        for argument, key in endpoint.cursor_fields.items()
        if (value := _scalar(data.get(key))) is not None
    }
    if any(name not in cursor for name in endpoint.required_cursor):
        return None
    offset = cursor["cursor"]
    if (isinstance(offset, int) and offset <= 0) or offset in ("0", "-1"):
        return None
    return cursor


def _scalar(value: Any) -> int | str | None:
    """Return a cursor as it is sent; 20.0 is sent as 20; null, "", booleans and objects are no cursor."""
    if isinstance(value, bool) or value in (None, ""):
        return None
    if isinstance(value, float):
        if not isfinite(value):
            return None
        value = int(value)
    if isinstance(value, int):
        return value if abs(value) < INT64 else str(value)  # MongoDB holds no larger number
    return value if isinstance(value, str) else None


def _outline(data: Any) -> str:
    if isinstance(data, dict):
        return "an object with " + (", ".join(sorted(map(str, data)))[:200] or "nothing")
    return type(data).__name__
