"""Reads a user: the app's and the web's words, flat or wrapped, alone or embedded in another object."""

from typing import Any

from crawler.api.parsers.fields import (
    any_flag,
    count,
    either,
    flag,
    ident,
    item_object,
    moment,
    part,
    text,
)
from crawler.model.entities import User
from crawler.model.items import LISTED, THIN, Item, NotAnItem, ParsedEntity, Unreadable

_IDS = ("uid", "id", "uid_str", "userId", "user_id")
_MARKS = frozenset({*_IDS, "sec_uid", "secUid", "unique_id", "uniqueId"})
_WRAPPERS = ("user_info", "userInfo", "user")


def read_user(raw: object, rank: int = LISTED) -> Item:
    """A user as the app tells it, `{user_info}` of a search, or `{user, stats}` of a web profile.

    Reference §3: user_info_from_username is camelCase with the counters beside the user,
    user_info_from_secuid snake_case with the user nested or flat, its id under `uid`, `id` or `uid_str`.
    """
    outer = item_object(raw, "a user")
    user = _unwrapped(outer)
    if (user_id := user_ident(user)) is None:
        raise NotAnItem("holds no user") if _MARKS.isdisjoint(user) else Unreadable("user without an id")
    return Item(user_id, (_found(user_id, user, outer, rank),))


def user_ident(user: dict[str, Any]) -> str | None:
    """The user's id, whatever this dialect calls it."""
    for name in _IDS:
        if user_id := ident(user.get(name)):
            return user_id
    return None


def embedded_user(user: object, stats: object = None) -> tuple[ParsedEntity, ...]:
    """The user inside a post or comment; empty where there is none that can be read."""
    if not isinstance(user, dict) or (user_id := user_ident(user)) is None:
        return ()
    outer = {"user": user, "stats": stats} if isinstance(stats, dict) else user
    return (_found(user_id, user, outer, THIN),)


def _unwrapped(outer: dict[str, Any]) -> dict[str, Any]:
    user = outer
    for name in _WRAPPERS:
        if name in user:
            user = part(user[name])
    return user


def _found(user_id: str, user: dict[str, Any], outer: dict[str, Any], rank: int) -> ParsedEntity:
    stats = part(outer.get("stats") or part(outer.get("userInfo")).get("stats") or user.get("stats"))
    # `raw` keeps the counters where they stand beside the user; a mere wrapper is dropped.
    return ParsedEntity(_entity(user_id, user, stats, rank), outer if stats else user, rank)


def _entity(user_id: str, user: dict[str, Any], stats: dict[str, Any], rank: int) -> User:
    def number(app: str, web: str) -> int | None:
        told = either(user, app, web)
        return count(stats.get(web) if told is None else told)

    private = any_flag(
        user.get("secret"),
        user.get("is_private_account"),
        user.get("privateAccount"),
        user.get("isSecret"),
    )
    return User(
        user_id=user_id,
        sec_uid=text(either(user, "sec_uid", "secUid")),
        username=text(either(user, "unique_id", "uniqueId")),
        nickname=text(either(user, "nickname", "nickName")),
        signature=text(user.get("signature")),
        link=text(part(user.get("bioLink")).get("link")) or text(user.get("bio_url")),
        region=text(user.get("region")),
        language=text(user.get("language")),
        # An embedded user's zeros are placeholders (reference §6): its "not private" is no answer.
        private=private if rank else private or None,
        verified=flag(user.get("verified")),
        custom_verify=text(user.get("custom_verify")),
        enterprise_verify_reason=text(user.get("enterprise_verify_reason")),
        verification_type=count(user.get("verification_type")),
        follower_count=number("follower_count", "followerCount"),
        following_count=number("following_count", "followingCount"),
        friend_count=number("friend_count", "friendCount"),
        post_count=number("aweme_count", "videoCount"),
        like_count=number("total_favorited", "heartCount") or count(stats.get("heart")),
        liked_count=number("favoriting_count", "diggCount"),
        created_at=moment(either(user, "create_time", "createTime")),
    )
