"""Calibration: worlds of just the stated truth, faults that it must flag, results that last."""

import json
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as textbook

from repro.contract.evidence import Table, read_evidence
from repro.contract.proofs.calibration import ErrorRates, Errors, Power
from repro.contract.proofs.tallies import read_calibration, write_calibration
from repro.errors import EvidenceError
from repro.judge.checks import Outcome, run_check
from repro.proofs.calibration import run
from repro.proofs.calibration.boundaries import Edge, Subject, edges_of, placed, still, subject_of
from repro.proofs.calibration.draw import write_figures
from repro.proofs.calibration.measured import worlds_of
from repro.proofs.calibration.noise import SHAPES, Noise, estimated
from repro.proofs.calibration.run import Judged, calibrate
from repro.proofs.calibration.simulate import Draws, Plan, Tally, plan, tallies, tally
from repro.proofs.calibration.summary import calibration_of, rate_of, smallest_effect
from repro.proofs.calibration.worlds import denominators, numerators
from repro.report.proofs import Proofs, errs
from repro.spec import load_claims
from repro.spec.decisions import Smooth, Within, parts_of
from tests.import_graph import ROOT
from tests.planted_evidence import WITHOUT_THE_TASK, write_world

pytestmark = pytest.mark.slow

EVIDENCE = ROOT / "reports/laptop/evidence"
NAMES = tuple(sorted(path.stem for path in EVIDENCE.glob("*.json")))
CLAIMS = {one.id: one for one in load_claims(ROOT / "claims") if set(one.reads) <= set(NAMES)}
QUICK = ("c17", "c19", "c21", "k04")
FEW = Draws(normal=40, other=10, power=10)


@cache
def tables() -> dict[str, Table]:
    return {name: read_evidence(EVIDENCE, name) for name in NAMES}


@cache
def subject(claim_id: str) -> Subject:
    claim = CLAIMS[claim_id]
    return subject_of(claim.check, worlds_of(claim.check, tables()), claim.confidence, 0)


def on_the_tables(claim_id: str) -> Outcome:
    return run_check(CLAIMS[claim_id].check, tables(), 0.95)


def is_measured(found: Outcome) -> bool:
    return all(part.is_measured for part in found.parts or (found,))


@cache
def is_whole(claim_id: str) -> bool:
    """Whether every setting was measured on the same units: each curve came down to the level."""
    try:
        worlds_of(CLAIMS[claim_id].check, tables())
    except EvidenceError:
        return False
    return True


def skip_unless_measured(claim_id: str) -> None:
    if not is_measured(on_the_tables(claim_id)):
        pytest.skip("no row came out as the claim asks")
    if not is_whole(claim_id):
        pytest.skip("not every unit came out as the claim asks")


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_world_without_noise_has_the_ratios_of_the_real_evidence(claim_id: str):
    skip_unless_measured(claim_id)
    claim, real = CLAIMS[claim_id], on_the_tables(claim_id)
    found = run_check(claim.check, still(worlds_of(claim.check, tables())), 0.95)
    for one, other in zip(real.parts or (real,), found.parts or (found,), strict=True):
        estimates = [c.interval.estimate for c in other.contrasts]
        assert estimates == pytest.approx([c.interval.estimate for c in one.contrasts], abs=1e-9)


@pytest.mark.parametrize("claim_id", [*QUICK, "c15", "c16", "c20", "k02"])
def test_a_planted_effect_is_what_the_check_estimates_without_noise(claim_id: str):
    """The first condition is beyond its margin by just the planted effect; all others by more."""
    skip_unless_measured(claim_id)
    this = subject(claim_id)
    (edge, *_) = edges_of(this)
    (contrast,) = edge.at.values()
    effect = 0.4 * float(this.halves[0][contrast or 0])
    worlds = placed(this, edge, effect)
    assert worlds is not None
    truth, parts = this.contrasts(worlds), parts_of(this.check)
    margins = [getattr(part, "margin") for part in parts]  # noqa: B009
    assert truth[0][contrast] == pytest.approx(margins[0] + effect, rel=1e-4)
    beyond = np.concatenate([t - m for t, m in zip(truth, margins, strict=True)])
    assert beyond.min() == pytest.approx(effect, rel=1e-4)


def test_the_curve_of_a_smooth_world_leaves_its_polynomial_by_just_the_tolerance():
    this = subject("c14")
    worlds = placed(this, Edge({1: 0}), 0.0)
    assert worlds is not None
    smooth = parts_of(this.check)[1]
    assert isinstance(smooth, Smooth)
    assert this.contrasts(worlds)[1].max() == pytest.approx(smooth.margin, rel=1e-4)
    assert this.contrasts(worlds)[0].min() > 0


@pytest.mark.parametrize("errors", ["normal", "skewed_up", "skewed_down", "heavy", "tied"])
def test_a_huge_sample_of_noise_leaves_the_truth_where_it_was(errors: Errors):
    worlds = placed(subject("c21"), Edge({0: 0}), 0.0)
    assert worlds is not None
    world, draw, found = worlds["spliced"], np.random.default_rng(0), []
    for _ in range(600):
        drawn = world.drawn(draw, errors)
        over = numerators(drawn, world.channels[0].ratio).sum()
        found.append(over / denominators(drawn, world.channels[0].ratio).sum())
    assert abs(np.mean(found) - 0.05) < 4 * np.std(found) / np.sqrt(len(found))


def test_rules_that_contradict_each_other_are_said_to_leave_no_room():
    """Seven penalties: a rise of 0.005 a step makes 0.03 from first to last, more than 0.02."""
    found = plan("c18", subject("c18"), FEW)
    assert found.unreachable[0] == "the difference of dead share to alpha = 0"
    assert list(found.units) == ["the mean step of dead share"]


@pytest.mark.parametrize("errors", SHAPES)
def test_effects_have_mean_nought_and_variance_one(errors):
    drawn = SHAPES[errors](np.random.default_rng(5), (400_000,))
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.var() == pytest.approx(1, rel=0.35 if errors == "heavy" else 0.1)


def test_the_components_of_noise_are_found_again():
    truth = Noise(("seed", "document"), (np.eye(1) * 0.5, np.eye(1) * 0.3, np.eye(1) * 0.2))
    seed, document = (one.ravel()[None] for one in np.indices((60, 60)))
    units = (seed, document, np.arange(3600)[None])
    departures = truth.draw(np.random.default_rng(2), "normal", units)
    found = estimated(departures - departures.mean(), units, truth.families, np.zeros(1))
    sizes = [float(np.sqrt((root**2).sum())) for root in found.roots]
    assert sizes == pytest.approx([0.5, 0.3, 0.2], rel=0.25)


def test_pairs_of_seeds_add_the_effects_of_both():
    truth = Noise(("seed",), (np.eye(1), np.zeros((1, 1))))
    a, b = np.triu_indices(80, 1)
    units = (np.stack([a, b]), np.arange(len(a))[None])
    departures = truth.draw(np.random.default_rng(3), "normal", units)
    found = estimated(departures - departures.mean(), units, truth.families, np.zeros(1))
    assert float(np.sqrt((found.roots[0] ** 2).sum())) == pytest.approx(1, rel=0.2)


@given(st.integers(0, 60), st.integers(1, 60))
@settings(max_examples=40)
def test_bounds_of_a_rate_are_those_of_the_textbook(count: int, more: int):
    found = rate_of(count, count + more)
    exact = textbook.binomtest(count, count + more).proportion_ci(0.95, "exact")
    assert [found.lower, found.upper] == pytest.approx([exact.low, exact.high])


def test_the_smallest_effect_lies_between_the_points_that_enclose_four_fifths():
    points = [Power(effect=e, supported=rate_of(k, 10)) for e, k in ((0, 0), (1, 6), (2, 10))]
    assert smallest_effect(points) == pytest.approx(1.5)
    assert smallest_effect(points[:2]) is None


def rates_at_boundary(confidence: float, n: int) -> Tally:
    """Verdicts of k04's check at its boundary when it works with some confidence."""
    this = subject("k04")
    loose = Subject(this.check, this.worlds, confidence, this.halves)
    tasks = plan("k04", loose, Draws(normal=n, other=1, power=1)).tasks
    return tally(next(task for task in tasks if task.errors == "normal" and task.effect == 0))


def judged_at(confidence: float, n: int) -> ErrorRates:
    """What a calibration says of k04 when its check works with some confidence."""
    counted = rates_at_boundary(confidence, n)
    given = [
        Tally("k04", counted.edge, errors, 0.0, n, counted.supported, counted.refuted, 0)
        for errors in SHAPES
    ]
    claim, nothing = CLAIMS["k04"], Plan([], {}, [])
    return calibration_of("k04", None, claim.check, claim.confidence, nothing, given).normal


def test_a_check_with_a_narrow_interval_is_out_of_bounds():
    found = judged_at(confidence=0.5, n=200)
    assert (found.within_bound, found.is_broken) == (False, True)
    assert found.false_support.share == pytest.approx(0.25, abs=0.1)


def test_an_honest_interval_is_within_bounds():
    found = judged_at(confidence=0.95, n=6000)
    assert (found.within_bound, found.is_broken) == (True, False)


@pytest.mark.parametrize("claim_id", QUICK)
def test_a_truth_far_inside_the_claim_is_nearly_always_supported(claim_id: str):
    this = subject(claim_id)
    worlds = placed(this, edges_of(this)[0], 12 * float(this.halves[0][0]))
    assert worlds is not None
    draw, supported = np.random.default_rng(4), 0
    for _ in range(100):
        drawn = {name: world.drawn(draw, "normal") for name, world in worlds.items()}
        supported += run_check(this.check, drawn, this.confidence).status == "supported"
    assert supported >= 97


def test_too_little_evidence_is_never_enough():
    tasks = plan("k04", subject("k04"), FEW).tasks
    for task in (one for one in tasks if one.errors in ("tiny", "one_row")):
        counted = tally(task)
        assert (counted.supported, counted.refuted) == (0, 0)


def test_the_number_of_processes_changes_nothing():
    tasks = plan("c17", subject("c17"), FEW).tasks
    assert list(tallies(tasks, 1)) == list(tallies(tasks, 2))


def only(claim_ids: tuple[str, ...], folder: Path) -> Path:
    """A folder with some of the claims."""
    for path in (ROOT / "claims").glob("*.py"):
        if path.stem[:3] in claim_ids or path.name.startswith("_"):
            (folder / path.name).write_text(path.read_text(encoding="utf8"), encoding="utf8")
    return folder


def without(table: str, folder: Path) -> Path:
    """A folder with all committed evidence but one table."""
    folder.mkdir()
    for path in EVIDENCE.iterdir():
        if path.stem != table:
            (folder / path.name).symlink_to(path)
    return folder


def test_what_is_written_is_read_again_and_looked_up_by_claim(tmp_path: Path):
    evidence = without("erase", tmp_path / "evidence")
    found = calibrate(evidence, only(("c17", "k04", "c25"), tmp_path), FEW, 1, lambda t, _: t)
    write_calibration(tmp_path, found)
    again = read_calibration(tmp_path)
    assert again == found
    one = again.of("k04")
    assert one is not None
    (tmp_path / "power_c99.svg").touch()
    write_figures(again, tmp_path)
    assert not (tmp_path / "power_c99.svg").exists(), "of an earlier calibration"
    assert ElementTree.parse(tmp_path / "power_k04.svg").getroot().tag.endswith("svg")
    assert "stated 2.5%" in one.other_errors or "at most" in one.other_errors
    assert (one.draws, one.level, one.unit) == (40, pytest.approx(0.025), "matched share")
    assert one.other_errors.startswith(("With other errors", "False support is above"))
    assert again.of("c25") is None, "its table is not there"
    assert "exceeds" in {kind.kind for kind in again.kinds}


def test_a_claim_that_measures_nothing_is_left_out_and_the_others_are_calibrated(tmp_path: Path):
    for name in ("evidence", "claims"):
        (tmp_path / name).mkdir()
    write_world(tmp_path / "evidence", WITHOUT_THE_TASK)
    claims = only(("c06", "c10", "k04"), tmp_path / "claims")
    found = calibrate(tmp_path / "evidence", claims, FEW, 1, lambda t, _: t)
    assert {one.id for one in found.claims} == {"k04"}


def test_a_kind_that_no_claim_uses_itself_is_calibrated_on_a_control(tmp_path: Path):
    (within,) = [one for one in CLAIMS["c08"].controls if one.name.endswith("it reconstructs")]
    judged = Judged(CLAIMS["c08"], within.name, within.check)
    this = subject_of(judged.check, worlds_of(judged.check, tables()), 0.95, 0)
    part = judged.check
    assert isinstance(part, Within)
    for edge, end in zip(edges_of(this), (part.low, part.high), strict=True):
        worlds = placed(this, edge, 0.0)
        assert worlds is not None
        assert this.contrasts(worlds)[0][0] == pytest.approx(end, abs=1e-6)


def test_rows_that_do_not_cross_all_units_are_refused():
    whole = tables()["spliced"]
    mask = np.ones(len(whole), dtype=bool)
    mask[np.flatnonzero(whole.columns["alpha"] == 0.0008)[20]] = False
    claim = CLAIMS["c21"]
    with pytest.raises(EvidenceError, match="does not measure every setting"):
        worlds_of(claim.check, {"spliced": whole.rows(mask)})


def test_the_committed_calibration_is_of_the_committed_evidence_and_claims():
    found = read_calibration(ROOT / "reports/calibration")
    for name, digest in found.evidence.items():
        header = json.loads((EVIDENCE / f"{name}.json").read_text(encoding="utf8"))
        assert header["sha256"] == digest, "make calibrate"
    measured = {one for one in CLAIMS if is_measured(on_the_tables(one)) and is_whole(one)}
    assert len(measured) >= 15
    assert measured <= {one.id for one in found.claims}
    assert found.broken == []


def test_a_check_that_can_be_moved_to_no_boundary_is_named_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
):
    whole = run.plan

    def without_c19(name: str, subject: Subject, draws: Draws) -> Plan:
        return Plan([], {}, ["every"]) if name == "c19/" else whole(name, subject, draws)

    monkeypatch.setattr(run, "plan", without_c19)
    kept = {id_: CLAIMS[id_] for id_ in ("c17", "c19")}
    monkeypatch.setattr(run, "load_claims", lambda _: list(kept.values()))
    found = calibrate(EVIDENCE, ROOT / "claims", FEW, 1, lambda tallies, _: tallies)
    assert found.unplaced == {"c19": ["every"]}
    assert {one.id for one in found.claims} == {"c17"}
    assert found.of("c19") is None
    assert "can be moved to none" in errs(Proofs(calibration=found), "c19")
    assert "at the boundary" in errs(Proofs(calibration=found), "c17")
