"""The gain in interpretability is not explained by sparsity and sign of the codes alone."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where

LEFT = Ratio(
    name="share of the gain that is left",
    unit="1",
    over="score",
    less="score_best_topk",
    under="score",
    under_less="score_best_plain",
)
TEXT = (
    Where(column="site", values=("early", "middle")),
    Where(column="variant", values=("top_and_random",)),
)

CLAIM = Claim(
    id="c03",
    source="paper",
    says=(
        "Most of the dictionary's gain in interpretability remains over baselines that are "
        "one-sided, as wide and, by keeping the largest k a token, as sparse as the dictionary."
    ),
    paper=Paper(section="Appendix G"),
    reads=("interpret",),
    check=Exceeds(
        reads="interpret",
        of=LEFT,
        where=(*TEXT, Where(column="method", values=("sae",))),
        margin=0.5,
        clusters=("seed", "text_block"),
    ),
    controls=(
        Control(
            name="random decoder of equal width and L0",
            kind="negative",
            check=Exceeds(
                reads="interpret",
                of=Ratio(
                    name="gain over the best top-k baseline",
                    unit="correlation",
                    over="score",
                    less="score_best_topk",
                    under="n",
                ),
                where=(*TEXT, Where(column="method", values=("sae_random_decoder",))),
                margin=0.03,
                clusters=("seed", "text_block"),
            ),
            must="not_supported",
            why="random directions must not beat the best sparse baseline",
        ),
    ),
    deviation=(
        "Another language model, explainer and simulator than the authors'. Their top-k baselines "
        "are as wide as PCA and ICA allow with both signs; ours are as wide as the dictionary."
    ),
    refuted_by="An interval for the share of the gain that is left, wholly below one half.",
    unit="share of the gain",
)
