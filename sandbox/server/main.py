"""Runs a sandbox in the foreground until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Sequence

from sandbox.provider.api import Api
from sandbox.provider.faults import FaultInjector
from sandbox.provider.request_log import RequestLog
from sandbox.server.admin import AdminApi
from sandbox.server.cli import Config, parse
from sandbox.server.http import BASE, Connection
from sandbox.world.timeline import Timeline
from sandbox.world.world import World


def main(argv: Sequence[str] | None = None) -> int:
    """Run `python -m sandbox`: exit status 0 after SIGTERM or SIGINT, 2 for an invalid option or a port in use."""
    return run(parse(argv))


def run(config: Config) -> int:
    """Serve until SIGTERM or SIGINT; print the URL of the API to stderr once ready."""
    try:
        asyncio.run(_serve(config))
    except OSError as error:
        where = error.filename or f"{config.host}:{config.port}"
        print(f"sandbox: {where}: {error.strerror or error}", file=sys.stderr)  # noqa: T201 - a CLI
        return 2
    except KeyboardInterrupt:
        pass
    return 0


async def _serve(config: Config) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    request_log = RequestLog(config.state)
    injector = FaultInjector(config.seed, config.behaviour)
    speed = config.speed if config.live else None
    timeline = Timeline(World(config.seed, config.scale), speed, time.time())
    api = Api(timeline, injector, request_log, time.time)
    admin = AdminApi(api)
    connections: set[Connection] = set()
    try:
        server = await loop.create_server(
            lambda: Connection(api, admin.answer, connections), config.host, config.port, backlog=4096
        )
        port = server.sockets[0].getsockname()[1]
        line = f"sandbox listening on http://{config.host}:{port}{BASE}"
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - the line that starters wait for
        await stop.wait()
        server.close()
        for connection in list(connections):
            connection.abort()
    finally:
        request_log.close()
