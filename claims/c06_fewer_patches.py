"""On indirect object identification fewer features than PCA components must be patched."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where, Within

AREA = Ratio(
    name="area under KL against log number patched", unit="nats", over="kl_area", under="n"
)
KL_PATCHED = Ratio(name="KL when patched", unit="nats", over="kl_patched", under="n")
SAE = (Where(column="method", values=("sae",)), Where(column="alpha", above=0.0))
PCA = (Where(column="method", values=("pca",)),)

CLAIM = Claim(
    id="c06",
    source="paper",
    says=(
        "To bring the model's output equally close to the counterfactual one on indirect object "
        "identification, fewer dictionary features than PCA components have to be patched."
    ),
    paper=Paper(section="4.2", figure="3"),
    reads=("ioi",),
    check=Exceeds(
        reads="ioi",
        of=AREA,
        where=PCA,
        against=SAE,
        margin=0.05,
        clusters=("seed", "draw"),
    ),
    controls=(
        Control(
            name="random dictionary",
            kind="negative",
            check=Exceeds(
                reads="ioi",
                of=AREA,
                where=PCA,
                against=(Where(column="method", values=("random",)),),
                margin=0.05,
                clusters=("draw",),
            ),
            must="not_supported",
            why="random directions that beat PCA would mean that width alone wins",
        ),
        Control(
            name="the whole residual vector patched",
            kind="instrument",
            check=Within(
                reads="ioi",
                of=KL_PATCHED,
                where=(Where(column="method", values=("full_residual",)),),
                low=-0.000001,
                high=0.000001,
                clusters=("draw",),
            ),
            must="supported",
            why="patching everything must reach the counterfactual output",
        ),
    ),
    deviation=(
        "Another model than Pythia-410M and a middle block by relative depth; held-out prompts, "
        "three or more draws and seeds, where the authors selected and evaluated on the same 50 "
        "prompts with one order; the area under the whole curve in place of reading a plot."
    ),
    refuted_by=(
        "An interval for the area of PCA less that of the dictionary, over seeds and draws of "
        "prompts, that lies wholly below 0.05 nats."
    ),
    unit="nats",
)
