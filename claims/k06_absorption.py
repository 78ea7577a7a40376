"""Features are absorbed: a parent is silent where a token-specific child fires."""

from claims._vocabulary import MIDDLE, SPARSE_SAE
from repro.spec import Claim, Control, Drop, Exceeds, Fair, Paper, Ratio, Scale, Where

ABSORBED = Ratio(
    name="absorption rate",
    unit="1",
    over="n_parent_expected",
    less="n_kept",
    under="n_parent_expected",
)
READ = Ratio(
    name="share of the words whose letter the probe reads",
    unit="1",
    over="n_parent_expected",
    under="n_words",
)
FOUND = Ratio(
    name="share of these words on which a latent of the letter's own fires",
    unit="1",
    over="n_parent_expected",
    less="n_silent",
    under="n_parent_expected",
)
FIRST_LETTER = Where(column="target", values=("first_letter",))
SAE = (*SPARSE_SAE, FIRST_LETTER)
CHANCE = (MIDDLE, FIRST_LETTER, Where(column="method", values=("random_signed",)))
PLANTED = (MIDDLE, FIRST_LETTER, Where(column="method", values=("planted",)))
CLEAN = (MIDDLE, FIRST_LETTER, Where(column="method", values=("planted_clean",)))
BY = ("seed", "letter")

CLAIM = Claim(
    id="k06",
    source="critic",
    says=(
        "On a first-letter task, the feature of a letter is silent on more than one in twenty of "
        "the words it should fire on, because a feature of the single word fires instead."
    ),
    paper=Paper(section="Chanin et al. 2024, arXiv 2409.14507"),
    reads=("absorption", "fidelity", "dictionaries"),
    check=Exceeds(reads="absorption", of=ABSORBED, where=SAE, margin=0.05, clusters=BY),
    controls=(
        Control(
            name="the probe reads the letter",
            kind="precondition",
            check=Exceeds(reads="absorption", of=READ, where=SAE, margin=0.5, clusters=BY),
            must="supported",
            why="where the letter is not in the activation no feature of it is missing",
        ),
        Control(
            name="letters have latents of their own",
            kind="precondition",
            check=Exceeds(reads="absorption", of=FOUND, where=SAE, margin=0.5, clusters=BY),
            must="supported",
            why="where no latent is a letter's own there is nothing to be absorbed",
        ),
        Control(
            name="random directions in place of the dictionary",
            kind="negative",
            check=Exceeds(
                reads="absorption",
                of=ABSORBED,
                where=CHANCE,
                margin=0.05,
                clusters=("letter",),
            ),
            must="not_supported",
            why="a direction of chance is no child: what absorbs there is an error of measurement",
        ),
        Control(
            name="planted words whose children fire beside their parents",
            kind="negative",
            check=Exceeds(
                reads="absorption",
                of=ABSORBED,
                where=CLEAN,
                margin=0.05,
                clusters=("letter",),
            ),
            must="refuted",
            why="a child beside its parent absorbs nothing",
        ),
        Control(
            name="planted words whose children hold what their parents should",
            kind="positive",
            check=Exceeds(
                reads="absorption",
                of=ABSORBED,
                where=PLANTED,
                margin=0.05,
                clusters=("letter",),
            ),
            must="supported",
            why="absorption that is there must be seen",
        ),
    ),
    fair=(Fair(called="the dictionary of the middle site", where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="count words that are kept twice",
            reads="absorption",
            where=SAE,
            column="n_kept",
            factor=2.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="count words that are kept five times",
            reads="absorption",
            where=SAE,
            column="n_kept",
            factor=5.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="let every letter have more words that are kept than words",
            reads="absorption",
            where=SAE,
            column="n_kept",
            factor=20.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="forget the words that are kept",
            reads="absorption",
            where=SAE,
            column="n_kept",
            factor=0.0,
            turns_to=("supported",),
        ),
        Scale(
            name="forget half of the words that are kept",
            reads="absorption",
            where=SAE,
            column="n_kept",
            factor=0.5,
            turns_to=("supported",),
        ),
        Scale(
            name="count words that are expected twice",
            reads="absorption",
            where=SAE,
            column="n_parent_expected",
            factor=2.0,
            turns_to=("supported",),
        ),
        Drop(name="hide the dictionary", reads="absorption", where=SAE, turns_to=("absent",)),
        Drop(
            name="hide the last seed: two are too few",
            reads="absorption",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block; L1 "
        "dictionaries with R = 2 trained on about a million tokens or fewer (the scope says how "
        "many), where the critics measured hundreds of wide dictionaries of larger models and "
        "found absorption to matter most there. Absorption is told by projection on a probe's "
        "direction, with the thresholds of SAEBench (a latent that is like the probe by a cosine "
        "of .1 or more and holds two fifths of the projection), in place of integrated gradients."
        " Words are single tokens of small letters after three words that are spelled; latents "
        "and probe are found on one half of them and judged on the other. The smallest effect is "
        "ours. Controls were written before any evidence was made."
    ),
    refuted_by=(
        "An interval for the absorption rate, over seeds and letters, that lies wholly below 0.05."
    ),
    unit="share of words",
)
