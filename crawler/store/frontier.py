"""The frontier: the open pages of `pages` — written when they are planned, told of by messages, found again when lost.

`due` tells when somebody must look at an open page again: UNSENT, nobody was told of it; for a planned page, when its
message counts as lost or its pause is over; for a leased one, when its lease is. A page that is not open has no `due`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pymongo import UpdateOne
from pymongo.database import Database

from crawler.api.endpoints import ENDPOINTS
from crawler.model.enums import OPEN_STATES, PageState
from crawler.model.pages import PageMessage, PlannedPage, Request
from crawler.store.connection import UNSENT, Document, now, patient, reaching, unhurried

RESEND = timedelta(seconds=15)  # after which a message that nobody took counts as lost


@dataclass(frozen=True, slots=True)
class PlanBatch:
    """Pages to be planned for one crawl: by which page, how deep the crawl goes, how many are sent at once."""

    crawl: str
    plans: Sequence[PlannedPage]
    parent: str | None
    deepest: int
    send: int = 0


class Frontier:
    """Planning, feeding and the look whether anything is left."""

    def __init__(self, db: "Database[Document]") -> None:
        self._pages = db["pages"]
        self._unhurried = unhurried(db["pages"])

    # --- planning ---

    def plan(
        self, crawl: str, plans: Sequence[PlannedPage], parent: str | None = None, *, deepest: int, send: int = 0
    ) -> list[str]:
        """As `plan_all`, for one crawl."""
        return self.plan_all([PlanBatch(crawl, plans, parent, deepest, send)])[0]

    @reaching
    def plan_all(self, plannings: Sequence[PlanBatch]) -> list[list[str]]:
        """Write what is not there yet, the first `send` of each as about to be sent; returns the ids of new pages.

        What is there already and is now met nearer takes the smaller depth; if it was bought, it is opened again so
        that what the smaller depth allows is planned, without buying it anew.
        """
        moment = now()
        upserts: list[UpdateOne] = []
        depths: list[tuple[str, int, bool]] = []
        for planning in plannings:
            for position, plan in enumerate(planning.plans):
                page_id = plan.request.page_id(planning.crawl)
                due = moment + RESEND if position < planning.send else UNSENT
                page = _document(planning.crawl, plan, planning.parent, due, moment)
                upserts.append(UpdateOne({"_id": page_id}, {"$setOnInsert": page}, upsert=True))
                depths.append((page_id, plan.depth, plan.depth < planning.deepest))
        new = set(self._unhurried.bulk_write(upserts, ordered=True).upserted_ids or {}) if upserts else set()
        nearer = [
            _nearer(page_id, depth)
            for index, (page_id, depth, leads_on) in enumerate(depths)
            if leads_on and index not in new
        ]
        if nearer:
            self._unhurried.bulk_write(nearer, ordered=True)
        ids = iter([page_id if index in new else None for index, (page_id, _, _) in enumerate(depths)])
        return [[one for one in islice(ids, len(planning.plans)) if one] for planning in plannings]

    # --- feeding ---

    @reaching
    def unsent(self, crawl: str, limit: int, *, slow: bool = False) -> list[PageMessage]:
        """Planned pages that nobody was told of, slow ones or the others; smaller depth first, then oldest."""
        return self._waiting(
            crawl,
            {"crawl": crawl, "state": PageState.PLANNED, "due": UNSENT, "slow": slow or None},
            [("depth", 1), ("planned_at", 1)],
            limit,
        )

    @reaching
    def overdue(self, crawl: str, limit: int) -> list[PageMessage]:
        """Planned pages whose message should have been taken by now, longest first."""
        return self._waiting(crawl, {**_past(crawl), "not_before": {"$exists": False}}, [("due", 1)], limit)

    @reaching
    def paused_over(self, crawl: str, limit: int) -> list[PageMessage]:
        """Planned pages whose pause is over, longest first."""
        return self._waiting(crawl, {**_past(crawl), "not_before": {"$exists": True}}, [("due", 1)], limit)

    @reaching
    def sent(self, ids: Sequence[str]) -> None:
        """Note that their messages are on the way."""
        self._pages.update_many(
            {"_id": {"$in": list(ids)}, "state": PageState.PLANNED},
            {"$set": {"due": now() + RESEND}, "$unset": {"not_before": 1}},
        )

    @reaching
    @patient
    def unsend(self, crawl: str) -> None:
        """Forget that messages were sent (the crawl was resumed): all planned pages are told of anew."""
        self._pages.update_many(
            {
                "crawl": crawl,
                "state": PageState.PLANNED,
                "due": {"$gt": UNSENT},
                "not_before": {"$not": {"$gt": now()}},
            },
            {"$set": {"due": UNSENT}},
        )

    @reaching
    def sent_count(self, crawl: str, limit: int) -> int:
        """Planned pages with a message on the way, counted up to `limit`."""
        wanted = {"crawl": crawl, "state": PageState.PLANNED, "due": {"$gt": UNSENT}, "not_before": {"$exists": False}}
        return self._pages.count_documents(wanted, limit=limit)

    @reaching
    def slow_count(self, crawl: str) -> int:
        """Pages of slow endpoints with a message on the way or a call in flight."""
        wanted = {"crawl": crawl, "state": {"$in": list(OPEN_STATES)}, "due": {"$gt": UNSENT}, "slow": True}
        return self._pages.count_documents({**wanted, "not_before": {"$exists": False}})

    # --- is anything left ---

    @reaching
    def has_open(self, crawl: str) -> bool:
        """Whether any page is planned or leased.

        One look in one snapshot: a page keeps its due date while it goes from planned to leased and back, and its
        follow-ups are written before it is done, so a crawl with work left is never seen without any.
        """
        return (
            self._pages.find_one(
                {"crawl": crawl, "state": {"$in": list(OPEN_STATES)}, "due": {"$gte": UNSENT}}, {"_id": 1}
            )
            is not None
        )

    def _waiting(self, crawl: str, wanted: Document, order: list[tuple[str, int]], limit: int) -> list[PageMessage]:
        if limit <= 0:
            return []
        found = self._pages.find(wanted, {"endpoint": 1, "args": 1, "cursor": 1}).sort(order).limit(limit)
        return [PageMessage(p["_id"], crawl, Request(p["endpoint"], p["args"], p["cursor"])) for p in found]


def _past(crawl: str) -> Document:
    return {"crawl": crawl, "state": PageState.PLANNED, "due": {"$gt": UNSENT, "$lte": now()}}


def _document(crawl: str, plan: PlannedPage, parent: str | None, due: datetime, moment: datetime) -> Document:
    request = plan.request
    endpoint = ENDPOINTS.get(request.endpoint)
    return {
        "crawl": crawl,
        "endpoint": request.endpoint,
        "args": dict(request.args),
        "cursor": dict(request.cursor),
        "request": request.request_id(),
        "list": request.list_id(crawl),
        "nth": plan.nth,
        "barren": plan.barren,
        "depth": plan.depth,
        "parent": parent,
        "state": PageState.PLANNED,
        "attempts": 0,
        "due": due,
        **({"slow": True} if endpoint and endpoint.slow else {}),
        "planned_at": moment,
    }


def _nearer(page_id: str, depth: int) -> UpdateOne:
    """Lower a page's depth; a bought one is opened again, to be planned from without a call."""
    bought = {"$and": [{"$eq": ["$state", PageState.DONE]}, {"$eq": ["$bought", True]}]}
    return UpdateOne(
        {"_id": page_id, "depth": {"$gt": depth}},
        [
            {
                "$set": {
                    "depth": depth,
                    "state": {"$cond": [bought, PageState.PLANNED, "$state"]},
                    "due": {"$cond": [bought, UNSENT, "$due"]},
                }
            }
        ],
    )
