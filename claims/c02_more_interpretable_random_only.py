"""Dictionary features are more interpretable on random fragments too."""

from repro.spec import All, Claim, Control, Exceeds, Paper, Ratio, Where

SCORE = Ratio(name="random-only score", unit="correlation", over="score", under="n")
TEXT = (
    Where(column="site", values=("early", "middle")),
    Where(column="variant", values=("random_only",)),
)
SAE = (*TEXT, Where(column="method", values=("sae",)))
NEURONS = (*TEXT, Where(column="method", values=("neurons",)))
PCA = (*TEXT, Where(column="method", values=("pca",)))
ICA = (*TEXT, Where(column="method", values=("ica",)))
RANDOM = (*TEXT, Where(column="method", values=("random",)))
BY = ("seed", "text_block")

CLAIM = Claim(
    id="c02",
    source="paper",
    says=(
        "Features of a sparse dictionary score higher in automatic interpretability than neurons "
        "(the default basis), PCA, ICA and random directions when scored on random fragments only."
    ),
    paper=Paper(section="Appendix C.2"),
    reads=("interpret",),
    check=All(
        parts=(
            Exceeds(reads="interpret", of=SCORE, where=SAE, against=ICA, margin=0.03, clusters=BY),
            Exceeds(reads="interpret", of=SCORE, where=SAE, against=PCA, margin=0.03, clusters=BY),
            Exceeds(
                reads="interpret", of=SCORE, where=SAE, against=NEURONS, margin=0.03, clusters=BY
            ),
            Exceeds(
                reads="interpret", of=SCORE, where=SAE, against=RANDOM, margin=0.03, clusters=BY
            ),
        )
    ),
    controls=(
        Control(
            name="random decoder of equal width and L0",
            kind="negative",
            check=Exceeds(
                reads="interpret",
                of=SCORE,
                where=(*TEXT, Where(column="method", values=("sae_random_decoder",))),
                against=ICA,
                margin=0.03,
                clusters=BY,
            ),
            must="not_supported",
            why="if random directions of equal sparsity do as well, the score measures sparsity",
        ),
        Control(
            name="planted single-token features",
            kind="positive",
            check=Exceeds(
                reads="interpret",
                of=SCORE,
                where=(*TEXT, Where(column="method", values=("planted",))),
                margin=0.5,
                clusters=("text_block",),
            ),
            must="supported",
            why="a scorer that cannot explain a single-token feature explains nothing",
        ),
    ),
    deviation=(
        "Another language model, and an explainer and simulator that are not the authors' GPT-4 "
        "and text-davinci-003 (both gone): only differences between methods on the same text can "
        "be judged. Features are sampled at random among the alive ones by one rule for all "
        "methods, where the authors took the first 150 and only the dictionary could fail."
    ),
    refuted_by=(
        "An interval for the gain over any one of the four decompositions, over seeds and blocks "
        "of text, that lies wholly below 0.03 of correlation."
    ),
    unit="correlation",
)
