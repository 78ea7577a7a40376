"""The file of ratings: JSON Lines that only grow, safe from a crash and from two raters at once.

Every access holds a lock on the file, which the kernel gives back however a process ends. A record
is acknowledged once it is on the disk. What a crash left without the end of its line was never
acknowledged: if it is whole it is kept, else cut off.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field, ValidationError

from repro.rate.errors import RatingError
from repro.rate.records import RECORD, Begun, Rated, Record, Undone


class Head(Record):
    """The first line of a file of ratings."""

    kind: Literal["ratings"] = "ratings"
    """What the file holds."""
    format: Literal[1] = 1
    """Version of this format."""
    cards: str
    """SHA-256 of the cards that are rated."""


class Key(Record):
    """The private file beside it: without it nobody can tell which feature an item is."""

    cards: str
    """SHA-256 of the cards that are rated."""
    secret: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Random bytes."""


class Store:
    """The ratings of one file."""

    def __init__(self, path: Path, cards: str) -> None:
        self.path, self.cards = path, cards

    def open(self) -> str:
        """Begin the file and its key where they are not there; the secret.

        Raises:
            RatingError: the file is of other cards, is damaged, or its key is not there.
        """
        with _told(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self.path, "a+b") as file:
                if _mended(file, self.path) == b"":
                    self._begin(file)
                self._records(file)
            return self._secret()

    def read(self) -> tuple[str, list[Record]]:
        """The secret and all records of a file that is there.

        Raises:
            RatingError: as `open`, or there is no such file.
        """
        with _told(self.path):
            with _locked(self.path, "r+b") as file:
                records = self._records(file)
            return self._secret(), records

    def append(self, record: Begun | Rated | Undone) -> list[Record]:
        """Keep a record for good and give all of the file; one that is there already changes none.

        Raises:
            RatingError: as `read`, or the disk is full.
        """
        with _told(self.path), _locked(self.path, "r+b") as file:
            records = self._records(file)
            if not _is_among(record, records):
                _append(file, record)
                records.append(record)
            return records

    @property
    def _key_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.key")

    def _begin(self, file: BinaryIO) -> None:
        """Write the first line, after the key: a file that has begun has one."""
        if not self._key_path.exists():
            part = self._key_path.with_name(f"{self._key_path.name}.part")
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as made:
                _append(made, Key(cards=self.cards, secret=secrets.token_hex(32)))
            os.replace(part, self._key_path)
        self._secret()
        _append(file, Head(cards=self.cards))
        _flush_folder(self.path.parent)

    def _secret(self) -> str:
        try:
            key = Key.model_validate_json(self._key_path.read_bytes())
        except (OSError, ValidationError):
            raise _wrong(
                f"{self._key_path} is missing or no key",
                "the key that was made with the file: without it no item can be told",
                "put it back beside the ratings",
            ) from None
        if key.cards != self.cards:
            raise self._of_another_run(self._key_path)
        return key.secret

    def _records(self, file: BinaryIO) -> list[Record]:
        """All records after the first line, which must name these cards."""
        first, *lines = _mended(file, self.path).split(b"\n")[:-1] or [b""]
        try:
            head = Head.model_validate_json(first)
        except ValidationError:
            raise _damaged(self.path, 1) from None
        if head.cards != self.cards:
            raise self._of_another_run(self.path)
        return [_record(line, self.path, number) for number, line in enumerate(lines, start=2)]

    def _of_another_run(self, path: Path) -> RatingError:
        return _wrong(
            f"{path} is about the cards of another run",
            f"cards of SHA-256 {self.cards}",
            "--cards with the folder that was rated, or --ratings with a new file",
        )


@contextmanager
def _locked(path: Path, mode: Literal["a+b", "r+b"]) -> Iterator[BinaryIO]:
    with open(path, mode) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _mended(file: BinaryIO, path: Path) -> bytes:
    """The content, after what a crash left of a last line was completed or cut off.

    A file that does not begin as one of ours is left as it is.
    """
    file.seek(0)
    content = file.read()
    begins = b'{"kind":"ratings",'
    if not content.startswith(begins[: len(content)]):
        raise _damaged(path, 1)
    rest = content.rpartition(b"\n")[2]
    if not rest:
        return content
    if _is_json(rest):
        file.write(b"\n")
        return content + b"\n"
    kept = len(content) - len(rest)
    file.truncate(kept)
    return content[:kept]


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _append(file: BinaryIO, record: Record) -> None:
    """Write one line to the end and wait until the disk has it."""
    file.seek(0, os.SEEK_END)
    file.write(record.model_dump_json().encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _record(line: bytes, path: Path, number: int) -> Record:
    try:
        return RECORD.validate_json(line)
    except ValidationError:
        raise _damaged(path, number) from None


def _is_among(record: Begun | Rated | Undone, records: Sequence[Record]) -> bool:
    """Whether a record was kept already: by rater and submission, whatever else it says."""
    if isinstance(record, Begun):
        return False
    name = (record.rater, record.submission)
    known = (one for one in records if isinstance(one, Rated | Undone))
    return any((one.rater, one.submission) == name for one in known)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _wrong(
            f"{path} cannot be used: {error.strerror}",
            "a file of ratings in a folder that can be written to",
            "--ratings FILE",
        ) from None


def _damaged(path: Path, line: int) -> RatingError:
    return _wrong(
        f"{path}, line {line} is no record of ratings",
        "a file that `repro rate` wrote, as it wrote it",
        "take out what does not belong there, or give another file: --ratings FILE",
    )


def _wrong(found: str, expected: str, mend: str) -> RatingError:
    return RatingError(found, expected=expected, mend=mend)
