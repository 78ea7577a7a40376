"""interpret: how interpretable the units of every decomposition are, scored automatically."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from repro.contract.cards import write_cards
from repro.contract.rows.interpret import (
    BudgetRow,
    InterpretRow,
    PlantedUnitRow,
    SampledRow,
    ScorerRow,
    UnitRow,
)
from repro.contract.rows.row import Row
from repro.maker.about import about, write_tables
from repro.maker.engine.executor import crew
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.interpret.asking import ENDS as ASKED_ENDS
from repro.maker.interpret.interview import Interview
from repro.maker.interpret.jobs import Inputs, InterpretJobs, Sections
from repro.maker.interpret.llm.shared import closed_afterwards
from repro.maker.interpret.results import Judged
from repro.maker.interpret.scorers import ENDS
from repro.maker.interpret.tables import (
    Dictionary,
    budget_rows,
    interpret_rows,
    planted_unit_rows,
    sampled_rows,
    scorer_rows,
    unit_rows,
)
from repro.maker.interpret.units import units_item
from repro.maker.interpret.validity import judge_item
from repro.maker.params.interpret import Interpret
from repro.maker.stage import Stage


def run(params: Sections, inputs: Inputs, out: Path, own: Path) -> None:
    """Judge the scorers on features of known meaning, then score every decomposition's units.

    Top-k baselines keep as many codes as the dictionary of the middle penalty has at their site,
    so trained ones are counted first. Tables go to `out`; the cards of some units, and what a
    language model was asked, to `own`.
    """
    with (
        scratch_folder(out, "interpret-items") as scratch,
        closed_afterwards(),
        crew(params.interpret.executor, scratch) as workers,
    ):
        bench = InterpretJobs(params, inputs, workers)
        interview = Interview(params.interpret, bench.text, scratch)
        validity = list(bench.validity())
        told = workers.map(judge_item, validity, desc="scorers, before they judge")
        judged = bench.judged(validity, told) | interview.judged()
        asked = list(bench.trained())
        trained = workers.map(units_item, asked, desc="trained dictionaries")
        others = list(bench.baselines(asked, trained))
        plain = workers.map(units_item, others, desc="other decompositions")
        listed = list(bench.listed_elsewhere())
        elsewhere = workers.map(units_item, listed, desc="features that other stages rest on")
        of_tables, results = [*asked, *others], [*trained, *plain]
        found = interview.about(of_tables, results, [*bench.dictionaries(of_tables, results)])
        counts = bench.counts() | interview.counts()
        told = about(params, inputs, counts, **bench.made_with(), **interview.cost())
        write_tables(scratch / "out", tables(found, judged, params.interpret), told)
        write_cards(scratch / "own", interview.cards(bench.cards([*results, *elsewhere])))
        interview.give_transcripts(own)
        put_files_in_place(scratch / "own", own)
        put_files_in_place(scratch / "out", out)


def tables(
    found: Sequence[Dictionary], judged: Mapping[tuple[str, int], Judged], ours: Interpret
) -> dict[str, list[Row]]:
    """The rows of every table."""
    ends = {**ENDS, **ASKED_ENDS}
    return {
        "interpret": [*interpret_rows(found, ends, ours.blocks, ours.seed)],
        "sampled": [*sampled_rows(found)],
        "units": [*unit_rows(found)],
        "budgets": [*budget_rows(found)],
        "scorers": [*scorer_rows(judged)],
        "planted_units": [*planted_unit_rows(judged)],
    }


STAGE = Stage(
    run,
    desc="How interpretable the units of every decomposition are, scored automatically.",
    tables=(InterpretRow, SampledRow, UnitRow, BudgetRow, ScorerRow, PlantedUnitRow),
)
