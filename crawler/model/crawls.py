"""A crawl and its specification: kind of seeds, relations to expand, depth, limits and budget."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from crawler.model.enums import CrawlState, PauseCause, Relation, SeedKind


class CrawlSpec(BaseModel):
    """What `tokcrawl seed` requested.

    `since` and `until` (unix seconds) bound the posts that are expanded. `max_pages` is in pages, `max_units` in units
    of the API; None means unbounded in all four. `depth` 0 fetches the seeds only.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    kind: SeedKind
    usernames: frozenset[str] = Field(
        default=frozenset(), description="users seeded by name; their profile and posts are requested by name"
    )
    sec_uids: frozenset[str] = Field(
        default=frozenset(), description="users whose alternative profile payload is requested"
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="options of the seed kind, as arguments of the API"
    )
    expand: frozenset[Relation] = frozenset()
    depth: int = Field(2, ge=0)
    max_pages: int | None = Field(None, gt=0)
    max_units: int | None = Field(None, gt=0)
    limits: dict[str, int] = Field(
        default_factory=dict, description="list → items after which no further page is fetched"
    )
    since: int | None = None
    until: int | None = None
    priority: int = Field(0, ge=-5, le=5)
    name: str | None = None
    attrs: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Crawl:
    """A crawl that has not ended, as workers see it; `cause` says why it is paused."""

    id: str
    state: CrawlState
    cause: PauseCause | None
    spec: CrawlSpec
    max_units: int | None
    max_pages: int | None

    @property
    def running(self) -> bool:
        return self.state is CrawlState.RUNNING

    @property
    def is_active(self) -> bool:
        """Whether calls may be made for it: in an outage the gate admits one call at a time as a probe."""
        return self.running or self.cause is PauseCause.OUTAGE

    @property
    def has_budget(self) -> bool:
        return self.max_units is not None or self.max_pages is not None

    @cached_property
    def share_weight(self) -> float:
        """Return its weight in sharing the workers; it doubles with each step of priority."""
        return float(2.0**self.spec.priority)
