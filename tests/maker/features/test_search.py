"""The search takes the unit that fits best, by sums that are those of a loop over tokens."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.features.search import added, best_units, fit_of, level_of
from tests.examples import FEW


def drawn(seed: int, n_tokens: int = 40, n_units: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((n_tokens, n_units)) * (rng.random((n_tokens, n_units)) < 0.5)
    return torch.tensor(a, dtype=torch.float32), torch.tensor(rng.random((n_tokens, 3)) < 0.3)


@FEW
@given(st.integers(0, 10_000))
def test_sums_are_those_of_a_loop_over_tokens(seed: int):
    a, is_in = drawn(seed)
    found = fit_of(a, is_in)
    for unit in range(a.shape[1]):
        fires = [i for i in range(len(a)) if a[i, unit] > 0]
        assert float(found.activation[unit]) == pytest.approx(sum(float(a[i, unit]) for i in fires))
        assert int(found.n_fired[unit]) == len(fires)
        for target in range(is_in.shape[1]):
            hit = [i for i in fires if is_in[i, target]]
            held = sum(float(a[i, unit]) for i in hit)
            assert float(found.on_target[unit, target]) == pytest.approx(held)
            assert int(found.n_fired_on_target[unit, target]) == len(hit)
    assert found.n_target.tolist() == is_in.sum(dim=0).tolist()


@FEW
@given(st.integers(0, 10_000), st.integers(1, 39))
def test_parts_of_a_text_add_up(seed: int, cut: int):
    a, is_in = drawn(seed)
    whole, parts = (
        fit_of(a, is_in),
        added([fit_of(a[:cut], is_in[:cut]), fit_of(a[cut:], is_in[cut:])]),
    )
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other)


@FEW
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_the_scale_of_a_unit_does_not_matter(seed: int, scale: float):
    a, is_in = drawn(seed)
    plain, scaled = (fit_of(x, is_in).rank(0.2) for x in (a, a * scale))
    torch.testing.assert_close(plain, scaled, rtol=1e-5, atol=1e-6)


def test_a_unit_of_the_target_is_found_among_others():
    a, is_in = drawn(3, n_tokens=400, n_units=9)
    planted = a.clone()
    planted[:, 4] = is_in[:, 1].float() * 2.0
    found = fit_of(planted, is_in)
    assert int(best_units(found, 0.2)[1]) == 4
    assert float(found.precision()[4, 1]) == float(found.recall()[4, 1]) == 1.0


def test_the_most_precise_wins_that_fires_on_enough_of_the_target():
    is_in = torch.tensor([[True]] * 10 + [[False]] * 90)
    once, always, good = torch.zeros(100), torch.ones(100), torch.zeros(100)
    once[0] = 1.0
    good[:8], good[50] = 1.0, 1.0
    found = fit_of(torch.stack([once, always, good], dim=1), is_in)
    wanted = {0.05: 0, 0.2: 2, 0.8: 2, 0.9: 1}
    assert {least: int(best_units(found, least)[0]) for least in wanted} == wanted


def test_where_none_fires_on_enough_the_one_that_fires_on_most_is_taken():
    is_in = torch.tensor([[True]] * 10 + [[False]] * 10)
    a = torch.zeros(20, 3)
    a[:1, 0], a[:3, 1], a[15:, 1], a[:2, 2] = 1.0, 1.0, 1.0, 1.0
    assert best_units(fit_of(a, is_in), 0.5).tolist() == [1]


def test_a_silent_unit_and_an_absent_target_are_nothing_and_no_error():
    found = fit_of(torch.zeros(5, 2), torch.zeros(5, 3, dtype=torch.bool))
    for one in (found.precision(), found.recall()):
        assert one.abs().max() == 0
    assert best_units(found, 0.2).tolist() == [0, 0, 0]


@FEW
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]))
def test_no_more_tokens_exceed_the_level_than_are_wanted(seed: int, density: float):
    a, _ = drawn(seed)
    level = level_of(a, density)
    assert (level >= 0).all()
    fires = ((a - level) > 0).sum(dim=0)
    assert (fires <= density * len(a)).all()
    enough = (a > 0).sum(dim=0) <= int(density * len(a))
    assert (level[enough] == 0).all()
