"""The rate limiter shared by all workers: a GCRA rate, the rate the provider was found to allow, and the gate.

All of its state in Redis may be lost at any moment: a lost rate starts from the configured one, a lost gate is copied
again from MongoDB. It fails closed: while Redis does not answer, no call is made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from time import time
from typing import Any, Literal, ParamSpec, TypeVar

import redis
from redis.exceptions import AuthenticationError, RedisError

from crawler.batcher import Batcher
from crawler.model.enums import PauseCause
from crawler.model.errors import UnreachableError, UsageError

P = ParamSpec("P")
R = TypeVar("R")

_PREFIX = "tokcrawl:{rate}:"  # one hash slot
_KEYS = [_PREFIX + "rate", _PREFIX + "gate", _PREFIX + "failing"]
MAX_WAIT = 2.0  # seconds ahead that a slot may be reserved
OUTAGE_PAGES = 8  # distinct pages that fail with no success in between make an outage
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between probes of a closed gate


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to make one call after `delay` seconds.

    probe: the call tests a closed gate.      report_success: pages failed before, so a success must be reported.
    """

    delay: float
    probe: bool
    report_success: bool


@dataclass(frozen=True, slots=True)
class Denied:
    """No call now: ask again after `retry_after` seconds; `reason` is "rate" or the cause of a closed gate."""

    retry_after: float
    reason: str


@dataclass(frozen=True, slots=True)
class GateChange:
    """How a report changed the outage gate, a circuit breaker.

    A closed gate stops all calls (a breaker would call this state "open"), except for one probe at a time once its
    pause is over ("half-open"). "closed" by the failures of `pages`, "opened" by a success, "down" while it is closed
    already, "none" otherwise.
    """

    change: Literal["none", "opened", "closed", "down"]
    pages: Sequence[str] = ()


class RateLimiter:
    """Reserves calls against the shared rate and the gate; safe to share between threads.

    rate: calls per second over all workers, 0 for no limit.     probe_time: seconds that a probe may take.
    setting: the one that holds the URL, for errors.
    Each method raises UnreachableError while Redis does not answer.
    """

    def __init__(
        self,
        url: str,
        rate: float = 0,
        connections: int = 50,
        probe_time: float = 60,
        setting: str = "TOKCRAWL_REDIS_URL",
    ) -> None:
        try:
            self._redis: Any = redis.Redis.from_url(
                url,
                max_connections=connections,
                socket_timeout=5,
                socket_connect_timeout=5,
                socket_keepalive=True,
                decode_responses=True,
                retry=None,
            )
            self._redis.connection_pool.make_connection()  # options that redis-py does not know show up here
        except (ValueError, TypeError, AttributeError):  # their texts may show a part of the password
            raise UsageError(f"{setting} cannot be used: check its host, port, number and options") from None
        lua = files("crawler") / "rate_limit"
        self._acquire_script = self._redis.register_script((lua / "acquire.lua").read_text())
        self._report_script = self._redis.register_script((lua / "report.lua").read_text())
        self._permits: Batcher[None, Permit | Denied] = Batcher(lambda batch: self.acquire_many(len(batch)))
        self._setting = setting
        self._rate = rate
        self._probe_us = int(probe_time * 1e6)

    def acquire(self) -> Permit | Denied:
        """Reserve a slot of the shared rate for one call; concurrent callers share a round trip."""
        return self._permits.submit(None)

    def acquire_many(self, wanted: int) -> list[Permit | Denied]:
        """Reserve slots for `wanted` calls, earliest first; those beyond MAX_WAIT are denied."""
        args = [int(MAX_WAIT * 1e6), self._rate, self._probe_us, wanted]
        slots, first, *more = _reach(lambda: self._acquire_script(keys=_KEYS, args=args))
        if slots == 0:
            return [Denied(first / 1e6, more[0])] * wanted
        between, probe, troubled = more
        waits = [max(0.0, (first + place * between) / 1e6) for place in range(wanted)]
        given: list[Permit | Denied] = [Permit(wait, bool(probe), bool(troubled)) for wait in waits[:slots]]
        return given + [Denied(wait, "rate") for wait in waits[slots:]]

    def closed_gate(self) -> str | None:
        """Return the cause of the closed gate; None where calls may be made."""
        kind: str | None = _reach(lambda: self._redis.hget(_KEYS[1], "kind"))
        return kind

    def record_success(self) -> GateChange:
        return self._report("up", "", 0, False)

    def record_throttled(self, page: str, after: float | None) -> GateChange:
        return self._report("limited", page, after or 0, False)

    def record_failure(self, page: str, probe: bool) -> GateChange:
        return self._report("down", page, 0, probe)

    def close_gate(self, kind: PauseCause, until: float | None) -> None:
        """Close the gate for every worker at once, until unix second `until` or until `open_gate`."""
        end = int((until if until is not None else time() + 10 * 365 * 86400) * 1e6)
        _reach(
            lambda: self._redis.hset(
                _KEYS[1], mapping={"kind": str(kind), "until": end, "pause": int(FIRST_PAUSE * 1e6)}
            )
        )

    def open_gate(self) -> None:
        _reach(lambda: self._redis.delete(_KEYS[1], _KEYS[2]))

    def found_rate(self) -> float | None:
        """Return the calls per second that the provider was found to allow; None where it never refused one."""
        found = _reach(lambda: self._redis.hget(_KEYS[0], "found"))
        return float(found) if found else None

    def ping(self) -> None:
        """Raise UnreachableError where Redis does not answer."""
        _reach(self._redis.ping, self._setting)

    def _report(self, outcome: str, page: str, after: float, probe: bool) -> GateChange:
        args: list[str | int | float] = [
            outcome,
            page,
            int(after * 1e6),
            OUTAGE_PAGES,
            int(FIRST_PAUSE * 1e6),
            int(LONGEST_PAUSE * 1e6),
            int(probe),
        ]
        answer = _reach(lambda: self._report_script(keys=_KEYS, args=args))
        return GateChange(answer[0], answer[1:])


def _reach(call: Callable[[], R], setting: str = "TOKCRAWL_REDIS_URL") -> R:
    try:
        return call()
    except AuthenticationError:
        raise UnreachableError(f"Redis refuses the password of {setting}") from None
    except (RedisError, OSError) as error:
        raise UnreachableError(f"Redis does not answer: {error}") from None
