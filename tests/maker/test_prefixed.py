"""Prompts that begin alike: the same logits as of whole passes, edit after edit."""

from pathlib import Path

import pytest
import torch

from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.prefixed import Prefixed
from tests.tiny_models import save_llama, save_neox
from tests.tiny_params import resid_post

pytestmark = pytest.mark.slow

SHARED, REST = 6, 4


@pytest.fixture(scope="module", params=[save_llama, save_neox], ids=["llama", "neox"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder: Path = request.param(tmp_path_factory.mktemp("model"))
    return LanguageModel.load(folder, dtype=torch.float32, device=torch.device("cpu"))


def prompts(n: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    prefix = torch.randint(1, 300, (SHARED,), generator=torch.Generator().manual_seed(9))
    rest = torch.randint(1, 300, (n, REST), generator=generator)
    return torch.cat([prefix.expand(n, -1), rest], dim=1)


@pytest.mark.parametrize("hook", [resid_post(0), resid_post(2), "blocks.1.mlp.hook_post"])
def test_logits_are_those_of_whole_passes_whatever_was_run_before(model: LanguageModel, hook: str):
    prefixed = Prefixed(model, hook, prompts(1)[0, :SHARED])
    for number, n in enumerate((3, 3, 2, 5, 3)):
        ids = prompts(n, number)
        x = model.activations(ids, [hook])[hook].clone()
        x[:, SHARED:] += torch.randn(
            x[:, SHARED:].shape, generator=torch.Generator().manual_seed(n)
        )
        expected = model.logits_from(x, hook, ids, torch.full((n,), SHARED + REST - 1))
        torch.testing.assert_close(prefixed.logits(x, ids), expected, rtol=1e-4, atol=1e-4)


def test_prompts_without_a_shared_beginning_are_run_whole(model: LanguageModel):
    ids, hook = prompts(3), resid_post(1)
    x = model.activations(ids, [hook])[hook]
    found = Prefixed(model, hook, ids[0, :0]).logits(x, ids)
    expected = model.logits(ids, torch.full((3,), SHARED + REST - 1))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
