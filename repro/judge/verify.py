"""Judge every claim on a folder of evidence, each in isolation, without running any model."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from repro.contract.evidence import Table, read_evidence
from repro.contract.header import Header
from repro.contract.verdict import (
    SCHEMA,
    Details,
    Family,
    JudgedBy,
    LockScope,
    Status,
    Verdicts,
    VerdictScope,
)
from repro.contract.vocabulary import awaited
from repro.errors import EvidenceError
from repro.files import sha256_of
from repro.judge.code import judge_sha256
from repro.judge.decide import Judgement, judge, undecided
from repro.judge.lock import Lock, gone, lock_beside, read_lock, standing
from repro.judge.one_run import strangers
from repro.judge.stats import holm
from repro.spec import Claim, load_claims


def verify(
    evidence: Path, claims: Path, profile: str | None = None, lock: Path | None = None
) -> Verdicts:
    """Judge the claims of one folder on the tables of another.

    Args:
        evidence: folder of `<name>.parquet` and `<name>.json`.
        claims: folder of claim files.
        profile: name of the profile; read from the evidence where it is not given.
        lock: file that holds the recorded specifications; without it the one beside `claims`, and
            where there is none every claim is "not locked".

    Raises:
        EvidenceError: there is no folder of evidence.
        LockError: the lock cannot be read.
        SpecError: a claim file is not one valid claim.
    """
    if not evidence.is_dir():
        raise EvidenceError(
            f"{evidence} is no folder of evidence",
            expected="a folder with tables such as fidelity.parquet and fidelity.json",
            mend="repro run, or give the right folder: repro verify --evidence DIR",
        )
    specs = load_claims(claims)
    locked = _lock_of(claims, lock)
    tables, faults = _of_one_run(*_read_all(evidence, specs))
    judged = {one.id: _judge_alone(one, tables, faults) for one in specs}
    over_all = holm(
        {id_: one.details.p for id_, one in judged.items() if one.details.p is not None}
    )
    levels = {one.id: 1 - one.confidence for one in specs}
    headers = [table.header for table in tables.values()]
    scope = VerdictScope(
        **_common_scope(headers),
        details={
            id_: _details(one, locked, over_all.get(id_), levels[id_])
            for id_, one in judged.items()
        },
        family=Family(
            m=len(over_all), method="Holm", expected_false=sum(levels[id_] for id_ in over_all)
        ),
        lock=LockScope(gone=gone(locked, judged)) if locked else None,
        judged_by=JudgedBy(
            code=judge_sha256(), lock=sha256_of(lock or lock_beside(claims)) if locked else None
        ),
    )
    return Verdicts(
        schema=SCHEMA,
        profile=profile or _common_profile(headers),
        scope=scope,
        verdicts=[one.verdict for one in judged.values()],
    )


def refused(evidence: Path, claims: Path) -> dict[str, str]:
    """The tables that are not judged, with the reason: not whole, or of another run."""
    _, faults = _of_one_run(*_read_all(evidence, load_claims(claims)))
    return {name: str(fault) for name, fault in faults.items()}


def _lock_of(claims: Path, given: Path | None) -> Lock | None:
    usual = lock_beside(claims)
    if given is None and not usual.exists():
        return None
    return read_lock(given or usual)


def _details(judged: Judgement, lock: Lock | None, p_holm: float | None, level: float) -> Details:
    """What was found out about a claim, its standing, and what it comes to among all claims."""
    verdict = judged.verdict
    stands = standing(lock, verdict.id, verdict.spec_sha256, verdict.evidence)
    over_all = {"p_holm": p_holm, "family_status": _over_all(verdict.status, p_holm, level)}
    return judged.details.model_copy(update={"lock": stands, **over_all})


def _over_all(status: Status, p_holm: float | None, level: float) -> Status | None:
    if p_holm is None:
        return None
    is_decided = status in (Status.SUPPORTED, Status.REFUTED)
    return Status.INCONCLUSIVE if is_decided and p_holm > level else status


def _read_all(
    folder: Path, specs: Sequence[Claim]
) -> tuple[dict[str, Table], dict[str, EvidenceError]]:
    """Every table that some claim reads and that is there, read once; and those that are bad."""
    tables: dict[str, Table] = {}
    faults: dict[str, EvidenceError] = {}
    for name in dict.fromkeys(name for one in specs for name in one.reads):
        if not any((folder / f"{name}.{suffix}").exists() for suffix in ("parquet", "json")):
            continue
        try:
            tables[name] = read_evidence(folder, name)
        except EvidenceError as error:
            faults[name] = error
    return tables, faults


def _judge_alone(
    claim: Claim, tables: dict[str, Table], faults: dict[str, EvidenceError]
) -> Judgement:
    """The verdict on one claim, whatever happens to it."""
    held = {name: tables[name] for name in claim.reads if name in tables}
    bad = [str(faults[name]) for name in claim.reads if name in faults]
    missing = [name for name in claim.reads if name not in tables and name not in faults]
    if bad:
        return undecided(claim, Status.BROKEN, "; ".join(bad), held)
    if missing:
        return undecided(claim, Status.ABSENT, _awaited(missing), held)
    try:
        return judge(claim, held)
    except Exception as error:  # one claim's bug must not silence the others
        reason = f"the checker raised {type(error).__name__}: {error}"
        return undecided(claim, Status.BROKEN, reason, held, traceback.format_exc())


def _awaited(missing: Sequence[str]) -> str:
    return "; ".join(
        f"evidence `{name}` is not there: stage `{awaited(name)}` will decide this claim"
        for name in missing
    )


def _of_one_run(
    tables: dict[str, Table], faults: dict[str, EvidenceError]
) -> tuple[dict[str, Table], dict[str, EvidenceError]]:
    """The tables without those of another run, which join the bad ones."""
    others = strangers([table.header for table in tables.values()])
    return {name: one for name, one in tables.items() if name not in others}, faults | others


def _common_scope(headers: Sequence[Header]) -> dict[str, Any]:
    scopes = (header.scope.model_dump() for header in headers if header.scope)
    return next(scopes, dict[str, Any]())


def _common_profile(headers: Sequence[Header]) -> str:
    return next((str(one.provenance.get("profile", "custom")) for one in headers), "custom")
