"""Continuations are drawn from the probabilities of the pushed model, with a cache or without."""

from pathlib import Path

import pytest
import torch

from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.written import continued
from tests.tiny_models import WIDTH, save_llama, save_neox
from tests.tiny_params import resid_post

pytestmark = pytest.mark.slow

HOOK, COUNT = resid_post(1), 6


@pytest.fixture(scope="module", params=[save_llama, save_neox], ids=["llama", "neox"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder: Path = request.param(tmp_path_factory.mktemp("model"))
    return LanguageModel.load(folder, dtype=torch.float32, device=torch.device("cpu"))


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    return torch.randint(1, 300, (3, 7), generator=torch.Generator().manual_seed(0))


def pushes() -> torch.Tensor:
    found = 2 * torch.randn(3, WIDTH, generator=torch.Generator().manual_seed(1))
    found[0] = 0.0
    return found


def drawn_one_by_one(model: LanguageModel, ids: torch.Tensor, push: torch.Tensor, seed: int):
    """The same by whole passes, each with every activation pushed."""
    torch.manual_seed(seed)
    whole, end = ids, model.bridge.original_model.config.eos_token_id
    for _ in range(COUNT):
        x = model.activations(whole, [HOOK])[HOOK] + push[:, None]
        logits = model.logits_from(x, HOOK, whole, torch.full((3,), whole.shape[1] - 1))
        logits[:, end] = -torch.inf
        whole = torch.cat([whole, torch.multinomial(logits.softmax(-1), 1)], dim=1)
    return whole[:, ids.shape[1] :]


@pytest.mark.parametrize("seed", [0, 1])
def test_tokens_are_those_of_whole_passes(model: LanguageModel, ids: torch.Tensor, seed: int):
    expected = drawn_one_by_one(model, ids, pushes(), seed)
    assert torch.equal(continued(model, ids, HOOK, pushes(), COUNT, seed), expected)


def test_a_push_changes_its_own_row_alone_and_the_generator_is_left(model: LanguageModel, ids):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    pushed = continued(model, ids, HOOK, pushes(), COUNT, 0)
    plain = continued(model, ids, HOOK, torch.zeros(3, WIDTH), COUNT, 0)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(pushed[0], plain[0])
    assert not torch.equal(pushed[1:], plain[1:])
