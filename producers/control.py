"""pause, resume, cancel and retry: a person's word on a crawl, heard by every worker within about a second."""

from crawler.model.enums import CrawlState, EndReason, PauseCause
from crawler.model.errors import UsageError
from crawler.rate_limit.limiter import RateLimiter
from crawler.store import Store
from crawler.store.budgets import crawl_account
from producers.status import find


def pause(store: Store, crawl: str) -> str:
    document = find(store, crawl)
    if not store.crawls.pause(PauseCause.USER, document["_id"]):
        raise UsageError(f"crawl {document['_id']} is {document['state']}, only a running one can be paused")
    return f"crawl {document['_id']} is paused; what is in flight is finished and kept"


def resume(store: Store, pace: RateLimiter, crawl: str, max_units: int | None, max_pages: int | None) -> str:
    """Let a paused crawl run on, with new totals for its budget where given."""
    document = find(store, crawl)
    crawl_id = document["_id"]
    if document["state"] != CrawlState.PAUSED:
        raise UsageError(f"crawl {crawl_id} is {document['state']}, only a paused one can be resumed")
    budget = {name: n for name, n in (("units", max_units), ("pages", max_pages)) if n is not None}
    if budget:
        told = store.stats.recount(crawl_id)
        store.budgets.open_account(crawl_account(crawl_id), told["units"] + told["unknown"], told["pages"]["done"])
    cause = PauseCause(document["cause"])
    store.frontier.reset_dispatch(crawl_id)
    store.crawls.resume(crawl=crawl_id, budget=budget)
    # A person says that it is mended; where it is not, the first answer closes the gate again.
    if cause in (PauseCause.ACCOUNT, PauseCause.UNITS) and store.gate.open(cause):
        pace.open_gate()
        if cause is PauseCause.UNITS:  # the others would have gone on with the same gate
            store.crawls.resume(causes=[cause])
    return f"crawl {crawl_id} goes on"


def cancel(store: Store, crawl: str) -> str:
    """End it: no call starts any more, what is in flight is kept, what is planned is skipped."""
    document = find(store, crawl)
    if not store.crawls.finish(document["_id"], CrawlState.CANCELLED):
        raise UsageError(f"crawl {document['_id']} is {document['state']} already")
    skipped = store.ledger.skip_planned(document["_id"], EndReason.CANCELLED)
    return f"crawl {document['_id']} is cancelled; {skipped:,} planned pages were not bought"


def retry(store: Store, crawl: str, kind: str | None) -> str:
    """Plan failed pages again, all or those of one class."""
    document = find(store, crawl)
    if document["state"] == CrawlState.CANCELLED:
        raise UsageError(f"crawl {document['_id']} is cancelled")
    pages = store.failures.retry(document["_id"], kind)
    if not pages:
        classes = ", ".join(failure["kind"] for failure in store.failures.summarize(document["_id"]))
        raise UsageError(f"no failed pages{f' of class {kind}' if kind else ''}; there are {classes or 'none at all'}")
    store.crawls.reopen(document["_id"])
    return f"{pages:,} failed pages are planned again"
