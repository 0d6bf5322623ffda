"""Compare an answer with what the endpoint table says: its price, its items, its paging, its numbers. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crawler.api.endpoints import Endpoint
from crawler.api.page_parser import ParsedPage
from crawler.api.parsers.fields import INT64
from crawler.model.enums import EndReason
from crawler.model.errors import ApiCallError, MalformedAnswerError, NotAvailableError
from crawler.model.pages import Request

_MILLISECONDS = 10**11  # a time from here on is in no seconds of this age
_TIMES = ("create_time", "createTime")
_OFTEN_PRIVATE = ("user_liked_posts", "user_followers", "user_followings")


@dataclass(frozen=True, slots=True)
class Finding:
    """One deviation, in words.

    kind: `price`, `items`, `paging`, `number`, `private` and the other ends, or the class of the error.
    """

    kind: str
    text: str


def of_price(endpoint: Endpoint, request: Request, units: int | None) -> Iterator[Finding]:
    """Yield what is wrong with a charge."""
    if units is None:
        yield Finding("price", "does not say what it cost: no units_charged that is an integer from 0 to 100,000")
    elif endpoint.batch_argument is not None and units > endpoint.expected_price:
        ids = len(request.args[endpoint.batch_argument])
        yield Finding("price", f"cost {units} units for {ids} ids; expected were {endpoint.expected_price}")
    elif units > endpoint.max_price:
        yield Finding("price", f"cost {units} units; the table says {endpoint.max_price} at most")
    elif units < endpoint.expected_price and not endpoint.price_varies:
        yield Finding("price", f"cost {units} units; the table says {endpoint.expected_price}")


def of_error(endpoint: Endpoint, error: ApiCallError, *, user_is_private: bool = False) -> Iterator[Finding]:
    """Yield what a call says that brought no page; none where that is an answer as good as any."""
    if isinstance(error, NotAvailableError):
        may_be_private = user_is_private or endpoint.name in _OFTEN_PRIVATE
        if error.end is not EndReason.PRIVATE or not may_be_private:
            yield Finding(str(error.end), f"answered that an object which exists is {error.end}: {error}")
    elif isinstance(error, MalformedAnswerError):
        yield Finding(error.kind, error.detail)
    else:
        yield Finding(error.kind, str(error))


def of_page(endpoint: Endpoint, request: Request, parsed: ParsedPage, data: Any, body: bytes) -> Iterator[Finding]:
    """Yield what is unusual about a page that could be read."""
    yield from _of_items(endpoint, request, parsed)
    if endpoint.cursor_fields and isinstance(data, dict):
        yield from _of_paging(endpoint, parsed, data)
    yield from _of_numbers(body)


def _of_items(endpoint: Endpoint, request: Request, parsed: ParsedPage) -> Iterator[Finding]:
    if parsed.rejected:
        first = parsed.rejected[0]
        count = len(parsed.items) + len(parsed.rejected)
        yield Finding("items", f"{len(parsed.rejected)} of {count} items are not understood, the first: {first.why}")
    elif not parsed.items and not parsed.foreign:
        yield Finding("items", "holds no item of what was asked for")
    if endpoint.batch_argument is not None:
        asked = set(request.args[endpoint.batch_argument])
        if missing := asked - {item.id for item in parsed.items}:
            yield Finding("items", f"{len(missing)} of {len(asked)} ids that were asked for are not in it")
    if parsed.foreign:
        yield Finding("items", f"{len(parsed.foreign)} items are about something else than what was asked for")
    for path in parsed.unread:
        yield Finding("items", f"nobody reads {path}")


def _of_paging(endpoint: Endpoint, parsed: ParsedPage, data: dict[str, Any]) -> Iterator[Finding]:
    key = endpoint.cursor_fields["cursor"]
    cursor = data.get(key)
    if isinstance(cursor, str | float):
        yield Finding("paging", f"{key} is {cursor!r}, not an integer; it is sent back as it is")
    total = data.get("total")
    if total is not None and parsed.total is None and not str(total).isdigit():
        yield Finding("number", f"total is {str(total)[:40]!r}, not a count")
    if parsed.total is not None and parsed.next is None and parsed.total > len(parsed.items) + parsed.nulls:
        yield Finding("paging", f"the list ends after {len(parsed.items)} of {parsed.total:,} items: no {key}")


def _of_numbers(body: bytes) -> Iterator[Finding]:
    """Yield the first number beyond 64 bits, and the first time in milliseconds."""
    huge = milliseconds = None
    for path, value in _leaves(_decoded(body), ""):
        if huge is None and isinstance(value, int) and not -INT64 <= value < INT64:
            huge = Finding("number", f"{path} is {value}, beyond 64 bits; it is kept as text")
        if milliseconds is None and path.endswith(_TIMES) and str(value).isdigit() and int(value) > _MILLISECONDS:
            milliseconds = Finding("number", f"{path} is {value}: milliseconds, not seconds")
    yield from (finding for finding in (huge, milliseconds) if finding is not None)


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # read by more lenient means, which hide what is looked for here
        return None


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    pending = [(path, value)]
    while pending:
        place, one = pending.pop()
        if isinstance(one, dict):
            pending += [(f"{place}.{key}" if place else str(key), entry) for key, entry in reversed(one.items())]
        elif isinstance(one, list):
            pending += [(f"{place}[]", entry) for entry in reversed(one)]
        else:
            yield place, one
