"""Follows every relation from what a seed brings, over the world itself and never through the crawler's code.

Depths and relations as contract.md has them: a seed's own pages at depth 0, items at their page's depth, a list one
deeper than what it leads from, an author or writer one deeper than the post or comment, nothing below `depth`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import TypeVar

from sandbox.lists import comments as talk_lists
from sandbox.lists import searches as search_lists
from sandbox.lists import users as people_lists
from sandbox.lists.pagination import Junk, Listing, walk
from sandbox.truth.query import Question
from sandbox.world.errors import Refused
from sandbox.world.keys import Comment, author
from sandbox.world.posts import NOW
from sandbox.world.world import World

USER_LISTS = ("followers", "followings", "posts", "likes")
T = TypeVar("T")
Work = Callable[[int], None]


class Expansion:
    """Collects what is met. Work waits in `_due` under its depth; met again nearer, it moves to the smaller depth."""

    def __init__(self, world: World, question: Question) -> None:
        self._world = world
        self._q = question
        self._due: dict[tuple[object, ...], tuple[int, Work]] = {}
        self._by_depth: defaultdict[int, list[tuple[object, ...]]] = defaultdict(list)
        self._finished: set[tuple[object, ...]] = set()
        self.posts: set[int] = set()
        self.users: set[int] = set()
        self.comments: set[Comment] = set()
        self.music: set[int] = set()
        self.hashtags: set[str] = set()
        self.follows: set[tuple[int, int]] = set()
        self.lives: set[str] = set()
        self.missing: set[str] = set()
        self.lists: Counter[str] = Counter()
        self.calls = 0

    def run(self) -> None:
        """Does all planned work, nearest first, down to the crawl's depth."""
        for depth in range(self._q.depth + 1):
            for key in self._by_depth[depth]:
                if key not in self._finished and self._due[key][0] == depth:
                    self._finished.add(key)
                    self._due[key][1](depth)

    # -- planning ----------------------------------------------------------------------------------------------

    def _plan(self, depth: int, work: Work, *key: object) -> None:
        known = self._due.get(key)
        if known is None or depth < known[0]:
            self._due[key] = (depth, work)
            self._by_depth[depth].append(key)

    def _pages(self, name: str, make: Callable[[], Listing[T]], max_pages: int = 1_000_000) -> Iterator[T]:
        """The readable items of a list; a refusal ends it before it begins."""
        try:
            listing = make()
        except Refused as refused:
            self.lists[str(refused.status)] += 1
            return
        self.lists["200"] += 1
        for page in walk(listing, max_pages, self._q.limit(name)):
            self.calls += 1
            yield from (item for item in page.items if not isinstance(item, Junk))

    def _once(self, allowed: Callable[[], object]) -> bool:
        """A list of one page: a profile, a batch, details."""
        try:
            allowed()
        except Refused as refused:
            self.lists[str(refused.status)] += 1
            return False
        self.lists["200"] += 1
        self.calls += 1
        return True

    # -- what is met -------------------------------------------------------------------------------------------

    def _post(self, post: int, depth: int) -> None:
        world, relations = self._world, self._q.relations
        self.posts.add(post)
        self.users.add(author(post))
        self.hashtags.update(tag.lower() for tag in world.posts.tags(post))
        sound = world.posts.sound(post)
        if sound is not None:
            self.music.add(sound)
        if not self._in_time(post):
            return
        if "authors" in relations:
            self._plan(depth + 1, lambda _: self._profile(author(post)), "profile", author(post))
        self._user(author(post), depth + 1)
        if "comments" in relations:
            self._plan(depth + 1, lambda d: self._comments(post, d), "comments", post)
        if sound is not None and "music" in relations:
            self._plan(depth + 1, lambda _: self._sound(sound), "music", sound)
        if sound is not None and "music-posts" in relations:
            self._plan(depth + 1, lambda d: self._music_posts(sound, d), "music-posts", sound)

    def _in_time(self, post: int) -> bool:
        created = self._world.posts.created(post)
        return (self._q.since or 0) <= created <= (self._q.until or NOW)

    def _user(self, user: int, depth: int) -> None:
        """A user to whom the four user relations apply, at this depth."""
        self.users.add(user)
        for name in USER_LISTS:
            if name in self._q.relations:
                self._user_list(name, user, depth + 1)

    def _user_list(self, name: str, user: int, depth: int) -> None:
        works: dict[str, Work] = {
            "followers": lambda d: self._follow("followers", user, d),
            "followings": lambda d: self._follow("followings", user, d),
            "posts": lambda d: self._user_posts(user, d),
            "likes": lambda d: self._liked(user, d),
        }
        self._plan(depth, works[name], name, user)

    def _comment(self, comment: Comment, depth: int) -> None:
        writer = self._world.talk.writer(comment)
        self.comments.add(comment)
        self.users.add(writer)
        if "commenters" in self._q.relations:
            self._plan(depth + 1, lambda _: self._profile(writer), "profile", writer)
            self._user(writer, depth + 1)
        if "replies" in self._q.relations and comment.r < 0 and self._world.talk.replies(comment):
            self._plan(depth + 1, lambda d: self._replies(comment, d), "replies", comment)

    # -- lists ---------------------------------------------------------------------------------------------------

    def _profile(self, user: int) -> None:
        if self._once(lambda: self._world.people.check_profile(user)):
            self.users.add(user)

    def _comments(self, post: int, depth: int) -> None:
        for comment in self._pages("comments", lambda: talk_lists.comments(self._world, post)):
            self._comment(comment, depth)

    def _replies(self, parent: Comment, depth: int) -> None:
        for comment in self._pages("replies", lambda: talk_lists.replies(self._world, parent)):
            self._comment(comment, depth)

    def _sound(self, sound: int) -> None:
        if self._once(lambda: None):
            self.music.add(sound)

    def _music_posts(self, sound: int, depth: int) -> None:
        self._each_post("music-posts", lambda: search_lists.music_posts(self._world, sound), depth)

    def _each_post(self, name: str, make: Callable[[], Listing[int]], depth: int) -> None:
        for post in self._pages(name, make):
            self._post(post, depth)

    def _user_posts(self, user: int, depth: int) -> None:
        self._each_post("posts", lambda: people_lists.user_posts(self._world, user, 1, self._q.since), depth)

    def _liked(self, user: int, depth: int) -> None:
        self._each_post("likes", lambda: people_lists.liked(self._world, user), depth)

    def _follow(self, name: str, user: int, depth: int) -> None:
        make = people_lists.followers if name == "followers" else people_lists.followings
        most = people_lists.FOLLOWER_PAGES if name == "followers" else 1_000_000
        for other in self._pages(name, lambda: make(self._world, user), most):
            self.follows.add((other, user) if name == "followers" else (user, other))
            self._user(other, depth)
