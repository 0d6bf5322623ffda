"""Gives the world at each moment: always the same one, or one that grows hour by hour on a clock of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sandbox.world.posts import NEWEST
from sandbox.world.world import World

_HOUR = 3600


class _Stretch(NamedTuple):
    """From the real time `start` on, the world's clock runs from `now` at `speed` world seconds per second."""

    start: float
    now: float
    speed: float


class Timeline:
    """Maps real time to the world; `speed` None holds the world still.

    The world changes on every full hour of its own clock, and is the same for the same seed and hour in every process.
    """

    def __init__(self, world: World, speed: float | None = None, start: float = 0.0) -> None:
        self._world = world
        self._stretches = [_Stretch(start, world.now, speed)] if speed is not None else []
        self.world_of = lru_cache(maxsize=8)(self._world_of)

    @property
    def is_live(self) -> bool:
        return bool(self._stretches)

    @property
    def speed(self) -> float:
        return self._stretches[-1].speed if self._stretches else 0.0

    def now(self, at: float) -> int:
        """Return the world's time at a moment of real time."""
        if not self._stretches:
            return self._world.now
        stretch = next((each for each in reversed(self._stretches) if each.start <= at), self._stretches[0])
        return int(stretch.now + max(0.0, at - stretch.start) * stretch.speed)

    def world_at(self, at: float) -> World:
        """Return the world at a moment of real time."""
        return self.world_of(_full_hour(self.now(at))) if self._stretches else self._world

    def world_when(self, now: int) -> World:
        """Return the world at a moment of its own time."""
        return self.world_of(_full_hour(now)) if self._stretches else self._world

    def move(self, at: float, *, now: float | None = None, advance: float = 0.0, speed: float | None = None) -> None:
        """Set the clock, put it forward, or change its speed; ValueError if the world stands still."""
        if not self._stretches:
            raise ValueError("the world stands still; start the sandbox with --live")
        later = (self.now(at) if now is None else now) + advance
        if later < self.now(at):
            raise ValueError(f"the clock cannot be put back from {self.now(at)} to {later:.0f}")
        self._stretches.append(_Stretch(at, later, self.speed if speed is None else speed))

    def _world_of(self, now: int) -> World:
        return self._world if now == self._world.now else World(self._world.seed, self._world.scale, now)


def _full_hour(now: int) -> int:
    return NEWEST + max(0, now - NEWEST) // _HOUR * _HOUR
