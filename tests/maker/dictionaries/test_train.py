"""Training: a stack is its members, a resumed run is an uninterrupted one, bad steps are told."""

import dataclasses
import itertools
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.errors import TrainingError
from repro.maker.decompositions.random import random_dictionary
from repro.maker.dictionaries.architectures.architecture import Stack
from repro.maker.dictionaries.architectures.registry import architecture_of
from repro.maker.dictionaries.architectures.sae import tied_gradient
from repro.maker.dictionaries.architectures.sae_random_decoder import random_decoder_gradient
from repro.maker.dictionaries.architectures.sae_standard import standard_gradient
from repro.maker.dictionaries.checkpoint import Timer, load_checkpoint, save_checkpoint
from repro.maker.dictionaries.metrics import fvu, l0, matched_cosines
from repro.maker.dictionaries.model import Dictionary, Transform, decode, encode
from repro.maker.dictionaries.recipe import Recipe, step_size
from repro.maker.dictionaries.stack import centred_at, dictionaries, start
from repro.maker.dictionaries.train import Logged, train, transformed
from repro.maker.planted import draw, planted
from tests.examples import FEW
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import normal, numpy, rotation, scales, seeds, sizes
from tests.maker.dictionaries.oracles import Array

D_IN = 8
METHODS = ("sae", "sae_standard", "sae_random_decoder")
every_method = pytest.mark.parametrize("method", METHODS)
AS_IT_IS = Transform(torch.zeros(D_IN), 1.0)
"""Of activations that are centred and scaled already."""


def recipe(**changes) -> Recipe:
    base = Recipe(
        name="test", method="sae", d_sae=16, alphas=(0.0, 0.01, 0.05), seed=3, n_steps=40, lr=1e-2,
        betas=(0.9, 0.999), eps=1e-8, warmup=0.1, decay=0.25, penalty_warmup=0.0, clip=0.0,
        matmul=torch.float32, device=torch.device("cpu"),
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def data(n_steps: int = 40, seed: int = 9) -> list[Tensor]:
    return list(normal(seed, n_steps, 32, D_IN, dtype=torch.float32))


def uneven(n_steps: int = 40, seed: int = 9) -> list[Tensor]:
    """Every other batch is three times as long, so that some gradients are long and some short."""
    return [x * (1 + 2 * (number % 2)) for number, x in enumerate(data(n_steps, seed))]


def trained(how: Recipe, batches: list[Tensor]) -> Stack:
    stack = start(how, batches[0].shape[1])
    for _ in train(stack, iter(batches), how):
        pass
    return stack


recipes = st.fixed_dictionaries({
    "method": st.sampled_from(METHODS),
    "alphas": st.lists(st.floats(0, 0.1), min_size=1, max_size=3).map(tuple),
    "seed": seeds,
    "n_steps": st.integers(1, 12),
    "lr": st.floats(1e-4, 3e-2),
    "betas": st.tuples(st.floats(0, 0.95), st.floats(0.5, 0.999)),
    "warmup": st.floats(0, 0.5),
    "decay": st.floats(0, 0.5),
    "penalty_warmup": st.floats(0, 0.9),
    "clip": st.one_of(st.just(0.0), st.floats(0.05, 20)),
})  # fmt: skip
"""What to change in `recipe` for short runs of any method with any schedule."""


def tried(*more):
    """At every profile: a run of each method long enough to rise, stay and fall."""
    fixed = {"n_steps": 12, "warmup": 0.3, "decay": 0.3, "penalty_warmup": 0.5, "clip": 5.0}

    def with_examples(test):
        for method in METHODS:
            test = example({"method": method, **fixed}, *more)(test)
        return test

    return with_examples


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@FEW
@given(recipes)
@tried()
def test_a_stack_equals_each_member_trained_alone(changes):
    how = recipe(**changes)
    together = trained(how, data(how.n_steps))
    for index, alpha in enumerate(how.alphas):
        alone = trained(dataclasses.replace(how, alphas=(alpha,)), data(how.n_steps))
        for part, its in zip(together.trained().values(), alone.trained().values(), strict=True):
            assert_close(part[index], its[0], rtol=1e-4, atol=1e-4)


SLOPES = {
    "sae": oracles.tied_slope,
    "sae_standard": oracles.standard_slope,
    "sae_random_decoder": oracles.frozen_decoder_slope,
}
"""Of the loss of each method, in all that it trains; the frozen decoder comes last."""


def textbook(how: Recipe, batches: list[Tensor]) -> tuple[list[Array], list[oracles.Adam]]:
    """Adam on the stated loss in float64, one member alone, slopes from the oracle."""
    first = start(how, D_IN)
    parameters = numpy(*(part[0].squeeze(0) for part in first.trained().values()))
    frozen = numpy(first.W_dec) if how.method == "sae_random_decoder" else []
    adams = [oracles.Adam(*how.betas, how.eps) for _ in parameters]
    for step, batch in enumerate(batches):
        (x,) = numpy(batch)
        alpha = how.alphas[0] * oracles.risen(step, Fraction(how.penalty_warmup), how.n_steps)
        W_enc, b_enc, *more = parameters
        slopes = SLOPES[how.method](W_enc, b_enc, alpha, x, *more, *frozen, *how.ks)
        slopes = oracles.shortened(slopes, how.clip / D_IN) if how.clip else slopes
        lr = step_size(step, how)
        moves = zip(adams, parameters, slopes, strict=True)
        parameters = [adam.moved(old, slope, lr) for adam, old, slope in moves]
    return parameters, adams


@every_method
@pytest.mark.parametrize(("rise", "clip"), [(0.0, 0.0), (0.75, 0.0), (0.0, 6.0), (0.75, 6.0)])
def test_training_is_textbook_adam_on_the_stated_loss(method, rise, clip):
    how = recipe(alphas=(0.1,), n_steps=12, method=method, penalty_warmup=rise, clip=clip)
    parameters, adams = textbook(how, uneven(12))
    stack = trained(how, uneven(12))
    moved = zip(stack.trained().values(), parameters, adams, strict=True)
    for parameter, expected, adam in moved:
        assert_close(parameter[0].double().squeeze(0).numpy(), expected, atol=2e-4, rtol=0)
        state = stack.adam.state[parameter]
        assert int(state["step"]) == adam.t == 12
        for name, moment in (("exp_avg", adam.m), ("exp_avg_sq", adam.v)):
            found = state[name][0].double().numpy().reshape(np.shape(moment))
            np.testing.assert_allclose(found, moment, rtol=1e-2, atol=1e-6)


@every_method
@pytest.mark.parametrize("changes", [{"penalty_warmup": 0.75}, {"clip": 6.0}, {"alphas": (0.2,)}])
def test_the_textbook_tells_other_settings_apart(method, changes):
    how = recipe(alphas=(0.1,), n_steps=12, method=method)
    plain, other = (
        textbook(one, uneven(12))[0] for one in (how, dataclasses.replace(how, **changes))
    )
    for expected, found in zip(plain, other, strict=True):
        assert np.abs(found - expected).max() > 20 * 2e-4


@FEW
@given(recipes)
@tried()
def test_every_step_moves_the_parameters_and_the_optimisers_state(changes):
    how = recipe(**changes)
    stack = start(how, D_IN)
    parts = stack.trained().values()
    before = [part.clone() for part in parts]
    done = 0
    for done, _ in train(stack, iter(data(how.n_steps)), how):
        for old, part in zip(before, parts, strict=True):
            assert not torch.equal(part, old)
            old.copy_(part)
            assert int(stack.adam.state[part]["step"]) == done
            assert stack.adam.state[part]["exp_avg_sq"].max() > 0
    assert done == how.n_steps


@FEW
@given(recipes)
@tried()
def test_the_first_step_is_one_step_size_whatever_the_gradient(changes):
    """With its bias corrected, Adam's first step is lr * sign of the gradient."""
    how = recipe(**changes)
    stack = start(how, D_IN)
    before = stack.W_enc.clone()
    next(train(stack, iter(data(1)), how))
    moved, slope = stack.W_enc - before, stack.W_enc.grad
    assert slope is not None
    clear = slope.abs() > 1e-5
    expected = -step_size(0, how) * slope.sign()
    assert_close(moved[clear], expected[clear], rtol=2e-2, atol=1e-6)


@FEW
@given(recipes, st.integers(0, 10))
@tried(4)
def test_resuming_gives_the_same_bytes_as_not_stopping(changes, stop):
    how = recipe(**changes)
    stopped_at, batches = 1 + stop % how.n_steps, data(how.n_steps)
    whole, expected = start(how, D_IN), []
    for _, record in train(whole, iter(batches), how, log_every=3):
        expected += [record] if record else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        stack, records = start(how, D_IN), []
        for done, record in train(stack, iter(batches), how, log_every=3):
            records += [record] if record else []
            if done == stopped_at:
                save_checkpoint(path, stack, done, records)
                break
        again, step, kept = load_checkpoint(path, how)
    assert (step, kept) == (stopped_at, records)
    assert {int(state["step"]) for state in again.adam.state.values()} == {step}
    for _, record in train(again, iter(batches[step:]), how, first_step=step, log_every=3):
        kept += [record] if record else []
    assert kept == expected
    for one, other in zip(again[:4], whole[:4], strict=True):
        assert torch.equal(one, other)


@FEW
@given(recipes)
@tried()
def test_rows_keep_their_length_through_training(changes):
    """At every step: features of length 1, and a gradient that turns them but does not stretch."""
    how = recipe(**changes)
    stack = start(how, D_IN)
    drawn = stack.W_dec.clone()
    for _ in train(stack, iter(data(how.n_steps)), how):
        for one in dictionaries(stack, how):
            assert_close(one.W_dec.norm(dim=1), torch.ones(16), rtol=0, atol=1e-6)
        assert torch.equal(stack.W_dec, drawn) == (how.method != "sae_standard")
    alpha = torch.full((len(how.alphas), 1, 1), 0.1)
    slopes = architecture_of(how).gradient(stack, slice(None), alpha, data(1)[0], how)
    turned = {"sae": "W_enc", "sae_standard": "W_dec"}.get(how.method)
    if turned:
        rows = torch.nn.functional.normalize(getattr(stack, turned), dim=-1)
        along = (getattr(slopes, turned) * rows).sum(-1)
        assert_close(along, torch.zeros_like(along), rtol=0, atol=1e-5)


@FEW
@given(recipes)
@tried()
def test_what_is_logged_is_what_the_saved_dictionary_does(changes):
    how = recipe(**changes)
    stack = start(how, D_IN)
    batches = data(how.n_steps)
    steps = train(stack, iter(batches), how, log_every=1)
    for batch in batches:
        members = dictionaries(stack, how)
        members = [one._replace(b_enc=one.b_enc.clone()) for one in members]
        members = [one._replace(W_enc=one.W_enc.clone()) for one in members]
        centred = centred_at(stack, AS_IT_IS)
        done, record = next(steps)
        assert record is not None
        assert record.step == done
        for index, (one, at) in enumerate(zip(members, centred, strict=True)):
            c = encode(one, at.forward(batch))
            codes, made, x = numpy(c, at.inverse(decode(one, c)), batch)
            assert record.squared_error[index] == pytest.approx(((made - x) ** 2).mean(), rel=1e-4)
            assert record.sparsity[index] == pytest.approx(codes.sum(1).mean(), rel=1e-4)
            assert record.l0[index] == pytest.approx((codes > 0).sum(1).mean(), abs=0.1)


@given(recipes, seeds)
@tried(0)
def test_the_gradient_is_that_of_the_stacks_own_method(changes, seed):
    how = recipe(**changes)
    stack = start(how, D_IN)
    alpha = torch.tensor(how.alphas).view(-1, 1, 1)
    x = normal(seed, 4, D_IN, dtype=torch.float32)
    found = architecture_of(how).gradient(stack, slice(None), alpha, x, how)
    free = (stack.W_enc, stack.b_enc, alpha, x, how.matmul)
    expected = {
        "sae": lambda: tied_gradient(*free),
        "sae_standard": lambda: standard_gradient(*free, stack.W_dec, stack.b_dec),
        "sae_random_decoder": lambda: random_decoder_gradient(*free, stack.W_dec),
    }[how.method]()
    has_more = how.method == "sae_standard"
    assert (found.W_dec is not None) == (found.b_dec is not None) == has_more
    for name in (*stack.trained(), "c", "error"):
        assert torch.equal(getattr(found, name), getattr(expected, name))


def test_a_frozen_decoder_with_the_largest_codes_kept_follows_the_textbook():
    how = recipe(alphas=(0.0,), ks=(3,), n_steps=12, method="sae_random_decoder", clip=6.0)
    parameters, _ = textbook(how, uneven(12))
    stack = trained(how, uneven(12))
    for parameter, expected in zip(stack.trained().values(), parameters, strict=True):
        assert_close(parameter[0].double().squeeze(0).numpy(), expected, atol=2e-4, rtol=0)
    all_kept, _ = textbook(dataclasses.replace(how, ks=()), uneven(12))
    assert max(np.abs(a - b).max() for a, b in zip(all_kept, parameters, strict=True)) > 20 * 2e-4


def test_members_that_keep_different_numbers_are_each_saved_with_their_own():
    how = recipe(alphas=(0.0, 0.0), ks=(2, 5), method="sae_random_decoder")
    stack = trained(how, data())
    few, many = dictionaries(stack, how)
    assert [(one.activation, one.k) for one in (few, many)] == [("topk", 2), ("topk", 5)]
    x = data(1)[0]
    assert [int((encode(one, x) > 0).sum(-1).max()) for one in (few, many)] == [2, 5]
    alone = trained(dataclasses.replace(how, alphas=(0.0,), ks=(5,)), data())
    assert_close(stack.W_enc[1], alone.W_enc[0], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(stack.W_enc[0], stack.W_enc[1], atol=1e-2)


def test_the_frozen_decoder_stays_frozen_and_its_encoder_moves():
    how = recipe(method="sae_random_decoder")
    first, last = start(how, D_IN), trained(how, data())
    assert torch.equal(first.W_dec, last.W_dec)
    assert not torch.equal(first.W_enc, last.W_enc)
    assert_close(last.W_dec.norm(dim=1), torch.ones(16))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("scale", [0.1, 4.0])
def test_the_scale_of_the_start_changes_lengths_and_no_direction(tied: bool, scale: float):
    """Of the rows that are normalised alone; an encoder of its own starts as it did."""
    plain = start(recipe(tied=tied), D_IN)
    scaled = start(recipe(tied=tied, start_scale=scale), D_IN)
    normalised = ("W_enc",) if tied else ("W_dec",)
    for name in ("W_enc", "W_dec"):
        factor = scale if name in normalised else 1.0
        torch.testing.assert_close(getattr(scaled, name), factor * getattr(plain, name))
    before, after = (dictionaries(s, recipe(tied=tied)) for s in (plain, scaled))
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one.W_dec, other.W_dec)


@pytest.mark.parametrize("method", ["sae_standard", "sae_random_decoder"])
def test_the_other_autoencoders_start_as_they_did_whatever_the_scale(method: str):
    plain, scaled = (start(recipe(method=method, start_scale=s), D_IN) for s in (1.0, 0.1))
    assert torch.equal(plain.W_enc, scaled.W_enc)
    assert torch.equal(plain.W_dec, scaled.W_dec)


@given(recipes, sizes)
@tried(5)
def test_members_of_a_stack_start_alike_and_seeds_decide_how(changes, d_in):
    how = recipe(**changes)
    stack = start(how, d_in)
    assert all(torch.equal(member, stack.W_enc[0]) for member in stack.W_enc)
    assert not stack.b_enc.any()
    assert torch.equal(start(how, d_in).W_enc, stack.W_enc)
    other = start(dataclasses.replace(how, seed=how.seed + 1), d_in)
    assert not torch.equal(other.W_enc, stack.W_enc)
    if how.method == "sae":
        assert float(stack.W_enc.abs().max()) <= (6 / (16 + d_in)) ** 0.5, "Xavier's bound"
        assert float(stack.W_enc.abs().max()) > 0.8 * (6 / (16 + d_in)) ** 0.5
        return
    assert not torch.equal(other.W_dec, stack.W_dec)
    assert_close(stack.W_dec.norm(dim=-1), torch.ones(stack.W_dec.shape[:-1]))
    tenth = 0.1 if how.method == "sae_standard" else 1.0
    assert_close(stack.W_enc, (tenth * stack.W_dec).expand_as(stack.W_enc))
    assert not stack.b_dec.any()


def test_step_size_is_a_trapezoid():
    how = recipe(n_steps=100, warmup=0.1, decay=0.2, lr=1.0)
    sizes = [step_size(step, how) for step in range(100)]
    assert sizes[0] == pytest.approx(0.1)
    assert sizes[10:80] == [1.0] * 70
    assert sizes[99] == pytest.approx(0.05)
    flat = recipe(n_steps=100, warmup=0.0, decay=0.0, lr=1.0)
    assert {step_size(step, flat) for step in range(100)} == {1.0}


@given(recipes)
@tried()
def test_step_sizes_rise_stay_and_fall_and_are_never_zero(changes):
    how = recipe(**changes)
    how = dataclasses.replace(how, n_steps=7 * how.n_steps)
    sizes = [step_size(step, how) for step in range(how.n_steps)]
    assert 0 < min(sizes) <= max(sizes) <= how.lr
    rises = [b > a for a, b in itertools.pairwise(sizes) if a != b]
    assert rises == sorted(rises, reverse=True), "once it falls it rises no more"
    doubled = dataclasses.replace(how, lr=2 * how.lr)
    assert [step_size(step, doubled) for step in range(how.n_steps)] == [2 * s for s in sizes]


def test_divergence_names_the_autoencoder_and_the_step():
    batches = data()
    batches[20] = batches[20] * float("inf")
    stack = start(recipe(), D_IN)
    with pytest.raises(TrainingError, match=r"test, alpha 0.*step 2[0-9] of 40.*\n.*\n.*lower"):
        for _ in train(stack, iter(batches), recipe(), log_every=1):
            pass


@FEW
@given(st.integers(0, 2), st.integers(1, 40))
def test_a_member_that_is_not_a_number_is_never_logged_as_one(index, log_every):
    how, batches = recipe(), data()
    stack = start(how, D_IN)
    stack.W_enc[index, 0, 0] = torch.nan
    records: list[Logged | None] = []

    def log() -> None:
        for _, record in train(stack, iter(batches), how, log_every=log_every):
            records.append(record)

    with pytest.raises(TrainingError, match=f"alpha {how.alphas[index]:g}, is not finite"):
        log()
    assert not any(records)


def test_a_diverging_end_is_caught_even_between_records():
    batches = data()
    batches[39] = batches[39] * float("nan")
    stack = start(recipe(), D_IN)
    with pytest.raises(TrainingError, match="diverged"):
        for _ in train(stack, iter(batches), recipe(), log_every=1000):
            pass


def planted_stack(alphas: tuple[float, ...], n_steps: int = 1200, d_sae: int = 16):
    source = planted("planted_knee", dimension=16, active=2, seed=5)
    x = draw(source, 256 * n_steps)
    x = x - x.mean(0)
    x = x * (16 / x.square().sum(1).mean()).sqrt()
    how = recipe(d_sae=d_sae, alphas=alphas, n_steps=n_steps, lr=3e-3)
    stack = start(how, 16)
    for _ in train(stack, iter(x.split(256)), how):
        pass
    return source, x[:4096], dictionaries(stack, how)


def test_planted_features_are_found_and_a_random_dictionary_does_not_find_them():
    source, x, (one,) = planted_stack((0.03,))
    found = matched_cosines(source.features, one.W_dec)
    random = matched_cosines(source.features, random_dictionary(16, 16, seed=1))
    assert found.mean() > 0.95
    assert random.mean() < 0.7
    assert fvu(x, decode(one, encode(one, x))) < 0.2


def test_more_penalty_means_fewer_active_features_and_more_error():
    _, x, members = planted_stack((0.0, 0.01, 0.05, 0.1), n_steps=600)
    sparsity = [float(l0(encode(one, x))) for one in members]
    errors = [float(fvu(x, decode(one, encode(one, x)))) for one in members]
    assert sparsity == sorted(sparsity, reverse=True)
    assert errors[-1] > errors[0]


def loss_of(one: Dictionary, alpha: float, x: Tensor) -> float:
    c = encode(one, x)
    return float((decode(one, c) - x).square().mean() + alpha * c.abs().sum(1).mean())


def test_bfloat16_products_train_fp32_weights_to_the_same_loss():
    exact, rounded = (
        dictionaries(trained(recipe(matmul=matmul), data()), recipe())
        for matmul in (torch.float32, torch.bfloat16)
    )
    x = data(1)[0]
    for alpha, one, other in zip(recipe().alphas, exact, rounded, strict=True):
        assert other.W_dec.dtype == torch.float32
        assert not torch.equal(one.W_dec, other.W_dec)
        assert loss_of(other, alpha, x) == pytest.approx(loss_of(one, alpha, x), rel=0.05)


@FEW
@given(recipes, st.sampled_from([torch.float32, torch.bfloat16]))
@tried(torch.bfloat16)
def test_rounded_products_never_freeze_a_weight_that_is_pulled(changes, matmul):
    """Steps of a millionth, far below what bfloat16 can add to a weight, add up in fp32."""
    how = recipe(**changes)
    constant = {"warmup": 0.0, "decay": 0.0, "penalty_warmup": 0.0, "clip": 0.0}
    how = dataclasses.replace(how, matmul=matmul, lr=1e-6, n_steps=20, **constant)
    stack = start(how, D_IN)
    before = stack.W_enc.clone()
    (batch,) = data(1)
    for _ in train(stack, iter([batch] * 20), how):
        pass
    assert stack.W_enc.dtype == stack.b_enc.dtype == torch.float32
    assert stack.W_enc.grad is not None
    pulled = stack.W_enc.grad.abs() > 1e-4
    moved = (stack.W_enc - before).abs()[pulled]
    assert bool((moved > 10e-6).all())
    assert bool((moved < 30e-6).all())
    first = dictionaries(start(how, D_IN), how)[0].W_enc
    assert not torch.equal(dictionaries(stack, how)[0].W_enc, first)


@FEW
@given(seeds)
def test_without_a_penalty_training_reaches_the_least_squares_bound(seed):
    """No three features reconstruct better than the first three singular vectors."""
    basis = rotation(seed, D_IN)[:3]
    x = normal(seed + 1, 128, 3).abs() @ basis + 0.1 * normal(seed + 2, 128, D_IN)
    how = recipe(d_sae=3, alphas=(0.0, 0.5), n_steps=200)
    stack = start(how, D_IN)
    stack.W_enc.copy_(basis + 0.2 * normal(seed + 3, 3, D_IN))
    for _ in train(stack, iter([x.float()] * 200), how):
        pass
    bound = float(torch.linalg.svdvals(x)[3:].square().sum())
    free, penalised = (
        float((decode(one, encode(one, x.float())) - x).square().sum())
        for one in dictionaries(stack, how)
    )
    assert bound * (1 - 1e-6) <= free < penalised
    assert free < 1.2 * bound


@given(seeds, st.integers(1, 4), scales)
def test_batches_are_transformed_once_and_in_fp32(seed, n, scale):
    batches = list(normal(seed, n, 5, D_IN).to(torch.bfloat16))
    transform = Transform(normal(seed + 1, D_IN, dtype=torch.float32), scale)
    found = list(transformed(iter(batches), transform))
    for batch, z in zip(batches, found, strict=True):
        assert z.dtype == torch.float32
        assert_close(z, (batch.float() - transform.mean) * scale)


@FEW
@given(recipes)
@tried()
def test_dictionaries_come_in_the_order_of_their_alphas(changes):
    how = recipe(**changes)
    stack = trained(how, data(how.n_steps))
    found = dictionaries(stack, how)
    assert len(found) == len(how.alphas)
    for one, W_enc, b_enc in zip(found, stack.W_enc, stack.b_enc, strict=True):
        assert torch.equal(one.b_enc, b_enc[0])
        read = torch.nn.functional.normalize(W_enc, dim=1) if how.method == "sae" else W_enc
        assert_close(one.W_enc, read)
        assert (one.W_enc is one.W_dec) == (how.method == "sae")
        assert (one.activation, one.k) == ("relu", 0)


def test_a_timer_says_yes_once_its_time_has_passed():
    never, always, soon = Timer(3600.0), Timer(0.0), Timer(0.3)
    assert not never.is_due()
    assert always.is_due()
    assert always.is_due()
    time.sleep(0.35)
    assert soon.is_due()
    assert not soon.is_due(), "its time begins anew"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@every_method
def test_a_cuda_device_trains_what_the_processor_trains(method):
    here = trained(recipe(method=method, clip=5.0), data())
    there = trained(recipe(method=method, clip=5.0, device=torch.device("cuda")), data())
    for one, other in zip(there[:4], here[:4], strict=True):
        assert_close(one.cpu(), other, rtol=1e-3, atol=1e-4)
