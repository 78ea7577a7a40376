"""A dictionary trained without a sparsity penalty has no advantage over PCA."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where

AREA = Ratio(
    name="area under KL against log number patched", unit="nats", over="kl_area", under="n"
)
SAE = Where(column="method", values=("sae",))
PCA = (Where(column="method", values=("pca",)),)

CLAIM = Claim(
    id="c08",
    source="paper",
    says=(
        "A dictionary of the same size trained without a sparsity penalty needs at least as many "
        "patched features as PCA, within 0.05 nats of area under the curve."
    ),
    paper=Paper(section="4.2", figure="3"),
    reads=("ioi",),
    check=Exceeds(
        reads="ioi",
        of=AREA,
        where=(SAE, Where(column="alpha", values=(0.0,))),
        against=PCA,
        margin=-0.05,
        clusters=("seed", "draw"),
    ),
    controls=(
        Control(
            name="planted: the answer lies in one feature",
            kind="negative",
            check=Exceeds(
                reads="ioi",
                of=AREA,
                where=(Where(column="method", values=("planted",)),),
                against=PCA,
                margin=-0.05,
                clusters=("draw",),
            ),
            must="refuted",
            why="a dictionary with a real advantage must be seen, or the negative result is empty",
        ),
    ),
    deviation=(
        "Another model than Pythia-410M; held-out prompts, three or more draws and seeds. The "
        "paper states a negative result without a margin; the margin is ours."
    ),
    refuted_by=(
        "An interval for the area of the unpenalised dictionary less that of PCA that lies wholly "
        "below -0.05 nats: an advantage without sparsity."
    ),
    unit="nats",
)
