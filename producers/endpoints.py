"""Show the endpoint table: `tokcrawl endpoints`."""

from typing import Any

from rich.table import Table

from crawler.api.endpoints import ENDPOINTS, Endpoint


def endpoint_rows() -> list[dict[str, Any]]:
    """Return each endpoint's name, arguments, cursor, units per call, cap and the lists that `--limit` can name."""
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


def endpoint_table() -> Table:
    """Return the endpoints as a table for a terminal."""
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("endpoint", "arguments", "cursor", "units", "cap", "--limit"):
        table.add_column(column, no_wrap=column == "endpoint", min_width=24 if column == "endpoint" else None)
    for row in endpoint_rows():
        units = str(row["units"]) if row["units"] == row["units_at_most"] else f"{row['units']}-{row['units_at_most']}"
        table.add_row(
            row["endpoint"], " ".join(row["args"]), " ".join(row["cursor"]), units, row["cap"], " ".join(row["lists"])
        )
    return table


def _cap(entry: Endpoint) -> str:
    caps = []
    if entry.batch_argument:
        caps.append(f"{entry.max_ids} ids per call")
    if entry.max_cursor:
        caps.append(f"cursor {entry.max_cursor:,}")
    if entry.max_items:
        caps.append(f"{entry.max_items:,} items")
    if entry.max_pages:
        caps.append(f"{entry.max_pages} calls")
    return ", ".join(caps)
