"""Claim files: read as data by walking their syntax tree, never run."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from repro.errors import SpecError
from repro.spec import claim, control, decisions, fair, quantities, sabotage, scored
from repro.spec.claim import Claim
from repro.spec.nearest import nearest
from repro.spec.vocabulary import Unknown, Value, unknown_words

WORDS: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (
        *(claim.Claim, control.Control, claim.Paper, fair.Fair, scored.Scored),
        *(quantities.Ratio, quantities.Where),
        *(decisions.Exceeds, decisions.Within, decisions.Monotone, decisions.Dominates),
        *(decisions.Smooth, decisions.All, decisions.Matched, decisions.Rival, decisions.Unpaired),
        *(sabotage.Swap, sabotage.Scale, sabotage.Reverse, sabotage.Shuffle, sabotage.Level),
        *(sabotage.Jitter, sabotage.Drop, sabotage.Tilt),
    )
}
"""What a claim file may import and call."""

SHAPE = (
    "a docstring, `from repro.spec import ...`, `from claims._vocabulary import ...`, plain data, "
    "and one `CLAIM = Claim(...)`"
)
SPEC, SHOWN = "repro.spec", 60
DECLARED = "repro/contract/vocabulary.py (a column that a stage writes: repro/contract/rows/)"


def load_claims(folder: Path) -> list[Claim]:
    """Every claim of a folder, sorted by id; `c14_smooth.py` holds the claim c14.

    Raises:
        SpecError: no folder, no claim file, or a file that is not one valid, uniquely named claim.
    """
    files = sorted(folder.glob("[!_]*.py"))
    if not files:
        raise SpecError(
            f"{folder} holds no claim files",
            expected="a folder with files such as c14_smooth_tradeoff.py",
            mend="repro verify --evidence DIR --claims DIR",
        )
    found: dict[str, Path] = {}
    claims: list[Claim] = []
    for path in files:
        one = load_claim(path)
        if one.id in found:
            raise SpecError(
                f"{path}: the id {one.id!r} is also that of {found[one.id]}",
                expected="one file a claim",
                mend=f"rename or remove one of the two files in {folder}",
            )
        found[one.id] = path
        claims.append(one)
    return sorted(claims, key=lambda one: one.id)


def load_claim(path: Path) -> Claim:
    """The claim of one file.

    Raises:
        SpecError: with file and line: a syntax error, logic, a misspelt field, a wrong id, and all
            names of tables, columns and values that nothing declares.
    """
    tree = _tree_of(path)
    result = _names_of(path, tree).get("CLAIM")
    if not isinstance(result, Claim):
        raise _wrong(path, len(tree.body), "no `CLAIM = Claim(...)`", SHAPE)
    if path.stem.split("_")[0] != result.id:
        raise _wrong(path, 1, f"the id {result.id!r} is not that of the file", "id = file prefix")
    if unknown := unknown_words(result):
        raise _undeclared(path, tree, result.id, unknown)
    if not result.asks_its_scorer:
        decides = f"rows of {result.scored[0].scorer}, the first scorer of `scored`"
        raise _wrong(path, 1, f"the check of {result.id} asks another scorer", decides)
    return result


def _tree_of(path: Path) -> ast.Module:
    try:
        tree = ast.parse(path.read_text(encoding="utf8"), filename=str(path))
    except SyntaxError as error:
        raise _wrong(path, error.lineno or 1, f"syntax error: {error.msg}", "Python") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise _wrong(path, 1, f"no Python text: {error}", "UTF-8") from None
    if ast.get_docstring(tree) is None:
        raise _wrong(path, 1, "no docstring", "what it states, in one sentence, as the docstring")
    return tree


def _names_of(path: Path, tree: ast.Module) -> dict[str, Any]:
    """What a file calls by a name, and what that is."""
    names: dict[str, Any] = {}
    for statement in tree.body[1:]:
        _take(path, statement, names)
    return names


def _take(path: Path, statement: ast.stmt, names: dict[str, Any]) -> None:
    match statement:
        case ast.ImportFrom(module=str(module), level=0, names=imported) if _may_give(module):
            given = WORDS if module == SPEC else _shared(path, statement.lineno, module)
            for alias in imported:
                if alias.name not in given or alias.asname:
                    known = nearest(alias.name, given)
                    raise _wrong(path, statement.lineno, f"cannot import {alias.name!r}", known)
                names[alias.name] = given[alias.name]
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if name in {**WORDS, **names}:
                raise _wrong(path, statement.lineno, f"{name} is given twice", "one assignment")
            names[name] = _value(path, value, names)
        case _:
            what = type(statement).__name__
            raise _wrong(path, statement.lineno, f"{what} is not allowed in a claim", SHAPE)


def _may_give(module: str) -> bool:
    """Whether a claim may import from it: the words, or a file beside it that begins with `_`."""
    return module == SPEC or module.rpartition(".")[2].startswith("_")


def _beside(path: Path, module: str) -> Path:
    return path.with_name(f"{module.rpartition('.')[2]}.py")


def _shared(path: Path, line: int, module: str) -> Mapping[str, Any]:
    """Names of a file of shared quantities and controls, which stands beside the claims."""
    beside = _beside(path, module)
    if not beside.is_file() or beside == path:
        expected = "a file of shared names beside the claim"
        raise _wrong(path, line, f"{beside} is not there", expected)
    return {n: v for n, v in _names_of(beside, _tree_of(beside)).items() if n not in WORDS}


def _value(path: Path, node: ast.expr, names: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Name(id=name):
            raise _wrong(path, node.lineno, f"unknown name {name!r}", nearest(name, names))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Tuple(elts=elements):
            return _tuple(path, elements, names)
        case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords) if name in WORDS:
            return _call(path, node, names, keywords)
        case _:
            text = ast.unparse(node)[:SHOWN]
            raise _wrong(path, node.lineno, f"`{text}` is not plain data", SHAPE)


def _tuple(path: Path, elements: list[ast.expr], names: dict[str, Any]) -> tuple[Any, ...]:
    values: list[Any] = []
    for element in elements:
        if not isinstance(element, ast.Starred):
            values.append(_value(path, element, names))
            continue
        inner = _value(path, element.value, names)
        if not isinstance(inner, tuple):
            raise _wrong(path, element.lineno, "`*` before something else than a tuple", SHAPE)
        values.extend(cast("tuple[Any, ...]", inner))
    return tuple(values)


def _call(path: Path, node: ast.Call, names: dict[str, Any], given: list[ast.keyword]) -> BaseModel:
    model = _value(path, node.func, names)
    fields: dict[str, Any] = {}
    for keyword in given:
        if keyword.arg is None:
            raise _wrong(path, node.lineno, "`**` is not plain data", SHAPE)
        if keyword.arg not in model.model_fields:
            text = f"{model.__name__} has no field {keyword.arg!r}"
            raise _wrong(path, keyword.lineno, text, nearest(keyword.arg, model.model_fields))
        fields[keyword.arg] = _value(path, keyword.value, names)
    try:
        return model(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join([model.__name__, *map(str, first["loc"])])
        meaning = _meaning(model, first["loc"])
        raise _wrong(path, node.lineno, f"{place}: {first['msg']}", meaning) from None


def _meaning(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """What the field is for; where the whole does not fit together, what the model is."""
    field = model.model_fields.get(str(place[0])) if place else None
    return (field.description if field else model.__doc__) or model.__name__


def _wrong(path: Path, line: int, found: str, expected: str) -> SpecError:
    place = f"{path}:{line}"
    return SpecError(f"{place}: {found}", expected=expected, mend=f"edit {path} at line {line}")


def _undeclared(path: Path, tree: ast.Module, claim: str, unknown: Sequence[Unknown]) -> SpecError:
    """The message about words that nothing declares, all of a claim together."""
    files = list(_files(path, tree))
    placed = [(one, *_place_of(one.word, files)) for one in unknown]
    edits = dict.fromkeys(f"{file} at line {at}" for _, file, at in placed)
    return SpecError(
        "; ".join(
            f"{file}:{at}: in {claim} {one.word!r} is no {one.what}" for one, file, at in placed
        ),
        expected="; ".join(f"a {one.what}, {one.meant}" for one in unknown),
        mend=f"edit {' and '.join(edits)}, or declare a new word in {DECLARED}",
    )


def _files(path: Path, tree: ast.Module) -> Iterator[tuple[Path, ast.Module]]:
    """A claim file and those beside it whose names it takes."""
    yield path, tree
    for statement in tree.body:
        module = statement.module if isinstance(statement, ast.ImportFrom) else None
        if module and module != SPEC:
            beside = _beside(path, module)
            yield from _files(beside, _tree_of(beside))


def _place_of(word: Value, files: Sequence[tuple[Path, ast.Module]]) -> tuple[Path, str]:
    """The file that holds the word, and the lines; line 1 of the claim's where none is found."""
    for path, tree in files:
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        lines = sorted({one.lineno for one in constants if repr(one.value) == repr(word)})
        if lines:
            return path, ", ".join(map(str, lines))
    return files[0][0], "1"
