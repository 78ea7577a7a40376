"""On indirect object identification fewer features than PCA components must be patched."""

from claims._vocabulary import (
    AT,
    ATTRIBUTION,
    GAIN,
    IDENTITY_CHANGES_NOTHING,
    PLANTED_CAUSES_ARE_FOUND,
    SPARSE_SAE,
    TASK_IS_DONE,
    WHOLE_PATCH_IS_EXACT,
)
from repro.spec import All, Claim, Control, Drop, Exceeds, Fair, Paper, Scale, Where

ELIMINATION = (*AT, Where(column="selection", values=("elimination",)))
IS_SAE = (
    Where(column="method", values=("sae",)),
    Where(column="alpha", above=0.0),
    Where(column="carries", values=(1,)),
)
IS_PCA = (Where(column="method", values=("pca",)),)
SAE = (*AT, *IS_SAE)
PCA = (*ATTRIBUTION, *IS_PCA)

CLAIM = Claim(
    id="c06",
    source="paper",
    says=(
        "To bring the model's output equally close to the counterfactual one on indirect object "
        "identification, fewer dictionary features than PCA components have to be patched."
    ),
    paper=Paper(section="4.2", figure="3"),
    reads=("ioi", "ioi_prompts", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(
                reads="ioi",
                of=GAIN,
                where=(*ATTRIBUTION, *IS_SAE),
                against=PCA,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
            Exceeds(
                reads="ioi",
                of=GAIN,
                where=(*ELIMINATION, *IS_SAE),
                against=(*ELIMINATION, *IS_PCA),
                margin=0.05,
                clusters=("draw",),
            ),
        )
    ),
    controls=(
        TASK_IS_DONE,
        PLANTED_CAUSES_ARE_FOUND,
        Control(
            name="random dictionary",
            kind="negative",
            check=Exceeds(
                reads="ioi",
                of=GAIN,
                where=(*ATTRIBUTION, Where(column="method", values=("random",))),
                against=PCA,
                margin=0.05,
                clusters=("draw",),
            ),
            must="not_supported",
            why="random directions that beat PCA would mean that width alone wins",
        ),
        WHOLE_PATCH_IS_EXACT,
        IDENTITY_CHANGES_NOTHING,
    ),
    fair=(Fair(where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="multiply the dictionary's area under KL by fifty",
            reads="ioi",
            where=SAE,
            column="kl_area",
            factor=50.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring PCA's area under KL down to nothing",
            reads="ioi",
            where=(*AT, *IS_PCA),
            column="kl_area",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring the dictionary's area under KL down to nothing",
            reads="ioi",
            where=SAE,
            column="kl_area",
            factor=0.0,
            turns_to=("supported",),
        ),
        Scale(
            name="multiply PCA's area under KL by fifty",
            reads="ioi",
            where=(*AT, *IS_PCA),
            column="kl_area",
            factor=50.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last draw of prompts: two are too few",
            reads="ioi",
            where=(*AT, Where(column="draw", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide PCA",
            reads="ioi",
            where=(*AT, *IS_PCA),
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised) in place of Pythia-410M, dictionaries of about "
        "a million tokens (the scope says how many); a middle block by relative depth; held-out "
        "prompts, three or more draws and seeds, where the authors selected and evaluated on the "
        "same 50 prompts with one order; features ordered by attribution as well as by the "
        "authors' elimination, which here tries features in chunks and at few thresholds (the "
        "params say which); the whole curve up to 512 features in place of reading a plot. All "
        "penalties above none that are localised are pooled. Only penalties at which a dictionary "
        "can carry the task are pooled: with everything patched at most half of the KL is left on "
        "the prompts that choose."
    ),
    refuted_by=(
        "An interval for the fall of KL by the dictionary less that by PCA, over seeds and draws "
        "of prompts, that lies wholly below 0.05 nats, by either way of choosing features."
    ),
    unit="nats",
)
