"""Remember the item ids and cursors of lists in progress; read from the ledger what this process has not seen."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from crawler.model.pages import Page
from crawler.store import Store

_MAX_IDS = 100_000  # item ids kept in memory over all lists, about 15 MB


@dataclass(slots=True)
class ListHistory:
    """The item ids and cursors of a list's first `pages` pages."""

    item_ids: set[str] = field(default_factory=set)
    cursors: list[Mapping[str, Any]] = field(default_factory=list)
    pages: int = 0


class ListHistories:
    """The least recently used lists are forgotten first; the ledger has them all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._histories: OrderedDict[str, ListHistory] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def load(self, page: Page) -> ListHistory:
        """Return what the list has held before this page; the caller must not change it."""
        if page.nth == 0:
            return ListHistory()
        with self._lock:
            history = self._histories.pop(page.list_id, None) or ListHistory()
            self._size -= len(history.item_ids)
        if history.pages > page.nth:  # an earlier page once more
            history = ListHistory()
        if history.pages < page.nth:  # another process may have fetched the pages between
            for item_ids, cursor in self._store.ledger.list_history(
                page.list_id, page.crawl_id, page.nth, history.pages
            ):
                history.item_ids.update(item_ids)
                history.cursors.append(cursor)
            history.pages = page.nth
        return history

    def append(self, page: Page, history: ListHistory, item_ids: Iterable[str]) -> None:
        """Record a fetched page, for the page after it."""
        history.item_ids.update(item_ids)
        history.cursors.append(page.request.cursor)
        history.pages = page.nth + 1
        with self._lock:
            self._histories[page.list_id] = history
            self._size += len(history.item_ids)
            while self._size > _MAX_IDS and len(self._histories) > 1:
                _, forgotten = self._histories.popitem(last=False)
                self._size -= len(forgotten.item_ids)
