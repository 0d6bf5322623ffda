"""What a reader returns, and the two ways in which it says no."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawler.model.entities import Entity

THIN = 0
"""Embedded in another object: counters may be placeholders."""
LISTED = 1
"""An item of a list."""
BOUGHT = 2
"""Bought as itself by a detail endpoint (profile, post_info, music_details)."""


class Unreadable(Exception):
    """An item that should have been readable and is not: keep it as a reject."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotAnItem(Unreadable):
    """Not of the kind this list is about (null, a card of another kind): skip it silently.

    A subclass, so that whoever catches only `Unreadable` keeps a reject too many and never crashes.
    """


@dataclass(frozen=True, slots=True)
class ParsedEntity:
    """One entity met, with the object it was read from and how much that object can be trusted to tell."""

    entity: Entity
    raw: Mapping[str, Any]
    rank: int


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: its own id, then all entities found in it, the item itself first."""

    id: str
    found: tuple[ParsedEntity, ...]
