"""What a user can get wrong: each is answered by one message, and nothing is lost by it."""

import ast
import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repro.contract.evidence import read_evidence
from repro.contract.verdict import Status
from repro.contract.verdict_file import read_verdicts
from repro.files import sha256_of, write_json
from repro.maker.source.wheels import GENSIM
from tests.import_graph import ROOT
from tests.planted_evidence import TRUE, write_world
from tests.stages import at, called
from tests.tiny_models import save_llama, write_stories
from tests.tiny_project import commands, content, contents, params_of, write_params, write_stores

pytestmark = pytest.mark.slow

HERE = "test_bad_input.py"
PROVED = {
    "unknown or missing parameter, wrong type, quoted number": (
        "test_params.py::test_a_mistake_names_the_key_and_the_mend",
        "test_params.py::test_no_key_may_be_left_out",
        f"{HERE}::test_every_stage_refuses_bad_params_and_leaves_its_output",
    ),
    "layer out of range": (
        "test_lm.py::test_a_block_out_of_range_names_the_number_of_blocks",
        "test_activate.py::test_a_block_that_does_not_exist_names_how_many_there_are",
    ),
    "model id not found, no network": (
        f"{HERE}::test_a_model_out_of_reach_leaves_what_was_fetched",
        "test_corpus.py::test_a_data_set_out_of_reach_says_what_to_type",
        "test_wheels.py::test_a_wheel_that_cannot_be_had_says_what_to_type",
    ),
    "wheel with a wrong hash": (
        f"{HERE}::test_a_wheel_with_other_bytes_is_never_opened",
        "test_wheels.py::test_a_release_with_other_bytes_is_refused_and_not_kept",
    ),
    "empty corpus": (
        f"{HERE}::test_an_empty_text_leaves_what_was_fetched",
        "test_fetch.py::test_text_without_a_usable_document_is_refused",
    ),
    "corpus shorter than one batch": (
        "test_tokenize.py::test_a_text_that_is_too_short_says_how_much_there_is",
        "test_stages_train_fidelity.py::test_too_few_activations_for_one_batch_are_refused",
    ),
    "truncated or altered shard": (
        "test_shards.py::test_a_damaged_shard_is_never_read",
        "test_stages_train_fidelity.py::test_a_damaged_shard_is_named_and_nothing_is_trained_on_it",
    ),
    "evidence without a column, with NaN, without rows": (
        f"{HERE}::test_bad_evidence_breaks_its_claims_and_says_why",
    ),
    "claim file with a syntax error, a duplicate id, a misspelt field or word": (
        f"{HERE}::test_a_bad_claim_file_leaves_the_earlier_verdicts",
        "test_spec.py::test_a_bad_file_is_refused_with_its_line",
        "claims/test_words.py::test_each_word_of_a_claim_mistyped_is_refused_by_name",
    ),
    "lock of claims missing, malformed, or behind the claims": (
        "test_lock.py::test_an_unreadable_lock_is_named",
        "test_lock.py::test_a_malformed_lock_is_named_with_its_key_and_left_alone",
        "test_lock.py::test_a_change_is_not_recorded_without_a_reason",
    ),
    "disk full": (
        "test_files.py::test_a_disk_that_is_really_full_keeps_the_old_file",
        f"{HERE}::test_a_full_disk_leaves_the_earlier_output_of_a_stage",
    ),
    "two runs at the same time": (
        "test_executor.py::test_two_runs_never_write_the_same_output",
        "test_pipeline_runner.py::test_a_second_run_at_the_same_time_names_the_first",
        "test_activate.py::test_a_second_run_at_the_same_time_is_refused",
        f"{HERE}::test_a_stage_that_is_running_is_not_run_twice",
    ),
}
"""Each mistake and the tests that commit it."""

MAKERS = {
    "fetch": ("fetch.text.paths", []),
    "tokenize": ("tokenize.bos", 1),
    "activate": ("activate.dtype", "float16"),
    "plant": ("plant.active", -1),
    "train": ("train.optimiser.lr", "1e-3"),
    "fidelity": ("fidelity.dense_share", 2.0),
}
"""A mistake in a section that the stage reads."""
EVIDENCE = Path("reports", "tiny", "evidence")
EARLIER = {"earlier": b"work"}


@pytest.mark.parametrize("mistake", PROVED)
def test_every_mistake_is_committed_in_a_test_that_exists(mistake: str):
    for place in PROVED[mistake]:
        file, name = place.split("::")
        (path,) = (ROOT / "tests").rglob(file)
        tree = ast.parse(path.read_text(encoding="utf8"))
        assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, place


def is_one_message(text: str) -> bool:
    """One error with its three parts, and no traceback."""
    parts = [f"\n{text}".count(f"\n{part}: ") for part in ("error", "  expected", "  to mend")]
    return parts == [1, 1, 1] and "Traceback" not in text


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder, in which commands are given as `dvc.yaml` gives them."""
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path)
    return tmp_path


def given_up(stage: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The message with which a stage gives up, its earlier output being left as it was."""
    out = EVIDENCE if stage == "fidelity" else Path("artifacts", stage)
    out.mkdir(parents=True, exist_ok=True)
    (out / "earlier").write_bytes(b"work")
    before = contents(out)
    assert called(*dict(commands())[stage]) == 2
    assert contents(out) == before
    message = capsys.readouterr().err
    assert is_one_message(message), message
    return message


def write_mistake(here: Path, key: str, value: object) -> None:
    write_params(here, None, **{key.replace(".", "__"): value})


@pytest.mark.parametrize("stage", MAKERS)
def test_every_stage_refuses_bad_params_and_leaves_its_output(
    here: Path, capsys: pytest.CaptureFixture[str], stage: str
):
    key, value = MAKERS[stage]
    write_mistake(here, key, value)
    assert key in given_up(stage, capsys)


def test_the_first_stage_refuses_a_mistake_in_any_section(
    here: Path, capsys: pytest.CaptureFixture[str]
):
    for key, value in (*MAKERS.values(), ("toy.speed", 1), ("speed", 1)):
        write_mistake(here, key, value)
        assert called("repro.maker", "code", "--out", "artifacts/code") == 2
        message = capsys.readouterr().err
        assert is_one_message(message), message
        assert key in message
        assert not (here / "artifacts").exists()


def test_a_folder_or_stage_that_is_unknown_is_told(here: Path, capsys: pytest.CaptureFixture[str]):
    for words, told in (
        (["train", "--at", "tokenize=x"], "knows no folder 'tokenize'"),
        (["train", "--at", "plant"], "--at plant names no folder"),
        (["trian"], "there is no stage 'trian'"),
    ):
        assert called("repro.maker", "run", *words) == 2
        message = capsys.readouterr().err
        assert is_one_message(message), message
        assert told in message


@pytest.mark.parametrize("stage", ["tokenize", "activate", "train", "fidelity"])
def test_a_stage_without_its_inputs_names_the_command_that_makes_them(
    here: Path, capsys: pytest.CaptureFixture[str], stage: str
):
    message = given_up(stage, capsys)
    assert "is missing" in message
    assert "dvc repro" in message


def test_a_mistake_shows_no_traceback_to_whoever_runs_the_stage(here: Path):
    write_params(here, plant__active=-1)
    command = [sys.executable, "-m", "repro.maker", "run", "plant"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert is_one_message(done.stderr), done.stderr
    assert done.stdout == ""


def fetch_once(here: Path) -> None:
    """Something fetched earlier, from a local model and local text."""
    save_llama(here / "model")
    write_stories(here / "stories", 3)
    assert called(*dict(commands())["fetch"]) == 0


def test_a_model_out_of_reach_leaves_what_was_fetched(
    here: Path, capfd: pytest.CaptureFixture[str]
):
    fetch_once(here)
    capfd.readouterr()
    hub = {"source": "hub", "id": "nobody/nothing-of-that-name", "revision": "0" * 40}
    write_params(here, fetch__model=hub)
    message = given_up("fetch", capfd)
    assert "nobody/nothing-of-that-name" in message
    assert "check fetch.model in params.yaml and your connection" in message


def test_an_empty_text_leaves_what_was_fetched(here: Path, capfd: pytest.CaptureFixture[str]):
    fetch_once(here)
    capfd.readouterr()
    for story in (here / "stories").iterdir():
        story.write_text("")
    assert "no usable document" in given_up("fetch", capfd)


def test_a_wheel_with_other_bytes_is_never_opened(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REPRO_CACHE", str(here / "cache"))
    wheel = here / "cache" / f"{GENSIM.sha256}.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"something else")
    write_params(here, fetch__text={"source": "embedded"})
    message = given_up("fetch", capsys)
    assert f"sha256 {GENSIM.sha256}" in message
    assert not wheel.exists()


def without_a_column(table: pa.Table) -> pa.Table:
    return table.drop_columns(["variance"])


def with_a_nan(table: pa.Table) -> pa.Table:
    place = table.column_names.index("variance")
    values = table["variance"].to_numpy().copy()
    values[0] = np.nan
    return table.set_column(place, "variance", pa.array(values))


def without_rows(table: pa.Table) -> pa.Table:
    return table.slice(0, 0)


def of_another_type(table: pa.Table) -> pa.Table:
    place = table.column_names.index("variance")
    return table.set_column(place, "variance", table["variance"].cast(pa.string()))


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """Evidence of a world in which the claims hold, and verdicts on it."""
    write_world(tmp_path / "evidence", TRUE, profile="smoke")
    assert called(*verify_words(tmp_path)) == 0
    return tmp_path


def verify_words(folder: Path, claims: Path = ROOT / "claims") -> list[str]:
    return [
        *("repro.cli", "verify"),
        *("--evidence", str(folder / "evidence")),
        *("--claims", str(claims)),
        *("--out", str(folder / "verdicts.json")),
    ]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (without_a_column, ("no column", "variance")),
        (with_a_nan, ("variance", "NaN")),
        (without_rows, ("zero rows",)),
        (of_another_type, ("variance", "string")),
    ],
)
def test_bad_evidence_breaks_its_claims_and_says_why(
    judged: Path, damage: Callable[[pa.Table], pa.Table], words: tuple[str, ...]
):
    path = judged / "evidence" / "fidelity.parquet"
    table = damage(pq.read_table(path))
    pq.write_table(table, path)
    header = json.loads(path.with_suffix(".json").read_text(encoding="utf8"))
    header |= {"sha256": sha256_of(path), "n_rows": table.num_rows}
    write_json(path.with_suffix(".json"), header)
    assert called(*verify_words(judged)) == 0
    by_id = {v.id: v for v in read_verdicts(judged / "verdicts.json").verdicts}
    broken = by_id["c14"]
    assert (broken.status, broken.estimate) == (Status.BROKEN, None)
    assert [word for word in ("fidelity", "dvc repro", *words) if word not in broken.reason] == []
    assert by_id["c22"].status == Status.SUPPORTED, "a claim on another table is judged as before"
    assert len(read_evidence(judged / "evidence", "dictionaries")) > 0


CLAIM = (ROOT / "claims" / "c18_dead_features.py").read_text(encoding="utf8")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"c18_a.py": CLAIM.replace("CLAIM = Claim(", "CLAIM = Claim((")}, ("syntax error",)),
        ({"c18_a.py": CLAIM, "c18_b.py": CLAIM}, ("'c18'", "also that of")),
        ({"c18_a.py": CLAIM.replace("says=", "sais=")}, ("no field 'sais'", "perhaps 'says'")),
        ({"c18_a.py": CLAIM.replace('"sae"', '"sea"')}, ("'sea' is no method", "perhaps 'sae'")),
        ({}, ("holds no claim files",)),
    ],
    ids=["syntax", "duplicate", "misspelt", "undeclared", "none"],
)
def test_a_bad_claim_file_leaves_the_earlier_verdicts(
    judged: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], words: tuple[str, ...]
):
    before = (judged / "verdicts.json").read_bytes()
    claims = judged / "claims"
    claims.mkdir()
    for name, text in files.items():
        (claims / name).write_text(text, encoding="utf8")
    shutil.copy(ROOT / "claims" / "_vocabulary.py", claims)
    assert called(*verify_words(judged, claims)) == 2
    message = capsys.readouterr().err
    assert is_one_message(message), message
    assert [word for word in words if word not in message] == []
    assert (judged / "verdicts.json").read_bytes() == before


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_earlier_output_of_a_stage(
    tiny_disk: Path, capsys: pytest.CaptureFixture[str]
):
    params = str(write_params(tiny_disk))
    words = ["repro.maker", "run", "plant", "--params", params, *at(plant=tiny_disk / "plant")]
    values = content()
    values["plant"] |= {"train_tokens": 256, "heldout_tokens": 64}
    write_params(tiny_disk, values)
    assert called(*words) == 0
    before = contents(tiny_disk / "plant")
    write_params(tiny_disk, plant__train_tokens=100_000)
    assert called(*words) == 2
    message = capsys.readouterr().err
    assert is_one_message(message), message
    assert "the disk is full" in message
    assert contents(tiny_disk / "plant") == before


def test_a_stage_that_is_running_is_not_run_twice(here: Path, capsys: pytest.CaptureFixture[str]):
    write_stores(here / "artifacts", params_of(here))
    scratch = here / "artifacts" / ".scratch"
    scratch.mkdir()
    with (scratch / "train.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another run is writing artifacts/train" in given_up("train", capsys)
    assert called(*dict(commands())["train"]) == 0
    assert contents(here / "artifacts" / "train").keys() != EARLIER.keys()
