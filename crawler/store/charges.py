"""Add up the charges of a UTC day, and resolve charges that were unknown."""

from crawler.store.connection import Document, Repository
from crawler.store.errors import long_running, translate_errors


class Charges(Repository):
    """The charges recorded in the ledger's pages."""

    @translate_errors
    @long_running
    def spent_on(self, day: str) -> tuple[int, int]:
        """Return the units that calls of a UTC day are known to have cost, and those they may have cost besides."""
        rows = self.db["pages"].aggregate(
            [
                {"$match": {"$or": [{f"charged.{day}": {"$exists": True}}, {f"unknown.{day}": {"$exists": True}}]}},
                {"$group": {"_id": None, "known": {"$sum": f"$charged.{day}"}, "unknown": {"$sum": f"$unknown.{day}"}}},
            ]
        )
        row = next(iter(rows), {"known": 0, "unknown": 0})
        return int(row["known"]), int(row["unknown"])

    @translate_errors
    def unknown_on(self, day: str) -> list[Document]:
        """Return pages with calls of the day whose charge is unknown: `_id, crawl, unknown`."""
        wanted = {"unknown_since": {"$exists": True}, f"unknown.{day}": {"$exists": True}}
        return list(self.db["pages"].find(wanted, {"crawl": 1, "unknown": 1}))

    @translate_errors
    def resolve_unknown(self, page_id: str, day: str, expected: int, charged: int) -> bool:
        """Replace what a day's calls of a page may have cost by what they did cost, once."""
        result = self.db["pages"].update_one(
            {"_id": page_id, f"unknown.{day}": expected},
            {"$unset": {f"unknown.{day}": 1}, "$inc": {"units": charged, f"charged.{day}": charged}},
        )
        return result.modified_count == 1
