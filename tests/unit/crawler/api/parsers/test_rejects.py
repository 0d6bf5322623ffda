"""Which items every parser skips silently, and which it rejects."""

from collections.abc import Callable

import pytest

from crawler.api.parsers import parse_hashtag, parse_music, parse_post, parse_user
from crawler.model.items import Item, SkipItemError, UnparsableItemError
from tests.samples import NOWHERE, shape

Cases = dict[Callable[..., Item], list[object]]

OF_ANOTHER_KIND: Cases = {
    parse_post: [
        None,
        {},
        {"type": 4, "user_list": [{"user_info": shape("user")}]},
        {"type": 5, "ad": {"id": "1"}},
        {"aweme_info": None, "type": 20},
        {"aweme_detail": None, "status_code": 0},
        {"status_code": 0, "status_msg": "", "extra": {}},
        {"itemInfos": None},
        shape("user"),
    ],
    parse_user: [None, {}, {"user_info": None}, {"user": None}, {"type": 9, "challenge": {}}],
    parse_music: [None, {}, {"music_info": None}, {"status_code": 0}],
}
WITHOUT_AN_ID: Cases = {
    parse_post: [
        "a text",
        7,
        [],
        shape("post", aweme_id=NOWHERE),
        shape("post", aweme_id=""),
        shape("post", aweme_id=7.3e18),
        {"aweme_info": {}},
        {"aweme_info": "gone"},
        {"aweme_info": shape("post", aweme_id=None)},
        {"itemInfos": {"text": "no id"}},
        {"itemInfos": []},
    ],
    parse_user: [
        "night.runner",
        [],
        shape("user", uid=NOWHERE),
        shape("user", uid="0"),
        shape("user", uid=-5),
        {"user_info": {"unique_id": "no.id"}},
    ],
    parse_hashtag: [{"cha_name": "#"}, {"cha_name": None}, "x"],
}


def each(cases: Cases) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("parse", "raw"), [(parse, raw) for parse, raws in cases.items() for raw in raws])


@each(OF_ANOTHER_KIND)
def test_an_item_of_another_kind_is_skipped(parse: Callable[..., Item], raw: object) -> None:
    with pytest.raises(SkipItemError):
        parse(raw)


@each(WITHOUT_AN_ID)
def test_an_item_without_an_id_is_unparsable(parse: Callable[..., Item], raw: object) -> None:
    with pytest.raises(UnparsableItemError) as caught:
        parse(raw)
    assert not isinstance(caught.value, SkipItemError)
