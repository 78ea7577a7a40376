"""A language model as scorers see it: requests in, replies out, each asked once and kept."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from repro.errors import ArtifactError
from repro.maker.interpret.llm.endpoint import Endpoint
from repro.maker.interpret.llm.ledger import Ledger, Tally
from repro.maker.interpret.llm.reply import Reply
from repro.maker.interpret.llm.request import Request
from repro.maker.interpret.llm.server import embedded_server
from repro.maker.interpret.llm.transcripts import Transcripts
from repro.maker.params.llm import EMBEDDED, LlmSettings

Door = Callable[[], Endpoint]
"""Gives the endpoint, which may be opened by the first question alone."""


class Client:
    """Asks an endpoint, or transcripts alone; `open_client` makes one."""

    def __init__(
        self,
        settings: LlmSettings,
        transcripts: Transcripts,
        door: Door | None,
        pool: ThreadPoolExecutor,
    ) -> None:
        self.settings, self.ledger = settings, Ledger()
        self.asked: set[str] = set()
        """Keys of all requests that were answered."""
        self._transcripts, self._door, self._pool = transcripts, door, pool

    def ask(self, requests: Sequence[Request], *, purpose: str) -> list[Reply]:
        """Replies in the order of the requests; those that say the same are asked once.

        Raises:
            EndpointError: the endpoint refused, or failed to the last attempt.
            ArtifactError: a transcript is damaged, or a replay has none.
        """
        distinct = {request.key: request for request in requests}
        answered = self._pool.map(lambda one: self._answer(one, purpose), distinct.values())
        replies = dict(zip(distinct, answered, strict=True))
        return [replies[request.key] for request in requests]

    def _answer(self, request: Request, purpose: str) -> Reply:
        reply = self._transcripts.find(request)
        if reply is None:
            reply = self._fetch(request, purpose)
            self._transcripts.keep(request, reply)
        self.ledger.add(purpose, Tally(1, reply.prompt_tokens, reply.completion_tokens))
        self.asked.add(request.key)
        return reply

    def _fetch(self, request: Request, purpose: str) -> Reply:
        if self._door is None:
            path = self._transcripts.path_of(request)
            raise ArtifactError(
                f"no transcript {request.key} (purpose: {purpose}) at {path}",
                expected="in mode: replay, every request in the transcripts",
                mend="set mode: record and run again where the endpoint can be reached, or fetch "
                "the transcripts that belong to this code and these settings",
            )
        endpoint = self._door()
        self.ledger.add(purpose, Tally(sent=1))
        try:
            return endpoint.send(request, lambda: self.ledger.add(purpose, Tally(retries=1)))
        except Exception:
            self.ledger.add(purpose, Tally(failures=1))
            raise


@contextmanager
def open_client(settings: LlmSettings, transcripts: Path, *, cache: Path) -> Iterator[Client]:
    """A client whose transcripts stand in a folder; `cache` holds wheels for the embedded server.

    In `mode: replay` nothing is started and nothing sent, and no further package is needed.

    Raises:
        EndpointError: no key, no library, or the embedded server does not come up.
        SourceError: the embedded model cannot be had.
    """
    with ThreadPoolExecutor(settings.concurrency) as pool:
        kept = Transcripts(transcripts)
        if settings.mode == "replay":
            yield Client(settings, kept, None, pool)
            return
        with open_endpoint(settings, cache=cache) as endpoint:
            yield Client(settings, kept, lambda: endpoint, pool)


@contextmanager
def open_endpoint(settings: LlmSettings, *, cache: Path) -> Iterator[Endpoint]:
    """The endpoint of some settings; an embedded server is started for it, and ended after it.

    Raises:
        EndpointError: no key, no library, or the embedded server does not come up.
        SourceError: the embedded model cannot be had.
    """
    with ExitStack() as stack:
        url = settings.base_url
        if url == EMBEDDED:
            url = stack.enter_context(embedded_server(cache=cache, threads=settings.threads))
        endpoint = Endpoint(settings, url)
        stack.callback(endpoint.close)
        yield endpoint
