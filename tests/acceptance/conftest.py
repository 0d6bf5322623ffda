"""Servers once for all acceptance tests; a fresh sandbox, database and home for each."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from producers import stack
from sandbox.client import Sandbox
from tests.acceptance.rig import Rig


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("servers")
    try:
        yield dict(stack.up(home).urls)
    finally:
        stack.down(home)


@pytest.fixture
def rig(servers: dict[str, str], tmp_path: Path) -> Iterator[Rig]:
    sandbox = Sandbox(7)
    sandbox.start()
    rig = Rig(tmp_path, servers, sandbox, f"t{uuid4().hex[:12]}")
    try:
        yield rig
    finally:
        rig.close()
        sandbox.stop()
