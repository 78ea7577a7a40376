"""Results do not depend on how items are spread, are never made twice, and survive a crash."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from repro.errors import StageError
from repro.maker.engine import executor
from repro.maker.engine.executor import Work, address_of, crew
from repro.maker.engine.scratch import put_in_place, scratch_folder
from repro.maker.params.executor import Executor
from tests.import_graph import ROOT
from tests.items import Seeded, placed, products, sour, twice

pytestmark = pytest.mark.slow

INLINE = Executor(kind="inline", workers=1, threads=1)
PROCESSES = Executor(kind="processes", workers=2, threads=1)


def mapped(work: Work, items: list[Seeded], how: Executor, scratch: Path) -> list[Path]:
    """Results of a crew that is given one list of work."""
    with crew(how, scratch) as workers:
        return workers.map(work, items, desc="")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def seeds_of(results: list[Path]) -> list[int]:
    return [json.loads((r / "result.json").read_text(encoding="utf8"))["seed"] for r in results]


def test_inline_and_processes_give_the_same_bytes_in_the_order_of_the_items(tmp_path: Path):
    items = [Seeded(seed=seed) for seed in (5, 3, 4, 1)]
    inline = mapped(products, items, INLINE, tmp_path / "a")
    spread = mapped(products, items, PROCESSES, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert seeds_of(inline) == seeds_of(spread) == [5, 3, 4, 1]


@pytest.mark.parametrize("how", [INLINE, PROCESSES])
def test_items_that_say_the_same_are_one_piece_of_work(how: Executor, tmp_path: Path):
    items = [Seeded(seed=seed) for seed in (5, 5, 1, 5, 1, 1)]
    results = mapped(products, items, how, tmp_path)
    assert seeds_of(results) == [5, 5, 1, 5, 1, 1]
    assert len({path.name for path in tmp_path.iterdir()}) == 2


def test_workers_start_once_for_all_that_a_stage_gives_them(tmp_path: Path):
    """What they have loaded is there for the next list of work."""
    lists = [[Seeded(seed=10 * one + two) for two in range(4)] for one in range(3)]
    with crew(PROCESSES, tmp_path) as workers:
        results = [path for jobs in lists for path in workers.map(placed, jobs, desc="")]
    places = {
        json.loads((r / "result.json").read_text(encoding="utf8"))["process"] for r in results
    }
    assert len(places) <= PROCESSES.workers
    assert os.getpid() not in places


@pytest.mark.parametrize("threads", [1, 2])
def test_an_item_runs_with_the_threads_that_are_asked_for(tmp_path: Path, threads: int):
    asked = INLINE.model_copy(update={"threads": threads})
    (result,) = mapped(products, [Seeded(seed=0)], asked, tmp_path)
    assert json.loads((result / "result.json").read_text())["threads"] == threads


def test_what_is_finished_is_not_made_again(tmp_path: Path):
    first = mapped(twice, [Seeded(seed=1), Seeded(seed=2)], INLINE, tmp_path)
    made = [(r / "result.json").stat().st_mtime_ns for r in first]
    (first[0] / "mark").touch()
    again = mapped(twice, [Seeded(seed=n) for n in (3, 2, 1)], INLINE, tmp_path)
    assert [(r / "result.json").stat().st_mtime_ns for r in again[:0:-1]] == made
    assert (again[2] / "mark").exists()
    assert seeds_of(again) == [6, 4, 2]


@pytest.mark.parametrize("how", [INLINE, PROCESSES], ids=["inline", "processes"])
def test_a_failing_item_leaves_the_others_and_is_made_by_the_next_run(
    tmp_path: Path, how: Executor
):
    mended = tmp_path / "mended"
    items = [Seeded(seed=seed, mended=mended) for seed in (0, 1, 2)]
    scratch = tmp_path / "scratch"
    with pytest.raises(RuntimeError, match="item 1 is sour"):
        mapped(sour, items, how, scratch)
    done = [(scratch / address_of(item, sour)).exists() for item in items]
    assert done == [True, False, how is PROCESSES]
    mended.touch()
    assert seeds_of(mapped(sour, items, INLINE, scratch)) == [0, 1, 2]
    assert not list(scratch.glob("*.part"))


def test_what_a_killed_run_was_writing_never_reaches_a_result(tmp_path: Path):
    item = Seeded(seed=1)
    part = (tmp_path / address_of(item, twice)).with_suffix(".part")
    part.mkdir()
    (part / ".result.json.x.part").touch()
    (part / "checkpoint").touch()
    (result,) = mapped(twice, [item], INLINE, tmp_path)
    assert {path.name for path in result.iterdir()} == {"checkpoint", "result.json"}


def test_the_key_follows_the_item_the_function_and_the_code(monkeypatch: pytest.MonkeyPatch):
    key = address_of(Seeded(seed=1), twice)
    assert key == address_of(Seeded(mended=Path(), seed=1), twice)
    assert key != address_of(Seeded(seed=2), twice)
    assert key != address_of(Seeded(seed=1), sour)
    monkeypatch.setattr(executor, "code_of", lambda module: f"another formula of {module}")
    assert key != address_of(Seeded(seed=1), twice)


def test_the_code_of_a_key_is_that_of_the_function(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr(executor, "code_of", lambda module: asked.append(module) or "")
    address_of(Seeded(seed=1), twice)
    assert asked == ["tests.items"]


def test_a_job_takes_nothing_that_it_does_not_know_and_never_changes():
    with pytest.raises(ValidationError, match="extra"):
        Seeded(seed=1, expansion_factor=2.0)  # pyright: ignore[reportCallIssue]
    with pytest.raises(ValidationError, match="int"):
        Seeded(seed="1")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValidationError, match="frozen"):
        Seeded(seed=1).seed = 2  # pyright: ignore[reportAttributeAccessIssue]


HOLD = """
import sys
from contextlib import suppress
from pathlib import Path
from repro.maker.engine.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1]), "key"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_runs_never_write_the_same_output(tmp_path: Path):
    out = tmp_path / "train"
    command = [sys.executable, "-c", HOLD, str(out)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(StageError, match=r"another run is writing .*train"),
            scratch_folder(out, "key"),
        ):
            pytest.fail("both hold it")
        with scratch_folder(tmp_path / "fidelity", "key"):
            other.kill()
            other.wait()
    with scratch_folder(out, "key") as folder:
        assert folder.is_dir()


def test_work_survives_a_failure_under_the_same_key_alone(tmp_path: Path):
    out = tmp_path / "train"

    def failing(key: str) -> bool:
        """Whether an item was there already in a run that makes it and then fails."""
        found = []
        with suppress(ValueError), scratch_folder(out, key) as folder:
            found += folder.iterdir()
            (folder / "item").touch()
            raise ValueError
        return bool(found)

    assert [failing(key * 20) for key in "aabb"] == [False, True, False, True]
    with scratch_folder(out, "b" * 20):
        pass
    assert not list((tmp_path / ".scratch").glob("train-*"))


def test_a_made_folder_takes_the_place_of_the_old_one(tmp_path: Path):
    made, out = tmp_path / "scratch" / "out", tmp_path / "deep" / "out"
    for folder, file in ((made, "new"), (out, "old")):
        folder.mkdir(parents=True)
        (folder / file).touch()
    put_in_place(made, out)
    assert [path.name for path in out.iterdir()] == ["new"]
    assert not made.exists()
