"""Parents: those that are planted are found, and nothing that is not there is."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.features.circuits import (
    Taken,
    Wiring,
    activation,
    as_long_as,
    attributed,
    edit_lengths,
    lengths,
    nothing,
    parents_of,
    random_active,
)
from repro.maker.features.planted import CIRCUIT_D, planted_circuit
from tests.examples import FEW


@dataclass
class Curved:
    """y = (sum over tokens up to the last of <x, u>)^2: ablations that do not add up."""

    u: torch.Tensor
    last: torch.Tensor

    def __call__(self, x: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
        is_read = torch.arange(x.shape[1]) <= self.last[part, None]
        assert x.shape[1] == int(self.last[part].max()) + 1, "what stands behind is not run"
        return ((x @ self.u) * is_read).sum(dim=1).square()


def wiring(seed: int, batch: int = 3) -> Wiring:
    rng = np.random.default_rng(seed)
    codes = rng.exponential(1, (5, 4, 7)) * (rng.random((5, 4, 7)) < 0.6)
    features, error = rng.standard_normal((7, 6)), rng.standard_normal((5, 4, 6))
    x = codes @ features + error
    u = torch.from_numpy(rng.standard_normal(6))
    x, codes, features = map(torch.from_numpy, (x, codes, features))
    last = torch.from_numpy(rng.integers(0, 4, 5))
    return Wiring(x, codes, features, last, Curved(u, last), batch)


@FEW
@given(st.integers(0, 10_000), st.integers(1, 20))
def test_an_ablation_takes_away_what_the_features_add_whatever_the_passes(seed: int, batch: int):
    one = wiring(seed, batch)
    groups = [nothing(), Taken(torch.tensor([2])), Taken(torch.tensor([0, 3, 6]), 1.7)]
    found = activation(one, groups)
    for row, group in zip(found, groups, strict=True):
        for context in range(len(one.x)):
            x = one.x[context, : int(one.last[context]) + 1].clone()
            for token in range(x.shape[0]):
                for j in group.features.tolist():
                    x[token] -= group.strength * one.codes[context, token, j] * one.features[j]
            expected = float((x @ one.readout.u).sum() ** 2)  # type: ignore[attr-defined]
            assert float(row[context]) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@FEW
@given(st.integers(0, 10_000))
def test_attribution_is_the_fall_to_first_order(seed: int):
    one, small = wiring(seed), 1e-4
    weak = one._replace(codes=one.codes * small)
    falls = activation(weak, [nothing(), *map(Taken, torch.arange(7).split(1))]).sum(dim=1)
    torch.testing.assert_close(
        (falls[0] - falls[1:]) / small, attributed(one).double(), rtol=5e-3, atol=5e-2
    )


@FEW
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_planted_parents_are_found_and_are_all_there_is(seed: int, n_parents: int):
    searched, judged = planted_circuit(n_parents, 12, [seed])
    found = parents_of(searched, CIRCUIT_D)
    taken = found.features[:n_parents]
    for one in (searched, judged):
        before, after = activation(one, [nothing(), Taken(taken)]).sum(dim=1).tolist()
        assert before > 0
        assert after == pytest.approx(0.0, abs=1e-3 * before)
    assert (found.falls[n_parents:].abs() < 1e-3 * found.falls[0]).all()
    torch.testing.assert_close(found.falls, found.attributed, rtol=1e-3, atol=1e-3)


def test_a_fall_is_signed_and_what_raises_the_target_comes_last():
    searched, _ = planted_circuit(3, 12, [0])
    turned = searched._replace(codes=searched.codes.clone())
    parent = int(parents_of(searched, CIRCUIT_D).features[0])
    turned.codes[..., parent] *= -1
    found = parents_of(turned, CIRCUIT_D)
    assert int(found.features[-1]) == parent
    assert float(found.falls[-1]) < 0


def test_candidates_are_those_of_largest_attribution():
    searched, _ = planted_circuit(4, 12, [1])
    best = attributed(searched).argsort(descending=True, stable=True)[:4]
    assert sorted(parents_of(searched, 4).features.tolist()) == sorted(best.tolist())


@FEW
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_random_features_are_active_others_of_about_the_length(seed: int, n: int):
    rng = np.random.default_rng(seed)
    length = torch.from_numpy(np.exp(rng.normal(0, 1.5, 200)) * (rng.random(200) < 0.7))
    parents = torch.from_numpy(rng.permutation(np.flatnonzero(length.numpy() > 0))[:n])
    found = random_active(length, parents, rng)
    assert len({*found.tolist()}) == len(found) == len(parents)
    assert not {*found.tolist()} & {*parents.tolist()}
    assert (length[found] > 0).all()
    spread = (length[found].log() - length[parents].log()).abs()
    assert float(spread.median()) < 0.5


def test_there_are_fewer_random_features_where_fewer_are_active():
    length, rng = torch.tensor([1.0, 2.0, 0.0, 3.0]), np.random.default_rng(0)
    assert random_active(length, torch.tensor([0, 1]), rng).tolist() == [3]
    assert random_active(length, torch.tensor([0, 1, 3]), rng).tolist() == []


def test_the_length_is_what_a_feature_adds_over_all_tokens():
    one = wiring(4)
    expected = [
        sum(float((c * one.features[j]).norm()) for c in one.codes[..., j].flatten())
        for j in range(7)
    ]
    assert lengths(one).tolist() == pytest.approx(expected)


@FEW
@given(st.integers(0, 10_000))
def test_a_random_edit_is_as_long_as_that_of_the_parents(seed: int):
    one, parents = wiring(seed), Taken(torch.tensor([0, 1]))
    found = as_long_as(one, torch.tensor([4, 6]), parents)
    longer = one.codes[..., found.features] @ one.features[found.features] * found.strength
    wanted = one.codes[..., :2] @ one.features[:2]
    assert float(longer.norm(dim=-1).sum()) == pytest.approx(float(wanted.norm(dim=-1).sum()))
    assert edit_lengths(one, found).sum().item() == pytest.approx(float(wanted.norm(dim=-1).sum()))


def test_features_that_are_silent_are_not_lengthened():
    one = wiring(3)
    one.codes[..., 5] = 0.0
    found = as_long_as(one, torch.tensor([5]), Taken(torch.tensor([0])))
    assert found.strength == 0.0
    assert float(edit_lengths(one, found).sum()) == 0.0
