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

from repro.errors import ArtifactError, ParamsError, StageError
from repro.files import sha256_of
from repro.lm import LanguageModel
from repro.shards import Split, read_manifest, read_split
from repro.stages.activate import run, work_of
from repro.stages.fetch import run as fetch
from repro.stages.tokenize import run as tokenize
from repro.tokens import Tokens, read_tokens
from tests.tiny_models import WIDTH, save_llama, write_stories
from tests.tiny_params import ROOT, tiny_content, tiny_params, write_params

pytestmark = pytest.mark.slow

UNUSED = Path("unused")
SITES = {"early": 0, "middle": 1, "late": 3}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What fetch and tokenize left."""
    folder = tmp_path_factory.mktemp("inputs")
    write_stories(folder / "text", 60)
    params = tiny_params(save_llama(folder / "model"), folder / "text")
    fetch(params, folder / "fetched")
    tokenize(params, folder / "fetched", folder / "tokens")
    return folder / "fetched", folder / "tokens"


@pytest.fixture(scope="module")
def store(inputs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("store") / "activate"
    run(tiny_params(UNUSED, UNUSED), *inputs, out)
    return out


@pytest.mark.parametrize("split", ["train", "heldout"])
def test_the_store_holds_each_sites_residual_stream(
    inputs: tuple[Path, Path], store: Path, split: Split
) -> None:
    tokens, _ = read_tokens(inputs[1])
    ids, documents = tokens.split(split)
    model = LanguageModel.load(inputs[0] / "model", dtype=torch.float32, device=torch.device("cpu"))
    found = model.residual(torch.from_numpy(ids), list(SITES.values()))
    for role, layer in SITES.items():
        expected = found[layer].reshape(-1, WIDTH)
        keep = expected.norm(dim=-1) <= read_manifest(store / role).sink_norm
        x, document = read_split(store / role, split)
        torch.testing.assert_close(x, expected[keep], rtol=1e-4, atol=1e-5)
        of_token = torch.from_numpy(np.repeat(documents, ids.shape[1]))
        assert torch.equal(document, of_token[keep])


def test_half_precision_stores_the_same_stream_to_its_rounding(
    inputs: tuple[Path, Path], store: Path, tmp_path: Path
) -> None:
    run(tiny_params(UNUSED, UNUSED, activate={"dtype": "bfloat16"}), *inputs, tmp_path / "half")
    for role in SITES:
        half, exact = (read_split(path / role, "train")[0] for path in (tmp_path / "half", store))
        assert half.dtype == torch.bfloat16
        off = (half.float() - exact).norm() / exact.norm()
        assert 1e-4 < off < 2e-2, "eight bits of mantissa, a few blocks deep"


def test_the_manifest_says_what_the_store_is(store: Path) -> None:
    assert sorted(p.name for p in store.iterdir()) == sorted(SITES)
    for role, layer in SITES.items():
        manifest = read_manifest(store / role)
        assert (manifest.site, manifest.hook) == (role, f"blocks.{layer}.hook_resid_post")
        assert manifest.rows("train") + manifest.n_sinks["train"] == 1600
        assert manifest.rows("heldout") + manifest.n_sinks["heldout"] == 480
        assert manifest.sink_norm == pytest.approx(10 * manifest.median_norm)
        assert manifest.provenance["model"]["name"] == "model"
        assert manifest.provenance["max_logit_difference"] < 1e-4
        assert max(shard.rows for shard in manifest.train) <= 256


def test_tokens_above_the_declared_norm_are_left_out_and_counted(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    params = tiny_params(UNUSED, UNUSED, activate={"sink_factor": 1.0})
    run(params, *inputs, tmp_path / "out")
    for role in SITES:
        manifest = read_manifest(tmp_path / "out" / role)
        assert 600 < manifest.n_sinks["train"] < 1000
        x, _ = read_split(tmp_path / "out" / role, "train")
        assert len(x) == 1600 - manifest.n_sinks["train"]
        assert float(x.norm(dim=-1).max()) <= manifest.sink_norm * (1 + 1e-6)


def test_shards_cover_every_sequence_once() -> None:
    ids, documents = np.zeros((103, 16), np.int32), np.zeros(103, np.int32)
    tokens = Tokens(ids, documents, ids[:7], documents[:7])
    section = tiny_params(UNUSED, UNUSED, activate={"batch": 5, "shard_tokens": 200}).activate
    for split, total in (("train", 103), ("heldout", 7)):
        works = [w for w in work_of(tokens, section) if w.split == split]
        covered = [row for w in works for row in range(w.first, w.last)]
        assert covered == list(range(total))
        assert [w.number for w in works] == list(range(len(works)))
        assert all((w.last - w.first) * 16 <= 200 for w in works)


@pytest.mark.parametrize("block", [4, -1])
def test_a_block_that_does_not_exist_names_how_many_there_are(
    inputs: tuple[Path, Path], tmp_path: Path, block: int
) -> None:
    params = tiny_params(UNUSED, UNUSED, activate={"sites": {**SITES, "late": block}})
    with pytest.raises(ParamsError, match=f"late is block {block}: model has 4 blocks"):
        run(params, *inputs, tmp_path / "out")


def test_missing_inputs_name_the_stage_that_makes_them(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    params = tiny_params(UNUSED, UNUSED)
    with pytest.raises(ArtifactError, match=r"manifest.json is missing(.|\n)*dvc repro tokenize"):
        run(params, inputs[0], tmp_path, tmp_path / "out")
    with pytest.raises(ArtifactError, match=r"provenance.json is missing(.|\n)*dvc repro fetch"):
        run(params, tmp_path, inputs[1], tmp_path / "out")


def test_a_second_run_at_the_same_time_is_refused(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / ".scratch").mkdir()
    with (tmp_path / ".scratch" / "out.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(StageError, match="another run is writing"):
            run(tiny_params(UNUSED, UNUSED), *inputs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_killed_run_goes_on_to_the_same_bytes_without_a_network(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    params = write_params(
        tmp_path / "params.yaml",
        tiny_content(UNUSED, UNUSED, activate={"batch": 1, "shard_tokens": 64}),
    )
    finished, killed = tmp_path / "finished", tmp_path / "killed"
    assert start(params, inputs, finished).wait() == 0
    process = start(params, inputs, killed)
    kept = wait_for(
        lambda: list((tmp_path / ".scratch").glob("killed-*/train-0000*.json")), process
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
    assert len(hashes(killed)) == 3 * (25 + 8 + 1)
    assert [p.name for p in (tmp_path / ".scratch").iterdir() if p.is_dir()] == []


OFFLINE = """
import socket, sys
def refuse(*_): raise RuntimeError("the network was used")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from repro.stages.activate import main
main(sys.argv[1:])
"""


def start(params: Path, inputs: tuple[Path, Path], out: Path) -> subprocess.Popen[bytes]:
    paths = {"params": params, "fetched": inputs[0], "tokens": inputs[1], "out": out}
    options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    return subprocess.Popen(
        [sys.executable, "-c", OFFLINE, *options], cwd=ROOT, start_new_session=True
    )


def wait_for(seen, process: subprocess.Popen[bytes]) -> list[Path]:
    while not (found := seen()):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    return found


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256_of(path) for path in files}
