import pytest

from crawler.api.parsers import parse_comment
from crawler.model.entities import Comment, User
from crawler.model.items import Fullness, SkipItemError, UnparsableItemError
from tests.samples import NOWHERE, only, shape


def test_reads_a_comment_and_its_writer() -> None:
    raw = shape("comment")
    item = parse_comment(raw)
    assert item.id == "7310000000000000401"
    assert [(type(found.entity), found.fullness) for found in item.found] == [
        (Comment, Fullness.LISTED),
        (User, Fullness.EMBEDDED),
    ]
    assert item.found[0].entity == Comment(
        comment_id="7310000000000000401",
        post_id="7300000000000000101",
        user_id="6600000000000000206",
        user_sec_uid="MS4wLjABAAAAhungry",
        username="hungry",
        parent_id=None,
        reply_to_id=None,
        text="Recipe please @the.baker",
        created_at=1700000401,
        language="en",
        like_count=15,
        reply_total=3,
        mentions=["6600000000000000201"],
        author_liked=False,
        author_pinned=True,
    )
    assert only(item, User) == User(
        user_id="6600000000000000206", sec_uid="MS4wLjABAAAAhungry", username="hungry", nickname="Hungry"
    )


def test_reads_a_reply() -> None:
    reply = only(parse_comment(shape("reply")), Comment)
    assert (reply.parent_id, reply.reply_to_id) == ("7310000000000000401", "7310000000000000499")
    assert (reply.reply_total, reply.language) == (None, None)


@pytest.mark.parametrize("user", [NOWHERE, None, "gone", {}, {"uid": "0"}, {"nickname": "no id"}])
def test_a_bad_author_does_not_affect_the_comment(user: object) -> None:
    item = parse_comment(shape("comment", user=user))
    assert [found.entity.id for found in item.found] == ["7310000000000000401"]


def test_null_is_skipped_and_a_comment_without_an_id_is_unreadable() -> None:
    with pytest.raises(SkipItemError):
        parse_comment(None)
    raws: list[object] = [shape("comment", cid=NOWHERE), shape("comment", cid=True), {}, "x"]
    for raw in raws:
        with pytest.raises(UnparsableItemError) as caught:
            parse_comment(raw)
        assert not isinstance(caught.value, SkipItemError)
