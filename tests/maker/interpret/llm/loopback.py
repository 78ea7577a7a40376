"""HTTP servers on loopback that speak OpenAI's protocol, or fail to in a stated way."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Body = dict[str, Any]


class Seen(NamedTuple):
    """A request as it came in."""

    path: str
    body: Body
    key: str


class Answer(NamedTuple):
    """A response, whole or not."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    delay: float = 0.0
    cut: int | None = None
    """Bytes of the body after which the connection is closed, though all were promised."""


class Server(NamedTuple):
    """A running server: its address, and what it has seen."""

    url: str
    seen: list[Seen]


@contextmanager
def serving(answer: Callable[[Seen, int], Answer]) -> Iterator[Server]:
    """A server that answers each request by a function of it and of its number, from 0."""
    seen: list[Seen] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet a response: two would wait for each other

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            one = Seen(self.path, json.loads(raw), self.headers.get("authorization", ""))
            with lock:
                number = len(seen)
                seen.append(one)
            told = answer(one, number)
            time.sleep(told.delay)
            try:
                self._tell(told)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _tell(self, told: Answer) -> None:
            self.send_response(told.status)
            for name, value in {"content-type": "application/json", **told.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body[: told.cut])
            self.close_connection = told.cut is not None

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}/v1", seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Probabilities = Mapping[str, float]


def rivals(top: Probabilities) -> list[Body]:
    """A place of `top_logprobs` in the dialect of chats."""
    return [{"token": t, "logprob": math.log(p)} for t, p in top.items()]


def chat_content(tops: Sequence[Probabilities]) -> Body:
    """Log-probabilities in the dialect of chats and of llama.cpp."""
    return {
        "content": [
            {"token": next(iter(top)), "logprob": 0.0, "top_logprobs": rivals(top)} for top in tops
        ]
    }


def chat_reply(text: str, top: Probabilities | None = None) -> Answer:
    """An answer in a chat."""
    logprobs = None if top is None else chat_content([top])
    message = {"role": "assistant", "content": text}
    return told([{"index": 0, "message": message, "logprobs": logprobs}])


def texts_reply(tops: Sequence[Probabilities]) -> Answer:
    """Next tokens of several prompts, as llama.cpp tells them; the last first, as is allowed."""
    choices = [
        {"index": number, "text": next(iter(top)), "logprobs": chat_content([top])}
        for number, top in enumerate(tops)
    ]
    return told(choices[::-1])


def echo_reply(tokens: Sequence[str], tops: Sequence[Probabilities | None]) -> Answer:
    """A prompt and one more token, as OpenAI's completions and vLLM tell them."""
    places = [top and {t: math.log(p) for t, p in top.items()} for top in tops]
    logprobs = {"tokens": list(tokens), "top_logprobs": places}
    return told([{"index": 0, "text": "".join(tokens), "logprobs": logprobs}])


def told(choices: Sequence[Body]) -> Answer:
    """A whole response, with what changes from call to call."""
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    body = {"id": str(time.time_ns()), "model": "fake-1", "choices": choices, "usage": usage}
    return Answer(body=json.dumps(body).encode())
