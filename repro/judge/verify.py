"""Judge every claim on a folder of evidence, each in isolation, without running any model."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from repro.contract.evidence import Header, Table, read_evidence
from repro.contract.rows import command_of
from repro.contract.verdict import Details, Family, LockScope, Status, Verdicts, VerdictScope
from repro.contract.vocabulary import awaited
from repro.errors import EvidenceError, VerdictError
from repro.judge.decide import Judgement, judge, undecided
from repro.judge.lock import Lock, gone, lock_beside, read_lock, standing
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
        VerdictError: the tables speak of different models, texts or profiles.
    """
    if not evidence.is_dir():
        raise EvidenceError(
            f"{evidence} is no folder of evidence",
            expected="a folder with tables such as fidelity.parquet and fidelity.json",
            mend="repro run, or give the right folder: repro verify --evidence DIR",
        )
    specs = load_claims(claims)
    locked = _lock_of(claims, lock)
    tables, faults = _read_all(evidence, specs)
    n_claims = sum(all(name in tables or name in faults for name in one.reads) for one in specs)
    judged = {one.id: _judge_alone(one, tables, faults, n_claims) for one in specs}
    headers = [table.header for table in tables.values()]
    scope = VerdictScope(
        **_common_scope(headers),
        details={id_: _details(one, locked) for id_, one in judged.items()},
        family=Family(m=n_claims),
        lock=LockScope(gone=gone(locked, judged)) if locked else None,
    )
    return Verdicts(
        schema=1,
        profile=profile or _common_profile(headers),
        scope=scope,
        verdicts=[one.verdict for one in judged.values()],
    )


def _lock_of(claims: Path, given: Path | None) -> Lock | None:
    usual = lock_beside(claims)
    if given is None and not usual.exists():
        return None
    return read_lock(given or usual)


def _details(judged: Judgement, lock: Lock | None) -> Details:
    verdict = judged.verdict
    stands = standing(lock, verdict.id, verdict.spec_sha256, verdict.evidence)
    return judged.details.model_copy(update={"lock": stands})


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
    claim: Claim, tables: dict[str, Table], faults: dict[str, EvidenceError], n_claims: int
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
        return judge(claim, held, n_claims)
    except Exception as error:  # one claim's bug must not silence the others
        reason = f"the checker raised {type(error).__name__}: {error}"
        return undecided(claim, Status.BROKEN, reason, held, traceback.format_exc())


def _awaited(missing: Sequence[str]) -> str:
    return "; ".join(
        f"evidence `{name}` is not there: stage `{awaited(name)}` will decide this claim"
        for name in missing
    )


def _common_scope(headers: Sequence[Header]) -> dict[str, Any]:
    scopes = {header.name: header.scope.model_dump() for header in headers if header.scope}
    for name, scope in scopes.items():
        first, wanted = next(iter(scopes.items()))
        differing = [key for key in wanted if scope[key] != wanted[key]]
        if differing:
            raise VerdictError(
                f"tables {first} and {name} differ in {', '.join(differing)}",
                expected="evidence of one run: the same model, text, sites, seeds and device",
                mend=", then: ".join(dict.fromkeys(map(command_of, (first, name)))),
            )
    return next(iter(scopes.values()), dict[str, Any]())


def _common_profile(headers: Sequence[Header]) -> str:
    names = {str(header.provenance.get("profile", "custom")) for header in headers}
    if len(names) > 1:
        raise VerdictError(
            f"the tables come from different profiles: {', '.join(sorted(names))}",
            expected="evidence of one profile",
            mend="repro verify --evidence DIR, with the folder of one profile",
        )
    return names.pop() if names else "custom"
