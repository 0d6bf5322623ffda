"""Parses a post in the old web format, which full_hashtag_search may return."""

from typing import Any

from crawler.api.parsers.fields import (
    as_object,
    as_objects,
    parse_count,
    parse_id,
    parse_text,
    parse_timestamp,
    parse_url,
    require_object,
)
from crawler.api.parsers.hashtags import parse_hashtags
from crawler.api.parsers.mentions import parse_mentions
from crawler.api.parsers.music import parse_embedded_music
from crawler.api.parsers.users import parse_embedded_user, user_id_of
from crawler.model.entities import Post
from crawler.model.items import Fullness, Item, ParsedEntity, UnparsableItemError


def parse_web_post(raw: dict[str, Any], fullness: Fullness) -> Item:
    """Parse `{itemInfos, authorInfos, musicInfos?, challengeInfoList?, authorStats?, textExtra?}` (provider.md O16).

    Ids, createTime and authorStats.heartCount are texts, counters are integers.
    """
    infos = require_object(raw["itemInfos"], "itemInfos")
    if (post_id := parse_id(infos.get("id"))) is None:
        raise UnparsableItemError("post without itemInfos.id")
    marks = as_objects(raw.get("textExtra"))
    tags = parse_hashtags(as_objects(raw.get("challengeInfoList")), marks)
    entity = _entity(post_id, infos, raw, list(tags), parse_mentions(marks))
    return Item(
        post_id,
        (
            ParsedEntity(entity, raw, fullness, "web" if fullness else None),
            *parse_embedded_user(raw.get("authorInfos"), raw.get("authorStats")),
            *parse_embedded_music(raw.get("musicInfos")),
            *tags.values(),
        ),
    )


def _entity(post_id: str, infos: dict[str, Any], raw: dict[str, Any], hashtags: list[str], mentions: list[str]) -> Post:
    author, video = as_object(raw.get("authorInfos")), as_object(infos.get("video"))
    duration_s = parse_count(as_object(video.get("videoMeta")).get("duration"))
    return Post(
        post_id=post_id,
        author_id=parse_id(infos.get("authorId")) or user_id_of(author),
        author_sec_uid=parse_text(author.get("secUid")),
        author_username=parse_text(author.get("uniqueId")),
        text=parse_text(infos.get("text")),
        created_at=parse_timestamp(infos.get("createTime")),
        duration_ms=duration_s * 1000 if duration_s else None,
        view_count=parse_count(infos.get("playCount")),
        like_count=parse_count(infos.get("diggCount")),
        comment_count=parse_count(infos.get("commentCount")),
        share_count=parse_count(infos.get("shareCount")),
        video_url=parse_url(video.get("urls")),
        cover_url=parse_url(infos.get("covers")),
        music_id=parse_id(infos.get("musicId")) or parse_id(as_object(raw.get("musicInfos")).get("musicId")),
        hashtags=hashtags,
        mentions=mentions,
        media="video" if video else None,
    )
