"""Reads single JSON values that may be missing, of another type or placeholders; None means "not told"."""

import re
from typing import Any

from crawler.model.items import SkipItem, UnparsableItemError
from crawler.model.sanitize import fix_surrogates

INT64 = 2**63
_ODD_IDENT = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}")


def parse_text(value: object) -> str | None:
    """A text that can be stored: "" is nothing, a lone surrogate becomes U+FFFD (NUL and U+2028 are kept)."""
    if not isinstance(value, str) or not value:
        return None
    return value if value.isascii() else fix_surrogates(value)


def parse_language(value: object) -> str | None:
    """A language code; "un" is the platform's "could not tell" and must not replace a known one."""
    told = parse_text(value)
    return None if told == "un" else told


def parse_count(value: object) -> int | None:
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


def parse_timestamp(value: object) -> int | None:
    """Seconds since 1970; 0 means unknown (reference §6)."""
    return parse_count(value) or None


def parse_id(value: object) -> str | None:
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


def parse_bool(value: object) -> bool | None:
    """True or False, also from 1 and 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    return None


def parse_any_bool(*values: object) -> bool | None:
    """True if any says so, False if any denies it and none says so, None if none tells."""
    told = [parse_bool(value) for value in values]
    if True in told:
        return True
    return False if False in told else None


def as_object(value: object) -> dict[str, Any]:
    """An embedded object; anything else reads as an empty one."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[dict[str, Any]]:
    """The objects of an embedded list, which may be null or hold nulls (reference §7)."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def first_of(raw: dict[str, Any], name: str, other: str) -> Any:
    """The value under the first name, or under the other where that is missing or null."""
    value = raw.get(name)
    return raw.get(other) if value is None else value


def require_object(raw: object, what: str) -> dict[str, Any]:
    """The item as an object; null is not an item (reference §7), any other value is unreadable."""
    if isinstance(raw, dict):
        return raw
    if raw is None:
        raise SkipItem(f"null in place of {what}")
    raise UnparsableItemError(f"{what} is not an object but {type(raw).__name__}")
