"""The vocabulary holds every word that a stage writes, and plans no table that is there."""

import re
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest

from repro.contract.rows import command_of, row_models
from repro.contract.vocabulary import (
    BY_PEOPLE,
    METHODS,
    PLANNED,
    SITES,
    VALUES,
    awaited,
    columns_of,
    made,
    tables,
)
from repro.contract.written import column_types
from repro.maker.decompositions.registry import CHANGED, UNTRAINED
from repro.maker.dictionaries.architectures.registry import ARCHITECTURES
from repro.maker.fidelity import measure
from repro.maker.ioi import prompts
from repro.maker.ioi.jobs import ENDS
from repro.maker.params.activate import Activate, Untrained
from repro.maker.params.ioi import Baseline, Localisation
from repro.maker.params.model import load_params
from repro.maker.params.plant import PLANTED, TOY
from tests.import_graph import ROOT

OPEN = {
    *("template", "io", "subject", "counterfactual_io", "counterfactual_subject"),
    *("clean", "counterfactual", "names", "contexts", "rater", "token"),
    *("expected", "says", "parent_says", "letter"),
    *("keywords", "beginning", "plain", "steered"),
}
"""Columns of text that may hold anything."""
WEIGHTS = Untrained.model_fields["weights"].annotation
REPORTS = ROOT / "reports"
EVIDENCE = sorted(
    [*REPORTS.glob("laptop/evidence/*.parquet"), *REPORTS.glob("frontier/**/*.parquet")]
)


@pytest.mark.parametrize(
    "methods",
    [
        *(ARCHITECTURES, UNTRAINED, CHANGED, measure.BRACKETS, ENDS),
        get_args(Baseline),
    ],
)
def test_every_method_that_the_maker_names_is_declared(methods):
    assert methods
    assert set(methods) <= METHODS.keys()


def test_every_site_that_a_profile_measures_at_is_declared():
    """Roles in params are the user's own; those of our profiles are the ones that claims name."""
    for file in (ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*/params.yaml"))):
        assert load_params(file).activate.sites.keys() <= SITES.keys(), file
    fields = (Activate.model_fields[name] for name in ("hook_points", "untrained"))
    told = " ".join((field.description or "").partition("the roles")[2] for field in fields)
    named = {*re.findall(r"\w+", told)} - {"and", *get_args(WEIGHTS)}
    assert named == {site for site in SITES if not site.startswith("planted")}
    assert {*PLANTED} <= SITES.keys()
    assert not {*TOY} & SITES.keys(), "rows of the toy tell a regime in place of a site"


def test_what_a_prompt_and_a_localisation_may_be_is_what_the_maker_says():
    assert VALUES["corruption"] == {*get_args(prompts.Corruption)}
    assert VALUES["split"] == {*get_args(prompts.PromptSplit)}
    asked = get_args(Localisation.model_fields["selection"].annotation)
    assert VALUES["selection"] == {*asked, "none"}
    assert VALUES["regime"] == {site.removeprefix("planted_") for site in TOY}
    assert VALUES["matched"] - VALUES["method"] == {""}


@pytest.mark.parametrize("table", row_models())
def test_a_column_of_text_is_closed_or_said_to_be_open(table: str):
    kinds = column_types(row_models()[table])
    text = {column for column, kind in kinds.items() if kind == "str"}
    assert text <= VALUES.keys() | OPEN
    assert {*row_models()[table].outcomes} <= VALUES.keys()


@pytest.mark.parametrize("column", VALUES)
def test_a_closed_column_is_one_of_some_table_and_holds_text_or_numbers(column: str):
    assert any(column in columns_of(table) for table in tables())
    assert len({type(value) for value in VALUES[column]}) == 1


@pytest.mark.parametrize("path", EVIDENCE, ids=lambda path: str(path.relative_to(REPORTS)))
def test_no_committed_evidence_holds_a_word_that_is_not_declared(path: Path):
    table = pq.ParquetFile(path).read()
    assert set(table.column_names) == columns_of(path.stem)
    for column in VALUES.keys() & set(table.column_names):
        assert set(table[column].to_pylist()) <= VALUES[column], column


def test_there_is_evidence_of_every_table_that_a_run_makes():
    assert {path.stem for path in EVIDENCE} - BY_PEOPLE == {*made()}
    assert {*made()} == row_models().keys() - BY_PEOPLE
    assert row_models().keys() >= BY_PEOPLE


@pytest.mark.parametrize("table", PLANNED)
def test_a_table_that_has_become_real_is_no_longer_planned(table: str):
    assert table not in row_models(), f"take {table!r} out of PLANNED: a stage writes it now"
    assert columns_of(table) == PLANNED[table].columns


def test_a_table_is_awaited_from_the_stage_that_writes_it_or_will():
    assert awaited("spliced") == "fidelity"
    assert awaited("ratings") == "rate"
    assert awaited("nothing") == "nothing"
    assert columns_of("nothing") == frozenset()
    assert tables() == row_models().keys() | PLANNED.keys()


def test_a_table_that_people_fill_is_made_by_a_command_and_no_other_is():
    assert {name for name, model in row_models().items() if model.command} == BY_PEOPLE
    assert command_of("ratings", "profiles/smoke/dvc.yaml:").startswith("repro rate --export ")
    assert command_of("spliced") == "dvc repro fidelity"
    assert command_of("units", "profiles/smoke/dvc.yaml:") == (
        "dvc repro profiles/smoke/dvc.yaml:interpret"
    )
    assert command_of("nothing") == "dvc repro nothing"


def test_no_word_is_without_a_meaning_and_no_meaning_is_given_twice():
    for words in (METHODS, SITES):
        assert all(words.values())
        assert len({*words.values()}) == len(words)
