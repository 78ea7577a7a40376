"""Text from anywhere as a reader may see it: escaped, and nothing in it invisible."""

import re

from markupsafe import Markup, escape

EMPTY = Markup("<i>∅</i>")
"""Stands for a token of no characters."""

_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}

_JOINED = re.compile("(?<=\\S)[\u200c\u200d](?=\\S)")
_OF_TEXT = re.compile(f"(?:^|(?<=\\S)) (?=\\S)|{_JOINED.pattern}")
"""A space before or between visible characters; joiners, which emoji and Persian need."""


def running(text: str) -> Markup:
    """As part of a text: only spaces that a reader would not see are marked.

    What is neither visible nor an ordinary space is named instead of shown, the controls of
    direction among them: no text reorders what stands around it.
    """
    if text.isprintable() and "  " not in text and not text.endswith(" "):
        return escape(text)
    return _shown(text, _OF_TEXT)


def alone(token: str) -> Markup:
    """On its own, in a list: every space is marked, and a token of nothing is ∅."""
    return _shown(token, _JOINED) if token else EMPTY


def _shown(text: str, as_it_is: re.Pattern[str]) -> Markup:
    """Each character escaped or marked; those that match `as_it_is` are never marked."""
    kept = {match.start() for match in as_it_is.finditer(text)}
    return Markup("").join(
        escape(char) if at in kept or _is_visible(char) else Markup("<i>{}</i>").format(_sign(char))
        for at, char in enumerate(text)
    )


def _is_visible(char: str) -> bool:
    return char.isprintable() and char != " "


def _sign(char: str) -> str:
    return _SIGNS.get(char, f"U+{ord(char):04X}")
