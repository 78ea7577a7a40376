"""Every request and its reply, kept by what was asked: a run can be replayed without a network.

A transcript is a file of one JSON line, named by its request's key, written beside its place and
renamed into it: a killed run loses what was under way and nothing else.
"""

import json
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
        return self.folder / request.key[:2] / f"{request.key}.json"

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


def _seal(reply: Reply) -> str:
    return key_of(reply.model_dump(mode="json"))
