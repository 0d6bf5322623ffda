"""Start, stop and list the local stack, one per home folder, recorded in `stack.json`.

`stack.json` is written as soon as a process exists, with `urls` empty until all servers answer, so that the next
`up` or `down` finds whatever an interrupted `up` left. `ports.json` keeps the ports between runs.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from producers.stack.processes import Running, alive, start, stop
from producers.stack.servers import HOST, MONGO, REDIS, SERVERS, Server, StackError, find_program

START_SECONDS = 60.0  # after a crash the servers first read their journals
TAIL_LINES = 12
PORT_TRIES = 3


@dataclass(frozen=True)
class Stack:
    """A running stack; `urls` by the names of the settings."""

    home: Path
    urls: dict[str, str]
    processes: tuple[Running, ...]


def up(home: Path, *, redis_port: int = 0, mongo_port: int = 0, timeout: float = START_SECONDS) -> Stack:
    """Start what is not running yet and wait until all servers answer; port 0 means the last port or a free one."""
    home = home.absolute()
    with _locked(home, timeout):
        launch = _Launch(home, {REDIS.name: redis_port, MONGO.name: mongo_port}, time.monotonic() + timeout)
        try:
            return launch.run()
        except BaseException:  # Ctrl-C too: leave nothing half-started
            launch.undo()
            raise


def down(home: Path) -> list[str]:
    """Stop exactly what `up` started; return a line for each process, none if nothing was running."""
    home = home.absolute()
    if not (home / "stack.json").exists():
        return []
    with _locked(home, START_SECONDS):
        stopped = _stop(_recorded(home))
        (home / "stack.json").unlink(missing_ok=True)
        return stopped


def ps(home: Path) -> list[Running]:
    """Return the stack's running processes."""
    return [process for process in _recorded(home.absolute()) if alive(process)]


# --- up ---------------------------------------------------------------------------------------------------


class _Launch:
    """One `up`: keep what is running, start what is missing, undo on failure."""

    def __init__(self, home: Path, asked: dict[str, int], deadline: float) -> None:
        self.home = home
        self.asked = asked
        self.deadline = deadline
        self.kept = {process.name: process for process in _recorded(home) if alive(process)}
        self.started: dict[str, Running] = {}

    def run(self) -> Stack:
        _refuse_other_ports(self.kept, self.asked)
        missing = [server for server in SERVERS if server.name not in self.kept]
        programs = {server.name: find_program(server) for server in missing}  # all or none
        for server in missing:
            self._start(server, programs[server.name], self._choose_port(server))
        for server in SERVERS:
            self._wait_for(server, programs.get(server.name))
        stack = Stack(self.home, _urls(self._processes()), self._processes())
        _write_json(self.home / "ports.json", {process.name: process.port for process in stack.processes})
        _write(self.home, stack.urls, stack.processes)
        return stack

    def undo(self) -> None:
        if self.started:
            _stop(list(self.started.values()))
            _write(self.home, {}, list(self.kept.values()))

    def _processes(self) -> tuple[Running, ...]:
        processes = {**self.kept, **self.started}
        return tuple(processes[server.name] for server in SERVERS if server.name in processes)

    def _start(self, server: Server, program: Path, port: int) -> None:
        data = self.home / server.name
        try:
            data.mkdir(mode=0o700, exist_ok=True)
            (self.home / "logs").mkdir(exist_ok=True)
            command = [str(program), *server.arguments(data, port)]
            self.started[server.name] = start(server.name, command, self.home, port)
        except OSError as error:
            raise StackError(f"cannot start {program}: {error}") from error
        _write(self.home, {}, self._processes())

    def _wait_for(self, server: Server, program: Path | None) -> None:
        """Wait for the server; try another port if another program took the one chosen here."""
        for left in reversed(range(PORT_TRIES)):
            process = self.started.get(server.name) or self.kept[server.name]
            try:
                _wait(server, process, self.deadline)
            except StackError:
                if program is None or self.asked[server.name] or not left or not _lost_its_port(process):
                    raise
                self._start(server, program, _free_port())
            else:
                return

    def _choose_port(self, server: Server) -> int:
        taken = {process.port for process in self._processes()}
        asked = self.asked[server.name]
        if asked:
            why = "in use by the other server" if asked in taken else _why_not(asked)
            if why:
                raise StackError(f"port {asked} for {server.name} is {why}; choose another, or 0 for a free one")
            return asked
        last = _last_port(self.home, server)
        return last if last and last not in taken and not _why_not(last) else _free_port()


def _urls(processes: Sequence[Running]) -> dict[str, str]:
    port = {process.name: process.port for process in processes}
    redis = f"redis://{HOST}:{port[REDIS.name]}"
    return {
        "TOKCRAWL_BROKER_URL": f"{redis}/0",
        "TOKCRAWL_REDIS_URL": f"{redis}/1",
        "TOKCRAWL_MONGO_URL": f"mongodb://{HOST}:{port[MONGO.name]}",
    }


def _wait(server: Server, process: Running, deadline: float) -> None:
    while not server.answers(process.port):
        if not alive(process):
            raise StackError(f"{server.name} ended instead of answering; the end of {process.log}:\n{_tail(process)}")
        if time.monotonic() > deadline:
            raise StackError(
                f"{server.name} (pid {process.pid}) does not answer on port {process.port}; "
                f"the end of {process.log}:\n{_tail(process)}"
            )
        time.sleep(0.05)
    if not alive(process):
        raise StackError(f"port {process.port} is answered by another program; choose another port")


def _lost_its_port(process: Running) -> bool:
    return not alive(process) and "address already in use" in _tail(process).lower()


def _tail(process: Running) -> str:
    """Return the end of the log; if mongod logged errors (severity E or F), those alone."""
    try:
        data = Path(process.log).read_bytes()[-65536:]
    except OSError as error:
        return f"  ({error})"
    lines = data.decode(errors="replace").splitlines()
    errors = [line for line in lines if '"s":"E"' in line or '"s":"F"' in line]
    return "\n".join(f"  {line[:400]}" for line in (errors or lines)[-TAIL_LINES:]) or "  (empty)"


# --- ports ------------------------------------------------------------------------------------------------


def _why_not(port: int) -> str | None:
    """Return why nothing can listen on the port; None if it is free."""
    if not 0 < port < 65536:
        return "not a port number"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return "already in use" if error.errno == errno.EADDRINUSE else f"not available ({error.strerror})"
    return None


def _last_port(home: Path, server: Server) -> int:
    with contextlib.suppress(StackError):  # a convenience: if it cannot be read, any port will do
        last = _read_json(home / "ports.json").get(server.name)
        return last if isinstance(last, int) else 0
    return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _refuse_other_ports(kept: dict[str, Running], asked: dict[str, int]) -> None:
    for name, process in kept.items():
        if asked[name] and asked[name] != process.port:
            raise StackError(
                f"{name} is already running on port {process.port}; "
                f"to move it to {asked[name]}, run `tokcrawl down` first"
            )


# --- records ----------------------------------------------------------------------------------------------


def _stop(processes: list[Running]) -> list[str]:
    patience = {server.name: server.stop_seconds for server in SERVERS}
    try:
        return stop((process, patience.get(process.name, 10)) for process in processes)
    except PermissionError as error:
        pids = ", ".join(str(process.pid) for process in processes)
        raise StackError(f"the stack (pids {pids}) was started by another user, who has to stop it") from error


@contextlib.contextmanager
def _locked(home: Path, timeout: float) -> Iterator[None]:
    """Hold the home's lock; the system releases it when the process ends."""
    deadline = time.monotonic() + timeout
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / "stack.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(home, error) from error
    try:
        while not _lock(descriptor):
            if time.monotonic() > deadline:
                raise StackError(f"another `tokcrawl up` or `down` is still busy with {home}; try again later")
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unwritable(home: Path, error: OSError) -> StackError:
    return StackError(f"cannot write to {home} ({error.strerror}); set TOKCRAWL_HOME to a writable folder")


def _recorded(home: Path) -> list[Running]:
    """Return the processes of stack.json, running or not."""
    path = home / "stack.json"
    try:
        return [Running(**process) for process in _read_json(path).get("processes", [])]
    except TypeError as error:
        raise _unreadable(path) from error


def _write(home: Path, urls: dict[str, str], processes: Sequence[Running]) -> None:
    if not processes:
        (home / "stack.json").unlink(missing_ok=True)
        return
    _write_json(home / "stack.json", {"urls": urls, "processes": [asdict(process) for process in processes]})


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise StackError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise _unreadable(path) from error
    if not isinstance(data, dict):
        raise _unreadable(path)
    return data


def _unreadable(path: Path) -> StackError:
    return StackError(f"{path} is damaged; stop redis and mongod by hand if they still run, then delete it")


def _write_json(path: Path, data: dict[str, Any]) -> None:
    new = path.with_suffix(".new")
    try:
        new.write_text(json.dumps(data, indent=2) + "\n")
        new.replace(path)
    except OSError as error:
        raise _unwritable(path.parent, error) from error
