"""Fetch leaves an ordinary model directory and clean documents, or says what to type."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from repro.errors import ArtifactError, SourceError
from repro.files import sha256_of
from repro.maker.source.corpus import read_documents
from repro.maker.source.records import ModelRecord, TextRecord, read_record
from tests.stages import at, run
from tests.tiny_models import BLOCKS, WIDTH, save_neox, write_stories
from tests.tiny_params import ROOT, tiny_content, tiny_params, write_params

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("sources")
    save_neox(folder / "model")
    write_stories(folder / "text", 6)
    return folder / "model", folder / "text"


def test_a_local_model_and_local_text_arrive_whole(
    sources: tuple[Path, Path], tmp_path: Path
) -> None:
    run("fetch", tiny_params(*sources), tmp_path)
    record = read_record(tmp_path / "model", ModelRecord)
    assert (record.blocks, record.dimension, record.bos_token_id) == (BLOCKS, WIDTH, 0)
    assert all(sha256_of(tmp_path / "model" / n) == h for n, h in record.sha256.items())
    ids = torch.arange(20)[None]
    before, after = (
        AutoModelForCausalLM.from_pretrained(folder)(ids).logits
        for folder in (sources[0], tmp_path / "model")
    )
    assert torch.equal(before, after)
    documents = read_documents(tmp_path / "text" / "documents.parquet")
    about = read_record(tmp_path / "text", TextRecord)
    assert about.documents == len(documents) == 6
    assert about.characters == sum(len(d.text) for d in documents)
    assert not list(tmp_path.rglob("*.bin"))


def test_fetching_again_gives_the_same_bytes(sources: tuple[Path, Path], tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        run("fetch", tiny_params(*sources), tmp_path / name)
        files = sorted((tmp_path / name).rglob("*.*"))
        found.append({p.name: sha256_of(p) for p in files if p.is_file()})
    assert found[0] == found[1]


def test_a_good_run_writes_nothing_into_a_log(sources: tuple[Path, Path], tmp_path: Path) -> None:
    params = write_params(tmp_path / "params.yaml", tiny_content(*sources))
    done = run_fetch(params, tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"source": "local", "path": "nowhere"}, "nowhere does not exist"),
        ({"source": "local", "path": "{text}"}, "could not be loaded"),
        ({"source": "hub", "id": "nobody/none", "revision": "main"}, "model 'nobody/none' could"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_message(
    sources: tuple[Path, Path], tmp_path: Path, model: dict[str, str], message: str
) -> None:
    content = tiny_content(*sources)
    content["fetch"]["model"] = {k: v.format(text=sources[1]) for k, v in model.items()}
    done = run_fetch(write_params(tmp_path / "params.yaml", content), tmp_path / "out")
    assert done.returncode == 2
    assert message in done.stderr
    assert "to mend:" in done.stderr
    assert "Traceback" not in done.stderr


def test_text_without_a_usable_document_is_refused(
    sources: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("too short")
    with pytest.raises(SourceError, match=r"no usable document.*'short': 1"):
        run("fetch", tiny_params(sources[0], tmp_path / "text"), tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is missing"),
        ("{", "not JSON"),
        ("{}", "name: Field required"),
        (json.dumps({"extra": 1}), "name: Field required"),
    ],
)
def test_a_bad_record_is_an_artifact_error(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "provenance.json").write_text(content)
    with pytest.raises(ArtifactError, match=message):
        read_record(tmp_path, ModelRecord)


def run_fetch(params: Path, out: Path) -> subprocess.CompletedProcess[str]:
    words = ["run", "fetch", "--params", str(params), *at(fetch=out)]
    command = [sys.executable, "-m", "repro.maker", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
