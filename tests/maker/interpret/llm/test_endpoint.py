"""What an endpoint does wrong is tried again while it may pass, and told when it does not."""

import json
import sys
import time
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from repro.errors import EndpointError
from repro.maker.interpret.llm.ledger import Tally
from repro.maker.interpret.llm.request import Request, chat
from repro.maker.params.llm import LlmSettings
from tests.maker.interpret.llm.clients import client, files, settings
from tests.maker.interpret.llm.loopback import Answer, Seen, chat_reply, serving, told

GOOD = chat_reply("fine")
WHOLE = GOOD.body
FAULTS = {
    "too many requests": Answer(429, b'{"error": {"message": "slow down"}}'),
    "broken": Answer(500, b"oh no"),
    "overloaded": Answer(503, b""),
    "cut off by the connection": Answer(200, WHOLE, cut=20),
    "cut off before it was sent": Answer(200, WHOLE[:40]),
    "a page": Answer(200, b"<html>Please log in</html>", {"content-type": "text/html"}),
    "another protocol": Answer(200, b'{"answer": 42}'),
    "no object": Answer(200, b"[]"),
    "an error with status 200": Answer(200, b'{"error": {"message": "no"}}'),
    "no answer": told([]),
    "two answers": told([{"index": n, "message": {"content": "x"}} for n in (0, 1)]),
    "no number": told([{"index": 0, "message": {"content": "x"}, "logprobs": {"content": [
        {"token": "a", "logprob": 0.0, "top_logprobs": [{"token": "a", "logprob": "high"}]}
    ]}}]),
    "slow": Answer(200, WHOLE, delay=0.6),
}  # fmt: skip


def question(url: str, words: str = "hello") -> Request:
    return chat(settings(url), ["Be brief.", words], tokens=3)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_that_passes_is_tried_again_and_counted(fault: str, tmp_path: Path):
    with serving(lambda _, number: FAULTS[fault] if number < 2 else GOOD) as server:
        with client(server.url, tmp_path, timeout_s=0.3) as opened:
            [reply] = opened.ask([question(server.url)], purpose="test")
        assert reply.choices[0].text == "fine"
        assert len(server.seen) == 3
        assert opened.ledger.by_purpose() == {"test": Tally(1, 7, 2, sent=1, retries=2)}
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_that_stays_is_given_up_and_leaves_no_transcript(fault: str, tmp_path: Path):
    with serving(lambda _, __: FAULTS[fault]) as server:
        with client(server.url, tmp_path, timeout_s=0.3) as opened:
            with pytest.raises(EndpointError, match="within 3 attempts") as caught:
                opened.ask([question(server.url)], purpose="test")
            assert opened.ledger.by_purpose() == {"test": Tally(sent=1, retries=2, failures=1)}
        assert len(server.seen) == 3
    assert server.url in str(caught.value)
    assert "timeout_s" in caught.value.mend
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    ("status", "mend"),
    [(401, "export"), (403, "export"), (404, "check base_url"), (400, "choose another model")],
)
def test_a_refusal_is_not_tried_again(
    status: int, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    told_back = json.dumps({"error": {"message": "not with sk-very-secret"}}).encode()
    with (
        serving(lambda _, __: Answer(status, told_back)) as server,
        client(server.url, tmp_path, api_key_env="SOME_KEY") as opened,
        pytest.raises(EndpointError) as caught,
    ):
        opened.ask([question(server.url)], purpose="test")
    assert len(server.seen) == 1
    assert opened.ledger.by_purpose() == {"test": Tally(sent=1, failures=1)}
    assert mend in caught.value.mend
    assert "not with ***" in str(caught.value)
    assert "sk-very-secret" not in str(caught.value)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_pause_that_is_asked_for_is_kept(form: str, tmp_path: Path):
    times: list[float] = []

    def answer(_: Seen, number: int) -> Answer:
        times.append(time.time())
        later = formatdate(time.time() + 2, usegmt=True)
        asked = {"retry-after": "0.7" if form == "seconds" else later}
        return Answer(429, b"{}", asked) if number == 0 else GOOD

    with serving(answer) as server, client(server.url, tmp_path) as opened:
        opened.ask([question(server.url)], purpose="test")
    # A date has whole seconds: two of them are more than one.
    assert times[1] - times[0] >= (0.7 if form == "seconds" else 1.0)


def test_a_pause_of_an_hour_is_a_failure(tmp_path: Path):
    with (
        serving(lambda _, __: Answer(429, b"{}", {"retry-after": "3600"})) as server,
        client(server.url, tmp_path) as opened,
        pytest.raises(EndpointError, match="3600 s"),
    ):
        opened.ask([question(server.url)], purpose="test")
    assert len(server.seen) == 1


def test_pauses_double(tmp_path: Path):
    times: list[float] = []

    def answer(_: Seen, number: int) -> Answer:
        times.append(time.time())
        return Answer(500, b"") if number < 3 else GOOD

    with serving(answer) as server, client(server.url, tmp_path, retries=3, backoff_s=0.1) as one:
        one.ask([question(server.url)], purpose="test")
    pauses = [after - before for before, after in pairwise(times)]
    assert [pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True)] == [
        True, True, True,
    ]  # fmt: skip
    assert pauses[0] < 0.2


def test_nobody_there_is_told(tmp_path: Path):
    with serving(lambda _, __: GOOD) as server:
        gone = server.url
    with client(gone, tmp_path) as opened, pytest.raises(EndpointError, match=gone):
        opened.ask([question(gone)], purpose="test")
    assert opened.ledger.by_purpose() == {"test": Tally(sent=1, retries=2, failures=1)}


def test_a_missing_key_is_told_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SOME_KEY", raising=False)
    with (
        serving(lambda _, __: GOOD) as server,
        pytest.raises(EndpointError, match="SOME_KEY"),
        client(server.url, tmp_path, api_key_env="SOME_KEY"),
    ):
        pytest.fail("it was opened")
    assert server.seen == []


def test_the_key_goes_to_the_endpoint_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    with (
        serving(lambda _, __: GOOD) as server,
        client(server.url, tmp_path, api_key_env="SOME_KEY") as opened,
    ):
        opened.ask([question(server.url)], purpose="test")
    assert server.seen[0].key == "Bearer sk-very-secret"
    [(name, content)] = files(tmp_path).items()
    assert b"secret" not in content
    assert b"SOME_KEY" not in content
    assert name[3:-5] in (question(server.url).key,)


def test_a_missing_library_is_told_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "openai", None)
    with (
        pytest.raises(EndpointError, match="openai is not installed") as caught,
        client("http://127.0.0.1:9/v1", tmp_path),
    ):
        pytest.fail("it was opened")
    assert "[make,llm]" in caught.value.mend


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "localhost:8000"}, {"base_url": "embedded", "model": "gpt-4"},
        {"api_key_env": "sk-not-a-name"}, {"retries": -1}, {"mode": "ask"}, {"seed": -1},
        {"concurrency": 0}, {"more": 1},
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(changed: dict[str, object]):
    good = settings("http://127.0.0.1:9/v1").model_dump()
    LlmSettings.model_validate(good)
    with pytest.raises(ValidationError):
        LlmSettings.model_validate(good | changed)


def test_no_more_requests_are_under_way_than_is_allowed(tmp_path: Path):
    under_way: list[int] = []
    now = 0

    def answer(_: Seen, __: int) -> Answer:
        nonlocal now
        now += 1
        under_way.append(now)
        time.sleep(0.05)
        now -= 1
        return GOOD

    with serving(answer) as server, client(server.url, tmp_path, concurrency=3) as opened:
        asked = [question(server.url, f"number {number}") for number in range(12)]
        opened.ask(asked, purpose="test")
    assert len(under_way) == 12
    assert max(under_way) == 3


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_does_not_stand_before_this_machine(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(lambda _, __: GOOD) as server, client(server.url, tmp_path) as opened:
        opened.ask([question(server.url)], purpose="test")
    assert len(server.seen) == 1


def test_what_is_sent_is_greedy_and_seeded(tmp_path: Path):
    with serving(lambda _, __: GOOD) as server, client(server.url, tmp_path) as opened:
        opened.ask([chat(settings(server.url, seed=5), ["a", "b", "c", "d"], tokens=3)], purpose="")
    [seen] = server.seen
    assert seen.path == "/v1/chat/completions"
    assert seen.body == {
        "model": "fake", "temperature": 0.0, "seed": 5, "max_tokens": 3,
        "messages": [
            {"role": "system", "content": "a"}, {"role": "user", "content": "b"},
            {"role": "assistant", "content": "c"}, {"role": "user", "content": "d"},
        ],
    }  # fmt: skip
