"""The scorer by rules: features a second and core, and whether cost grows as text and features."""

import tracemalloc
from collections.abc import Iterator
from functools import partial
from time import process_time
from typing import Any

import numpy as np

from repro.maker.interpret.case import Case, Text
from repro.maker.interpret.draw import drawn_for
from repro.maker.interpret.planted import FAMILIES, planted_features
from repro.maker.interpret.predicates import Predicates, predicates_of
from repro.maker.interpret.rules import RulesScorer
from repro.maker.interpret.text import blocks_of
from repro.maker.params.interpret import Interpret, Rules
from repro.proofs.bench.machine import seconds

FEATURES, FRAGMENTS = (50, 100, 200), (768, 1536, 3072)
"""Sizes that are tried, each with the middle one of the other."""
RUNS, MEANINGS, SEED = 3, 3, 0
PER_DOCUMENT, FILLER = 8, 3
"""Fragments of a document, and words without a meaning for each that has one."""


def scoring(ours: Interpret) -> dict[str, Any]:
    """Explain and score planted features at three sizes of each kind.

    With the excerpts, blocks and budgets of the params; all four variants of scoring fragments.
    `seconds` are of processor time, of all cores together, medians of three; ratios are over the
    smallest size; the peak of memory is that of arrays while scoring, the text left out. Features
    that fire on too few fragments are neither scored nor counted.

    Raises:
        RuntimeError: none is left.
    """
    middle = FEATURES[1], FRAGMENTS[1]
    by_features = list(_costs(ours, [(n, middle[1]) for n in FEATURES]))
    by_fragments = list(_costs(ours, [(middle[0], n) for n in FRAGMENTS]))
    return {
        "features_per_s": by_features[1]["features"] / by_features[1]["seconds"],
        "by_features": by_features,
        "by_fragments": by_fragments,
        "fragment": ours.fragment,
        "budgets": ours.rules.budgets,
    }


def _costs(ours: Interpret, sizes: list[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    first = 0.0
    for n_features, n_fragments in sizes:
        text = english(n_fragments, ours.fragment, ours.blocks)
        began = process_time()
        predicates = predicates_of(text)
        prepared = process_time() - began
        cases = list(_cases(text, n_features, ours))
        if not cases:
            raise RuntimeError(f"no feature fires on enough of {n_fragments} fragments")
        work = partial(_scored, predicates, cases, ours.rules)
        took = seconds(work, runs=RUNS, clock=process_time)
        first = first or took
        yield {
            "features": len(cases),
            "fragments": n_fragments,
            "seconds": took,
            "over_smallest": took / first,
            "predicates_s": prepared,
            "peak_mib": _peak(predicates, cases, ours.rules),
        }


def english(n_fragments: int, n_tokens: int, blocks: int) -> Text:
    """Words with a meaning among many that have none, as a text of documents."""
    rng = np.random.default_rng(SEED)
    words = sorted({word for family in FAMILIES.values() for word in family})
    words += [f"w{i:04d}x" for i in range(FILLER * len(words))]
    ids = rng.integers(0, len(words), (n_fragments, n_tokens), dtype=np.int32)
    document = (np.arange(n_fragments) // PER_DOCUMENT).astype(np.int32)
    pieces = tuple(f" {word}" for word in words)
    return Text(ids, pieces, document, blocks_of(document, blocks, SEED))


def _cases(text: Text, n_features: int, ours: Interpret) -> Iterator[Case]:
    """Those of the planted features that fire often enough to be scored."""
    for i, feature in enumerate(planted_features(text, MEANINGS, n_features, SEED)):
        rng = np.random.default_rng([SEED, i])
        drawn = drawn_for(feature.activations, text.block, ours.excerpts, rng)
        if drawn:
            yield Case(text, feature.activations, *drawn)


def _scored(predicates: Predicates, cases: list[Case], rules: Rules) -> None:
    scorer = RulesScorer.of(predicates, rules)
    for case in cases:
        scorer(case)


def _peak(predicates: Predicates, cases: list[Case], rules: Rules) -> float:
    """MiB at most beyond what stands before."""
    tracemalloc.start()
    _scored(predicates, cases, rules)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20
