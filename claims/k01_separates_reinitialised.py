"""Automatic interpretability separates a trained model from a re-initialised one."""

from claims._vocabulary import (
    BY_RULES,
    SCORE_BY,
    SCORERS,
    SPARSE_SAE,
)
from repro.spec import (
    All,
    Claim,
    Control,
    Drop,
    Exceeds,
    Fair,
    Paper,
    Ratio,
    Scale,
    Swap,
    Where,
)

SCORE = Ratio(name="top-and-random score", unit="correlation", over="score", under="n")
AT = (
    Where(column="site", values=("early",)),
    Where(column="variant", values=("top_and_random",)),
    *BY_RULES,
)
TRAINED = (*AT, Where(column="method", values=("sae",)))
REINITIALISED = (*AT, Where(column="method", values=("sae_reinitialised_model",)))
STEP0 = (*AT, Where(column="method", values=("sae_step0_model",)))
UNTRAINED = (
    *AT,
    Where(column="method", values=("sae_reinitialised_model", "sae_step0_model")),
)

CLAIM = Claim(
    id="k01",
    source="critic",
    says=(
        "Dictionary features of the trained model score higher in automatic interpretability than "
        "those of the same model with re-initialised weights, whether all of them are drawn again "
        "or the token embeddings are kept."
    ),
    paper=Paper(section="Heap et al. 2025, arXiv 2501.17727"),
    reads=("interpret", "scorers", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(
                reads="interpret",
                of=SCORE,
                where=TRAINED,
                against=STEP0,
                margin=0.05,
                clusters=SCORE_BY,
            ),
            Exceeds(
                reads="interpret",
                of=SCORE,
                where=TRAINED,
                against=REINITIALISED,
                margin=0.05,
                clusters=SCORE_BY,
            ),
        )
    ),
    controls=(
        Control(
            name="the version that keeps its embeddings against itself",
            kind="negative",
            check=Exceeds(
                reads="interpret",
                of=SCORE,
                where=STEP0,
                against=STEP0,
                margin=0.05,
                clusters=SCORE_BY,
            ),
            must="refuted",
            why="a set of scores cannot exceed itself",
        ),
    ),
    scored=SCORERS,
    fair=(Fair(called="the dictionary of the middle site", where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="let the trained model's features score nothing",
            reads="interpret",
            where=TRAINED,
            column="score",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Swap(
            name="exchange the trained and the re-initialised model",
            reads="interpret",
            column="method",
            a="sae",
            b="sae_reinitialised_model",
            turns_to=("refuted",),
        ),
        Swap(
            name="exchange the trained model and the one that keeps its embeddings",
            reads="interpret",
            column="method",
            a="sae",
            b="sae_step0_model",
            turns_to=("refuted",),
        ),
        Scale(
            name="let the features of both untrained versions score nothing",
            reads="interpret",
            where=UNTRAINED,
            column="score",
            factor=0.0,
            turns_to=("supported",),
        ),
        Scale(
            name="multiply the trained model's scores by twenty",
            reads="interpret",
            where=TRAINED,
            column="score",
            factor=20.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the version that keeps its embeddings",
            reads="interpret",
            where=STEP0,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the re-initialised model",
            reads="interpret",
            where=REINITIALISED,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="interpret",
            where=(*TRAINED, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after an early block, "
        "weights drawn again as the architecture draws them, once; L1 dictionaries with R = 2 and "
        "three penalties, pooled, on equally many tokens of all versions, fewer than the about a "
        "million of the middle site (the scope says how many); explained by four rules and scored "
        "by simulation. The critics used TopK dictionaries on Pythia models and detection scores, "
        "and found the gap to close with size."
    ),
    refuted_by=(
        "An interval for the difference of scores to either version that lies wholly below 0.05 of "
        "correlation."
    ),
    unit="correlation",
)
