"""The scorer by embedding tells firing contexts from silent ones where they are alike, else not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from repro.errors import SourceError
from repro.maker.interpret.auroc import auroc
from repro.maker.interpret.case import Case
from repro.maker.interpret.draw import drawn_for
from repro.maker.interpret.embedding import (
    EmbeddingScorer,
    embedded,
    strengths,
    windows,
)
from repro.maker.params.fetch import LocalEncoder
from repro.maker.source.encoders import FILES, fetch_encoder
from tests.examples import FEW
from tests.maker.interpret.texts import SIZES, text_of

TEXT = text_of(n_fragments=240, n_tokens=40)


def case_of(activations: np.ndarray) -> Case:
    drawn = drawn_for(activations, TEXT.block, SIZES, np.random.default_rng(0))
    assert drawn
    return Case(TEXT, activations, *drawn)


def planted(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Activations that are above zero in a fifth of the windows, and which those are."""
    rng = np.random.default_rng(seed)
    fires = rng.random((len(TEXT.ids), len(windows(TEXT)))) < 0.2
    a = np.zeros(TEXT.ids.shape, dtype=np.float32)
    for w, (start, _) in enumerate(windows(TEXT)):
        a[:, start + 1] = fires[:, w] * (1 + rng.random(len(a)))
    return a, fires


def vectors_of(fires: np.ndarray, signal: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(*fires.shape, 16))
    found[..., 0] += signal * fires
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def test_contexts_that_are_alike_are_told_from_the_others_and_noise_is_not():
    a, fires = planted(0)
    alike = EmbeddingScorer(vectors_of(fires, 20.0))(case_of(a)).scores
    noise = EmbeddingScorer(vectors_of(fires, 0.0))(case_of(a)).scores
    for variant in alike:
        assert min(alike[variant]) > 0.99, variant
        assert 0.2 < np.mean(noise[variant]) < 0.8, variant


def test_a_unit_that_fires_in_every_window_has_no_score():
    a = np.ones(TEXT.ids.shape, dtype=np.float32)
    found = EmbeddingScorer(vectors_of(planted(0)[1], 1.0))(case_of(a)).scores
    assert np.isnan([one for scores in found.values() for one in scores]).all()


@FEW
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_the_area_is_that_of_the_library_and_does_not_depend_on_scale(seed, n):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 6, n).astype(float)
    positive = rng.random(n) < 0.4
    ours, others = values[positive], values[~positive]
    if positive.all() or not positive.any():
        assert np.isnan(auroc(ours, others))
        return
    area = auroc(ours, others)
    assert area == pytest.approx(roc_auc_score(positive, values))
    assert auroc(3 * ours + 1, 3 * others + 1) == area
    assert auroc(-ours, -others) == pytest.approx(1 - area)


def test_windows_cover_every_token_once():
    assert windows(TEXT) == [(0, 16), (16, 32), (32, 40)]
    a, fires = planted(1)
    np.testing.assert_array_equal(strengths(case_of(a)) > 0, fires)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder with random weights."""
    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "sat", "on", "the", "mat"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=32
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=32,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def test_a_sentence_is_the_mean_of_its_own_tokens_whatever_is_padded(encoder: Path):
    sentences = ["a cat", "the cat sat on the mat"]
    both = embedded(encoder, sentences)
    np.testing.assert_allclose(np.linalg.norm(both, axis=1), 1.0, rtol=1e-5)
    for sentence, vector in zip(sentences, both, strict=True):
        np.testing.assert_allclose(embedded(encoder, [sentence])[0], vector, atol=1e-5)
    assert not np.allclose(both[0], both[1], atol=1e-3)


def test_a_folder_that_is_no_encoder_is_told_with_what_is_missing(encoder: Path, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    fetch_encoder(LocalEncoder(source="local", path=str(encoder)), out, Path(), tmp_path)
    assert {*FILES} < {file.name for file in out.iterdir()}
    with pytest.raises(SourceError, match=r"is no encoder: it has no config\.json"):
        fetch_encoder(LocalEncoder(source="local", path="nowhere"), out, tmp_path, tmp_path)
