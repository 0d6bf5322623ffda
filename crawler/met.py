"""Remembers which embedded entities a crawl's finished pages hold already, so that not every page names them again."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from threading import Lock

from crawler.readers import Found

_KEPT = 200_000  # entries, about 30 MB


class Met:
    """The oldest entries are forgotten first: naming one twice in the ledger does no harm."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._lock = Lock()

    def unnamed(self, crawl: str, found: Iterable[Found], kind: str, items: set[str]) -> dict[str, list[str]]:
        """The ids, by kind, of entities that are no items of the page and that no page is known to name."""
        fresh: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for one in found:
            entity = one.entity
            entity_id = entity.id
            if entity.kind == kind and entity_id in items:
                continue
            if (crawl, entity.kind, entity_id) not in self._seen:
                fresh[entity.kind][entity_id] = None
        return {name: list(ids) for name, ids in fresh.items()}

    def named(self, crawl: str, met: dict[str, list[str]]) -> dict[str, int]:
        """A page that names them is done; returns how many of each kind no page was known to name until now."""
        new: dict[str, int] = {}
        with self._lock:
            for kind, ids in met.items():
                before = len(self._seen)
                for entity_id in ids:
                    self._seen[(crawl, kind, entity_id)] = None
                new[kind] = len(self._seen) - before
            while len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        return new
