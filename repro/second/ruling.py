"""What the second judge says of a claim."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PartRuling:
    """What one rule came to."""

    status: str
    """Its word."""
    estimate: float | None = None
    """The θ that decides; none where nothing was measured."""
    low: float | None = None
    """Lower end of its interval."""
    high: float | None = None
    """Upper end of its interval."""
    joint_low: float | None = None
    """Lower end of the joint interval, where several numbers must hold together."""
    joint_high: float | None = None
    """Upper end of it."""
    interpolation: float | None = None
    """Error of interpolation in the half-width, where there is any."""


@dataclass(frozen=True)
class Ruling:
    """What a claim came to."""

    status: str
    """Its word."""
    estimate: float | None = None
    """The θ that decides; none where nothing was measured."""
    low: float | None = None
    """Lower end of its interval."""
    high: float | None = None
    """Upper end of its interval."""
    p: float | None = None
    """Smallest level at which it would be decided; none where nothing was measured."""
    p_holm: float | None = None
    """The same over all claims."""
    over_all: str | None = None
    """Its word over all claims; none where nothing was measured."""
    finding: str | None = None
    """What a refutation of a comparison found."""
    parts: tuple[PartRuling, ...] = ()
    """Its rules, one by one."""
    controls: Mapping[str, tuple[str, bool]] = field(default_factory=dict[str, tuple[str, bool]])
    """Each control's word, and whether it behaved."""
