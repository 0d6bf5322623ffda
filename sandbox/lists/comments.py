"""Pages the comments of a post and the replies to a comment."""

from __future__ import annotations

from sandbox.lists.pagination import ABSENT, OffsetList, Page, PagedList, ScriptedList, chain, list_ending, split
from sandbox.world.errors import ApiError
from sandbox.world.keys import Comment
from sandbox.world.list_quirks import ListEnding, MalformedItem
from sandbox.world.world import World

_PAGE_SIZE = 30


def comments(world: World, post: int) -> PagedList[Comment]:
    """/tt/post/comments: up to 30 a page; the cursor looks like an offset."""
    name = world.posts.special_name(post)
    if name == "restricted_post":
        raise ApiError(520, "Post is restricted")
    if name == "comments_data_in_error":
        detail = "Post not found"
        raise ApiError(404, detail, {"detail": detail, "data": {"comments": [], "total": 0}})
    if name == "comments_no_data":
        raise ApiError(200, None)
    scripted = _scripted_pages(name, [Comment(post, n) for n in range(world.comments.count(post))] if name else [])
    if scripted is not None:
        return ScriptedList(scripted)
    overlap = 2 if name == "comments_overlap" else 0
    ending = list_ending(world.seed, 3, post)
    return OffsetList(world.comments.count(post), lambda n: Comment(post, n), _PAGE_SIZE, overlap, ending)


def _scripted_pages(name: str, items: list[Comment]) -> dict[int, Page[Comment]] | None:
    if name == "comments_null_first":
        return {0: Page((), ABSENT, null=True)}
    if name == "comments_null_last":
        pages: dict[int, Page[Comment]] = chain([*split(items, _PAGE_SIZE), []], _PAGE_SIZE)
        return pages | {90: Page((), ABSENT, null=True)}
    if name == "comments_odd_items":
        malformed = [MalformedItem("null"), MalformedItem("string"), MalformedItem("no-id")]
        return chain([[*items[:3], *malformed, *items[3:]]])
    return None


def claimed_comments(world: World, post: int) -> int:
    """Return `total`, which exceeds what the list holds, as if it counted replies too."""
    special = world.posts.special(post)
    if special and special.claimed_total is not None:
        return special.claimed_total
    count = world.comments.count(post)
    return count + count // 5


def replies(world: World, comment: Comment) -> PagedList[Comment]:
    """/tt/post/comments-replies: up to 30 a page."""
    count = world.comments.reply_count(comment)
    ending: ListEnding = "absent"
    if not world.posts.special(comment.post):
        ending = list_ending(world.seed, 4, comment.post, comment.position)
    return OffsetList(count, lambda n: Comment(comment.post, comment.position, n), _PAGE_SIZE, 0, ending)
