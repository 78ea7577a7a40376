"""Claim files: read as data, refused with file and line, hashed by what they say."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from repro.errors import SpecError
from repro.spec import Claim, Where, load_claims, spec_sha256

GOOD = '''"""A share above a half."""

from repro.spec import Claim, Control, Drop, Exceeds, Paper, Ratio, Where

SHARE = Ratio(name="share", unit="1", over="over", under="under")
MIDDLE = (Where(column="site", values=("middle",)),)
CHECK = Exceeds(
    reads="fidelity",
    of=SHARE,
    where=(*MIDDLE, Where(column="alpha", above=0.0)),
    clusters=("seed", "document"),
    margin=-0.5,
)

CLAIM = Claim(
    id="c14",
    source="paper",
    says="The share is above a half.",
    paper=Paper(section="3.2"),
    reads=("fidelity",),
    check=CHECK,
    controls=(Control(name="same", kind="positive", check=CHECK, must="supported", why="it is"),),
    saboteurs=(Drop(name="all", reads="fidelity", turns_to=("absent",)),),
    deviation="None.",
    refuted_by="An interval below.",
    unit="1",
)
'''


def folder_with(tmp_path: Path, text: str, name: str = "c14_share.py") -> Path:
    (tmp_path / name).write_text(text, encoding="utf8")
    return tmp_path


def refusal(tmp_path: Path, text: str, name: str = "c14_share.py") -> str:
    with pytest.raises(SpecError) as caught:
        load_claims(folder_with(tmp_path, text, name))
    return str(caught.value)


def test_a_claim_file_becomes_a_claim(tmp_path: Path):
    (claim,) = load_claims(folder_with(tmp_path, GOOD))
    assert claim.id == "c14"
    assert claim.check.kind == "exceeds"
    assert claim.check.margin == -0.5
    assert [one.column for one in claim.check.where] == ["site", "alpha"]


def test_claims_are_sorted_by_id(tmp_path: Path):
    folder_with(tmp_path, GOOD)
    folder_with(tmp_path, GOOD.replace('id="c14"', 'id="c02"'), "c02.py")
    folder_with(tmp_path, GOOD.replace('id="c14"', 'id="k01"'), "k01_x.py")
    assert [one.id for one in load_claims(tmp_path)] == ["c02", "c14", "k01"]


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("margin=-0.5", "marign=-0.5", 12, "'margin'"),
        ("margin=-0.5", 'margin="high"', 7, "Smallest effect that counts"),
        ("margin=-0.5", "margin=1 / 2", 12, "`1 / 2` is not plain data"),
        ("margin=-0.5", "margin=__import__('os')", 12, "is not plain data"),
        ("margin=-0.5", "margin=SHARE.name", 12, "`SHARE.name` is not plain data"),
        ("margin=-0.5", "margin=MRAGIN", 12, "unknown name 'MRAGIN'"),
        ("(*MIDDLE, ", "(*MIDDEL, ", 10, "unknown name 'MIDDEL'"),
        ("Exceeds, ", "", 7, "unknown name 'Exceeds'"),
        ("(*MIDDLE, ", "(*SHARE, ", 10, "something else than a tuple"),
        ("CHECK = ", "print('hello')\nCHECK = ", 7, "Expr is not allowed"),
        ("CHECK = ", "import os\nCHECK = ", 7, "Import is not allowed"),
        ("CHECK = ", "Where = 3\nCHECK = ", 7, "Where is given twice"),
        ("CHECK = ", "Scale = 3\nCHECK = ", 7, "Scale is given twice"),
        ("from repro.spec import", "from repro.stats import", 3, "ImportFrom is not allowed"),
        ("import Claim,", "import Cliam,", 3, "perhaps 'Claim'"),
        ("from repro.spec", "from repro.spec  impotr", 3, "syntax error"),
        ("values=", "pick='min', values=", 6, "exactly one of values, above and pick"),
        ('reads=("fidelity",)', 'reads=("refit",)', 15, "reads must name just the tables used"),
        ('id="c14"', 'id="c15"', 1, "'c15' is not that of the file"),
        ("CLAIM = ", "CLAIMS = ", 6, "no `CLAIM = Claim(...)`"),
        ('"""A share above a half."""', "", 1, "no docstring"),
        ('turns_to=("absent",)', "turns_to=()", 23, "turns_to"),
        ('"absent"', '"invisible"', 23, "turns_to"),
        ('kind="positive"', 'kind="maybe"', 22, "kind"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path, old: str, new: str, line: int, found: str):
    assert old in GOOD
    message = refusal(tmp_path, GOOD.replace(old, new))
    assert found in message
    assert f"c14_share.py:{line}: " in message
    assert f"edit {tmp_path / 'c14_share.py'} at line {line}" in message


def test_a_file_is_never_run(tmp_path: Path):
    mark = tmp_path / "ran"
    refusal(tmp_path, GOOD + f'\nopen({str(mark)!r}, "w")\n')
    assert not mark.exists()


def test_two_files_of_one_id_are_refused(tmp_path: Path):
    folder_with(tmp_path, GOOD, "c14_other.py")
    message = refusal(tmp_path, GOOD)
    assert "'c14' is also that of" in message
    assert "c14_other.py" in message


def test_a_folder_without_claims_is_refused(tmp_path: Path):
    with pytest.raises(SpecError, match="holds no claim files"):
        load_claims(tmp_path / "nowhere")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    (tmp_path / "c01.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="no Python text"):
        load_claims(tmp_path)


def test_the_hash_follows_the_meaning_not_the_layout(tmp_path: Path):
    (claim,) = load_claims(folder_with(tmp_path, GOOD))
    (spaced,) = load_claims(folder_with(tmp_path, GOOD.replace("\n\n", "\n\n# why\n\n")))
    (amended,) = load_claims(folder_with(tmp_path, GOOD.replace("-0.5", "-0.4")))
    assert spec_sha256(claim) == spec_sha256(spaced)
    assert spec_sha256(claim) != spec_sha256(amended)


def test_a_claim_survives_json(tmp_path: Path):
    (claim,) = load_claims(folder_with(tmp_path, GOOD))
    assert Claim.model_validate_json(claim.model_dump_json()) == claim


def test_a_claim_cannot_be_changed(tmp_path: Path):
    (claim,) = load_claims(folder_with(tmp_path, GOOD))
    with pytest.raises(ValidationError, match="frozen"):
        claim.id = "c15"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_threshold_is_nan_or_infinite(number: float):
    with pytest.raises(ValidationError, match="finite"):
        Where(column="alpha", above=number)
