"""One endpoint for all jobs of a process: opened by the first question, closed with the stage.

A job carries its settings and opens no endpoint that another has opened, so that the embedded
server is started once; jobs whose questions all have transcripts start none.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Lock

from repro.maker.interpret.llm.client import Client, open_endpoint
from repro.maker.interpret.llm.endpoint import Endpoint
from repro.maker.interpret.llm.transcripts import Transcripts
from repro.maker.params.llm import Llm
from repro.maker.source.wheels import cache_folder

_LOCK = Lock()
_STACK = ExitStack()
_OPEN: dict[str, Endpoint] = {}


@contextmanager
def shared_client(llm: Llm) -> Iterator[Client]:
    """A client with a ledger of its own, at the endpoint that all jobs share.

    Raises:
        EndpointError: at the first question, where the endpoint cannot be opened.
    """
    door = None if llm.mode == "replay" else partial(_endpoint_of, llm)
    with ThreadPoolExecutor(llm.concurrency) as pool:
        yield Client(llm, Transcripts(Path(llm.transcripts)), door, pool)


@contextmanager
def closed_afterwards() -> Iterator[None]:
    """Close whatever was opened in the block, however the block ends."""
    try:
        yield
    finally:
        with _LOCK:
            _OPEN.clear()
            _STACK.close()


def _endpoint_of(llm: Llm) -> Endpoint:
    key = llm.model_dump_json()
    with _LOCK:
        if key not in _OPEN:
            _OPEN[key] = _STACK.enter_context(open_endpoint(llm, cache=cache_folder()))
        return _OPEN[key]
