"""What training does to a step beyond Adam: a penalty that rises and gradients cut to a length."""

import dataclasses
from fractions import Fraction
from functools import partial
from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.dictionaries.architectures.architecture import Stack
from repro.maker.dictionaries.architectures.registry import architecture_of
from repro.maker.dictionaries.checkpoint import load_checkpoint, save_checkpoint
from repro.maker.dictionaries.recipe import Recipe, penalty_share
from repro.maker.dictionaries.stack import start
from repro.maker.dictionaries.train import clip_, set_gradients, train
from tests.examples import FEW
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import normal, numpy, seeds, sizes
from tests.maker.dictionaries.test_train import (
    D_IN,
    METHODS,
    data,
    every_method,
    recipe,
    trained,
    uneven,
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


shares = st.floats(0, 1, exclude_max=True)


@given(shares, st.integers(1, 300))
def test_the_penalty_rises_evenly_to_its_full_strength_and_stays_there(share, n_steps):
    how = recipe(n_steps=n_steps, penalty_warmup=share)
    found = [penalty_share(step, how) for step in range(n_steps)]
    expected = [oracles.risen(step, Fraction(share), n_steps) for step in range(n_steps)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert 0 < min(found) <= max(found) == 1.0, "in force at the end, and never above alpha"
    assert found == sorted(found)


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_rise_ends_after_its_share_of_the_steps(rising, flat):
    """Powers of two have no rounding: the first step at full strength is the last of the rise."""
    n_steps = 64 * (rising + flat)
    how = recipe(n_steps=n_steps, penalty_warmup=0.25)
    found = [penalty_share(step, how) for step in range(n_steps)]
    assert found.index(1.0) == n_steps // 4 - 1
    assert found[0] == 4 / n_steps
    assert set(found[n_steps // 4 :]) == {1.0}


@given(st.integers(1, 300))
def test_without_a_rise_the_penalty_is_whole_from_the_first_step(n_steps):
    how = recipe(n_steps=n_steps, penalty_warmup=0.0)
    assert [penalty_share(step, how) for step in range(n_steps)] == [1.0] * n_steps


def test_the_rise_counts_the_steps_of_the_run_and_not_those_of_the_penalty():
    short, long = (recipe(n_steps=n, penalty_warmup=0.5) for n in (20, 40))
    assert [penalty_share(2 * step + 1, long) for step in range(20)] == pytest.approx(
        [penalty_share(step, short) for step in range(20)]
    )


def continued(path, how: Recipe, batches: list[Tensor]) -> Stack:
    """From the checkpoint to the end."""
    stack, step, _ = load_checkpoint(path, how)
    for _ in train(stack, iter(batches[step:]), how, first_step=step):
        pass
    return stack


@every_method
@pytest.mark.parametrize("clip", [0.0, 4.0])
def test_a_run_stopped_half_way_through_the_rise_goes_on_with_it(
    tmp_path, monkeypatch, method, clip
):
    how = recipe(method=method, alphas=(0.02, 0.1), penalty_warmup=0.8, clip=clip)
    whole, path = trained(how, data()), tmp_path / "checkpoint.safetensors"
    half = start(how, D_IN)
    for done, _ in train(half, iter(data()[:16]), how):
        save_checkpoint(path, half, done, [])
    same = continued(path, how, data())
    for one, other in zip(same[:4], whole[:4], strict=True):
        assert torch.equal(one, other)
    for lost in (16, -40):
        shifted = partial(lambda by, step, how: penalty_share(step - by, how), lost)
        monkeypatch.setattr("repro.maker.dictionaries.train.penalty_share", shifted)
        other = continued(path, how, data())
        assert not torch.allclose(other.W_enc, whole.W_enc, atol=1e-4), (
            "one begun anew, or left out"
        )


@every_method
def test_without_a_penalty_its_rise_changes_nothing(method):
    plain, rising = (
        trained(recipe(method=method, alphas=(0.0, 0.1), penalty_warmup=share), data())
        for share in (0.0, 0.75)
    )
    for one, other in zip(plain.trained().values(), rising.trained().values(), strict=True):
        assert torch.equal(one[0], other[0])
        assert not torch.allclose(one[1], other[1], atol=1e-4), "where there is one, it does"


@st.composite
def gradients(draw: st.DrawFn) -> tuple[list[Tensor], float]:
    """Gradients of a few members in parameters of several shapes, and a length."""
    n, d_sae, d_in, seed = draw(st.integers(1, 4)), draw(sizes), draw(sizes), draw(seeds)
    shapes = [(d_sae, d_in), (1, d_sae), (d_sae, d_in), (1, d_in)][: draw(st.integers(1, 4))]
    size = torch.logspace(-3, 3, n, dtype=torch.float64)
    made = [normal(seed + i, n, *shape) * size.view(-1, 1, 1) for i, shape in enumerate(shapes)]
    return made, draw(st.floats(1e-3, 1e3))


def clipped(made: list[Tensor], longest: float) -> list[Tensor]:
    found = [g.clone() for g in made]
    clip_(found, longest)
    return found


def lengths(made: list[Tensor]) -> Tensor:
    """Of each member, over all its parameters."""
    return torch.cat([g.flatten(1) for g in made], dim=1).norm(dim=1)


@given(gradients())
def test_no_gradient_is_longer_than_it_may_be_and_a_short_one_is_left_alone(case):
    made, longest = case
    found = clipped(made, longest)
    assert bool((lengths(found) <= longest * (1 + 1e-12)).all())
    for member, length in enumerate(lengths(made)):
        for before, after in zip(made, found, strict=True):
            if length < longest * (1 - 1e-12):
                assert torch.equal(after[member], before[member])


@given(gradients())
def test_a_shortened_gradient_has_the_length_asked_for_and_its_old_direction(case):
    made, longest = case
    found, before = clipped(made, longest), lengths(made)
    assert_close(lengths(found), before.clamp_max(longest))
    share = (longest / before).clamp_max(1).view(-1, 1, 1)
    for old, new in zip(made, found, strict=True):
        assert_close(new, old * share)


@given(gradients())
def test_each_member_is_cut_by_its_own_length_over_all_that_it_trains(case):
    made, longest = case
    found = clipped(made, longest)
    for member in range(len(made[0])):
        expected = oracles.shortened(numpy(*(g[member] for g in made)), longest)
        for after, its in zip(found, expected, strict=True):
            np.testing.assert_allclose(after[member], its, rtol=1e-10, atol=0)


@given(gradients())
def test_a_second_cut_to_the_same_length_changes_nothing(case):
    made, longest = case
    once = clipped(made, longest)
    assert_close(clipped(once, longest), once)


@given(gradients())
def test_a_gradient_of_nothing_stays_nothing(case):
    made, longest = case
    nothing = [torch.zeros_like(g) for g in made]
    assert_close(clipped(nothing, longest), nothing, rtol=0, atol=0)


@given(gradients())
def test_a_gradient_that_is_no_number_is_not_hidden_and_spoils_no_other(case):
    made, longest = case
    made[0][0, 0, 0] = torch.nan
    found = clipped(made, longest)
    assert found[0][0, 0, 0].isnan()
    for old, new in zip(clipped([g[1:] for g in made], longest), found, strict=True):
        assert_close(new[1:], old)


def gradients_of(how: Recipe, x: Tensor) -> dict[str, Tensor]:
    """What the optimiser is given at the first step."""
    stack = start(how, D_IN)
    set_gradients(stack, torch.tensor(how.alphas).view(-1, 1, 1), x, how)
    return {name: cast(Tensor, p.grad) for name, p in stack.trained().items()}


methods = st.sampled_from(METHODS)


@FEW
@given(methods, seeds, st.floats(0.1, 50))
def test_the_optimiser_gets_the_gradient_of_the_loss_cut_to_length(method, seed, clip):
    how = recipe(method=method, seed=seed, clip=clip)
    x = 3 * normal(seed, 16, D_IN, dtype=torch.float32)
    alpha = torch.tensor(how.alphas).view(-1, 1, 1)
    slopes = architecture_of(how).gradient(start(how, D_IN), slice(None), alpha, x, how)
    found = gradients_of(how, x)
    whole = [getattr(slopes, name) for name in found]
    assert_close(list(found.values()), clipped(whole, clip / D_IN), rtol=1e-4, atol=1e-6)
    uncut = gradients_of(dataclasses.replace(how, clip=0.0), x)
    assert_close(list(uncut.values()), whole, rtol=1e-4, atol=1e-6)


@FEW
@given(methods, seeds, st.sampled_from([0.0, 5.0]))
def test_members_one_by_one_and_all_together_get_the_same_gradients(method, seed, clip):
    """An accelerator takes the whole stack at once; here it is named and not used."""
    apart = recipe(method=method, seed=seed, clip=clip)
    together = dataclasses.replace(apart, device=torch.device("cuda"))
    x = normal(seed, 16, D_IN, dtype=torch.float32)
    alpha = torch.tensor(apart.alphas).view(-1, 1, 1)
    stacks = [start(apart, D_IN) for _ in range(2)]
    one_by_one = set_gradients(stacks[0], alpha, x, apart)
    (at_once,) = set_gradients(stacks[1], alpha, x, together)
    assert len(one_by_one) == len(alpha)
    slopes = [[p.grad for p in stack.trained().values()] for stack in stacks]
    assert_close(slopes[0], slopes[1], rtol=1e-4, atol=1e-6)
    for name in ("c", "error"):
        of_members = torch.cat([getattr(part, name) for part in one_by_one])
        assert_close(of_members, getattr(at_once, name), rtol=1e-4, atol=1e-6)


def test_gradients_are_those_of_this_step_alone():
    how = recipe(clip=10.0)
    stack, alpha = start(how, D_IN), torch.tensor(recipe().alphas).view(-1, 1, 1)
    for x in data(3):
        set_gradients(stack, alpha, x, how)
    expected = gradients_of(how, data(3)[2])
    for name, parameter in stack.trained().items():
        assert torch.equal(cast(Tensor, parameter.grad), expected[name])


EXACT = {"alphas": (0.0, 0.02, 0.1), "eps": 1e-20}
"""Adam's steps, but for its epsilon, do not see a loss that is multiplied by a power of two."""


def printed(how: Recipe) -> Recipe:
    """The same training with the squared error summed over coordinates."""
    return dataclasses.replace(how, reduction="sum", alphas=tuple(D_IN * a for a in how.alphas))


@FEW
@given(methods, seeds, st.floats(0.1, 50), shares)
def test_a_cut_means_the_same_for_the_mean_and_for_the_sum(method, seed, clip, rise):
    how = recipe(method=method, seed=seed, clip=clip, penalty_warmup=rise, **EXACT)
    one, other = trained(how, uneven(40, seed)), trained(printed(how), uneven(40, seed))
    for a, b in zip(one[:4], other[:4], strict=True):
        assert_close(a, b, rtol=1e-5, atol=1e-6)


@every_method
@pytest.mark.parametrize("unit", [1 / D_IN, D_IN])
def test_a_cut_in_another_unit_would_be_seen(method, unit):
    how = recipe(method=method, clip=10.0, **EXACT)
    other = dataclasses.replace(printed(how), clip=unit * how.clip)
    assert not torch.allclose(
        trained(how, uneven()).W_enc, trained(other, uneven()).W_enc, atol=1e-2
    )


@every_method
def test_one_long_gradient_holds_the_others_back_only_where_nothing_is_cut(method):
    """A batch a thousand times as long swells Adam's second moment for as long as it remembers."""
    x = data(40)
    spiked = [1000 * x[0], *x[1:]]
    far = {}
    for clip in (0.0, 0.25):
        how = recipe(method=method, alphas=(0.02,), warmup=0.0, decay=0.0, clip=clip)
        stack = start(how, D_IN)
        steps = train(stack, iter(spiked), how)
        next(steps)
        first = stack.W_enc.clone()
        for _ in steps:
            pass
        far[clip] = float((stack.W_enc - first).norm())
    assert far[0.25] > 2 * far[0.0]
