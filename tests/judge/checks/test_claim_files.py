"""What is wrong with a claim file is told in three parts: the fact, the form, the place."""

from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from repro.contract.vocabulary import METHODS, VALUES
from repro.errors import SpecError
from repro.spec import (
    All,
    Claim,
    Drop,
    Exceeds,
    Jitter,
    Level,
    Rival,
    Scale,
    Scored,
    Smooth,
    load_claims,
)  # fmt: skip
from repro.spec.load import DECLARED, SHAPE, WORDS, load_claim
from repro.spec.vocabulary import COLUMNS

GOOD = '''"""It is so."""

from repro.spec import Claim, Exceeds, Paper, Ratio, Where

SHARE = Ratio(name="share", unit="1", over="squared_error", under="variance")
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


def undeclared(tmp_path: Path, *changes: tuple[str, str]) -> tuple[str, str, str]:
    """The three parts of the refusal of a changed claim, the folder left out."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "c14_x.py").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_claim(tmp_path / "c14_x.py")
    error, folder, last = caught.value, f"{tmp_path}/", f", or declare a new word in {DECLARED}"
    assert error.mend.endswith(last)
    mend = error.mend.removesuffix(last).replace(folder, "")
    return error.found.replace(folder, ""), error.expected, mend


COLUMN = "column of the table fidelity"
AT_SEED = 'Where(column="seed", values=(0, 1.5, "x"))'


@pytest.mark.parametrize(
    ("old", "new", "found", "expected"),
    [
        ('"fidelity"', '"fidelty"', "13, 15: in c14 'fidelty' is no table",
         "a table, perhaps 'fidelity'"),
        ('"variance"', '"varianse"', f"5: in c14 'varianse' is no {COLUMN}",
         f"a {COLUMN}, perhaps 'variance'"),
        ('"alpha"', '"alhpa"', f"17: in c14 'alhpa' is no {COLUMN}",
         f"a {COLUMN}, perhaps 'alpha'"),
        ('("seed",)', '(("seed", "sead"),)', f"18: in c14 'sead' is no {COLUMN}",
         f"a {COLUMN}, perhaps 'seed'"),
        (AT_SEED, 'Where(column="site", values=("midle",))', "7: in c14 'midle' is no site",
         "a site, perhaps 'middle'"),
        (AT_SEED, 'Where(column="method", values=("sae", "sea"))', "7: in c14 'sea' is no method",
         "a method, perhaps 'sae'"),
    ],
)  # fmt: skip
def test_a_word_that_nothing_declares_is_told_in_three_parts(
    tmp_path: Path, old: str, new: str, found: str, expected: str
):
    lines = found.split(":")[0]
    assert undeclared(tmp_path, (old, new)) == (
        f"c14_x.py:{found}", expected, f"edit c14_x.py at line {lines}"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "where", "what", "expected"),
    [
        ("ioi", 'column="carries", values=(2,)', "2 is no value of the column carries",
         "one of the numbers 0, 1"),
        ("ioi", 'column="carries", values=("yes",)', "'yes' is no value of the column carries",
         "one of the numbers 0, 1"),
        ("ioi", 'column="corruption", values=("x",)', "'x' is no value of the column corruption",
         "one of all, io, swapped"),
    ],
)  # fmt: skip
def test_a_value_outside_a_closed_column_lists_what_there_is(
    tmp_path: Path, table: str, where: str, what: str, expected: str
):
    found, told, _ = undeclared(
        tmp_path,
        *(('"fidelity"', f'"{table}"'), ('"squared_error"', '"kl_area"'), ('"variance"', '"n"')),
        (AT_SEED, f"Where({where})"),
        ("MARGIN = -0.5", "MARGIN = 2.0"),
    )
    assert found == f"c14_x.py:7: in c14 {what}"
    assert told.endswith(expected)


def test_all_words_that_nothing_declares_are_told_at_once(tmp_path: Path):
    found, expected, mend = undeclared(
        tmp_path,
        ('"variance"', '"varianse"'),
        ('"squared_error"', '"sqared_error"'),
        (AT_SEED, 'Where(column="method", values=("sea",))'),
    )
    assert found == (
        f"c14_x.py:5: in c14 'sqared_error' is no {COLUMN}; "
        f"c14_x.py:5: in c14 'varianse' is no {COLUMN}; "
        "c14_x.py:7: in c14 'sea' is no method"
    )
    assert expected == (
        f"a {COLUMN}, perhaps 'squared_error'; a {COLUMN}, perhaps 'variance'; "
        "a method, perhaps 'sae'"
    )
    assert mend == "edit c14_x.py at line 5 and c14_x.py at line 7"


def test_a_word_that_stands_twice_is_told_once_with_both_lines(tmp_path: Path):
    found, expected, _ = undeclared(tmp_path, ('"seed"', '"sead"'))
    assert found == f"c14_x.py:7, 18: in c14 'sead' is no {COLUMN}"
    assert expected == f"a {COLUMN}, perhaps 'seed'"


SABOTEURS = """
    Swap(name="a", reads="fidelity", turns_to=("refuted",), column="method", a="sae", b="pac"),
    Jitter(name="b", reads="fidelity", turns_to=("refuted",), column="active", by="document_",
           sd=1.0, seed=0),
    Drop(name="c", reads="refit", turns_to=("refuted",), where=(Where(column="active", above=0),)),
"""


def test_saboteurs_and_shared_names_are_held_to_the_vocabulary_too(tmp_path: Path):
    shared = '"""Shared."""\n\nfrom repro.spec import Where\n\n'
    (tmp_path / "_rows.py").write_text(f'{shared}ROWS = (Where(column="sead", values=(0,)),)\n')
    found, _, mend = undeclared(
        tmp_path,
        ("from repro.spec", "from claims._rows import ROWS\nfrom repro.spec"),
        ("import Claim", "import Drop, Jitter, Swap, Claim"),
        (f"ROWS = ({AT_SEED},)\n", ""),
        ('reads=("fidelity",)', 'reads=("fidelity", "refit")'),
        ('    deviation="None."', f'    saboteurs=({SABOTEURS}    ),\n    deviation="None."'),
    )
    assert found.split("; ") == [
        f"_rows.py:5: in c14 'sead' is no {COLUMN}",
        "c14_x.py:22: in c14 'pac' is no method",
        f"c14_x.py:23: in c14 'document_' is no {COLUMN}",
        "c14_x.py:23, 25: in c14 'active' is no column of the table refit",
    ]
    assert mend.startswith("edit _rows.py at line 5 and c14_x.py at line 22 and ")


def test_of_a_word_that_the_file_does_not_spell_the_claim_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What stands for fair dictionaries names a method by itself."""
    monkeypatch.setitem(VALUES, "method", METHODS.keys() - {"saelens_standard"})
    found, _, _ = undeclared(
        tmp_path,
        ("import Claim", "import Fair, Claim"),
        ('reads=("fidelity",)', 'reads=("fidelity", "dictionaries")'),
        ("    deviation=", "    fair=(Fair(where=ROWS),),\n    deviation="),
    )
    assert found == "c14_x.py:1: in c14 'saelens_standard' is no method"


SAID = {
    *("name", "says", "unit", "deviation", "refuted_by", "why", "called", "exact"),
    *("section", "figure", "equation", "id"),
}
"""Fields of text that name nothing in a table."""


@pytest.mark.parametrize("model", WORDS.values(), ids=WORDS)
def test_a_field_of_text_names_a_column_or_something_else_that_is_looked_up(model):
    looked_up = COLUMNS | SAID | {"reads", "values", "a", "b"}
    looked_up |= {"by"} if model is Jitter else set()
    looked_up |= {"scorer"} if model is Scored else set()
    text = {name for name, field in model.model_fields.items() if holds_text(field.annotation)}
    assert text <= looked_up


def holds_text(annotation: object) -> bool:
    """Whether any string may stand there, alone or in a tuple."""
    return annotation is str or any(holds_text(inner) for inner in type_arguments(annotation))


def type_arguments(annotation: object) -> tuple[object, ...]:
    return () if get_origin(annotation) is Literal else get_args(annotation)
