"""Renders comments and replies."""

from __future__ import annotations

from sandbox.render import user as render_user
from sandbox.render.media import Json
from sandbox.world.hashing import hash_ints
from sandbox.world.keys import Comment
from sandbox.world.world import World

_WORDS = ("so good", "first", "where is this", "❤️❤️❤️", "love it", "no way", "part 2 please", "lol", "this made my day")


def comment(world: World, item: Comment) -> Json:
    """Return a comment with reply_id "0" and reply_comment_total, or a reply with its parent's cid as reply_id."""
    comments, ids = world.comments, world.ids
    chance = hash_ints(world.seed, 77, *item)
    parent = "0" if item.reply < 0 else ids.cid(Comment(item.post, item.position))
    body: Json = {
        "cid": ids.cid(item),
        "aweme_id": ids.post_id(item.post),
        "text": f"{_WORDS[chance % len(_WORDS)]} {item.position}",
        "create_time": comments.created(item),
        "digg_count": chance % 900,
        "status": 1,
        "reply_id": parent,
        "reply_to_reply_id": "0",
        "user": render_user.commenter(world, comments.commenter(item)),
        "user_digged": 0,
        "user_buried": False,
        "no_show": False,
        "is_author_digged": chance % 11 == 0,
        "label_list": None,
        "reply_comment": None,
        "text_extra": [],
        "stick_position": 0,
        "comment_language": "en",
    }
    if item.reply < 0:
        body["reply_comment_total"] = comments.reply_count(item)
        body["image_list"] = None
        body["sort_tags"] = '{"top_list":1}'
    return body
