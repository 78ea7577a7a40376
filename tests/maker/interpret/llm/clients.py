"""Settings and clients for servers on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from repro.maker.interpret.llm.client import Client, open_client
from repro.maker.params.llm import LlmSettings

DEFAULTS: dict[str, Any] = {
    "model": "fake",
    "api_key_env": "",
    "prompt_logprobs": False,
    "top_logprobs": 20,
    "seed": 0,
    "concurrency": 1,
    "timeout_s": 5.0,
    "retries": 2,
    "backoff_s": 0.01,
    "mode": "record",
    "threads": 1,
    "max_features": 3,
}


def settings(url: str, **changed: Any) -> LlmSettings:
    """Settings for an endpoint."""
    return LlmSettings(base_url=url, **{**DEFAULTS, **changed})


@contextmanager
def client(url: str, transcripts: Path, **changed: Any) -> Iterator[Client]:
    """A client of an endpoint."""
    with open_client(settings(url, **changed), transcripts, cache=transcripts / "none") as opened:
        yield opened


def files(folder: Path) -> dict[str, bytes]:
    """Bytes of all files of a folder, by name."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
