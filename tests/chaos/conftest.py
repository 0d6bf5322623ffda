"""Servers that a test may kill, and a sandbox that keeps its log and its charges over a kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.rig import ChaosRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ChaosRig]:
    rig = ChaosRig.start(tmp_path)
    try:
        yield rig
    finally:
        rig.close()
