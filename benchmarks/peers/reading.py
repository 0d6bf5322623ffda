"""Reads an answer as every peer but tokcrawl does: what to store under which id, and what to call next."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

Documents = dict[str, dict[str, Any]]
"""Raw objects by collection and id."""


class Call(NamedTuple):
    """One call: `kind` is hashtag, comments or profile."""

    kind: str
    value: str
    cursor: int | None = None


_WIRE = {
    "hashtag": ("/tt/hashtag/posts", "name"),
    "comments": ("/tt/post/comments", "aweme_id"),
    "profile": ("/tt/user/info-from-secuid", "secUid"),
}


def target(call: Call, token: str) -> str:
    """The call's path and query."""
    path, argument = _WIRE[call.kind]
    cursor = {} if call.cursor is None else {"cursor": call.cursor}
    return f"{path}?{urlencode({'token': token, argument: call.value, **cursor})}"


def parse_page(call: Call, data: Any) -> tuple[Documents, list[Call]]:
    """What the answer's `data` holds, each entity once, and the calls it leads to (not yet without repeats)."""
    documents: Documents = {name: {} for name in ("posts", "users", "comments", "music", "hashtags")}
    if call.kind == "profile":
        _user(documents, data["user"])
        return documents, []
    calls: list[Call] = []
    if call.kind == "hashtag":
        for post in data["data"] or ():
            _post(documents, post)
            calls += _related(post)
    else:
        for comment in data.get("comments") or ():
            documents["comments"][comment["cid"]] = comment
            _user(documents, comment["user"])
    cursor = data.get("nextCursor")
    if cursor is not None:
        calls.insert(0, Call(call.kind, call.value, cursor))
    return documents, calls


def _post(documents: Documents, post: dict[str, Any]) -> None:
    documents["posts"][post["aweme_id"]] = post
    _user(documents, post["author"])
    if music := post.get("music"):
        documents["music"][music["mid"]] = music
    tags = documents["hashtags"]
    for mark in post.get("text_extra") or ():
        if name := mark.get("hashtag_name"):
            tags.setdefault(name.lower(), mark)
    for tag in post.get("cha_list") or ():
        tags[tag["cha_name"].lower()] = tag


def _user(documents: Documents, user: dict[str, Any]) -> None:
    documents["users"][user["uid"]] = user


def _related(post: dict[str, Any]) -> Iterator[Call]:
    yield Call("comments", post["aweme_id"])
    yield Call("profile", post["author"]["sec_uid"])
