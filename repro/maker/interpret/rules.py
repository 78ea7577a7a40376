"""Scorer by rules: an explanation is at most a budget of rules, each printed in words.

    a_hat(t) = b + sum over the rules r that hold at t of w_r

Rules are taken one after the other, each the one that explains most of what is left of the
activations on the explaining fragments (orthogonal matching pursuit; Pati et al. 1993), strengths
by ridge regression. Applied to the scoring fragments they are the simulator. The budget matters:
with enough rules any feature is a table of tokens, which explains nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Float, Int

from repro.maker.interpret.case import Case, Drawn, Scored, Variant
from repro.maker.interpret.pooled import Sums, pooled, sums_of
from repro.maker.interpret.predicates import Predicates
from repro.maker.params.interpret import Rules

CANDIDATES = 64
"""Predicates of the largest single gain, among which rules are chosen."""
VARIANTS: tuple[Variant, ...] = ("top_and_random", "top_only", "random_only", "unconditional")


class Explanation(NamedTuple):
    """Rules with their strengths."""

    rules: tuple[int, ...]
    """Numbers of predicates, in the order in which they were taken."""
    base: float
    """What is predicted where no rule holds."""
    strengths: Float[np.ndarray, " rule"]
    """What each adds where it holds."""


class Sample(NamedTuple):
    """Explaining fragments: what the unit does on them, and which predicates hold."""

    activations: Float[np.ndarray, "fragment token"]
    of_token: Int[np.ndarray, "fragment token slot"]
    of_fragment: Int[np.ndarray, "fragment slot"]


class RulesScorer:
    """Pearson correlation of the activations with what at most `budget` rules predict."""

    name = "rules"
    metric = "Pearson correlation of activations with those predicted by rules"
    chance = 0.0
    ends = (-1.0, 1.0)

    def __init__(
        self, predicates: Predicates, budget: int, budgets: Sequence[int], shrinkage: float
    ) -> None:
        self.predicates, self.budget, self.shrinkage = predicates, budget, shrinkage
        self.budgets = sorted({*budgets, budget})

    @classmethod
    def of(cls, predicates: Predicates, rules: Rules) -> Self:
        """As the params say."""
        return cls(predicates, rules.budget, rules.budgets, rules.shrinkage)

    def __call__(self, case: Case) -> Scored:
        """Explain on the one half, score on the other, at the budget and at the others."""
        found = self.explain(case)
        fragments, sums = self._simulated(case, found)
        sets = [block.of(variant) for variant in VARIANTS for block in case.score]
        is_in = np.zeros((len(sets), len(fragments)))
        for row, some in zip(is_in, sets, strict=True):
            row[np.searchsorted(fragments, some)] = 1.0
        told = pooled(sums, is_in).reshape(len(self.budgets), len(VARIANTS), len(case.score))
        by_budget = dict(zip(self.budgets, told.tolist(), strict=True))
        ours = zip(VARIANTS, by_budget[self.budget], strict=True)
        scores: dict[Variant, tuple[float, ...]] = {one: tuple(blocks) for one, blocks in ours}
        others = {n: tuple(blocks) for n, (blocks, *_) in by_budget.items()}
        return Scored(self.in_words(found[self.budget]), scores, others)

    def explain(self, case: Case) -> dict[int, Explanation]:
        """The explanation at each budget; a smaller one is the beginning of a larger one."""
        shown = shown_of(case.explain)
        sample = Sample(
            case.activations[shown],
            self.predicates.of_token[shown],
            self.predicates.of_fragment[shown],
        )
        return pursue(sample, len(self.predicates.names), self.budgets, self.shrinkage)

    def _simulated(
        self, case: Case, found: dict[int, Explanation]
    ) -> tuple[Int[np.ndarray, " n"], "Sums"]:
        """All scoring fragments by number, and what each explanation predicts of them.

        A smaller explanation's rules are the beginning of a larger one's, so rules are met once;
        what is predicted where none holds is left out, since it changes no correlation.
        """
        fragments = np.unique(np.concatenate([part for block in case.score for part in block]))
        rules = np.array(found[max(found)].rules, dtype=int)
        strengths = np.zeros((len(self.budgets), len(rules)))
        for row, budget in zip(strengths, self.budgets, strict=True):
            row[: len(found[budget].rules)] = found[budget].strengths
        of_token, of_fragment = self.predicates.of_token, self.predicates.of_fragment
        some = of_token[fragments], of_fragment[fragments]
        held = indicators(*some, rules, len(self.predicates.names))
        a = case.activations[fragments]
        predicted = strengths @ held.reshape(len(rules), a.size).astype(float)
        return fragments, sums_of(a, predicted.reshape(-1, *a.shape))

    def simulate(
        self, explained: Explanation, fragments: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n token"]:
        """What the rules predict at each token of some fragments."""
        strength = np.zeros(len(self.predicates.names))
        strength[list(explained.rules)] = explained.strengths
        whole = strength[self.predicates.of_fragment[fragments]].sum(axis=-1)
        at_token = strength[self.predicates.of_token[fragments]].sum(axis=-1)
        return explained.base + at_token + whole[:, None]

    def in_words(self, explained: Explanation) -> tuple[str, ...]:
        """Each rule as a line, the strength relative to the largest."""
        largest = np.abs(explained.strengths).max(initial=0.0)
        pairs = zip(explained.rules, explained.strengths, strict=True)
        return tuple(f"{w / largest:+.2f} {self.predicates.names[p]}" for p, w in pairs)


def shown_of(drawn: Drawn) -> Int[np.ndarray, " n"]:
    """The fragments from which is explained, each once."""
    return np.unique(np.concatenate([drawn.top, drawn.random, drawn.anywhere]))


def pursue(
    sample: Sample, n_predicates: int, budgets: Sequence[int], shrinkage: float
) -> dict[int, Explanation]:
    """Rules by orthogonal matching pursuit, and their strengths at each of the budgets.

    Of all predicates the `CANDIDATES` of largest single gain are kept. With G their centred Gram
    matrix and r what they share with the activations, each step takes the predicate of largest

        (r_p - G_pS w_S)^2 / (G_pp + shrinkage),   w_S = (G_SS + shrinkage 1)^-1 r_S

    which is zero for those already taken but for the ridge; it stops early where nothing is left.
    The weights are those of one linear system, solved a predicate at a time as they are taken.
    """
    a = sample.activations.ravel()
    found = _candidates(sample, n_predicates, shrinkage)
    held = indicators(sample.of_token, sample.of_fragment, found, n_predicates)
    held = held.reshape(len(found), len(a))
    often, mean = held.sum(axis=1).astype(float) / len(a), float(a.mean(dtype=float))
    gram = (held @ held.T).astype(float) - len(a) * np.outer(often, often)
    shared = (held @ a).astype(float) - len(a) * often * mean
    least = 1e-9 * max(float(a @ a), 1e-30)
    scale = np.diag(gram) + shrinkage
    system = np.column_stack([gram + shrinkage * np.eye(len(found)), shared])
    taken: list[int] = []
    explanations = {}
    for step in range(1, max(budgets) + 1):
        gain = np.square(system[:, -1]) / scale
        gain[taken] = 0.0
        if len(taken) == step - 1 and gain.max(initial=0.0) > least:
            taken.append(int(gain.argmax()))
            _solve_for(system, taken[-1])
        if step in budgets:
            weights = system[taken, -1]
            base = mean - float(often[taken] @ weights)
            explanations[step] = Explanation(tuple(found[taken].tolist()), base, weights)
    return explanations


def _solve_for(system: Float[np.ndarray, "row column"], one: int) -> None:
    """Gauss and Jordan's step for one of the predicates.

    Afterwards the last column holds the weights of all that were taken, and elsewhere what is left.
    """
    row = system[one] / system[one, one]
    system -= np.outer(system[:, one], row)
    system[one] = row


def _candidates(
    sample: Sample, n_predicates: int, shrinkage: float
) -> Int[np.ndarray, " candidate"]:
    """The predicates of largest single gain: (sum a - n mean)^2 / (n (1 - n / N) + shrinkage)."""
    a = sample.activations.astype(float)
    n_tokens, slots = a.shape[1], sample.of_token.shape[2]
    of_token, of_fragment = sample.of_token.ravel(), sample.of_fragment.ravel()
    total = np.bincount(of_token, np.repeat(a.ravel(), slots), n_predicates)
    wide = np.repeat(a.sum(axis=1), sample.of_fragment.shape[1])
    total += np.bincount(of_fragment, wide, n_predicates)
    count = np.bincount(of_token, minlength=n_predicates)
    count += n_tokens * np.bincount(of_fragment, minlength=n_predicates)
    here = np.flatnonzero(count[1:]) + 1
    total, count = total[here], count[here]
    gain = np.square(total - count * a.mean()) / (count * (1 - count / a.size) + shrinkage)
    return here[np.argsort(-gain, kind="stable")][:CANDIDATES]


def indicators(
    of_token: Int[np.ndarray, "fragment token slot"],
    of_fragment: Int[np.ndarray, "fragment slot"],
    chosen: Int[np.ndarray, " predicate"],
    n_predicates: int,
) -> Float[np.ndarray, "predicate fragment token"]:
    """1 where a chosen predicate holds at a token, else 0."""
    place = np.full(n_predicates, len(chosen), dtype=np.int32)
    place[chosen] = np.arange(len(chosen))
    n_fragments, n_tokens, slots = of_token.shape
    held = np.zeros((len(chosen), n_fragments, n_tokens), dtype=np.float32)
    at_token = place[of_token.ravel()]
    there = np.flatnonzero(at_token < len(chosen))
    held.reshape(len(chosen), n_fragments * n_tokens)[at_token[there], there // slots] = 1.0
    fragment, slot = np.nonzero(place[of_fragment] < len(chosen))
    held[place[of_fragment[fragment, slot]], fragment] = 1.0
    return held
