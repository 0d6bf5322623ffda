"""Values that are missing, of another type or out of range, in any kind of item: one field, one expected value."""

from collections.abc import Callable
from typing import Any

import pytest

from crawler.api.parsers import parse_comment, parse_post, parse_user
from crawler.model.entities import Comment, Entity, Post, User
from crawler.model.items import Item
from tests.samples import NOWHERE, only, shape

Case = tuple[dict[str, Any], str, object]

POST: list[Case] = [
    ({"create_time": "1588100720"}, "created_at", 1588100720),
    ({"create_time": 0}, "created_at", None),
    ({"create_time": None}, "created_at", None),
    ({"create_time": 1_700_000_101_000}, "created_at", 1_700_000_101),
    ({"create_time": 99_999_999_999}, "created_at", 99_999_999_999),
    ({"aweme_id": 7300000000000000101}, "post_id", "7300000000000000101"),
    ({"statistics": {"play_count": "12", "digg_count": -1}}, "view_count", 12),
    ({"statistics": {"play_count": 12, "digg_count": -1}}, "like_count", None),
    ({"statistics": "gone"}, "view_count", None),
    ({"video": None, "duration": 28652}, "duration_ms", 28652),
    ({"video": None}, "media", None),
    ({"aweme_type": 2}, "media", "photo"),
    ({"aweme_type": 68}, "media", "photo"),
    ({"aweme_type": 150}, "media", "photo"),
    ({"aweme_type": 150}, "video_url", None),
    ({"aweme_type": [2]}, "media", "video"),
    ({"statistics": {"forward_count": 7}}, "forward_count", 7),
    ({"video": {"play_addr": {"url_list": [None, "", "https://a.invalid/v"]}}}, "video_url", "https://a.invalid/v"),
    ({"video": {"play_addr": "gone"}}, "video_url", "gone"),
    ({"video": {"play_addr": {"url_list": "gone"}}}, "video_url", "gone"),
    ({"video": {"play_addr": {"url_list": [5]}, "cover": 7}}, "video_url", None),
    ({"video": {"cover": {"url_list": ["a.heic", "b.jpeg"]}}}, "cover_url", "b.jpeg"),
    ({"video": {"cover": {"url_list": ["a.heic"]}}}, "cover_url", "a.heic"),
    ({"video": {"origin_cover": {"url_list": ["c"]}}}, "cover_url", "c"),
    ({"image_post_info": {"images": [{"display_image": {"url_list": ["i"]}}]}}, "cover_url", "i"),
    ({"image_post_info": {"images": [{}]}}, "cover_url", None),
    ({"author": "gone"}, "author_id", "6600000000000000201"),
    ({"author": None, "author_user_id": NOWHERE}, "author_id", None),
    ({"music": []}, "music_id", None),
    ({"music": {"id": 5}}, "music_id", None),
    ({"music": {"id_str": "5"}}, "music_id", "5"),
    ({"text_extra": None, "cha_list": None}, "hashtags", []),
    ({"text_extra": {"a": 1}, "cha_list": "x"}, "hashtags", []),
    (
        {"text_extra": [None, 3, {"hashtag_name": " #İstanbul "}], "cha_list": None},
        "hashtags",
        ["i̇stanbul"],
    ),
    ({"text_extra": [{"user_id": 5}, {"user_id": "5"}, {"user_id": "0"}]}, "mentions", ["5"]),
    ({"is_top": 0}, "pinned", False),
    ({"is_top": NOWHERE}, "pinned", None),
    ({"is_ads": None, "is_ad": True}, "ad", True),
    ({"desc": "a\0b\u2028c"}, "text", "a\0b\u2028c"),
    ({"desc": "\ud83d x \ud83d\ude3a"}, "text", "\ufffd x 😺"),
    ({"desc": 5}, "text", None),
]
USER: list[Case] = [
    ({"secret": 1}, "private", True),
    ({"is_private_account": 1}, "private", True),
    ({"secret": None, "is_private_account": 0}, "private", False),
    ({"secret": NOWHERE}, "private", None),
    ({"secret": "yes"}, "private", None),
    ({"create_time": 0}, "created_at", None),
    ({"language": ""}, "language", None),
    ({"category": ""}, "category", None),
    ({"category": "Public Figure"}, "category", "Public Figure"),
    ({"commerceUserInfo": {"category": "Shop"}}, "category", "Shop"),
    ({"commerceUserInfo": {"commerceUser": False}}, "category", None),
    ({"avatar_thumb": {"url_list": ["s"]}, "avatar_larger": {"url_list": ["l"]}}, "avatar_url", "l"),
    ({"avatar_thumb": {"url_list": ["s"]}, "avatar_larger": {"url_list": []}}, "avatar_url", "s"),
    ({"avatarLarger": "web"}, "avatar_url", "web"),
    ({"coversMedium": ["old web"]}, "avatar_url", "old web"),
    ({"follower_count": "4100"}, "follower_count", 4100),
    ({"follower_count": "4.1M"}, "follower_count", None),
    ({"follower_count": None}, "follower_count", None),
    ({"follower_count": True}, "follower_count", None),
    ({"unique_id": None, "uniqueId": "other"}, "username", "other"),
    ({"nickname": "half \udc00"}, "nickname", "half \ufffd"),
    ({"sec_uid": "MS4wLjABAAAArUNNER"}, "sec_uid", "MS4wLjABAAAArUNNER"),
]
COMMENT: list[Case] = [
    ({"cid": 7310000000000000401}, "comment_id", "7310000000000000401"),
    ({"aweme_id": NOWHERE}, "post_id", None),
    ({"image_list": None}, "image_count", None),
    ({"image_list": []}, "image_count", None),
    ({"image_list": [{}, {}]}, "image_count", 2),
    ({"image_list": "gone"}, "image_count", None),
    ({"digg_count": 0}, "like_count", 0),
    ({"reply_id": ""}, "parent_id", None),
    ({"reply_id": 0}, "parent_id", None),
    ({"reply_id": None}, "parent_id", None),
    ({"text": ""}, "text", None),
    ({"text": "\udfff!"}, "text", "\ufffd!"),
    ({"text_extra": None}, "mentions", []),
    ({"create_time": "1700000401"}, "created_at", 1700000401),
]
PARSERS: dict[str, tuple[Callable[..., Item], type[Entity]]] = {
    "post": (parse_post, Post),
    "user": (parse_user, User),
    "comment": (parse_comment, Comment),
}
CASES = [(name, *case) for name, cases in (("post", POST), ("user", USER), ("comment", COMMENT)) for case in cases]


@pytest.mark.parametrize(("name", "changes", "field", "expected"), CASES)
def test_an_odd_value_is_parsed_or_unknown(name: str, changes: dict[str, Any], field: str, expected: object) -> None:
    parse, kind = PARSERS[name]
    assert getattr(only(parse(shape(name, **changes)), kind), field) == expected
