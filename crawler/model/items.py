"""What a reader returns, and the two ways in which it says no."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from crawler.model.entities import Entity


class Fullness(IntEnum):
    """How much of an entity an object can be trusted to hold."""

    EMBEDDED = 0  # inside another object: counters may be placeholders
    LISTED = 1  # an item of a list
    DETAIL = 2  # bought by itself from a detail endpoint (profile, post_info, music_details)


class UnparsableItemError(Exception):
    """An item that should have been readable and is not: keep it as a reject."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SkipItem(UnparsableItemError):
    """Not of the kind this list is about (null, a card of another kind): skip it silently.

    A subclass, so that whoever catches only `UnparsableItemError` keeps a reject too many and never crashes.
    """


@dataclass(frozen=True, slots=True)
class ParsedEntity:
    """One entity met, with the object it was read from and how much that object can be trusted to tell."""

    entity: Entity
    raw: Mapping[str, Any]
    fullness: Fullness


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: its own id, then all entities found in it, the item itself first."""

    id: str
    found: tuple[ParsedEntity, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a fact comes from; stored as `seen.last_crawl`, `seen.last_page`, `seen.last_endpoint`."""

    crawl_id: str
    page_id: str
    endpoint: str
