"""Prints what a scenario found and writes it to `benchmarks/results/`."""

import json
from collections.abc import Mapping, Sequence

from benchmarks.report import RESULTS, machine

Row = Mapping[str, float]


def write(name: str, rows: Sequence[Row], *, quick: bool) -> None:
    """Quick runs prove that the script works; their figures are printed only."""
    table = markdown(rows)
    print(table)
    if quick:
        return
    where = machine()
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": where, "rows": list(rows)}, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(
        f"# {name.capitalize()}\n\n{where['date']}, commit {where['commit']}: {where['cores']} cores ({where['cpu']}), "
        f"Python {where['python']}.\n\n{table}\n"
    )


def _cell(value: float) -> str:
    return f"{value:.4g}" if value < 1e4 else f"{value:,.0f}"


def markdown(rows: Sequence[Row]) -> str:
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "--:|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in columns) + " |" for row in rows]
    return "\n".join(lines)
