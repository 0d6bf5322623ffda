"""What a page is: the request that names it, its place in its list, and its hashes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

Args = Mapping[str, Any]
Cursor = Mapping[str, Any]

_TITLE = 60  # characters of an argument that people are shown
_BRIEF = 20  # characters up to which an argument beside the first is worth showing


def digest(*parts: Any) -> str:
    """A stable 32-character name for JSON-able parts; the order of mapping keys does not matter."""
    return blake2b(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{value[0]} and {len(value) - 1} more" if len(value) > 1 else ", ".join(map(str, value))
    text = str(value)
    return text if len(text) <= _TITLE else text[:_TITLE] + "…"


@dataclass(frozen=True, slots=True)
class Request:
    """One call to the API in our words: endpoint, arguments and cursor. The unit of work, money and proof."""

    endpoint: str
    args: Args
    cursor: Cursor = field(default_factory=dict)

    def page_id(self, crawl: str) -> str:
        return digest(crawl, self.endpoint, self.args, self.cursor)

    def list_id(self, crawl: str) -> str:
        return digest(crawl, self.endpoint, self.args)

    def request_id(self) -> str:
        return digest(self.endpoint, self.args, self.cursor)

    def title(self) -> str:
        """The request as people say it, for logs and Flower: endpoint, telling argument, the rest if short, place."""
        first, *others = [_short(value) for value in self.args.values()] or [""]
        words = [self.endpoint, first, *(other for other in others if len(other) <= _BRIEF)]
        if self.cursor:
            words.append("from " + _short(next(iter(self.cursor.values()))))
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """A page to be planned: its request, its depth and its place in its list.

    `nth` counts pages of the list from 0, `barren` the pages right before it that held nothing new.
    """

    request: Request
    depth: int
    nth: int = 0
    barren: int = 0


@dataclass(frozen=True, slots=True)
class PageMessage:
    """A planned page whose message is to be sent."""

    id: str
    crawl: str
    request: Request


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the ledger holds it, taken by this worker under `token`."""

    id: str
    crawl: str
    request: Request
    list_id: str
    depth: int
    nth: int
    barren: int
    attempts: int
    unreadable: int
    token: str
    paid: bool
    """Bought already; met again nearer, so its follow-ups are planned anew without a call."""

    @property
    def endpoint(self) -> str:
        return self.request.endpoint
