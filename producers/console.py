"""Open consoles for text output: as wide as the terminal, or wide enough for a file or pipe."""

import sys

from rich.console import Console

_WIDE = 200  # columns where there is no terminal


def stdout_console() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDE)


def stderr_console() -> Console:
    return Console(stderr=True, width=None if sys.stderr.isatty() else _WIDE)


def plural(n: int, noun: str) -> str:
    """Return `1 page`, `2 pages`, `1,000 pages`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
