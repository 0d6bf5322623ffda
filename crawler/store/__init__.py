"""The MongoDB door: the only importer of pymongo and bson."""

from collections.abc import Callable
from typing import Any, TypeVar

from pymongo.database import Database

from crawler.store.answers import Answers
from crawler.store.budgets import Budgets
from crawler.store.charges import Charges
from crawler.store.connection import Repository, connect, ping
from crawler.store.connection_monitor import ConnectionMonitor
from crawler.store.crawls import Crawls
from crawler.store.entities import Entities
from crawler.store.errors import retry_until_reachable, translate_errors
from crawler.store.failures import Failures
from crawler.store.frontier import Frontier
from crawler.store.gate import GateStore
from crawler.store.indexes import ensure_indexes
from crawler.store.leadership import Leadership
from crawler.store.leases import Leases
from crawler.store.ledger import Ledger
from crawler.store.stats import CrawlStats
from crawler.store.workers import WorkerRegistry

R = TypeVar("R")


class Store(Repository):
    """One database and the repositories over its collections."""

    def __init__(
        self,
        db: "Database[dict[str, Any]]",
        connection_monitor: ConnectionMonitor | None = None,
        *,
        persistent: bool = False,
    ) -> None:
        super().__init__(db, persistent)
        self.connection_monitor = connection_monitor or ConnectionMonitor()
        self.ledger = Ledger(db, persistent)
        self.leases = Leases(db, persistent)
        self.failures = Failures(db, persistent)
        self.charges = Charges(db, persistent)
        self.frontier = Frontier(db, persistent)
        self.answers = Answers(db, persistent)
        self.entities = Entities(db, self.connection_monitor, persistent)
        self.crawls = Crawls(db, persistent)
        self.budgets = Budgets(db, persistent)
        self.workers = WorkerRegistry(db, persistent)
        self.leadership = Leadership(db, persistent)
        self.gate = GateStore(db, persistent)
        self.stats = CrawlStats(db, persistent)

    @classmethod
    def connect(cls, url: str, name: str, connections: int = 100, patience: float = 5.0) -> "Store":
        """Return a store at a URL; nothing is sent yet."""
        monitor = ConnectionMonitor()
        return cls(connect(url, name, monitor, connections, patience), monitor)

    def waiting(self) -> "Store":
        """Return the same store, whose methods wait for a server that is away instead of raising UnreachableError."""
        return Store(self.db, self.connection_monitor, persistent=True)

    def rewrite_after_reset(self, write: Callable[[], R]) -> R:
        """Run idempotent, unjournaled writes, and again if the connection was reset: the server may have lost them."""
        while True:
            resets = self.connection_monitor.resets
            result = write()
            if resets == self.connection_monitor.resets:
                return result

    @translate_errors
    def ensure_indexes(self) -> None:
        """Reach the server and create missing indexes; UnreachableError where it does not answer."""
        ensure_indexes(self.db)

    def close(self) -> None:
        self.db.client.close()


__all__ = ["Store", "ping", "retry_until_reachable"]
