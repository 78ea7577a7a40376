"""Sites in untrained versions of the language model, from the harvest to the evidence."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from repro.contract.evidence import read_evidence
from repro.contract.written import write_evidence
from repro.errors import SourceError
from repro.maker.activations.harvest import Harvester
from repro.maker.activations.harvested import harvested
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.shards import read_manifest, read_split, write_manifest
from repro.maker.activations.splits import SPLITS
from repro.maker.activations.tokens import read_tokens
from repro.maker.activations.weights import TRAINED, Redrawn
from repro.maker.decompositions.trained import read_trained
from repro.maker.fidelity.frontier import NAME, identity
from repro.maker.params.model import Params, load_params, parse_params
from repro.maker.params.read import read_yaml
from repro.maker.scope import scope_of
from tests.judge_strategies import SCOPE, fidelity_rows
from tests.plain_models import drawn_by_torch, plain_model, save_trained, streams_of
from tests.stages import at, called, run
from tests.tiny_models import save_llama, write_stories
from tests.tiny_params import resid_post, tiny_content, tiny_params
from tests.tiny_project import commands, content, contents, group, plan, write_params

pytestmark = pytest.mark.slow

UNUSED = Path("unused")
ALL, BLOCKS = Redrawn("all", 0), Redrawn("blocks", 0)
UNTRAINED = {
    "early_all": {"of": "early", "weights": "all", "seed": 0},
    "late_all": {"of": "late", "weights": "all", "seed": 0},
    "early_other": {"of": "early", "weights": "all", "seed": 1},
    "early_blocks": {"of": "early", "weights": "blocks", "seed": 0},
}
VERSIONS = {
    "early_all": ALL,
    "late_all": ALL,
    "early_other": Redrawn("all", 1),
    "early_blocks": BLOCKS,
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What fetch and tokenize left."""
    folder = tmp_path_factory.mktemp("inputs")
    write_stories(folder / "text", 60)
    params = tiny_params(save_trained(save_llama, folder / "model"), folder / "text")
    run("fetch", params, folder / "fetched")
    run("tokenize", params, folder / "tokens", fetch=folder / "fetched")
    return folder / "fetched", folder / "tokens"


def with_untrained(**changes: Any) -> Params:
    content = tiny_content(UNUSED, UNUSED, activate={"untrained": UNTRAINED, **changes})
    content["train"]["groups"] |= {role: group(role, [1.0e-3], [0]) for role in UNTRAINED}
    return parse_params(content, UNUSED)


def activate(params: Params, inputs: tuple[Path, Path], out: Path) -> None:
    run("activate", params, out, fetch=inputs[0], tokenize=inputs[1])


@pytest.fixture(scope="module")
def store(inputs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("store") / "activate"
    activate(with_untrained(train_tokens={"early_all": 600}), inputs, out)
    return out


def hashes(store: Path, role: str) -> dict[str, list[str]]:
    manifest = read_manifest(store / role)
    return {split: [shard.sha256 for shard in getattr(manifest, split)] for split in SPLITS}


def test_a_store_holds_the_untrained_models_streams_of_the_same_text(
    inputs: tuple[Path, Path], store: Path, tmp_path: Path
) -> None:
    tokens, _ = read_tokens(inputs[1])
    block = {"early": 0, "late": 3}
    for role, redrawn in VERSIONS.items():
        plain = plain_model(drawn_by_torch(inputs[0] / "model", redrawn, tmp_path / role))
        manifest = read_manifest(store / role)
        at = block[UNTRAINED[role]["of"]]
        for split in SPLITS:
            ids = torch.from_numpy(tokens.split(split)[0]).long()
            stream = streams_of(plain, ids, at)[resid_post(at)][:, 1:].flatten(0, 1)
            if split == "train":
                assert manifest.median_norm == pytest.approx(
                    float(stream.norm(dim=-1).median()), rel=1e-4
                )
            x, document = read_split(store / role, split)
            kept = stream[stream.norm(dim=-1) <= manifest.sink_norm][: len(x)]
            torch.testing.assert_close(x, kept, rtol=1e-4, atol=1e-5)
            of_trained = read_split(store / UNTRAINED[role]["of"], split)[1]
            assert torch.equal(document, of_trained[: len(document)])


def test_manifests_say_which_weights_and_how_near_the_adapter_is(store: Path) -> None:
    found = {path.name: read_manifest(path) for path in store.iterdir()}
    assert {role: manifest.weights for role, manifest in found.items()} == {
        **dict.fromkeys(("early", "middle", "late"), "trained"),
        "early_all": "all weights re-initialised, seed 0",
        "late_all": "all weights re-initialised, seed 0",
        "early_other": "all weights re-initialised, seed 1",
        "early_blocks": "all weights but the token embeddings re-initialised, seed 0",
    }
    assert {role for role, manifest in found.items() if manifest.is_trained} == {
        *("early", "middle", "late")
    }
    assert {manifest.hook for role, manifest in found.items() if role.startswith("early")} == {
        resid_post(0)
    }
    assert found["early"].place == resid_post(0)
    assert found["early_all"].place == f"{resid_post(0)}, all weights re-initialised, seed 0"
    assert len({manifest.median_norm for manifest in found.values()}) == len(found)
    measured = {m.weights: m.provenance["max_logit_difference"] for m in found.values()}
    assert all(0 <= value < 1e-4 for value in measured.values())


def test_an_untrained_site_may_have_fewer_training_tokens(store: Path) -> None:
    counts = {role: len(read_manifest(store / role).train) for role in ("early_all", "late_all")}
    assert counts == {"early_all": 3, "late_all": 7}


def test_sites_of_the_trained_model_are_the_same_bytes_with_and_without_others(
    inputs: tuple[Path, Path], store: Path, tmp_path: Path
) -> None:
    activate(tiny_params(UNUSED, UNUSED), inputs, tmp_path / "alone")
    for role in ("early", "middle", "late"):
        assert hashes(tmp_path / "alone", role) == hashes(store, role)
        alone, beside = (read_manifest(path / role) for path in (tmp_path / "alone", store))
        changes = {"provenance": {**alone.provenance, "params": beside.provenance["params"]}}
        assert alone.model_copy(update=changes) == beside
    assert hashes(store, "early_all") != hashes(store, "early")


def test_a_run_that_ends_in_the_third_version_goes_on_there_to_the_same_bytes(
    inputs: tuple[Path, Path], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = with_untrained(train_tokens={"early_all": 600})
    write, written = Harvester.write, []

    def until_the_third(self: Harvester, folder: Path, *given: Any) -> Any:
        if self.model.weights == VERSIONS["early_other"].told and len(written) == 22:
            raise KeyboardInterrupt
        written.append((self.model.weights, *given[:2]))
        return write(self, folder, *given)

    monkeypatch.setattr(Harvester, "write", until_the_third)
    with pytest.raises(KeyboardInterrupt):
        activate(params, inputs, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert len({weights for weights, *_ in written}) == 3, "it was under way in the third"
    before = list(written)
    written.append(("the second run",))
    activate(params, inputs, tmp_path / "out")
    assert not {*before} & {*written[len(before) :]}, "finished shards are not made again"
    assert contents(tmp_path / "out") == contents(store)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """At each load of a model, how many loaded before are still in memory."""
    load, alive, found = LanguageModel.load.__func__, [], []

    def watched(cls: Any, *given: Any, **named: Any) -> LanguageModel:
        found.append(sum(one() is not None for one in alive))
        model = load(cls, *given, **named)
        alive.append(weakref.ref(model.bridge.original_model))
        return model

    monkeypatch.setattr(LanguageModel, "load", classmethod(watched))
    gc.disable()  # so that chance does not collect in time
    yield found
    gc.enable()


def test_one_model_is_in_memory_at_a_time(
    inputs: tuple[Path, Path], tmp_path: Path, loads: list[int]
) -> None:
    activate(with_untrained(train_tokens=dict.fromkeys(UNTRAINED, 16)), inputs, tmp_path / "out")
    assert loads == [0, 0, 0, 0], "the trained one, and one for each kind and seed"


def test_what_is_checked_at_load_is_checked_of_each_version(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, check_points, seen = LanguageModel._check, LanguageModel.check_hook_points, []

    def compared(self: LanguageModel, ids: torch.Tensor, reference: torch.Tensor) -> None:
        seen.append(self.weights)
        check(self, ids, reference + (self.weights == BLOCKS.told))

    def pointed(self: LanguageModel, names: list[str]) -> None:
        seen.append((self.weights, *names))
        check_points(self, names)

    monkeypatch.setattr(LanguageModel, "_check", compared)
    monkeypatch.setattr(LanguageModel, "check_hook_points", pointed)
    with pytest.raises(SourceError, match=r"other logits(.|\n)*but the token embeddings"):
        activate(with_untrained(), inputs, tmp_path / "out")
    early, middle, late = resid_post(0), resid_post(1), resid_post(3)
    other = VERSIONS["early_other"].told
    assert seen == [
        *(TRAINED, (TRAINED, early, middle, late)),
        *(ALL.told, (ALL.told, early, late)),
        *(other, (other, early)),
        BLOCKS.told,
    ]


CONTROL = "control"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project up to the stage fidelity, with a frontier that was made at its trained site."""
    folder = tmp_path_factory.mktemp("chain")
    values = content()
    values["activate"]["untrained"][CONTROL] = {"of": "middle", "weights": "blocks", "seed": 0}
    values["train"]["ica"]["sites"] = [CONTROL]
    values["train"]["groups"] = {
        "middle": group("middle", [2.0e-3], [0]),
        CONTROL: group(CONTROL, [2.0e-3], [0, 1]),
        "toy": group("planted_independent", [1.0e-2], [0]),
    }
    values["fidelity"]["spliced_groups"] = ["middle"]
    of_units = {"middle": [2.0e-3], CONTROL: [2.0e-3]}
    values["interpret"]["dictionaries"] = values["features"]["dictionaries"] = of_units
    values["erase"]["dictionaries"] = values["steer"]["dictionaries"] = {"middle": [2.0e-3]}
    values["ioi"]["plans"] = {"middle": plan({}, ["pca"])}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        save_trained(save_llama, folder / "model")
        write_stories(folder / "stories", 60)
        write_params(folder, values)
        for name, words in commands():
            if name in ("fetch", "tokenize", "activate", "plant", "train", "fidelity"):
                if name == "fidelity":
                    write_frontier(folder)
                assert called(*words) == 0, name
    return folder


def write_frontier(folder: Path) -> None:
    rows = [row for row in fidelity_rows(method="saelens_standard") if row.seed == 0]
    about = identity(folder / "artifacts", "middle")
    made = folder / "reports" / "frontier" / "laptop"
    write_evidence(made, NAME, rows, counts={}, scope=SCOPE, provenance=about)


def methods_at(finished: Path, table: str, site: str) -> set[str]:
    found = read_evidence(finished / "reports" / "tiny" / "evidence", table)
    return set(found.columns["method"][found.columns["site"] == site])


def test_an_untrained_site_is_trained_on_and_measured_like_another(finished: Path) -> None:
    members = read_trained(finished / "artifacts" / "train").dictionaries
    assert [(m.site, m.seed) for m in members if m.group == CONTROL] == [(CONTROL, 0), (CONTROL, 1)]
    for table in ("fidelity", "dictionaries", "agreement", "refit"):
        assert "sae" in methods_at(finished, table, CONTROL), table
    assert {"pca_topk", "neurons_topk"} <= methods_at(finished, "fidelity", CONTROL)


def test_the_frontier_of_the_trained_model_is_not_that_of_an_untrained_site(finished: Path) -> None:
    assert "saelens_standard" in methods_at(finished, "fidelity", "middle")
    assert "saelens_standard" not in methods_at(finished, "fidelity", CONTROL)
    ours, control = (identity(finished / "artifacts", site) for site in ("middle", CONTROL))
    assert {key for key in ours if ours[key] != control[key]} == {"hook"}


def test_nothing_is_spliced_at_an_untrained_site(finished: Path) -> None:
    assert "sae" in methods_at(finished, "spliced", "middle")
    assert methods_at(finished, "spliced", CONTROL) == set()


def test_the_scope_tells_which_site_is_untrained(finished: Path) -> None:
    header = read_evidence(finished / "reports" / "tiny" / "evidence", "fidelity").header
    assert header.scope is not None
    assert header.scope.sites == {
        "middle": resid_post(1),
        CONTROL: f"{resid_post(1)}, {BLOCKS.told}",
    }


@pytest.mark.parametrize("farthest", ["middle", CONTROL])
def test_the_scope_tells_how_far_the_adapter_is_off_in_the_worst_version(
    finished: Path, tmp_path: Path, farthest: str
) -> None:
    made = finished / "artifacts"
    for role, manifest in harvested(made / "activate").items():
        off = {"max_logit_difference": 0.5 if role == farthest else 0.25}
        changed = manifest.model_copy(update={"provenance": {**manifest.provenance, **off}})
        write_manifest(tmp_path / role, changed)
    params = load_params(finished / "params.yaml")
    scope = scope_of(params, params.train, made / "fetch", made / "tokenize", tmp_path)
    assert scope.max_logit_difference == 0.5


@pytest.mark.parametrize(
    ("stage", "changes", "key"),
    [
        ("ioi", {"ioi__plans__middle__site": CONTROL}, "ioi.plans.middle.site"),
        ("fidelity", {"fidelity__spliced_groups": [CONTROL]}, "fidelity.spliced_groups"),
    ],
)
def test_a_stage_run_alone_puts_nothing_into_an_untrained_model_either(
    finished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    stage: str,
    changes: dict[str, Any],
    key: str,
) -> None:
    """It reads its own sections, so that nobody has held them against `activate`."""
    params = write_params(tmp_path, read_yaml(finished / "params.yaml"), **changes)
    folders = {name: finished / "artifacts" / name for name in ("fetch", "tokenize", "activate")}
    folders |= {"train": finished / "artifacts" / "train", "evidence": tmp_path / "evidence"}
    if stage == "fidelity":
        folders |= {"plant": finished / "artifacts" / "plant", "frontier": tmp_path}
    words = ["run", stage, "--params", str(params), *at(**folders)]
    assert called("repro.maker", *words) == 2
    message = capsys.readouterr().err
    assert f"{key}: the site 'control' is {resid_post(1)}, {BLOCKS.told}" in message
    assert not (tmp_path / "evidence").exists()
