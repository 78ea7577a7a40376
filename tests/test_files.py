"""A file is written whole or not at all, whatever goes wrong on the way."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from repro.errors import StageError
from repro.files import sha256_of, whole_file, write_bytes, write_json, write_with
from tests.import_graph import ROOT


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file that holds something already."""
    path = tmp_path / "folder" / "result.json"
    write_bytes(path, b"old")
    return path


def is_untouched(target: Path) -> bool:
    return target.read_bytes() == b"old" and os.listdir(target.parent) == [target.name]


def test_a_written_file_is_there_whole_and_alone(target: Path):
    write_bytes(target, b"new")
    assert target.read_bytes() == b"new"
    assert os.listdir(target.parent) == [target.name]
    assert target.stat().st_mode & 0o777 == 0o644


class Interrupted(BaseException):
    """As Ctrl-C or a kill from within."""


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, Interrupted])
def test_a_failure_half_way_leaves_the_old_content(target: Path, failure: type[BaseException]):
    with suppress(failure), whole_file(target) as part:
        part.write_bytes(b"ne")
        raise failure
    assert is_untouched(target)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_told_at_whatever_step_it_is_met(
    target: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
):
    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StageError, match=r"the disk is full: .*result\.json"):
        write_bytes(target, b"new")
    monkeypatch.undo()
    assert is_untouched(target)


def test_a_full_disk_is_told_by_a_library_that_has_its_own_errors(target: Path):
    def save(part: Path) -> None:
        raise RuntimeError("I/O error: No space left on device (os error 28)")

    with pytest.raises(StageError, match="the disk is full"):
        write_with(target, save)
    assert is_untouched(target)


def test_another_fault_of_the_disk_keeps_its_name(target: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="input/output error"):
        write_bytes(target, b"new")
    monkeypatch.undo()
    assert is_untouched(target)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_keeps_the_old_file(tiny_disk: Path):
    target = tiny_disk / "result.json"
    write_bytes(target, b"old")
    numbers = np.zeros(1 << 17)
    for save in (
        lambda part: part.write_bytes(bytes(1 << 20)),
        lambda part: save_file({"x": numbers}, part),
        lambda part: pq.write_table(
            pa.table({"x": np.random.default_rng(0).random(1 << 17)}), part
        ),
    ):
        with pytest.raises(StageError, match="the disk is full"):
            write_with(target, save)
        assert is_untouched(target)
    write_bytes(target, b"new")


LIMITED = """
import resource, signal, sys
from contextlib import suppress
from pathlib import Path
from repro.files import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
write_bytes(Path(sys.argv[1]), bytes(1 << 20))
"""


def test_a_write_that_the_kernel_cuts_short_keeps_the_old_file(target: Path):
    command = [sys.executable, "-c", LIMITED, str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert is_untouched(target)


def test_a_library_that_fails_to_write_leaves_the_old_content(target: Path):
    def save(part: Path) -> None:
        part.write_bytes(b"half")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_with(target, save)
    assert is_untouched(target)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON.filter(lambda v: "inf" not in repr(v)), max_size=4))
def test_json_is_read_back_and_does_not_depend_on_the_order_of_keys(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]
):
    folder = tmp_path_factory.mktemp("json")
    write_json(folder / "a.json", value)
    write_json(folder / "b.json", dict(reversed(value.items())))
    assert json.loads((folder / "a.json").read_text(encoding="utf8")) == value
    assert sha256_of(folder / "a.json") == sha256_of(folder / "b.json")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_cannot_hold_is_never_written(target: Path, number: float):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(target, {"fvu": number})
    assert is_untouched(target)


def test_the_hash_is_that_of_the_bytes(tmp_path: Path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223")
