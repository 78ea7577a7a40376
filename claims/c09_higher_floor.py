"""A larger sparsity penalty gives a higher floor of KL when everything is patched."""

from repro.spec import Claim, Control, Monotone, Paper, Ratio, Where, Within

FLOOR = Ratio(name="KL with all features patched", unit="nats", over="kl_floor", under="n")

CLAIM = Claim(
    id="c09",
    source="paper",
    says=(
        "With all its features patched a dictionary does not reach the counterfactual output, and "
        "the distance that is left grows with the sparsity penalty."
    ),
    paper=Paper(section="4.2", figure="3"),
    reads=("ioi",),
    check=Monotone(
        reads="ioi",
        of=FLOOR,
        where=(Where(column="method", values=("sae",)),),
        along="alpha",
        direction="rising",
        by="mean_step",
        margin=0.01,
        clusters=("seed", "draw"),
    ),
    controls=(
        Control(
            name="PCA with all components",
            kind="instrument",
            check=Within(
                reads="ioi",
                of=FLOOR,
                where=(Where(column="method", values=("pca",)),),
                low=-0.000001,
                high=0.000001,
                clusters=("draw",),
            ),
            must="supported",
            why="a complete basis patched as a whole must reach the counterfactual output",
        ),
    ),
    deviation="Another model than Pythia-410M; held-out prompts; three or more draws and seeds.",
    refuted_by=(
        "A mean rise of the floor from one penalty to the next that lies wholly below 0.01 nats."
    ),
    unit="nats a step",
)
