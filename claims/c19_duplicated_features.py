"""The dictionary holds duplicated features, more than chance would give."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Swap, Where

EXCESS = Ratio(
    name="excess of duplicated features",
    unit="1",
    over="n_duplicated",
    less="n_duplicated_null",
    under="n_alive",
)

CLAIM = Claim(
    id="c19",
    source="article",
    says=(
        "Some features are duplicates: more than one alive feature in a hundred, beyond chance, "
        "has another alive feature whose decoder direction has a cosine above 0.9 with its own."
    ),
    paper=Paper(section="not reported in the final paper; the authors' code counts duplicates"),
    reads=("dictionaries", "fidelity"),
    check=Exceeds(
        reads="dictionaries", of=EXCESS, where=SPARSE_SAE, margin=0.01, clusters=("seed",)
    ),
    controls=(
        Control(
            name="random dictionary",
            kind="negative",
            check=Exceeds(
                reads="dictionaries",
                of=EXCESS,
                where=(MIDDLE, Where(column="method", values=("random",))),
                margin=0.01,
                clusters=("seed",),
            ),
            must="not_supported",
            why="random directions are not duplicates of each other",
        ),
        Control(
            name="a tenth of the rows copied",
            kind="positive",
            check=Exceeds(
                reads="dictionaries",
                of=EXCESS,
                where=(MIDDLE, Where(column="method", values=("sae_duplicated",))),
                margin=0.01,
                clusters=("seed",),
            ),
            must="supported",
            why="planted copies must be counted",
        ),
    ),
    fair=(Fair(where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="overlook every duplicate",
            reads="dictionaries",
            where=SPARSE_SAE,
            column="n_duplicated",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="count ten thousand alive features for each one",
            reads="dictionaries",
            where=SPARSE_SAE,
            column="n_alive",
            factor=10000.0,
            turns_to=("refuted",),
        ),
        Swap(
            name="exchange the labels of the dictionary and the one with copied rows",
            reads="dictionaries",
            where=(MIDDLE,),
            column="method",
            a="sae",
            b="sae_duplicated",
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="dictionaries",
            where=(*SPARSE_SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide every dictionary that was trained with a penalty",
            reads="dictionaries",
            where=SPARSE_SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; about a million training tokens (the scope says how many) in place "
        "of 5 to 50 million; activations centred and scaled; R = 2, all penalties pooled. The "
        "final paper gives no count, so the smallest effect (one alive feature in a hundred) is "
        "ours."
    ),
    refuted_by=(
        "An interval for the share of duplicated alive features beyond the random null, over "
        "seeds, that lies wholly below 0.01."
    ),
    unit="share of alive features",
)
