"""Loads the hand-written items of tests/fixtures and the real samples, for the tests of this folder."""

import json
import os
from pathlib import Path
from typing import Any, TypeVar

import pytest

from crawler.model.entities import Entity
from crawler.model.items import Item

TESTS = Path(__file__).parent
SAMPLES = Path(os.environ.get("TIKTOK_SAMPLES") or TESTS.parents[1] / "shared" / "samples")
NOWHERE: Any = object()

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no {SAMPLES}")


def shape(name: str, **changes: Any) -> Any:
    """Return a fresh fixture; the value NOWHERE removes a key."""
    raw = json.loads((TESTS / "fixtures" / f"{name}.json").read_text("utf-8")) | changes
    return {key: value for key, value in raw.items() if value is not NOWHERE}


def sample(name: str) -> Any:
    (path,) = SAMPLES.glob(f"{name}*.json")
    return json.loads(path.read_text("utf-8"))


E = TypeVar("E", bound=Entity)


def only(item: Item, kind: type[E]) -> E:
    (entity,) = (found.entity for found in item.found if isinstance(found.entity, kind))
    return entity
