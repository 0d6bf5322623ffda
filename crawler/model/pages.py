"""A page: the request that identifies it, its position in its list, and the ids derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

Args = Mapping[str, Any]
Cursor = Mapping[str, Any]

_TITLE = 60  # characters of an argument that are shown
_BRIEF = 20  # arguments after the first are shown only up to this many characters


def stable_hash(*parts: Any) -> str:
    """Return a 32-character hash of JSON-serialisable parts; the order of mapping keys does not matter."""
    return blake2b(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{value[0]} and {len(value) - 1} more" if len(value) > 1 else ", ".join(map(str, value))
    text = str(value)
    return text if len(text) <= _TITLE else text[:_TITLE] + "…"


@dataclass(frozen=True, slots=True)
class Request:
    """One call to the API: endpoint, arguments and cursor. The unit of work, of billing and of the ledger."""

    endpoint: str
    args: Args
    cursor: Cursor = field(default_factory=dict)

    def page_id(self, crawl_id: str) -> str:
        return stable_hash(crawl_id, self.endpoint, self.args, self.cursor)

    def list_id(self, crawl_id: str) -> str:
        return stable_hash(crawl_id, self.endpoint, self.args)

    def request_id(self) -> str:
        return stable_hash(self.endpoint, self.args, self.cursor)

    def describe(self) -> str:
        """Return the request for logs and Flower: endpoint, first argument, the others if short, cursor."""
        first, *others = [_short(value) for value in self.args.values()] or [""]
        words = [self.endpoint, first, *(other for other in others if len(other) <= _BRIEF)]
        if self.cursor:
            words.append("from " + _short(next(iter(self.cursor.values()))))
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """A page to be added to the frontier.

    nth: position in its list, from 0.     empty_streak: pages in a row before it that held nothing new.
    slow: its call takes minutes, so few are dispatched at a time.
    """

    request: Request
    depth: int
    nth: int = 0
    empty_streak: int = 0
    slow: bool = False


@dataclass(frozen=True, slots=True)
class PageMessage:
    """The message that the broker carries for a planned page."""

    page_id: str
    crawl_id: str
    request: Request


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the ledger holds it, leased by this worker under `lease_token`.

    nth: position in its list, from 0.       empty_streak: pages in a row before it that held nothing new.
    attempts: tries used up.
    fetched: fetched already and rediscovered at a smaller depth; its follow-ups are planned without a call.
    """

    id: str
    crawl_id: str
    request: Request
    list_id: str
    depth: int
    nth: int
    empty_streak: int
    attempts: int
    lease_token: str
    fetched: bool

    @property
    def endpoint(self) -> str:
        return self.request.endpoint

    def streak_after(self, new: int) -> int:
        """Return how many pages in a row, up to this one, held nothing new, if this one held `new` new items."""
        return 0 if new else self.empty_streak + 1
