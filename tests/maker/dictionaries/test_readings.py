"""The ways in which paper, code and good practice can be read: loss, weights, optimiser."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.dictionaries.architectures import sae
from repro.maker.dictionaries.architectures.sae import tied_gradient
from repro.maker.dictionaries.architectures.sae_random_decoder import random_decoder_gradient
from repro.maker.dictionaries.architectures.sae_standard import standard_gradient
from repro.maker.dictionaries.architectures.sae_untied import untied_gradient
from repro.maker.dictionaries.checkpoint import load_checkpoint, save_checkpoint
from repro.maker.dictionaries.loss import loss_terms
from repro.maker.dictionaries.model import unit_rows
from repro.maker.dictionaries.stack import dictionaries, start
from repro.maker.dictionaries.train import train
from tests.maker.dictionaries.arrays import normal, seeds, sizes
from tests.maker.dictionaries.test_train import D_IN, data, recipe, trained

UNTIED = recipe(tied=False)
reductions = st.sampled_from(["mean", "sum"])


def untied_loss(
    W_enc: Tensor, b_enc: Tensor, alpha: Tensor, x: Tensor, W_dec: Tensor, reduction
) -> Tensor:
    c = (x @ W_enc.mT + b_enc).relu()
    terms = loss_terms(x, c @ unit_rows(W_dec), c, reduction)
    return (terms.squared_error + alpha.flatten() * terms.sparsity).sum()


@given(seeds, sizes, sizes, sizes, reductions)
def test_the_untied_gradient_is_autograds(seed, batch, d_in, d_sae, reduction):
    W_enc, W_dec = normal(seed, 2, d_sae, d_in), normal(seed + 1, 2, d_sae, d_in)
    b_enc, x = normal(seed + 2, 2, 1, d_sae), normal(seed + 3, batch, d_in)
    alpha = torch.tensor([0.0, 0.3], dtype=torch.float64).view(-1, 1, 1)
    free = [t.clone().requires_grad_() for t in (W_enc, b_enc, W_dec)]
    untied_loss(free[0], free[1], alpha, x, free[2], reduction).backward()
    found = untied_gradient(W_enc, b_enc, alpha, x, torch.float64, W_dec, reduction)
    assert found.W_dec is not None
    for name, leaf in zip(("W_enc", "b_enc", "W_dec"), free, strict=True):
        assert_close(getattr(found, name), leaf.grad)


@given(seeds, sizes, sizes, sizes)
def test_the_printed_sum_is_the_mean_with_alpha_over_the_dimension(seed, batch, d_in, d_sae):
    """Protocol: in the printed form alpha must be multiplied by d; gradients differ by d alone."""
    W_enc, b_enc = normal(seed, 1, d_sae, d_in), normal(seed + 1, 1, 1, d_sae)
    x, alpha = normal(seed + 2, batch, d_in), torch.full((1, 1, 1), 0.1, dtype=torch.float64)
    W_dec = unit_rows(normal(seed + 3, d_sae, d_in))
    own = (normal(seed + 4, 1, d_sae, d_in), normal(seed + 5, 1, 1, d_in))
    pairs = [
        (
            tied_gradient(W_enc, b_enc, alpha * d_in, x, torch.float64, "sum"),
            tied_gradient(W_enc, b_enc, alpha, x, torch.float64, "mean"),
        ),
        (
            random_decoder_gradient(W_enc, b_enc, alpha * d_in, x, torch.float64, W_dec, "sum"),
            random_decoder_gradient(W_enc, b_enc, alpha, x, torch.float64, W_dec, "mean"),
        ),
        (
            standard_gradient(W_enc, b_enc, alpha * d_in, x, torch.float64, *own, "sum"),
            standard_gradient(W_enc, b_enc, alpha, x, torch.float64, *own, "mean"),
        ),
    ]
    for printed, code in pairs:
        for name in ("W_enc", "b_enc", "W_dec", "b_dec"):
            if getattr(code, name) is not None:
                assert_close(getattr(printed, name), d_in * getattr(code, name))


def test_untied_dictionaries_read_with_rows_of_their_own_and_write_with_unit_rows():
    for dictionary in dictionaries(trained(UNTIED, data()), UNTIED):
        assert not torch.equal(dictionary.W_enc, dictionary.W_dec)
        assert_close(dictionary.W_dec.norm(dim=1), torch.ones(16))
        assert not torch.allclose(dictionary.W_enc.norm(dim=1), torch.ones(16), atol=1e-3)


def test_an_untied_stack_equals_each_member_trained_alone():
    together = dictionaries(trained(UNTIED, data()), UNTIED)
    for alpha, member in zip(UNTIED.alphas, together, strict=True):
        alone = dataclasses.replace(UNTIED, alphas=(alpha,))
        for name in ("W_enc", "b_enc", "W_dec"):
            found = getattr(dictionaries(trained(alone, data()), alone)[0], name)
            assert_close(found, getattr(member, name), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"tied": False},
        {"step_counter": "frozen"},
        {"tied": False, "reduction": "sum", "clip": 5.0, "penalty_warmup": 0.8},
    ],
)
def test_every_reading_resumes_to_the_same_bytes(tmp_path, changes):
    how = recipe(**changes)
    whole = trained(how, data())
    half = start(how, D_IN)
    for done, _ in train(half, iter(data()[:17]), dataclasses.replace(how, n_steps=40)):
        save_checkpoint(tmp_path / "c.safetensors", half, done, [])
    again, step, _ = load_checkpoint(tmp_path / "c.safetensors", how)
    assert step == 17
    for _ in train(again, iter(data()[17:]), how, first_step=step):
        pass
    assert torch.equal(whole.W_enc, again.W_enc)
    assert torch.equal(whole.b_enc, again.b_enc)
    assert torch.equal(whole.W_dec, again.W_dec)


def adam_by_hand(gradients: list[np.ndarray], how, *, frozen: bool) -> np.ndarray:
    """Where textbook Adam (algorithm 1) is after each step, or with t = 1 at every step."""
    position, m, v = (np.zeros_like(gradients[0]) for _ in range(3))
    places = []
    for number, g in enumerate(gradients, start=1):
        t = 1 if frozen else number
        m = how.betas[0] * m + (1 - how.betas[0]) * g
        v = how.betas[1] * v + (1 - how.betas[1]) * g**2
        m_hat, v_hat = m / (1 - how.betas[0] ** t), v / (1 - how.betas[1] ** t)
        position = position - how.lr * m_hat / (np.sqrt(v_hat) + how.eps)
        places.append(position)
    return np.array(places)


@pytest.mark.parametrize("counter", ["advances", "frozen"])
def test_three_parameters_move_as_in_textbook_adam_or_as_in_the_authors_loop(counter, monkeypatch):
    """The gradients are given; everything else is the training loop itself."""
    how = recipe(
        alphas=(0.0,), d_sae=1, n_steps=60, lr=1e-3, warmup=0.0, decay=0.0, step_counter=counter
    )
    generator = np.random.default_rng(0)
    given_ = [generator.normal(size=3) for _ in range(how.n_steps)]
    stack = start(how, 3)
    stack.W_enc.zero_()
    left = iter(given_)

    def planted(stack, part, alpha, x, recipe):
        found = tied_gradient(torch.ones(1, 1, 3), stack.b_enc, alpha, x, torch.float32)
        return found._replace(W_enc=torch.tensor(next(left), dtype=torch.float32).view(1, 1, 3))

    known = sae.ARCHITECTURE._replace(gradient=planted)
    monkeypatch.setattr("repro.maker.dictionaries.train.architecture_of", lambda _: known)
    for _ in train(stack, iter(torch.zeros(how.n_steps, 2, 3)), how):
        pass
    by_hand = {f: adam_by_hand(given_, how, frozen=f)[-1] for f in (True, False)}
    np.testing.assert_allclose(stack.W_enc[0, 0], by_hand[counter == "frozen"], rtol=1e-4)
    assert not np.allclose(by_hand[True], by_hand[False], rtol=0.05)


def test_a_frozen_counter_steps_as_far_as_the_protocol_says():
    """Constant gradients: twice the step at the tenth, a third of it in the long run."""
    how = recipe(lr=1.0, eps=0.0)
    steps = {}
    for frozen in (True, False):
        places = adam_by_hand([np.ones(1)] * 10_000, how, frozen=frozen)
        steps[frozen] = np.diff(places[:, 0], prepend=0.0)
    ratios = {t: float(steps[True][t - 1] / steps[False][t - 1]) for t in (1, 10, 100, 10_000)}
    assert ratios[1] == pytest.approx(1.0)
    assert ratios[10] == pytest.approx(2.06, abs=0.01)
    assert ratios[100] == pytest.approx(1.02, abs=0.01)
    assert ratios[10_000] == pytest.approx(0.316, abs=0.001)
