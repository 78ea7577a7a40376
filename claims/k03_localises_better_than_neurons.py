"""Features localise indirect object identification better than neurons or random directions."""

from repro.spec import All, Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where, Within

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
AT = (Where(column="site", values=("middle",)), Where(column="family", values=("io",)))
ATTRIBUTION = (*AT, Where(column="selection", values=("attribution",)))
SAE = (
    *ATTRIBUTION,
    Where(column="method", values=("sae",)),
    Where(column="alpha", above=0.0),
    Where(column="carries", values=(1,)),
)
NEURONS = (*ATTRIBUTION, Where(column="method", values=("neurons",)))
RANDOM_TOPK = (*ATTRIBUTION, Where(column="method", values=("random_topk",)))
RIVALS = (*ATTRIBUTION, Where(column="method", values=("neurons", "random_topk")))
FAIR = (
    Where(column="site", values=("middle",)),
    Where(column="method", values=("sae",)),
    Where(column="width", values=(2.0,)),
    Where(column="alpha", above=0.0),
)

CLAIM = Claim(
    id="k03",
    source="critic",
    says=(
        "Dictionary features localise indirect object identification better than plain neurons and "
        "than random directions with the largest k kept."
    ),
    paper=Paper(section="Mueller et al. 2025, arXiv 2504.13151, who find no such advantage"),
    reads=("ioi", "ioi_prompts", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(
                reads="ioi",
                of=GAIN,
                where=SAE,
                against=NEURONS,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
            Exceeds(
                reads="ioi",
                of=GAIN,
                where=SAE,
                against=RANDOM_TOPK,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
        )
    ),
    controls=(
        Control(
            name="the model does the task",
            kind="precondition",
            check=Exceeds(
                reads="ioi_prompts",
                of=ACCURACY,
                where=(Where(column="family", values=("io",)),),
                margin=0.8,
                clusters=("template",),
            ),
            must="supported",
            why="where the model does not prefer the right name there is no cause to be found",
        ),
        Control(
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
        ),
        Control(
            name="random orthogonal directions",
            kind="negative",
            check=Exceeds(
                reads="ioi",
                of=GAIN,
                where=(*ATTRIBUTION, Where(column="method", values=("random_orthogonal",))),
                against=NEURONS,
                margin=0.05,
                clusters=("draw",),
            ),
            must="not_supported",
            why="directions of chance that beat neurons would mean that any rotation wins",
        ),
        Control(
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
        ),
        Control(
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
        ),
    ),
    fair=(Fair(where=FAIR),),
    saboteurs=(
        Scale(
            name="multiply the dictionary's area under KL by fifty",
            reads="ioi",
            where=SAE,
            column="kl_area",
            factor=50.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring the neurons' area under KL down to nothing",
            reads="ioi",
            where=NEURONS,
            column="kl_area",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring the area under KL of random directions down to nothing",
            reads="ioi",
            where=RANDOM_TOPK,
            column="kl_area",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring the dictionary's area under KL down to nothing",
            reads="ioi",
            where=SAE,
            column="kl_area",
            factor=0.0,
            turns_to=("supported",),
        ),
        Scale(
            name="multiply the area under KL of both rivals by fifty",
            reads="ioi",
            where=RIVALS,
            column="kl_area",
            factor=50.0,
            turns_to=("supported",),
        ),
        Scale(
            name="read the rivals' area under KL in other units, a thousandth of a nat",
            reads="ioi",
            where=RIVALS,
            column="kl_area",
            factor=1000.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="ioi",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide the neurons",
            reads="ioi",
            where=NEURONS,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), dictionaries of about a million tokens (the "
        "scope says how many); the paper's own intervention and distance, where the critics use "
        "causal variable localisation on several tasks; features ordered by attribution. The paper "
        "has no neuron baseline in its final run. All penalties above none that are localised are "
        "pooled. Only penalties at which a dictionary can carry the task are pooled: with "
        "everything patched at most half of the KL is left on the prompts that choose."
    ),
    refuted_by=(
        "An interval for the fall of KL by the dictionary less that by neurons, or by random "
        "directions, that lies wholly below 0.05 nats."
    ),
    unit="nats",
)
