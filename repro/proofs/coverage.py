"""`python -m repro.proofs.coverage`: how often the judge's interval holds a truth that is known.

    y_sd = a_s + b_d + e_sd,   truth 0,   estimate = mean over s and d

The interval is the judge's own jackknife over seeds s and documents d. Normal errors are the case
for which Student's t is made; three units are too few to see that theirs are skewed.
"""

import datetime
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from repro.console import command
from repro.contract.proofs.coverage import Coverage, Covered, Shape, write_coverage
from repro.judge.stats import Interval, family_of, intervals, jackknife, leave_out_sums
from repro.proofs.calibration.noise import SHAPES as DRAWN

SEEDS = (3, 5, 10)
BATCH = 500
"""Draws at once: sums of a batch are kept in memory."""


class Layout(NamedTuple):
    """Who errs: standard deviations of the effects of seeds, of the others, and of single rows."""

    name: str
    others: int
    of_seeds: float
    of_others: float
    of_rows: float


LAYOUTS = (
    Layout("seeds and 64 documents, seeds err most", 64, 1.0, 1.0, 1.0),
    Layout("seeds and 64 documents, documents err most", 64, 0.02, 1.0, 0.2),
    Layout("seeds and 3 draws, both err alike", 3, 1.0, 1.0, 0.2),
    Layout("seeds alone", 1, 1.0, 0.0, 0.0),
)


def _jumping(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal, but one in ten is moved by five standard deviations; mean 0 and variance 1."""
    jumps = 5.0 * ((draw.random(shape) < 0.1) - 0.1)
    return (draw.standard_normal(shape) + jumps) / np.sqrt(1 + 25 * 0.09)


SHAPES: Mapping[Shape, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "normal": DRAWN["normal"],
    "skewed": DRAWN["skewed_up"],
    "jumping": _jumping,
}


def covered(
    layout: Layout, shape: Shape, seeds: int, draws: int, seed: int, confidence: float
) -> Covered:
    """Draw evidence of truth 0 and count where the judge's intervals lie."""
    draw, of = np.random.default_rng(seed), SHAPES[shape]
    lows, highs, thetas = [], [], []
    for start in range(0, draws, BATCH):
        n = min(BATCH, draws - start)
        effects = layout.of_seeds * of(draw, (seeds, 1, n))
        effects = effects + layout.of_others * of(draw, (1, layout.others, n))
        rows = effects + layout.of_rows * draw.standard_normal((seeds, layout.others, n))
        for found in _intervals(rows, confidence):
            lows.append(found.low)
            highs.append(found.high)
            thetas.append(found.estimate)
    low, high, theta = np.array(lows), np.array(highs), np.array(thetas)
    return Covered(
        layout=layout.name,
        shape=shape,
        seeds=seeds,
        others=layout.others,
        covers=float(((low <= 0) & (high >= 0)).mean()),
        below=float((high < 0).mean()),
        above=float((low > 0).mean()),
        half_width=float(np.median(high - theta)),
    )


def _intervals(rows: np.ndarray, confidence: float) -> list[Interval]:
    """The judge's interval of the mean of each draw; `rows` is (seeds, others, draws)."""
    n_seeds, n_others, n = rows.shape
    seed, other = (one.ravel() for one in np.indices((n_seeds, n_others)))
    one_stratum = np.zeros(len(seed), dtype=int)
    units = {"seed": seed, "other": other} if n_others > 1 else {"seed": seed}
    families = [family_of(name, [column], one_stratum) for name, column in units.items()]
    counted = np.column_stack([rows.reshape(-1, n), np.ones(len(seed))])
    sums = leave_out_sums(counted, one_stratum, 1, families)[:, 0]
    found = jackknife(sums[:, :-1] / sums[:, -1:], [one.n_groups for one in families])
    return intervals(found, confidence)


def main(
    out: Annotated[Path, typer.Option(metavar="FILE", help="What was counted.")],
    draws: Annotated[int, typer.Option(min=100, help="Draws in each world.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all draws.")] = 0,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the interval.")] = 0.95,
) -> None:
    """Count how often intervals hold the truth, by who errs and how."""
    worlds = list(product(LAYOUTS, SHAPES, SEEDS))
    with typer.progressbar(worlds, label="drawing evidence") as bar:
        found = [covered(*world, draws, seed, confidence) for world in bar]
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    report = Coverage(date=today, draws=draws, seed=seed, confidence=confidence, worlds=found)
    write_coverage(out, report)
    for one in found:
        typer.echo(
            f"{one.layout}, {one.shape}, {one.seeds} seeds: covers {one.covers:.1%}, tails "
            f"{one.below:.1%} and {one.above:.1%}, half-width {one.half_width:.2f}"
        )


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m repro.proofs.coverage")
