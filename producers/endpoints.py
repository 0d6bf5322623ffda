"""`tokcrawl endpoints`: the endpoint table as people read it."""

from typing import Any

from rich.table import Table

from crawler.api.endpoints import ENDPOINTS, Endpoint


def catalogue() -> list[dict[str, Any]]:
    """Each endpoint: name, arguments, cursor, units a call, caps and the lists whose `--limit` holds."""
    return [
        {
            "endpoint": entry.name,
            "args": list(entry.args),
            "cursor": list(entry.cursor_fields),
            "units": entry.expected_price,
            "units_at_most": entry.max_price,
            "cap": _cap(entry),
            "lists": list(entry.limit_names),
        }
        for entry in ENDPOINTS.values()
    ]


def table() -> Table:
    shown = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("endpoint", "arguments", "cursor", "units", "cap", "--limit"):
        shown.add_column(column, no_wrap=column == "endpoint", min_width=24 if column == "endpoint" else None)
    for row in catalogue():
        units = str(row["units"]) if row["units"] == row["units_at_most"] else f"{row['units']}-{row['units_at_most']}"
        shown.add_row(
            row["endpoint"], " ".join(row["args"]), " ".join(row["cursor"]), units, row["cap"], " ".join(row["lists"])
        )
    return shown


def _cap(entry: Endpoint) -> str:
    caps = []
    if entry.batch_argument:
        caps.append(f"{entry.max_ids} ids a call")
    if entry.max_cursor:
        caps.append(f"cursor {entry.max_cursor:,}")
    if entry.max_items:
        caps.append(f"{entry.max_items:,} items")
    if entry.max_pages:
        caps.append(f"{entry.max_pages} calls")
    return ", ".join(caps)
