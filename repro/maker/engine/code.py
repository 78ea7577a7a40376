"""What code a piece of work runs: a hash of every file that its module reaches by imports.

A changed formula is never served from a cache, wherever its file lies; a comment or a docstring
changes nothing. DVC's stages depend on it through `artifacts/code/`, items through their key.
"""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
"""The folder `repro/`."""


def code_of(module: str, package: Path = PACKAGE) -> str:
    """SHA-256 over the code that a module of the package reaches, itself included.

    Of Python files the code alone counts; other files beside them (word lists) count whole. Two
    checkouts with the same files have the same hash, whatever the interpreter.
    """
    digest = hashlib.sha256()
    for file in sorted(files_of(module, package)):
        name = file.relative_to(package).as_posix()
        digest.update(f"{name}\n{hashlib.sha256(_counted(file)).hexdigest()}\n".encode())
    return digest.hexdigest()


def files_of(module: str, package: Path = PACKAGE) -> set[Path]:
    """The module's file, all that it imports from the package, and data files beside those.

    Left out are files without code, such as an `__init__.py` that only says what a folder is for.
    """
    seen: set[Path] = set()
    todo = [_file_of(module, package)]
    while todo:
        file = todo.pop()
        if file is None or file in seen:
            continue
        seen.add(file)
        todo += [*_inits_above(file, package), *imported_modules(file, package)]
    data = {found for file in seen for found in _data_beside(file)}
    return {file for file in seen | data if _counted(file)}


def imported_modules(file: Path, package: Path = PACKAGE) -> set[Path]:
    """Files of the package that one file imports, wherever in it."""
    names = _imports_of(file.read_text(encoding="utf8"))
    return {found for name in names if (found := _file_of(name, package))}


def _file_of(module: str, package: Path) -> Path | None:
    """The file of a dotted name inside the package, if it is one."""
    first, *words = module.split(".")
    if first != PACKAGE.name:
        return None
    base = package.joinpath(*words)
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((file for file in candidates if file.is_file()), None)


def _inits_above(file: Path, package: Path) -> list[Path]:
    """The `__init__.py` that Python runs before the file."""
    folders = [folder for folder in file.parents if folder.is_relative_to(package)]
    return [folder / "__init__.py" for folder in folders if (folder / "__init__.py").is_file()]


def _data_beside(file: Path) -> Iterator[Path]:
    """Files beside a module that are no Python: what it reads from its own folder."""
    if file.name != "__init__.py":
        yield from (f for f in file.parent.iterdir() if f.is_file() and f.suffix != ".py")


def _counted(file: Path) -> bytes:
    """What of a file counts."""
    if file.suffix != ".py":
        return file.read_bytes()
    return "\n".join(_code_lines(file.read_text(encoding="utf8"))).encode()


@cache
def _imports_of(source: str) -> frozenset[str]:
    """Dotted names that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@cache
def _code_lines(source: str) -> tuple[str, ...]:
    """Lines of a file without comments, docstrings and blank lines."""
    lines = source.splitlines()
    for (top, left), (bottom, right) in _spans_of_words(source):
        for row in range(top - 1, bottom):
            line = lines[row]
            first = left if row == top - 1 else 0
            last = right if row == bottom - 1 else len(line)
            lines[row] = line[:first] + " " * (last - first) + line[last:]
    return tuple(line.rstrip() for line in lines if line.strip())


Span = tuple[tuple[int, int], tuple[int, int]]


def _spans_of_words(source: str) -> Iterable[Span]:
    """Places, line and character, of comments and of strings that stand alone."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start, token.end
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and _is_text(node.value):
            start = (node.lineno, _characters(lines[node.lineno - 1], node.col_offset))
            last = node.end_lineno or node.lineno
            yield start, (last, _characters(lines[last - 1], node.end_col_offset or 0))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _characters(line: str, offset: int) -> int:
    """`ast` counts bytes of UTF-8."""
    return len(line.encode()[:offset].decode())
