import pickle
from typing import Any

import pytest

from crawler.api.parsers import parse_hashtag, parse_live, parse_music
from crawler.model.entities import Hashtag, Live, Music
from crawler.model.items import Fullness, SkipItemError, UnparsableItemError
from tests.samples import NOWHERE, only, shape


@pytest.mark.parametrize("wrap", [lambda raw: raw, lambda raw: {"music_info": raw, "status_code": 0}])
def test_reads_a_sound_flat_or_wrapped(wrap: Any) -> None:
    raw = shape("music")
    (found,) = parse_music(wrap(raw), Fullness.DETAIL).found
    assert found.entity == Music(
        music_id="6717000000000000501",
        title="Slow Waltz (Live)",
        author="The Made-Up Trio",
        album="Waltzes",
        duration_s=60,
        post_count=358,
        original=False,
        commercial=True,
        created_at=1560000501,
    )
    assert (found.raw, found.fullness) == (raw, Fullness.DETAIL)


@pytest.mark.parametrize(
    "raw", [shape("music", mid=NOWHERE), shape("music", id_str=NOWHERE), shape("music", mid="", id=1)]
)
def test_a_sound_is_identified_by_mid_or_id_str(raw: object) -> None:
    assert parse_music(raw).id == "6717000000000000501"


def test_a_sound_is_never_identified_by_its_rounded_id() -> None:
    with pytest.raises(UnparsableItemError) as caught:
        parse_music(shape("music", mid=NOWHERE, id_str=NOWHERE))
    assert not isinstance(caught.value, SkipItemError)


@pytest.mark.parametrize("wrap", [lambda raw: raw, lambda raw: {"ch_info": raw, "rec_list": None}])
def test_reads_a_hashtag(wrap: Any) -> None:
    assert only(parse_hashtag(wrap(shape("hashtag"))), Hashtag) == Hashtag(
        name="sourdough",
        hashtag_id="501",
        description="Rise and shine",
        view_count=345523145,
        post_count=9572,
        commercial=False,
    )


def test_what_holds_no_hashtag_is_skipped() -> None:
    with pytest.raises(SkipItemError):
        parse_hashtag({"cid": "1"})


@pytest.mark.parametrize(
    "raw",
    [
        {"room_id": 7400000000000000601},
        {"roomId": "7400000000000000601", "id": "5"},
        {"id": 5, "room": {"id_str": "7400000000000000601", "id": 7400000000000000600}},
        {"type": 1, "live_info": {"room_id": "7400000000000000601"}},
        {"room_id": 0, "id": "7400000000000000601", "room": "gone"},
    ],
)
def test_a_live_is_identified_by_its_room(raw: dict[str, Any]) -> None:
    (found,) = parse_live(raw).found
    assert (found.entity, found.raw) == (Live(live_id="7400000000000000601"), raw)


def test_a_live_without_a_room_is_identified_by_its_content() -> None:
    one = parse_live({"title": "hi \ud800", "n": 2**70, "deep": {"b": [1, None], "a": 1.5}})
    two = parse_live({"deep": {"a": 1.5, "b": [1, None]}, "n": 2**70, "title": "hi \ud800"})
    assert one.id == two.id
    assert one.id != parse_live({"title": "other"}).id
    assert len(one.id) == 32
    assert only(one, Live).known_fields() == {}


def test_a_live_is_any_object_and_nothing_else() -> None:
    with pytest.raises(SkipItemError):
        parse_live(None)
    with pytest.raises(UnparsableItemError):
        parse_live(["a"])
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(UnparsableItemError):
        parse_live(deep)


@pytest.mark.parametrize("kind", [UnparsableItemError, SkipItemError])
def test_parser_errors_survive_pickling(kind: type[UnparsableItemError]) -> None:
    again = pickle.loads(pickle.dumps(kind("why")))
    assert (type(again), again.why, str(again)) == (kind, "why", "why")
