"""Dictionary features are more interpretable on random fragments too."""

from claims._vocabulary import (
    BY_RULES,
    SCORE_BY,
    SCORERS,
    SPARSE_SAE,
)
from repro.spec import All, Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where

SCORE = Ratio(name="random-only score", unit="correlation", over="score", under="n")
TEXT = (
    Where(column="site", values=("early", "middle")),
    Where(column="variant", values=("random_only",)),
    *BY_RULES,
)
SAE = (*TEXT, Where(column="method", values=("sae",)))
NEURONS = (*TEXT, Where(column="method", values=("neurons_signed",)))
PCA = (*TEXT, Where(column="method", values=("pca",)))
ICA = (*TEXT, Where(column="method", values=("ica",)))
RANDOM = (*TEXT, Where(column="method", values=("random_signed",)))

CLAIM = Claim(
    id="c02",
    source="paper",
    says=(
        "Features of a sparse dictionary score higher in automatic interpretability than neurons "
        "(the default basis), PCA, ICA and random directions when scored on random fragments only."
    ),
    paper=Paper(section="Appendix C.2"),
    reads=("interpret", "scorers", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(
                reads="interpret",
                of=SCORE,
                where=SAE,
                against=ICA,
                margin=0.03,
                clusters=SCORE_BY,
            ),
            Exceeds(
                reads="interpret",
                of=SCORE,
                where=SAE,
                against=PCA,
                margin=0.03,
                clusters=SCORE_BY,
            ),
            Exceeds(
                reads="interpret",
                of=SCORE,
                where=SAE,
                against=NEURONS,
                margin=0.03,
                clusters=SCORE_BY,
            ),
            Exceeds(
                reads="interpret",
                of=SCORE,
                where=SAE,
                against=RANDOM,
                margin=0.03,
                clusters=SCORE_BY,
            ),
        )
    ),
    controls=(
        Control(
            name="random directions of equal width and number of active units",
            kind="negative",
            check=Exceeds(
                reads="interpret",
                of=SCORE,
                where=(*TEXT, Where(column="method", values=("random_topk",))),
                against=ICA,
                margin=0.03,
                clusters=("feature_group", "text_block"),
            ),
            must="not_supported",
            why="if directions of chance of equal sparsity do as well, the score measures sparsity",
        ),
    ),
    scored=SCORERS,
    fair=(Fair(called="the dictionary of the middle site", where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="let explanations of the dictionary's features predict nothing",
            reads="interpret",
            where=SAE,
            column="score",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="count four times as many of the dictionary's features",
            reads="interpret",
            where=SAE,
            column="n",
            factor=4.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="turn the sign of the dictionary's scores",
            reads="interpret",
            where=SAE,
            column="score",
            factor=-1.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="multiply the scores of ICA by twenty",
            reads="interpret",
            where=ICA,
            column="score",
            factor=20.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="multiply the scores of neurons by twenty",
            reads="interpret",
            where=NEURONS,
            column="score",
            factor=20.0,
            turns_to=("refuted",),
        ),
        Drop(name="hide the dictionary", reads="interpret", where=SAE, turns_to=("absent",)),
        Drop(name="hide PCA", reads="interpret", where=PCA, turns_to=("absent",)),
        Drop(name="hide random directions", reads="interpret", where=RANDOM, turns_to=("absent",)),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after an early and a middle "
        "block, in place of Pythia-70M; dictionaries with R = 2 and three penalties, pooled, "
        "trained on about a million tokens or fewer (the scope says how many), activations centred "
        "and scaled. The explainer is a list of four rules about a token and its context and the "
        "simulator applies them, in place of GPT-4 and text-davinci-003 (both gone): only "
        "differences between methods on the same text can be judged. Units are drawn at random by "
        "one rule for all methods, among those whose removal costs at least a tenth of an even "
        "share of the variance explained, where the authors took the first 150 and only the "
        "dictionary could fail; explaining and scoring fragments come from different documents. "
        "Neurons and random directions are one-sided, PCA and ICA signed, as the authors'."
    ),
    refuted_by=(
        "An interval for the gain over any one of the four decompositions, over seeds, features "
        "and blocks of text, that lies wholly below 0.03 of correlation."
    ),
    unit="correlation",
)
