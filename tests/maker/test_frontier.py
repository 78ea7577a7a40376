"""The reference frontier: taken where it is of the same activations, and nowhere else."""

from pathlib import Path
from typing import Any

import pytest
import torch

from repro.contract.evidence import read_evidence
from repro.contract.rows.fidelity import FidelityRow
from repro.contract.written import write_evidence
from repro.errors import EvidenceError
from repro.files import sha256_of
from repro.maker.activations.shards import read_manifest, write_manifest
from repro.maker.activations.weights import Redrawn
from repro.maker.engine.provenance import key_of
from repro.maker.fidelity.frontier import NAME, frontier_of, identity
from repro.maker.source.records import ModelRecord, write_record
from tests.judge_strategies import SCOPE, fidelity_rows
from tests.tiny_store import write_store

SITE = "middle"
ROWS = [one for one in fidelity_rows(method="saelens_standard") if one.seed == 0]
OTHERS = {
    "model": "another model",
    "revision": "another revision",
    "training_tokens": 5,
    "tokens_sha256": "0" * 64,
    "hook": "blocks.2.hook_resid_post",
    "skip_positions": 1,
    "sink_factor": 10.0,
}
"""What makes a frontier one of other activations."""


def write_run(artifacts: Path, **changes: Any) -> None:
    """What a frontier is compared with: model, tokens, and the manifest of a site."""
    (artifacts / "tokenize").mkdir(parents=True, exist_ok=True)
    (artifacts / "tokenize" / "tokens.safetensors").write_bytes(changes.pop("tokens", b"tokens"))
    record = ModelRecord(
        name=changes.pop("model", "tiny"), source="here", revision="", quantisation="none",
        sha256={}, blocks=1, dimension=4, vocabulary=9, bos_token_id=None,
    )  # fmt: skip
    write_record(artifacts / "fetch" / "model", record)
    store = artifacts / "activate" / SITE
    write_store(store, torch.ones(4, 2), torch.ones(4, 2), rows_per_shard=4)
    write_manifest(store, read_manifest(store).model_copy(update=changes))


def write_frontier(
    folder: Path, provenance: dict[str, Any], rows: list[FidelityRow] = ROWS
) -> None:
    """A frontier with this identity, and more beside it."""
    more = {"peer_versions": {"sae-lens": "0"}}
    write_evidence(folder, NAME, rows, counts={}, scope=SCOPE, provenance={**provenance, **more})


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, Any]:
    """The identity of a run."""
    write_run(tmp_path / "artifacts")
    return identity(tmp_path / "artifacts", SITE)


@pytest.fixture
def frontiers(tmp_path: Path) -> Path:
    """Where frontiers are committed."""
    return tmp_path / "frontier"


def test_a_frontier_belongs_to_a_model_tokens_by_content_and_a_hook_point(tmp_path: Path, wanted):
    tokens = tmp_path / "artifacts" / "tokenize" / "tokens.safetensors"
    assert wanted == {
        "model": "tiny",
        "revision": key_of({}),
        "tokens_sha256": sha256_of(tokens),
        "training_tokens": 4,
        "hook": "test",
        "skip_positions": 0,
        "sink_factor": 0.0,
    }


def test_the_frontier_of_the_same_activations_is_taken_row_by_row(wanted, frontiers: Path):
    write_frontier(frontiers / "laptop", wanted)
    assert frontier_of(frontiers, wanted) == ROWS


@pytest.mark.parametrize("differs", OTHERS)
def test_a_frontier_of_other_activations_is_not_taken(wanted, frontiers: Path, differs: str):
    write_frontier(frontiers / "laptop", {**wanted, differs: OTHERS[differs]})
    assert frontier_of(frontiers, wanted) == []


@pytest.mark.parametrize("missing", OTHERS)
def test_a_frontier_that_does_not_say_what_it_belongs_to_is_not_taken(
    wanted, frontiers: Path, missing: str
):
    kept = {key: value for key, value in wanted.items() if key != missing}
    write_frontier(frontiers / "laptop", kept)
    assert frontier_of(frontiers, wanted) == []


@pytest.mark.parametrize(
    "change",
    [
        {"model": "another model"},
        {"tokens": b"other tokens"},
        {"hook": "blocks.2.hook_resid_post"},
        {"weights": Redrawn("all", 0).told},
        {"skip_positions": 1},
        {"sink_norm": 30.0, "median_norm": 3.0},
    ],
    ids=["model", "tokens", "hook", "weights", "skipped positions", "bound on the norm"],
)
def test_a_run_on_other_activations_does_not_find_the_frontier(
    tmp_path: Path, wanted, frontiers: Path, change: dict[str, Any]
):
    write_frontier(frontiers / "laptop", wanted)
    write_run(tmp_path / "other", **change)
    assert frontier_of(frontiers, identity(tmp_path / "other", SITE)) == []


def test_of_several_frontiers_the_one_that_fits_is_taken(wanted, frontiers: Path):
    write_frontier(frontiers / "laptop", {**wanted, "model": "another model"}, ROWS[:3])
    write_frontier(frontiers / "smoke", wanted)
    assert frontier_of(frontiers, wanted) == ROWS


@pytest.mark.parametrize("is_there", [True, False])
def test_where_no_frontier_was_made_none_is_taken(wanted, frontiers: Path, is_there: bool):
    if is_there:
        frontiers.mkdir()
    assert frontier_of(frontiers, wanted) == []


def truncated(folder: Path) -> None:
    path = folder / f"{NAME}.parquet"
    path.write_bytes(path.read_bytes()[:100])


def without_its_table(folder: Path) -> None:
    (folder / f"{NAME}.parquet").unlink()


def without_a_header(folder: Path) -> None:
    (folder / f"{NAME}.json").write_text("{}", encoding="utf8")


@pytest.mark.parametrize("damage", [truncated, without_its_table, without_a_header])
@pytest.mark.parametrize("fits", [True, False])
def test_a_damaged_frontier_is_told_and_not_passed_over(
    wanted, frontiers: Path, damage, fits: bool
):
    write_frontier(frontiers / "laptop", wanted if fits else {})
    damage(frontiers / "laptop")
    with pytest.raises(EvidenceError, match=NAME):
        frontier_of(frontiers, wanted)


COMMITTED = sorted(Path(__file__).parents[2].glob("reports/frontier/*"))


@pytest.mark.parametrize("folder", COMMITTED, ids=lambda folder: folder.name)
def test_a_committed_frontier_is_whole_and_of_one_site(folder: Path):
    """One that is not would end every run, since all of them are read to find the one that fits."""
    table = read_evidence(folder, NAME)
    (site,) = set(table.columns["site"].tolist())
    assert table.header.scope
    assert table.header.scope.sites[site] == table.header.provenance["hook"]
