"""Ablating the apostrophe feature lowers the expected next token the most."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import (
    Claim,
    Control,
    Drop,
    Exceeds,
    Fair,
    Paper,
    Ratio,
    Scale,
    Shuffle,
    Swap,
    Where,
)

HIT = Ratio(
    name="share of blocks of text in which the expected token falls most",
    unit="1",
    over="n",
    less="n_outdone",
    under="n",
)
APOSTROPHE = Where(column="target", values=("apostrophe",))
SAE = (*SPARSE_SAE, APOSTROPHE)
RANDOM = (MIDDLE, APOSTROPHE, Where(column="method", values=("random_direction",)))
PLANTED = (MIDDLE, APOSTROPHE, Where(column="method", values=("planted",)))
EITHER = (MIDDLE, APOSTROPHE, Where(column="method", values=("sae", "random_direction")))
BY = ("seed", "text_block")

CLAIM = Claim(
    id="c12",
    source="paper",
    says=(
        "Ablating a single-meaning feature lowers the expected next token more than any other "
        "token: so it is for the feature of the apostrophe."
    ),
    paper=Paper(section="5.2", figure="4"),
    reads=("feature_ablations", "fidelity", "dictionaries"),
    check=Exceeds(
        reads="feature_ablations", of=HIT, where=SAE, against=RANDOM, margin=0.5, clusters=BY
    ),
    controls=(
        Control(
            name="random directions, each edit as long as the feature's",
            kind="negative",
            check=Exceeds(reads="feature_ablations", of=HIT, where=RANDOM, margin=0.5, clusters=BY),
            must="refuted",
            why="any push of that size must not lower the expected token the most",
        ),
        Control(
            name="planted: edits at the target, made so that the expected token falls most",
            kind="positive",
            check=Exceeds(
                reads="feature_ablations",
                of=HIT,
                where=PLANTED,
                margin=0.5,
                clusters=("text_block",),
            ),
            must="supported",
            why="an edit that hits the expected token is there, and must be seen",
        ),
    ),
    fair=(Fair(called="the dictionary of the middle site", where=SPARSE_SAE),),
    saboteurs=(
        Swap(
            name="exchange the feature and the random direction",
            reads="feature_ablations",
            where=EITHER,
            column="method",
            a="sae",
            b="random_direction",
            turns_to=("refuted",),
        ),
        Shuffle(
            name="shuffle the outcomes of features and random directions",
            reads="feature_ablations",
            where=EITHER,
            column="n_outdone",
            seed=1,
            turns_to=("refuted",),
        ),
        Scale(
            name="count each block of the random directions a hundred times",
            reads="feature_ablations",
            where=RANDOM,
            column="n",
            factor=100.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="let no other token fall as much where the feature is ablated",
            reads="feature_ablations",
            where=SAE,
            column="n_outdone",
            factor=0.0,
            turns_to=("supported",),
        ),
        Scale(
            name="count each block of the feature a hundred times",
            reads="feature_ablations",
            where=SAE,
            column="n",
            factor=100.0,
            turns_to=("supported",),
        ),
        Scale(
            name="forget nine in ten of the blocks in which another token falls more",
            reads="feature_ablations",
            where=SAE,
            column="n_outdone",
            factor=0.1,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the feature of the apostrophe",
            reads="feature_ablations",
            where=SAE,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the random directions",
            reads="feature_ablations",
            where=RANDOM,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="feature_ablations",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; dictionaries trained on about a million tokens or fewer (the scope "
        "says how many). So another feature: of each dictionary (R = 2, three penalties, three "
        "seeds) the unit that the search of c11 takes for apostrophes. Tokens are merged in its "
        "vocabulary ('s is one), so nobody picks the expected token: it is the one that an "
        "apostrophe makes likelier (by the mean square root of its probability), measured on the "
        "other half of the documents. Judged by the mean change of log-probability over the "
        "contexts of a block of held-out documents, where the paper shows one plot, and beside "
        "edits of equal length in random directions, which the paper does not have. Written anew "
        "before any evidence that decides was made; an earlier wording counted single contexts. A"
        " smoke run, in which nothing is decided, showed that of plain probabilities one sure "
        "context decides, and that a fixed direction does not hit the token: hence the square "
        "roots, and planted edits that are found by gradient."
    ),
    refuted_by=(
        "An interval for the share of blocks, less that of random directions, that lies wholly "
        "below one half."
    ),
    unit="share of blocks",
)
