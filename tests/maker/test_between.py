"""From one hook point to a later one: the same activations, gradients, and no more blocks."""

from pathlib import Path

import pytest
import torch

from repro.errors import ParamsError
from repro.maker.activations.between import activations_from
from repro.maker.activations.lm import LanguageModel
from tests.tiny_models import BLOCKS, save_llama, save_neox
from tests.tiny_params import resid_post

pytestmark = pytest.mark.slow

LAST = BLOCKS - 1


@pytest.fixture(scope="module", params=[save_llama, save_neox], ids=["llama", "neox"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder: Path = request.param(tmp_path_factory.mktemp("model"))
    return LanguageModel.load(folder, dtype=torch.float32, device=torch.device("cpu"))


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    return torch.randint(0, 300, (3, 11), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("there", [resid_post(2), resid_post(LAST), "blocks.2.mlp.hook_post"])
def test_own_activations_lead_where_the_model_goes(model: LanguageModel, ids, there: str):
    here = resid_post(0)
    found = model.activations(ids, [here, there])
    torch.testing.assert_close(
        activations_from(model, found[here], here, ids, there), found[there], rtol=0, atol=0
    )


def test_an_edit_at_a_token_is_seen_there_and_after_it_and_not_before(model: LanguageModel, ids):
    here, there = resid_post(0), resid_post(2)
    x = model.activations(ids, [here])[here].clone()
    plain = activations_from(model, x, here, ids, there)
    x[:, 5] += 1.0
    moved = (activations_from(model, x, here, ids, there) - plain).abs().amax(dim=-1)
    assert moved[:, :5].max() == 0
    assert moved[:, 5:].min() > 0


def test_the_gradient_is_the_slope(model: LanguageModel, ids):
    here, there = resid_post(0), resid_post(2)
    x = model.activations(ids, [here])[here].clone().requires_grad_(True)

    def measured(at: torch.Tensor) -> torch.Tensor:
        return activations_from(model, at, here, ids, there)[:, -1, 3].double().sum()

    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(measured(x), x)
    step = torch.randn(x.shape, generator=torch.Generator().manual_seed(1)) * 1e-2
    with torch.no_grad():
        slope = (measured(x + step) - measured(x - step)) / 2
    assert float((gradient * step).sum()) == pytest.approx(float(slope), rel=2e-2, abs=1e-5)


def test_a_block_that_is_not_there_is_told(model: LanguageModel, ids):
    with pytest.raises(ParamsError, match=r"blocks\.9\.hook_resid_post does not exist"):
        activations_from(model, torch.zeros(3, 11, 32), resid_post(0), ids, resid_post(9))
