"""Renders a user in each of the platform's dialects: app profile, list member, post author, comment writer, web."""

from __future__ import annotations

from functools import lru_cache

from sandbox.render.media import Json, picture
from sandbox.world.hashing import mix
from sandbox.world.posts import NOW
from sandbox.world.world import World


def followers(world: World, user: int) -> int:
    """The true number: that of the graph, made larger for the cast's celebrities."""
    role = world.people.role(user)
    count = world.graph.followers(user).size
    return role.claimed if role and role.claimed is not None else count


def hearts(world: World, user: int) -> int:
    return mix(world.seed, 70, user) % 2_000_000


def _joined(world: World, user: int) -> int:
    return NOW - 900 * 86_400 - mix(world.seed, 71, user) % 40_000_000


def _signature(world: World, user: int) -> str:
    chance = mix(world.seed, 72, user) % 4
    return ("", "just here for fun", "📍 somewhere · mail in bio", "line one\nline two")[chance]


@lru_cache(maxsize=20_000)
def base(world: World, user: int) -> Json:
    """What every app-dialect user has; ids are strings. Not to be changed: copies are."""
    name = world.people.username(user)
    return {
        "uid": world.ids.uid(user),
        "sec_uid": world.ids.sec_uid(user),
        "unique_id": name,
        "nickname": name.replace("_", " ").title(),
        "avatar_thumb": picture(mix(world.seed, 73, user), "avt", 100),
    }


def profile(world: World, user: int) -> Json:
    """/tt/user/info-from-secuid: `data.user`, snake_case, true numbers [G]."""
    return member(world, user) | {
        "avatar_larger": picture(mix(world.seed, 73, user), "avt", 1080),
        "bio_secure_url": None,
        "category": "",
        "share_info": {"share_url": f"https://www.tiktok.com/@{world.people.username(user)}"},
        "is_star": False,
    }


def alternative(world: World, user: int) -> Json:
    """alternative_method=true: another, flat payload with `id` for uid and the account's category [G; UNV]."""
    return {
        "id": world.ids.uid(user),
        "sec_uid": world.ids.sec_uid(user),
        "unique_id": world.people.username(user),
        "nickname": base(world, user)["nickname"],
        "account_type": 1,
        "category": ("Personal Blog", "Musician/Band", "Public Figure")[mix(world.seed, 74, user) % 3],
        "follower_count": followers(world, user),
        "following_count": world.graph.followings(user).size,
        "aweme_count": world.posts.count(user),
        "signature": _signature(world, user),
    }


def member(world: World, user: int) -> Json:
    """A follower, following or user-search hit: true numbers, create_time 0 where unknown [samples]."""
    private = world.people.state(user) == "private"
    return base(world, user) | {
        "short_id": "0",
        "signature": _signature(world, user),
        "region": world.people.region(user),
        "language": "en",
        "follower_count": followers(world, user),
        "following_count": world.graph.followings(user).size,
        "aweme_count": world.posts.count(user),
        "favoriting_count": world.people.likes(user),
        "total_favorited": hearts(world, user),
        "secret": int(private),
        "status": 1,
        "create_time": 0 if user % 3 == 0 else _joined(world, user),
        "verification_type": 1,
        "custom_verify": "",
        "cha_list": None,
        "room_id": 0,
        "youtube_channel_title": "",
        "avatar_medium": picture(mix(world.seed, 73, user), "avt", 720),
    }


def author(world: World, user: int, true_numbers: bool, with_name: bool) -> Json:
    """The author inside a post: numbers are 0 placeholders but in a user's own posts [samples]."""
    body = base(world, user) | {
        "short_id": "0",
        "signature": _signature(world, user) if true_numbers else "",
        "region": world.people.region(user),
        "language": "en",
        "follower_count": followers(world, user) if true_numbers else 0,
        "following_count": world.graph.followings(user).size if true_numbers else 0,
        "aweme_count": world.posts.count(user) if true_numbers else 0,
        "total_favorited": hearts(world, user) if true_numbers else 0,
        "secret": 0,
        "status": 1,
        "create_time": 0,
        "room_id": 0,
        "verification_type": user % 2,
        "custom_verify": "Verified account" if user % 17 == 0 else "",
    }
    if not with_name:
        del body["unique_id"]
    return body


def writer(world: World, user: int) -> Json:
    """The slim user inside a comment of 2025: no numbers at all [samples]."""
    return base(world, user) | {"custom_verify": "", "cha_list": None, "cover_url": None, "item_list": None}


def rounded(number: int) -> int:
    """Web payloads round big numbers: 4 511 327 becomes 4 500 000 [SC25]."""
    step = 10 ** max(0, len(str(number)) - 2)
    return number if number < 10_000 else number // step * step


def web(world: World, user: int) -> Json:
    """/tt/user/info: `data` = {user, stats}, camelCase, big numbers rounded [SITE, SC25]."""
    face = f"https://cdn1.sandbox.invalid/avt/{mix(world.seed, 73, user):016x}"
    loved = rounded(hearts(world, user))
    name = world.people.username(user)
    return {
        "user": {
            "id": world.ids.uid(user),
            "shortId": "",
            "uniqueId": name,
            "nickname": base(world, user)["nickname"],
            "secUid": world.ids.sec_uid(user),
            "avatarLarger": f"{face}_1080.jpeg",
            "avatarMedium": f"{face}_720.jpeg",
            "avatarThumb": f"{face}_100.jpeg",
            "signature": _signature(world, user),
            "createTime": _joined(world, user),
            "verified": user % 17 == 0,
            "privateAccount": world.people.state(user) == "private",
            "secret": False,
            "openFavorite": world.people.likes_shown(user) == "public",
            "language": "en",
            "roomId": "",
            "ttSeller": False,
        },
        "stats": {
            "followerCount": rounded(followers(world, user)),
            "followingCount": world.graph.followings(user).size,
            "heart": loved,
            "heartCount": loved,
            "videoCount": world.posts.count(user),
            "diggCount": world.people.likes(user),
            "friendCount": 0,
        },
        "itemList": [],
    }


def web_author(world: World, user: int) -> tuple[Json, Json]:
    """authorInfos and authorStats of a remapped post; heartCount is a string [sample 15]."""
    infos: Json = {
        "userId": world.ids.uid(user),
        "uniqueId": world.people.username(user),
        "nickName": base(world, user)["nickname"],
        "secUid": world.ids.sec_uid(user),
        "signature": _signature(world, user),
        "verified": user % 17 == 0,
        "isSecret": False,
        "relation": -1,
        "covers": [f"https://cdn1.sandbox.invalid/avt/{mix(world.seed, 73, user):016x}_100.jpeg"],
    }
    stats: Json = {
        "followerCount": followers(world, user),
        "followingCount": world.graph.followings(user).size,
        "heartCount": str(hearts(world, user)),
        "videoCount": world.posts.count(user),
        "diggCount": world.people.likes(user),
    }
    return infos, stats
