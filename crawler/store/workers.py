"""Register worker processes and their heartbeats."""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from pymongo.database import Database

from crawler.store.connection import Document, Repository, now
from crawler.store.errors import translate_errors

HEARTBEAT_TIMEOUT = (
    20.0  # seconds without a new heartbeat, on the observer's clock, after which a worker counts as dead
)


class WorkerRegistry(Repository):
    """The `workers` collection: one document per worker process."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._workers = db["workers"]
        self._seen: dict[str, tuple[int, float]] = {}

    @translate_errors
    def heartbeat(self, worker: str, host: str, pid: int, slots: int, unleased_messages: int) -> None:
        """Record that a worker process is alive, its calls in flight at most, and the messages it holds unleased."""
        fields = {"host": host, "pid": pid, "slots": slots, "unleased_messages": unleased_messages, "at": now()}
        self._workers.update_one({"_id": worker}, {"$inc": {"beats": 1}, "$set": fields}, upsert=True)

    @translate_errors
    def unregister(self, worker: str) -> None:
        self._workers.delete_one({"_id": worker})

    @translate_errors
    def all(self) -> list[Document]:
        return list(self._workers.find())

    def dead(self, workers: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return the workers whose heartbeat counter has not changed for HEARTBEAT_TIMEOUT seconds.

        Measured on this process's clock: clocks differ between machines, and after an outage of the database every
        recorded time is old.
        """
        moment = monotonic()
        dead = []
        for worker in workers:
            beats, since = self._seen.get(worker["_id"], (-1, 0.0))
            if worker["beats"] != beats:
                self._seen[worker["_id"]] = (worker["beats"], moment)
            elif moment - since > HEARTBEAT_TIMEOUT:
                dead.append(worker["_id"])
        return dead

    def reset_watch(self) -> None:
        """Start watching from now: the heartbeats could not be read for a while."""
        self._seen.clear()
