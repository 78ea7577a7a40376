"""The toy stage: truth is found whole, chance is not, and no penalty is chosen by its cosine."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from repro.contract.evidence import Table, read_evidence
from repro.errors import ArtifactError
from repro.maker.dictionaries.model import Dictionary, load_dictionary, save_dictionary
from repro.maker.stages.plant import TRUTH
from tests.stages import run
from tests.tiny_project import params_of, write_params, write_stores

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A trained toy."""
    write_params(tmp_path)
    write_stores(tmp_path, params_of(tmp_path))
    folders = {name: tmp_path / name for name in ("activate", "plant")}
    run("train", params_of(tmp_path), tmp_path / "train", **folders)
    return tmp_path


def measured(project: Path) -> Table:
    folders = {name: project / name for name in ("plant", "train")}
    run("toy", params_of(project), project / "evidence", **folders)
    return read_evidence(project / "evidence", "toy")


def overwrite(project: Path, change) -> None:
    """Put a dictionary made of the truth in the place of each trained one of the easy toy.

    The biases differ: seeds that are copies of one another would be refused.
    """
    truth = load_file(project / "plant" / "planted_independent" / TRUTH)["features"]
    for i, path in enumerate(sorted((project / "train" / "toy_easy").rglob("a*.safetensors"))):
        _, transform, about = load_dictionary(path)
        rows = change(truth)
        bias = torch.full((len(rows),), 1e-3 * i)
        save_dictionary(path, Dictionary(rows, bias, rows, "relu", 0), transform, about)


def test_the_truth_matches_itself_whole_and_chance_does_not(project: Path):
    columns = measured(project).columns
    cosine = columns["cosine"] / columns["n_true"]
    is_truth = columns["method"] == "truth"
    assert np.allclose(cosine[is_truth], 1.0, atol=1e-5)
    assert (columns["n_recovered"][is_truth] == columns["n_true"][is_truth]).all()
    assert (cosine[columns["method"] == "random"] < 0.95).all()
    assert set(columns["regime"]) == {"independent", "hard"}


def test_found_features_are_credited_one_to_one(project: Path):
    overwrite(project, lambda truth: truth[:1].expand_as(truth).contiguous())
    columns = measured(project).columns
    rows = (columns["method"] == "sae") & (columns["regime"] == "independent")
    assert (columns["n_recovered"][rows] == 1).all(), "copies of one feature recover one feature"


def test_a_dictionary_too_small_is_charged_for_what_it_cannot_hold(project: Path):
    overwrite(project, lambda truth: truth[:6].contiguous())
    columns = measured(project).columns
    rows = (columns["method"] == "sae") & (columns["regime"] == "independent")
    assert (columns["n_learned"][rows] == 6).all()
    assert columns["cosine"][rows] / columns["n_true"][rows] == pytest.approx(0.5, abs=1e-6)


def test_the_penalty_is_chosen_by_reconstruction_alone(project: Path):
    columns = measured(project).columns
    rows = (columns["method"] == "sae") & (columns["regime"] == "independent")
    for seed in (0, 1):
        mine = rows & (columns["seed"] == seed)
        fvu = columns["squared_error"][mine] / columns["variance"][mine]
        assert columns["fvu_rank"][mine].tolist() == (fvu.argsort().argsort() + 1).tolist()


def test_planted_truth_that_is_gone_is_named(project: Path):
    (project / "plant" / "planted_hard" / TRUTH).unlink()
    with pytest.raises(ArtifactError, match=r"planted_hard/truth\.safetensors is missing"):
        measured(project)


def test_damaged_truth_is_named(project: Path):
    save_file({"other": torch.zeros(1)}, project / "plant" / "planted_hard" / TRUTH)
    with pytest.raises(ArtifactError, match=r"planted_hard/truth\.safetensors"):
        measured(project)
