"""Verdicts: a status that never comes without estimate, interval, n and reason; and their file."""

from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

SCHEMA = 2
"""Of files written now; those of schema 1 say less and are read as well."""


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

    later: ClassVar[tuple[str, ...]] = ()
    """Fields that came later: a file that does not say them is written again without."""

    @model_serializer(mode="wrap")
    def _without_what_was_not_said(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        given = self.model_fields_set
        return {k: v for k, v in whole(self).items() if k not in self.later or k in given}


class ControlResult(Contract):
    """What a control came to."""

    later = ("must",)

    name: str
    """Name of the control."""
    kind: Literal["negative", "positive", "instrument", "precondition"]
    """negative: must not be supported; positive: must be; instrument: must be exactly so;
    precondition: must hold for there to be anything to measure."""
    status: Status
    """Verdict of the control's own check."""
    ok: bool
    """Whether it behaved as the specification demands."""
    must: Literal["supported", "not_supported", "refuted"] | None = None
    """How the specification demands that it comes out; none in files of schema 1."""


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


class Finding(StrEnum):
    """What a refutation has found, where a comparison was judged."""

    OPPOSITE = "the opposite"
    SMALLER = "smaller than what counts"


class Part(Contract):
    """One of several conditions that a claim joins by *and*."""

    later = ("side", "joint_low", "joint_high", "interpolation")

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
    side: Literal["above", "below", "inside"] | None = None
    """Where the interval must lie to support; none in files of schema 1."""
    joint_low: float | None = None
    """Lower end of the interval that holds jointly over all conditions, where there are several."""
    joint_high: float | None = None
    """Upper end of that interval."""
    interpolation: float | None = None
    """How much of the interval's half-width is the error of interpolating curves, where any is."""


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

    later = ("scored", "finding", "p", "p_holm", "family_low", "family_high")

    parts: list[Part]
    """The conditions one by one."""
    saboteurs: list[SaboteurResult]
    """The saboteurs one by one."""
    scored: list[UnderScorer] = Field(default_factory=list[UnderScorer])
    """The same rule under other scorers; none of them changes the verdict."""
    finding: Finding | None = None
    """What a refutation has found; none for any other status."""
    p: float | None = None
    """Smallest level at which the claim would be decided; none where nothing was measured."""
    p_holm: float | None = None
    """The same over all claims together (Holm)."""
    family_status: Status | None = None
    """Status at that level."""
    family_low: float | None = None
    """Lower end of the interval over all claims, in verdicts of before there were p-values."""
    family_high: float | None = None
    """Upper end of that interval."""
    traceback: str | None = None
    """Kept where the checker raised."""
    lock: Locked | None = None
    """Standing against the lock; none in verdicts from before there were locks."""


class Family(Contract):
    """The claims whose intervals hold together."""

    later = ("expected_false",)

    m: int
    """Claims judged together."""
    method: str = "Bonferroni"
    """How the level is shared among them."""
    expected_false: float | None = None
    """False decisions among them to be expected, at most, of their own levels."""


class JudgedBy(Contract):
    """What judged: other code or another lock may come to something else on the same evidence."""

    code: str
    """SHA-256 of the judge's sources."""
    lock: str | None = None
    """SHA-256 of the lock of claims; none where there was none."""


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
    judged_by: JudgedBy | None = None
    """What judged; none in files of schema 1."""

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
