"""The loss and its hand-written gradient against slow oracles, differences, autograd and laws."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.dictionaries.architectures.sae import tied_gradient
from repro.maker.dictionaries.architectures.sae_random_decoder import random_decoder_gradient
from repro.maker.dictionaries.loss import Gradient, loss_terms
from repro.maker.dictionaries.model import encode, tied, unit_rows
from tests.examples import FEW
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import (
    normal,
    numpy,
    order,
    rotation,
    scales,
    seeds,
    sizes,
    stacks,
)

EXACT = torch.float64


@given(seeds, sizes, sizes, sizes)
def test_loss_terms_are_the_stated_reductions(seed, batch, d_in, d_sae):
    x, x_hat, c = normal(seed, batch, d_in), normal(seed + 1, 2, batch, d_in), normal(
        seed + 2, 2, batch, d_sae)  # fmt: skip
    found = loss_terms(x, x_hat, c)
    for member in range(2):
        made, codes = numpy(x_hat[member], c[member])
        error = oracles.squared_error(x.numpy(), made)
        np.testing.assert_allclose(found.squared_error[member], error, rtol=1e-12)
        np.testing.assert_allclose(found.sparsity[member], oracles.sparsity(codes), rtol=1e-12)


@given(seeds, sizes, sizes, sizes, scales)
def test_scaling_squares_in_one_term_and_is_plain_in_the_other(seed, batch, d_in, d_sae, scale):
    x, x_hat, c = normal(seed, batch, d_in), normal(seed + 1, 1, batch, d_in), normal(
        seed + 2, 1, batch, d_sae)  # fmt: skip
    plain, scaled = loss_terms(x, x_hat, c), loss_terms(scale * x, scale * x_hat, -scale * c)
    assert_close(scaled.squared_error, scale**2 * plain.squared_error)
    assert_close(scaled.sparsity, scale * plain.sparsity)
    assert loss_terms(x, x[None], c).squared_error == 0


@given(seeds, sizes, sizes, sizes)
def test_the_loss_counts_no_token_more_than_another(seed, batch, d_in, d_sae):
    x, x_hat, c = normal(seed, batch, d_in), normal(seed + 1, 1, batch, d_in), normal(
        seed + 2, 1, batch, d_sae)  # fmt: skip
    found, moved = loss_terms(x, x_hat, c), order(seed, batch)
    assert_close(loss_terms(x[moved], x_hat[:, moved], c[:, moved]), found)
    assert_close(loss_terms(x.repeat(3, 1), x_hat.repeat(1, 3, 1), c.repeat(1, 3, 1)), found)


def test_a_loss_of_what_is_not_a_number_is_not_a_number():
    x, c = torch.ones(2, 3), torch.ones(1, 2, 4)
    assert loss_terms(x, torch.full((1, 2, 3), torch.nan), c).squared_error.isnan().all()
    assert loss_terms(x, x[None], torch.full_like(c, torch.nan)).sparsity.isnan().all()


def total_loss(W_enc: Tensor, b_enc: Tensor, alpha: Tensor, x: Tensor) -> Tensor:
    """Sum over the stack of squared error + alpha * L1, from the public functions."""
    rows = unit_rows(W_enc)
    c = (x @ rows.mT + b_enc).relu()
    terms = loss_terms(x, c @ rows, c)
    return (terms.squared_error + alpha.flatten() * terms.sparsity).sum()


@given(stacks())
def test_the_tied_gradient_is_autograds(case):
    W_enc, b_enc, alpha, x, _ = case
    for parameter in (W_enc, b_enc):
        parameter.requires_grad_()
    total_loss(W_enc, b_enc, alpha, x).backward()
    found = tied_gradient(W_enc.detach(), b_enc.detach(), alpha, x, EXACT)
    assert_close(found.W_enc, W_enc.grad)
    assert_close(found.b_enc, b_enc.grad)


@given(stacks())
def test_the_random_decoder_gradient_is_autograds(case):
    W_enc, b_enc, alpha, x, W_dec = case
    for parameter in (W_enc, b_enc):
        parameter.requires_grad_()
    c = (x @ W_enc.mT + b_enc).relu()
    terms = loss_terms(x, c @ W_dec, c)
    (terms.squared_error + alpha.flatten() * terms.sparsity).sum().backward()
    found = random_decoder_gradient(W_enc.detach(), b_enc.detach(), alpha, x, EXACT, W_dec)
    assert_close(found.W_enc, W_enc.grad)
    assert_close(found.b_enc, b_enc.grad)


def assume_no_kink(W_enc: Tensor, b_enc: Tensor, x: Tensor) -> None:
    """A difference across the corner of a ReLU is no derivative."""
    assume((x @ W_enc.mT + b_enc).abs().min() > 1e-4)


@FEW
@given(stacks())
def test_the_tied_gradient_is_the_slope_of_the_loss(case):
    W_enc, b_enc, alpha, x, _ = case
    assume_no_kink(unit_rows(W_enc), b_enc, x)
    found = tied_gradient(W_enc, b_enc, alpha, x, EXACT)
    (tokens,) = numpy(x)
    for m, a in enumerate(alpha.flatten().tolist()):
        w, b = numpy(W_enc[m], b_enc[m, 0])
        in_w = oracles.differences(lambda v, b=b, a=a: oracles.tied_loss(v, b, a, tokens), w)
        in_b = oracles.differences(lambda v, w=w, a=a: oracles.tied_loss(w, v, a, tokens), b)
        np.testing.assert_allclose(found.W_enc[m], in_w, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.b_enc[m, 0], in_b, rtol=1e-5, atol=1e-7)


@FEW
@given(stacks())
def test_the_random_decoder_gradient_is_the_slope_of_the_loss(case):
    W_enc, b_enc, alpha, x, W_dec = case
    assume_no_kink(W_enc, b_enc, x)
    found = random_decoder_gradient(W_enc, b_enc, alpha, x, EXACT, W_dec)
    assert_slopes(found, case, [0] * len(W_enc))


@FEW
@given(stacks(), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_so_it_is_where_each_member_keeps_its_largest_codes_alone(case, ks):
    W_enc, b_enc, alpha, x, W_dec = case
    assume_no_kink(W_enc, b_enc, x)
    ks = [min(k, W_enc.shape[1]) for k in ks[: len(W_enc)]]
    codes = (x @ W_enc.mT + b_enc).relu().sort(dim=-1, descending=True).values
    for of_member, k in zip(codes, ks, strict=True):  # a tie for the last place is a kink, too
        last, next_ = of_member[:, k - 1], of_member[:, k : k + 1].sum(-1)
        assume(((last - next_ > 1e-4) | (last == 0)).all())
    found = random_decoder_gradient(W_enc, b_enc, alpha, x, EXACT, W_dec, ks=tuple(ks))
    assert ((found.c > 0).sum(-1) <= torch.tensor(ks)[:, None]).all()
    assert_slopes(found, case, ks)


def assert_slopes(found, case, ks):
    """Each member's gradient is the slope of its loss, by differences."""
    W_enc, b_enc, alpha, x, W_dec = case
    tokens, write = numpy(x, W_dec)
    made_by = oracles.frozen_decoder_loss
    for m, (a, k) in enumerate(zip(alpha.flatten().tolist(), ks, strict=True)):
        w, b = numpy(W_enc[m], b_enc[m, 0])
        in_w = oracles.differences(lambda v, b=b, a=a, k=k: made_by(v, b, a, tokens, write, k), w)
        in_b = oracles.differences(lambda v, w=w, a=a, k=k: made_by(w, v, a, tokens, write, k), b)
        np.testing.assert_allclose(found.W_enc[m], in_w, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.b_enc[m, 0], in_b, rtol=1e-5, atol=1e-7)


def test_the_loss_passes_gradcheck_away_from_the_kink():
    W_enc, b_enc = normal(1, 2, 5, 3), normal(2, 2, 1, 5) + 2
    a, x = torch.tensor([0.1, 0.7], dtype=torch.float64).view(-1, 1, 1), normal(3, 4, 3)
    assert torch.autograd.gradcheck(
        lambda w, b: total_loss(w, b, a, x), (W_enc.requires_grad_(), b_enc.requires_grad_())
    )


@given(stacks())
def test_codes_and_error_come_along_with_the_gradient(case):
    W_enc, b_enc, alpha, x, W_dec = case
    found = tied_gradient(W_enc, b_enc, alpha, x, EXACT)
    frozen = random_decoder_gradient(W_enc, b_enc, alpha, x, EXACT, W_dec)
    for m in range(len(W_enc)):
        one = tied(W_enc[m], b_enc[m, 0])
        assert_close(found.c[m], encode(one, x))
        assert_close(found.error[m], found.c[m] @ one.W_dec - x)
        assert_close(frozen.c[m], encode(one._replace(W_enc=W_enc[m]), x))
        assert_close(frozen.error[m], frozen.c[m] @ W_dec - x)


def both(W_enc: Tensor, b_enc: Tensor, alpha: Tensor, x: Tensor, W_dec: Tensor):
    """The gradients of both methods, without their by-products."""
    return [
        found[:2] for found in (
            tied_gradient(W_enc, b_enc, alpha, x, EXACT),
            random_decoder_gradient(W_enc, b_enc, alpha, x, EXACT, W_dec),
        )
    ]  # fmt: skip


@given(stacks())
def test_a_member_does_not_feel_the_others(case):
    W_enc, b_enc, alpha, x, W_dec = case
    for m in range(len(W_enc)):
        alone = both(W_enc[m : m + 1], b_enc[m : m + 1], alpha[m : m + 1], x, W_dec)
        for found, expected in zip(both(*case), alone, strict=True):
            assert_close([part[m : m + 1] for part in found], list(expected))


@given(stacks())
def test_the_penalty_enters_once_and_linearly(case):
    W_enc, b_enc, alpha, x, W_dec = case
    without, with_, with_double = (
        both(W_enc, b_enc, a, x, W_dec) for a in (0 * alpha, alpha, 2 * alpha)
    )
    for free, once, twice in zip(without, with_, with_double, strict=True):
        for part in range(2):
            assert_close(twice[part] - free[part], 2 * (once[part] - free[part]))


@given(stacks())
def test_the_gradient_in_the_bias_is_what_the_penalty_and_the_error_pull_at(case):
    """sum_b (dL/dc)_bi, in which each active token adds alpha / batch."""
    W_enc, b_enc, alpha, x, _ = case
    pull = both(W_enc, b_enc, alpha, x, _)[0][1] - both(W_enc, b_enc, 0 * alpha, x, _)[0][1]
    active = (x @ unit_rows(W_enc).mT + b_enc > 0).double().mean(dim=1, keepdim=True)
    assert_close(pull, alpha * active)


@given(stacks(), seeds)
def test_repeating_or_reordering_a_batch_leaves_the_gradient(case, seed):
    W_enc, b_enc, alpha, x, W_dec = case
    for again in (x.repeat(3, 1), x[order(seed, len(x))]):
        assert_close(both(W_enc, b_enc, alpha, again, W_dec), both(*case))


@given(stacks(), seeds)
def test_gradients_turn_with_the_space_and_move_with_the_features(case, seed):
    W_enc, b_enc, alpha, x, W_dec = case
    turn, moved = rotation(seed, x.shape[1]), order(seed, W_enc.shape[1])
    turned = both(W_enc @ turn, b_enc, alpha, x @ turn, W_dec @ turn)
    permuted = both(W_enc[:, moved], b_enc[:, :, moved], alpha, x, W_dec[moved])
    for plain, round_, other in zip(both(*case), turned, permuted, strict=True):
        assert_close(round_, (plain[0] @ turn, plain[1]))
        assert_close(other, (plain[0][:, moved], plain[1][:, :, moved]))


@given(stacks(), scales)
def test_longer_free_rows_turn_less(case, scale):
    """The loss sees directions alone, so its slope falls as rows grow."""
    W_enc, b_enc, alpha, x, _ = case
    plain = tied_gradient(W_enc, b_enc, alpha, x, EXACT)
    scaled = tied_gradient(scale * W_enc, b_enc, alpha, x, EXACT)
    assert_close(scaled.W_enc * scale, plain.W_enc)
    assert_close(scaled.b_enc, plain.b_enc)


@given(stacks())
def test_the_gradient_never_lengthens_a_row(case):
    """What is left after the normalisation only turns a row: no drift of norms to first order."""
    W_enc, b_enc, alpha, x, _ = case
    along = (tied_gradient(W_enc, b_enc, alpha, x, EXACT).W_enc * unit_rows(W_enc)).sum(-1)
    assert_close(along, torch.zeros_like(along), atol=1e-10, rtol=0)


def least_squares_case(seed: int, d_in: int, batch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Unit rows, the encoder that solves their normal equations, activations it fires on."""
    W_dec = unit_rows(normal(seed, d_in - 1, d_in))
    solver = torch.linalg.solve(W_dec @ W_dec.T, W_dec)
    off = torch.linalg.svd(W_dec).Vh[-1]
    c = 0.5 + normal(seed + 1, batch, d_in - 1).abs()
    return W_dec, solver, c @ W_dec + normal(seed + 2, batch, 1) * off


@given(seeds, sizes, sizes)
def test_without_a_penalty_the_gradient_is_zero_exactly_at_least_squares(seed, d_in, batch):
    """Normal equations: what is left over is orthogonal to every row, though it is not nothing."""
    W_dec, solver, x = least_squares_case(seed, d_in, batch)
    assume(torch.linalg.cond(W_dec) < 100)
    b_enc, none = torch.zeros(1, 1, d_in - 1, dtype=EXACT), torch.zeros(1, 1, 1, dtype=EXACT)

    def found(W_enc: Tensor, alpha: Tensor) -> Gradient:
        return random_decoder_gradient(W_enc[None], b_enc, alpha, x, EXACT, W_dec)

    best = found(solver, none)
    assert best.error.abs().max() > 1e-6
    assert_close(best.W_enc, torch.zeros_like(best.W_enc), atol=1e-9, rtol=0)
    assert_close(best.b_enc, torch.zeros_like(best.b_enc), atol=1e-9, rtol=0)
    assert found(1.01 * solver, none).W_enc.abs().max() > 1e-6
    assert found(solver, none + 0.1).W_enc.abs().max() > 1e-6


@given(stacks())
def test_a_gradient_of_what_is_not_a_number_is_not_a_number(case):
    W_enc, b_enc, alpha, x, W_dec = case
    x[0, 0] = torch.nan
    for part, _ in both(W_enc, b_enc, alpha, x, W_dec):
        assert part.isnan().any(dim=(1, 2)).all()


@pytest.mark.parametrize("method", [0, 1])
def test_bfloat16_products_give_fp32_gradients_within_their_rounding(method):
    W_enc, b_enc = normal(0, 2, 24, 12).float(), normal(1, 2, 1, 24).float()
    x, W_dec, alpha = normal(2, 64, 12).float(), W_enc[0], torch.full((2, 1, 1), 0.1)
    exact, rounded = (
        (
            tied_gradient(W_enc, b_enc, alpha, x, kind),
            random_decoder_gradient(W_enc, b_enc, alpha, x, kind, unit_rows(W_dec)),
        )[method]
        for kind in (torch.float32, torch.bfloat16)
    )
    for one, other in zip(exact[:2], rounded[:2], strict=True):
        assert other.dtype == torch.float32
        assert float((one - other).norm() / one.norm()) < 0.03
