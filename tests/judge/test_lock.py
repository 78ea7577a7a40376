"""The lock: no specification changes in silence, and what was seen before a change stays told."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from repro.cli import app
from repro.contract.rows.row import Row
from repro.contract.verdict import (
    EvidenceRef,
    Locked,
    Standing,
    Status,
    Verdict,
    Verdicts,
    VerdictScope,
)
from repro.contract.verdict_file import read_verdicts, write_verdicts
from repro.contract.written import write_evidence
from repro.errors import LockError, VerdictError
from repro.judge.gate import GateStatus, gate
from repro.judge.lock import Lock, changes, lock_beside, read_lock, record, write_lock
from repro.judge.verify import verify
from repro.report import write_report
from repro.spec import Claim, load_claims
from tests.import_graph import ROOT
from tests.judge_strategies import RUN, SCOPE, fidelity_rows

CLAIM = '''"""Error is there."""

from repro.spec import Claim, Exceeds, Paper, Ratio, Where

CLAIM = Claim(
    id="c14",
    source="paper",
    says="Error is there.",
    paper=Paper(section="3.2"),
    reads=("fidelity",),
    check=Exceeds(
        reads="fidelity",
        of=Ratio(name="FVU", unit="1", over="squared_error", under="variance"),
        where=(Where(column="method", values=("sae",)),),
        clusters=("seed",),
        margin=0.01,
    ),
    deviation="Planted.",
    refuted_by="No error.",
    unit="1",
)
'''
WHY = "the margin was a misprint"


class Project:
    """Claims, evidence, verdicts and a lock in the usual places."""

    def __init__(self, root: Path) -> None:
        self.root, self.claims, self.lock = root, root / "claims", root / "claims.lock"
        self.evidence = root / "evidence"
        self.verdicts = root / "reports" / "laptop" / "verdicts.json"
        self.claims.mkdir()
        self.evidence.mkdir()

    def state(self, claim: str = "c14", margin: float = 0.01, reads: str = "fidelity") -> None:
        text = CLAIM.replace('"c14"', f'"{claim}"').replace("0.01", str(margin))
        text = text.replace('"fidelity"', f'"{reads}"')
        (self.claims / f"{claim}_x.py").write_text(text, encoding="utf8")

    def measure(self, salt: int = 0) -> None:
        rows: list[Row] = [*fidelity_rows()[salt:]]
        more = {"scope": SCOPE, "provenance": {"profile": "laptop", **RUN}}
        write_evidence(self.evidence, "fidelity", rows, counts={}, **more)

    def judge(self) -> Verdicts:
        found = verify(self.evidence, self.claims)
        write_verdicts(self.verdicts, found)
        return found

    def call(self, *words: object) -> Result:
        return CliRunner().invoke(app, [*map(str, words)])

    def record(self, why: str = WHY, *more: object) -> Result:
        done = self.call("lock", "--why", why, "--claims", self.claims, *more)
        assert done.exit_code == 0, done.output
        return done

    def standing(self, claim: str = "c14") -> Locked:
        locked = verify(self.evidence, self.claims).scope.details[claim].lock
        assert locked is not None
        return locked

    def lines(self) -> dict[str, str]:
        """What `repro verify` prints, by claim."""
        done = self.call("verify", "--evidence", self.evidence, "--claims", self.claims)
        assert done.exit_code == 0, done.output
        return {line[:3]: line for line in done.output.splitlines()}

    def gated(self, baseline: Verdicts) -> Result:
        """What `repro gate` makes of the claims as they are now."""
        write_verdicts(self.root / "baseline.json", baseline)
        write_verdicts(self.root / "now.json", verify(self.evidence, self.claims))
        files = ("--baseline", self.root / "baseline.json", "--verdicts", self.root / "now.json")
        return self.call("gate", *files)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two claims on one table and one that waits for another, locked and then measured."""
    made = Project(tmp_path)
    for claim, reads in (("c14", "fidelity"), ("c15", "fidelity"), ("c22", "toy")):
        made.state(claim, reads=reads)
    made.record("first statement")
    made.measure()
    made.judge()
    return made


def test_the_first_lock_needs_a_reason_and_holds_every_claim(tmp_path: Path):
    made = Project(tmp_path)
    made.state("c15")
    made.state("c14")
    refused = made.call("lock", "--claims", made.claims)
    assert refused.exit_code == 2
    assert "not as locked: c14 new, c15 new" in refused.output
    assert 'repro lock --why "..."' in refused.output
    assert not made.lock.exists()
    assert "c14  new\nc15  new\nrecorded in" in made.record("first statement").output
    entries = read_lock(made.lock).claims
    assert [*entries] == ["c14", "c15"]
    assert [(one.why, one.seen) for one in entries["c14"]] == [("first statement", {})]


@pytest.mark.parametrize("why", ["", "   "])
def test_a_change_is_not_recorded_without_a_reason(project: Project, why: str):
    before = project.lock.read_bytes()
    project.state(margin=0.02)
    refused = project.call("lock", "--why", why, "--claims", project.claims)
    assert refused.exit_code == 2
    assert "c14 changed" in refused.output
    assert project.lock.read_bytes() == before


def test_where_nothing_has_changed_nothing_is_written(project: Project):
    before = project.lock.stat().st_ino
    done = project.call("lock", "--claims", project.claims)
    assert (done.exit_code, "nothing to record" in done.output) == (0, True)
    assert "nothing to record" in project.record().output
    assert project.lock.stat().st_ino == before, "a file written anew is another file"


def test_a_claim_that_nobody_touched_is_as_locked_and_the_gate_holds(project: Project):
    assert project.standing().standing is Standing.LOCKED
    assert all(line.endswith("; as locked") for line in project.lines().values())
    assert project.gated(project.judge()).exit_code == 0


def test_a_silent_change_is_told_and_refused_by_name(project: Project):
    accepted = project.judge()
    project.state(margin=0.02)
    assert project.standing().standing is Standing.CHANGED
    assert project.lines()["c14"].endswith("; changed, not recorded")
    done = project.gated(accepted)
    assert done.exit_code == 2
    assert "| c14 | cannot judge |" in done.output
    assert 'changed, not recorded: repro lock --why "..."' in done.output


def test_a_silent_change_is_refused_also_where_the_baseline_measured_nothing(project: Project):
    accepted = project.judge()
    project.state("c22", margin=0.02, reads="toy")
    rows = {row.id: row for row in gate(accepted, project.judge()).rows}
    assert rows["c22"].outcome is GateStatus.CANNOT_JUDGE
    assert "changed, not recorded" in rows["c22"].why
    assert rows["c14"].outcome is GateStatus.HOLDS


def test_a_silent_change_is_refused_also_where_it_was_made_the_baseline(project: Project):
    project.state(margin=0.02)
    assert project.gated(project.judge()).exit_code == 2


def test_a_change_before_any_evidence_was_judged_is_as_locked(project: Project):
    project.state("c22", margin=0.02, reads="toy")
    project.record()
    assert project.standing("c22") == Locked(
        standing=Standing.LOCKED, date=str(read_lock(project.lock).claims["c22"][-1].date), why=WHY
    )
    assert project.gated(project.judge()).exit_code == 0


def test_a_change_after_the_evidence_is_amended_with_date_and_reason(project: Project):
    accepted = project.judge()
    project.state(margin=0.02)
    project.record()
    found = project.standing()
    assert (found.standing, found.why) == (Standing.AMENDED, WHY)
    assert project.standing("c15").standing is Standing.LOCKED
    line = project.lines()["c14"]
    assert line.endswith(f"; amended ({found.date}, after this evidence had been judged: {WHY})")
    done = project.gated(accepted)
    assert done.exit_code == 2
    assert f"its specification was amended ({found.date}: {WHY}): accept a new baseline" in (
        done.output
    )
    assert project.gated(project.judge()).exit_code == 0, "a new baseline was accepted"


def test_a_lock_made_anew_has_seen_what_was_judged(project: Project):
    """Deleting the lock clears nothing: what the verdicts rest on had been seen."""
    project.lock.unlink()
    project.record("thresholds\n were fixed before")
    (entry,) = read_lock(project.lock).claims["c14"]
    assert (list(entry.seen), entry.why) == (["fidelity"], "thresholds were fixed before")
    assert project.standing().standing is Standing.AMENDED


def test_without_verdicts_nothing_is_recorded_unless_there_never_were_any(project: Project):
    before = project.lock.read_bytes()
    project.state(margin=0.02)
    project.verdicts.unlink()
    refused = project.call("lock", "--why", WHY, "--claims", project.claims)
    assert refused.exit_code == 2
    assert "no verdicts are at hand" in refused.output
    assert "--unseen" in refused.output
    assert project.lock.read_bytes() == before
    project.record(WHY, "--unseen")
    assert project.lock.read_bytes() != before


def test_what_one_claim_has_seen_another_that_reads_it_has_seen(project: Project):
    project.state(margin=0.02)
    project.record()
    project.verdicts.unlink()
    project.state("c15", margin=0.02)
    project.record("another", "--unseen")
    assert project.standing("c15").standing is Standing.AMENDED


def test_evidence_made_after_the_change_is_not_tainted_by_it(project: Project):
    project.state(margin=0.02)
    project.record()
    project.measure(salt=1)
    assert project.standing().standing is Standing.LOCKED


def test_recording_once_more_without_verdicts_does_not_clear_an_amendment(project: Project):
    project.state(margin=0.02)
    project.record()
    project.state(margin=0.03)
    project.verdicts.unlink()
    project.record("another", "--unseen")
    first, second = read_lock(project.lock).claims["c14"][-2:]
    assert second.seen == first.seen != {}
    assert (project.standing().standing, project.standing().why) == (Standing.AMENDED, "another")


def test_verdicts_to_look_at_can_be_named(project: Project):
    elsewhere = project.root / "elsewhere.json"
    project.verdicts.rename(elsewhere)
    project.state(margin=0.02)
    project.record(WHY, "--verdicts", elsewhere)
    assert project.standing().standing is Standing.AMENDED


def test_every_profile_and_every_baseline_counts_as_seen(project: Project):
    shutil.copy(project.verdicts, project.verdicts.with_name("baseline.json"))
    project.measure(salt=1)
    other = project.judge().verdicts[0].evidence[0].sha256
    project.state(margin=0.02)
    project.record()
    seen = read_lock(project.lock).claims["c14"][-1].seen["fidelity"]
    assert len(seen) == 2
    assert other in seen
    assert seen == sorted(seen)


def test_a_new_claim_is_not_locked_and_refused_until_it_is_recorded(project: Project):
    accepted = project.judge()
    project.state("c16")
    assert project.lines()["c16"].endswith("; not locked")
    done = project.gated(accepted)
    assert done.exit_code == 2
    assert 'not locked: repro lock --why "..."' in done.output
    assert "c16  new" in project.record("it was forgotten").output
    waits = project.gated(accepted)
    assert waits.exit_code == 2
    assert "the baseline lacks this claim: accept a new baseline" in waits.output
    assert project.gated(project.judge()).exit_code == 0


def test_a_new_claim_on_evidence_that_others_were_judged_on_has_seen_it(project: Project):
    project.state("c16")
    project.record("it was forgotten")
    assert project.standing("c16").standing is Standing.AMENDED


@pytest.mark.parametrize("claim", ["c14", "c22"])
def test_a_removed_claim_is_refused_until_its_withdrawal_is_recorded(project: Project, claim: str):
    accepted = project.judge()
    (project.claims / f"{claim}_x.py").unlink()
    assert project.lines()[claim].endswith("removed, not recorded")
    done = project.gated(accepted)
    assert done.exit_code == 2
    assert 'removed, not recorded: repro lock --why "..."' in done.output
    assert f"{claim}  withdrawn" in project.record("it was said twice").output
    assert claim not in project.lines()
    rows = {row.id: row for row in gate(accepted, project.judge()).rows}
    if claim == "c14":
        assert rows[claim].outcome is GateStatus.CANNOT_JUDGE
        assert "withdrawn (" in rows[claim].why
        assert "it was said twice" in rows[claim].why
    else:
        assert rows[claim].outcome is GateStatus.UNDECIDED
    assert claim not in {row.id for row in gate(project.judge(), project.judge()).rows}


def test_a_removed_claim_is_refused_also_where_the_baseline_does_not_know_it(project: Project):
    accepted = project.judge()
    known = [one for one in accepted.verdicts if one.id != "c22"]
    (project.claims / "c22_x.py").unlink()
    details = {id_: one for id_, one in accepted.scope.details.items() if id_ != "c22"}
    scope = accepted.scope.model_copy(update={"details": details})
    done = project.gated(accepted.model_copy(update={"verdicts": known, "scope": scope}))
    assert done.exit_code == 2
    assert "| c22 | cannot judge | missing | missing | removed, not recorded" in done.output


def test_a_claim_that_comes_back_is_a_change(project: Project):
    text = (project.claims / "c14_x.py").read_text(encoding="utf8")
    (project.claims / "c14_x.py").unlink()
    project.record("withdrawn")
    (project.claims / "c14_x.py").write_text(text, encoding="utf8")
    assert project.standing().standing is Standing.CHANGED
    project.record("after all")
    assert [one.why for one in read_lock(project.lock).claims["c14"]] == [
        *("first statement", "withdrawn", "after all")
    ]


def test_without_a_lock_verify_works_and_says_so_in_the_details_only(project: Project):
    project.lock.unlink()
    assert project.standing() == Locked(standing=Standing.UNLOCKED)
    assert not [line for line in project.lines().values() if "lock" in line]
    found = project.judge()
    assert found.scope.lock is None
    assert project.gated(found).exit_code == 0


def test_a_lock_that_vanished_since_the_baseline_is_refused(project: Project):
    accepted = project.judge()
    project.lock.unlink()
    done = project.gated(accepted)
    assert done.exit_code == 2
    assert "the baseline was judged against a lock of claims" in done.output


def test_a_baseline_from_before_there_were_locks_is_compared_as_before(project: Project):
    old = project.judge()
    kept = old.scope.model_dump(exclude={"lock", "details"})
    scope = VerdictScope.model_validate(kept, strict=False)
    assert project.gated(old.model_copy(update={"scope": scope})).exit_code == 0


def test_another_folder_beside_is_not_held_to_the_lock(project: Project):
    drafts = project.root / "drafts"
    shutil.copytree(project.claims, drafts)
    assert lock_beside(project.claims) == project.lock
    assert verify(project.evidence, drafts).scope.lock is None


def test_verify_takes_the_lock_that_is_named(project: Project):
    elsewhere = project.root / "other.lock"
    project.lock.rename(elsewhere)
    words = ["--evidence", project.evidence, "--claims", project.claims, "--lock", elsewhere]
    assert "; as locked" in project.call("verify", *words).output
    out = project.root / "out.json"
    assert project.call("verify", *words, "--out", out).exit_code == 0
    assert read_verdicts(out).scope.lock is not None
    elsewhere.unlink()
    missing = project.call("verify", *words, "--out", out)
    assert missing.exit_code == 2, "a named lock has to be there"


def without(key: str) -> Callable[[str], str]:
    def altered(text: str) -> str:
        content = json.loads(text)
        del content["claims"]["c14"][0][key]
        return json.dumps(content)

    return altered


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[:-9], ("top level", "Invalid JSON")),
        (lambda text: f"<<<<<<< HEAD\n{text}", ("top level", "Invalid JSON")),
        (lambda text: text.replace('"why": "first', '"wy": "first', 1), ("claims.c14.0.w",)),
        (lambda text: text.replace('"first statement"', '" "', 1), ("claims.c14.0.why",)),
        (lambda text: text.replace('"date": "', '"date": "x', 1), ("claims.c14.0.date",)),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), ("schema",)),
        (lambda text: text.replace('"c14"', '"chapter"'), ("claims.chapter",)),
        (without("seen"), ("claims.c14.0.seen", "Field required")),
        (without("spec_sha256"), ("claims.c14.0.spec_sha256",)),
        (lambda _: '{"schema": 1, "claims": {"c14": []}}', ("claims.c14",)),
    ],
)
def test_a_malformed_lock_is_named_with_its_key_and_left_alone(
    project: Project, damage: Callable[[str], str], words: tuple[str, ...]
):
    project.lock.write_text(damage(project.lock.read_text(encoding="utf8")), encoding="utf8")
    before = project.lock.read_bytes()
    for call in (
        ("lock", "--why", WHY, "--claims", project.claims),
        ("verify", "--evidence", project.evidence, "--claims", project.claims),
    ):
        done = project.call(*call)
        assert done.exit_code == 2
        assert [
            word for word in ("claims.lock is no lock at", *words) if word not in done.output
        ] == []
    assert project.lock.read_bytes() == before


def test_an_unreadable_lock_is_named(project: Project):
    with pytest.raises(LockError, match=r"nowhere\.lock is missing"):
        read_lock(project.root / "nowhere.lock")
    project.lock.write_bytes(b"\xff\xfe")
    with pytest.raises(LockError, match="cannot be read: no text"):
        read_lock(project.lock)
    with pytest.raises(LockError, match="cannot be read: Is a directory"):
        read_lock(project.claims)


def test_verdicts_that_cannot_be_read_stop_the_record(project: Project):
    before = project.lock.read_bytes()
    project.state(margin=0.02)
    project.verdicts.write_text("{", encoding="utf8")
    done = project.call("lock", "--why", WHY, "--claims", project.claims)
    assert (done.exit_code, "verdicts.json" in done.output) == (2, True)
    assert project.lock.read_bytes() == before


@pytest.mark.parametrize("place", ["lock", "details"])
def test_details_of_another_form_are_a_message_of_the_gate(project: Project, place: str):
    content = json.loads(project.verdicts.read_bytes())
    content["scope"][place] = {"lock": {"gone": 1}, "details": {"c14": {"parts": 1}}}[place]
    bad = project.root / "bad.json"
    bad.write_text(json.dumps(content), encoding="utf8")
    with pytest.raises(VerdictError, match=rf"scope\.{place}\."):
        read_verdicts(bad)
    assert project.call("gate", "--baseline", bad, "--verdicts", project.verdicts).exit_code == 2


def test_the_report_tells_the_standing_beside_the_hash(project: Project):
    project.state(margin=0.02)
    project.record("a <b>misprint</b>")
    project.judge()
    write_report(project.verdicts, project.root / "out", project.evidence, project.claims)
    page = (project.root / "out" / "claims.html").read_text(encoding="utf8")
    text = (project.root / "out" / "claims.md").read_text(encoding="utf8")
    told = project.standing().words.split(":")[0]
    assert f"</code>: {told}: a &lt;b&gt;misprint&lt;/b&gt;)</li>" in page
    assert "</code>: as locked</li>" in page
    assert "<strong>Specification:</strong> as locked" in page, "a claim that waits for evidence"
    assert f"- Specification: {told}: a \\<b\\>misprint" in text
    assert text.count("- Specification: as locked, sha256 `") == 2


def test_the_committed_lock_holds_the_committed_claims(tmp_path: Path):
    lock = read_lock(ROOT / "claims.lock")
    assert changes(lock, load_claims(ROOT / "claims")) == {}
    write_lock(tmp_path / "claims.lock", lock)
    assert (tmp_path / "claims.lock").read_bytes() == (ROOT / "claims.lock").read_bytes()


CLAIMS = load_claims(ROOT / "claims")[:3]
VARIANTS = [
    [claim.model_copy(update={"deviation": f"variant {n}"}) for n in range(2)] for claim in CLAIMS
]
FOLDERS = st.tuples(*(st.sampled_from([None, *variants]) for variants in VARIANTS)).map(
    lambda found: [claim for claim in found if claim]
)


def judged(claims: list[Claim], n: int) -> list[Verdicts]:
    """Verdicts on the n-th evidence there ever was; none for 0."""
    refs = [EvidenceRef(name="interpret", sha256=f"{n:064x}")] if n else []
    verdicts = [
        Verdict(
            id=claim.id, says="So.", status=Status.ABSENT, unit="1", reason="none", evidence=refs,
            spec_sha256="0" * 64, deviation="none",
        )
        for claim in claims
    ]  # fmt: skip
    return [Verdicts(schema=1, profile="p", scope=VerdictScope(), verdicts=verdicts)]


@given(st.lists(st.tuples(FOLDERS, st.integers(0, 3)), min_size=1, max_size=6))
def test_a_history_only_grows_and_recording_leaves_nothing_to_record(steps):
    lock = Lock(claims={})
    for day, (claims, n) in enumerate(steps, start=1):
        found = changes(lock, claims)
        after = record(lock, claims, "why", date(2026, 1, day), judged(CLAIMS, n))
        assert changes(after, claims) == {}
        assert record(after, claims, "again", date(2026, 2, 1), []) == after
        for claim in after.claims:
            before = lock.claims.get(claim, [])
            assert after.claims[claim][: len(before)] == before
            assert len(after.claims[claim]) == len(before) + (claim in found)
        assert after.claims.keys() >= lock.claims.keys()
        lock = Lock.model_validate_json(after.model_dump_json(by_alias=True))
        assert lock == after
