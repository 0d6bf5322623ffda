"""One spelling of a hashtag, whether a person typed it or an answer holds it."""

import pytest

from crawler.api.parsers.hashtags import hashtag_of
from crawler.model.hashtags import normalize_hashtag


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cats", "cats"),
        (" #cats ", "cats"),
        ("# cats", "cats"),
        ("\uff03猫", "猫"),
        ("cafe\u0301", "café"),
        ("CAF\u00c9", "café"),
        ("caf\u00e9", "café"),
        ("\u200fcats", "cats"),
        ("\u061cقطط", "قطط"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("\ufeff#\u202acats\u202c\u2060", "cats"),
        ("می\u200cروم", "می\u200cروم"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("İstanbul", "i̇stanbul"),
        ("", ""),
        ("#", ""),
        (" \u200b ", ""),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert normalize_hashtag(text) == name
    assert normalize_hashtag(name) == name
    assert hashtag_of({"hashtag_name": text}) == (name or None)
