"""What a parser returns, and the two errors it raises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal, NamedTuple

from crawler.model.entities import Entity


class Fullness(IntEnum):
    """How much of an entity an object can be trusted to hold."""

    EMBEDDED = 0  # inside another object: counters may be placeholders
    LISTED = 1  # an item of a list
    DETAIL = 2  # requested by itself from a detail endpoint (profile, post_info, music_details)


class UnparsableItemError(Exception):
    """An item of the expected kind that cannot be parsed: store it as a reject."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SkipItemError(UnparsableItemError):
    """An item of another kind than its list's (null, a card of another kind): count it and go on.

    It is a subclass so that code which catches only `UnparsableItemError` stores a surplus reject and does not crash.
    """


Dialect = Literal["app", "web", "alternative"]
"""The formats in which the same object can be bought, each with fields that the others lack (provider.md E10, E11)."""


class ParsedEntity(NamedTuple):
    """One entity, the object it was parsed from, and how completely that object describes it.

    dialect: the format of a user or post that was bought; None where it is embedded, or its kind has one format only.
    """

    entity: Entity
    raw: Mapping[str, Any]
    fullness: Fullness
    dialect: Dialect | None = None

    def known_fields(self) -> dict[str, Any]:
        """Return the typed fields that may overwrite stored ones; a 0 counts where it is no placeholder."""
        return self.entity.known_fields(zeros=self.fullness is Fullness.DETAIL or self.entity.real_zeros)


class Item(NamedTuple):
    """One item of a list: its id and all entities found in it, the item itself first."""

    id: str
    found: tuple[ParsedEntity, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an entity was last seen; stored as `seen.last_crawl`, `seen.last_page`, `seen.last_endpoint`.

    at: when the answer was received, where that is not just now: newer knowledge then stays.
    """

    crawl_id: str
    page_id: str
    endpoint: str
    at: datetime | None = None
