"""Collects the ids of what an answer of the sandbox's own holds, in whichever dialect it was rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

KINDS = ("posts", "users", "comments", "music", "hashtags", "follows", "lives")
_TAGS = ("hashtag_name", "cha_name", "HashtagName", "challengeName")
_FOLLOWS = {"/tt/user/followers": True, "/tt/user/followings": False}

Found = tuple[str, str]  # kind and id


def contents(path: str, query: Mapping[str, str], payload: object) -> set[Found]:
    """Return (kind, id) of every entity in an answer, those inside others included."""
    found = set(_walk(payload))
    if path in _FOLLOWS:
        users = {each for kind, each in found if kind == "users"}
        found |= {("follows", _edge(one, query["id"], _FOLLOWS[path])) for one in users}
    return found


def grouped(found: set[Found]) -> dict[str, list[str]]:
    """Return the sorted ids of each kind, as the truth does."""
    return {kind: sorted(each for name, each in found if name == kind) for kind in KINDS}


def _edge(user: str, owner: str, follower: bool) -> str:
    return f"{user}:{owner}" if follower else f"{owner}:{user}"


def _walk(value: Any) -> Iterator[Found]:
    if isinstance(value, list):
        for entry in value:
            yield from _walk(entry)
    elif isinstance(value, dict):
        yield from _of_object(value)
        for entry in value.values():
            if isinstance(entry, dict | list):
                yield from _walk(entry)


def _of_object(value: dict[str, Any]) -> Iterator[Found]:
    if "aweme_id" in value and "statistics" in value:
        yield "posts", str(value["aweme_id"])
    if "itemInfos" in value:
        yield "posts", str(value["itemInfos"]["id"])
    if "cid" in value and "aweme_id" in value:
        yield "comments", str(value["cid"])
    if mid := value.get("mid", value.get("musicId") if "musicName" in value else None):
        yield "music", str(mid)
    if user := _user_id(value):
        yield "users", user
    if "host" in value and "room_id" in value:
        yield "lives", str(value["room_id"])
    for name in _TAGS:
        if value.get(name):
            yield "hashtags", str(value[name]).lower()


def _user_id(value: dict[str, Any]) -> str | None:
    """Return the id of an app user, a web profile, the alternative payload or the author of a web post."""
    if "sec_uid" not in value and "secUid" not in value:
        return None
    found = value.get("uid") or value.get("id") or (value.get("userId") if "uniqueId" in value else None)
    return str(found) if found else None
