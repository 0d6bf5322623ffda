"""Follows every relation from what the seeds find, over the world itself and without any of the crawler's code.

Depths: the pages of the seeds are at depth 0, and items at the depth of their page. The list of an item is one deeper
than the item; so is the author of a post or a comment. Nothing deeper than the crawl's `depth` is fetched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import TypeVar

from sandbox.lists import comments as comment_lists
from sandbox.lists import searches
from sandbox.lists import users as user_lists
from sandbox.lists.pagination import PagedList, iterate_pages
from sandbox.truth.query import TruthQuery
from sandbox.world.errors import ApiError
from sandbox.world.keys import Comment, author
from sandbox.world.list_quirks import MalformedItem
from sandbox.world.world import World

USER_RELATIONS = ("followers", "followings", "posts", "likes")
_UNLIMITED = 1_000_000
T = TypeVar("T")
Task = Callable[[int], None]  # takes the depth at which it runs


class Traversal:
    """Collects what is found. A task planned again at a smaller depth moves there."""

    def __init__(self, world: World, query: TruthQuery) -> None:
        self._world = world
        self._query = query
        self._tasks: dict[tuple[object, ...], tuple[int, Task]] = {}
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
        """Run all planned tasks, smallest depth first."""
        for depth in range(self._query.depth + 1):
            for key in self._by_depth[depth]:
                if key not in self._finished and self._tasks[key][0] == depth:
                    self._finished.add(key)
                    self._tasks[key][1](depth)

    def _plan(self, depth: int, task: Task, *key: object) -> None:
        planned = self._tasks.get(key)
        if planned is None or depth < planned[0]:
            self._tasks[key] = (depth, task)
            self._by_depth[depth].append(key)

    # --- fetching ---------------------------------------------------------------------------------------------

    def _fetch_list(self, name: str, make: Callable[[], PagedList[T]], max_pages: int = _UNLIMITED) -> Iterator[T]:
        """Yield the well-formed items of a list; none if the API refuses it."""
        try:
            paged = make()
        except ApiError as error:
            self._count_error(error)
            return
        self.lists["200"] += 1
        for page in iterate_pages(paged, max_pages, self._query.limit(name)):
            self.calls += 1
            yield from (item for item in page.items if not isinstance(item, MalformedItem))

    def _fetch_page(self, fetch: Callable[[], object]) -> bool:
        """Fetch a list of a single page, such as a profile or a batch; return whether the API serves it."""
        try:
            fetch()
        except ApiError as error:
            self._count_error(error)
            return False
        self._count_page()
        return True

    def _count_page(self) -> None:
        self.lists["200"] += 1
        self.calls += 1

    def _count_error(self, error: ApiError) -> None:
        self.lists[str(error.status)] += 1

    # --- what an item leads to --------------------------------------------------------------------------------

    def _add_post(self, post: int, depth: int) -> None:
        self.posts.add(post)
        self.users.add(author(post))
        self.hashtags.update(tag.lower() for tag in self._world.posts.tags(post))
        sound = self._world.posts.sound(post)
        if sound is not None:
            self.music.add(sound)
        if self._is_in_time(post):
            self._expand_post(post, sound, depth)

    def _is_in_time(self, post: int) -> bool:
        created = self._world.posts.created(post)
        return (self._query.since or 0) <= created <= (self._query.until or self._world.now)

    def _expand_post(self, post: int, sound: int | None, depth: int) -> None:
        relations, writer = self._query.relations, author(post)
        if "authors" in relations:
            self._plan(depth + 1, lambda _: self._profile(writer), "profile", writer)
        self._add_user(writer, depth + 1)
        if "comments" in relations:
            self._plan(depth + 1, lambda d: self._comments(post, d), "comments", post)
        if sound is not None and "music" in relations:
            self._plan(depth + 1, lambda _: self._sound(sound), "music", sound)
        if sound is not None and "music-posts" in relations:
            self._plan(depth + 1, lambda d: self._sound_posts(sound, d), "music-posts", sound)

    def _add_user(self, user: int, depth: int) -> None:
        """Add a user, found at this depth, whose lists the user relations follow."""
        self.users.add(user)
        for name in USER_RELATIONS:
            if name in self._query.relations:
                self._plan_user_list(name, user, depth + 1)

    def _plan_user_list(self, name: str, user: int, depth: int) -> None:
        tasks: dict[str, Task] = {
            "followers": lambda d: self._follows("followers", user, d),
            "followings": lambda d: self._follows("followings", user, d),
            "posts": lambda d: self._user_posts(user, d),
            "likes": lambda d: self._liked_posts(user, d),
        }
        self._plan(depth, tasks[name], name, user)

    def _add_comment(self, comment: Comment, depth: int) -> None:
        world, relations = self._world, self._query.relations
        commenter = world.comments.commenter(comment)
        self.comments.add(comment)
        self.users.add(commenter)
        if "commenters" in relations:
            self._plan(depth + 1, lambda _: self._profile(commenter), "profile", commenter)
            self._add_user(commenter, depth + 1)
        if "replies" in relations and world.comments.reply_count(comment):
            self._plan(depth + 1, lambda d: self._replies(comment, d), "replies", comment)

    # --- tasks ------------------------------------------------------------------------------------------------

    def _profile(self, user: int) -> None:
        if self._fetch_page(lambda: self._world.users.check_profile(user)):
            self.users.add(user)

    def _comments(self, post: int, depth: int) -> None:
        self._add_comments("comments", lambda: comment_lists.comments(self._world, post), depth)

    def _replies(self, parent: Comment, depth: int) -> None:
        self._add_comments("replies", lambda: comment_lists.replies(self._world, parent), depth)

    def _add_comments(self, name: str, make: Callable[[], PagedList[Comment]], depth: int) -> None:
        for comment in self._fetch_list(name, make):
            self._add_comment(comment, depth)

    def _sound(self, sound: int) -> None:
        self._count_page()
        self.music.add(sound)

    def _sound_posts(self, sound: int, depth: int) -> None:
        self._add_posts("music-posts", lambda: searches.sound_posts(self._world, sound), depth)

    def _user_posts(self, user: int, depth: int) -> None:
        self._add_posts("posts", lambda: user_lists.posts(self._world, user, 1, self._query.since), depth)

    def _liked_posts(self, user: int, depth: int) -> None:
        self._add_posts("likes", lambda: user_lists.liked_posts(self._world, user), depth)

    def _add_posts(self, name: str, make: Callable[[], PagedList[int]], depth: int) -> None:
        for post in self._fetch_list(name, make):
            self._add_post(post, depth)

    def _follows(self, name: str, user: int, depth: int) -> None:
        make = user_lists.followers if name == "followers" else user_lists.followings
        max_pages = user_lists.FOLLOWER_PAGES if name == "followers" else _UNLIMITED
        for other in self._fetch_list(name, lambda: make(self._world, user), max_pages):
            self.follows.add((other, user) if name == "followers" else (user, other))
            self._add_user(other, depth)
