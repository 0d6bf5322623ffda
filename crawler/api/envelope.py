"""Takes an answer's data apart: its entries, the next page's cursor, and what nobody reads. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

from crawler.api.endpoints import Endpoint, Path
from crawler.api.parsers.fields import INT64, NO_CONTENT, parse_bool

_ABSENT = object()
_STATUS = ("status_code", "statusCode")
_STATUS_TEXT = ("status_msg", "statusMsg")
_CURSOR_LIKE = re.compile(r"cursor|token|offset|next", re.IGNORECASE)


class UnparsablePageError(Exception):
    """An answer that was paid for and is not understood.

    kind: "unreadable" where its shape is not that of its endpoint, "mismatch" where it is about something else than
    what was asked for.
    """

    def __init__(self, why: str, kind: Literal["unreadable", "mismatch"] = "unreadable") -> None:
        super().__init__(why, kind)
        self.why = why
        self.kind = kind

    def __str__(self) -> str:
        return self.why


@dataclass(slots=True)
class Envelope:
    """The parts of an answer's data.

    entries: the page's list as it is, nulls and odd ones included.     holder: the object that the list stands in.
    others: by path, every other list and object that holds something, what TikTok writes for itself aside.
    """

    entries: list[Any]
    holder: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)


def open_envelope(endpoint: Endpoint, data: Any) -> Envelope:
    """Find the page's entries; UnparsablePageError where there is neither a list of them nor an empty page."""
    _check_status(data)
    if endpoint.is_object:
        return Envelope(data if isinstance(data, list) else [] if data is None else [data])
    if isinstance(data, list) and (() in endpoint.items or not data):
        return Envelope(data)
    if not isinstance(data, dict):
        if data is None and () in endpoint.items:
            return Envelope([])
        raise UnparsablePageError(f"no list of items in {outline(data)}")
    path = _path_of_entries(endpoint, data)
    if path is None:
        if not _is_empty_page(endpoint, data):
            raise UnparsablePageError(f"no list of items in {outline(data)}")
        return Envelope([], data, dict(_others(endpoint, data, ())))
    return Envelope(_value_at(path, data) or [], _value_at(path[:-1], data), dict(_others(endpoint, data, path)))


def _check_status(data: Any) -> None:
    """Raise for a failure that TikTok reports inside a 200 (provider.md T22)."""
    for name in _STATUS if isinstance(data, dict) else ():
        if data.get(name) not in (None, 0, "0", ""):
            text = next((str(data[key]) for key in _STATUS_TEXT if data.get(key)), "no text")
            raise UnparsablePageError(f"TikTok's status {str(data[name])[:20]} inside a 200: {text[:500]}")


def _path_of_entries(endpoint: Endpoint, data: dict[str, Any]) -> Path | None:
    """Return the first known path that holds entries, else the first that is there; None where none is."""
    named = None
    for path in filter(None, endpoint.items):
        value = _value_at(path, data)
        if isinstance(value, list) and any(entry is not None for entry in value):
            return path
        if value is None or value == {} or isinstance(value, list):
            named = named or path
        elif value is not _ABSENT and not (isinstance(value, dict) and _leads_on(path, value, endpoint)):
            raise UnparsablePageError(f"{'.'.join(path)} holds {outline(value)} instead of a list")
    return named


def _leads_on(path: Path, value: dict[str, Any], endpoint: Endpoint) -> bool:
    """Whether another known path goes through the object at this one."""
    return any(
        other[: len(path)] == path and other[len(path) :][0] in value
        for other in endpoint.items
        if len(other) > len(path)
    )


def _value_at(path: Path, data: Any) -> Any:
    """Return the value at a path, which may be null; _ABSENT where the path does not exist."""
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return _ABSENT
        data = data[key]
    return data


def _is_empty_page(endpoint: Endpoint, data: dict[str, Any]) -> bool:
    """Whether this is a page that omits its list, as TikTok's own pages without items do (provider.md P13)."""
    return not data or bool(data.keys() & {"total", "has_more", *_STATUS, *endpoint.cursor_fields.values()})


def _others(endpoint: Endpoint, data: dict[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    """Yield path and value of every list and object but the one at `path`, those on the way there, and cursors."""
    known = NO_CONTENT.union(endpoint.cursor_fields.values())
    place, prefix = data, ""
    for step in path or (None,):
        for key, value in place.items():
            if key != step and value and key not in known and isinstance(value, dict | list):
                yield f"{prefix}{key}", value
        if step is not None:
            place, prefix = place[step], f"{prefix}{step}."


def holds_objects(value: Any) -> bool:
    """Whether a list holds anything, or an object another object or a list that does."""
    if isinstance(value, list):
        return any(entry not in (None, "", {}, []) for entry in value)
    return any(isinstance(entry, dict | list) and entry for entry in value.values())


def says_nothing(value: Any) -> bool:
    """Whether an answer about one object holds none: null, empty, or an envelope of TikTok around nothing (E14)."""
    if isinstance(value, list):
        return all(says_nothing(entry) for entry in value)
    if isinstance(value, dict):
        beside = {*NO_CONTENT, *_STATUS, *_STATUS_TEXT}
        return all(key in beside or says_nothing(entry) for key, entry in value.items())
    return value is None or value == ""


# --- the way on -------------------------------------------------------------------------------------------


def next_cursor(endpoint: Endpoint, envelope: Envelope, data: Any, has_items: bool) -> Mapping[str, Any] | None:
    """Return the arguments that request the next page; None where the list ends here.

    A missing cursor ends a list (provider.md P1), and so does one of 0 or less: TikTok's last page of followers has
    cursor -1, together with a page token and a total of millions (provider.md P8). UnparsablePageError where items are
    there and the list goes on under a name that is not known.
    """
    if not endpoint.cursor_fields or not isinstance(data, dict):
        return None
    cursor: dict[str, Any] = {}
    missing: dict[str, Any] = {}
    for argument, key in endpoint.cursor_fields.items():
        value = envelope.holder.get(key, _ABSENT)
        value = data.get(key, _ABSENT) if value is _ABSENT else value
        if (scalar := _scalar(value)) is not None:
            cursor[argument] = scalar
        elif argument in endpoint.required_cursor:
            missing[key] = value
    if missing:
        if has_items:
            _check_end(endpoint, missing, (envelope.holder, data))
        return None
    offset = cursor["cursor"]
    return None if offset in ("0", "-1") or (isinstance(offset, int) and offset <= 0) else cursor


def _check_end(endpoint: Endpoint, missing: Mapping[str, Any], places: tuple[Mapping[str, Any], ...]) -> None:
    """Raise where a page with items has no cursor that is understood, and yet does not say that the list ends.

    missing: the keys of the answer in which no cursor was found, with what stands there.
    """
    there = {key: value for key, value in missing.items() if value is not _ABSENT}
    for key, value in there.items():
        if value:  # null, "", false and 0 end a list; an object, true or NaN is not understood
            raise UnparsablePageError(f"{key} is no cursor: {outline(value)}")
    if there:
        return
    more = next((parse_bool(place["has_more"]) for place in places if "has_more" in place), None)
    other = None if more is False else _other_cursor(endpoint, places[-1])
    if more or other:
        raise UnparsablePageError(
            f"the list goes on ({other or 'has_more'}), but there is no {' and no '.join(missing)}"
        )


def _other_cursor(endpoint: Endpoint, data: Mapping[str, Any]) -> str | None:
    """Return a key like a cursor's that is not known and holds a value, also inside an object of the envelope."""
    objects = (value for key, value in data.items() if isinstance(value, dict) and key not in NO_CONTENT)
    for place in (data, *objects):
        for key, value in place.items():
            if (
                _CURSOR_LIKE.search(key)
                and key not in endpoint.cursor_fields.values()
                and _scalar(value) not in (None, 0, -1, "0", "-1")
            ):
                return str(key)
    return None


def _scalar(value: Any) -> int | str | None:
    """Return a cursor as it is sent; 20.0 is sent as 20; null, "", booleans and objects are no cursor."""
    if isinstance(value, bool) or value in (None, ""):
        return None
    if isinstance(value, float):
        if not isfinite(value):
            return None
        value = int(value)
    if isinstance(value, int):
        return value if abs(value) < INT64 else str(value)  # MongoDB holds no larger number
    return value if isinstance(value, str) else None


def outline(data: Any) -> str:
    """Return a short description of a value's shape."""
    if isinstance(data, dict):
        return "an object with " + (", ".join(sorted(map(str, data)))[:200] or "nothing")
    return type(data).__name__
