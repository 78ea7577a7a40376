"""A trained dictionary beats a frozen random decoder with a trained encoder."""

from repro.spec import (
    All,
    Claim,
    Control,
    Dominates,
    Drop,
    Exceeds,
    Fair,
    Paper,
    Ratio,
    Rival,
    Scale,
    Where,
    Within,
)

FVU = Ratio(name="FVU", unit="1", over="squared_error", under="variance")
L0 = Ratio(name="L0", unit="units a token", over="active", under="n_tokens")
MIDDLE = Where(column="site", values=("middle",))
SWEEP = (Where(column="width", values=(2.0,)), Where(column="alpha", above=0.0))
SAE = (MIDDLE, Where(column="method", values=("sae",)), *SWEEP)
KEPT = (Where(column="width", values=(2.0,)), Where(column="k", above=0.0))
FROZEN = (MIDDLE, Where(column="method", values=("sae_random_decoder",)), *KEPT)
RIVALS = (Rival(name="frozen random decoder", where=FROZEN, knob="k"),)
GAIN = Ratio(
    name="fall of KL, mean over ln number patched",
    unit="nats",
    over="kl_clean",
    less="kl_area",
    under="n",
)
FLOOR = Ratio(name="KL with all features patched", unit="nats", over="kl_floor", under="n")
CHANGE = Ratio(name="change of KL", unit="nats", over="kl_floor", less="kl_clean", under="n")
ACCURACY = Ratio(name="accuracy", unit="1", over="correct", under="n_prompts")
AT = (Where(column="site", values=("middle",)), Where(column="family", values=("io",)))
ATTRIBUTION = (*AT, Where(column="selection", values=("attribution",)))
LOCAL = (
    *ATTRIBUTION,
    Where(column="method", values=("sae",)),
    Where(column="alpha", above=0.0),
    Where(column="carries", values=(1,)),
)
LOCAL_FROZEN = (*ATTRIBUTION, Where(column="method", values=("sae_random_decoder",)))
PLANTED_AT = Where(column="site", values=("planted_width",))
PLANTED = (PLANTED_AT, Where(column="method", values=("sae",)), *SWEEP)
PLANTED_FROZEN = (PLANTED_AT, Where(column="method", values=("sae_random_decoder",)), *KEPT)

CLAIM = Claim(
    id="k02",
    source="critic",
    says=(
        "At an equal number of active units a token, a trained dictionary leaves less variance "
        "unexplained than one whose decoder stays random while its encoder is trained; and it "
        "localises indirect object identification better."
    ),
    paper=Paper(section="Korznikov et al. 2026, arXiv 2602.14111"),
    reads=("fidelity", "ioi", "ioi_prompts", "dictionaries"),
    check=All(
        parts=(
            Dominates(
                reads="fidelity",
                of=FVU,
                x=L0,
                where=SAE,
                knob="alpha",
                against=RIVALS,
                margin=0.02,
                clusters=("seed", "document"),
            ),
            Exceeds(
                reads="ioi",
                of=GAIN,
                where=LOCAL,
                against=LOCAL_FROZEN,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
        )
    ),
    controls=(
        Control(
            name="planted features: trained against frozen random decoder",
            kind="positive",
            check=Dominates(
                reads="fidelity",
                of=FVU,
                x=L0,
                where=PLANTED,
                knob="alpha",
                against=(Rival(name="frozen random decoder", where=PLANTED_FROZEN, knob="k"),),
                margin=0.02,
                clusters=("seed", "document"),
            ),
            must="supported",
            why="where there are features to be learned the advantage of training must be seen",
        ),
        Control(
            name="the baseline is a fair one: random directions, top k, do not beat it",
            kind="precondition",
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
            why="a trained encoder that does worse than one that never saw the data is a straw man",
        ),
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
            name="planted: a linear read-out of three known causes, and a rotation of its basis",
            kind="positive",
            check=Exceeds(
                reads="ioi",
                of=GAIN,
                where=(Where(column="method", values=("planted",)),),
                against=(Where(column="method", values=("planted_rotated",)),),
                margin=0.05,
                clusters=("draw",),
            ),
            must="supported",
            why="the basis that holds the causes must be told from a rotation of it",
        ),
        Control(
            name="the whole residual vector patched",
            kind="instrument",
            check=Within(
                reads="ioi",
                of=FLOOR,
                where=(*AT, Where(column="method", values=("full_residual",))),
                low=-0.000001,
                high=0.000001,
                clusters=("draw",),
            ),
            must="supported",
            why="patching everything must reach the counterfactual output",
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
    fair=(Fair(where=SAE),),
    saboteurs=(
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
            name="multiply the trained dictionary's area under KL by fifty",
            reads="ioi",
            where=LOCAL,
            column="kl_area",
            factor=50.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="divide the random decoder's area under KL by fifty",
            reads="ioi",
            where=LOCAL_FROZEN,
            column="kl_area",
            factor=0.02,
            turns_to=("refuted",),
        ),
        Drop(
            name="hide the random decoder",
            reads="fidelity",
            where=FROZEN,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the trained dictionary",
            reads="fidelity",
            where=SAE,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the random decoder where it localises",
            reads="ioi",
            where=LOCAL_FROZEN,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the trained dictionary where it localises",
            reads="ioi",
            where=LOCAL,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block; L1 "
        "dictionaries with R = 2 trained on about a million tokens (the scope says how many), the "
        "frozen random decoder with the largest codes of each token kept, which serves it better "
        "than a penalty; activations centred and scaled. The critics used other models and "
        "objectives, and judged interpretability, probing and editing as well; here the variance "
        "explained at equal L0 and the localisation of one task are judged. What would turn the "
        "verdict to supported must change two tables at once, so no saboteur does. Of the trained "
        "dictionary only penalties at which it can carry the task are pooled: with everything "
        "patched at most half of the KL is left on the prompts that choose."
    ),
    refuted_by=(
        "An interval for the mean gap in FVU to the frozen random decoder, over the common range "
        "of L0, that lies wholly below 0.02; or one for the fall of KL on indirect object "
        "identification, less that by the frozen one, that lies wholly below 0.05 nats."
    ),
    unit="FVU; nats where it localises",
)
