"""What was asked once is never asked again; a run is replayed byte for byte without a network."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repro.errors import ArtifactError
from repro.maker.interpret.llm.ledger import Tally
from repro.maker.interpret.llm.reply import Reply
from repro.maker.interpret.llm.request import Request, chat
from tests.import_graph import ROOT
from tests.maker.interpret.llm.clients import client, files, settings
from tests.maker.interpret.llm.loopback import Answer, Seen, chat_reply, serving


def asked(count: int, **changed: object) -> list[Request]:
    made = settings("http://example.invalid", **changed)
    return [
        chat(made, ["Repeat.", f"word {n} é\t\n"], tokens=3, logprobs=True) for n in range(count)
    ]


def repeat(seen: Seen, number: int) -> Answer:
    """The user's words; later requests sooner, so that they overtake each other."""
    words = seen.body["messages"][-1]["content"]
    answer = chat_reply(words, {words: 0.123456789, " no": 0.5})
    return answer._replace(delay=0.03 if number % 3 == 0 else 0.0)


def texts(replies: list[Reply]) -> list[str]:
    return [reply.choices[0].text for reply in replies]


def test_a_replay_gives_the_same_bytes_with_the_server_gone(tmp_path: Path):
    with serving(repeat) as server, client(server.url, tmp_path) as opened:
        before = opened.ask(asked(5), purpose="test")
    kept = files(tmp_path)
    with client(server.url, tmp_path, mode="replay", api_key_env="NOT_SET") as opened:
        after = opened.ask(asked(5), purpose="test")
        assert opened.ledger.by_purpose() == {"test": Tally(5, 35, 10)}
    assert [one.model_dump_json() for one in after] == [one.model_dump_json() for one in before]
    assert texts(after) == [f"word {n} é\t\n" for n in range(5)]
    assert files(tmp_path) == kept


def test_a_replay_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(repeat) as server, client(server.url, tmp_path) as opened:
        opened.ask(asked(1), purpose="test")
    for name in ("openai", "xllamacpp"):
        monkeypatch.setitem(sys.modules, name, None)
    with client("embedded", tmp_path, mode="replay", model="SmolLM2-135M-Instruct.Q4_1") as opened:
        assert texts(opened.ask(asked(1), purpose="test")) == ["word 0 é\t\n"]


def test_what_a_replay_misses_is_named(tmp_path: Path):
    with serving(repeat) as server, client(server.url, tmp_path) as opened:
        opened.ask(asked(1), purpose="test")
    with (
        client(server.url, tmp_path, mode="replay") as opened,
        pytest.raises(ArtifactError, match=asked(2)[1].key) as caught,
    ):
        opened.ask(asked(2), purpose="test")
    assert "mode: record" in caught.value.mend


@pytest.mark.parametrize("changed", [{"seed": 1}, {"model": "other"}, {"top_logprobs": 3}])
def test_another_setting_is_another_transcript(changed: dict[str, object]):
    assert asked(1)[0].key != asked(1, **changed)[0].key


def test_how_a_run_goes_on_is_no_part_of_the_key():
    same = {"concurrency": 9, "timeout_s": 1.0, "retries": 0, "mode": "replay", "threads": 4}
    assert asked(1)[0].key == asked(1, **same)[0].key


def test_a_second_run_asks_for_nothing_and_a_longer_one_for_what_is_new(tmp_path: Path):
    with serving(repeat) as server:
        for count in (3, 3, 5):
            with client(server.url, tmp_path) as opened:
                opened.ask(asked(count), purpose="test")
        assert len(server.seen) == 5
        assert opened.ledger.by_purpose() == {"test": Tally(5, 35, 10, sent=2)}


def test_the_same_question_twice_is_asked_once(tmp_path: Path):
    with serving(repeat) as server, client(server.url, tmp_path, concurrency=4) as opened:
        replies = opened.ask([*asked(2), *asked(2)], purpose="test")
    assert len(server.seen) == 2
    assert texts(replies) == ["word 0 é\t\n", "word 1 é\t\n"] * 2


def test_requests_side_by_side_leave_what_requests_one_by_one_leave(tmp_path: Path):
    for concurrency in (1, 8):
        folder = tmp_path / str(concurrency)
        with serving(repeat) as server, client(server.url, folder, concurrency=concurrency) as one:
            assert texts(one.ask(asked(20), purpose="test")) == [
                f"word {n} é\t\n" for n in range(20)
            ]
    assert files(tmp_path / "8") == files(tmp_path / "1")
    assert len(files(tmp_path / "8")) == 20


def damaged(content: bytes, how: str) -> bytes:
    whole = json.loads(content)
    match how:
        case "cut off":
            return content[: len(content) // 2]
        case "empty":
            return b""
        case "no UTF-8":
            return b"\xff" + content
        case "another answer":
            whole["reply"]["choices"][0]["text"] = "no"
        case "another number":
            [top] = whole["reply"]["choices"][0]["tops"]
            top[" no"] -= 0.5
        case "another question":
            whole["request"]["body"]["seed"] = 1
        case "a field too many":
            whole["more"] = 1
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "how",
    [
        "cut off", "empty", "no UTF-8", "another answer", "another number", "another question",
        "a field too many",
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["record", "replay"])
def test_a_damaged_transcript_is_named_and_not_read(how: str, mode: str, tmp_path: Path):
    with serving(repeat) as server:
        with client(server.url, tmp_path) as opened:
            opened.ask(asked(1), purpose="test")
        [path] = [path for path in tmp_path.rglob("*.json")]
        path.write_bytes(damaged(path.read_bytes(), how))
        with (
            client(server.url, tmp_path, mode=mode) as opened,
            pytest.raises(ArtifactError, match=path.name) as caught,
        ):
            opened.ask(asked(1), purpose="test")
    assert f"remove {path}" in caught.value.mend
    assert len(server.seen) == 1


KILLED = """
import sys
from pathlib import Path
from tests.maker.interpret.llm.clients import client
from tests.maker.interpret.llm.test_transcripts import asked
with client(sys.argv[1], Path(sys.argv[2]), concurrency=2) as opened:
    opened.ask(asked(200), purpose="test")
"""


@pytest.mark.slow
def test_a_killed_run_leaves_whole_transcripts_and_goes_on(tmp_path: Path):
    with serving(lambda seen, n: repeat(seen, n)._replace(delay=0.01)) as server:
        words = [sys.executable, "-c", KILLED, server.url, str(tmp_path)]
        process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        while len(server.seen) < 30 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        kept, before = len(list(tmp_path.rglob("*.json"))), len(server.seen)
        assert before - 2 <= kept <= before < 200
        with client(server.url, tmp_path) as opened:
            assert texts(opened.ask(asked(60), purpose="test"))[59] == "word 59 é\t\n"
        assert len(server.seen) - before == max(60 - kept, 0)
