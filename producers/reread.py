"""Read the kept answers of one crawl or of all again, and say what that brought."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.rereader import Rereader, RereadFigures
from crawler.model.enums import CrawlState
from crawler.model.errors import UsageError
from crawler.store import Store
from producers.console import plural, stderr_console
from producers.status import find_crawl


def reread_crawls(store: Store, id_or_name: str | None, endpoint: str | None, plan: bool) -> list[dict[str, Any]]:
    """Read the answers of a crawl, or of every crawl that has any; return its figures and state for each."""
    if endpoint is not None and endpoint not in ENDPOINTS:
        raise UsageError(f"no endpoint {endpoint!r}; `tokcrawl endpoints` lists them")
    if id_or_name is not None:
        crawl = find_crawl(store, id_or_name)
        if plan and crawl["state"] == CrawlState.CANCELLED:
            raise UsageError(f"crawl {crawl['_id']} is cancelled; reread it without --plan, or start a new one")
        return [_reread(store, crawl["_id"], endpoint, plan)]
    ids = [crawl_id for crawl_id in store.answers.crawls() if store.crawls.get(crawl_id)]
    return [_reread(store, one, endpoint, plan and store.crawls.state(one) != CrawlState.CANCELLED) for one in ids]


def _reread(store: Store, crawl_id: str, endpoint: str | None, plan: bool) -> dict[str, Any]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr_console(), transient=True) as progress:
        task = progress.add_task(f"crawl {crawl_id}", total=store.answers.count(crawl_id, endpoint))

        def show(figures: RereadFigures) -> None:
            progress.update(task, completed=figures.answers)

        figures = Rereader(store, crawl_id, plan=plan).run(endpoint, show)
    return {"crawl": crawl_id, "state": store.crawls.state(crawl_id), **asdict(figures)}


def render_reread(rows: Sequence[dict[str, Any]]) -> str:
    """Return a line for each crawl."""
    return "\n".join(map(_line, rows)) or "no answers are kept; TOKCRAWL_ARCHIVE says which are"


def _line(row: dict[str, Any]) -> str:
    parts = [f"{plural(row['answers'], 'answer')} read", f"{plural(row['recovered'], 'failed page')} recovered"]
    for name, what in (
        ("changed", "held more than was known"),
        ("unread", "still unreadable"),
        ("orphans", "left alone: gone, under way or failed otherwise"),
        ("planned", "planned"),
        ("unplanned", "follow and are not planned; `--plan` plans them"),
    ):
        if row[name]:
            parts.append(f"{plural(row[name], 'page')} {what}")
    return f"crawl {row['crawl']} ({row['state']}): {', '.join(parts)}"
