"""Serves the admin API under /_sandbox/: truth, deviations, log, stats, clock, switches, cast, find, health, …"""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict

import orjson

from sandbox.provider.api import Api
from sandbox.provider.behaviour import InvalidSettingError
from sandbox.provider.deviation_report import deviation_report
from sandbox.provider.shaping import encode
from sandbox.truth.parse_query import parse_query
from sandbox.truth.truth import Truth
from sandbox.world import directory
from sandbox.world.errors import ApiError
from sandbox.world.world import World

Query = list[tuple[str, str]]
_DESCRIBED = ("user", "post", "hashtag")


class AdminApi:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def answer(self, method: str, path: str, query: Query, body: bytes) -> tuple[int, bytes]:
        """Return status and JSON: 400 with {"detail"} for an invalid request, 404 for an unknown path or id."""
        try:
            if path == "truth":
                result = await self._truth(query)
            elif path == "deviations":
                result = await self._deviations()
            else:
                result = self._call(method, path, dict(query), body)
        except ValueError as error:
            return 400, encode({"detail": str(error)})
        except ApiError as error:
            return 404, encode({"detail": error.detail, "status": error.status})
        return (404, encode({"detail": "Not Found"})) if result is None else (200, encode(result))

    async def _truth(self, query: Query) -> object:
        """Compute the truth in a thread, so that API calls are answered meanwhile."""
        world, truth_query = self._world_of(query), parse_query([pair for pair in query if pair[0] != "at"])
        return await asyncio.get_running_loop().run_in_executor(None, lambda: Truth(world, truth_query).answer())

    def _world_of(self, query: Query) -> World:
        """Return the world at the world time `at`, by default the present one."""
        at = dict(query).get("at")
        return self._api.world if at is None else self._api.timeline.world_when(int(at))

    async def _deviations(self) -> object:
        log, timeline = self._api.request_log, self._api.timeline
        return await asyncio.get_running_loop().run_in_executor(None, lambda: deviation_report(log, timeline))

    def _clock(self) -> dict[str, object]:
        timeline, at = self._api.timeline, self._api.now()
        return {"now": timeline.now(at), "speed": timeline.speed, "live": timeline.is_live}

    def _call(self, method: str, path: str, query: dict[str, str], body: bytes) -> object:
        if method == "POST":
            return self._change(path, body)
        api = self._api
        if path == "log":
            return api.request_log.entries(int(query.get("since", "0")))
        if path == "stats":
            return api.request_log.stats()
        if path == "switches":
            return asdict(api.injector.behaviour)
        if path == "clock":
            return self._clock()
        if path == "cast":
            return directory.special_cases(api.world)
        if path == "find":
            return self._find(query)
        return {"pid": os.getpid(), "seed": api.world.seed, "scale": api.world.scale} if path == "health" else None

    def _find(self, query: dict[str, str]) -> object:
        kind = next((kind for kind in _DESCRIBED if kind in query), None)
        count = int(query.get("count", "10"))
        return None if kind is None else directory.describe(self._api.world, kind, query[kind], count)

    def _change(self, path: str, body: bytes) -> object:
        if path == "switches":
            return self._configure(orjson.loads(body))
        if path == "clock":
            return self._move_clock(orjson.loads(body))
        if path == "reset":
            self._api.reset()
            return {"calls": 0}
        if path == "new-day":
            self._api.start_new_day()
            return {"used": 0}
        return None

    def _configure(self, changes: object) -> object:
        if not isinstance(changes, dict):
            raise InvalidSettingError("send a JSON object of settings")
        self._api.configure(self._api.injector.behaviour.with_changes(changes))
        return asdict(self._api.injector.behaviour)

    def _move_clock(self, changes: object) -> object:
        if not isinstance(changes, dict) or not changes.keys() <= {"now", "advance", "speed"}:
            raise InvalidSettingError("send a JSON object with `now`, `advance` or `speed`")
        numbers = {name: float(value) for name, value in changes.items()}
        self._api.timeline.move(self._api.now(), **numbers)
        return self._clock()
