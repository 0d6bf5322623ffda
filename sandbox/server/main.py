"""Runs one sandbox in the foreground until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Sequence

from sandbox.provider.api import Api
from sandbox.provider.faults import Gate
from sandbox.provider.request_log import Journal
from sandbox.server.admin import ControlRoom
from sandbox.server.cli import Config, parse
from sandbox.server.http import BASE, Connection
from sandbox.world.world import World


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m sandbox`: exit status 0 after SIGTERM or SIGINT, 2 where the port or an option cannot be had."""
    return run(parse(argv))


def run(config: Config) -> int:
    """Serves until SIGTERM or SIGINT; says on stderr where, once it is ready."""
    try:
        asyncio.run(_serve(config))
    except OSError as error:
        print(f"sandbox: {config.host}:{config.port}: {error.strerror or error}", file=sys.stderr)  # noqa: T201 - a CLI
        return 2
    except KeyboardInterrupt:
        pass
    return 0


async def _serve(config: Config) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    journal = Journal(config.state)
    api = Api(World(config.seed, config.scale), Gate(config.seed, config.switches), journal, time.time)
    room = ControlRoom(api)
    connections: set[Connection] = set()
    try:
        server = await loop.create_server(
            lambda: Connection(api, room.answer, connections), config.host, config.port, backlog=4096
        )
        port = server.sockets[0].getsockname()[1]
        line = f"sandbox listening on http://{config.host}:{port}{BASE}"
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - the line that starters wait for
        await stop.wait()
        server.close()
        for connection in list(connections):
            connection.abort()
    finally:
        journal.close()
