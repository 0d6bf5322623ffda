"""One world and one sandbox process for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.client import Sandbox, running
from sandbox.world.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return World(7)


@pytest.fixture(scope="session")
def process() -> Iterator[Sandbox]:
    with running(seed=7) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Iterator[Sandbox]:
    """The running sandbox with an empty log and no switch set."""
    process.reset()
    yield process
    process.switch(latency=0, rate=None, burst=None, retry_after=None, faults=None, quota=None, force=None, tokens=None)
    process.new_day()
