"""Cuts into pages what hashtags, keywords, sounds and searches find."""

from __future__ import annotations

from functools import lru_cache

from sandbox.lists.pagination import ABSENT, End, Junk, Listing, Page, Script, Window, chain, ending
from sandbox.world.errors import Refused
from sandbox.world.hashing import mix
from sandbox.world.keys import MEMBER, user_code
from sandbox.world.posts import NOW
from sandbox.world.topics import Tag, Topic
from sandbox.world.world import World

HASHTAG_CAP = 5_000  # cursor [D23]
PERIODS = ("0", "1", "7", "30", "90", "180")


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
    end = ending(world.seed, topic.number if topic else 0)
    if topic is not None and topic.quirk == "ads":
        pages: list[list[int | Junk]] = [list(posts[at : at + 20]) for at in range(0, len(posts), 20)] or [[]]
        for page in pages:
            page.insert(1, Junk("card"))
        return Script(chain(pages))
    return Window(len(posts), posts.__getitem__, 20, 0, end)


def music_posts(world: World, sound: int) -> Listing[int]:
    """/tt/music/posts: 20 a page."""
    posts = world.sounds.users(sound)
    return Window(len(posts), posts.__getitem__, 20, 0, ending(world.seed, 5, sound))


def music_search(world: World, word: str) -> Listing[int]:
    """/tt/music/info: 20 a page (native), at most 60."""
    topic = find_keyword(world, word)
    found = world.sounds.of_topic(topic)[:60] if topic else []
    return Window(len(found), found.__getitem__, 20, 0, ending(world.seed, 6, len(found)))


def user_search(world: World, word: str) -> Listing[int]:
    """/tt/user/search: 10 a page, at most 60."""
    topic = find_keyword(world, word)
    count = min(60, topic.members) if topic and topic.posts else 0
    number = topic.number if topic else 0
    return Window(count, lambda place: _member(number, place), 10, 0, ending(world.seed, 7, number))


def _member(topic: int, place: int) -> int:
    return user_code(MEMBER, topic, place)


def lives(world: World, word: str) -> list[int]:
    """/tt/live/search: the users who are live; one page, as nobody knows how it goes on."""
    topic = find_keyword(world, word)
    count = min(8, topic.members) if topic and topic.posts else 0
    return [_member(topic.number, place) for place in range(count)] if topic else []
