"""The script that draws README's picture, and the picture itself."""

import io
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.live import Live

from docs.pictures import make

PICTURE = Path(make.__file__).with_name("watch.svg").read_text("utf-8")


def test_the_last_whole_frame_is_found_in_what_a_terminal_received() -> None:
    terminal = io.StringIO()
    with Live(console=Console(file=terminal, force_terminal=True, width=40), auto_refresh=False) as live:
        for frame in ("one\nrow", "two\nrows", "three"):
            live.update(frame, refresh=True)
        written = terminal.getvalue()
    assert make.last_frame(written).strip() == "two\nrows"


def test_colours_become_part_of_the_picture() -> None:
    assert "fill: #98a84b" in make.render("\x1b[32mgreen\x1b[0m")


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    ElementTree.fromstring(PICTURE)
    assert "@font-face" not in PICTURE
    assert not {"url(http", "@import", "href="} & {part for part in ("url(http", "@import", "href=") if part in PICTURE}


def test_the_picture_shows_a_crawl_that_runs() -> None:
    words = "".join(ElementTree.fromstring(PICTURE).itertext()).replace("\xa0", " ")
    assert "running" in words
    assert "pages" in words
