"""Count a crawl from its ledger: the exact figures that the running roll-up approximates."""

from collections import Counter

from pymongo.database import Database

from crawler.model.enums import COUNTED_KINDS, PageState
from crawler.store.connection import Document, Repository
from crawler.store.errors import long_running, translate_errors


class CrawlStats(Repository):
    """Aggregations over `pages`; each reads the pages of one crawl."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._pages = db["pages"]

    @translate_errors
    @long_running
    def recount(self, crawl_id: str) -> Document:
        """Return the crawl's exact roll-up: pages by state, calls, units, ends, endpoints, entities."""
        states: Counter[str] = Counter(dict.fromkeys(PageState, 0))
        ends: Counter[str] = Counter()
        endpoints: dict[str, Counter[str]] = {}
        calls = spent = unknown = rejects = skipped_items = 0
        for row in self._pages.aggregate(
            [
                {"$match": {"crawl": crawl_id}},
                {
                    "$group": {
                        "_id": {"state": "$state", "end": "$end", "endpoint": "$endpoint"},
                        "pages": {"$sum": 1},
                        "calls": {"$sum": "$calls"},
                        "units": {"$sum": "$units"},
                        "rejects": {"$sum": "$rejects"},
                        "skipped_items": {"$sum": "$skipped_items"},
                        "unknown": {
                            "$sum": {
                                "$sum": {
                                    "$map": {
                                        "input": {"$objectToArray": {"$ifNull": ["$unknown", {}]}},
                                        "in": "$$this.v",
                                    }
                                }
                            }
                        },
                    }
                },
            ],
            allowDiskUse=True,
        ):
            key = row["_id"]
            states[key["state"]] += row["pages"]
            if key.get("end"):
                ends[key["end"]] += row["pages"]
            each = endpoints.setdefault(key["endpoint"], Counter())
            each["pages"] += row["pages"] if key["state"] == PageState.DONE else 0
            each["calls"] += row["calls"]
            each["units"] += row["units"]
            calls += row["calls"]
            spent += row["units"]
            unknown += row["unknown"]
            rejects += row["rejects"]
            skipped_items += row["skipped_items"]
        return {
            "pages": dict(states),
            "calls": calls,
            "units": spent,
            "unknown": unknown,
            "rejects": rejects,
            "skipped_items": skipped_items,
            "ends": dict(ends),
            "endpoints": {name: dict(each) for name, each in endpoints.items()},
            "entities": self.count_entities(crawl_id),
        }

    @translate_errors
    @long_running
    def count_entities(self, crawl_id: str) -> dict[str, int]:
        """Count the entities of each kind that the crawl has seen, each once."""
        counted = dict.fromkeys(COUNTED_KINDS, 0)
        embedded = {
            "$reduce": {
                "input": {"$objectToArray": {"$ifNull": ["$embedded", {}]}},
                "initialValue": [],
                "in": {
                    "$concatArrays": [
                        "$$value",
                        {"$map": {"input": "$$this.v", "as": "id", "in": {"k": "$$this.k", "i": "$$id"}}},
                    ]
                },
            }
        }
        own = {"$map": {"input": "$items", "as": "id", "in": {"k": "$kind", "i": "$$id"}}}
        edges = {
            "$switch": {
                "branches": [
                    {
                        "case": {"$eq": ["$edge", "in"]},
                        "then": _edges(["$$id", ":", "$args.id"]),
                    },
                    {
                        "case": {"$eq": ["$edge", "out"]},
                        "then": _edges(["$args.id", ":", "$$id"]),
                    },
                ],
                "default": [],
            }
        }
        for row in self._pages.aggregate(
            [
                {"$match": {"crawl": crawl_id, "kind": {"$exists": True}}},
                {"$project": {"embedded": {"$concatArrays": [own, edges, embedded]}}},
                {"$unwind": "$embedded"},
                {"$group": {"_id": {"k": "$embedded.k", "i": "$embedded.i"}}},
                {"$group": {"_id": "$_id.k", "n": {"$sum": 1}}},
            ],
            allowDiskUse=True,
        ):
            counted[row["_id"]] = row["n"]
        return counted


def _edges(parts: list[str]) -> Document:
    return {"$map": {"input": "$items", "as": "id", "in": {"k": "follows", "i": {"$concat": parts}}}}
