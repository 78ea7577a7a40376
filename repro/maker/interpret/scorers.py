"""Every scorer by its name: the one place where one is made."""

from collections.abc import Sequence

from repro.maker.interpret.case import Scorer
from repro.maker.interpret.predicates import Predicates
from repro.maker.interpret.rules import RulesScorer
from repro.maker.params.interpret import Rules

ENDS = {RulesScorer.name: RulesScorer.ends}
"""Worst and best score of each scorer."""


def scorers_of(names: Sequence[str], predicates: Predicates, rules: Rules) -> list[Scorer]:
    """The scorers that are asked for, ready for the units of one text."""
    made = {
        "rules": lambda: RulesScorer.of(predicates, rules),
    }
    return [made[name]() for name in names]
