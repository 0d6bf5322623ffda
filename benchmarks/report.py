"""Writes results down: JSON with every run, a Markdown table and ratios of medians, with machine and versions."""

import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.compare import Comparison
from benchmarks.environment import ROOT
from benchmarks.measure import medians
from producers.stack.servers import SERVERS, find_program

RESULTS = ROOT / "benchmarks" / "results"
_PACKAGES = (
    "celery",
    "ensembledata",
    "httpx",
    "kombu",
    "orjson",
    "pymongo",
    "redis",
    "scrapy",
    "scrapy-redis",
    "urllib3",
)
_AGAINST = ("scrapy", "scrapy-threaded", "scrapy-redis", "floor", "sdk-threads")


def machine() -> dict[str, Any]:
    """Where and with what it was measured."""
    model = next(
        (line.split(":")[1].strip() for line in _text("/proc/cpuinfo").splitlines() if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": model,
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "servers": {server.name: _said(str(find_program(server))) for server in SERVERS},
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "--", *_CODE) else ""),
    }


_CODE = ("crawler", "workers", "producers")
_COLUMNS = ("", "pages", "pages/s", "to last request", "CPU ms/page: workers", "redis", "mongod", "sandbox",
            "memory MB", "start-up CPU s", "repeated", "others' cores")  # fmt: skip


def ratios(told: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """tokcrawl's medians over those of others."""
    ours = told.get("tokcrawl")
    if ours is None:
        return {}
    return {
        name: {
            "pages_per_s": ours["pages_per_s"] / told[name]["pages_per_s"],
            "worker_ms": ours["worker_ms"] / told[name]["worker_ms"],
        }
        for name in _AGAINST
        if name in told
    }


def write(found: Comparison, name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """JSON, Markdown and plot; returns what the JSON holds."""
    told = {peer: medians(found.of(peer)) for peer in found.peers}
    whole = {
        "machine": machine(),
        "latency_s": found.latency,
        "rounds": found.rounds,
        "medians": told,
        "ratios": ratios(told),
        "sandbox": None if found.sandbox is None else vars(found.sandbox),
        "runs": [run.row() for run in found.runs],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n")
    (folder / f"{name}.md").write_text(markdown(whole))
    from benchmarks.plot import plot

    plot(whole, folder / f"{name}.png")
    return whole


def markdown(whole: Mapping[str, Any]) -> str:
    """The table of medians and the ratios, with what the columns mean."""
    where, told = whole["machine"], whole["medians"]
    lines = [
        f"# Comparison at {whole['latency_s']:g} s latency",
        "",
        f"{where['date']}, commit {where['commit']}: {where['cores']} cores ({where['cpu']}), {where['memory_gb']} GB, "
        f"{where['system']}, Python {where['python']}; "
        + ", ".join(f"{name} {number}" for name, number in where["packages"].items())
        + "; " + "; ".join(where["servers"].values()) + ".",
        "",
        f"Medians of {whole['rounds']} rounds in turn, lowest and highest in brackets. Pages/s run from the first "
        "request's arrival at the API to the end of the last write. CPU is user and system time from ready to the "
        "crawl's end, so start-up and imports stay out (a column of their own). Memory is the peak of the workers' "
        "proportional set size. Others' cores is what the rest of the machine used meanwhile, the hypervisor's theft "
        "included. Every peer stored the same ids in all collections.",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|---|" + "--:|" * (len(_COLUMNS) - 1),
    ]  # fmt: skip
    lines += [f"| {' | '.join([peer, *_cells(row)])} |" for peer, row in told.items()]
    if whole["ratios"]:
        lines += ["", "| tokcrawl over | pages/s | worker CPU per page |", "|---|--:|--:|"]
        lines += [f"| {n} | {r['pages_per_s']:.2f} x | {r['worker_ms']:.2f} x |" for n, r in whole["ratios"].items()]
    if served := whole["sandbox"]:
        lines += [
            "",
            f"The sandbox alone served {served['pages_per_s']:.0f} of these pages a second ({served['kb']:.1f} kB each)"
            f" to one process that does not read them, at {served['ms']:.2f} ms of its CPU a page.",
        ]
    return "\n".join(lines) + "\n"


def _cells(row: Mapping[str, float]) -> list[str]:
    rate, low, high = row["pages_per_s"], row["pages_per_s_low"], row["pages_per_s_high"]
    return [
        f"{row['pages']:.0f}",
        f"{rate:.0f} ({low:.0f}-{high:.0f})",
        f"{row['asked_per_s']:.0f}",
        f"{row['worker_ms']:.2f} ({row['worker_ms_low']:.2f}-{row['worker_ms_high']:.2f})",
        *(f"{row[name]:.2f}" for name in ("redis_ms", "mongo_ms", "sandbox_ms")),
        f"{row['peak_mb']:.0f}",
        f"{row['startup_s']:.1f}",
        f"{row['repeated']:.0f}",
        f"{row['others']:.2f}",
    ]


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _said(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
