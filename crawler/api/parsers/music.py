"""Parses a sound: flat, wrapped in `music_info`, in the web format, or embedded in a post."""

from typing import Any

from crawler.api.parsers.fields import (
    first_of,
    parse_any_bool,
    parse_bool,
    parse_count,
    parse_id,
    parse_text,
    parse_timestamp,
    require_object,
    unwrap,
)
from crawler.model.entities import Music
from crawler.model.items import Fullness, Item, ParsedEntity, SkipItemError, UnparsableItemError

_IDS = ("mid", "id_str", "musicId")
_MARKS = frozenset({*_IDS, "title", "musicName", "play_url"})
_WRAPPERS = ("music_info", "musicInfos", "music")


def parse_music(raw: object, fullness: Fullness = Fullness.LISTED) -> Item:
    """Parse a sound of a music search or of music_details, flat or in `{music_info}` (provider.md E20, E22)."""
    outer = require_object(raw, "a sound")
    music, whole = unwrap(outer, [name for name in _WRAPPERS if name in outer][:1])
    if (music_id := music_id_of(music)) is None:
        raise SkipItemError("holds no sound") if _MARKS.isdisjoint(music) else UnparsableItemError("sound without mid")
    return Item(music_id, (ParsedEntity(_entity(music_id, music), whole, fullness),))


def music_id_of(music: dict[str, Any]) -> str | None:
    """Return the sound's id; never `music.id`, whose last digits may be lost (provider.md O6)."""
    for name in _IDS:
        if music_id := parse_id(music.get(name)):
            return music_id
    return None


def parse_embedded_music(music: object) -> tuple[ParsedEntity, ...]:
    """Parse the sound inside a post; empty where there is none with an id."""
    if not isinstance(music, dict) or (music_id := music_id_of(music)) is None:
        return ()
    return (ParsedEntity(_entity(music_id, music), music, Fullness.EMBEDDED),)


def _entity(music_id: str, music: dict[str, Any]) -> Music:
    return Music(
        music_id=music_id,
        title=parse_text(first_of(music, "title", "musicName")),
        author=parse_text(first_of(music, "author", "authorName")),
        album=parse_text(music.get("album")),
        duration_s=parse_count(music.get("duration")),
        post_count=parse_count(music.get("user_count")),
        owner_id=parse_id(music.get("owner_id")),
        owner_sec_uid=parse_text(music.get("sec_uid")),
        owner_username=parse_text(music.get("owner_handle")),
        original=parse_any_bool(music.get("is_original_sound"), music.get("is_original"), music.get("original")),
        commercial=parse_bool(music.get("is_commerce_music")),
        created_at=parse_timestamp(music.get("create_time")),
    )
