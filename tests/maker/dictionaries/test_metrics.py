"""Laws of the metrics: scales, extremes, nulls, and independent oracles."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.errors import DegenerateInputError
from repro.maker.decompositions.random import random_dictionary
from repro.maker.dictionaries.metrics import (
    Moments,
    TokenSums,
    Use,
    duplicates,
    fvu,
    l0,
    liveness,
    matched_cosines,
    moments_of,
    nearest_cosines,
    removal_cost,
    token_sums,
    use_of,
)
from repro.maker.dictionaries.model import Dictionary, decode, encode, tied, unit_rows
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import (
    any_dictionaries,
    dictionaries,
    normal,
    numpy,
    order,
    rotation,
    scales,
    seeds,
    sizes,
)

batches = st.integers(2, 20)


@given(seeds, batches, sizes)
def test_fvu_is_its_equation(seed, batch, d_in):
    x, x_hat = normal(seed, batch, d_in) + 1, normal(seed + 1, batch, d_in)
    np.testing.assert_allclose(fvu(x, x_hat), oracles.fvu(*numpy(x, x_hat)))


@given(seeds, batches, sizes, scales)
def test_unit_origin_and_orientation_of_the_space_leave_fvu(seed, batch, d_in, scale):
    x, x_hat = normal(seed, batch, d_in), normal(seed + 1, batch, d_in)
    turn, moved = rotation(seed + 2, d_in), order(seed, batch)
    assert_close(fvu(scale * x, scale * x_hat), fvu(x, x_hat))
    assert_close(fvu(x + scale, x_hat + scale), fvu(x, x_hat))
    assert_close(fvu(x @ turn, x_hat @ turn), fvu(x, x_hat))
    assert_close(fvu(x[moved], x_hat[moved]), fvu(x, x_hat))


@given(seeds, batches, sizes)
def test_fvu_is_0_for_x_1_for_the_mean_and_above_1_for_nonsense(seed, batch, d_in):
    x = normal(seed, batch, d_in)
    mean = x.mean(0).expand_as(x)
    assert fvu(x, x) == 0
    assert_close(float(fvu(x, mean)), 1.0)
    assert_close(float(fvu(x, 2 * mean - x)), 4.0)
    assert_close(float(fvu(x, (x + mean) / 2)), 0.25)
    assert fvu(x, 10 * normal(seed + 1, batch, d_in) + 5) > 1


def test_fvu_of_constant_activations_has_no_value():
    with pytest.raises(DegenerateInputError, match="0 / 0"):
        fvu(torch.ones(4, 2), torch.ones(4, 2))


@given(seeds, batches, sizes)
def test_fvu_of_what_is_not_a_number_is_no_number(seed, batch, d_in):
    x, holed = normal(seed, batch, d_in), normal(seed, batch, d_in)
    holed[-1, -1] = torch.nan
    assert fvu(x, holed).isnan()
    with pytest.raises(DegenerateInputError):
        fvu(holed, x)


@given(dictionaries(), scales)
def test_l0_is_a_count_of_entries_a_token(case, scale):
    dictionary, x = case
    c = encode(dictionary, x)
    counted = sum(entry != 0 for row in c.tolist() for entry in row) / len(x)
    assert_close(float(l0(c)), counted)
    assert 0 <= l0(c) <= len(dictionary.b_enc)
    assert_close(l0(-scale * c), l0(c))
    assert_close(l0(c.repeat(3, 1)), l0(c))
    assert_close(l0(torch.cat([c, c], dim=1)), 2 * l0(c))


@given(seeds, batches, sizes, scales)
def test_the_spread_is_that_of_each_coordinate(seed, batch, d_in, scale):
    x = scale * normal(seed, batch, d_in) + 1
    found = moments_of(x)
    (rows,) = numpy(x)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0))
    np.testing.assert_allclose(found.variance, ((rows - rows.mean(axis=0)) ** 2).mean(axis=0))


def test_a_coordinate_that_never_varies_is_refused():
    with pytest.raises(DegenerateInputError, match="1 coordinates"):
        moments_of(torch.tensor([[1.0, 2.0], [1.0, 3.0]]))


def test_a_coordinate_that_is_not_a_number_is_refused():
    with pytest.raises(DegenerateInputError):
        moments_of(torch.tensor([[1.0, torch.nan], [2.0, 3.0]]))


@given(dictionaries())
def test_token_sums_are_their_equations(case):
    dictionary, x = case
    spread = Moments(*(normal(7, 2, x.shape[1]).square() + 0.1))
    c = encode(dictionary, x)
    x_hat = decode(dictionary, c)
    found = token_sums(x, c, x_hat, spread)
    mean, variance = numpy(*spread)
    for b, (row, code, made) in enumerate(zip(*numpy(x, c, x_hat), strict=True)):
        error, deviation = (row - made) ** 2, (row - mean) ** 2
        expected = [
            sum(code != 0), sum(abs(code)), sum(error), sum(deviation), sum(error / variance),
            sum(deviation / variance), sum(row * made), sum(made * made),
        ]  # fmt: skip
        np.testing.assert_allclose([values[b] for values in found], expected, atol=1e-12)


@given(dictionaries())
def test_token_sums_hold_the_identity_of_the_squared_error(case):
    """|x - x_hat|^2 = |x|^2 - 2 <x, x_hat> + <x_hat, x_hat>."""
    dictionary, x = case
    c = encode(dictionary, x)
    s = token_sums(x, c, decode(dictionary, c), moments_of(x))
    expanded = x.square().sum(1) - 2 * s.x_dot_reconstruction + s.reconstruction_dot_reconstruction
    assert_close(s.squared_error, expanded)


@given(seeds, batches, sizes, scales)
def test_units_of_single_coordinates_leave_normalised_sums(seed, batch, d_in, scale):
    x, x_hat, c = normal(seed, batch, d_in), normal(seed + 1, batch, d_in), torch.ones(batch, 1)
    unit = torch.linspace(1, 1 + scale, d_in, dtype=x.dtype)
    plain = token_sums(x, c, x_hat, moments_of(x))
    other = token_sums(unit * x, c, unit * x_hat, moments_of(unit * x))
    assert_close(other.squared_error_normalised, plain.squared_error_normalised)
    assert_close(other.variance_normalised, plain.variance_normalised)
    total = float(plain.variance_normalised.sum())
    assert total == pytest.approx(x.numel()), "each coordinate has variance 1"


@given(dictionaries())
def test_a_token_that_is_not_a_number_has_no_error_that_is_one(case):
    dictionary, x = case
    spread = moments_of(x)
    x[0, 0] = torch.nan
    c = encode(dictionary, x)
    found = token_sums(x, c, decode(dictionary, c), spread)
    for name in set(found._fields) - {"active"}:
        assert getattr(found, name)[0].isnan(), name
        assert getattr(found, name)[1:].isfinite().all(), name


def test_liveness_counts_at_its_bounds():
    firings = torch.tensor([0, 10, 11, 50, 51])
    found = liveness(firings, 500, alive_firings=10, dense_share=0.1)
    assert found.is_alive.tolist() == [False, False, True, True, True]
    assert (found.n_silent, found.n_dense) == (1, 1)


@given(st.lists(st.integers(0, 100), min_size=1), st.integers(0, 20), st.integers(1, 9))
def test_liveness_is_counted_against_tokens_and_not_against_features(firings, bound, times):
    def found(times: int):
        return liveness(
            times * torch.tensor(firings), 100 * times, alive_firings=bound, dense_share=0.25
        )

    once = found(1)
    assert once.is_alive.tolist() == [count > bound for count in firings]
    assert once.n_silent == firings.count(0)
    assert once.n_dense == sum(count > 25 for count in firings)
    assert found(times)[1:] == once[1:], "shares do not depend on how many tokens were read"
    assert int(once.is_alive.sum()) + once.n_silent <= len(firings)


def costs_of(dictionary: Dictionary, x: Tensor) -> Tensor:
    """What the removal of each unit costs on these activations."""
    c = encode(dictionary, x)
    return removal_cost(dictionary.W_dec, c, x - decode(dictionary, c))


@given(any_dictionaries())
def test_the_cost_of_a_removal_is_what_the_error_grows_by_without_the_unit(case):
    dictionary, x = case
    slow = oracles.removal_costs(*numpy(dictionary.W_dec, encode(dictionary, x), x))
    np.testing.assert_allclose(costs_of(dictionary, x), slow, atol=1e-9)


@given(dictionaries(), scales, seeds)
def test_costs_of_removal_follow_the_unit_of_the_space_and_not_its_orientation(case, scale, seed):
    dictionary, x = case
    rows, c = dictionary.W_dec, encode(dictionary, x)
    error = x - decode(dictionary, c)
    found, turn, moved = (
        removal_cost(rows, c, error),
        rotation(seed, x.shape[1]),
        order(seed, len(x)),
    )
    assert_close(removal_cost(rows, scale * c, scale * error), scale**2 * found)
    assert_close(removal_cost(rows @ turn, c, error @ turn), found)
    assert_close(removal_cost(rows, c[moved], error[moved]), found)
    swapped = order(seed + 1, len(rows))
    assert_close(removal_cost(rows[swapped], c[:, swapped], error), found[swapped])


@given(seeds, batches, sizes)
def test_a_unit_that_never_fires_costs_nothing_and_one_that_writes_what_is_not_there_less(
    seed, batch, d_in
):
    x, rows = normal(seed, batch, d_in), rotation(seed + 1, d_in)
    x -= (x @ rows[0]).outer(rows[0])
    c = torch.zeros(batch, d_in, dtype=x.dtype)
    c[:, 0] = normal(seed + 2, batch).abs()
    found = removal_cost(rows, c, x - c @ rows)
    assert_close(found[0], -c[:, 0].square().sum())
    assert found[1:].tolist() == [0.0] * (d_in - 1)


@given(seeds, batches, sizes)
def test_units_that_share_no_direction_cost_together_just_what_they_explain(seed, batch, d_in):
    rows, c = rotation(seed, d_in), normal(seed + 1, batch, d_in)
    found = removal_cost(rows, c, torch.zeros(batch, d_in, dtype=c.dtype))
    assert_close(found, c.square().sum(dim=0))
    assert_close(found.sum(), (c @ rows).square().sum())


def sums_of(variance: float, squared_error: float) -> TokenSums:
    """Sums over all tokens of which two are read."""
    zero = dict.fromkeys(TokenSums._fields, torch.zeros(2))
    halves = torch.tensor([0.25, 0.75], dtype=torch.float64)
    read = {"variance": variance * halves, "squared_error": squared_error * halves}
    return TokenSums(**{**zero, **read})


def used(firings: list[int], removal: list[float], sums: TokenSums) -> Use:
    """Units in use of a thousand tokens, at a hundredth and a tenth."""
    counted, costs = torch.tensor(firings), torch.tensor(removal, dtype=torch.float64)
    return use_of(counted, costs, sums, 1000, frequent_share=0.01, effective_share=0.1)


def test_units_at_a_threshold_are_in_use():
    """Of 40 explained an even share of four units is 10, a tenth of it 1."""
    found = used(
        [0, 9, 10, 11], [-5.0, 0.99, 1.0, 1.01], sums_of(variance=50.0, squared_error=10.0)
    )
    assert found == Use(n_frequent=2, n_effective=2)


@pytest.mark.parametrize("squared_error", [50.0, 60.0, float("nan")])
def test_where_nothing_is_explained_no_unit_matters(squared_error):
    assert used([500, 500], [0.0, 1.0], sums_of(50.0, squared_error)) == Use(2, 0)


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.floats(-50, 50)), min_size=1, max_size=12),
    st.integers(1, 40),
    st.integers(-8, 8),
)
def test_use_is_counted_unit_by_unit_whatever_the_unit_of_the_space(units, explained, power):
    firings, removal = map(list, zip(*units, strict=True))
    found = used(firings, removal, sums_of(40.0 + explained, 40.0))
    assert found.n_frequent == sum(count >= 10 for count in firings)
    assert found.n_effective == sum(cost >= 0.1 * (explained / len(units)) for cost in removal)
    scale = 2.0**power
    scaled = [scale * cost for cost in removal]
    assert used(firings, scaled, sums_of(scale * (40.0 + explained), scale * 40.0)) == found


def test_units_that_collapsed_fire_at_every_token_and_are_still_counted_out():
    """Half of the units copy the activations, the others hold a code just above zero."""
    rows = rotation(0, 8)
    b_enc = torch.tensor([0.0] * 4 + [1e-3] * 4, dtype=torch.float64)
    dictionary, x = tied(rows, b_enc), normal(1, 1000, 4).abs() @ rows[:4]
    c = encode(dictionary, x)
    sums = token_sums(x, c, decode(dictionary, c), moments_of(x))
    firings = (c != 0).sum(dim=0)
    assert int(liveness(firings, 1000, alive_firings=10, dense_share=0.1).is_alive.sum()) == 8
    found = use_of(
        firings, costs_of(dictionary, x), sums, 1000, frequent_share=0.01, effective_share=0.1
    )
    assert found == Use(n_frequent=8, n_effective=4)


@given(seeds, st.integers(20, 60), st.integers(1, 6))
def test_planted_copies_are_counted_and_a_random_dictionary_has_none(seed, d_sae, n_copies):
    rows = random_dictionary(64, d_sae, seed % 1000)
    assert duplicates(rows, 0.9) == (0, 0)
    copied = torch.cat([rows, rows[:n_copies]])
    assert duplicates(copied, 0.9) == (2 * n_copies, n_copies)


@given(seeds, st.integers(2, 12), st.integers(2, 3), st.floats(-0.5, 0.95))
def test_duplicates_are_the_pairs_above_the_threshold(seed, n, d_in, threshold):
    rows = unit_rows(normal(seed, n, d_in))
    found = duplicates(rows, threshold)
    assert found == oracles.near_copies(rows.numpy(), threshold)
    assert duplicates(rows[order(seed, n)], threshold) == found
    assert duplicates(rows @ rotation(seed, d_in), threshold) == found
    assert duplicates(rows, threshold + 0.04).n_pairs <= found.n_pairs


def cosines(a: Tensor, b: Tensor) -> list[float]:
    return matched_cosines(a, b).sort().values.tolist()


@given(seeds, st.integers(1, 5), st.integers(1, 5), sizes)
def test_no_other_pairing_has_a_larger_sum_of_cosines(seed, n, m, d_in):
    a, b = unit_rows(normal(seed, n, d_in)), unit_rows(normal(seed + 1, m, d_in))
    found = matched_cosines(a, b)
    assert len(found) == min(n, m)
    assert_close(float(found.sum()), oracles.best_total_cosine(*numpy(a, b)))


@given(seeds, st.integers(2, 12), st.integers(2, 12), sizes)
def test_a_matching_knows_no_order_no_side_and_no_orientation(seed, n, m, d_in):
    a, b = unit_rows(normal(seed, n, d_in)), unit_rows(normal(seed + 1, m, d_in))
    turn, expected = rotation(seed, d_in), pytest.approx(cosines(a, b), abs=1e-9)
    assert cosines(b, a) == expected
    assert cosines(a[order(seed, n)], b[order(seed + 1, m)]) == expected
    assert cosines(a @ turn, b @ turn) == expected


@given(seeds, st.integers(2, 12), st.integers(0, 12), sizes)
def test_one_to_one_is_never_above_nearest_neighbours(seed, n, more, d_in):
    a, b = unit_rows(normal(seed, n, d_in)), unit_rows(normal(seed + 1, n + more, d_in))
    nearest = (a @ b.T).max(dim=1).values
    assert matched_cosines(a, b).mean() <= nearest.mean() + 1e-9
    assert bool((matched_cosines(a, b).sort().values <= nearest.sort().values + 1e-9).all())


@given(seeds, st.integers(2, 12), sizes)
def test_a_dictionary_matches_its_own_permutation_exactly(seed, n, d_in):
    rows = unit_rows(normal(seed, n, d_in))
    assert_close(matched_cosines(rows, rows[order(seed, n)]), torch.ones(n, dtype=rows.dtype))


def test_many_copies_of_one_feature_match_only_once():
    a = torch.eye(3)
    b = torch.eye(3)[[0, 0, 0]]
    assert sorted(matched_cosines(a, b).tolist()) == [0.0, 0.0, 1.0]
    assert sorted(matched_cosines(b, a).tolist()) == [0.0, 0.0, 1.0]


def test_rows_that_are_not_numbers_match_nothing():
    with pytest.raises(ValueError, match="invalid numeric"):
        matched_cosines(torch.full((2, 2), torch.nan), torch.eye(2))


def test_coordinates_that_are_nan_are_counted_as_unfit():
    x = normal(0, 5, 3)
    x[0, 1] = float("nan")
    with pytest.raises(DegenerateInputError, match="1 coordinates"):
        moments_of(x)


@given(seeds, sizes, sizes, sizes)
def test_the_nearest_cosine_is_the_largest_of_its_row(seed, n, m, d_in):
    a, b = unit_rows(normal(seed, n, d_in)), unit_rows(normal(seed + 1, m, d_in))
    slow = [max(float(x @ y) for y in b) for x in a]
    np.testing.assert_allclose(nearest_cosines(a, b), slow, rtol=1e-12)
    assert_close(nearest_cosines(a, a), torch.ones(n, dtype=a.dtype))
