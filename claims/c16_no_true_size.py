"""There is no single correct dictionary size: larger dictionaries keep explaining more."""

from claims._vocabulary import L0
from repro.spec import (
    Claim,
    Control,
    Drop,
    Fair,
    Matched,
    Monotone,
    Paper,
    Ratio,
    Reverse,
    Scale,
    Tilt,
    Where,
)

FVU = Ratio(name="FVU", unit="1", over="squared_error", under="variance", scale="log")
TRAINED = (Where(column="method", values=("sae",)), Where(column="alpha", above=0.0))
SAE = (Where(column="site", values=("middle",)), *TRAINED)
AT_EQUAL_L0 = Matched(x=L0, knob="alpha")

CLAIM = Claim(
    id="c16",
    source="paper",
    says=(
        "At equal sparsity each doubling of the dictionary, from half to four times the dimension "
        "of the activations, leaves less variance unexplained: no size is the right one."
    ),
    paper=Paper(section="Appendices B and C.1"),
    reads=("fidelity", "dictionaries"),
    check=Monotone(
        reads="fidelity",
        of=FVU,
        where=SAE,
        along="expansion_factor",
        direction="falling",
        by="smallest_step",
        margin=0.02,
        matched=AT_EQUAL_L0,
        clusters=("seed", "document"),
    ),
    controls=(
        Control(
            name="planted data whose true width is 1",
            kind="negative",
            check=Monotone(
                reads="fidelity",
                of=FVU,
                where=(Where(column="site", values=("planted_width",)), *TRAINED),
                along="expansion_factor",
                direction="falling",
                by="smallest_step",
                margin=0.02,
                matched=AT_EQUAL_L0,
                clusters=("seed", "document"),
            ),
            must="not_supported",
            why="where there is a true size the error must stop falling, and the rule must see it",
        ),
    ),
    fair=(
        Fair(
            called="the dictionary with R = 2",
            where=(*SAE, Where(column="expansion_factor", values=(2.0,))),
        ),
        Fair(
            called="the dictionary with R = 4",
            where=(*SAE, Where(column="expansion_factor", values=(4.0,))),
            frequent=0.1,
        ),
    ),
    saboteurs=(
        Reverse(
            name="relabel the widths in reverse order",
            reads="fidelity",
            where=SAE,
            along="expansion_factor",
            turns_to=("refuted",),
        ),
        Tilt(
            name="triple the error at each doubling of the width",
            reads="fidelity",
            where=SAE,
            column="squared_error",
            along="expansion_factor",
            factor=3.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="multiply the error of the largest width by ten",
            reads="fidelity",
            where=(*SAE, Where(column="expansion_factor", pick="max")),
            column="squared_error",
            factor=10.0,
            turns_to=("refuted",),
        ),
        Tilt(
            name="divide the error by ten at each doubling of the width",
            reads="fidelity",
            where=SAE,
            column="squared_error",
            along="expansion_factor",
            factor=0.1,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="fidelity",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide all widths but the smallest",
            reads="fidelity",
            where=(*SAE, Where(column="expansion_factor", above=0.5)),
            turns_to=("inconclusive",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), residual stream after a middle block, in "
        "place of Pythia-70M; about a million training tokens (the scope says how many) in place "
        "of 5 to 50 million, so a large dictionary may be under-trained; activations centred and "
        "scaled; widths 0.5 to 4 in place of 0.5 to 32; compared at equal L0 over the range that "
        "all widths cover."
    ),
    refuted_by=(
        "A doubling of the width by which ln FVU at equal L0 falls by less than 0.02 beyond noise, "
        "or rises."
    ),
    unit="ln FVU a doubling",
)
