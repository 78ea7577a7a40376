"""Sequences come from one document each, splits share no document, and nothing goes uncounted."""

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from repro.errors import ArtifactError, ParamsError, SourceError
from repro.maker.activations.sequences import shuffled
from repro.maker.activations.splits import SPLITS, Split
from repro.maker.activations.tokens import Tokens, TokensManifest, read_tokens
from repro.maker.source.corpus import Document, read_documents
from repro.maker.stages.tokenize import Taken, _take
from tests.stages import run
from tests.tiny_models import save_llama, write_stories
from tests.tiny_params import tiny_params

FOLDER = Path("unused")
LONGEST = {"train": 120, "validation": 80, "heldout": 80}
"""Tokens of a document that are used, as `tiny_params` has them; a story has more."""


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fetched")
    write_stories(folder / "text-in", 60)
    params = tiny_params(save_llama(folder / "model-in"), folder / "text-in")
    run("fetch", params, folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty stories from one source and twenty from another."""
    folder = tmp_path_factory.mktemp("uneven")
    write_stories(folder / "many", 40)
    write_stories(folder / "few", 20, first=40)
    paths = [str(folder / name) for name in ("many", "few")]
    text = {"source": "files", "paths": paths}
    params = tiny_params(save_llama(folder / "model-in"), FOLDER, fetch={"text": text})
    run("fetch", params, folder / "out")
    return folder / "out"


def tokenized(fetched: Path, out: Path, **changes: Any) -> tuple[Tokens, TokensManifest]:
    run("tokenize", tiny_params(FOLDER, FOLDER, tokenize=changes), out, fetch=fetched)
    return read_tokens(out)


@pytest.mark.parametrize("bos", [True, False])
def test_sequences_spell_the_start_of_their_own_document(
    fetched: Path, tmp_path: Path, bos: bool
) -> None:
    tokens, manifest = tokenized(fetched, tmp_path, bos=bos)
    tokenizer = Tokenizer.from_file(str(fetched / "model" / "tokenizer.json"))
    documents = read_documents(fetched / "text" / "documents.parquet")
    used = 16 - bos
    for split in SPLITS:
        ids, origin = tokens.split(split)
        assert ids.dtype == origin.dtype == np.int32
        for row in np.unique(origin):
            found = ids[origin == row]
            if bos:
                assert (found[:, 0] == manifest.bos_token_id).all()
                found = found[:, 1:]
            whole = tokenizer.encode(documents[row].text, add_special_tokens=False).ids
            assert found.ravel().tolist() == whole[: found.size]
            assert found.size <= LONGEST[split] // used * used


def test_the_manifest_says_how_a_sequence_begins(fetched: Path, tmp_path: Path) -> None:
    _, with_bos = tokenized(fetched, tmp_path / "with")
    _, without = tokenized(fetched, tmp_path / "without", bos=False)
    tokenizer = Tokenizer.from_file(str(fetched / "model" / "tokenizer.json"))
    assert with_bos.bos_token == "<|endoftext|>"
    assert with_bos.bos_token_id == tokenizer.token_to_id("<|endoftext|>")
    assert without.bos_token is without.bos_token_id is None


@pytest.mark.parametrize("balance", [True, False])
def test_splits_have_the_wanted_size_and_share_no_document(
    fetched: Path, uneven: Path, tmp_path: Path, balance: bool
) -> None:
    for number, text in enumerate((fetched, uneven)):
        tokens, manifest = tokenized(text, tmp_path / str(number), balance_sources=balance)
        assert tokens.train.shape == (100, 16)
        assert tokens.validation.shape == (10, 16)
        assert tokens.heldout.shape == (30, 16)
        assert manifest.tokens == {"train": 1600, "validation": 160, "heldout": 480}
        for one, other in itertools.combinations(SPLITS, 2):
            assert not set(tokens.split(one)[1]) & set(tokens.split(other)[1])
            assert not set(manifest.documents[one]) & set(manifest.documents[other])
        for split in SPLITS:
            ids, origin = tokens.split(split)
            assert len(ids) == len(origin)
            names = manifest.documents[split]
            assert len(names) == len(set(names)) == len(set(origin))
        assert len(manifest.documents["heldout"]) >= 30 // 5


@pytest.mark.parametrize("split", SPLITS)
def test_every_token_of_a_used_document_is_kept_cut_or_dropped(
    fetched: Path, tmp_path: Path, split: Split
) -> None:
    # the last document taken may be used in part, so there is just one, used as far as it may be
    length = LONGEST[split] // 15
    tokens, manifest = tokenized(fetched, tmp_path, **{f"{split}_tokens": 16 * length})
    tokenizer = Tokenizer.from_file(str(fetched / "model" / "tokenizer.json"))
    texts = {d.id: d.text for d in read_documents(fetched / "text" / "documents.parquet")}
    (name,) = manifest.documents[split]
    whole = len(tokenizer.encode(texts[name], add_special_tokens=False).ids)
    kept = len(tokens.split(split)[0]) * 15
    assert manifest.cut_tokens[split] == whole - LONGEST[split]
    assert whole == kept + manifest.cut_tokens[split] + manifest.dropped_remainder_tokens[split]


@pytest.mark.parametrize("balance", [True, False])
def test_more_training_tokens_leave_the_other_splits_alone(
    uneven: Path, tmp_path: Path, balance: bool
) -> None:
    few, many = (
        tokenized(uneven, tmp_path / str(n), train_tokens=n, balance_sources=balance)[0]
        for n in (160, 3200)
    )
    for split in ("validation", "heldout"):
        for one, other in zip(few.split(split), many.split(split), strict=True):
            assert np.array_equal(one, other)
    assert np.array_equal(few.train, many.train[:10]), "what is added comes after"


def test_validation_does_not_move_what_judges(fetched: Path, tmp_path: Path) -> None:
    few, _ = tokenized(fetched, tmp_path / "few", validation_tokens=16)
    many, _ = tokenized(fetched, tmp_path / "many", validation_tokens=800)
    assert np.array_equal(few.heldout, many.heldout)
    assert np.array_equal(few.validation, many.validation[:1])


def test_training_documents_alone_are_cut_at_a_length_of_their_own(
    fetched: Path, tmp_path: Path
) -> None:
    found = {
        longest: tokenized(fetched, tmp_path / str(longest), max_train_document_tokens=longest)[0]
        for longest in (45, 200)
    }
    for split in ("validation", "heldout"):
        for one, other in zip(*(found[n].split(split) for n in found), strict=True):
            assert np.array_equal(one, other)
        assert most_of_one_document(found[45].split(split)[1]) == 80 // 15
    for longest, tokens in found.items():
        assert most_of_one_document(tokens.train_document) == longest // 15


def most_of_one_document(origin: np.ndarray) -> int:
    """Sequences of the document that has the most."""
    return int(np.unique(origin, return_counts=True)[1].max())


def sources_of(fetched: Path, origin: np.ndarray) -> list[str]:
    """The folder from which each sequence comes."""
    documents = read_documents(fetched / "text" / "documents.parquet")
    return [Path(documents[row].source).name for row in origin]


def test_sources_share_alike_while_they_last_and_the_rest_comes_from_the_one_that_lasts(
    uneven: Path, tmp_path: Path
) -> None:
    tokens, manifest = tokenized(uneven, tmp_path, train_tokens=16 * 8 * 40)
    shares = {
        split: {Path(name).name: n // 16 for name, n in manifest.sources[split].items()}
        for split in SPLITS
    }
    assert shares["heldout"] == {"few": 15, "many": 15}
    assert shares["validation"] == {"few": 5, "many": 5}
    left = 20 - 3 - 1  # documents of the small source, each of which gives eight sequences
    assert shares["train"] == {"few": 8 * left, "many": 8 * (40 - left)}
    order = sources_of(uneven, tokens.train_document)
    lead = np.cumsum([1 if name == "few" else -1 for name in order])
    assert np.abs(lead[: 16 * left]).max() <= 8, "never behind by more than one document"
    assert set(order[16 * left :]) == {"many"}


@pytest.mark.parametrize("balance", [True, False])
def test_sources_are_counted(uneven: Path, tmp_path: Path, balance: bool) -> None:
    tokens, manifest = tokenized(uneven, tmp_path, balance_sources=balance)
    for split in SPLITS:
        origin = sources_of(uneven, tokens.split(split)[1])
        counted = {Path(name).name: n for name, n in manifest.sources[split].items()}
        assert counted == {name: 16 * n for name, n in Counter(origin).items()}
        assert sum(counted.values()) == manifest.tokens[split]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("balance", [True, False])
def test_documents_come_in_the_seeded_order_which_balance_keeps_within_each_source(
    uneven: Path, tmp_path: Path, seed: int, balance: bool
) -> None:
    documents = read_documents(uneven / "text" / "documents.parquet")
    order = [documents[row] for row in shuffled(documents, seed)]
    _, manifest = tokenized(uneven, tmp_path, seed=seed, balance_sources=balance)
    names = manifest.documents
    taken = names["heldout"] + names["validation"] + names["train"]
    if not balance:
        assert taken == [document.id for document in order[: len(taken)]]
    for source in {document.source for document in documents}:
        its = [document.id for document in order if document.source == source]
        found = [name for name in taken if name in its]
        assert found == its[: len(found)] != []


SECTION = tiny_params(FOLDER, FOLDER).tokenize


def taken_from(queues: dict[str, list[int]], wanted: int) -> Taken:
    """What `_take` takes of sources whose documents fill these numbers of sequences."""
    rows = [(source, length) for source, lengths in queues.items() for length in lengths]
    documents = [Document(str(row), source, "") for row, (source, _) in enumerate(rows)]
    section = SECTION.model_copy(update={"train_tokens": 16 * wanted})
    encoded: dict[str, list[tuple[int, list[int]]]] = {source: [] for source in queues}
    for row, (source, length) in enumerate(rows):
        encoded[source].append((row, [7] * (15 * length)))
    iterators = {source: iter(its) for source, its in encoded.items()}
    return _take("train", iterators, documents, section, bos=0)


lengths = st.lists(st.integers(0, 5), max_size=12)


@given(st.tuples(lengths, lengths, lengths), st.floats(0, 1))
@example(([5] * 12, [1] * 30, []), 0.5)
def test_no_source_is_behind_by_more_than_a_document_unless_it_is_used_up(
    of_sources: tuple[list[int], ...], share_wanted: float
) -> None:
    queues = dict(zip("abc", of_sources, strict=True))
    total = sum(sum(its) for its in of_sources)
    assume(total > 0)
    wanted = 1 + round(share_wanted * (total - 1))
    taken = taken_from(queues, wanted)
    assert sum(taken.by_source.values()) == len(taken.chunks) == len(taken.rows) == wanted
    most = max(taken.by_source.values())
    for source, its in queues.items():
        share = taken.by_source[source]
        assert share <= sum(its)
        assert share == sum(its) or share >= most - 5, "one document fills five sequences at most"
    assert len(taken.documents) == len(set(taken.documents))


def test_the_seed_decides_the_split(fetched: Path, tmp_path: Path) -> None:
    first, _ = tokenized(fetched, tmp_path / "a")
    again, _ = tokenized(fetched, tmp_path / "b")
    other, _ = tokenized(fetched, tmp_path / "c", seed=1)
    for name in ("tokens.safetensors", "manifest.json"):
        a, b = (tmp_path / folder / name for folder in "ab")
        assert a.read_bytes() == b.read_bytes()
    assert np.array_equal(first.train, again.train)
    assert set(other.heldout_document) != set(first.heldout_document)


def test_a_new_document_does_not_reorder_the_others() -> None:
    documents = [Document(f"d{i}", "x", "") for i in range(50)]
    before = [documents[row].id for row in shuffled(documents, 3)]
    more = [*documents[:20], Document("new", "x", ""), *documents[20:]]
    after = [more[row].id for row in shuffled(more, 3)]
    assert [name for name in after if name != "new"] == before
    assert before != sorted(before)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"train_tokens": 10**6}, SourceError, r"too short: \d+ train tokens from the \d+ doc"),
        ({"heldout_tokens": 10**6}, SourceError, r"too short: \d+ heldout tokens .*of 60"),
        ({"validation_tokens": 10**6}, SourceError, r"too short: \d+ validation tokens .*of 60"),
        ({"max_document_tokens": 8}, SourceError, "too short: 0 heldout tokens"),
        ({"max_train_document_tokens": 8}, SourceError, "too short: 0 train tokens"),
        ({"train_tokens": 15}, ParamsError, "train_tokens fills no sequence of 16"),
        ({"validation_tokens": 15}, ParamsError, "validation_tokens fills no sequence of 16"),
    ],
)
def test_a_text_that_is_too_short_says_how_much_there_is(
    fetched: Path, tmp_path: Path, changes: dict[str, int], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tokenized(fetched, tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_altered_tokens_are_refused(fetched: Path, tmp_path: Path) -> None:
    tokenized(fetched, tmp_path)
    path = tmp_path / "tokens.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="truncated or altered"):
        read_tokens(tmp_path)
    path.unlink()
    with pytest.raises(ArtifactError, match=r"tokens\.safetensors is missing"):
        read_tokens(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ArtifactError, match="no manifest of tokens"):
        read_tokens(tmp_path)
