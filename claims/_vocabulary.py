"""Quantities, rows and instrument controls that several claims share."""

from repro.spec import Control, Exceeds, Ratio, Scored, Where, Within

MIDDLE = Where(column="site", values=("middle",))
SPARSE_SAE = (
    MIDDLE,
    Where(column="method", values=("sae",)),
    Where(column="expansion_factor", values=(2.0,)),
    Where(column="alpha", above=0.0),
)
AT = (Where(column="site", values=("middle",)), Where(column="corruption", values=("io",)))
ATTRIBUTION = (*AT, Where(column="selection", values=("attribution",)))
L0 = Ratio(name="L0", unit="units a token", over="active", under="n_tokens")
FVU = Ratio(name="FVU", unit="1", over="squared_error", under="variance")
GAIN = Ratio(
    name="fall of KL, mean over ln number patched",
    unit="nats",
    over="kl_clean",
    less="kl_area",
    under="n",
)
FLOOR = Ratio(name="KL with all features patched", unit="nats", over="kl_floor", under="n")
CHANGE = Ratio(name="change of KL", unit="nats", over="kl_floor", less="kl_clean", under="n")
ACCURACY = Ratio(name="accuracy", unit="1", over="correct", under="n_prompts")
TASK_IS_DONE = Control(
    name="the model does the task",
    kind="precondition",
    check=Exceeds(
        reads="ioi_prompts",
        of=ACCURACY,
        where=(Where(column="corruption", values=("io",)),),
        margin=0.8,
        clusters=("template",),
    ),
    must="supported",
    why="where the model does not prefer the right name there is no cause to be found",
)
IDENTITY_CHANGES_NOTHING = Control(
    name="identity patch",
    kind="instrument",
    check=Within(
        reads="ioi",
        of=CHANGE,
        where=(*AT, Where(column="method", values=("identity",))),
        low=0.0,
        high=0.0,
        clusters=("draw",),
    ),
    must="supported",
    why="an edit that changes nothing must change nothing, exactly",
)
WHOLE_PATCH_IS_EXACT = Control(
    name="the whole residual vector patched",
    kind="instrument",
    check=Within(
        reads="ioi",
        of=FLOOR,
        where=(*AT, Where(column="method", values=("full_residual",))),
        low=-0.000001,
        high=0.000001,
        clusters=("draw",),
    ),
    must="supported",
    why="patching everything must reach the counterfactual output",
)
PLANTED_CAUSES_ARE_FOUND = Control(
    name="planted: a linear read-out of three known causes, and a rotation of its basis",
    kind="positive",
    check=Exceeds(
        reads="ioi",
        of=GAIN,
        where=(Where(column="method", values=("planted",)),),
        against=(Where(column="method", values=("planted_rotated",)),),
        margin=0.05,
        clusters=("draw",),
    ),
    must="supported",
    why="the basis that holds the causes must be told from a rotation of it",
)
BY_RULES = (
    Where(column="sampled", values=("effective",)),
    Where(column="rate", values=("own",)),
    Where(column="scorer", values=("rules",)),
)
SCORE_BY = ("seed", "feature_group", "text_block")
SCORERS = (
    Scored(scorer="rules", called="four rules about a token and its context", unit="correlation"),
    Scored(
        scorer="embedding",
        called="likeness of contexts to a sentence encoder",
        unit="AUROC",
        chance=0.5,
    ),
    Scored(
        scorer="simulation",
        called="a language model that simulates the unit from an explanation in words",
        unit="correlation",
    ),
    Scored(
        scorer="detection",
        called="a language model that tells fragments in which the unit fires",
        unit="AUROC",
        chance=0.5,
    ),
    Scored(
        scorer="fuzzing",
        called="a language model that tells tokens on which the unit fires",
        unit="AUROC",
        chance=0.5,
    ),
    Scored(
        scorer="intruder",
        called="a language model that finds the fragment which does not belong",
        unit="share found",
        chance=0.2,
        explains=False,
    ),
)
