"""features: units of a single meaning, what they do, what makes them fire, what absorbs them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from repro.contract.rows.features import (
    AblationRow,
    AbsorptionRow,
    CircuitRow,
    EdgeRow,
    FeaturesRow,
    LevelRow,
    PurityRow,
)
from repro.contract.rows.row import Row
from repro.maker.about import about, write_tables
from repro.maker.decompositions.listed import write_listed
from repro.maker.engine.executor import Crew, crew
from repro.maker.engine.result import read_result
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.features.ablate import Ablated, ablate_item, planted_edit_item
from repro.maker.features.bench import SHUFFLED, Bench, Inputs, Sections
from repro.maker.features.contexts import contexts_item
from repro.maker.features.letters import (
    Absorbed,
    absorption_item,
    planted_words_item,
    words_item,
)
from repro.maker.features.measure import FeaturesJob, Found, features_item, planted_item
from repro.maker.features.wired import Wired, circuits_item, planted_circuit_item
from repro.maker.stage import Stage

Tables = dict[str, list[Row]]


class Searched(NamedTuple):
    """A decomposition with what the search found in it."""

    job: FeaturesJob
    """The decomposition."""
    found: Found
    """Its rows."""


def run(params: Sections, inputs: Inputs, out: Path, own: Path) -> None:
    """Search on one half of the text, judge on the other; ablate, trace and spell.

    Tables go to `out`; which features were found, for their cards, to `own`.
    """
    how = params.features.executor
    with scratch_folder(out, "features-items") as scratch, crew(how, scratch) as workers:
        bench = Bench(params, inputs, workers)
        searched, tables = _search(bench, workers)
        tables |= _ablate(bench, searched, workers)
        circuits, n_rare = _trace(bench, workers)
        tables |= circuits | _spell(bench, [one.job for one in searched], workers)
        counts = bench.counts() | {"circuit_targets_too_rare": n_rare}
        text = bench.how.text.name
        told = about(params, inputs, counts, text=text, threads=how.threads)
        write_tables(scratch / "out", tables, told)
        write_listed(scratch / "own", _listed(searched))
        put_files_in_place(scratch / "own", own)
        put_files_in_place(scratch / "out", out)


def _listed(searched: Sequence[Searched]) -> Iterator[tuple[str, list[int]]]:
    """The units that were found in each trained dictionary."""
    for job, found in searched:
        if job.asked.file and job.method != SHUFFLED:
            yield job.asked.sha256, [row.feature for row in found.features]


def _search(bench: Bench, workers: Crew) -> tuple[list[Searched], Tables]:
    """Every decomposition searched for every target."""
    jobs = [*bench.trained(), *bench.shuffled(), *bench.baselines()]
    results = workers.map(features_item, jobs, desc="search")
    found = [read_result(folder, Found) for folder in results]
    planted = workers.map(planted_item, list(bench.planted()), desc="search, planted")
    rows = [*found, *(read_result(folder, Found) for folder in planted)]
    tables: Tables = {
        "features": [row for one in rows for row in one.features],
        "purity": [row for one in rows for row in one.purity],
        "feature_levels": [row for one in rows for row in one.levels],
    }
    return [Searched(job, one) for job, one in zip(jobs, found, strict=True)], tables


def _ablate(bench: Bench, searched: Sequence[Searched], workers: Crew) -> Tables:
    """The units that were found taken out of the activations."""
    contexts = workers.map(contexts_item, list(bench.contexts()), desc="contexts")
    jobs = list(bench.ablations(searched, contexts))
    results = workers.map(ablate_item, jobs, desc="ablation")
    planted = list(bench.planted_edits(contexts))
    results += workers.map(planted_edit_item, planted, desc="ablation, planted")
    rows = [row for folder in results for row in read_result(folder, Ablated).rows]
    return {"feature_ablations": [*rows]}


def _trace(bench: Bench, workers: Crew) -> tuple[Tables, int]:
    """Parents of features at an earlier site; and how many targets stand in too few contexts."""
    results = workers.map(circuits_item, list(bench.circuits()), desc="circuits")
    planted = list(bench.planted_circuits())
    results += workers.map(planted_circuit_item, planted, desc="circuits, planted")
    found = [read_result(folder, Wired) for folder in results]
    tables: Tables = {
        "circuits": [row for one in found for row in one.circuits],
        "circuit_edges": [row for one in found for row in one.edges],
    }
    return tables, sum(one.n_too_rare for one in found)


def _spell(bench: Bench, jobs: Sequence[FeaturesJob], workers: Crew) -> Tables:
    """Words whose first letter the dictionary's own latents miss."""
    words = workers.map(words_item, list(bench.words()), desc="words")
    asked = list(bench.absorptions(jobs, words))
    results = workers.map(absorption_item, asked, desc="absorption")
    planted = list(bench.planted_words())
    results += workers.map(planted_words_item, planted, desc="absorption, planted")
    rows = [row for folder in results for row in read_result(folder, Absorbed).rows]
    return {"absorption": [*rows]}


STAGE = Stage(
    run,
    desc="Units of a single meaning, what they do, what makes them fire, what absorbs them.",
    tables=(
        FeaturesRow,
        PurityRow,
        LevelRow,
        AblationRow,
        CircuitRow,
        EdgeRow,
        AbsorptionRow,
    ),
)
