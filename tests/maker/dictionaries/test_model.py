"""The paper's autoencoder against its equations, its symmetries, and its file."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch.testing import assert_close

from repro.errors import ArtifactError, DegenerateInputError
from repro.maker.dictionaries.model import (
    Dictionary,
    Transform,
    decode,
    encode,
    fit_transform_of,
    load_dictionary,
    save_dictionary,
    tied,
    unit_rows,
)
from tests.examples import FEW
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import (
    any_dictionaries,
    dictionaries,
    normal,
    numpy,
    order,
    rotation,
    scales,
    seeds,
    sizes,
)


@given(any_dictionaries())
def test_encode_and_decode_are_the_equations_of_the_paper(case):
    dictionary, x = case
    m, b, d, xs = numpy(*dictionary[:3], x)
    if dictionary.activation == "linear":
        c = np.array([[m_i @ row + b_i for m_i, b_i in zip(m, b, strict=True)] for row in xs])
    else:
        c = oracles.relu_codes(m, b, xs)
    if dictionary.activation == "topk":
        c = oracles.keep_largest(c, dictionary.k)
    found = encode(dictionary, x)
    np.testing.assert_allclose(found, c, atol=1e-12)
    np.testing.assert_allclose(decode(dictionary, found), oracles.reconstruction(d, c), atol=1e-12)


@given(any_dictionaries(), scales)
def test_scaling_activations_and_bias_scales_codes_and_reconstructions(case, scale):
    dictionary, x = case
    c = encode(dictionary, x)
    scaled = encode(dictionary._replace(b_enc=scale * dictionary.b_enc), scale * x)
    assert_close(scaled, scale * c)
    assert_close(decode(dictionary, scaled), scale * decode(dictionary, c))


@given(any_dictionaries(), seeds)
def test_every_token_is_encoded_by_itself(case, seed):
    dictionary, x = case
    c, moved = encode(dictionary, x), order(seed, len(x))
    assert_close(encode(dictionary, x[moved]), c[moved])
    assert_close(torch.cat([encode(dictionary, token) for token in x.split(1)]), c)


@given(any_dictionaries(), scales)
def test_decoding_is_linear(case, scale):
    dictionary, x = case
    one, other = encode(dictionary, x), encode(dictionary, x.flip(0))
    both = decode(dictionary, one + scale * other)
    assert_close(both, decode(dictionary, one) + scale * decode(dictionary, other))
    assert not decode(dictionary, torch.zeros_like(one)).any()


@given(seeds, sizes, sizes, st.integers(1, 9))
def test_a_perfect_dictionary_reconstructs_exactly(seed, d_in, batch, n_features):
    """Orthonormal features, strengths that are not negative, no bias: nothing is lost."""
    truth = rotation(seed, d_in)[: min(n_features, d_in)]
    c = normal(seed + 1, batch, len(truth)).relu()
    one = tied(truth, torch.zeros(len(truth), dtype=torch.float64))
    assert_close(encode(one, c @ truth), c)
    assert_close(decode(one, encode(one, c @ truth)), c @ truth)


@given(any_dictionaries())
def test_a_token_that_is_not_a_number_is_never_reconstructed_as_one(case):
    dictionary, x = case
    x[0, 0] = torch.nan
    x_hat = decode(dictionary, encode(dictionary, x))
    assert x_hat[0].isnan().all()
    assert x_hat[1:].isfinite().all()


@given(seeds, sizes, sizes, scales)
def test_rows_have_unit_norm_whatever_their_scale(seed, d_sae, d_in, scale):
    rows = unit_rows(scale * normal(seed, d_sae, d_in))
    assert_close(rows.norm(dim=1), torch.ones(d_sae, dtype=rows.dtype))
    np.testing.assert_allclose(rows, oracles.unit_rows(*numpy(scale * normal(seed, d_sae, d_in))))
    assert_close(unit_rows(rows), rows)


@given(seeds, sizes, sizes, st.integers(1, 4))
def test_rows_of_a_stack_are_normalised_member_by_member(seed, d_sae, d_in, n):
    W_enc = normal(seed, n, d_sae, d_in)
    assert_close(unit_rows(W_enc), torch.stack([unit_rows(member) for member in W_enc]))


def test_a_row_of_zeros_stays_zero_and_finite():
    W_enc = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    assert_close(unit_rows(W_enc), torch.tensor([[0.0, 0.0], [0.6, 0.8]]))


@given(dictionaries(), scales)
def test_scaling_free_rows_changes_nothing(case, scale):
    dictionary, x = case
    again = tied(scale * dictionary.W_dec, dictionary.b_enc)
    assert_close(encode(again, x), encode(dictionary, x))


@given(dictionaries(), seeds)
def test_permuting_features_permutes_codes_and_leaves_reconstructions(case, seed):
    dictionary, x = case
    moved = order(seed, len(dictionary.b_enc))
    shuffled = tied(dictionary.W_dec[moved], dictionary.b_enc[moved])
    assert_close(encode(shuffled, x), encode(dictionary, x)[:, moved])
    assert_close(decode(shuffled, encode(shuffled, x)), decode(dictionary, encode(dictionary, x)))


@given(dictionaries(), seeds)
def test_rotating_the_space_rotates_reconstructions_and_leaves_codes(case, seed):
    dictionary, x = case
    turn = rotation(seed, x.shape[1])
    turned = tied(dictionary.W_dec @ turn, dictionary.b_enc)
    c = encode(dictionary, x)
    assert_close(encode(turned, x @ turn), c)
    assert_close(decode(turned, c), decode(dictionary, c) @ turn)


@given(dictionaries(), st.integers(1, 4))
def test_topk_keeps_the_k_largest_positive_entries_and_no_more(case, k):
    dictionary, x = case
    k = min(k, len(dictionary.b_enc))
    c = encode(dictionary._replace(activation="topk", k=k), x)
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
        assert torch.equal(z, x)
    else:
        assert_close(float(z.square().sum(1).mean()), float(d_in))
        assert_close(z.mean(0), torch.zeros(d_in, dtype=z.dtype), atol=1e-9, rtol=0)


@given(seeds, sizes, st.integers(3, 9), scales)
def test_the_transform_undoes_a_change_of_unit_and_of_origin(seed, d_in, batch, scale):
    x = normal(seed, batch, d_in)

    def seen(raw: torch.Tensor) -> torch.Tensor:
        norm = float(raw.square().sum(1).mean())
        return fit_transform_of(raw.mean(0), norm, faithful=False).forward(raw)

    assert_close(seen(scale * (x + 1)), seen(x), rtol=1e-6, atol=1e-6)
    turn = rotation(seed + 1, d_in)
    assert_close(seen(x @ turn), seen(x) @ turn)


@pytest.mark.parametrize("norm", [float("nan"), -1.0])
def test_a_norm_that_is_no_norm_gives_no_scale(norm):
    with pytest.raises(DegenerateInputError):
        fit_transform_of(torch.zeros(3), norm, faithful=False)


def test_constant_activations_cannot_be_scaled():
    x = torch.ones(5, 3, dtype=torch.float64)
    with pytest.raises(DegenerateInputError, match="all training activations are equal"):
        fit_transform_of(x.mean(0), 3.0, faithful=False)


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize(("activation", "k"), [("relu", 0), ("topk", 2), ("linear", 0)])
@FEW
@given(dictionaries(), seeds, scales)
def test_saving_and_loading_gives_the_same_dictionary_and_the_same_bytes(
    activation, k, tie, case, seed, scale
):
    dictionary, x = case
    dictionary = dictionary._replace(activation=activation, k=k)
    if not tie:
        dictionary = dictionary._replace(W_enc=normal(seed + 1, *dictionary.W_dec.shape))
    transform = Transform(normal(seed, x.shape[1]), scale)
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a.safetensors", Path(folder) / "b.safetensors"
        save_dictionary(first, dictionary, transform, {"alpha": 0.5})
        loaded, its_transform, about = load_dictionary(first)
        save_dictionary(second, loaded, its_transform, about)
        assert first.read_bytes() == second.read_bytes()
    assert about == {"alpha": 0.5}
    assert (loaded.activation, loaded.k) == (dictionary.activation, dictionary.k)
    for one, other in zip(loaded[:3], dictionary[:3], strict=True):
        assert torch.equal(one, other)
    assert (loaded.W_enc is loaded.W_dec) == tie
    assert_close(loaded.W_dec.norm(dim=1), torch.ones(len(loaded.b_enc), dtype=torch.float64))
    assert torch.equal(encode(loaded, x), encode(dictionary, x))
    assert torch.equal(its_transform.forward(x), transform.forward(x))
    assert torch.equal(its_transform.inverse(x), transform.inverse(x))


def test_a_scale_that_is_not_a_number_is_not_saved(tmp_path):
    path = tmp_path / "a.safetensors"
    one = tied(torch.eye(3), torch.zeros(3))
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_dictionary(path, one, Transform(torch.zeros(3), float("nan")), {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:0], lambda b: b[:4] * 30])
def test_a_damaged_dictionary_is_named(tmp_path, damage):
    path = tmp_path / "a.safetensors"
    one = tied(torch.eye(3), torch.zeros(3))
    save_dictionary(path, one, fit_transform_of(torch.zeros(3), 3.0, faithful=True), {})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArtifactError, match="is no saved dictionary"):
        load_dictionary(path)


@pytest.mark.parametrize("names", [("decoder", "bias", "mean"), ("W_dec", "b_enc")])
def test_a_file_of_other_tensors_is_named(tmp_path, names: tuple[str, ...]):
    """Such as one of before the tensors had the field's names."""
    path = tmp_path / "a.safetensors"
    told = json.dumps({"rule": "relu", "k": 0, "scale": 1.0, "about": {}})
    save_file({name: torch.eye(2) for name in names}, path, metadata={"dictionary": told})
    for place in (path, tmp_path):
        with pytest.raises(ArtifactError, match="is no saved dictionary"):
            load_dictionary(place)


def test_linear_rule_keeps_negative_codes():
    one = Dictionary(torch.eye(2), torch.zeros(2), torch.eye(2), "linear", 2)
    x = torch.tensor([[-1.0, 2.0]])
    assert torch.equal(encode(one, x), x)
