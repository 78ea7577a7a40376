"""Whole files or none: write beside the target, flush to disk, rename over it."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from repro.errors import StageError


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path to write to, which becomes `target` when the block ends well and vanishes otherwise.

    Raises:
        StageError: the disk is full. `target` is then what it was before.
    """
    with _full_disk_told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name}.", suffix=".part"
        )
        os.close(handle)
        part = Path(name)
        try:
            yield part
            with part.open("rb+") as written:
                os.fsync(written.fileno())
            part.chmod(0o644)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _full_disk_told(target: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not _means_full(error):
            raise
        raise StageError(
            f"the disk is full: {target} could not be written (its old content is untouched)",
            expected="free space on the disk that holds it",
            mend="free some space, then run the same command again; finished work is kept",
        ) from error


def _means_full(error: Exception) -> bool:
    """Whether a disk or a quota is full; libraries in Rust have the number in their text alone."""
    numbers = (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, OSError):
        return error.errno in numbers
    return any(f"(os error {number})" in str(error) for number in numbers)


def write_bytes(target: Path, content: bytes) -> None:
    """Write `content` to `target`, whole or not at all."""
    with whole_file(target) as part:
        part.write_bytes(content)


def write_json(target: Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys; NaN and infinity are refused."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_bytes(target, (text + "\n").encode())


def write_with(target: Path, save: Callable[[Path], object]) -> None:
    """Let a library write `target` by path, whole or not at all."""
    with whole_file(target) as part:
        save(part)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
