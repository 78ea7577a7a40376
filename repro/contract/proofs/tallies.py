"""The files of a calibration: counts of verdicts as Parquet, and a summary that vouches for them.

`calibration.parquet` has a row for each set of draws; `summary.json` says what was calibrated,
where and when, and how each check fared, to be read by eye.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from repro.contract.parquet import (
    ArrowSchema,
    Kind,
    read_table,
    schema_of,
    table_of_rows,
    write_table,
)
from repro.contract.proofs.calibration import (
    AtEdge,
    Calibration,
    Circumstances,
    ClaimCalibration,
    ErrorRates,
    Frozen,
    Power,
    PowerCurve,
    Rate,
    Subject,
)
from repro.errors import EvidenceError
from repro.files import write_json

TABLE, SUMMARY = "calibration.parquet", "summary.json"
MEND = "make calibrate"
COLUMNS: Mapping[str, Kind] = {
    "claim": "str",
    "control": "str",
    "edge": "str",
    "errors": "str",
    "effect": "float",
    "draws": "int",
    "supported": "int",
    "supported_lower": "float",
    "supported_upper": "float",
    "refuted": "int",
    "refuted_lower": "float",
    "refuted_upper": "float",
    "unjudged": "int",
}
"""A set of draws: from which boundary, how far inside it, under which errors; what was counted,
with 95 % bounds of its share."""
MAY_BE_EMPTY = ("control", "refuted", "refuted_lower", "refuted_upper", "unjudged")
"""The check of a claim itself has no control; beyond a boundary support alone is counted."""

Row = Mapping[str, Any]


class CurveSummary(Frozen):
    """A power curve without its points."""

    edge: str
    """Which condition the effect is about."""
    unit: str
    """Unit of the effect."""
    smallest_effect: float | None
    """Effect at which 80 % of verdicts are `supported`, interpolated; none if never reached."""


class CheckSummary(Subject):
    """How one check fared with normal errors at the real sizes, and what it sees."""

    false_support: str
    """At the boundary where it is highest, in words: the rows have the numbers."""
    false_refute: str
    """As above."""
    curves: list[CurveSummary]
    """The most telling one first."""


class Summary(Circumstances):
    """All that is not a row."""

    schema_version: Literal[4] = 4
    """Version of this format."""
    claims: list[CheckSummary]
    """In the order of the claims; controls after their claim."""
    n_rows: int
    """Rows of the Parquet file."""
    sha256: str
    """SHA-256 of the Parquet file."""


def schema() -> ArrowSchema:
    """The columns of the Parquet file."""
    return schema_of(COLUMNS, MAY_BE_EMPTY)


def write_calibration(folder: Path, found: Calibration) -> None:
    """Write both files; the summary comes last and vouches for the rows."""
    rows = [row for one in found.claims for row in _rows(one)]
    sha256 = write_table(folder / TABLE, table_of_rows(rows, schema()))
    summary = _summary(found, len(rows), sha256)
    write_json(folder / SUMMARY, summary.model_dump(mode="json"))


def read_calibration(folder: Path) -> Calibration:
    """Read both files and hold them against each other.

    Raises:
        EvidenceError: a file is missing, damaged, not of this form, or not that of the other.
    """
    summary = _read_summary(folder / SUMMARY)
    rows = _read_rows(folder / TABLE, summary.sha256)
    try:
        found = _calibration(summary, rows)
        again = _summary(found, len(rows), summary.sha256)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise EvidenceError(
            f"{folder / TABLE} has not the rows of a calibration: {_first_line(error)}",
            expected="draws on the boundaries of each check in the summary, and of no other",
            mend=MEND,
        ) from None
    if again != summary:
        raise EvidenceError(
            f"{folder / SUMMARY} tells other figures than the rows beside it",
            expected="the figures that follow from the rows",
            mend=MEND,
        )
    return found


def _read_summary(path: Path) -> Summary:
    try:
        return Summary.model_validate_json(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        found = f"{path} is missing"
    except (ValidationError, UnicodeDecodeError) as error:
        found = f"{path} is no calibration: {_first_line(error)}"
    raise EvidenceError(found, expected="the summary of a calibration, of schema 4", mend=MEND)


def _read_rows(path: Path, sha256: str) -> Sequence[Row]:
    table = read_table(path, sha256, MEND)
    if table.schema != schema():
        raise EvidenceError(
            f"{path} has other columns: {_columns(table.schema)}",
            expected=_columns(schema()),
            mend=MEND,
        )
    return table.to_pylist()


def _columns(schema: ArrowSchema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)


def _summary(found: Calibration, n_rows: int, sha256: str) -> Summary:
    checks = [
        CheckSummary(
            **_shared(Subject, one),
            false_support=_told(one.false_support),
            false_refute=_told(one.false_refute),
            curves=[CurveSummary(**_shared(CurveSummary, curve)) for curve in one.curves],
        )
        for one in found.claims
    ]
    return Summary(**_shared(Circumstances, found), claims=checks, n_rows=n_rows, sha256=sha256)


def _told(rate: Rate) -> str:
    return f"{rate.count} of {rate.draws} ({rate.lower:.2%} to {rate.upper:.2%})"


def _calibration(summary: Summary, rows: Sequence[Row]) -> Calibration:
    """The whole, from what the summary tells and the rows of each check."""
    of_check: dict[tuple[str, str | None], list[Row]] = {}
    for row in rows:
        of_check.setdefault((row["claim"], row["control"]), []).append(row)
    claims = [_claim(one, of_check.pop((one.id, one.control))) for one in summary.claims]
    if of_check:
        raise LookupError(f"no check of the summary is {next(iter(of_check))}")
    return Calibration(**_shared(Circumstances, summary), claims=claims)


def _claim(told: CheckSummary, rows: Sequence[Row]) -> ClaimCalibration:
    edges = [_at_edge(row) for row in rows if row["effect"] == 0]
    of_errors: dict[str, list[AtEdge]] = {}
    for edge in edges:
        of_errors.setdefault(edge.errors, []).append(edge)
    return ClaimCalibration(
        **_shared(Subject, told),
        rates=[ErrorRates.at_worst(some, told.level) for some in of_errors.values()],
        edges=edges,
        curves=[
            PowerCurve(**_shared(CurveSummary, curve), points=_points(curve.edge, rows))
            for curve in told.curves
        ],
    )


def _points(edge: str, rows: Sequence[Row]) -> list[Power]:
    """The points of a power curve, the boundary itself first."""
    own = [row for row in rows if row["edge"] == edge and row["errors"] == "normal"]
    return [
        Power(effect=row["effect"], supported=_rate(row, "supported"))
        for row in sorted(own, key=lambda row: row["effect"])
    ]


def _at_edge(row: Row) -> AtEdge:
    return AtEdge(
        edge=row["edge"],
        errors=row["errors"],
        supported=_rate(row, "supported"),
        refuted=_rate(row, "refuted"),
        unjudged=row["unjudged"],
    )


def _rate(row: Row, what: str) -> Rate:
    return Rate(
        count=row[what],
        draws=row["draws"],
        lower=row[f"{what}_lower"],
        upper=row[f"{what}_upper"],
    )


def _rows(one: ClaimCalibration) -> Iterator[Row]:
    """A row for each set of draws; those on a boundary are points of its power curve as well."""
    subject = {"claim": one.id, "control": one.control}
    for edge in one.edges:
        place = {"edge": edge.edge, "errors": edge.errors, "effect": 0.0}
        counts = _counts("supported", edge.supported) | _counts("refuted", edge.refuted)
        yield {**subject, **place, **counts, "unjudged": edge.unjudged}
    for curve in one.curves:
        for point in curve.points:
            if point.effect:
                place = {"edge": curve.edge, "errors": "normal", "effect": point.effect}
                yield {**subject, **place, **_counts("supported", point.supported)}


def _counts(what: str, rate: Rate) -> dict[str, Any]:
    bounds = {f"{what}_lower": rate.lower, f"{what}_upper": rate.upper}
    return {"draws": rate.draws, what: rate.count, **bounds}


def _shared(model: type[Frozen], one: Frozen) -> dict[str, Any]:
    """The fields that `one` has of a smaller model."""
    return {name: getattr(one, name) for name in model.model_fields}


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
