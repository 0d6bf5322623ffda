"""Decodes JSON that orjson rejects, and makes any decoded value fit for storage."""

import json
from typing import Any

import orjson

_PREVIEW = 100_000  # characters of a value that is kept as text
_INT64_MIN, _INT64_END = -(2**63), 2**63
_DIGITS = 20  # characters of -2^63
# Digits become 0, what may stand right before a number becomes a colon.
_SHAPES = bytes.maketrans(b"123456789,[- \t\r\n", b"0" * 9 + b":" * 7)
_HUGE = b":" + b"0" * 20


def decode_json(body: bytes) -> Any:
    """Decode the body of an answer; ValueError if it is not JSON.

    orjson rejects what answers may hold: lone surrogates (provider.md O17), NaN, a byte order mark, invalid UTF-8; and
    it rounds integers from 2^64 on. The answer is paid for, so the slower but lenient standard library reads these.
    """
    if not _may_hold_huge_integers(body):
        try:
            return orjson.loads(body)
        except ValueError:
            pass
    try:
        try:
            value = json.loads(body, parse_int=_parse_integer)
        except UnicodeDecodeError:
            value = json.loads(body.decode("utf-8", "replace"), parse_int=_parse_integer)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    return sanitize(value)


def _may_hold_huge_integers(body: bytes) -> bool:
    """Whether 20 digits stand where a number can."""
    return _HUGE in body.translate(_SHAPES)


def _parse_integer(digits: str) -> int | str:
    """Return an integer, or its digits where MongoDB cannot hold it: Python itself gives up at thousands of them."""
    if len(digits) > _DIGITS:
        return digits
    number = int(digits)
    return number if _INT64_MIN <= number < _INT64_END else digits


def sanitize(value: Any) -> Any:
    """Return the value without what MongoDB cannot store; the same object where nothing had to change.

    Lone surrogates become U+FFFD, integers beyond 64 bits their digits, and NULs in keys U+FFFD.
    ValueError if it is nested deeper than Python can follow (MongoDB stops at 100 levels).
    """
    try:
        return _sanitized(value)
    except RecursionError:
        raise ValueError("value is nested too deeply") from None


def fix_surrogates(value: str) -> str:
    """Return the text with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
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
    """Return any decoded JSON as a text to read, cut to 100,000 characters."""
    try:
        return orjson.dumps(raw).decode()[:_PREVIEW]
    except (TypeError, ValueError):
        pass
    try:
        return repr(raw)[:_PREVIEW].encode("utf-8", "replace").decode()
    except RecursionError:
        return "nested too deeply to be shown"
