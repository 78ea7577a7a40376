"""Automatic interpretability separates a trained model from a re-initialised one."""

from claims._vocabulary import (
    BY_RULES,
    SCORE_BY,
    SCORERS,
    SPARSE_SAE,
)
from repro.spec import Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where

SCORE = Ratio(name="top-and-random score", unit="correlation", over="score", under="n")
SCORED = (
    Where(column="site", values=("early",)),
    Where(column="variant", values=("top_and_random",)),
    *BY_RULES,
)
TRAINED = (*SCORED, Where(column="method", values=("sae",)))
REINITIALISED = (*SCORED, Where(column="method", values=("sae_reinitialised_model",)))

CLAIM = Claim(
    id="k01",
    source="critic",
    says=(
        "Dictionary features of the trained model score higher in automatic interpretability than "
        "those of the same model with re-initialised weights."
    ),
    paper=Paper(section="Heap et al. 2025, arXiv 2501.17727"),
    reads=("interpret", "scorers", "fidelity", "dictionaries"),
    check=Exceeds(
        reads="interpret",
        of=SCORE,
        where=TRAINED,
        against=REINITIALISED,
        margin=0.05,
        clusters=SCORE_BY,
    ),
    controls=(
        Control(
            name="re-initialised against itself",
            kind="negative",
            check=Exceeds(
                reads="interpret",
                of=SCORE,
                where=REINITIALISED,
                against=REINITIALISED,
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
        Scale(
            name="multiply the re-initialised model's scores by twenty",
            reads="interpret",
            where=REINITIALISED,
            column="score",
            factor=20.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="let the re-initialised model's features score nothing",
            reads="interpret",
            where=REINITIALISED,
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
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after an early block, every "
        "weight drawn again as the architecture draws them; L1 dictionaries with R = 2 and three "
        "penalties, pooled, on equally many tokens of both models, fewer than the about a million "
        "of the middle site (the scope says how many); explained by four rules and scored by "
        "simulation. The critics used TopK dictionaries on Pythia models and detection scores, "
        "and found the gap to close with size."
    ),
    refuted_by=(
        "An interval for the difference of scores that lies wholly below 0.05 of correlation."
    ),
    unit="correlation",
)
