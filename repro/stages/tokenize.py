"""Stage `tokenize`: documents become sequences of token ids, split by document."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from repro.corpus import Document, read_documents
from repro.errors import ParamsError, SourceError
from repro.params import Params, Tokenize
from repro.provenance import versions
from repro.sources import ModelRecord, TextRecord, read_record
from repro.stages.edge import stage
from repro.tokens import Tokens, write_tokens

_DOCUMENTS_AT_ONCE = 64


@dataclass
class Taken:
    """One split while it fills."""

    chunks: list[np.ndarray] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    n_remainder: int = 0
    n_cut: int = 0


def run(params: Params, fetched: Path, out: Path) -> None:
    """Write `out/tokens.safetensors` and its manifest from `fetched/model` and `fetched/text`.

    Documents are taken in a seeded random order, the held-out ones first, so that a change of
    `train_tokens` leaves them alone.

    Raises:
        ParamsError: fewer tokens are asked for than fill one sequence, or the model has no BOS.
        SourceError: the text is too short.
        ArtifactError: what `fetch` wrote is missing or malformed.
    """
    section = params.tokenize
    model = read_record(fetched / "model", ModelRecord)
    text = read_record(fetched / "text", TextRecord)
    bos = _bos(section, model)
    documents = read_documents(fetched / "text" / "documents.parquet")
    order = shuffled(documents, section.seed)
    tokenizer = Tokenizer.from_file(str(fetched / "model" / "tokenizer.json"))
    encoded = _encoded(tokenizer, documents, order)
    splits = {name: _take(name, encoded, documents, section, bos) for name in ("heldout", "train")}
    write_tokens(
        out,
        Tokens(
            train=np.stack(splits["train"].chunks),
            train_document=np.array(splits["train"].rows, dtype=np.int32),
            heldout=np.stack(splits["heldout"].chunks),
            heldout_document=np.array(splits["heldout"].rows, dtype=np.int32),
        ),
        sequence_length=section.sequence_length,
        bos_token_id=bos,
        vocabulary=model.vocabulary,
        seed=section.seed,
        tokens={n: len(s.chunks) * section.sequence_length for n, s in splits.items()},
        documents={n: s.documents for n, s in splits.items()},
        dropped_remainder_tokens={n: s.n_remainder for n, s in splits.items()},
        cut_tokens={n: s.n_cut for n, s in splits.items()},
        provenance={
            "model": model.name,
            "tokenizer_sha256": model.sha256["tokenizer.json"],
            "text": text.name,
            "text_sha256": text.sha256,
            "params": section.model_dump(),
            "versions": versions(),
        },
    )


def shuffled(documents: list[Document], seed: int) -> list[int]:
    """Rows of the documents in a seeded random order that depends on each document's id alone.

    Adding or removing a document leaves the relative order of the others as it was.
    """

    def key(row: int) -> bytes:
        return hashlib.sha256(f"{seed}:{documents[row].id}".encode()).digest()

    return sorted(range(len(documents)), key=key)


def _encoded(
    tokenizer: Tokenizer, documents: list[Document], order: list[int]
) -> Iterator[tuple[int, list[int]]]:
    for start in range(0, len(order), _DOCUMENTS_AT_ONCE):
        rows = order[start : start + _DOCUMENTS_AT_ONCE]
        texts = [documents[row].text for row in rows]
        found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        yield from zip(rows, (encoding.ids for encoding in found), strict=True)


def _take(
    name: str,
    encoded: Iterator[tuple[int, list[int]]],
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
    taken = Taken()
    for row, ids in encoded:
        _add(taken, row, ids, section, bos)
        taken.documents.append(documents[row].id)
        if len(taken.chunks) >= wanted:
            del taken.chunks[wanted:], taken.rows[wanted:]
            return taken
    raise SourceError(
        f"the text is too short: {len(taken.chunks) * section.sequence_length} {name} tokens from "
        f"the {len(taken.documents)} documents that were left (of {len(documents)})",
        expected=f"{wanted * section.sequence_length} (tokenize.{name}_tokens)",
        mend="lower tokenize.train_tokens or tokenize.heldout_tokens, raise "
        "tokenize.max_document_tokens, or fetch more text",
    )


def _add(taken: Taken, row: int, ids: list[int], section: Tokenize, bos: int | None) -> None:
    used = ids[: section.max_document_tokens]
    taken.n_cut += len(ids) - len(used)
    prefix = [] if bos is None else [bos]
    step = section.sequence_length - len(prefix)
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


main = stage(run)

if __name__ == "__main__":
    main()
