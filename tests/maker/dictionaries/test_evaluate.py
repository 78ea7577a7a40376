"""Sums by document are the metrics of the whole, whatever the order and the chunks."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.dictionaries.evaluate import (
    CHUNK,
    Reconstruction,
    document_sums,
    reconstruct,
    refit,
)
from repro.maker.dictionaries.metrics import (
    TokenSums,
    fvu,
    l0,
    moments_of,
    removal_cost,
    token_sums,
)
from repro.maker.dictionaries.model import Dictionary, decode, encode, tied
from repro.maker.dictionaries.refit import refit_squared_error
from tests.maker.dictionaries.arrays import (
    any_dictionaries,
    dictionaries,
    normal,
    order,
    rotation,
    seeds,
)

ids = st.lists(st.sampled_from([2, 3, 70]), min_size=9, max_size=9)


def evaluated(dictionary: Dictionary, x: Tensor, document: list[int]) -> Reconstruction:
    return reconstruct(dictionary, x, torch.tensor(document[: len(x)]), moments_of(x))


@given(any_dictionaries(), ids)
def test_sums_by_document_are_sums_over_its_tokens(case, document):
    dictionary, x = case
    found = evaluated(dictionary, x, document)
    names = document[: len(x)]
    assert found.documents.tolist() == sorted(set(names))
    assert found.n_tokens.tolist() == [names.count(name) for name in found.documents]
    c = encode(dictionary, x)
    by_token = token_sums(x, c, decode(dictionary, c), moments_of(x))
    for total, values in zip(found.sums, by_token, strict=True):
        assert total.dtype == torch.float64
        for name, its in zip(found.documents, total, strict=True):
            mine = sum(float(v) for v, n in zip(values, names, strict=True) if n == name)
            np.testing.assert_allclose(its, mine, rtol=1e-9, atol=1e-12)


@given(dictionaries(), ids)
def test_sums_by_document_add_up_to_the_metrics_of_the_whole(case, document):
    dictionary, x = case
    found = evaluated(dictionary, x, document)
    c = encode(dictionary, x)
    x_hat = decode(dictionary, c)
    assert found.n_tokens.sum() == len(x)
    assert_close(found.sums.squared_error.sum() / found.sums.variance.sum(), fvu(x, x_hat))
    assert_close(found.sums.active.sum() / len(x), l0(c))
    assert torch.equal(found.firings, (c != 0).sum(0))
    assert_close(found.sums.active.sum(), found.firings.sum().double())


@given(any_dictionaries(), ids, seeds)
def test_the_order_of_tokens_does_not_matter(case, document, seed):
    dictionary, x = case
    moved = order(seed, len(x))
    shuffled = [document[int(i)] for i in moved]
    first, second = evaluated(dictionary, x, document), evaluated(dictionary, x[moved], shuffled)
    assert_close(list(second.sums), list(first.sums))
    assert_close(second.removal, first.removal)
    for name in ("documents", "n_tokens", "firings"):
        assert torch.equal(getattr(second, name), getattr(first, name))


def test_more_tokens_than_fit_into_a_chunk_are_all_counted():
    x = normal(0, 2 * CHUNK + 5, 3)
    one = tied(normal(1, 4, 3), 0.3 * normal(2, 4))
    document = torch.arange(len(x)) // 1000
    found = reconstruct(one, x, document, moments_of(x))
    c = encode(one, x)
    assert found.n_tokens.tolist() == [1000] * 8 + [len(x) - 8000]
    assert torch.equal(found.firings, (c != 0).sum(0))
    assert_close(found.removal, removal_cost(one.W_dec, c, x - decode(one, c)))
    expected = token_sums(x, c, decode(one, c), moments_of(x))
    for total, values in zip(found.sums, expected, strict=True):
        last = torch.stack([part.sum() for part in values.split(1000)])
        assert_close(total, last)


@given(any_dictionaries(), ids)
def test_each_document_has_its_row_of_sums(case, document):
    dictionary, x = case
    found = evaluated(dictionary, x, document)
    rows = document_sums(found)
    assert [row["document"] for row in rows] == found.documents.tolist()
    assert [row["n_tokens"] for row in rows] == found.n_tokens.tolist()
    for name, values in found.sums._asdict().items():
        assert [row[name] for row in rows] == values.tolist()
    assert {type(value) for row in rows for value in row.values()} == {int, float}


@given(seeds)
def test_a_perfect_dictionary_leaves_nothing_unexplained(seed):
    rows = rotation(seed, 5)
    one = tied(rows, torch.zeros(5, dtype=torch.float64))
    found = evaluated(one, normal(seed + 1, 9, 5).abs() @ rows, [2] * 9)
    assert_close(float(found.sums.squared_error / found.sums.variance), 0.0, atol=1e-12, rtol=0)
    assert found.firings.tolist() == [9] * 5


@given(any_dictionaries(), ids)
def test_a_token_that_is_not_a_number_spoils_its_document_and_no_other(case, document):
    dictionary, x = case
    document[: len(x)] = [3, *[70] * (len(x) - 1)]
    spread = moments_of(x)
    x[0, 0] = torch.nan
    found = reconstruct(dictionary, x, torch.tensor(document[: len(x)]), spread)
    for name in set(TokenSums._fields) - {"active"}:
        spoilt, whole = getattr(found.sums, name)
        assert spoilt.isnan()
        assert whole.isfinite()


@given(any_dictionaries(), ids, st.integers(1, 12))
def test_refitting_by_document_adds_up_a_sample_at_even_steps(case, document, n_tokens):
    dictionary, x = case
    found = refit(dictionary, x, torch.tensor(document[: len(x)]), n_tokens)
    n = min(n_tokens, len(x))
    steps = [round(i * (len(x) - 1) / (n - 1)) for i in range(n)] if n > 1 else [0]
    sample, names = x[steps], [document[i] for i in steps]
    c = encode(dictionary, sample)
    assert found.documents.tolist() == sorted(set(names))
    assert found.n_tokens.tolist() == [names.count(name) for name in found.documents]
    assert_close(found.before.sum(), (sample - decode(dictionary, c)).square().sum())
    assert_close(found.after.sum(), refit_squared_error(dictionary, sample, c).sum())
    assert bool((found.after <= found.before + 1e-4 * n).all())


def test_refit_by_document_undoes_planted_shrinkage():
    rows = rotation(0, 8)
    shrunk = tied(rows, torch.full((8,), -0.2, dtype=torch.float64))
    x = (rows[:3] * 2).sum(0).expand(4, 8)
    found = refit(shrunk, x, torch.tensor([0, 0, 1, 1]), 4)
    assert found.before.tolist() == pytest.approx([2 * 3 * 0.2**2] * 2)
    assert found.after.tolist() == pytest.approx([0.0, 0.0], abs=1e-4)
