"""There are crisp single-meaning features, such as an apostrophe feature."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import All, Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where

PRECISION = Ratio(
    name="activation-weighted precision", unit="1", over="activation_on_target", under="activation"
)
RECALL = Ratio(name="recall", unit="1", over="n_fired_on_target", under="n_target")
OWN = Where(column="rate", values=("own",))
BOTH = Where(column="target", values=("apostrophe", "closing_parenthesis"))
SAE = (*SPARSE_SAE, OWN)
APOSTROPHE = (*SAE, Where(column="target", values=("apostrophe",)))
PARENTHESIS = (*SAE, Where(column="target", values=("closing_parenthesis",)))
FOUND = (*SAE, BOTH)
SHUFFLED = (MIDDLE, OWN, BOTH, Where(column="method", values=("sae_shuffled_tokens",)))
PLANTED = (MIDDLE, OWN, BOTH, Where(column="method", values=("planted",)))
BY = ("seed", "text_block")

CLAIM = Claim(
    id="c11",
    source="paper",
    says=(
        "There are crisp features of a single meaning: one fires on apostrophes and one on closing "
        "parentheses, and on held-out text hardly on anything else."
    ),
    paper=Paper(section="5.1", figure="4"),
    reads=("features", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(reads="features", of=PRECISION, where=APOSTROPHE, margin=0.8, clusters=BY),
            Exceeds(reads="features", of=PRECISION, where=PARENTHESIS, margin=0.8, clusters=BY),
            Exceeds(reads="features", of=RECALL, where=APOSTROPHE, margin=0.1, clusters=BY),
            Exceeds(reads="features", of=RECALL, where=PARENTHESIS, margin=0.1, clusters=BY),
        )
    ),
    controls=(
        Control(
            name="the same search with shuffled tokens",
            kind="negative",
            check=Exceeds(reads="features", of=PRECISION, where=SHUFFLED, margin=0.8, clusters=BY),
            must="refuted",
            why="a search over many features must not find meaning in shuffled tokens",
        ),
        Control(
            name="planted features of the same two meanings are found",
            kind="positive",
            check=Exceeds(
                reads="features", of=PRECISION, where=PLANTED, margin=0.8, clusters=("text_block",)
            ),
            must="supported",
            why="a search that misses a feature which is there finds nothing in others",
        ),
    ),
    fair=(Fair(called="the dictionary of the middle site", where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="let half of the activation fall on other tokens",
            reads="features",
            where=FOUND,
            column="activation_on_target",
            factor=0.5,
            turns_to=("refuted",),
        ),
        Scale(
            name="count all activation twice",
            reads="features",
            where=FOUND,
            column="activation",
            factor=2.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="let the features miss all but a twentieth of the tokens they hit",
            reads="features",
            where=FOUND,
            column="n_fired_on_target",
            factor=0.05,
            turns_to=("refuted",),
        ),
        Scale(
            name="count a hundredth of the activation, but all of it on the target",
            reads="features",
            where=FOUND,
            column="activation",
            factor=0.01,
            turns_to=("supported",),
        ),
        Scale(
            name="multiply the activation on the target by twenty",
            reads="features",
            where=FOUND,
            column="activation_on_target",
            factor=20.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the search for apostrophes",
            reads="features",
            where=APOSTROPHE,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the search for closing parentheses",
            reads="features",
            where=PARENTHESIS,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="features",
            where=(*FOUND, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; dictionaries with R = 2 and three penalties, pooled, trained on "
        "about a million tokens or fewer (the scope says how many). A target is the set of tokens "
        "that begin so, since the tokenizer merges an apostrophe with what follows. The feature is "
        "the most precise of those that fire on at least a fifth of the target on one half of the "
        "documents, and is judged on the other; the search first took the largest harmonic mean of "
        "precision and recall and was changed after a smoke run had been seen, in which nothing is "
        "decided. The paper shows examples and histograms, no "
        "precision or recall, and says that its apostrophe feature does not fire on all "
        "apostrophes; the low bar for recall follows from that."
    ),
    refuted_by=(
        "A precision wholly below 0.8, or a recall wholly below 0.1, for either of the two targets."
    ),
    unit="share of activation",
)
