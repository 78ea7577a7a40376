"""How good a dictionary is on given activations: sparsity, variance unexplained, units in use."""

from typing import Any

from torch import Tensor

from repro.maker.dictionaries.evaluate import Reconstruction, reconstruct
from repro.maker.dictionaries.metrics import moments_of, use_of
from repro.maker.dictionaries.model import Dictionary, Transform

FREQUENT, EFFECTIVE = 0.01, 0.1
"""As `fidelity.frequent_share` and `fidelity.effective_share`."""


def measured(
    dictionary: Dictionary, transform: Transform, x: Tensor, document: Tensor
) -> Reconstruction:
    """Reconstruction of activations of the language model, in the dictionary's own units."""
    z = transform.forward(x.float())
    return reconstruct(dictionary, z, document.long(), moments_of(z))


def quality(found: Reconstruction) -> dict[str, Any]:
    """L0, FVU (ratio of sums over all tokens) and shares of units in use."""
    assert found.removal is not None  # `measured` asks for it
    n_tokens, sums = int(found.n_tokens.sum()), found.sums
    use = use_of(
        found.firings,
        found.removal,
        sums,
        n_tokens,
        frequent_share=FREQUENT,
        effective_share=EFFECTIVE,
    )
    n_features = len(found.firings)
    return {
        "l0": float(sums.active.sum()) / n_tokens,
        "fvu": float(sums.squared_error.sum() / sums.variance.sum()),
        "frac_frequent": use.n_frequent / n_features,
        "frac_effective": use.n_effective / n_features,
        "frac_silent": int((found.firings == 0).sum()) / n_features,
    }


def at_equal_l0(points: list[dict[str, Any]], grid: tuple[float, ...]) -> list[float | None]:
    """FVU at given L0, between the two nearest points straight in (ln L0, ln FVU).

    None outside the range of the points: nothing is extrapolated.
    """
    from numpy import exp, interp, log

    ordered = sorted(points, key=lambda point: point["l0"])
    l0, fvu = ([point[name] for point in ordered] for name in ("l0", "fvu"))
    return [
        float(exp(interp(log(at), log(l0), log(fvu)))) if l0[0] <= at <= l0[-1] else None
        for at in grid
    ]
