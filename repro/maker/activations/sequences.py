"""Documents in the order in which they become sequences: seeded, the sources taking turns."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tokenizers import Tokenizer

from repro.maker.source.corpus import Document

_DOCUMENTS_AT_ONCE = 64


def shuffled(documents: Sequence[Document], seed: int) -> list[int]:
    """Rows of the documents in a seeded random order that depends on each document's id alone.

    Adding or removing a document leaves the relative order of the others as it was.
    """

    def key(row: int) -> bytes:
        return hashlib.sha256(f"{seed}:{documents[row].id}".encode()).digest()

    return sorted(range(len(documents)), key=key)


def encoded_queues(
    tokenizer: Tokenizer, documents: Sequence[Document], order: Sequence[int], *, balanced: bool
) -> dict[str, Iterator[tuple[int, list[int]]]]:
    """Rows of documents and their token ids, in order: one queue a source, or one for all."""
    found: dict[str, list[int]] = {}
    for row in order:
        found.setdefault(documents[row].source if balanced else "all", []).append(row)
    return {name: _encoded(tokenizer, documents, rows) for name, rows in sorted(found.items())}


def next_document(
    queues: Mapping[str, Iterator[tuple[int, list[int]]]], given: Counter[str]
) -> Iterator[tuple[str, int, list[int]]]:
    """Always the next document of the source that has given the fewest sequences so far."""
    left = dict(queues)
    while left:
        source = min(left, key=lambda name: given[name])
        found = next(left[source], None)
        if found is None:
            del left[source]
            continue
        yield source, *found


def _encoded(
    tokenizer: Tokenizer, documents: Sequence[Document], order: Sequence[int]
) -> Iterator[tuple[int, list[int]]]:
    for start in range(0, len(order), _DOCUMENTS_AT_ONCE):
        rows = order[start : start + _DOCUMENTS_AT_ONCE]
        texts = [documents[row].text for row in rows]
        found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        yield from zip(rows, (encoding.ids for encoding in found), strict=True)
