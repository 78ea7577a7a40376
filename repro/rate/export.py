"""From files of ratings to the table `ratings`: whose answer counts, about which feature."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from repro.contract.evidence import read_header
from repro.contract.header import CHAIN, Scope
from repro.contract.rows.rate import RatingRow
from repro.contract.written import write_evidence
from repro.errors import EvidenceError
from repro.files import sha256_of
from repro.rate.agreement import alpha
from repro.rate.cards import Cards, draw
from repro.rate.deck import item_id
from repro.rate.errors import RatingError
from repro.rate.known import TRAINING, Known, known_items, n_catch_items
from repro.rate.records import SCALE, Answers, Begun, Rated, Record
from repro.rate.store import Store

PLANTED = "planted"
"""Method of a catch item."""


class Counted(NamedTuple):
    """The answers of all files that count."""

    answers: dict[tuple[str, str], Rated]
    """By rater and key of the item, training included; a later file wins."""
    offered: dict[str, int]
    """Features on the pages of each rater."""
    tally: Counter[str]
    """Answers that do not count, by what became of them."""


def export(cards: Cards, files: Sequence[Path], out: Path) -> dict[str, int]:
    """Write the table of all files together; its counts.

    Raises:
        RatingError: a file is missing, damaged or of other cards, or no answer counts.
    """
    held = [Store(path, cards.sha256).read() for path in files]
    known = _known(cards, [one for _, records in held for one in records])
    counted = _counted(cards, held, known)
    rows = sorted(_rows(cards, counted, known), key=lambda row: (row.rater, row.feature))
    if not rows:
        raise RatingError(
            "no answer counts: nothing was rated after the training, or all was taken back",
            expected="at least one rated feature",
            mend="repro rate --cards DIR --ratings FILE --rater NAME",
        )
    counts = _counts(counted, rows, known)
    scope, run = _beside(out)
    write_evidence(
        out,
        RatingRow.table,
        rows,
        counts=counts,
        scope=scope,
        provenance={
            **run,
            "cards": cards.sha256,
            "ratings": [sha256_of(path) for path in files],
            "krippendorff_alpha_ordinal": alpha(_by_rater(rows)),
        },
    )
    return counts


def _known(cards: Cards, records: Sequence[Record]) -> dict[str, Known]:
    """Items of known answer, as many as the longest deck held."""
    asked = {one.per_method for one in records if isinstance(one, Begun)} or {1}
    n = max(n_catch_items(len(draw(cards, per_method))) for per_method in asked)
    return {one.item.key: one for one in known_items(cards, n)}


def _counted(
    cards: Cards, held: Sequence[tuple[str, list[Record]]], known: dict[str, Known]
) -> Counted:
    found = Counted({}, {}, Counter())
    keys = [*(f"card:{card.id}" for card in cards.cards), *known]
    for secret, records in held:
        for begun in (one for one in records if isinstance(one, Begun)):
            n = len(draw(cards, begun.per_method))
            found.offered[begun.rater] = max(n, found.offered.get(begun.rater, 0))
        for rater in sorted({one.rater for one in records if isinstance(one, Rated)}):
            names = {item_id(secret, rater, key): key for key in keys}
            answers = Answers(records, rater)
            found.tally["undone"] += answers.n_undone
            found.tally["replaced"] += answers.n_replaced
            for item, one in answers.by_item.items():
                key = (rater, _told(item, names))
                found.tally["replaced"] += key in found.answers
                found.answers[key] = one
    return found


def _told(item: str, names: dict[str, str]) -> str:
    if item not in names:
        raise RatingError(
            f"no card and no item of known answer is called {item}",
            expected="the key that was made with the file of ratings",
            mend="put it back beside the ratings",
        )
    return names[item]


def _rows(cards: Cards, counted: Counted, known: dict[str, Known]) -> list[RatingRow]:
    numbers = {f"card:{card.id}": i for i, card in enumerate(cards.cards)}
    catch = list(known)[TRAINING:]
    numbers |= {key: len(cards.cards) + i for i, key in enumerate(catch)}
    return [
        RatingRow(
            rater=rater,
            feature=numbers[key],
            method=PLANTED if key in known else cards.cards[numbers[key]].method,
            n=1,
            rating=one.rating / SCALE,
            is_catch_item=int(key in known),
            is_right=int(key in known and known[key].is_right(one.rating)),
        )
        for (rater, key), one in counted.answers.items()
        if key in numbers
    ]


def _counts(counted: Counted, rows: Sequence[RatingRow], known: dict[str, Known]) -> dict[str, int]:
    """Complete denominators: what was offered is rated or not, what was answered counts or not."""
    catch = [row for row in rows if row.is_catch_item]
    offered, rated = sum(counted.offered.values()), len(rows) - len(catch)
    named = [
        known[key].is_named(one.name)
        for (_, key), one in counted.answers.items()
        if key in list(known)[TRAINING:] and known[key].word
    ]
    return {
        "raters": len({row.rater for row in rows}),
        "offered": offered,
        "rated": rated,
        "unrated": offered - rated,
        "catch_items": len(catch),
        "catch_items_right": sum(row.is_right for row in catch),
        "catch_items_of_one_word": len(named),
        "catch_items_of_one_word_named": sum(named),
        "training": len(counted.answers) - len(rows),
        "undone": counted.tally["undone"],
        "replaced": counted.tally["replaced"],
    }


def _by_rater(rows: Sequence[RatingRow]) -> dict[tuple[str, int], int]:
    return {
        (row.rater, row.feature): round(row.rating * SCALE) for row in rows if not row.is_catch_item
    }


def _beside(out: Path) -> tuple[Scope | None, dict[str, Any]]:
    """Scope, profile and run of the tables that the ratings join; none where there are none."""
    for path in sorted(out.glob("*.json")):
        try:
            header = read_header(out, path.stem)
        except EvidenceError:
            continue
        if header.scope and header.name != RatingRow.table:
            told = header.provenance
            return header.scope, {one: told[one] for one in ("profile", *CHAIN) if one in told}
    return None, {}
