import pickle

import pytest
from pydantic import ValidationError

from crawler.model.entities import Comment, Entity, Hashtag, Live, Music, Post, User
from crawler.model.items import Fullness, ParsedEntity


@pytest.mark.parametrize(
    ("entity", "kind", "entity_id"),
    [
        (Post(post_id="1"), "posts", "1"),
        (User(user_id="2"), "users", "2"),
        (Comment(comment_id="3"), "comments", "3"),
        (Music(music_id="4"), "music", "4"),
        (Hashtag(name="five"), "hashtags", "five"),
        (Live(live_id="6"), "lives", "6"),
    ],
)
def test_an_entity_with_only_an_id_has_no_known_fields(entity: Entity, kind: str, entity_id: str) -> None:
    assert (entity.kind, entity.id, entity.known_fields()) == (kind, entity_id, {})


def test_known_fields_leave_out_placeholders() -> None:
    post = Post(
        post_id="1",
        author_id="2",
        text="",
        view_count=0,
        like_count=5,
        hashtags=[],
        mentions=["3"],
        region=None,
    )
    assert post.known_fields() == {"author_id": "2", "like_count": 5, "mentions": ["3"]}


def test_a_zero_is_known_where_it_is_no_placeholder() -> None:
    user = User(user_id="1", follower_count=0, post_count=3, verification_type=0, nickname="", private=False)
    assert user.known_fields(zeros=True) == {"follower_count": 0, "post_count": 3, "private": False}
    assert user.known_fields() == {"post_count": 3, "private": False}
    assert Comment(comment_id="1", reply_total=0).known_fields(zeros=True) == {"reply_total": 0}


@pytest.mark.parametrize(
    ("entity", "fullness", "known"),
    [
        (Post(post_id="1", like_count=0, duration_ms=0), Fullness.LISTED, {"like_count": 0}),
        (Comment(comment_id="1", like_count=0), Fullness.EMBEDDED, {"like_count": 0}),
        (User(user_id="1", follower_count=0), Fullness.DETAIL, {"follower_count": 0}),
        (User(user_id="1", follower_count=0), Fullness.LISTED, {}),
        (User(user_id="1", follower_count=0), Fullness.EMBEDDED, {}),
        (Music(music_id="1", post_count=0), Fullness.DETAIL, {"post_count": 0}),
        (Music(music_id="1", post_count=0), Fullness.LISTED, {}),
        (Hashtag(name="a", view_count=0), Fullness.EMBEDDED, {}),
    ],
)
def test_what_an_object_tells_depends_on_how_it_was_met(
    entity: Entity, fullness: Fullness, known: dict[str, object]
) -> None:
    assert ParsedEntity(entity, {}, fullness).known_fields() == known


@pytest.mark.parametrize(
    ("entity", "known"),
    [
        (User(user_id="1", private=False, verified=False), {"private": False, "verified": False}),
        (User(user_id="1", private=True), {"private": True}),
        (Post(post_id="1", pinned=False), {}),
        (Post(post_id="1", pinned=True), {"pinned": True}),
        (Post(post_id="1", ad=False, comments_open=False), {"ad": False, "comments_open": False}),
        (Music(music_id="1", original=False), {"original": False}),
        (Comment(comment_id="1", author_liked=False, author_pinned=False), {}),
    ],
)
def test_false_is_known_only_in_the_fields_where_it_means_something(entity: Entity, known: dict[str, object]) -> None:
    assert entity.known_fields() == known


@pytest.mark.parametrize("kind", [Post, User, Comment, Music, Hashtag, Live])
def test_key_and_meaningful_false_name_fields(kind: type[Entity]) -> None:
    assert {kind.key, *kind.meaningful_false} <= set(kind.model_fields)


def test_entities_are_frozen_refuse_unknown_fields_and_survive_pickling() -> None:
    post = Post(post_id="1", hashtags=["a"])
    with pytest.raises(ValidationError):
        post.post_id = "2"  # type: ignore[misc]  # wrong on purpose
    with pytest.raises(ValidationError):
        Post(post_id="1", aweme_id="1")  # type: ignore[call-arg]  # wrong on purpose
    assert pickle.loads(pickle.dumps(post)) == post


def test_lists_are_not_shared_between_entities() -> None:
    assert Post(post_id="1").hashtags is not Post(post_id="2").hashtags
