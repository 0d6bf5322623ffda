"""Records every request and its charge, in memory and in a file that survives a kill."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from sandbox.provider.endpoints import ENDPOINTS

_NO_STATUS = 0


def day_of(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


class RequestLog:
    """Keeps one entry per API request, in columns (about 150 bytes each). A request is charged when it arrives.

    An entry is `ok` once a whole 200 with `data` has been written to a connection that was still open.
    """

    def __init__(self, state: Path | None = None) -> None:
        self._state = None if state is None else os.open(state, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._clear()
        if state is not None:
            self._load(state)

    def _clear(self) -> None:
        self._at = array("d")
        self._path: list[str] = []
        self._params: list[str] = []
        self._status = array("h")
        self._units = array("l")
        self._fault: list[str | None] = []
        self._deviations: list[str | None] = []
        self._ok = bytearray()
        self._days: Counter[str] = Counter()
        self._seconds: dict[int, list[int]] = {}
        self.in_flight = 0

    def reset(self) -> None:
        """Forget every request and charge, but not how many requests are in flight."""
        in_flight = self.in_flight
        self._clear()
        self.in_flight = in_flight
        if self._state is not None:
            os.ftruncate(self._state, 0)

    def close(self) -> None:
        if self._state is not None:
            os.close(self._state)
            self._state = None

    def add(
        self,
        at: float,
        path: str,
        params: str,
        status: int | None,
        units: int,
        fault: str | None,
        deviations: str | None = None,
    ) -> int:
        """Record a request as it arrives, with the answer it will get; return its number for `mark_ok`."""
        number = self._append(at, path, params, status, units, fault, deviations)
        if self._state is not None:
            os.write(self._state, orjson.dumps([at, path, params, status, units, fault, deviations]) + b"\n")
        return number

    def _append(
        self,
        at: float,
        path: str,
        params: str,
        status: int | None,
        units: int,
        fault: str | None,
        deviations: str | None = None,
    ) -> int:
        self._at.append(at)
        self._path.append(path)
        self._params.append(params)
        self._status.append(status or _NO_STATUS)
        self._units.append(units)
        self._fault.append(fault)
        self._deviations.append(deviations)
        self._ok.append(0)
        self._days[day_of(at)] += units
        second = self._seconds.setdefault(int(at), [0, 0])
        second[0] += 1
        second[1] += status == 429
        return len(self._at) - 1

    def mark_ok(self, number: int) -> None:
        """Record that the answer was a success and has been sent whole."""
        if number < len(self._ok):
            self._ok[number] = 1
            if self._state is not None:
                os.write(self._state, b"%d\n" % number)

    def _load(self, state: Path) -> None:
        for line in state.read_bytes().splitlines():
            try:
                entry = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # a sandbox was killed while it wrote this line
            if isinstance(entry, int):
                self._ok[entry] = 1
            else:
                self._append(*entry)

    def units_on(self, day: str) -> int:
        """Return the units charged on a UTC day, those of lost answers included."""
        return self._days[day]

    def units_by_day(self, days: int, now: float) -> list[dict[str, object]]:
        """Return [{"date", "tiktok"}] for the last days, today first; the real shape is unknown (provider.md)."""
        today = datetime.fromtimestamp(now, UTC).date()
        dates = [(today - timedelta(days=n)).isoformat() for n in range(max(0, min(days, 3650)))]
        return [{"date": date, "tiktok": self._days[date]} for date in dates]

    def entries(self, since: int = 0) -> list[dict[str, object]]:
        """Return the log from entry number `since` on."""
        return [
            {
                "n": n,
                "at": self._at[n],
                "path": self._path[n],
                "params": self._params[n],
                "status": self._status[n] or None,
                "units": self._units[n],
                "fault": self._fault[n],
                "deviations": self._deviations[n],
                "ok": bool(self._ok[n]),
            }
            for n in range(max(0, since), len(self._at))
        ]

    def stats(self) -> dict[str, object]:
        """Return totals, and in `repeated` the requests that were answered successfully more than once."""
        api = [n for n in range(len(self._at)) if self._path[n] in ENDPOINTS]
        answered = Counter((self._path[n], self._params[n]) for n in api if self._ok[n])
        repeated = [{"path": p, "params": q, "times": times} for (p, q), times in answered.items() if times > 1]
        return {
            "calls": len(api),
            "ok": sum(answered.values()),
            "units": sum(self._units),
            "in_flight": self.in_flight,
            "paths": dict(Counter(self._path[n] for n in api)),
            "ok_paths": dict(Counter(path for path, _ in answered.elements())),
            "statuses": dict(Counter(str(self._status[n] or None) for n in api)),
            "faults": dict(Counter(fault for fault in self._fault if fault)),
            "days": dict(self._days),
            "seconds": {str(second): counts for second, counts in sorted(self._seconds.items())},
            "repeated": repeated,
            "repeated_calls": sum(times - 1 for times in answered.values()),
        }
