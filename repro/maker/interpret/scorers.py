"""Every scorer by its name: the one place where one is made."""

from collections.abc import Callable, Sequence
from pathlib import Path

from repro.maker.interpret.case import Scorer
from repro.maker.interpret.embedding import EmbeddingScorer, read_vectors
from repro.maker.interpret.predicates import Predicates
from repro.maker.interpret.rules import RulesScorer
from repro.maker.params.interpret import Rules

ENDS = {one.name: one.ends for one in (RulesScorer, EmbeddingScorer)}
"""Worst and best score of each scorer."""


def scorers_of(
    names: Sequence[str], predicates: Predicates, rules: Rules, vectors: Sequence[Path]
) -> list[Scorer]:
    """The scorers that are asked for, ready for the units of one text.

    Args:
        names: which.
        predicates: what rules may say of the text.
        rules: how explanations are made of them.
        vectors: results of encoding the text, which the scorer by embedding needs.
    """
    made: dict[str, Callable[[], Scorer]] = {
        "rules": lambda: RulesScorer.of(predicates, rules),
        "embedding": lambda: EmbeddingScorer(read_vectors(tuple(vectors))),
    }
    return [made[name]() for name in names]
