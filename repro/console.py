"""Command lines in which a user's mistake is a message, never a traceback."""

from typing import Any

import typer
from typer.core import TyperGroup

from repro.errors import ReproError

CANNOT, INTERRUPTED = 2, 130


class Plain(TyperGroup):
    """Exits 2 with the message of a `ReproError`, and 130 on Ctrl-C.

    Any other exception is a defect of ours and keeps its traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        """Call the command that was given."""
        try:
            return super().invoke(ctx)
        except ReproError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(CANNOT) from None
        except KeyboardInterrupt:
            typer.echo("interrupted: what is finished is kept; the same command goes on", err=True)
            raise typer.Exit(INTERRUPTED) from None


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
