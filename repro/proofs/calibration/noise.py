"""The noise of a table: effects of seeds, of documents and of single rows, and what they look like.

A row is one unit of each family (seed 2 and document 17) in one atom (one setting of everything
else). Its departure from the atom's ratio is a sum of one effect for each unit and one of its own;
each kind of effect has a covariance over the atoms, estimated by the method of moments, so that
errors which settings share stay shared.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from repro.contract.proofs.calibration import Errors

LOUD = 4.0


def _lognormal(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return (np.exp(draw.standard_normal(shape)) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)


def _student(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return draw.standard_t(3, shape) / np.sqrt(3)


def _normal(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return draw.standard_normal(shape)


SHAPES: Mapping[Errors, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "normal": _normal,
    "loud_seeds": _normal,
    "skewed_up": _lognormal,
    "skewed_down": lambda draw, shape: -_lognormal(draw, shape),
    "heavy": _student,
    "tied": _normal,
    "tiny": _normal,
    "one_row": _normal,
}
"""Draws of mean 0 and variance 1."""


@dataclass(frozen=True)
class Noise:
    """Roots R of the covariances R^T R: one for each family, and the last for single rows.

    Shape of each: factors x channels (a channel is an atom of a ratio).
    """

    families: tuple[str, ...]
    roots: tuple[np.ndarray, ...]

    def draw(
        self, draw: np.random.Generator, errors: Errors, units: Sequence[np.ndarray]
    ) -> np.ndarray:
        """Departures of the rows, rows x channels, in the unit of the ratios.

        Args:
            draw: source of randomness.
            errors: shape of the effects.
            units: for each family, and last for the rows themselves, the codes of the units of
                each row; shape (columns that name a unit, rows).
        """
        total = np.zeros((units[0].shape[1], self.roots[0].shape[1]))
        for name, root, codes in zip((*self.families, "row"), self.roots, units, strict=True):
            loud = LOUD if errors == "loud_seeds" and name == "seed" else 1.0
            effects = SHAPES[errors](draw, (int(codes.max()) + 1, len(root))) @ root * loud
            for column in codes:
                total += effects[column]
        return self._tied(total) if errors == "tied" else total

    def _tied(self, total: np.ndarray) -> np.ndarray:
        """Rounded to whole standard deviations: about seven levels, and still of mean zero."""
        variance = np.sum([(root**2).sum(axis=0) for root in self.roots], axis=0)
        step = np.where(variance > 0, np.sqrt(variance), 1.0)
        return np.round(total / step) * step


def estimated(
    departures: np.ndarray, units: Sequence[np.ndarray], families: Sequence[str], floor: np.ndarray
) -> Noise:
    """The noise of a balanced table from its departures (rows x channels).

    Two-way layout: the covariance of the rows' own effects from what the family means leave, that
    of a family from its means, less the share of the rows' own. Negative eigenvalues become zero.
    For pairs of units the whole departure is laid to the units, the worse case for the check.
    Channels without any departure get the standard deviation `floor`, as an effect of the first
    family on each of them alone.
    """
    n_units = [int(codes.max()) + 1 for codes in units[:-1]]
    is_paired = [len(codes) > 1 for codes in units[:-1]]
    means = [_means(departures, codes, n) for codes, n in zip(units[:-1], n_units, strict=True)]
    own = departures.copy()
    for mean, codes in zip(means, units[:-1], strict=True):
        own -= sum(mean[column] for column in codes)
    degrees = max(float(np.prod([n - 1 for n in n_units])), 1.0)
    own_covariance = own.T @ own / degrees * (len(n_units) > 1)
    roots = []
    for mean, n, paired in zip(means, n_units, is_paired, strict=True):
        centred = mean - mean.mean(axis=0)
        share = 0.0 if paired else own_covariance * n / len(departures)
        roots.append(_root(centred.T @ centred / max(n - 1, 1) - share))
    silent = np.abs(departures).max(axis=0) == 0
    roots[0] = np.vstack([roots[0], np.diag(floor)[silent]])
    return Noise(tuple(families), (*roots, _root(own_covariance)))


def _means(departures: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    """Effect of each unit: its mean departure, or the solution of all pairs g_a + g_b."""
    sums, counts = np.zeros((n, departures.shape[1])), np.zeros(n)
    for column in codes:
        np.add.at(sums, column, departures)
        np.add.at(counts, column, 1)
    means = sums / counts[:, None]
    return means * ((n - 1) / (n - 2) if n > 2 else 1.0) if len(codes) > 1 else means


def _root(covariance: np.ndarray) -> np.ndarray:
    """Rows are principal factors, signed so that a positive draw raises the channels' sum."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > 1e-12 * max(values.max(), 0.0)
    root = np.sqrt(values[kept])[:, None] * vectors.T[kept]
    root *= np.where(root.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    return root if len(root) else np.zeros((1, len(covariance)))
