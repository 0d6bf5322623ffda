"""What a crawl is to do: its seeds, what to expand, how deep, which limits and which budget."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from crawler.model.enums import CrawlState, PauseCause, Relation, SeedKind


class CrawlSpec(BaseModel):
    """What was asked for with `tokcrawl seed`. Times are unix seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    kind: SeedKind
    usernames: frozenset[str] = Field(
        default=frozenset(), description="users seeded by name: whatever is bought of them is bought by name"
    )
    sec_uids: frozenset[str] = Field(default=frozenset(), description="users whose other profile payload is asked for")
    options: dict[str, Any] = Field(default_factory=dict, description="options of the kind, as the API's arguments")
    expand: frozenset[Relation] = frozenset()
    depth: int = Field(2, ge=0)
    max_pages: int | None = Field(None, gt=0)
    max_units: int | None = Field(None, gt=0)
    limits: dict[str, int] = Field(
        default_factory=dict, description="list → items after which no further page is bought"
    )
    since: int | None = None
    until: int | None = None
    priority: int = Field(0, ge=-5, le=5)
    name: str | None = None
    attrs: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Crawl:
    """A crawl that has not ended, as a worker sees it."""

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
        """Whether calls may be made for it; in an outage the gate lets one through at a time, to see if it is over."""
        return self.running or self.cause is PauseCause.OUTAGE

    @property
    def has_budget(self) -> bool:
        return self.max_units is not None or self.max_pages is not None

    @cached_property
    def share_weight(self) -> float:
        """Its share of the workers beside others: twice as much for each step of priority."""
        return float(2.0**self.spec.priority)
