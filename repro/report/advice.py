"""What a finding means for somebody who uses dictionaries: one sentence for each way it can end.

Written for the size and model of the run at hand, as the page says at its top; it decides nothing.
"""

from collections.abc import Mapping
from typing import NamedTuple

from repro.contract.verdict import Status


class Advice(NamedTuple):
    """What to do with a claim that stands, and with one that fell."""

    supported: str
    refuted: str


UNDECIDED: Mapping[Status, str] = {
    Status.INCONCLUSIVE: "Rely on neither answer yet: this evidence leaves the claim open.",
    Status.INVALID: "Do not quote the number: a check of known answer failed beside it.",
    Status.BROKEN: "There is nothing to rely on: the evidence or the checker failed.",
}
ADVICE: Mapping[str, Advice] = {
    "c01": Advice(
        "To find units that can be named, look at dictionary features before neurons, PCA or ICA.",
        "A dictionary buys no more nameable units than what you already have.",
    ),
    "c02": Advice(
        "The gain holds on text that was not chosen for firing, where explanations are put to use.",
        "On text that was not chosen for firing the gain is gone: do not quote top scores.",
    ),
    "c03": Advice(
        "The gain is the dictionary's own, not that of being sparse and one-sided.",
        "Try the largest k of a plain basis first: most of the gain comes with sparsity alone.",
    ),
    "c04": Advice(
        "Expect the most nameable features in early layers; compare with baselines in late ones.",
        "Do not choose early layers for being easier to read: the gain is no larger there.",
    ),
    "c05": Advice(
        "People who do not know the method find its features easier to name.",
        "The gain under automatic scores is not one that people see.",
    ),
    "c06": Advice(
        "To localise a behaviour in few units, patch features rather than principal components.",
        "For few patched units principal components serve at least as well: features do not "
        "localise this task more finely.",
    ),
    "c07": Advice(
        "Edits by features disturb the activations less for the same effect.",
        "Do not expect gentler edits from features: they move the activations as much as PCA's do.",
    ),
    "c08": Advice(
        "What localises is the sparsity: a wide basis without a penalty is no better than PCA.",
        "Width alone already helps to localise: compare with a dictionary without a penalty.",
    ),
    "c09": Advice(
        "Leave room for what it does not carry: a sparser dictionary caps what edits can reach.",
        "Sparsity does not cap what edits can reach here.",
    ),
    "c10": Advice(
        "The features found can be used to change the answer, not only the distribution.",
        "A falling KL does not mean that the answer moves: check the behaviour you care about.",
    ),
    "c11": Advice(
        "Surface classes such as punctuation can be read off single features.",
        "Do not use one feature as a detector, even of a token: measure its precision first.",
    ),
    "c12": Advice(
        "A feature of this kind acts on the token that one expects: it can stand for its cause.",
        "What a feature fires on does not tell what it does: measure its effect apart.",
    ),
    "c13": Advice(
        "A feature drawn at random is purer than a unit of the other bases.",
        "Crisp examples are chosen ones: a feature drawn at random is no purer than other units.",
    ),
    "c14": Advice(
        "There is no natural place on the curve: choose the penalty by what it is used for.",
        "The curve has a knee: train near it.",
    ),
    "c15": Advice(
        "For the same number of active units a dictionary says more of the activations than PCA.",
        "At this size PCA is the better sparse code: train longer before you use the dictionary.",
    ),
    "c16": Advice(
        "Larger is better as far as was tried: choose the size by what you can afford.",
        "Beyond some size more features say no more: do not pay for them.",
    ),
    "c17": Advice(
        "Nearly all features of a wide dictionary are in use.",
        "Count the features that fire before you quote the size of a dictionary.",
    ),
    "c18": Advice(
        "A strong penalty costs features: look at the dead ones before you raise it.",
        "The penalty does not kill features at this recipe: dead ones have another cause.",
    ),
    "c19": Advice(
        "Merge near copies before you count features or compare dictionaries.",
        "Copies are too few to matter for counts.",
    ),
    "c20": Advice(
        "Do not read activations of an L1 dictionary as magnitudes: rescale or refit them.",
        "Activations can be read as they are: shrinkage is too small to count.",
    ),
    "c21": Advice(
        "Put the error term back when you splice a dictionary in: the model feels what is missing.",
        "The dictionary can stand in for the activations at the smallest penalty.",
    ),
    "c22": Advice(
        "Where activations are sparse sums of features, this training finds them.",
        "This training misses features even where they are known to be there.",
    ),
    "c23": Advice(
        "One feature can steer what is written about at a price in fluency that is bounded.",
        "To steer, ask in words or push along a difference of means first.",
    ),
    "c24": Advice(
        "Parents found by this search are causes: circuits can be read from them.",
        "Do not draw circuits from this search: other active features matter as much.",
    ),
    "c25": Advice(
        "One feature erases a concept more gently than linear erasure does.",
        "To erase a concept use LEACE or the mean difference: they disturb the model less.",
    ),
    "k01": Advice(
        "The score tells a trained model from a random one: it measures something learned.",
        "High scores prove nothing: features of a random model score as well.",
    ),
    "k02": Advice(
        "Training the decoder pays in fit, localisation and interpretability alike.",
        "A frozen random decoder does as well: the learned directions are not what helps.",
    ),
    "k03": Advice(
        "Features localise more finely than neurons and random directions do.",
        "Compare with neurons and random directions before you credit features with localising.",
    ),
    "k04": Advice(
        "Most features are found again with another seed: they belong to the model.",
        "Do not speak of a model's features as if they were given: another seed finds other ones.",
    ),
    "k05": Advice(
        "Train top-k in place of L1: it fits better and does not shrink.",
        "Top-k does not pay at this size.",
    ),
    "k06": Advice(
        "A silent feature does not mean that its concept is absent: a narrower one may stand in.",
        "Features of letters are not absorbed so often that it counts.",
    ),
}


def advice(claim: str, status: Status) -> str:
    """One sentence; empty for a claim of somebody else's, or one that waits for its evidence."""
    told = ADVICE.get(claim)
    if told is None:
        return ""
    match status:
        case Status.SUPPORTED:
            return told.supported
        case Status.REFUTED:
            return told.refuted
        case _:
            return UNDECIDED.get(status, "")
