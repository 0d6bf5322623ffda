"""Answers the tests' own calls under /_sandbox/: truth, log, stats, switches, cast, find, reset, new-day."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict

import orjson

from sandbox.provider.api import Api
from sandbox.provider.behaviour import BadSwitch
from sandbox.provider.response import encode
from sandbox.truth import parse_query as ask
from sandbox.truth.truth import Truth
from sandbox.world import directory as playbill
from sandbox.world.errors import Refused

Query = list[tuple[str, str]]


class ControlRoom:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def answer(self, method: str, path: str, query: Query, body: bytes) -> tuple[int, bytes]:
        """Status and JSON; 400 with {"detail"} for what cannot be understood."""
        try:
            found = await self._truth(query) if path == "truth" else self._do(method, path, dict(query), body)
        except (BadSwitch, ask.BadQuestion, orjson.JSONDecodeError, ValueError) as error:
            return 400, encode({"detail": str(error)})
        except Refused as refused:
            return 404, encode({"detail": refused.detail, "status": refused.status})
        return (404, encode({"detail": "Not Found"})) if found is None else (200, encode(found))

    async def _truth(self, query: Query) -> object:
        """Worked out beside the loop, so that the API answers meanwhile."""
        world, question = self._api.world, ask.question(query)
        return await asyncio.get_running_loop().run_in_executor(None, lambda: Truth(world, question).answer())

    def _do(self, method: str, path: str, query: dict[str, str], body: bytes) -> object:
        api = self._api
        if method == "POST":
            return self._change(path, body)
        if path == "log":
            return api.journal.entries(int(query.get("since", "0")))
        if path == "stats":
            return api.journal.stats()
        if path == "switches":
            return asdict(api.gate.switches)
        if path == "cast":
            return playbill.cast(api.world)
        if path == "find":
            kind = next((kind for kind in ("user", "post", "hashtag") if kind in query), None)
            return None if kind is None else playbill.found(api.world, kind, query[kind], int(query.get("count", "10")))
        return {"pid": os.getpid(), "seed": api.world.seed, "scale": api.world.scale} if path == "health" else None

    def _change(self, path: str, body: bytes) -> object:
        api = self._api
        if path == "switches":
            wanted = orjson.loads(body)
            if not isinstance(wanted, dict):
                raise BadSwitch("switches: a JSON object")
            api.gate.switch(api.gate.switches.changed(wanted), api.now())
            return asdict(api.gate.switches)
        if path == "reset":
            api.reset()
            return {"calls": 0}
        if path == "new-day":
            api.new_day()
            return {"used": 0}
        return None
