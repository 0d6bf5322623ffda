"""The command line itself: version, help, completion."""

from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from crawler.model.enums import Relation, SeedKind
from producers.cli import app

# Wide enough that no help text is wrapped.
runner = CliRunner(env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"})


def test_the_version_is_that_of_the_package() -> None:
    done = runner.invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"tokcrawl {version('tokcrawl')}\n")


def test_help_of_seed_lists_every_kind_and_relation() -> None:
    shown = " ".join(runner.invoke(app, ["seed", "--help"]).stdout.split())
    *kinds, last = SeedKind
    assert f"{', '.join(kinds)} or {last}" in shown
    assert ", ".join(Relation) in shown


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_the_shell_can_complete_commands(option: str) -> None:
    assert option in runner.invoke(app, ["--help"]).stdout
