"""How a crawl's status reads in a terminal."""

import re
from typing import Any

import pytest
from rich.console import Console

from producers.render import describe_state, render_list, render_status

PAGES = {"planned": 0, "leased": 0, "done": 0, "failed": 0, "skipped": 0}


def status(state: str = "running", cause: str | None = None, **given: Any) -> dict[str, Any]:
    pages = {**PAGES, **given.pop("pages", {})}
    usual: dict[str, Any] = {
        "crawl": "c", "name": None, "kind": "hashtag", "calls": 0, "units": {"spent": 0, "unknown": 0, "budget": None},
        "entities": {}, "rejects": 0, "skipped_items": 0, "ends": {}, "endpoints": {}, "failures": [],
    }  # fmt: skip
    return {**usual, **given, "state": state, "cause": cause, "pages": pages}


def text(shown: Any) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def test_an_ended_crawl_has_no_open_pages() -> None:
    assert "818, none open" in text(render_status(status("complete", pages={"done": 818})))


def test_a_running_crawl_shows_how_far_it_is() -> None:
    assert "8 of 11 so far" in text(render_status(status(pages={"done": 8, "planned": 2, "leased": 1})))


@pytest.mark.parametrize(("failed", "expected"), [(1, "finished; 1 page failed"), (2, "finished; 2 pages failed")])
def test_a_failed_crawl_has_finished(failed: int, expected: str) -> None:
    assert describe_state(status("failed", pages={"failed": failed})).startswith(expected)


def test_ends_of_lists_are_plain_words() -> None:
    shown = text(render_status(status(ends={"end": 658, "missing": 4, "private": 10, "error": 1})))
    assert "658 complete, 1 failed, 4 not found, 10 private" in shown


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("budget", "tokcrawl resume c --max-units"),
        ("units", "resumes automatically at 00:00 UTC"),
        ("account", "EnsembleData refuses the token, e-mail or subscription. Fix it, then run `tokcrawl resume c`"),
        ("outage", "resumes automatically"),
        ("user", "resume it with `tokcrawl resume c`"),
    ],
)
def test_a_paused_crawl_shows_how_it_resumes(cause: str, expected: str) -> None:
    assert expected in describe_state(status("paused", cause))


def test_counts_of_one_are_singular() -> None:
    failure = {"kind": "server", "pages": 1, "endpoint": "post_info", "status": 500, "detail": "broken"}
    shown = text(render_status(status(calls=1, rejects=1, skipped_items=1, failures=[failure])))
    assert re.search(r"1 call\b", shown)
    assert "1 item could not be parsed" in shown
    assert "1 item of another kind" in shown
    assert "failed (server): 1 page, e.g. post_info: 500 broken" in shown


def test_a_list_has_a_row_per_crawl() -> None:
    shown = text(render_list([status(), status("paused", "user")]))
    assert len(shown.strip().splitlines()) == 3
    assert "paused (user)" in shown
    assert "no crawls yet" in text(render_list([]))
