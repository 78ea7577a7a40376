"""Blind human raters also find dictionary features more interpretable."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where

RATING = Ratio(name="rating", unit="share of the scale", over="rating", under="n")
RATED = Where(column="is_catch_item", values=(0,))

CLAIM = Claim(
    id="c05",
    source="article",
    says=(
        "Human raters who do not know the method find dictionary features more interpretable than "
        "the features of other decompositions."
    ),
    paper=Paper(section="not in the paper, which has automatic scores only"),
    reads=("ratings",),
    check=Exceeds(
        reads="ratings",
        of=RATING,
        where=(RATED, Where(column="method", values=("sae",))),
        against=(RATED, Where(column="method", values=("neurons", "pca", "ica", "random"))),
        margin=0.1,
        clusters=("rater", "feature"),
    ),
    controls=(
        Control(
            name="catch items of known answer",
            kind="positive",
            check=Exceeds(
                reads="ratings",
                of=Ratio(name="catch items right", unit="1", over="is_right", under="n"),
                where=(Where(column="is_catch_item", values=(1,)),),
                margin=0.8,
                clusters=("rater",),
            ),
            must="supported",
            why="raters who miss items of known answer did not read the others either",
        ),
    ),
    deviation=(
        "Raters, items and language model are ours: the paper has no such study. Nothing is "
        "decided until ratings exist."
    ),
    refuted_by=(
        "An interval for the difference of ratings, over raters and features, that lies wholly "
        "below a tenth of the scale."
    ),
    unit="share of the scale",
)
