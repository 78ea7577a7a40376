"""Dictionary features are more monosemantic than those of other decompositions."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import All, Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Swap, Where

PURITY = Ratio(
    name="activation on the five tokens that hold most", unit="1", over="purity", under="n"
)
OWN = Where(column="rate", values=("own",))
MATCHED = Where(column="rate", values=("matched",))
PCA = (MIDDLE, Where(column="method", values=("pca_signed",)))
ICA = (MIDDLE, Where(column="method", values=("ica_signed",)))
NEURONS = (MIDDLE, Where(column="method", values=("neurons_signed",)))
SHUFFLED = (MIDDLE, MATCHED, Where(column="method", values=("sae_shuffled_tokens",)))
PLANTED = (MIDDLE, MATCHED, Where(column="method", values=("planted",)))
BY = ("seed", "feature_group", "text_block")
WITHOUT_SEEDS = ("feature_group", "text_block")

CLAIM = Claim(
    id="c13",
    source="paper",
    says=(
        "Over a random sample, dictionary features are more monosemantic than components of PCA "
        "and ICA and than neurons: five tokens hold more of their activation on other documents, "
        "as they are and where all fire equally often."
    ),
    paper=Paper(section="Conclusion"),
    reads=("purity", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(
                reads="purity",
                of=PURITY,
                where=(*SPARSE_SAE, OWN),
                against=(*ICA, OWN),
                margin=0.05,
                clusters=BY,
            ),
            Exceeds(
                reads="purity",
                of=PURITY,
                where=(*SPARSE_SAE, OWN),
                against=(*PCA, OWN),
                margin=0.05,
                clusters=BY,
            ),
            Exceeds(
                reads="purity",
                of=PURITY,
                where=(*SPARSE_SAE, OWN),
                against=(*NEURONS, OWN),
                margin=0.05,
                clusters=BY,
            ),
            Exceeds(
                reads="purity",
                of=PURITY,
                where=(*SPARSE_SAE, MATCHED),
                against=(*ICA, MATCHED),
                margin=0.05,
                clusters=BY,
            ),
            Exceeds(
                reads="purity",
                of=PURITY,
                where=(*SPARSE_SAE, MATCHED),
                against=(*PCA, MATCHED),
                margin=0.05,
                clusters=BY,
            ),
            Exceeds(
                reads="purity",
                of=PURITY,
                where=(*SPARSE_SAE, MATCHED),
                against=(*NEURONS, MATCHED),
                margin=0.05,
                clusters=BY,
            ),
        )
    ),
    controls=(
        Control(
            name="planted single-token features",
            kind="positive",
            check=Exceeds(
                reads="purity",
                of=PURITY,
                where=PLANTED,
                against=(*PCA, MATCHED),
                margin=0.05,
                clusters=WITHOUT_SEEDS,
            ),
            must="supported",
            why="features that fire on one token only must come out as monosemantic",
        ),
        Control(
            name="the dictionary with shuffled tokens",
            kind="negative",
            check=Exceeds(
                reads="purity",
                of=PURITY,
                where=SHUFFLED,
                against=(*PCA, MATCHED),
                margin=0.05,
                clusters=BY,
            ),
            must="not_supported",
            why="five tokens that were shuffled must hold no more than their share of the text",
        ),
    ),
    fair=(Fair(called="the dictionary of the middle site", where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="let other tokens hold all activation of the dictionary's features",
            reads="purity",
            where=SPARSE_SAE,
            column="purity",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="count four times as many of the dictionary's features",
            reads="purity",
            where=SPARSE_SAE,
            column="n",
            factor=4.0,
            turns_to=("refuted",),
        ),
        Swap(
            name="exchange the dictionary and its shuffled tokens",
            reads="purity",
            column="method",
            a="sae",
            b="sae_shuffled_tokens",
            turns_to=("refuted",),
        ),
        Scale(
            name="multiply the purity of the dictionary's features by twenty",
            reads="purity",
            where=SPARSE_SAE,
            column="purity",
            factor=20.0,
            turns_to=("supported",),
        ),
        Scale(
            name="count a twentieth of the dictionary's features",
            reads="purity",
            where=SPARSE_SAE,
            column="n",
            factor=0.05,
            turns_to=("supported",),
        ),
        Drop(name="hide ICA", reads="purity", where=ICA, turns_to=("absent",)),
        Drop(name="hide PCA", reads="purity", where=PCA, turns_to=("absent",)),
        Drop(
            name="hide the last seed: two are too few",
            reads="purity",
            where=(*SPARSE_SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block; "
        "dictionaries with R = 2 and three penalties, pooled, trained on about a million tokens or "
        "fewer (the scope says how many). The paper asserts the comparison without a number; the "
        "quantity, the random sample among units whose removal matters, and the smallest effect "
        "are ours. The five tokens of a unit are chosen on one half of the documents and judged on "
        "the other. Components and neurons are taken in both directions."
    ),
    refuted_by=(
        "An interval for the gap to any one of the three, at either rate of firing, that lies "
        "wholly below 0.05."
    ),
    unit="share of activation",
)
