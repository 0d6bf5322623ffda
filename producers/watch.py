"""`tokcrawl watch`: live progress of a crawl until it ends, is paused, or the time runs out."""

from time import monotonic, sleep
from typing import Any

from rich.console import Console
from rich.live import Live

from crawler.store import Store
from producers.render import rendered
from producers.status import exit_code, figures, find, is_being_counted

TIMEOUT = 9
_INTERVAL = 0.5  # seconds
_LINE_EVERY = 2.0  # seconds, where there is no terminal to draw on


def watch(store: Store, crawl: str, console: Console, timeout: float | None = None) -> tuple[int, dict[str, Any]]:
    """Show the crawl on `console` until it stands still; returns the exit code and its last figures."""
    deadline = None if timeout is None else monotonic() + timeout
    seen = _Rate()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        told_at = 0.0
        while True:
            document = find(store, crawl)
            told = figures(store, document, count=False)
            code = exit_code(told["state"], told["cause"])
            late = deadline is not None and monotonic() > deadline
            if code is not None and (late or not is_being_counted(store, document)):
                return code, told
            if late:
                return TIMEOUT, told
            rate = seen.pages_per_second(told)
            remark = note(store, told) if code is None else "it is over; its pages are being counted"
            if console.is_terminal:
                live.update(rendered(told, rate, remark), refresh=True)
            elif monotonic() - told_at > _LINE_EVERY:
                console.print(_line(told, rate, remark), highlight=False, soft_wrap=True)
                told_at = monotonic()
            sleep(_INTERVAL)


class _Rate:
    """Pages per second over the last ten seconds or so."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = []

    def pages_per_second(self, told: dict[str, Any]) -> float:
        self._seen = [*self._seen[-20:], (monotonic(), told["pages"]["done"])]
        (first, before), (last, done) = self._seen[0], self._seen[-1]
        return (done - before) / (last - first) if last > first else 0.0


def _line(told: dict[str, Any], rate: float, note: str | None) -> str:
    pages, stored = told["pages"], ", ".join(f"{n} {kind}" for kind, n in told["entities"].items() if n)
    line = (
        f"{told['crawl']} {told['state']}: {pages['done']} pages done, {pages['planned'] + pages['leased']} open, "
        f"{told['units']['spent']} units, {rate:.1f} pages/s; {stored or 'nothing stored yet'}"
    )
    return f"{line}; {note}" if note else line


def note(store: Store, told: dict[str, Any]) -> str | None:
    """What a person would want to know while nothing seems to move."""
    if gate := store.gate.get():
        return f"no calls are made ({gate.cause}): {gate.detail}"
    if not store.workers.all():
        return "no worker is running: start one with `tokcrawl worker`"
    return None
