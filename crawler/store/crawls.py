"""Keep the crawls: their spec, state and roll-up, changed only from states that allow it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from crawler.model.crawls import Crawl, CrawlSpec
from crawler.model.enums import CrawlState, PauseCause
from crawler.store.connection import Document, Repository, now
from crawler.store.errors import translate_errors

_ENDED = [state for state in CrawlState if state.ended]
_LONG_LISTS = ("usernames", "sec_uids")  # of a spec: maybe millions of entries, so they are kept with the seeds
_CHUNK = 5_000
_PAUSE_REACHES_ALL = timedelta(seconds=5)  # after which every worker has stopped making calls


class Crawls(Repository):
    """The `crawls` collection, and `seeds`: what each crawl was seeded with, some thousands per document."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._crawls = db["crawls"]
        self._seeds = db["seeds"]

    @translate_errors
    def create(
        self,
        crawl_id: str,
        spec: CrawlSpec,
        seeds: Sequence[str] = (),
        *,
        kinds: Sequence[str] = (),
        given: Sequence[str] = (),
        line: Sequence[int | None] = (),
    ) -> None:
        """Create a crawl whose first pages are still being written.

        Of each seed: as people read it, its kind, what was typed, and in which line of a list.
        """
        written = spec.model_dump(mode="json")
        lists: dict[str, Sequence[Any]] = {"values": seeds, "kinds": kinds, "given": given, "line": line}
        lists |= {name: written.pop(name) for name in _LONG_LISTS}
        for chunk in _chunks(crawl_id, lists):
            self._seeds.insert_one(chunk)
        self._crawls.insert_one(
            {
                "_id": crawl_id,
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
    def start(self, crawl_id: str) -> None:
        self._crawls.update_one(
            {"_id": crawl_id, "state": CrawlState.SEEDING},
            {"$set": {"state": CrawlState.RUNNING, "started_at": now()}},
        )

    @translate_errors
    def get(self, crawl_id: str) -> Document | None:
        """Return the crawl with this id or, if there is exactly one, with this name."""
        if found := self._crawls.find_one({"_id": crawl_id}):
            return found
        named = list(self._crawls.find({"name": crawl_id}).limit(2))
        return named[0] if len(named) == 1 else None

    @translate_errors
    def ids_named(self, name: str) -> list[str]:
        """Return the ids of the crawls of this name, newest first."""
        return [str(found["_id"]) for found in self._crawls.find({"name": name}, {"_id": 1}).sort("created_at", -1)]

    @translate_errors
    def latest(self, limit: int = 20) -> list[Document]:
        """Return the newest crawls first."""
        return list(self._crawls.find({}).sort("created_at", -1).limit(limit))

    @translate_errors
    def active(self, known: Mapping[str, CrawlSpec] | None = None) -> list[Crawl]:
        """Return every crawl that has not ended; a spec never changes, so the `known` ones are not read again."""
        specs = known or {}
        found = self._crawls.find({"state": {"$nin": _ENDED}}, {"state": 1, "cause": 1, "budget": 1})
        return [_crawl(one, specs.get(one["_id"]) or self._spec(one["_id"])) for one in found]

    @translate_errors
    def pause(
        self,
        cause: PauseCause,
        crawl_id: str | None = None,
        budget: Mapping[str, int | None] | None = None,
        detail: str | None = None,
    ) -> int:
        """Pause one running crawl, or all; return how many. What a person paused stays paused by them.

        With `budget`, only while that is still its budget, so that a worker refused under the old budget cannot pause a
        crawl that has been resumed with a new one. `detail` says more than the cause does.
        """
        wanted: Document = {"state": CrawlState.RUNNING}
        if crawl_id is not None:
            wanted["_id"] = crawl_id
        wanted |= {f"budget.{name}": bound for name, bound in (budget or {}).items()}
        return self._crawls.update_many(
            wanted,
            {"$set": {"state": CrawlState.PAUSED, "cause": cause, "pause_detail": detail, "paused_at": now()}},
        ).modified_count

    @translate_errors
    def resume(
        self,
        *,
        crawl_id: str | None = None,
        causes: Collection[PauseCause] | None = None,
        budget: Mapping[str, int] | None = None,
    ) -> int:
        """Resume paused crawls: one, or all paused for one of `causes`; `budget` sets new totals. Return how many."""
        wanted: Document = {"state": CrawlState.PAUSED}
        if crawl_id is not None:
            wanted["_id"] = crawl_id
        if causes is not None:
            wanted["cause"] = {"$in": list(causes)}
        sets = {f"budget.{name}": value for name, value in (budget or {}).items()}
        return self._crawls.update_many(
            wanted,
            {"$set": {"state": CrawlState.RUNNING, "cause": None, **sets}, "$unset": {"rollup.final": 1}},
        ).modified_count

    @translate_errors
    def reopen(self, crawl_id: str) -> None:
        """Mark its figures as no longer final after failed pages were planned again; if it has ended, it runs again."""
        self._crawls.update_one({"_id": crawl_id}, {"$unset": {"rollup.final": 1}})
        self._crawls.update_one(
            {"_id": crawl_id, "state": {"$in": [CrawlState.FAILED, CrawlState.COMPLETE]}},
            {"$set": {"state": CrawlState.RUNNING, "cause": None, "ended_at": None}},
        )

    @translate_errors
    def load(self, crawl_id: str) -> Crawl:
        """Return a crawl that exists, whether it has ended or not."""
        return _crawl(self._crawls.find_one({"_id": crawl_id}) or {}, self._spec(crawl_id))

    @translate_errors
    def state(self, crawl_id: str) -> CrawlState:
        return CrawlState((self._crawls.find_one({"_id": crawl_id}, {"state": 1}) or {})["state"])

    @translate_errors
    def correct(self, crawl_id: str, rollup: Mapping[str, Any], state: CrawlState | None = None) -> None:
        """Replace its figures after pages were read again: final ones, and its `state`, once it has ended."""
        ended = {"_id": crawl_id, "state": {"$in": _ENDED}}
        sets: Document = {"rollup": {**rollup, "final": True}, **({} if state is None else {"state": state})}
        if not self._crawls.update_one(ended, {"$set": sets}).matched_count:
            self._crawls.update_one({"_id": crawl_id}, {"$set": {"rollup": dict(rollup)}})

    @translate_errors
    def finish(self, crawl_id: str, state: CrawlState, *, rollup: Mapping[str, Any] | None = None) -> bool:
        """End a crawl, once, with its exact roll-up where that is known; return whether this call ended it."""
        update: Document = {"$set": {"state": state, "cause": None, "ended_at": now()}}
        if rollup is None:
            update["$unset"] = {"rollup.final": 1}
        else:
            update["$set"]["rollup"] = {**rollup, "final": True}
        return self._crawls.update_one({"_id": crawl_id, "state": {"$nin": _ENDED}}, update).modified_count == 1

    # --- figures ---

    @translate_errors
    def increment_stats(self, crawl_id: str, counts: Mapping[str, int]) -> None:
        """Add to the running roll-up; a final one takes no more."""
        if counts:
            self._crawls.update_one(
                {"_id": crawl_id, "rollup.final": {"$ne": True}},
                {"$inc": {f"rollup.{name}": n for name, n in counts.items()}},
            )

    @translate_errors
    def awaiting_recount(self) -> list[Document]:
        """Return crawls that stand still and whose figures are not final: `_id, state, rollup`."""
        paused = {
            "state": CrawlState.PAUSED,
            "cause": {"$ne": PauseCause.OUTAGE},
            "paused_at": {"$lt": now() - _PAUSE_REACHES_ALL},
        }
        wanted = {"$or": [{"state": {"$in": _ENDED}}, paused], "rollup.final": {"$ne": True}}
        return list(self._crawls.find(wanted, {"state": 1, "rollup": 1}))

    @translate_errors
    def finalize_stats(self, crawl_id: str, before: Mapping[str, Any], counted: Mapping[str, Any]) -> bool:
        """Make the recount the final figures, unless anything was added to those of `before` meanwhile."""
        return (
            self._crawls.update_one(
                {"_id": crawl_id, "state": {"$ne": CrawlState.RUNNING}, "rollup": dict(before)},
                {"$set": {"rollup": {**counted, "final": True}}},
            ).matched_count
            == 1
        )

    def _spec(self, crawl_id: str) -> CrawlSpec:
        spec = (self._crawls.find_one({"_id": crawl_id}, {"spec": 1}) or {})["spec"]
        for chunk in self._seeds.find({"crawl": crawl_id}, dict.fromkeys(_LONG_LISTS, 1)):
            for name in chunk.keys() & set(_LONG_LISTS):
                spec.setdefault(name, []).extend(chunk[name])
        return CrawlSpec.model_validate(spec)


def _chunks(crawl_id: str, lists: Mapping[str, Sequence[Any]]) -> Iterator[Document]:
    for begin in range(0, max(map(len, lists.values())), _CHUNK):
        parts = {name: list(one[begin : begin + _CHUNK]) for name, one in lists.items()}
        yield {"_id": f"{crawl_id}:{begin}", "crawl": crawl_id, **{name: part for name, part in parts.items() if part}}


def _crawl(found: Document, spec: CrawlSpec) -> Crawl:
    return Crawl(
        id=found["_id"],
        state=CrawlState(found["state"]),
        cause=found.get("cause") and PauseCause(found["cause"]),
        spec=spec,
        max_units=(found.get("budget") or {}).get("units"),
        max_pages=(found.get("budget") or {}).get("pages"),
    )
