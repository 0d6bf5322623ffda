"""Turns one API request into a plan for the wire: what to send, after how long, and what it was charged."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import date
from random import Random
from typing import NamedTuple

from sandbox.provider.behaviour import CHARGED_FAULTS
from sandbox.provider.endpoints import ENDPOINTS, answer
from sandbox.provider.faults import Gate
from sandbox.provider.params import Field, check
from sandbox.provider.request_log import Journal, day_of
from sandbox.provider.response import Answer, data, encode, error
from sandbox.world.errors import Refused
from sandbox.world.world import World

USAGE = "/customer/get-used-units"
HISTORY = "/customer/get-history"
_HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
_CACHE_BYTES = 256 << 20
_NO_DATA = encode({"detail": None})


class Plan(NamedTuple):
    """`entry`: its number in the journal. `body` None: no answer comes. `cut`: how many bytes of the body are sent."""

    entry: int
    delay: float
    status: int
    body: bytes | None
    units: int
    html: bool = False
    cut: int | None = None
    retry_after: float | None = None
    good: bool = False


class Api:
    """The API without its wire. `clock` gives unix seconds. Answers never change, so they are kept while they fit."""

    def __init__(self, world: World, gate: Gate, journal: Journal, clock: Callable[[], float]) -> None:
        self.world, self.gate, self.journal, self._clock = world, gate, journal, clock
        self._random = Random(world.seed)
        self._cache: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._cached = 0
        self._quota_from: dict[str, int] = {}

    def now(self) -> float:
        return self._clock()

    def reset(self) -> None:
        """Forgets the log and all charges; what is in flight stays in flight."""
        self.journal.reset()
        self._quota_from.clear()

    def new_day(self) -> None:
        """Lets the quota begin again as at midnight; the usage figures stay as they are."""
        today = day_of(self._clock())
        self._quota_from[today] = self.journal.units_of(today)

    def handle(self, path: str, given: Mapping[str, str]) -> Plan:
        """`path` without the base; `given` the query. Notes the request and its charge in the journal."""
        now = self._clock()
        token = given.get("token")
        params = "&".join(f"{name}={value}" for name, value in sorted(given.items()) if name != "token")
        counted = path not in (USAGE, HISTORY)
        today = day_of(now)
        used = self.journal.units_of(today) - self._quota_from.get(today, 0)
        verdict = self.gate.judge(token, now, used, counted)
        fault, switches = verdict.fault, self.gate.switches
        delay = (
            switches.latency.paths.get(path, switches.latency.seconds) + self._random.random() * switches.latency.jitter
        )
        if verdict.status is not None:
            reply = error(verdict.status, verdict.detail)
        elif fault in ("500", "503", "429"):
            reply = error(
                int(fault), {"500": "Internal error", "503": "Unavailable", "429": "Too many requests"}[fault]
            )
        elif fault == "html502":
            reply = Answer(502, _HTML, 0)
        elif fault in ("drop", "hang", "down"):
            reply = Answer(0, b"", 0)
        else:
            reply = self._answer(path, given, params, now)
        silent = fault in ("drop", "hang", "down", "lost")
        entry = self.journal.add(now, path, params, None if silent else reply.status, reply.units, fault)
        if silent:
            wait = switches.hang if fault == "hang" else delay if fault == "lost" else 0.0
            return Plan(entry, wait, 0, None, reply.units)
        if reply.status == 429:
            return Plan(entry, 0.0, 429, reply.body, 0, retry_after=switches.retry_after)
        if fault in CHARGED_FAULTS:
            return _spoiled(fault, entry, delay, reply)
        good = reply.status == 200 and reply.body != _NO_DATA
        return Plan(entry, delay, reply.status, reply.body, reply.units, html=fault == "html502", good=good)

    def _answer(self, path: str, given: Mapping[str, str], params: str, now: float) -> Answer:
        if path not in ENDPOINTS:
            return self._customer(path, given, now)
        key = (path, params)
        known = self._cache.get(key)
        if known is not None:
            self._cache.move_to_end(key)
            return known
        made = answer(self.world, path, given)
        self._cache[key] = made
        self._cached += len(made.body)
        while self._cached > _CACHE_BYTES:
            _, dropped = self._cache.popitem(last=False)
            self._cached -= len(dropped.body)
        return made

    def _customer(self, path: str, given: Mapping[str, str], now: float) -> Answer:
        """{"data": {"tiktok": units of that UTC day, "instagram": 0}} [MT]; {"data": [{"date", "tiktok"}]}; 0 units."""
        try:
            if path == USAGE:
                day = check({"date": Field(required=True)}, given).text("date")
                if not _is_date(day):
                    raise Refused(
                        422, [{"type": "date_parsing", "loc": ["query", "date"], "msg": "Not a date", "input": day}]
                    )
                return data({"tiktok": self.journal.units_of(day), "instagram": 0}, 0)
            if path == HISTORY:
                days = check({"days": Field("int", required=True)}, given).number("days")
                return data(self.journal.history(days or 0, now), 0)
        except Refused as refused:
            return error(refused.status, refused.detail)
        return error(404, "Not Found")


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _spoiled(fault: str | None, entry: int, delay: float, reply: Answer) -> Plan:
    """An answer that was charged and cannot be read."""
    if fault == "no-data":
        return Plan(entry, delay, 200, _NO_DATA, reply.units)
    if fault == "bad-json":
        return Plan(entry, delay, reply.status, reply.body[: len(reply.body) // 2] + b'"\x01}', reply.units)
    return Plan(entry, delay, reply.status, reply.body, reply.units, cut=len(reply.body) // 2)
