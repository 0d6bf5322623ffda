"""From a command's options to a spec, or to one line that says what does not fit."""

import io
from pathlib import Path
from typing import Any

import pytest

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import Relation, SeedKind
from crawler.model.errors import UsageError
from producers.seeds.options import build_spec, read_seeds
from producers.seeds.problems import InvalidSeedsError
from producers.seeds.seed_value import SeedValue

SEC = "MS4wLjABAAAAv7iSuuXDJGDvJkmH_vz1qkDZYo1apxgzaxdBSeIuPiMAbCdEfGhIjKlMnOpQrStUv"[:76]
DEFAULT = {"authors", "comments", "followings"}
VALUES = {
    SeedKind.HASHTAG: SeedValue(SeedKind.HASHTAG, hashtag="cats"),
    SeedKind.USER: SeedValue(SeedKind.USER, username="alice"),
}


def asked(kind: str = "hashtag", options: dict[str, Any] | None = None, **given: Any) -> CrawlSpec:
    """The spec of a command with these options and no other."""
    values = given.pop("given", [VALUES.get(SeedKind(kind), SeedValue(SeedKind(kind), text="cats"))])
    ordinary: dict[str, Any] = {
        "expand": None, "depth": 2, "max_pages": None, "max_units": None, "limits": [], "since": None, "until": None,
        "priority": 0, "name": None, "attrs": [],
    }  # fmt: skip
    return build_spec(kind, values, **{**ordinary, **given, "options": options or {}})


@pytest.mark.parametrize("kind", list(SeedKind))
def test_what_a_kind_expands_unless_told_otherwise(kind: SeedKind) -> None:
    expanding = {"hashtag", "keyword", "user", "post", "posts", "music", "links"}
    assert asked(kind).expand == (DEFAULT if kind in expanding else set())
    assert asked(kind, expand="none").expand == set()
    assert asked(kind, expand="comments").expand == {"comments"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("authors,comments", {"authors", "comments"}),
        (" authors , comments ,", {"authors", "comments"}),
        ("authors,authors", {"authors"}),
        (" none ", set()),
        ("", set()),
        (",".join(Relation), set(Relation)),
    ],
)
def test_expand_is_a_list_of_relations(text: str, expected: set[str]) -> None:
    assert asked(expand=text).expand == expected


def test_everything_that_was_asked_for_is_in_the_spec() -> None:
    spec = asked(
        "user", {"alternative_method": True}, expand="followers", depth=3, max_pages=4, max_units=5,
        limits=["followers=6", "posts = 7"], since="2026-01-01", until="2026-01-31", priority=-2, name="n",
        attrs=["k=v", "eq=a=b"], given=[VALUES[SeedKind.USER], SeedValue(SeedKind.USER, sec_uid=SEC)],
    )  # fmt: skip
    assert spec == CrawlSpec(
        kind=SeedKind.USER, usernames=frozenset({"alice"}), sec_uids=frozenset({SEC}),
        options={"alternative_method": True}, expand=frozenset({Relation.FOLLOWERS}), depth=3, max_pages=4,
        max_units=5, limits={"followers": 6, "posts": 7}, since=1767225600, until=1769903999, priority=-2, name="n",
        attrs={"k": "v", "eq": "a=b"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("hashtag", {}, {}),
        ("hashtag", {"full": True}, {"full": True, "days": 3650}),
        ("hashtag", {"full": True, "days": 9, "max_cursor": 2000}, {"full": True, "days": 9, "max_cursor": 2000}),
        ("keyword", {}, {"period": "180"}),
        ("keyword", {"period": "0", "sorting": "1", "country": "us", "match_exactly": True}, {
            "period": "0", "sorting": "1", "country": "us", "match_exactly": True}),
        ("keyword", {"full": True}, {"full": True, "period": "180"}),
        ("live-search", {"country": "de"}, {"country": "de"}),
        ("user", {"alternative_method": False, "full": False, "country": None}, {}),
    ],
)  # fmt: skip
def test_options_of_a_kind_and_their_defaults(kind: str, options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert asked(kind, options).options == expected


@pytest.mark.parametrize(
    ("since", "until", "start", "stop"),
    [
        (None, None, None, None),
        ("2026-01-01", None, 1767225600, None),
        (None, "2026-01-01", None, 1767225600 + 86_399),  # the whole day
        ("2026-01-01", "2026-01-01", 1767225600, 1767225600 + 86_399),
        ("2026-01-01T12:00", "2026-01-01T12:00", 1767225600 + 43_200, 1767225600 + 43_200),
        ("2026-01-01T12:00+02:00", None, 1767225600 + 36_000, None),
    ],
)
def test_dates_are_days_of_utc(since: str | None, until: str | None, start: int | None, stop: int | None) -> None:
    spec = asked(since=since, until=until)
    assert (spec.since, spec.until) == (start, stop)


# what was asked for → what the line must name
WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "hashtag",
        {"expand": "autors"},
        r"--expand: no relation 'autors'; did you mean 'authors'\?; use authors, .* or none",
    ),
    ("hashtag", {"expand": "authors,none"}, "--expand: no relation 'none'; use authors"),
    ("hashtag", {"limits": ["comments"]}, "--limit takes LIST=N, not 'comments'"),
    ("hashtag", {"limits": ["comments="]}, "--limit takes LIST=N"),
    ("hashtag", {"limits": ["comment=5"]}, r"--limit: no list 'comment'; did you mean 'comments'\?; use .*comments"),
    ("hashtag", {"limits": ["comments=many"]}, "--limit comments takes a number of items, not 'many'"),
    ("hashtag", {"limits": ["comments=0"]}, "--limit comments takes a number"),
    ("hashtag", {"limits": ["comments=-1"]}, "--limit comments takes a number"),
    ("hashtag", {"limits": ["comments=1.5"]}, "--limit comments takes a number"),
    ("hashtag", {"attrs": ["k"]}, "--attr takes K=V, not 'k'"),
    ("hashtag", {"attrs": ["=v"]}, "--attr takes K=V"),
    ("hashtag", {"since": "yesterday"}, "--since takes a date like 2026-01-31, not 'yesterday'"),
    ("hashtag", {"until": "31.01.2026"}, "--until takes a date"),
    ("hashtag", {"until": "2026-02-30"}, "--until takes a date"),
    ("hashtag", {"since": "2026-02-01", "until": "2026-01-01"}, "--since 2026-02-01 is after --until 2026-01-01"),
    ("hashtag", {"options": {"days": 5}}, "--days and --max-cursor need --full"),
    ("hashtag", {"options": {"max_cursor": 5}}, "--days and --max-cursor need --full"),
    ("hashtag", {"options": {"period": "7"}}, "--period works with keyword, not with hashtag"),
    ("hashtag", {"options": {"alternative_method": True}}, "--alternative-method works with user, not with hashtag"),
    ("hashtag", {"options": {"country": "us"}}, "--country works with keyword and live-search, not with hashtag"),
    ("keyword", {"options": {"days": 5}}, "--days works with hashtag, not with keyword"),
    ("keyword", {"options": {"period": "8"}}, "--period must be one of 0, 1, 7, 30, 90, 180"),
    ("keyword", {"options": {"sorting": "2"}}, "--sorting must be 0 .* or 1"),
    ("keyword", {"options": {"country": "usa"}}, "--country takes a two-letter code like us, not 'usa'"),
    ("keyword", {"options": {"country": "1a"}}, "--country takes a two-letter code"),
    ("live-search", {"options": {"country": ""}}, "--country takes a two-letter code"),
    ("user", {"options": {"full": True}}, "--full works with hashtag and keyword, not with user"),
    (
        "followers",
        {"options": {"alternative_method": True}},
        "--alternative-method works with user, not with followers",
    ),
    ("posts", {"options": {"match_exactly": True}}, "--match-exactly works with keyword, not with posts"),
]


@pytest.mark.parametrize(("kind", "given", "said"), WRONG, ids=[f"{kind} {given}" for kind, given, _ in WRONG])
def test_what_cannot_be_meant_is_named(kind: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked(kind, **given)


def test_seeds_come_from_the_line_a_file_and_standard_input(tmp_path: Path) -> None:
    more = tmp_path / "more.txt"
    more.write_text("# comment\nbirds\nCats\n")
    given = read_seeds("hashtag", ["cats", "-", "#dogs"], more, io.BytesIO(b"fish\n"))
    assert [value.hashtag for value in given] == ["cats", "dogs", "fish", "birds"]


def test_no_seed_at_all() -> None:
    with pytest.raises(UsageError, match="nothing to seed: give values after hashtag, a file with --input, or -"):
        read_seeds("hashtag", [], None, io.BytesIO())


def test_all_bad_seeds_are_named_with_their_places(tmp_path: Path) -> None:
    more = tmp_path / "more.txt"
    more.write_text("fine\n\ntwo words\n")
    with pytest.raises(InvalidSeedsError) as caught:
        read_seeds("hashtag", ["a b", "cats"], more, io.BytesIO())
    assert [problem.where for problem in caught.value.problems] == ["argument 1", "line 3"]
