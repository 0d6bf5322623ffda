"""What a call cost, and what a fetched page held: the values that the ledger records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from crawler.model.enums import EndReason


def utc_day(moment: datetime | None = None) -> str:
    """Return the UTC day (YYYY-MM-DD) of a moment, of now by default; the provider's units are counted per UTC day."""
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Charge:
    """What one call cost on a UTC day; where `units` is None the charge is unknown and `expected` counts."""

    day: str
    units: int | None
    expected: int = 0

    @property
    def spent(self) -> int:
        """Return the units that count as spent."""
        return self.expected if self.units is None else self.units

    def update_operators(self, at: datetime) -> tuple[dict[str, int], dict[str, Any]]:
        """Return the fields to `$inc` and to `$set` in the page's document."""
        if self.units is None:
            return {"calls": 1, f"unknown.{self.day}": self.expected}, {"unknown_since": at}
        return {"calls": 1, "units": self.units, f"charged.{self.day}": self.units}, {}


@dataclass(frozen=True, slots=True)
class PageResult:
    """What a fetched page held and where its list goes.

    items: ids in order, of `kind`.        embedded: ids of the other entities on the page, by kind.
    got, new: distinct items of the list so far, and those that this page added.
    next: the next page's cursor.          end: why the list ends here; None where it goes on.
    ends: end reasons, by id, of a batch's ids that the answer left out.
    total: the list's length as the provider claims it, None where it does not.
    rejects: items of this page that could not be parsed.
    skipped_items: what else the page held: items of another kind, and lists that hold none of its kind.
    unplanned: pages that follow and are not planned, as the crawl has ended when its answer was read again.
    edge: the items follow ("in") or are followed by ("out") the user in the argument `id`.
    """

    kind: str
    items: Sequence[str]
    embedded: Mapping[str, Sequence[str]]
    got: int
    new: int
    next: Mapping[str, Any] | None
    end: EndReason | None
    ends: Mapping[str, str] | None = None
    edge: Literal["in", "out"] | None = None
    total: int | None = None
    rejects: int = 0
    skipped_items: int = 0
    unplanned: int = 0
