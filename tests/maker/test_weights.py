"""Weights that know no text: which they are, and that activations are those of such a model."""

from pathlib import Path
from typing import Any

import pytest
import torch

from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.weights import TRAINED, Redrawn, redraw
from tests.plain_models import drawn_by_torch, plain_model, save_trained, streams_of
from tests.tiny_models import save_llama, save_neox
from tests.tiny_params import resid_post

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
BLOCK = 2
POINTS = (resid_post(BLOCK), f"blocks.{BLOCK}.mlp.hook_post")
ALL, BLOCKS = Redrawn("all", 0), Redrawn("blocks", 0)


def redrawn_model(folder: Path, redrawn: Redrawn, dtype: torch.dtype = torch.float32) -> Any:
    plain = plain_model(folder, dtype)
    redraw(plain, redrawn)
    return plain


@pytest.fixture(scope="module", params=[save_llama, save_neox], ids=["llama", "neox"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_trained(request.param, tmp_path_factory.mktemp("model"))


def test_all_weights_are_those_of_a_fresh_model_and_none_is_the_trained_one(
    folder: Path, tmp_path: Path
) -> None:
    found = redrawn_model(folder, ALL).state_dict()
    oracle = plain_model(drawn_by_torch(folder, ALL, tmp_path)).state_dict()
    trained = plain_model(folder).state_dict()
    assert found.keys() == oracle.keys() == trained.keys()
    for name in found:
        assert torch.equal(found[name], oracle[name]), name
        assert not torch.equal(found[name], trained[name]), name


def test_with_blocks_the_token_embeddings_are_kept_and_nothing_else(folder: Path) -> None:
    plain = redrawn_model(folder, BLOCKS)
    found, everything = plain.state_dict(), redrawn_model(folder, ALL).state_dict()
    trained = plain_model(folder).state_dict()
    is_tied = plain.get_output_embeddings().weight is plain.get_input_embeddings().weight
    assert is_tied == plain.config.tie_word_embeddings
    embeddings = {name for name in found if "embed_tokens" in name or "embed_in" in name}
    kept = embeddings | ({"lm_head.weight"} if is_tied else set())
    assert len(kept) == 1 + is_tied
    for name in found:
        assert torch.equal(found[name], trained[name]) == (name in kept), name
        assert torch.equal(found[name], everything[name]) == (name not in kept), name


def test_a_seed_is_a_draw(folder: Path) -> None:
    same, other = (redrawn_model(folder, Redrawn("all", seed)).state_dict() for seed in (0, 5))
    again = redrawn_model(folder, ALL).state_dict()
    assert all(torch.equal(same[name], again[name]) for name in same)
    is_matrix = [name for name in same if same[name].dim() == 2]
    assert not any(torch.equal(same[name], other[name]) for name in is_matrix)


def test_the_random_numbers_of_the_process_go_on_as_if_nothing_was_drawn(folder: Path) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    redrawn_model(folder, ALL)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_draw_is_made_in_float32_and_then_rounded_buffers_left_alone(folder: Path) -> None:
    half, exact = (redrawn_model(folder, ALL, t) for t in (torch.bfloat16, torch.float32))
    for name, value in half.state_dict().items():
        assert torch.equal(value, exact.state_dict()[name].bfloat16()), name
    trained = dict(plain_model(folder, torch.bfloat16).named_buffers())
    for name, value in half.named_buffers():
        assert value.dtype == trained[name].dtype
        assert torch.equal(value, trained[name]), name
    assert half.config.to_dict() == plain_model(folder, torch.bfloat16).config.to_dict()


@pytest.mark.parametrize("redrawn", [ALL, BLOCKS], ids=["all", "blocks"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_activations_are_those_of_the_plain_model_with_the_same_weights(
    folder: Path, tmp_path: Path, redrawn: Redrawn, dtype: torch.dtype
) -> None:
    model = LanguageModel.load(folder, dtype=dtype, device=CPU, redrawn=redrawn)
    assert model.weights == redrawn.told
    ids = torch.randint(0, 300, (3, 17), generator=torch.Generator().manual_seed(0))
    plain = plain_model(drawn_by_torch(folder, redrawn, tmp_path), dtype)
    expected, found = streams_of(plain, ids, BLOCK), model.activations(ids, POINTS)
    trained = streams_of(plain_model(folder, dtype), ids, BLOCK)
    for name in POINTS:
        close = {torch.float32: 1e-5, torch.bfloat16: 1e-2}[dtype]
        assert found[name].dtype == dtype
        off = (found[name].float() - expected[name].float()).norm()
        assert off <= close * expected[name].float().norm()
        apart = (found[name].float() - trained[name].float()).norm()
        assert apart > 0.1 * trained[name].float().norm()


def test_what_is_loaded_without_a_word_is_the_trained_model(folder: Path) -> None:
    LanguageModel.load(folder, dtype=torch.float32, device=CPU, redrawn=ALL)
    model = LanguageModel.load(folder, dtype=torch.float32, device=CPU)
    assert model.weights == TRAINED
    ids = torch.arange(34).view(2, 17)
    found = model.activations(ids, POINTS)
    for name, expected in streams_of(plain_model(folder), ids, BLOCK).items():
        torch.testing.assert_close(found[name], expected, rtol=1e-5, atol=1e-5)
