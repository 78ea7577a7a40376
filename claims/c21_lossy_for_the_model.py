"""Reconstruction is lossy for the model: replaced activations raise its next-token loss."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where, Within

ADDED = Ratio(
    name="added loss",
    unit="nats a token",
    over="loss_spliced",
    less="loss_clean",
    under="n_predictions",
)
SPARED = Ratio(
    name="added loss, negative",
    unit="nats a token",
    over="loss_clean",
    less="loss_spliced",
    under="n_predictions",
)
BELOW_MEAN_ABLATION = Ratio(
    name="loss below that of mean ablation",
    unit="nats a token",
    over="loss_mean",
    less="loss_spliced",
    under="n_predictions",
)
SMALLEST_PENALTY = (*SPARSE_SAE, Where(column="alpha", pick="min"))
COMPONENTS = (
    MIDDLE,
    Where(column="method", values=("pca_topk",)),
    Where(column="k", values=(64,)),
)

CLAIM = Claim(
    id="c21",
    source="paper",
    says=(
        "Reconstruction is lossy for the language model: even at the smallest penalty, replacing "
        "activations by their reconstruction adds more than 0.05 nats a token to its loss."
    ),
    paper=Paper(section="6.2"),
    reads=("spliced", "fidelity", "dictionaries"),
    check=Exceeds(
        reads="spliced",
        of=ADDED,
        where=SMALLEST_PENALTY,
        margin=0.05,
        clusters=("seed", "document"),
    ),
    controls=(
        Control(
            name="identity replacement",
            kind="instrument",
            check=Within(
                reads="spliced",
                of=ADDED,
                where=(MIDDLE, Where(column="method", values=("identity",))),
                low=0.0,
                high=0.0,
                clusters=("document",),
            ),
            must="supported",
            why="putting the same activations back must change no loss at all",
        ),
        Control(
            name="better than the 64 largest principal components of each token",
            kind="precondition",
            check=Exceeds(
                reads="spliced",
                of=SPARED,
                where=SMALLEST_PENALTY,
                against=COMPONENTS,
                margin=0.0,
                clusters=("seed", "document"),
            ),
            must="supported",
            why="a reconstruction with a hundred units or more a token that costs the model more "
            "than 64 components do has not learned the stream",
        ),
        Control(
            name="better than mean ablation",
            kind="positive",
            check=Exceeds(
                reads="spliced",
                of=BELOW_MEAN_ABLATION,
                where=SMALLEST_PENALTY,
                margin=0.0,
                clusters=("seed", "document"),
            ),
            must="supported",
            why="a reconstruction that is worse than the mean activation is no reconstruction",
        ),
    ),
    fair=(Fair(where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="halve the loss under replacement",
            reads="spliced",
            where=SPARSE_SAE,
            column="loss_spliced",
            factor=0.5,
            turns_to=("refuted",),
        ),
        Scale(
            name="double the loss of the untouched model",
            reads="spliced",
            where=SPARSE_SAE,
            column="loss_clean",
            factor=2.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="spread the loss over a thousand times as many tokens",
            reads="spliced",
            where=SPARSE_SAE,
            column="n_predictions",
            factor=1000.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="double the loss under replacement",
            reads="spliced",
            where=SPARSE_SAE,
            column="loss_spliced",
            factor=2.0,
            turns_to=("supported",),
        ),
        Scale(
            name="halve the loss of the untouched model",
            reads="spliced",
            where=SPARSE_SAE,
            column="loss_clean",
            factor=0.5,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="spliced",
            where=(*SPARSE_SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide every dictionary that was trained with a penalty",
            reads="spliced",
            where=SPARSE_SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), middle block, in place of Pythia-70M, layer "
        "2; about a million training tokens (the scope says how many) in place of 5 to 50 million; "
        "activations centred and scaled; R = 2 and the smallest penalty of the grid. The paper "
        "reports a perplexity of 25 that becomes 40 (0.47 nats) but gives neither R nor the "
        "penalty, so its number cannot be tested: judged is only whether the loss is more than a "
        "small one. Positions that no dictionary was trained on (the first of each sequence and "
        "other attention sinks) keep their own activations, for dictionaries and brackets alike."
    ),
    refuted_by=(
        "An interval for the added loss at the smallest penalty, over seeds and documents, that "
        "lies wholly below 0.05 nats a token."
    ),
    unit="nats a token",
)
