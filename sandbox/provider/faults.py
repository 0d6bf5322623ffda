"""Decides whether a request is let through at all: down, token, forced code, rate, quota, fault, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sandbox.provider.behaviour import Switches
from sandbox.world.hashing import mix

CLOSED = {
    491: "Token not found",
    492: "Your email has not been verified.",
    493: "Your subscription has expired.",
    495: "Maximum requests limit reached for today. Send an email at hello@ensembledata.com",
}


class Verdict(NamedTuple):
    """`status`: answer this code at once, uncharged; `fault`: do this to the request; neither: let it through."""

    status: int | None = None
    detail: object = None
    fault: str | None = None


PASS = Verdict()


@dataclass
class Gate:
    """Time comes in with each call. Faults are drawn from the seed and the number of the call, so runs repeat."""

    seed: int
    switches: Switches
    _tokens: float = 0.0
    _filled_at: float = 0.0
    _calls: int = 0
    _since_switch: int = 0
    _down_until: float = 0.0

    def switch(self, switches: Switches, now: float) -> None:
        if switches.down:
            self._down_until = now + switches.down
        if switches.rate != self.switches.rate or switches.burst != self.switches.burst:
            self._tokens, self._filled_at = self._burst(switches), now
        if switches.force != self.switches.force:
            self._since_switch = 0
        self.switches = switches

    @staticmethod
    def _burst(switches: Switches) -> float:
        return float(switches.burst or max(5.0, (switches.rate or 0) / 5))

    def judge(self, token: str | None, now: float, used_today: int, counted: bool) -> Verdict:
        """`counted`: a TikTok call, which rate, quota, force and faults concern; the usage endpoints are not."""
        s = self.switches
        if now < self._down_until:
            return Verdict(fault="down")
        if token is None:
            missing = {"type": "missing", "loc": ["query", "token"], "msg": "Field required", "input": None}
            return Verdict(422, [missing])
        if not token or (s.tokens is not None and token not in s.tokens):
            return Verdict(491, CLOSED[491])
        if not counted:
            return PASS
        self._calls += 1
        self._since_switch += 1
        late = self._since_switch - s.force.after if s.force else 0
        if s.force and late > 0 and (late - 1) % s.force.every == 0:
            return Verdict(s.force.code, CLOSED.get(s.force.code, "forced"))
        if s.rate and not self._take(s, now):
            return Verdict(429, "Too many requests")
        if s.quota is not None and used_today >= s.quota:
            return Verdict(495, CLOSED[495])
        return Verdict(fault=self._fault(s)) if s.faults else PASS

    def _take(self, s: Switches, now: float) -> bool:
        assert s.rate is not None
        self._tokens = min(self._burst(s), self._tokens + (now - self._filled_at) * s.rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _fault(self, s: Switches) -> str | None:
        chance = mix(self.seed, 99, self._calls) / 2**64
        for kind, share in s.faults.items():
            if chance < share:
                return kind
            chance -= share
        return None
