"""A larger sparsity penalty gives a higher floor of KL when everything is patched."""

from claims._vocabulary import (
    ATTRIBUTION,
    FLOOR,
    IDENTITY_CHANGES_NOTHING,
    SPARSE_SAE,
    TASK_IS_DONE,
)
from repro.spec import (
    Claim,
    Control,
    Drop,
    Fair,
    Level,
    Monotone,
    Paper,
    Reverse,
    Tilt,
    Where,
    Within,
)

SAE = (*ATTRIBUTION, Where(column="method", values=("sae",)), Where(column="carries", values=(1,)))

CLAIM = Claim(
    id="c09",
    source="paper",
    says=(
        "With all its features patched a dictionary does not reach the counterfactual output, and "
        "the distance that is left grows with the sparsity penalty."
    ),
    paper=Paper(section="4.2", figure="3"),
    reads=("ioi", "ioi_prompts", "fidelity", "dictionaries"),
    check=Monotone(
        reads="ioi",
        of=FLOOR,
        where=SAE,
        along="alpha",
        direction="rising",
        by="mean_step",
        margin=0.01,
        clusters=("seed", "draw"),
    ),
    controls=(
        TASK_IS_DONE,
        Control(
            name="PCA with all components",
            kind="instrument",
            check=Within(
                reads="ioi",
                of=FLOOR,
                where=(*ATTRIBUTION, Where(column="method", values=("pca",))),
                low=-0.000001,
                high=0.000001,
                clusters=("draw",),
            ),
            must="supported",
            why="a complete basis patched as a whole must reach the counterfactual output",
        ),
        IDENTITY_CHANGES_NOTHING,
    ),
    fair=(Fair(where=SPARSE_SAE),),
    saboteurs=(
        Reverse(
            name="reverse the order of the penalties",
            reads="ioi",
            where=SAE,
            along="alpha",
            turns_to=("refuted",),
        ),
        Level(
            name="one floor for all penalties",
            reads="ioi",
            where=SAE,
            along="alpha",
            columns=("kl_floor", "n"),
            turns_to=("refuted",),
        ),
        Tilt(
            name="a floor that falls to a hundredth with each penalty",
            reads="ioi",
            where=SAE,
            column="kl_floor",
            along="alpha",
            factor=0.01,
            turns_to=("refuted",),
        ),
        Tilt(
            name="a floor that rises a hundredfold with each penalty",
            reads="ioi",
            where=SAE,
            column="kl_floor",
            along="alpha",
            factor=100.0,
            turns_to=("supported",),
        ),
        Tilt(
            name="pairs of prompts that fall to a hundredth with each penalty",
            reads="ioi",
            where=SAE,
            column="n",
            along="alpha",
            factor=0.01,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="ioi",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide the dictionaries",
            reads="ioi",
            where=SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised) in place of Pythia-410M, dictionaries of about "
        "a million tokens (the scope says how many); held-out prompts; three or more draws and "
        "seeds; the penalties that are localised, none at all among them. Only penalties at which "
        "a dictionary can carry the task are compared: with everything patched at most half of the "
        "KL is left on the prompts that choose; beyond that the floor is that of a task already "
        "lost."
    ),
    refuted_by=(
        "A mean rise of the floor from one penalty to the next that lies wholly below 0.01 nats."
    ),
    unit="nats a step",
)
