"""A table speaks of what its header claims: sites, seeds, tokens, the paper's setting."""

from typing import Any

import pytest

from repro.contract.evidence import Table, read_evidence
from repro.contract.scoped import contradictions
from tests.planted_evidence import World, write_world


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, World())
    return read_evidence(folder, "fidelity")


def told(table: Table, **scope: Any) -> list[str]:
    """What is contradicted once the scope says something else."""
    assert table.header.scope is not None
    other = table.header.scope.model_copy(update=scope)
    return list(contradictions(table.header.model_copy(update={"scope": other}), table.columns))


def test_an_honest_scope_is_borne_out(table: Table):
    assert told(table) == []


@pytest.mark.parametrize(
    ("claimed", "says"),
    [
        ({"sites": {"late": "blocks.2"}}, "rows at middle, its scope speaks of late"),
        ({"seeds": [0, 1]}, "it has seeds 2, its scope speaks of 0, 1"),
        ({"seeds": [0, 1, 2, 3]}, "its scope speaks of seeds 3, of which it has no row"),
        ({"tokens": {"heldout": 10**6}}, "its scope speaks of 1000000 held-out tokens"),
        ({"is_paper_setting": True}, "the paper's own setting, yet its model is planted"),
    ],
    ids=["sites", "fewer seeds", "more seeds", "tokens", "paper"],
)
def test_a_scope_that_the_rows_do_not_bear_out_is_told(
    table: Table, claimed: dict[str, Any], says: str
):
    (one,) = told(table, **claimed)
    assert says in one


@pytest.mark.parametrize("size", ["70m", "410m"])
def test_the_papers_models_may_claim_its_setting(table: Table, size: str):
    assert told(table, is_paper_setting=True, model=f"EleutherAI/pythia-{size}-deduped") == []


def test_what_has_no_scope_contradicts_none(table: Table):
    header = table.header.model_copy(update={"scope": None})
    assert list(contradictions(header, table.columns)) == []
