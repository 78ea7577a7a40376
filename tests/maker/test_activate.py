"""Activations are the model's own, complete but for sinks, and survive a kill to the same bytes."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import ArtifactError, ParamsError, StageError
from repro.files import sha256_of
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.shards import read_manifest, read_split
from repro.maker.activations.splits import SPLITS, Split
from repro.maker.activations.tokens import Tokens, read_tokens
from repro.maker.activations.weights import TRAINED
from repro.maker.params.model import Params
from repro.maker.stages.activate import work_of
from tests.stages import at, run
from tests.tiny_models import WIDTH, save_llama, write_stories
from tests.tiny_params import ROOT, resid_post, tiny_content, tiny_params, write_params

pytestmark = pytest.mark.slow

UNUSED = Path("unused")
SITES = {"early": resid_post(0), "middle": resid_post(1), "late": resid_post(3)}
SECTION = tiny_params(UNUSED, UNUSED).activate
roles = st.sampled_from(list(SITES))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What fetch and tokenize left."""
    folder = tmp_path_factory.mktemp("inputs")
    write_stories(folder / "text", 60)
    params = tiny_params(save_llama(folder / "model"), folder / "text")
    run("fetch", params, folder / "fetched")
    run("tokenize", params, folder / "tokens", fetch=folder / "fetched")
    return folder / "fetched", folder / "tokens"


def activate(params: Params, inputs: tuple[Path, Path], out: Path) -> None:
    run("activate", params, out, fetch=inputs[0], tokenize=inputs[1])


@pytest.fixture(scope="module")
def store(inputs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("store") / "activate"
    activate(tiny_params(UNUSED, UNUSED), inputs, out)
    return out


def streams(inputs: tuple[Path, Path], split: Split) -> dict[str, torch.Tensor]:
    """The residual stream [sequence, position, coordinate] of each site, from the model itself."""
    ids, _ = read_tokens(inputs[1])[0].split(split)
    model = LanguageModel.load(inputs[0] / "model", dtype=torch.float32, device=torch.device("cpu"))
    found = model.activations(torch.from_numpy(ids), list(SITES.values()))
    return {role: found[name] for role, name in SITES.items()}


@pytest.mark.parametrize("split", SPLITS)
def test_the_store_holds_each_sites_residual_stream(
    inputs: tuple[Path, Path], store: Path, split: Split
) -> None:
    ids, documents = read_tokens(inputs[1])[0].split(split)
    of_token = torch.from_numpy(np.repeat(documents, ids.shape[1] - 1))
    for role, stream in streams(inputs, split).items():
        expected = stream[:, 1:].reshape(-1, WIDTH)
        keep = expected.norm(dim=-1) <= read_manifest(store / role).sink_norm
        x, document = read_split(store / role, split)
        torch.testing.assert_close(x, expected[keep], rtol=1e-4, atol=1e-5)
        assert torch.equal(document, of_token[keep])


@pytest.mark.parametrize("skipped", [0, 1, 3])
def test_the_first_positions_are_dropped_at_every_site_whatever_their_norm(
    inputs: tuple[Path, Path], tmp_path: Path, skipped: int
) -> None:
    changes = {"skip_positions": skipped, "sink_factor": 1.0e6}
    activate(tiny_params(UNUSED, UNUSED, activate=changes), inputs, tmp_path / "out")
    tokens, _ = read_tokens(inputs[1])
    for split in SPLITS:
        documents = tokens.split(split)[1]
        for role, stream in streams(inputs, split).items():
            manifest = read_manifest(tmp_path / "out" / role)
            assert manifest.skip_positions == skipped
            assert manifest.n_skipped[split] == skipped * len(documents)
            assert manifest.n_sinks[split] == 0
            x, document = read_split(tmp_path / "out" / role, split)
            expected = stream[:, skipped:].reshape(-1, WIDTH)
            torch.testing.assert_close(x, expected, rtol=1e-4, atol=1e-5)
            assert document.tolist() == np.repeat(documents, 16 - skipped).tolist()


def test_no_bound_on_the_norm_would_have_found_the_first_position(
    inputs: tuple[Path, Path], store: Path
) -> None:
    for role, stream in streams(inputs, "train").items():
        first = stream[:, 0].norm(dim=-1)
        assert float(first.max()) <= read_manifest(store / role).sink_norm


def test_the_bound_on_the_norm_is_that_of_the_tokens_that_are_used(
    inputs: tuple[Path, Path], store: Path
) -> None:
    """All hundred training sequences are among the first 4096 tokens."""
    for role, stream in streams(inputs, "train").items():
        used, whole = (stream[:, n:].norm(dim=-1).median() for n in (1, 0))
        found = read_manifest(store / role).median_norm
        assert found == pytest.approx(float(used), rel=1e-5)
        assert found != pytest.approx(float(whole), rel=1e-5)


def test_a_site_with_a_number_of_tokens_of_its_own_takes_the_first_of_them(
    inputs: tuple[Path, Path], store: Path, tmp_path: Path
) -> None:
    """Shards of 256 tokens: those that begin at 0, 256 and 512 begin below 600."""
    params = tiny_params(UNUSED, UNUSED, activate={"train_tokens": {"early": 600, "late": 256}})
    activate(params, inputs, tmp_path / "out")
    for role, n_shards in (("early", 3), ("middle", 7), ("late", 1)):
        few, all_ = (read_manifest(path / role) for path in (tmp_path / "out", store))
        assert few.train == all_.train[:n_shards]
        assert len(all_.train) == 7
        assert (few.validation, few.heldout) == (all_.validation, all_.heldout)
        assert few.n_skipped["train"] == min(16 * n_shards, 100)
        assert few.rows("train") + few.n_sinks["train"] == 15 * min(16 * n_shards, 100)
        assert (few.median_norm, few.sink_norm) == (all_.median_norm, all_.sink_norm)
        assert sorted(p.name for p in (tmp_path / "out" / role).glob("train-*")) == [
            shard.file for shard in few.train
        ]


def test_half_precision_stores_the_same_stream_to_its_rounding(
    inputs: tuple[Path, Path], store: Path, tmp_path: Path
) -> None:
    activate(tiny_params(UNUSED, UNUSED, activate={"dtype": "bfloat16"}), inputs, tmp_path / "half")
    for role in SITES:
        half, exact = (read_split(path / role, "train")[0] for path in (tmp_path / "half", store))
        assert half.dtype == torch.bfloat16
        off = (half.float() - exact).norm() / exact.norm()
        assert 1e-4 < off < 2e-2, "eight bits of mantissa, a few blocks deep"


def test_the_manifest_says_what_the_store_is(store: Path) -> None:
    assert sorted(p.name for p in store.iterdir()) == sorted(SITES)
    for role, name in SITES.items():
        manifest = read_manifest(store / role)
        assert (manifest.site, manifest.hook, manifest.weights) == (role, name, TRAINED)
        for split, n_sequences in zip(SPLITS, (100, 10, 30), strict=True):
            assert manifest.n_skipped[split] == n_sequences
            assert manifest.rows(split) + manifest.n_sinks[split] == 15 * n_sequences
        assert manifest.sink_norm == pytest.approx(10 * manifest.median_norm)
        assert manifest.provenance["model"]["name"] == "model"
        assert manifest.provenance["max_logit_difference"] < 1e-4
        assert max(shard.rows for shard in manifest.train) <= 256


def test_tokens_above_the_declared_norm_are_left_out_and_counted(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    params = tiny_params(UNUSED, UNUSED, activate={"sink_factor": 1.0})
    activate(params, inputs, tmp_path / "out")
    for role in SITES:
        manifest = read_manifest(tmp_path / "out" / role)
        assert 600 < manifest.n_sinks["train"] < 900
        x, _ = read_split(tmp_path / "out" / role, "train")
        assert len(x) == 1500 - manifest.n_sinks["train"]
        assert float(x.norm(dim=-1).max()) <= manifest.sink_norm * (1 + 1e-6)


def tokens_of(n_train: int, n_validation: int, n_heldout: int) -> Tokens:
    """Sequences of nothing."""
    pairs = (
        (np.zeros((n, 16), np.int32), np.zeros(n, np.int32))
        for n in (n_train, n_validation, n_heldout)
    )
    return Tokens(*(array for pair in pairs for array in pair))


def test_shards_cover_every_sequence_once() -> None:
    section = tiny_params(UNUSED, UNUSED, activate={"batch": 5, "shard_tokens": 200}).activate
    works = work_of(tokens_of(103, 31, 7), section, SITES)
    for split, total in (("train", 103), ("validation", 31), ("heldout", 7)):
        its = [w for w in works if w.split == split]
        covered = [row for w in its for row in range(w.first, w.last)]
        assert covered == list(range(total))
        assert [w.number for w in its] == list(range(len(its)))
        assert all((w.last - w.first) * 16 <= 200 for w in its)
        assert all(w.roles == tuple(SITES) for w in its), "no site has a number of its own"


counts = st.integers(1, 120)


@given(counts, counts, counts, st.integers(1, 6), st.dictionaries(roles, st.integers(1, 2500)))
def test_a_site_takes_the_training_shards_that_begin_below_its_number_of_tokens(
    n_train: int, n_validation: int, n_heldout: int, batch: int, quota: dict[str, int]
) -> None:
    section = SECTION.model_copy(update={"batch": batch, "train_tokens": quota})
    works = work_of(tokens_of(n_train, n_validation, n_heldout), section, SITES)
    for role in SITES:
        for split, total in zip(SPLITS, (n_train, n_validation, n_heldout), strict=True):
            its = [w for w in works if w.split == split and role in w.roles]
            asked = quota.get(role, 10**6) if split == "train" else 10**6
            covered = [row for w in its for row in range(w.first, w.last)]
            assert covered == list(range(len(covered))), "the first ones, without a gap"
            assert len(covered) * 16 >= min(asked, total * 16), "as many as were asked for"
            assert its[-1].first * 16 < asked, "and not a shard more"
    assert all(w.roles == tuple(r for r in SITES if r in w.roles) for w in works), "in one order"
    assert all(w.roles for w in works), "no work for nobody"


@pytest.mark.parametrize("block", [4, 99])
def test_a_block_that_does_not_exist_names_how_many_there_are(
    inputs: tuple[Path, Path], tmp_path: Path, block: int
) -> None:
    params = tiny_params(
        UNUSED, UNUSED, activate={"hook_points": {**SITES, "late": resid_post(block)}}
    )
    with pytest.raises(ParamsError, match=rf"late is blocks\.{block}\..*: model has 4 blocks"):
        activate(params, inputs, tmp_path / "out")


def test_missing_inputs_name_the_stage_that_makes_them(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    params = tiny_params(UNUSED, UNUSED)
    with pytest.raises(ArtifactError, match=r"manifest.json is missing(.|\n)*dvc repro tokenize"):
        activate(params, (inputs[0], tmp_path), tmp_path / "out")
    with pytest.raises(ArtifactError, match=r"provenance.json is missing(.|\n)*dvc repro fetch"):
        activate(params, (tmp_path, inputs[1]), tmp_path / "out")


def test_a_second_run_at_the_same_time_is_refused(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / ".scratch").mkdir()
    with (tmp_path / ".scratch" / "out.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(StageError, match="another run is writing"):
            activate(tiny_params(UNUSED, UNUSED), inputs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_killed_run_goes_on_to_the_same_bytes_without_a_network(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    few = {"batch": 1, "shard_tokens": 64, "train_tokens": {"early": 800}}
    params = write_params(tmp_path / "params.yaml", tiny_content(UNUSED, UNUSED, activate=few))
    finished, killed = tmp_path / "finished", tmp_path / "killed"
    assert start(params, inputs, finished).wait() == 0
    process = start(params, inputs, killed)
    kept = wait_for(
        lambda: list((tmp_path / ".scratch").glob("killed-*/trained/train-0000*.json")), process
    )
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not killed.exists()
    times = {path.name: path.stat().st_mtime_ns for path in kept}
    process = start(params, inputs, killed)
    while process.poll() is None:
        for path in kept:
            if path.exists():
                assert path.stat().st_mtime_ns == times[path.name]
        time.sleep(0.02)
    assert process.returncode == 0
    assert hashes(killed) == hashes(finished)
    assert len(hashes(killed)) == 2 * 25 + 13 + 3 * (3 + 8 + 1)
    assert [p.name for p in (tmp_path / ".scratch").iterdir() if p.is_dir()] == []


OFFLINE = """
import socket, sys
def refuse(*_): raise RuntimeError("the network was used")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from repro.maker.__main__ import app
app(sys.argv[1:])
"""


def start(params: Path, inputs: tuple[Path, Path], out: Path) -> subprocess.Popen[bytes]:
    folders = at(fetch=inputs[0], tokenize=inputs[1], activate=out)
    words = ["run", "activate", "--params", str(params), *folders]
    return subprocess.Popen(
        [sys.executable, "-c", OFFLINE, *words], cwd=ROOT, start_new_session=True
    )


def wait_for(seen, process: subprocess.Popen[bytes]) -> list[Path]:
    while not (found := seen()):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    return found


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256_of(path) for path in files}
