"""A file of verdicts that contradicts itself is refused, whichever word was changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from repro.contract.consistent import contradictions
from repro.contract.verdict_file import read_verdicts
from repro.errors import VerdictError
from repro.files import write_json
from tests.import_graph import ROOT

LAPTOP = ROOT / "reports" / "laptop" / "verdicts.json"
SMOKE = ROOT / "reports" / "smoke" / "baseline.json"
COMMITTED = sorted((ROOT / "reports").glob("*/*.json"))
Content = dict[str, Any]


def content(path: Path = LAPTOP) -> Content:
    return json.loads(path.read_bytes())


def of(file: Content, claim: str) -> Content:
    return next(one for one in file["verdicts"] if one["id"] == claim)


def details(file: Content, claim: str) -> Content:
    return file["scope"]["details"][claim]


def first(file: Content, status: str) -> str:
    """A claim of the committed verdicts that came to a word."""
    return next(one["id"] for one in file["verdicts"] if one["status"] == status)


@pytest.mark.parametrize(
    "path", [LAPTOP, LAPTOP.with_name("baseline.json"), ROOT / "reports/smoke/baseline.json",
             *sorted((ROOT / "reports/history").glob("*.json"))], ids=lambda p: p.name,
)  # fmt: skip
def test_committed_files_are_at_one_with_themselves(path: Path):
    assert contradictions(read_verdicts(path)) == []


def say(status: str, instead: str) -> Callable[[Content], None]:
    def change(file: Content) -> None:
        of(file, first(file, status))["status"] = instead

    return change


def set_in(claim: str, **values: Any) -> Callable[[Content], None]:
    return lambda file: of(file, claim).update(values)


def in_details(claim: str, **values: Any) -> Callable[[Content], None]:
    return lambda file: details(file, claim).update(values)


def in_part(claim: str, i: int = 0, **values: Any) -> Callable[[Content], None]:
    return lambda file: details(file, claim)["parts"][i].update(values)


def in_control(claim: str, **values: Any) -> Callable[[Content], None]:
    return lambda file: of(file, claim)["controls"][0].update(values)


def in_saboteur(claim: str, **values: Any) -> Callable[[Content], None]:
    return lambda file: details(file, claim)["saboteurs"][0].update(values)


def twice(file: Content) -> None:
    file["verdicts"].append(of(file, "c15"))


def gone(file: Content) -> None:
    file["verdicts"].remove(of(file, "c15"))


def without_the_part_that_decides(file: Content) -> None:
    details(file, "c18")["parts"].pop(0)


def without_saboteurs(file: Content) -> None:
    of(file, "c15")["saboteurs"] = {"caught": 2, "total": 2}


PLANTED: dict[str, Callable[[Content], None]] = {
    "refuted made supported": say("refuted", "supported"),
    "refuted made inconclusive": say("refuted", "inconclusive"),
    "supported made refuted": say("supported", "refuted"),
    "supported made absent": say("supported", "absent"),
    "supported made invalid": say("supported", "invalid"),
    "inconclusive made supported": say("inconclusive", "supported"),
    "estimate outside": set_in("c15", estimate=9.0),
    "estimate moved within": set_in("c15", estimate=0.0556),
    "interval widened": set_in("c15", low=0.0, high=0.2),
    "end gone": set_in("c15", low=None),
    "numbers gone": set_in("c15", estimate=None, low=None, high=None),
    "a size below zero": set_in("c15", n={"rows": -1}),
    "controls fail": in_control("c15", ok=False),
    "a control came out otherwise": in_control("c20", status="inconclusive"),
    "a control broke": in_control("c15", status="broken"),
    "a control must otherwise": in_control("c20", must="refuted"),
    "more caught than run": set_in("c15", saboteurs={"caught": 9, "total": 4}),
    "caught saboteurs gone": without_saboteurs,
    "a saboteur that was missed": in_saboteur("c15", status="supported"),
    "a saboteur not caught": in_saboteur("c15", caught=False),
    "a part says otherwise": in_part("c15", status="refuted"),
    "a threshold moved": in_part("c15", threshold=[0.06]),
    "a side turned": in_part("c15", side="below"),
    "a joint interval moved": in_part("c06", joint_high=0.2),
    "the part that decides hidden": without_the_part_that_decides,
    "a finding of a support": in_details("c15", finding="the opposite"),
    "a p-value beyond one": in_details("c15", p=1.5),
    "a p-value smaller over all": in_details("c15", p_holm=1e-9),
    "over all the opposite": in_details("c15", family_status="refuted"),
    "twice": twice,
    "details without a verdict": gone,
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_changed_word_or_number_is_refused(planted: Callable[[Content], None], tmp_path: Path):
    file = content()
    planted(file)
    write_json(tmp_path / "verdicts.json", file)
    with pytest.raises(VerdictError, match="contradicts itself"):
        read_verdicts(tmp_path / "verdicts.json")


def test_an_invalid_claim_made_a_supported_one_is_refused(tmp_path: Path):
    """Of the smoke profile, as no claim of the laptop's is invalid."""
    file = content(SMOKE)
    say("invalid", "supported")(file)
    write_json(tmp_path / "verdicts.json", file)
    with pytest.raises(VerdictError, match="contradicts itself"):
        read_verdicts(tmp_path / "verdicts.json")


def test_many_contradictions_are_told_in_short(tmp_path: Path):
    file = content()
    for claim in ("c14", "c15", "c16", "c20", "c22"):
        of(file, claim)["status"] = "refuted"
    write_json(tmp_path / "verdicts.json", file)
    with pytest.raises(VerdictError) as caught:
        read_verdicts(tmp_path / "verdicts.json")
    assert "c14: it is refuted, yet its conditions come to supported" in caught.value.found
    assert "more)" in caught.value.found
    assert "repro verify" in caught.value.mend
