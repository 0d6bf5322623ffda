"""The MongoDB door: the only importer of pymongo and bson."""

from typing import Any

from pymongo.database import Database

from crawler.store.budgets import Budgets
from crawler.store.connection import connect, make_indexes, place
from crawler.store.connection_monitor import ConnectionMonitor
from crawler.store.crawls import Crawls
from crawler.store.entities import Entities
from crawler.store.frontier import Frontier
from crawler.store.ledger import Ledger
from crawler.store.stats import CrawlStats
from crawler.store.workers import WorkerRegistry


class Store:
    """One database and everything that is kept in it."""

    def __init__(self, database: "Database[dict[str, Any]]", interruptions: ConnectionMonitor | None = None) -> None:
        self.database = database
        self.interruptions = interruptions or ConnectionMonitor()
        self.ledger = Ledger(database)
        self.frontier = Frontier(database)
        self.entities = Entities(database, self.interruptions)
        self.crawls = Crawls(database)
        self.budgets = Budgets(database)
        self.fleet = WorkerRegistry(database)
        self.tally = CrawlStats(database)

    @classmethod
    def at(cls, url: str, name: str, connections: int = 100, patience: float = 5.0) -> "Store":
        """A store at a URL; nothing is sent yet."""
        interruptions = ConnectionMonitor()
        return cls(connect(url, name, interruptions, connections, patience), interruptions)

    def prepare(self) -> None:
        """Reach the server and make the indexes; Unreachable where it does not answer."""
        make_indexes(self.database)

    def close(self) -> None:
        self.database.client.close()


__all__ = ["Store", "place"]
