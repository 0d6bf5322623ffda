"""Handles one API request: decide, respond, charge, log, and return a plan of what goes over the wire."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from random import Random

from sandbox.provider.behaviour import Behaviour
from sandbox.provider.deviations import Call
from sandbox.provider.deviator import Deviator
from sandbox.provider.endpoints import ENDPOINTS, respond
from sandbox.provider.faults import Decision, FaultInjector
from sandbox.provider.request_log import RequestLog, day_of
from sandbox.provider.shaping import BAD_GATEWAY, NO_ANSWER, ResponsePlan, plan_response, spoil
from sandbox.provider.usage_endpoints import HISTORY, USED_UNITS, respond_usage
from sandbox.world.timeline import Timeline
from sandbox.world.world import World

_CACHE_BYTES = 256 << 20


class Api:
    """The API without HTTP; `clock` returns unix seconds. A world that stands still gives the same answers: cached."""

    def __init__(
        self, world: World | Timeline, injector: FaultInjector, request_log: RequestLog, clock: Callable[[], float]
    ) -> None:
        self.timeline = world if isinstance(world, Timeline) else Timeline(world)
        self.injector, self.request_log, self._clock = injector, request_log, clock
        self._deviator = Deviator(injector.behaviour.deviate)
        self._random = Random(self.world.seed)
        self._cache: OrderedDict[tuple[str, str, int], ResponsePlan] = OrderedDict()
        self._cached_bytes = 0
        self._quota_from: dict[str, int] = {}

    @property
    def world(self) -> World:
        return self.timeline.world_at(self._clock())

    def now(self) -> float:
        return self._clock()

    def configure(self, behaviour: Behaviour) -> None:
        self.injector.configure(behaviour, self._clock())
        self._deviator.configure(behaviour.deviate)

    def reset(self) -> None:
        """Forget the log and all charges; calls in flight stay in flight."""
        self.request_log.reset()
        self._quota_from.clear()

    def start_new_day(self) -> None:
        """Reset the quota as midnight does; the usage figures stay."""
        today = day_of(self._clock())
        self._quota_from[today] = self.request_log.units_on(today)

    def handle(self, path: str, query: Mapping[str, str]) -> ResponsePlan:
        """Log and charge a call to a path (without the base of the URL), and return what to send."""
        now = self._clock()
        params = "&".join(f"{name}={value}" for name, value in sorted(query.items()) if name != "token")
        metered = path not in (USED_UNITS, HISTORY)
        decision = self.injector.decide(query.get("token"), now, self._used_today(now), metered)
        plan = self._plan(decision, path, params, query, now)
        entry = self.request_log.add(
            now, path, params, plan.status or None, plan.units, decision.fault, plan.deviations
        )
        return plan._replace(entry=entry, delay=self._delay(decision.fault, plan.status, path))

    def _used_today(self, now: float) -> int:
        today = day_of(now)
        return self.request_log.units_on(today) - self._quota_from.get(today, 0)

    def _plan(self, decision: Decision, path: str, params: str, query: Mapping[str, str], now: float) -> ResponsePlan:
        if decision.refusal is not None:
            plan = plan_response(decision.refusal)
            return plan._replace(retry_after=self.injector.behaviour.retry_after) if plan.status == 429 else plan
        if decision.fault in ("drop", "hang", "down"):
            return NO_ANSWER
        if decision.fault == "html502":
            return BAD_GATEWAY
        served = self._serve(path, params, query, now)
        return served if decision.fault is None else spoil(served, decision.fault)

    def _delay(self, fault: str | None, status: int, path: str) -> float:
        behaviour = self.injector.behaviour
        if fault == "hang":
            return behaviour.hang
        if fault in ("drop", "down") or status == 429:
            return 0.0
        latency = behaviour.latency
        return latency.paths.get(path, latency.seconds) + self._random.random() * latency.jitter

    def _serve(self, path: str, params: str, query: Mapping[str, str], now: float) -> ResponsePlan:
        if path not in ENDPOINTS:
            return plan_response(respond_usage(self.request_log, path, query, now))
        world = self.timeline.world_at(now)
        if self._deviator.concerns(path):
            return self._deviator.plan(respond(world, path, query), Call(world, path, query))
        key = (path, params, world.now)
        cached = self._cache.get(key)
        if cached is not None:
            self._cache.move_to_end(key)
            return cached
        plan = plan_response(respond(world, path, query))
        self._remember(key, plan)
        return plan

    def _remember(self, key: tuple[str, str, int], plan: ResponsePlan) -> None:
        self._cache[key] = plan
        self._cached_bytes += len(plan.body or b"")
        while self._cached_bytes > _CACHE_BYTES:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped.body or b"")
