"""A trained dictionary beats a frozen random decoder with a trained encoder."""

from claims._vocabulary import (
    ATTRIBUTION,
    BY_RULES,
    FVU,
    GAIN,
    IDENTITY_CHANGES_NOTHING,
    L0,
    MIDDLE,
    PLANTED_CAUSES_ARE_FOUND,
    SCORE_BY,
    SCORERS,
    TASK_IS_DONE,
    WHOLE_PATCH_IS_EXACT,
)
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
)

SWEEP = (Where(column="expansion_factor", values=(2.0,)), Where(column="alpha", above=0.0))
SAE = (MIDDLE, Where(column="method", values=("sae",)), *SWEEP)
KEPT = (Where(column="expansion_factor", values=(2.0,)), Where(column="k", above=0.0))
FROZEN = (MIDDLE, Where(column="method", values=("sae_random_decoder",)), *KEPT)
RIVALS = (Rival(name="frozen random decoder", where=FROZEN, knob="k"),)
LOCAL = (
    *ATTRIBUTION,
    Where(column="method", values=("sae",)),
    Where(column="alpha", above=0.0),
    Where(column="carries", values=(1,)),
)
LOCAL_FROZEN = (*ATTRIBUTION, Where(column="method", values=("sae_random_decoder",)))
SCORE = Ratio(name="top-and-random score", unit="correlation", over="score", under="n")
TOLD = (MIDDLE, Where(column="variant", values=("top_and_random",)), *BY_RULES)
TOLD_SAE = (*TOLD, Where(column="method", values=("sae",)))
TOLD_FROZEN = (*TOLD, Where(column="method", values=("sae_random_decoder",)))
PLANTED_AT = Where(column="site", values=("planted_width",))
PLANTED = (PLANTED_AT, Where(column="method", values=("sae",)), *SWEEP)
PLANTED_FROZEN = (PLANTED_AT, Where(column="method", values=("sae_random_decoder",)), *KEPT)

CLAIM = Claim(
    id="k02",
    source="critic",
    says=(
        "At an equal number of active units a token, a trained dictionary leaves less variance "
        "unexplained than one whose decoder stays random while its encoder is trained; it "
        "localises indirect object identification better; and its features score higher in "
        "automatic interpretability."
    ),
    paper=Paper(section="Korznikov et al. 2026, arXiv 2602.14111"),
    reads=("fidelity", "ioi", "ioi_prompts", "interpret", "scorers", "dictionaries"),
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
            Exceeds(
                reads="interpret",
                of=SCORE,
                where=TOLD_SAE,
                against=TOLD_FROZEN,
                margin=0.03,
                clusters=SCORE_BY,
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
        TASK_IS_DONE,
        PLANTED_CAUSES_ARE_FOUND,
        WHOLE_PATCH_IS_EXACT,
        IDENTITY_CHANGES_NOTHING,
    ),
    scored=SCORERS,
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
        Scale(
            name="let explanations of the trained dictionary's features predict nothing",
            reads="interpret",
            where=TOLD_SAE,
            column="score",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Drop(
            name="hide the scores of the random decoder",
            reads="interpret",
            where=TOLD_FROZEN,
            turns_to=("absent",),
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
        "objectives, and judged probing and editing as well; here the variance explained at equal "
        "L0, the localisation of one task and the score of four rules (each unit as it fires, at "
        "three penalties pooled against one number of codes kept) are judged. What would turn the "
        "verdict to supported must change several tables at once, so no saboteur does. Of the "
        "trained dictionary only penalties at which it can carry the task are pooled: with "
        "everything patched at most half of the KL is left on the prompts that choose."
    ),
    refuted_by=(
        "An interval for the mean gap in FVU to the frozen random decoder, over the common range "
        "of L0, that lies wholly below 0.02; or one for the fall of KL on indirect object "
        "identification, less that by the frozen one, that lies wholly below 0.05 nats; or one for "
        "the gain in the score of interpretability that lies wholly below 0.03 of correlation."
    ),
    unit="FVU; nats where it localises; correlation where it is explained",
)
