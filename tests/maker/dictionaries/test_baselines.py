"""Baselines are what they are called, and each is the best of its kind."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.decompositions.basis import neurons, signed_topk, static
from repro.maker.decompositions.components import principal_components
from repro.maker.decompositions.controls import with_copied_units, with_frozen_units
from repro.maker.decompositions.random import random_dictionary, random_topk
from repro.maker.dictionaries.metrics import duplicates, fvu
from repro.maker.dictionaries.model import Dictionary, decode, encode, tied, unit_rows
from tests.examples import FEW
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import normal, numpy, rotation, seeds

SPREAD = torch.tensor([5.0, 4, 3, 2, 1, 0.5], dtype=torch.float64)


def stretched(seed: int, n: int = 60) -> Tensor:
    """Activations whose coordinates differ in variance, turned, off the origin."""
    return (normal(seed, n, 6) * SPREAD) @ rotation(seed + 1, 6) + 3


def remade(one: Dictionary, x: Tensor) -> Tensor:
    """Reconstruction in the precision of the activations."""
    exact = Dictionary(one.W_enc.to(x.dtype), one.b_enc.to(x.dtype), one.W_dec.to(x.dtype),
                       one.activation, one.k)  # fmt: skip
    return decode(exact, encode(exact, x))


@FEW
@given(seeds, st.floats(0.01, 100))
def test_principal_components_are_eigenvectors_of_the_covariance(seed, scale):
    x = stretched(seed)
    rows = principal_components(x)
    covariance = np.cov(x.numpy().T)
    values = [float(row @ covariance @ row) for row in rows.numpy()]
    assert_close(rows @ rows.T, torch.eye(6, dtype=x.dtype))
    np.testing.assert_allclose(values, np.linalg.eigvalsh(covariance)[::-1], rtol=1e-9)
    np.testing.assert_allclose(covariance @ rows.numpy().T, rows.numpy().T * values, atol=1e-8)
    again = principal_components(scale * (x - 1))
    assert_close((again * rows).sum(1).abs(), torch.ones(6, dtype=x.dtype))


@FEW
@given(seeds)
def test_static_pca_explains_the_variance_of_its_components(seed):
    x = stretched(seed)
    x = x - x.mean(0)
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(x.numpy().T)))[::-1]
    rows = principal_components(x)
    for k in range(1, 7):
        x_hat = remade(static(rows, k), x)
        expected = 1 - eigenvalues[:k].sum() / eigenvalues.sum()
        assert float(fvu(x, x_hat)) == pytest.approx(expected, abs=1e-9)
        assert_close(remade(static(rows, k), x_hat), x_hat)


@FEW
@given(seeds, st.integers(1, 5))
def test_no_dictionary_of_k_features_beats_static_pca(seed, k):
    x = stretched(seed)
    x = x - x.mean(0)
    best = fvu(x, remade(static(principal_components(x), k), x))
    features = normal(seed + 2, k, 6)
    projected = x @ torch.linalg.pinv(features) @ features
    one = tied(features, normal(seed + 3, k))
    assert best <= fvu(x, projected) + 1e-9
    assert best <= fvu(x, decode(one, encode(one, x))) + 1e-9


@given(seeds, st.integers(1, 5), st.integers(0, 4))
def test_signed_topk_on_orthonormal_rows_is_the_best_k_sparse_code(seed, d_in, fewer):
    k, basis, x = max(d_in - fewer, 1), rotation(seed, d_in), normal(seed + 1, 4, d_in)
    error = (x - remade(signed_topk(basis, k), x)).square().sum(1)
    rows, tokens = numpy(basis, x)
    expected = [oracles.best_sparse_error(rows, token, k) for token in tokens]
    np.testing.assert_allclose(error, expected, atol=1e-10)
    assert_close(remade(signed_topk(basis, d_in), x), x)


def test_neurons_are_the_coordinates_themselves():
    x = normal(0, 5, 4, dtype=torch.float32)
    assert torch.equal(remade(static(neurons(4), 4), x), x)


def random_case(seed: int) -> tuple[Dictionary, Tensor]:
    x = normal(seed, 200, 12, dtype=torch.float32)
    return random_topk(12, 24, 4, seed=seed, sample=x), x


@FEW
@given(seeds)
def test_the_gain_of_a_random_dictionary_is_the_best_one(seed):
    one, x = random_case(seed)
    assert_close(one.W_dec.norm(dim=1), torch.ones(24))
    gain = one.W_enc.norm(dim=1)
    assert_close(one.W_enc, gain.mean() * one.W_dec)

    def error(factor: np.ndarray) -> float:
        scaled = one._replace(W_enc=one.W_enc * float(factor[0]))
        return float((x - decode(scaled, encode(scaled, x))).double().square().sum())

    errors = [error(np.array([factor])) for factor in (0.98, 1.0, 1.02)]
    assert errors[1] < min(errors[0], errors[2])
    slope = oracles.differences(error, np.ones(1), step=1e-2)[0]
    assert abs(slope) < 1e-3 * errors[1], "no other gain is better"


@FEW
@given(seeds, st.integers(1, 20))
def test_random_dictionaries_are_unit_rows_that_their_seed_decides(seed, d_sae):
    rows = random_dictionary(5, d_sae, seed)
    assert rows.shape == (d_sae, 5)
    assert_close(rows.norm(dim=1), torch.ones(d_sae))
    assert torch.equal(rows, random_dictionary(5, d_sae, seed))
    assert not torch.equal(rows, random_dictionary(5, d_sae, seed + 1))
    one, _ = random_case(seed)
    assert torch.equal(one.W_dec, random_case(seed)[0].W_dec)
    assert not torch.equal(one.W_dec, random_case(seed + 1)[0].W_dec)


shares = st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0])


def lively(seed: int) -> tuple[Dictionary, Tensor]:
    b_enc = 0.5 + 0.1 * normal(seed + 2, 20)
    return tied(normal(seed, 20, 8), b_enc), normal(seed + 1, 50, 8)


@given(seeds, shares)
def test_frozen_units_never_fire_and_the_others_are_as_before(seed, share):
    one, x = lively(seed)
    n, before = round(20 * share), encode(one, x)
    c = encode(with_frozen_units(one, share), 1e6 * x)
    assert not c[:, :n].any()
    assert torch.equal(encode(with_frozen_units(one, share), x)[:, n:], before[:, n:])
    assert torch.equal(encode(one, x), before), "the dictionary given stays as it is"


@given(seeds, st.sampled_from([0.1, 0.25, 0.5]))
def test_copied_units_are_copies_and_the_others_are_as_before(seed, share):
    one, x = lively(seed)
    n, before = round(20 * share), encode(one, x)
    other = with_copied_units(one, share)
    c = encode(other, x)
    assert_close(c[:, -n:], before[:, :n])
    assert torch.equal(c[:, :-n], before[:, :-n])
    assert torch.equal(encode(one, x), before), "the dictionary given stays as it is"
    assert duplicates(other.W_dec, 0.999) == (2 * n, n)
    assert_close(other.W_dec, unit_rows(other.W_dec))


def test_a_share_of_less_than_one_unit_copies_none():
    dictionary = tied(normal(0, 4, 3), normal(1, 4))
    assert torch.equal(with_copied_units(dictionary, 0.1).W_dec, dictionary.W_dec)
