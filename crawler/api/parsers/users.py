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
    parse_url,
    require_object,
    unwrap,
)
from crawler.model.entities import User
from crawler.model.items import Dialect, Fullness, Item, ParsedEntity, SkipItemError, UnparsableItemError

_IDS = ("uid", "id", "uid_str", "userId", "user_id")
_MARKS = frozenset({*_IDS, "sec_uid", "secUid", "unique_id", "uniqueId"})
_WRAPPERS = ("user_info", "userInfo", "user")
_COUNTS = {
    "follower_count": ("follower_count", "followerCount"),
    "following_count": ("following_count", "followingCount"),
    "friend_count": ("friend_count", "friendCount"),
    "post_count": ("aweme_count", "videoCount"),
    "like_count": ("total_favorited", "heartCount", "heart"),
    "liked_count": ("favoriting_count", "diggCount"),
}
_APP_COUNTS = frozenset(names[0] for names in _COUNTS.values())
_AVATARS = (
    "avatar_larger", "avatarLarger", "coversLarger", "avatar_medium", "avatarMedium", "coversMedium", "avatar_thumb",
    "avatarThumb", "covers",
)  # fmt: skip


def parse_user(raw: object, fullness: Fullness = Fullness.LISTED) -> Item:
    """Parse a user in the app format, `{user_info}` of a search (provider.md E12), or `{user, stats}` of a web profile.

    user_info_from_username is in camel case with the counters next to the user (provider.md E10, O14);
    user_info_from_secuid in snake case, nested or flat, with the id under `uid`, `id` or `uid_str` (E11, O12).
    """
    user, whole = unwrap(require_object(raw, "a user"), _WRAPPERS)
    if (user_id := user_id_of(user)) is None:
        raise SkipItemError("holds no user") if _MARKS.isdisjoint(user) else UnparsableItemError("user without an id")
    return Item(user_id, (_found(user_id, user, whole, fullness),))


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
    whole = {"user": user, "stats": stats} if isinstance(stats, dict) else user
    return (_found(user_id, user, whole, Fullness.EMBEDDED),)


def _found(user_id: str, user: dict[str, Any], whole: dict[str, Any], fullness: Fullness) -> ParsedEntity:
    dialect: Dialect = "web" if "uniqueId" in user or "secUid" in user else "app"
    counters = () if whole is user and dialect == "app" else _counters(user, whole)
    entity = _entity(user_id, user, _counts(user, counters), fullness)
    return ParsedEntity(entity, whole, fullness, dialect if fullness else None)


def _counters(user: dict[str, Any], whole: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the objects in which a web profile counts, the exact ones before the rounded (provider.md O14, O21)."""
    holders = (user,) if whole is user else (whole, as_object(whole.get("userInfo")), user)
    found = (holder[name] for name in ("statsV2", "stats") for holder in holders if name in holder)
    return (user, *(counters for counters in found if isinstance(counters, dict)))


def _counts(user: dict[str, Any], counters: tuple[dict[str, Any], ...]) -> dict[str, int | None]:
    """Return the counts by field; the writer of a comment has none at all."""
    if not counters:
        if _APP_COUNTS.isdisjoint(user):
            return {}
        return {field: parse_count(user.get(names[0])) for field, names in _COUNTS.items()}
    counts: dict[str, int | None] = {}
    for field, names in _COUNTS.items():
        places = ((place, name) for name in names for place in counters)
        counts[field] = next((n for place, name in places if (n := parse_count(place.get(name))) is not None), None)
    return counts


def _entity(user_id: str, user: dict[str, Any], counts: dict[str, int | None], fullness: Fullness) -> User:
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
        avatar_url=_avatar(user),
        category=parse_text(user.get("category"))
        or parse_text(as_object(user.get("commerceUserInfo")).get("category")),
        region=parse_text(user.get("region")),
        language=parse_text(user.get("language")),
        # An embedded user's zeros are placeholders (provider.md O7): its "not private" means nothing.
        private=private if fullness else private or None,
        verified=parse_bool(user.get("verified")),
        custom_verify=parse_text(user.get("custom_verify")),
        enterprise_verify_reason=parse_text(user.get("enterprise_verify_reason")),
        verification_type=parse_count(user.get("verification_type")),
        **counts,
        created_at=parse_timestamp(first_of(user, "create_time", "createTime")),
    )


def _avatar(user: dict[str, Any]) -> str | None:
    """Return the address of the largest picture."""
    for name in _AVATARS:
        if name in user and (url := parse_url(user[name])):
            return url
    return None
