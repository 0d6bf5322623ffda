"""Counts what this process did, between two writes of the crawls' roll-ups."""

from collections import Counter, defaultdict
from threading import Lock

from crawler.api.endpoints import Endpoint
from crawler.model.enums import EndReason, PageState
from crawler.model.pages import Page
from crawler.store.ledger import Charge


class StatsBuffer:
    """Additions per crawl; a lost one is mended when the crawl is counted from the ledger at its end."""

    def __init__(self) -> None:
        self._added: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._lock = Lock()

    def take(self) -> dict[str, Counter[str]]:
        """What was added since it was last taken."""
        with self._lock:
            added, self._added = self._added, defaultdict(Counter)
        return added

    def planned(self, crawl: str, pages: int) -> None:
        self._add(crawl, {"pages.planned": pages})

    def closed(self, page: Page, state: PageState, end: EndReason | None) -> None:
        counts = {"pages.planned": -1, f"pages.{state}": 1}
        if end is not None:
            counts[f"ends.{end}"] = 1
        if state is PageState.DONE:
            counts[f"endpoints.{page.endpoint}.pages"] = 1
        self._add(page.crawl, counts)

    def charged(self, page: Page, endpoint: Endpoint, charge: Charge) -> None:
        counts = {"calls": 1, f"endpoints.{endpoint.name}.calls": 1}
        if charge.units is None:
            counts["unknown"] = charge.expected
        else:
            counts["units"] = charge.units
            counts[f"endpoints.{endpoint.name}.units"] = charge.units
        self._add(page.crawl, counts)

    def met(self, crawl: str, kinds: dict[str, int], rejects: int) -> None:
        self._add(crawl, {**{f"entities.{kind}": n for kind, n in kinds.items()}, "rejects": rejects})

    def _add(self, crawl: str, counts: dict[str, int]) -> None:
        with self._lock:
            added = self._added[crawl]
            for name, n in counts.items():
                if n:
                    added[name] += n
