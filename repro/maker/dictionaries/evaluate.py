"""One dictionary against held-out activations: sums by document, firings, refit."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.dictionaries.metrics import Moments, TokenSums, removal_cost, token_sums
from repro.maker.dictionaries.model import Dictionary, decode, encode
from repro.maker.dictionaries.refit import refit_squared_error

CHUNK = 4096
"""Tokens encoded at once, which bounds memory at CHUNK x d_sae numbers."""


class Reconstruction(NamedTuple):
    """What one dictionary does to the held-out activations."""

    documents: Int[Tensor, " documents"]
    """Ids of the held-out documents, rising."""
    n_tokens: Int[Tensor, " documents"]
    """Tokens of each."""
    sums: TokenSums
    """Sums over the tokens of each document, in float64."""
    firings: Int[Tensor, " d_sae"]
    """Non-zero activations of each feature over all tokens."""
    removal: Float[Tensor, " d_sae"] | None
    """What the removal of each feature alone would add to the squared error, over all tokens; none
    where it was not asked for."""


def reconstruct(
    dictionary: Dictionary,
    x: Float[Tensor, "batch d_in"],
    document: Int[Tensor, " batch"],
    moments: Moments,
    *,
    removes: bool = True,
) -> Reconstruction:
    """Encode and decode every activation and add up what it cost, document by document.

    Reduction: float64 sums over the tokens of a document; no mean is taken here.

    Args:
        dictionary: the dictionary.
        x: activations.
        document: the document of each.
        moments: their mean and variances.
        removes: whether to ask what each feature's removal costs, as much work as decoding.
    """
    documents, place = document.unique(return_inverse=True)
    sums = [torch.zeros(len(documents), dtype=torch.float64) for _ in TokenSums._fields]
    firings = torch.zeros(len(dictionary.b_enc), dtype=torch.int64)
    removal = torch.zeros(len(dictionary.b_enc), dtype=torch.float64) if removes else None
    for part, where in zip(x.split(CHUNK), place.split(CHUNK), strict=True):
        c = encode(dictionary, part)
        x_hat = decode(dictionary, c)
        found = token_sums(part, c, x_hat, moments)
        if removal is not None:
            removal += removal_cost(dictionary.W_dec, c, part - x_hat).double()
        for total, values in zip(sums, found, strict=True):
            total.index_add_(0, where, values.double())
        firings += (c != 0).sum(dim=0)
    return Reconstruction(documents, place.bincount(), TokenSums(*sums), firings, removal)


def document_sums(found: Reconstruction) -> list[dict[str, Any]]:
    """The sums of each document beside its number and its tokens: the columns of a table."""
    columns = {"document": found.documents, "n_tokens": found.n_tokens, **found.sums._asdict()}
    lists = [column.tolist() for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


class Refit(NamedTuple):
    """Squared error before and after the refit, by document."""

    documents: Int[Tensor, " documents"]
    """Ids of the documents in the sample, rising."""
    n_tokens: Int[Tensor, " documents"]
    """Tokens of each in the sample."""
    before: Float[Tensor, " documents"]
    """Sum of squared errors with the dictionary's own codes."""
    after: Float[Tensor, " documents"]
    """Sum of squared errors with least-squares codes on the same active sets."""


def refit(
    dictionary: Dictionary,
    x: Float[Tensor, "batch d_in"],
    document: Int[Tensor, " batch"],
    n_tokens: int,
) -> Refit:
    """Refit the codes of `n_tokens` activations taken at even steps through the held-out set."""
    chosen = torch.linspace(0, len(x) - 1, min(n_tokens, len(x))).round().long()
    x, document = x[chosen], document[chosen]
    documents, place = document.unique(return_inverse=True)
    c = encode(dictionary, x)
    before = (x - decode(dictionary, c)).double().square().sum(dim=-1)
    after = refit_squared_error(dictionary, x, c)
    zero = torch.zeros(len(documents), dtype=torch.float64)
    return Refit(
        documents,
        place.bincount(),
        zero.index_add(0, place, before),
        zero.index_add(0, place, after),
    )
