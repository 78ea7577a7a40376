"""What a report shows, in words and formatted numbers: built once, rendered twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from repro.contract.rows import command_of
from repro.contract.verdict import Family, Status, Verdicts, VerdictScope
from repro.report.cards import Card, card
from repro.report.figures.drawn import Drawn
from repro.report.numbers import count, number
from repro.report.patched import CLAIM as LISTED
from repro.report.patched import Listing
from repro.report.proofs import NOTHING_PROVED, Proofs, told_multiverse, told_proofs
from repro.report.quality import quality_sheets
from repro.report.rests import Rests
from repro.report.sheet import Sheet
from repro.spec import Claim

TITLE = "Sparse Autoencoders Find Highly Interpretable Features in Language Models"
MEANS: Mapping[Status, str] = {
    Status.SUPPORTED: "the whole interval meets the rule",
    Status.REFUTED: "the whole interval breaks the rule",
    Status.INCONCLUSIVE: "the interval straddles, or there is too little to judge",
    Status.INVALID: "a control misbehaved, so the number proves nothing",
    Status.ABSENT: "the evidence has not been made",
    Status.BROKEN: "the evidence or the checker failed",
}
MARKS: Mapping[Status, str] = {
    Status.SUPPORTED: "✓",
    Status.REFUTED: "✗",
    Status.INCONCLUSIVE: "?",
    Status.INVALID: "!",
    Status.ABSENT: "·",
    Status.BROKEN: "#",
}


class Page(NamedTuple):
    """The whole report."""

    title: str
    profile: str
    reach: str
    scope: list[tuple[str, str]]
    counts: list[tuple[Status, int]]
    family: str
    cards: list[Card]
    notes: list[str]
    evidence: str
    proofs: Proofs
    proved: list[str]
    forest: Drawn | None = None
    features: Listing | None = None
    sheets: Mapping[str, Sequence[Sheet]] = {}
    frontier: Drawn | None = None
    units: int | None = None
    """How many units have a page of their own; None where no pages were asked for."""
    rests: Mapping[str, Rests] = {}
    """The units that claims rest on, where they have pages."""
    verdicts_scope: VerdictScope = VerdictScope()

    @property
    def quality(self) -> list[Sheet]:
        """How good the dictionaries are, beside the field's own trainer on these activations."""
        return quality_sheets(self.proofs.compared, self.proofs.search, self.verdicts_scope)

    @property
    def readings(self) -> list[tuple[str, str]]:
        """The readings that were tried, and what differs in each."""
        return told_multiverse(self.proofs.multiverse) if self.proofs.multiverse else []

    @property
    def decided(self) -> list[Card]:
        """The claims whose evidence is there, whatever became of it."""
        return [one for one in self.cards if one.status is not Status.ABSENT]

    @property
    def placed(self) -> list[Card]:
        """The claims whose number stands on one side of a threshold, for the picture of all."""
        return [one for one in self.cards if one.standing]

    @property
    def choices(self) -> list[tuple[str, list[str]]]:
        """What the table of claims can be narrowed by, and the values of each."""
        return [
            ("verdict", sorted({one.status for one in self.cards})),
            ("source", sorted({one.source for one in self.cards if one.source})),
            ("stage", sorted({stage for one in self.cards for stage in one.stages})),
        ]

    def commands(self, card: Card) -> list[str]:
        """What to type to make this claim's evidence and verdict again."""
        prefix = "" if self.profile == "laptop" else f"profiles/{self.profile}/dvc.yaml:"
        made = sorted({command_of(table, prefix) for table in card.reads})
        return [*made, f"repro verify --evidence {self.evidence}"]

    def listing(self, card: Card) -> Listing | None:
        """The features to list on a card, if it is the one that they belong to."""
        return self.features if card.verdict.id == LISTED else None

    def sheets_of(self, card: Card) -> Sequence[Sheet]:
        """The small tables of a card."""
        return self.sheets.get(card.verdict.id, ())

    @property
    def absent(self) -> list[Card]:
        """The claims that wait for their stage."""
        return [one for one in self.cards if one.status is Status.ABSENT]


def page(
    verdicts: Verdicts,
    claims: Sequence[Claim] = (),
    figures: Sequence[Drawn] = (),
    notes: Sequence[str] = (),
    evidence: str = "DIR",
    proofs: Proofs = NOTHING_PROVED,
) -> Page:
    """Put verdicts, specifications, figures and proofs together, claim by claim."""
    specs = {claim.id: claim for claim in claims}
    found = Counter(verdict.status for verdict in verdicts.verdicts)
    return Page(
        title=TITLE,
        profile=verdicts.profile,
        reach=_reach(verdicts.scope),
        scope=_scope(verdicts.scope),
        counts=[(status, found[status]) for status in Status],
        family=_family(verdicts.scope.family),
        cards=[
            card(
                verdict,
                verdicts.scope.details.get(verdict.id),
                specs.get(verdict.id),
                [figure for figure in figures if figure.claim == verdict.id],
                proofs,
            )
            for verdict in verdicts.verdicts
        ],
        notes=list(notes),
        evidence=evidence,
        proofs=proofs,
        verdicts_scope=verdicts.scope,
        proved=told_proofs(proofs, [verdict.saboteurs for verdict in verdicts.verdicts]),
    )


def _reach(scope: VerdictScope) -> str:
    if scope.is_paper_setting:
        return "This is the paper's own setting."
    return (
        "Same protocol, other model: a verdict here neither confirms nor refutes the paper's own "
        "numbers; it says how far the claim carries."
    )


def _scope(scope: VerdictScope) -> list[tuple[str, str]]:
    sites = [f"{role} = {hook}" for role, hook in (scope.sites or {}).items()]
    tokens = [f"{count(n)} {kind.replace('_', ' ')}" for kind, n in scope.tokens.items()]
    sources = [
        f"{split}: {', '.join(f'{number(100 * share)} % {name}' for name, share in shares.items())}"
        for split, shares in scope.sources.items()
    ]
    lines = (
        ("model", scope.model or ""),
        ("text", scope.text),
        ("shares of the text", "; ".join(sources)),
        ("sequences begin with", scope.bos),
        ("sites", "; ".join(sites)),
        ("tokens", ", ".join(tokens)),
        ("seeds", ", ".join(map(str, scope.seeds))),
        ("device", scope.device),
        ("adapter", _adapter(scope.max_logit_difference)),
    )
    return [(name, text) for name, text in lines if text]


def _adapter(difference: float | None) -> str:
    if difference is None:
        return ""
    return f"its logits differ from the plain model's by at most {number(difference)}"


def _family(family: Family | None) -> str:
    if not (family and family.m):
        return ""
    told = f"{family.m} claims judged together, {family.method}"
    if family.expected_false is None:
        return told
    return f"{told}; of their own levels at most {number(family.expected_false, 2)} decide falsely"
