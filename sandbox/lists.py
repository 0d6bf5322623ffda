"""Says what each list of the API holds and how it is cut: the one place that both the answers and the truth read."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from functools import lru_cache

from . import find
from .cast import BY_POST_NAME, POST_ROLES
from .codes import MEMBER, Comment, user_code
from .listing import ABSENT, End, Junk, Listing, Page, Script, Window, chain
from .mixing import mix
from .posts import NOW
from .refusal import Refused
from .topics import Tag, Topic
from .world import World

HASHTAG_CAP = 5_000  # cursor [D23]
FOLLOWER_CAP = 5_000  # most recent ones [G]
FOLLOWER_PAGES = 50
PERIODS = ("0", "1", "7", "30", "90", "180")
_ENDS: tuple[End, ...] = ("absent", "null", "trailing", "absent")


def _end(world: World, *parts: int) -> End:
    """Which way a list ends: the same list always in the same way."""
    return _ENDS[mix(world.seed, 60, *parts) % len(_ENDS)]


def find_tag(world: World, name: str) -> Tag:
    tag = world.topics.tag(name)
    if tag is None:
        raise Refused(404, "Hashtag not found")
    if tag.topic.quirk == "restricted":
        raise Refused(469, "Topic is restricted")
    return tag


def hashtag(world: World, name: str) -> Listing[int]:
    """/tt/hashtag/posts: 20 posts a page, the cursor is an offset up to 5,000 [G, D23]."""
    tag = find_tag(world, name)
    count = min(tag.posts, HASHTAG_CAP)
    posts = [world.posts.under(tag, place) for place in range(count)] if tag.topic.quirk else []
    script = _scripted(tag.topic.quirk, posts)
    if script is not None:
        return Script(script)
    # At the cap the cursor goes on, to a page that is empty.
    end: End = "trailing" if tag.posts > HASHTAG_CAP else ("null" if tag.topic.number % 2 else "absent")
    overlap = 3 if tag.topic.quirk == "overlapping" else int(tag.topic.number % 3 == 1)
    return Window(count, lambda place: world.posts.under(tag, place), 20, overlap, end)


def _scripted(quirk: str, posts: list[int]) -> dict[int, Page[int]] | None:
    pages: list[list[int | Junk]] = [list(posts[at : at + 20]) for at in range(0, len(posts), 20)]
    if quirk == "null":
        return {0: Page((), ABSENT, null=True)}
    if quirk == "cursor-repeats":
        return chain(pages) | {40: Page(pages[2], 40)}
    if quirk == "only-seen":
        return chain([pages[n] if n < 2 else pages[n % 2] for n in range(250)])
    if quirk == "empty-forever":
        return chain([pages[0], *[[] for _ in range(249)]])
    if quirk.startswith("empty-"):
        return chain([*pages[:2], *[[] for _ in range(int(quirk[6:]))], *pages[2:]])
    if quirk == "odd-item":
        pages[1].insert(4, Junk("string"))
        return chain(pages)
    if quirk == "odd-items":
        for page, kinds in zip(pages, (["null", "number"], ["list", "no-id"], ["empty", "bad-id"]), strict=True):
            page[2:2] = [Junk(kind) for kind in kinds]
        return chain(pages)
    return None


def full_hashtag(world: World, name: str, days: int, max_cursor: int | None) -> list[int]:
    """/tt/hashtag/recent-posts: of the first `max_cursor` posts those of the last `days` days."""
    tag = find_tag(world, name)
    count = min(tag.posts, HASHTAG_CAP if max_cursor is None else min(max_cursor, HASHTAG_CAP))
    posts = (world.posts.under(tag, place) for place in range(count))
    return [post for post in posts if world.posts.created(post) >= NOW - days * 86_400]


def find_keyword(world: World, keyword: str) -> Topic | None:
    topic = world.topics.for_keyword(keyword)
    if topic is not None and topic.quirk == "restricted":
        raise Refused(469, "Topic is restricted")
    return topic


def keyword_posts(world: World, keyword: str, period: str, sorting: str, exact: bool) -> list[int]:
    """The posts of the keyword's topic in the period (days; 0 = all); `exact` keeps every other one."""
    topic = find_keyword(world, keyword)
    if topic is None:
        return []
    oldest = NOW - int(period) * 86_400 if period != "0" else 0
    found = (world.posts.of_topic(topic.number, topic.members, index) for index in range(0, topic.posts, 1 + exact))
    posts = [post for post in found if world.posts.created(post) >= oldest]
    if sorting == "1":
        posts.sort(key=lambda post: (-mix(world.seed, 90, post) % 1000, post))
    return posts


@lru_cache(maxsize=64)
def keyword(world: World, word: str, period: str, sorting: str, exact: bool) -> Listing[int]:
    """/tt/keyword/search: 20 items a page [G+]; for some topics a card of another kind among them."""
    posts = keyword_posts(world, word, period, sorting, exact)
    topic = find_keyword(world, word)
    end = _end(world, topic.number if topic else 0)
    if topic is not None and topic.quirk == "ads":
        pages: list[list[int | Junk]] = [list(posts[at : at + 20]) for at in range(0, len(posts), 20)] or [[]]
        for page in pages:
            page.insert(1, Junk("card"))
        return Script(chain(pages))
    return Window(len(posts), posts.__getitem__, 20, 0, end)


def user_posts(world: World, user: int, depth: int = 1, oldest: int | None = None) -> Listing[int]:
    """/tt/user/posts*: 10·depth posts; the cursor is the last post's time in ms, as TikTok's max_cursor [SC25].

    `oldest` (unix s) stops the list after the chunk that holds an older post, pinned ones aside.
    """
    world.people.check_lists(user)
    posts = world.posts
    count, first = posts.count(user), len(posts.pinned(user))
    if oldest is not None:
        older = _first_older(world, user, oldest * 1000)
        if older < count:
            chunk = 10 * depth
            count = min(count, (older // chunk + 1) * chunk)
            return Window(count, lambda place: posts.listed(user, place), chunk, 0, "absent",
                          lambda place: posts.created(posts.listed(user, max(place - 1, first))) * 1000,
                          lambda cursor: _first_older(world, user, cursor))
    return Window(
        count,
        lambda place: posts.listed(user, place),
        10 * depth,
        0,
        _end(world, 1, user),
        lambda place: posts.created(posts.listed(user, min(max(place - 1, first), count - 1))) * 1000,
        lambda cursor: _first_older(world, user, cursor),
    )


def _first_older(world: World, user: int, cursor_ms: int) -> int:
    """The first place, after the pinned posts, of a post older than the cursor."""
    low, high = len(world.posts.pinned(user)), world.posts.count(user)
    while low < high:
        middle = (low + high) // 2
        if world.posts.created(world.posts.listed(user, middle)) * 1000 < cursor_ms:
            high = middle
        else:
            low = middle + 1
    return low


def liked(world: World, user: int) -> Listing[int]:
    """/tt/user/liked-posts: 30 a page; 472 or an empty list where likes are not public."""
    world.people.check_lists(user)
    shown = world.people.likes_shown(user)
    if shown == "private":
        raise Refused(472, "User's liked posts are private")
    if shown == "hidden":
        return Window(0, int, 30)
    topic = world.topics.by_number(mix(world.seed, 61, user) % 40)
    assert topic is not None
    count = min(world.people.likes(user), topic.posts)
    start = mix(world.seed, 62, user)
    return Window(
        count,
        lambda place: world.posts.of_topic(topic.number, topic.members, (start + place) % topic.posts),
        30,
        0,
        _end(world, 2, user),
    )


def _second(world: World, user: int, place: int) -> int:
    return NOW - 1_000 - place * 60 - mix(world.seed, 63, user, place) % 50


def _place(cursor: int) -> int:
    """The place after the item of this second; beyond any list for a cursor that is no such second."""
    return (NOW - 1_000 - cursor) // 60 + 1 if cursor > 0 else 1 << 40


def followers(world: World, user: int) -> Listing[int]:
    """/tt/user/followers: 100 a page, the most recent 5,000 [G]; cursor = unix s, falling."""
    world.people.check_lists(user)
    crowd, role = world.graph.followers(user), world.people.role(user)
    shift = role.shift if role else 0
    if role and role.quirk == "followers-null":
        return Script({0: Page((), ABSENT, null=True)})
    end = role.followers_end if role else _follow_end(world, user)
    return Window(
        min(crowd.size, FOLLOWER_CAP),
        crowd.user,
        100 - shift,
        shift,
        end,
        lambda place: _second(world, user, place - 1),
        _place,
    )


def _follow_end(world: World, user: int) -> End:
    ends: tuple[End, ...] = ("absent", "null", "lying", "absent")
    return ends[mix(world.seed, 64, user) % len(ends)]


def followings(world: World, user: int) -> Listing[int]:
    """/tt/user/followings: 100 a page; wants nextCursor and nextPageToken together [G]."""
    world.people.check_lists(user)
    crowd = world.graph.followings(user)
    return Window(
        crowd.size,
        crowd.user,
        100,
        0,
        "absent" if world.people.role(user) else _follow_end(world, user + 1),
        lambda place: _second(world, user, place - 1),
        _place,
    )


def page_token(cursor: int) -> str:
    """The base64 JSON that TikTok calls next_page_token [SC25, VCR]."""
    newest = NOW if cursor > 0 else -1
    return base64.b64encode(json.dumps({"max_cursor": newest, "min_cursor": cursor}, separators=(",", ":")).encode()).decode()


def claimed_followers(world: World, user: int) -> int:
    role = world.people.role(user)
    count = world.graph.followers(user).size
    return role.claimed if role and role.claimed is not None else count


def known_posts(world: World, ids: Sequence[str]) -> list[int]:
    """The posts that a batch finds, shuffled; restricted ones are left out."""
    found = {post for aweme_id in ids if (post := find.post_by_id(world, aweme_id)) is not None}
    open_posts = [post for post in found if world.posts.role(post) != "restricted_post"]
    return sorted(open_posts, key=lambda post: mix(world.seed, 91, post))


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
    return Window(count, lambda t: Comment(post, t), 30, overlap, _end(world, 3, post))


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
    end: End = "absent" if world.posts.role(comment.post) else _end(world, 4, comment.post, comment.t)
    return Window(count, lambda r: Comment(comment.post, comment.t, r), 30, 0, end)


def music_posts(world: World, sound: int) -> Listing[int]:
    """/tt/music/posts: 20 a page."""
    posts = world.sounds.users(sound)
    return Window(len(posts), posts.__getitem__, 20, 0, _end(world, 5, sound))


def music_search(world: World, word: str) -> Listing[int]:
    """/tt/music/info: 20 a page (native), at most 60."""
    topic = find_keyword(world, word)
    found = world.sounds.of_topic(topic)[:60] if topic else []
    return Window(len(found), found.__getitem__, 20, 0, _end(world, 6, len(found)))


def user_search(world: World, word: str) -> Listing[int]:
    """/tt/user/search: 10 a page, at most 60."""
    topic = find_keyword(world, word)
    count = min(60, topic.members) if topic and topic.posts else 0
    number = topic.number if topic else 0
    return Window(count, lambda place: _member(number, place), 10, 0, _end(world, 7, number))


def _member(topic: int, place: int) -> int:
    return user_code(MEMBER, topic, place)


def lives(world: World, word: str) -> list[int]:
    """/tt/live/search: the users who are live; one page, as nobody knows how it goes on."""
    topic = find_keyword(world, word)
    count = min(8, topic.members) if topic and topic.posts else 0
    return [_member(topic.number, place) for place in range(count)] if topic else []
