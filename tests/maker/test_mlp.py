"""MLP activations from harvest to evidence, beside the residual stream, with the untied arm."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from repro.contract.evidence import Table, read_evidence
from repro.errors import ArtifactError
from repro.maker.activations.harvested import harvested
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.shards import read_split
from repro.maker.activations.tokens import read_tokens
from repro.maker.decompositions.trained import read_trained, site_files
from repro.maker.dictionaries.model import load_dictionary
from tests.stages import called
from tests.tiny_models import WIDTH, save_llama, write_stories
from tests.tiny_project import commands, content, group, plan, write_params

pytestmark = pytest.mark.slow

MLP, BOTTLENECK = "blocks.1.mlp.hook_post", 64
PLANTED = ("plant", "toy")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sites of the block 1: the stream after it, and its MLP under a name of one's own."""
    folder = tmp_path_factory.mktemp("mlp")
    values = content()
    values["activate"]["hook_points"]["my_mlp"] = MLP
    values["train"]["ica"]["sites"] = ["my_mlp"]
    values["train"]["groups"] = {
        "stream": group("middle", [2.0e-3], [0]),
        "mlp_tied": group("my_mlp", [2.0e-3], [0, 1]),
        "mlp_untied": group("my_mlp", [0.0, 2.0e-3], [0, 1], method="sae_untied"),
        "toy": group("planted_independent", [1.0e-2], [0]),
    }
    values["fidelity"]["spliced_groups"] = ["mlp_tied", "mlp_untied"]
    at_mlp = {"mlp_untied": [2.0e-3], "mlp_tied": [2.0e-3]}
    of_units = {"stream": [2.0e-3], "mlp_untied": [2.0e-3]}
    values["interpret"]["dictionaries"] = values["features"]["dictionaries"] = of_units
    values["erase"]["dictionaries"] = values["steer"]["dictionaries"] = {"stream": [2.0e-3]}
    values["ioi"]["plans"] = {
        "stream": plan({"stream": [2.0e-3]}, ["pca"]),
        "mlp": plan(at_mlp, ["pca", "ica", "neurons", "mean_difference"], site="my_mlp"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        save_llama(folder / "model")
        write_stories(folder / "stories", 90)
        write_params(folder, values)
        for name, words in commands():
            if name not in ("code", "verify", "report", "pages"):
                assert called(*words) == 0, name
    return folder


def table(finished: Path, name: str) -> Table:
    return read_evidence(finished / "reports" / "tiny" / "evidence", name)


def at_mlp(finished: Path, name: str, **wanted: object) -> Mapping[str, np.ndarray]:
    found = table(finished, name)
    mask = found.columns["site"] == "my_mlp"
    for column, value in wanted.items():
        mask &= found.columns[column] == value
    assert mask.any()
    return found.rows(mask).columns


def test_both_sites_are_harvested_each_with_its_own_size(finished: Path):
    manifests = harvested(finished / "artifacts" / "activate")
    assert {m.site: (m.hook, m.dimension) for m in manifests.values()} == {
        "middle": ("blocks.1.hook_resid_post", WIDTH),
        "my_mlp": (MLP, BOTTLENECK),
    }
    ids, _ = read_tokens(finished / "artifacts" / "tokenize")[0].split("heldout")
    model = LanguageModel.load(
        finished / "artifacts" / "fetch" / "model",
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    expected = model.activations(torch.from_numpy(ids), [MLP])[MLP][:, 1:].flatten(0, 1)
    x, _ = read_split(finished / "artifacts" / "activate" / "my_mlp", "heldout")
    kept = expected.norm(dim=-1) <= manifests["my_mlp"].sink_norm
    torch.testing.assert_close(x, expected[kept], rtol=1e-4, atol=1e-5)


def test_the_untied_autoencoder_has_an_encoder_of_its_own_and_the_tied_one_has_not(finished: Path):
    trained = finished / "artifacts" / "train"
    members = [m for m in read_trained(trained).dictionaries if m.site == "my_mlp"]
    assert {m.method for m in members} == {"sae", "sae_untied"}
    for member in members:
        one = load_dictionary(trained / member.file)[0]
        assert one.W_dec.shape == (2 * BOTTLENECK, BOTTLENECK)
        assert (one.W_enc is one.W_dec) == (member.method == "sae")
        torch.testing.assert_close(one.W_dec.norm(dim=1), torch.ones(2 * BOTTLENECK))


def test_the_untied_arm_is_measured_like_the_tied_one(finished: Path):
    assert set(at_mlp(finished, "refit")["method"]) == {"sae", "sae_untied"}
    pairs = at_mlp(finished, "agreement", alpha=2.0e-3)
    told = sorted(zip(pairs["method"], pairs["seed_a"], pairs["seed_b"], strict=True))
    assert told == [
        ("permuted", 0, 0), ("permuted", 1, 1), ("random", 0, 1), ("sae", 0, 1),
        ("sae_untied", 0, 1),
    ]  # fmt: skip


def test_mlp_activations_are_replaced_in_the_model(finished: Path):
    same = at_mlp(finished, "spliced", method="identity")
    assert np.array_equal(same["loss_spliced"], same["loss_clean"])
    zero = at_mlp(finished, "spliced", method="zero")
    assert np.array_equal(zero["loss_spliced"], zero["loss_zero"])
    assert (zero["loss_zero"] != zero["loss_clean"]).all()
    ours = at_mlp(finished, "spliced", method="sae_untied")
    for other in ("loss_clean", "loss_zero", "loss_mean"):
        assert (ours["loss_spliced"] != ours[other]).all()


def test_causes_are_localised_there(finished: Path):
    found = at_mlp(finished, "ioi")
    methods = {"sae", "sae_untied", "pca", "ica", "neurons", "mean_difference"}
    assert set(found["method"]) == methods | {"identity", "full_residual"}
    none = at_mlp(finished, "ioi", method="identity")
    assert np.array_equal(none["kl_floor"], none["kl_clean"])
    basis = at_mlp(finished, "ioi", method="neurons", draw=0)["kl_floor"]
    whole = at_mlp(finished, "ioi", method="full_residual", draw=0)["kl_floor"]
    assert basis == pytest.approx(whole, rel=1e-3), "all coordinates are the activations whole"
    assert (whole != none["kl_clean"][none["draw"] == 0]).all()


def test_the_scope_names_both_hook_points(finished: Path):
    scope = table(finished, "fidelity").header.scope
    assert scope is not None
    assert scope.sites == {"middle": "blocks.1.hook_resid_post", "my_mlp": MLP}


def test_activations_that_are_gone_are_told(finished: Path, tmp_path: Path):
    trained = finished / "artifacts" / "train"
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing"):
        site_files(trained, tmp_path / "middle")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ArtifactError, match="holds no activations"):
            harvested(folder)


def test_activations_in_the_folder_of_another_site_are_refused(finished: Path, tmp_path: Path):
    (tmp_path / "late").symlink_to(finished / "artifacts" / "activate" / "middle")
    with pytest.raises(ArtifactError, match="holds the activations of the site 'middle'"):
        harvested(tmp_path)
