"""Find a crawl and return its status document, as `status --json` prints it."""

from collections.abc import Mapping
from typing import Any

from crawler.model.enums import COUNTED_KINDS, CrawlState, PageState
from crawler.model.errors import UsageError
from crawler.model.sanitize import fix_surrogates
from crawler.store import Store

_SHOWN = 20  # ids in an error
_SMALL = 5_000  # pages; a larger crawl is not counted from the ledger here, its roll-up is used instead


def find_crawl(store: Store, id_or_name: str) -> dict[str, Any]:
    """Return the crawl's document; raise UsageError if there is none, or several of this name."""
    name = fix_surrogates(id_or_name)
    if (found := store.crawls.get(name)) is not None:
        return found
    if ids := store.crawls.ids_named(name):
        more = f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else ""
        raise UsageError(f"{len(ids):,} crawls are named {name!r}: {', '.join(ids[:_SHOWN])}{more}; give the id of one")
    raise UsageError(f"no crawl {id_or_name!r}; `tokcrawl status` lists the latest")


def crawl_status(store: Store, crawl: Mapping[str, Any], *, count: bool = True) -> dict[str, Any]:
    """Return the crawl's status: seconds behind while it runs, exact once the leader has counted it.

    Counting reads the whole crawl; without `count`, a running one is read from its roll-up however small it is.
    """
    rollup = dict(crawl.get("rollup") or {})
    if not rollup.get("final"):
        if _is_small(crawl) and (count or crawl["state"] != CrawlState.RUNNING):
            rollup = store.stats.recount(crawl["_id"])
        else:
            pages = rollup.get("pages") or {}
            leased = store.ledger.count_leased(crawl["_id"])
            rollup["pages"] = {**pages, "leased": leased, "planned": max(0, pages.get("planned", 0) - leased)}
    status = status_document(crawl, rollup)
    status["failures"] = store.failures.summarize(crawl["_id"]) if status["pages"][PageState.FAILED] else []
    return status


def is_finalizing(store: Store, crawl: Mapping[str, Any]) -> bool:
    """Return whether a crawl has ended and a worker is about to write its exact figures."""
    over = CrawlState(crawl["state"]).ended and not (crawl.get("rollup") or {}).get("final")
    return over and not _is_small(crawl) and bool(store.workers.all())


def _is_small(crawl: Mapping[str, Any]) -> bool:
    pages: Mapping[str, int] = (crawl.get("rollup") or {}).get("pages") or {}
    return sum(pages.values()) <= _SMALL


def status_document(crawl: Mapping[str, Any], rollup: Mapping[str, Any]) -> dict[str, Any]:
    """Build the status from a crawl's document and its roll-up."""
    pages = rollup.get("pages") or {}
    return {
        "crawl": crawl["_id"],
        "name": crawl.get("name"),
        "kind": crawl.get("kind"),
        "state": crawl["state"],
        "cause": crawl.get("cause"),
        "detail": crawl.get("pause_detail") if crawl.get("cause") else None,
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
        "skipped_items": int(rollup.get("skipped_items", 0)),
        "ends": dict(rollup.get("ends") or {}),
        "endpoints": dict(rollup.get("endpoints") or {}),
        "started_at": _iso(crawl.get("started_at")),
        "ended_at": _iso(crawl.get("ended_at")),
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
