"""States what a complete crawl of some seeds must hold: the answer that tests compare a crawl with."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.lists import comments as talk_lists
from sandbox.lists import searches as search_lists
from sandbox.lists.pagination import Listing
from sandbox.truth.traversal import Expansion
from sandbox.world import lookup as find
from sandbox.world.errors import Refused
from sandbox.world.keys import Comment


class Truth(Expansion):
    """Plans what each kind of seed buys at depth 0, then follows the relations."""

    def answer(self) -> dict[str, object]:
        """Sorted ids per kind, lists by the HTTP status that ended them, distinct successful calls."""
        ids = self._world.ids
        self._seeds()
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
            self._all_posts("hashtag", name, lambda: search_lists.full_hashtag(world, name, q.days, q.max_cursor))
            return
        self._plan(
            0,
            lambda d: self._each_post("hashtag", lambda: search_lists.hashtag(world, name), d),
            "hashtag",
            name.lower().lstrip("#"),
        )

    def _seed_keyword(self, word: str) -> None:
        world, q = self._world, self._q
        if q.full:
            found = (word, q.period, q.sorting, q.match_exactly)
            self._all_posts("keyword", word, lambda: search_lists.keyword_posts(world, *found))
            return

        def make() -> Listing[int]:
            return search_lists.keyword(world, word, q.period, q.sorting, q.match_exactly)

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
            self._world.people.check_profile(user)
        except Refused as refused:
            self.lists[str(refused.status)] += 1
            if refused.status in (404, 463, 473):
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
            found = find.known_posts(world, batch)
            self._once(lambda: None)
            self.missing.update(set(batch) - {world.ids.post_id(post) for post in found})
            for post in found:
                self._post(post, 0)

    def _seed_comments(self, value: str) -> None:
        def work(depth: int) -> None:
            for comment in self._pages(
                "comments", lambda: talk_lists.comments(self._world, find.post(self._world, value))
            ):
                self._comment(comment, depth)

        aweme_id = find.id_in_url(value) if "/" in value else value
        self._plan(0, work, "comments", find.post_by_id(self._world, aweme_id) or aweme_id)

    def _seed_replies(self, value: str) -> None:
        aweme_id, _, cid = value.rpartition(":")

        def make() -> Listing[Comment]:
            return talk_lists.replies(self._world, find.comment(self._world, find.post(self._world, aweme_id), cid))

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
            self.music.update(self._pages("music-search", lambda: search_lists.music_search(self._world, word)))

        self._plan(0, work, "music-search", word)

    def _seed_user_search(self, word: str) -> None:
        def work(depth: int) -> None:
            for user in self._pages("user-search", lambda: search_lists.user_search(self._world, word)):
                self._user(user, depth)

        self._plan(0, work, "user-search", word)

    def _seed_lives(self, word: str) -> None:
        ids = self._world.ids
        if self._once(lambda: search_lists.find_keyword(self._world, word)):
            self.lives.update(ids.room_id(user) for user in search_lists.lives(self._world, word))
