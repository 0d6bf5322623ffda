"""Accumulate what this process did, between two writes of the crawls' roll-ups."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from threading import Lock

from crawler.model.charges import Charge
from crawler.model.enums import EndReason, PageState
from crawler.model.pages import Page


class StatsBuffer:
    """Additions per crawl id; one that is lost is corrected when the crawl is recounted from the ledger at its end."""

    def __init__(self) -> None:
        self._added: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._lock = Lock()

    def drain(self) -> dict[str, Counter[str]]:
        """Return what was added since the last time."""
        with self._lock:
            added, self._added = self._added, defaultdict(Counter)
        return added

    def add_planned(self, crawl_id: str, pages: int) -> None:
        self._add(crawl_id, {"pages.planned": pages})

    def add_closed(self, page: Page, state: PageState, end: EndReason | None) -> None:
        counts = {"pages.planned": -1, f"pages.{state}": 1}
        if end is not None:
            counts[f"ends.{end}"] = 1
        if state is PageState.DONE:
            counts[f"endpoints.{page.endpoint}.pages"] = 1
        self._add(page.crawl_id, counts)

    def add_charge(self, page: Page, charge: Charge) -> None:
        counts = {"calls": 1, f"endpoints.{page.endpoint}.calls": 1}
        if charge.units is None:
            counts["unknown"] = charge.expected
        else:
            counts["units"] = charge.units
            counts[f"endpoints.{page.endpoint}.units"] = charge.units
        self._add(page.crawl_id, counts)

    def add_entities(self, crawl_id: str, kinds: Mapping[str, int], rejects: int, skipped_items: int = 0) -> None:
        entities = {f"entities.{kind}": n for kind, n in kinds.items()}
        self._add(crawl_id, {**entities, "rejects": rejects, "skipped_items": skipped_items})

    def _add(self, crawl_id: str, counts: Mapping[str, int]) -> None:
        with self._lock:
            added = self._added[crawl_id]
            for name, n in counts.items():
                if n:
                    added[name] += n
