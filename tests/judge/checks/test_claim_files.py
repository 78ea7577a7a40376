"""What is wrong with a claim file is told in three parts: the fact, the form, the place."""

from pathlib import Path

import pytest

from repro.errors import SpecError
from repro.spec import All, Claim, Drop, Exceeds, Jitter, Level, Rival, Scale, Smooth, load_claims
from repro.spec.load import SHAPE, load_claim

GOOD = '''"""It is so."""

from repro.spec import Claim, Exceeds, Paper, Ratio, Where

SHARE = Ratio(name="share", unit="1", over="over", under="under")
MARGIN = -0.5
ROWS = (Where(column="seed", values=(0, 1.5, "x")),)
CLAIM = Claim(
    id="c14",
    source="paper",
    says="So.",
    paper=Paper(section="1", figure=None),
    reads=("fidelity",),
    check=Exceeds(
        reads="fidelity",
        of=SHARE,
        where=(*ROWS, Where(column="alpha", above=-1)),
        clusters=("seed",),
        margin=MARGIN,
    ),
    deviation="None.",
    refuted_by="Less.",
    unit="1",
)
'''

DOCSTRING = "what it states, in one sentence, as the docstring"


def refusal(tmp_path: Path, text: str | bytes, name: str = "c14_x.py") -> tuple[str, str, str]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf8"))
    with pytest.raises(SpecError) as caught:
        load_claim(path)
    error = caught.value
    assert error.found.startswith(f"{path}:")
    assert error.mend.startswith(f"edit {path} at line ")
    line = error.mend.removeprefix(f"edit {path} at line ")
    return line, error.found.removeprefix(f"{path}:{line}: "), error.expected


def test_a_good_file_gives_just_what_it_says(tmp_path: Path):
    (tmp_path / "c14_x.py").write_text(GOOD)
    (tmp_path / "_draft.py").write_text("no claim")
    (claim,) = load_claims(tmp_path)
    assert isinstance(claim.check, Exceeds)
    assert claim.check.margin == -0.5
    assert claim.check.where[0].values == (0, 1.5, "x")
    assert claim.check.where[1].above == -1
    assert claim.paper.figure is None
    assert claim.model_dump()["reads"] == ("fidelity",)


MEANS_THE_MARGIN = "Smallest effect that counts, in the unit of the quantity."


@pytest.mark.parametrize(
    ("old", "new", "line", "found", "expected"),
    [
        ('"""It is so."""', "x = (", "1", "syntax error: '(' was never closed", "Python"),
        ('"""It is so."""', "", "1", "no docstring", DOCSTRING),
        ("CLAIM = ", "OTHER = ", "6", "no `CLAIM = Claim(...)`", SHAPE),
        ('id="c14"', 'id="c15"', "1", "the id 'c15' is not that of the file", "id = file prefix"),
        ("Exceeds, Paper", "Exceds, Paper", "3", "cannot import 'Exceds'", "perhaps 'Exceeds'"),
        ("Where\n", "Where as W\n", "3", "cannot import 'Where'", "perhaps 'Where'"),
        ("MARGIN = -0.5", "SHARE = -0.5", "6", "SHARE is given twice", "one assignment"),
        ("MARGIN = -0.5", "del SHARE", "6", "Delete is not allowed in a claim", SHAPE),
        ("margin=MARGIN", "margin=MARGEN", "19", "unknown name 'MARGEN'", "perhaps 'MARGIN'"),
        ("margin=MARGIN", "margin=-SHARE", "19", "`-SHARE` is not plain data", SHAPE),
        ("margin=MARGIN", "margin=[1]", "19", "`[1]` is not plain data", SHAPE),
        ("margin=MARGIN", "margin=Exceeds(1)", "19", "`Exceeds(1)` is not plain data", SHAPE),
        (
            "margin=MARGIN", f"margin=1 + {'7' * 90}", "19",
            f"`1 + {'7' * 56}` is not plain data", SHAPE,
        ),
        ("*ROWS", "*SHARE", "17", "`*` before something else than a tuple", SHAPE),
        ("margin=MARGIN", "**ROWS", "14", "`**` is not plain data", SHAPE),
        ("margin=", "marign=", "19", "Exceeds has no field 'marign'", "perhaps 'margin'"),
        (
            "margin=MARGIN", 'margin="x"', "14",
            "Exceeds.margin: Input should be a valid number", MEANS_THE_MARGIN,
        ),
        ("unit=\"1\",\n)", ")", "8", "Claim.unit: Field required", "Unit of the estimate."),
        (
            'reads=("fidelity",)', 'reads=("refit",)', "8",
            "Claim: Value error, reads must name just the tables used: fidelity", Claim.__doc__,
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_told_in_three_parts(
    tmp_path: Path, old: str, new: str, line: str, found: str, expected: str
):
    assert GOOD.count(old) == 1
    assert refusal(tmp_path, GOOD.replace(old, new)) == (line, found, expected)


def test_a_word_like_none_that_is_known_lists_all(tmp_path: Path):
    line, found, expected = refusal(tmp_path, GOOD.replace("margin=MARGIN", "margin=zzzzz"))
    assert (line, found) == ("19", "unknown name 'zzzzz'")
    assert expected == "one of Claim, Exceeds, Paper, Ratio, Where, SHARE, MARGIN, ROWS"
    _, _, of_fields = refusal(tmp_path, GOOD.replace("section=", "zzzzz="))
    assert of_fields == "one of section, figure, equation"


def test_a_file_that_is_no_text_is_told(tmp_path: Path):
    line, found, expected = refusal(tmp_path, b"\xff\xfe")
    assert (line, expected) == ("1", "UTF-8")
    assert found.startswith("no Python text: 'utf-8' codec can't decode byte 0xff")


def test_a_name_outside_ascii_is_read_as_utf8(tmp_path: Path):
    (tmp_path / "c14_x.py").write_bytes(GOOD.replace("So.", "Größer α.").encode("utf8"))
    assert load_claim(tmp_path / "c14_x.py").says == "Größer α."


def test_two_files_of_one_claim_are_told_in_three_parts(tmp_path: Path):
    for name in ("c14_a.py", "c14_b.py"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(SpecError) as caught:
        load_claims(tmp_path)
    error = caught.value
    assert error.found == (
        f"{tmp_path / 'c14_b.py'}: the id 'c14' is also that of {tmp_path / 'c14_a.py'}"
    )
    assert error.expected == "one file a claim"
    assert error.mend == f"rename or remove one of the two files in {tmp_path}"


def test_every_word_of_the_language_can_be_used_in_a_file(tmp_path: Path):
    words = (All, Drop, Jitter, Level, Rival, Scale, Smooth)
    names = ", ".join(word.__name__ for word in words)
    text = GOOD.replace("import Claim", f"import {names}, Claim")
    (tmp_path / "c14_x.py").write_text(text)
    assert load_claim(tmp_path / "c14_x.py").id == "c14"
