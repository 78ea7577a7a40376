"""The L1 penalty shrinks activations: reconstructions come out too short, and a refit helps."""

from repro.spec import (
    All,
    Claim,
    Control,
    Drop,
    Exceeds,
    Fair,
    Monotone,
    Paper,
    Ratio,
    Reverse,
    Scale,
    Where,
    Within,
)

SHRINKAGE = Ratio(
    name="shrinkage",
    unit="1",
    over="x_dot_reconstruction",
    under="reconstruction_dot_reconstruction",
)
REFIT_GAIN = Ratio(
    name="share of the error that a refit removes",
    unit="1",
    over="squared_error_before",
    less="squared_error_after",
    under="squared_error_before",
)
WIDTH_2 = (
    Where(column="site", values=("middle",)),
    Where(column="method", values=("sae",)),
    Where(column="expansion_factor", values=(2.0,)),
)
SAE = (*WIDTH_2, Where(column="alpha", above=0.0))

CLAIM = Claim(
    id="c20",
    source="article",
    says=(
        "The L1 penalty shrinks activations: the best factor on the reconstruction is above 1.01 "
        "and rises with the penalty, and refitting the active codes removes some of the error."
    ),
    paper=Paper(section="not in the paper; Wright and Sharkey 2024 describe it for this method"),
    reads=("fidelity", "refit", "dictionaries"),
    check=All(
        parts=(
            Exceeds(
                reads="fidelity",
                of=SHRINKAGE,
                where=SAE,
                margin=1.01,
                clusters=("seed", "document"),
            ),
            Monotone(
                reads="fidelity",
                of=SHRINKAGE,
                where=SAE,
                along="alpha",
                direction="rising",
                by="mean_step",
                margin=0.0,
                clusters=("seed", "document"),
            ),
            Exceeds(
                reads="refit",
                of=REFIT_GAIN,
                where=SAE,
                margin=0.02,
                clusters=("seed", "document"),
            ),
        )
    ),
    controls=(
        Control(
            name="an orthogonal projection",
            kind="instrument",
            check=Within(
                reads="fidelity",
                of=SHRINKAGE,
                where=(
                    Where(column="site", values=("middle",)),
                    Where(column="method", values=("pca_static",)),
                ),
                low=0.9999,
                high=1.0001,
                clusters=("document",),
            ),
            must="supported",
            why="the first principal components project: <x, x_hat> is <x_hat, x_hat>, exactly",
        ),
        Control(
            name="planted data, no penalty",
            kind="negative",
            check=Exceeds(
                reads="fidelity",
                of=SHRINKAGE,
                where=(
                    Where(column="site", values=("planted_width",)),
                    Where(column="method", values=("sae",)),
                    Where(column="expansion_factor", values=(2.0,)),
                    Where(column="alpha", values=(0.0,)),
                ),
                margin=1.01,
                clusters=("seed", "document"),
            ),
            must="refuted",
            why="where nothing pulls the codes down, planted features must come back unshrunk",
        ),
    ),
    fair=(Fair(where=SAE),),
    saboteurs=(
        Scale(
            name="lengthen the reconstructions tenfold",
            reads="fidelity",
            where=SAE,
            column="reconstruction_dot_reconstruction",
            factor=10.0,
            turns_to=("refuted",),
        ),
        Reverse(
            name="relabel the penalties in reverse order",
            reads="fidelity",
            where=SAE,
            along="alpha",
            turns_to=("refuted",),
        ),
        Scale(
            name="let the refit make the error a hundred times as large",
            reads="refit",
            where=SAE,
            column="squared_error_after",
            factor=100.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="blank the reconstructions: a ratio without a denominator must not pass",
            reads="fidelity",
            where=SAE,
            column="reconstruction_dot_reconstruction",
            factor=0.0,
            turns_to=("broken",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="fidelity",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive", "refuted"),
        ),
        Drop(
            name="hide every dictionary that was trained with a penalty",
            reads="fidelity",
            where=SAE,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the refit",
            reads="refit",
            where=SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; about a million training tokens (the scope says how many) in place "
        "of 5 to 50 million; activations centred and scaled, and shrinkage measured in that frame; "
        "R = 2. The thresholds are ours."
    ),
    refuted_by=(
        "A shrinkage below 1.01 beyond noise, a mean step along the penalty below 0 beyond noise, "
        "or a refit that removes less than 0.02 of the error beyond noise."
    ),
    unit="<x, x_hat> / <x_hat, x_hat>",
)
