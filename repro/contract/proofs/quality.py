"""How good the dictionaries are: the committed comparison with SAELens and the recipe search."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from repro.contract.verdict import Contract
from repro.errors import ArtifactError


class Quality(Contract):
    """One dictionary on documents that it never saw."""

    l0: float
    """Active units a token."""
    fvu: float
    """Share of variance unexplained."""
    frac_frequent: float
    """Share of units that fire on at least 1 % of tokens."""
    frac_effective: float
    """Share of units whose removal costs at least a tenth of an even share of what all explain."""
    frac_silent: float
    """Share of units that never fire."""


class Compared(Contract):
    """One dictionary of one trainer."""

    trainer: str
    """sae, sae_standard (ours), saelens_standard or saelens_topk."""
    alpha: float
    """L1 coefficient, for the squared error averaged over coordinates; 0 for top-k."""
    k: int
    """Units kept a token by top-k; 0 otherwise."""
    seconds: float
    """Training time on one thread, beside another training."""
    validation: Quality
    """On validation documents."""
    heldout: Quality
    """On held-out documents."""


class Speed(Contract):
    """Training speed, in turn within one run."""

    tokens: int
    """Training activations of each run."""
    threads: int
    """Processor threads."""
    tokens_times_autoencoders_per_s: dict[str, float]
    """Median over the rounds, by trainer."""
    ours_over_saelens_standard: float
    """Median of the ratios within a round."""


class Comparison(Contract):
    """The figures of `reports/bench/dictionaries.json`."""

    model: str
    """Language model."""
    tokens_sha256: str
    """Text split, by content."""
    hook: str
    """Hook point."""
    skip_positions: int
    """First positions of each sequence that are left out."""
    sink_factor: float
    """Norm over the median norm above which other tokens are."""
    revision: str
    """Its revision, or hash."""
    training_tokens: int
    """Training tokens that were harvested."""
    activations: int
    """Training activations of every dictionary: those tokens less what is left out."""
    expansion_factor: float
    """Dictionary size over dimension."""
    peer_settings: dict[str, dict[str, Any]]
    """Settings of SAELens's trainers."""
    peer_versions: dict[str, str]
    """Versions in SAELens's environment."""
    dictionaries: list[Compared]
    """All that were trained."""
    l0_grid: list[float]
    """Active units a token at which they are compared."""
    fvu_at_l0: dict[str, list[float | None]]
    """FVU there on held-out documents, by trainer; none outside the range it covers."""
    speed: Speed | None
    """Training speed; measured at one site."""


class Trial(Contract):
    """One recipe that was tried."""

    arm: str
    """sae, sae_own_encoder, sae_standard, sae_random_decoder (L1) or sae_random_topk."""
    name: str
    """What it is called."""
    changes: dict[str, float]
    """What differs from the base."""
    points: list[dict[str, float]]
    """Each penalty or k: L0, FVU and units in use on validation documents."""
    fvu_at_l0: list[float | None]
    """FVU at each L0 of the grid."""


class Search(Contract):
    """The figures of `reports/bench/recipe.json`."""

    hook: str
    """Hook point."""
    model: str
    """Language model."""
    tokens: int
    """Training activations of each trial of the first round."""
    final_tokens: int
    """Training activations of each trial of the second round: all."""
    validation_tokens: int
    """Validation activations."""
    expansion_factor: float
    """Dictionary size over dimension."""
    seed: int
    """Seed of every trial."""
    base: dict[str, float]
    """The recipe from which trials differ."""
    taken: dict[str, float]
    """What differs from it in params.yaml."""
    l0_grid: list[float]
    """Active units a token at which trials are compared."""
    trials: list[Trial]
    """The first round, in the order in which they are listed."""
    finals: list[Trial]
    """The second round: the better ones that cost no more time than the base."""


Figures = TypeVar("Figures", Comparison, Search)


def read_figures(path: Path, model: type[Figures]) -> Figures:
    """Read one of the two files.

    Raises:
        ArtifactError: it is no measurement of that kind.
    """
    try:
        return model.model_validate(json.loads(path.read_text(encoding="utf8"))["figures"])
    except ValidationError as error:
        first = error.errors()[0]
        fault = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        fault = str(error)
    raise ArtifactError(
        f"{path} is no such measurement: {fault}",
        expected=f"the figures of repro.contract.proofs.quality.{model.__name__}",
        mend="make recipe" if model is Search else "make frontier",
    )
