"""Amplifying one feature changes what the model writes, as its meaning predicts."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import All, Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Swap, Where

LOG_ODDS = Ratio(name="shift of the log-odds", unit="nats", over="log_odds_shift", under="n")
KEYWORDS = Ratio(name="keyword rate", unit="1", over="n_with_keyword", under="n")
COST = Ratio(
    name="room below the allowed rise of loss",
    unit="nats a token",
    over="loss_allowed",
    less="loss_steered",
    under="n_tokens",
)
AT = (
    MIDDLE,
    Where(column="chosen", values=("random",)),
    Where(column="calibration", values=("loss",)),
)
SAE = (*AT, Where(column="method", values=("sae",)))
RANDOM = (*AT, Where(column="method", values=("random_direction",)))
PLANTED = (*AT, Where(column="method", values=("planted",)))
EITHER = (*AT, Where(column="method", values=("sae", "random_direction")))
BY = ("seed", "feature", "prompt")

CLAIM = Claim(
    id="c23",
    source="article",
    says=(
        "Amplifying one feature makes the model write about what the feature means, more than a "
        "push in a random direction that costs as much, at a bounded cost in fluency."
    ),
    paper=Paper(section="not in the paper; shown by Templeton et al. 2024 on a large model"),
    reads=("steer", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(reads="steer", of=LOG_ODDS, where=SAE, against=RANDOM, margin=0.5, clusters=BY),
            Exceeds(reads="steer", of=KEYWORDS, where=SAE, against=RANDOM, margin=0.1, clusters=BY),
            Exceeds(reads="steer", of=COST, where=SAE, margin=0.0, clusters=BY),
        )
    ),
    controls=(
        Control(
            name="random directions that cost as much",
            kind="negative",
            check=Exceeds(reads="steer", of=LOG_ODDS, where=RANDOM, margin=0.5, clusters=BY),
            must="not_supported",
            why="a push without meaning must not make the model write about the feature",
        ),
        Control(
            name="planted: directions along which the keywords are known to rise",
            kind="positive",
            check=Exceeds(
                reads="steer", of=LOG_ODDS, where=PLANTED, against=RANDOM, margin=0.5, clusters=BY
            ),
            must="supported",
            why="where the keywords must rise at that cost, that must be seen",
        ),
    ),
    fair=(Fair(called="the dictionary of the middle site", where=SPARSE_SAE),),
    saboteurs=(
        Swap(
            name="exchange the feature and the random direction",
            reads="steer",
            where=EITHER,
            column="method",
            a="sae",
            b="random_direction",
            turns_to=("refuted",),
        ),
        Scale(
            name="let no continuation have a keyword",
            reads="steer",
            where=SAE,
            column="n_with_keyword",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="let continuations be five times as unlikely",
            reads="steer",
            where=SAE,
            column="loss_steered",
            factor=5.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="turn the shift of the log-odds round",
            reads="steer",
            where=SAE,
            column="log_odds_shift",
            factor=-1.0,
            turns_to=("refuted",),
        ),
        Swap(
            name="exchange the feature and a direction along which the keywords are known to rise",
            reads="steer",
            where=AT,
            column="method",
            a="sae",
            b="planted",
            turns_to=("supported",),
        ),
        Swap(
            name="exchange the feature and the difference of means",
            reads="steer",
            where=AT,
            column="method",
            a="sae",
            b="mean_difference",
            turns_to=("supported",),
        ),
        Swap(
            name="exchange the feature and a plain request in words",
            reads="steer",
            where=AT,
            column="method",
            a="sae",
            b="prompted",
            turns_to=("supported",),
        ),
        Drop(name="hide the feature", reads="steer", where=SAE, turns_to=("absent",)),
        Drop(name="hide the random directions", reads="steer", where=RANDOM, turns_to=("absent",)),
        Drop(
            name="hide the last seed: two are too few",
            reads="steer",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of a large model; dictionaries with R = 2 and one penalty, trained on about a "
        "million tokens or fewer (the scope says how many). Features are sampled at random among "
        "those with a label, in place of a hand-picked one; a label is a few words that hold most"
        " of the activation on documents on which they were not chosen, so that what is written "
        "can be counted. Every push is as long as raises the loss on text by half a nat a token; "
        "pushes of equal length, features of the purest labels, other directions and a plain "
        "request in words stand beside it. The margins are those of the claim's first wording; "
        "controls were written before any evidence was made. A smoke run, in which nothing is "
        "decided, showed that a gradient taken on other text does not raise the keywords after "
        "the prompts, so the planted direction is found on these."
    ),
    refuted_by=(
        "A shift of the log-odds beyond random wholly below 0.5 nats, a keyword rate beyond random "
        "wholly below a tenth, or a loss wholly above the allowance."
    ),
    unit="nats",
)
