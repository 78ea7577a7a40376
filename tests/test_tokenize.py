"""Sequences come from one document each, splits share no document, and nothing goes uncounted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from repro.corpus import Document, read_documents
from repro.errors import ArtifactError, ParamsError, SourceError
from repro.stages.fetch import run as fetch
from repro.stages.tokenize import run, shuffled
from repro.tokens import Tokens, TokensManifest, read_tokens
from tests.tiny_models import save_llama, write_stories
from tests.tiny_params import tiny_params

FOLDER = Path("unused")


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fetched")
    write_stories(folder / "text-in", 60)
    fetch(tiny_params(save_llama(folder / "model-in"), folder / "text-in"), folder / "out")
    return folder / "out"


def tokenized(fetched: Path, out: Path, **changes: Any) -> tuple[Tokens, TokensManifest]:
    run(tiny_params(FOLDER, FOLDER, tokenize=changes), fetched, out)
    return read_tokens(out)


@pytest.mark.parametrize("bos", [True, False])
def test_sequences_spell_the_start_of_their_own_document(
    fetched: Path, tmp_path: Path, bos: bool
) -> None:
    tokens, manifest = tokenized(fetched, tmp_path, bos=bos)
    tokenizer = Tokenizer.from_file(str(fetched / "model" / "tokenizer.json"))
    documents = read_documents(fetched / "text" / "documents.parquet")
    used = 16 - bos
    for split in ("train", "heldout"):
        ids, origin = tokens.split(split)
        assert ids.dtype == origin.dtype == np.int32
        for row in np.unique(origin):
            found = ids[origin == row]
            if bos:
                assert (found[:, 0] == manifest.bos_token_id).all()
                found = found[:, 1:]
            whole = tokenizer.encode(documents[row].text, add_special_tokens=False).ids
            assert found.ravel().tolist() == whole[: found.size]
            assert found.size <= 80 // used * used


def test_splits_have_the_wanted_size_and_share_no_document(fetched: Path, tmp_path: Path) -> None:
    tokens, manifest = tokenized(fetched, tmp_path)
    assert tokens.train.shape == (100, 16)
    assert tokens.heldout.shape == (30, 16)
    assert manifest.tokens == {"train": 1600, "heldout": 480}
    assert not set(tokens.train_document) & set(tokens.heldout_document)
    names = manifest.documents
    assert not set(names["train"]) & set(names["heldout"])
    assert len(names["heldout"]) == len(set(tokens.heldout_document)) >= 30 // 5


def test_every_token_of_a_used_document_is_kept_cut_or_dropped(
    fetched: Path, tmp_path: Path
) -> None:
    # 16 divides into 15 text tokens; the last document taken may be used in part
    tokens, manifest = tokenized(fetched, tmp_path, heldout_tokens=16 * 5)
    tokenizer = Tokenizer.from_file(str(fetched / "model" / "tokenizer.json"))
    texts = {d.id: d.text for d in read_documents(fetched / "text" / "documents.parquet")}
    lengths = [
        len(tokenizer.encode(texts[name], add_special_tokens=False).ids)
        for name in manifest.documents["heldout"]
    ]
    kept = tokens.heldout.shape[0] * 15
    lost = manifest.cut_tokens["heldout"] + manifest.dropped_remainder_tokens["heldout"]
    assert sum(lengths) == kept + lost


def test_more_training_tokens_leave_the_heldout_set_alone(fetched: Path, tmp_path: Path) -> None:
    few, _ = tokenized(fetched, tmp_path / "few", train_tokens=160)
    many, _ = tokenized(fetched, tmp_path / "many", train_tokens=3200)
    assert np.array_equal(few.heldout, many.heldout)
    assert np.array_equal(few.train, many.train[:10])


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
        ({"max_document_tokens": 8}, SourceError, "too short: 0 heldout tokens"),
        ({"train_tokens": 15}, ParamsError, "train_tokens fills no sequence of 16"),
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
