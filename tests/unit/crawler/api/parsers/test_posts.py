from typing import Any

import pytest

from crawler.api.parsers import parse_music, parse_post, parse_user
from crawler.model.entities import Hashtag, Music, Post, User
from crawler.model.items import Fullness
from tests.samples import only, shape

POST_ID = "7300000000000000101"


@pytest.mark.parametrize(
    "wrap", [lambda raw: raw, lambda raw: {"aweme_info": raw, "type": 1}, lambda raw: {"aweme_detail": raw}]
)
def test_reads_a_post_in_every_wrapping(wrap: Any) -> None:
    raw = shape("post")
    item = parse_post(wrap(raw))
    assert item.id == POST_ID
    assert [type(found.entity) for found in item.found] == [Post, User, Music, Hashtag, Hashtag]
    assert [found.fullness for found in item.found] == [
        Fullness.LISTED,
        Fullness.EMBEDDED,
        Fullness.EMBEDDED,
        Fullness.EMBEDDED,
        Fullness.EMBEDDED,
    ]
    assert item.found[0].raw is raw
    assert item.found[0].entity == Post(
        post_id=POST_ID,
        author_id="6600000000000000201",
        author_sec_uid="MS4wLjABAAAAbaker_Case-Sensitive",
        author_username="the.baker",
        text="Bread day 🍞 @a_friend #Sourdough #baking #sourdough",
        created_at=1700000101,
        region="NZ",
        language="en",
        duration_ms=15433,
        view_count=91234,
        like_count=4321,
        comment_count=87,
        share_count=65,
        save_count=43,
        download_count=9,
        repost_count=0,
        forward_count=0,
        video_url="https://example.invalid/v0001.mp4",
        music_id="7300000000000000301",
        hashtags=["sourdough", "baking"],
        mentions=["6600000000000000777"],
        pinned=True,
        media="video",
        ad=False,
        paid_partnership=False,
        ai_generated=False,
        comments_open=True,
    )


def test_embedded_entities_do_not_take_the_fullness_of_the_post() -> None:
    ranks = [found.fullness for found in parse_post(shape("post"), Fullness.DETAIL).found]
    assert ranks == [Fullness.DETAIL, Fullness.EMBEDDED, Fullness.EMBEDDED, Fullness.EMBEDDED, Fullness.EMBEDDED]


def test_a_listed_author_has_no_known_counters() -> None:
    author = only(parse_post(shape("post")), User)
    assert author.known_fields() == {
        "sec_uid": "MS4wLjABAAAAbaker_Case-Sensitive",
        "username": "the.baker",
        "nickname": "The Baker 🥐",
        "signature": "flour, water, salt",
        "region": "NZ",
        "language": "en",
        "verification_type": 1,
    }


def test_the_sound_is_known_by_mid_and_not_by_its_rounded_id() -> None:
    music = only(parse_post(shape("post")), Music)
    assert (music.id, music.original, music.duration_s, music.owner_username) == (
        "7300000000000000301",
        True,
        15,
        "the.baker",
    )


def test_hashtags_come_from_the_fuller_object_or_else_from_the_text() -> None:
    raw = shape("post")
    full, thin = parse_post(raw).found[3:]
    assert full.entity == Hashtag(
        name="sourdough",
        hashtag_id="501",
        description="Rise and shine",
        view_count=0,
        post_count=0,
        commercial=False,
    )
    assert full.raw is raw["cha_list"][0]
    assert thin.entity == Hashtag(name="baking", hashtag_id="502")
    assert thin.raw is raw["text_extra"][2]


def test_hashtags_that_only_the_list_names_come_last() -> None:
    raw = shape("post", cha_list=[{"cha_name": "#Zed", "cid": 9}, {"cid": "10"}, None, "x", {"cha_name": "BAKING"}])
    assert parse_post(raw).found[0].entity.known_fields()["hashtags"] == ["sourdough", "baking", "zed"]


def test_reads_a_carousel_without_music_and_username() -> None:
    item = parse_post(shape("photo_post"))
    post = only(item, Post)
    assert [type(found.entity) for found in item.found] == [Post, User]
    assert (post.media, post.image_count, post.title, post.duration_ms) == ("photo", 2, "Ten leaves", None)
    assert (post.author_id, post.author_username, post.music_id, post.language) == (
        "6600000000000000202",
        None,
        None,
        None,
    )
    assert (post.hashtags, post.pinned, post.ad) == ([], None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"author": "gone", "music": "gone", "text_extra": "gone", "cha_list": "gone"},
        {"author": {}, "music": {"title": "no mid"}, "text_extra": [{}], "cha_list": [{}]},
        {"author": {"uid": True}, "music": {"mid": 1.5}, "text_extra": [[]], "cha_list": [0]},
        {"author": [], "music": 7, "text_extra": 7, "cha_list": 7},
    ],
)
def test_a_bad_embedded_object_does_not_affect_the_post(changes: dict[str, Any]) -> None:
    item = parse_post(shape("post", **changes))
    assert [found.entity.id for found in item.found] == [POST_ID]


def test_reads_the_web_format() -> None:
    raw = shape("web_post")
    item = parse_post(raw)
    assert [type(found.entity) for found in item.found] == [Post, User, Music, Hashtag]
    assert item.found[0].raw is raw
    assert item.found[0].entity == Post(
        post_id="6700000000000000103",
        author_id="6600000000000000203",
        author_sec_uid="MS4wLjABAAAAcat",
        author_username="cat_person",
        text="Look at this #Cats \\ud83d\\ude3a",
        created_at=1580000103,
        duration_ms=14000,
        view_count=3400,
        like_count=12,
        comment_count=6,
        share_count=5,
        video_url="https://example.invalid/w.mp4",
        music_id="6700000000000000303",
        hashtags=["cats"],
        mentions=["6600000000000000778"],
        media="video",
    )
    author = only(item, User)
    assert (author.id, author.username, author.nickname) == (
        "6600000000000000203",
        "cat_person",
        "Cat Person",
    )
    assert (author.follower_count, author.like_count, author.verified) == (45188, 1596468, True)
    assert only(item, Music) == Music(
        music_id="6700000000000000303", title="original sound", author="cat_person", original=True
    )
    assert only(item, Hashtag) == Hashtag(name="cats", hashtag_id="5424", description="meow", commercial=False)


def test_reads_the_web_format_with_only_its_core() -> None:
    item = parse_post({"itemInfos": shape("web_post")["itemInfos"]})
    assert [type(found.entity) for found in item.found] == [Post]
    assert only(item, Post).music_id == "6700000000000000303"


@pytest.mark.parametrize("name", ["post", "web_post", "photo_post"])
def test_raw_parses_to_the_same_entity_again(name: str) -> None:
    again = {Post: parse_post, User: parse_user, Music: parse_music}
    for found in parse_post(shape(name)).found:
        if read := again.get(type(found.entity)):
            assert read(found.raw, found.fullness).found[0] == found
