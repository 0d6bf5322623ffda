"""`tokcrawl usage`: the ledger beside the provider's own figures per UTC day, and the settling of unknown charges."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.api.client import ApiClient
from crawler.api.endpoints import ENDPOINTS
from crawler.model.enums import CrawlState
from crawler.model.errors import UsageError
from crawler.store import Store
from crawler.store.budgets import crawl_account, day_account

_USAGE = ENDPOINTS["get_usage"]


def settle(store: Store, api: ApiClient, days: int) -> list[dict[str, Any]]:
    """Compare each day, newest first, and turn unknown charges into what the provider's figure leaves for them.

    Gives per day: `day`, `provider`, `ledger` (known charges), `unknown` (what calls without an answer may have
    cost), `settled` (of it, found to have been charged), `elsewhere` (units that no call of this ledger explains).
    """
    told = []
    for back in range(days):
        day = (datetime.now(UTC) - timedelta(days=back)).strftime("%Y-%m-%d")
        provider = _tiktok_units(api.fetch(_USAGE, {"date": day}, {}).data)
        known, unknown = store.charges.spent_on(day)
        row: dict[str, Any] = {
            "day": day,
            "provider": provider,
            "ledger": known,
            "unknown": unknown,
            "settled": 0,
            "elsewhere": 0,
        }
        if unknown:
            left = max(0, provider - known)
            row["settled"] = settled = _settle_day(store, day, left)
            row["ledger"] = known + settled
            row["unknown"] = 0
        row["elsewhere"] = provider - row["ledger"]
        told.append(row)
    return told


def rendered(told: Sequence[Mapping[str, Any]]) -> str:
    """The days as lines of text."""
    lines = []
    for row in told:
        line = f"{row['day']}  provider {row['provider']:,}  ledger {row['ledger']:,}"
        if row["settled"]:
            line += f"  ({row['settled']:,} of it were unknown until now)"
        if row["elsewhere"] > 0:
            line += f"  {row['elsewhere']:,} spent elsewhere with this token, or in flight"
        if row["elsewhere"] < 0:
            line += f"  the provider tells {-row['elsewhere']:,} less than it charged by its own answers"
        lines.append(line)
    return "\n".join(lines)


def _settle_day(store: Store, day: str, left: int) -> int:
    """Settle every unknown charge of the day with the units that are left for them; returns those that were charged."""
    settled = 0
    crawls = set()
    for page in store.charges.unknown_on(day):
        feared = int(page["unknown"][day])
        charged = min(feared, left - settled)
        if store.charges.resolve_unknown(page["_id"], day, feared, charged):
            settled += charged
            crawls.add(page["crawl"])
            for account in (crawl_account(page["crawl"]), day_account(day)):
                store.budgets.adjust(account, charged - feared)
    for crawl in crawls:
        document = store.crawls.get(crawl)
        if document and document["state"] != CrawlState.RUNNING:
            store.crawls.finalize_stats(crawl, document["rollup"], store.stats.recount(crawl))
    return settled


def _tiktok_units(data: Any) -> int:
    """The provider's figure: {"tiktok": n, ...}, or {"units": n} as a consumer saw it (reference §3)."""
    value = data.get("tiktok", data.get("units")) if isinstance(data, dict) else None
    if data == {}:  # nothing was used that day
        return 0
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"the provider's figure cannot be read: {str(data)[:200]}; nothing was settled")
    return value
