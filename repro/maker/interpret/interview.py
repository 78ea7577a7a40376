"""What the stage asks a language model, and what the answers add to its tables and cards.

Nothing is asked where `interpret.llm` is null. Jobs follow one another in this process, since they
share one endpoint; the requests of each run at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from repro.contract.cards import Card
from repro.maker.engine.executor import crew
from repro.maker.engine.result import read_result
from repro.maker.interpret.asking import (
    AskPlantedJob,
    AskUnitsJob,
    ask_planted_item,
    ask_units_item,
)
from repro.maker.interpret.cards import id_of
from repro.maker.interpret.llm.transcripts import Transcripts
from repro.maker.interpret.planted import MOST_MEANINGS
from repro.maker.interpret.results import (
    AskedPlanted,
    AskedUnit,
    AskedUnits,
    Asking,
    Judged,
    mean_score,
)
from repro.maker.interpret.tables import Dictionary
from repro.maker.interpret.units import UnitsJob
from repro.maker.params.executor import Executor
from repro.maker.params.interpret import Interpret

TRANSCRIPTS = "transcripts"
"""Folder in the stage's own, with every request of the run and its reply."""


class Interview:
    """Whom the stage asks, and all that was answered so far."""

    def __init__(self, params: Interpret, text: Path, scratch: Path) -> None:
        self.params, self.text, self.scratch = params, text, scratch
        self.how = Executor(kind="inline", workers=1, threads=params.executor.threads)
        self.asked: list[Asking] = []
        self.units: dict[str, AskedUnit] = {}
        """By the name of a unit's card."""

    def judged(self) -> dict[tuple[str, int], Judged]:
        """Scorers that ask, on planted features: by scorer and number of meanings."""
        jobs = list(self._planted())
        with crew(self.how, self.scratch) as alone:
            folders = alone.map(ask_planted_item, jobs, desc="planted features, asked about")
        found = [read_result(folder, AskedPlanted) for folder in folders]
        self.asked += [one.asking for one in found]
        return {
            (job.scorer, job.n_meanings): one.judged for job, one in zip(jobs, found, strict=True)
        }

    def about(
        self, jobs: Sequence[UnitsJob], results: Sequence[Path], found: Sequence[Dictionary]
    ) -> list[Dictionary]:
        """Decompositions with what was answered about some of their units."""
        asking = list(self._units(jobs, results))
        if not asking:
            return [*found]
        with crew(self.how, self.scratch) as alone:
            folders = alone.map(ask_units_item, asking, desc="units, asked about")
        answers = [read_result(folder, AskedUnits) for folder in folders]
        self.asked += [one.asking for one in answers]
        for job, answer in zip(jobs, answers, strict=True):
            self.units |= {id_of(job.key, unit.unit): unit for unit in answer.units}
        return [with_answers(one, a) for one, a in zip(found, answers, strict=True)]

    def cards(self, cards: Iterable[Card]) -> Iterator[Card]:
        """The cards, with explanation and scores where the unit was asked about."""
        for card in cards:
            asked = self.units.get(card.id)
            yield with_explanation(card, asked) if asked else card

    def counts(self) -> dict[str, int]:
        """Denominators: units that were asked about, and those with a score by any scorer."""
        if not self.params.llm:
            return {}
        scored = [
            unit for unit in self.units.values() if any(map(_is_scored, unit.scores.values()))
        ]
        return {"units_asked_about": len(self.units), "units_answered": len(scored)}

    def cost(self) -> dict[str, Any]:
        """What asking cost, by purpose; the same in a replay."""
        if not self.params.llm:
            return {}
        return {
            "asked": {purpose: dict(cost) for purpose, cost in sorted(spent(self.asked).items())}
        }

    def give_transcripts(self, own: Path) -> None:
        """Let the stage's own folder hold the transcripts of this run."""
        if self.params.llm:
            keys = {key for one in self.asked for key in one.transcripts}
            Transcripts(Path(self.params.llm.transcripts)).give(keys, own / TRANSCRIPTS)

    def _planted(self) -> Iterator[AskPlantedJob]:
        ours = self.params
        if not ours.llm:
            return
        for scorer, n_meanings in product(ours.llm.scorers, range(1, MOST_MEANINGS + 1)):
            yield AskPlantedJob(
                scorer=scorer,
                n_meanings=n_meanings,
                text=self.text,
                planted=ours.planted,
                excerpts=ours.excerpts,
                llm=ours.llm,
                threads=ours.executor.threads,
            )

    def _units(self, jobs: Sequence[UnitsJob], results: Sequence[Path]) -> Iterator[AskUnitsJob]:
        """All seeds of a dictionary share the number of units."""
        llm = self.params.llm
        if not llm:
            return
        n_seeds, before = Counter(map(_without_seed, jobs)), Counter[Any]()
        for job, found in zip(jobs, results, strict=True):
            name = _without_seed(job)
            share = len(range(before[name], llm.max_features, n_seeds[name]))
            before[name] += 1
            yield AskUnitsJob(of=job, found=found, n_asked=share, llm=llm)


def with_answers(one: Dictionary, answers: AskedUnits) -> Dictionary:
    """A decomposition with the units that were asked about, which have those scores alone."""
    scores = {unit.unit: unit.scores for unit in answers.units}
    units = [
        unit.model_copy(update={"scores": scores[unit.unit], "matched": {}, "by_budget": {}})
        for unit in one.found.units
        if unit.unit in scores
    ]
    return one._replace(asked=one.found.model_copy(update={"units": units}))


def with_explanation(card: Card, asked: AskedUnit) -> Card:
    """A card with what a language model says of its unit, and how well that does."""
    found = {name: one.get("top_and_random", []) for name, one in asked.scores.items()}
    there = {name: scores for name, scores in found.items() if {*scores} - {None}}
    means = {name: mean_score(scores) for name, scores in there.items()}
    return card.model_copy(
        update={"explanation": asked.explanation, "scores": {**card.scores, **means}}
    )


def spent(asked: Iterable[Asking]) -> dict[str, dict[str, int]]:
    """Requests and tokens of some items, by purpose."""
    found: dict[str, Counter[str]] = {}
    for one in asked:
        for purpose, cost in one.spent.items():
            found.setdefault(purpose, Counter()).update(cost.model_dump())
    return {purpose: dict(cost) for purpose, cost in found.items()}


def _is_scored(by_variant: Mapping[str, Sequence[float | None]]) -> bool:
    return any({*scores} - {None} for scores in by_variant.values())


def _without_seed(job: UnitsJob) -> tuple[Any, ...]:
    return tuple(value for name, value in job.key.items() if name != "seed")
