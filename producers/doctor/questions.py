"""Choose what is asked of each endpoint: what the user gave, what earlier answers named, else something well known."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.model.entities import Comment, Entity, Music, Post, User
from crawler.model.errors import UsageError
from crawler.model.pages import Request

_CHEAP = 10  # units that a call of an endpoint may cost to be tried without being named
_IDS = 5  # posts asked for in a batch
_WELL_KNOWN = {"hashtag": "cats", "keyword": "cats", "username": "tiktok"}
_FIXED = {"depth": 1, "period": "180", "days": 1}
# What answers to these endpoints name, as arguments of others.
_TEACHES = {
    "hashtag_search": ("username", "sec_uid", "id", "aweme_id", "url", "aweme_ids", "music_id"),
    "keyword_search": ("username", "sec_uid", "id", "aweme_id", "url", "aweme_ids", "music_id"),
    "user_search": ("username", "sec_uid", "id"),
    "user_info_from_username": ("username", "sec_uid", "id"),
    "post_comments": ("comment_id",),
    "music_search": ("music_id",),
}


class Questions:
    """The arguments for each endpoint, which grow with every answer."""

    def __init__(self, given: Mapping[str, str]) -> None:
        known = {argument for endpoint in ENDPOINTS.values() for argument in endpoint.args}
        if unknown := given.keys() - known:
            raise UsageError(f"no endpoint takes {', '.join(sorted(unknown))}; `tokcrawl endpoints` lists arguments")
        self._given: dict[str, Any] = dict(given)
        if ids := given.get("aweme_ids"):
            self._given["aweme_ids"] = ids.split(",")
        self._learned: dict[str, Any] = {}
        self._well_known = dict(_WELL_KNOWN)
        self.user_is_private = False

    def plan(self, endpoints: Sequence[Endpoint]) -> None:
        """Raise UsageError where no earlier answer can name what an endpoint needs.

        Nothing is guessed that an earlier answer should name: if that one fails, it would only fail in turn.
        """
        for endpoint in endpoints:
            for name in set(_TEACHES.get(endpoint.name, ())) - {*endpoint.args}:
                self._well_known.pop(name, None)
        named = self._well_known.keys() | _FIXED.keys() | self._given.keys()
        for endpoint in endpoints:
            if missing := set(endpoint.required) - named:
                teachers = [name for name, taught in _TEACHES.items() if missing <= {*taught}]
                first = f"name {teachers[0]} too, or " if teachers else ""
                given = " ".join(f"--arg {name}=…" for name in sorted(missing))
                raise UsageError(f"{endpoint.name} needs {', '.join(sorted(missing))}: {first}give {given}")
            named |= {*_TEACHES.get(endpoint.name, ())}

    def request(self, endpoint: Endpoint) -> Request | None:
        """Return what to ask; None where nothing is known to ask for."""
        known = {**self._well_known, **_FIXED, **self._learned, **self._given}
        args = {name: known[name] for name in endpoint.args if name in endpoint.required and name in known}
        return Request(endpoint.name, args) if len(args) == len(endpoint.required) else None

    def learn(self, endpoint: Endpoint, items: Sequence[Entity]) -> None:
        """Take over what an answer names; users that were searched for are better known than authors of posts."""
        taught = _TEACHES.get(endpoint.name, ())
        named = {name: value for name, value in _named_by(items).items() if name in taught}
        self._learned = {**self._learned, **named} if endpoint.name == "user_search" else {**named, **self._learned}
        if endpoint.is_object and any(isinstance(item, User) and item.private for item in items):
            self.user_is_private = True


def chosen(names: Sequence[str]) -> list[Endpoint]:
    """Return the endpoints named, or the cheap ones; those first whose answers name arguments of others."""
    if unknown := [name for name in names if name not in ENDPOINTS or ENDPOINTS[name].account_endpoint]:
        raise UsageError(f"no endpoint {', '.join(unknown)}; `tokcrawl endpoints` lists them")
    wanted = [one for one in ENDPOINTS.values() if (one.name in names if names else _is_cheap(one))]
    teachers = list(_TEACHES)
    return sorted(wanted, key=lambda one: teachers.index(one.name) if one.name in teachers else len(teachers))


def price(endpoint: Endpoint) -> tuple[int, int]:
    """Return the units that its call is expected to cost, and costs at most."""
    if endpoint.batch_argument is None:
        return endpoint.expected_price, endpoint.max_price
    return endpoint.expected_price, ceil(endpoint.max_price * _IDS / endpoint.max_ids)


def _is_cheap(endpoint: Endpoint) -> bool:
    return not endpoint.account_endpoint and price(endpoint)[1] <= _CHEAP


def _named_by(items: Iterable[Entity]) -> dict[str, Any]:
    items = list(items)
    posts = sorted((one for one in items if isinstance(one, Post)), key=lambda post: -(post.comment_count or 0))
    comments = [one for one in items if isinstance(one, Comment) and one.reply_total]
    named: dict[str, Any] = {}
    if posts:
        named = {**_by_post(posts[0]), "aweme_ids": [post.post_id for post in posts[:_IDS]]}
    users = [one for one in items if isinstance(one, User) and not one.private]
    for user in sorted(users, key=lambda user: -(user.follower_count or 0))[:1]:
        named = {"username": user.username, "sec_uid": user.sec_uid, "id": user.user_id}
    for comment in comments[:1]:
        named["comment_id"] = comment.comment_id
    for music in (one for one in items[:1] if isinstance(one, Music)):
        named["music_id"] = music.music_id
    return {name: value for name, value in named.items() if value}


def _by_post(post: Post) -> dict[str, Any]:
    return {
        "aweme_id": post.post_id,
        "url": f"https://www.tiktok.com/@{post.author_username or 'tiktok'}/video/{post.post_id}",
        "username": post.author_username,
        "sec_uid": post.author_sec_uid,
        "id": post.author_id,
        "music_id": post.music_id,
    }
