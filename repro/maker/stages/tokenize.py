"""Stage `tokenize`: documents become sequences of token ids, split by document."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tokenizers import Tokenizer

from repro.errors import ParamsError, SourceError
from repro.maker.activations.sequences import encoded_queues, next_document, shuffled
from repro.maker.activations.splits import Split
from repro.maker.activations.tokens import Tokens, write_tokens
from repro.maker.engine.provenance import versions
from repro.maker.params.tokenize import Tokenize
from repro.maker.source.corpus import Document, read_documents
from repro.maker.source.records import ModelRecord, TextRecord, read_record
from repro.maker.stage import Stage

_ORDER: tuple[Split, ...] = ("heldout", "validation", "train")
"""In this order documents are given out, so that more training tokens leave the others alone."""


@dataclass
class Taken:
    """One split while it fills."""

    chunks: list[np.ndarray] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    by_source: Counter[str] = field(default_factory=Counter)
    n_remainder: int = 0
    n_cut: int = 0


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    tokenize: Tokenize


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Write `out/tokens.safetensors` and its manifest from what was fetched.

    Documents are taken in a seeded random order: the held-out ones first, then those for
    validation, then the training ones.

    Raises:
        ParamsError: fewer tokens are asked for than fill one sequence, or the model has no BOS.
        SourceError: the text is too short.
        ArtifactError: what `fetch` wrote is missing or malformed.
    """
    model = read_record(inputs.fetch / "model", ModelRecord)
    text = read_record(inputs.fetch / "text", TextRecord)
    bos = _bos(params.tokenize, model)
    documents = read_documents(inputs.fetch / "text" / "documents.parquet")
    tokenizer = Tokenizer.from_file(str(inputs.fetch / "model" / "tokenizer.json"))
    order = shuffled(documents, params.tokenize.seed)
    balanced = params.tokenize.balance_sources
    queues = encoded_queues(tokenizer, documents, order, balanced=balanced)
    splits = {name: _take(name, queues, documents, params.tokenize, bos) for name in _ORDER}
    length = params.tokenize.sequence_length
    arrays = {name: np.stack(split.chunks) for name, split in splits.items()}
    origin = {f"{n}_document": np.array(s.rows, dtype=np.int32) for n, s in splits.items()}
    write_tokens(
        out,
        Tokens(**arrays, **origin),
        sequence_length=length,
        bos_token_id=bos,
        bos_token=None if bos is None else tokenizer.id_to_token(bos),
        vocabulary=model.vocabulary,
        seed=params.tokenize.seed,
        tokens={n: len(s.chunks) * length for n, s in splits.items()},
        sources={
            n: {source: count * length for source, count in sorted(s.by_source.items())}
            for n, s in splits.items()
        },
        documents={n: s.documents for n, s in splits.items()},
        dropped_remainder_tokens={n: s.n_remainder for n, s in splits.items()},
        cut_tokens={n: s.n_cut for n, s in splits.items()},
        provenance={
            "model": model.name,
            "tokenizer_sha256": model.sha256["tokenizer.json"],
            "text": text.name,
            "text_sha256": text.sha256,
            "params": params.tokenize.model_dump(),
            "versions": versions(),
        },
    )


def _take(
    name: Split,
    queues: dict[str, Iterator[tuple[int, list[int]]]],
    documents: list[Document],
    section: Tokenize,
    bos: int | None,
) -> Taken:
    wanted = getattr(section, f"{name}_tokens") // section.sequence_length
    if wanted == 0:
        raise ParamsError(
            f"tokenize.{name}_tokens fills no sequence of {section.sequence_length} tokens",
            expected=f"at least {section.sequence_length}",
            mend=f"raise tokenize.{name}_tokens, or lower tokenize.sequence_length",
        )
    longest = getattr(section, f"max_{'train_' if name == 'train' else ''}document_tokens")
    taken, given = Taken(), Counter[str]()
    for queue, row, ids in next_document(queues, given):
        before = len(taken.chunks)
        _add(taken, row, ids, section.sequence_length, longest, bos)
        del taken.chunks[wanted:], taken.rows[wanted:]
        taken.documents.append(documents[row].id)
        given[queue] += len(taken.chunks) - before
        taken.by_source[documents[row].source] += len(taken.chunks) - before
        if len(taken.chunks) >= wanted:
            return taken
    raise SourceError(
        f"the text is too short: {len(taken.chunks) * section.sequence_length} {name} tokens from "
        f"the {len(taken.documents)} documents that were left (of {len(documents)})",
        expected=f"{wanted * section.sequence_length} (tokenize.{name}_tokens)",
        mend="lower the three numbers of tokens in the section tokenize, raise "
        "tokenize.max_document_tokens, or fetch more text",
    )


def _add(
    taken: Taken, row: int, ids: list[int], length: int, longest: int, bos: int | None
) -> None:
    used = ids[:longest]
    taken.n_cut += len(ids) - len(used)
    prefix = [] if bos is None else [bos]
    step = length - len(prefix)
    whole = len(used) // step * step
    taken.n_remainder += len(used) - whole
    for start in range(0, whole, step):
        taken.chunks.append(np.array(prefix + used[start : start + step], dtype=np.int32))
        taken.rows.append(row)


def _bos(section: Tokenize, model: ModelRecord) -> int | None:
    if section.bos and model.bos_token_id is None:
        raise ParamsError(
            f"tokenize.bos is true, but {model.name} has no beginning-of-sequence token",
            expected="false for this model",
            mend="write bos: false in the section tokenize of params.yaml",
        )
    return model.bos_token_id if section.bos else None


STAGE = Stage(run, desc="Documents to sequences of token ids, split by document.")
