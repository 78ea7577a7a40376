"""Small planted tables for the judge's tests: curves of known shape with known noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from repro.contract.evidence import Table
from repro.contract.header import CHAIN, Header, Scope
from repro.contract.rows.fidelity import FidelityRow
from repro.contract.written import column_types

SCOPE = Scope(
    model="planted",
    text="planted",
    sources={"train": {"planted": 1.0}},
    bos="none",
    sites={"middle": "planted"},
    tokens={"train": 1, "held_out": 1},
    seeds=[0, 1, 2],
    device="none",
    max_logit_difference=0.0,
    is_paper_setting=False,
)
RUN = dict.fromkeys(CHAIN, "a" * 64)
"""Of which run the tables are, as their provenance tells it."""
ALPHAS = (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2)


def table_of(name: str = "fidelity", **columns: Any) -> Table:
    """A table with these columns; scalars are repeated."""
    n = max(np.size(values) for values in columns.values())
    held = {
        key: np.array([values] * n) if np.ndim(values) == 0 else np.asarray(values)
        for key, values in columns.items()
    }
    header = Header(
        name=name,
        stage="fidelity",
        n_rows=n,
        columns={},
        counts={},
        scope=SCOPE,
        provenance={},
        sha256="0" * 64,
    )
    return Table(held, header)


def measured(
    theta: float,
    *,
    seed_sd: float = 0.0,
    document_sd: float = 0.0,
    seeds: int = 3,
    documents: int = 20,
    rng: int = 0,
    **keys: Any,
) -> Table:
    """One ratio column `over`/`under` around theta, with noise of seeds and of documents."""
    draw = np.random.default_rng(rng)
    of_seed = draw.normal(0, seed_sd, seeds) if seed_sd else np.zeros(seeds)
    of_document = draw.normal(0, document_sd, documents) if document_sd else np.zeros(documents)
    seed, document = (one.ravel() for one in np.indices((seeds, documents)))
    under = np.full(seed.size, 8.0)
    over = under * (theta + of_seed[seed] + of_document[document])
    keys = {"site": "middle", "method": "sae", **keys}
    return table_of(seed=seed, document=document, over=over, under=under, **keys)


def stacked(*tables: Table) -> Table:
    """The rows of several tables as one."""
    names = tables[0].columns
    joined = {name: np.concatenate([one.columns[name] for one in tables]) for name in names}
    return Table(joined, tables[0].header)


def curve(
    height: Callable[[float], float],
    *,
    noise: float = 0.0,
    rng: int = 0,
    xs: tuple[float, ...] = (400.0, 250.0, 160.0, 100.0, 60.0, 35.0, 20.0),
    **keys: Any,
) -> Table:
    """Points (x, height(x)) traced by alpha, over 3 seeds and 20 documents.

    The columns are over/under for the height and active/n_tokens for x; the noise is relative,
    and each point has its own.
    """
    lines = []
    for i, (alpha, x) in enumerate(zip(ALPHAS, xs, strict=True)):
        sd = noise * height(x)
        one = measured(
            height(x), seed_sd=sd, document_sd=sd, rng=100 * rng + i, alpha=alpha, **keys
        )
        lines.append(one.replace(active=np.full(len(one), 10 * x), n_tokens=np.full(len(one), 10)))
    return stacked(*lines)


def fidelity_rows(**changes: Any) -> list[FidelityRow]:
    """A small valid table of fidelity: 3 seeds, 4 documents, 7 alphas on a smooth curve."""
    rows = []
    for i, alpha in enumerate(ALPHAS):
        for seed in range(3):
            for document in range(4):
                values = dict.fromkeys(column_types(FidelityRow), 1.0)
                values |= {
                    "site": "middle",
                    "method": "sae",
                    "alpha": alpha,
                    "expansion_factor": 2.0,
                    "k": 0,
                }
                values |= {"seed": seed, "document": document, "n_tokens": 100}
                values |= {"active": 4e4 / 1.6**i, "variance": 1000.0 + document}
                values |= {"squared_error": (1000.0 + document) * (0.1 * 1.3**i + 0.001 * seed)}
                rows.append(FidelityRow(**{**values, **changes}))
    return rows


def positives() -> st.SearchStrategy[float]:
    """Factors that neither overflow nor vanish."""
    return st.floats(min_value=1e-3, max_value=1e3, allow_nan=False)
