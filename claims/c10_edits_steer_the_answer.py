"""Editing the features that were found moves the answer in the predicted direction."""

from claims._vocabulary import AT, ATTRIBUTION, SPARSE_SAE, TASK_IS_DONE
from repro.spec import Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where, Within

SHIFT = Ratio(
    name="shift of the logit difference, as a share of the counterfactual's",
    unit="1",
    over="logit_shift",
    under="logit_shift_counterfactual",
)
SPARSE = (*ATTRIBUTION, Where(column="alpha", above=0.0), Where(column="carries", values=(1,)))
SAE = (*SPARSE, Where(column="method", values=("sae",)))
RANDOM = (
    *SPARSE,
    Where(column="method", values=("random_edit",)),
    Where(column="matched", values=("sae",)),
)
EVERY_RANDOM = (
    *ATTRIBUTION,
    Where(column="alpha", above=0.0),
    Where(column="method", values=("random_edit",)),
    Where(column="matched", values=("sae",)),
)

CLAIM = Claim(
    id="c10",
    source="paper",
    says=(
        "Patching the features that were found moves the difference of logits between the two "
        "names towards its counterfactual value, more than random edits of equal norm do."
    ),
    paper=Paper(section="4.2"),
    reads=("ioi_edits", "ioi_prompts", "fidelity", "dictionaries"),
    check=Exceeds(
        reads="ioi_edits",
        of=SHIFT,
        where=SAE,
        against=RANDOM,
        margin=0.1,
        clusters=("seed", "draw"),
    ),
    controls=(
        TASK_IS_DONE,
        Control(
            name="random edits of equal norm",
            kind="negative",
            check=Exceeds(
                reads="ioi_edits",
                of=SHIFT,
                where=EVERY_RANDOM,
                margin=0.1,
                clusters=("seed", "draw"),
            ),
            must="not_supported",
            why="an edit without a direction must not move the answer towards a name",
        ),
        Control(
            name="the whole residual vector patched",
            kind="instrument",
            check=Within(
                reads="ioi_edits",
                of=SHIFT,
                where=(*AT, Where(column="method", values=("full_residual",))),
                low=0.9999,
                high=1.0001,
                clusters=("draw",),
            ),
            must="supported",
            why="patching everything must move the answer all the way",
        ),
        Control(
            name="identity patch",
            kind="instrument",
            check=Within(
                reads="ioi_edits",
                of=SHIFT,
                where=(*AT, Where(column="method", values=("identity",))),
                low=0.0,
                high=0.0,
                clusters=("draw",),
            ),
            must="supported",
            why="an edit that changes nothing must move nothing",
        ),
    ),
    fair=(Fair(where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="edits of the found features that move nothing",
            reads="ioi_edits",
            where=SAE,
            column="logit_shift",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="edits of the found features that move the answer the other way",
            reads="ioi_edits",
            where=SAE,
            column="logit_shift",
            factor=-1.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="a counterfactual a hundred times as far for the found features",
            reads="ioi_edits",
            where=SAE,
            column="logit_shift_counterfactual",
            factor=100.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="edits of the found features that move the answer a hundred times as far",
            reads="ioi_edits",
            where=SAE,
            column="logit_shift",
            factor=100.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="ioi_edits",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide the random edits",
            reads="ioi_edits",
            where=RANDOM,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised) in place of Pythia-410M, dictionaries of about "
        "a million tokens (the scope says how many); held-out prompts; features ordered by "
        "attribution, as many of them as the params say. The paper measures KL to the "
        "counterfactual output only; the logit difference and the random edits, as long at every "
        "token, are ours. All penalties above none that are localised are pooled. Only penalties "
        "at which a dictionary can carry the task are pooled: with everything patched at most half "
        "of the KL is left on the prompts that choose."
    ),
    refuted_by=(
        "An interval for the shift less that of random edits that lies wholly below a tenth of the "
        "counterfactual shift."
    ),
    unit="share of the shift",
)
