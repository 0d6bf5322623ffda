"""What each list has had so far, kept for the lists this process works on and read from the ledger where it is not."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from crawler.model.pages import Page
from crawler.store import Store

_KEPT = 100_000  # item ids kept in memory over all lists that go on, about 15 MB


@dataclass(slots=True)
class ListHistory:
    """The ids of a list's items and its cursors, for its first `pages` pages."""

    items: set[str] = field(default_factory=set)
    cursors: list[Mapping[str, Any]] = field(default_factory=list)
    pages: int = 0


class ListHistories:
    """Least recently used lists are forgotten first; the ledger has them all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[str, ListHistory] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def before(self, page: Page) -> ListHistory:
        """What the list has had before this page; not to be changed by the caller."""
        if page.nth == 0:
            return ListHistory()
        with self._lock:
            history = self._known.pop(page.list_id, None) or ListHistory()
            self._size -= len(history.items)
        if history.pages > page.nth:  # an earlier page once more
            history = ListHistory()
        if history.pages < page.nth:
            # Only what this process has not seen of the list: another may have bought the pages between.
            for items, cursor in self._store.ledger.history(page.list_id, page.crawl, page.nth, history.pages):
                history.items.update(items)
                history.cursors.append(cursor)
            history.pages = page.nth
        return history

    def keep(self, page: Page, history: ListHistory, items: list[str]) -> None:
        """Take note of a page that was bought, for the page after it."""
        history.items.update(items)
        history.cursors.append(page.request.cursor)
        history.pages = page.nth + 1
        with self._lock:
            self._known[page.list_id] = history
            self._size += len(history.items)
            while self._size > _KEPT and len(self._known) > 1:
                _, forgotten = self._known.popitem(last=False)
                self._size -= len(forgotten.items)
