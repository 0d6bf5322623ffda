"""Elect the one worker process that dispatches and cleans up for all: a lease on one document."""

from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from crawler.store.connection import Repository, now
from crawler.store.errors import translate_errors

LEADER_TTL = timedelta(seconds=5)
_LEADER = "leader"


class Leadership(Repository):
    """The document `leader` of the `coordination` collection."""

    @translate_errors
    def try_acquire(self, worker: str) -> bool:
        """Become or stay the leader; lost when not renewed within LEADER_TTL. Two leaders at once do no harm."""
        moment = now()
        try:
            result = self.db["coordination"].update_one(
                {"_id": _LEADER, "$or": [{"worker": worker}, {"until": {"$lt": moment}}]},
                {"$set": {"worker": worker, "until": moment + LEADER_TTL}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return result.matched_count == 1 or result.upserted_id is not None
