"""Evidence of known truth: rows of a real table, ratios that we set, noise that we draw."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from repro.contract.evidence import Table
from repro.contract.proofs.calibration import Errors
from repro.proofs.calibration.noise import Noise
from repro.spec.quantities import Ratio

KEEPS: Mapping[Errors, int] = {"tiny": 2, "one_row": 1}
"""Units of each family that are left where there is too little evidence."""


@dataclass(frozen=True)
class Channels:
    """What is true of one ratio: its value in each atom, and the factor on its noise there."""

    ratio: Ratio
    truth: np.ndarray
    loudness: np.ndarray


@dataclass(frozen=True)
class World:
    """One table of known truth.

    `atom` gives the atom of each row; `units` the unit codes of each row, as `Noise.draw` wants
    them. The numerator of a row is drawn as truth * denominator + mean denominator * noise, so
    that the ratio of sums has just the stated truth, whatever the shape of the noise.
    """

    table: Table
    atom: np.ndarray
    units: tuple[np.ndarray, ...]
    noise: Noise
    channels: tuple[Channels, ...]

    def channel_of(self, ratio: Ratio) -> int:
        """Index of the channels that hold a ratio."""
        return next(i for i, one in enumerate(self.channels) if same(one.ratio, ratio))

    def moved(self, ratio: Ratio, shifts: np.ndarray) -> "World":
        """The world in which a ratio, or its logarithm, is higher by `shifts` (one an atom)."""
        index = self.channel_of(ratio)
        one = self.channels[index]
        if ratio.scale == "log":
            factor = np.exp(shifts)
            moved = replace(one, truth=one.truth * factor, loudness=one.loudness * factor)
        else:
            moved = replace(one, truth=one.truth + shifts)
        channels = (*self.channels[:index], moved, *self.channels[index + 1 :])
        return replace(self, channels=channels)

    def still(self) -> Table:
        """The evidence without noise."""
        return self._written(np.zeros((len(self.table), self._n_channels)))

    def drawn(self, draw: np.random.Generator, errors: Errors) -> Table:
        """One draw of the evidence."""
        table = self._written(self.noise.draw(draw, errors, self.units))
        return table if errors not in KEEPS else table.rows(self._first_units(KEEPS[errors]))

    @property
    def _n_channels(self) -> int:
        return sum(len(one.truth) for one in self.channels)

    def _first_units(self, n: int) -> np.ndarray:
        return np.all([(codes < n).all(axis=0) for codes in self.units[:-1]], axis=0)

    def _written(self, noise: np.ndarray) -> Table:
        columns, start, rows = {}, 0, np.arange(len(self.table))
        for one in self.channels:
            departure = noise[rows, start + self.atom] * one.loudness[self.atom]
            columns |= written(self.table, one.ratio, self.atom, one.truth[self.atom], departure)
            start += len(one.truth)
        return self.table.replace(**columns)


def written(
    table: Table, ratio: Ratio, atom: np.ndarray, truth: np.ndarray, departure: np.ndarray
) -> dict[str, np.ndarray]:
    """The column that gives each row its ratio: the numerator, or what is subtracted from it."""
    under = denominators(table, ratio)
    mean = (np.bincount(atom, under) / np.bincount(atom))[atom]
    numerator = truth * under + departure * mean
    if ratio.over in (ratio.under, ratio.under_less) and ratio.less:
        return {ratio.less: table.columns[ratio.over] - numerator}
    return {ratio.over: numerator + (table.columns[ratio.less] if ratio.less else 0.0)}


def denominators(table: Table, ratio: Ratio) -> np.ndarray:
    """The denominator of each row."""
    under = table.columns[ratio.under].astype(float)
    return under - table.columns[ratio.under_less] if ratio.under_less else under


def numerators(table: Table, ratio: Ratio) -> np.ndarray:
    """The numerator of each row."""
    over = table.columns[ratio.over].astype(float)
    return over - table.columns[ratio.less] if ratio.less else over


def same(a: Ratio, b: Ratio) -> bool:
    """Whether two ratios are of the same columns, whatever their scale."""
    return (a.over, a.less, a.under, a.under_less) == (b.over, b.less, b.under, b.under_less)
