"""Reads single JSON values that may be missing, of another type or placeholders; None means "not told"."""

import re
from typing import Any

from crawler.model.items import NotAnItem, Unreadable
from crawler.model.sanitize import joined

INT64 = 2**63
_ODD_IDENT = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}")


def text(value: object) -> str | None:
    """A text that can be stored: "" is nothing, a lone surrogate becomes U+FFFD (NUL and U+2028 are kept)."""
    if not isinstance(value, str) or not value:
        return None
    return value if value.isascii() else joined(value)


def language(value: object) -> str | None:
    """A language code; "un" is the platform's "could not tell" and must not replace a known one."""
    told = text(value)
    return None if told == "un" else told


def count(value: object) -> int | None:
    """A number of at least 0, also from digits in a text ("1588100720": web posts, samples/README).

    Negative numbers are the platform's "hidden", whole floats what a JSON reader makes of a large number.
    """
    if isinstance(value, bool):
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


def moment(value: object) -> int | None:
    """Seconds since 1970; 0 means unknown (reference §6)."""
    return count(value) or None


def ident(value: object) -> str | None:
    """An id as text, from a text or a 64-bit integer (reference §6: ids are texts but for a few int64).

    0 and "0" are the platform's "none"; a float has lost digits; ids are joined with ";" in a batch and end
    up in URLs, so nothing but letters, digits and `_ . -` passes.
    """
    if isinstance(value, str):
        if value.isdigit() and value.isascii() and len(value) < 129:
            return value if value != "0" else None
        return value if _ODD_IDENT.fullmatch(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < INT64:
        return str(value)
    return None


def flag(value: object) -> bool | None:
    """True or False, also from 1 and 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    return None


def any_flag(*values: object) -> bool | None:
    """True if any says so, False if any denies it and none says so, None if none tells."""
    told = [flag(value) for value in values]
    if True in told:
        return True
    return False if False in told else None


def part(value: object) -> dict[str, Any]:
    """An embedded object; anything else reads as an empty one."""
    return value if isinstance(value, dict) else {}


def parts(value: object) -> list[dict[str, Any]]:
    """The objects of an embedded list, which may be null or hold nulls (reference §7)."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def either(raw: dict[str, Any], name: str, other: str) -> Any:
    """The value under the first name, or under the other where that is missing or null."""
    value = raw.get(name)
    return raw.get(other) if value is None else value


def item_object(raw: object, what: str) -> dict[str, Any]:
    """The item as an object; null is not an item (reference §7), any other value is unreadable."""
    if isinstance(raw, dict):
        return raw
    if raw is None:
        raise NotAnItem(f"null in place of {what}")
    raise Unreadable(f"{what} is not an object but {type(raw).__name__}")
