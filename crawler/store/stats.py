"""Counts a crawl from its ledger: the exact figures that the running roll-up only follows."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pymongo.database import Database

from crawler.model.enums import COUNTED, PageState
from crawler.store.connection import Document, patient, reaching


class CrawlStats:
    """Aggregations over `pages`; each reads the pages of one crawl."""

    def __init__(self, db: "Database[Document]") -> None:
        self._pages = db["pages"]

    @reaching
    @patient
    def count(self, crawl: str) -> Document:
        """The crawl's roll-up, counted anew: pages by state, calls, units, ends, endpoints, entities."""
        states: Counter[str] = Counter(dict.fromkeys(PageState, 0))
        ends: Counter[str] = Counter()
        endpoints: dict[str, Counter[str]] = {}
        calls = spent = unknown = rejects = 0
        for row in self._pages.aggregate(
            [
                {"$match": {"crawl": crawl}},
                {
                    "$group": {
                        "_id": {"state": "$state", "end": "$end", "endpoint": "$endpoint"},
                        "pages": {"$sum": 1},
                        "calls": {"$sum": "$calls"},
                        "units": {"$sum": "$units"},
                        "rejects": {"$sum": "$rejects"},
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
        return {
            "pages": dict(states),
            "calls": calls,
            "units": spent,
            "unknown": unknown,
            "rejects": rejects,
            "ends": dict(ends),
            "endpoints": {name: dict(each) for name, each in endpoints.items()},
            "entities": self.entities(crawl),
        }

    @reaching
    @patient
    def entities(self, crawl: str) -> dict[str, int]:
        """How many entities of each kind the crawl met, each once."""
        counted = dict.fromkeys(COUNTED, 0)
        embedded = {
            "$reduce": {
                "input": {"$objectToArray": {"$ifNull": ["$met", {}]}},
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
                        "case": {"$eq": ["$endpoint", "user_followers"]},
                        "then": _edges(["$$id", ":", "$args.id"]),
                    },
                    {
                        "case": {"$eq": ["$endpoint", "user_followings"]},
                        "then": _edges(["$args.id", ":", "$$id"]),
                    },
                ],
                "default": [],
            }
        }
        for row in self._pages.aggregate(
            [
                {"$match": {"crawl": crawl, "kind": {"$exists": True}}},
                {"$project": {"met": {"$concatArrays": [own, edges, embedded]}}},
                {"$unwind": "$met"},
                {"$group": {"_id": {"k": "$met.k", "i": "$met.i"}}},
                {"$group": {"_id": "$_id.k", "n": {"$sum": 1}}},
            ],
            allowDiskUse=True,
        ):
            counted[row["_id"]] = row["n"]
        return counted


def _edges(parts: list[str]) -> Document:
    return {"$map": {"input": "$items", "as": "id", "in": {"k": "follows", "i": {"$concat": parts}}}}


def status(crawl: Mapping[str, Any], rollup: Mapping[str, Any]) -> Document:
    """What `status --json` says of a crawl, from its document and its roll-up (shape: contract)."""
    pages = rollup.get("pages") or {}
    return {
        "crawl": crawl["_id"],
        "name": crawl.get("name"),
        "kind": crawl.get("kind"),
        "state": crawl["state"],
        "cause": crawl.get("cause"),
        "pages": {str(state): max(0, int(pages.get(state, 0))) for state in PageState},
        "calls": int(rollup.get("calls", 0)),
        "units": {
            "spent": int(rollup.get("units", 0)),
            "unknown": int(rollup.get("unknown", 0)),
            "budget": (crawl.get("budget") or {}).get("units"),
        },
        "entities": {kind: int((rollup.get("entities") or {}).get(kind, 0)) for kind in COUNTED},
        "lives": int((rollup.get("entities") or {}).get("lives", 0)),
        "rejects": int(rollup.get("rejects", 0)),
        "ends": dict(rollup.get("ends") or {}),
        "endpoints": dict(rollup.get("endpoints") or {}),
        "started_at": _iso(crawl.get("started_at")),
        "ended_at": _iso(crawl.get("ended_at")),
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
