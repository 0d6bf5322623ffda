from typing import Any

import pytest

from crawler.api.parsers import parse_user
from crawler.model.entities import User
from crawler.model.items import Fullness
from tests.samples import NOWHERE, only, shape

APP = User(
    user_id="6600000000000000204",
    sec_uid="MS4wLjABAAAArunner",
    username="night.runner",
    nickname="Night Runner",
    signature="42.195",
    region="DE",
    language="de",
    private=False,
    custom_verify="Verified account",
    verification_type=0,
    follower_count=1377,
    following_count=3,
    post_count=121,
    like_count=13880,
    liked_count=17,
    created_at=1600000204,
)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda user: user,
        lambda user: {"user_info": user, "position": None, "items": None},
        lambda user: {"user": user},
    ],
)
def test_reads_the_app_format_in_every_wrapping(wrap: Any) -> None:
    user = shape("user")
    item = parse_user(wrap(user))
    assert (item.id, item.found[0].entity, item.found[0].raw) == (APP.id, APP, user)


def test_reads_a_web_profile_and_keeps_its_counters_in_raw() -> None:
    raw = shape("web_profile")
    (found,) = parse_user(raw, Fullness.DETAIL).found
    assert found.entity == User(
        user_id="6600000000000000205",
        sec_uid="MS4wLjABAAAAbig",
        username="big.account",
        nickname="Big Account",
        signature="hello\n",
        link="https://example.invalid/big",
        language="en",
        private=False,
        verified=False,
        follower_count=4100000,
        following_count=74,
        friend_count=52,
        post_count=2017,
        like_count=190400000,
        liked_count=0,
        created_at=1550000205,
    )
    assert (found.raw, found.fullness) == (raw, Fullness.DETAIL)
    assert parse_user({"userInfo": raw}).found[0].entity == found.entity


@pytest.mark.parametrize("field", ["uid", "id", "uid_str"])
@pytest.mark.parametrize("value", ["6600000000000000204", 6600000000000000204])
def test_the_id_has_three_possible_names(field: str, value: object) -> None:
    assert parse_user({"user": shape("user", uid=NOWHERE) | {field: value}}).id == APP.id


@pytest.mark.parametrize(("secret", "private"), [(0, None), (1, True)])
def test_an_embedded_user_is_never_known_to_be_public(secret: int, private: bool | None) -> None:
    assert only(parse_user(shape("user", secret=secret), Fullness.EMBEDDED), User).private is private


def test_likes_of_a_web_profile_have_two_names() -> None:
    raw = shape("web_profile")
    raw["stats"] = {"heart": "77"}
    assert only(parse_user(raw), User).like_count == 77


def test_a_wrapper_that_holds_more_than_the_user_is_kept() -> None:
    user, profile = shape("user"), shape("web_profile")
    for raw, kept in (
        ({"user_info": user, "position": None, "items": []}, user),
        ({"user_info": user, "type": 1, "extra": {"now": 1}, "log_pb": {"impr_id": "x"}}, user),
        ({"user_info": user, "items": [{"aweme_id": "1"}]}, {"user_info": user, "items": [{"aweme_id": "1"}]}),
        ({"userInfo": profile, "status_code": 0}, profile),
        ({"userInfo": profile, "seo": {"title": "x"}}, {"userInfo": profile, "seo": {"title": "x"}}),
    ):
        (found,) = parse_user(raw, Fullness.DETAIL).found
        assert found.raw == kept
        assert isinstance(found.entity, User)
        assert found.entity.follower_count


@pytest.mark.parametrize(
    ("raw", "fullness", "dialect"),
    [
        (shape("user"), Fullness.LISTED, "app"),
        ({"user": shape("user")}, Fullness.DETAIL, "app"),
        (shape("web_profile"), Fullness.DETAIL, "web"),
        ({"id": "1", "secUid": "MS4wLjABAAAAx"}, Fullness.LISTED, "web"),
        (shape("user"), Fullness.EMBEDDED, None),
    ],
)
def test_the_format_of_a_user_that_was_bought_is_told(raw: Any, fullness: Fullness, dialect: str | None) -> None:
    assert parse_user(raw, fullness).found[0].dialect == dialect
