"""Extend the leases of living workers, and reclaim pages from dead ones."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from pymongo import UpdateOne

from crawler.model.charges import Charge
from crawler.model.enums import EndReason, PageState
from crawler.store.connection import NEVER_SENT, Document, Repository, now
from crawler.store.errors import translate_errors

_FIELDS = {"lease": 1, "endpoint": 1, "worker_deaths": 1, "crawl": 1}


class Leases(Repository):
    """The leased pages of the ledger."""

    @translate_errors
    def extend(self, lease_tokens: Mapping[str, str], lease: float) -> None:
        """Extend leases, given as page id → lease token, to `lease` seconds from now."""
        due = now() + timedelta(seconds=lease)
        if lease_tokens:
            self.db["pages"].bulk_write(
                [UpdateOne({"_id": i, "lease.token": t}, {"$set": {"due": due}}) for i, t in lease_tokens.items()],
                ordered=False,
            )

    @translate_errors
    def expired(self, crawl_id: str) -> list[Document]:
        """Return the crawl's pages whose lease has run out: `_id, lease, endpoint, worker_deaths, crawl`."""
        wanted = {"crawl": crawl_id, "state": PageState.LEASED, "due": {"$lte": now()}}
        return list(self.db["pages"].find(wanted, _FIELDS))

    @translate_errors
    def held_by(self, crawl_ids: Collection[str], workers: Collection[str]) -> list[Document]:
        """Return the crawls' pages leased by these workers, with the fields of `expired`."""
        wanted = {
            "crawl": {"$in": list(crawl_ids)},
            "state": PageState.LEASED,
            "due": {"$gt": NEVER_SENT},
            "lease.worker": {"$in": list(workers)},
        }
        return list(self.db["pages"].find(wanted, _FIELDS))

    @translate_errors
    def reclaim(self, page: Document, charge: Charge, max_deaths: int) -> bool:
        """Plan a dead worker's page again, with its call as an unknown charge; park it at its `max_deaths`-th death.

        False where the lease has changed hands meanwhile.
        """
        moment = now()
        increments, sets = charge.update_operators(moment)
        deaths = int(page.get("worker_deaths") or 0) + 1
        sets |= {"last_charge": {"token": page["lease"]["token"], "units": charge.expected}}
        unset = {"lease": 1}
        if deaths >= max_deaths:
            detail = f"its worker died {deaths} times while holding it"
            error = {"kind": "killed", "status": None, "detail": detail, "at": moment}
            sets |= {"state": PageState.FAILED, "end": EndReason.ERROR, "done_at": moment, "error": error}
            unset["due"] = 1
        else:
            sets |= {"state": PageState.PLANNED, "due": NEVER_SENT}
        result = self.db["pages"].update_one(
            {"_id": page["_id"], "lease.token": page["lease"]["token"]},
            {"$set": sets, "$unset": unset, "$inc": {**increments, "worker_deaths": 1}},
        )
        return result.matched_count == 1
