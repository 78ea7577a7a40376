"""Tables of two runs are never judged together, whichever link of the chain differs."""

from typing import Any

import pytest

from repro.contract.header import CHAIN, Header, Scope
from repro.judge.one_run import strangers
from tests import judge_strategies
from tests.judge_strategies import SCOPE

RUN = {"profile": "smoke", **judge_strategies.RUN}


def header(name: str, *, scope: Any = SCOPE, **provenance: Any) -> Header:
    return Header(
        name=name, stage="fidelity", n_rows=1, columns={}, counts={}, scope=scope,
        provenance=RUN | provenance, sha256="0" * 64,
    )  # fmt: skip


def test_tables_of_one_run_are_strangers_to_none():
    assert strangers([header("fidelity"), header("refit"), header("toy", scope=None)]) == {}
    assert strangers([]) == {}


@pytest.mark.parametrize("link", CHAIN)
def test_a_table_of_other_hashes_is_told(link: str):
    others = [header("fidelity"), header("spliced")]
    found = strangers([header("refit", **{link: "b" * 64}), *others])
    assert found.keys() == {"refit"}
    assert f"it differs in {link}" in found["refit"].found
    assert found["refit"].mend == "dvc repro fidelity"


@pytest.mark.parametrize("link", CHAIN)
def test_a_table_that_does_not_tell_its_run_is_of_none(link: str):
    silent = header("refit")
    del silent.provenance[link]
    found = strangers([silent, header("fidelity")])
    assert found.keys() == {"refit"}
    assert f"its provenance has no {link}" in found["refit"].found
    assert found["refit"].mend == "dvc repro fidelity"
    of_no_model = header("toy", scope=None)
    del of_no_model.provenance[link]
    assert strangers([of_no_model, header("fidelity")]) == {}


OTHER = Scope(
    model="other", text="other", sources={}, bos="other", sites={}, tokens={}, seeds=[7],
    device="other", max_logit_difference=1.0, is_paper_setting=True,
)  # fmt: skip


@pytest.mark.parametrize("key", Scope.model_fields)
def test_a_table_of_another_scope_is_told(key: str):
    other = SCOPE.model_copy(update={key: getattr(OTHER, key)})
    found = strangers([header("fidelity"), header("refit"), header("spliced", scope=other)])
    assert found.keys() == {"spliced"}
    assert f"it differs in {key}" in found["spliced"].found


def test_where_as_many_tell_another_run_the_first_is_the_run():
    one, other = header("fidelity"), header("refit", trained_sha256="b" * 64)
    assert strangers([one, other]).keys() == {"refit"}
    assert strangers([other, one]).keys() == {"fidelity"}
