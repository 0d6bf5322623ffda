"""Start detached processes, and later recognize and stop exactly these by pid and start time."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Running:
    """A process started here; `started` distinguishes it from a later one with the same pid."""

    name: str
    pid: int
    started: str
    port: int
    log: str


def start(name: str, command: list[str], home: Path, port: int) -> Running:
    """Start a process that outlives this one and its terminal, with its output in its own log."""
    log = home / "logs" / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.1"))  # the end of the previous run
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the program was found by servers.find_program
            command,
            cwd=home,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # Nobody has waited for it, so its pid cannot have been reused yet.
    return Running(name, process.pid, start_time(process.pid) or "", port, str(log))


def _environment() -> dict[str, str]:
    """Return the environment without tokcrawl's settings: the servers must not see the token."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOKCRAWL_")}


def start_time(pid: int) -> str | None:
    """Return when the process was started, in the system's format; None if it is gone or a zombie."""
    if Path("/proc/self/stat").exists():
        return _linux_start_time(pid)
    return _ps_start_time(pid)


def _linux_start_time(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    state, threads, ticks = fields[0], int(fields[17]), fields[19]
    if state in "ZX" and threads <= 1:  # with threads left, a dying mongod still holds its port and files
        return None
    return f"{boot}:{ticks}"  # ticks count from the boot


def _ps_start_time(pid: int) -> str | None:
    said = subprocess.run(  # noqa: S603
        ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)],  # noqa: S607 - its place differs
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    )
    state, _, started = said.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else " ".join(started.split())


def alive(process: Running) -> bool:
    return bool(process.started) and start_time(process.pid) == process.started


def stop(processes: Iterable[tuple[Running, float]]) -> list[str]:
    """Stop the processes, killing each that takes longer than its seconds; return a line for each."""
    mine = [(process, seconds) for process, seconds in processes if alive(process)]
    for process, _ in mine:
        _signal(process, signal.SIGTERM)
    began = time.monotonic()
    return [_finish(process, began + seconds) for process, seconds in mine]


def _finish(process: Running, deadline: float) -> str:
    what = f"{process.name} (pid {process.pid}, port {process.port})"
    if _gone(process, deadline):
        return f"{what} stopped"
    _signal(process, signal.SIGKILL)
    _gone(process, time.monotonic() + 5)
    return f"{what} did not stop and was killed"


def _gone(process: Running, deadline: float) -> bool:
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)  # where it was our own child
    return True


def _signal(process: Running, number: signal.Signals) -> None:
    if alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
