"""Items of known answer, made from the text of the cards: for training, and to catch who skims.

They come in turn. *One word*: fragments that all hold one word, shaded at every place where it
stands and nowhere else; right is a rating of 3 or 4. *Scrambled*: fragments of any cards, the
activations of each dealt out anew over its tokens; right is 0 or 1. Whoever always presses the same
key, or any key, misses half of them or more.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from repro.contract.cards import Excerpt
from repro.rate.cards import SHOWN, Cards, rank, shown
from repro.rate.errors import RatingError
from repro.rate.items import LEVELS, MOST_FRAGMENTS, Fragment, Item, fragment_of

TRAINING = 4
"""Items of known answer that begin a session, with feedback, and count for nothing."""
FEWEST = 4
"""Catch items of a session, at least."""
ONE_IN = 8
"""Items for each catch item, where that makes more of them."""
HIGH, LOW = 3, 1
"""The least rating that is right of one word, and the largest that is right of a scrambled item."""
FEWEST_FRAGMENTS = 3
"""Fragments that must hold a word for it to be recognised."""
SHORTEST_WORD = 4
"""Letters of a word that is planted."""


class Known(NamedTuple):
    """An item and what is right of it."""

    item: Item
    word: str
    """The word on which it fires; empty where it is scrambled."""

    def is_right(self, rating: int) -> bool:
        """Whether the rating is on the right side."""
        return rating >= HIGH if self.word else rating <= LOW

    def is_named(self, name: str) -> bool:
        """Whether a name holds the word; a scrambled item has no right name."""
        return bool(self.word) and self.word in name.casefold()

    def answer(self) -> str:
        """What feedback says."""
        if self.word:
            return f"It fires on the word “{self.word}” and on nothing else: {HIGH} or 4 is right."
        return f"Its shading was dealt out by chance: there is no pattern, 0 or {LOW} is right."


def known_items(cards: Cards, n_catch: int) -> list[Known]:
    """The items of known answer: `TRAINING` ones, then `n_catch`.

    Each has the same content however many are asked for.

    Raises:
        RatingError: the cards hold too little text for as many.
    """
    text = list(_distinct(cards))
    shape = _fullest(cards)
    words = _words(cards, text, sum(shape))
    made: list[Known] = []
    for i in range(TRAINING + n_catch):
        if i % 2:
            made.append(_scrambled(cards, text, shape, i))
            continue
        word = next(words, None)
        if word is None:
            raise _too_little(i // 2)
        made.append(_one_word(cards, word, shape, i))
    return made


def n_catch_items(n_items: int) -> int:
    """Catch items among so many others: an even number, so that both kinds are as many."""
    return max(FEWEST, 2 * (n_items // (2 * ONE_IN)))


def _distinct(cards: Cards) -> Iterator[Excerpt]:
    """Excerpts that a rater may see, each text once; none that is silent."""
    seen: set[tuple[str, ...]] = set()
    for card in cards.cards:
        for one in (e for kind in SHOWN for e in shown(card, kind)):
            if tuple(one.tokens) not in seen and max(one.activations) > 0:
                seen.add(tuple(one.tokens))
                yield one


def _fullest(cards: Cards) -> tuple[int, int]:
    """Fragments of each kind on the fullest page, so that a known item is no shorter."""
    top, random = (max(len(shown(c, kind)) for c in cards.cards) for kind in SHOWN)
    top, random = min(top, MOST_FRAGMENTS), min(random, MOST_FRAGMENTS)
    return max(top, FEWEST_FRAGMENTS - random), random


class _Word(NamedTuple):
    word: str
    text: Sequence[Excerpt]


def _words(cards: Cards, text: Sequence[Excerpt], wanted: int) -> Iterator[_Word]:
    """Words by how many fragments hold them, as far as that matters, then by chance."""
    found: Mapping[str, list[Excerpt]] = defaultdict(list)
    for one in text:
        for word in sorted({word for word in _whole_words(one.tokens) if word}):
            found[word].append(one)
    usable = [word for word in found if len(found[word]) >= FEWEST_FRAGMENTS]
    usable.sort(key=lambda w: (-min(len(found[w]), wanted), rank(cards.sha256, "word", w)))
    return (_Word(word, found[word]) for word in usable)


def _whole_words(tokens: Sequence[str]) -> Iterator[str]:
    """At each token the word that it is by itself, in small letters; empty where it is none."""
    for i, token in enumerate(tokens):
        word = token.strip()
        begins = i == 0 or token[:1].isspace() or not tokens[i - 1][-1:].isalnum()
        ends = i + 1 == len(tokens) or not tokens[i + 1][:1].isalnum()
        is_word = begins and ends and word.isalpha() and len(word) >= SHORTEST_WORD
        yield word.casefold() if is_word else ""


def _one_word(cards: Cards, chosen: _Word, shape: tuple[int, int], i: int) -> Known:
    word = chosen.word
    text = sorted(chosen.text, key=lambda one: rank(cards.sha256, word, *one.tokens))[: sum(shape)]

    def fragment(place: int) -> Fragment:
        tokens = text[place].tokens
        shade = LEVELS if place < shape[0] else 4 + rank(word, place)[0] % (LEVELS - 4)
        fires = [shade if one == word else 0 for one in _whole_words(tokens)]
        return fragment_of(tokens, fires, LEVELS)

    return Known(_page(i, [fragment(place) for place in range(len(text))], shape), word)


def _scrambled(cards: Cards, text: Sequence[Excerpt], shape: tuple[int, int], i: int) -> Known:
    def order(one: Excerpt) -> bytes:
        return rank(cards.sha256, i, *one.tokens)

    def fragment(one: Excerpt) -> Fragment:
        places = sorted(range(len(one.tokens)), key=lambda place: rank(order(one).hex(), place))
        dealt = [one.activations[place] for place in places]
        return fragment_of(one.tokens, dealt, max(dealt))

    chosen = sorted(text, key=order)[: sum(shape)]
    return Known(_page(i, [fragment(one) for one in chosen], shape), "")


def _page(i: int, fragments: Sequence[Fragment], shape: tuple[int, int]) -> Item:
    return Item(f"known:{i}", tuple(fragments[: shape[0]]), tuple(fragments[shape[0] :]))


def _too_little(n: int) -> RatingError:
    return RatingError(
        f"the cards quote too little text: {n} words stand in {FEWEST_FRAGMENTS} excerpts or more",
        expected="a word of known answer for every other catch item",
        mend="more cards or more excerpts a card: dvc repro interpret",
    )
