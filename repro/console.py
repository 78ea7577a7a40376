"""Command lines in which a user's mistake is a message, never a traceback."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from repro.errors import ReproError

CANNOT, INTERRUPTED = 2, 130


@contextmanager
def _told() -> Generator[None]:
    """Exits 2 with the message of a `ReproError`, and 130 on Ctrl-C.

    Any other exception is a defect of ours and keeps its traceback.
    """
    try:
        yield
    except ReproError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(CANNOT) from None
    except KeyboardInterrupt:
        typer.echo("interrupted: what is finished is kept; the same command goes on", err=True)
        raise typer.Exit(INTERRUPTED) from None


class Plain(TyperGroup):
    """A group of commands whose mistakes are told."""

    def invoke(self, ctx: Any) -> Any:
        """Call the command that was given."""
        with _told():
            return super().invoke(ctx)


class PlainCommand(TyperCommand):
    """A command by itself whose mistakes are told."""

    def invoke(self, ctx: Any) -> Any:
        """Call it."""
        with _told():
            return super().invoke(ctx)


def commands(about: str) -> typer.Typer:
    """An empty group of commands, with plain text for help and errors."""
    return typer.Typer(
        cls=Plain,
        help=about,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def command(main: Callable[..., None]) -> typer.Typer:
    """One command that has no siblings; its help is the docstring of `main`."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(cls=PlainCommand)(main)
    return app
