"""One rater at work: what is asked next, what an answer changes, what undo takes back.

Nothing is kept here but the deck: the file is read each time, so a reload, a restart or a second
window go on where the file stands.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from repro.rate.cards import Cards
from repro.rate.deck import Deck, deal, item_id
from repro.rate.errors import RatingError
from repro.rate.items import Fragment, Item
from repro.rate.records import Answers, Begun, Rated, Record, Undone
from repro.rate.store import Store


@dataclass(frozen=True)
class Session:
    """A rater, the deck and the file."""

    rater: str
    deck: Deck
    store: Store
    ids: dict[str, Item]
    """Pages in their order, by the name that the browser knows."""

    def state(self) -> dict[str, Any]:
        """What the page shows now."""
        return self._state(self.store.read()[1])

    def rate(self, submission: str, item: str, rating: int, name: str) -> dict[str, Any]:
        """Keep an answer; what the page shows then, in training with what was right.

        Raises:
            RatingError: there is no such item.
        """
        if item not in self.ids:
            raise RatingError("no such item", expected="one of this deck", mend="reload the page")
        one = Rated(
            rater=self.rater, submission=submission, item=item, rating=rating, name=name.strip()
        )
        shown = self._state(self.store.append(one))
        page = self.ids[item]
        if page in self.deck.training:
            known = self.deck.known[page.key]
            shown["feedback"] = {"right": known.is_right(rating), "answer": known.answer()}
        return shown

    def undo(self, submission: str, undoes: str) -> dict[str, Any]:
        """Take an answer back; what the page shows then, its item first, with what was said."""
        undone = Undone(rater=self.rater, submission=submission, undoes=undoes)
        records = self.store.append(undone)
        back = Answers(records, self.rater).all.get(undoes)
        shown = self._state(records, back.item if back else None)
        if back:
            shown["said"] = {"rating": back.rating, "name": back.name}
        return shown

    def _state(self, records: Sequence[Record], first: str | None = None) -> dict[str, Any]:
        answers = Answers(records, self.rater)
        open_ = [one for one in self.ids if one not in answers.by_item]
        at = first if first in open_ else next(iter(open_), None)
        in_training = at is not None and self.ids[at] in self.deck.training
        part = self.deck.training if in_training else self.deck.items
        n_left = sum(self.ids[one] in part for one in open_)
        return {
            "phase": "done" if at is None else "training" if in_training else "rating",
            "done": len(part) - n_left,
            "total": len(part),
            "item": _sent(at, self.ids[at]) if at is not None else None,
            "undoes": answers.last.submission if answers.last else None,
            "submission": secrets.token_hex(16),
        }


def begin(cards: Cards, file: Path, rater: str, seed: int, per_method: int) -> Session:
    """Deal a rater's deck and open the file, which keeps that they sat down.

    Raises:
        RatingError: no such name can be kept, the file cannot be used, or the cards hold too little
            text.
    """
    try:
        begun = Begun(rater=rater.strip(), seed=seed, per_method=per_method)
    except ValidationError:
        raise RatingError(
            f"a rater cannot be called {rater!r}",
            expected="1 to 40 letters, digits, spaces, dots, hyphens or underscores",
            mend="--rater NAME; a pseudonym will do",
        ) from None
    deck = deal(cards, begun.rater, seed, per_method)
    store = Store(file, cards.sha256)
    secret = store.open()
    store.append(begun)
    ids = {item_id(secret, begun.rater, page.key): page for page in deck.pages}
    return Session(begun.rater, deck, store, ids)


def _sent(name: str, item: Item) -> dict[str, Any]:
    """All that leaves for the browser of an item."""

    def pieces(fragments: Sequence[Fragment]) -> list[list[list[str | int]]]:
        return [[[piece.text, piece.level] for piece in fragment] for fragment in fragments]

    return {"id": name, "strongest": pieces(item.strongest), "others": pieces(item.others)}
