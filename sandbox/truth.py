"""Says what a complete crawl of some seeds must hold, by walking the world itself and never the crawler's code.

Depths and relations as contract.md has them: a seed's own pages at depth 0, items at their page's depth, a list one
deeper than what it leads from, an author or writer one deeper than the post or comment, nothing below `depth`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from . import find, lists
from .codes import Comment, author
from .listing import Junk, Listing, walk
from .posts import NOW
from .refusal import Refused
from .world import World

RELATIONS = ("authors", "comments", "replies", "commenters", "music", "music-posts", "followers", "followings", "posts", "likes")
KINDS = (
    *("hashtag", "keyword", "user", "followers", "followings", "likes", "post", "posts"),
    *("comments", "replies", "music", "music-search", "user-search", "live-search"),
)
USER_LISTS = ("followers", "followings", "posts", "likes")
_OF_POSTS = {"hashtag", "keyword", "user", "post", "posts", "music"}
T = TypeVar("T")
Work = Callable[[int], None]


@dataclass(frozen=True)
class Question:
    """One crawl: kind, values, and the options of `tokcrawl seed` that change what it holds."""

    kind: str
    values: tuple[str, ...]
    expand: frozenset[str] | None = None  # None: the kind's default
    depth: int = 2
    full: bool = False
    days: int = 3650
    max_cursor: int | None = None
    period: str = "180"
    sorting: str = "0"
    match_exactly: bool = False
    since: int | None = None  # unix s; posts before are kept but not expanded, lists in time order stop
    until: int | None = None
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def relations(self) -> frozenset[str]:
        if self.expand is not None:
            return self.expand
        return frozenset(("authors", "comments", "followings") if self.kind in _OF_POSTS else ())


class Truth:
    """Collects what is met. Work waits in `_due` under its depth; met again nearer, it moves to the smaller depth."""

    def __init__(self, world: World, question: Question) -> None:
        self._world = world
        self._q = question
        self._due: dict[tuple[object, ...], tuple[int, Work]] = {}
        self._by_depth: defaultdict[int, list[tuple[object, ...]]] = defaultdict(list)
        self._finished: set[tuple[object, ...]] = set()
        self._expanded_posts: set[int] = set()
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

    def answer(self) -> dict[str, object]:
        """Sorted ids per kind, lists by the HTTP status that ended them, distinct successful calls."""
        ids = self._world.ids
        self._seeds()
        for depth in range(self._q.depth + 1):
            for key in self._by_depth[depth]:
                if key not in self._finished and self._due[key][0] == depth:
                    self._finished.add(key)
                    self._due[key][1](depth)
        return {
            "posts": sorted(map(ids.post_id, self.posts)),
            "users": sorted(map(ids.uid, self.users)),
            "comments": sorted(map(ids.cid, self.comments)),
            "music": sorted(map(ids.mid, self.music)),
            "hashtags": sorted(self.hashtags),
            "follows": sorted(f"{ids.uid(a)}:{ids.uid(b)}" for a, b in self.follows),
            "lives": sorted(self.lives),
            "missing": sorted(self.missing),
            "lists": dict(sorted(self.lists.items())),
            "calls": self.calls,
        }

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
        for page in walk(listing, max_pages, self._q.limits.get(name)):
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
        if self._once(lambda: self._check_profile(user)):
            self.users.add(user)

    def _check_profile(self, user: int) -> None:
        self._world.people.check_profile(user)
        role = self._world.people.role(user)
        if role and role.quirk in ("data-in-error", "no-data"):
            raise Refused(404 if role.quirk == "data-in-error" else 200, "no profile")

    def _comments(self, post: int, depth: int) -> None:
        for comment in self._pages("comments", lambda: lists.comments(self._world, post)):
            self._comment(comment, depth)

    def _replies(self, parent: Comment, depth: int) -> None:
        for comment in self._pages("replies", lambda: lists.replies(self._world, parent)):
            self._comment(comment, depth)

    def _sound(self, sound: int) -> None:
        if self._once(lambda: None):
            self.music.add(sound)

    def _music_posts(self, sound: int, depth: int) -> None:
        self._each_post("music-posts", lambda: lists.music_posts(self._world, sound), depth)

    def _each_post(self, name: str, make: Callable[[], Listing[int]], depth: int) -> None:
        for post in self._pages(name, make):
            self._post(post, depth)

    def _user_posts(self, user: int, depth: int) -> None:
        self._each_post("posts", lambda: lists.user_posts(self._world, user, 1, self._q.since), depth)

    def _liked(self, user: int, depth: int) -> None:
        self._each_post("likes", lambda: lists.liked(self._world, user), depth)

    def _follow(self, name: str, user: int, depth: int) -> None:
        make = lists.followers if name == "followers" else lists.followings
        most = lists.FOLLOWER_PAGES if name == "followers" else 1_000_000
        for other in self._pages(name, lambda: make(self._world, user), most):
            self.follows.add((other, user) if name == "followers" else (user, other))
            self._user(other, depth)

    # -- seeds ---------------------------------------------------------------------------------------------------

    def _seeds(self) -> None:
        plans: dict[str, Callable[[str], None]] = {
            "hashtag": self._seed_hashtag,
            "keyword": self._seed_keyword,
            "user": lambda value: self._seed_user(value, "posts"),
            "followers": lambda value: self._seed_user(value, "followers"),
            "followings": lambda value: self._seed_user(value, "followings"),
            "likes": lambda value: self._seed_user(value, "likes"),
            "comments": self._seed_comments,
            "replies": self._seed_replies,
            "music": self._seed_music,
            "music-search": self._seed_music_search,
            "user-search": self._seed_user_search,
            "live-search": self._seed_lives,
        }
        if self._q.kind in ("post", "posts"):
            self._seed_posts(self._q.values)
            return
        for value in dict.fromkeys(self._q.values):
            plans[self._q.kind](value)

    def _seed_hashtag(self, name: str) -> None:
        world, q = self._world, self._q
        if q.full:
            self._all_posts("hashtag", name, lambda: lists.full_hashtag(world, name, q.days, q.max_cursor))
            return
        self._plan(0, lambda d: self._each_post("hashtag", lambda: lists.hashtag(world, name), d), "hashtag", name.lower())

    def _seed_keyword(self, word: str) -> None:
        world, q = self._world, self._q
        if q.full:
            found = (word, q.period, q.sorting, q.match_exactly)
            self._all_posts("keyword", word, lambda: lists.keyword_posts(world, *found))
            return

        def make() -> Listing[int]:
            return lists.keyword(world, word, q.period, q.sorting, q.match_exactly)

        self._plan(0, lambda d: self._each_post("keyword", make, d), "keyword", word)

    def _all_posts(self, kind: str, value: str, make: Callable[[], Iterable[int]]) -> None:
        """A full search: every post in one call."""

        def work(depth: int) -> None:
            found: list[int] = []
            if self._once(lambda: found.extend(make())):
                for post in found:
                    self._post(post, depth)

        self._plan(0, work, "full", kind, value)

    def _seed_user(self, value: str, name: str) -> None:
        """Buys the profile, and where there is one the list. `likes` of a sec_uid needs no profile."""
        try:
            user = find.user(self._world, value)
            if name == "likes" and value.startswith("MS4wLjABAAAA"):
                self._user_list(name, user, 0)
                return
            self._check_profile(user)
        except Refused as refused:
            self.lists[str(refused.status)] += 1
            self.missing.add(value)
            if name == "posts":  # bought beside the profile, and refused for the same reason
                self.lists[str(refused.status)] += 1
            return
        self._plan(0, lambda _: self._profile(user), "profile", user)
        self._user(user, 0)
        self._user_list(name, user, 0)

    def _seed_posts(self, values: Iterable[str]) -> None:
        """URLs one by one; bare ids in batches of 100."""
        world, bare = self._world, []
        for value in dict.fromkeys(values):
            if "/" not in value:
                bare.append(value)
                continue
            aweme_id = find.id_in_url(value)
            post = find.post_by_id(world, aweme_id)
            if post is None:
                self.missing.add(aweme_id)
                self.lists["404"] += 1
                self.calls += int(aweme_id) % 3 != 2
            elif world.posts.role(post) == "restricted_post":
                self.missing.add(aweme_id)
                self.lists["520"] += 1
            elif self._once(lambda: None):
                self._post(post, 0)
        for at in range(0, len(bare), 100):
            batch = bare[at : at + 100]
            found = lists.known_posts(world, batch)
            self._once(lambda: None)
            self.missing.update(set(batch) - {world.ids.post_id(post) for post in found})
            for post in found:
                self._post(post, 0)

    def _seed_comments(self, value: str) -> None:
        def work(depth: int) -> None:
            for comment in self._pages("comments", lambda: lists.comments(self._world, find.post(self._world, value))):
                self._comment(comment, depth)

        aweme_id = find.id_in_url(value) if "/" in value else value
        self._plan(0, work, "comments", find.post_by_id(self._world, aweme_id) or aweme_id)

    def _seed_replies(self, value: str) -> None:
        aweme_id, _, cid = value.rpartition(":")

        def make() -> Listing[Comment]:
            return lists.replies(self._world, find.comment(self._world, find.post(self._world, aweme_id), cid))

        def work(depth: int) -> None:
            for comment in self._pages("replies", make):
                self._comment(comment, depth)

        self._plan(0, work, "replies", aweme_id, cid)

    def _seed_music(self, mid: str) -> None:
        try:
            sound = find.sound(self._world, mid)
        except Refused as refused:
            self.lists[str(refused.status)] += 2
            self.missing.add(mid)
            return
        self._plan(0, lambda _: self._sound(sound), "music", sound)
        self._plan(0, lambda d: self._music_posts(sound, d), "music-posts", sound)

    def _seed_music_search(self, word: str) -> None:
        def work(depth: int) -> None:
            self.music.update(self._pages("music-search", lambda: lists.music_search(self._world, word)))

        self._plan(0, work, "music-search", word)

    def _seed_user_search(self, word: str) -> None:
        def work(depth: int) -> None:
            for user in self._pages("user-search", lambda: lists.user_search(self._world, word)):
                self._user(user, depth)

        self._plan(0, work, "user-search", word)

    def _seed_lives(self, word: str) -> None:
        ids = self._world.ids
        if self._once(lambda: lists.find_keyword(self._world, word)):
            self.lives.update(ids.room_id(user) for user in lists.lives(self._world, word))
