"""The report as Markdown: the same view, for a terminal, a pull request or a README."""

import re
from collections.abc import Iterator

from repro.contract.verdict import Details, Status, Verdicts
from repro.report.cards import Card, ControlLine
from repro.report.patched import Listing
from repro.report.rests import Rests
from repro.report.sheet import Sheet
from repro.report.view import MARKS, Page, page

_MARKUP = re.compile(r"`[^`|]+`|[\\`*_|<>\[\]]")
_HEAD = (
    "| claim | says | verdict | estimate [interval] | threshold | n | controls | saboteurs "
    "| over all claims |",
    "|---|---|---|---|---|---|---|---|---|",
)


def readme_table(verdicts: Verdicts) -> str:
    """The verdicts as one Markdown table, those that wait for their stage as one line below it."""
    return table(page(verdicts))


def markdown(view: Page) -> str:
    """The whole report; figures are linked from the folder `figures` beside it."""
    lines = [f"# Claims of *{text(view.title)}*", "", f"Profile `{view.profile}`. {view.reach}", ""]
    lines += [f"- {name}: {text(value)}" for name, value in view.scope]
    lines += ["", ", ".join(f"{n} {status}" for status, n in view.counts if n) + ".", ""]
    lines += [f"- {text(note)}" for note in view.notes]
    if view.units is not None:
        lines += [f"- [Units one by one](features/index.html): {view.units}"]
    lines += ["", "## Verdicts", "", table(view), ""]
    if view.forest:
        lines += [f"![{text(view.forest.caption)}](figures/{view.forest.name}.svg)", ""]
    if view.quality or view.frontier:
        lines += ["## How good are these dictionaries?", ""]
    if view.frontier:
        lines += [f"![{text(view.frontier.caption)}](figures/{view.frontier.name}.svg)", ""]
    for sheet in view.quality:
        lines += [*_sheet(sheet), ""]
    lines += ["## Can these checks fail?", "", *(f"- {text(line)}" for line in view.proved), ""]
    lines += [f"- Reading {name}: {text(told)}" for name, told in view.readings]
    lines += [""]
    for card in view.decided + view.absent:
        lines += [*_card(card, view), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def table(view: Page) -> str:
    """One row a decided claim; the claims still without evidence are named in one line."""
    rows = [
        " | ".join(
            (
                f"| {card.verdict.id}", text(card.verdict.says), _verdict(card),
                text(f"{card.value} {card.unit}".strip()), text(card.threshold), text(card.n),
                card.controls_ok, card.saboteurs, _family(card) + " |",
            )
        )
        for card in view.decided
    ]  # fmt: skip
    lines = [*_HEAD, *rows] if rows else ["No claim has its evidence yet."]
    if view.absent:
        waiting = ", ".join(card.verdict.id for card in view.absent)
        lines += ["", f"Absent, because their evidence has not been made: {waiting}."]
    return "\n".join(lines)


def text(plain: str) -> str:
    """Plain text as Markdown shows it: on one line, and nothing in it is markup but `code`."""
    return _MARKUP.sub(
        lambda match: match[0] if len(match[0]) > 1 else f"\\{match[0]}", " ".join(plain.split())
    )


def _status(status: Status) -> str:
    return f"{MARKS[status]} {status}"


def _verdict(card: Card) -> str:
    """The status, and what a refutation has found."""
    return f"{_status(card.status)}{f': {card.finding}' if card.finding else ''}"


def _family(card: Card) -> str:
    """The status over all claims together, with the adjusted p-value."""
    return text(f"{card.family_status}, p {card.p_holm}") if card.family_status else ""


def _card(card: Card, view: Page) -> Iterator[str]:
    verdict = card.verdict
    yield f"## {verdict.id}: {_verdict(card)}"
    yield ""
    yield text(verdict.says)
    yield ""
    if card.place:
        yield f"- Says who: {card.source}; {text(card.place)}"
    if card.status is not Status.ABSENT:
        yield f"- Estimate: {text(card.value)} {text(card.unit)} (n: {text(card.n) or 'none'})"
    if card.family_status:
        yield f"- p {text(card.p)}; over all claims p {text(card.p_holm)}, {card.family_status}"
    yield f"- Why: {text(verdict.reason)}"
    for condition in card.conditions:
        yield f"- Rule: {text(condition.says)} → {condition.status}, {text(condition.value)}"
    if card.rule and not card.conditions:
        yield f"- Rule: {text(card.rule)}"
    if card.amended:
        yield "- The specification was **amended since the verdict**."
    yield from _rests(view.rests.get(card.verdict.id))
    yield from _features(view.listing(card))
    yield from _proof(card, view)
    for sheet in view.sheets_of(card):
        yield from _sheet(sheet)


def _proof(card: Card, view: Page) -> Iterator[str]:
    yield from (_control(line) for line in card.controls)
    yield from _saboteurs(card.details)
    yield from _scorers(card)
    if card.errs:
        yield f"- How often it errs: {text(card.errs)}"
    if card.holds:
        yield f"- Other readings: {text(card.holds)}"
    yield f"- Deviation: {text(card.verdict.deviation)}"
    if card.refuted_by:
        yield f"- Refuted by: {text(card.refuted_by)}"
    for reference in card.verdict.evidence:
        yield f"- Evidence: `{reference.name}`, sha256 `{reference.sha256}`"
    if card.lock:
        yield f"- Specification: {text(card.lock)}, sha256 `{card.verdict.spec_sha256}`"
    for command in view.commands(card) if card.status is not Status.ABSENT else []:
        yield f"- Make it again: `{command}`"
    for figure in card.figures:
        yield f"\n![{text(figure.caption)}](figures/{figure.name}.svg)"


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f"\n{text(sheet.caption)}:\n"
    for cells in (sheet.head, ("---",) * len(sheet.head), *sheet.rows):
        yield f"| {' | '.join(map(text, cells))} |"
    yield ""


def _rests(found: Rests | None) -> Iterator[str]:
    if found is None:
        return
    first = ", ".join(f"[{text(says)}]({page})" for says, page in found.first)
    yield f"- [Units it rests on]({found.listing}): {found.n}, such as {first}"


def _features(found: Listing | None) -> Iterator[str]:
    if found is None:
        return
    yield f"- Features patched first ({text(found.dictionary)}):"
    for line in found.lines:
        contexts = "; ".join(line.contexts) or "silent on the held-out text"
        told = (f"effect {line.effect}", line.place, line.names, contexts)
        yield f"  - {line.feature}: {text(', at '.join(told[:2]))}; {text('; '.join(told[2:]))}"


def _control(line: ControlLine) -> str:
    must = f", must be {line.must}" if line.must else ""
    came_out = line.came_out if line.ok else line.came_out.upper()
    return f"- Control ({line.kind}): {text(line.name)}{must} → {line.status}, {came_out}"


def _scorers(card: Card) -> Iterator[str]:
    for one in card.scorers:
        came_to = f"{one.status}, {text(one.value)} {text(one.unit)}"
        yield f"- Under another scorer, {text(one.name)}: {came_to}: {text(one.reason)}"
    if card.not_run:
        yield f"- Scorers that were not run: {text(card.not_run)}"


def _saboteurs(details: Details | None) -> Iterator[str]:
    for saboteur in details.saboteurs if details else []:
        caught = "caught" if saboteur.caught else "NOT caught"
        yield f"- Saboteur: {text(saboteur.name)} → {saboteur.status}, {caught}"
