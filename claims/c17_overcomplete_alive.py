"""A dictionary four times as large as the residual stream stays alive."""

from claims._vocabulary import MIDDLE
from repro.spec import Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where

ALIVE = Ratio(name="alive share", unit="1", over="n_alive", under="n_features")
SAE = (
    MIDDLE,
    Where(column="method", values=("sae",)),
    Where(column="expansion_factor", values=(4.0,)),
    Where(column="alpha", above=0.0),
)

CLAIM = Claim(
    id="c17",
    source="paper",
    says=(
        "On the residual stream a dictionary four times as large as the dimension keeps more than "
        "nine tenths of its features alive (more than 10 activations on held-out text)."
    ),
    paper=Paper(section="Appendices C.3 and E"),
    reads=("dictionaries", "fidelity"),
    check=Exceeds(reads="dictionaries", of=ALIVE, where=SAE, margin=0.90, clusters=("seed",)),
    controls=(
        Control(
            name="half of the units frozen",
            kind="negative",
            check=Exceeds(
                reads="dictionaries",
                of=ALIVE,
                where=(MIDDLE, Where(column="method", values=("sae_frozen_dead",))),
                margin=0.90,
                clusters=("seed",),
            ),
            must="refuted",
            why="units that cannot fire must be counted as dead",
        ),
    ),
    fair=(Fair(called="the dictionary with R = 4", where=SAE, frequent=0.0),),
    saboteurs=(
        Scale(
            name="halve the number of alive features",
            reads="dictionaries",
            where=SAE,
            column="n_alive",
            factor=0.5,
            turns_to=("refuted",),
        ),
        Scale(
            name="double the size of the dictionary",
            reads="dictionaries",
            where=SAE,
            column="n_features",
            factor=2.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="kill every feature",
            reads="dictionaries",
            where=SAE,
            column="n_alive",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="leave nearly all features out of the denominator",
            reads="dictionaries",
            where=SAE,
            column="n_features",
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
            name="hide the dictionaries of this width",
            reads="dictionaries",
            where=SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; about a million training tokens (the scope says how many) in place "
        "of 5 to 50 million; activations centred and scaled; firings counted on tens of thousands "
        "of held-out tokens where the authors had about two million, which makes the same rule "
        "(more than 10) harder to pass; all penalties pooled, where the paper says 'at suitable "
        "hyperparameters'."
    ),
    refuted_by="An interval for the alive share at R = 4, over seeds, that lies wholly below 0.90.",
    unit="share of features",
)
