"""Reads a post in the old web format, as full_hashtag_search may bring it."""

from typing import Any

from crawler.api.parsers.fields import count, ident, item_object, moment, part, parts, text
from crawler.api.parsers.hashtags import hashtags_in
from crawler.api.parsers.mentions import mentions_in
from crawler.api.parsers.music import embedded_music
from crawler.api.parsers.users import embedded_user, user_ident
from crawler.model.entities import Post
from crawler.model.items import Item, ParsedEntity, Unreadable


def read_webpost(raw: dict[str, Any], rank: int) -> Item:
    """`{itemInfos, authorInfos, musicInfos?, challengeInfoList?, authorStats?, textExtra?}` (reference §3).

    Ids and createTime are texts, counters integers, authorStats.heartCount a text (samples/README, 15).
    """
    infos = item_object(raw["itemInfos"], "itemInfos")
    if (post_id := ident(infos.get("id"))) is None:
        raise Unreadable("post without itemInfos.id")
    marks = parts(raw.get("textExtra"))
    tags = hashtags_in(parts(raw.get("challengeInfoList")), marks)
    entity = _entity(post_id, infos, raw, list(tags), mentions_in(marks))
    return Item(
        post_id,
        (
            ParsedEntity(entity, raw, rank),
            *embedded_user(raw.get("authorInfos"), raw.get("authorStats")),
            *embedded_music(raw.get("musicInfos")),
            *tags.values(),
        ),
    )


def _entity(post_id: str, infos: dict[str, Any], raw: dict[str, Any], hashtags: list[str], mentions: list[str]) -> Post:
    author, video = part(raw.get("authorInfos")), part(infos.get("video"))
    duration_s = count(part(video.get("videoMeta")).get("duration"))
    return Post(
        post_id=post_id,
        author_id=ident(infos.get("authorId")) or user_ident(author),
        author_sec_uid=text(author.get("secUid")),
        author_username=text(author.get("uniqueId")),
        text=text(infos.get("text")),
        created_at=moment(infos.get("createTime")),
        duration_ms=duration_s * 1000 if duration_s else None,
        view_count=count(infos.get("playCount")),
        like_count=count(infos.get("diggCount")),
        comment_count=count(infos.get("commentCount")),
        share_count=count(infos.get("shareCount")),
        music_id=ident(infos.get("musicId")) or ident(part(raw.get("musicInfos")).get("musicId")),
        hashtags=hashtags,
        mentions=mentions,
        media="video" if video else None,
    )
