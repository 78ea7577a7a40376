"""Blind human raters also find dictionary features more interpretable."""

from repro.spec import Claim, Control, Drop, Exceeds, Paper, Ratio, Scale, Shuffle, Unpaired, Where

RATING = Ratio(name="rating", unit="share of the scale", over="rating", under="n")
RATED = Where(column="is_catch_item", values=(0,))
SAE = (RATED, Where(column="method", values=("sae",)))
OTHERS = (RATED, Where(column="method", values=("neurons", "pca", "ica", "random")))

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
        where=SAE,
        against=OTHERS,
        margin=0.1,
        clusters=("rater", "feature"),
        unpaired=(
            Unpaired(column="feature", why="each decomposition has features of its own to rate"),
        ),
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
    saboteurs=(
        Scale(
            name="divide the ratings of the dictionary by a hundred",
            reads="ratings",
            where=SAE,
            column="rating",
            factor=0.01,
            turns_to=("refuted",),
        ),
        Scale(
            name="multiply the ratings of the other decompositions by a hundred",
            reads="ratings",
            where=OTHERS,
            column="rating",
            factor=100.0,
            turns_to=("refuted",),
        ),
        Shuffle(
            name="deal all ratings out by chance",
            reads="ratings",
            where=(RATED,),
            column="rating",
            seed=1,
            turns_to=("refuted", "inconclusive"),
        ),
        Scale(
            name="multiply the ratings of the dictionary by a hundred",
            reads="ratings",
            where=SAE,
            column="rating",
            factor=100.0,
            turns_to=("supported",),
        ),
        Scale(
            name="turn the ratings of the other decompositions below zero, a hundredfold",
            reads="ratings",
            where=OTHERS,
            column="rating",
            factor=-100.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the dictionary",
            reads="ratings",
            where=SAE,
            turns_to=("absent",),
        ),
        Drop(
            name="hide the other decompositions",
            reads="ratings",
            where=OTHERS,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "Raters, items and language model are ours: the paper has no such study. The features are "
        "those of SmolLM2-135M-Instruct (Q4_1, de-quantised), with dictionaries trained on about a "
        "million tokens (the scope says how many), drawn evenly over the methods. Nothing is "
        "decided until ratings exist."
    ),
    refuted_by=(
        "An interval for the difference of ratings, over raters and features, that lies wholly "
        "below a tenth of the scale."
    ),
    unit="share of the scale",
)
