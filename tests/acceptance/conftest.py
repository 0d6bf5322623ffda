"""One sandbox for all acceptance tests, as it was when it started; a fresh database and home for each."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.client import Sandbox, running
from tests.acceptance.rig import Rig
from tests.servers import redis_url


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[Sandbox]:
    with running(seed=7) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(one_sandbox: Sandbox) -> Iterator[Sandbox]:
    """Nothing in its log, no switch set."""
    switches = one_sandbox.switches()
    one_sandbox.reset()
    yield one_sandbox
    one_sandbox.switch(**switches)


@pytest.fixture
def rig(servers: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, servers, sandbox, f"t{uuid4().hex[:12]}")
    try:
        yield rig
    finally:
        rig.close()


@pytest.fixture(scope="module")
def worked(servers: dict[str, str], one_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A rig whose worker serves several tests, over a queue of its own; `fresh` has it forget what they bought."""
    urls = {
        **servers,
        "TOKCRAWL_BROKER_URL": redis_url(servers, 2),
        "TOKCRAWL_REDIS_URL": redis_url(servers, 3),
    }
    rig = Rig(tmp_path_factory.mktemp("worked"), urls, one_sandbox, f"t{uuid4().hex[:12]}")
    try:
        rig.start_worker(16)
        rig.wait_ready()
        yield rig
    finally:
        rig.close()


@pytest.fixture
def fresh(worked: Rig, sandbox: Sandbox) -> Iterator[Rig]:
    """The rig with the worker that is there already, over an empty database."""
    yield worked
    worked.forget()
