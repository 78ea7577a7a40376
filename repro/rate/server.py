"""The page's server: loopback alone, one origin, no script but its own."""

import errno
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import Field
from starlette.middleware.base import RequestResponseEndpoint

from repro.rate.errors import RatingError
from repro.rate.records import MOST_LETTERS, SCALE, ItemId, Record, Submission
from repro.rate.session import Session

LOOPBACK = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Answer(Record):
    """What the page sends of one item."""

    submission: Submission
    """Its own name."""
    item: ItemId
    """The item."""
    rating: Annotated[int, Field(ge=0, le=SCALE)]
    """The rating."""
    name: Annotated[str, Field(max_length=MOST_LETTERS)]
    """The pattern in a few words."""


class TakeBack(Record):
    """What the page sends to undo."""

    submission: Submission
    """Its own name."""
    undoes: Submission
    """The answer to take back."""


def serve(session: Session, port: int, browse: bool, say: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        RatingError: the port cannot be had.
    """
    with listening(port) as bound:
        port = bound.getsockname()[1]
        url = f"http://{LOOPBACK}:{port}/"
        config = uvicorn.Config(
            app_of(session, port),
            log_level="error",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        say(f"{url}  ({len(session.deck.items)} items; Ctrl-C ends, the same command goes on)")
        if browse:
            webbrowser.open(url)
        uvicorn.Server(config).run(sockets=[bound])


def listening(port: int) -> socket.socket:
    """A socket that listens on this machine alone; port 0 is any free one.

    Raises:
        RatingError: the port cannot be had.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
        bound.listen()
    except (OSError, OverflowError) as error:
        bound.close()
        number = error.errno if isinstance(error, OSError) else None
        taken = "is taken" if number == errno.EADDRINUSE else f"cannot be had: {error}"
        raise RatingError(
            f"port {port} {taken}",
            expected="a free port of this machine",
            mend="--port 0, which takes any free one",
        ) from None
    return bound


def app_of(session: Session, port: int) -> FastAPI:
    """The pages of one session, for a server at a port."""
    app = FastAPI(openapi_url=None)
    hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost")}

    @app.middleware("http")
    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:  # pyright: ignore[reportUnusedFunction]
        refused = _refusal(request, hosts)
        response = refused or await call_next(request)
        response.headers.update(HEADERS)
        return response

    app.add_exception_handler(RatingError, _told)
    app.add_exception_handler(RequestValidationError, _not_understood)
    _add_files(app)
    _add_session(app, session)
    return app


def _add_files(app: FastAPI) -> None:
    for path, name in (("/", "index.html"), ("/page.css", "page.css"), ("/page.js", "page.js")):
        app.add_api_route(path, _file(PAGE / name), methods=["GET"])


def _file(path: Path) -> Callable[[], FileResponse]:
    def answer() -> FileResponse:
        return FileResponse(path)

    return answer


def _add_session(app: FastAPI, session: Session) -> None:
    """What the page asks for; plain functions, so that waiting for the disk holds up nobody."""

    def state() -> dict[str, Any]:
        return session.state()

    def rate(answer: Answer) -> dict[str, Any]:
        return session.rate(answer.submission, answer.item, answer.rating, answer.name)

    def undo(taken: TakeBack) -> dict[str, Any]:
        return session.undo(taken.submission, taken.undoes)

    app.add_api_route("/state", state, methods=["GET"])
    app.add_api_route("/rate", rate, methods=["POST"])
    app.add_api_route("/undo", undo, methods=["POST"])


def _refusal(request: Request, hosts: set[str]) -> Response | None:
    """Why a request is not answered, if it is not.

    A foreign name in Host is a page that was rebound to this machine; a foreign Origin is another
    page that posts here. What changes something must name this origin, and be JSON, which no form
    of another page can send.
    """
    if request.headers.get("host", "").lower() not in hosts:
        return JSONResponse({"error": "unknown host"}, 403)
    origin = request.headers.get("origin")
    is_ours = origin in {f"http://{host}" for host in hosts}
    if origin is not None and not is_ours:
        return JSONResponse({"error": "foreign origin"}, 403)
    if request.method == "POST":
        if not is_ours:
            return JSONResponse({"error": "no origin"}, 403)
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return JSONResponse({"error": "not JSON"}, 415)
    return None


def _told(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """A message for the rater; nothing of paths or settings."""
    found = cast(RatingError, error).found
    return JSONResponse({"error": found}, 409)


def _not_understood(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return JSONResponse({"error": "not an answer"}, 422)
