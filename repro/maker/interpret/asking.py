"""Work of the stage: scorers that ask a language model, on some units and planted features."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from repro.maker.decompositions.registry import decomposition_of
from repro.maker.engine.job import Job
from repro.maker.engine.result import read_result, write_result
from repro.maker.interpret.case import Case, Scorer
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.detection import Detection
from repro.maker.interpret.llm.fuzzing import Fuzzing
from repro.maker.interpret.llm.intruder import Intruder
from repro.maker.interpret.llm.shared import shared_client
from repro.maker.interpret.llm.simulate import Simulation
from repro.maker.interpret.prepared import read_activations, read_text
from repro.maker.interpret.results import (
    AskedPlanted,
    AskedUnit,
    AskedUnits,
    Asking,
    Explained,
    Spent,
)
from repro.maker.interpret.units import UnitsJob, case_of, codes_of, drawn_units, told
from repro.maker.interpret.validity import judged
from repro.maker.params.interpret import Excerpts, Planted
from repro.maker.params.llm import Llm

_ALL = (Simulation, Detection, Fuzzing, Intruder)
SCORERS: Mapping[str, Callable[[Client], Scorer]] = {one.name: one for one in _ALL}
"""Every scorer that asks, by its name."""
ENDS = {one.name: one.ends for one in _ALL}
"""Worst and best score of each."""


class AskUnitsJob(Job):
    """All scorers that ask, on some units of one decomposition."""

    of: UnitsJob
    """The decomposition, and how fragments of its units are drawn."""
    found: Path
    """What its units came to; the folder's name is its hash."""
    n_asked: int
    """Units that are asked about: the first drawn among those that do something."""
    llm: Llm
    """Who is asked, by which scorers."""


class AskPlantedJob(Job):
    """One scorer that asks, on features of one number of meanings."""

    scorer: str
    """The scorer."""
    n_meanings: int
    """Meanings of each feature."""
    text: Path
    """Result of the text; its name is its hash."""
    planted: Planted
    """The features by which all scorers are judged; the first of them are asked about."""
    excerpts: Excerpts
    """Fragments drawn for each."""
    llm: Llm
    """Who is asked, about how many."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


def ask_units_item(job: AskUnitsJob, folder: Path) -> None:
    """Work: explanation and scores of each unit that is asked about."""
    torch.set_num_threads(job.of.threads)
    cases = cases_of(job)
    with shared_client(job.llm) as client:
        scorers = [SCORERS[name](client) for name in job.llm.scorers]
        units = [_asked(unit, case, scorers) for unit, case in cases.items()]
        write_result(folder, AskedUnits(units=units, asking=_asking(client)))


def ask_planted_item(job: AskPlantedJob, folder: Path) -> None:
    """Work: the score of each feature, and with the explanation of one of other meanings."""
    torch.set_num_threads(job.threads)
    text, _ = read_text(job.text)
    few = job.planted.model_copy(update={"features": job.llm.planted})
    with shared_client(job.llm) as client:
        scorer = SCORERS[job.scorer](client)
        explains = job.scorer != Intruder.name
        found = judged(scorer, text, job.n_meanings, few, job.excerpts, explains)
        write_result(folder, AskedPlanted(judged=found, asking=_asking(client)))


def cases_of(job: AskUnitsJob) -> dict[int, Case | None]:
    """What is shown of the units, by their numbers: the fragments that the other scorers saw."""
    found = read_result(job.found, Explained)
    text, _ = read_text(job.of.text)
    x, is_kept = read_activations(job.of.read, job.of.asked.of.site)
    drawn = np.array([unit.unit for unit in found.units], dtype=int)
    # Of all that were drawn, since fewer columns at once are summed in another order.
    codes = codes_of(decomposition_of(job.of.asked), x, drawn)
    codes[~is_kept] = 0.0
    places = {unit: place for place, unit in enumerate(drawn.tolist())}
    return {
        unit: case_of(job.of, text, codes[..., places[unit]].numpy(), unit)
        for unit in first_effective(job.of, found, job.n_asked)
    }


def first_effective(job: UnitsJob, found: Explained, count: int) -> list[int]:
    """The units that were drawn first among those that do something; the first have cards too."""
    drawn = [unit.unit for unit in found.units if unit.is_effective]
    eligible = torch.from_numpy(np.isin(np.arange(found.n_units), drawn))
    return drawn_units(eligible, count, [job.seed, job.asked.seed, 0]).tolist()


def _asked(unit: int, case: Case | None, scorers: list[Scorer]) -> AskedUnit:
    found = {scorer.name: scorer(case) for scorer in scorers} if case else {}
    lines = (line for one in found.values() for line in one.explanation)
    scores = {name: told(one) for name, one in found.items()}
    return AskedUnit(
        unit=unit,
        explanation=next(lines, ""),
        scores={scorer.name: scores.get(scorer.name, {}) for scorer in scorers},
    )


def _asking(client: Client) -> Asking:
    spent = {
        purpose: Spent(
            requests=tally.requests,
            prompt_tokens=tally.prompt_tokens,
            completion_tokens=tally.completion_tokens,
        )
        for purpose, tally in client.ledger.by_purpose().items()
    }
    return Asking(spent=spent, transcripts=sorted(client.asked))
