"""The sparsity penalty leaves dead features: more of them, the larger it is."""

from claims._vocabulary import MIDDLE
from repro.spec import (
    All,
    Claim,
    Control,
    Drop,
    Exceeds,
    Fair,
    Level,
    Monotone,
    Paper,
    Ratio,
    Reverse,
    Scale,
    Tilt,
    Where,
)

DEAD = Ratio(name="dead share", unit="1", over="n_features", less="n_alive", under="n_features")
SAE = (
    MIDDLE,
    Where(column="method", values=("sae",)),
    Where(column="expansion_factor", values=(2.0,)),
)
WITHOUT_PENALTY = (*SAE, Where(column="alpha", values=(0.0,)))
LARGEST_PENALTY = (*SAE, Where(column="alpha", pick="max"))

CLAIM = Claim(
    id="c18",
    source="paper",
    says=(
        "The sparsity penalty leaves dead features: at the largest penalty more features fire at "
        "most 10 times than without a penalty, and their share rises with the penalty."
    ),
    paper=Paper(section="Appendix E"),
    reads=("dictionaries", "fidelity"),
    check=All(
        parts=(
            Exceeds(
                reads="dictionaries",
                of=DEAD,
                where=LARGEST_PENALTY,
                against=WITHOUT_PENALTY,
                margin=0.02,
                clusters=("seed",),
            ),
            Monotone(
                reads="dictionaries",
                of=DEAD,
                where=SAE,
                along="alpha",
                direction="rising",
                by="mean_step",
                margin=0.005,
                clusters=("seed",),
            ),
        )
    ),
    controls=(
        Control(
            name="half of the units frozen",
            kind="positive",
            check=Exceeds(
                reads="dictionaries",
                of=DEAD,
                where=(MIDDLE, Where(column="method", values=("sae_frozen_dead",))),
                margin=0.49,
                clusters=("seed",),
                exact="half of the units are frozen, by construction",
            ),
            must="supported",
            why="units that cannot fire must be counted as dead",
        ),
    ),
    # Not asked of these that few units be idle: that is the question.
    fair=(Fair(where=(*SAE, Where(column="alpha", above=0.0)), frequent=0.0, effective=0.0),),
    saboteurs=(
        Reverse(
            name="relabel the penalties in reverse order",
            reads="dictionaries",
            where=SAE,
            along="alpha",
            turns_to=("refuted",),
        ),
        Scale(
            name="kill nearly every feature where there is no penalty",
            reads="dictionaries",
            where=WITHOUT_PENALTY,
            column="n_alive",
            factor=0.001,
            turns_to=("refuted",),
        ),
        Level(
            name="give every penalty the counts of the smallest",
            reads="dictionaries",
            where=SAE,
            along="alpha",
            columns=("n_alive", "n_features"),
            turns_to=("refuted",),
        ),
        Tilt(
            name="lose half of the alive features at each step of the penalty",
            reads="dictionaries",
            where=SAE,
            column="n_alive",
            along="alpha",
            factor=0.5,
            turns_to=("supported",),
        ),
        Scale(
            name="kill nearly every feature at the largest penalty",
            reads="dictionaries",
            where=LARGEST_PENALTY,
            column="n_alive",
            factor=0.001,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="dictionaries",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide every dictionary of this width",
            reads="dictionaries",
            where=SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; about a million training tokens (the scope says how many) in place "
        "of 5 to 50 million; activations centred and scaled; firings counted on tens of thousands "
        "of held-out tokens where the authors had about two million; R = 2 only. The paper finds "
        "the effect strongest in MLP layers, which are not examined here."
    ),
    refuted_by=(
        "A dead share at the largest penalty that exceeds that without a penalty by less than "
        "0.02 beyond noise, or a mean step along the penalty below 0.005 beyond noise."
    ),
    unit="share of features",
)
