"""Verdicts: a status that never comes without estimate, interval, n and reason; and their file."""

from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from repro.errors import VerdictError
from repro.files import write_json

SCHEMA = 1


class Status(StrEnum):
    """The six words a claim can end with. Silence is not evidence: only the first two decide."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    ABSENT = "absent"
    BROKEN = "broken"

    @property
    def is_measured(self) -> bool:
        """Whether a check ran to its end and its controls behaved."""
        return self in (Status.SUPPORTED, Status.REFUTED, Status.INCONCLUSIVE)


class Contract(BaseModel):
    """Base of what other tools read: strict, frozen, finite, closed."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class ControlResult(Contract):
    """What a control came to."""

    name: str
    """Name of the control."""
    kind: Literal["negative", "positive", "instrument", "precondition"]
    """negative: must not be supported; positive: must be; instrument: must be exactly so;
    precondition: must hold for there to be anything to measure."""
    status: Status
    """Verdict of the control's own check."""
    ok: bool
    """Whether it behaved as the specification demands."""


class SaboteurCount(Contract):
    """How many of the planted changes to the evidence turned the verdict."""

    caught: int
    """Saboteurs that turned the verdict."""
    total: int
    """Saboteurs that were run."""


class EvidenceRef(Contract):
    """A table that was judged."""

    name: str
    """Name of the table."""
    sha256: str
    """SHA-256 of its Parquet file."""


class Verdict(Contract):
    """What one claim came to."""

    id: str
    """Claim id, stable for ever."""
    says: str
    """The claim in one sentence."""
    status: Status
    """The verdict."""
    estimate: float | None = None
    """Point estimate of the deciding quantity; none where nothing was measured."""
    low: float | None = None
    """Lower end of its interval."""
    high: float | None = None
    """Upper end of its interval."""
    unit: str
    """Unit of the estimate."""
    n: dict[str, int] = Field(default_factory=dict)
    """Number of independent clusters of each kind (seeds, documents) and of rows."""
    reason: str
    """Why this status, in words and numbers."""
    controls: list[ControlResult] = Field(default_factory=list[ControlResult])
    """The controls and whether each behaved."""
    saboteurs: SaboteurCount = SaboteurCount(caught=0, total=0)
    """Proof that the check can fail."""
    evidence: list[EvidenceRef] = Field(default_factory=list[EvidenceRef])
    """The tables judged, by hash."""
    spec_sha256: str
    """Hash of the claim's specification."""
    deviation: str
    """What differs from the paper's own setting."""


class Part(Contract):
    """One of several conditions that a claim joins by *and*."""

    says: str
    """The condition in words, with its threshold."""
    status: Status
    """What it came to alone."""
    estimate: float | None
    """Point estimate."""
    low: float | None
    """Lower end of the interval."""
    high: float | None
    """Upper end of the interval."""
    unit: str
    """Unit."""
    threshold: list[float]
    """The threshold, or the two ends of a band of equivalence."""


class SaboteurResult(Contract):
    """One planted change and what it did."""

    name: str
    """What was changed."""
    turns_to: list[Status]
    """Statuses that count as caught."""
    status: Status
    """Status after the change."""
    caught: bool
    """Whether the verdict turned as it must."""


class UnderScorer(Contract):
    """What the same rule came to under another scorer."""

    name: str
    """What a reader calls the scorer."""
    status: Status
    """What it came to, its own controls included."""
    estimate: float | None
    """Point estimate; none where nothing was measured."""
    low: float | None
    """Lower end of its interval."""
    high: float | None
    """Upper end of its interval."""
    unit: str
    """Unit of the estimate."""
    reason: str
    """Why this status."""


class Standing(StrEnum):
    """Where a claim stands against the lock of claims."""

    LOCKED = "as locked"
    AMENDED = "amended"
    CHANGED = "changed, not recorded"
    UNLOCKED = "not locked"


class Locked(Contract):
    """A claim's standing and the recorded entry that it rests on."""

    standing: Standing
    """As locked; amended: stated or changed when this very evidence had been judged; changed
    without a record; or not in the lock."""
    date: str | None = None
    """Day of the entry; none for a claim that is not locked."""
    why: str | None = None
    """The entry's reason."""

    @property
    def is_unrecorded(self) -> bool:
        """Whether a lock, if there is one, does not hold what the claim says now."""
        return self.standing in (Standing.CHANGED, Standing.UNLOCKED)

    @property
    def words(self) -> str:
        """The standing for a reader; for an amendment with date and reason."""
        if self.standing is not Standing.AMENDED:
            return str(self.standing)
        return f"amended ({self.date}, after this evidence had been judged: {self.why})"


class LockScope(Contract):
    """What verdicts keep of the lock as a whole, where there is one."""

    gone: dict[str, Locked]
    """Claims of the lock that have no file any more; as locked where that was recorded."""


class Details(Contract):
    """What verdicts keep of one claim beyond the contract's fields, for the report."""

    parts: list[Part]
    """The conditions one by one."""
    saboteurs: list[SaboteurResult]
    """The saboteurs one by one."""
    scored: list[UnderScorer] = Field(default_factory=list[UnderScorer])
    """The same rule under other scorers; none of them changes the verdict."""
    family_low: float | None
    """Lower end of the interval that holds over all decided claims together (Bonferroni)."""
    family_high: float | None
    """Upper end of that interval."""
    family_status: Status | None
    """Status under that interval."""
    traceback: str | None = None
    """Kept where the checker raised."""
    lock: Locked | None = None
    """Standing against the lock; none in verdicts from before there were locks."""

    @model_serializer(mode="wrap")
    def _without_scorers_where_there_are_none(
        self, whole: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        """A claim that is not about scores is written as it was before there were any."""
        return {key: value for key, value in whole(self).items() if key != "scored" or value}


class Family(Contract):
    """The claims whose intervals hold together."""

    m: int
    """Claims judged together."""
    method: str = "Bonferroni"
    """How confidence is shared among them."""


class VerdictScope(Contract):
    """What the verdicts speak of, and so how far they reach; and what the report shows beside them.

    Files of earlier runs say less and those of later ones may say more: what is not said reads as
    nothing, and a file that is written again keeps its own keys.
    """

    model_config = ConfigDict(extra="allow")

    model: str | None = None
    """Language model, named for what it is."""
    text: str = ""
    """Where the text comes from."""
    sources: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Share of the tokens of each split that comes from each source of the text."""
    bos: str = ""
    """Token that starts each sequence."""
    sites: dict[str, str] | None = None
    """Role of each site and the hook that it names."""
    tokens: dict[str, int] = Field(default_factory=dict)
    """Activations of each split."""
    seeds: list[int] = Field(default_factory=list[int])
    """Seeds of the grid."""
    device: str = ""
    """Processor or accelerator and the arithmetic used."""
    max_logit_difference: float | None = None
    """Largest difference between the logits of the adapter and of the plain model."""
    is_paper_setting: bool = False
    """Whether model, sites and sizes are those of the paper."""
    details: dict[str, Details] = Field(default_factory=dict)
    """More than the contract's fields, by claim."""
    family: Family | None = None
    """The claims whose intervals hold together."""
    lock: LockScope | None = None
    """The lock as a whole; none where there was none."""

    @model_serializer(mode="wrap")
    def _what_was_said(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in whole(self).items() if key in self.model_fields_set}


class Verdicts(Contract):
    """The file `verdicts.json`."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    """Version of this format."""
    profile: str
    """Profile that made the evidence: smoke, laptop or paper."""
    scope: VerdictScope
    """What they speak of, with details by claim."""
    verdicts: list[Verdict]
    """One for each claim, in the order of ids."""


def write_verdicts(target: Path, verdicts: Verdicts) -> None:
    """Write `verdicts.json`, whole or not at all."""
    write_json(target, verdicts.model_dump(mode="json", by_alias=True))


def read_verdicts(path: Path) -> Verdicts:
    """Read `verdicts.json` or a baseline, which has the same form.

    Raises:
        VerdictError: missing, no JSON, or not of the contract's form.
    """
    mend = "repro verify --evidence DIR --out FILE"
    try:
        return Verdicts.model_validate_json(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise VerdictError(f"{path} is missing", expected="a file of verdicts", mend=mend) from None
    except IsADirectoryError:
        raise VerdictError(
            f"{path} is a folder", expected="a file of verdicts", mend=mend
        ) from None
    except UnicodeDecodeError:
        raise VerdictError(f"{path} is no text", expected="JSON", mend=mend) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "top level"
        raise VerdictError(
            f"{path} does not follow the contract at {place}: {first['msg']}",
            expected=f"verdicts of schema {SCHEMA}",
            mend=mend,
        ) from None
