"""The ioi stage on a small project: exact ends, complete tables, the same bytes, clear errors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from repro.contract.evidence import Table, read_evidence
from repro.contract.verdict import Status
from repro.errors import ArtifactError, ReproError
from repro.judge.checks import run_check
from repro.maker.activations.lm import LanguageModel
from repro.maker.decompositions.listed import read_listed
from repro.maker.decompositions.trained import read_trained
from repro.maker.hook_points import KINDS
from repro.spec import load_claims
from tests.import_graph import ROOT
from tests.stages import called, run
from tests.tiny_models import save_llama, write_stories
from tests.tiny_params import resid_post
from tests.tiny_project import BASELINES, commands, content, group, params_of, plan, write_params

pytestmark = pytest.mark.slow

STAGES = ("fetch", "tokenize", "activate", "plant", "train")
TABLES = ("ioi", "ioi_prompts", "ioi_curves", "ioi_levels", "ioi_edits", "ioi_features")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose dictionaries are trained."""
    folder = tmp_path_factory.mktemp("ioi")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        save_llama(folder / "model")
        write_stories(folder / "stories", 60)
        write_params(folder)
        for name, words in commands():
            if name in STAGES:
                assert called(*words) == 0
    return folder


def measure(project: Path, out: str) -> Path:
    made = project / "artifacts"
    folders = {name: made / name for name in ("fetch", "tokenize", "activate", "train")}
    run("ioi", params_of(project), project / out, **folders)
    return project / out


@pytest.fixture(scope="module")
def tables(project: Path) -> dict[str, Table]:
    write_params(project)
    folder = measure(project, "first")
    return {name: read_evidence(folder, name) for name in TABLES}


def rows(table: Table, **wanted) -> dict[str, np.ndarray]:
    mask = np.ones(len(table), dtype=bool)
    for column, value in wanted.items():
        mask &= table.columns[column] == value
    assert mask.any()
    return {name: values[mask] for name, values in table.columns.items()}


def test_the_identity_patch_changes_nothing_to_the_last_bit(tables):
    found = rows(tables["ioi"], method="identity")
    assert np.array_equal(found["kl_floor"], found["kl_clean"])
    assert (rows(tables["ioi_edits"], method="identity")["logit_shift"] == 0.0).all()


def test_the_whole_residual_and_every_complete_basis_reach_the_target(tables):
    for method in ("full_residual", "pca", "pca_signed", "ica", "neurons", "random_orthogonal"):
        assert np.abs(rows(tables["ioi"], method=method)["kl_floor"]).max() < 1e-6, method
    edits = rows(tables["ioi_edits"], method="full_residual")
    assert np.allclose(edits["logit_shift"], edits["logit_shift_counterfactual"], rtol=1e-3)


def test_a_setting_carries_the_task_where_its_reconstruction_keeps_it(tables):
    assert set(rows(tables["ioi"], method="identity")["carries"]) == {0}
    for method in ("full_residual", "pca", "neurons", "planted"):
        assert set(rows(tables["ioi"], method=method)["carries"]) == {1}, method


def test_all_rows_of_a_setting_say_the_same_of_it(tables):
    names = ("site", "method", "alpha", "expansion_factor", "corruption", "selection", "carries")
    for name in ("ioi", "ioi_curves", "ioi_levels"):
        found = tables[name].columns
        said = set(zip(*(found[column].tolist() for column in names), strict=True))
        assert len({setting[:-1] for setting in said}) == len(said), name


def test_every_decomposition_is_measured_by_draw_and_seed(tables):
    found = tables["ioi"].columns
    methods = {*BASELINES, "sae", "sae_random_decoder", "identity", "full_residual"}
    assert set(found["method"]) == methods | {"planted", "planted_rotated"}
    sae = rows(tables["ioi"], method="sae", corruption="io", selection="attribution")
    keys = set(zip(sae["alpha"], sae["seed"], sae["draw"], strict=True))
    assert len(keys) == len(sae["n"]) == 2 * 2 * 2


def test_a_random_model_is_not_found_to_do_the_task(tables):
    claims = {claim.id: claim for claim in load_claims(ROOT / "claims")}
    (does,) = [one for one in claims["c06"].controls if one.kind == "precondition"]
    found = run_check(does.check, tables, 0.95)
    assert found.interval is not None
    assert found.interval.estimate < 0.8
    assert found.status != Status.SUPPORTED


def test_the_planted_causes_are_told_from_a_rotation_in_every_draw(tables):
    own = rows(tables["ioi"], method="planted")["kl_area"]
    rotated = rows(tables["ioi"], method="planted_rotated")["kl_area"]
    assert (own < rotated).mean() > 0.8


def test_a_random_edit_is_as_long_as_the_edit_it_is_matched_with(tables):
    chance = rows(tables["ioi_edits"], method="random_edit", matched="sae")
    found = rows(tables["ioi_edits"], method="sae")
    assert np.allclose(np.sort(chance["edit_norm"]), np.sort(found["edit_norm"]), rtol=1e-4)


def test_a_second_run_gives_the_same_bytes(project, tables):
    assert tables
    again = measure(project, "second")
    for name in TABLES:
        file = f"{name}.parquet"
        assert (again / file).read_bytes() == (project / "first" / file).read_bytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [0, 1])
def test_running_on_from_a_hook_point_is_a_full_forward_patched_there_to_the_last_bit(
    project, layer, kind
):
    model = LanguageModel.load(
        project / "artifacts" / "fetch" / "model",
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    ids = torch.randint(5, 300, (3, 9), generator=torch.Generator().manual_seed(0))
    at = torch.tensor([8, 5, 8])
    name = f"blocks.{layer}.{kind}"
    stream = model.activations(ids, [name])[name]
    assert torch.equal(model.logits_from(stream, name, ids, at), model.logits(ids, at))
    moved = stream + torch.randn(stream.shape, generator=torch.Generator().manual_seed(1))
    with model.bridge.hooks(fwd_hooks=[(name, lambda x, hook: moved)]):  # noqa: ARG005
        full = model.logits(ids, at)
    assert torch.equal(model.logits_from(moved, name, ids, at), full)
    assert not torch.allclose(full, model.logits(ids, at))


def refused(project: Path, told: str) -> None:
    before = sorted((project / "first").iterdir()) if (project / "first").exists() else []
    with pytest.raises(ReproError) as caught:
        measure(project, "first")
    assert told in str(caught.value)
    assert "to mend" in str(caught.value)
    assert before == (sorted((project / "first").iterdir()) if before else [])


def test_names_that_the_model_splits_are_refused(project, tables, tmp_path):
    assert tables
    words = tmp_path / "words.yaml"
    words.write_text(
        "names: [Zebediah, Thaddeus]\nplaces: [park]\nobjects: [ball]\n"
        'templates: ["Then {first} met {second} at the {place}. {S} gave a {object} to"]\n'
        'plain: ["They saw {name}"]\n'
    )
    write_params(project, ioi__words=str(words))
    refused(project, "single tokens")


@pytest.mark.parametrize(
    ("is_harvested", "told"), [(True, "nothing was trained at the site 'late'"), (False, "late")]
)
def test_a_site_without_a_trained_dictionary_is_refused(
    project, tables, is_harvested: bool, told: str
):
    assert tables
    late = project / "artifacts" / "activate" / "late"
    if is_harvested:
        shutil.copytree(late.with_name("middle"), late)
        manifest = json.loads((late / "manifest.json").read_text())
        (late / "manifest.json").write_text(json.dumps({**manifest, "site": "late"}))
    else:
        shutil.rmtree(late, ignore_errors=True)
    values = content()
    values["activate"]["hook_points"]["late"] = resid_post(0)
    values["ioi"]["plans"] = {"late": plan({}, ["pca"], site="late")}
    write_params(project, values)
    with pytest.raises(ReproError, match=r"activate\.hook_points\.late: no group"):
        params_of(project)
    values["train"]["groups"]["late_r2"] = group("late", [1.0e-3], [0])  # asked for, not trained
    write_params(project, values)
    refused(project, told)


def test_a_plan_that_names_what_is_not_trained_is_refused(project):
    values = content()
    values["ioi"]["plans"] = {"middle": plan({"middle_r2": [0.5]}, ["pca"])}
    write_params(project, values)
    with pytest.raises(ReproError, match=r"no alpha 0\.5 is trained"):
        params_of(project)
    values["train"]["groups"]["late_r2"] = group("middle", [1.0e-3], [0])
    values["ioi"]["plans"] = {"late": plan({"nobody": [1.0e-3]}, ["pca"])}
    write_params(project, values)
    with pytest.raises(ReproError, match="is named 'nobody'"):
        params_of(project)


def test_what_is_listed_is_left_for_other_stages_by_dictionary(tables, project: Path):
    told = tables["ioi_features"].columns
    expected: dict[str, list[int]] = {}
    members = read_trained(project / "artifacts" / "train").dictionaries
    for alpha, seed, feature in zip(
        *(told[name].tolist() for name in ("alpha", "seed", "feature")), strict=True
    ):
        [sha256] = {
            m.sha256
            for m in members
            if (m.site, m.method, m.alpha, m.seed) == ("middle", "sae", alpha, seed)
        }
        known = expected.setdefault(sha256, [])
        known += [feature] if feature not in known else []
    assert read_listed(project / "first", "ioi") == expected
    assert expected


def test_a_list_that_is_missing_is_told_with_the_stage_that_makes_it(tmp_path: Path):
    with pytest.raises(ArtifactError, match=r"listed\.json is missing") as error:
        read_listed(tmp_path, "steer")
    assert error.value.mend == "dvc repro steer"
