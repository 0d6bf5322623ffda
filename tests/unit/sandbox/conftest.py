"""Shares one world, one sandbox process and the special cases among the sandbox's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.client import Sandbox, running
from sandbox.world.directory import special_cases
from sandbox.world.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return World(7)


@pytest.fixture(scope="session")
def names(world: World) -> dict[str, Any]:
    """The special cases, whose ids tests need."""
    return special_cases(world)


@pytest.fixture(scope="session")
def process() -> Iterator[Sandbox]:
    with running(seed=7) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Iterator[Sandbox]:
    """A running sandbox with an empty log and default behaviour."""
    process.reset()
    yield process
    process.switch(latency=0, rate=None, burst=None, retry_after=None, faults=None, quota=None, force=None, tokens=None)
    process.new_day()
