"""How a crawl's figures read in a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from crawler.model.enums import CrawlState, PauseCause


def rendered(told: Mapping[str, Any], rate: float | None = None, note: str | None = None) -> RenderableType:
    """The figures for a terminal."""
    pages, units = told["pages"], told["units"]
    head = Text.assemble(
        ("crawl ", "dim"), told["crawl"], f" ({told['name']})" if told.get("name") else "", "  ",
        (state_words(told), _colour(told)),
    )  # fmt: skip
    table = Table.grid(padding=(0, 2))
    open_pages = pages["planned"] + pages["leased"]
    closed = sum(pages.values()) - open_pages
    table.add_row(
        "pages", f"{closed:,} of {closed + open_pages:,} so far", _nonzero(pages, "leased", "failed", "skipped")
    )
    budget = f" of {units['budget']:,}" if units.get("budget") else ""
    unknown = f", {units['unknown']:,} more unknown" if units["unknown"] else ""
    table.add_row("units", f"{units['spent']:,}{budget}{unknown}", f"{told['calls']:,} calls")
    table.add_row("stored", ", ".join(f"{n:,} {kind}" for kind, n in told["entities"].items() if n) or "nothing yet")
    if told["rejects"]:
        table.add_row("rejects", f"{told['rejects']:,} items could not be read (collection `rejects`)")
    if told["ends"]:
        table.add_row("lists", ", ".join(f"{n:,} {end}" for end, n in sorted(told["ends"].items())))
    if rate is not None:
        table.add_row("rate", f"{rate:.1f} pages/s")
    parts: list[RenderableType] = [head, table]
    if told["endpoints"]:
        parts.append(_endpoints(told["endpoints"]))
    parts += [
        Text(f"failed ({f['kind']}): {f['pages']} pages, e.g. {f['endpoint']}: {f['status']} {f['detail']}", "red")
        for f in told.get("failures") or []
    ]
    if note:
        parts.append(Text(note, "yellow"))
    return Group(*parts)


def listed(latest: list[dict[str, Any]]) -> RenderableType:
    """Crawls in a table, a line each."""
    if not latest:
        return Text("no crawls yet: start one with `tokcrawl seed hashtag cats`")
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("crawl", "name", "kind", "state", "pages done", "open", "units"):
        table.add_column(column, no_wrap=True, min_width=18 if column == "crawl" else None)
    for told in latest:
        pages = told["pages"]
        state = f"{told['state']} ({told['cause']})" if told.get("cause") else told["state"]
        table.add_row(
            told["crawl"], told.get("name") or "", told["kind"], Text(state, _colour(told)), f"{pages['done']:,}",
            f"{pages['planned'] + pages['leased']:,}", f"{told['units']['spent']:,}",
        )  # fmt: skip
    return table


def state_words(told: Mapping[str, Any]) -> str:
    """The state in a few words, with what a person can do about it."""
    state, cause, crawl = told["state"], told.get("cause"), told["crawl"]
    if state != CrawlState.PAUSED:
        return str(state)
    advice = {
        PauseCause.BUDGET: f"its budget is used up; go on with `tokcrawl resume {crawl} --max-units M`",
        PauseCause.UNITS: "the provider's units of the day are used up; goes on by itself at 00:00 UTC",
        PauseCause.ACCOUNT: f"token, e-mail or subscription; mend it, then `tokcrawl resume {crawl}`",
        PauseCause.OUTAGE: "the API cannot be reached; goes on by itself",
        PauseCause.USER: f"go on with `tokcrawl resume {crawl}`",
    }
    return f"paused ({cause}): {advice[PauseCause(str(cause))]}"


def _endpoints(endpoints: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("endpoint", "pages", "calls", "units"):
        table.add_column(column, justify="left" if column == "endpoint" else "right")
    for name, each in sorted(endpoints.items()):
        table.add_row(name, *(f"{each.get(column, 0):,}" for column in ("pages", "calls", "units")))
    return table


def _nonzero(counts: Mapping[str, int], *names: str) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in names if counts[name])


def _colour(told: Mapping[str, Any]) -> str:
    return {"complete": "green", "running": "cyan", "failed": "red"}.get(told["state"], "yellow")
