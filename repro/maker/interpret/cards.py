"""A card of a unit: what a person is shown of it, on the report's pages and when rating."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.contract.cards import Card, Chosen, Excerpt, Kind, Neighbour
from repro.maker.interpret.case import Text
from repro.maker.interpret.results import Unit, mean_score
from repro.maker.interpret.text import EXPLAIN

BINS = 20
SHOWN: tuple[tuple[Kind, int], ...] = (
    ("top", 8), ("random", 6), ("near_threshold", 4), ("anywhere", 4)
)  # fmt: skip
"""Kinds of fragments on a card, and how many of each."""
TOKENS = 10
"""Tokens promoted, and as many suppressed."""
NEAREST = 3
"""Neighbours named."""


class Seen(NamedTuple):
    """What a card is made of, besides what the tables say of the unit."""

    text: Text
    """All fragments."""
    activations: Float[np.ndarray, "fragment token"]
    """The unit's."""
    predicted: Float[np.ndarray, "fragment token"] | None
    """What its rules predict."""
    rows: Float[Tensor, "d_sae d_in"]
    """Directions of its dictionary."""
    unembedding: Float[Tensor, "vocabulary d_in"] | None
    """From its directions to logits, where they are directions of the residual stream."""


def card_of(
    seen: Seen, unit: Unit, chosen: list[Chosen], key: dict[str, Any], hook: str, seed: int
) -> Card:
    """The card of one unit; fragments are of the half on which it is scored, by seed."""
    drawn = dict(fragments_of(seen, np.random.default_rng([seed, unit.unit])))
    promoted, suppressed = _tokens(seen, unit.unit)
    largest = float(seen.activations.max())
    above = seen.activations[seen.activations > 0]
    return Card(
        id=id_of(key, unit.unit),
        **key,
        hook=hook,
        unit=unit.unit,
        density=unit.density,
        effect=unit.effect,
        skewness=unit.skewness,
        kurtosis=unit.kurtosis,
        histogram=np.histogram(above, BINS, (0.0, max(largest, 1e-30)))[0].tolist(),
        largest=max(largest, 0.0),
        scores={name: mean_score(one["top_and_random"]) for name, one in unit.scores.items()},
        rules=unit.rules,
        explanation="",
        promoted=promoted,
        suppressed=suppressed,
        neighbours=_neighbours(seen.rows, unit.unit),
        excerpts=[_excerpt(seen, kind, i) for kind, some in drawn.items() for i in some.tolist()],
        chosen=chosen,
        claims=[],
    )


def id_of(key: Mapping[str, Any], unit: int) -> str:
    """What names the card of a unit in a folder."""
    name = "-".join(f"{key[part]}" for part in ("site", "method", "alpha", "k", "seed"))
    return f"{name}-{unit}".replace(".", "_")


def fragments_of(
    seen: Seen, rng: np.random.Generator
) -> Iterator[tuple[Kind, Int[np.ndarray, " n"]]]:
    """Fragments of each kind, none of them twice, from documents that did not explain."""
    largest = seen.activations.max(axis=1)
    left = np.flatnonzero(seen.text.block != EXPLAIN)
    for kind, count in SHOWN:
        firing = left[largest[left] > 0]
        order = firing[np.argsort(-largest[firing], kind="stable")]
        pool = {"top": order[:count], "near_threshold": order[::-1][:count]}.get(kind)
        if pool is None:
            among = firing if kind == "random" else left
            pool = rng.permutation(among)[:count]
        yield kind, pool
        left = np.setdiff1d(left, pool)


def _excerpt(seen: Seen, kind: Kind, fragment: int) -> Excerpt:
    predicted = seen.predicted[fragment] if seen.predicted is not None else np.zeros(0)
    return Excerpt(
        kind=kind,
        tokens=list(seen.text.tokens(fragment)),
        activations=[round(float(a), 4) for a in seen.activations[fragment]],
        predicted=[round(float(a), 4) for a in predicted],
    )


def _tokens(seen: Seen, unit: int) -> tuple[list[str], list[str]]:
    """Tokens whose logits the unit's direction raises most, and those that it lowers most."""
    if seen.unembedding is None:
        return [], []
    order = torch.argsort(seen.unembedding @ seen.rows[unit], stable=True).tolist()
    pieces = seen.text.pieces
    there = [one for one in order if one < len(pieces)]
    return [pieces[i] for i in there[: -TOKENS - 1 : -1]], [pieces[i] for i in there[:TOKENS]]


def _neighbours(rows: Float[Tensor, "d_sae d_in"], unit: int) -> list[Neighbour]:
    unit_rows = rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-30)
    cosine = unit_rows @ unit_rows[unit]
    cosine[unit] = -2.0
    nearest = torch.argsort(cosine, descending=True, stable=True)[:NEAREST].tolist()
    return [Neighbour(unit=i, cosine=float(cosine[i].clamp(-1.0, 1.0))) for i in nearest]
