"""Taking a unit out: exactly to zero, along its own direction; ties are no hit."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.decompositions.decomposition import Decomposition, Knob
from repro.maker.dictionaries.model import Dictionary, Transform, unit_rows
from repro.maker.features.ablate import place_of, taken_out, turned
from repro.maker.features.contexts import EARLIEST, Contexts, expected_after, places_of
from tests.examples import FEW


def tied(seed: int) -> Decomposition:
    generator = torch.Generator().manual_seed(seed)
    rows = unit_rows(torch.randn(9, 5, generator=generator).double())
    dictionary = Dictionary(rows, torch.zeros(9).double(), rows, "relu", 0)
    return Decomposition(
        dictionary, Transform(torch.randn(5, generator=generator).double(), 0.3), Knob("none", 0)
    )


def contexts(seed: int) -> Contexts:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(4, 6, 5, generator=generator).double() * 4
    is_edited = torch.ones(4, 6, dtype=torch.bool)
    is_edited[:, 0] = False
    none = torch.zeros(0)
    return Contexts(none, none, none, x, is_edited, is_edited, none, none, 0)


@FEW
@given(st.integers(0, 10_000), st.integers(0, 8))
def test_a_unit_that_is_taken_out_is_at_exactly_zero(seed: int, unit: int):
    """Of a tied unit of norm 1 without a bias; a place that must be left alone keeps its code."""
    of, there = tied(seed), contexts(seed + 1)
    edit = taken_out(of, there, unit)
    before, after = (
        of.encode(x.flatten(0, 1)).unflatten(0, x.shape[:2])[..., unit]
        for x in (there.x, there.x - edit)
    )
    assert after[:, 1:].abs().max() < 1e-12
    torch.testing.assert_close(after[:, 0], before[:, 0], rtol=0, atol=0)
    assert edit[:, 0].abs().max() == 0
    silent = before[:, 1:] == 0
    assert edit[:, 1:][silent].abs().sum() == 0


@FEW
@given(st.integers(0, 10_000))
def test_a_random_edit_is_as_long_at_every_place_and_along_one_direction(seed: int):
    edit = taken_out(tied(seed), contexts(seed), 3)
    found = turned(edit, np.random.default_rng(seed))
    torch.testing.assert_close(found.norm(dim=-1), edit.norm(dim=-1))
    rows = found.flatten(0, 1)
    assert int(torch.linalg.matrix_rank(rows)) <= 1


def test_the_token_that_alone_falls_most_is_first_and_ties_are_no_hit():
    delta = torch.tensor([0.1, -2.0, -3.0, 0.0])
    assert [place_of(delta, token) for token in range(4)] == [4, 2, 1, 3]
    assert place_of(torch.zeros(7), 2) == 7
    assert place_of(torch.tensor([-1.0, -1.0, 0.0]), 0) == 2


def test_the_expected_token_is_the_one_that_is_raised_not_the_likeliest():
    after = torch.tensor([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1]])
    anywhere = torch.tensor([[0.7, 0.1, 0.2]])
    assert expected_after(after, anywhere) == 1


def test_one_context_in_which_the_model_is_sure_does_not_decide():
    after = torch.full((20, 4), 0.0)
    after[:, 1], after[:, 3] = 0.03, 0.97
    after[0, 1], after[0, 2], after[0, 3] = 0.0, 0.9, 0.1
    assert float(after[:, 2].mean()) > float(after[:, 1].mean())
    anywhere = torch.tensor([[0.0, 0.0, 0.0, 1.0]])
    assert expected_after(after, anywhere) == 1


@FEW
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_places_are_targets_with_something_before_and_after_one_a_fragment(seed: int, count: int):
    rng = np.random.default_rng(seed)
    is_in, among = rng.random((20, 12)) < 0.1, np.arange(3, 17)
    found = places_of(is_in, among, count, rng)
    assert is_in[found.fragment, found.token].all()
    assert len({*found.fragment.tolist()}) == len(found.fragment)
    assert {*found.fragment.tolist()} <= {*among.tolist()}
    if len(found.token):
        assert found.token.min() >= EARLIEST
        assert found.token.max() < 11
    having = is_in[among][:, EARLIEST:-1].any(axis=1).sum()
    assert len(found.token) == min(count, having)


def test_the_same_seed_gives_the_same_places():
    is_in, among = np.random.default_rng(0).random((20, 12)) < 0.3, np.arange(20)
    first, second = (places_of(is_in, among, 7, np.random.default_rng(5)) for _ in range(2))
    other = places_of(is_in, among, 7, np.random.default_rng(6))
    assert first.fragment.tolist() == second.fragment.tolist()
    assert first.token.tolist() == second.token.tolist()
    assert (first.fragment.tolist(), first.token.tolist()) != (
        other.fragment.tolist(),
        other.token.tolist(),
    )
