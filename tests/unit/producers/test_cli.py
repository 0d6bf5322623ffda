"""The command line itself: version, help, completion, and what it says of bad input."""

import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crawler.model.enums import Relation, SeedKind
from crawler.store import Store
from producers.cli import app, run

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


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in an empty folder; returns its exit code, stdout and stderr."""
    for name in [name for name in os.environ if name.startswith("TOKCRAWL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["tokcrawl", *arguments])
        code = run()
        sys.stdout.flush()
        return code, *capfd.readouterr()

    return call


Command = Callable[..., tuple[int, str, str]]
BAD_INPUT: list[tuple[list[str], dict[str, str], str]] = [
    (["seed", "posts", "99999999999999999999"], {}, "argument 1: '99999999999999999999' cannot be an id"),
    (["seed", "users", "alice"], {}, "unknown kind 'users'; did you mean 'user'?"),
    (["seed", "user", "--input", "none.txt"], {}, "none.txt: cannot be read: No such file or directory"),
    (["seed", "user", "alice", "--column", "x"], {}, "--column needs a list"),
    (["seed", "user", "alice", "--name", "half \udc80"], {}, "--name contains a control character"),
    (["seed", "user", "alice", "--max-units", "9" * 30], {}, "--max-units takes a number up to 1,000,000,000,000"),
    (["status"], {"TOKCRAWL_RATE": "fast"}, "TOKCRAWL_RATE must be a number"),
    (["status"], {"TOKCRAWL_MONGO_URL": "localhost"}, "TOKCRAWL_MONGO_URL must start with mongodb://"),
    (["worker"], {"TOKCRAWL_BROKER_URL": "foo://h"}, "TOKCRAWL_BROKER_URL is no broker that Celery supports"),
    (["worker"], {"TOKCRAWL_BROKER_URL": "redis://h/0?foo=1"}, "TOKCRAWL_BROKER_URL cannot be used"),
    (["worker"], {"TOKCRAWL_REDIS_URL": "redis://h/0?foo=1"}, "TOKCRAWL_REDIS_URL cannot be used"),
    (["worker"], {"TOKCRAWL_API_TOKEN": "short"}, "TOKCRAWL_API_TOKEN has less than 8 characters"),
    (["worker"], {"SSL_CERT_FILE": "none.pem"}, "SSL_CERT_FILE: 'none.pem' is not a readable file"),
    (["flower"], {"TOKCRAWL_BROKER_URL": "sentinel://h"}, "TOKCRAWL_BROKER_URL: sentinel:// needs the name"),
]


@pytest.mark.parametrize(("arguments", "variables", "line"), BAD_INPUT, ids=[one[2] for one in BAD_INPUT])
def test_bad_input_is_a_line_and_exit_code_2(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str], line: str
) -> None:
    for name, value in {"TOKCRAWL_API_TOKEN": "sandbox-token", **variables}.items():
        monkeypatch.setenv(name, value)
    code, out, err = command(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"tokcrawl: {line}")


def test_a_settings_file_in_utf_16_is_a_line_and_exit_code_2(command: Command) -> None:
    Path(".env").write_bytes("TOKCRAWL_API_TOKEN=abc123\n".encode("utf-16"))
    assert command("status") == (2, "", "tokcrawl: .env is UTF-16; save it as UTF-8\n")


@pytest.mark.server
def test_crawls_of_one_name_are_told_apart(
    command: Command, servers: dict[str, str], real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**servers, "TOKCRAWL_MONGO_DB": "tests"}.items():
        monkeypatch.setenv(name, value)
    Path("users.csv").write_text("nr,username\n1,Alice\n2,a b\n3,ALICE\n")
    seed = ("seed", "user", "--input", "users.csv", "--name", "daily", "--json")
    code, out, err = command(*seed)
    assert (code, out) == (2, "")
    assert err.endswith("tokcrawl: line 3: 'a b' is invalid: user needs a name, @name, sec_uid or profile link\n")
    code, out, err = command(*seed, "--skip-invalid")
    first = json.loads(out)["crawl"]
    assert (code, json.loads(out)["seeds"]) == (0, 1)
    assert err.splitlines() == [
        "users.csv: taking column 'username' (--column takes another: nr)",
        "line 3: 'a b' is invalid: user needs a name, @name, sec_uid or profile link",
        "1 invalid value skipped",
        "1 duplicate left out",
        "no worker is running: start one with `tokcrawl worker`",
    ]
    (kept,) = real_store.db["seeds"].find({"crawl": first})
    assert (kept["values"], kept["given"], kept["line"]) == (["@alice"], ["Alice"], [2])
    code, _, err = command("seed", "hashtag", "cats", "--name", "daily")
    assert (code, err) == (
        2,
        f"tokcrawl: --name 'daily' is in use by crawl {first}; choose another, or add --again\n",
    )
    assert command("pause", "daily")[0] == 0
    assert command("seed", "hashtag", "cats", "--name", "daily", "--again")[0] == 0
    for name in ("status", "pause", "resume", "cancel", "retry", "watch"):
        code, _, err = command(name, "daily")
        assert (code, err.count("\n")) == (2, 1)
        assert "2 crawls are named 'daily': " in err
        assert first in err
    assert command("cancel", first)[0] == 0
