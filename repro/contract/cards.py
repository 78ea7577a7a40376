"""Feature cards: what a person is shown of one unit, on the report's pages and when rating.

`<folder>/cards.jsonl` holds a card a line. It quotes held-out web text: whoever shows it escapes
it, and whoever rates it never sees `method`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from repro.errors import EvidenceError
from repro.files import write_bytes

CARDS = "cards.jsonl"

Kind = Literal["top", "random", "near_threshold", "anywhere"]
"""Why a fragment is shown: a strongest one, one that fires, one that barely does, any one."""


Chosen = Literal["interpret", "ioi", "features", "steer", "erase"]
"""The stage for which a unit has a card: it drew it at random to be scored, or patched it among the
first, found it for a class of tokens, amplified it, or erased a concept with it."""


class Frozen(BaseModel):
    """Strict, frozen, finite."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Excerpt(Frozen):
    """One fragment of text with what the unit does on it."""

    kind: Kind
    """Why it is shown."""
    tokens: list[str]
    """Tokens as running text spells them."""
    activations: list[float]
    """Activation at each token."""
    predicted: list[float]
    """What the explanation predicts at each token; empty where nothing predicts."""

    @model_validator(mode="after")
    def _one_a_token(self) -> Self:
        n = len(self.tokens)
        if len(self.activations) != n or len(self.predicted) not in (0, n):
            raise ValueError("activations and predictions must be one a token")
        return self


class Neighbour(Frozen):
    """Another unit of the same dictionary."""

    unit: int
    """Its number."""
    cosine: float
    """Cosine of the two directions."""


class Card(Frozen):
    """One unit of one decomposition."""

    id: str = Field(pattern="^[A-Za-z0-9_-]+$")
    """Unique in the folder, made of letters, digits, - and _: a file name and a link."""
    site: str
    """Role of the site."""
    hook: str
    """Its hook point."""
    method: str
    """Name of the decomposition, as in the tables."""
    alpha: float
    """L1 coefficient; 0 where there is none."""
    k: int
    """Codes kept a token; 0 where all are."""
    expansion_factor: float
    """Dictionary size over dimension."""
    seed: int
    """Seed."""
    unit: int
    """Number of the unit."""
    density: float
    """Share of the tokens on which it fires."""
    effect: float
    """What its removal costs in explained variance, over an even share."""
    skewness: float
    """Third standardised moment of its activations about their mean."""
    kurtosis: float
    """Fourth standardised moment of its activations about their mean."""
    histogram: list[int]
    """Counts of its activations above zero in equal bins up to `largest`."""
    largest: float
    """Its largest activation."""
    scores: dict[str, float]
    """Mean score by the name of the scorer."""
    rules: list[str]
    """Its explanation by rules, in words."""
    explanation: str
    """Explanation by a language model; empty where there is none."""
    promoted: list[str]
    """Tokens whose logits its direction raises most."""
    suppressed: list[str]
    """Tokens whose logits it lowers most."""
    neighbours: list[Neighbour]
    """Units of the nearest directions."""
    excerpts: list[Excerpt]
    """Fragments."""
    chosen: list[Chosen]
    """Why it has a card."""
    claims: list[str]
    """Claims whose evidence it entered."""


def write_cards(folder: Path, cards: Iterable[Card]) -> None:
    """Write all cards, a line each."""
    lines = "".join(card.model_dump_json() + "\n" for card in cards)
    write_bytes(folder / CARDS, lines.encode())


def read_cards(folder: Path) -> Iterator[Card]:
    """Cards one by one, in stored order.

    Raises:
        EvidenceError: the file is missing, or a line is no card; names the line.
    """
    path = folder / CARDS
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        raise EvidenceError(
            f"{path} is missing", expected="feature cards", mend="dvc repro interpret"
        ) from None
    for number, line in enumerate(lines, start=1):
        yield _card(line, f"{path}, line {number}")


def _card(line: bytes, place: str) -> Card:
    try:
        return Card.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "top level"
        raise EvidenceError(
            f"{place}: {key}: {first['msg']}",
            expected="a feature card",
            mend="dvc repro interpret",
        ) from None
