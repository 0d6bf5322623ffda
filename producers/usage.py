"""Reconcile the ledger with the provider's usage per UTC day, and resolve unknown charges: `tokcrawl usage`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.api.client import ApiClient
from crawler.api.endpoints import ENDPOINTS
from crawler.model.charges import utc_day
from crawler.model.enums import CrawlState
from crawler.model.errors import UsageError
from crawler.store import Store
from crawler.store.budgets import crawl_account, day_account
from producers.console import plural

_FIGURE_LAG = timedelta(hours=1)  # after the day's end, until the provider's figure counts as final
_USAGE = ENDPOINTS["get_usage"]


def reconcile(store: Store, api: ApiClient, days: int, settle_all: bool = False) -> list[dict[str, Any]]:
    """Compare each day, newest first; resolve unknown charges with the units the provider's figure leaves for them.

    A charge is only resolved downwards when the provider's figure is final: the day has been over for an hour, or
    `settle_all` says that no call is in flight. A figure below what is known resolves nothing: it lags behind.

    Return for each day: `day`, `provider`, `ledger` (known charges), `unknown` (units that stay unconfirmed), `settled`
    (unknown units found to have been charged), `elsewhere` (units that no call in this ledger explains).
    """
    rows = []
    now = datetime.now(UTC)
    for back in range(days):
        day = utc_day(now - timedelta(days=back))
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
        left = provider - known
        is_final = settle_all or utc_day(now - _FIGURE_LAG) > day
        if unknown and left >= 0 and (is_final or left >= unknown):
            row["settled"] = settled = _settle_day(store, day, left)
            row["ledger"] = known + settled
            row["unknown"] = 0
        row["elsewhere"] = max(provider - row["ledger"] - row["unknown"], min(0, left))
        rows.append(row)
    return rows


def render_usage(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return one line of text per day."""
    lines = []
    for row in rows:
        line = f"{row['day']}  provider {row['provider']:,}  ledger {row['ledger']:,}"
        if row["settled"]:
            line += f"  ({row['settled']:,} of these were unconfirmed until now)"
        if row["unknown"]:
            line += f"  {row['unknown']:,} unconfirmed; settled when the day is over, or by `tokcrawl usage --settle`"
        if row["elsewhere"] > 0:
            line += f"  {plural(row['elsewhere'], 'unit')} spent elsewhere with this token, or in flight"
        if row["elsewhere"] < 0:
            line += f"  provider reports {plural(-row['elsewhere'], 'unit')} fewer than its own responses charged"
        lines.append(line)
    return "\n".join(lines)


def _settle_day(store: Store, day: str, left: int) -> int:
    """Resolve the day's unknown charges with the `left` units; return how many units were charged."""
    settled = 0
    crawl_ids = set()
    for page in store.charges.unknown_on(day):
        feared = int(page["unknown"][day])
        charged = min(feared, left - settled)
        if store.charges.resolve_unknown(page["_id"], day, feared, charged):
            settled += charged
            crawl_ids.add(page["crawl"])
            for account in (crawl_account(page["crawl"]), day_account(day)):
                store.budgets.adjust(account, charged - feared)
    for crawl_id in crawl_ids:
        crawl = store.crawls.get(crawl_id)
        if crawl and crawl["state"] != CrawlState.RUNNING:
            store.crawls.finalize_stats(crawl_id, crawl["rollup"], store.stats.recount(crawl_id))
    return settled


def _tiktok_units(data: Any) -> int:
    """Parse the provider's figure: {"tiktok": n, ...}, or {"units": n} (provider.md E27)."""
    value = data.get("tiktok", data.get("units")) if isinstance(data, dict) else None
    if data == {}:  # nothing was used that day
        return 0
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(
            f"the provider's usage cannot be read: {str(data)[:200]}; nothing was changed, try again later"
        )
    return value
