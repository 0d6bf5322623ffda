"""Render a crawl's status, and lists of crawls, for a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from crawler.model.enums import CrawlState, EndReason, PauseCause
from producers.console import plural

_COLOURS = {"complete": "green", "running": "cyan", "failed": "red"}

# End reasons whose name in the ledger says too little to a newcomer.
_END_WORDS: dict[str, str] = {EndReason.END: "complete", EndReason.MISSING: "not found", EndReason.ERROR: "failed"}


def render_status(status: Mapping[str, Any], rate: float | None = None, note: str | None = None) -> RenderableType:
    """Return the status with its endpoints, failures and, if given, throughput and note."""
    name = f" ({status['name']})" if status.get("name") else ""
    head = Text.assemble(("crawl ", "dim"), status["crawl"], name, "  ", (describe_state(status), _colour(status)))
    parts: list[RenderableType] = [head, _totals(status, rate)]
    if status["endpoints"]:
        parts.append(_endpoints(status["endpoints"]))
    parts += [Text(_failure(failure), "red") for failure in status.get("failures") or []]
    if note:
        parts.append(Text(note, "yellow"))
    return Group(*parts)


def render_list(statuses: list[dict[str, Any]]) -> RenderableType:
    """Return a table with one row per crawl."""
    if not statuses:
        return Text("no crawls yet: start one with `tokcrawl seed hashtag cats`")
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("crawl", "name", "kind", "state", "pages done", "open", "units"):
        table.add_column(column, no_wrap=True, min_width=18 if column == "crawl" else None)
    for status in statuses:
        pages = status["pages"]
        state = f"{status['state']} ({status['cause']})" if status.get("cause") else status["state"]
        table.add_row(
            status["crawl"], status.get("name") or "", status["kind"], Text(state, _colour(status)),
            f"{pages['done']:,}", f"{_open_pages(status):,}", f"{status['units']['spent']:,}",
        )  # fmt: skip
    return table


def describe_state(status: Mapping[str, Any]) -> str:
    """Return the state in a few words; for a paused crawl, with how it resumes."""
    state, cause, crawl_id = status["state"], status.get("cause"), status["crawl"]
    if state == CrawlState.FAILED:
        return f"finished; {plural(status['pages']['failed'], 'page')} failed (`tokcrawl retry {crawl_id}`)"
    if state != CrawlState.PAUSED:
        return str(state)
    resume = f"`tokcrawl resume {crawl_id}`"
    advice = {
        PauseCause.BUDGET: f"its budget is used up; raise it with `tokcrawl resume {crawl_id} --max-units M`",
        PauseCause.UNITS: "the provider's daily units are used up; resumes automatically at 00:00 UTC",
        PauseCause.ACCOUNT: f"EnsembleData refuses the token, e-mail or subscription. Fix it, then run {resume}",
        PauseCause.OUTAGE: "the API cannot be reached; resumes automatically",
        PauseCause.USER: f"resume it with {resume}",
    }
    if status.get("detail") and cause == PauseCause.BUDGET:
        advice[PauseCause.BUDGET] = f"{status['detail']}; go on with `tokcrawl resume {crawl_id} --max-units M`"
    return f"paused ({cause}): {advice[PauseCause(str(cause))]}"


def _totals(status: Mapping[str, Any], rate: float | None) -> Table:
    pages, units = status["pages"], status["units"]
    table = Table.grid(padding=(0, 2))
    table.add_row("pages", _progress(status), _nonzero(pages, "leased", "failed", "skipped"))
    budget = f" of {units['budget']:,}" if units.get("budget") else ""
    unknown = f", {units['unknown']:,} more unconfirmed" if units["unknown"] else ""
    table.add_row("units", f"{units['spent']:,}{budget}{unknown}", plural(status["calls"], "call"))
    table.add_row("stored", ", ".join(f"{n:,} {kind}" for kind, n in status["entities"].items() if n) or "nothing yet")
    if status["rejects"]:
        table.add_row("rejects", f"{plural(status['rejects'], 'item')} could not be parsed (collection `rejects`)")
    if status["skipped_items"]:
        table.add_row("others", f"{plural(status['skipped_items'], 'item')} of another kind (examples in `rejects`)")
    if status["ends"]:
        table.add_row(
            "lists", ", ".join(f"{n:,} {_END_WORDS.get(end, end)}" for end, n in sorted(status["ends"].items()))
        )
    if rate is not None:
        table.add_row("rate", f"{rate:.1f} pages/s")
    return table


def _progress(status: Mapping[str, Any]) -> str:
    total = sum(status["pages"].values())
    if CrawlState(status["state"]).ended and not _open_pages(status):
        return f"{total:,}, none open"
    return f"{total - _open_pages(status):,} of {total:,} so far"


def _open_pages(status: Mapping[str, Any]) -> int:
    return int(status["pages"]["planned"] + status["pages"]["leased"])


def _failure(failure: Mapping[str, Any]) -> str:
    example = f"{failure['endpoint']}: {failure['status']} {failure['detail']}"
    return f"failed ({failure['kind']}): {plural(failure['pages'], 'page')}, e.g. {example}"


def _endpoints(endpoints: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("endpoint", "pages", "calls", "units"):
        table.add_column(column, justify="left" if column == "endpoint" else "right")
    for name, each in sorted(endpoints.items()):
        table.add_row(name, *(f"{each.get(column, 0):,}" for column in ("pages", "calls", "units")))
    return table


def _nonzero(counts: Mapping[str, int], *names: str) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in names if counts[name])


def _colour(status: Mapping[str, Any]) -> str:
    return _COLOURS.get(status["state"], "yellow")
