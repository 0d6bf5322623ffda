"""Which embedded entities are named in the ledger, and which are known to be named."""

from crawler.engine.seen_entities import SeenEntities
from crawler.model.entities import Entity, Hashtag, Post, User
from crawler.model.items import Fullness, ParsedEntity


def found(*entities: Entity) -> list[ParsedEntity]:
    return [ParsedEntity(entity, {}, Fullness.EMBEDDED) for entity in entities]


ALICE, BOB, POST, CATS = User(user_id="1"), User(user_id="2"), Post(post_id="9"), Hashtag(name="cats")


def test_what_is_no_item_of_the_page_is_named_once_by_kind() -> None:
    met = SeenEntities().unseen("c", found(POST, ALICE, CATS, ALICE, BOB), "posts", {"9"})
    assert met == {"users": ["1", "2"], "hashtags": ["cats"]}


def test_the_items_are_told_by_kind_and_id() -> None:
    assert SeenEntities().unseen("c", found(ALICE, Post(post_id="1")), "users", {"1"}) == {"posts": ["1"]}
    assert SeenEntities().unseen("c", found(BOB), "users", {"1"}) == {"users": ["2"]}


def test_what_a_finished_page_names_is_not_named_again_in_its_crawl() -> None:
    met = SeenEntities()
    first = met.unseen("c", found(ALICE, CATS), "posts", set())
    assert met.unseen("c", found(ALICE, CATS), "posts", set()) == first  # that page may still fail
    met.mark_seen("c", first)
    assert met.unseen("c", found(ALICE, BOB, CATS), "posts", set()) == {"users": ["2"]}
    assert met.unseen("other", found(ALICE, CATS), "posts", set()) == first


def test_the_oldest_are_forgotten_first_and_named_again() -> None:
    met = SeenEntities()
    met.mark_seen("c", {"users": ["1", "2"]})
    for n in range(2):
        met.mark_seen("c", {"users": [f"{n}-{k}" for k in range(19_999)]})
        assert met.unseen("c", found(ALICE), "posts", set()) == {}
    met.mark_seen("c", {"users": ["3", "4", "5"]})
    assert met.unseen("c", found(ALICE, BOB), "posts", set()) == {"users": ["2"]}
