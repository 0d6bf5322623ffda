"""The sandbox's manual describes every special case, fault and setting as the code does."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider.behaviour import FAULTS, Behaviour
from sandbox.provider.deviations import DEVIATIONS
from sandbox.truth.parse_query import parse_query
from sandbox.truth.truth import Truth
from sandbox.world.special_cases import (
    SPECIAL_HASHTAGS,
    SPECIAL_POSTS,
    SPECIAL_USERS,
    SpecialHashtag,
    SpecialPost,
    SpecialUser,
)
from sandbox.world.world import World

MANUAL = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
SIZES = re.findall(r"^\| `([^`]+)` \| (\d+) \| (\d+) \|$", MANUAL, re.MULTILINE)
SPECIAL_CASES: list[SpecialUser | SpecialPost | SpecialHashtag] = [*SPECIAL_USERS, *SPECIAL_POSTS, *SPECIAL_HASHTAGS]
DESCRIBED = {**{special.name: special.why for special in SPECIAL_CASES}, **FAULTS}


def test_the_manual_is_complete() -> None:
    names = [special.name for special in SPECIAL_CASES]
    names += [*FAULTS, *DEVIATIONS, *(field.name for field in fields(Behaviour))]
    assert [name for name in names if f"`{name}`" not in MANUAL] == []


@pytest.mark.parametrize("name", DESCRIBED)
def test_the_manual_has_the_row_of_the_code(name: str) -> None:
    assert f"| `{name}` | {DESCRIBED[name]} |" in MANUAL.splitlines()


@pytest.mark.parametrize("kind", DEVIATIONS)
def test_the_manual_has_the_deviation_of_the_code(kind: str) -> None:
    deviation = DEVIATIONS[kind]
    assert f"| `{kind}` | {deviation.effect} | {deviation.why} |" in MANUAL.splitlines()


@pytest.mark.parametrize(("seeds", "served", "refused"), SIZES)
def test_the_manual_states_the_size_of_a_crawl_as_the_truth_does(seeds: str, served: str, refused: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("value", nargs="+")
    parser.add_argument("--expand")
    parser.add_argument("--scale", default="small")
    args = parser.parse_args(seeds.split())
    given = [("kind", args.kind), *(("value", value) for value in args.value)]
    given += [("expand", args.expand)] if args.expand else []
    truth: Any = Truth(World(7, args.scale), parse_query(given)).answer()
    assert truth["calls"] == int(served)
    assert sum(count for status, count in truth["lists"].items() if status != "200") == int(refused)


def test_the_manual_states_some_sizes() -> None:
    assert len(SIZES) > 10
