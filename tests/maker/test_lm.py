"""The adapter reads and replaces what the plain Hugging Face model computes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from repro.errors import ParamsError, SourceError
from repro.maker.activations.lm import LanguageModel
from repro.maker.hook_points import KINDS
from tests.tiny_models import BLOCKS, WIDTH, save_llama, save_neox
from tests.tiny_params import resid_post

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
POINTS = [f"blocks.{block}.{kind}" for block in range(BLOCKS) for kind in KINDS]


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
    names = [resid_post(layer) for layer in range(BLOCKS)]
    found = [*model.activations(ids, names).values()]
    # the plain model's last entry is after the final norm, so it has no raw counterpart
    for layer in range(BLOCKS - 1):
        torch.testing.assert_close(found[layer], hidden[layer + 1], rtol=1e-5, atol=1e-5)
    norm = model.bridge.original_model.base_model
    final = norm.norm if hasattr(norm, "norm") else norm.final_layer_norm
    with torch.inference_mode():
        torch.testing.assert_close(final(found[BLOCKS - 1]), hidden[BLOCKS], rtol=1e-5, atol=1e-5)


def test_reading_fewer_sites_gives_the_same_bits(model: LanguageModel, ids: torch.Tensor) -> None:
    together = model.activations(ids, POINTS)
    for name in POINTS:
        assert torch.equal(model.activations(ids, [name])[name], together[name])


def test_losses_are_the_cross_entropy_of_the_plain_logits(
    model: LanguageModel, folder: Path, ids: torch.Tensor
) -> None:
    plain = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    with torch.inference_mode():
        log_p = plain(ids).logits.double().log_softmax(-1)
    expected = -log_p[:, :-1].gather(-1, ids[:, 1:, None]).squeeze(-1)
    torch.testing.assert_close(model.losses(ids).double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", POINTS)
def test_putting_back_the_own_activations_changes_no_bit(
    model: LanguageModel, ids: torch.Tensor, name: str
) -> None:
    own = model.activations(ids, [name])[name]
    assert torch.equal(model.losses_from(own, name, ids), model.losses(ids))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_mlp_activations_are_what_the_plain_models_last_matrix_reads_and_goes_on_with(
    model: LanguageModel, folder: Path, ids: torch.Tensor, block: int
) -> None:
    """The plain model, hooked by torch alone: read before that matrix, then replaced there."""
    plain: Any = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    mlp = plain.base_model.layers[block].mlp
    matrix = mlp.down_proj if hasattr(mlp, "down_proj") else mlp.dense_4h_to_h
    read: list[torch.Tensor] = []
    hook = matrix.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    with torch.inference_mode():
        plain(ids)
    hook.remove()
    name = f"blocks.{block}.mlp.hook_post"
    found = model.activations(ids, [name])[name]
    assert found.shape == (*ids.shape, read[0].shape[-1])
    torch.testing.assert_close(found, read[0], rtol=1e-5, atol=1e-5)
    changed = found.flip(-1)
    matrix.register_forward_pre_hook(lambda *_: (changed,))
    with torch.inference_mode():
        log_p = plain(ids).logits.double().log_softmax(-1)
    expected = -log_p[:, :-1].gather(-1, ids[:, 1:, None]).squeeze(-1)
    ours = model.losses_from(changed, name, ids)
    torch.testing.assert_close(ours.double(), expected, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(ours, model.losses(ids))


def test_a_hook_point_that_the_model_does_not_go_on_with_is_refused(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.check_hook_points(POINTS)
    spliced = model.losses_from
    monkeypatch.setattr(model, "losses_from", lambda x, name, ids: spliced(x * 0, name, ids))
    with pytest.raises(SourceError, match=r"blocks\.0.* is not what the model goes on with"):
        model.check_hook_points(POINTS)
    monkeypatch.setattr(model, "losses_from", lambda *given: model.losses(given[-1]))
    with pytest.raises(SourceError, match=r"zeros by 0"):
        model.check_hook_points(POINTS)


@pytest.mark.parametrize("layer", range(BLOCKS))
def test_running_the_upper_blocks_alone_equals_a_full_hooked_forward(
    model: LanguageModel, ids: torch.Tensor, layer: int
) -> None:
    name = resid_post(layer)
    changed = model.activations(ids, [name])[name].flip(-1)
    quick = model.losses_from(changed, name, ids)
    assert model._can_cut
    model._can_cut = False
    try:
        whole = model.losses_from(changed, name, ids)
    finally:
        model._can_cut = True
    assert torch.equal(quick, whole)
    assert not torch.allclose(quick, model.losses(ids))
    with torch.inference_mode():
        logits = model.bridge.run_with_hooks(ids, fwd_hooks=[(name, lambda *_, **__: changed)])
    log_p = logits.double().log_softmax(-1)
    expected = -log_p[:, :-1].gather(-1, ids[:, 1:, None]).squeeze(-1)
    torch.testing.assert_close(quick.double(), expected, rtol=1e-5, atol=1e-5)


def test_a_replacement_leaves_no_trace(model: LanguageModel, ids: torch.Tensor) -> None:
    before = model.losses(ids)
    model.losses_from(torch.zeros(3, 17, WIDTH), resid_post(1), ids)
    assert torch.equal(model.losses(ids), before)


def test_a_block_out_of_range_names_the_number_of_blocks(
    model: LanguageModel, ids: torch.Tensor
) -> None:
    with pytest.raises(ParamsError, match=rf"blocks\.9\..* does not exist.*{BLOCKS} blocks"):
        model.activations(ids, [resid_post(0), resid_post(9)])


def test_a_hook_point_that_the_architecture_lacks_is_named(
    model: LanguageModel, ids: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "blocks.1.mlp.hook_post"
    rest = {key: hook for key, hook in model.bridge.hook_dict.items() if key != name}
    monkeypatch.setattr(type(model.bridge), "hook_dict", rest)
    with pytest.raises(ParamsError, match=r"blocks\.1\.mlp\.hook_post does not exist"):
        model.activations(ids, [name])


@pytest.mark.parametrize("name", ["14", "blocks.1", "blocks.-1.hook_resid_post", "", "blocks.1.x"])
def test_what_is_no_hook_point_is_told_with_the_names_that_there_are(
    model: LanguageModel, ids: torch.Tensor, name: str
) -> None:
    with pytest.raises(ParamsError, match=r"no hook point(.|\n)*mlp\.hook_post"):
        model.activations(ids, [name])


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
