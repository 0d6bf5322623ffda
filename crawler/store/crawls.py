"""The crawls: their spec, state and roll-up, changed only from states that allow it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from crawler.model.crawls import Crawl, CrawlSpec
from crawler.model.enums import CrawlState, PauseCause
from crawler.store.connection import Document, Repository, now
from crawler.store.errors import translate_errors

_ENDED = [state for state in CrawlState if state.ended]
_LISTED = ("usernames", "sec_uids")  # of a spec: may be millions, so they are kept with the seeds
_CHUNK = 5_000
_HEARD = timedelta(seconds=5)  # after which every worker has heard of a pause


class Crawls(Repository):
    """The `crawls` collection, and `seeds`: what each was seeded with, some thousand in a document."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._crawls = db["crawls"]
        self._seeds = db["seeds"]

    @translate_errors
    def create(self, crawl: str, spec: CrawlSpec, seeds: Sequence[str] = ()) -> None:
        """A crawl whose pages are still being written; `seeds` as people read them."""
        written = spec.model_dump(mode="json")
        lists = {"values": list(seeds), **{name: written.pop(name) for name in _LISTED}}
        for chunk in _chunks(crawl, lists):
            self._seeds.insert_one(chunk)
        self._crawls.insert_one(
            {
                "_id": crawl,
                "name": spec.name,
                "kind": spec.kind,
                "spec": written,
                "seeds": len(seeds),
                "state": CrawlState.SEEDING,
                "cause": None,
                "created_at": now(),
                "started_at": None,
                "ended_at": None,
                "priority": spec.priority,
                "budget": {"units": spec.max_units, "pages": spec.max_pages},
                "rollup": {},
            }
        )

    @translate_errors
    def start(self, crawl: str) -> None:
        self._crawls.update_one(
            {"_id": crawl, "state": CrawlState.SEEDING},
            {"$set": {"state": CrawlState.RUNNING, "started_at": now()}},
        )

    @translate_errors
    def get(self, crawl: str) -> Document | None:
        """The crawl with this id or, if there is just one, with this name."""
        if found := self._crawls.find_one({"_id": crawl}):
            return found
        named = list(self._crawls.find({"name": crawl}).limit(2))
        return named[0] if len(named) == 1 else None

    @translate_errors
    def latest(self, limit: int = 20) -> list[Document]:
        """The newest crawls first."""
        return list(self._crawls.find({}).sort("created_at", -1).limit(limit))

    @translate_errors
    def active(self, known: Mapping[str, CrawlSpec] | None = None) -> list[Crawl]:
        """Every crawl that has not ended; a spec never changes, so those that are `known` are not read again."""
        specs = known or {}
        found = self._crawls.find({"state": {"$nin": _ENDED}}, {"state": 1, "cause": 1, "budget": 1})
        return [_crawl(one, specs.get(one["_id"]) or self._spec(one["_id"])) for one in found]

    @translate_errors
    def pause(self, cause: PauseCause, crawl: str | None = None, budget: Mapping[str, int | None] | None = None) -> int:
        """Pause one running crawl, or all; returns how many. What a person paused stays paused by them.

        With `budget`, only while that is its budget still: who was refused by an old one must not stop the resumed.
        """
        wanted: Document = {"state": CrawlState.RUNNING}
        if crawl is not None:
            wanted["_id"] = crawl
        wanted |= {f"budget.{name}": bound for name, bound in (budget or {}).items()}
        return self._crawls.update_many(
            wanted, {"$set": {"state": CrawlState.PAUSED, "cause": cause, "paused_at": now()}}
        ).modified_count

    @translate_errors
    def resume(
        self,
        *,
        crawl: str | None = None,
        causes: Collection[PauseCause] | None = None,
        budget: Mapping[str, int] | None = None,
    ) -> int:
        """Let paused crawls run on: one, or all paused for one of `causes`; `budget` sets new totals."""
        wanted: Document = {"state": CrawlState.PAUSED}
        if crawl is not None:
            wanted["_id"] = crawl
        if causes is not None:
            wanted["cause"] = {"$in": list(causes)}
        sets = {f"budget.{name}": value for name, value in (budget or {}).items()}
        return self._crawls.update_many(
            wanted,
            {"$set": {"state": CrawlState.RUNNING, "cause": None, **sets}, "$unset": {"rollup.final": 1}},
        ).modified_count

    @translate_errors
    def reopen(self, crawl: str) -> None:
        """Failed pages were planned anew: its figures are no longer final, and if it has ended it runs again."""
        self._crawls.update_one({"_id": crawl}, {"$unset": {"rollup.final": 1}})
        self._crawls.update_one(
            {"_id": crawl, "state": {"$in": [CrawlState.FAILED, CrawlState.COMPLETE]}},
            {"$set": {"state": CrawlState.RUNNING, "cause": None, "ended_at": None}},
        )

    @translate_errors
    def finish(self, crawl: str, state: CrawlState, *, rollup: Mapping[str, Any] | None = None) -> bool:
        """End it, once, with its exact roll-up where that is known."""
        update: Document = {"$set": {"state": state, "cause": None, "ended_at": now()}}
        if rollup is None:
            update["$unset"] = {"rollup.final": 1}
        else:
            update["$set"]["rollup"] = {**rollup, "final": True}
        return self._crawls.update_one({"_id": crawl, "state": {"$nin": _ENDED}}, update).modified_count == 1

    # --- figures ---

    @translate_errors
    def increment_stats(self, crawl: str, counts: Mapping[str, int]) -> None:
        """Add to the running roll-up; one that is final takes no more."""
        if counts:
            self._crawls.update_one(
                {"_id": crawl, "rollup.final": {"$ne": True}},
                {"$inc": {f"rollup.{name}": n for name, n in counts.items()}},
            )

    @translate_errors
    def awaiting_recount(self) -> list[Document]:
        """Crawls that stand still and whose figures are not final: `_id, state, rollup`."""
        paused = {"state": CrawlState.PAUSED, "cause": {"$ne": PauseCause.OUTAGE}, "paused_at": {"$lt": now() - _HEARD}}
        wanted = {"$or": [{"state": {"$in": _ENDED}}, paused], "rollup.final": {"$ne": True}}
        return list(self._crawls.find(wanted, {"state": 1, "rollup": 1}))

    @translate_errors
    def finalize_stats(self, crawl: str, before: Mapping[str, Any], counted: Mapping[str, Any]) -> bool:
        """Make what was counted the final figures, unless anything was added to those `before` meanwhile."""
        return (
            self._crawls.update_one(
                {"_id": crawl, "state": {"$ne": CrawlState.RUNNING}, "rollup": dict(before)},
                {"$set": {"rollup": {**counted, "final": True}}},
            ).matched_count
            == 1
        )

    def _spec(self, crawl: str) -> CrawlSpec:
        spec = (self._crawls.find_one({"_id": crawl}, {"spec": 1}) or {})["spec"]
        for chunk in self._seeds.find({"crawl": crawl}, dict.fromkeys(_LISTED, 1)):
            for name in chunk.keys() & set(_LISTED):
                spec.setdefault(name, []).extend(chunk[name])
        return CrawlSpec.model_validate(spec)


def _chunks(crawl: str, lists: Mapping[str, Sequence[str]]) -> Iterator[Document]:
    for begin in range(0, max(map(len, lists.values())), _CHUNK):
        parts = {name: one[begin : begin + _CHUNK] for name, one in lists.items()}
        yield {"_id": f"{crawl}:{begin}", "crawl": crawl, **{name: part for name, part in parts.items() if part}}


def _crawl(found: Document, spec: CrawlSpec) -> Crawl:
    return Crawl(
        id=found["_id"],
        state=CrawlState(found["state"]),
        cause=found.get("cause") and PauseCause(found["cause"]),
        spec=spec,
        max_units=(found.get("budget") or {}).get("units"),
        max_pages=(found.get("budget") or {}).get("pages"),
    )
