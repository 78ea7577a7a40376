"""Decompositions without training: complete where they must be, and what each one finds."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.decompositions.basis import both_signs, rotation
from repro.maker.decompositions.components import independent_components
from repro.maker.decompositions.names import mean_differences
from repro.maker.decompositions.random import random_orthogonal
from repro.maker.dictionaries.model import encode

SEEDS = st.integers(0, 50)


def sample(seed: int, n: int = 40, d: int = 8) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


@given(seed=SEEDS)
def test_random_directions_are_orthonormal_and_seeded(seed):
    rows = random_orthogonal(8, seed)
    assert torch.allclose(rows @ rows.T, torch.eye(8), atol=1e-5)
    assert torch.equal(rows, random_orthogonal(8, seed))
    assert not torch.allclose(rows, random_orthogonal(8, seed + 1), atol=0.1)


@given(seed=SEEDS)
def test_rotations_and_both_signs_rebuild_every_vector(seed):
    x, rows = sample(seed), random_orthogonal(8, seed)
    for basis in (rotation(rows), both_signs(rows)):
        assert torch.allclose(encode(basis, x) @ basis.W_dec, x, atol=1e-5)
    assert bool((encode(both_signs(rows), x) >= 0).all())
    assert bool((encode(rotation(rows), x) < 0).any())


def test_neurons_are_the_coordinates():
    x = sample(3)
    assert torch.equal(encode(rotation(torch.eye(8)), x), x)


def test_independent_components_rebuild_and_find_the_sources():
    generator = torch.Generator().manual_seed(0)
    sources = torch.rand(4000, 4, generator=generator).log()
    mixing = torch.randn(4, 4, generator=generator)
    x = sources @ mixing
    found = independent_components(x, iterations=200, seed=0)
    assert torch.allclose(encode(found, x) @ found.W_dec, x, atol=1e-3)
    told = encode(found, x)
    joined = torch.corrcoef(torch.cat([told, sources], dim=1).T)[:4, 4:].abs()
    assert float(joined.max(dim=0).values.min()) > 0.95
    assert len(set(joined.argmax(dim=0).tolist())) == 4


def test_differences_of_means_move_nothing_outside_their_span():
    by_name = sample(1, n=3 * 5).view(3, 5, 8)
    found = mean_differences(by_name)
    means = by_name.mean(1)
    expected = means - means.mean(0)
    cosine = torch.nn.functional.cosine_similarity(found.W_dec, expected, dim=-1)
    assert torch.allclose(cosine, torch.ones(3), atol=1e-5)
    x = sample(2)
    told = encode(found, x) @ found.W_dec
    basis = torch.linalg.svd(expected, full_matrices=False).Vh[:2]
    assert torch.allclose(told, x @ basis.T @ basis, atol=1e-4)
