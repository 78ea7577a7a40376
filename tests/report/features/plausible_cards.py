"""Plausible cards, so that pages can be written and looked at; the numbers stand for nothing."""

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from repro.contract.cards import Card, Excerpt, Kind, Neighbour

KINDS: Mapping[Kind, int] = {"top": 10, "random": 5, "near_threshold": 5, "anywhere": 5}
"""Of the fragments of a card, in stored order."""
SITES = {"early": 4, "middle": 14, "late": 24}
METHODS = ("sae", "pca_topk", "neurons_topk", "random_topk")
WORDS = [
    *("the", "of", "and", "to", "in", "a", "is", "that", "it", "was", "for", "on", "are", "as"),
    *("with", "his", "they", "at", "be", "this", "from", "have", "or", "by", "one", "had", "not"),
    *("but", "what", "all", "were", "when", "we", "there", "can", "an", "your", "which", "their"),
    *("said", "if", "do", "will", "each", "about", "how", "up", "out", "them", "then", "she"),
]
RARE = (
    ".",
    ",",
    "\n",
    "\n\n",
    " (",
    ")",
    "ing",
    "'s",
    " Zürich",
    " 東京",
    " 1997",
    "ed",
    "  ",
    "\t",
)
REAL = (
    "names of rivers and of the towns that stand on them",
    "the second half of a date, most of all after a month",
    "words of a quarrel: to refuse, to accuse, to deny",
    "the closing parenthesis after an abbreviation",
)


def plausible_cards(
    n: int, n_tokens: int = 64, firing: float = 0.1, *, is_predicted: bool = True
) -> list[Card]:
    """Cards of several sites and methods; `firing` is the share of tokens marked in a fragment."""
    dictionaries: list[tuple[str, str]] = list(product(SITES, METHODS))
    each = -(-n // len(dictionaries))
    return [
        plausible_card(i, site, method, 7 * (i % each), n_tokens, firing, is_predicted=is_predicted)
        for i, (site, method) in zip(range(n), _repeated(dictionaries, each), strict=False)
    ]


def _repeated(pairs: list[tuple[str, str]], each: int) -> Iterator[tuple[str, str]]:
    return (pair for pair in pairs for _ in range(each))


def plausible_card(
    seed: int,
    site: str = "middle",
    method: str = "sae",
    unit: int = 7,
    n_tokens: int = 64,
    firing: float = 0.1,
    *,
    is_predicted: bool = True,
) -> Card:
    """One card with every field filled."""
    draw = np.random.default_rng(seed)
    largest = round(float(draw.gamma(4, 1.5)) + 1, 4)
    excerpts = [
        _excerpt(draw, kind, n_tokens, firing, largest, is_predicted)
        for kind, n in KINDS.items()
        for _ in range(n)
    ]
    return Card(
        id=f"{site}-{method}-{unit}",
        site=site,
        hook=f"blocks.{SITES.get(site, 0)}.hook_resid_post",
        method=method,
        alpha=8e-4 if method == "sae" else 0.0,
        k=0 if method == "sae" else 32,
        expansion_factor=2.0,
        seed=0,
        unit=unit,
        density=float(draw.beta(1, 60)),
        effect=float(draw.lognormal(0, 1)),
        skewness=float(draw.normal(12, 4)),
        kurtosis=float(draw.normal(200, 60)),
        histogram=[int(20_000 * 0.6**i * draw.uniform(0.5, 1)) for i in range(20)],
        largest=largest,
        scores={"rules": float(draw.uniform(0, 0.6)), "simulator": float(draw.uniform(0, 0.5))},
        rules=[
            f"the token is “{WORDS[seed % len(WORDS)]}”",
            f"the token before it is “{WORDS[seed * 7 % len(WORDS)]}” and it begins with a capital",
        ],
        explanation=REAL[seed % len(REAL)] if seed % 3 else "",
        promoted=[" " + str(word) for word in draw.choice(WORDS, 10, replace=False)],
        suppressed=["\n", *(str(word) for word in draw.choice(WORDS, 9, replace=False))],
        neighbours=[
            Neighbour(unit=unit + 7 * step, cosine=round(0.8 / step, 3)) for step in range(1, 6)
        ],
        excerpts=excerpts,
        chosen=["interpret"],
        claims=["c01", "c13", "k01"],
    )


def _excerpt(
    draw: np.random.Generator,
    kind: Kind,
    n_tokens: int,
    firing: float,
    largest: float,
    is_predicted: bool,
) -> Excerpt:
    common = [" " + str(word) for word in draw.choice(WORDS, n_tokens)]
    tokens = [str(draw.choice(RARE)) if draw.random() < 0.15 else word for word in common]
    strength = {"top": 0.7, "random": 0.3, "near_threshold": 0.02, "anywhere": 0.1}[kind]
    fires = draw.random(n_tokens) < firing
    values = np.where(fires, largest * np.clip(strength * draw.gamma(3, 0.33, n_tokens), 0, 1), 0)
    guesses = np.where(draw.random(n_tokens) < firing, draw.uniform(0, 10, n_tokens), 0)
    guesses = np.where(fires & (draw.random(n_tokens) < 0.7), 10 * values / largest, guesses)
    return Excerpt(
        kind=kind,
        tokens=tokens,
        activations=[round(float(value), 4) for value in values],
        predicted=[round(float(guess), 2) for guess in guesses] if is_predicted else [],
    )
