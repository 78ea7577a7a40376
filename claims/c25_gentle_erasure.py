"""Erasing a concept through a feature disturbs the model less than LEACE or mean difference."""

from repro.spec import All, Claim, Control, Exceeds, Paper, Ratio, Where

KL = Ratio(name="KL on text at equal task score", unit="nats a token", over="kl", under="n_tokens")
FEATURE = (Where(column="method", values=("sae",)),)
LEACE = (Where(column="method", values=("leace",)),)
MEAN_DIFFERENCE = (Where(column="method", values=("mean_difference",)),)
RANDOM = (Where(column="method", values=("random_feature",)),)

CLAIM = Claim(
    id="c25",
    source="paper",
    says=(
        "Erasing a concept by ablating one dictionary feature disturbs the model on other text "
        "less than LEACE or the mean difference does, at an equal score left on the task."
    ),
    paper=Paper(section="first version only (September 2023); absent from the final paper"),
    reads=("erase",),
    check=All(
        parts=(
            Exceeds(
                reads="erase",
                of=KL,
                where=LEACE,
                against=FEATURE,
                margin=0.0005,
                clusters=("seed", "document"),
            ),
            Exceeds(
                reads="erase",
                of=KL,
                where=MEAN_DIFFERENCE,
                against=FEATURE,
                margin=0.0005,
                clusters=("seed", "document"),
            ),
        )
    ),
    controls=(
        Control(
            name="random feature",
            kind="negative",
            check=Exceeds(
                reads="erase",
                of=Ratio(name="task score lost", unit="1", over="score_lost", under="n_prompts"),
                where=RANDOM,
                margin=0.1,
                clusters=("seed", "document"),
            ),
            must="not_supported",
            why="ablating a random feature must not erase the concept",
        ),
    ),
    deviation=(
        "Another model than Pythia-410M. The claim stands in the first version of the paper only, "
        "whose numbers could not be had; the smallest effect is ours."
    ),
    refuted_by=(
        "An interval for the KL of LEACE, or of the mean difference, less that of the feature that "
        "lies wholly below 0.0005 nats a token."
    ),
    unit="nats a token",
)
