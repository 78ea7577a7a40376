"""The second judge agrees with the committed verdicts, and would say where it did not."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from repro.contract.verdict import Finding, Part, Status, Verdict, Verdicts
from repro.contract.verdict_file import read_verdicts
from repro.second.agree import disagreements
from repro.second.decide import decide_all
from repro.second.ruling import Ruling
from repro.spec import load_claims
from tests.import_graph import ROOT, imports_of

LAPTOP = ROOT / "reports" / "laptop"
MAY_READ = (
    "repro.second",
    "repro.spec",
    "repro.contract.rows",
    "repro.contract.verdict",
    "repro.contract.vocabulary",
    "repro.errors",
)
"""What the second judge may know of the rest: specifications, rows and words, verdict files."""


@pytest.fixture(scope="module")
def second() -> Mapping[str, Ruling]:
    return decide_all(LAPTOP / "evidence", load_claims(ROOT / "claims"), {})


@pytest.fixture(scope="module")
def first() -> Verdicts:
    return read_verdicts(LAPTOP / "verdicts.json")


@pytest.mark.parametrize("path", sorted((ROOT / "repro" / "second").glob("*.py")), ids=str)
def test_it_shares_no_code_with_the_first_judge(path: Any):
    ours = {name for name in imports_of(path) if name.split(".")[0] == "repro"}
    assert {name for name in ours if not name.startswith(MAY_READ)} == set()


def test_the_committed_evidence_gives_the_committed_verdicts(
    first: Verdicts, second: Mapping[str, Ruling]
):
    assert disagreements(first, second) == []


def changed(first: Verdicts, name: str, **fields: Any) -> Verdicts:
    """The verdicts with other fields in one of them."""
    verdicts = [one.model_copy(update=fields) if one.id == name else one for one in first.verdicts]
    return first.model_copy(update={"verdicts": verdicts})


def detailed(first: Verdicts, name: str, **fields: Any) -> Verdicts:
    """The verdicts with other details of one of them."""
    details = dict(first.scope.details)
    details[name] = details[name].model_copy(update=fields)
    scope = first.scope.model_copy(update={"details": details})
    return first.model_copy(update={"scope": scope})


def part(first: Verdicts, name: str, change: Callable[[Part], dict[str, Any]]) -> Verdicts:
    """The verdicts with a change to the first part of one of them."""
    one, *others = first.scope.details[name].parts
    return detailed(first, name, parts=[one.model_copy(update=change(one)), *others])


def control(first: Verdicts, name: str, **fields: Any) -> Verdicts:
    """The verdicts with a change to the first control of one of them."""
    one, *others = of(first, name).controls
    return changed(first, name, controls=[one.model_copy(update=fields), *others])


def of(first: Verdicts, name: str) -> Verdict:
    return next(one for one in first.verdicts if one.id == name)


def moved(field: str, by: float = 1e-7) -> Callable[[Part], dict[str, Any]]:
    return lambda one: {field: getattr(one, field) + by}


CHANGES: dict[str, tuple[str, Callable[[Verdicts], Verdicts]]] = {
    "c01: status is": ("refuted", lambda v: changed(v, "c01", status=Status.REFUTED)),
    "c05: status is": ("broken", lambda v: changed(v, "c05", status=Status.BROKEN)),
    "c01: estimate is": ("0.37", lambda v: changed(v, "c01", estimate=0.37)),
    "c01: low is": ("not given", lambda v: changed(v, "c01", low=None)),
    "c01: high is": ("0.5", lambda v: changed(v, "c01", high=0.5)),
    "c01: p is": ("0.001", lambda v: detailed(v, "c01", p=0.001)),
    "c01: p over all claims is": ("0.5", lambda v: detailed(v, "c01", p_holm=0.5)),
    "c17: status over all claims is": (
        "refuted",
        lambda v: detailed(v, "c17", family_status=Status.REFUTED),
    ),
    "c06: finding is": ("smaller", lambda v: detailed(v, "c06", finding=Finding.SMALLER)),
    "c01: number of parts is": ("0", lambda v: detailed(v, "c01", parts=[])),
    "c01: status of part 1 is": (
        "refuted",
        lambda v: part(v, "c01", lambda _: {"status": Status.REFUTED}),
    ),
    "c01: estimate of part 1 is": ("0.34", lambda v: part(v, "c01", moved("estimate"))),
    "c01: low of part 1 is": ("0.28", lambda v: part(v, "c01", moved("low"))),
    "c01: high of part 1 is": ("0.41", lambda v: part(v, "c01", moved("high"))),
    "c01: joint_low of part 1 is": ("0.23", lambda v: part(v, "c01", moved("joint_low"))),
    "c01: joint_high of part 1 is": ("0.46", lambda v: part(v, "c01", moved("joint_high"))),
    "c15: interpolation of part 1 is": (
        "not given",
        lambda v: part(v, "c15", lambda _: {"interpolation": None}),
    ),
    "c06: status of control `the model does the task` is": (
        "invalid",
        lambda v: control(v, "c06", status=Status.INVALID),
    ),
    "c06: whether control `the model does the task` behaved is": (
        "False",
        lambda v: control(v, "c06", ok=False),
    ),
    "c06: the verdicts do not have this claim": (
        "",
        lambda v: v.model_copy(update={"verdicts": [x for x in v.verdicts if x.id != "c06"]}),
    ),
}


@pytest.mark.parametrize("begins", CHANGES)
def test_one_changed_word_or_number_is_one_sentence(
    first: Verdicts, second: Mapping[str, Ruling], begins: str
):
    told, change = CHANGES[begins]
    (sentence,) = disagreements(change(first), second)
    assert sentence.startswith(begins)
    assert told in sentence


def test_a_control_or_a_claim_that_only_one_of_them_has_is_told(
    first: Verdicts, second: Mapping[str, Ruling]
):
    without = changed(first, "c06", controls=of(first, "c06").controls[1:])
    assert len(disagreements(without, second)) == 2
    fewer = {name: one for name, one in second.items() if name != "c06"}
    assert disagreements(first, fewer) == ["c06: the rulings do not have this claim."]


def test_the_last_bits_of_a_number_do_not_matter(first: Verdicts, second: Mapping[str, Ruling]):
    assert disagreements(part(first, "c01", moved("estimate", 1e-11)), second) == []
    assert len(disagreements(part(first, "c01", moved("estimate", 1e-8)), second)) == 1
    assert disagreements(part(first, "c01", moved("estimate", 1e-8)), second, 1e-6) == []
