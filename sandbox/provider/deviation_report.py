"""Reports what deviated: by kind its calls, charges and pages; and what all pages that were paid hold."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sandbox.provider.contents import Found, contents, grouped
from sandbox.provider.deviations import DEVIATIONS, Call
from sandbox.provider.endpoints import ENDPOINTS, respond
from sandbox.provider.request_log import RequestLog
from sandbox.provider.response import Response
from sandbox.world.timeline import Timeline

_SHOWN = ("n", "path", "params", "status", "units")


def deviation_report(request_log: RequestLog, timeline: Timeline) -> dict[str, object]:
    """Return {"kinds": {KIND: {effect, calls, units, pages, holds}}, "readable": ids, "paid": ids}.

    readable: ids on paid pages that nothing made unreadable; paid: those on pages that an upgraded reader reads, too.
    An answer that does not hold what was asked for (`withheld`) adds to neither. `holds`: what the answers of a kind
    hold, or would hold.
    """
    kinds: dict[str, dict[str, Any]] = {}
    found: defaultdict[str, set[Found]] = defaultdict(set)
    for entry in request_log.entries():
        names = str(entry["deviations"] or "").split("+") if entry["deviations"] else []
        if entry["path"] not in ENDPOINTS or not (names or (entry["status"] == 200 and not entry["fault"])):
            continue
        held = _contents(entry, names, timeline)
        effects = {DEVIATIONS[name].effect for name in names}
        if "withheld" not in effects:
            found["paid"] |= held
            if "unreadable" not in effects:
                found["readable"] |= held
        for name in names:
            _count(kinds.setdefault(name, _empty(name)), entry)
            found[name] |= held
    for name, kind in kinds.items():
        kind["holds"] = grouped(found[name])
    return {"kinds": kinds, "readable": grouped(found["readable"]), "paid": grouped(found["paid"])}


def _empty(name: str) -> dict[str, Any]:
    return {"effect": DEVIATIONS[name].effect, "calls": 0, "units": 0, "pages": []}


def _count(kind: dict[str, Any], entry: dict[str, Any]) -> None:
    kind["calls"] += 1
    kind["units"] += entry["units"]
    kind["pages"].append({name: entry[name] for name in _SHOWN})


def _contents(entry: dict[str, Any], names: list[str], timeline: Timeline) -> set[Found]:
    """Return what an answer holds: as it was sent if that is more (an embedded reply), else as it should have been."""
    query = {name: value for name, _, value in (pair.partition("=") for pair in entry["params"].split("&"))}
    world, path = timeline.world_at(entry["at"]), entry["path"]
    response = respond(world, path, query)
    held = contents(path, query, response.payload)
    if "reply-embedded" in names:
        changed: Response | None = DEVIATIONS["reply-embedded"].change(response, Call(world, path, query))
        held |= contents(path, query, changed.payload if changed else None)
    return held
