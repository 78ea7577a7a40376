"""From rules to claims: parts, controls and all claims together (sections 1, 5 and 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from repro.second.holm import holm
from repro.second.measure import numbers_of
from repro.second.noise import Number
from repro.second.rows import Rows, read_rows
from repro.second.ruling import PartRuling, Ruling
from repro.second.stops import NoRows, NoValue, TooThin
from repro.second.words import INCONCLUSIVE, REFUTED, SUPPORTED, Word, word_of
from repro.spec.claim import Claim
from repro.spec.control import Control
from repro.spec.decisions import Check, Decision, parts_of

ABSENT, BROKEN, INVALID = "absent", "broken", "invalid"


@dataclass
class Evidence:
    """A folder of tables, each read once."""

    folder: Path
    """Where the tables are."""
    tables: dict[str, Rows] = field(default_factory=dict[str, Rows])
    """Those that were read."""
    numbers: dict[Decision, list[Number]] = field(default_factory=dict["Decision", "list[Number]"])
    """Numbers of rules that were measured: many claims share a control."""

    def has(self, table: str) -> bool:
        """Whether a table is there."""
        return (self.folder / f"{table}.parquet").is_file()

    def measure(self, rule: Decision) -> list[Number]:
        """The numbers of a rule."""
        if rule.reads not in self.tables:
            self.tables[rule.reads] = read_rows(self.folder, rule.reads)
        if rule not in self.numbers:
            self.numbers[rule] = numbers_of(rule, self.tables[rule.reads])
        return self.numbers[rule]


def decide_all(
    evidence: Path, claims: Sequence[Claim], unusable: Mapping[str, str]
) -> dict[str, Ruling]:
    """What each claim comes to, by its id.

    Args:
        evidence: the folder of tables.
        claims: the claims.
        unusable: tables that must not be judged, and why: claims that read them are broken.
    """
    read = Evidence(evidence)
    rulings = {claim.id: decide(read, claim, unusable) for claim in claims}
    alphas = {claim.id: 1.0 - claim.confidence for claim in claims}
    adjusted = holm({name: one.p for name, one in rulings.items() if one.p is not None})
    for name, p in adjusted.items():
        status = rulings[name].status
        is_lost = status in (SUPPORTED, REFUTED) and p > alphas[name]
        over_all = INCONCLUSIVE if is_lost else status
        rulings[name] = replace(rulings[name], p_holm=p, over_all=over_all)
    return rulings


def decide(read: Evidence, claim: Claim, unusable: Mapping[str, str]) -> Ruling:
    """What one claim comes to, before all are held together."""
    if any(table in unusable for table in claim.reads):
        return Ruling(BROKEN)
    if not all(read.has(table) for table in claim.reads):
        return Ruling(ABSENT)
    alpha = 1.0 - claim.confidence
    words, stopped = _words(read, claim.check, alpha)
    if stopped == ABSENT:
        return Ruling(ABSENT)
    controls = {one.name: _behaved(read, one, alpha) for one in claim.safeguards}
    failed = [one.kind for one in claim.safeguards if not controls[one.name][1]]
    safe = _with_controls(failed)
    if stopped == BROKEN:
        return Ruling(INCONCLUSIVE, controls=controls) if safe == INCONCLUSIVE else Ruling(BROKEN)
    return _ruling(words, safe, controls)


def _ruling(
    words: Sequence[Word], safe: str | None, controls: Mapping[str, tuple[str, bool]]
) -> Ruling:
    """The ruling of a claim whose rules all have a word."""
    joined, deciding = _joined(words)
    told = deciding.told
    status = safe or joined
    p = min(max(one.p_for for one in words), min(one.p_against for one in words))
    return Ruling(
        status=status,
        estimate=told.estimate,
        low=told.low,
        high=told.high,
        p=None if told.estimate is None else p,
        finding=deciding.finding if status == REFUTED else None,
        parts=tuple(one.told for one in words),
        controls=controls,
    )


def _with_controls(failed: Sequence[str]) -> str | None:
    """The word that controls force on a claim; none where all behave (section 5)."""
    if not failed:
        return None
    return INCONCLUSIVE if all(kind == "precondition" for kind in failed) else INVALID


def _behaved(read: Evidence, control: Control, alpha: float) -> tuple[str, bool]:
    """A control's word and whether it behaved; one that measures nothing has not (section 5)."""
    words, stopped = _words(read, control.check, alpha)
    if stopped is not None:
        return stopped, False
    status, deciding = _joined(words)
    is_so = status != SUPPORTED if control.must == "not_supported" else status == control.must
    return status, is_so and deciding.told.estimate is not None


def _words(read: Evidence, check: Check, alpha: float) -> tuple[list[Word], str | None]:
    """The words of a check's rules, and what stops the check: a rule that breaks, or no rows."""
    rules = parts_of(check)
    words: list[Word] = []
    stops: set[str] = set()
    for rule in rules:
        try:
            words.append(word_of(rule, read.measure(rule), alpha, len(rules)))
        except TooThin:
            words.append(Word(PartRuling(INCONCLUSIVE)))
        except NoValue:
            stops.add(BROKEN)
        except NoRows:
            stops.add(ABSENT)
    for word in (BROKEN, ABSENT):
        if word in stops:
            return words, word
    return words, None


def _joined(words: Sequence[Word]) -> tuple[str, Word]:
    """Refuted if one is, supported if all are; and the first rule with that word (section 5)."""
    found = [one.told.status for one in words]
    joined = INCONCLUSIVE
    if REFUTED in found:
        joined = REFUTED
    elif all(one == SUPPORTED for one in found):
        joined = SUPPORTED
    return joined, words[found.index(joined)]
