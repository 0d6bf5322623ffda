"""Reads a sound: flat, wrapped in `music_info`, in the web's words, or embedded in a post."""

from typing import Any

from crawler.api.parsers.fields import any_flag, count, either, flag, ident, item_object, moment, part, text
from crawler.model.entities import Music
from crawler.model.items import LISTED, THIN, Item, NotAnItem, ParsedEntity, Unreadable

_IDS = ("mid", "id_str", "musicId")
_MARKS = frozenset({*_IDS, "title", "musicName", "play_url"})
_WRAPPERS = ("music_info", "musicInfos", "music")


def read_music(raw: object, rank: int = LISTED) -> Item:
    """A sound of a music search or of music_details, which is flat or `{music_info}` (reference §3)."""
    music = item_object(raw, "a sound")
    for name in _WRAPPERS:
        if name in music:
            music = part(music[name])
            break
    if (music_id := music_ident(music)) is None:
        raise NotAnItem("holds no sound") if _MARKS.isdisjoint(music) else Unreadable("sound without mid")
    return Item(music_id, (ParsedEntity(_entity(music_id, music), music, rank),))


def music_ident(music: dict[str, Any]) -> str | None:
    """The sound's id: never `music.id`, whose last digits get lost on the way (reference §3)."""
    for name in _IDS:
        if music_id := ident(music.get(name)):
            return music_id
    return None


def embedded_music(music: object) -> tuple[ParsedEntity, ...]:
    """The sound inside a post; empty where there is none that can be read."""
    if not isinstance(music, dict) or (music_id := music_ident(music)) is None:
        return ()
    return (ParsedEntity(_entity(music_id, music), music, THIN),)


def _entity(music_id: str, music: dict[str, Any]) -> Music:
    return Music(
        music_id=music_id,
        title=text(either(music, "title", "musicName")),
        author=text(either(music, "author", "authorName")),
        album=text(music.get("album")),
        duration_s=count(music.get("duration")),
        post_count=count(music.get("user_count")),
        owner_id=ident(music.get("owner_id")),
        owner_sec_uid=text(music.get("sec_uid")),
        owner_username=text(music.get("owner_handle")),
        original=any_flag(music.get("is_original_sound"), music.get("is_original"), music.get("original")),
        commercial=flag(music.get("is_commerce_music")),
        created_at=moment(music.get("create_time")),
    )
