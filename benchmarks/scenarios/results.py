"""Prints what a scenario found and writes it to `benchmarks/results/`."""

import json
from collections.abc import Mapping, Sequence

from benchmarks.report import RESULTS, machine

Row = Mapping[str, float | str]


def write(name: str, *tables: Sequence[Row], quick: bool) -> None:
    """Quick runs prove that the script works; their figures are printed only."""
    table = "\n\n".join(map(markdown, tables))
    print(table)
    if quick:
        return
    where = machine()
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": where, "tables": tables}, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(
        f"# {name.capitalize()}\n\n{where['date']}, commit {where['commit']}: {where['cores']} cores ({where['cpu']}), "
        f"Python {where['python']}.\n\n{table}\n"
    )


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.4g}" if value < 1e4 else f"{value:,.0f}"


def markdown(rows: Sequence[Row]) -> str:
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "--:|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in columns) + " |" for row in rows]
    return "\n".join(lines)
