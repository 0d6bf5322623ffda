"""Where settings come from, and that a misspelt one is an error."""

import json
import os
from pathlib import Path

import pytest

from crawler.model.errors import UsageError
from crawler.settings import PREFIX, Settings, load


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder and no TOKCRAWL_ setting in the environment."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stack(home: Path, port: int, pid: int = os.getpid()) -> None:
    home.mkdir(exist_ok=True)
    urls = {"TOKCRAWL_MONGO_URL": f"mongodb://127.0.0.1:{port}"}
    (home / "stack.json").write_text(json.dumps({"urls": urls, "processes": [{"pid": pid}]}))


def test_the_defaults_are_the_documented_ones() -> None:
    values = load().model_dump(mode="json", exclude={"api_token"})
    assert values == {
        "api_url": "https://ensembledata.com/apis", "api_timeout": 600, "broker_url": "redis://127.0.0.1:6379/0",
        "redis_url": "redis://127.0.0.1:6379/1", "mongo_url": "mongodb://127.0.0.1:27017", "mongo_db": "tokcrawl",
        "rate": 0, "day_units": 0, "attempts": 8, "lease": 900, "archive": "unread", "log_level": "INFO",
            "home": ".tokcrawl",
    }  # fmt: skip


def test_flag_then_environment_then_file_then_stack_then_default(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def url() -> str:
        return load().mongo_url.rpartition(":")[2]

    stack(home / ".tokcrawl", 4)
    assert url() == "4"
    (home / ".env").write_text("TOKCRAWL_MONGO_URL=mongodb://127.0.0.1:3\n")
    assert url() == "3"
    monkeypatch.setenv("TOKCRAWL_MONGO_URL", "mongodb://127.0.0.1:2")
    assert url() == "2"
    assert load(mongo_url="mongodb://127.0.0.1:1").mongo_url == "mongodb://127.0.0.1:1"
    assert load(mongo_url=None).mongo_url == "mongodb://127.0.0.1:2"  # a flag that was not given


def test_a_stack_of_another_home_is_found_by_its_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack(home / "other", 7)
    monkeypatch.setenv("TOKCRAWL_HOME", str(home / "other"))
    assert load().mongo_url.endswith(":7")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"urls": 1}', '{"urls": {}, "processes": [{"pid": "x"}]}'])
def test_an_unreadable_or_stopped_stack_is_ignored(home: Path, text: str) -> None:
    stack(home / ".tokcrawl", 7, pid=2**22 + 1)
    assert load().mongo_url.endswith(":27017")
    (home / ".tokcrawl" / "stack.json").write_text(text)
    assert load().mongo_url.endswith(":27017")


def test_an_unknown_name_is_an_error_in_every_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKCRAWL_TOKEN", "SECRET-abc123")
    with pytest.raises(UsageError, match=r"unknown setting TOKCRAWL_TOKEN; known are .*TOKCRAWL_API_TOKEN") as caught:
        load()
    assert "SECRET" not in str(caught.value)
    monkeypatch.delenv("TOKCRAWL_TOKEN")
    (home / ".env").write_text("TOKCRAWL_RTAE=5\nOTHER=1\n")
    with pytest.raises(UsageError, match="unknown setting TOKCRAWL_RTAE"):
        load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE", "fast"),
        ("RATE", "-1"),
        ("DAY_UNITS", "1.5"),
        ("ATTEMPTS", "0"),
        ("LEASE", "0"),
        ("API_TIMEOUT", "-5"),
        ("API_URL", "ensembledata.com"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_an_invalid_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(UsageError, match=PREFIX + name):
        load()


def test_the_token_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKCRAWL_API_TOKEN", "SECRET-abc123")
    settings = load(api_url="http://127.0.0.1:1/apis/", log_level="debug")
    assert "SECRET" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.api_token.get_secret_value() == "SECRET-abc123"
    assert (settings.api_url, settings.log_level) == ("http://127.0.0.1:1/apis", "DEBUG")
    assert isinstance(settings, Settings)


def test_a_token_too_short_to_be_told_from_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKCRAWL_API_TOKEN", "a")

    with pytest.raises(UsageError, match=r"TOKCRAWL_API_TOKEN.*less than 8 characters") as caught:
        load()

    assert "\n" not in str(caught.value)
