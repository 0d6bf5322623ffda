"""Pause, resume, cancel and retry crawls; every worker sees the change within about a second."""

from collections.abc import Mapping
from typing import Any

from crawler.model.enums import CrawlState, EndReason, PauseCause
from crawler.model.errors import UsageError
from crawler.model.sanitize import fix_surrogates
from crawler.rate_limit.limiter import RateLimiter
from crawler.store import Store
from crawler.store.budgets import crawl_account
from producers.console import plural
from producers.seeds.options import check_number
from producers.status import find_crawl


def pause(store: Store, id_or_name: str) -> str:
    """Pause a running crawl; return the line to print, as all functions here do."""
    crawl = find_crawl(store, id_or_name)
    if not store.crawls.pause(PauseCause.USER, crawl["_id"]):
        raise UsageError(f"crawl {crawl['_id']} is {crawl['state']}, only a running one can be paused")
    return f"crawl {crawl['_id']} paused; calls in flight will finish and their results are kept"


def resume(
    store: Store, rate_limiter: RateLimiter, id_or_name: str, max_units: int | None, max_pages: int | None
) -> str:
    """Resume a paused crawl, with new budget totals where given."""
    crawl = find_crawl(store, id_or_name)
    crawl_id = crawl["_id"]
    if crawl["state"] != CrawlState.PAUSED:
        raise UsageError(f"crawl {crawl_id} is {crawl['state']}, only a paused one can be resumed")
    budget = {name: n for name, n in (("units", max_units), ("pages", max_pages)) if n is not None}
    for name, total in budget.items():
        check_number(total, f"--max-{name}")
    if budget:
        stats = store.stats.recount(crawl_id)
        store.budgets.open_account(crawl_account(crawl_id), stats["units"] + stats["unknown"], stats["pages"]["done"])
    store.frontier.reset_dispatch(crawl_id)
    store.crawls.resume(crawl_id=crawl_id, budget=budget)
    _open_gate(store, rate_limiter, PauseCause(crawl["cause"]))
    return f"crawl {crawl_id} resumed" + _budget_note(crawl, budget)


def _budget_note(crawl: Mapping[str, Any], budget: Mapping[str, int]) -> str:
    """Say that a crawl will stop again at once, where its budget leaves nothing to spend."""
    rollup = crawl.get("rollup") or {}
    bound = budget.get("units", (crawl.get("budget") or {}).get("units"))
    spent = rollup.get("units", 0) + rollup.get("unknown", 0)
    if bound is None or spent < bound:
        return ""
    return f", but it will pause again at once: {spent:,} of {bound:,} units are spent; give more with --max-units"


def _open_gate(store: Store, rate_limiter: RateLimiter, cause: PauseCause) -> None:
    """Take the user's word that the cause is fixed; if it is not, the first answer closes the gate again."""
    if cause in (PauseCause.ACCOUNT, PauseCause.UNITS) and store.gate.open(cause):
        rate_limiter.open_gate()
        if cause is PauseCause.UNITS:  # the same gate stopped the other crawls
            store.crawls.resume(causes=[cause])


def cancel(store: Store, id_or_name: str) -> str:
    """Cancel a crawl: start no more calls, keep results of calls in flight, skip planned pages."""
    crawl = find_crawl(store, id_or_name)
    if not store.crawls.finish(crawl["_id"], CrawlState.CANCELLED):
        raise UsageError(f"crawl {crawl['_id']} is already {crawl['state']}")
    skipped = store.ledger.skip_planned(crawl["_id"], EndReason.CANCELLED)
    return f"crawl {crawl['_id']} cancelled; skipped {plural(skipped, 'planned page')}"


def retry(store: Store, id_or_name: str, kind: str | None) -> str:
    """Plan failed pages again, all or those of one class."""
    crawl = find_crawl(store, id_or_name)
    crawl_id = crawl["_id"]
    if crawl["state"] == CrawlState.CANCELLED:
        raise UsageError(f"crawl {crawl_id} is cancelled; start a new one with `tokcrawl seed`")
    pages = store.failures.retry(crawl_id, kind and fix_surrogates(kind))
    if not pages:
        raise UsageError(_nothing_to_retry(store, crawl_id, kind))
    store.crawls.reopen(crawl_id)
    return f"crawl {crawl_id}: {plural(pages, 'failed page')} planned again"


def _nothing_to_retry(store: Store, crawl_id: str, kind: str | None) -> str:
    classes = ", ".join(failure["kind"] for failure in store.failures.summarize(crawl_id))
    if not classes:
        return f"crawl {crawl_id} has no failed pages"
    return f"crawl {crawl_id} has no failed pages of class {kind}; it has {classes}"
