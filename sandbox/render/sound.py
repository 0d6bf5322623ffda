"""Renders sounds: inside a post, as details, and in the web dialect."""

from __future__ import annotations

from functools import lru_cache

from sandbox.render.media import Json, picture
from sandbox.world.hashing import hash_ints
from sandbox.world.keys import sound_owner, unpack_topic_sound
from sandbox.world.world import World


def title(world: World, sound: int) -> str:
    owner = sound_owner(sound)
    if owner is not None:
        return f"original sound - {world.users.username(owner)}"
    return f"{('Blue', 'Slow', 'Neon', 'Paper', 'Winter')[sound % 5]} Song No. {unpack_topic_sound(sound)[1]}"


@lru_cache(maxsize=20_000)
def embedded(world: World, sound: int) -> Json:
    """Return a sound as posts contain it: `id` is an int64, `mid` and `id_str` are strings, user_count is 0."""
    owner = sound_owner(sound)
    mid = world.ids.mid(sound)
    return {
        "id": int(mid),
        "id_str": mid,
        "mid": mid,
        "title": title(world, sound),
        "author": "Sandbox Orchestra" if owner is None else world.users.username(owner),
        "album": "",
        "duration": 10 + hash_ints(world.seed, 75, sound) % 50,
        "user_count": 0,
        "owner_handle": "" if owner is None else world.users.username(owner),
        "is_original_sound": owner is not None,
        "status": 1,
        "binded_challenge_id": 0,
        "position": None,
        "cover_medium": picture(hash_ints(world.seed, 76, sound), "music", 200),
        "play_url": {"uri": f"https://cdn1.sandbox.invalid/music/{mid}.mp3", "url_list": []},
        "extra": '{"has_edited":0,"reviewed":1}',
    }


def details(world: World, sound: int) -> Json:
    """Return the same with the true user_count, as /tt/music/details and searches do."""
    return embedded(world, sound) | {
        "user_count": len(world.sounds.posts_using(sound)) or 1,
        "cover_large": picture(hash_ints(world.seed, 76, sound), "music", 720),
        "artists": [],
        "create_time": 1_600_000_000 + sound % 1_000_000,
    }


def web(world: World, sound: int) -> Json:
    """Return the musicInfos of a remapped post."""
    owner = sound_owner(sound)
    return {
        "musicId": world.ids.mid(sound),
        "musicName": title(world, sound),
        "authorName": "" if owner is None else world.users.username(owner),
        "original": owner is not None,
        "playUrl": [f"https://cdn1.sandbox.invalid/music/{world.ids.mid(sound)}.mp3"],
        "covers": [],
    }
