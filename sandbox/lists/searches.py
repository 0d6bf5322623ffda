"""Pages what hashtags, keywords, sounds and searches find."""

from __future__ import annotations

from functools import lru_cache

from sandbox.lists.pagination import ABSENT, OffsetList, Page, PagedList, ScriptedList, chain, list_ending, split
from sandbox.world.errors import ApiError
from sandbox.world.hashing import hash_ints
from sandbox.world.keys import MEMBER, user_key
from sandbox.world.list_quirks import ListEnding, MalformedItem
from sandbox.world.topics import Hashtag, Topic
from sandbox.world.world import World

HASHTAG_CAP = 5_000  # the greatest cursor that still leads to posts (provider.md)
PERIODS = ("0", "1", "7", "30", "90", "180")  # days; 0 is all time
_PAGE_SIZE = 20
_USERS_PER_PAGE = 10
_MAX_FOUND = 60  # sounds or users that a search finds
_MAX_LIVES = 8


def find_hashtag(world: World, name: str) -> Hashtag:
    """Raise 404 if there is no such hashtag, 469 if it is restricted."""
    hashtag = world.topics.hashtag(name)
    if hashtag is None:
        raise ApiError(404, "Hashtag not found")
    if hashtag.topic.quirk == "restricted":
        raise ApiError(469, "Topic is restricted")
    return hashtag


def hashtag_posts(world: World, name: str) -> PagedList[int]:
    """/tt/hashtag/posts: 20 posts a page; the cursor is an offset of at most HASHTAG_CAP."""
    hashtag = find_hashtag(world, name)
    topic = hashtag.topic
    count = min(hashtag.posts, HASHTAG_CAP)
    posts = [world.posts.of_hashtag(hashtag, n) for n in range(count)] if topic.quirk else []
    scripted = _scripted_pages(topic.quirk, posts)
    if scripted is not None:
        return ScriptedList(scripted)
    # At the cap the cursor leads on, to an empty page.
    ending: ListEnding = "trailing" if hashtag.posts > HASHTAG_CAP else ("null" if topic.number % 2 else "absent")
    overlap = 3 if topic.quirk == "overlapping" else int(topic.number % 3 == 1)
    return OffsetList(count, lambda n: world.posts.of_hashtag(hashtag, n), _PAGE_SIZE, overlap, ending)


def _scripted_pages(quirk: str, posts: list[int]) -> dict[int, Page[int]] | None:
    pages = split(posts, _PAGE_SIZE)
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
        pages[1].insert(4, MalformedItem("string"))
        return chain(pages)
    if quirk == "odd-items":
        for page, kinds in zip(pages, (["null", "number"], ["list", "no-id"], ["empty", "bad-id"]), strict=True):
            page[2:2] = [MalformedItem(kind) for kind in kinds]
        return chain(pages)
    return None


def full_hashtag_posts(world: World, name: str, days: int, max_cursor: int | None) -> list[int]:
    """/tt/hashtag/recent-posts: of the first `max_cursor` posts, those of the last `days` days."""
    hashtag = find_hashtag(world, name)
    count = min(hashtag.posts, HASHTAG_CAP if max_cursor is None else min(max_cursor, HASHTAG_CAP))
    posts = (world.posts.of_hashtag(hashtag, n) for n in range(count))
    return [post for post in posts if world.posts.created(post) >= world.now - days * 86_400]


def find_topic(world: World, keyword: str) -> Topic | None:
    """Return the topic that a keyword finds, if any; raise 469 if it is restricted."""
    topic = world.topics.for_keyword(keyword)
    if topic is not None and topic.quirk == "restricted":
        raise ApiError(469, "Topic is restricted")
    return topic


def full_keyword_posts(world: World, keyword: str, period: str, sorting: str, exact: bool) -> list[int]:
    """/tt/keyword/full-search: the topic's posts of the last `period` days; `exact` keeps every other one."""
    topic = find_topic(world, keyword)
    if topic is None:
        return []
    oldest = world.now - int(period) * 86_400 if period != "0" else 0
    found = (world.posts.of_topic(topic, index) for index in range(0, topic.posts, 1 + exact))
    posts = [post for post in found if world.posts.created(post) >= oldest]
    if sorting == "1":
        posts.sort(key=lambda post: (-hash_ints(world.seed, 90, post) % 1000, post))
    return posts


@lru_cache(maxsize=64)
def keyword_posts(world: World, keyword: str, period: str, sorting: str, exact: bool) -> PagedList[int]:
    """/tt/keyword/search: 20 items a page; the pages of `with-ads` contain a card of another kind."""
    posts = full_keyword_posts(world, keyword, period, sorting, exact)
    topic = find_topic(world, keyword)
    if topic is not None and topic.quirk == "ads":
        pages = split(posts, _PAGE_SIZE) or [[]]
        for page in pages:
            page.insert(1, MalformedItem("card"))
        return ScriptedList(chain(pages))
    ending = list_ending(world.seed, topic.number if topic else 0)
    return OffsetList(len(posts), posts.__getitem__, _PAGE_SIZE, 0, ending)


def sound_posts(world: World, sound: int) -> PagedList[int]:
    """/tt/music/posts: 20 a page."""
    posts = world.sounds.posts_using(sound)
    return OffsetList(len(posts), posts.__getitem__, _PAGE_SIZE, 0, list_ending(world.seed, 5, sound))


def sounds(world: World, keyword: str) -> PagedList[int]:
    """/tt/music/info: 20 a page, at most 60."""
    topic = find_topic(world, keyword)
    found = world.sounds.of_topic(topic)[:_MAX_FOUND] if topic else []
    return OffsetList(len(found), found.__getitem__, _PAGE_SIZE, 0, list_ending(world.seed, 6, len(found)))


def users(world: World, keyword: str) -> PagedList[int]:
    """/tt/user/search: 10 a page, at most 60."""
    topic = find_topic(world, keyword)
    found = _members(topic, _MAX_FOUND)
    ending = list_ending(world.seed, 7, topic.number if topic else 0)
    return OffsetList(len(found), found.__getitem__, _USERS_PER_PAGE, 0, ending)


def live_hosts(world: World, keyword: str) -> list[int]:
    """/tt/live/search: the users who are live, all on one page (how the endpoint pages is unknown, provider.md)."""
    return _members(find_topic(world, keyword), _MAX_LIVES)


def _members(topic: Topic | None, most: int) -> list[int]:
    """Return the first members of a topic that has posts."""
    if topic is None or not topic.posts:
        return []
    return [user_key(MEMBER, topic.number, n) for n in range(min(most, topic.members))]
