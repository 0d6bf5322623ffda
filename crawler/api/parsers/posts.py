"""Reads a post in the app's words, and finds its author, sound and hashtags."""

from typing import Any, Literal

from crawler.api.parsers.fields import (
    any_flag,
    count,
    flag,
    ident,
    item_object,
    language,
    moment,
    part,
    parts,
    text,
)
from crawler.api.parsers.hashtags import hashtags_in
from crawler.api.parsers.mentions import mentions_in
from crawler.api.parsers.music import embedded_music, music_ident
from crawler.api.parsers.users import embedded_user, user_ident
from crawler.api.parsers.web_posts import read_webpost
from crawler.model.entities import Post
from crawler.model.items import LISTED, Item, NotAnItem, ParsedEntity, Unreadable

_WRAPPERS = ("aweme_info", "aweme_detail")
_MARKS = frozenset({"aweme_id", "desc", "statistics", "aweme_type"})


def read_post(raw: object, rank: int = LISTED) -> Item:
    """A bare aweme, `{aweme_info}` of a keyword search, `{aweme_detail}`, or the web format `{itemInfos, …}`.

    Reference §3: keyword_search wraps, and cards of other kinds stand between the posts; full_hashtag_search
    brings either format; post_info answers an unknown video with an object that holds no aweme.
    """
    post = item_object(raw, "a post")
    if "itemInfos" in post:
        return read_webpost(post, rank)
    for name in _WRAPPERS:
        if name in post:
            post = item_object(post[name], name)
            break
    else:
        name = "post"
    if (post_id := ident(post.get("aweme_id"))) is None:
        if name == "post" and _MARKS.isdisjoint(post):
            raise NotAnItem("holds no post")
        raise Unreadable(f"{name} without aweme_id")
    return _item(post_id, post, rank)


def _item(post_id: str, post: dict[str, Any], rank: int) -> Item:
    marks = parts(post.get("text_extra"))
    tags = hashtags_in(parts(post.get("cha_list")), marks)
    entity = _entity(post_id, post, list(tags), mentions_in(marks))
    return Item(
        post_id,
        (
            ParsedEntity(entity, post, rank),
            *embedded_user(post.get("author")),
            *embedded_music(post.get("music")),
            *tags.values(),
        ),
    )


def _entity(post_id: str, post: dict[str, Any], hashtags: list[str], mentions: list[str]) -> Post:
    author, numbers, images = part(post.get("author")), part(post.get("statistics")), _images(post)
    return Post(
        post_id=post_id,
        author_id=user_ident(author) or ident(post.get("author_user_id")),
        author_sec_uid=text(author.get("sec_uid")),
        author_username=text(author.get("unique_id")),
        text=text(post.get("desc")),
        title=text(images.get("title")),
        created_at=moment(post.get("create_time")),
        region=text(post.get("region")),
        language=language(post.get("desc_language")),
        duration_ms=count(part(post.get("video")).get("duration")) or count(post.get("duration")),
        view_count=count(numbers.get("play_count")),
        like_count=count(numbers.get("digg_count")),
        comment_count=count(numbers.get("comment_count")),
        share_count=count(numbers.get("share_count")),
        save_count=count(numbers.get("collect_count")),
        download_count=count(numbers.get("download_count")),
        repost_count=count(numbers.get("repost_count")),
        image_count=len(parts(images.get("images"))) or None,
        music_id=music_ident(part(post.get("music"))),
        hashtags=hashtags,
        mentions=mentions,
        pinned=flag(post.get("is_top")),
        media=_media(post),
        ad=any_flag(post.get("is_ads"), post.get("is_ad")),
        paid_partnership=flag(post.get("is_paid_partnership")),
        ai_generated=flag(part(post.get("aigc_info")).get("created_by_ai")),
        comments_open=flag(part(post.get("status")).get("allow_comment")),
    )


def _images(post: dict[str, Any]) -> dict[str, Any]:
    return part(post.get("image_post_info"))


def _media(post: dict[str, Any]) -> Literal["video", "photo"] | None:
    """Photo where images are told or the type is 2 (reference §6); a carousel may hold a `video` too."""
    if _images(post) or post.get("aweme_type") == 2:
        return "photo"
    return "video" if part(post.get("video")) else None
