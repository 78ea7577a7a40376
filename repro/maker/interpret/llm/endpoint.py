"""The door to an OpenAI-compatible endpoint: one request, sent again while a failure may pass."""

import os
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from repro.errors import EndpointError
from repro.maker.interpret.llm.reply import Reply, read_reply
from repro.maker.interpret.llm.request import Request
from repro.maker.params.llm import LlmSettings

LONGEST_WAIT_S = 300.0
"""An endpoint that asks for a longer pause has failed."""
_MAY_PASS = (408, 409, 425, 429)


class Endpoint:
    """An endpoint that can be asked from many threads."""

    def __init__(self, settings: LlmSettings, base_url: str) -> None:
        """Open the door; nothing is sent yet.

        Raises:
            EndpointError: the library is not installed, or the key is not in the environment.
        """
        self._settings, self._base_url = settings, base_url
        self._key = _key(settings)
        self._openai = _library()
        # A proxy of the environment does not reach a server on this machine.
        local = urlsplit(base_url).hostname in ("127.0.0.1", "localhost")
        self._client = self._openai.OpenAI(
            base_url=base_url,
            api_key=self._key or "none",
            timeout=settings.timeout_s,
            max_retries=0,
            http_client=self._openai.DefaultHttpxClient(trust_env=not local),
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def send(self, request: Request, retried: Callable[[], None]) -> Reply:
        """The reply to a request; `retried` is called before each further attempt.

        Sent again after a lost connection, silence, status 408, 409, 425, 429 or 5xx, and a body
        that is cut off or no reply; after `backoff_s`, doubled each time, or after `Retry-After`
        where that is longer.

        Raises:
            EndpointError: the endpoint refused, or failed to the last attempt.
        """
        answers = len(request.body["prompt"]) if request.path == "completions" else 1
        pauses = [self._settings.backoff_s * 2**n for n in range(self._settings.retries)]
        for pause in [*pauses, None]:
            try:
                return read_reply(self._post(request), answers)
            except (self._openai.APIError, ValueError) as error:
                wait = max(pause or 0.0, _asked_wait(error))
                if pause is None or wait > LONGEST_WAIT_S or not _may_pass(error):
                    raise self._told(error, wait) from None
            retried()
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _post(self, request: Request) -> str:
        chats, texts = self._client.chat.completions, self._client.completions
        door: Any = chats if request.path == "chat/completions" else texts
        # The library's own reading keeps only OpenAI's dialect of log-probabilities.
        return door.with_raw_response.create(**request.body).text

    def _told(self, error: Exception, wait: float) -> EndpointError:
        expected, mend = self._advice(getattr(error, "status_code", None), wait)
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        if self._key:
            said = said.replace(self._key, "***")
        return EndpointError(f"{self._base_url}: {said}", expected=expected, mend=mend)

    def _advice(self, status: int | None, wait: float) -> tuple[str, str]:
        """What was expected and what mends it, by status; None is a failure without one."""
        name, model = self._settings.api_key_env, self._settings.model
        if status in (401, 403):
            where = f"export {name}=..." if name else "name the key's variable in api_key_env"
            return "a key that the endpoint takes", where
        if status == 404:
            found = f"an OpenAI-compatible endpoint that serves {model!r}"
            also = "a chat-only model cannot simulate, which asks for completions"
            return found, f"check base_url (mostly it ends in /v1) and model; {also}"
        if status == 429 and wait > LONGEST_WAIT_S:
            return f"a pause of at most {LONGEST_WAIT_S:g} s, not {wait:g} s", "run again later"
        if status is not None and status < 500 and status not in _MAY_PASS:
            return "a request that the endpoint takes", "choose another model or endpoint"
        tried = f"an answer within {self._settings.retries + 1} attempts"
        tried += f" of at most {self._settings.timeout_s:g} s"
        return tried, "check the endpoint; raise timeout_s or retries, or lower concurrency"


def _library() -> Any:
    try:
        import openai
    except ImportError:
        raise EndpointError(
            "the package openai is not installed",
            expected="the extra [llm]",
            mend="pip install -c constraints.txt -e '.[make,llm]'",
        ) from None
    return openai


def _key(settings: LlmSettings) -> str:
    name = settings.api_key_env
    if name and not os.environ.get(name):
        raise EndpointError(
            f"the environment has no {name}",
            expected="the endpoint's key there",
            mend=f"export {name}=..., or set api_key_env: '' where no key is asked for",
        )
    return os.environ[name].strip() if name else ""


def _may_pass(error: Exception) -> bool:
    status = getattr(error, "status_code", None)
    return status is None or status >= 500 or status in _MAY_PASS


def _asked_wait(error: Exception) -> float:
    """Seconds that `Retry-After` asks for, as a number or a date; 0 without it."""
    response = getattr(error, "response", None)
    asked = response.headers.get("retry-after", "") if response is not None else ""
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return 0.0
