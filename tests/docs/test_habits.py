"""The files that GitHub, package indexes and citing readers use: they agree with one another and with the Makefile."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def loaded(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def test_the_newest_entry_of_the_changelog_is_the_projects_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == PROJECT["version"]


def test_the_version_is_written_in_pyproject_alone() -> None:
    assert "version" not in loaded(ROOT / "CITATION.cff")
    sources = [
        file for folder in ("crawler", "workers", "producers", "sandbox") for file in (ROOT / folder).rglob("*.py")
    ]
    assert [file for file in sources if PROJECT["version"] in file.read_text("utf-8")] == []


def test_the_workflow_runs_the_two_verbs_and_nothing_else() -> None:
    steps = loaded(WORKFLOW)["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make check", "make test"]


def test_the_workflow_tests_the_pythons_that_the_project_claims() -> None:
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert loaded(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["python"] == claimed
    assert PROJECT["requires-python"] == f">={claimed[0]}"


def test_the_hooks_are_the_pieces_of_the_check() -> None:
    (hooks,) = (repo["hooks"] for repo in loaded(ROOT / ".pre-commit-config.yaml")["repos"])
    pieces = re.search(r"^check: ([a-z -]+) {2}##", MAKEFILE, re.MULTILINE)
    assert pieces
    assert [hook["entry"] for hook in hooks] == [f"make {piece}" for piece in pieces[1].split()]


def test_every_file_with_a_schema_is_checked() -> None:
    recipe = MAKEFILE.partition("\ncheck-schemas:")[2].partition("\n\n")[0]
    patterns = re.findall(r"(\S+)$", recipe, re.MULTILINE)
    checked = {file for pattern in patterns for file in ROOT.glob(pattern)}
    assert {*ROOT.glob(".github/**/*.yml"), ROOT / "CITATION.cff", ROOT / "docker-compose.yml"} <= checked


def test_the_schema_check_would_notice_a_mistake_in_the_workflow(tmp_path: Path) -> None:
    broken = tmp_path / "ci.yml"
    broken.write_text(WORKFLOW.read_text("utf-8").replace("runs-on:", "run-on:"), "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(broken)]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 1
