"""The house's measures: most functions are a glance, none is a page, and no file is long."""

import ast
import math

import pytest

from tests.import_graph import ROOT

MOST_LINES, MAX_LINES, MAX_FILE_LINES = 20, 40, 350
"""Lines of nine function bodies in ten, of any function body, and of any file."""

FILES = {str(path.relative_to(ROOT)): path for path in sorted((ROOT / "repro").rglob("*.py"))}


def body_lines(source: str) -> dict[str, int]:
    """Lines of each function's body, from its first statement but the docstring to its last.

    Blank lines, comments and functions inside count; the key is name and line.
    """
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            found[f"{node.name}:{node.lineno}"] = lines
    return found


BODIES = {
    f"{name}:{function}": lines
    for name, path in FILES.items()
    for function, lines in body_lines(path.read_text(encoding="utf8")).items()
}


def test_lines_are_counted_without_the_docstring_and_with_blanks_and_comments():
    source = '''
def only_says():
    """Nothing."""

def counted():
    """Two
    lines."""
    first = 1
    # A reason.

    def inner(
        x,
    ):
        return x

    return inner
'''
    assert body_lines(source) == {"only_says:2": 0, "counted:5": 9, "inner:11": 1}


def test_nine_functions_in_ten_are_read_at_a_glance():
    assert sorted(BODIES.values())[math.ceil(0.9 * len(BODIES)) - 1] <= MOST_LINES


def test_no_function_is_longer_than_a_screen():
    assert {name: lines for name, lines in BODIES.items() if lines > MAX_LINES} == {}


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_long(name: str):
    assert len(FILES[name].read_text(encoding="utf8").splitlines()) <= MAX_FILE_LINES
