"""Reads a comment or a reply, and finds its writer."""

from typing import Any

from crawler.api.parsers.fields import count, flag, ident, item_object, language, moment, part, parts, text
from crawler.api.parsers.mentions import mentions_in
from crawler.api.parsers.users import embedded_user, user_ident
from crawler.model.entities import Comment
from crawler.model.items import LISTED, Item, ParsedEntity, Unreadable


def read_comment(raw: object, rank: int = LISTED) -> Item:
    """A comment; a reply is the same object with its parent in `reply_id` (reference §3, §6)."""
    comment = item_object(raw, "a comment")
    if (comment_id := ident(comment.get("cid"))) is None:
        raise Unreadable("comment without cid")
    entity = _entity(comment_id, comment)
    return Item(comment_id, (ParsedEntity(entity, comment, rank), *embedded_user(comment.get("user"))))


def _entity(comment_id: str, comment: dict[str, Any]) -> Comment:
    user = part(comment.get("user"))
    return Comment(
        comment_id=comment_id,
        post_id=ident(comment.get("aweme_id")),
        user_id=user_ident(user),
        user_sec_uid=text(user.get("sec_uid")),
        username=text(user.get("unique_id")),
        parent_id=ident(comment.get("reply_id")),
        reply_to_id=ident(comment.get("reply_to_reply_id")),
        text=text(comment.get("text")),
        created_at=moment(comment.get("create_time")),
        language=language(comment.get("comment_language")),
        like_count=count(comment.get("digg_count")),
        reply_total=count(comment.get("reply_comment_total")),
        mentions=mentions_in(parts(comment.get("text_extra"))),
        author_liked=flag(comment.get("is_author_digged")),
        author_pinned=flag(comment.get("author_pin")),
    )
