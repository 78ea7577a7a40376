"""Quantities, rows and instrument controls that several claims share."""

from repro.spec import Control, Exceeds, Ratio, Where, Within

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
RULES = Where(column="scorer", values=("rules",))
PURE = Where(column="n_meanings", values=(1,))
AUROC = Ratio(name="AUROC of pure against mixed", unit="1", over="n_ordered", under="n_pairs")
PLANTED_SCORE = Ratio(name="score of planted features", unit="correlation", over="score", under="n")
SHUFFLED_SCORE = Ratio(
    name="score of planted features with another's explanation",
    unit="correlation",
    over="score_shuffled",
    under="n_shuffled",
)
SCORER_TELLS_PURE_FROM_MIXED = Control(
    name="the scorer tells planted features of one meaning from sums of two to five",
    kind="precondition",
    check=Exceeds(
        reads="scorers",
        of=AUROC,
        where=(RULES, Where(column="n_meanings", above=1.0)),
        margin=0.8,
        clusters=("feature_group",),
    ),
    must="supported",
    why="a score that a mixture of meanings passes as well as one alone is no interpretability",
)
SCORER_EXPLAINS_PLANTED = Control(
    name="planted features of one meaning are explained",
    kind="positive",
    check=Exceeds(
        reads="scorers",
        of=PLANTED_SCORE,
        where=(RULES, PURE),
        margin=0.5,
        clusters=("feature_group",),
    ),
    must="supported",
    why="a scorer that cannot explain a feature of one known meaning explains nothing",
)
SCORER_REFUSES_SHUFFLED = Control(
    name="with another feature's explanation planted features score at chance",
    kind="negative",
    check=Exceeds(
        reads="scorers",
        of=SHUFFLED_SCORE,
        where=(RULES, PURE),
        margin=0.1,
        clusters=("feature_group",),
    ),
    must="refuted",
    why="what an explanation of something else earns is not interpretability",
)
