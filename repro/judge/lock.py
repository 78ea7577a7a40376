"""The lock: what each claim said when it was recorded, and every change since, with its reason.

Whether a change came after evidence is decided by hashes and not by clocks, because evidence
carries no time: an entry keeps the tables that verdicts had already been given on when it was made.
"""

import datetime
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from repro.contract.verdict import Contract, EvidenceRef, Locked, Standing, Verdicts
from repro.contract.verdict_file import read_verdicts
from repro.errors import LockError
from repro.files import write_json
from repro.spec import Claim, load_claims, spec_sha256

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ClaimId = Annotated[str, Field(pattern=r"^[ck]\d{2}$")]
MEND = 'repro lock --why "..."'


class Entry(Contract):
    """One statement of a claim, and what was known when it was recorded."""

    spec_sha256: Sha256 | None
    """Hash of the specification; none where the claim was withdrawn."""
    date: datetime.date
    """Day on which it was recorded."""
    why: str = Field(pattern=r"\S")
    """The reason, in words."""
    seen: dict[str, list[Sha256]]
    """SHA-256 of the tables that the claim reads and that had been judged by then, by name."""

    def saw(self, evidence: Iterable[EvidenceRef]) -> bool:
        """Whether one of these very tables had been judged when the entry was made."""
        return any(ref.sha256 in self.seen.get(ref.name, ()) for ref in evidence)


class Lock(Contract):
    """The file `claims.lock`."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    """Version of this format."""
    claims: dict[ClaimId, Annotated[list[Entry], Field(min_length=1)]]
    """The history of each claim, oldest first."""

    def last(self, claim: str) -> Entry | None:
        """The latest entry of a claim, if it was ever recorded."""
        return self.claims[claim][-1] if claim in self.claims else None

    def says(self, claim: str) -> str | None:
        """The recorded hash; none for a claim never recorded or withdrawn."""
        entry = self.last(claim)
        return entry.spec_sha256 if entry else None


def lock_beside(claims: Path) -> Path:
    """Where the lock of a folder of claims lies: `claims.lock` beside `claims`.

    It bears the folder's name, so that another folder of claims beside it is not held to it.
    """
    folder = claims.resolve()
    return folder.with_name(f"{folder.name}.lock")


def read_lock(path: Path) -> Lock:
    """Read a lock.

    Raises:
        LockError: missing, unreadable, or not of this form; names the file and the key.
    """
    mend = f"git checkout -- {path.name}, or where it never was: {MEND}"
    try:
        return Lock.model_validate_json(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise LockError(f"{path} is missing", expected="a lock of claims", mend=mend) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise LockError(
            f"{path} cannot be read: {why}", expected="a lock of claims, JSON in UTF-8", mend=mend
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "top level"
        raise LockError(
            f"{path} is no lock at {key}: {first['msg']}",
            expected="for each claim its entries with spec_sha256, date, why and seen",
            mend=mend,
        ) from None


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock, whole or not at all, in the order of ids."""
    write_json(path, lock.model_dump(mode="json", by_alias=True))


def judged_beside(claims: Path) -> list[Path]:
    """Verdicts and baselines of all profiles, in the folder `reports` beside the claims."""
    reports = claims.resolve().parent / "reports"
    return sorted([*reports.glob("*/verdicts.json"), *reports.glob("*/baseline.json")])


def amend(  # the lock, what changed, why, when, and what had been seen
    path: Path,
    folder: Path,
    why: str,
    today: datetime.date,
    judged: Sequence[Path],
    *,
    is_unseen: bool = False,
) -> dict[str, str]:
    """Record in the lock at `path` what has changed in a folder of claims; see `record`.

    Without any verdicts at hand a change is refused, unless the caller says that there never were
    any: what had been judged would be forgotten.

    Returns:
        What happened to each claim that was not as locked; nothing is written where that is empty.

    Raises:
        LockError: the lock cannot be read, or there is something to record and no reason for it, or
            no verdicts to tell what has been seen.
        SpecError: a claim file is not valid.
        VerdictError: a file of verdicts cannot be read.
    """
    lock, claims = read_lock(path) if path.exists() else Lock(claims={}), load_claims(folder)
    found = changes(lock, claims)
    if not found:
        return {}
    if not why.strip():
        told = ", ".join(f"{claim} {happened}" for claim, happened in found.items())
        raise LockError(f"not as locked: {told}", expected="the reason for it", mend=MEND)
    if path.exists() and not judged and not is_unseen:
        raise LockError(
            "no verdicts are at hand: what has been judged by now would be forgotten",
            expected="the verdicts of every profile (git checkout -- reports, or --verdicts FILE)",
            mend=f"{MEND} --unseen, where nothing has ever been judged",
        )
    verdicts = [read_verdicts(file) for file in judged]
    write_lock(path, record(lock, claims, " ".join(why.split()), today, verdicts))
    return found


def changes(lock: Lock, claims: Sequence[Claim]) -> dict[str, str]:
    """The claims that are not as locked, by id, each with what happened to it in one word."""
    now = {claim.id: spec_sha256(claim) for claim in claims}
    return {
        claim: _happened(lock, claim, now.get(claim))
        for claim in sorted(now.keys() | lock.claims.keys())
        if now.get(claim) != lock.says(claim)
    }


def _happened(lock: Lock, claim: str, now: str | None) -> str:
    if now is None:
        return "withdrawn"
    return "changed" if lock.says(claim) else "new"


def record(
    lock: Lock, claims: Sequence[Claim], why: str, today: datetime.date, judged: Sequence[Verdicts]
) -> Lock:
    """The lock with an entry for each claim that is not as locked.

    What was seen stays seen: by the verdicts at hand, and by every entry of the lock, of whichever
    claim. A claim that joins later has seen what its tables had come to under other claims.

    Args:
        lock: what is recorded so far.
        claims: all claims of the folder.
        why: the reason for every change made now.
        today: the day to write down.
        judged: verdicts that were there when the change was made.
    """
    specs = {claim.id: claim for claim in claims}
    histories = dict(lock.claims)
    for id_ in changes(lock, claims):
        claim = specs.get(id_)
        entry = Entry(
            spec_sha256=spec_sha256(claim) if claim else None,
            date=today,
            why=why,
            seen=_seen(id_, claim.reads if claim else (), judged, lock),
        )
        histories[id_] = [*histories.get(id_, []), entry]
    return Lock(claims=histories)


def _seen(
    claim: str, reads: Sequence[str], judged: Sequence[Verdicts], lock: Lock
) -> dict[str, list[str]]:
    """Tables on which this claim was judged, or that it reads and any claim was judged on."""
    verdicts = [verdict for file in judged for verdict in file.verdicts]
    found = {
        (ref.name, ref.sha256)
        for verdict in verdicts
        for ref in verdict.evidence
        if verdict.id == claim or ref.name in reads
    }
    found |= {
        (name, sha)
        for history in lock.claims.values()
        for entry in history
        for name in set(reads) & entry.seen.keys()
        for sha in entry.seen[name]
    }
    return {
        name: sorted(sha for other, sha in found if other == name)
        for name in sorted({name for name, _ in found})
    }


def standing(
    lock: Lock | None, claim: str, spec: str | None, evidence: Sequence[EvidenceRef] = ()
) -> Locked:
    """Where a claim stands against the lock.

    What was once seen stays seen: any entry that saw this evidence amends the claim, also when a
    later one, recorded without verdicts at hand, did not.

    Args:
        lock: none where there is no lock file.
        claim: id of the claim.
        spec: hash of its specification; none where the claim is no longer there.
        evidence: the tables it was judged on.
    """
    history = lock.claims.get(claim, []) if lock else []
    if not history:
        return Locked(standing=Standing.UNLOCKED)
    late = [entry for entry in history if entry.saw(evidence)]
    if spec != history[-1].spec_sha256:
        told, entry = Standing.CHANGED, history[-1]
    elif late:
        told, entry = Standing.AMENDED, late[-1]
    else:
        told, entry = Standing.LOCKED, history[-1]
    return Locked(standing=told, date=entry.date.isoformat(), why=entry.why)


def gone(lock: Lock, claims: Container[str]) -> dict[str, Locked]:
    """Claims of the lock that are no longer in the folder: withdrawn, or removed in silence."""
    return {id_: standing(lock, id_, None) for id_ in sorted(lock.claims) if id_ not in claims}
