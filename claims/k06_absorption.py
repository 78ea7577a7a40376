"""Features are absorbed: a parent is silent where a token-specific child fires."""

from repro.spec import Claim, Control, Exceeds, Paper, Ratio, Where

ABSORBED = Ratio(name="absorption rate", unit="1", over="n_absorbed", under="n_parent_expected")
FIRST_LETTER = Where(column="target", values=("first_letter",))

CLAIM = Claim(
    id="k06",
    source="critic",
    says=(
        "On a first-letter task, the feature of a letter is silent on more than one in twenty of "
        "the words it should fire on, because a feature of the single word fires instead."
    ),
    paper=Paper(section="Chanin et al. 2024, arXiv 2409.14507"),
    reads=("absorption",),
    check=Exceeds(
        reads="absorption",
        of=ABSORBED,
        where=(FIRST_LETTER, Where(column="method", values=("sae",))),
        margin=0.05,
        clusters=("seed", "letter"),
    ),
    controls=(
        Control(
            name="linear probe in place of the dictionary",
            kind="negative",
            check=Exceeds(
                reads="absorption",
                of=ABSORBED,
                where=(FIRST_LETTER, Where(column="method", values=("probe",))),
                margin=0.05,
                clusters=("letter",),
            ),
            must="not_supported",
            why="a probe has no child features, so any absorption there is an error of measurement",
        ),
    ),
    deviation=(
        "A small model and L1 dictionaries with R = 2, where the critics measured hundreds of "
        "dictionaries of larger models; the smallest effect is ours."
    ),
    refuted_by=(
        "An interval for the absorption rate, over seeds and letters, that lies wholly below 0.05."
    ),
    unit="share of words",
)
