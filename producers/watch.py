"""Show a crawl's progress until it ends, is paused, or the timeout passes: `tokcrawl watch`."""

from time import monotonic, sleep
from typing import Any

from rich.console import Console
from rich.live import Live

from crawler.store import Store
from producers.console import plural
from producers.exit_codes import ExitCode, exit_code_of_crawl
from producers.render import render_status
from producers.status import crawl_status, find_crawl, is_finalizing

_INTERVAL = 0.5  # seconds
_LINE_EVERY = 2.0  # seconds, where there is no terminal to draw on


def watch_crawl(
    store: Store, id_or_name: str, console: Console, timeout: float | None = None
) -> tuple[ExitCode, dict[str, Any]]:
    """Show the crawl on `console` until it stops; return the exit code and its last status."""
    deadline = None if timeout is None else monotonic() + timeout
    throughput = _Throughput()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        printed_at = 0.0
        while True:
            crawl = find_crawl(store, id_or_name)
            status = crawl_status(store, crawl, count=False)
            code = exit_code_of_crawl(status["state"], status["cause"])
            late = deadline is not None and monotonic() > deadline
            if code is not None and (late or not is_finalizing(store, crawl)):
                return code, status
            if late:
                return ExitCode.TIMEOUT, status
            rate = throughput.pages_per_second(status)
            note = blocked_note(store) if code is None else "finished; counting its pages"
            if console.is_terminal:
                live.update(render_status(status, rate, note), refresh=True)
            elif monotonic() - printed_at > _LINE_EVERY:
                console.print(_line(status, rate, note), highlight=False, soft_wrap=True)
                printed_at = monotonic()
            sleep(_INTERVAL)


class _Throughput:
    """Pages per second over the last ten seconds or so."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, int]] = []

    def pages_per_second(self, status: dict[str, Any]) -> float:
        self._samples = [*self._samples[-20:], (monotonic(), status["pages"]["done"])]
        (first, before), (last, done) = self._samples[0], self._samples[-1]
        return (done - before) / (last - first) if last > first else 0.0


def _line(status: dict[str, Any], rate: float, note: str | None) -> str:
    pages, stored = status["pages"], ", ".join(f"{n:,} {kind}" for kind, n in status["entities"].items() if n)
    line = (
        f"{status['crawl']} {status['state']}: {plural(pages['done'], 'page')} done, "
        f"{pages['planned'] + pages['leased']:,} open, {plural(status['units']['spent'], 'unit')}, "
        f"{rate:.1f} pages/s; {stored or 'nothing stored yet'}"
    )
    return f"{line}; {note}" if note else line


def blocked_note(store: Store) -> str | None:
    """Return why no crawl can make progress now; None if nothing blocks them."""
    if gate := store.gate.get():
        return f"no calls are being made ({gate.cause}): {gate.detail}"
    if not store.workers.all():
        return "no worker is running: start one with `tokcrawl worker`"
    return None
