"""The loss against a slow NumPy oracle, its hand-written gradient against autograd."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.sae.loss import loss_terms, random_decoder_gradient, tied_gradient
from repro.sae.model import unit_rows
from tests.sae.arrays import normal, seeds, sizes

alphas = st.lists(st.floats(0, 2), min_size=1, max_size=4)


@given(seeds, sizes, sizes, sizes)
def test_loss_terms_are_the_stated_reductions(seed, batch, d_in, d_sae):
    x, x_hat, c = normal(seed, batch, d_in), normal(seed + 1, 1, batch, d_in), normal(
        seed + 2, 1, batch, d_sae)  # fmt: skip
    found = loss_terms(x, x_hat, c)
    error = sum((x[b, j] - x_hat[0, b, j]) ** 2 for b in range(batch) for j in range(d_in))
    sparsity = sum(abs(c[0, b, i]) for b in range(batch) for i in range(d_sae))
    np.testing.assert_allclose(found.squared_error[0], error / (batch * d_in), rtol=1e-12)
    np.testing.assert_allclose(found.sparsity[0], sparsity / batch, rtol=1e-12)


def total_loss(weight: Tensor, bias: Tensor, alpha: Tensor, x: Tensor) -> Tensor:
    """Sum over the stack of squared error + alpha * L1, from the public functions."""
    rows = unit_rows(weight)
    c = (x @ rows.mT + bias).relu()
    terms = loss_terms(x, c @ rows, c)
    return (terms.squared_error + alpha.flatten() * terms.sparsity).sum()


@given(seeds, sizes, sizes, sizes, alphas)
def test_the_tied_gradient_is_autograds(seed, batch, d_in, d_sae, alpha):
    n = len(alpha)
    weight = normal(seed, n, d_sae, d_in).requires_grad_()
    bias = (0.3 * normal(seed + 1, n, 1, d_sae)).requires_grad_()
    a, x = torch.tensor(alpha, dtype=torch.float64).view(-1, 1, 1), normal(seed + 2, batch, d_in)
    total_loss(weight, bias, a, x).backward()
    found = tied_gradient(weight.detach(), bias.detach(), a, x, torch.float64)
    assert_close(found.weight, weight.grad)
    assert_close(found.bias, bias.grad)


@given(seeds, sizes, sizes, sizes, alphas)
def test_the_random_decoder_gradient_is_autograds(seed, batch, d_in, d_sae, alpha):
    n = len(alpha)
    weight = normal(seed, n, d_sae, d_in).requires_grad_()
    bias = (0.3 * normal(seed + 1, n, 1, d_sae)).requires_grad_()
    decoder = unit_rows(normal(seed + 3, d_sae, d_in))
    a, x = torch.tensor(alpha, dtype=torch.float64).view(-1, 1, 1), normal(seed + 2, batch, d_in)
    c = (x @ weight.mT + bias).relu()
    terms = loss_terms(x, c @ decoder, c)
    (terms.squared_error + a.flatten() * terms.sparsity).sum().backward()
    found = random_decoder_gradient(weight.detach(), bias.detach(), a, x, torch.float64, decoder)
    assert_close(found.weight, weight.grad)
    assert_close(found.bias, bias.grad)


def test_the_loss_passes_gradcheck_away_from_the_kink():
    weight, bias = normal(1, 2, 5, 3), normal(2, 2, 1, 5) + 2
    a, x = torch.tensor([0.1, 0.7], dtype=torch.float64).view(-1, 1, 1), normal(3, 4, 3)
    assert torch.autograd.gradcheck(
        lambda w, b: total_loss(w, b, a, x), (weight.requires_grad_(), bias.requires_grad_())
    )


@given(seeds, sizes, sizes, sizes)
def test_the_gradient_never_lengthens_a_row(seed, batch, d_in, d_sae):
    """What is left after the normalisation only turns a row: no drift of norms to first order."""
    weight, bias = normal(seed, 1, d_sae, d_in), torch.zeros(1, 1, d_sae, dtype=torch.float64)
    alpha = torch.full((1, 1, 1), 0.1, dtype=torch.float64)
    found = tied_gradient(weight, bias, alpha, normal(seed + 1, batch, d_in), torch.float64)
    along = (found.weight * unit_rows(weight)).sum(-1)
    assert_close(along, torch.zeros_like(along), atol=1e-10, rtol=0)
