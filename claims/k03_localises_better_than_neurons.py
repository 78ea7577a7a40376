"""Features localise indirect object identification better than neurons or random directions."""

from repro.spec import All, Claim, Control, Exceeds, Paper, Ratio, Where, Within

AREA = Ratio(
    name="area under KL against log number patched", unit="nats", over="kl_area", under="n"
)
SAE = (Where(column="method", values=("sae",)), Where(column="alpha", above=0.0))
NEURONS = (Where(column="method", values=("neurons",)),)
RANDOM_TOPK = (Where(column="method", values=("random_topk",)),)

CLAIM = Claim(
    id="k03",
    source="critic",
    says=(
        "Dictionary features localise indirect object identification better than plain neurons and "
        "than random directions with the largest k kept."
    ),
    paper=Paper(section="Mueller et al. 2025, arXiv 2504.13151, who find no such advantage"),
    reads=("ioi",),
    check=All(
        parts=(
            Exceeds(
                reads="ioi",
                of=AREA,
                where=NEURONS,
                against=SAE,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
            Exceeds(
                reads="ioi",
                of=AREA,
                where=RANDOM_TOPK,
                against=SAE,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
        )
    ),
    controls=(
        Control(
            name="identity patch",
            kind="instrument",
            check=Within(
                reads="ioi",
                of=Ratio(
                    name="change of KL by an identity patch",
                    unit="nats",
                    over="kl_patched",
                    less="kl_clean",
                    under="n",
                ),
                where=(Where(column="method", values=("identity",)),),
                low=0.0,
                high=0.0,
                clusters=("draw",),
            ),
            must="supported",
            why="an edit that changes nothing must change nothing",
        ),
    ),
    deviation=(
        "Another model; the paper's own intervention and distance, where the critics use causal "
        "variable localisation on several tasks. The paper has no neuron baseline in its final run."
    ),
    refuted_by=(
        "An interval for the area of neurons, or of random directions, less that of the dictionary "
        "that lies wholly below 0.05 nats."
    ),
    unit="nats",
)
