"""What a person is told of a crawl: its figures, and the exit code that tells its state."""

from collections.abc import Mapping
from typing import Any

from crawler.model.enums import COUNTED_KINDS, CrawlState, PageState, PauseCause
from crawler.model.errors import UsageError
from crawler.store import Store

_SMALL = 5_000  # pages up to which a crawl is counted from the ledger here; of a larger one its roll-up is told

_EXIT = {
    CrawlState.COMPLETE: 0,
    CrawlState.FAILED: 4,
    CrawlState.CANCELLED: 8,
}
_EXIT_PAUSED = {
    PauseCause.ACCOUNT: 3,
    PauseCause.BUDGET: 5,
    PauseCause.UNITS: 6,
    PauseCause.OUTAGE: 6,
    PauseCause.USER: 8,
}


def exit_code(state: str, cause: str | None) -> int | None:
    """The exit code of `watch` for a crawl in this state; None while it runs."""
    if state == CrawlState.PAUSED:
        return _EXIT_PAUSED[PauseCause(str(cause))]
    return _EXIT.get(CrawlState(state))


def find(store: Store, crawl: str) -> dict[str, Any]:
    """The crawl's document; a UsageError where there is none."""
    if (found := store.crawls.get(crawl)) is None:
        raise UsageError(f"no crawl {crawl!r}; `tokcrawl status` lists them")
    return found


def figures(store: Store, crawl: Mapping[str, Any], *, count: bool = True) -> dict[str, Any]:
    """The crawl as `status --json` tells it: seconds behind while it runs, exact once the leader has counted it.

    Counting reads the whole crawl; without `count` a running one is told from its roll-up however small it is.
    """
    rollup = dict(crawl.get("rollup") or {})
    if not rollup.get("final"):
        if _is_small(crawl) and (count or crawl["state"] != CrawlState.RUNNING):
            rollup = store.stats.recount(crawl["_id"])
        else:
            pages = rollup.get("pages") or {}
            leased = store.ledger.count_leased(crawl["_id"])
            rollup["pages"] = {**pages, "leased": leased, "planned": max(0, pages.get("planned", 0) - leased)}
    told = status_document(crawl, rollup)
    told["failures"] = store.failures.summarize(crawl["_id"]) if told["pages"][PageState.FAILED] else []
    return told


def is_being_counted(store: Store, crawl: Mapping[str, Any]) -> bool:
    """Whether a crawl is over and a worker will soon tell its exact figures."""
    over = CrawlState(crawl["state"]).ended and not (crawl.get("rollup") or {}).get("final")
    return over and not _is_small(crawl) and bool(store.workers.all())


def _is_small(crawl: Mapping[str, Any]) -> bool:
    pages: Mapping[str, int] = (crawl.get("rollup") or {}).get("pages") or {}
    return sum(pages.values()) <= _SMALL


def status_document(crawl: Mapping[str, Any], rollup: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `status --json` prints of a crawl, from its document and its roll-up."""
    pages = rollup.get("pages") or {}
    return {
        "crawl": crawl["_id"],
        "name": crawl.get("name"),
        "kind": crawl.get("kind"),
        "state": crawl["state"],
        "cause": crawl.get("cause"),
        "pages": {str(state): max(0, int(pages.get(state, 0))) for state in PageState},
        "calls": int(rollup.get("calls", 0)),
        "units": {
            "spent": int(rollup.get("units", 0)),
            "unknown": int(rollup.get("unknown", 0)),
            "budget": (crawl.get("budget") or {}).get("units"),
        },
        "entities": {kind: int((rollup.get("entities") or {}).get(kind, 0)) for kind in COUNTED_KINDS},
        "lives": int((rollup.get("entities") or {}).get("lives", 0)),
        "rejects": int(rollup.get("rejects", 0)),
        "ends": dict(rollup.get("ends") or {}),
        "endpoints": dict(rollup.get("endpoints") or {}),
        "started_at": _iso(crawl.get("started_at")),
        "ended_at": _iso(crawl.get("ended_at")),
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
