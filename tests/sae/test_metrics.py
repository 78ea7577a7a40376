"""Laws of the metrics: scales, extremes, nulls, and independent oracles."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from torch.testing import assert_close

from repro.errors import DegenerateInputError
from repro.sae.baselines import (
    neurons,
    principal_components,
    random_dictionary,
    random_topk,
    signed_topk,
    static,
    with_copied_units,
    with_frozen_units,
)
from repro.sae.evaluate import reconstruct, refit
from repro.sae.metrics import (
    duplicates,
    fvu,
    l0,
    liveness,
    matched_cosines,
    spread_of,
    token_sums,
)
from repro.sae.model import decode, encode, tied, unit_rows
from repro.sae.refit import refit_squared_error
from tests.sae.arrays import dictionaries, normal, scales, seeds, sizes


@given(seeds, st.integers(2, 20), sizes, scales)
def test_scaling_activations_and_reconstructions_leaves_fvu(seed, batch, d_in, scale):
    x, x_hat = normal(seed, batch, d_in), normal(seed + 1, batch, d_in)
    assert_close(fvu(scale * x, scale * x_hat), fvu(x, x_hat))


@given(seeds, st.integers(2, 20), sizes)
def test_fvu_is_0_for_x_1_for_the_mean_and_above_1_for_nonsense(seed, batch, d_in):
    x = normal(seed, batch, d_in)
    assert fvu(x, x) == 0
    assert_close(float(fvu(x, x.mean(0).expand_as(x))), 1.0)
    assert fvu(x, 10 * normal(seed + 1, batch, d_in) + 5) > 1


def test_fvu_of_constant_activations_has_no_value():
    with pytest.raises(DegenerateInputError, match="0 / 0"):
        fvu(torch.ones(4, 2), torch.ones(4, 2))


@given(dictionaries())
def test_sums_by_document_add_up_to_the_metrics_of_the_whole(case):
    dictionary, x = case
    document = torch.arange(len(x)) % 2
    spread = spread_of(x)
    found = reconstruct(dictionary, x, document, spread)
    c = encode(dictionary, x)
    x_hat = decode(dictionary, c)
    assert found.n_tokens.sum() == len(x)
    assert_close(found.sums.squared_error.sum() / found.sums.variance.sum(), fvu(x, x_hat))
    assert_close(found.sums.active.sum() / len(x), l0(c))
    assert torch.equal(found.firings, (c != 0).sum(0))
    normalised = ((x - x_hat) / spread.variance.sqrt()).square().sum()
    assert_close(found.sums.squared_error_normalised.sum(), normalised)
    assert_close(found.sums.variance_normalised.sum(), torch.tensor(float(x.numel())).double())


@given(dictionaries())
def test_l0_lies_between_0_and_the_dictionary_size(case):
    dictionary, x = case
    assert 0 <= l0(encode(dictionary, x)) <= len(dictionary.bias)


def test_a_coordinate_that_never_varies_is_refused():
    with pytest.raises(DegenerateInputError, match="1 coordinates"):
        spread_of(torch.tensor([[1.0, 2.0], [1.0, 3.0]]))


def test_liveness_counts_at_its_bounds():
    firings = torch.tensor([0, 10, 11, 50, 51])
    found = liveness(firings, 500, alive_firings=10, dense_share=0.1)
    assert found.is_alive.tolist() == [False, False, True, True, True]
    assert (found.n_silent, found.n_dense) == (1, 1)


@given(seeds, st.integers(20, 60), st.integers(1, 6))
def test_planted_copies_are_counted_and_a_random_dictionary_has_none(seed, d_sae, n_copies):
    rows = random_dictionary(64, d_sae, seed % 1000)
    assert duplicates(rows, 0.9) == (0, 0)
    copied = torch.cat([rows, rows[:n_copies]])
    assert duplicates(copied, 0.9) == (2 * n_copies, n_copies)


@given(seeds, st.integers(3, 7), st.integers(3, 7), sizes)
def test_matching_is_one_to_one_and_optimal(seed, n, m, d_in):
    a, b = unit_rows(normal(seed, n, d_in)), unit_rows(normal(seed + 1, m, d_in))
    found = matched_cosines(a, b)
    cost = -(a @ b.T).numpy()
    rows, columns = linear_sum_assignment(cost)
    assert len(found) == min(n, m)
    assert_close(float(found.sum()), float(-cost[rows, columns].sum()))
    nearest = (a @ b.T).max(dim=1).values.sort(descending=True).values[: len(found)]
    assert found.sum() <= nearest.sum() + 1e-9, "one-to-one cannot beat many-to-one"


@given(seeds, st.integers(2, 12), sizes)
def test_a_dictionary_matches_its_own_permutation_exactly(seed, n, d_in):
    rows = unit_rows(normal(seed, n, d_in))
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    assert_close(matched_cosines(rows, rows[order]), torch.ones(n, dtype=rows.dtype))


def test_many_copies_of_one_feature_match_only_once():
    a = torch.eye(3)
    b = torch.eye(3)[[0, 0, 0]]
    assert sorted(matched_cosines(a, b).tolist()) == [0.0, 0.0, 1.0]


@given(dictionaries())
def test_refit_is_least_squares_on_the_active_rows(case):
    dictionary, x = case
    c = encode(dictionary, x)
    after = refit_squared_error(dictionary, x, c)
    for token, code, error in zip(x, c, after, strict=True):
        active = dictionary.decoder[code != 0].numpy()
        if len(active) == 0:
            expected = float(token.square().sum())
        else:
            v = np.linalg.lstsq(active.T, token.numpy(), rcond=None)[0]
            expected = float(((token.numpy() - v @ active) ** 2).sum())
        assert float(error) == pytest.approx(expected, abs=1e-4, rel=1e-3)
    before = (x - decode(dictionary, c)).square().sum(1)
    assert bool((after <= before + 1e-4).all())


def test_refit_undoes_planted_shrinkage():
    rows = torch.linalg.qr(normal(0, 8, 8)).Q
    shrunk = tied(rows, torch.full((8,), -0.2, dtype=torch.float64))
    x = (rows[:3] * 2).sum(0).expand(4, 8)
    found = refit(shrunk, x, torch.tensor([0, 0, 1, 1]), 4)
    assert found.before.tolist() == pytest.approx([2 * 3 * 0.2**2] * 2)
    assert found.after.tolist() == pytest.approx([0.0, 0.0], abs=1e-4)


@given(seeds)
def test_static_pca_explains_the_variance_of_its_components(seed):
    x = normal(seed, 200, 6) * torch.tensor([5.0, 4, 3, 2, 1, 0.5])
    x = x - x.mean(0)
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(x.numpy().T)))[::-1]
    rows = principal_components(x)
    for k in (1, 3, 6):
        one = static(rows, k)
        expected = 1 - eigenvalues[:k].sum() / eigenvalues.sum()
        assert float(fvu(x, decode(one, encode(one, x)))) == pytest.approx(expected, abs=1e-6)


@given(seeds, st.integers(1, 6))
def test_signed_topk_on_orthonormal_rows_is_the_best_k_sparse_code(seed, k):
    x = normal(seed, 10, 6)
    one = signed_topk(neurons(6).double(), k)._replace(bias=torch.zeros(12).double())
    error = (x - decode(one, encode(one, x))).square().sum(1)
    smallest = x.square().sort(dim=1).values[:, : 6 - k].sum(1)
    assert_close(error, smallest)


def test_the_gain_of_a_random_dictionary_is_the_best_one():
    x = normal(4, 500, 12, dtype=torch.float32)
    one = random_topk(12, 24, 4, seed=1, sample=x)
    errors = []
    for factor in (0.9, 1.0, 1.1):
        other = one._replace(encoder=one.encoder * factor)
        errors.append(float((x - decode(other, encode(other, x))).square().sum()))
    assert errors[1] < min(errors[0], errors[2])


def test_frozen_units_never_fire_and_copied_units_are_copies():
    one = tied(normal(0, 20, 8, dtype=torch.float32), torch.ones(20))
    x = normal(1, 50, 8, dtype=torch.float32)
    c = encode(with_frozen_units(one, 0.5), x)
    assert (c[:, :10] == 0).all()
    assert (c[:, 10:] != 0).any(dim=0).all()
    assert duplicates(with_copied_units(one, 0.1).decoder, 0.9).n_features >= 4


@given(dictionaries())
def test_token_sums_hold_the_identity_of_the_squared_error(case):
    """|x - x_hat|^2 = |x|^2 - 2 <x, x_hat> + <x_hat, x_hat>."""
    dictionary, x = case
    c = encode(dictionary, x)
    s = token_sums(x, c, decode(dictionary, c), spread_of(x))
    expanded = x.square().sum(1) - 2 * s.x_dot_reconstruction + s.reconstruction_dot_reconstruction
    assert_close(s.squared_error, expanded)
