"""Where text for people goes: as wide as the terminal, and wide enough for a file or a pipe."""

import sys

from rich.console import Console

_WIDE = 200  # columns where there is no terminal


def out() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDE)


def err() -> Console:
    return Console(stderr=True, width=None if sys.stderr.isatty() else _WIDE)
