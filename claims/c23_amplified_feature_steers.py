"""Amplifying one feature changes what the model writes, as its meaning predicts."""

from repro.spec import All, Claim, Control, Exceeds, Paper, Ratio, Where

LOG_ODDS = Ratio(name="shift of the log-odds", unit="nats", over="log_odds_shift", under="n")
KEYWORDS = Ratio(name="keyword rate", unit="1", over="n_with_keyword", under="n")
COST = Ratio(
    name="room below the allowed rise of loss",
    unit="nats a token",
    over="loss_allowed",
    less="loss_steered",
    under="n_tokens",
)
SAE = (Where(column="method", values=("sae",)),)
RANDOM = (Where(column="method", values=("random_direction",)),)
BY = ("feature", "prompt")

CLAIM = Claim(
    id="c23",
    source="article",
    says=(
        "Amplifying one feature makes the model write about what the feature means, more than a "
        "push of equal norm in a random direction, at a bounded cost in fluency."
    ),
    paper=Paper(section="not in the paper; shown by Templeton et al. 2024 on a large model"),
    reads=("steer",),
    check=All(
        parts=(
            Exceeds(reads="steer", of=LOG_ODDS, where=SAE, against=RANDOM, margin=0.5, clusters=BY),
            Exceeds(reads="steer", of=KEYWORDS, where=SAE, against=RANDOM, margin=0.1, clusters=BY),
            Exceeds(reads="steer", of=COST, where=SAE, margin=0.0, clusters=BY),
        )
    ),
    controls=(
        Control(
            name="random direction of equal norm",
            kind="negative",
            check=Exceeds(
                reads="steer", of=LOG_ODDS, where=RANDOM, margin=0.5, clusters=("prompt",)
            ),
            must="not_supported",
            why="a push without meaning must not make the model write about the feature",
        ),
    ),
    deviation=(
        "A small language model, features sampled at random among those with a label in place of a "
        "hand-picked one, and a fixed allowance for the rise of the loss."
    ),
    refuted_by=(
        "A shift of the log-odds beyond random wholly below 0.5 nats, a keyword rate beyond random "
        "wholly below a tenth, or a loss wholly above the allowance."
    ),
    unit="nats",
)
