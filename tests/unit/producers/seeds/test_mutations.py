"""Seeds and files of any content: nothing but our errors, and what is taken can be stored and fetched.

Ordinary files are broken at random. MUTATIONS sets how many (default 200).
"""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import SeedKind
from crawler.model.errors import UsageError
from crawler.planning import validate_request
from producers.seeds.options import build_spec, read_seeds
from producers.seeds.seed_value import SeedValue
from producers.seeds.start import first_pages
from tests.unit.producers.seeds.test_files import CASES
from tests.unit.producers.seeds.test_values import BAD, LINKS, OTHERS, POSTS, USERS

EXAMPLES = int(os.environ.get("MUTATIONS", "200"))
relentless = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)

ODD = [
    "\0", "\ud800", "\udc80", "\u200b", "\u200d", "\xad", "\ufeff", '"', "'", "=", "<", "[", "{", "}", "#", "@", "%00",
    "%ED%A0%80", "%", "//", ":", "?", "&", ",", ";", "\t", "\n", "\r", "\u2028", " ", "E+18", "\uff10", "\u0661", "٪",
    "https://", "tiktok.com/", "https://[::1/", "username", "link", "İ", "ß", "🏳\ufe0f", "9" * 400, "x" * 300,
]  # fmt: skip
TYPED = [text for text, *_ in (*USERS, *POSTS, *LINKS)] + [text for _, text, _ in (*OTHERS, *BAD)]
FILES = [(case.name, case.text.encode()) for case in CASES]


@st.composite
def broken(draw: Callable[..., Any], whole: st.SearchStrategy[str]) -> str:
    """Draw a text with odd characters put in and pieces cut out, doubled or turned around."""
    text: str = draw(whole)
    for _ in range(draw(st.integers(0, 3))):
        begin, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        odd = draw(st.sampled_from(ODD) | st.text(st.characters(), max_size=3))
        middle = draw(st.sampled_from((odd, odd + text[begin:end], text[begin:end] * 2, text[begin:end][::-1])))
        text = text[:begin] + middle + text[end:]
    return text


def or_error(call: Callable[[], Any]) -> Any:
    """Return the result, or our error; no other may be raised."""
    try:
        return call()
    except UsageError as error:
        return error


def check_seeds(kind: str, read: Callable[[], list[SeedValue]]) -> None:
    """Assert that there is an error to show, or that a crawl of the seeds can be planned and stored."""
    values = or_error(read)
    if isinstance(values, UsageError):
        assert 0 < len(str(values)) < 10_000
        return
    assert values
    spec = CrawlSpec(kind=SeedKind(kind), options={"period": "180"} if kind == "keyword" else {})
    for plan in first_pages(spec, values):
        assert validate_request(plan.request, 0) is None
        assert plan.request.page_id("c")
        bson.encode({"args": dict(plan.request.args)})
    for value in values:
        bson.encode({"value": value.label, "given": value.given, "line": value.line})
        assert 0 < len(value.label) <= 250
        assert "\0" not in value.label


@relentless
@given(st.sampled_from(SeedKind), broken(st.sampled_from(TYPED)))
def test_a_value_of_any_form_is_read_or_refused(kind: str, text: str) -> None:
    check_seeds(kind, lambda: read_seeds(kind, [text], None, io.BytesIO(b"x")))


@relentless
@given(
    st.sampled_from(SeedKind),
    st.sampled_from(FILES).flatmap(
        lambda file: st.tuples(st.just(file[0]), broken(st.just(file[1].decode())), st.binary(max_size=2))
    ),
    st.none() | st.sampled_from(["username", "link", "", "x"]),
    st.booleans(),
)
def test_a_file_of_any_content_is_read_or_refused(
    kind: str, file: tuple[str, str, bytes], column: str | None, skip_invalid: bool
) -> None:
    name, text, junk = file
    data = text.encode("utf-8", "surrogatepass") + junk
    with patch.object(Path, "read_bytes", lambda _path: data):
        check_seeds(
            kind,
            lambda: read_seeds(kind, [], Path(name), io.BytesIO(), column=column, skip_invalid=skip_invalid),
        )


@relentless
@given(
    broken(st.sampled_from(["thesis", "project=a", "comments=5", "2026-01-31", "authors,comments"])),
    st.sampled_from(["name", "attrs", "limits", "since", "until", "expand", "country"]),
    st.integers(0, 2**80),
)
def test_an_option_of_any_content_is_stored_or_refused(text: str, option: str, number: int) -> None:
    given_options: dict[str, Any] = {
        "expand": None, "depth": number, "max_pages": number or None, "max_units": None, "limits": [], "since": None,
        "until": None, "priority": 0, "name": None, "attrs": [], "options": {},
    }  # fmt: skip
    if option == "country":
        given_options["options"] = {"country": text}
    else:
        given_options[option] = [text] if option in ("attrs", "limits") else text
    seeds = [SeedValue(SeedKind.LIVE_SEARCH, text="x")]
    spec = or_error(lambda: build_spec("live-search", seeds, **given_options))
    assert str(spec) if isinstance(spec, UsageError) else bson.encode(spec.model_dump(mode="json"))


def test_the_seeds_that_are_broken_are_there() -> None:
    assert len(TYPED) > 80
    assert len(FILES) > 20


@pytest.mark.parametrize("kind", list(SeedKind))
def test_no_kind_takes_a_value_of_nothing_but_marks(kind: str) -> None:
    with pytest.raises(UsageError):
        read_seeds(kind, ["\u200b \ufeff"], None, io.BytesIO())
