"""The judge as a whole: each claim alone, silence under its own name, and no model in sight."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from repro.contract.rows.fidelity import RefitRow
from repro.contract.rows.row import Row
from repro.contract.verdict import Verdicts
from repro.contract.verdict_file import read_verdicts
from repro.contract.written import column_types, write_evidence
from repro.errors import EvidenceError
from repro.judge.verify import verify
from tests.judge_strategies import RUN, SCOPE, fidelity_rows
from tests.stages import called

CLAIM = '''"""Error rises with alpha."""

from repro.spec import (
    Claim, Control, Exceeds, Level, Monotone, Paper, Ratio, Reverse, Scale, Where, Within
)

FVU = Ratio(name="FVU", unit="1", over="squared_error", under="variance")
SAE = (Where(column="method", values=("sae",)),)
BOTH = ("seed", "document")
ABOVE = Exceeds(reads="fidelity", of=FVU, where=SAE, clusters=BOTH, margin=0.05)

CLAIM = Claim(
    id="c14",
    source="paper",
    says="Error rises with alpha.",
    paper=Paper(section="3.2"),
    reads=("fidelity",),
    check=Monotone(
        reads="fidelity", of=FVU, where=SAE, clusters=BOTH,
        along="alpha", direction="rising", by="smallest_step", margin=0.0,
    ),
    controls=(
        Control(name="error is there", kind="positive", check=ABOVE, must="supported", why="is"),
    ),
    saboteurs=(
        Reverse(name="reverse alpha", reads="fidelity", along="alpha", turns_to=("refuted",)),
        Level(
            name="plateau", reads="fidelity", along="alpha",
            columns=("squared_error", "variance"), turns_to=("inconclusive", "refuted"),
        ),
        Scale(name="harmless", reads="fidelity", column="variance", factor=2.0,
              turns_to=("refuted",)),
        Scale(name="never run", reads="fidelity", column="variance", factor=2.0,
              turns_to=("supported",)),
    ),
    deviation="Planted.",
    refuted_by="A falling step.",
    unit="1",
)
'''


class Place:
    """A folder of evidence and one of claims."""

    def __init__(self, root: Path) -> None:
        self.evidence, self.claims = root / "evidence", root / "claims"
        self.evidence.mkdir()
        self.claims.mkdir()

    def claim(self, *changes: tuple[str, str], id_: str = "c14") -> None:
        text = CLAIM.replace('id="c14"', f'id="{id_}"')
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.claims / f"{id_}_x.py").write_text(text, encoding="utf8")

    def table(
        self, rows: Sequence[Row], name: str = "fidelity", scope=SCOPE, profile="smoke"
    ) -> None:
        provenance = {"profile": profile, **RUN}
        write_evidence(
            self.evidence, name, list(rows), counts={}, scope=scope, provenance=provenance
        )

    def verdicts(self) -> Verdicts:
        return verify(self.evidence, self.claims)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.claim()
    made.table(fidelity_rows())
    return made


def test_a_true_claim_is_supported_with_all_that_carries_it(place: Place):
    found = place.verdicts()
    (one,) = found.verdicts
    assert (one.status, found.profile) == ("supported", "smoke")
    assert one.estimate is not None
    assert one.low is not None
    assert one.high is not None
    assert 0 < one.low <= one.estimate <= one.high
    assert one.n == {"seed": 3, "document": 4, "rows": 84}
    assert [(c.name, c.ok) for c in one.controls] == [("error is there", True)]
    assert [ref.name for ref in one.evidence] == ["fidelity"]
    assert found.scope.model == "planted"
    assert found.scope.family is not None
    assert found.scope.family.m == 1


def test_saboteurs_that_could_not_show_are_not_run(place: Place):
    found = place.verdicts()
    assert found.verdicts[0].saboteurs.model_dump() == {"caught": 2, "total": 3}
    told = found.scope.details["c14"].saboteurs
    assert [(one.name, one.caught) for one in told] == [
        ("reverse alpha", True),
        ("plateau", True),
        ("harmless", False),
    ]


def test_without_saboteurs_the_verdict_stands(place: Place):
    before = place.verdicts().verdicts[0]
    start, end = CLAIM.index("    saboteurs="), CLAIM.index("    deviation=")
    place.claim((CLAIM[start:end], ""))
    after = place.verdicts().verdicts[0]
    assert (after.status, after.low, after.high) == (before.status, before.low, before.high)
    assert after.saboteurs.total == 0


def test_a_false_claim_is_refuted(place: Place):
    place.claim(('direction="rising"', 'direction="falling"'))
    assert place.verdicts().verdicts[0].status == "refuted"


def test_a_misbehaving_control_makes_the_verdict_invalid(place: Place):
    place.claim(("margin=0.05", "margin=50.0"))
    (one,) = place.verdicts().verdicts
    assert one.status == "invalid"
    assert one.estimate is not None
    assert "`error is there` must be supported but is refuted" in one.reason
    assert "The check alone says supported" in one.reason


def test_where_a_precondition_is_not_met_there_is_nothing_to_conclude(place: Place):
    place.claim(("margin=0.05", "margin=50.0"), ('kind="positive"', 'kind="precondition"'))
    found = place.verdicts()
    (one,) = found.verdicts
    assert one.status == found.scope.details["c14"].family_status == "inconclusive"
    assert one.reason.startswith("precondition `error is there` is not met: must be supported")
    assert "The check alone says supported" in one.reason


def test_a_control_that_misbehaves_weighs_more_than_a_precondition(place: Place):
    place.claim(
        ("margin=0.05", "margin=50.0"),
        (
            "    controls=(\n",
            "    controls=(\n        Control(name='also', kind='precondition', check=ABOVE, "
            "must='supported', why='is'),\n",
        ),
    )
    (one,) = place.verdicts().verdicts
    assert one.status == "invalid"
    assert [control.ok for control in one.controls] == [False, False]


def test_a_control_without_rows_makes_the_verdict_invalid(place: Place):
    place.claim(
        (
            "of=FVU, where=SAE, clusters=BOTH, margin",
            "of=FVU, where=(Where(column='method', values=('leace',)),), clusters=BOTH, margin",
        )
    )
    (one,) = place.verdicts().verdicts
    assert (one.status, one.controls[0].status) == ("invalid", "absent")
    assert "could not be run" in one.reason


@pytest.mark.parametrize("must", ["supported", "not_supported", "refuted"])
def test_a_control_that_measures_nothing_has_not_behaved(place: Place, must: str):
    place.claim(
        ('must="supported"', f'must="{must}"'), ("margin=0.05", "margin=0.05, min_clusters=9")
    )
    (one,) = place.verdicts().verdicts
    assert one.status == "invalid"
    assert "too thin" in one.reason


def test_a_missing_table_is_absent_and_names_its_stage(place: Place):
    place.claim(
        *(('"fidelity"', '"ioi"'), ('"squared_error"', '"kl_area"')),
        *(('"variance"', '"n"'), ('"document"', '"draw"')),
        id_="c06",
    )
    found = place.verdicts()
    absent, supported = found.verdicts
    assert (absent.status, supported.status) == ("absent", "supported")
    assert absent.reason == "evidence `ioi` is not there: stage `ioi` will decide this claim"
    assert absent.estimate is None
    assert found.scope.family is not None
    assert found.scope.family.m == 1


def test_missing_rows_are_absent_and_tell_what_is_there(place: Place):
    place.table(fidelity_rows(method="pca"))
    (one,) = place.verdicts().verdicts
    assert one.status == "absent"
    assert "no row with method = sae" in one.reason
    assert "method: pca" in one.reason


def test_a_truncated_table_breaks_only_its_claims(place: Place):
    refit = dict.fromkeys(column_types(RefitRow), 1)
    keys = {"site": "middle", "method": "sae", "alpha": 1.0, "expansion_factor": 2.0}
    rows = [
        RefitRow(
            **{
                **refit,
                **keys,
                "seed": seed,
                "document": document,
                "squared_error_before": 2.0,
                "squared_error_after": 1.0 + 0.01 * seed + 0.001 * document,
            }
        )
        for seed in range(3)
        for document in range(4)
    ]
    place.table(rows, "refit")
    place.claim(
        ('"fidelity"', '"refit"'),
        (
            'over="squared_error", under="variance"',
            'over="squared_error_after", under="squared_error_before"',
        ),
        ('along="alpha"', 'along="seed"'),
        ('columns=("squared_error", "variance")', 'columns=("squared_error_after",)'),
        ('column="variance"', 'column="squared_error_before"'),
        id_="c20",
    )
    path = place.evidence / "fidelity.parquet"
    path.write_bytes(path.read_bytes()[:100])
    broken, other = place.verdicts().verdicts
    assert broken.status == "broken"
    assert "truncated or changed" in broken.reason
    assert "Traceback" not in broken.reason
    assert other.status == "inconclusive"


def test_no_value_is_broken_and_never_a_number(place: Place):
    place.table(fidelity_rows(variance=0.0))
    (one,) = place.verdicts().verdicts
    assert (one.status, one.estimate) == ("broken", None)
    assert "denominator is not above 0" in one.reason


def test_a_bug_in_the_checker_is_broken_and_kept(place: Place, monkeypatch: pytest.MonkeyPatch):
    def trip(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("repro.judge.checks.check_monotone", trip)
    found = place.verdicts()
    assert found.verdicts[0].status == "broken"
    assert "ZeroDivisionError: planted" in found.verdicts[0].reason
    assert "Traceback" in (found.scope.details["c14"].traceback or "")


def test_no_folder_of_evidence_is_an_error(place: Place, tmp_path: Path):
    with pytest.raises(EvidenceError, match="no folder of evidence"):
        verify(tmp_path / "nowhere", place.claims)


def test_an_empty_folder_leaves_every_claim_absent(place: Place, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    found = verify(tmp_path / "empty", place.claims)
    assert [one.status for one in found.verdicts] == ["absent"]


@pytest.mark.parametrize("change", ["scope", "profile"])
def test_tables_of_different_runs_are_not_mixed(place: Place, change: str):
    refit = dict.fromkeys(column_types(RefitRow), 1)
    row = RefitRow(
        **{
            **refit,
            "site": "middle",
            "method": "sae",
            "alpha": 1.0,
            "expansion_factor": 1.0,
            "squared_error_before": 1.0,
            "squared_error_after": 1.0,
        }
    )
    if change == "scope":
        place.table([row], "refit", scope=SCOPE.model_copy(update={"model": "other"}))
    else:
        place.table([row], "refit", profile="laptop")
    start, end = CLAIM.index("    saboteurs="), CLAIM.index("    deviation=")
    place.claim(
        *((CLAIM[start:end], ""), ('"fidelity"', '"refit"')),
        *(('"squared_error"', '"squared_error_after"'), ('"variance"', '"squared_error_before"')),
        id_="c20",
    )
    first, second = place.verdicts().verdicts
    assert first.status == "supported"
    assert second.status == "broken"
    assert ("differs in model" if change == "scope" else "differs in profile") in second.reason


def test_claims_share_one_level(place: Place):
    for id_ in ("c15", "c16", "c17"):
        place.claim(id_=id_)
    found = place.verdicts()
    details = found.scope.details["c14"]
    assert found.scope.family is not None
    assert (found.scope.family.m, found.scope.family.method) == (4, "Holm")
    assert found.scope.family.expected_false == pytest.approx(0.2)
    assert details.p is not None
    assert details.p_holm == pytest.approx(4 * details.p)


def test_the_stage_writes_verdicts_whatever_they_say(place: Place, tmp_path: Path):
    place.claim(('direction="rising"', 'direction="falling"'))
    out = tmp_path / "reports" / "verdicts.json"
    arguments = ["--evidence", str(place.evidence), "--claims", str(place.claims)]
    assert called("repro.cli", "verify", *arguments, "--profile", "laptop", "--out", str(out)) == 0
    found = read_verdicts(out)
    assert (found.profile, found.verdicts[0].status) == ("laptop", "refuted")
    assert json.loads(out.read_text())["schema"] == 2


def test_the_stage_tells_a_mistake_without_a_traceback(place: Place, tmp_path: Path, capsys):
    arguments = ["--evidence", str(tmp_path / "no"), "--claims", str(place.claims)]
    assert called("repro.cli", "verify", *arguments, "--out", str(tmp_path / "out.json")) == 2
    told = capsys.readouterr().err
    assert "to mend:" in told
    assert "Traceback" not in told
    assert not (tmp_path / "out.json").exists()


LEAN = """
import sys
for name in ("torch", "pandas", "transformers", "transformer_lens", "matplotlib", "scipy.stats"):
    sys.modules[name] = None  # importing it now raises
from repro.cli import app
app(["verify", *sys.argv[1:]])
"""


@pytest.mark.slow
def test_judging_needs_no_torch_and_is_quick(place: Place, tmp_path: Path):
    out = tmp_path / "verdicts.json"
    arguments = ["--evidence", place.evidence, "--claims", place.claims, "--out", out]
    command = [sys.executable, "-c", LEAN, *map(str, arguments)]
    took = []
    for _ in range(2):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took.append(time.perf_counter() - start)
        assert (done.returncode, done.stderr) == (0, "")
    assert read_verdicts(out).verdicts[0].status == "supported"
    assert min(took) < 5, "a second on a quiet machine"


def test_verdicts_do_not_depend_on_the_order_of_rows(place: Place):
    before = place.verdicts().verdicts[0]
    place.table(list(reversed(fidelity_rows())))
    after = place.verdicts().verdicts[0]
    assert after.status == before.status
    assert after.low == pytest.approx(before.low)
