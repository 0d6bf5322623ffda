"""Reads a whole page: where its items sit, each item, and the way to the next page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from crawler.api.endpoints import Endpoint
from crawler.api.parsers.fields import INT64
from crawler.model.items import Fullness, Item, ParsedEntity, SkipItem, UnparsableItemError


class UnparsablePageError(Exception):
    """The answer's data is not of the shape its endpoint gives."""


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item that could not be read: its position, why, and itself."""

    position: int
    why: str
    raw: Any


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What one page holds: items in order, those that could not be read, the next page's cursor, the total claimed."""

    items: list[Item]
    rejected: list[RejectedItem] = field(default_factory=list)
    next: Mapping[str, Any] | None = None
    total: int | None = None

    def entities(self) -> list[ParsedEntity]:
        """Every entity met on the page, items first as they stand."""
        return [found for item in self.items for found in item.found]


def parse_page(endpoint: Endpoint, data: Any) -> ParsedPage:
    """Read an answer's data; an UnparsablePageError where it is no page of this endpoint, never for a bad item."""
    raws = _raw_items(endpoint, data)
    fullness = Fullness.DETAIL if endpoint.is_object or endpoint.batch_argument else Fullness.LISTED
    items: list[Item] = []
    rejected: list[RejectedItem] = []
    assert endpoint.parser is not None, f"{endpoint.name} is not a page of items"
    for position, raw in enumerate(raws):
        try:
            items.append(endpoint.parser(raw, fullness=fullness))
        except SkipItem as error:
            if raw is not None and not isinstance(raw, dict):
                rejected.append(RejectedItem(position, error.why, raw))
        except UnparsableItemError as error:
            rejected.append(RejectedItem(position, error.why, raw))
    total = data.get("total") if isinstance(data, dict) else None
    return ParsedPage(items, rejected, _next(endpoint, data, raws), total if isinstance(total, int) else None)


def _raw_items(endpoint: Endpoint, data: Any) -> list[Any]:
    """The page's items; lists may be null or missing (reference §7)."""
    if endpoint.is_object:
        return data if isinstance(data, list) else [] if data is None else [data]
    for path in endpoint.items:
        here, there = data, True
        for key in path:
            there = isinstance(here, dict) and key in here
            if not there:
                break
            here = here[key]
        if there and isinstance(here, list):
            return here
        if there and here is None:
            return []
    # Native pages without items leave the list out altogether; anything else is a shape nobody told us of.
    if isinstance(data, dict) and (
        not data or data.keys() & {"total", "has_more", "status_code", *endpoint.cursor_fields.values()}
    ):
        return []
    raise UnparsablePageError(f"no list of items in {_outline(data)}")


def _next(endpoint: Endpoint, data: Any, raws: list[Any]) -> Mapping[str, Any] | None:
    """The arguments that ask for the next page; None where the list says that it ends here.

    No cursor ends a list; so does a cursor of 0 or less, which is where native lists begin and end (reference §7:
    the last followers page has cursor -1 beside a token and a total of millions).
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
    """A cursor as it travels; 20.0 is 20, null, "" and false are none."""
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
