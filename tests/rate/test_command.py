"""`repro rate` as a user meets it: by its words, its exit code, and a kill in the middle."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from repro.cli import app
from repro.rate import errors
from tests.import_graph import ROOT
from tests.rate import planted_cards
from tests.rate.raters import submission

MAIN = "from repro.cli import app; app(prog_name='repro')"


def called(*words: object) -> Result:
    """What came of a command; an exception that nobody told is raised here."""
    result = CliRunner().invoke(app, ["rate", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_help_tells_what_it_does_and_every_option():
    told = called("--help").output
    assert "Rate features blind, in a browser" in told
    for option in ("--cards", "--ratings", "--rater", "--seed", "--port", "--per-method",
                   "--no-browser", "--export", "--out"):  # fmt: skip
        assert re.search(rf"\s{option}\b", told), option


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rater", "anna", "--cards", "nowhere"), "feature cards"),
        (("--rater", "", "--cards", "good"), "a rater cannot be called ''"),
        (("--rater", "anna", "--cards", "good", "--port", "99999"), "port 99999 cannot be had"),
        (("--cards", "none"), "holds no card"),
        (("--cards", "bad"), "line 1: top level: Invalid JSON"),
        (("--cards", "good", "--export", "--out", "out"), "No such file"),
    ],
)
def test_a_mistake_is_one_message(words, told, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    planted_cards.write(tmp_path / "good")
    for name, content in (("none", b""), ("bad", b"?\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cards.jsonl").write_bytes(content)
    result = called("--ratings", "r.jsonl", *words)
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert all(part in result.output for part in (told, "expected: ", "to mend: "))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--ratings", "a", "--ratings", "b"), "one FILE is rated into"),
        (("--ratings", "a", "--export"), "--export needs --out DIR"),
        ((), "Missing option '--ratings'"),
        (("--ratings", "a", "--per-method", "0"), "--per-method"),
        (("--ratings", "a", "--seed", "x"), "--seed"),
    ],
)
def test_a_wrong_call_is_answered_with_usage(words, told, folder: Path):
    result = called("--cards", folder, "--rater", "anna", *words)
    assert result.exit_code == 2
    assert "Usage: " in result.output
    assert told in result.output


def test_without_the_extra_it_is_named(folder: Path, file: Path, monkeypatch):
    monkeypatch.setattr(errors, "PACKAGES", ("no_such_package_at_all", "json"))
    for words in (("--rater", "anna"), ("--export", "--out", file.parent)):
        result = called("--cards", folder, "--ratings", file, *words)
        assert result.exit_code == 2
        assert result.output.startswith("error: not installed: no_such_package_at_all\n")
        assert ".[rate]" in result.output
    assert not file.exists()


def test_the_extra_holds_what_is_asked_for():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    pinned = (ROOT / "constraints.txt").read_text("utf8")
    names = {re.split("[<>=]", one)[0] for one in project["optional-dependencies"]["rate"]}
    assert names == set(errors.PACKAGES)
    for name in (*names, "starlette"):
        assert re.search(rf"^{name}==", pinned, re.M), name


def test_a_taken_port_is_told(folder: Path, file: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = called("--cards", folder, "--ratings", file, "--rater", "a", "--port", port)
    assert result.exit_code == 2
    assert f"port {port} is taken" in result.output


@contextmanager
def serving(
    folder: Path, file: Path, rater: str = "anna"
) -> Iterator[tuple[str, subprocess.Popen]]:
    """A server in a process of its own, and its address."""
    words = ["rate", "--cards", folder, "--ratings", file, "--rater", rater, "--port", 0]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MAIN, *map(str, words), "--no-browser"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0], process
    finally:
        process.kill()
        process.communicate()


def asked(url: str, body: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "origin": url.rpartition("/")[0]} if body else {}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20) as answer:
        return json.loads(answer.read())


@pytest.mark.slow
def test_a_killed_server_has_kept_every_answer_that_it_acknowledged(folder: Path, file: Path):
    said = []
    for _ in range(3):
        with serving(folder, file) as (url, process):
            state = asked(f"{url}state")
            assert state["undoes"] == (said[-1] if said else None)
            for _ in range(4):
                name = state["submission"]
                body = {"submission": name, "item": state["item"]["id"], "rating": 2, "name": ""}
                state = asked(f"{url}rate", body)
                said.append(name)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    records = [json.loads(line) for line in file.read_text("utf8").splitlines()]
    assert [one["submission"] for one in records if one["kind"] == "rated"] == said


@pytest.mark.slow
def test_two_servers_share_a_file(folder: Path, file: Path):
    with serving(folder, file, "anna") as (one, _), serving(folder, file, "ben") as (other, _):
        for url in (one, other, one):
            state = asked(f"{url}state")
            body = {
                "submission": submission(),
                "item": state["item"]["id"],
                "rating": 1,
                "name": "",
            }
            asked(f"{url}rate", body)
        assert [asked(f"{url}state")["done"] for url in (one, other)] == [2, 1]


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_one_line(folder: Path, file: Path):
    with serving(folder, file) as (url, process):
        asked(f"{url}state")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert err == "interrupted: what is finished is kept; the same command goes on\n"
        assert "sae" not in out
