"""Parses a comment or a reply, and the user embedded in it."""

from collections.abc import Iterator
from typing import Any

from crawler.api.parsers.fields import (
    as_object,
    as_objects,
    parse_bool,
    parse_count,
    parse_id,
    parse_language,
    parse_text,
    parse_timestamp,
    require_object,
)
from crawler.api.parsers.mentions import parse_mentions
from crawler.api.parsers.users import parse_embedded_user, user_id_of
from crawler.model.entities import Comment
from crawler.model.items import Fullness, Item, ParsedEntity, UnparsableItemError


def parse_comment(raw: object, fullness: Fullness = Fullness.LISTED) -> Item:
    """Parse a comment; a reply is the same object with its parent in `reply_id` (provider.md O13)."""
    comment = require_object(raw, "a comment")
    if (comment_id := parse_id(comment.get("cid"))) is None:
        raise UnparsableItemError("comment without cid")
    found = _found(comment_id, comment, fullness)
    return Item(comment_id, (*found, *_embedded_replies(comment)) if comment.get("reply_comment") else found)


def _found(comment_id: str, comment: dict[str, Any], fullness: Fullness) -> tuple[ParsedEntity, ...]:
    entity = ParsedEntity(_entity(comment_id, comment), comment, fullness)
    return (entity, *parse_embedded_user(comment.get("user")))


def _embedded_replies(comment: dict[str, Any]) -> Iterator[ParsedEntity]:
    """Parse the replies inside a comment; they are of one level, however TikTok nests them."""
    for reply in as_objects(comment["reply_comment"]):
        if reply_id := parse_id(reply.get("cid")):
            yield from _found(reply_id, reply, Fullness.EMBEDDED)


def _entity(comment_id: str, comment: dict[str, Any]) -> Comment:
    user = as_object(comment.get("user"))
    return Comment(
        comment_id=comment_id,
        post_id=parse_id(comment.get("aweme_id")),
        user_id=user_id_of(user),
        user_sec_uid=parse_text(user.get("sec_uid")),
        username=parse_text(user.get("unique_id")),
        parent_id=parse_id(comment.get("reply_id")),
        reply_to_id=parse_id(comment.get("reply_to_reply_id")),
        text=parse_text(comment.get("text")),
        created_at=parse_timestamp(comment.get("create_time")),
        language=parse_language(comment.get("comment_language")),
        like_count=parse_count(comment.get("digg_count")),
        reply_total=parse_count(comment.get("reply_comment_total")),
        image_count=len(as_objects(images)) or None if (images := comment.get("image_list")) else None,
        mentions=parse_mentions(as_objects(comment.get("text_extra"))),
        author_liked=parse_bool(comment.get("is_author_digged")),
        author_pinned=parse_bool(comment.get("author_pin")),
    )
