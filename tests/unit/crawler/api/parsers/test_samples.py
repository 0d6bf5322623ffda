"""Every real sample, read by the reader it belongs to; the figures were looked up by hand."""

from typing import Any

import pytest

from crawler.api.parsers import parse_comment, parse_hashtag, parse_music, parse_post, parse_user
from crawler.model.entities import Comment, Hashtag, Music, Post, User
from crawler.model.items import Fullness, SkipItemError
from tests.samples import needs_samples, only, sample

pytestmark = needs_samples


@pytest.mark.parametrize(
    ("name", "key", "posts"),
    [
        (
            "01",
            "aweme_list",
            [("7470969622276164906", "6659752019493208069", 141567, "7470969632736709422", 89131, 0, 0)],
        ),
        (
            "03",
            "aweme_list",
            [("6862153058223197445", "6748458643983238149", 852942803, "6840839890826038022", 10703, 1, 0)],
        ),
        (
            "04",
            "aweme_list",
            [
                ("6864614389329284357", "6718109734736348166", 4163152, "6835837996332222466", 28652, 3, 1),
                ("6992456889573379334", "6895578589849879558", 1823449, "6992456477512567557", 9913, 3, 0),
            ],
        ),
        (
            "05",
            "data",
            [("6932229950720216325", "6752887346621023238", 16510209, "6800370846696212482", 27002, 2, 0)],
        ),
        (
            "06",
            "aweme_list",
            [
                ("6901762673936059654", "6564062791182581765", 878424, "6767362751674189825", 13651, 0, 0),
                ("6971857887962418437", "6564062791182581765", 1543037, "6767362751674189825", 12351, 0, 1),
            ],
        ),
        ("07", "aweme_list", [("7500000000000000001", "6800000000000000001", 1443873, None, None, 0, 0)]),
    ],
)
def test_posts(name: str, key: str, posts: list[tuple[Any, ...]]) -> None:
    raws = sample(name)[key]
    assert len(raws) == len(posts)
    for raw, (post_id, author_id, views, music_id, duration_ms, hashtags, mentions) in zip(raws, posts, strict=True):
        item = parse_post(raw)
        post = only(item, Post)
        assert (item.id, post.post_id, post.author_id, post.view_count) == (
            post_id,
            post_id,
            author_id,
            views,
        )
        assert (post.duration_ms, len(post.hashtags), len(post.mentions)) == (duration_ms, hashtags, mentions)
        assert only(item, User).user_id == author_id
        assert sorted(post.hashtags) == sorted(f.entity.id for f in item.found if isinstance(f.entity, Hashtag))
        assert post.music_id == music_id
        assert [found.entity.id for found in item.found if isinstance(found.entity, Music)] == (
            [music_id] if music_id else []
        )


def test_a_profile_list_knows_the_followers_of_the_author() -> None:
    author = only(parse_post(sample("01")["aweme_list"][0]), User)
    assert (author.follower_count, author.post_count, author.like_count) == (4248754, 2038, 197202536)


def test_the_carousel() -> None:
    post = only(parse_post(sample("07")["aweme_list"][0]), Post)
    assert (post.media, post.image_count, post.music_id, post.author_username) == ("photo", 1, None, None)


def test_post_detail() -> None:
    item = parse_post(sample("02"), Fullness.DETAIL)
    post = only(item, Post)
    assert (post.id, post.like_count, post.save_count, post.share_count) == (
        "7463250363559218474",
        44855,
        980,
        3100,
    )
    assert (post.mentions, post.hashtags, post.media) == (["6700000000000000001"], [], "video")
    assert item.found[0].fullness == 2
    assert "follower_count" not in only(item, User).known_fields()


def test_web_format() -> None:
    items = [parse_post(raw) for raw in sample("15")["data"]]
    assert [item.id for item in items] == [
        "6820840648917159174",
        "6814652084529466630",
        "6806321219369962758",
        "6810872104452427014",
    ]
    first = items[0]
    assert (only(first, Post).created_at, only(first, Post).view_count) == (1588100720, 46992343)
    assert (only(first, User).id, only(first, User).like_count) == ("6734403205457642502", 159646893)
    assert only(first, Music).id == "6820840640750832390"
    assert {"funny", "foryou", "fyp"} <= set(only(first, Post).hashtags)


def test_sounds() -> None:
    sounds = [only(parse_music(raw), Music) for raw in sample("08")["music"]]
    assert len(sounds) == 4
    assert [(sound.id, sound.post_count) for sound in sounds[:2]] == [
        ("263022615492288513", 263441),
        ("6767362751674189825", 480994),
    ]
    detail = only(parse_music(sample("09"), Fullness.DETAIL), Music)
    assert (detail.id, detail.title, detail.post_count) == (
        "6717159721276540930",
        "Different (Acoustic)",
        358,
    )


@pytest.mark.parametrize(
    ("name", "capture", "expected"),
    [
        ("10", "captured_2021", [("7000000000000000001", None, 0), ("7000000000000000002", None, 0)]),
        ("10", "captured_2025", [("7000000000000000003", None, 9)]),
        (
            "11",
            "captured_2021",
            [
                ("7000000000000000001", "7000000000000000002", None),
                ("7000000000000000003", "7000000000000000002", None),
            ],
        ),
        (
            "11",
            "captured_2025",
            [
                ("7000000000000000004", "7000000000000000005", None),
                ("7000000000000000006", "7000000000000000005", None),
            ],
        ),
    ],
)
def test_comments(name: str, capture: str, expected: list[tuple[Any, ...]]) -> None:
    raws = sample(name)[capture]["comments"]
    items = [parse_comment(raw) for raw in raws]
    comments = [only(item, Comment) for item in items]
    assert [(c.id, c.parent_id, c.reply_total) for c in comments] == expected
    for raw, item, comment in zip(raws, items, comments, strict=True):
        assert comment.post_id == raw["aweme_id"]
        assert comment.text == raw["text"]
        assert only(item, User).id == comment.user_id == raw["user"]["uid"]
        assert "follower_count" not in only(item, User).known_fields()


def test_followers_and_followings() -> None:
    captures = sample("12")
    users = [only(parse_user(raw), User) for raw in captures["followings_2025"]["followings"]]
    assert len({user.id for user in users}) == 10
    assert (users[0].id, users[0].follower_count) == ("7436873095740343338", 137712)
    assert all(user.sec_uid and user.username and user.private is not None for user in users)
    for capture in ("followers_2021", "followers_2025"):
        for raw in captures[capture]["followers"]:
            assert parse_user(raw).id == raw["uid"]


def test_user_search() -> None:
    captures = sample("13")
    found = [only(parse_user(raw), User) for raw in captures["captured_2021"]["user_list"]]
    assert (found[0].id, found[0].username, found[0].follower_count) == (
        "6613926240453148678",
        "hudabeauty",
        5479588,
    )
    (swift,) = (only(parse_user(raw), User) for raw in captures["captured_2025"]["users"])
    assert (swift.id, swift.like_count, swift.post_count) == ("6881290705605477381", 247401086, 71)


def test_web_profile() -> None:
    user = only(parse_user(sample("14"), Fullness.DETAIL), User)
    assert (user.id, user.username, user.follower_count) == (
        "6659752019493208069",
        "stoolpresidente",
        4100000,
    )
    assert (user.like_count, user.created_at, user.verified) == (190400000, 1550594547, True)


def test_hashtag_detail() -> None:
    tag = only(parse_hashtag(sample("16"), Fullness.DETAIL), Hashtag)
    assert (tag.name, tag.hashtag_id, tag.view_count, tag.post_count) == (
        "olympian",
        "2087230",
        345523145,
        9572,
    )


def test_the_answer_for_an_unknown_video_holds_no_post() -> None:
    with pytest.raises(SkipItemError):
        parse_post(sample("17")["video_not_found_2025"])
