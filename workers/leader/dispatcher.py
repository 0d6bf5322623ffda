"""Dispatch pages of the frontier to the broker, shared among crawls by weight."""

from collections.abc import Mapping, Sequence
from typing import Any

from crawler.engine.capacity import dispatch_window, fair_shares, max_slow_calls
from crawler.model.crawls import Crawl
from crawler.model.pages import PageMessage
from crawler.store import Store
from workers.publisher import Publisher


class Dispatcher:
    """Keeps about two messages per call slot in the broker; the rest of the frontier waits in MongoDB."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    def dispatch(self, active: Sequence[Crawl], workers: Sequence[Mapping[str, Any]]) -> None:
        """Publish what was never sent, what is due for a retry, and what was lost on its way."""
        frontier = self._store.frontier
        room = dispatch_window(sum(worker["slots"] for worker in workers))
        dispatched = {crawl.id: frontier.count_dispatched(crawl.id, room) for crawl in active}
        lost = self._count_lost(sum(dispatched.values()), workers)
        for crawl, share in fair_shares(active, room):
            messages = frontier.due_retries(crawl.id, share)
            if lost:
                found = frontier.lost(crawl.id, min(lost, share))
                messages += found
                lost -= len(found)
            messages += frontier.undispatched(crawl.id, share - dispatched[crawl.id] - len(messages))
            self._publish(messages)
        self._dispatch_slow(active, workers)

    def _count_lost(self, dispatched: int, workers: Sequence[Mapping[str, Any]]) -> int:
        """Return how many dispatched messages are neither in the broker's queue nor in a worker's hands."""
        if not dispatched:
            return 0
        held: int = self._publisher.queue_depth() + sum(worker["unleased_messages"] for worker in workers)
        return max(0, dispatched - held)

    def _dispatch_slow(self, active: Sequence[Crawl], workers: Sequence[Mapping[str, Any]]) -> None:
        """Publish pages whose calls take minutes: no more at a time than workers have slots for, so that none waits."""
        frontier = self._store.frontier
        room = sum(max_slow_calls(worker["slots"]) for worker in workers)
        waiting = {crawl.id: frontier.undispatched(crawl.id, room, slow=True) for crawl in active}
        for crawl, share in fair_shares([crawl for crawl in active if waiting[crawl.id]], room):
            free = max(0, share - frontier.count_slow(crawl.id))
            self._publish(waiting[crawl.id][:free])

    def _publish(self, messages: Sequence[PageMessage]) -> None:
        if messages:
            self._publisher.publish(messages)
            self._store.frontier.mark_dispatched([message.page_id for message in messages])
