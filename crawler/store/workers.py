"""The workers that are alive, which of them leads, and the gate that is closed for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from crawler.model.enums import PauseCause
from crawler.store.connection import Document, now, reaching

SILENCE = 20.0  # seconds without a beat, as the leader itself saw it, after which a worker counts as dead
LEADERSHIP = timedelta(seconds=5)
_GATE = "gate"
_LESSER = {
    PauseCause.ACCOUNT: [PauseCause.ACCOUNT, PauseCause.UNITS, PauseCause.OUTAGE],
    PauseCause.UNITS: [PauseCause.UNITS, PauseCause.OUTAGE],
    PauseCause.OUTAGE: [PauseCause.OUTAGE],
}
_LEADER = "leader"


@dataclass(frozen=True, slots=True)
class Gate:
    """Closed for every worker: why, since when, and until when if it opens by itself."""

    cause: PauseCause
    since: datetime
    until: datetime | None
    detail: str


class WorkerRegistry:
    """The `workers` collection (a beat each) and the `signals` collection (gate and leader)."""

    def __init__(self, db: "Database[Document]") -> None:
        self._workers = db["workers"]
        self._signals = db["signals"]
        self._beats: dict[str, tuple[int, float]] = {}

    @reaching
    def beat(self, worker: str, host: str, pid: int, slots: int, holding: int) -> None:
        """Say that this worker process lives, how many calls it can make at a time and how many messages it holds."""
        self._workers.update_one(
            {"_id": worker},
            {
                "$inc": {"beats": 1},
                "$set": {"host": host, "pid": pid, "slots": slots, "holding": holding, "at": now()},
            },
            upsert=True,
        )

    @reaching
    def leave(self, worker: str) -> None:
        self._workers.delete_one({"_id": worker})

    @reaching
    def workers(self) -> list[Document]:
        return list(self._workers.find())

    def silent(self, workers: Sequence[Mapping[str, Any]]) -> list[str]:
        """Those whose beat did not move for SILENCE seconds of our own clock while we could read it.

        What counts is what we saw ourselves: clocks differ, and after an outage of the database all beats are old.
        """
        moment = monotonic()
        dead = []
        for worker in workers:
            beats, since = self._beats.get(worker["_id"], (-1, 0.0))
            if worker["beats"] != beats:
                self._beats[worker["_id"]] = (worker["beats"], moment)
            elif moment - since > SILENCE:
                dead.append(worker["_id"])
        return dead

    def forget_silence(self) -> None:
        """Start watching anew: we could not read the beats for a while."""
        self._beats.clear()

    @reaching
    def lead(self, worker: str) -> bool:
        """Become or stay the one worker process that feeds and sweeps; lost when not renewed for 5 s."""
        moment = now()
        try:
            result = self._signals.update_one(
                {"_id": _LEADER, "$or": [{"worker": worker}, {"until": {"$lt": moment}}]},
                {"$set": {"worker": worker, "until": moment + LEADERSHIP}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return result.matched_count == 1 or result.upserted_id is not None

    @reaching
    def gate(self) -> Gate | None:
        found = self._signals.find_one({"_id": _GATE})
        if found is None:
            return None
        return Gate(PauseCause(found["cause"]), found["since"], found.get("until"), found.get("detail", ""))

    @reaching
    def close_gate(self, cause: PauseCause, detail: str, until: datetime | None = None) -> None:
        """Close it; a lesser trouble does not overwrite a greater one: account, units, outage."""
        try:
            self._signals.update_one(
                {"_id": _GATE, "cause": {"$in": _LESSER[cause]}},
                {
                    "$set": {"cause": cause, "detail": detail[:500], "until": until},
                    "$setOnInsert": {"since": now()},
                },
                upsert=True,
            )
        except DuplicateKeyError:
            return

    @reaching
    def open_gate(self, cause: PauseCause | None = None) -> bool:
        """Open it, or only if it is closed for `cause`; whether it was closed."""
        return self._signals.delete_one({"_id": _GATE, **({"cause": cause} if cause else {})}).deleted_count == 1
