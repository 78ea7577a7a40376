"""A larger sparsity penalty gives a higher floor of KL when everything is patched."""

from repro.spec import (
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
    Tilt,
    Where,
    Within,
)

FLOOR = Ratio(name="KL with all features patched", unit="nats", over="kl_floor", under="n")
CHANGE = Ratio(name="change of KL", unit="nats", over="kl_floor", less="kl_clean", under="n")
ACCURACY = Ratio(name="accuracy", unit="1", over="correct", under="n_prompts")
AT = (Where(column="site", values=("middle",)), Where(column="family", values=("io",)))
ATTRIBUTION = (*AT, Where(column="selection", values=("attribution",)))
SAE = (*ATTRIBUTION, Where(column="method", values=("sae",)), Where(column="carries", values=(1,)))
FAIR = (
    Where(column="site", values=("middle",)),
    Where(column="method", values=("sae",)),
    Where(column="width", values=(2.0,)),
    Where(column="alpha", above=0.0),
)

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
        Control(
            name="the model does the task",
            kind="precondition",
            check=Exceeds(
                reads="ioi_prompts",
                of=ACCURACY,
                where=(Where(column="family", values=("io",)),),
                margin=0.8,
                clusters=("template",),
            ),
            must="supported",
            why="where the model does not prefer the right name there is no cause to be found",
        ),
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
        Control(
            name="identity patch",
            kind="instrument",
            check=Within(
                reads="ioi",
                of=CHANGE,
                where=(*AT, Where(column="method", values=("identity",))),
                low=0.0,
                high=0.0,
                clusters=("draw",),
            ),
            must="supported",
            why="an edit that changes nothing must change nothing, exactly",
        ),
    ),
    fair=(Fair(where=FAIR),),
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
