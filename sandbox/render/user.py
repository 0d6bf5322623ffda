"""Renders users in each dialect: app profile, list member, post author, commenter, web."""

from __future__ import annotations

from functools import lru_cache

from sandbox.render.media import Json, picture
from sandbox.world.hashing import hash_ints
from sandbox.world.posts import NEWEST
from sandbox.world.world import World


def heart_count(world: World, user: int) -> int:
    """Return the likes that a user's posts have got; more every hour in a live world."""
    chance = hash_ints(world.seed, 70, user)
    return chance % 2_000_000 + world.age // 3600 * (chance % 50)


def _join_time(world: World, user: int) -> int:
    return NEWEST - 900 * 86_400 - hash_ints(world.seed, 71, user) % 40_000_000


def _signature(world: World, user: int) -> str:
    chance = hash_ints(world.seed, 72, user) % 4
    return ("", "just here for fun", "📍 somewhere · mail in bio", "line one\nline two")[chance]


@lru_cache(maxsize=20_000)
def base(world: World, user: int) -> Json:
    """Return what every user of the app dialect has, with ids as strings.

    The dict is cached: merge it into another, never change it.
    """
    name = world.users.username(user)
    return {
        "uid": world.ids.uid(user),
        "sec_uid": world.ids.sec_uid(user),
        "unique_id": name,
        "nickname": name.replace("_", " ").title(),
        "avatar_thumb": picture(hash_ints(world.seed, 73, user), "avt", 100),
    }


def profile(world: World, user: int) -> Json:
    """Return the `user` of /tt/user/info-from-secuid, in snake_case with true counts."""
    return member(world, user) | {
        "avatar_larger": picture(hash_ints(world.seed, 73, user), "avt", 1080),
        "bio_secure_url": None,
        "category": "",
        "share_info": {"share_url": f"https://www.tiktok.com/@{world.users.username(user)}"},
        "is_star": False,
    }


def alternative(world: World, user: int) -> Json:
    """Return the flat payload of alternative_method=true: `id` for uid, and the account's category (provider.md)."""
    return {
        "id": world.ids.uid(user),
        "sec_uid": world.ids.sec_uid(user),
        "unique_id": world.users.username(user),
        "nickname": base(world, user)["nickname"],
        "account_type": 1,
        "category": ("Personal Blog", "Musician/Band", "Public Figure")[hash_ints(world.seed, 74, user) % 3],
        "follower_count": world.follow_graph.claimed_followers(user),
        "following_count": world.follow_graph.followings(user).size,
        "aweme_count": world.posts.count(user),
        "signature": _signature(world, user),
    }


def member(world: World, user: int) -> Json:
    """Return a follower, following or search hit: true counts, and a create_time of 0 where it is unknown."""
    private = world.users.state(user) == "private"
    return base(world, user) | {
        "short_id": "0",
        "signature": _signature(world, user),
        "region": world.users.region(user),
        "language": "en",
        "follower_count": world.follow_graph.claimed_followers(user),
        "following_count": world.follow_graph.followings(user).size,
        "aweme_count": world.posts.count(user),
        "favoriting_count": world.users.like_count(user),
        "total_favorited": heart_count(world, user),
        "secret": int(private),
        "status": 1,
        "create_time": 0 if user % 3 == 0 else _join_time(world, user),
        "verification_type": 1,
        "custom_verify": "",
        "cha_list": None,
        "room_id": 0,
        "youtube_channel_title": "",
        "avatar_medium": picture(hash_ints(world.seed, 73, user), "avt", 720),
    }


def author(world: World, user: int, true_counts: bool, with_name: bool) -> Json:
    """Return the author inside a post: counts are 0 as placeholders, except in a user's own posts (provider.md)."""
    body = base(world, user) | {
        "short_id": "0",
        "signature": _signature(world, user) if true_counts else "",
        "region": world.users.region(user),
        "language": "en",
        "follower_count": world.follow_graph.claimed_followers(user) if true_counts else 0,
        "following_count": world.follow_graph.followings(user).size if true_counts else 0,
        "aweme_count": world.posts.count(user) if true_counts else 0,
        "total_favorited": heart_count(world, user) if true_counts else 0,
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


def commenter(world: World, user: int) -> Json:
    """Return the user inside a comment, who has no counts at all."""
    return base(world, user) | {"custom_verify": "", "cha_list": None, "cover_url": None, "item_list": None}


def rounded(number: int) -> int:
    """Round as web payloads do: 4,511,327 becomes 4,500,000 (provider.md)."""
    step = 10 ** max(0, len(str(number)) - 2)
    return number if number < 10_000 else number // step * step


def web(world: World, user: int) -> Json:
    """Return the {user, stats} of /tt/user/info, in camelCase with big counts rounded."""
    face = f"https://cdn1.sandbox.invalid/avt/{hash_ints(world.seed, 73, user):016x}"
    loved = rounded(heart_count(world, user))
    name = world.users.username(user)
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
            "createTime": _join_time(world, user),
            "verified": user % 17 == 0,
            "privateAccount": world.users.state(user) == "private",
            "secret": False,
            "openFavorite": world.users.likes_visibility(user) == "public",
            "language": "en",
            "roomId": "",
            "ttSeller": False,
        },
        "stats": {
            "followerCount": rounded(world.follow_graph.claimed_followers(user)),
            "followingCount": world.follow_graph.followings(user).size,
            "heart": loved,
            "heartCount": loved,
            "videoCount": world.posts.count(user),
            "diggCount": world.users.like_count(user),
            "friendCount": 0,
        },
        "itemList": [],
    }


def web_author(world: World, user: int) -> tuple[Json, Json]:
    """Return the authorInfos and authorStats of a remapped post; heartCount is a string."""
    infos: Json = {
        "userId": world.ids.uid(user),
        "uniqueId": world.users.username(user),
        "nickName": base(world, user)["nickname"],
        "secUid": world.ids.sec_uid(user),
        "signature": _signature(world, user),
        "verified": user % 17 == 0,
        "isSecret": False,
        "relation": -1,
        "covers": [f"https://cdn1.sandbox.invalid/avt/{hash_ints(world.seed, 73, user):016x}_100.jpeg"],
    }
    stats: Json = {
        "followerCount": world.follow_graph.claimed_followers(user),
        "followingCount": world.follow_graph.followings(user).size,
        "heartCount": str(heart_count(world, user)),
        "videoCount": world.posts.count(user),
        "diggCount": world.users.like_count(user),
    }
    return infos, stats
