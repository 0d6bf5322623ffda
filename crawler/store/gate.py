"""Keep the gate: while it is closed, no worker makes a call. Redis holds a copy that every permit reads."""

from dataclasses import dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from crawler.model.enums import PauseCause
from crawler.store.connection import Repository, now
from crawler.store.errors import translate_errors

_GATE = "gate"
_SUPERSEDES = {
    PauseCause.ACCOUNT: [PauseCause.ACCOUNT, PauseCause.UNITS, PauseCause.OUTAGE],
    PauseCause.UNITS: [PauseCause.UNITS, PauseCause.OUTAGE],
    PauseCause.OUTAGE: [PauseCause.OUTAGE],
}


@dataclass(frozen=True, slots=True)
class Gate:
    """A closed gate: its cause, since when, until when where it opens by itself, and the provider's own words."""

    cause: PauseCause
    since: datetime
    until: datetime | None
    detail: str


class GateStore(Repository):
    """The document `gate` of the `coordination` collection; there is one exactly while the gate is closed."""

    @translate_errors
    def get(self) -> Gate | None:
        """Return the closed gate; None while it is open."""
        found = self.db["coordination"].find_one({"_id": _GATE})
        if found is None:
            return None
        return Gate(PauseCause(found["cause"]), found["since"], found.get("until"), found.get("detail", ""))

    @translate_errors
    def close(self, cause: PauseCause, detail: str, until: datetime | None = None) -> None:
        """Close it, unless it is closed for a more serious cause: account, then units, then outage."""
        try:
            self.db["coordination"].update_one(
                {"_id": _GATE, "cause": {"$in": _SUPERSEDES[cause]}},
                {
                    "$set": {"cause": cause, "detail": detail[:500], "until": until},
                    "$setOnInsert": {"since": now()},
                },
                upsert=True,
            )
        except DuplicateKeyError:
            return

    @translate_errors
    def open(self, cause: PauseCause | None = None) -> bool:
        """Open it, or only if it is closed for `cause`; return whether it was closed."""
        wanted = {"_id": _GATE, **({"cause": cause} if cause else {})}
        return self.db["coordination"].delete_one(wanted).deleted_count == 1
