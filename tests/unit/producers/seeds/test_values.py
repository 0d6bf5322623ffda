"""What people paste, kind by kind, and the messages for invalid values."""

import pickle
from typing import Any

import pytest

from crawler.model.enums import SeedKind
from crawler.model.errors import UsageError
from producers.seeds.problems import InvalidSeedsError
from producers.seeds.seed_value import SeedValue
from producers.seeds.values import parse_values

ID = "7123456789012345678"
ID2 = "6999999999999999999"
SEC = "MS4wLjABAAAAv7iSuuXDJGDvJkmH_vz1qkDZYo1apxgzaxdBSeIuPiMAbCdEfGhIjKlMnOpQrStUv"[:76]
LINK = f"https://www.tiktok.com/@alice/video/{ID}"

USERS = [
    ("alice", {"username": "alice"}),
    ("@Alice", {"username": "alice"}),
    ("  @alice.b_1 ", {"username": "alice.b_1"}),
    ("\u200balice\ufeff", {"username": "alice"}),
    ("12345", {"username": "12345"}),
    (f"@{ID}", {"username": ID}),
    (SEC, {"sec_uid": SEC}),
    ("https://www.tiktok.com/@Alice?lang=en", {"username": "alice"}),
    ("http://tiktok.com/@alice/", {"username": "alice"}),
    ("www.tiktok.com/@alice/live", {"username": "alice"}),
    ("m.tiktok.com/@alice", {"username": "alice"}),
    ("HTTPS://WWW.TIKTOK.COM/@alice#top", {"username": "alice"}),
    (f"https://www.tiktok.com/@{SEC}", {"sec_uid": SEC}),
    (f"https://www.tiktok.com/share/user/1?sec_uid={SEC}", {"sec_uid": SEC}),
    (LINK, {"username": "alice"}),
    (f"https://www.tiktok.com/@alice/photo/{ID}", {"username": "alice"}),
]

POSTS = [
    (ID, {"post_id": ID}),
    (LINK, {"post_id": ID, "url": LINK}),
    (f"https://www.tiktok.com/@Alice/video/{ID}?is_from_webapp=1&x=%20", {"post_id": ID, "url": LINK}),
    (f"m.tiktok.com/@alice/video/{ID}/", {"post_id": ID, "url": LINK}),
    (
        f"https://www.tiktok.com/@alice/photo/{ID}",
        {"post_id": ID, "url": f"https://www.tiktok.com/@alice/photo/{ID}"},
    ),
    # no name in the link: the id has to do
    (f"https://m.tiktok.com/v/{ID}.html?u=1", {"post_id": ID}),
    (f"https://www.tiktokv.com/share/video/{ID}/", {"post_id": ID}),
    (f"https://www.tiktok.com/embed/v2/{ID}", {"post_id": ID}),
    (f"https://www.tiktok.com/@/video/{ID}", {"post_id": ID}),
    (f"https://www.tiktok.com/@{SEC}/video/{ID}", {"post_id": ID}),
    # short links hold a code, not an id
    ("https://vm.tiktok.com/ZMabC1/?k=1", {"url": "https://vm.tiktok.com/ZMabC1/"}),
    ("vt.tiktok.com/ZSabC", {"url": "https://vt.tiktok.com/ZSabC/"}),
    ("https://www.tiktok.com/t/ZTabC/", {"url": "https://www.tiktok.com/t/ZTabC/"}),
]

OTHERS = [
    ("hashtag", "Cats", {"hashtag": "cats"}),
    ("hashtag", "#Cats", {"hashtag": "cats"}),
    ("hashtag", "\uff03猫", {"hashtag": "猫"}),
    ("hashtag", "E\u0301TE", {"hashtag": "\u00e9te"}),
    ("hashtag", "https://www.tiktok.com/tag/Cats?lang=en", {"hashtag": "cats"}),
    ("hashtag", "https://www.tiktok.com/tag/%E7%8C%AB/", {"hashtag": "猫"}),
    ("music", ID, {"music_id": ID}),
    ("music", "223150436", {"music_id": "223150436"}),
    ("music", f"https://www.tiktok.com/music/original-sound-{ID}?lang=en", {"music_id": ID}),
    ("music", f"tiktok.com/music/Caf%C3%A9-2020-{ID}", {"music_id": ID}),
    ("music", f"tiktok.com/music/{ID}", {"music_id": ID}),
    ("replies", f"{ID}:{ID2}", {"post_id": ID, "comment_id": ID2}),
    ("replies", f" {ID} : {ID2} ", {"post_id": ID, "comment_id": ID2}),
    ("replies", f"{LINK}?lang=en:{ID2}", {"post_id": ID, "comment_id": ID2}),
    ("comments", ID, {"post_id": ID}),
    ("comments", LINK, {"post_id": ID}),
    ("posts", LINK, {"post_id": ID}),
    ("keyword", "  two \t words ", {"text": "two words"}),
    ("keyword", "#fyp", {"text": "#fyp"}),
    ("keyword", "👩\u200d🚀 x", {"text": "👩\u200d🚀 x"}),
    ("music-search", "x" * 200, {"text": "x" * 200}),
    ("user-search", "@Alice", {"text": "@Alice"}),
    ("live-search", "ночь", {"text": "ночь"}),
]


@pytest.mark.parametrize("kind", ["user", "followers", "followings", "likes"])
@pytest.mark.parametrize(("text", "fields"), USERS)
def test_users(kind: str, text: str, fields: dict[str, Any]) -> None:
    assert parse_values(kind, [(1, text)]) == [SeedValue(SeedKind(kind), **fields)]


@pytest.mark.parametrize(("text", "fields"), POSTS)
def test_post(text: str, fields: dict[str, Any]) -> None:
    assert parse_values("post", [(None, text)]) == [SeedValue(SeedKind.POST, **fields)]


@pytest.mark.parametrize(("kind", "text", "fields"), OTHERS)
def test_other_kinds(kind: str, text: str, fields: dict[str, Any]) -> None:
    assert parse_values(kind, [(1, text)]) == [SeedValue(SeedKind(kind), **fields)]


LINKS = [
    (LINK, SeedValue(SeedKind.POSTS, post_id=ID)),
    (ID, SeedValue(SeedKind.POSTS, post_id=ID)),
    (f"https://www.tiktok.com/foryou?item_id={ID}", SeedValue(SeedKind.POSTS, post_id=ID)),
    ("https://vm.tiktok.com/ZMabC1/", SeedValue(SeedKind.POST, url="https://vm.tiktok.com/ZMabC1/")),
    ("https://www.tiktok.com/@Alice", SeedValue(SeedKind.USER, username="alice")),
    ("@Alice", SeedValue(SeedKind.USER, username="alice")),
    (SEC, SeedValue(SeedKind.USER, sec_uid=SEC)),
    ("https://www.tiktok.com/tag/Cats", SeedValue(SeedKind.HASHTAG, hashtag="cats")),
    ("#Cats", SeedValue(SeedKind.HASHTAG, hashtag="cats")),
    ("# Cats", SeedValue(SeedKind.HASHTAG, hashtag="cats")),
    (f"https://www.tiktok.com/music/a-song-{ID}", SeedValue(SeedKind.MUSIC, music_id=ID)),
]


@pytest.mark.parametrize(("text", "value"), LINKS)
def test_the_form_of_a_link_tells_its_kind(text: str, value: SeedValue) -> None:
    assert parse_values("links", [(1, text)]) == [value]


@pytest.mark.parametrize("text", ["alice", "123", "https://www.tiktok.com/", "https://example.org/@alice", "7.2E+18"])
def test_a_form_that_tells_no_kind_is_refused(text: str) -> None:
    with pytest.raises(InvalidSeedsError):
        parse_values("links", [(1, text)])


def test_every_kind_is_read() -> None:
    tried = {kind for kind, _, _ in OTHERS} | {"user", "followers", "followings", "likes", "post", "links"}
    assert tried == set(SeedKind)


BAD = [
    ("user", ID, "looks like an id"),
    ("user", "a b", "name, @name, sec_uid"),
    ("user", "#alice", "name, @name, sec_uid"),
    ("user", "x", "name, @name, sec_uid"),
    ("user", "", "name, @name, sec_uid"),
    ("user", SEC[:20], "not a complete sec_uid"),
    ("user", SEC.lower(), "case-sensitive"),
    ("user", "tiktok.com", "name, @name, sec_uid"),
    ("user", "https://www.tiktok.com/tag/cats", "name, @name, sec_uid"),
    ("user", "https://vm.tiktok.com/ZMabC/", "short link and contains no name"),
    ("user", "https://www.instagram.com/alice", "not a tiktok.com link"),
    ("user", "https://www.tiktok.com@evil.example/@alice", "not a tiktok.com link"),
    ("user", "https://eviltiktok.com/@alice", "not a tiktok.com link"),
    ("user", "https://[tiktok.com/@alice", "not a valid link"),
    ("post", "123", "15 to 20 digits"),
    ("post", "https://www.tiktok.com/@alice", "15 to 20 digits"),
    ("post", f"{ID} {ID2}", "15 to 20 digits"),
    ("comments", "https://vm.tiktok.com/ZMabC", "short link and contains no id"),
    ("posts", "https://www.tiktok.com/t/ZTabC", "short link and contains no id"),
    ("replies", ID, "POST:COMMENT"),
    ("replies", LINK, "POST:COMMENT"),
    ("replies", f"{ID}:12", "POST:COMMENT"),
    ("replies", f"vm.tiktok.com/ZMabC:{ID}", "short link and contains no id"),
    ("music", "original-sound", "sound's id or link"),
    ("music", LINK, "sound's id or link"),
    ("hashtag", "two words", "without spaces"),
    ("hashtag", "#", "without spaces"),
    ("hashtag", "#a#b", "without spaces"),
    ("hashtag", LINK, "without spaces"),
    ("hashtag", "a\x00b", "control character"),
    ("keyword", " \t ", "a text of at most 200"),
    ("keyword", "x" * 201, "has 201 characters"),
    ("keyword", "a\udc80b", "half a character"),
]


@pytest.mark.parametrize(("kind", "text", "why"), BAD)
def test_what_is_not_understood(kind: str, text: str, why: str) -> None:
    with pytest.raises(InvalidSeedsError) as caught:
        parse_values(kind, [(7, text)])
    (problem,) = caught.value.problems
    assert problem.where == "line 7"
    assert why in problem.why


def test_all_bad_lines_are_named_at_once() -> None:
    with pytest.raises(InvalidSeedsError) as caught:
        parse_values("user", [(1, "alice"), (2, "b c"), (None, "ok.name"), (None, ID), (9, "?")])
    assert [problem.where for problem in caught.value.problems] == ["line 2", "argument 2", "line 9"]
    first, *_ = str(caught.value).splitlines()
    assert first == "line 2: 'b c' is invalid: user needs a name, @name, sec_uid or profile link"


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(InvalidSeedsError) as caught:
        parse_values("music", [(1, "z" * 5000)])
    assert len(str(caught.value)) < 300


def test_errors_are_user_errors_and_survive_pickling() -> None:
    with pytest.raises(UsageError) as caught:
        parse_values("user", [(1, "?")])
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_nothing_given() -> None:
    with pytest.raises(InvalidSeedsError, match="no value given: hashtag needs one hashtag"):
        parse_values("hashtag", [])


def test_unknown_kind_names_the_kinds() -> None:
    with pytest.raises(InvalidSeedsError, match=r"^unknown kind 'nothing'; use hashtag, keyword"):
        parse_values("nothing", [(1, "cats")])


@pytest.mark.parametrize(("kind", "meant"), [("hashtags", "hashtag"), ("users", "user"), ("Music", "music")])
def test_an_almost_known_kind_gets_a_suggestion(kind: str, meant: str) -> None:
    with pytest.raises(InvalidSeedsError, match=rf"^unknown kind '{kind}'; did you mean '{meant}'\?$"):
        parse_values(kind, [(1, "cats")])


def test_the_same_seed_twice_is_one() -> None:
    lines = list(enumerate(["@Bob", "alice", "https://www.tiktok.com/@bob", "ALICE"], 1))
    assert [value.username for value in parse_values("user", lines)] == ["bob", "alice"]
    assert len(parse_values("user", [(1, SEC), (2, SEC.swapcase().replace("ms4WlJab", "MS4wLjAB"))])) == 2
    assert len(parse_values("post", [(1, LINK), (2, ID), (3, f"tiktok.com/@alice/video/{ID}")])) == 1
    assert len(parse_values("post", [(1, "vm.tiktok.com/ZMa"), (2, "vm.tiktok.com/ZMA")])) == 2


def test_several_ids_on_a_line() -> None:
    values = parse_values("posts", [(1, f"{ID}, {ID2};{LINK}"), (2, f"{ID2[:-1]}0\t{ID2} ,")])
    assert [value.post_id for value in values] == [ID, ID2, f"{ID2[:-1]}0"]
    with pytest.raises(InvalidSeedsError) as caught:
        parse_values("posts", [(1, ID), (4, f"{ID2} 12 x")])
    assert [(problem.where, problem.value) for problem in caught.value.problems] == [
        ("line 4", "12"),
        ("line 4", "x"),
    ]


@pytest.mark.parametrize(
    ("kind", "text", "label"),
    [
        ("user", "Alice", "@alice"),
        ("user", SEC, SEC),
        ("post", LINK, LINK),
        ("posts", ID, ID),
        ("replies", f"{ID}:{ID2}", f"{ID}:{ID2}"),
        ("hashtag", "cats", "#cats"),
        ("music", ID, ID),
        ("keyword", "a b", "a b"),
    ],
)
def test_labels(kind: str, text: str, label: str) -> None:
    assert parse_values(kind, [(1, text)])[0].label == label
