"""The docs against the code: settings, commands, options, verbs, kinds, paths, names, exit codes and import order."""

import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import SecretStr

from crawler.environment import PREFIX
from crawler.model.enums import CrawlState, PauseCause, Relation, SeedKind
from crawler.settings import Settings
from producers.cli import app
from producers.exit_codes import OF_PAUSE_CAUSE, OF_STATE, ExitCode

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
CLI = (REFERENCE / "cli.md").read_text("utf-8")
SETTINGS = (REFERENCE / "settings.md").read_text("utf-8")
EXIT_CODES = (REFERENCE / "exit-codes.md").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "deploy" / "README.md"])
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group has commands

OPTIONS = {
    name for command in COMMANDS.values() for option in command.params for name in option.opts if name[:2] == "--"
}
OTHER_OPTIONS = {"--constraint", "--help"}  # pip's, every command's

_FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^\n)((?:^ {4}.*\n)+)", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
_SUFFIXES = {".py", ".md", ".toml", ".lua", ".yml", ".json", ".txt"}
_MADE_LATER = (".tokcrawl", ".venv", ".env")  # by running it
_NAMED = re.compile(r"((?:`[A-Za-z_][\w.]*`(?:, )?)+)\s+\(((?:`[\w/.]+`(?:, )?)+)\)")

GUIDES = [ROOT / "README.md", *ROOT.glob("docs/howto/*.md"), REFERENCE / "cli.md"]
GUIDES += [ROOT / "docs" / f"{name}.md" for name in ("quickstart", "operations", "architecture", "why")]

each = pytest.mark.parametrize("doc", DOCS, ids=lambda doc: str(doc.relative_to(ROOT)))
each_guide = pytest.mark.parametrize("doc", sorted(GUIDES), ids=lambda doc: str(doc.relative_to(ROOT)))


def spans(text: str) -> list[str]:
    """What stands in single backticks."""
    return _SPAN.findall(_FENCED.sub("", text))


def code(text: str) -> str:
    """All that is written as code: fenced, indented, in backticks."""
    return "\n".join([*_FENCED.findall(text), *_INDENTED.findall(_FENCED.sub("", text)), *spans(text)])


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of each table."""
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def settings() -> dict[str, str]:
    """Every setting's name in the environment and its default as text."""
    return {
        PREFIX + name.upper(): "" if isinstance(field.default, SecretStr) else str(field.default)
        for name, field in Settings.model_fields.items()
    }


# --- settings ---------------------------------------------------------------------------------------------


def test_the_reference_lists_every_setting_with_its_default() -> None:
    listed = {row[0].strip("`"): row[1].strip("`") for row in rows(SETTINGS) if row[0].startswith(f"`{PREFIX}")}
    assert listed == settings()


def test_the_example_lists_every_setting_with_its_default_and_sets_none() -> None:
    lines = [line for line in EXAMPLE.splitlines() if line]
    assert all(line.startswith("#") for line in lines)
    assert lines[0] == "# TOKCRAWL_API_TOKEN="
    assert dict(re.findall(rf"^# ({PREFIX}\w+)=(.*)$", EXAMPLE, re.MULTILINE)) == settings()


@each
def test_no_other_setting_is_named(doc: Path) -> None:
    named = re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", doc.read_text("utf-8"))
    assert {name.removesuffix("_FILE") for name in named} <= settings().keys()


# --- commands and verbs -----------------------------------------------------------------------------------


@each
def test_every_command_that_is_named_exists(doc: Path) -> None:
    named = set(re.findall(r"\btokcrawl ([a-z]+)", code(doc.read_text("utf-8"))))
    assert named <= COMMANDS.keys()


def test_every_command_is_in_the_reference() -> None:
    assert set(re.findall(r"^## `tokcrawl ([a-z]+)`$", CLI, re.MULTILINE)) == COMMANDS.keys()


def test_every_option_is_in_the_reference() -> None:
    named = {word for row in rows(CLI) for word in re.findall(r"--[a-z][a-z-]+", row[0])}
    assert named == OPTIONS - {"--help"}


@each_guide
def test_every_option_that_is_named_exists(doc: Path) -> None:
    text = doc.read_text("utf-8")
    named = {word for span in spans(text) if span.startswith("-") for word in re.findall(r"--[a-z-]+", span)}
    ran = {
        word for line in code(text).splitlines() if "tokcrawl " in line for word in re.findall(r" (--[a-z-]+)", line)
    }
    assert (named | ran) - OTHER_OPTIONS <= OPTIONS


@each
def test_every_verb_that_is_named_is_in_the_makefile(doc: Path) -> None:
    verbs = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", code(doc.read_text("utf-8")))) <= verbs


def test_contributors_find_every_verb() -> None:
    verbs = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = code((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert set(re.findall(r"\bmake ([a-z]+)", told)) == verbs


# --- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [SeedKind, Relation])
def test_the_reference_has_a_row_for_every_word(words: Any) -> None:
    first = {span for row in rows(CLI) for span in spans(row[0])}
    assert {str(word) for word in words} <= first


def test_the_exit_codes_are_those_of_the_code() -> None:
    codes = {int(row[0]): row[1] for row in rows(EXIT_CODES) if row[0].isdecimal()}
    words: dict[str, CrawlState | PauseCause] = {str(word): word for word in (*CrawlState, *PauseCause)}
    told = {words[span]: number for number, text in codes.items() for span in spans(text) if span in words}
    assert told == dict([*OF_STATE.items(), *OF_PAUSE_CAUSE.items()])
    assert "--timeout" in codes[ExitCode.TIMEOUT]
    assert "unexpected" in codes[ExitCode.UNEXPECTED]
    assert "usage" in codes[ExitCode.USAGE]
    assert "unreachable" in codes[ExitCode.UNREACHABLE]
    assert "account" in codes[ExitCode.ACCOUNT]
    assert "interrupted" in codes[ExitCode.INTERRUPTED]
    assert codes.keys() == set(ExitCode)


# --- paths and names --------------------------------------------------------------------------------------


def paths(text: str) -> set[str]:
    """What looks like a path of this repository: by its suffix, or by the folder it begins with."""
    found = set()
    for span in spans(text):
        if _PATH.fullmatch(span) and not span.startswith(_MADE_LATER):
            folder, slash, _ = span.partition("/")
            if Path(span).suffix in _SUFFIXES or (slash and (ROOT / folder).is_dir()):
                found.add(span)
    return found


@each
def test_every_path_exists(doc: Path) -> None:
    near = (ROOT, doc.parent)
    assert {path for path in paths(doc.read_text("utf-8")) if not any((at / path).exists() for at in near)} == set()


def test_every_name_of_the_architecture_is_in_its_file() -> None:
    found = _NAMED.findall(ARCHITECTURE)
    assert len(found) > 10
    missing = []
    for names, files in found:
        source = "\n".join((ROOT / file).read_text("utf-8") for file in spans(files) if (ROOT / file).is_file())
        for name in spans(names):
            parts = name.split(".") if source else []
            missing += [
                (name, files) for part in parts if not re.search(rf"^\s*(?:def|class) {part}\b", source, re.MULTILINE)
            ]
    assert missing == []


def test_the_import_order_is_the_one_that_is_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["crawler"])
    assert _FENCED.findall(ARCHITECTURE)[-1].splitlines() == layers


# --- vocabulary -------------------------------------------------------------------------------------------


@each
def test_no_word_is_used_that_only_this_project_would_understand(doc: Path) -> None:
    private = r"\b(burial|purse|keeper|feeder|pace|anew|unhurried|mend(?:s|ed|ing)?)\b"
    assert re.findall(private, doc.read_text("utf-8").lower()) == []


# --- sizes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("doc", "most"), [("README.md", 90), ("docs/architecture.md", 160), ("CONTRIBUTING.md", 90)])
def test_what_is_read_first_stays_short(doc: str, most: int) -> None:
    assert len((ROOT / doc).read_text("utf-8").splitlines()) <= most


def test_the_steps_are_numbered_without_a_gap() -> None:
    numbers = [int(n) for n in re.findall(r"^(\d+)\. \*\*", ARCHITECTURE, re.MULTILINE)]
    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))
