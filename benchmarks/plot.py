"""Draws a comparison: pages a second and CPU a page, a bar for each peer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

_OURS, _OTHERS = "#1f6f8b", "#b8c4c9"


def plot(whole: Mapping[str, Any], path: Path) -> None:
    told = whole["medians"]
    figure, axes = plt.subplots(1, 2, figsize=(11, 0.6 * len(told) + 1.6), layout="constrained")
    panels = (
        ("pages_per_s", "pages per second (longer is better)"),
        ("worker_ms", "worker CPU, ms per page (shorter is better)"),
    )
    for axis, (name, title) in zip(axes, panels, strict=True):
        peers = list(told)[::-1]
        values = [told[peer][name] for peer in peers]
        spread = [
            [value - told[peer][f"{name}_low"] for peer, value in zip(peers, values, strict=True)],
            [told[peer][f"{name}_high"] - value for peer, value in zip(peers, values, strict=True)],
        ]
        colours = [_OURS if peer == "tokcrawl" else _OTHERS for peer in peers]
        bars = axis.barh(peers, values, color=colours, xerr=spread, error_kw={"ecolor": "#555555", "capsize": 3})
        axis.bar_label(bars, [f" {value:.3g}" for value in values], padding=6)
        axis.set_title(title, fontsize=10)
        axis.margins(x=0.2)
        axis.spines[["top", "right"]].set_visible(False)
    where = whole["machine"]
    figure.suptitle(
        f"{whole['latency_s']:g} s latency, {where['cores']} cores shared with Redis, MongoDB and the API double; "
        f"medians of {whole['rounds']} rounds, {where['date'][:10]}",
        fontsize=9, color="#555555",
    )  # fmt: skip
    figure.savefig(path, dpi=130)
    plt.close(figure)
