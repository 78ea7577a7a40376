"""There are crisp single-meaning features, such as an apostrophe feature."""

from repro.spec import All, Claim, Control, Exceeds, Paper, Ratio, Where

PRECISION = Ratio(
    name="activation-weighted precision", unit="1", over="activation_on_target", under="activation"
)
RECALL = Ratio(name="recall", unit="1", over="n_fired_on_target", under="n_target")
SAE = Where(column="method", values=("sae",))
APOSTROPHE = (SAE, Where(column="target", values=("apostrophe",)))
PARENTHESIS = (SAE, Where(column="target", values=("closing_parenthesis",)))
BY = ("seed", "document")

CLAIM = Claim(
    id="c11",
    source="paper",
    says=(
        "There are crisp features of a single meaning: one fires on apostrophes and one on closing "
        "parentheses, and on held-out text hardly on anything else."
    ),
    paper=Paper(section="5.1", figure="4"),
    reads=("features",),
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
            check=Exceeds(
                reads="features",
                of=PRECISION,
                where=(Where(column="method", values=("sae_shuffled_tokens",)),),
                margin=0.8,
                clusters=BY,
            ),
            must="not_supported",
            why="a search over many features must not find meaning in shuffled tokens",
        ),
    ),
    deviation=(
        "Another language model, so other features: the candidate is chosen on one half of the "
        "text and judged on the other. The paper shows examples and histograms, no precision or "
        "recall, and says that its apostrophe feature does not fire on all apostrophes; the low "
        "bar for recall follows from that."
    ),
    refuted_by=(
        "A precision wholly below 0.8, or a recall wholly below 0.1, for either of the two targets."
    ),
    unit="share of activation",
)
