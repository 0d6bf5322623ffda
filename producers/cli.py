"""The command line: `tokcrawl`. Each command imports what it needs when it runs, so that all answer at once."""

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from producers.exit_codes import EXIT_UNEXPECTED, exit_code_of

if TYPE_CHECKING:
    from crawler.settings import Settings
    from crawler.store import Store

app = typer.Typer(
    name="tokcrawl",
    help="Crawl TikTok through EnsembleData: never lose a page, never pay for one twice.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")]
CrawlId = Annotated[str, typer.Argument(metavar="CRAWL", help="A crawl's id, or its name.")]

_PATIENCE = 5.0  # seconds a command looks for a server


def main() -> None:
    """Run a command and leave at once: pymongo's idle threads would hold the process for half a second."""
    code = run()
    with suppress(BrokenPipeError):  # who read our output has seen enough
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run() -> int:
    """Run a command; whatever goes wrong in normal life is told in a line, with the contract's exit code."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        say("interrupted; a crawl that runs goes on")
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            traceback.print_exc()
            return EXIT_UNEXPECTED
        say(f"tokcrawl: {error}")
        return code
    return 0


def say(text: str) -> None:
    sys.stderr.write(text + "\n")


def tell(data: Any, as_json: bool) -> None:
    """Data to stdout: a line of JSON, or text."""
    if as_json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(data) + b"\n")
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(f"{data}\n")


def _settings(**flags: Any) -> "Settings":
    from crawler.settings import load

    return load(**flags)


def _store(settings: "Settings", *, to_read: bool = False) -> "Store":
    """The database; where it is only read, the indexes are left to who writes."""
    from crawler.store import Store

    store = Store.connect(settings.mongo_url, settings.mongo_db, connections=4, patience=_PATIENCE)
    if not to_read:
        store.ensure_indexes()
    return store


@app.command()
def seed(
    kind: Annotated[
        str,
        typer.Argument(
            help="hashtag, keyword, user, followers, followings, likes, post, posts, comments, "
            "replies, music, music-search, user-search or live-search."
        ),
    ],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="VALUE...", help="Seeds as people paste them; - reads a list.")
    ] = None,
    input_file: Annotated[Path | None, typer.Option("--input", help="A file with a seed on each line.")] = None,
    expand: Annotated[str | None, typer.Option(help="Relations to follow, comma-separated, or none.")] = None,
    depth: Annotated[int, typer.Option(min=0, help="How many steps away from the seeds.")] = 2,
    max_pages: Annotated[int | None, typer.Option(min=1, help="Pages to buy at most.")] = None,
    max_units: Annotated[int | None, typer.Option(min=1, help="Units to spend at most.")] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="LIST=N", help="No further page once a list holds N.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Expand no posts before this day (UTC).")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Expand no posts after this day (UTC).")] = None,
    priority: Annotated[int, typer.Option(min=-5, max=5, help="Each step doubles its share of the workers.")] = 0,
    name: Annotated[str | None, typer.Option(help="A name to find it by.")] = None,
    attr: Annotated[list[str] | None, typer.Option(metavar="K=V", help="Anything to keep with the crawl.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="hashtag, keyword: one call with the provider's own paging.")
    ] = False,
    days: Annotated[int | None, typer.Option(min=1, help="hashtag --full: posts of the last N days.")] = None,
    max_cursor: Annotated[int | None, typer.Option(min=1, help="hashtag --full: stop after about N posts.")] = None,
    period: Annotated[str | None, typer.Option(help="keyword: 0, 1, 7, 30, 90 or 180 days.")] = None,
    sorting: Annotated[str | None, typer.Option(help="keyword: 0 relevance, 1 likes.")] = None,
    country: Annotated[str | None, typer.Option(help="keyword: what is shown there, ISO code.")] = None,
    match_exactly: Annotated[bool, typer.Option("--match-exactly", help="keyword.")] = False,
    alternative_method: Annotated[
        bool, typer.Option("--alternative-method", help="user: the other profile payload.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Start a crawl and print its id."""
    from crawler.rate_limit.limiter import RateLimiter
    from producers.seeds import start as seeding
    from producers.seeds.options import make_spec, seeds

    given = seeds(kind, values or [], input_file, sys.stdin.buffer)
    options = {
        "full": full,
        "days": days,
        "max_cursor": max_cursor,
        "period": period,
        "sorting": sorting,
        "country": country,
        "match_exactly": match_exactly,
        "alternative_method": alternative_method,
    }
    spec = make_spec(
        kind,
        given,
        expand=expand,
        depth=depth,
        max_pages=max_pages,
        max_units=max_units,
        limits=limit or [],
        since=since,
        until=until,
        priority=priority,
        name=name,
        attrs=attr or [],
        options=options,
    )
    settings = _settings()
    store = _store(settings)
    RateLimiter(settings.redis_url).ping()
    _check_broker(settings)
    crawl = seeding.start(store, spec, given, seeding.first_pages(spec, given))
    if not store.workers.all():
        say("no worker is running: start one with `tokcrawl worker`")
    tell({"crawl": crawl, "kind": kind, "seeds": len(given), "name": name} if as_json else crawl, as_json)


@app.command()
def watch(
    crawl: CrawlId,
    timeout: Annotated[float | None, typer.Option(metavar="S", help="Seconds after which to stop watching.")] = None,
    as_json: Json = False,
) -> None:
    """Live progress until the crawl ends or is paused; the exit code tells how."""
    from producers.console import err, out
    from producers.render import rendered
    from producers.watch import watch as follow

    code, told = follow(_store(_settings(), to_read=True), crawl, err(), timeout)
    if as_json:
        tell(told, True)
    else:
        out().print(rendered(told))
    raise typer.Exit(code)


@app.command()
def status(crawl: Annotated[str | None, typer.Argument(metavar="[CRAWL]")] = None, as_json: Json = False) -> None:
    """What a crawl holds, lacks and cost; without CRAWL, the latest crawls."""
    from producers.status import figures, find

    store = _store(_settings(), to_read=True)
    if crawl is None:
        found = [figures(store, document) for document in store.crawls.latest()]
        told: dict[str, Any] = {"crawls": found}
    else:
        told = figures(store, find(store, crawl))
    if as_json:
        tell(told, True)
        return
    from producers.console import out
    from producers.render import listed, rendered
    from producers.watch import note

    out().print(listed(found) if crawl is None else rendered(told, note=note(store, told)))


@app.command()
def pause(crawl: CrawlId) -> None:
    """Stop making calls for a crawl until it is resumed."""
    from producers import control

    say(control.pause(_store(_settings()), crawl))


@app.command()
def resume(
    crawl: CrawlId,
    max_units: Annotated[int | None, typer.Option(min=1, help="The new total of units.")] = None,
    max_pages: Annotated[int | None, typer.Option(min=1, help="The new total of pages.")] = None,
) -> None:
    """Let a paused crawl go on exactly where it was."""
    from crawler.rate_limit.limiter import RateLimiter
    from producers import control

    settings = _settings()
    say(control.resume(_store(settings), RateLimiter(settings.redis_url), crawl, max_units, max_pages))


@app.command()
def cancel(crawl: CrawlId) -> None:
    """End a crawl; what it bought is kept."""
    from producers import control

    say(control.cancel(_store(_settings()), crawl))


@app.command()
def retry(
    crawl: CrawlId,
    kind: Annotated[str | None, typer.Option("--class", metavar="NAME", help="Only failures of this class.")] = None,
) -> None:
    """Replay what failed."""
    from producers import control

    say(control.retry(_store(_settings()), crawl, kind))


@app.command()
def usage(
    days: Annotated[int, typer.Option(min=1, max=90, help="UTC days back from today.")] = 1, as_json: Json = False
) -> None:
    """The ledger beside the provider's own figures, per day; settles unknown charges."""
    from crawler.api.client import ApiClient
    from producers import usage as accounting

    settings = _settings()
    store = _store(settings)
    api = ApiClient(settings.api_url, _token(settings), min(settings.api_timeout, 10))
    told = accounting.settle(store, api, days)
    tell({"days": told} if as_json else accounting.rendered(told), as_json)


@app.command()
def endpoints(as_json: Json = False) -> None:
    """The endpoints of the API: what each takes, holds and costs."""
    from producers.console import out
    from producers.endpoints import catalogue, table

    if as_json:
        tell({"endpoints": catalogue()}, True)
    else:
        out().print(table())


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option("-c", "--concurrency", min=1, help="Calls in flight in all.")] = 32,
    processes: Annotated[int, typer.Option(min=1, help="Processes that share them; one a core serves well.")] = 1,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that calls in flight may take to finish when stopped.")
    ] = 60,
    log_level: Annotated[str | None, typer.Option("-l", "--log-level", help="debug, info, warning or error.")] = None,
) -> None:
    """Buy pages until stopped; waits for servers that are down. One alone drives a crawl to its end."""
    settings = _settings(log_level=log_level)
    _token(settings)
    if log_level is not None:
        os.environ["TOKCRAWL_LOG_LEVEL"] = settings.log_level
    from workers.process import configure_logging
    from workers.supervisor import Supervisor

    configure_logging(settings.log_level)
    raise typer.Exit(Supervisor(settings, max(concurrency, processes), processes, grace).run())


@app.command()
def flower(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5555,
) -> None:
    """Show workers and tasks, by endpoint and argument, in a browser."""
    _check_broker(_settings())
    columns = "name,kwargs,state,worker,received,runtime"
    argv = ["-m", "celery", "-A", "workers.flower", "flower", f"--address={host}", f"--port={port}",
            f"--tasks-columns={columns}", "--max-tasks=20000", "--purge-offline-workers=600"]  # fmt: skip
    say(f"Flower at http://{host}:{port}")
    os.execv(sys.executable, [sys.executable, *argv])  # noqa: S606  # becomes Flower


@app.command()
def up(
    redis_port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    mongo_port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
) -> None:
    """Start Redis (or Valkey) and MongoDB on this machine; no Docker, no root."""
    from producers import stack

    for process in stack.up(_settings().home, redis_port=redis_port, mongo_port=mongo_port).processes:
        say(f"{process.name} runs on port {process.port} (pid {process.pid})")


@app.command()
def down() -> None:
    """Stop what `up` started; the data stays."""
    from producers import stack

    for line in stack.down(_settings().home) or ["nothing was running"]:
        say(line)


@app.command()
def ps(as_json: Json = False) -> None:
    """What runs of the local stack."""
    from producers import stack

    running = stack.ps(_settings().home)
    if as_json:
        tell({"processes": [{"name": p.name, "pid": p.pid, "port": p.port, "log": str(p.log)} for p in running]}, True)
        return
    for process in running:
        tell(f"{process.name}\tpid {process.pid}\tport {process.port}\t{process.log}", False)
    if not running:
        say("nothing runs; start it with `tokcrawl up`")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def sandbox(context: typer.Context) -> None:
    """Run the offline double of the API; `tokcrawl sandbox --help` lists its options."""
    from sandbox.server.main import main as serve

    raise typer.Exit(serve(context.args) or 0)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave Redis and MongoDB running.")] = False,
) -> None:
    """The main job from nothing: local stack, sandbox API, a worker, a crawl and its status."""
    from producers.demo import run

    raise typer.Exit(run(_settings(), keep))


def _token(settings: "Settings") -> str:
    from crawler.model.errors import UsageError

    if token := settings.api_token.get_secret_value():
        return token
    raise UsageError("TOKCRAWL_API_TOKEN is not set; put it into the environment or into .env (the sandbox takes any)")


def _check_broker(settings: "Settings") -> None:
    """Raise UnreachableError where messages could not be sent."""
    if settings.broker_url.startswith("redis"):
        from crawler.rate_limit.limiter import RateLimiter

        RateLimiter(settings.broker_url).ping()
    else:
        from workers.app import make_app
        from workers.publisher import Publisher

        Publisher(make_app(settings), settings.broker_url).ping()


if __name__ == "__main__":
    main()
