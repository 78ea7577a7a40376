"""Dictionaries agree across seeds: most features are found again with another seed."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Swap, Where, Within

MATCHED = Ratio(name="matched share", unit="1", over="n_matched", under="n_features")

CLAIM = Claim(
    id="k04",
    source="critic",
    says=(
        "Dictionaries agree across seeds: matched one to one, more than half of the alive features "
        "have a partner with a decoder cosine of at least 0.7 in a dictionary of another seed."
    ),
    paper=Paper(section="Paulo and Belrose 2025, arXiv 2501.16615"),
    reads=("agreement", "fidelity", "dictionaries"),
    check=Exceeds(
        reads="agreement",
        of=MATCHED,
        where=SPARSE_SAE,
        margin=0.5,
        clusters=(("seed_a", "seed_b"),),
    ),
    controls=(
        Control(
            name="two random dictionaries",
            kind="negative",
            check=Exceeds(
                reads="agreement",
                of=MATCHED,
                where=(MIDDLE, Where(column="method", values=("random",))),
                margin=0.5,
                clusters=(("seed_a", "seed_b"),),
            ),
            must="not_supported",
            why="random dictionaries share no features, so a match must not come from chance",
        ),
        Control(
            name="a dictionary and its own permutation",
            kind="instrument",
            check=Within(
                reads="agreement",
                of=MATCHED,
                where=(MIDDLE, Where(column="method", values=("permuted",))),
                low=1.0,
                high=1.0,
                clusters=(("seed_a", "seed_b"),),
                min_clusters=1,
                exact="a permutation has each of its features in the original",
            ),
            must="supported",
            why="the order of features is arbitrary, so the matching must undo a permutation",
        ),
    ),
    fair=(Fair(where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="lose nine matches of ten",
            reads="agreement",
            where=SPARSE_SAE,
            column="n_matched",
            factor=0.1,
            turns_to=("refuted",),
        ),
        Scale(
            name="make the dictionaries ten times as large",
            reads="agreement",
            where=SPARSE_SAE,
            column="n_features",
            factor=10.0,
            turns_to=("refuted",),
        ),
        Swap(
            name="pass a dictionary's own permutation off as another seed's",
            reads="agreement",
            where=(MIDDLE,),
            column="method",
            a="sae",
            b="permuted",
            turns_to=("supported",),
        ),
        Scale(
            name="leave nearly all features out of the denominator",
            reads="agreement",
            where=SPARSE_SAE,
            column="n_features",
            factor=0.001,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the pairs of the last seed: two seeds are too few",
            reads="agreement",
            where=(*SPARSE_SAE, Where(column="seed_b", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide every dictionary that was trained with a penalty",
            reads="agreement",
            where=SPARSE_SAE,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block; L1 "
        "dictionaries with R = 2 trained on about a million tokens (the scope says how many), all "
        "penalties pooled; activations centred and scaled. The critics trained 131,072 features on "
        "an MLP of Llama-3-8B and found 30 % shared. The paper trained one dictionary a setting "
        "and says nothing about seeds."
    ),
    refuted_by=("An interval for the matched share, over seeds, that lies wholly below one half."),
    unit="share of features",
)
