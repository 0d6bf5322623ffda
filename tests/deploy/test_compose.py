"""docker-compose.yml and the image: valid by the Compose schema, and closed where they must be."""

import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"

# The contract's environment.
SETTINGS = {
    "TOKCRAWL_API_TOKEN",
    "TOKCRAWL_API_URL",
    "TOKCRAWL_API_TIMEOUT",
    "TOKCRAWL_BROKER_URL",
    "TOKCRAWL_REDIS_URL",
    "TOKCRAWL_MONGO_URL",
    "TOKCRAWL_MONGO_DB",
    "TOKCRAWL_RATE",
    "TOKCRAWL_DAY_UNITS",
    "TOKCRAWL_ATTEMPTS",
    "TOKCRAWL_LEASE",
    "TOKCRAWL_LOG_LEVEL",
    "TOKCRAWL_HOME",
}
OURS = {"worker", "flower", "sandbox", "sandbox-worker", "sandbox-crawl"}
SANDBOX = {name for name in OURS if name.startswith("sandbox")}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    loaded = YAML(typ="safe").load(COMPOSE)
    found: dict[str, dict[str, Any]] = loaded["services"]
    return found


def check_schema(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    offline = {**os.environ, "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=offline, timeout=60)


def test_compose_keeps_the_schema() -> None:
    checked = check_schema(COMPOSE)
    assert checked.returncode == 0, checked.stdout


def test_the_schema_check_would_notice(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE.read_text().replace("stop_grace_period: 75s", "stop_grace_periods: 75s"))
    checked = check_schema(broken)
    assert checked.returncode == 1
    assert "stop_grace_periods" in checked.stdout


def test_the_services_of_the_contract(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == OURS | {"redis", "mongo"}
    assert {name for name, service in services.items() if service.get("profiles")} == SANDBOX


def test_only_flower_is_published_and_on_loopback_only(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"flower": ["127.0.0.1:5555:5555"]}
    assert not any(service.get("network_mode") for service in services.values())


def test_the_servers_and_the_sandbox_have_no_way_out(services: dict[str, dict[str, Any]]) -> None:
    networks = YAML(typ="safe").load(COMPOSE)["networks"]
    assert networks["servers"] == {"internal": True}
    for name in {"redis", "mongo"} | SANDBOX:
        assert services[name]["networks"] == ["servers"]
    for name in ("worker", "flower"):
        assert services[name]["networks"] == ["servers", "default"]


def test_workers_can_be_scaled_and_stop_gently(services: dict[str, dict[str, Any]]) -> None:
    for name in ("worker", "sandbox-worker"):
        worker = services[name]
        assert "container_name" not in worker
        assert int(worker["stop_grace_period"].removesuffix("s")) > 60
        assert worker["restart"] == "unless-stopped"
        assert worker["init"] is True


def test_every_variable_is_known(services: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        assert set(services[name].get("environment", {})) <= SETTINGS | {"FLOWER_BASIC_AUTH"}, name


def test_secrets_come_from_outside_and_go_to_those_who_need_them(services: dict[str, dict[str, Any]]) -> None:
    worker = services["worker"]["environment"]
    assert worker["TOKCRAWL_API_TOKEN"] is None  # passed through
    assert services["flower"]["environment"]["FLOWER_BASIC_AUTH"] is None
    for name in OURS - {"worker", *SANDBOX}:
        assert "TOKCRAWL_API_TOKEN" not in services[name]["environment"]
    assert "${" not in COMPOSE.read_text().replace("$${", "")


def test_sandbox_crawls_touch_no_real_crawl(services: dict[str, dict[str, Any]]) -> None:
    real = services["worker"]["environment"]
    for name in ("sandbox-worker", "sandbox-crawl"):
        made_up = services[name]["environment"]
        assert made_up["TOKCRAWL_API_URL"] == "http://sandbox:8080/apis"
        assert made_up["TOKCRAWL_BROKER_URL"] != real["TOKCRAWL_BROKER_URL"]
        assert made_up["TOKCRAWL_REDIS_URL"] != real["TOKCRAWL_REDIS_URL"]
        assert made_up["TOKCRAWL_MONGO_DB"] == "tokcrawl_sandbox"
        assert made_up["TOKCRAWL_API_TOKEN"] == "any-token"
    databases = [
        service["environment"][key]
        for service in (services["worker"], services["sandbox-worker"])
        for key in ("TOKCRAWL_BROKER_URL", "TOKCRAWL_REDIS_URL")
    ]
    assert len(set(databases)) == 4


def test_redis_keeps_the_queue(services: dict[str, dict[str, Any]]) -> None:
    command = services["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options == {
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--maxmemory-policy": "noeviction",
        "--save": "",
    }


def test_data_outlives_containers_and_dependants_wait_for_health(services: dict[str, dict[str, Any]]) -> None:
    for name, folder in (("redis", "/data"), ("mongo", "/data/db")):
        assert f"{name}:{folder}" in services[name]["volumes"]
        assert services[name]["healthcheck"]["test"]
    for name in OURS - {"sandbox"}:
        for waited_for in services[name]["depends_on"]:
            condition = services[name]["depends_on"][waited_for]["condition"]
            assert condition == ("service_healthy" if "healthcheck" in services[waited_for] else "service_started")


# --- the image --------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", DOCKERFILE.read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def copied() -> list[str]:
    """What the Dockerfile takes from the context."""
    copies = [rest.split() for word, rest in instructions() if word in ("COPY", "ADD")]
    return [source for words in copies if not words[0].startswith("--from") for source in words[:-1]]


def test_the_image_does_not_run_as_root() -> None:
    steps = instructions()
    last_stage = steps[max(place for place, (word, _) in enumerate(steps) if word == "FROM") :]
    users = [rest for word, rest in last_stage if word == "USER"]
    assert users[-1:] == ["10001:10001"]
    assert ("ENTRYPOINT", '["tokcrawl"]') in last_stage
    assert "PYTHONUNBUFFERED=1" in dict(last_stage)["ENV"]


def test_the_image_is_built_in_stages_from_pinned_versions_and_holds_no_secret() -> None:
    steps = instructions()
    assert [rest for word, rest in steps if word == "FROM"] == [
        "python:3.12-slim AS build",
        "python:3.12-slim",
    ]
    assert any("pip install" in rest and "--constraint constraints.txt" in rest for word, rest in steps)
    assert not [rest for word, rest in steps if word in ("ENV", "ARG") and re.search("TOKEN|SECRET|AUTH", rest)]
    assert not [source for source in copied() if source in (".", "./")]


def test_all_that_is_copied_exists_and_nothing_else_is_sent() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    assert let_in == {source.rstrip("/") for source in copied()}
    assert all((ROOT / name).exists() for name in let_in)
    assert any(fnmatch("crawler/.env", rule) for rule in rules[1:])


def test_every_package_is_in_the_image() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    (listed,) = re.findall(r"^include = \[(.*)\]$", text, re.MULTILINE)
    assert {f"{name}/" for name in re.findall(r'"(\w+)\*"', listed)} <= set(copied())
