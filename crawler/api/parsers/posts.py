"""Parses a post in the app format, with its author, sound and hashtags."""

from typing import Any, Literal

from crawler.api.parsers.fields import (
    as_object,
    as_objects,
    parse_any_bool,
    parse_bool,
    parse_count,
    parse_id,
    parse_language,
    parse_text,
    parse_timestamp,
    parse_url,
    require_object,
    unwrap,
)
from crawler.api.parsers.hashtags import parse_hashtags
from crawler.api.parsers.mentions import parse_mentions
from crawler.api.parsers.music import music_id_of, parse_embedded_music
from crawler.api.parsers.users import parse_embedded_user, user_id_of
from crawler.api.parsers.web_posts import parse_web_post
from crawler.model.entities import Post
from crawler.model.items import Fullness, Item, ParsedEntity, SkipItemError, UnparsableItemError

_WRAPPERS = ("aweme_info", "aweme_detail")
_MARKS = frozenset({"aweme_id", "desc", "statistics", "aweme_type"})
_PHOTO_TYPES = (2, 68, 150)


def parse_post(raw: object, fullness: Fullness = Fullness.LISTED) -> Item:
    """Parse a bare aweme, `{aweme_info}`, `{aweme_detail}`, or the web format `{itemInfos, …}`.

    A keyword search wraps its posts (provider.md E3) and may have items of other kinds among them (E4), which are
    skipped; a full hashtag search returns either format (E2); an unknown video is an object without an aweme (E14).
    """
    outer = require_object(raw, "a post")
    if "itemInfos" in outer:
        return parse_web_post(outer, fullness)
    name = next((name for name in _WRAPPERS if name in outer), None)
    if name is not None:
        require_object(outer[name], name)
    post, whole = unwrap(outer, (name,) if name else ())
    if (post_id := parse_id(post.get("aweme_id"))) is None:
        if name is None and _MARKS.isdisjoint(post):
            raise SkipItemError("holds no post")
        raise UnparsableItemError(f"{name or 'post'} without aweme_id")
    return _item(post_id, post, whole, fullness)


def _item(post_id: str, post: dict[str, Any], whole: dict[str, Any], fullness: Fullness) -> Item:
    marks = as_objects(post.get("text_extra"))
    tags = parse_hashtags(as_objects(post.get("cha_list")), marks)
    entity = _entity(post_id, post, list(tags), parse_mentions(marks))
    return Item(
        post_id,
        (
            ParsedEntity(entity, whole, fullness, "app" if fullness else None),
            *parse_embedded_user(post.get("author")),
            *parse_embedded_music(post.get("music")),
            *tags.values(),
        ),
    )


def _entity(post_id: str, post: dict[str, Any], hashtags: list[str], mentions: list[str]) -> Post:
    author, numbers, images = as_object(post.get("author")), as_object(post.get("statistics")), _images(post)
    video, media = as_object(post.get("video")), _media(post)
    return Post(
        post_id=post_id,
        author_id=user_id_of(author) or parse_id(post.get("author_user_id")),
        author_sec_uid=parse_text(author.get("sec_uid")),
        author_username=parse_text(author.get("unique_id")),
        text=parse_text(post.get("desc")),
        title=parse_text(images.get("title")),
        created_at=parse_timestamp(post.get("create_time")),
        region=parse_text(post.get("region")),
        language=parse_language(post.get("desc_language")),
        duration_ms=parse_count(video.get("duration")) or parse_count(post.get("duration")),
        view_count=parse_count(numbers.get("play_count")),
        like_count=parse_count(numbers.get("digg_count")),
        comment_count=parse_count(numbers.get("comment_count")),
        share_count=parse_count(numbers.get("share_count")),
        save_count=parse_count(numbers.get("collect_count")),
        download_count=parse_count(numbers.get("download_count")),
        repost_count=parse_count(numbers.get("repost_count")),
        forward_count=parse_count(numbers.get("forward_count")),
        image_count=len(as_objects(images.get("images"))) or None,
        video_url=parse_url(video.get("play_addr")) if media == "video" else None,
        cover_url=_cover(video, images),
        music_id=music_id_of(as_object(post.get("music"))),
        hashtags=hashtags,
        mentions=mentions,
        pinned=parse_bool(post.get("is_top")),
        media=media,
        ad=parse_any_bool(post.get("is_ads"), post.get("is_ad")),
        paid_partnership=parse_bool(post.get("is_paid_partnership")),
        ai_generated=parse_bool(as_object(post.get("aigc_info")).get("created_by_ai")),
        comments_open=parse_bool(as_object(post.get("status")).get("allow_comment")),
    )


def _images(post: dict[str, Any]) -> dict[str, Any]:
    return as_object(post.get("image_post_info"))


def _media(post: dict[str, Any]) -> Literal["video", "photo"] | None:
    """Return "photo" for a carousel, which has images or a type of its own (provider.md O9) and may hold a `video`."""
    if _images(post) or post.get("aweme_type") in _PHOTO_TYPES:
        return "photo"
    return "video" if as_object(post.get("video")) else None


def _cover(video: dict[str, Any], images: dict[str, Any]) -> str | None:
    """Return the address of the still picture, or of a carousel's first."""
    if cover := parse_url(video.get("cover")) or parse_url(video.get("origin_cover")):
        return cover
    return next((parse_url(image.get("display_image")) for image in as_objects(images.get("images"))), None)
