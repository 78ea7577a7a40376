"""The adapter reads and replaces what the plain Hugging Face model computes."""

from pathlib import Path

import pytest
import torch
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from repro.errors import ParamsError, SourceError
from repro.maker.activations.lm import LanguageModel
from tests.tiny_models import BLOCKS, WIDTH, save_llama, save_neox

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@pytest.fixture(scope="module", params=[save_llama, save_neox], ids=["llama", "neox"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return request.param(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def model(folder: Path) -> LanguageModel:
    return LanguageModel.load(folder, dtype=torch.float32, device=CPU)


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 300, (3, 17), generator=generator)


def test_the_adapter_measures_its_distance_to_the_plain_model(model: LanguageModel) -> None:
    assert model.max_logit_difference < 1e-4
    assert (model.n_layers, model.d_model) == (BLOCKS, WIDTH)


def test_every_residual_stream_is_the_plain_models(
    model: LanguageModel, folder: Path, ids: torch.Tensor
) -> None:
    plain = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    with torch.inference_mode():
        hidden = plain(ids, output_hidden_states=True).hidden_states
    found = model.residual(ids, range(BLOCKS))
    # the plain model's last entry is after the final norm, so it has no raw counterpart
    for layer in range(BLOCKS - 1):
        torch.testing.assert_close(found[layer], hidden[layer + 1], rtol=1e-5, atol=1e-5)
    norm = model.bridge.original_model.base_model
    final = norm.norm if hasattr(norm, "norm") else norm.final_layer_norm
    with torch.inference_mode():
        torch.testing.assert_close(final(found[BLOCKS - 1]), hidden[BLOCKS], rtol=1e-5, atol=1e-5)


def test_reading_fewer_sites_gives_the_same_bits(model: LanguageModel, ids: torch.Tensor) -> None:
    together = model.residual(ids, range(BLOCKS))
    for layer in range(BLOCKS):
        assert torch.equal(model.residual(ids, [layer])[layer], together[layer])


def test_losses_are_the_cross_entropy_of_the_plain_logits(
    model: LanguageModel, folder: Path, ids: torch.Tensor
) -> None:
    plain = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    with torch.inference_mode():
        log_p = plain(ids).logits.double().log_softmax(-1)
    expected = -log_p[:, :-1].gather(-1, ids[:, 1:, None]).squeeze(-1)
    torch.testing.assert_close(model.losses(ids).double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layer", range(BLOCKS))
def test_putting_back_the_own_residual_changes_no_bit(
    model: LanguageModel, ids: torch.Tensor, layer: int
) -> None:
    own = model.residual(ids, [layer])[layer]
    assert torch.equal(model.losses_from(own, layer, ids), model.losses(ids))


@pytest.mark.parametrize("layer", range(BLOCKS))
def test_running_the_upper_blocks_alone_equals_a_full_hooked_forward(
    model: LanguageModel, ids: torch.Tensor, layer: int
) -> None:
    changed = model.residual(ids, [layer])[layer].flip(-1)
    quick = model.losses_from(changed, layer, ids)
    assert model._can_cut
    model._can_cut = False
    try:
        whole = model.losses_from(changed, layer, ids)
    finally:
        model._can_cut = True
    assert torch.equal(quick, whole)
    assert not torch.allclose(quick, model.losses(ids))
    with torch.inference_mode():
        logits = model.bridge.run_with_hooks(
            ids, fwd_hooks=[(model.hook(layer), lambda *_, **__: changed)]
        )
    log_p = logits.double().log_softmax(-1)
    expected = -log_p[:, :-1].gather(-1, ids[:, 1:, None]).squeeze(-1)
    torch.testing.assert_close(quick.double(), expected, rtol=1e-5, atol=1e-5)


def test_a_replacement_leaves_no_trace(model: LanguageModel, ids: torch.Tensor) -> None:
    before = model.losses(ids)
    model.losses_from(torch.zeros(3, 17, WIDTH), 1, ids)
    assert torch.equal(model.losses(ids), before)


def test_a_layer_out_of_range_names_the_number_of_blocks(
    model: LanguageModel, ids: torch.Tensor
) -> None:
    with pytest.raises(ParamsError, match=f"block 9 does not exist.*{BLOCKS} blocks"):
        model.residual(ids, [0, 9])


def test_weights_that_the_adapter_misreads_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = LanguageModel._check
    monkeypatch.setattr(
        LanguageModel, "_check", lambda self, ids, reference: check(self, ids, reference + 1.0)
    )
    with pytest.raises(SourceError, match="other logits than the plain model"):
        LanguageModel.load(folder, dtype=torch.float32, device=CPU)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no causal language model"):
        LanguageModel.load(tmp_path, dtype=torch.float32, device=CPU)
