"""Remembers which embedded entities a crawl's finished pages hold already, so that not every page names them again."""

from collections import defaultdict
from collections.abc import Iterable
from threading import Lock

from crawler.model.bounded_cache import BoundedCache
from crawler.model.items import ParsedEntity

_KEPT = 20_000  # entries that are there for sure, with what they drag along about 10 MB


class SeenEntities:
    """What was met longest ago is forgotten: naming one twice in the ledger does no harm."""

    def __init__(self) -> None:
        self._seen: BoundedCache[tuple[str, str, str], bool] = BoundedCache(_KEPT)
        self._lock = Lock()

    def unnamed(self, crawl: str, found: Iterable[ParsedEntity], kind: str, items: set[str]) -> dict[str, list[str]]:
        """The ids, by kind, of entities that are no items of the page and that no page is known to name."""
        fresh: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for one in found:
            entity = one.entity
            entity_id = entity.id
            if entity.kind == kind and entity_id in items:
                continue
            if not self._seen.get((crawl, entity.kind, entity_id)):
                fresh[entity.kind][entity_id] = None
        return {name: list(ids) for name, ids in fresh.items()}

    def named(self, crawl: str, met: dict[str, list[str]]) -> dict[str, int]:
        """A page that names them is done; returns how many of each kind no page was known to name until now."""
        new: dict[str, int] = {}
        with self._lock:
            for kind, ids in met.items():
                keys = [(crawl, kind, entity_id) for entity_id in ids]
                fresh = [key for key in keys if not self._seen.get(key)]
                for key in fresh:
                    self._seen.put(key, True)
                new[kind] = len(fresh)
        return new
