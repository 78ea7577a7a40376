"""Other objectives remove shrinkage and dominate the L1 penalty at equal sparsity."""

from claims._vocabulary import FVU, L0
from repro.spec import All, Claim, Control, Dominates, Paper, Ratio, Rival, Where, Within

SHRINKAGE = Ratio(
    name="shrinkage",
    unit="1",
    over="x_dot_reconstruction",
    under="reconstruction_dot_reconstruction",
)
PLACE = (Where(column="site", values=("middle",)), Where(column="expansion_factor", values=(2.0,)))
BETTER = (*PLACE, Where(column="method", values=("topk",)))
L1 = (*PLACE, Where(column="method", values=("sae",)), Where(column="alpha", above=0.0))
RIVALS = (Rival(name="L1 penalty", where=L1, knob="alpha"),)

CLAIM = Claim(
    id="k05",
    source="critic",
    says=(
        "A dictionary that keeps the k largest codes in place of an L1 penalty does not shrink "
        "activations and leaves less variance unexplained at equal sparsity."
    ),
    paper=Paper(section="Gao et al. 2024, arXiv 2406.04093"),
    reads=("objectives",),
    check=All(
        parts=(
            Dominates(
                reads="objectives",
                of=FVU,
                x=L0,
                where=BETTER,
                knob="k",
                against=RIVALS,
                margin=0.01,
                clusters=("seed", "document"),
            ),
            Within(
                reads="objectives",
                of=SHRINKAGE,
                where=BETTER,
                low=0.99,
                high=1.01,
                clusters=("seed", "document"),
            ),
        )
    ),
    controls=(
        Control(
            name="the L1 penalty against itself",
            kind="negative",
            check=Dominates(
                reads="objectives",
                of=FVU,
                x=L0,
                where=L1,
                knob="alpha",
                against=RIVALS,
                margin=0.01,
                clusters=("seed", "document"),
            ),
            must="refuted",
            why="a curve cannot dominate itself",
        ),
    ),
    deviation=(
        "TopK stands for the newer objectives (Gated, JumpReLU and BatchTopK are not judged); a "
        "small model and few tokens, where the critics trained up to 16 million features."
    ),
    refuted_by=(
        "A mean gap in FVU to the L1 penalty at equal L0 wholly below 0.01, or a shrinkage wholly "
        "outside 0.99 to 1.01."
    ),
    unit="FVU",
)
