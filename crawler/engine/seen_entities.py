"""Deduplicate embedded entities: remember which of them a crawl's finished pages name already."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from crawler.model.bounded_cache import BoundedCache
from crawler.model.items import ParsedEntity

_SIZE = 20_000  # entries kept at least, about 10 MB


class SeenEntities:
    """The entities seen longest ago are forgotten: naming one twice in the ledger does no harm."""

    def __init__(self) -> None:
        self._seen: BoundedCache[tuple[str, str, str], bool] = BoundedCache(_SIZE)
        self._lock = Lock()

    def unseen(
        self, crawl_id: str, found: Iterable[ParsedEntity], kind: str, item_ids: set[str]
    ) -> dict[str, list[str]]:
        """Return the ids, by kind, of entities that are not items of the page and that no page is known to name."""
        unseen: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for one in found:
            entity_kind, entity_id = one.entity.kind, one.entity.id
            if entity_kind == kind and entity_id in item_ids:
                continue
            if not self._seen.get((crawl_id, entity_kind, entity_id)):
                unseen[entity_kind][entity_id] = None
        return {name: list(ids) for name, ids in unseen.items()}

    def mark_seen(self, crawl_id: str, embedded: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Record that a finished page names them; return how many of each kind no page was known to name before."""
        new: dict[str, int] = {}
        with self._lock:
            for kind, ids in embedded.items():
                keys = [(crawl_id, kind, entity_id) for entity_id in ids]
                fresh = [key for key in keys if not self._seen.get(key)]
                for key in fresh:
                    self._seen.put(key, True)
                new[kind] = len(fresh)
        return new
