"""Every request and its reply, kept by what was asked: a run can be replayed without a network.

A transcript is a file of one JSON line, named by its request's key, written beside its place and
renamed into it: a killed run loses what was under way and nothing else.
"""

import json
import os
from collections.abc import Collection
from pathlib import Path

from repro.errors import ArtifactError
from repro.files import write_bytes
from repro.maker.engine.provenance import key_of
from repro.maker.engine.record import Record, read_json_record
from repro.maker.interpret.llm.reply import Reply
from repro.maker.interpret.llm.request import Request


class Transcript(Record):
    """One request and its reply."""

    request: Request
    """What was asked."""
    reply: Reply
    """What was answered."""
    seal: str
    """SHA-256 of the reply, so that no altered one is read."""


class Transcripts:
    """A folder of transcripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, request: Request) -> Path:
        """Where the transcript of a request stands, or would stand."""
        return self.at(request.key)

    def at(self, key: str) -> Path:
        """Where the transcript of a key stands, or would stand."""
        return self.folder / key[:2] / f"{key}.json"

    def find(self, request: Request) -> Reply | None:
        """What was answered to a request; None when it was never asked.

        Raises:
            ArtifactError: the transcript is cut off, altered, or that of another request.
        """
        path = self.path_of(request)
        if not path.exists():
            return None
        mend = f"remove {path}, then run again in mode: record, or fetch the folder again"
        found = read_json_record(path, Transcript, what="transcript", mend=mend)
        if found.request.key != request.key or found.seal != _seal(found.reply):
            raise ArtifactError(
                f"{path} was altered", expected="the bytes that were recorded", mend=mend
            )
        return found.reply

    def keep(self, request: Request, reply: Reply) -> None:
        """Keep what was answered."""
        told = Transcript(request=request, reply=reply, seal=_seal(reply)).model_dump(mode="json")
        line = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        write_bytes(self.path_of(request), f"{line}\n".encode())

    def give(self, keys: Collection[str], folder: Path) -> None:
        """Let another folder hold the transcripts of some keys and no others.

        A transcript is never written to again, so both may name the same file: it takes no space.

        Raises:
            ArtifactError: one is not here.
        """
        if folder.resolve() == self.folder.resolve():
            return
        there = Transcripts(folder)
        for key in keys:
            if not there.at(key).exists():
                self._link(key, there.at(key))
        for path in folder.glob("*/*.json"):
            if path.stem not in keys:
                path.unlink()

    def _link(self, key: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(self.at(key), target)
        except FileNotFoundError:
            raise ArtifactError(
                f"{self.at(key)} is missing",
                expected="the transcripts of all that was asked in this run",
                mend="remove the stage's .scratch folder, then run it again",
            ) from None
        except OSError:
            # Another disk, or one that knows no links.
            write_bytes(target, self.at(key).read_bytes())


def _seal(reply: Reply) -> str:
    return key_of(reply.model_dump(mode="json"))
