"""The drawing stays true: two towers blind to each other, imports that only go down, lean files."""

import ast
import io
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.import_graph import ROOT, imports_of, module_file
from tests.planted_evidence import TRUE, write_world

JUDGE = ("contract", "spec", "judge", "report", "pipeline", "errors", "files")
"""Rooms that run where there is no torch: what judges, and what both towers share."""
RATE = ("rate",)
"""Where people rate: it knows features by their cards alone, and no claim."""
CLI = ("cli", "steer")
"""The command line, which reaches all of the judge's tower."""
MAKER = ("maker",)
"""Rooms that make the evidence."""
APART = {
    "maker": ("spec", "judge", "report", "proofs", "rate"),
    "judge": ("maker", "proofs", "rate"),
    "rate": ("maker", "proofs", "spec", "judge", "report"),
    "cli": ("maker", "proofs"),
}
"""What each tower never reaches by imports."""
COMES_WITH = {
    "markupsafe": "jinja2",
    "psutil": "dvc",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
}
"""Packages that a declared one brings and that belong to its interface."""
SCIPY_OF_THE_JUDGE = {"scipy.special", "scipy.optimize"}
"""`scipy.stats` takes a second to import; roots come from `scipy.optimize`, a quarter of one."""
PEERS = {"sae_lens"}
"""Packages of scripts that a Python of their own runs: nothing of ours imports those scripts."""
SYSTEM_PATHS = {"/bin/bash", "/proc/cpuinfo"}
MAX_CODE_LINES, MAX_BODY_LINES = 300, 40


def name_of(path: Path) -> str:
    words = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


MODULES = {name_of(path): path for path in sorted((ROOT / "repro").rglob("*.py"))}


def needs(path: Path) -> set[str]:
    """Modules of the package that a file imports; a package only where its own names are meant."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {alias: f"{node.module}.{alias.name}" for alias in node.names}
            names |= {f if module_file(f) else node.module for f in full.values()}
    return {name for name in names if name in MODULES}


GRAPH = {name: needs(path) for name, path in MODULES.items()}


def reach(start: Iterable[str]) -> set[str]:
    """Everything that modules import, directly or through others, themselves included."""
    seen: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += GRAPH[name]
    return seen


def outside(modules: Iterable[str]) -> set[str]:
    """Dotted names from other packages that modules import, the standard library left out."""
    names = {name for module in modules for name in imports_of(MODULES[module])}
    known = sys.stdlib_module_names | {"repro"}
    return {name for name in names if name.split(".")[0] not in known}


def tower(rooms: Iterable[str]) -> list[str]:
    """Modules of some rooms of the package."""
    return [m for m in MODULES if m.split(".")[1:2] and m.split(".")[1] in rooms]


FOLDERS = sorted({name.rpartition(".")[0] for name in MODULES} - {""})


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_stands_in_one_folder_has_floors(folder: str):
    """What stands in a folder imports one way only, so that a drawing of it has floors."""
    depth = folder.count(".") + 1

    def child(module: str) -> str:
        inside = module.startswith(f"{folder}.")
        return ".".join(module.split(".")[: depth + 1]) if inside else ""

    waiting: dict[str, set[str]] = {}
    for module, needed in GRAPH.items():
        if here := child(module):
            waiting.setdefault(here, set()).update(filter(None, map(child, needed)))
    while waiting:
        free = [name for name, needed in waiting.items() if not (needed - {name}) & waiting.keys()]
        assert free, f"these import each other: {waiting}"
        for name in free:
            del waiting[name]


def test_no_imports_go_round():
    waiting = dict(GRAPH)
    while waiting:
        free = [module for module, needed in waiting.items() if not needed & waiting.keys()]
        assert free, f"these import each other: {sorted(waiting)}"
        for module in free:
            del waiting[module]


@pytest.mark.parametrize(
    ("rooms", "never"),
    [
        *((JUDGE, APART["judge"]), (MAKER, APART["maker"])),
        *((RATE, APART["rate"]), (CLI, APART["cli"])),
    ],
)
def test_the_towers_never_meet(rooms: tuple[str, ...], never: tuple[str, ...]):
    assert reach(tower(rooms)) & {*tower(never)} == set()


def declared() -> dict[str, set[str]]:
    """Distributions that each tower may use, as pyproject.toml lists them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]

    def bare(requirements: list[str]) -> set[str]:
        return {r.split("=")[0].split(">")[0].split("<")[0].strip().lower() for r in requirements}

    judge = bare(project["dependencies"])
    extras = {name: judge | bare(of) for name, of in project["optional-dependencies"].items()}
    return {"judge": judge, "maker": extras["make"] | extras["llm"], "rate": extras["rate"]}


@pytest.mark.parametrize(
    ("who", "table"),
    [("judge", JUDGE), ("maker", (*MAKER, "proofs")), ("rate", (*RATE, *CLI))],
)
def test_each_tower_imports_only_packages_that_are_declared_for_it(
    who: str, table: tuple[str, ...]
):
    allowed = declared()[who]
    distributions = packages_distributions()
    foreign = {
        name
        for name in {n.split(".")[0] for n in outside(reach(tower(table)))}
        if name not in PEERS
        and not {COMES_WITH.get(d.lower(), d.lower()) for d in distributions.get(name, ["?"])}
        & allowed
    }
    assert foreign == set()


def test_the_judge_uses_no_slow_part_of_scipy_and_no_state_of_pyplot():
    names = outside(reach(tower((*JUDGE, *RATE, *CLI))))
    scipy = {name for name in names if name.startswith("scipy")}
    assert all(any(n.startswith(ok) for ok in SCIPY_OF_THE_JUDGE) or n == "scipy" for n in scipy)
    assert not {name for name in names if name.startswith("matplotlib.pyplot")}


def test_claims_import_the_specification_and_nothing_else():
    files = sorted((ROOT / "claims").glob("*.py"))
    assert files
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf8"))
        found = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert found <= {"repro.spec", "claims._vocabulary"}, path.name
        assert "repro.spec" in found, path.name
        assert not any(isinstance(node, ast.Import) for node in ast.walk(tree)), path.name


LEAN = """
import sys
for name in ("torch", "pandas", "transformers", "transformer_lens"):
    sys.modules[name] = None  # importing it now raises
"""
JUDGED = """
from pathlib import Path
from repro.report import write_report
from repro.contract.verdict_file import write_verdicts
from repro.judge.verify import verify
evidence, claims, out = map(Path, sys.argv[1:])
write_verdicts(out / "verdicts.json", verify(evidence, claims))
write_report(out / "verdicts.json", out, evidence=evidence, claims=claims, proofs=Path("reports"))
"""


def run(script: str, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_judging_and_reporting_need_neither_torch_nor_pandas(tmp_path: Path):
    write_world(tmp_path / "evidence", TRUE, profile="smoke")
    done = run(LEAN + JUDGED, tmp_path / "evidence", ROOT / "claims", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {"verdicts.json", "claims.html"}


def test_the_block_on_torch_is_real():
    done = run(LEAN + "import repro.maker.dictionaries.model")
    assert done.returncode == 1
    assert "import of torch halted" in done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_for(module: str):
    text = ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf8")))
    assert text or not MODULES[module].read_text(encoding="utf8").strip()


def code_lines(source: str) -> set[int]:
    """Numbers of the lines that hold code: no blank, no comment, no docstring."""
    layout = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
        *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in layout:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and is_text(node.value):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_read_in_one_sitting_and_a_function_on_one_screen(module: str):
    source = MODULES[module].read_text(encoding="utf8")
    lines = code_lines(source)
    assert len(lines) <= MAX_CODE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = range(node.body[0].lineno, (node.end_lineno or 0) + 1)
            assert len(lines & set(body)) <= MAX_BODY_LINES, f"{module}.{node.name}"


QUIET_CALLS = {
    "frozenset",
    "tuple",
    "re.compile",
    "re.escape",
    "str.maketrans",
    "command",
    "commands",
}
"""Functions that only build a constant; constructors (capitalised names) do so too."""


def is_quiet(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name in QUIET_CALLS or name.split(".")[-1][0].isupper()


def statements_at_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run at import, the two customary guards left out."""
    for statement in tree.body:
        guard = ast.unparse(statement.test) if isinstance(statement, ast.If) else ""
        if guard not in ("TYPE_CHECKING", "__name__ == '__main__'"):
            yield statement


@pytest.mark.parametrize("module", MODULES)
def test_nothing_happens_at_import(module: str):
    for statement in statements_at_import(ast.parse(MODULES[module].read_text(encoding="utf8"))):
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
                continue
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign() | ast.AnnAssign():
                lambdas = [n for n in ast.walk(statement) if isinstance(n, ast.Lambda)]
                later = {inner for one in lambdas for inner in ast.walk(one)}
                calls = {n for n in ast.walk(statement) if isinstance(n, ast.Call)} - later
                assert [ast.unparse(call) for call in calls if not is_quiet(call)] == []
            case _:
                pytest.fail(f"{module}:{statement.lineno} acts at import")


@pytest.mark.parametrize("module", MODULES)
def test_no_code_names_a_path_of_some_machine(module: str):
    tree = ast.parse(MODULES[module].read_text(encoding="utf8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    absolute = [t for t in texts if isinstance(t, str) and t[:1] == "/" and t.count("/") > 1]
    assert set(absolute) <= SYSTEM_PATHS
    assert not [t for t in texts if isinstance(t, str) and str(ROOT) in t]
