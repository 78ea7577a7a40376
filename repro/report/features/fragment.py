"""A fragment of text in which every token on which the unit fires is marked."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from markupsafe import Markup

from repro.contract.cards import Card, Excerpt
from repro.report.features.spelled import EMPTY, running
from repro.report.numbers import number

LEVELS = 9
"""Steps of the scale, from barely firing to the largest activation."""


class Scale(NamedTuple):
    """What the last step of either scale stands for; a prediction is only compared with itself."""

    activation: float
    predicted: float


class Fragment(NamedTuple):
    """One fragment: its largest activation, and its tokens as markup."""

    peak: str
    text: Markup


def scale_of(card: Card) -> Scale:
    """The largest activation of the unit, and the largest prediction on its card."""
    guesses = [one for excerpt in card.excerpts for one in excerpt.predicted]
    return Scale(card.largest, max(guesses, default=0.0))


def fragment(excerpt: Excerpt, scale: Scale) -> Fragment:
    """Mark the tokens of one excerpt."""
    guesses = excerpt.predicted or [0.0] * len(excerpt.tokens)
    values = zip(excerpt.tokens, excerpt.activations, guesses, strict=True)
    text = Markup("").join(
        _marked(token, (value, guess), scale, is_predicted=bool(excerpt.predicted))
        for token, value, guess in values
    )
    return Fragment(number(max(excerpt.activations, default=0.0)), text)


def level(value: float, largest: float) -> int:
    """Step of the scale, 1 to 9, on which a value stands; 0 where it is not above zero."""
    if value <= 0 or largest <= 0:
        return 0
    return max(1, ceil(LEVELS * min(1.0, value / largest)))


def _marked(token: str, values: tuple[float, float], scale: Scale, *, is_predicted: bool) -> Markup:
    """One token; the space before a word is left outside, so that lines hug words."""
    fires, guessed = map(level, values, scale)
    if not fires and not guessed:
        return running(token)
    is_word = token[:1] == " " and token[1:2].strip() != ""
    shown = running(token[is_word:]) or EMPTY
    opened = _opened(fires, guessed, values if is_predicted else values[:1])
    return Markup(" " * is_word) + opened + shown + Markup("</b>")


def _opened(fires: int, guessed: int, values: Sequence[float]) -> Markup:
    """The tag with levels and values; there are many, so no quotes where HTML needs none."""
    levels = " ".join(f"{name}{step}" for name, step in (("a", fires), ("p", guessed)) if step)
    classes = f'"{levels}"' if " " in levels else levels
    told = (f" data-{name}={number(value)}" for name, value in zip("vp", values, strict=False))
    return Markup(f"<b class={classes}{''.join(told)}>")
