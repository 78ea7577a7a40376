"""The figure of the language model's loss when its activations are replaced."""

import numpy as np
from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.report.figures.curves import Curve, SumRatio, curve, groups
from repro.report.figures.palette import LEVELS, METHODS
from repro.report.figures.style import legend_above, panel
from repro.report.figures.tradeoff import (
    L0,
    L0_LABEL,
    PLAIN,
    compared,
    of_grid,
    plain_log_x,
)

ADDED_LABEL = "added loss (nats per token)"


def added_loss(spliced: Table, fidelity: Table) -> Figure:
    """Added loss against L0, each method, with zero and mean ablation as horizontal lines.

    L0 is that of the same dictionary in the fidelity table.
    """
    figure, axes = panel(L0_LABEL, ADDED_LABEL)
    added = _added(spliced)
    for method, losses in compared(added):
        look = METHODS[method]
        points = _joined(losses, of_grid(fidelity, method), look.knob)
        if len(points.x):
            axes.plot(points.x, points.y, **look.pointed, label=look.label)
    for ablation in ("zero", "mean"):
        look = LEVELS[ablation]
        height = SumRatio(f"added_{ablation}", "n_predictions").of(added)
        axes.axhline(height, **look.stroke, label=look.label)
    # Dictionaries add tenths of a nat and ablations several: linear up to 0.1, then logarithmic.
    axes.set_yscale("symlog", linthresh=0.1, linscale=0.4)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.yaxis.set_major_formatter(PLAIN)
    plain_log_x(axes)
    legend_above(figure, axes)
    return figure


def _added(table: Table) -> Table:
    losses = {name: table.columns[f"loss_{name}"] for name in ("spliced", "zero", "mean")}
    clean = table.columns["loss_clean"]
    return table.replace(**{f"added_{name}": loss - clean for name, loss in losses.items()})


def _joined(losses: Table, codes: Table, knob: str) -> Curve:
    l0 = {value: L0.of(rows) for value, rows in groups(codes, knob)}
    heights = curve(losses, knob, None, SumRatio("added_spliced", "n_predictions"))
    pairs = [(l0[at], y) for at, y in zip(heights.x.tolist(), heights.y, strict=True) if at in l0]
    return Curve(*np.array(sorted(pairs), dtype=float).reshape(-1, 2).T)
