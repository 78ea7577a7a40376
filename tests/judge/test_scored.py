"""A claim on scores is decided by one validated scorer; what others say stands beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from repro.contract.evidence import Table, read_evidence
from repro.contract.rows import row_models
from repro.contract.rows.row import Row
from repro.contract.verdict import Details, Status, UnderScorer
from repro.contract.written import write_evidence
from repro.errors import SpecError
from repro.judge.decide import Judgement, judge
from repro.spec import Claim, Scored, Where, load_claims
from tests import planted_interpret
from tests.planted_evidence import TRUE, write_world

FOLDER = Path(__file__).parents[2] / "claims"
CLAIMS = {claim.id: claim for claim in load_claims(FOLDER)}
ON_SCORES = ("c01", "c02", "c03", "c04", "k01", "k02")
GAINS = planted_interpret.World()
LOSES = planted_interpret.World(gain=-0.1, fade=0.0, left=0.1, reinitialised=0.9, frozen=0.9)
BLIND = replace(GAINS, auroc=0.6)
Told = Callable[[Claim, Mapping[str, planted_interpret.World]], Judgement]


@cache
def seen_by(scorer: str, world: planted_interpret.World) -> Mapping[str, Sequence[Row]]:
    """The tables of a world as a scorer sees it."""
    tables = planted_interpret.tables(world)
    return {
        name: [row.model_copy(update={"scorer": scorer}) for row in tables[name]]
        for name in ("interpret", "scorers")
    }


@pytest.fixture(scope="module")
def true(tmp_path_factory) -> Mapping[str, Table]:
    """Every table of a world in which all claims are true."""
    folder = tmp_path_factory.mktemp("true")
    write_world(folder, TRUE)
    return {name: read_evidence(folder, name) for name in row_models()}


@pytest.fixture
def told(true, tmp_path) -> Told:
    """What a claim comes to where each scorer sees a world of its own."""

    def judged(claim: Claim, by: Mapping[str, planted_interpret.World]) -> Judgement:
        about = true["interpret"].header
        held = {name: true[name] for name in claim.reads}
        for name in ("interpret", "scorers"):
            rows = [row for item in by.items() for row in seen_by(*item)[name]]
            write_evidence(
                tmp_path, name, rows,
                counts=about.counts, scope=about.scope, provenance=about.provenance,
            )  # fmt: skip
            held[name] = read_evidence(tmp_path, name)
        return judge(claim, held)

    return judged


def by_embedding(details: Details) -> UnderScorer:
    [found] = [one for one in details.scored if "sentence encoder" in one.name]
    return found


@pytest.mark.parametrize("id_", ON_SCORES)
def test_another_scorer_is_told_and_changes_nothing(id_, told):
    opposite = replace(GAINS, left=0.1) if id_ == "c03" else LOSES
    alone = told(CLAIMS[id_], {"rules": GAINS}).verdict
    found = told(CLAIMS[id_], {"rules": GAINS, "embedding": opposite})
    both, details = found.verdict, found.details
    assert alone.status is both.status is Status.SUPPORTED
    assert (alone.estimate, alone.low, alone.high) == (both.estimate, both.low, both.high)
    other = by_embedding(details)
    assert other.status is Status.REFUTED
    assert other.unit == "AUROC"
    assert other.estimate is not None
    assert other.estimate != both.estimate


@pytest.mark.parametrize("id_", ON_SCORES)
def test_a_scorer_that_was_not_run_is_absent(id_, told):
    details = told(CLAIMS[id_], {"rules": GAINS}).details
    assert len(details.scored) == 5
    assert {one.status for one in details.scored} == {Status.ABSENT}
    assert {one.estimate for one in details.scored} == {None}


def test_the_share_of_a_gain_that_is_not_there_is_inconclusive_and_says_why(told):
    verdict = told(CLAIMS["c03"], {"rules": LOSES}).verdict
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.estimate is None
    assert "precondition `there is a gain over the best of the paper's baselines`" in verdict.reason
    assert "is not above 0" in verdict.reason


def test_a_scorer_that_cannot_tell_mixtures_decides_nothing(told):
    details = told(CLAIMS["c01"], {"rules": GAINS, "embedding": BLIND}).details
    other = by_embedding(details)
    assert other.status is Status.INVALID
    assert "tells planted features of one meaning" in other.reason
    assert "The check alone says supported" in other.reason


@pytest.mark.parametrize("id_", ON_SCORES)
def test_without_a_valid_scorer_that_decides_the_claim_is_invalid(id_, told):
    found = told(CLAIMS[id_], {"rules": BLIND, "embedding": GAINS})
    assert found.verdict.status is Status.INVALID
    assert by_embedding(found.details).status is Status.SUPPORTED


@pytest.mark.parametrize(("chance", "score", "says"), [(0.0, 0.6, True), (0.5, 0.6, False)])
def test_thresholds_of_validity_are_counted_from_chance(chance, score, says, told):
    """A score of 0.6 is more than half of the way from 0 to 1, not from 0.5 to 1."""
    scored = (CLAIMS["c01"].scored[0], Scored(
        scorer="embedding", called="another", unit="1", chance=chance, refused=0.99
    ))  # fmt: skip
    claim = CLAIMS["c01"].model_copy(update={"scored": scored})
    rows = {"rules": GAINS, "embedding": replace(GAINS, pure=score)}
    [other] = told(claim, rows).details.scored
    assert other.status is (Status.SUPPORTED if says else Status.INVALID)
    assert ("features of one meaning are explained" in other.reason) is not says


def test_one_that_scores_no_explanation_is_not_asked_to_refuse_another_units():
    [intruder] = [one for one in CLAIMS["c01"].scored if one.scorer == "intruder"]
    assert [one.kind for one in intruder.controls] == ["positive", "positive"]
    assert [one.kind for one in CLAIMS["c01"].scored[0].controls] == [
        "positive",
        "positive",
        "negative",
    ]


def test_every_condition_on_the_scorer_is_read_anew_and_no_other():
    claim = CLAIMS["c01"]
    [other] = [one for one in claim.scored if one.scorer == "embedding"]
    before, after = str(claim.check), str(other.read(claim.check))
    assert "'rules'" in before
    assert after == before.replace("'rules'", "'embedding'")
    assert other.read(Where(column="method", values=("sae",))).values == ("sae",)


def test_the_check_must_be_on_the_rows_of_the_scorer_that_decides(tmp_path: Path):
    for path in (FOLDER / "_vocabulary.py", *FOLDER.glob("c01_*.py")):
        text = path.read_text(encoding="utf8")
        (tmp_path / path.name).write_text(text.replace("scored=SCORERS", "scored=SCORERS_LATER"))
    shared = tmp_path / "_vocabulary.py"
    text = shared.read_text(encoding="utf8")
    likeness = text[text.index('    Scored(\n        scorer="embedding"') :].split("    ),\n")[0]
    shared.write_text(f"{text}SCORERS_LATER = (\n{likeness}    ),\n)\n", encoding="utf8")
    (claim,) = tmp_path.glob("c01_*.py")
    claim.write_text(claim.read_text().replace("    SCORERS,\n", "    SCORERS_LATER,\n"))
    with pytest.raises(SpecError, match="the check of c01 asks another scorer") as caught:
        load_claims(tmp_path)
    assert "rows of embedding, the first scorer" in caught.value.expected
