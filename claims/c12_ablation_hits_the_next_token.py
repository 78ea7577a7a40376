"""Ablating the apostrophe feature lowers the expected next token the most."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where

HIT = Ratio(
    name="share of contexts in which the expected token falls most",
    unit="1",
    over="n_expected_falls_most",
    under="n",
)
RANDOM = (Where(column="method", values=("random_direction",)),)

CLAIM = Claim(
    id="c12",
    source="paper",
    says=(
        "Ablating a single-meaning feature lowers the expected next token more than any other: for "
        "the apostrophe feature the token 's'."
    ),
    paper=Paper(section="5.2"),
    reads=("feature_ablations",),
    check=Exceeds(
        reads="feature_ablations",
        of=HIT,
        where=(
            Where(column="method", values=("sae",)),
            Where(column="target", values=("apostrophe",)),
        ),
        against=RANDOM,
        margin=0.5,
        clusters=("seed", "document"),
    ),
    controls=(
        Control(
            name="random direction of matched norm",
            kind="negative",
            check=Exceeds(
                reads="feature_ablations", of=HIT, where=RANDOM, margin=0.5, clusters=("document",)
            ),
            must="not_supported",
            why="any push of that size must not lower the expected token the most",
        ),
    ),
    deviation=(
        "Another language model, so another feature; held-out contexts in place of one plot; "
        "compared with ablations of matched norm, which the paper does not have."
    ),
    refuted_by=(
        "An interval for the share of contexts less that of random ablations that lies wholly "
        "below one half."
    ),
    unit="share of contexts",
)
