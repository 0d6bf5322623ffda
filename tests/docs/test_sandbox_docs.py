"""The manual names every special case, switch and fault."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from sandbox.provider.behaviour import FAULTS, Switches
from sandbox.world.special_cases import POST_ROLES, ROLES, TAG_ROLES


def test_the_manual_is_complete() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    names = [role.name for roles in (ROLES, POST_ROLES, TAG_ROLES) for role in roles]
    names += [*FAULTS, *(field.name for field in fields(Switches))]
    assert [name for name in names if f"`{name}`" not in manual] == []
