"""Reports what deviated: by kind its calls, charges and pages; and what all pages that were paid hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sandbox.provider.contents import Found, contents, grouped
from sandbox.provider.deviations import DEVIATIONS, Call
from sandbox.provider.endpoints import ENDPOINTS, respond
from sandbox.provider.request_log import RequestLog
from sandbox.world.timeline import Timeline

_SHOWN = ("n", "path", "params", "status", "units")


class _Answer(NamedTuple):
    """An entry of the log, the kinds that deviated in it, and what it holds, or would hold."""

    entry: dict[str, Any]
    kinds: list[str]
    held: set[Found]

    @property
    def effects(self) -> set[str]:
        return {DEVIATIONS[kind].effect for kind in self.kinds}


def deviation_report(request_log: RequestLog, timeline: Timeline) -> dict[str, object]:
    """Return {"kinds": {KIND: {effect, calls, units, pages, holds}}, "readable": ids, "paid": ids}.

    readable: ids on paid pages that nothing made unreadable; paid: those on pages that an upgraded reader reads, too.
    An answer that does not hold what was asked for (`withheld`) adds to neither. `holds`: what the answers of a kind
    hold, or would hold.
    """
    answers = list(_answers(request_log, timeline))
    by_kind: defaultdict[str, list[_Answer]] = defaultdict(list)
    for answer in answers:
        for kind in answer.kinds:
            by_kind[kind].append(answer)
    paid = [answer for answer in answers if "withheld" not in answer.effects]
    return {
        "kinds": {kind: _of_kind(kind, found) for kind, found in by_kind.items()},
        "readable": _ids(answer for answer in paid if "unreadable" not in answer.effects),
        "paid": _ids(paid),
    }


def _answers(request_log: RequestLog, timeline: Timeline) -> Iterator[_Answer]:
    """Yield the answers that deviated, and the others that were successes."""
    for entry in request_log.entries():
        kinds = str(entry["deviations"]).split("+") if entry["deviations"] else []
        if entry["path"] in ENDPOINTS and (kinds or (entry["status"] == 200 and not entry["fault"])):
            yield _Answer(entry, kinds, _contents(entry, kinds, timeline))


def _of_kind(kind: str, answers: list[_Answer]) -> dict[str, object]:
    return {
        "effect": DEVIATIONS[kind].effect,
        "calls": len(answers),
        "units": sum(answer.entry["units"] for answer in answers),
        "pages": [{name: answer.entry[name] for name in _SHOWN} for answer in answers],
        "holds": _ids(answers),
    }


def _ids(answers: Iterable[_Answer]) -> dict[str, list[str]]:
    return grouped({found for answer in answers for found in answer.held})


def _contents(entry: dict[str, Any], kinds: list[str], timeline: Timeline) -> set[Found]:
    """Return what an answer holds, as it should have been; with the replies that a deviation embedded."""
    query = {name: value for name, _, value in (pair.partition("=") for pair in entry["params"].split("&"))}
    world, path = timeline.world_at(entry["at"]), entry["path"]
    response = respond(world, path, query)
    if "reply-embedded" in kinds:
        response = DEVIATIONS["reply-embedded"].change(response, Call(world, path, query)) or response
    return contents(path, query, response.payload)
