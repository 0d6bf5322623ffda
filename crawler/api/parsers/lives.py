"""Parses a live broadcast into an id and the raw object: its format is unknown (provider.md E26)."""

import hashlib
import json
from typing import Any

from crawler.api.parsers.fields import as_object, parse_id, require_object
from crawler.model.entities import Live
from crawler.model.items import Fullness, Item, ParsedEntity, UnparsableItemError

_ROOM_IDS = ("room_id_str", "roomIdStr", "room_id", "roomId")
_OWN_IDS = ("id_str", "idStr", "id")
_ROOMS = ("room", "live_room", "liveRoom", "live_info", "liveInfo", "live", "lives", "roomInfo", "room_info")


def parse_live(raw: object, fullness: Fullness = Fullness.LISTED) -> Item:
    """Accept any object; its id is the room id where one is found, else a hash of its content (provider.md E26)."""
    live = require_object(raw, "a live")
    live_id = _room_id(live) or _digest(live)
    return Item(live_id, (ParsedEntity(Live(live_id=live_id), live, fullness),))


def _room_id(live: dict[str, Any]) -> str | None:
    rooms = [as_object(live.get(name)) for name in _ROOMS]
    places = (
        *((live, name) for name in _ROOM_IDS),
        *((room, name) for room in rooms for name in (*_ROOM_IDS, *_OWN_IDS)),
        *((live, name) for name in _OWN_IDS),
    )
    return next((live_id for place, name in places if (live_id := parse_id(place.get(name)))), None)


def _digest(live: dict[str, Any]) -> str:
    # The standard library, not orjson: it also writes lone surrogates and integers beyond 64 bits.
    try:
        canonical = json.dumps(live, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        raise UnparsableItemError("live is nested too deeply") from None
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
