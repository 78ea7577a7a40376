"""Sparsity and fidelity trade off smoothly: the error rises with the penalty and has no knee."""

from claims._vocabulary import L0
from repro.spec import (
    All,
    Claim,
    Control,
    Drop,
    Fair,
    Jitter,
    Level,
    Monotone,
    Paper,
    Ratio,
    Reverse,
    Scale,
    Smooth,
    Where,
)

FVU = Ratio(name="FVU", unit="1", over="squared_error", under="variance", scale="log")
SAE = (
    Where(column="site", values=("middle",)),
    Where(column="method", values=("sae",)),
    Where(column="expansion_factor", values=(2.0,)),
    Where(column="alpha", above=0.0),
)

CLAIM = Claim(
    id="c14",
    source="paper",
    says=(
        "As the sparsity penalty grows, the dictionary uses fewer units a token and explains "
        "less variance, and the trade-off between the two is smooth: there is no knee."
    ),
    paper=Paper(section="Appendix B", figure="6"),
    reads=("fidelity", "dictionaries"),
    check=All(
        parts=(
            Monotone(
                reads="fidelity",
                of=FVU,
                where=SAE,
                along="alpha",
                direction="rising",
                by="smallest_step",
                margin=0.0,
                clusters=("seed", "document"),
            ),
            Smooth(
                reads="fidelity",
                of=FVU,
                x=L0,
                where=SAE,
                knob="alpha",
                margin=0.05,
                min_points=6,
                clusters=("seed", "document"),
            ),
        )
    ),
    controls=(
        Control(
            name="planted knee",
            kind="positive",
            check=Smooth(
                reads="fidelity",
                of=FVU,
                x=L0,
                where=(
                    Where(column="site", values=("planted_knee",)),
                    Where(column="method", values=("sae",)),
                    Where(column="alpha", above=0.0),
                ),
                knob="alpha",
                margin=0.05,
                min_points=6,
                clusters=("seed", "document"),
            ),
            must="refuted",
            why="data with a fixed number of active features has a knee, and the rule must see it",
        ),
    ),
    fair=(Fair(where=SAE),),
    saboteurs=(
        Reverse(
            name="relabel the penalties in reverse order",
            reads="fidelity",
            where=SAE,
            along="alpha",
            turns_to=("refuted",),
        ),
        Scale(
            name="divide the error at the largest penalty by fifty",
            reads="fidelity",
            where=(*SAE, Where(column="alpha", pick="max")),
            column="squared_error",
            factor=0.02,
            turns_to=("refuted",),
        ),
        Jitter(
            name="multiply the error at each penalty by chance (lognormal, sd 2)",
            reads="fidelity",
            where=SAE,
            column="squared_error",
            by="alpha",
            sd=2.0,
            seed=0,
            turns_to=("refuted",),
        ),
        Level(
            name="give every penalty the error of the smallest: a plateau",
            reads="fidelity",
            where=SAE,
            along="alpha",
            columns=("squared_error", "variance"),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="fidelity",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide every dictionary that was trained with a penalty",
            reads="fidelity",
            where=SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; about a million training tokens (the scope says how many) in place "
        "of 5 to 50 million; activations centred and scaled; width R = 2, one grid of penalties "
        "and several seeds where the paper has one dictionary a setting. The paper states no "
        "numbers; 'smooth' is our rule."
    ),
    refuted_by=(
        "A step between neighbouring penalties at which the error falls beyond noise, or a point "
        "further than 0.05 in ln FVU from the cubic in ln L0 beyond noise over seeds and documents."
    ),
    unit="ln FVU",
)
