"""Editing the features that were found moves the answer in the predicted direction."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where, Within

SHIFT = Ratio(
    name="shift of the logit difference, as a share of the counterfactual's",
    unit="1",
    over="logit_shift",
    under="logit_shift_counterfactual",
)
RANDOM = (Where(column="method", values=("random_edit",)),)

CLAIM = Claim(
    id="c10",
    source="paper",
    says=(
        "Patching the features that were found moves the difference of logits between the two "
        "names towards its counterfactual value, more than random edits of equal norm do."
    ),
    paper=Paper(section="4.2"),
    reads=("ioi",),
    check=Exceeds(
        reads="ioi",
        of=SHIFT,
        where=(Where(column="method", values=("sae",)), Where(column="alpha", above=0.0)),
        against=RANDOM,
        margin=0.1,
        clusters=("seed", "draw"),
    ),
    controls=(
        Control(
            name="random edits of equal norm",
            kind="negative",
            check=Exceeds(reads="ioi", of=SHIFT, where=RANDOM, margin=0.1, clusters=("draw",)),
            must="not_supported",
            why="an edit without a direction must not move the answer towards a name",
        ),
        Control(
            name="identity patch",
            kind="instrument",
            check=Within(
                reads="ioi",
                of=SHIFT,
                where=(Where(column="method", values=("identity",)),),
                low=0.0,
                high=0.0,
                clusters=("draw",),
            ),
            must="supported",
            why="an edit that changes nothing must move nothing",
        ),
    ),
    deviation=(
        "Another model than Pythia-410M; held-out prompts. The paper measures KL to the "
        "counterfactual output only; the logit difference and the random edits are ours."
    ),
    refuted_by=(
        "An interval for the shift less that of random edits that lies wholly below a tenth of the "
        "counterfactual shift."
    ),
    unit="share of the shift",
)
