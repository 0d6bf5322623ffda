"""What a process remembers of entities it wrote spares writes and never hides one that is needed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.model.entities import User
from crawler.model.items import Fullness, ParsedEntity, Provenance
from crawler.store import Store
from crawler.store.connection_monitor import ConnectionMonitor
from crawler.store.write_cache import RANK, EntityWrite, WriteCache

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def write(fullness: int = 0, crawl: str = "c", **known: Any) -> EntityWrite:
    return EntityWrite("7", known or {"nickname": "a"}, {"uid": "7"}, fullness * RANK + 1, Provenance(crawl, "p", "e"))


def test_the_same_thin_entity_is_not_written_again_within_a_minute() -> None:
    known = WriteCache(ConnectionMonitor())
    assert not known.wrote_recently("users", write(), NOW)
    known.note_written("users", write(), NOW)
    assert known.wrote_recently("users", write(), NOW + timedelta(seconds=59))
    assert not known.wrote_recently("users", write(), NOW + timedelta(seconds=61))
    assert not known.wrote_recently("users", write(nickname="b"), NOW)
    assert not known.wrote_recently("users", write(crawl="another crawl"), NOW)
    assert not known.wrote_recently("music", write(), NOW)


def test_what_is_no_thin_entity_is_always_written() -> None:
    known = WriteCache(ConnectionMonitor())
    known.note_written("posts", write(fullness=1), NOW)
    assert not known.wrote_recently("posts", write(fullness=1), NOW)


def test_nothing_is_believed_once_the_server_was_away() -> None:
    connection_monitor = ConnectionMonitor()
    known = WriteCache(connection_monitor)
    known.note_written("users", write(), NOW)
    known.note_fuller("users", write())
    connection_monitor.resets += 1
    assert not known.wrote_recently("users", write(), NOW)
    assert not known.has_fuller("users", write())


def thin(nickname: str) -> ParsedEntity:
    return ParsedEntity(User(user_id="7", nickname=nickname), {"uid": "7", "nickname": nickname}, Fullness.EMBEDDED)


def test_an_entity_deleted_under_a_worker_comes_back_whole(store: Store) -> None:
    """A thin meeting of what was known to be fuller, and is gone, must leave room for the next full purchase."""
    users, origin = store.db["users"], Provenance("c", "p", "e")
    full = ParsedEntity(User(user_id="7", nickname="full"), {"uid": "7", "a": 1, "b": 2}, Fullness.LISTED)
    store.entities.upsert([(origin, [full])])
    store.entities.upsert([(origin, [thin("one")])])  # finds it fuller, and remembers that
    users.delete_one({"_id": "7"})
    store.entities.upsert([(origin, [thin("two")])])
    found = users.find_one({"_id": "7"})
    assert found is not None
    assert found["raw"] == {"uid": "7", "nickname": "two"}
    store.entities.upsert([(origin, [full])])
    found = users.find_one({"_id": "7"})
    assert found is not None
    assert found["raw"] == full.raw
