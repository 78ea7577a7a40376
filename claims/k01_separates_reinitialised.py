"""Automatic interpretability separates a trained model from a re-initialised one."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where

SCORE = Ratio(name="top-and-random score", unit="correlation", over="score", under="n")
SCORED = (
    Where(column="variant", values=("top_and_random",)),
    Where(column="site", values=("early", "middle")),
)
REINITIALISED = (*SCORED, Where(column="method", values=("sae_reinitialised_model",)))

CLAIM = Claim(
    id="k01",
    source="critic",
    says=(
        "Dictionary features of the trained model score higher in automatic interpretability than "
        "those of the same model with re-initialised weights."
    ),
    paper=Paper(section="Heap et al. 2025, arXiv 2501.17727"),
    reads=("interpret",),
    check=Exceeds(
        reads="interpret",
        of=SCORE,
        where=(*SCORED, Where(column="method", values=("sae",))),
        against=REINITIALISED,
        margin=0.05,
        clusters=("seed", "text_block"),
    ),
    controls=(
        Control(
            name="re-initialised against itself",
            kind="negative",
            check=Exceeds(
                reads="interpret",
                of=SCORE,
                where=REINITIALISED,
                against=REINITIALISED,
                margin=0.05,
                clusters=("seed", "text_block"),
            ),
            must="refuted",
            why="a set of scores cannot exceed itself",
        ),
    ),
    deviation=(
        "L1 dictionaries and simulation scores on a small model; the critics used TopK "
        "dictionaries on Pythia models and detection scores, and found the gap to close with size."
    ),
    refuted_by=(
        "An interval for the difference of scores that lies wholly below 0.05 of correlation."
    ),
    unit="correlation",
)
