"""Training: a stack is its members, a resumed run is an uninterrupted one, bad steps are told."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from repro.errors import TrainingError
from repro.planted import draw, planted
from repro.sae.baselines import random_dictionary
from repro.sae.metrics import fvu, l0, matched_cosines
from repro.sae.model import decode, encode
from repro.sae.train import (
    Recipe,
    Stack,
    dictionaries,
    load_checkpoint,
    save_checkpoint,
    start,
    step_size,
    train,
)

D_IN = 8


def recipe(**changes) -> Recipe:
    base = Recipe(
        name="test", method="sae", d_sae=16, alphas=(0.0, 0.01, 0.05), seed=3, n_steps=40, lr=1e-2,
        betas=(0.9, 0.999), eps=1e-8, warmup=0.1, decay=0.25, matmul=torch.float32,
        device=torch.device("cpu"),
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def data(n_steps: int = 40) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(9)
    return [torch.randn(32, D_IN, generator=generator) for _ in range(n_steps)]


def trained(how: Recipe, batches: list[torch.Tensor]) -> Stack:
    stack = start(how, D_IN)
    for _ in train(stack, iter(batches), how):
        pass
    return stack


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("method", ["sae", "sae_random_decoder"])
def test_a_stack_equals_each_member_trained_alone(method):
    together = trained(recipe(method=method), data())
    for index, alpha in enumerate(recipe().alphas):
        alone = trained(recipe(method=method, alphas=(alpha,)), data())
        assert_close(together.weight[index], alone.weight[0], rtol=1e-5, atol=1e-6)
        assert_close(together.bias[index], alone.bias[0], rtol=1e-5, atol=1e-6)


def numpy_adam(how: Recipe, batches: list[torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Textbook Adam on the stated loss in float64, gradients from autograd."""
    stack = start(how, D_IN)
    parameters = [stack.weight[0].double().numpy(), stack.bias[0, 0].double().numpy()]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    for step, batch in enumerate(batches):
        weight, bias = (torch.tensor(p, requires_grad=True) for p in parameters)
        rows = weight / weight.norm(dim=1, keepdim=True)
        c = (batch.double() @ rows.T + bias).relu()
        loss = ((c @ rows - batch.double()) ** 2).mean() + how.alphas[0] * c.sum(1).mean()
        gradients = torch.autograd.grad(loss, (weight, bias))
        for i, gradient in enumerate(g.numpy() for g in gradients):
            m, v = moments[i]
            m[:] = how.betas[0] * m + (1 - how.betas[0]) * gradient
            v[:] = how.betas[1] * v + (1 - how.betas[1]) * gradient**2
            m_hat = m / (1 - how.betas[0] ** (step + 1))
            v_hat = v / (1 - how.betas[1] ** (step + 1))
            parameters[i] = parameters[i] - step_size(step, how) * m_hat / (
                np.sqrt(v_hat) + how.eps
            )
    return parameters[0], parameters[1]


def test_training_is_textbook_adam_on_the_stated_loss():
    how = recipe(alphas=(0.02,), n_steps=12)
    expected_weight, expected_bias = numpy_adam(how, data(12))
    stack = trained(how, data(12))
    np.testing.assert_allclose(stack.weight[0].numpy(), expected_weight, atol=2e-4)
    np.testing.assert_allclose(stack.bias[0, 0].numpy(), expected_bias, atol=2e-4)


@pytest.mark.slow
@given(st.integers(1, 39))
def test_resuming_gives_the_same_bytes_as_not_stopping(stopped_at):
    import tempfile
    from pathlib import Path

    how, batches = recipe(), data()
    whole = trained(how, batches)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        stack, records = start(how, D_IN), []
        for done, record in train(stack, iter(batches), how, log_every=7):
            records += [record] if record else []
            if done == stopped_at:
                save_checkpoint(path, stack, done, records)
                break
        again, step, kept = load_checkpoint(path, how)
        assert (step, kept) == (stopped_at, records)
        for _ in train(again, iter(batches[step:]), how, first_step=step):
            pass
    assert torch.equal(again.weight, whole.weight)
    assert torch.equal(again.bias, whole.bias)


def test_the_frozen_decoder_stays_frozen_and_its_encoder_moves():
    how = recipe(method="sae_random_decoder")
    first, last = start(how, D_IN), trained(how, data())
    assert torch.equal(first.decoder, last.decoder)
    assert not torch.equal(first.weight, last.weight)
    assert_close(last.decoder.norm(dim=1), torch.ones(16))


def test_different_seeds_start_differently_and_equal_ones_equally():
    assert torch.equal(start(recipe(seed=1), D_IN).weight, start(recipe(seed=1), D_IN).weight)
    assert not torch.equal(start(recipe(seed=1), D_IN).weight, start(recipe(seed=2), D_IN).weight)


def test_step_size_is_a_trapezoid():
    how = recipe(n_steps=100, warmup=0.1, decay=0.2, lr=1.0)
    sizes = [step_size(step, how) for step in range(100)]
    assert sizes[0] == pytest.approx(0.1)
    assert sizes[10:80] == [1.0] * 70
    assert sizes[99] == pytest.approx(0.05)
    flat = recipe(n_steps=100, warmup=0.0, decay=0.0, lr=1.0)
    assert {step_size(step, flat) for step in range(100)} == {1.0}


def test_divergence_names_the_autoencoder_and_the_step():
    batches = data()
    batches[20] = batches[20] * float("inf")
    stack = start(recipe(), D_IN)
    with pytest.raises(TrainingError, match=r"test, alpha 0.*step 2[0-9] of 40.*\n.*\n.*lower"):
        for _ in train(stack, iter(batches), recipe(), log_every=1):
            pass


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
    found = matched_cosines(source.features, one.decoder)
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


def loss_of(one, alpha: float, x: torch.Tensor) -> float:
    c = encode(one, x)
    return float((decode(one, c) - x).square().mean() + alpha * c.abs().sum(1).mean())


def test_bfloat16_products_train_fp32_weights_to_the_same_loss():
    exact, rounded = (
        dictionaries(trained(recipe(matmul=matmul), data()), recipe())
        for matmul in (torch.float32, torch.bfloat16)
    )
    x = data(1)[0]
    for alpha, one, other in zip(recipe().alphas, exact, rounded, strict=True):
        assert other.decoder.dtype == torch.float32
        assert not torch.equal(one.decoder, other.decoder)
        assert loss_of(other, alpha, x) == pytest.approx(loss_of(one, alpha, x), rel=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("method", ["sae", "sae_random_decoder"])
def test_a_cuda_device_trains_what_the_processor_trains(method):
    here = trained(recipe(method=method), data())
    there = trained(recipe(method=method, device=torch.device("cuda")), data())
    assert_close(there.weight.cpu(), here.weight, rtol=1e-3, atol=1e-4)
    assert_close(there.bias.cpu(), here.bias, rtol=1e-3, atol=1e-4)
