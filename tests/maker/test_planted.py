"""Planted activations are what they claim to be: how often, together with what, how strong."""

import pytest
import torch

from repro.maker.params.plant import TOY
from repro.maker.planted import (
    CHILD_SHARE,
    FALL_OFF,
    GROUP,
    PLANTED_SETS,
    PlantedSite,
    blocks,
    draw,
    planted,
)

N, D, ACTIVE, COUNT = 128, 64, 4.0, 40_000


def activity(site: PlantedSite) -> torch.Tensor:
    source = planted(site, dimension=D, active=ACTIVE, seed=0, n_features=N)
    return source.activity(COUNT, source.generator)


@pytest.mark.parametrize("site", PLANTED_SETS)
def test_the_same_seed_plants_the_same_and_another_seed_another(site: PlantedSite):
    one, two, other = (planted(site, dimension=8, active=2, seed=s) for s in (0, 0, 1))
    assert torch.equal(draw(one, 50), draw(two, 50))
    assert not torch.allclose(one.features, other.features)
    torch.testing.assert_close(one.features.norm(dim=1), torch.ones(8))


@pytest.mark.parametrize("site", TOY)
def test_as_many_features_are_active_on_average_as_was_asked(site: PlantedSite):
    assert activity(site).float().sum(dim=1).mean() == pytest.approx(ACTIVE, rel=0.03)


def test_independent_features_are_equally_likely_and_unrelated():
    active = activity("planted_independent").float()
    assert active.mean(dim=0).std() < 2 * (ACTIVE / N / COUNT) ** 0.5
    correlation = torch.corrcoef(active.T).fill_diagonal_(0)
    assert correlation.abs().max() < 0.04


def test_hard_features_are_rare_related_and_hierarchical():
    active = activity("planted_hard")
    parents, children = active[:, ::2], active[:, 1::2]
    assert not bool((children & ~parents).any())
    given_parent = children.sum() / parents.sum()
    assert float(given_parent) == pytest.approx(CHILD_SHARE, abs=0.02)
    share = parents.float().mean(dim=0)
    pairs = torch.arange(1, N // 2)
    assert share[1:].log().sub(share[0].log()).mean() == pytest.approx(
        float((2 * pairs).float().mean() * torch.tensor(FALL_OFF).log()), abs=0.15
    )
    correlation = torch.corrcoef(parents.float().T).fill_diagonal_(0)
    block = GROUP // 2
    inside = correlation[:block, :block].sum() / (block * (block - 1))
    outside = correlation[:block, block:].mean()
    assert inside > 0.05
    assert abs(float(outside)) < 0.01


def test_a_vector_is_the_sum_of_its_active_features():
    source = planted("planted_knee", dimension=D, active=3, seed=0)
    x = draw(source, 100)
    c = x @ source.features.T  # orthogonal features read themselves out
    assert ((c > 0.4).sum(dim=1) == 3).all()
    assert c[c > 0.4].max() <= 1.5 + 1e-4


def test_blocks_are_bounded_and_add_up():
    source = planted("planted_width", dimension=8, active=2, seed=0)
    assert [len(x) for x in blocks(source, 250, size=100)] == [100, 100, 50]
