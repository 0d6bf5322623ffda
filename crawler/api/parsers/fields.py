"""Parses single JSON values that may be missing, of the wrong type or placeholders; None means "not known"."""

import re
from collections.abc import Iterable
from typing import Any

from crawler.model.items import SkipItemError, UnparsableItemError
from crawler.model.sanitize import fix_surrogates

INT64 = 2**63
_NO_SECOND = 10**11  # the year 5138: what is larger counts in milliseconds or less
NO_CONTENT = frozenset({"extra", "log_pb"})  # what TikTok writes for itself into every answer (provider.md P13)
_OTHER_ID = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}")


def parse_text(value: object) -> str | None:
    """Return a text fit for storage: "" is None, lone surrogates U+FFFD; NUL and U+2028 stay (provider.md O17)."""
    if not value or not isinstance(value, str):
        return None
    return value if value.isascii() else fix_surrogates(value)


def parse_language(value: object) -> str | None:
    """Return a language code; "un" is the platform's "undetermined" and must not replace a known one."""
    code = parse_text(value)
    return None if code == "un" else code


def parse_count(value: object) -> int | None:
    """Return an integer from 0 to 2^63 - 1, also from a text of digits ("1588100720" in web posts: provider.md O16).

    A negative number is the platform's "hidden"; a whole float is what a JSON parser makes of a large number.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        number = value
    elif isinstance(value, str):
        if not (0 < len(value) < 20 and value.isascii() and value.isdigit()):
            return None
        number = int(value)
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    else:
        return None
    return number if 0 <= number < INT64 else None


def parse_timestamp(value: object) -> int | None:
    """Return seconds since 1970; 0 means unknown (provider.md O4), and milliseconds become seconds."""
    moment = parse_count(value) or 0
    while moment >= _NO_SECOND:
        moment //= 1000
    return moment or None


def parse_id(value: object) -> str | None:
    """Return an id as text, from a text or a 64-bit integer (provider.md O5).

    0 and "0" are the platform's "none", and a float has lost digits. Ids are joined with ";" in a batch and become
    part of URLs, so only letters, digits and `_ . -` are accepted.
    """
    if value is None:
        return None
    if isinstance(value, str):
        if value.isdigit() and value.isascii() and len(value) < 129:
            return value if value != "0" else None
        return value if _OTHER_ID.fullmatch(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < INT64:
        return str(value)
    return None


def parse_bool(value: object) -> bool | None:
    """Return a boolean, also from 1 and 0."""
    if value is None:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    return None


def parse_any_bool(*values: object) -> bool | None:
    """Return True if any value is true, else False if any is false, else None."""
    flags = [parse_bool(value) for value in values if value is not None]
    if True in flags:
        return True
    return False if False in flags else None


def as_object(value: object) -> dict[str, Any]:
    """Return an embedded object; an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of an embedded list, which may be null or hold nulls (provider.md O2, O17)."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def parse_url(value: object) -> str | None:
    """Return the first address of a file: of `{url_list}`, of a list, or the address itself.

    One in `.heic` is taken only where there is no other (provider.md O23).
    """
    if isinstance(value, dict):
        value = value.get("url_list")
    if not isinstance(value, list):
        return parse_text(value)
    other = None
    for address in value:
        if isinstance(address, str) and address:
            if ".heic" not in address:
                return parse_text(address)
            other = other or address
    return parse_text(other)


def first_of(raw: dict[str, Any], name: str, other: str) -> Any:
    """Return the value under the first name, or under the other where the first is missing or null."""
    value = raw.get(name)
    return raw.get(other) if value is None else value


def unwrap(outer: dict[str, Any], names: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the object inside its wrappers, and what to keep of it: the outermost that holds more than the object.

    names: keys of wrappers, the outer first; each is opened that is there.
    """
    inner = whole = outer
    for name in names:
        if name in inner:
            wrapper, inner = inner, as_object(inner[name])
            if whole is wrapper and not _holds_more(wrapper, name):
                whole = inner
    return inner, whole


def _holds_more(wrapper: dict[str, Any], name: str) -> bool:
    """Whether a wrapper holds another object or list than the one under this name."""
    if len(wrapper) == 1:
        return False
    others = (value for key, value in wrapper.items() if key != name and key not in NO_CONTENT)
    return any(value and isinstance(value, dict | list) for value in others)


def require_object(raw: object, what: str) -> dict[str, Any]:
    """Return the item as an object; SkipItemError for null (provider.md O17), UnparsableItemError for other values."""
    if isinstance(raw, dict):
        return raw
    if raw is None:
        raise SkipItemError(f"null in place of {what}")
    raise UnparsableItemError(f"{what} is not an object but {type(raw).__name__}")
