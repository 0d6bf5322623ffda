"""Track the leases this process holds, for the heartbeat to extend."""

from collections.abc import Iterator
from contextlib import contextmanager

from crawler.model.pages import Page


class HeldLeases:
    """Page id → lease token; written by the threads that run pages, read by the heartbeat."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    @contextmanager
    def held(self, page: Page) -> Iterator[None]:
        """Extend the page's lease while the block runs."""
        self._tokens[page.id] = page.lease_token
        try:
            yield
        finally:
            self._tokens.pop(page.id, None)

    def tokens(self) -> dict[str, str]:
        """Return a copy."""
        return dict(self._tokens)  # one C call: another thread cannot change it half-way

    def __len__(self) -> int:
        return len(self._tokens)
