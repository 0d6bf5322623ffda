"""Run a whole crawl from scratch against the sandbox, without token, Docker or root: `tokcrawl demo`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

from rich.console import Console

from crawler.settings import Settings
from crawler.store import Store
from producers import stack
from producers.console import stderr_console, stdout_console
from producers.render import render_status
from producers.seeds.options import build_spec, read_seeds
from producers.seeds.start import first_pages, start_crawl
from producers.watch import watch_crawl

_HASHTAG = "cats"
_LATENCY = "0.1"  # seconds per sandbox response, slow enough to watch


def run(settings: Settings, keep: bool) -> int:
    """Run the demo; return the exit code of its crawl."""
    console = stderr_console()
    home = settings.home
    with ExitStack() as exits:
        console.print("[bold]1/4[/] starting Redis and MongoDB on this machine")
        was_running = bool(stack.ps(home))
        local = stack.up(home)
        if not keep and not was_running:
            exits.callback(stack.down, home)
        for process in local.processes:
            console.print(f"    {process.name} on port {process.port}")
        console.print("[bold]2/4[/] starting the sandbox: a simulated TikTok with the same API")
        api_url = exits.enter_context(_sandbox(home))
        console.print(f"    {api_url}")
        worker_log = home / "logs" / "demo-worker.log"
        console.print("[bold]3/4[/] starting a worker with 32 calls in flight")
        environment = {
            **os.environ, **local.urls, "TOKCRAWL_API_URL": api_url, "TOKCRAWL_API_TOKEN": "any-token",
            "TOKCRAWL_MONGO_DB": "tokcrawl_demo", "TOKCRAWL_HOME": str(home), "TOKCRAWL_LOG_LEVEL": "WARNING",
        }  # fmt: skip
        exits.enter_context(_process(worker_log, ["producers.cli", "worker", "-c", "32"], environment))
        console.print(f"[bold]4/4[/] tokcrawl seed hashtag {_HASHTAG}; tokcrawl watch")
        store = Store.connect(local.urls["TOKCRAWL_MONGO_URL"], "tokcrawl_demo")
        store.ensure_indexes()
        seeds = read_seeds("hashtag", [_HASHTAG], None, sys.stdin.buffer)
        spec = build_spec(
            "hashtag", seeds, expand=None, depth=2, max_pages=None, max_units=None, limits=[], since=None, until=None,
            priority=0, name="demo", attrs=[], options={},
        )  # fmt: skip
        _wait_for_worker(store, worker_log)
        crawl_id = start_crawl(store, spec, seeds, first_pages(spec, seeds))
        code, status = watch_crawl(store, crawl_id, console, timeout=180)
        stdout_console().print(render_status(status))
    _print_next_steps(stdout_console(), local, home)
    return code


def _wait_for_worker(store: Store, log: Path) -> None:
    deadline = monotonic() + 30
    while not store.workers.all():
        if monotonic() > deadline:
            raise stack.StackError(f"the worker did not start; see {log}")
        sleep(0.1)


def _print_next_steps(console: Console, local: stack.Stack, home: Path) -> None:
    command = Path(sys.executable).with_name("tokcrawl")
    if command.is_relative_to(Path.cwd()):
        command = command.relative_to(Path.cwd())
    console.print(
        f"\nThe data is in {home.resolve() / 'mongo'}, database tokcrawl_demo"
        f" ({local.urls['TOKCRAWL_MONGO_URL']} while the stack is up). Next, try:\n"
        f"  {command} up    # Redis and MongoDB again, with their data\n"
        f"  TOKCRAWL_MONGO_DB=tokcrawl_demo {command} status    # what the demo stored\n"
        f"  {command} seed --help    # your own crawl; put TOKCRAWL_API_TOKEN into .env first",
        highlight=False,
        soft_wrap=True,
    )


@contextmanager
def _sandbox(home: Path) -> Iterator[str]:
    """Run a sandbox on a free port; yield the URL of its API."""
    log = home / "logs" / "demo-sandbox.log"
    log.unlink(missing_ok=True)
    command = ["sandbox", "--port", "0", "--latency", _LATENCY]
    with _process(log, command, dict(os.environ)):
        deadline = monotonic() + 15
        while monotonic() < deadline:
            for line in log.read_text().splitlines():
                if "listening on " in line:
                    yield line.partition("listening on ")[2].strip()
                    return
            sleep(0.05)
        raise stack.StackError(f"the sandbox did not start; see {log}")


@contextmanager
def _process(log: Path, module: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Run `python -m MODULE...` with its output in `log`; stop it at the end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603  # our own modules
            [sys.executable, "-m", *module], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
