"""Claim files: read as data, refused with file and line, hashed by what they say."""

import hashlib
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from repro.errors import SpecError
from repro.spec import Claim, Fair, Where, load_claims, spec_sha256

GOOD = '''"""A share above a half."""

from repro.spec import Claim, Control, Drop, Exceeds, Paper, Ratio, Where

SHARE = Ratio(name="share", unit="1", over="squared_error", under="variance")
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
FAIR = (
    GOOD.replace("Exceeds, Paper", "Exceeds, Fair, Paper")
    .replace('reads=("fidelity",)', 'reads=("dictionaries", "fidelity")')
    .replace("    saboteurs=", "    fair=(Fair(where=MIDDLE),),\n    saboteurs=")
)
"""The same on trained dictionaries."""
HASH_BEFORE_FAIR = "f69ae34ea0cec4c527413ca1feb717d5a92b582cd96ec508d25f604f5aafb131"
"""Of the good claim, by the code of a time when claims could not ask for fair dictionaries."""


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
        ("from repro.spec import", "from repro.judge.stats import", 3, "ImportFrom is not allowed"),
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


def test_a_claim_without_fair_dictionaries_or_scorers_keeps_its_earlier_hash(tmp_path: Path):
    (claim,) = load_claims(folder_with(tmp_path, GOOD))
    assert spec_sha256(claim) == HASH_BEFORE_FAIR
    (fair,) = load_claims(folder_with(tmp_path, FAIR))
    content = fair.model_dump(mode="json", exclude={"scored"})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert '"fair":[{"called":"the dictionary","effective":0.5,"factor":1.2' in text
    assert spec_sha256(fair) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "amendment", ["called='it', ", "factor=1.3, ", "frequent=0.1, ", "effective=0.4, "]
)
def test_an_amendment_of_what_is_fair_shows_in_the_hash(tmp_path: Path, amendment: str):
    (claim,) = load_claims(folder_with(tmp_path, FAIR))
    (amended,) = load_claims(folder_with(tmp_path, FAIR.replace("Fair(", f"Fair({amendment}")))
    assert spec_sha256(amended) != spec_sha256(claim)


def test_what_is_fair_is_safeguarded_by_three_preconditions_after_the_controls(tmp_path: Path):
    (claim,) = load_claims(folder_with(tmp_path, FAIR))
    (plain,) = load_claims(folder_with(tmp_path, GOOD))
    assert plain.safeguards == plain.controls
    assert claim.fair == (Fair(where=(Where(column="site", values=("middle",)),)),)
    assert claim.safeguards == (*claim.controls, *claim.fair[0].controls)
    assert [(one.kind, one.must) for one in claim.fair[0].controls] == [
        ("precondition", "supported")
    ] * 3


@pytest.mark.parametrize("text", [GOOD, FAIR])
def test_a_claim_survives_json(tmp_path: Path, text: str):
    (claim,) = load_claims(folder_with(tmp_path, text))
    assert Claim.model_validate_json(claim.model_dump_json()) == claim


def test_a_claim_cannot_be_changed(tmp_path: Path):
    (claim,) = load_claims(folder_with(tmp_path, GOOD))
    with pytest.raises(ValidationError, match="frozen"):
        claim.id = "c15"


def test_a_claim_on_fair_dictionaries_reads_both_tables_that_tell_it(tmp_path: Path):
    text = FAIR.replace('reads=("dictionaries", "fidelity")', 'reads=("fidelity",)')
    assert "reads must name just the tables used: dictionaries, fidelity" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("factor=1.0", "Largest FVU over the reference trainer's"),
        ("frequent=1.5", "Smallest share of units that fire"),
        ("effective=-0.1", "Smallest share of units whose removal matters"),
        ("fair=1.0", "no field 'fair'"),
    ],
)
def test_what_could_not_be_fair_is_refused(tmp_path: Path, field: str, told: str):
    assert told in refusal(tmp_path, FAIR.replace("Fair(", f"Fair({field}, "))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_threshold_is_nan_or_infinite(number: float):
    with pytest.raises(ValidationError, match="finite"):
        Where(column="alpha", above=number)


SHARED = '''"""Shared names."""

from repro.spec import Ratio, Where

SHARE = Ratio(name="share", unit="1", over="squared_error", under="variance")
MIDDLE = (Where(column="site", values=("middle",)),)
'''
BORROWING = (
    GOOD.replace(
        'SHARE = Ratio(name="share", unit="1", over="squared_error", under="variance")\n', ""
    )
    .replace('MIDDLE = (Where(column="site", values=("middle",)),)\n', "")
    .replace("from repro.spec", "from claims._vocabulary import MIDDLE, SHARE\nfrom repro.spec", 1)
)


def borrowed(folder: Path, shared: str | None, claim: str = BORROWING) -> Claim:
    (folder / "c14_share.py").write_text(claim, encoding="utf8")
    if shared is not None:
        (folder / "_vocabulary.py").write_text(shared, encoding="utf8")
    (found,) = load_claims(folder)
    return found


def test_a_claim_that_takes_names_from_a_file_beside_it_says_the_same(tmp_path: Path):
    plain, shared = tmp_path / "plain", tmp_path / "shared"
    plain.mkdir()
    shared.mkdir()
    (plain / "c14_share.py").write_text(GOOD, encoding="utf8")
    (one,) = load_claims(plain)
    assert spec_sha256(borrowed(shared, SHARED)) == spec_sha256(one)


def test_a_change_of_a_shared_name_is_a_change_of_the_claim(tmp_path: Path):
    before = spec_sha256(borrowed(tmp_path, SHARED))
    after = borrowed(tmp_path, SHARED.replace('"squared_error"', '"active"'))
    assert spec_sha256(after) != before


@pytest.mark.parametrize(
    ("shared", "words"),
    [
        (None, ("_vocabulary.py is not there", "c14_share.py:3")),
        (SHARED.replace("MIDDLE", "CENTRE"), ("cannot import 'MIDDLE'", "c14_share.py:3")),
        (SHARED.replace("SHARE = Ratio(", "SHARE = open("), ("_vocabulary.py:5", "not plain data")),
        ("SHARE = 1", ("_vocabulary.py:1", "no docstring")),
    ],
)
def test_a_mistake_with_shared_names_is_told_with_its_line(
    tmp_path: Path, shared: str | None, words: tuple[str, ...]
):
    with pytest.raises(SpecError) as caught:
        borrowed(tmp_path, shared)
    assert [word for word in words if word not in str(caught.value)] == []


def test_nothing_else_is_imported(tmp_path: Path):
    claim = BORROWING.replace("claims._vocabulary", "os.path")
    with pytest.raises(SpecError, match="ImportFrom is not allowed"):
        borrowed(tmp_path, SHARED, claim)
