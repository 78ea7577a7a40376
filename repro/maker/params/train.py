"""The section `train` of `params.yaml`: the grid of dictionaries, and how it is trained."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from repro.maker.params.executor import Executor
from repro.maker.params.section import Count, Positive, Role, Section, Share, mismatch


class Together(Section):
    """Dictionaries trained together in one pass: the same site, expansion factor and method."""

    site: str
    """Role of the site, or a planted set."""
    expansion_factor: Positive
    """Dictionary size over dimension, R."""
    seeds: Annotated[list[int], Field(min_length=1)]
    """Seeds of initialisation and data order."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for name in ("alphas", "ks", "seeds"):
            values = getattr(self, name, [])
            if len(set(values)) != len(values):
                raise mismatch(name, "the same value twice", "each value once")
        return self


class Penalised(Together):
    """Autoencoders whose codes are made sparse by an L1 penalty, one a penalty."""

    method: Literal["sae", "sae_untied", "sae_standard"]
    """The paper's tied autoencoder; the one that it trains on MLP activations, with an encoder of
    its own (equations 5 and 6); or the field's standard one, with a decoder bias as well."""
    alphas: Annotated[list[Annotated[float, Field(ge=0.0)]], Field(min_length=1)]
    """L1 coefficients, for the squared error averaged over batch and coordinates."""

    @property
    def knobs(self) -> list[tuple[float, int]]:
        """Penalty and number of codes kept (0: all) of each dictionary."""
        return [(alpha, 0) for alpha in self.alphas]


class Frozen(Together):
    """Autoencoders with a frozen random decoder, of which each token keeps the largest codes."""

    method: Literal["sae_random_decoder"]
    """A trained encoder beside a decoder that stays as it was drawn."""
    ks: Annotated[list[Count], Field(min_length=1)]
    """Codes that each token keeps."""

    @property
    def knobs(self) -> list[tuple[float, int]]:
        """Penalty (none) and number of codes kept of each dictionary."""
        return [(0.0, k) for k in self.ks]


Group = Annotated[Penalised | Frozen, Field(discriminator="method")]
"""One group of the grid."""


class Adam(Section):
    """Adam (Kingma & Ba 2015), the paper's optimiser (appendix B)."""

    lr: Positive
    """Step size; the paper's is 1e-3."""
    lr_at: dict[str, Positive]
    """Sites and groups that are trained with a step size of their own, and which; a group's comes
    before its site's."""
    beta1: Share
    """Decay of the first moment."""
    beta2: Share
    """Decay of the second moment."""
    eps: Positive
    """Added to the root of the second moment."""
    clip: Annotated[float, Field(ge=0.0)]
    """Longest gradient of a dictionary, for the loss with its error summed; 0 does not shorten."""
    step_counter: Literal["advances", "frozen"]
    """Textbook bias correction, or that of step 1 at every step, as in the authors' loop."""


class Schedule(Section):
    """Step size and penalty over the pass; all shares 0 is the paper's constant ones."""

    warmup: Share
    """Share of the steps over which it rises linearly from 0."""
    decay: Share
    """Share of the steps, the last ones, over which it falls linearly to 0."""
    penalty_warmup: Share
    """Share of the steps over which the penalty rises linearly from 0; 0 as the authors."""


class Components(Section):
    """Draws of what needs no training and varies all the same, beside the dictionaries' seeds."""

    draws: Annotated[list[int], Field(min_length=1)]
    """Seeds of the documents on which PCA and ICA are fitted, and of random directions."""
    share: Share
    """Share of the documents in each draw."""


class Ica(Section):
    """Independent components (FastICA), a rival of the dictionaries where causes are localised."""

    sites: list[Role]
    """Sites at which they are fitted."""
    rows: Count
    """Activations of a draw from which, at even steps; PCA takes all of them."""
    iterations: Count
    """Iterations at most."""
    threads: Count
    """Processor threads for PCA and ICA; part of the result's identity on a CPU."""


class Train(Section):
    """The grid of dictionaries and how it is trained, and the decompositions beside it."""

    batch: Count
    """Activations a step."""
    optimiser: Adam
    """Adam's constants."""
    schedule: Schedule
    """Step size and penalty over the pass."""
    start_scale: Positive
    """Length of the initial rows of the paper's autoencoder over those of the authors' code; 1 as
    they. Their direction alone is the dictionary, and that of shorter rows turns faster."""
    reduction: Literal["mean", "sum"]
    """Squared error over coordinates: mean (the authors' code) or sum (the printed equation 4)."""
    tied: bool
    """Whether the encoder of `sae` reads with the decoder's rows (equations 1 to 3) or its own."""
    faithful: bool
    """True switches centring and scaling of the activations off, as the authors did."""
    precision: Literal["auto", "bfloat16", "float32"]
    """Matrix products; auto is bfloat16 with fp32 master weights where the processor has it."""
    device: Literal["auto", "cpu", "cuda"]
    """Where the grid is trained."""
    mixing_shards: Count
    """Shards held in memory at once and shuffled together."""
    checkpoint_s: Positive
    """Seconds between checkpoints from which a killed run goes on."""
    executor: Executor
    """How the items are spread."""
    components: Components
    """Draws of PCA, ICA and random directions."""
    ica: Ica
    """Independent components."""
    groups: Annotated[dict[Role, Group], Field(min_length=1)]
    """The grid; an item is one group with one of its seeds."""

    @model_validator(mode="after")
    def _groups_have_folders(self) -> Self:
        if "sites" in self.groups:
            found = "a group of this name would share the folder of the sites"
            raise mismatch("groups.sites", found, "another name, such as middle_r2")
        return self
