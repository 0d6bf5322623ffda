"""Computes what a complete crawl of some seeds must hold, which tests compare with what a crawl holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sandbox.lists import comments as comment_lists
from sandbox.lists import searches
from sandbox.lists.pagination import PagedList
from sandbox.truth.traversal import Traversal
from sandbox.world import lookup
from sandbox.world.errors import ApiError
from sandbox.world.keys import Comment

_BATCH = 100


class Truth(Traversal):
    """Plans what each kind of seed fetches at depth 0, and leaves the relations to the traversal."""

    def answer(self) -> dict[str, object]:
        """Return the sorted ids of each kind, the lists by the HTTP status that ended them, and the calls."""
        ids = self._world.ids
        self._plan_seeds()
        self.run()
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

    def _plan_seeds(self) -> None:
        planners: dict[str, Callable[[str], None]] = {
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
        values = list(dict.fromkeys(self._query.values))
        if self._query.kind in ("post", "posts"):
            self._seed_posts(values)
            return
        for value in values:
            planners[self._query.kind](value)

    def _seed_hashtag(self, name: str) -> None:
        world, query = self._world, self._query
        if query.full:
            found = (name, query.days, query.max_cursor)
            self._seed_full_search("hashtag", name, lambda: searches.full_hashtag_posts(world, *found))
            return
        key = name.lower().lstrip("#")
        self._seed_search("hashtag", key, lambda: searches.hashtag_posts(world, name))

    def _seed_keyword(self, keyword: str) -> None:
        world, query = self._world, self._query
        found = (keyword, query.period, query.sorting, query.match_exactly)
        if query.full:
            self._seed_full_search("keyword", keyword, lambda: searches.full_keyword_posts(world, *found))
            return
        self._seed_search("keyword", keyword, lambda: searches.keyword_posts(world, *found))

    def _seed_search(self, kind: str, key: str, make: Callable[[], PagedList[int]]) -> None:
        self._plan(0, lambda depth: self._add_posts(kind, make, depth), kind, key)

    def _seed_full_search(self, kind: str, value: str, find: Callable[[], Iterable[int]]) -> None:
        """Plan a full search, which returns all posts in one call."""

        def search(depth: int) -> None:
            found: list[int] = []
            if self._fetch_page(lambda: found.extend(find())):
                for post in found:
                    self._add_post(post, depth)

        self._plan(0, search, "full", kind, value)

    def _seed_user(self, value: str, relation: str) -> None:
        """Plan the profile and, if there is one, the list. `likes` of a sec_uid needs no profile."""
        try:
            user = lookup.user(self._world, value)
            if relation == "likes" and value.startswith(lookup.SEC_UID_PREFIX):
                self._plan_user_list(relation, user, 0)
                return
            self._world.users.check_profile(user)
        except ApiError as error:
            self._count_error(error)
            if error.status in (404, 463, 473):
                self.missing.add(value)
            if relation == "posts":  # fetched by name, without the profile, and refused for the same reason
                self._count_error(error)
            return
        self._plan(0, lambda _: self._profile(user), "profile", user)
        self._add_user(user, 0)
        self._plan_user_list(relation, user, 0)

    def _seed_posts(self, values: Sequence[str]) -> None:
        """Fetch URLs one by one, and ids in batches of 100."""
        for url in (value for value in values if "/" in value):
            self._seed_post_url(url)
        ids = [value for value in values if "/" not in value]
        for start in range(0, len(ids), _BATCH):
            self._seed_batch(ids[start : start + _BATCH])

    def _seed_post_url(self, url: str) -> None:
        aweme_id = lookup.id_in_url(url)
        post = lookup.post_by_id(self._world, aweme_id)
        if post is None:
            self.missing.add(aweme_id)
            self.lists["404"] += 1
            self.calls += int(aweme_id) % 3 != 2  # answered with a 200 that holds no post, except for these
        elif self._world.posts.special_name(post) == "restricted_post":
            self.missing.add(aweme_id)
            self.lists["520"] += 1
        else:
            self._count_page()
            self._add_post(post, 0)

    def _seed_batch(self, aweme_ids: Sequence[str]) -> None:
        found = lookup.posts_of_batch(self._world, aweme_ids)
        self._count_page()
        self.missing.update(set(aweme_ids) - {self._world.ids.post_id(post) for post in found})
        for post in found:
            self._add_post(post, 0)

    def _seed_comments(self, value: str) -> None:
        def make() -> PagedList[Comment]:
            return comment_lists.comments(self._world, lookup.post(self._world, value))

        aweme_id = lookup.id_in_url(value) if "/" in value else value
        key = lookup.post_by_id(self._world, aweme_id) or aweme_id
        self._plan(0, lambda depth: self._add_comments("comments", make, depth), "comments", key)

    def _seed_replies(self, value: str) -> None:
        aweme_id, _, cid = value.rpartition(":")

        def make() -> PagedList[Comment]:
            parent = lookup.comment(self._world, lookup.post(self._world, aweme_id), cid)
            return comment_lists.replies(self._world, parent)

        self._plan(0, lambda depth: self._add_comments("replies", make, depth), "replies", aweme_id, cid)

    def _seed_music(self, mid: str) -> None:
        try:
            sound = lookup.sound(self._world, mid)
        except ApiError as error:
            self.lists[str(error.status)] += 2  # the details and the posts
            self.missing.add(mid)
            return
        self._plan(0, lambda _: self._sound(sound), "music", sound)
        self._plan(0, lambda depth: self._sound_posts(sound, depth), "music-posts", sound)

    def _seed_music_search(self, keyword: str) -> None:
        def search(_depth: int) -> None:
            self.music.update(self._fetch_list("music-search", lambda: searches.sounds(self._world, keyword)))

        self._plan(0, search, "music-search", keyword)

    def _seed_user_search(self, keyword: str) -> None:
        def search(depth: int) -> None:
            for user in self._fetch_list("user-search", lambda: searches.users(self._world, keyword)):
                self._add_user(user, depth)

        self._plan(0, search, "user-search", keyword)

    def _seed_lives(self, keyword: str) -> None:
        ids = self._world.ids
        if self._fetch_page(lambda: searches.find_topic(self._world, keyword)):
            self.lives.update(ids.room_id(user) for user in searches.live_hosts(self._world, keyword))
