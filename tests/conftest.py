"""Fixtures for all tests: the servers, started once and only if a test needs them; the store over fake and real."""

from collections.abc import Iterator
from pathlib import Path

import mongomock_ng
import pytest

from crawler.store import Store
from tests.servers import running


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URLs of a real Redis and a real MongoDB."""
    with running(Path(tmp_path_factory.mktemp("servers"))) as urls:
        yield urls


@pytest.fixture(scope="session")
def mongo(servers: dict[str, str]) -> Iterator[Store]:
    """One connection pool to the real MongoDB; not waiting for the journal, which no test here pulls the plug on."""
    store = Store.connect(f"{servers['TOKCRAWL_MONGO_URL']}/?journal=false", "unused")
    yield store
    store.close()


@pytest.fixture
def real_store(mongo: Store) -> Iterator[Store]:
    """A store over the real MongoDB, empty; collections and indexes stay, as making them takes longest."""
    client, options = mongo.db.client, mongo.db.codec_options
    store = Store(client.get_database("tests", codec_options=options))
    store.ensure_indexes()
    yield store
    for name in store.db.list_collection_names():
        store.db[name].delete_many({})


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest) -> Store:
    """The same test over the fake and over the real database."""
    if request.param == "real":
        real: Store = request.getfixturevalue("real_store")
        return real
    fake = Store(mongomock_ng.MongoClient(tz_aware=True).db)
    fake.ensure_indexes()
    return fake
