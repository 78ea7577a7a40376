"""The paper's autoencoder and, behind the same two functions, everything it is compared with.

Letters as in the paper (section 2): `x` activations, `c` codes, `x_hat` reconstructions, `f` rows
of a dictionary (features), `alpha` L1 coefficient, `R` dictionary size over dimension. Axes:
`batch` activations, `d_in` coordinates, `d_sae` features, `sae` members of a stack trained
together.
"""

import json
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from repro.errors import ArtifactError, DegenerateInputError
from repro.files import write_with

Activation = Literal["relu", "topk", "linear"]

MIN_ROW_NORM = 1e-8
"""Rows shorter than this are not divided by their norm but by this, as in the authors' code."""


class Transform(NamedTuple):
    """Centring and scaling that belongs to a dictionary: z = (x - mean) * scale."""

    mean: Float[Tensor, " d_in"]
    """Mean of the training activations; zeros in faithful mode."""
    scale: float
    """Makes the mean squared norm of z equal to d_in; 1 in faithful mode."""

    def forward(self, x: Float[Tensor, "batch d_in"]) -> Float[Tensor, "batch d_in"]:
        """Activations of the language model to those the dictionary sees."""
        return (x - self.mean) * self.scale

    def inverse(self, z: Float[Tensor, "batch d_in"]) -> Float[Tensor, "batch d_in"]:
        """What the dictionary gives back to activations of the language model."""
        return z / self.scale + self.mean


class Dictionary(NamedTuple):
    """An encoder and a decoder with the activation function that makes codes sparse.

    Rows are features in both, as in the paper's M; other libraries hold W_enc as its transpose.
    """

    W_enc: Float[Tensor, "d_sae d_in"]
    """Rows that read; for the paper's autoencoder the same unit rows as the decoder."""
    b_enc: Float[Tensor, " d_sae"]
    """Added before the activation; there is no decoder bias (paper, section 2)."""
    W_dec: Float[Tensor, "d_sae d_in"]
    """Rows that write: the features."""
    activation: Activation
    """relu (the paper's), topk (k largest positive entries) or linear (PCA)."""
    k: int
    """Entries kept by topk; 0 otherwise."""


def unit_rows(rows: Float[Tensor, "*stack d_sae d_in"]) -> Float[Tensor, "*stack d_sae d_in"]:
    """Rows divided by their Euclidean norm (not below `MIN_ROW_NORM`).

    Paper: section 2, "rows normalised"; authors' code does it inside the forward pass, so the
    gradient flows through it. Not a projection after the step.
    """
    return rows / rows.norm(dim=-1, keepdim=True).clamp_min(MIN_ROW_NORM)


def tied(W_enc: Float[Tensor, "d_sae d_in"], b_enc: Float[Tensor, " d_sae"]) -> Dictionary:
    """The paper's autoencoder from its free parameters (equations 1 to 3)."""
    rows = unit_rows(W_enc)
    return Dictionary(W_enc=rows, b_enc=b_enc, W_dec=rows, activation="relu", k=0)


def with_unit_decoder(
    W_enc: Float[Tensor, "sae d_sae d_in"],
    b_enc: Float[Tensor, "sae d_sae"],
    W_dec: Float[Tensor, "sae d_sae d_in"],
) -> list[Dictionary]:
    """Autoencoders with an encoder of their own, the decoder's rows normalised (equation 6)."""
    members = zip(W_enc, b_enc, unit_rows(W_dec), strict=True)
    return [Dictionary(w, b, f, "relu", 0) for w, b, f in members]


def encode(dictionary: Dictionary, x: Float[Tensor, "batch d_in"]) -> Float[Tensor, "batch d_sae"]:
    """Codes: c = ReLU(M x + b).

    Paper: equation 1 (section 2). Under topk all but the k largest entries are set to zero after
    the ReLU (appendix G's control); under linear c = M x.
    """
    pre = x @ dictionary.W_enc.T + dictionary.b_enc
    if dictionary.activation == "linear":
        return pre
    c = pre.relu()
    if dictionary.activation == "relu":
        return c
    return largest(c, dictionary.k)


def largest(c: Float[Tensor, "batch d_sae"], k: int) -> Float[Tensor, "batch d_sae"]:
    """The k largest codes of each token; the others set to zero."""
    values, index = c.topk(k, dim=-1)
    return torch.zeros_like(c).scatter_(-1, index, values)


def decode(dictionary: Dictionary, c: Float[Tensor, "batch d_sae"]) -> Float[Tensor, "batch d_in"]:
    """Reconstructions: x_hat = M^T c = sum_i c_i f_i.

    Paper: equations 2 and 3 (section 2).
    """
    return c @ dictionary.W_dec


def fit_transform_of(
    mean: Float[Tensor, " d_in"], mean_squared_norm: float, *, faithful: bool
) -> Transform:
    """Centring and scaling to mean squared norm d_in.

        scale = sqrt(d_in / (E|x|^2 - |mean|^2))

    Departs: the authors neither centre nor scale (`faithful` does as they did); without it alpha is
    not comparable between sites, because activation norms differ by factors.

    Raises:
        DegenerateInputError: all activations are equal.
    """
    if faithful:
        return Transform(torch.zeros_like(mean), 1.0)
    variance = mean_squared_norm - float(mean.double().square().sum())
    if not variance > 0:
        raise DegenerateInputError(
            "all training activations are equal, so they cannot be scaled",
            expected="activations that vary",
            mend="check the site and the text in params.yaml",
        )
    return Transform(mean, (len(mean) / variance) ** 0.5)


def save_dictionary(
    path: Path, dictionary: Dictionary, transform: Transform, about: dict[str, Any]
) -> None:
    """Write dictionary, transform and description as one safetensors file."""
    tensors = {"b_enc": dictionary.b_enc, "W_dec": dictionary.W_dec, "mean": transform.mean}
    if dictionary.W_enc is not dictionary.W_dec:
        tensors["W_enc"] = dictionary.W_enc
    described = {
        "activation": dictionary.activation,
        "k": dictionary.k,
        "scale": transform.scale,
        "about": about,
    }
    metadata = {"dictionary": json.dumps(described, sort_keys=True, allow_nan=False)}
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_with(path, lambda part: save_file(ready, part, metadata=metadata))


def load_dictionary(path: Path) -> tuple[Dictionary, Transform, dict[str, Any]]:
    """Read what `save_dictionary` wrote.

    Raises:
        ArtifactError: missing, truncated or not a dictionary.
    """
    try:
        with safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {})["dictionary"])
            tensors = {name: file.get_tensor(name) for name in tuple(file.keys())}
        W_dec = tensors["W_dec"]
        dictionary = Dictionary(
            W_enc=tensors.get("W_enc", W_dec),
            b_enc=tensors["b_enc"],
            W_dec=W_dec,
            activation=described["activation"],
            k=described["k"],
        )
        transform = Transform(tensors["mean"], described["scale"])
        return dictionary, transform, described["about"]
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ArtifactError(
            f"{path} is no saved dictionary: {error!s}",
            expected="safetensors written by repro.maker.dictionaries.model.save_dictionary",
            mend="dvc repro train",
        ) from None
