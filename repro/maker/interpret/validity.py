"""Work of the stage: scorers are judged before they judge, on features of known meaning."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from repro.maker.engine.job import Job
from repro.maker.engine.result import write_result
from repro.maker.interpret.case import Case, Scorer, Text
from repro.maker.interpret.draw import drawn_for
from repro.maker.interpret.planted import planted_features
from repro.maker.interpret.prepared import read_text
from repro.maker.interpret.results import Judged
from repro.maker.interpret.scorers import scorers_of
from repro.maker.interpret.text import EXPLAIN
from repro.maker.params.interpret import Excerpts, Planted, Rules


class JudgeJob(Job):
    """One scorer on features of one number of meanings."""

    scorer: str
    """The scorer."""
    n_meanings: int
    """Meanings of each feature."""
    text: Path
    """Result of the text; its name is its hash."""
    planted: Planted
    """How many, and their seed."""
    excerpts: Excerpts
    """Fragments drawn for each."""
    rules: Rules
    """The scorer by rules."""
    vectors: list[Path]
    """Results of encoding the text, where the scorer needs that; their names are their hashes."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


def judge_item(job: JudgeJob, folder: Path) -> None:
    """Work: the score of each feature, and with the explanation of one of other meanings."""
    torch.set_num_threads(job.threads)
    text, predicates = read_text(job.text)
    (scorer,) = scorers_of([job.scorer], predicates, job.rules, job.vectors)
    write_result(folder, judged(scorer, text, job.n_meanings, job.planted, job.excerpts))


def judged(
    scorer: Scorer,
    text: Text,
    n_meanings: int,
    planted: Planted,
    sizes: Excerpts,
    explains: bool = True,
) -> Judged:
    """What a scorer makes of planted features of one number of meanings.

    One that scores no explanation is not asked about another's, which would tell nothing of it.
    """
    features = planted_features(text, n_meanings, planted.features, planted.seed)
    activations = [feature.activations for feature in features]
    others = [activations[i] for i in unlike([feature.meanings for feature in features])]
    seeds = [[planted.seed, n_meanings, i] for i in range(len(features))]
    own = [score_of(scorer, text, a, sizes, s) for a, s in zip(activations, seeds, strict=True)]
    if not explains:
        return Judged(scores=own, shuffled=[None] * len(own))
    shuffled = [
        score_of(scorer, text, explained_as(b, a, text), sizes, s)
        for a, b, s in zip(activations, others, seeds, strict=True)
    ]
    return Judged(scores=own, shuffled=shuffled)


def unlike(meanings: Sequence[tuple[str, ...]]) -> list[int]:
    """For each feature the next one, round the list, that shares no meaning, else the fewest."""
    found = []
    for i, own in enumerate(meanings):
        nexts = [(i + step) % len(meanings) for step in range(1, len(meanings))]
        found.append(min(nexts, key=lambda j: len({*own} & {*meanings[j]})))
    return found


def explained_as(other: np.ndarray, own: np.ndarray, text: Text) -> np.ndarray:
    """A feature with another's activations where explanations are made: a shuffled explanation."""
    return np.where((text.block == EXPLAIN)[:, None], other, own)


def score_of(
    scorer: Scorer, text: Text, activations: np.ndarray, sizes: Excerpts, seed: list[int]
) -> float | None:
    """Score on top and random fragments, mean over the blocks; none where it cannot be had."""
    drawn = drawn_for(activations, text.block, sizes, np.random.default_rng(seed))
    if not drawn:
        return None
    found = float(np.mean(scorer(Case(text, activations, *drawn)).scores["top_and_random"]))
    return None if np.isnan(found) else found
