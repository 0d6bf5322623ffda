"""Where settings come from, and that a misspelt one is an error."""

import json
import os
import re
from pathlib import Path

import pytest

from crawler.environment import PREFIX
from crawler.model.errors import UsageError
from crawler.model.server_urls import host_of
from crawler.rate_limit.limiter import RateLimiter
from crawler.settings import Settings, load
from crawler.store import Store


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


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("RATE", "fast", "TOKCRAWL_RATE must be a number"),
        ("DAY_UNITS", "1.5", "TOKCRAWL_DAY_UNITS must be an integer"),
        ("ATTEMPTS", "0", "TOKCRAWL_ATTEMPTS must be greater than 0"),
        ("LEASE", "inf", "TOKCRAWL_LEASE must be at most 1,000,000,000"),
        ("RATE", "nan", "TOKCRAWL_RATE must be greater than or equal to 0"),
        ("DAY_UNITS", "9" * 30, "TOKCRAWL_DAY_UNITS must be at most 1,000,000,000"),
        ("ARCHIVE", "some", "TOKCRAWL_ARCHIVE must be 'none', 'unread' or 'all'"),
        ("LOG_LEVEL", "LOUD", "TOKCRAWL_LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("API_URL", "ensembledata.com", "TOKCRAWL_API_URL must start with http:// or https://"),
        ("MONGO_DB", "a b", "TOKCRAWL_MONGO_DB must be 1 to 63 letters, digits, - and _"),
        ("MONGO_DB", "x" * 64, "TOKCRAWL_MONGO_DB must be 1 to 63 letters, digits, - and _"),
        ("BROKER_URL", "localhost:6379", "TOKCRAWL_BROKER_URL must start with redis:// or amqp://"),
        ("REDIS_URL", "amqp://h", "TOKCRAWL_REDIS_URL must start with redis:// or rediss:// or unix://"),
        ("MONGO_URL", "h:27017", "TOKCRAWL_MONGO_URL must start with mongodb:// or mongodb+srv://"),
        ("BROKER_URL", "redis://h/x", "TOKCRAWL_BROKER_URL must end with the number of a database, like /0"),
        ("REDIS_URL", "redis://h:0/0", "TOKCRAWL_REDIS_URL has port 0, which no server listens on"),
    ],
)
def test_an_invalid_value_is_a_line_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(UsageError) as caught:
        load()
    assert str(caught.value) == line


PASSWORDS = ["SE/CRET", "SE#CRET", "SE?CRET", "SE@CRET/x", "SE;CRET", "SE[CRET", "SE]CRET", "SE\nCRET", "SE%CRET"]


@pytest.mark.parametrize("name", ["BROKER_URL", "REDIS_URL", "MONGO_URL"])
@pytest.mark.parametrize("password", PASSWORDS)
def test_no_part_of_a_password_that_breaks_its_url_is_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    scheme = "mongodb" if name == "MONGO_URL" else "redis"
    monkeypatch.setenv(PREFIX + name, f"{scheme}://user:{password}@127.0.0.1:1/0")
    shown = what_is_said()
    assert shown == "" or PREFIX + name in shown
    assert not re.findall("SE|CRET", shown)


def what_is_said() -> str:
    """The error of opening the three servers, if there is one, else how the broker is named; nothing is sent."""
    try:
        settings = load()
        Store.connect(settings.mongo_url, "x").close()
        RateLimiter(settings.redis_url)
        RateLimiter(settings.broker_url, setting="TOKCRAWL_BROKER_URL")
    except UsageError as error:
        return str(error)
    assert host_of(settings.broker_url).startswith("127.0.0.1:")
    return ""


@pytest.mark.parametrize("query", ["foo=1", "socket_timeout=x", "db=q", "max_connections=x"])
def test_options_of_a_redis_url_that_do_not_exist_name_its_setting(query: str) -> None:
    with pytest.raises(
        UsageError, match=r"^TOKCRAWL_BROKER_URL cannot be used: check its host, port, number and options$"
    ):
        RateLimiter(f"redis://127.0.0.1:1/0?{query}", setting="TOKCRAWL_BROKER_URL")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("TOKCRAWL_RATE=5\n".encode("utf-16"), ".env is UTF-16; save it as UTF-8"),
        (b"TOKCRAWL_RATE=5\nTOKCRAWL_HOME=m\xfcnchen\n", ".env is not UTF-8 (line 2); save it as UTF-8"),
    ],
)
def test_a_settings_file_in_another_encoding_is_an_error_of_the_user(home: Path, data: bytes, line: str) -> None:
    (home / ".env").write_bytes(data)
    with pytest.raises(UsageError) as caught:
        load()
    assert str(caught.value) == line


def test_a_byte_order_mark_in_a_settings_file_is_ignored(home: Path) -> None:
    (home / ".env").write_bytes(b"\xef\xbb\xbfTOKCRAWL_RATE=5\r\nTOKCRAWL_DAY_UNITS=6\r\n")
    assert (load().rate, load().day_units) == (5, 6)


def test_any_setting_may_be_in_a_file_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("token", "SECRET-abc123\n"), ("rate", "7\r\n"), ("url", "mongodb://127.0.0.1:3")):
        (home / name).write_text(text, newline="")
    monkeypatch.setenv("TOKCRAWL_API_TOKEN_FILE", str(home / "token"))
    monkeypatch.setenv("TOKCRAWL_LEASE_FILE", "")
    (home / ".env").write_text("TOKCRAWL_RATE_FILE=rate\nTOKCRAWL_MONGO_URL_FILE=url\nTOKCRAWL_API_TOKEN=other\n")
    settings = load()
    assert settings.api_token.get_secret_value() == "SECRET-abc123"
    assert (settings.rate, settings.mongo_url, settings.lease) == (7, "mongodb://127.0.0.1:3", 900)
    assert {PREFIX + name.upper() for name in Settings.model_fields} >= {"TOKCRAWL_API_TOKEN", "TOKCRAWL_RATE"}


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_each_setting_is_read_from_the_file_that_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (home / "file").write_bytes(b"\xff\xfe")
    monkeypatch.setenv(f"{PREFIX}{name.upper()}_FILE", "file")
    with pytest.raises(UsageError, match=f"^{PREFIX}{name.upper()}_FILE is UTF-16; save it as UTF-8$"):
        load()


def test_a_setting_that_is_given_twice_or_whose_file_is_missing_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKCRAWL_API_TOKEN_FILE", str(home / "none"))
    with pytest.raises(UsageError, match=r"^TOKCRAWL_API_TOKEN_FILE cannot be read: No such file"):
        load()
    monkeypatch.setenv("TOKCRAWL_API_TOKEN", "x")
    with pytest.raises(UsageError, match=r"^TOKCRAWL_API_TOKEN and TOKCRAWL_API_TOKEN_FILE are both set; remove one$"):
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
