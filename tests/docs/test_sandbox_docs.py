"""The manual names every special case, switch and fault."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from sandbox.provider.behaviour import FAULTS, Behaviour
from sandbox.world.special_cases import SPECIAL_HASHTAGS, SPECIAL_POSTS, SPECIAL_USERS


def test_the_manual_is_complete() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    names = [special.name for specials in (SPECIAL_USERS, SPECIAL_POSTS, SPECIAL_HASHTAGS) for special in specials]
    names += [*FAULTS, *(field.name for field in fields(Behaviour))]
    assert [name for name in names if f"`{name}`" not in manual] == []
