"""The field's standard autoencoder: an encoder of its own, unit decoder rows, a decoder bias."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.dictionaries.architectures.architecture import Stack
from repro.maker.dictionaries.architectures.sae_standard import standard_gradient
from repro.maker.dictionaries.architectures.sae_untied import untied_gradient
from repro.maker.dictionaries.loss import Gradient, Reduction, loss_terms
from repro.maker.dictionaries.model import (
    Transform,
    decode,
    encode,
    load_dictionary,
    save_dictionary,
    unit_rows,
)
from repro.maker.dictionaries.stack import centred_at, dictionaries, start
from tests.examples import FEW
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import normal, numpy, order, rotation, scales, seeds, sizes
from tests.maker.dictionaries.oracles import Array
from tests.maker.dictionaries.test_train import AS_IT_IS, D_IN, METHODS, data, recipe, trained

EXACT = torch.float64
PARTS = ("W_enc", "b_enc", "W_dec", "b_dec")
STANDARD = recipe(method="sae_standard")

Case = tuple[dict[str, Tensor], Tensor, Tensor]
"""Parameters of a few members by name, their penalties, activations."""


@st.composite
def standards(draw: st.DrawFn) -> Case:
    n, d_in, d_sae, batch = draw(st.integers(1, 3)), draw(sizes), draw(sizes), draw(sizes)
    alphas, seed = draw(st.lists(st.floats(0, 2), min_size=n, max_size=n)), draw(seeds)
    parameters = {
        "W_enc": normal(seed, n, d_sae, d_in),
        "b_enc": 0.3 * normal(seed + 1, n, 1, d_sae),
        "W_dec": 2 * normal(seed + 2, n, d_sae, d_in),
        "b_dec": normal(seed + 3, n, 1, d_in),
    }
    alpha = torch.tensor(alphas, dtype=EXACT).view(-1, 1, 1)
    return parameters, alpha, normal(seed + 4, batch, d_in)


def slopes(
    parameters: dict[str, Tensor], alpha: Tensor, x: Tensor, reduction: Reduction = "mean"
) -> Gradient:
    W_enc, b_enc, W_dec, b_dec = (parameters[name] for name in PARTS)
    return standard_gradient(W_enc, b_enc, alpha, x, EXACT, W_dec, b_dec, reduction)


def of(found: Gradient) -> dict[str, Tensor]:
    """The gradient without its by-products."""
    parts = {name: getattr(found, name) for name in PARTS}
    assert all(part is not None for part in parts.values())
    return parts


reductions = st.sampled_from(["mean", "sum"])


@given(standards(), reductions)
def test_the_standard_gradient_is_autograds(case, reduction):
    parameters, alpha, x = case
    free = {name: part.clone().requires_grad_() for name, part in parameters.items()}
    rows = unit_rows(free["W_dec"])
    c = ((x - free["b_dec"]) @ free["W_enc"].mT + free["b_enc"]).relu()
    terms = loss_terms(x, c @ rows + free["b_dec"], c, reduction)
    (terms.squared_error + alpha.flatten() * terms.sparsity).sum().backward()
    for name, part in of(slopes(parameters, alpha, x, reduction)).items():
        assert_close(part, free[name].grad)


def differences(parameters: list[Array], alpha: float, x: Array) -> Iterator[Array]:
    """Slopes of the loss in one parameter after the other."""
    for index, at in enumerate(parameters):

        def loss(value: Array, index: int = index) -> float:
            W_enc, b_enc, W_dec, b_dec = (
                value if i == index else part for i, part in enumerate(parameters)
            )
            return oracles.standard_loss(W_enc, b_enc, alpha, x, W_dec, b_dec)

        yield oracles.differences(loss, at)


@FEW
@given(standards())
def test_the_standard_gradient_is_the_slope_of_the_loss(case):
    parameters, alpha, x = case
    before = (x - parameters["b_dec"]) @ parameters["W_enc"].mT + parameters["b_enc"]
    assume(before.abs().min() > 1e-4)  # a difference across the corner of a ReLU is no derivative
    found = of(slopes(*case))
    (tokens,) = numpy(x)
    for m, a in enumerate(alpha.flatten().tolist()):
        w, b, d, c = numpy(*(parameters[name][m].squeeze(0) for name in PARTS))
        for name, slope in zip(PARTS, differences([w, b, d, c], a, tokens), strict=True):
            np.testing.assert_allclose(found[name][m].squeeze(0), slope, rtol=1e-5, atol=1e-7)


@given(standards())
def test_the_standard_gradient_is_the_oracles(case):
    parameters, alpha, x = case
    found = of(slopes(*case))
    (tokens,) = numpy(x)
    for m, a in enumerate(alpha.flatten().tolist()):
        w, b, d, c = numpy(*(parameters[name][m].squeeze(0) for name in PARTS))
        expected = oracles.standard_slope(w, b, a, tokens, d, c)
        for name, slope in zip(PARTS, expected, strict=True):
            np.testing.assert_allclose(found[name][m].squeeze(0), slope, rtol=1e-9, atol=1e-12)


@given(standards())
def test_with_its_centre_at_zero_it_is_the_untied_one(case):
    parameters, alpha, x = case
    W_enc, b_enc, W_dec, b_dec = (parameters[name] for name in PARTS)
    found = slopes({**parameters, "b_dec": torch.zeros_like(b_dec)}, alpha, x)
    expected = untied_gradient(W_enc, b_enc, alpha, x, EXACT, W_dec)
    for name in ("W_enc", "b_enc", "W_dec", "c", "error"):
        assert_close(getattr(found, name), getattr(expected, name))


@given(standards(), seeds)
def test_activations_and_centre_that_move_together_change_nothing(case, seed):
    parameters, alpha, x = case
    by = normal(seed, x.shape[1])
    moved = slopes({**parameters, "b_dec": parameters["b_dec"] + by}, alpha, x + by)
    plain = slopes(*case)
    assert_close(of(moved), of(plain))
    assert_close((moved.c, moved.error), (plain.c, plain.error))


@given(standards())
def test_codes_and_error_are_those_of_the_equations(case):
    parameters, _, x = case
    found = slopes(*case)
    for m in range(len(found.c)):
        w, b, d, at, tokens = numpy(*(parameters[n][m].squeeze(0) for n in PARTS), x)
        c = oracles.relu_codes(w, b, tokens - at)
        np.testing.assert_allclose(found.c[m], c, rtol=1e-9, atol=1e-12)
        made = oracles.reconstruction(oracles.unit_rows(d), c) + at
        np.testing.assert_allclose(found.error[m], made - tokens, rtol=1e-9, atol=1e-12)


@given(standards(), seeds)
def test_it_turns_with_the_space_and_moves_with_the_features(case, seed):
    parameters, alpha, x = case
    turn, moved = rotation(seed, x.shape[1]), order(seed, parameters["W_enc"].shape[1])

    def turned(parts: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: part if name == "b_enc" else part @ turn for name, part in parts.items()}

    def shuffled(parts: dict[str, Tensor]) -> dict[str, Tensor]:
        mixed = {name: parts[name][:, moved] for name in ("W_enc", "W_dec")}
        return {**parts, **mixed, "b_enc": parts["b_enc"][:, :, moved]}

    plain = of(slopes(*case))
    assert_close(of(slopes(turned(parameters), alpha, x @ turn)), turned(plain))
    assert_close(of(slopes(shuffled(parameters), alpha, x)), shuffled(plain))


@given(standards(), seeds)
def test_a_member_does_not_feel_the_others_nor_the_order_of_the_batch(case, seed):
    parameters, alpha, x = case
    together = of(slopes(*case))
    for m in range(len(alpha)):
        one = {name: part[m : m + 1] for name, part in parameters.items()}
        alone = of(slopes(one, alpha[m : m + 1], x[order(seed, len(x))]))
        assert_close({name: part[m : m + 1] for name, part in together.items()}, alone)


@given(standards())
def test_the_penalty_enters_once_linearly_and_in_the_centre_too(case):
    parameters, alpha, x = case
    free, once, twice = (of(slopes(parameters, a, x)) for a in (0 * alpha, alpha, 2 * alpha))
    for name in PARTS:
        assert_close(twice[name] - free[name], 2 * (once[name] - free[name]))
    pull = once["b_enc"] - free["b_enc"]
    assert_close(once["b_dec"] - free["b_dec"], -pull @ parameters["W_enc"])
    assert_close(once["W_dec"], free["W_dec"])


@given(standards(), scales)
def test_only_the_direction_of_a_decoder_row_matters(case, scale):
    parameters, alpha, x = case
    plain = of(slopes(*case))
    scaled = of(slopes({**parameters, "W_dec": scale * parameters["W_dec"]}, alpha, x))
    assert_close(scaled["W_dec"] * scale, plain["W_dec"])
    for name in ("W_enc", "b_enc", "b_dec"):
        assert_close(scaled[name], plain[name])
    along = (plain["W_dec"] * unit_rows(parameters["W_dec"])).sum(-1)
    assert_close(along, torch.zeros_like(along), atol=1e-10, rtol=0)


def test_bfloat16_products_give_an_fp32_gradient_within_their_rounding():
    parameters = {
        "W_enc": normal(0, 2, 24, 12).float(),
        "b_enc": normal(1, 2, 1, 24).float(),
        "W_dec": normal(2, 2, 24, 12).float(),
        "b_dec": normal(3, 2, 1, 12).float(),
    }
    x, alpha = normal(4, 64, 12).float(), torch.full((2, 1, 1), 0.1)
    W_enc, b_enc, W_dec, b_dec = (parameters[name] for name in PARTS)
    exact, rounded = (
        of(standard_gradient(W_enc, b_enc, alpha, x, kind, W_dec, b_dec))
        for kind in (torch.float32, torch.bfloat16)
    )
    for name in PARTS:
        assert rounded[name].dtype == torch.float32
        assert float((exact[name] - rounded[name]).norm() / exact[name].norm()) < 0.03


def with_centre(seed: int, n: int = 3) -> Stack:
    """A stack in float64 that has learned something, its centre included."""
    stack = start(dataclasses.replace(STANDARD, seed=seed), D_IN)
    made = {name: getattr(stack, name).double() for name in PARTS}
    made["W_enc"] += 0.1 * normal(seed, n, 16, D_IN)
    made["b_enc"] += 0.1 * normal(seed + 1, n, 1, 16)
    made["b_dec"] += normal(seed + 2, n, 1, D_IN)
    return stack._replace(**made)


transforms = st.tuples(seeds, st.floats(0.1, 10)).map(
    lambda drawn: Transform(5 * normal(drawn[0], D_IN), drawn[1])
)


@given(seeds, transforms)
def test_a_learned_centre_is_a_shift_of_the_transform_that_is_saved(seed, transform):
    """Through the saved transform, the dictionary does what the decoder bias did in training."""
    stack, x = with_centre(seed), 3 * normal(seed + 3, 6, D_IN)
    members = zip(dictionaries(stack, STANDARD), centred_at(stack, transform), strict=True)
    for m, (one, at) in enumerate(members):
        c = encode(one, at.forward(x))
        w, b, d, b_dec = numpy(*(getattr(stack, name)[m].squeeze(0) for name in PARTS))
        z = (x.numpy() - transform.mean.numpy()) * transform.scale
        codes = oracles.relu_codes(w, b, z - b_dec)
        made = oracles.reconstruction(oracles.unit_rows(d), codes) + b_dec
        np.testing.assert_allclose(c, codes, rtol=1e-8, atol=1e-9)
        x_hat = made / transform.scale + transform.mean.numpy()
        np.testing.assert_allclose(at.inverse(decode(one, c)), x_hat, rtol=1e-8, atol=1e-9)


@given(st.sampled_from(METHODS), seeds, transforms)
def test_where_nothing_was_centred_the_transform_stays_as_it_was(method, seed, transform):
    how = recipe(method=method, seed=seed)
    for at in centred_at(start(how, D_IN), transform):
        assert torch.equal(at.mean, transform.mean)
        assert at.scale == transform.scale
    assert len(centred_at(start(how, D_IN), transform)) == len(how.alphas)


def test_the_saved_file_reconstructs_as_training_did(tmp_path):
    stack, x = trained(STANDARD, data()), data(1)[0]
    transform = Transform(torch.full((D_IN,), 2.0), 0.5)
    alpha = torch.tensor(STANDARD.alphas).view(-1, 1, 1)
    W_enc, b_enc, W_dec, b_dec = (getattr(stack, name) for name in PARTS)
    assert bool((b_dec.abs().amax(dim=(1, 2)) > 1e-3).all()), "it has learned one"
    learned = standard_gradient(W_enc, b_enc, alpha, x, torch.float32, W_dec, b_dec)
    members = zip(dictionaries(stack, STANDARD), centred_at(stack, transform), strict=True)
    for m, (one, at) in enumerate(members):
        save_dictionary(tmp_path / "a.safetensors", one, at, {})
        again, kept, _ = load_dictionary(tmp_path / "a.safetensors")
        raw = transform.inverse(x)
        made = transform.forward(kept.inverse(decode(again, encode(again, kept.forward(raw)))))
        assert_close(made - x, learned.error[m], rtol=1e-4, atol=1e-5)


@FEW
@given(seeds)
def test_activations_off_their_centre_teach_it_where_they_are(seed):
    """With few features the mean is best left to the decoder bias; without one it is paid for."""
    far = 2.0
    batches = [x + far for x in data(400, seed)]
    how = dataclasses.replace(STANDARD, d_sae=2, alphas=(0.5,), n_steps=400, lr=3e-2)
    stack = trained(how, batches)
    assert_close(stack.b_dec[0, 0], torch.full((D_IN,), far), rtol=0, atol=0.4)
    (one,), (at,) = dictionaries(stack, how), centred_at(stack, AS_IT_IS)
    nothing = at.inverse(torch.zeros(1, D_IN))
    assert_close(nothing, stack.b_dec[0], rtol=0, atol=1e-5)
    assert float(encode(one, at.forward(batches[0])).sum(1).mean()) < 0.5


@pytest.mark.parametrize("seed", [3, 4])
def test_encoder_and_decoder_start_along_the_same_unit_rows_and_part(seed):
    how = dataclasses.replace(STANDARD, seed=seed)
    first, last = start(how, D_IN), trained(how, data())
    assert_close(10 * first.W_enc, first.W_dec)
    cosines = torch.nn.functional.cosine_similarity(last.W_enc, last.W_dec, dim=-1)
    assert float(cosines.min()) < 0.999
    assert not torch.equal(first.W_dec, last.W_dec)
    for one in dictionaries(last, how):
        assert_close(one.W_dec.norm(dim=1), torch.ones(16))
        assert not torch.allclose(one.W_enc.norm(dim=1), torch.ones(16), atol=1e-3)
