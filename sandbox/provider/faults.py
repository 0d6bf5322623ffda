"""Decides whether a call is served, refused or struck by a fault: down, token, force, rate, quota, faults, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sandbox.provider.behaviour import Behaviour
from sandbox.provider.response import Response, failure
from sandbox.world.errors import validation_detail
from sandbox.world.hashing import hash_ints

# What the API says when it refuses the whole account (provider.md).
_ACCOUNT_ERRORS = {
    491: "Token not found",
    492: "Your email has not been verified.",
    493: "Your subscription has expired.",
    495: "Maximum requests limit reached for today. Send an email at hello@ensembledata.com",
}
_FAULT_ERRORS = {"500": "Internal error", "503": "Unavailable", "429": "Too many requests"}


class Decision(NamedTuple):
    """`refusal`: send this without serving the call; `fault`: what strikes the call; neither: serve it."""

    refusal: Response | None = None
    fault: str | None = None


_SERVE = Decision()


@dataclass
class FaultInjector:
    """Draws faults from the seed and the number of the call, so that runs repeat; the caller passes in the time."""

    seed: int
    behaviour: Behaviour
    _tokens: float = 0.0
    _filled_at: float = 0.0
    _calls: int = 0
    _calls_since_force: int = 0
    _down_until: float = 0.0

    def configure(self, behaviour: Behaviour, now: float) -> None:
        if behaviour.down:
            self._down_until = now + behaviour.down
        if behaviour.rate != self.behaviour.rate or behaviour.burst != self.behaviour.burst:
            self._tokens, self._filled_at = self._bucket_size(behaviour), now
        if behaviour.force != self.behaviour.force:
            self._calls_since_force = 0
        self.behaviour = behaviour

    def decide(self, token: str | None, now: float, used_today: int, metered: bool) -> Decision:
        """Decide on one call; the usage endpoints are not metered: no limit and no fault applies to them."""
        behaviour = self.behaviour
        if now < self._down_until:
            return Decision(fault="down")
        if token is None:
            return Decision(failure(422, [validation_detail("token", "missing", "Field required", None)]))
        if not token or (behaviour.tokens is not None and token not in behaviour.tokens):
            return Decision(failure(491, _ACCOUNT_ERRORS[491]))
        if not metered:
            return _SERVE
        self._calls += 1
        if (code := self._forced_code()) is not None:
            return Decision(failure(code, _ACCOUNT_ERRORS.get(code, "forced")))
        if behaviour.rate and not self._take_token(behaviour.rate, now):
            return Decision(failure(429, _FAULT_ERRORS["429"]))
        if behaviour.quota is not None and used_today >= behaviour.quota:
            return Decision(failure(495, _ACCOUNT_ERRORS[495]))
        return self._draw_fault() if behaviour.faults else _SERVE

    def _forced_code(self) -> int | None:
        self._calls_since_force += 1
        force = self.behaviour.force
        if force is None:
            return None
        number = self._calls_since_force - force.after
        return force.code if number > 0 and (number - 1) % force.every == 0 else None

    def _take_token(self, rate: float, now: float) -> bool:
        size = self._bucket_size(self.behaviour)
        self._tokens = min(size, self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    @staticmethod
    def _bucket_size(behaviour: Behaviour) -> float:
        return float(behaviour.burst or max(5.0, (behaviour.rate or 0) / 5))

    def _draw_fault(self) -> Decision:
        chance = hash_ints(self.seed, 99, self._calls) / 2**64
        for kind, probability in self.behaviour.faults.items():
            if chance < probability:
                detail = _FAULT_ERRORS.get(kind)
                return Decision(failure(int(kind), detail) if detail else None, kind)
            chance -= probability
        return _SERVE
