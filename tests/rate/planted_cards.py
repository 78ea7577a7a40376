"""Cards of known text: units of several methods, each with a word of its own."""

from pathlib import Path

from repro.contract.cards import Card, Excerpt, Neighbour, write_cards

METHODS = ("sae", "pca", "ica", "neurons", "random")
SUBJECTS = ("harbour", "kitchen", "library", "meadow", "station", "theatre", "village", "workshop")
OBJECTS = ("lantern", "bicycle", "painting", "notebook", "umbrella", "teapot", "violin", "ladder")
VERBS = ("holds", "wants", "loses", "finds", "sells", "hides", "keeps", "draws")
UNIT, ALPHA, EFFECT = 73_219, 0.000_731, 0.416_23
"""Values that stand in every card, and nowhere else."""


def sentence(i: int) -> list[str]:
    """One of many sentences, as tokens."""
    words = [SUBJECTS[i % 8], VERBS[(i // 3) % 8], "every", OBJECTS[(i // 8 + i) % 8], "near"]
    return ["The", *(f" {word}" for word in words), f" number{i}", "."]


def excerpt(i: int, kind: str, at: int, height: float) -> Excerpt:
    """A sentence in which one token stands out."""
    tokens = sentence(i)
    activations = [0.0] * len(tokens)
    activations[at % len(tokens)] = height
    return Excerpt(kind=kind, tokens=tokens, activations=activations, predicted=[])  # pyright: ignore[reportArgumentType]


def card(method: str, number: int, **changed: object) -> Card:
    """A unit of a method."""
    first = METHODS.index(method) * 40 + number * 7
    excerpts = [excerpt(first + j, "top", 1, 91.317 - j) for j in range(4)]
    excerpts += [excerpt(first + j + 3, "random", 3, 13.77 + j) for j in range(3)]
    plain = Card(
        id=f"{method}-{number}",
        site="middle",
        hook="blocks.9.hook_resid_post",
        method=method,
        alpha=ALPHA,
        k=0,
        expansion_factor=2.0,
        seed=1,
        unit=UNIT,
        density=0.01,
        effect=EFFECT,
        skewness=3.0,
        kurtosis=9.0,
        histogram=[5, 3, 1],
        largest=91.317,
        scores={"correlation": 0.5},
        rules=["fires on a secret rule"],
        explanation="a secret explanation",
        promoted=["secretly promoted"],
        suppressed=["secretly suppressed"],
        neighbours=[Neighbour(unit=UNIT + 1, cosine=0.5)],
        excerpts=excerpts,
        chosen=["interpret"],
        claims=["c05"],
    )
    return plain.model_copy(update=changed)


def cards(per_method: int = 2) -> list[Card]:
    """As many cards of every method."""
    return [card(method, number) for method in METHODS for number in range(per_method)]


def write(folder: Path, *given: Card) -> Path:
    """A folder with these cards, or with two of every method."""
    write_cards(folder, given or cards())
    return folder
