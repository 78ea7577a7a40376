"""`python -m repro.proofs.drawing`: the picture in docs/architecture.md, drawn from the imports."""

from pathlib import Path
from typing import Annotated

import typer

from repro.console import command
from repro.errors import VerdictError
from repro.files import write_bytes
from repro.maker.engine.code import PACKAGE, imported_modules
from repro.maker.pipeline.stages import in_order
from repro.report.readme import embedded

PAGE = Path("docs", "architecture.md")
OPEN = {"maker"}
"""Rooms whose own rooms are drawn as well."""
SHARED = {"errors", "files", "console"}
"""Modules that all rooms stand on; an arrow to them says nothing."""


def rooms() -> str:
    """Folders of the package and which imports which, as a Mermaid flow chart."""
    arrows = {
        (here, there)
        for here, there in _imports()
        if here != there and not {here, there} & SHARED and there not in (*OPEN, "repro")
    }
    inside = sorted({room for pair in arrows for room in pair if room.startswith("maker.")})
    lines = ["```mermaid", "flowchart TB", "  subgraph maker [maker: torch, never sees a claim]"]
    lines += [f"    {name}[{name.removeprefix('maker.')}]" for name in inside]
    lines += ["  end"]
    lines += [f"  {here} --> {there}" for here, there in sorted(arrows)]
    return "\n".join([*lines, "```"])


def stages() -> str:
    """Stages and what each reads of another, as a Mermaid flow chart."""
    lines = ["```mermaid", "flowchart LR"]
    for one in in_order():
        lines += [f"  {source} --> {one.name}" for source in one.inputs]
    tabled = [one.name for one in in_order() if one.tables]
    lines += [f"  {name} --> verify" for name in tabled]
    return "\n".join([*lines, "  claims --> verify", "  verify --> report", "```"])


def page(text: str) -> str:
    """The page with both drawings in their places."""
    return embedded(embedded(text, rooms(), "rooms"), stages(), "stages")


def _imports() -> set[tuple[str, str]]:
    """Pairs of rooms, the importing one first."""
    found = set()
    for file in sorted(PACKAGE.rglob("*.py")):
        here = _room(file)
        found |= {(here, _room(other)) for other in imported_modules(file)}
    return found


def _room(file: Path) -> str:
    """The folder that stands for a file; a room of `OPEN` is told apart from its own rooms."""
    words = file.relative_to(PACKAGE).with_suffix("").parts
    words = tuple(word for word in words if word != "__init__")
    if not words:
        return "repro"
    return ".".join(words[:2]) if words[0] in OPEN else words[0]


def main(
    page_file: Annotated[Path, typer.Option("--page", metavar="FILE", help="The page.")] = PAGE,
) -> None:
    """Draw both pictures into the page."""
    try:
        text = page_file.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError):
        raise VerdictError(
            f"{page_file} cannot be read",
            expected="a page in UTF-8 with a place for each picture",
            mend=f"--page {PAGE}, from the root of the checkout",
        ) from None
    write_bytes(page_file, page(text).encode())


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m repro.proofs.drawing")
