"""Parses hashtags: objects of their own, and those named in the text of a post."""

from typing import Any

from crawler.api.parsers.fields import (
    first_of,
    parse_bool,
    parse_count,
    parse_id,
    parse_text,
    require_object,
    unwrap,
)
from crawler.model.entities import Hashtag
from crawler.model.hashtags import normalize_hashtag
from crawler.model.items import Fullness, Item, ParsedEntity, SkipItemError, UnparsableItemError


def parse_hashtag(raw: object, fullness: Fullness = Fullness.LISTED) -> Item:
    """Parse a hashtag, flat as in `cha_list` or wrapped in `{ch_info}` (provider.md O19)."""
    tag, whole = unwrap(require_object(raw, "a hashtag"), ("ch_info",))
    if "cha_name" not in tag and "challengeName" not in tag:
        raise SkipItemError("holds no hashtag")
    if (entity := _entity(tag)) is None:
        raise UnparsableItemError("hashtag without a name")
    return Item(entity.name, (ParsedEntity(entity, whole, fullness),))


def parse_hashtags(tags: list[dict[str, Any]], marks: list[dict[str, Any]]) -> dict[str, ParsedEntity]:
    """Return the hashtags of a post by name, in the order of its text.

    `marks` (text_extra) name all of them; `tags` (cha_list, challengeInfoList; often null: provider.md O2) hold more
    fields for some. A hashtag in both is taken from `tags`.
    """
    full = {entity.name: ParsedEntity(entity, tag, Fullness.EMBEDDED) for tag in tags if (entity := _entity(tag))}
    found: dict[str, ParsedEntity] = {}
    for mark in marks:
        name = hashtag_of(mark)
        if name and name not in found:
            found[name] = full.get(name) or _thin(name, mark)
    return found | {name: tag for name, tag in full.items() if name not in found}


def hashtag_of(mark: dict[str, Any]) -> str | None:
    """Return the hashtag that a mark in a text names; None for a mention (provider.md O10)."""
    return _name(first_of(mark, "hashtag_name", "HashtagName"))


def _thin(name: str, mark: dict[str, Any]) -> ParsedEntity:
    hashtag_id = parse_id(first_of(mark, "hashtag_id", "HashtagId"))
    return ParsedEntity(Hashtag(name=name, hashtag_id=hashtag_id), mark, Fullness.EMBEDDED)


def _name(value: object) -> str | None:
    name = parse_text(value)
    return normalize_hashtag(name) or None if name else None


def _entity(tag: dict[str, Any]) -> Hashtag | None:
    name = _name(first_of(tag, "cha_name", "challengeName"))
    if name is None:
        return None
    return Hashtag(
        name=name,
        hashtag_id=parse_id(first_of(tag, "cid", "challengeId")),
        description=parse_text(first_of(tag, "desc", "text")),
        view_count=parse_count(tag.get("view_count")),
        post_count=parse_count(tag.get("user_count")),
        commercial=parse_bool(first_of(tag, "is_commerce", "isCommerce")),
    )
