"""The text on which units are explained and scored: fragments that no other stage has seen."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from repro.errors import SourceError
from repro.maker.activations.sequences import encoded_queues, next_document, shuffled
from repro.maker.interpret.case import Text
from repro.maker.source.corpus import Document

EXPLAIN = -1
"""The block of the fragments from which explanations are made."""


@dataclass(frozen=True)
class Cut:
    """How text is cut into fragments."""

    count: int
    """Fragments."""
    fragment: int
    """Tokens of each."""
    longest: int
    """Tokens that a document gives at most."""
    balanced: bool
    """Whether the sources take turns."""
    blocks: int
    """Blocks in the half on which is scored."""
    seed: int
    """Seed of the order of documents, and of their blocks."""


def fragments_of(
    tokenizer: Tokenizer, documents: Sequence[Document], used: Collection[str], cut: Cut
) -> Text:
    """Fragments of documents that are not `used`, in blocks by document.

    A document is cut into fragments one after the other. Half of all are to explain, the rest is
    scored in blocks of equal size.

    Raises:
        SourceError: the text is too short.
    """
    order = [row for row in shuffled(documents, cut.seed) if documents[row].id not in used]
    queues = encoded_queues(tokenizer, documents, order, balanced=cut.balanced)
    chunks: list[list[int]] = []
    rows: list[int] = []
    given = Counter[str]()
    for source, row, ids in next_document(queues, given):
        whole = min(len(ids), cut.longest) // cut.fragment
        chunks += [ids[i * cut.fragment : (i + 1) * cut.fragment] for i in range(whole)]
        rows += [row] * whole
        given[source] += whole
        if len(chunks) >= cut.count:
            break
    if len(chunks) < cut.count:
        raise SourceError(
            f"the text is too short: {len(chunks)} fragments of {cut.fragment} tokens are left",
            expected=f"{cut.count} (interpret.tokens over interpret.fragment)",
            mend="lower interpret.tokens, or the numbers of tokens in the section tokenize",
        )
    document = np.array(rows[: cut.count], dtype=np.int32)
    ids = np.array(chunks[: cut.count], dtype=np.int32)
    return Text(ids, pieces_of(tokenizer), document, blocks_of(document, cut.blocks, cut.seed))


def blocks_of(document: np.ndarray, blocks: int, seed: int) -> np.ndarray:
    """The block of each fragment: documents in random order, each to the block that lacks most.

    Half of the text explains, and the others share the rest. So every block ends within the size
    of the largest document of its share: none takes a document that it has no room to begin, and
    one that lacked more at the end would have been given what another took last.
    """
    names, sizes = np.unique(document, return_counts=True)
    order = np.random.default_rng([seed, 0xB10C]).permutation(len(names))
    lacks = np.array([1.0] * blocks + [float(blocks)]) * len(document) / (2 * blocks)
    block_of = {}
    for index in order.tolist():
        chosen = int(np.argmax(lacks))
        lacks[chosen] -= sizes[index]
        block_of[int(names[index])] = EXPLAIN if chosen == blocks else chosen
    return np.array([block_of[one] for one in document.tolist()], dtype=np.int32)


def pieces_of(tokenizer: Tokenizer) -> tuple[str, ...]:
    """What each token id stands for in running text, its leading space included.

    Decoded after another token, since decoders strip the space of a first one.
    """
    before = tokenizer.encode("a", add_special_tokens=False).ids[-1]
    start = len(tokenizer.decode([before], skip_special_tokens=False))
    pairs = [[before, one] for one in range(tokenizer.get_vocab_size())]
    whole = tokenizer.decode_batch(pairs, skip_special_tokens=False)
    return tuple(one[start:] for one in whole)


def tokenizer_of(model: Path) -> Tokenizer:
    """The tokenizer in a model's folder."""
    return Tokenizer.from_file(str(model / "tokenizer.json"))
