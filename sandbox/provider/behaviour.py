"""Holds everything that can be switched while the sandbox runs, and checks what it is set to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

FAULTS = {
    "drop": "the connection closes before any answer; not charged",
    "hang": "nothing comes for `hang` seconds, then the connection closes; not charged",
    "500": "internal error, JSON; not charged",
    "503": "unavailable, JSON; not charged",
    "429": "too many requests; not charged",
    "html502": "a gateway's HTML page; not charged",
    "cut": "Content-Length promises more than comes, then the connection closes; charged",
    "bad-json": "200 whose body is broken JSON of the right length; charged",
    "no-data": "200 without `data`; charged",
    "lost": "charged, then the connection closes without an answer",
}
CHARGED_FAULTS = ("cut", "bad-json", "no-data", "lost")


class BadSwitch(ValueError):
    """A switch that does not exist or cannot have this value."""


@dataclass(frozen=True)
class Latency:
    """Seconds before each answer: `seconds` + a random part of `jitter`; `paths` overrides `seconds` per path."""

    seconds: float = 0.0
    jitter: float = 0.0
    paths: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Force:
    """Every `every`-th call after the first `after` calls (counted from the switch) answers `code`; uncharged."""

    code: int = 491
    after: int = 0
    every: int = 1


@dataclass(frozen=True)
class Switches:
    """rate: calls/s of a token bucket holding `burst` (default a fifth of a second's, at least 5); quota: units/day."""

    latency: Latency = field(default_factory=Latency)
    rate: float | None = None
    burst: int | None = None
    retry_after: float | None = None
    faults: Mapping[str, float] = field(default_factory=dict)
    hang: float = 5.0
    quota: int | None = None
    force: Force | None = None
    tokens: tuple[str, ...] | None = None
    down: float = 0.0  # for so many seconds from now, connections that carry an API call are closed at once

    def changed(self, wanted: Mapping[str, object]) -> Switches:
        """These switches with some set anew: plain JSON values; a number does for latency; None switches off."""
        known = {f.name for f in fields(Switches)}
        values: dict[str, object] = {f.name: getattr(self, f.name) for f in fields(Switches)}
        values["down"] = 0.0  # an event, not a state
        for name, value in wanted.items():
            if name not in known:
                raise BadSwitch(f"no switch {name!r}; there are {', '.join(sorted(known))}")
            values[name] = _read(name, value)
        return Switches(**values)  # type: ignore[arg-type]  # each value was read by _read


def _read(name: str, value: object) -> object:
    try:
        if name == "latency":
            if isinstance(value, Mapping):
                return Latency(**value)
            return Latency(float(value or 0))  # type: ignore[arg-type]
        if name == "force":
            return Force(**value) if isinstance(value, Mapping) else None
        if name == "faults":
            return _faults(value)
        if name == "tokens":
            return tuple(str(token) for token in value) if isinstance(value, list | tuple) else None
        if name in ("hang", "down"):
            return float(value or 0)  # type: ignore[arg-type]
        if value is None or value == 0:
            return None
        return int(value) if name in ("quota", "burst") else float(value)  # type: ignore[call-overload,arg-type]
    except (TypeError, ValueError) as error:
        raise BadSwitch(f"{name}: {error}") from None


def _faults(value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadSwitch("faults: a mapping of kind to probability")
    for kind in value:
        if kind not in FAULTS:
            raise BadSwitch(f"no fault {kind!r}; there are {', '.join(FAULTS)}")
    faults = {str(kind): float(share) for kind, share in value.items() if float(share) > 0}
    if sum(faults.values()) > 1:
        raise BadSwitch("faults: probabilities add up to more than 1")
    return faults
