"""The paper's autoencoder against its equations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from repro.errors import ArtifactError, DegenerateInputError
from repro.sae.model import (
    Dictionary,
    decode,
    encode,
    fit_transform_of,
    load_dictionary,
    save_dictionary,
    tied,
    unit_rows,
)
from tests.sae.arrays import dictionaries, normal, scales, seeds, sizes


@given(dictionaries())
def test_encode_and_decode_are_the_equations_of_the_paper(case):
    dictionary, x = case
    m, b, xs = (t.numpy() for t in (dictionary.encoder, dictionary.bias, x))
    for row, c_row, out in zip(
        xs, encode(dictionary, x).numpy(), decode(dictionary, encode(dictionary, x)).numpy(),
        strict=True,
    ):  # fmt: skip
        c = np.array([max(0.0, sum(m[i, j] * row[j] for j in range(len(row))) + b[i])
                      for i in range(len(b))])  # fmt: skip
        np.testing.assert_allclose(c_row, c, atol=1e-12)
        np.testing.assert_allclose(out, sum(c[i] * m[i] for i in range(len(b))), atol=1e-12)


@given(seeds, sizes, sizes, scales)
def test_rows_have_unit_norm_whatever_their_scale(seed, d_sae, d_in, scale):
    rows = unit_rows(scale * normal(seed, d_sae, d_in))
    assert_close(rows.norm(dim=1), torch.ones(d_sae, dtype=rows.dtype))


@given(dictionaries(), scales)
def test_scaling_free_rows_changes_nothing(case, scale):
    dictionary, x = case
    again = tied(scale * dictionary.decoder, dictionary.bias)
    assert_close(encode(again, x), encode(dictionary, x))


@given(dictionaries(), seeds)
def test_permuting_features_permutes_codes_and_leaves_reconstructions(case, seed):
    dictionary, x = case
    order = torch.randperm(len(dictionary.bias), generator=torch.Generator().manual_seed(seed))
    shuffled = tied(dictionary.decoder[order], dictionary.bias[order])
    assert_close(encode(shuffled, x), encode(dictionary, x)[:, order])
    assert_close(decode(shuffled, encode(shuffled, x)), decode(dictionary, encode(dictionary, x)))


@given(dictionaries(), seeds)
def test_rotating_the_space_rotates_reconstructions_and_leaves_codes(case, seed):
    dictionary, x = case
    rotation = torch.linalg.qr(normal(seed, x.shape[1], x.shape[1])).Q
    turned = tied(dictionary.decoder @ rotation, dictionary.bias)
    c = encode(dictionary, x)
    assert_close(encode(turned, x @ rotation), c)
    assert_close(decode(turned, c), decode(dictionary, c) @ rotation)


@given(dictionaries(), st.integers(1, 4))
def test_topk_keeps_the_k_largest_positive_entries_and_no_more(case, k):
    dictionary, x = case
    k = min(k, len(dictionary.bias))
    c = encode(dictionary._replace(rule="topk", k=k), x)
    full = encode(dictionary, x)
    assert (c != 0).sum(dim=1).max() <= k
    assert_close(c.sort(dim=1).values[:, -k:], full.sort(dim=1).values[:, -k:])


@given(seeds, sizes, st.integers(3, 9), st.floats(0.1, 100), st.booleans())
def test_the_transform_gives_mean_squared_norm_d_and_inverts(seed, d_in, batch, scale, faithful):
    x = scale * normal(seed, batch, d_in) + 3
    transform = fit_transform_of(x.mean(0), float(x.square().sum(1).mean()), faithful=faithful)
    z = transform.forward(x)
    assert_close(transform.inverse(z), x)
    if faithful:
        assert_close(z, x)
    else:
        assert_close(float(z.square().sum(1).mean()), float(d_in))


def test_constant_activations_cannot_be_scaled():
    x = torch.ones(5, 3, dtype=torch.float64)
    with pytest.raises(DegenerateInputError, match="all training activations are equal"):
        fit_transform_of(x.mean(0), 3.0, faithful=False)


@pytest.mark.parametrize("tie", [True, False])
def test_saving_and_loading_gives_the_same_dictionary_and_the_same_bytes(tmp_path, tie):
    dictionary = tied(normal(0, 7, 4, dtype=torch.float32), normal(1, 7, dtype=torch.float32))
    if not tie:
        dictionary = dictionary._replace(encoder=normal(2, 7, 4, dtype=torch.float32))
    transform = fit_transform_of(normal(3, 4, dtype=torch.float32), 50.0, faithful=False)
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_dictionary(first, dictionary, transform, {"alpha": 0.5})
    loaded, its_transform, about = load_dictionary(first)
    assert about == {"alpha": 0.5}
    assert its_transform.scale == transform.scale
    assert torch.equal(its_transform.mean, transform.mean)
    for one, other in zip(loaded[:3], dictionary[:3], strict=True):
        assert torch.equal(one, other)
    assert (loaded.encoder is loaded.decoder) == tie
    assert_close(loaded.decoder.norm(dim=1), torch.ones(7))
    save_dictionary(second, loaded, its_transform, about)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:0], lambda b: b[:4] * 30])
def test_a_damaged_dictionary_is_named(tmp_path, damage):
    path = tmp_path / "a.safetensors"
    one = tied(torch.eye(3), torch.zeros(3))
    save_dictionary(path, one, fit_transform_of(torch.zeros(3), 3.0, faithful=True), {})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArtifactError, match="is no saved dictionary"):
        load_dictionary(path)


def test_linear_rule_keeps_negative_codes():
    one = Dictionary(torch.eye(2), torch.zeros(2), torch.eye(2), "linear", 2)
    x = torch.tensor([[-1.0, 2.0]])
    assert torch.equal(encode(one, x), x)
