"""Dictionary features are more monosemantic than those of other decompositions."""

from repro.spec import All, Claim, Control, Exceeds, Paper, Ratio, Where

PRECISION = Ratio(
    name="activation-weighted precision", unit="1", over="activation_on_target", under="activation"
)
SAMPLE = Where(column="target", values=("random_sample",))
SAE = (SAMPLE, Where(column="method", values=("sae",)))
PCA = (SAMPLE, Where(column="method", values=("pca",)))
ICA = (SAMPLE, Where(column="method", values=("ica",)))
NEURONS = (SAMPLE, Where(column="method", values=("neurons",)))
BY = ("seed", "document")

CLAIM = Claim(
    id="c13",
    source="paper",
    says=(
        "Over a random sample, dictionary features are more monosemantic than the features that "
        "the same search finds with PCA, ICA and neurons."
    ),
    paper=Paper(section="Conclusion"),
    reads=("features",),
    check=All(
        parts=(
            Exceeds(
                reads="features", of=PRECISION, where=SAE, against=ICA, margin=0.05, clusters=BY
            ),
            Exceeds(
                reads="features", of=PRECISION, where=SAE, against=PCA, margin=0.05, clusters=BY
            ),
            Exceeds(
                reads="features", of=PRECISION, where=SAE, against=NEURONS, margin=0.05, clusters=BY
            ),
        )
    ),
    controls=(
        Control(
            name="planted single-token features",
            kind="positive",
            check=Exceeds(
                reads="features",
                of=PRECISION,
                where=(SAMPLE, Where(column="method", values=("planted",))),
                against=PCA,
                margin=0.05,
                clusters=("document",),
            ),
            must="supported",
            why="features that fire on one token only must come out as monosemantic",
        ),
    ),
    deviation=(
        "Another language model. The paper asserts the comparison without a number; the quantity, "
        "the random sample and the smallest effect are ours."
    ),
    refuted_by=(
        "An interval for the gap in precision to any one of the three that lies wholly below 0.05."
    ),
    unit="share of activation",
)
