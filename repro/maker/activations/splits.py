"""The splits of the text, by document: one trains, one chooses settings, one judges."""

from typing import Literal

Split = Literal["train", "validation", "heldout"]

SPLITS: tuple[Split, ...] = ("train", "validation", "heldout")
