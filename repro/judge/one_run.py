"""Whether tables come from one run: a verdict on numbers of two runs would be on neither."""

import json
from collections import Counter
from collections.abc import Sequence

from repro.contract.header import CHAIN, Header
from repro.contract.rows import command_of
from repro.errors import EvidenceError


def strangers(headers: Sequence[Header]) -> dict[str, EvidenceError]:
    """The tables of another run than most, by name, with what tells.

    Of each thing that tables say of their run, the run's is what most of them say; where as many
    say another, what the first of them says. A table that speaks of a language model and does not
    tell every hash of the chain might be of any run, so it is of none.
    """
    told = {header.name: _told(header) for header in headers}
    run = {
        aspect: Counter(one[aspect] for one in told.values() if aspect in one).most_common(1)[0][0]
        for aspect in dict.fromkeys(aspect for one in told.values() for aspect in one)
    }
    found = {one.name: _unchained(one) for one in headers if _silent(one)}
    for name, one in told.items():
        differing = [aspect for aspect, value in one.items() if value != run[aspect]]
        if differing and name not in found:
            first = differing[0]
            found[name] = EvidenceError(
                f"table {name} is of another run than the others: it differs in "
                f"{', '.join(differing)} ({_short(one[first])} there)",
                expected=f"evidence of one run ({first} {_short(run[first])})",
                mend=command_of(name),
            )
    return found


def _told(header: Header) -> dict[str, str]:
    """What a table says of its run, by aspect."""
    provenance = header.provenance
    scope = header.scope.model_dump() if header.scope else {}
    said = {
        "profile": provenance.get("profile", "custom"),
        **{one: provenance[one] for one in CHAIN if one in provenance},
        **scope,
    }
    return {aspect: json.dumps(value, sort_keys=True) for aspect, value in said.items()}


def _silent(header: Header) -> list[str]:
    """Links of the chain that a table on a language model does not tell."""
    return [one for one in CHAIN if header.scope and one not in header.provenance]


def _unchained(header: Header) -> EvidenceError:
    return EvidenceError(
        f"table {header.name} does not tell of which run it is: its provenance has no "
        f"{', no '.join(_silent(header))}",
        expected=f"{', '.join(CHAIN)} in the provenance of every table on a language model",
        mend=command_of(header.name),
    )


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:37]}..."
