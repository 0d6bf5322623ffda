"""Summarize the failed pages of a crawl, and plan them again."""

from crawler.model.enums import PageState
from crawler.store.connection import NEVER_SENT, Document, Repository
from crawler.store.errors import long_running, translate_errors

_ANY_KIND = {"$gt": ""}  # lets the index `failed` serve


class Failures(Repository):
    """The failed pages of the ledger."""

    @translate_errors
    def exist(self, crawl_id: str) -> bool:
        return self.db["pages"].find_one(_failed(crawl_id), {"_id": 1}) is not None

    @translate_errors
    @long_running
    def summarize(self, crawl_id: str) -> list[Document]:
        """Return failed pages by class, most first: `{kind, pages, status, detail, endpoint}`, one example each."""
        example = {name: {"$first": f"$error.{name}"} for name in ("status", "detail")}
        shape = {"_id": 0, "kind": "$_id", **dict.fromkeys(("pages", "status", "detail", "endpoint"), 1)}
        stages: list[Document] = [
            {"$match": _failed(crawl_id)},
            {"$group": {"_id": "$error.kind", "pages": {"$sum": 1}, **example, "endpoint": {"$first": "$endpoint"}}},
            {"$sort": {"pages": -1}},
            {"$project": shape},
        ]
        return list(self.db["pages"].aggregate(stages))

    @translate_errors
    @long_running
    def retry(self, crawl_id: str, kind: str | None) -> int:
        """Plan failed pages, of one class or all, again with all their attempts; return how many."""
        fresh = dict.fromkeys(("attempts", "worker_deaths"), 0)
        sets = {"state": PageState.PLANNED, "due": NEVER_SENT, "end": None, **fresh}
        update = {"$set": sets, "$unset": {"not_before": 1}}
        return self.db["pages"].update_many(_failed(crawl_id, kind), update).modified_count


def _failed(crawl_id: str, kind: str | None = None) -> Document:
    return {"crawl": crawl_id, "state": PageState.FAILED, "error.kind": kind or _ANY_KIND}
