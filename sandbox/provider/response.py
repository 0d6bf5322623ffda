"""Holds one answer of the API before it meets the wire, and turns it into bytes."""

from __future__ import annotations

import json
from typing import NamedTuple

import orjson


class Answer(NamedTuple):
    """`body` is JSON; `units` is what the header `units_charged` says."""

    status: int
    body: bytes
    units: int


def encode(payload: object) -> bytes:
    """JSON bytes; lone surrogates and integers beyond 64 bits, which orjson refuses, go out by the standard one."""
    try:
        return orjson.dumps(payload)
    except TypeError:
        return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).encode()


def data(payload: object, units: int = 1) -> Answer:
    """The usual envelope: {"data": …}."""
    return Answer(200, encode({"data": payload}), units)


def error(status: int, detail: object) -> Answer:
    return Answer(status, encode({"detail": detail}), 0)
