"""Every word of every claim, mistyped by itself, is refused as the claim loads."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from repro.contract.vocabulary import PLANNED
from repro.errors import SpecError
from repro.spec.load import load_claim

CLAIMS = Path(__file__).parents[2] / "claims"
FILES = sorted(CLAIMS.glob("[ck]*.py"))
SHARED = CLAIMS / "_vocabulary.py"
PROSE = {
    *("name", "says", "unit", "deviation", "refuted_by", "why", "called", "exact"),
    *("section", "figure", "equation"),
}
"""Fields that may say anything."""
FORM = {"id", "source", "kind", "must", "direction", "by", "scale", "pick", "turns_to", "reads"}
"""Fields that the form of a claim closes: refused, perhaps without the word."""


class Word(NamedTuple):
    """A string in a claim file that means something to the judge."""

    node: ast.Constant
    field: str


def words_of(node: ast.AST, field: str = "") -> Iterator[Word]:
    """Strings below a node, each with the field that it is given to, if to one directly."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Expr():
                continue
            case ast.Constant(value=str()) if field not in PROSE:
                yield Word(child, field)
            case ast.keyword(arg=str(arg)):
                yield from words_of(child, arg)
            case _:
                yield from words_of(child, field)


def mistyped(text: str, node: ast.Constant) -> tuple[str, str]:
    """The text with the last letter of a word typed twice, and the word so spelt."""
    word = f"{node.value}{str(node.value)[-1]}"
    lines = text.splitlines(keepends=True)
    line = lines[node.lineno - 1]
    lines[node.lineno - 1] = f'{line[: node.col_offset]}"{word}"{line[node.end_col_offset :]}'
    return "".join(lines), word


def words_in(path: Path) -> list[Word]:
    return list(words_of(ast.parse(path.read_text(encoding="utf8"))))


def refusal(path: Path) -> str:
    """What the loader says of a file; nothing where it takes it."""
    try:
        load_claim(path)
    except SpecError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_word_of_a_claim_mistyped_is_refused_by_name(path: Path, tmp_path: Path):
    shutil.copy(SHARED, tmp_path)
    text, words = path.read_text(encoding="utf8"), words_in(path)
    assert text.isascii()
    assert len(words) > 10
    for word in words:
        changed, spelt = mistyped(text, word.node)
        (tmp_path / path.name).write_text(changed, encoding="utf8")
        told = refusal(tmp_path / path.name)
        assert told, (word.node.lineno, spelt)
        if word.field not in FORM:
            assert f"{path.name}:" in told
            assert f"in {path.stem[:3]} {spelt!r} is no " in told


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_table_of_a_claim_mistyped_throughout_is_refused(path: Path, tmp_path: Path):
    shutil.copy(SHARED, tmp_path)
    text = path.read_text(encoding="utf8")
    for table in load_claim(path).reads:
        (tmp_path / path.name).write_text(text.replace(f'"{table}"', f'"{table}s"'))
        told = refusal(tmp_path / path.name)
        assert f"'{table}s' is no table" in told or "reads must name just" in told, table


def test_each_word_that_claims_share_mistyped_is_refused_by_name(tmp_path: Path):
    borrowers = [path for path in FILES if "claims._vocabulary" in path.read_text(encoding="utf8")]
    for path in borrowers:
        shutil.copy(path, tmp_path)
    text, words = SHARED.read_text(encoding="utf8"), words_in(SHARED)
    assert len(words) > 20
    for word in words:
        changed, spelt = mistyped(text, word.node)
        (tmp_path / SHARED.name).write_text(changed, encoding="utf8")
        told = [found for path in borrowers if (found := refusal(tmp_path / path.name))]
        assert told, (word.node.lineno, spelt)
        if word.field not in FORM:
            place = f"{SHARED.name}:{word.node.lineno}: in "
            assert all(place in one and f"{spelt!r} is no " in one for one in told)


@pytest.mark.parametrize("table", PLANNED)
def test_a_planned_table_declares_no_column_that_no_claim_names(table: str):
    waiting = [path for path in FILES if table in load_claim(path).reads]
    named = {str(word.node.value) for path in (*waiting, SHARED) for word in words_in(path)}
    assert waiting
    assert PLANNED[table].columns <= named


@pytest.mark.parametrize("name", ["c14_smooth_tradeoff", "c01_more_interpretable"])
def test_two_letters_exchanged_are_an_error_and_no_absence(name: str, tmp_path: Path):
    """One claim that is decided, and one whose stage is not built."""
    shutil.copy(SHARED, tmp_path)
    text = (CLAIMS / f"{name}.py").read_text(encoding="utf8").replace('"sae"', '"sea"')
    (tmp_path / f"{name}.py").write_text(text, encoding="utf8")
    told = refusal(tmp_path / f"{name}.py")
    assert f"in {name[:3]} 'sea' is no method" in told
    assert "perhaps 'sae'" in told
    assert "declare a new word in repro/contract/vocabulary.py" in told
