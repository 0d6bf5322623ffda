"""Renders a sound: inside a post, in a search, as flat details, in the web dialect."""

from __future__ import annotations

from functools import lru_cache

from sandbox.render.media import Json, picture
from sandbox.world.hashing import mix
from sandbox.world.world import World


def title(world: World, sound: int) -> str:
    owner = world.sounds.owner(sound)
    if owner is not None:
        return f"original sound - {world.people.username(owner)}"
    return f"{('Blue', 'Slow', 'Neon', 'Paper', 'Winter')[sound % 5]} Song No. {world.sounds.number(sound)}"


@lru_cache(maxsize=20_000)
def embedded(world: World, sound: int) -> Json:
    """Inside a post: `id` int64, `mid` and `id_str` strings, duration in seconds, user_count 0 [samples]."""
    owner = world.sounds.owner(sound)
    mid = world.ids.mid(sound)
    return {
        "id": int(mid),
        "id_str": mid,
        "mid": mid,
        "title": title(world, sound),
        "author": "Sandbox Orchestra" if owner is None else world.people.username(owner),
        "album": "",
        "duration": 10 + mix(world.seed, 75, sound) % 50,
        "user_count": 0,
        "owner_handle": "" if owner is None else world.people.username(owner),
        "is_original_sound": owner is not None,
        "status": 1,
        "binded_challenge_id": 0,
        "position": None,
        "cover_medium": picture(mix(world.seed, 76, sound), "music", 200),
        "play_url": {"uri": f"https://cdn1.sandbox.invalid/music/{mid}.mp3", "url_list": []},
        "extra": '{"has_edited":0,"reviewed":1}',
    }


def details(world: World, sound: int) -> Json:
    """/tt/music/details and search hits: the same with the true user_count, flat [G+]."""
    return embedded(world, sound) | {
        "user_count": len(world.sounds.users(sound)) or 1,
        "cover_large": picture(mix(world.seed, 76, sound), "music", 720),
        "artists": [],
        "create_time": 1_600_000_000 + sound % 1_000_000,
    }


def web(world: World, sound: int) -> Json:
    """musicInfos of a remapped post [sample 15]."""
    owner = world.sounds.owner(sound)
    return {
        "musicId": world.ids.mid(sound),
        "musicName": title(world, sound),
        "authorName": "" if owner is None else world.people.username(owner),
        "original": owner is not None,
        "playUrl": [f"https://cdn1.sandbox.invalid/music/{world.ids.mid(sound)}.mp3"],
        "covers": [],
    }
