"""What a process remembers of entities it wrote spares writes and never hides one that is needed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.api.parsers import LISTED, THIN, ParsedEntity
from crawler.model.entities import User
from crawler.store import Store
from crawler.store.connection_monitor import ConnectionMonitor
from crawler.store.write_cache import RANK, EntityWrite, Origin, WriteCache

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def write(rank: int = 0, crawl: str = "c", **known: Any) -> EntityWrite:
    return EntityWrite("7", known or {"nickname": "a"}, {"uid": "7"}, rank * RANK + 1, Origin(crawl, "p", "e"))


def test_the_same_thin_entity_is_not_written_again_within_a_minute() -> None:
    known = WriteCache(ConnectionMonitor())
    assert not known.has("users", write(), NOW)
    known.note("users", write(), NOW)
    assert known.has("users", write(), NOW + timedelta(seconds=59))
    assert not known.has("users", write(), NOW + timedelta(seconds=61))
    assert not known.has("users", write(nickname="b"), NOW)
    assert not known.has("users", write(crawl="another crawl"), NOW)
    assert not known.has("music", write(), NOW)


def test_what_is_no_thin_entity_is_always_written() -> None:
    known = WriteCache(ConnectionMonitor())
    known.note("posts", write(rank=1), NOW)
    assert not known.has("posts", write(rank=1), NOW)


def test_nothing_is_believed_once_the_server_was_away() -> None:
    interruptions = ConnectionMonitor()
    known = WriteCache(interruptions)
    known.note("users", write(), NOW)
    known.fuller("users", write())
    interruptions.count += 1
    assert not known.has("users", write(), NOW)
    assert not known.is_fuller("users", write())


def thin(nickname: str) -> ParsedEntity:
    return ParsedEntity(User(user_id="7", nickname=nickname), {"uid": "7", "nickname": nickname}, THIN)


def test_an_entity_deleted_under_a_worker_comes_back_whole(store: Store) -> None:
    """A thin meeting of what was known to be fuller, and is gone, must leave room for the next full purchase."""
    users, origin = store.database["users"], Origin("c", "p", "e")
    full = ParsedEntity(User(user_id="7", nickname="full"), {"uid": "7", "a": 1, "b": 2}, LISTED)
    store.entities.store([(origin, [full])])
    store.entities.store([(origin, [thin("one")])])  # finds it fuller, and remembers that
    users.delete_one({"_id": "7"})
    store.entities.store([(origin, [thin("two")])])
    found = users.find_one({"_id": "7"})
    assert found is not None
    assert found["raw"] == {"uid": "7", "nickname": "two"}
    store.entities.store([(origin, [full])])
    found = users.find_one({"_id": "7"})
    assert found is not None
    assert found["raw"] == full.raw
