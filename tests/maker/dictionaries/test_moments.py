"""Moments are those of all training rows and of no others; a transform survives its file."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.dictionaries.model import Transform, fit_transform_of
from repro.maker.dictionaries.moments import load_transform, moments, save_transform
from tests.examples import FEW
from tests.maker.dictionaries.arrays import normal, numpy, order, scales, seeds, sizes
from tests.tiny_store import write_store


def moments_of(x: Tensor, rows_per_shard: int = 50) -> tuple[Tensor, float]:
    """Through a store whose held-out split would spoil any sum that it entered."""
    with tempfile.TemporaryDirectory() as folder:
        write_store(Path(folder), x, torch.full_like(x, torch.nan), rows_per_shard)
        return moments(Path(folder))


@FEW
@given(seeds, st.integers(2, 150), sizes, st.integers(20, 60), scales)
def test_moments_are_the_mean_and_the_mean_squared_norm(seed, n, d_in, rows_per_shard, scale):
    x = (scale * (normal(seed, n, d_in) + 2)).float()
    mean, norm = moments_of(x, rows_per_shard)
    (rows,) = numpy(x)
    np.testing.assert_allclose(mean, sum(rows) / n, rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(norm, sum((row**2).sum() for row in rows) / n, rtol=1e-12)


@FEW
@given(seeds, st.integers(20, 100), sizes)
def test_the_order_of_rows_and_their_shards_do_not_matter(seed, n, d_in):
    x = normal(seed, n, d_in, dtype=torch.float32)
    assert_close(moments_of(x[order(seed, n)], 20), moments_of(x, 64))


def test_moments_are_taken_over_more_rows_than_are_read_at_once():
    x = torch.ones(9000, 2)
    x[8192:] = 4
    mean, norm = moments_of(x, 9000)
    expected = (8192 + 808 * 4) / 9000
    assert_close(mean, torch.full((2,), expected))
    assert_close(norm, 2 * (8192 + 808 * 16) / 9000)


def test_half_precision_rows_are_summed_in_double_precision():
    x = (100 + normal(0, 5000, 3)).to(torch.bfloat16)
    mean, norm = moments_of(x, 5000)
    assert_close(mean, x.double().mean(0).float())
    assert_close(norm, float(x.double().square().sum(1).mean()))


@FEW
@given(seeds, st.integers(20, 100), sizes, scales)
def test_training_rows_are_seen_with_mean_squared_norm_d(seed, n, d_in, scale):
    x = (scale * (normal(seed, n, d_in) + 1)).float()
    z = fit_transform_of(*moments_of(x), faithful=False).forward(x)
    assert_close(float(z.double().square().sum(1).mean()), float(d_in), rtol=1e-4, atol=0)


@FEW
@given(seeds, sizes, st.floats(1e-6, 1e6))
def test_a_transform_survives_its_file(seed, d_in, scale):
    transform = Transform(normal(seed, d_in, dtype=torch.float32), scale)
    x = normal(seed + 1, 5, d_in, dtype=torch.float32)
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a", Path(folder) / "b"
        save_transform(first, transform)
        loaded = load_transform(first)
        save_transform(second, loaded)
        assert first.read_bytes() == second.read_bytes()
    assert loaded.scale == scale
    assert torch.equal(loaded.mean, transform.mean)
    assert torch.equal(loaded.forward(x), transform.forward(x))
