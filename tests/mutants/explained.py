"""Why some of mutmut's mutants are noticed by no test: data, no logic.

Each line fits the changed lines (`- old`, `+ new`, joined by a newline) of a mutant by a regular
expression. What no line explains is open: a test is missing there.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Explained:
    """A kind of change and why it goes unnoticed."""

    pattern: str
    """Regular expression searched in the changed lines."""
    kind: Literal["equivalent", "wording"]
    """Behaves the same, or changes a message only."""
    why: str
    """The reason in one line."""

    def fits(self, diff: str) -> bool:
        """Whether it speaks of this change."""
        return re.search(self.pattern, diff, flags=re.S) is not None


EXPLAINED = (
    Explained(
        r"^- .*strict=True.*\n\+ .*(strict=(None|False)|, \))",
        "equivalent",
        "what is zipped has the same length by construction; strict only guards later changes",
    ),
    Explained(
        r"reshape\([^\n]*-1\)\)?\n\+ .*-2\)",
        "equivalent",
        "NumPy infers the length of an axis from any negative number",
    ),
    Explained(
        r"0\.5 \+ confidence / 2\)\n\+ .*0\.5 - confidence / 2\)",
        "equivalent",
        "Student's t is symmetric and the quantile is squared",
    ),
    Explained(
        r"max\(n_groups, 1\)\)\n\+ .*max\(n_groups, 2\)",
        "equivalent",
        "codes of a single unit are all 0, and 0 modulo 2 is 0; with more units the bound is idle",
    ),
    Explained(
        r"range\(1, len\(members\)\)",
        "equivalent",
        "the first line has no earlier ones, so nothing in it is marked",
    ),
    Explained(
        r"any\(axis=0\)\] = -1\n\+ .*= -2",
        "equivalent",
        "any negative member stands for a row that never leaves",
    ),
    Explained(
        r"seen = np\.zeros\(.*\n\+ .*(dtype=None|, \))",
        "equivalent",
        "ones as floats are summed to the same counts as ones as booleans",
    ),
    Explained(
        r"seen = np\.zeros\(.*\n\+ .*\+ 2",
        "equivalent",
        "one more line or column of zeros, which no row of the evidence names",
    ),
    Explained(
        r"(x - x\.mean\(axis=1|np\.abs\(centred\)\.max\(axis=1)",
        "equivalent",
        "polynomials of a degree span one space whatever origin and unit x has; rounding differs",
    ),
    Explained(
        r"get_close_matches\(.*n=1\)\n\+ .*(, \)|n=2\))",
        "equivalent",
        "the nearest name comes first, and only the first is told",
    ),
    Explained(
        r"einsum\(\"rpd.*RPD",
        "equivalent",
        "names of summed axes are free",
    ),
    Explained(
        r"signed\.low <= 0 <= signed\.high",
        "equivalent",
        "where an end of the interval is 0 the smaller of the two sizes is 0 as well",
    ),
    Explained(
        r"encoding=\"utf8\".*\n\+ .*(UTF8|encoding=None|\(\))",
        "equivalent",
        "another spelling of UTF-8, or the platform's encoding, which is UTF-8 where this ran",
    ),
    Explained(
        r"^- [^\n]*cell_of\(table, \"[^\n]*\n\+ [^\n]*cell_of\(table, (None|\")",
        "wording",
        "the name of a set of rows in a message",
    ),
    Explained(
        r"^- +(mend|expected|found|reason|why|told)\b ?=",
        "wording",
        "a part of a message to the user",
    ),
    Explained(
        r"\n\+ [^\n]*\"XX[^\"\n]*XX\"",
        "wording",
        "a piece of text in a message",
    ),
)
