"""Shapes what goes over the wire: encodes a response, and spoils it as a fault demands.

A response is shaped in two places: before encoding, as a `Response`, where its JSON and its price can still change;
and after, as a `ResponsePlan`, where its bytes, its headers and its delivery can.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import orjson

from sandbox.provider.response import Response


class ResponsePlan(NamedTuple):
    """What to send: a `body` of None closes the connection unanswered, `cut` ends it after so many bytes of the body.

    `ok`: a 200 with `data`. `entry`: the request's number in the log. `delay`: seconds before anything is sent.
    `charge_header`: what `units_charged` says in place of the units, "" leaves it out. `headers`: further ones.
    `deviations`: the kinds of deviation in this answer, joined by "+".
    """

    status: int
    body: bytes | None
    units: int
    ok: bool = False
    html: bool = False
    cut: int | None = None
    retry_after: float | None = None
    delay: float = 0.0
    entry: int = -1
    charge_header: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    deviations: str | None = None


NO_ANSWER = ResponsePlan(0, None, 0)
BAD_GATEWAY = ResponsePlan(
    502,
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n",
    0,
    html=True,
)


def encode(payload: object) -> bytes:
    """Return JSON; the standard library takes over for the lone surrogates and huge integers that orjson refuses."""
    try:
        return orjson.dumps(payload)
    except TypeError:
        return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).encode()


_NO_DATA = encode({"detail": None})


def plan_response(response: Response) -> ResponsePlan:
    """Plan to send a response as it is."""
    has_data = isinstance(response.payload, dict) and "data" in response.payload
    ok = response.status == 200 and has_data
    return ResponsePlan(response.status, encode(response.payload), response.units, ok)


def spoil(plan: ResponsePlan, fault: str) -> ResponsePlan:
    """Make an answer unreadable that is charged all the same: `lost`, `no-data`, `bad-json` or `cut`."""
    body, spoiled = plan.body or b"", plan._replace(ok=False)
    if fault == "lost":
        return spoiled._replace(status=0, body=None)
    if fault == "no-data":
        return spoiled._replace(status=200, body=_NO_DATA)
    if fault == "bad-json":
        return spoiled._replace(body=body[: len(body) // 2] + b'"\x01}')
    return spoiled._replace(cut=len(body) // 2)
