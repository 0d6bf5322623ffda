"""Loads the settings; precedence: flag, environment, .env, a running local stack, default."""

import json
import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from crawler.environment import PREFIX, from_dotenv, from_environment
from crawler.model.errors import UsageError
from crawler.model.server_urls import check_server_url

STACK_FILE = "stack.json"
_MOST = 1_000_000_000  # units, calls, seconds; beyond this times cannot be reckoned with
_MIN_TOKEN = 8  # characters; a shorter one would match ordinary text where it is removed from what is shown

_SCHEMES: dict[str, tuple[str, ...]] = {
    "broker_url": (),  # any that Celery supports; workers/app.py checks it
    "redis_url": ("redis", "rediss", "unix"),
    "mongo_url": ("mongodb", "mongodb+srv"),
}
_NEEDS = {"int": "an integer", "float": "a number", "finite": "a finite number"}


class Settings(BaseSettings):
    """All settings; each is the environment variable of its name in capitals after `TOKCRAWL_`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    api_token: SecretStr = SecretStr("")
    api_url: str = "https://ensembledata.com/apis"
    api_timeout: PositiveFloat = Field(600, description="seconds; read time-out of one call")
    broker_url: str = "redis://127.0.0.1:6379/0"
    redis_url: str = "redis://127.0.0.1:6379/1"
    mongo_url: str = "mongodb://127.0.0.1:27017"
    mongo_db: str = "tokcrawl"
    rate: NonNegativeFloat = Field(0, description="calls per second over all workers together; 0 = none")
    day_units: NonNegativeInt = Field(0, description="units a UTC day over all crawls; 0 = none")
    attempts: PositiveInt = Field(8, description="tries of a page before it is failed")
    lease: PositiveFloat = Field(900, description="seconds after which a dead worker's page is taken again")
    archive: Literal["none", "unread", "all"] = Field(
        "unread", description="which answers are kept as bought, in `answers`; `unread`: those that were not read whole"
    )
    log_level: str = "INFO"
    home: Path = Path(".tokcrawl")

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
            raise ValueError("must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
        return value.upper()

    @field_validator("api_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < _MIN_TOKEN:
            raise ValueError(f"has less than {_MIN_TOKEN} characters; a token of EnsembleData has 16")
        return value

    @field_validator("api_url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("api_timeout", "rate", "day_units", "attempts", "lease")
    @classmethod
    def _bounded(cls, value: float) -> float:
        if not value <= _MOST:
            raise ValueError(f"must be at most {_MOST:,}")
        return value

    @field_validator("broker_url", "redis_url", "mongo_url")
    @classmethod
    def _server_url(cls, value: str, info: ValidationInfo) -> str:
        check_server_url(value, _SCHEMES[info.field_name or ""])
        return value

    @field_validator("mongo_db")
    @classmethod
    def _database(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", value):  # what MongoDB takes on every platform
            raise ValueError("must be 1 to 63 letters, digits, - and _")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        environment, dotenv = from_environment(cls.model_fields), from_dotenv(cls.model_fields)
        home = Path(environment.get("home") or dotenv.get("home") or ".tokcrawl")
        given = (InitSettingsSource(settings_cls, source) for source in (environment, dotenv, running_stack(home)))
        return init_settings, *given


def running_stack(home: Path) -> dict[str, Any]:
    """Return the URLs of the local stack under `home`, by setting; empty where none runs or its file is unreadable."""
    try:
        stack = json.loads((home / STACK_FILE).read_text())
        for process in stack["processes"]:
            os.kill(int(process["pid"]), 0)
        return {name.removeprefix(PREFIX).lower(): url for name, url in stack["urls"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def load(**flags: Any) -> Settings:
    """Load the settings from all sources; a UsageError names those that are unknown or invalid."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors(include_input=False)
        raise UsageError("; ".join(f"{PREFIX}{str(e['loc'][0]).upper()} {_reason(e)}" for e in wrong)) from None


def _reason(error: ErrorDetails) -> str:
    """Return what is wrong with a setting in our words where pydantic's are those of a programmer."""
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    needs = _NEEDS.get(error["type"].partition("_")[0], error["msg"].removeprefix("Input should be "))
    return f"must be {needs}"
