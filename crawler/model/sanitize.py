"""Reads JSON that the fast library refuses, and makes any value of it fit for storage."""

import json
from typing import Any

import orjson

_PREVIEW = 100_000  # characters of a value that is kept as text
_INT64_MIN, _INT64_END = -(2**63), 2**63


def decode_json(body: bytes) -> Any:
    """The JSON value of an answer; ValueError if it is none.

    orjson refuses what texts do hold (lone surrogates, reference §7) and some servers send (NaN, a byte order
    mark, a broken byte). The answer is paid for, so the long_running standard library has a second look.
    """
    try:
        return orjson.loads(body)
    except ValueError:
        pass
    try:
        try:
            value = json.loads(body)
        except UnicodeDecodeError:
            value = json.loads(body.decode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    return sanitize(value)


def sanitize(value: Any) -> Any:
    """The value without what MongoDB cannot hold; the very same object where nothing was to mend.

    Lone surrogates become U+FFFD, integers beyond 64 bits their digits, and NULs in keys U+FFFD.
    ValueError if it is nested deeper than Python can follow (MongoDB stops at 100 levels).
    """
    try:
        return _sanitized(value)
    except RecursionError:
        raise ValueError("value is nested too deeply") from None


def fix_surrogates(value: str) -> str:
    """The text with halves of one character joined and lone halves replaced by U+FFFD."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


def _sanitized(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else fix_surrogates(value)
    if isinstance(value, dict):
        return _sanitized_object(value)
    if isinstance(value, list):
        entries = [_sanitized(entry) for entry in value]
        return value if all(map(_same, entries, value)) else entries
    if isinstance(value, int) and not _INT64_MIN <= value < _INT64_END:
        return str(value)
    return value


def _sanitized_object(value: dict[str, Any]) -> dict[str, Any]:
    fields = {_sanitized_key(key): _sanitized(entry) for key, entry in value.items()}
    if len(fields) == len(value) and all(map(_same, fields, value)):
        return value if all(map(_same, fields.values(), value.values())) else fields
    return fields


def _sanitized_key(key: str) -> str:
    key = fix_surrogates(key)
    return key.replace("\0", "\ufffd") if "\0" in key else key


def _same(one: object, other: object) -> bool:
    return one is other


def json_preview(raw: Any) -> str:
    """Any decoded JSON as text, for people to read."""
    try:
        return orjson.dumps(raw).decode()[:_PREVIEW]
    except (TypeError, ValueError):
        pass
    try:
        return repr(raw)[:_PREVIEW].encode("utf-8", "replace").decode()
    except RecursionError:
        return "nested too deeply to be shown"
