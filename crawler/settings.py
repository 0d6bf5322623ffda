"""Loads the settings; precedence: flag, environment, .env, a running local stack, default."""

import json
import os
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from crawler.model.errors import UsageError

PREFIX = "TOKCRAWL_"
STACK_FILE = "stack.json"
_MIN_TOKEN = 8  # characters; a shorter one would match ordinary text where it is removed from what is shown


class Settings(BaseSettings):
    """All settings; each is the environment variable of its name in capitals after `TOKCRAWL_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

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
            raise ValueError("use DEBUG, INFO, WARNING, ERROR or CRITICAL")
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
            raise ValueError("starts with http:// or https://")
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = Path(os.environ.get(PREFIX + "HOME") or dotenv_values(".env").get(PREFIX + "HOME") or ".tokcrawl")
        stack = InitSettingsSource(settings_cls, running_stack(home))
        return init_settings, env_settings, dotenv_settings, stack


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
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name for name in (*os.environ, *dotenv_values(".env")) if name.startswith(PREFIX)}
    if unknown := sorted(given - known):
        raise UsageError(f"unknown setting {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise UsageError(
            "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
        ) from None
