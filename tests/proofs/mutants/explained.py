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
        r"assert_never\(never\)",
        "equivalent",
        "every kind has a case of its own, to which the type checker holds the code",
    ),
    Explained(
        r"^- [^\n]*kind=\"stable\"[^\n]*\n\+ (?![^\n]*kind=\"stable\")",
        "equivalent",
        "rows of a cell are only summed, and points of a curve at one x are joined in either order",
    ),
    Explained(
        r"^- [^\n]*(take_along_axis|argsort|np\.diff)\([^\n]*\n\+ [^\n]*(, \)|argsort\(x, kind)",
        "equivalent",
        "the array has two axes, and the last is the default",
    ),
    Explained(
        r"np\.diff\(heights, axis=1\) \* [^\n]*\n\+ [^\n]*np\.diff\(heights, axis=1\) / ",
        "equivalent",
        "times 1 or -1 is divided by 1 or -1",
    ),
    Explained(
        r"\"scale\": \"linear\"[^\n]*\n\+ [^\n]*LINEAR",
        "equivalent",
        "of a scale it is only asked whether it is the logarithmic one",
    ),
    Explained(
        r"\.max\(\) \+ 1\) \+ [^\n]*\n\+ [^\n]*(\.max\(\) \+ 1\) - |\.max\(\) \+ 2\) \+ )",
        "equivalent",
        "any numbering that tells all pairs apart will do",
    ),
    Explained(
        r"code = np\.zeros\([^\n]*\n\+ [^\n]*(dtype=None|, \))",
        "equivalent",
        "whole numbers as floats sort alike, and are numbered anew",
    ),
    Explained(
        r"^- case _:\n- pass$",
        "equivalent",
        "where no case fits, nothing is done either way",
    ),
    Explained(
        r"astype\(float\)\n\+ [^\n]*astype\(None\)",
        "equivalent",
        "None stands for float64",
    ),
    Explained(
        r"rel_tol=1e-9[^\n]*\n\+ (?![^\n]*rel_tol)",
        "equivalent",
        "1e-9 is the default",
    ),
    Explained(
        r"standard_normal\([^\n]*\n\+ [^\n]*\+ 2\)",
        "equivalent",
        "the first draws are the same however many follow",
    ),
    Explained(
        r"- shape = \([^\n]*\n\+ [^\n]*\+ 2",
        "equivalent",
        "one more slot, which no row of the evidence names",
    ),
    Explained(
        r"out=np\.zeros\(shape\)[^\n]*\n\+ [^\n]*out=None",
        "equivalent",
        "what is left unset is multiplied by values that are 0; only a stray NaN there would show",
    ),
    Explained(
        r"mode=\"json\"[^\n]*\n\+ [^\n]*(mode=(None|\"JSON\")|model_dump\(by_alias)",
        "equivalent",
        "the writer of JSON spells tuples and enumerated words as pydantic does",
    ),
    Explained(
        r"ast\.parse\([^\n]*filename=",
        "equivalent",
        "the message is built from the path itself, not from Python's name of the file",
    ),
    Explained(
        r"error\.lineno or 1",
        "equivalent",
        "Python gives the line of every syntax error",
    ),
    Explained(
        r"include_url=False\)[^\n]*\n\+ [^\n]*include_url=True",
        "equivalent",
        "the address of pydantic's page is not told",
    ),
    Explained(
        r"strict=False\) if a == b[^\n]*\n\+ [^\n]*(strict=None\)|, \)) if a == b",
        "equivalent",
        "not strict is the default, and None counts as it",
    ),
    Explained(
        r"^- schema=1,$",
        "equivalent",
        "1 is the default",
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
