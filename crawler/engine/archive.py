"""Decide which answers are kept as bought, and keep them."""

import logging
from collections.abc import Sequence
from typing import Literal

from crawler.batcher import Batcher
from crawler.model.answers import Answer, pack
from crawler.model.errors import UnreachableError
from crawler.model.pages import Page
from crawler.store import Store
from crawler.store.connection import now

log = logging.getLogger(__name__)

_MAX_WHY = 2000  # characters

Policy = Literal["none", "unread", "all"]


class AnswerArchive:
    """Keeps no answers, those that were not read whole, or all; safe to share between threads.

    `store` is persistent: what was paid for waits for the database.
    """

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._batcher: Batcher[Answer, None] = Batcher(self._keep_many)

    def keep(self, page: Page, *, status: int | None, units: int | None, body: bytes, why: str | None) -> None:
        """Keep an answer now, if it is to be kept; `why` says why it was not read whole, None that it was.

        On return it is in the journal, so its page may be marked failed.
        """
        if answer := self.prepare(page, status=status, units=units, body=body, why=why):
            self._batcher.submit(answer)

    def prepare(
        self, page: Page, *, status: int | None, units: int | None, body: bytes, why: str | None
    ) -> Answer | None:
        """Return an answer compressed, for `save` together with its page's result; None where it is not to be kept."""
        if self._policy == "none" or (self._policy == "unread" and why is None):
            return None
        return Answer(
            page.id,
            page.lease_token,
            page.crawl_id,
            page.endpoint,
            status,
            units,
            now(),
            len(body),
            why and why[:_MAX_WHY],
            pack(body),
        )

    def save(self, answers: Sequence[Answer], *, journaled: bool = False) -> None:
        """Write answers in one round trip. One that cannot be kept is logged: its page must not fail with it."""
        if not answers:
            return
        try:
            self._store.answers.save(answers, journaled=journaled)
        except UnreachableError:
            raise
        except Exception:
            log.exception("%d answers could not be kept", len(answers))

    def _keep_many(self, answers: Sequence[Answer]) -> list[None]:
        self.save(answers, journaled=True)
        return [None] * len(answers)
