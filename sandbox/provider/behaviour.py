"""Holds and validates the settings that can be changed while the sandbox runs: latency, limits, faults, deviations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from sandbox.provider.deviations import DEVIATIONS
from sandbox.provider.endpoints import ENDPOINTS

FAULTS = {
    "drop": "the connection closes before any answer; not charged",
    "hang": "nothing comes for `hang` seconds, then the connection closes; not charged",
    "500": "internal error, JSON; not charged",
    "503": "service unavailable, JSON; not charged",
    "429": "too many requests; not charged",
    "html502": "a gateway's HTML page; not charged",
    "cut": "the connection closes in the middle of the body; charged",
    "bad-json": "200 with a complete body that is not valid JSON; charged",
    "no-data": "200 without `data`; charged",
    "lost": "the connection closes without an answer; charged",
}


class InvalidSettingError(ValueError):
    """Raised for a setting that does not exist or cannot have this value."""


@dataclass(frozen=True)
class Latency:
    """Seconds before each answer: `seconds`, or those of `paths`, plus a random part of `jitter`."""

    seconds: float = 0.0
    jitter: float = 0.0
    paths: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Force:
    """Of the calls after the first `after` (counted from when this is set), every `every`-th answers `code`."""

    code: int = 491
    after: int = 0
    every: int = 1


@dataclass(frozen=True)
class Rule:
    """A deviation, at one path or wherever it applies, from the `start`-th answer on that it can change."""

    kind: str
    path: str | None = None
    start: int = 1


@dataclass(frozen=True)
class Behaviour:
    """How the sandbox treats calls. `/_sandbox/switches` reads and changes it."""

    latency: Latency = field(default_factory=Latency)
    rate: float | None = None  # calls per second of a token bucket
    burst: int | None = None  # calls the bucket holds; default: a fifth of a second's, at least 5
    retry_after: float | None = None  # seconds, sent with a 429
    faults: Mapping[str, float] = field(default_factory=dict)  # kind -> probability
    hang: float = 5.0  # seconds that a `hang` lasts
    quota: int | None = None  # units per UTC day
    force: Force | None = None
    tokens: tuple[str, ...] | None = None  # None: any token but an empty one is accepted
    deviate: tuple[Rule, ...] = ()  # applied in this order
    down: float = 0.0  # for so many seconds from now, close API connections without an answer

    def with_changes(self, changes: Mapping[str, object]) -> Behaviour:
        """Return a copy with some settings changed to plain JSON values; None resets one. Raise InvalidSettingError."""
        known = {f.name for f in fields(Behaviour)}
        values: dict[str, object] = {f.name: getattr(self, f.name) for f in fields(Behaviour)}
        values["down"] = 0.0  # an event, not a state
        for name, value in changes.items():
            if name not in known:
                raise InvalidSettingError(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
            values[name] = _parse_setting(name, value)
        return Behaviour(**values)  # type: ignore[arg-type]  # _parse_setting has checked each value


def _parse_setting(name: str, value: object) -> object:
    try:
        if name == "latency":
            return _parse_latency(value)
        if name == "force":
            return _parse_force(value)
        if name == "faults":
            return _parse_faults(value)
        if name == "deviate":
            return tuple(_parse_rule(each) for each in _as_list(value))
        if name == "tokens":
            return tuple(str(token) for token in value) if isinstance(value, list | tuple) else None
        if name in ("hang", "down"):
            return float(value or 0)  # type: ignore[arg-type]
        if value is None or value == 0:
            return None
        return int(value) if name in ("quota", "burst") else float(value)  # type: ignore[call-overload,arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidSettingError(f"{name}: {error}") from None


def _parse_latency(value: object) -> Latency:
    if not isinstance(value, Mapping):
        return Latency(float(value or 0))  # type: ignore[arg-type]
    latency = Latency(**value)
    for seconds in (latency.seconds, latency.jitter, *latency.paths.values()):
        float(seconds)
    return latency


def _parse_force(value: object) -> Force | None:
    if not isinstance(value, Mapping):
        return None
    force = Force(**value)
    if int(force.every) < 1 or int(force.after) < 0:
        raise InvalidSettingError("expected every >= 1 and after >= 0")
    return force


def _parse_faults(value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidSettingError('expected an object of probabilities, such as {"500": 0.1}')
    for kind in value:
        if kind not in FAULTS:
            raise InvalidSettingError(f"unknown fault {kind!r}; known: {', '.join(FAULTS)}")
    faults = {str(kind): float(share) for kind, share in value.items() if float(share) > 0}
    if sum(faults.values()) > 1:
        raise InvalidSettingError("the probabilities add up to more than 1")
    return faults


def _as_list(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _parse_rule(value: object) -> Rule:
    """Parse KIND[@ENDPOINT][:N]; ENDPOINT is a path, with or without /tt/."""
    if isinstance(value, Mapping):
        kind, path, start = value.get("kind"), value.get("path"), value.get("start", 1)
    else:
        text, _, number = str(value).partition(":")
        kind, _, path = text.partition("@")
        start = number or 1
    if kind not in DEVIATIONS:
        raise InvalidSettingError(f"unknown deviation {kind!r}; known: {', '.join(DEVIATIONS)}")
    if not str(start).isdigit() or int(start) < 1:
        raise InvalidSettingError(f"{value}: expected KIND[@ENDPOINT][:N], such as list-renamed@post/comments:3")
    return Rule(str(kind), _known_path(str(path)) if path else None, int(start))


def _known_path(text: str) -> str:
    path = "/tt/" + text.removeprefix("/").removeprefix("tt/")
    if path not in ENDPOINTS:
        known = ", ".join(each.removeprefix("/tt/") for each in ENDPOINTS)
        raise InvalidSettingError(f"unknown endpoint {text!r}; known: {known}")
    return path
