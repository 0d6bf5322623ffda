"""Parses a user in the app or the web format, flat or wrapped, alone or embedded in another object."""

from typing import Any

from crawler.api.parsers.fields import (
    as_object,
    first_of,
    parse_any_bool,
    parse_bool,
    parse_count,
    parse_id,
    parse_text,
    parse_timestamp,
    require_object,
)
from crawler.model.entities import User
from crawler.model.items import Fullness, Item, ParsedEntity, SkipItemError, UnparsableItemError

_IDS = ("uid", "id", "uid_str", "userId", "user_id")
_MARKS = frozenset({*_IDS, "sec_uid", "secUid", "unique_id", "uniqueId"})
_WRAPPERS = ("user_info", "userInfo", "user")


def parse_user(raw: object, fullness: Fullness = Fullness.LISTED) -> Item:
    """Parse a user in the app format, `{user_info}` of a search (provider.md E12), or `{user, stats}` of a web profile.

    user_info_from_username is in camel case with the counters next to the user (provider.md E10, O14);
    user_info_from_secuid in snake case, nested or flat, with the id under `uid`, `id` or `uid_str` (E11, O12).
    """
    outer = require_object(raw, "a user")
    user = _unwrapped(outer)
    if (user_id := user_id_of(user)) is None:
        raise SkipItemError("holds no user") if _MARKS.isdisjoint(user) else UnparsableItemError("user without an id")
    return Item(user_id, (_found(user_id, user, outer, fullness),))


def user_id_of(user: dict[str, Any]) -> str | None:
    """Return the user's id, under whichever name this format has for it."""
    for name in _IDS:
        if user_id := parse_id(user.get(name)):
            return user_id
    return None


def parse_embedded_user(user: object, stats: object = None) -> tuple[ParsedEntity, ...]:
    """Parse the user inside a post or comment; empty where there is none with an id."""
    if not isinstance(user, dict) or (user_id := user_id_of(user)) is None:
        return ()
    outer = {"user": user, "stats": stats} if isinstance(stats, dict) else user
    return (_found(user_id, user, outer, Fullness.EMBEDDED),)


def _unwrapped(outer: dict[str, Any]) -> dict[str, Any]:
    user = outer
    for name in _WRAPPERS:
        if name in user:
            user = as_object(user[name])
    return user


def _found(user_id: str, user: dict[str, Any], outer: dict[str, Any], fullness: Fullness) -> ParsedEntity:
    stats = as_object(outer.get("stats") or as_object(outer.get("userInfo")).get("stats") or user.get("stats"))
    # `raw` keeps counters that are siblings of the user; a mere wrapper is dropped.
    return ParsedEntity(_entity(user_id, user, stats, fullness), outer if stats else user, fullness)


def _entity(user_id: str, user: dict[str, Any], stats: dict[str, Any], fullness: Fullness) -> User:
    def number(app: str, web: str) -> int | None:
        value = first_of(user, app, web)
        return parse_count(stats.get(web) if value is None else value)

    private = parse_any_bool(
        user.get("secret"),
        user.get("is_private_account"),
        user.get("privateAccount"),
        user.get("isSecret"),
    )
    return User(
        user_id=user_id,
        sec_uid=parse_text(first_of(user, "sec_uid", "secUid")),
        username=parse_text(first_of(user, "unique_id", "uniqueId")),
        nickname=parse_text(first_of(user, "nickname", "nickName")),
        signature=parse_text(user.get("signature")),
        link=parse_text(as_object(user.get("bioLink")).get("link")) or parse_text(user.get("bio_url")),
        region=parse_text(user.get("region")),
        language=parse_text(user.get("language")),
        # An embedded user's zeros are placeholders (provider.md O7): its "not private" means nothing.
        private=private if fullness else private or None,
        verified=parse_bool(user.get("verified")),
        custom_verify=parse_text(user.get("custom_verify")),
        enterprise_verify_reason=parse_text(user.get("enterprise_verify_reason")),
        verification_type=parse_count(user.get("verification_type")),
        follower_count=number("follower_count", "followerCount"),
        following_count=number("following_count", "followingCount"),
        friend_count=number("friend_count", "friendCount"),
        post_count=number("aweme_count", "videoCount"),
        like_count=number("total_favorited", "heartCount") or parse_count(stats.get("heart")),
        liked_count=number("favoriting_count", "diggCount"),
        created_at=parse_timestamp(first_of(user, "create_time", "createTime")),
    )
