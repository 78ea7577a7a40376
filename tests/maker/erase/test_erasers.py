"""Erasers: LEACE leaves no linear trace, a feature takes away what it adds and nothing else."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from repro.maker.decompositions.decomposition import Decomposition, Knob
from repro.maker.dictionaries.model import Dictionary, Transform, unit_rows
from repro.maker.erase.erasers import Feature, Projection, leace, likest, mean_difference
from tests.examples import FEW

D = 6


def drawn(seed: int, n: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
    """Correlated activations with a class in two directions of them."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    mixed = rng.standard_normal((n, D)) @ rng.standard_normal((D, D))
    shift = np.outer(label, rng.standard_normal(D) * 2)
    return torch.from_numpy(mixed + shift + 3.0).float(), torch.from_numpy(label)


def decomposition(seed: int) -> Decomposition:
    generator = torch.Generator().manual_seed(seed)
    rows = unit_rows(torch.randn(9, D, generator=generator))
    transform = Transform(torch.randn(D, generator=generator), 0.7)
    return Decomposition(
        Dictionary(rows, torch.zeros(9), rows, "relu", 0), transform, Knob("none", 0)
    )


def gap(x: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    return x[label == 1].double().mean(dim=0) - x[label == 0].double().mean(dim=0)


@FEW
@given(st.integers(0, 10_000))
def test_leace_leaves_equal_class_means_and_so_no_linear_trace(seed: int):
    """Belrose et al. 2023, theorem 3.1: what no linear classifier tells has equal class means."""
    x, label = drawn(seed)
    erased = x - leace(x, label)(x)
    assert float(gap(erased, label).norm()) < 1e-3 * float(gap(x, label).norm())
    probe = LogisticRegression(C=1e3).fit(erased.numpy(), label.numpy())
    assert probe.score(erased.numpy(), label.numpy()) < 0.58


@FEW
@given(st.integers(0, 10_000))
def test_leace_is_the_closed_form_of_its_theorem(seed: int):
    """r(x) = x - W^+ P W (x - mu), W = cov^(-1/2), P onto W cov(x, z); fewest squares in cov."""
    x, label = drawn(seed, n=20_000)
    x, z = x.double(), label.double()
    centred = x - x.mean(dim=0)
    cov, cross = centred.T @ centred / len(x), centred.T @ (z - z.mean()) / len(x)
    values, vectors = torch.linalg.eigh(cov)
    white, back = (vectors * values**p @ vectors.T for p in (-0.5, 0.5))
    u = white @ cross / (white @ cross).norm()
    expected = centred @ (back @ torch.outer(u, u) @ white).T
    found = leace(x, label)(x)
    # The library shrinks the covariance a little, and never lets the variance rise.
    assert float((found - expected).norm() / expected.norm()) < 0.25
    torch.testing.assert_close(x - found, x - expected, rtol=0.2, atol=float(0.5 * x.std()))


@FEW
@given(st.integers(0, 10_000))
def test_the_difference_of_means_is_gone_along_itself_and_the_rest_is_left(seed: int):
    x, label = drawn(seed)
    eraser = mean_difference(x, label)
    erased = x - eraser(x)
    assert float(eraser.direction.norm()) == pytest.approx(1.0, abs=1e-5)
    assert float((gap(erased, label) @ eraser.direction.double()).abs()) < 1e-4
    torch.testing.assert_close(erased - eraser(erased), erased, rtol=1e-4, atol=1e-4)
    across = torch.eye(D) - torch.outer(eraser.direction, eraser.direction)
    torch.testing.assert_close(erased @ across, x @ across, rtol=1e-3, atol=1e-3)


@FEW
@given(st.integers(0, 10_000), st.integers(0, 8))
def test_a_feature_is_at_zero_once_erased(seed: int, unit: int):
    of = decomposition(seed)
    x, _ = drawn(seed)
    eraser = Feature(of, unit)
    erased = x - eraser(x)
    assert of.encode(erased)[:, unit].abs().max() < 1e-4
    silent = of.encode(x)[:, unit] == 0
    assert eraser(x)[silent].abs().sum() == 0


def test_leace_removes_a_planted_concept_and_an_unrelated_feature_does_not():
    x, label = drawn(1)
    of = decomposition(1)
    direction = gap(x, label).float()
    along = of.directions @ direction / direction.norm()
    away = int(along.abs().argmin())
    left = gap(x - Feature(of, away)(x), label).norm()
    assert float(left) > 0.8 * float(direction.norm())
    assert float(gap(x - leace(x, label)(x), label).norm()) < 1e-2 * float(direction.norm())


def test_the_likest_unit_is_so_whatever_its_sign():
    of = decomposition(3)
    centre = torch.zeros(D)
    for sign in (1.0, -1.0):
        assert likest(of, Projection(sign * of.directions[5], centre)) == 5
