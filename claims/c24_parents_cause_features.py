"""Features form circuits: ablating a feature's parents lowers it."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where

FALL = Ratio(
    name="share of the activation that is lost",
    unit="1",
    over="activation",
    less="activation_ablated",
    under="activation",
)
RANDOM = (Where(column="ablated", values=("random_active",)),)

CLAIM = Claim(
    id="c24",
    source="paper",
    says=(
        "Features form circuits: ablating those features of the layer before that the search names "
        "as a feature's parents lowers it more than ablating other active features does."
    ),
    paper=Paper(section="5.3"),
    reads=("circuits",),
    check=Exceeds(
        reads="circuits",
        of=FALL,
        where=(Where(column="ablated", values=("parents",)),),
        against=RANDOM,
        margin=0.1,
        clusters=("feature", "document"),
    ),
    controls=(
        Control(
            name="random parents",
            kind="negative",
            check=Exceeds(
                reads="circuits",
                of=FALL,
                where=RANDOM,
                margin=0.1,
                clusters=("feature", "document"),
            ),
            must="not_supported",
            why="ablating active features of matched norm must not lower the target by itself",
        ),
    ),
    deviation=(
        "Another language model, so other features than 5_2027 of Pythia-70M; many targets in "
        "place of one; parents found on one half of the contexts and ablated on the other; the "
        "signed fall of the text, where the authors' code measures an unsigned change."
    ),
    refuted_by=(
        "An interval for the fall less that of random active features that lies wholly below a "
        "tenth of the activation."
    ),
    unit="share of activation",
)
