"""Decides which deviations change an answer, and applies them in the order of their rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sandbox.provider.behaviour import Rule
from sandbox.provider.deviations import DEVIATIONS, Call, Send
from sandbox.provider.response import Response
from sandbox.provider.shaping import ResponsePlan, plan_response


class Deviator:
    """Counts, for each rule, the answers that it could change since the rules were set."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules = tuple(rules)
        self._seen: Counter[Rule] = Counter()

    def configure(self, rules: Sequence[Rule]) -> None:
        """Set the rules; if they are other ones, count from the beginning."""
        if tuple(rules) != self._rules:
            self._rules = tuple(rules)
            self._seen.clear()

    def concerns(self, path: str) -> bool:
        return any(rule.path in (None, path) for rule in self._rules)

    def plan(self, response: Response, call: Call) -> ResponsePlan:
        """Plan to send a response, changed by every rule that is due."""
        kinds: list[str] = []
        sends: list[Send] = []
        for rule in self._rules:
            deviation = DEVIATIONS[rule.kind]
            changed = deviation.change(response, call) if rule.path in (None, call.path) else None
            if changed is not None and self._is_due(rule):
                response = changed
                kinds.append(rule.kind)
                sends.append(deviation.send)
        plan = plan_response(response)
        for send in sends:
            plan = send(plan)
        return plan._replace(deviations="+".join(kinds) or None)

    def _is_due(self, rule: Rule) -> bool:
        self._seen[rule] += 1
        return self._seen[rule] >= rule.start
