"""The figure of a claim's power: how often it is supported, by how far the truth is inside it."""

from pathlib import Path

from repro.contract.proofs.calibration import Calibration, ClaimCalibration
from repro.files import write_bytes
from repro.proofs.calibration.summary import WANTED_POWER
from repro.report.figures.style import BLUE, GREY, panel, style
from repro.report.figures.svg import standalone, svg_of


def write_figures(found: Calibration, folder: Path) -> None:
    """Write `power_<id>.svg` for each claim whose check was tried beyond a boundary; no other."""
    drawn = {folder / f"power_{one.id}.svg": one for one in found.claims if _is_drawn(one)}
    for path, one in drawn.items():
        write_bytes(path, power_figure(one).encode())
    for stale in {*folder.glob("power_*.svg")} - {*drawn}:
        stale.unlink()


def _is_drawn(one: ClaimCalibration) -> bool:
    return one.control is None and bool(one.curves)


def power_figure(one: ClaimCalibration) -> str:
    """The power curve of a claim's first condition, with 95 % bounds and the smallest effect."""
    curve = one.curves[0]
    effects = [point.effect for point in curve.points]
    rates = [point.supported for point in curve.points]
    with style():
        figure, axes = panel(f"truth inside the claim by ({curve.unit})", "share supported")
        lower, upper = [rate.lower for rate in rates], [rate.upper for rate in rates]
        axes.fill_between(effects, lower, upper, color=BLUE, alpha=0.2, linewidth=0)
        axes.plot(effects, [rate.share for rate in rates], color=BLUE, marker="o")
        axes.axhline(WANTED_POWER, color=GREY, linestyle=":")
        if curve.smallest_effect is not None:
            axes.axvline(curve.smallest_effect, color=GREY, linestyle=":")
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0)
        title = f"How often {one.id} is supported, by how far the truth is inside: {curve.edge}"
        return standalone(svg_of(figure, f"power_{one.id}", title))
