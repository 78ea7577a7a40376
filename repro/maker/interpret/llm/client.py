"""A language model as scorers see it: requests in, replies out, each asked once and kept."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from repro.errors import ArtifactError
from repro.maker.interpret.llm.endpoint import Endpoint
from repro.maker.interpret.llm.ledger import Ledger, Tally
from repro.maker.interpret.llm.reply import Reply
from repro.maker.interpret.llm.request import Request
from repro.maker.interpret.llm.server import embedded_server
from repro.maker.interpret.llm.transcripts import Transcripts
from repro.maker.params.llm import EMBEDDED, LlmSettings


class Client:
    """Asks an endpoint, or transcripts alone; `open_client` makes one."""

    def __init__(
        self,
        settings: LlmSettings,
        transcripts: Transcripts,
        endpoint: Endpoint | None,
        pool: ThreadPoolExecutor,
    ) -> None:
        self.settings, self.ledger = settings, Ledger()
        self._transcripts, self._endpoint, self._pool = transcripts, endpoint, pool

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
        return reply

    def _fetch(self, request: Request, purpose: str) -> Reply:
        if self._endpoint is None:
            path = self._transcripts.path_of(request)
            raise ArtifactError(
                f"no transcript {request.key} (purpose: {purpose}) at {path}",
                expected="in mode: replay, every request in the transcripts",
                mend="set mode: record and run again where the endpoint can be reached, or fetch "
                "the transcripts that belong to this code and these settings",
            )
        self.ledger.add(purpose, Tally(sent=1))
        try:
            return self._endpoint.send(request, lambda: self.ledger.add(purpose, Tally(retries=1)))
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
        with _endpoint(settings, cache) as endpoint:
            yield Client(settings, kept, endpoint, pool)


@contextmanager
def _endpoint(settings: LlmSettings, cache: Path) -> Iterator[Endpoint]:
    if settings.base_url == EMBEDDED:
        with embedded_server(cache=cache, threads=settings.threads) as url:
            yield from _opened(settings, url)
    else:
        yield from _opened(settings, settings.base_url)


def _opened(settings: LlmSettings, base_url: str) -> Iterator[Endpoint]:
    endpoint = Endpoint(settings, base_url)
    try:
        yield endpoint
    finally:
        endpoint.close()
