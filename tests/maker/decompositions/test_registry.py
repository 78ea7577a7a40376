"""Every decomposition comes through one door, with its own centring and scaling."""

from pathlib import Path
from typing import get_args

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from repro.errors import ArtifactError
from repro.files import sha256_of
from repro.maker.decompositions.asked import Asked, SiteFiles
from repro.maker.decompositions.draws import OF_CHANCE, OF_COMPONENTS, draws_of
from repro.maker.decompositions.fit import COMPONENTS, ComponentsJob, decompose_item, drawn_rows
from repro.maker.decompositions.registry import CHANGED, UNTRAINED, decomposition_of
from repro.maker.decompositions.trained import untrained
from repro.maker.dictionaries.model import Transform, fit_transform_of, save_dictionary, tied
from repro.maker.dictionaries.moments import load_transform, moments, save_transform
from repro.maker.params.ioi import Baseline
from tests.tiny_store import write_store

D_IN, ROWS, DRAWS = 6, 512, (0, 1)
SPARSE = {"pca_topk": 3, "neurons_topk": 3, "pca_static": 3, "random_topk": 3}
"""Methods that keep some codes, and how many."""
WHOLE = ("pca", "pca_signed", "ica", "neurons", "random_orthogonal")
"""Methods from whose codes the activations come back."""


def normal(seed: int, n: int) -> torch.Tensor:
    rows = torch.randn(n, D_IN, generator=torch.Generator().manual_seed(seed))
    return rows * torch.arange(1.0, D_IN + 1) + 2


@pytest.fixture
def site(tmp_path: Path) -> SiteFiles:
    """A site with centring, scaling and components."""
    store = tmp_path / "middle"
    write_store(store, normal(0, ROWS), normal(1, 64), rows_per_shard=128)
    transform = tmp_path / "transform.safetensors"
    save_transform(transform, fit_transform_of(*moments(store), faithful=False))
    for draw in DRAWS:
        job = ComponentsJob(
            store=store, manifest="", transform=transform, draw=draw, share=0.5, ica_rows=ROWS,
            ica_iterations=50, threads=1,
        )  # fmt: skip
        decompose_item(job, tmp_path)
    files = {draw: tmp_path / COMPONENTS.format(draw) for draw in DRAWS}
    names = torch.randn(5, 2, D_IN, generator=torch.Generator().manual_seed(4))
    save_file({"middle": names}, tmp_path / "names.safetensors")
    return SiteFiles(
        site="middle",
        store=store,
        manifest=sha256_of(store / "manifest.json"),
        d_in=D_IN,
        transform=transform,
        transform_sha256=sha256_of(transform),
        components=files,
        components_sha256={draw: sha256_of(file) for draw, file in files.items()},
    )


def asked(site: SiteFiles, method: str) -> Asked:
    given = untrained(site, method, k=SPARSE.get(method, 0), expansion_factor=2.0)
    return given.model_copy(update={"names": site.transform.with_name("names.safetensors")})


def test_every_baseline_that_can_be_asked_for_in_params_is_in_the_registry():
    assert {*get_args(Baseline)} <= UNTRAINED.keys()
    assert not UNTRAINED.keys() & CHANGED.keys()


@pytest.mark.parametrize("method", UNTRAINED)
def test_codes_and_activations_have_the_shapes_that_are_told(site: SiteFiles, method: str):
    found, x = decomposition_of(asked(site, method)), normal(3, 20)
    codes = found.encode(x)
    assert codes.shape == (20, found.d_sae)
    assert found.decode(codes).shape == x.shape
    assert found.directions.shape == (found.d_sae, found.d_in)
    assert found.d_in == D_IN
    assert found.knob == (("k", SPARSE[method]) if method in SPARSE else ("none", 0.0))


@pytest.mark.parametrize("method", WHOLE)
def test_a_whole_basis_gives_activations_of_the_model_back(site: SiteFiles, method: str):
    found, x = decomposition_of(asked(site, method)), normal(3, 20)
    torch.testing.assert_close(found.decode(found.encode(x)), x, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", SPARSE)
def test_no_token_has_more_codes_than_are_kept(site: SiteFiles, method: str):
    codes = decomposition_of(asked(site, method)).encode(normal(3, 20))
    assert int((codes != 0).sum(dim=1).max()) <= SPARSE[method]


@pytest.mark.parametrize("method", sorted(OF_COMPONENTS | OF_CHANCE))
def test_draws_of_what_varies_differ_and_one_draw_is_always_the_same(site: SiteFiles, method: str):
    first, again, second = (
        decomposition_of(asked(site, method).model_copy(update={"seed": draw})).directions
        for draw in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, second)
    assert draws_of(method, DRAWS) == DRAWS


@pytest.mark.parametrize("method", sorted(UNTRAINED.keys() - OF_COMPONENTS - OF_CHANCE))
def test_what_does_not_vary_is_there_once(site: SiteFiles, method: str):
    first, second = (
        decomposition_of(asked(site, method).model_copy(update={"seed": draw})).directions
        for draw in (0, 1)
    )
    assert torch.equal(first, second)
    assert draws_of(method, DRAWS) == [0]


@given(share=st.floats(0.2, 0.8), draw=st.integers(0, 1000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_a_draw_is_of_whole_documents(site: SiteFiles, share: float, draw: int):
    """Document i holds rows 10 i to 10 i + 9 of the store; shards end within documents."""
    transform = load_transform(site.transform)
    rows = drawn_rows(site.store, transform, share, draw)
    whole = transform.forward(normal(0, ROWS))
    place = {tuple(row.tolist()): i for i, row in enumerate(whole)}
    found = [place[tuple(row.tolist())] for row in rows]
    assert found == sorted({*found})
    documents = {one // 10 for one in found}
    assert found == [i for i in range(ROWS) if i // 10 in documents]
    n = -(-ROWS // 10)
    assert abs(len(documents) - share * n) < 5 * (share * (1 - share) * n) ** 0.5 + 1


def test_a_trained_dictionary_brings_its_own_centre_and_scale(site: SiteFiles, tmp_path: Path):
    """Also where the site has others: it may have been trained elsewhere."""
    own = Transform(torch.full((D_IN,), 7.0), 0.25)
    file = tmp_path / "a0.safetensors"
    rows = torch.randn(9, D_IN, generator=torch.Generator().manual_seed(5))
    save_dictionary(file, tied(rows, torch.zeros(9)), own, {"alpha": 0.01, "k": 0})
    given = Asked(
        of=site, method="sae", alpha=0.01, k=0, expansion_factor=1.5, seed=0, file=file, sha256=""
    )
    found, x = decomposition_of(given), normal(3, 20)
    z = (x - 7.0) * 0.25
    unit = torch.nn.functional.normalize(rows, dim=1)
    torch.testing.assert_close(found.encode(x), (z @ unit.T).relu())
    assert found.knob == ("alpha", 0.01)
    torch.testing.assert_close(found.transform.mean, own.mean)
    assert found.transform.scale == own.scale


def test_components_are_asked_for_where_there_are_some(site: SiteFiles):
    bare = site.model_copy(update={"components": {}})
    with pytest.raises(ArtifactError, match="no components of draw 0 are fitted at the site 'mid"):
        decomposition_of(asked(bare, "pca"))
