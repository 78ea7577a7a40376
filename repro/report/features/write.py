"""Write the pages: an index of all units and a page for each, in a folder of their own."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment

from repro.contract.cards import CARDS, Card
from repro.errors import EvidenceError
from repro.files import write_bytes
from repro.report.features.dictionary import key_of
from repro.report.features.edits import Edit, Edited, edited
from repro.report.features.folder import whole_folder
from repro.report.features.index import index
from repro.report.features.unit import Beside, unit_page
from repro.report.html import templates

FOLDER = "features"
INDEX = "index"
_HERE = Path(__file__).parent


def link_of(card_id: str) -> str:
    """Where the page of a card lies, seen from the report."""
    return f"{FOLDER}/{card_id}.html"


def write_pages(
    cards: Iterable[Card], out: Path, edits: Mapping[Edited, Sequence[Edit]] | None = None
) -> int:
    """Write `features/` below `out` anew: what an earlier run left there is gone.

    A page tells what was done with its unit, as `edits` has it. The folder is there whole or as it
    was before, and the same cards make the same bytes.

    Returns:
        Number of units, each of which has a page beside the index.

    Raises:
        EvidenceError: a card cannot be read, or two would be the same file.
    """
    found = list(cards)
    _files_apart(found)
    with whole_folder(out / FOLDER) as folder:
        for name, content in _files(found, edits or {}):
            write_bytes(folder / name, content.encode())
    return len(found)


def _files_apart(cards: Sequence[Card]) -> None:
    """Refuse ids that would be one file; some file systems take no notice of case."""
    names = Counter([INDEX, *(card.id.lower() for card in cards)])
    for name, n in names.items():
        if n > 1:
            raise EvidenceError(
                f"{CARDS}: {n} pages would be called {name}.html",
                expected=f"an id of its own for each card, none of them {INDEX!r}",
                mend="dvc repro interpret",
            )


def _files(
    cards: Sequence[Card], edits: Mapping[Edited, Sequence[Edit]]
) -> Iterator[tuple[str, str]]:
    """Name and content of each file."""
    environment = templates()
    for name in ("index.js", "tokens.js"):
        yield name, (_HERE / name).read_text(encoding="utf8")
    yield "style.css", environment.get_template("features/style.css.j2").render()
    listing = environment.get_template("features/index.html.j2")
    yield f"{INDEX}.html", listing.render(view=index(cards))
    yield from _unit_files(cards, edits, environment)


def _unit_files(
    cards: Sequence[Card], edits: Mapping[Edited, Sequence[Edit]], environment: Environment
) -> Iterator[tuple[str, str]]:
    template = environment.get_template("features/unit.html.j2")
    pages = {(key_of(card), card.unit): card.id for card in cards}
    around = zip([None, *cards], cards, [*cards[1:], None], strict=False)
    for place in itertools.starmap(Beside, around):
        done = edits.get(edited(place.card), ())
        yield f"{place.card.id}.html", template.render(view=unit_page(place, pages), edits=done)
