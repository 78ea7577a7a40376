"""Write the report: check that tables and verdicts belong together, draw, render, save."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from repro.contract.cards import Card, read_cards
from repro.contract.evidence import Table, read_evidence
from repro.contract.rows import row_models
from repro.contract.verdict import Verdicts
from repro.contract.verdict_file import read_verdicts
from repro.contract.vocabulary import made
from repro.errors import EvidenceError
from repro.files import write_bytes
from repro.report.figures.drawn import Drawn, ForestRow
from repro.report.html import html
from repro.report.markdown import markdown
from repro.report.patched import listing
from repro.report.proofs import read_proofs
from repro.report.sheet import Sheet
from repro.report.view import Page, page
from repro.spec import Claim, load_claims

CHECKOUT = Path(__file__).parents[2]


def write_report(
    verdicts: Path,
    out: Path,
    evidence: Path | None = None,
    claims: Path | None = None,
    proofs: Path | None = None,
    features: Path | None = None,
) -> list[Path]:
    """Write claims.html, claims.md, figures/*.svg and plots/*.csv; the same bytes every time.

    Figures of an earlier report that this one does not have are removed.

    Args:
        verdicts: the file to report on.
        out: folder to write to.
        evidence: folder of tables for the figures; default the folder `evidence` beside the
            verdicts. Without one the page says that it has no figures.
        claims: folder of claims; default ./claims, else the checkout's.
        proofs: folder with what was proved of the checks (calibration, mutants, readings); the page
            says nothing about what is not there.
        features: folder of feature cards; with one the report leads to a page for each of them.

    Returns:
        The files written.

    Raises:
        VerdictError: the verdicts cannot be read.
        EvidenceError: a table is not the one that was judged, or a card cannot be read.
        SpecError: a claim file is not valid.
    """
    found = read_verdicts(verdicts)
    folder = evidence or _beside(verdicts)
    tables, notes = _tables(folder, _judged(found)) if folder else ({}, [_NO_FOLDER])
    specs = _claims(claims)
    view = page(found, specs, _drawn(tables), notes, _shown(folder), read_proofs(proofs))
    patched = listing(tables["ioi_features"]) if "ioi_features" in tables else None
    view = view._replace(forest=_forest(view), features=patched, sheets=_sheets(tables))
    view = view._replace(frontier=_frontier(tables))
    if features is not None:
        told = {card.verdict.id for card in view.cards}
        cards = read_cards(features)
        view = _with_units(view, cards, [c for c in specs if c.id in told], tables, out)
    files = {out / "claims.html": html(view), out / "claims.md": markdown(view)}
    files |= _figure_files(out / "figures", view)
    files |= _plot_files(out / "plots", tables, view)
    for path, content in files.items():
        write_bytes(path, content.encode())
    for figure in (out / "figures").glob("*.svg"):
        if figure not in files:
            figure.unlink()
    return list(files)


_NO_FOLDER = "No figures: the tables of evidence were not at hand when this report was written."


def _beside(verdicts: Path) -> Path | None:
    folder = verdicts.parent / "evidence"
    return folder if folder.is_dir() else None


def _shown(folder: Path | None) -> str:
    """The folder as a reader would type it; nothing of the machine that wrote the page."""
    tail = folder.resolve().parts[-3:] if folder else ()
    return "/".join(tail) if tail[:1] == ("reports",) else "DIR"


def _claims(folder: Path | None) -> list[Claim]:
    if folder is not None:
        return load_claims(folder)
    nearest = next((f for f in (Path("claims"), CHECKOUT / "claims") if f.is_dir()), None)
    return load_claims(nearest) if nearest else []


def _judged(verdicts: Verdicts) -> dict[str, str]:
    return {ref.name: ref.sha256 for verdict in verdicts.verdicts for ref in verdict.evidence}


def _tables(folder: Path, judged: Mapping[str, str]) -> tuple[dict[str, Table], list[str]]:
    """The tables there are. One that was judged must be there unchanged; another may be unfit."""
    tables, notes = {}, []
    for name in (one for one in row_models() if one in made() or one in judged):
        try:
            table = read_evidence(folder, name)
        except EvidenceError as error:
            if name in judged:
                raise
            notes.append(f"No figures from the table {name}: {_without_folder(error, folder)}.")
            continue
        if judged.get(name, table.header.sha256) != table.header.sha256:
            raise EvidenceError(
                f"the table {name} in {folder} is not the one that was judged",
                expected=f"sha256 {judged[name][:12]}..., found {table.header.sha256[:12]}...",
                mend=f"repro verify --evidence {folder}",
            )
        tables[name] = table
    return tables, notes


def _without_folder(error: EvidenceError, folder: Path) -> str:
    return error.found.replace(f"{folder}/", "")


def _drawn(tables: Mapping[str, Table]) -> list[Drawn]:
    if not tables:
        return []
    from repro.report.figures.catalogue import drawn_from  # half a second of matplotlib

    return list(drawn_from(tables))


def _sheets(tables: Mapping[str, Table]) -> dict[str, list[Sheet]]:
    if not tables:
        return {}
    from repro.report import interpretability, localisation, steering  # as above

    return {
        **interpretability.sheets(tables),
        **localisation.sheets(tables),
        **steering.sheets(tables),
    }


def _frontier(tables: Mapping[str, Table]) -> Drawn | None:
    if "fidelity" not in tables:
        return None
    from repro.report.figures.catalogue import drawn_frontier  # as above

    return drawn_frontier(tables["fidelity"])


def _with_units(
    view: Page,
    cards: Iterable[Card],
    claims: list[Claim],
    tables: Mapping[str, Table],
    out: Path,
) -> Page:
    """The page with what leads to the pages of units, which are written."""
    from repro.report.features import edits_of, rests_of, with_claims, write_pages  # as above

    cards = with_claims(cards, claims)
    n_pages = write_pages(cards, out, edits_of(tables))
    return view._replace(units=n_pages, rests=rests_of(cards))


def _standing(view: Page) -> dict[str, ForestRow]:
    return {
        f"{card.verdict.id} {card.status}": card.standing for card in view.decided if card.standing
    }


def _forest(view: Page) -> Drawn | None:
    standing = _standing(view)
    if not standing:
        return None
    from repro.report.figures.catalogue import drawn_forest  # as above

    return drawn_forest(list(standing), list(standing.values()))


def _figure_files(folder: Path, view: Page) -> dict[Path, str]:
    figures = [figure for card in view.cards for figure in card.figures]
    figures += [one for one in (view.forest, view.frontier) if one]
    if not figures:
        return {}
    from repro.report.figures.svg import standalone  # as above

    return {folder / f"{figure.name}.svg": standalone(figure.svg) for figure in figures}


def _plot_files(folder: Path, tables: Mapping[str, Table], view: Page) -> dict[Path, str]:
    from repro.report.plots import plots  # as above

    found = plots(tables, _standing(view))
    return {folder / f"{name}.csv": content for name, content in found.items()}
