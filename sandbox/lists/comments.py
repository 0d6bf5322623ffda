"""Cuts into pages the comments of a post and the replies to a comment."""

from __future__ import annotations

from sandbox.lists.pagination import ABSENT, End, Junk, Listing, Page, Script, Window, chain, ending
from sandbox.world.errors import Refused
from sandbox.world.keys import Comment
from sandbox.world.special_cases import BY_POST_NAME, POST_ROLES
from sandbox.world.world import World


def comments(world: World, post: int) -> Listing[Comment]:
    """/tt/post/comments: up to 30 a page; the cursor looks like an offset."""
    role = world.posts.role(post)
    if role == "restricted_post":
        raise Refused(520, "Post is restricted")
    if role == "comments_data_in_error":
        detail = "Post not found"
        raise Refused(404, detail, {"detail": detail, "data": {"comments": [], "total": 0}})
    if role == "comments_no_data":
        raise Refused(200, None)
    count = world.talk.comments(post)
    if role == "comments_null_first":
        return Script({0: Page((), ABSENT, null=True)})
    items = [Comment(post, t) for t in range(count)] if role.startswith("comments_") else []
    if role == "comments_null_last":
        pages: dict[int, Page[Comment]] = chain([*_thirties(items), []], 30)
        return Script(pages | {90: Page((), ABSENT, null=True)})
    if role == "comments_odd_items":
        odd: list[Comment | Junk] = [*items]
        odd[3:3] = [Junk("null"), Junk("string"), Junk("no-id")]
        return Script(chain([odd]))
    overlap = 2 if role == "comments_overlap" else 0
    return Window(count, lambda t: Comment(post, t), 30, overlap, ending(world.seed, 3, post))


def _thirties(items: list[Comment]) -> list[list[Comment]]:
    return [items[at : at + 30] for at in range(0, len(items), 30)]


def claimed_comments(world: World, post: int) -> int:
    """`total`: a claim above what the list gives, as if it counted replies too."""
    role = world.posts.role(post)
    claimed = POST_ROLES[BY_POST_NAME[role]].claimed if role else None
    count = world.talk.comments(post)
    return claimed if claimed is not None else count + count // 5


def replies(world: World, comment: Comment) -> Listing[Comment]:
    """/tt/post/comments-replies: up to 30 a page."""
    count = world.talk.replies(comment)
    end: End = "absent" if world.posts.role(comment.post) else ending(world.seed, 4, comment.post, comment.t)
    return Window(count, lambda r: Comment(comment.post, comment.t, r), 30, 0, end)
