"""Changes the JSON of an answer as a provider does overnight: lists, cursors, totals and objects in another form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Reshape = Callable[[Json], Json | None]  # None: there is nothing in this answer that it could change

_LISTS = (
    "data",
    "posts",
    "users",
    "comments",
    "music",
    "aweme_list",
    "followers",
    "followings",
    "liked_posts",
    "lives",
)
_IDS = ("aweme_id", "cid", "uid", "mid")
_WRAPPERS = ("aweme_info", "user_info")
_COUNTERS = ("play_count", "playCount", "digg_count", "heartCount", "total_favorited", "user_count", "viewers")
_TIMES = ("create_time", "createTime")
_TAGS = ("hashtag_name", "cha_name", "HashtagName", "challengeName")
_BEYOND_64_BITS = 2**70


# --- lists ------------------------------------------------------------------------------------------------


def _with_list(payload: Json, change: Callable[[str, list[Any]], tuple[str, Any]]) -> Json | None:
    """Replace the name and the items of the list in an answer; None if it has no list with items."""
    data = payload["data"]
    if isinstance(data, list):
        if not data:
            return None
        name, value = change("data", data)
        return payload | {"data": value if name == "data" else {name: value}}
    if not isinstance(data, dict):
        return None
    lists = [name for name in _LISTS if isinstance(data.get(name), list) and data[name]]
    if not lists:
        return None
    name, value = change(lists[0], data[lists[0]])
    return payload | {"data": {key: each for key, each in data.items() if key != lists[0]} | {name: value}}


def rename_list(payload: Json) -> Json | None:
    return _with_list(payload, lambda _, items: ("entries", items))


def list_as_object(payload: Json) -> Json | None:
    return _with_list(payload, lambda name, items: (name, _numbered(items)))


def rename_list_as_object(payload: Json) -> Json | None:
    return _with_list(payload, lambda _, items: ("entries", _numbered(items)))


def wrap_list(payload: Json) -> Json | None:
    return _with_list(payload, lambda name, items: (name, {"list": items}))


def _numbered(items: list[Any]) -> Json:
    return {str(n): item for n, item in enumerate(items)}


def wrap_data(payload: Json) -> Json | None:
    return payload | {"data": {"result": payload["data"]}} if payload["data"] else None


def web_items(payload: Json) -> Json | None:
    """Give each item as {"item": {…}, "type": 1}, its keys in camelCase and its id under `id`."""
    return _with_list(payload, lambda name, items: (name, [_web_item(item) for item in items]))


def _web_item(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    inner = next((item[name] for name in _WRAPPERS if name in item), item)
    return {"item": {"id" if key in _IDS else _camel(key): value for key, value in inner.items()}, "type": 1}


def _camel(key: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), key)


# --- cursors and totals -----------------------------------------------------------------------------------


def _with_key(payload: Json, key: str, change: Callable[[Any], tuple[str, Any]]) -> Json | None:
    """Replace a key and its value beside the list; None if it is not there, or null."""
    data = payload["data"]
    holder = data if isinstance(data, dict) else payload
    if holder.get(key) is None:
        return None
    name, value = change(holder[key])
    changed = {other: each for other, each in holder.items() if other != key} | {name: value}
    return payload | {"data": changed} if holder is data else changed


def cursor_as_text(payload: Json) -> Json | None:
    return _with_key(payload, "nextCursor", lambda cursor: ("nextCursor", str(cursor)))


def cursor_as_object(payload: Json) -> Json | None:
    return _with_key(payload, "nextCursor", lambda cursor: ("nextCursor", {"offset": cursor}))


def rename_cursor(payload: Json) -> Json | None:
    return _with_key(payload, "nextCursor", lambda cursor: ("next_cursor", cursor))


def total_as_text(payload: Json) -> Json | None:
    return _with_key(payload, "total", lambda _: ("total", "many"))


def total_beyond_64_bits(payload: Json) -> Json | None:
    return _with_key(payload, "total", lambda _: ("total", 2**64 - 1))


# --- objects ----------------------------------------------------------------------------------------------


def _each_object(value: Any, change: Callable[[Json], Json | None]) -> Any:
    """Return a copy in which every object, at any depth, is joined with what `change` returns for it."""
    if isinstance(value, list):
        return [_each_object(entry, change) for entry in value]
    if not isinstance(value, dict):
        return value
    changes = change(value) or {}
    return {key: _each_object(entry, change) for key, entry in (value | changes).items()}


def _where_it_changes(payload: Json, change: Callable[[Json], Json | None]) -> Json | None:
    changed: Json = _each_object(payload, change)
    return None if changed == payload else changed


def counter_beyond_64_bits(payload: Json) -> Json | None:
    """Let the first counter of the answer be 2**70."""
    found: list[str] = []

    def change(value: Json) -> Json | None:
        name = next((name for name in _COUNTERS if isinstance(value.get(name), int)), None)
        if found or name is None:
            return None
        found.append(name)
        return {name: _BEYOND_64_BITS}

    return _where_it_changes(payload, change)


def huge_integer(payload: Json) -> Json | None:
    return _where_it_changes(payload, lambda value: {"token": 10**29 + 7} if _is_item(value) else None)


def milliseconds(payload: Json) -> Json | None:
    def change(value: Json) -> Json:
        times = {name: int(value[name]) * 1000 for name in _TIMES if value.get(name)}
        return {name: type(value[name])(time) for name, time in times.items()}

    return _where_it_changes(payload, change)


def padded_with_nulls(payload: Json) -> Json | None:
    nulls = dict.fromkeys(f"f{n}" for n in range(25))
    return _where_it_changes(payload, lambda value: nulls if _is_item(value) else None)


def _is_item(value: Json) -> bool:
    return len(value) > 3 and any(name in value for name in _IDS)


def author_zeros(payload: Json) -> Json | None:
    """Let the authors of posts have the zeros that stand for "not known"."""
    names = ("follower_count", "following_count", "aweme_count", "total_favorited")

    def change(value: Json) -> Json | None:
        author = value.get("author")
        return {"author": author | dict.fromkeys(names, 0)} if isinstance(author, dict) else None

    return _where_it_changes(payload, change)


def photo_type(payload: Json) -> Json | None:
    return _where_it_changes(payload, lambda value: {"aweme_type": 150} if "aweme_type" in value else None)


def image_comments(payload: Json) -> Json | None:
    image = [{"origin_url": {"uri": "tos-sandbox-comment/1", "url_list": []}}]
    return _where_it_changes(
        payload, lambda value: {"text": "", "image_list": image} if "image_list" in value and "cid" in value else None
    )


def tags_in_capitals(payload: Json) -> Json | None:
    def change(value: Json) -> Json:
        return {name: f"#{value[name].upper()}" for name in _TAGS if value.get(name)}

    return _where_it_changes(payload, change)


def stats_v2(payload: Json) -> Json | None:
    """Give the counters of a web profile as text in `statsV2`, and leave one digit of them in `stats`."""

    def change(value: Json) -> Json | None:
        stats = value.get("stats")
        if not isinstance(stats, dict):
            return None
        return {"stats": {name: _one_digit(n) for name, n in stats.items()}, "statsV2": _as_text(stats)}

    return _where_it_changes(payload, change)


def _one_digit(number: int) -> int:
    step: int = 10 ** (len(str(number)) - 1)
    return number // step * step


def _as_text(stats: Json) -> Json:
    return {name: str(number) for name, number in stats.items()}


# --- profiles and errors ----------------------------------------------------------------------------------


def rename_profile(payload: Json) -> Json | None:
    data = payload["data"]
    return payload | {"data": {"profile" if key == "user" else key: value for key, value in data.items()}}


def profile_without_id(payload: Json) -> Json | None:
    data = payload["data"]
    bare = {key: value for key, value in data.get("user", data).items() if key not in ("id", "uid", "shortId")}
    return payload | {"data": data | {"user": bare} if "user" in data else bare}


def private_status(payload: Json) -> Json | None:
    return payload | {"data": {"statusCode": 10222, "statusMsg": "user is private", "userInfo": {}}}


def other_status(payload: Json) -> Json | None:
    return payload | {"data": {"status_code": 10101, "status_msg": "server is busy, come back later"}}
