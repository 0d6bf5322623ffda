"""Define the command line, `tokcrawl`. Each command imports what it needs when it runs, so that start-up is quick."""

import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.model.enums import Relation, SeedKind
from producers.exit_codes import ExitCode, exit_code_of_error

if TYPE_CHECKING:
    from crawler.settings import Settings
    from crawler.store import Store

app = typer.Typer(
    name="tokcrawl",
    help="Crawl TikTok through EnsembleData: never lose a page, never pay for one twice.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON on stdout.")]
IdOrName = Annotated[str, typer.Argument(metavar="CRAWL", help="A crawl's id or name.")]

_PATIENCE = 5.0  # seconds a command waits for MongoDB


def _either(words: Iterable[str]) -> str:
    """Return `a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}"


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"tokcrawl {version('tokcrawl')}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command and exit at once: pymongo's idle threads would delay the exit by half a second."""
    code = run()
    with suppress(BrokenPipeError):  # e.g. `tokcrawl status | head -1`
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run() -> int:
    """Run a command and return its exit code; an expected error becomes one line, a bug a traceback."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        echo_err("interrupted; running crawls continue")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.OK
    except Exception as error:
        code = exit_code_of_error(error)
        if code is None:
            traceback.print_exc()
            return ExitCode.UNEXPECTED
        echo_err(f"tokcrawl: {error}")
        return code
    return ExitCode.OK


def echo_err(text: str) -> None:
    sys.stderr.write(text + "\n")


def print_data(data: Any, as_json: bool) -> None:
    """Print data on stdout, as one line of JSON or as text."""
    if as_json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(data) + b"\n")
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(f"{data}\n")


def _settings(**flags: Any) -> "Settings":
    from crawler.settings import load

    return load(**flags)


def _store(settings: "Settings", *, read_only: bool = False) -> "Store":
    """Return the database; read-only commands do not create indexes."""
    from crawler.store import Store

    store = Store.connect(settings.mongo_url, settings.mongo_db, connections=4, patience=_PATIENCE)
    if not read_only:
        store.ensure_indexes()
    return store


@app.command()
def seed(
    kind: Annotated[
        str,
        typer.Argument(help=f"What the values are: {_either(SeedKind)}."),
    ],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="VALUE...", help="Names, links or ids; - reads them from stdin.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="A list of seeds: text, CSV, TSV, JSON or TikTok's data export.")
    ] = None,
    column: Annotated[str | None, typer.Option(metavar="NAME", help="The column of a table to read.")] = None,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Report invalid seeds and start with the others.")
    ] = False,
    expand: Annotated[
        str | None, typer.Option(help=f"Relations to follow, comma-separated ({', '.join(Relation)}), or none.")
    ] = None,
    depth: Annotated[int, typer.Option(min=0, help="How many relations away from the seeds to go.")] = 2,
    max_pages: Annotated[int | None, typer.Option(min=1, help="Fetch at most this many pages (API calls).")] = None,
    max_units: Annotated[
        int | None, typer.Option(min=1, help="Spend at most this many units (what the API charges).")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST=N", help="Fetch no further page of a list that has N items, e.g. comments=500."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Don't follow posts older than this day, UTC (they are still stored)."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Don't follow posts newer than this day, UTC (they are still stored)."),
    ] = None,
    priority: Annotated[
        int, typer.Option(min=-5, max=5, help="Each step up doubles the crawl's share of the workers.")
    ] = 0,
    name: Annotated[str | None, typer.Option(help="A name to use in place of the id.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Take the name even if another crawl has it.")] = False,
    attr: Annotated[list[str] | None, typer.Option(metavar="K=V", help="An attribute to store with the crawl.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="hashtag, keyword: one call, which the provider pages itself.")
    ] = False,
    days: Annotated[int | None, typer.Option(min=1, help="hashtag --full: posts of the last N days.")] = None,
    max_cursor: Annotated[int | None, typer.Option(min=1, help="hashtag --full: stop after about N posts.")] = None,
    period: Annotated[str | None, typer.Option(help="keyword: 0, 1, 7, 30, 90 or 180 days.")] = None,
    sorting: Annotated[str | None, typer.Option(help="keyword: sort by 0 (relevance) or 1 (likes).")] = None,
    country: Annotated[
        str | None, typer.Option(help="keyword, live-search: results as seen in this country (ISO code).")
    ] = None,
    match_exactly: Annotated[bool, typer.Option("--match-exactly", help="keyword: exact match only.")] = False,
    alternative_method: Annotated[
        bool, typer.Option("--alternative-method", help="user: fetch the alternative profile format.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,  # noqa: ARG001  # asks nothing yet
    as_json: Json = False,
) -> None:
    """Start a crawl and print its id."""
    from crawler.rate_limit.limiter import RateLimiter
    from producers.seeds.options import build_spec, read_seeds
    from producers.seeds.start import first_pages, refuse_name_in_use, start_crawl

    seeds = read_seeds(
        kind, values or [], input_file, sys.stdin.buffer, column=column, skip_invalid=skip_invalid, note=echo_err
    )
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
    spec = build_spec(
        kind,
        seeds,
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
    if spec.name is not None and not again:
        refuse_name_in_use(store, spec.name)
    RateLimiter(settings.redis_url).ping()
    _check_broker(settings)
    crawl_id = start_crawl(store, spec, seeds, first_pages(spec, seeds))
    if not store.workers.all():
        echo_err("no worker is running: start one with `tokcrawl worker`")
    started = {"crawl": crawl_id, "kind": kind, "seeds": len(seeds), "name": spec.name}
    print_data(started if as_json else crawl_id, as_json)


@app.command()
def watch(
    crawl: IdOrName,
    timeout: Annotated[float | None, typer.Option(metavar="S", help="Stop watching after S seconds.")] = None,
    as_json: Json = False,
) -> None:
    """Show live progress until the crawl ends or is paused; the exit code says which."""
    from producers.console import stderr_console, stdout_console
    from producers.render import render_status
    from producers.watch import watch_crawl

    code, status = watch_crawl(_store(_settings(), read_only=True), crawl, stderr_console(), timeout)
    if as_json:
        print_data(status, True)
    else:
        stdout_console().print(render_status(status))
    raise typer.Exit(code)


@app.command()
def status(
    crawl: Annotated[str | None, typer.Argument(metavar="[CRAWL]", help="A crawl's id or name.")] = None,
    as_json: Json = False,
) -> None:
    """Show a crawl's progress, gaps and cost; without CRAWL, list the latest crawls."""
    from producers.console import stdout_console
    from producers.render import render_list, render_status
    from producers.status import crawl_status, find_crawl
    from producers.watch import blocked_note

    store = _store(_settings(), read_only=True)
    if crawl is None:
        statuses = [crawl_status(store, document) for document in store.crawls.latest()]
        data, text = {"crawls": statuses}, render_list(statuses)
    else:
        data = crawl_status(store, find_crawl(store, crawl))
        text = render_status(data, note=blocked_note(store))
    if as_json:
        print_data(data, True)
    else:
        stdout_console().print(text)


@app.command()
def pause(crawl: IdOrName) -> None:
    """Pause a crawl: make no calls for it until it is resumed."""
    from producers import control

    echo_err(control.pause(_store(_settings()), crawl))


@app.command()
def resume(
    crawl: IdOrName,
    max_units: Annotated[int | None, typer.Option(min=1, help="New total budget in units.")] = None,
    max_pages: Annotated[int | None, typer.Option(min=1, help="New total budget in pages.")] = None,
) -> None:
    """Resume a paused crawl exactly where it stopped."""
    from crawler.rate_limit.limiter import RateLimiter
    from producers import control

    settings = _settings()
    echo_err(control.resume(_store(settings), RateLimiter(settings.redis_url), crawl, max_units, max_pages))


@app.command()
def cancel(crawl: IdOrName) -> None:
    """Cancel a crawl; everything it fetched is kept."""
    from producers import control

    echo_err(control.cancel(_store(_settings()), crawl))


@app.command()
def retry(
    crawl: IdOrName,
    kind: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Only failures of this class, as `status` names it.")
    ] = None,
) -> None:
    """Fetch failed pages again."""
    from producers import control

    echo_err(control.retry(_store(_settings()), crawl, kind))


@app.command()
def reread(
    crawl: Annotated[str | None, typer.Argument(metavar="CRAWL", help="A crawl's id or name; all without it.")] = None,
    endpoint: Annotated[str | None, typer.Option(metavar="NAME", help="Only answers of this endpoint.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Fetch what follows from them, also where the crawl has ended.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read kept answers again with today's parsers; buys nothing."""
    from producers.reread import render_reread, reread_crawls

    rows = reread_crawls(_store(_settings()), crawl, endpoint, plan)
    print_data({"crawls": rows} if as_json else render_reread(rows), as_json)


@app.command()
def doctor(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ENDPOINT...", help="Which endpoints; the cheap ones without it.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Buy one page of each and compare it with the table.")] = False,
    arg: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What to ask for, e.g. hashtag=cats.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Buy without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Check the API: report in words where its answers deviate from what the crawler expects."""
    from crawler.api.client import ApiClient
    from crawler.model.errors import UsageError
    from producers.doctor import live as doctor_live
    from producers.doctor.questions import Questions, chosen

    if not live:
        raise UsageError("give --live: it buys a page of each endpoint; the price is shown first")
    given = dict(one.partition("=")[::2] for one in arg or [])
    questions, wanted = Questions(given), chosen(names or [])
    questions.plan(wanted)
    settings = _settings()
    api = ApiClient(settings.api_url, _token(settings), settings.api_timeout)
    store = _store(settings)
    line = doctor_live.price_line(wanted)
    if yes:
        echo_err(line)
    elif not doctor_live.confirm(line):
        raise typer.Exit(ExitCode.UNEXPECTED)

    def show(visit: doctor_live.Visit) -> None:
        text = doctor_live.visit_line(visit)
        echo_err(text) if as_json else print_data(text, False)

    crawl_id, visits = doctor_live.LiveDoctor(store, api, settings.day_units).run(wanted, questions, show)
    report = doctor_live.report(crawl_id, visits)
    if as_json:
        print_data(report, True)
    else:
        echo_err(f"{report['deviations']} deviations, {report['units']} units; crawl {crawl_id} has the answers")
    raise typer.Exit(ExitCode.UNEXPECTED if report["deviations"] else ExitCode.OK)


@app.command()
def usage(
    days: Annotated[int, typer.Option(min=1, max=90, help="Number of UTC days, today included.")] = 1,
    settle: Annotated[
        bool, typer.Option("--settle", help="Settle today's unconfirmed charges too: no call is in flight.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare the ledger with the provider's usage per day, and resolve unconfirmed charges."""
    from crawler.api.client import ApiClient
    from producers.usage import reconcile, render_usage

    settings = _settings()
    store = _store(settings)
    api = ApiClient(settings.api_url, _token(settings), min(settings.api_timeout, 10))
    rows = reconcile(store, api, days, settle)
    print_data({"days": rows} if as_json else render_usage(rows), as_json)


@app.command()
def endpoints(as_json: Json = False) -> None:
    """List the API's endpoints: what each takes, returns at most and costs."""
    from producers.console import stdout_console
    from producers.endpoints import endpoint_rows, endpoint_table

    if as_json:
        print_data({"endpoints": endpoint_rows()}, True)
    else:
        stdout_console().print(endpoint_table())


@app.command()
def worker(
    concurrency: Annotated[
        int, typer.Option("-c", "--concurrency", min=1, help="Calls in flight at once, over all processes.")
    ] = 32,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes that share these calls; about one per CPU core.")
    ] = 1,
    grace: Annotated[float, typer.Option(min=0, help="Seconds that calls in flight get to finish on shutdown.")] = 60,
    log_level: Annotated[str | None, typer.Option("-l", "--log-level", help="debug, info, warning or error.")] = None,
) -> None:
    """Run a worker until stopped; one is enough to finish a crawl. Waits for servers that are down."""
    settings = _settings(log_level=log_level)
    token = _token(settings)
    if log_level is not None:
        os.environ["TOKCRAWL_LOG_LEVEL"] = settings.log_level
    from workers.process import configure_logging
    from workers.supervisor import Supervisor

    configure_logging(settings.log_level)
    _check_servers(settings, token)
    raise typer.Exit(Supervisor(settings, max(concurrency, processes), processes, grace).run())


@app.command()
def flower(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5555,
) -> None:
    """Serve Flower: workers and tasks, by endpoint and argument, in a browser."""
    _check_broker(_settings())
    columns = "name,kwargs,state,worker,received,runtime"
    argv = ["-m", "celery", "-A", "workers.flower", "flower", f"--address={host}", f"--port={port}",
            f"--tasks-columns={columns}", "--max-tasks=20000", "--purge-offline-workers=600"]  # fmt: skip
    echo_err(f"Flower is at http://{host}:{port}")
    os.execv(sys.executable, [sys.executable, *argv])  # noqa: S606  # becomes Flower


@app.command()
def up(
    redis_port: Annotated[int, typer.Option(help="0 picks a free port.")] = 0,
    mongo_port: Annotated[int, typer.Option(help="0 picks a free port.")] = 0,
) -> None:
    """Start Redis (or Valkey) and MongoDB on this machine; no Docker, no root."""
    from producers import stack

    for process in stack.up(_settings().home, redis_port=redis_port, mongo_port=mongo_port).processes:
        echo_err(f"{process.name} is running on port {process.port} (pid {process.pid})")


@app.command()
def down() -> None:
    """Stop what `up` started; the data is kept."""
    from producers import stack

    for line in stack.down(_settings().home) or ["nothing was running"]:
        echo_err(line)


@app.command()
def ps(as_json: Json = False) -> None:
    """Show the local Redis and MongoDB."""
    from producers import stack

    running = stack.ps(_settings().home)
    if as_json:
        print_data(
            {"processes": [{"name": p.name, "pid": p.pid, "port": p.port, "log": str(p.log)} for p in running]}, True
        )
        return
    for process in running:
        print_data(f"{process.name}\tpid {process.pid}\tport {process.port}\t{process.log}", False)
    if not running:
        echo_err("nothing is running; start it with `tokcrawl up`")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def sandbox(context: typer.Context) -> None:
    """Run the sandbox, an offline double of the API; `tokcrawl sandbox --help` lists its options."""
    from sandbox.server.main import main as serve

    raise typer.Exit(serve(context.args) or 0)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave Redis and MongoDB running.")] = False,
) -> None:
    """A complete run from scratch: local stack, sandbox API, a worker, a crawl and its status."""
    from producers.demo import run

    raise typer.Exit(run(_settings(), keep))


def _token(settings: "Settings") -> str:
    from crawler.model.errors import UsageError

    if token := settings.api_token.get_secret_value():
        return token
    raise UsageError("TOKCRAWL_API_TOKEN is not set; set it in the environment or in .env (the sandbox accepts any)")


def _check_servers(settings: "Settings", token: str) -> None:
    """Raise UsageError for a URL, token or proxy that cannot be used: a worker would wait for it without end."""
    from crawler.api.client import ApiClient
    from crawler.rate_limit.limiter import RateLimiter
    from workers.app import make_app

    ApiClient(settings.api_url, token, settings.api_timeout).close()
    RateLimiter(settings.redis_url)
    if _is_plain_redis(settings.broker_url):
        RateLimiter(settings.broker_url, setting="TOKCRAWL_BROKER_URL")
    make_app(settings)
    _store(settings, read_only=True).close()


def _is_plain_redis(url: str) -> bool:
    return url.startswith(("redis://", "rediss://")) and ";" not in url


def _check_broker(settings: "Settings") -> None:
    """Raise UnreachableError if messages cannot be sent."""
    if _is_plain_redis(settings.broker_url):
        from crawler.rate_limit.limiter import RateLimiter

        RateLimiter(settings.broker_url, setting="TOKCRAWL_BROKER_URL").ping()
    else:
        from workers.app import make_app
        from workers.publisher import Publisher

        Publisher(make_app(settings), settings.broker_url).ping()


if __name__ == "__main__":
    main()
