"""A trained dictionary beats a frozen random decoder with a trained encoder."""

from repro.spec import Claim, Control, Dominates, Drop, Paper, Ratio, Rival, Scale, Swap, Where

FVU = Ratio(name="FVU", unit="1", over="squared_error", under="variance")
L0 = Ratio(name="L0", unit="units a token", over="active", under="n_tokens")
MIDDLE = Where(column="site", values=("middle",))
SWEEP = (Where(column="width", values=(2.0,)), Where(column="alpha", above=0.0))
SAE = (MIDDLE, Where(column="method", values=("sae",)), *SWEEP)
FROZEN = (MIDDLE, Where(column="method", values=("sae_random_decoder",)), *SWEEP)
RIVALS = (Rival(name="frozen random decoder", where=FROZEN, knob="alpha"),)

CLAIM = Claim(
    id="k02",
    source="critic",
    says=(
        "At an equal number of active units a token, a trained dictionary leaves less variance "
        "unexplained than one whose decoder stays random while its encoder is trained."
    ),
    paper=Paper(section="Korznikov et al. 2026, arXiv 2602.14111"),
    reads=("fidelity",),
    check=Dominates(
        reads="fidelity",
        of=FVU,
        x=L0,
        where=SAE,
        knob="alpha",
        against=RIVALS,
        margin=0.02,
        clusters=("seed", "document"),
    ),
    controls=(
        Control(
            name="random directions, top k",
            kind="negative",
            check=Dominates(
                reads="fidelity",
                of=FVU,
                x=L0,
                where=(MIDDLE, Where(column="method", values=("random_topk",))),
                knob="k",
                against=RIVALS,
                margin=0.02,
                clusters=("document",),
            ),
            must="not_supported",
            why="a dictionary in which nothing is trained must not beat one with a trained encoder",
        ),
    ),
    saboteurs=(
        Swap(
            name="exchange the labels of trained and random decoder",
            reads="fidelity",
            where=(MIDDLE,),
            column="method",
            a="sae",
            b="sae_random_decoder",
            turns_to=("refuted",),
        ),
        Scale(
            name="multiply the trained dictionary's error by fifty",
            reads="fidelity",
            where=SAE,
            column="squared_error",
            factor=50.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="divide the random decoder's error by a thousand",
            reads="fidelity",
            where=FROZEN,
            column="squared_error",
            factor=0.001,
            turns_to=("refuted",),
        ),
        Scale(
            name="divide the trained dictionary's error by a thousand",
            reads="fidelity",
            where=SAE,
            column="squared_error",
            factor=0.001,
            turns_to=("supported",),
        ),
        Scale(
            name="multiply the random decoder's error by fifty",
            reads="fidelity",
            where=FROZEN,
            column="squared_error",
            factor=50.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="fidelity",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide the random decoder",
            reads="fidelity",
            where=FROZEN,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M (de-quantised Q4_1), residual stream after a middle block; L1 dictionaries "
        "with R = 2 trained on some hundred thousand tokens (the scope says how many); "
        "activations centred and scaled. The critics used other models and objectives, and judged "
        "interpretability, probing and editing as well; here only the variance explained at equal "
        "L0 is judged."
    ),
    refuted_by=(
        "An interval for the mean gap in FVU to the frozen random decoder, over the common range "
        "of L0, that lies wholly below 0.02."
    ),
    unit="FVU",
)
