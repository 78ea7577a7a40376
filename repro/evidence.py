"""Evidence: the tidy tables that stages write and checks read, as Parquet with a JSON header.

A table `<name>` is two files in one folder: `<name>.parquet` (one row a measurement unit) and
`<name>.json` (its header). Sums are stored, never ratios, so that any subset of documents or seeds
has an exact value for every ratio: FVU of a subset is its sum of errors over its sum of variances.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from repro.errors import EvidenceError
from repro.files import sha256_of, write_json, write_with

SCHEMA = 1


class Row(BaseModel):
    """One measurement unit; the fields are the columns of the table."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class DictionaryKey(Row):
    """What names a dictionary: where it reads, how it was made, and its settings."""

    site: str
    """Role of the site: early, middle, late, or planted (planted_width, planted_knee)."""
    method: str
    """How it was made: sae, sae_random_decoder, pca_static, pca_topk, neurons_topk, ..."""
    alpha: float
    """L1 coefficient in the mean-squared-error convention; 0 where there is no penalty."""
    k: int
    """Number of components kept by a static or top-k method; 0 where the code decides by itself."""
    width: float
    """Dictionary size over the dimension of the activations (R)."""
    seed: int
    """Seed of initialisation and data order; 0 for methods without randomness."""


class FidelityRow(DictionaryKey):
    """Reconstruction of one held-out document by one dictionary (sums over its tokens)."""

    document: int
    """Held-out document, the unit that intervals resample together with the seed."""
    n_tokens: int
    """Tokens scored (attention sinks are left out)."""
    active: float
    """Sum over tokens of the number of non-zero code entries; over n_tokens it is L0."""
    code_l1: float
    """Sum over tokens of the L1 norm of the code."""
    squared_error: float
    """Sum over tokens and coordinates of (x - x_hat)^2, in normalised activation units."""
    variance: float
    """Sum over tokens and coordinates of (x - mean)^2; squared_error / variance is FVU."""
    squared_error_normalised: float
    """The same error with each coordinate divided by its own variance."""
    variance_normalised: float
    """The same variance with each coordinate divided by its own variance."""
    x_dot_reconstruction: float
    """Sum over tokens of <x, x_hat>."""
    reconstruction_dot_reconstruction: float
    """Sum over tokens of <x_hat, x_hat>; the ratio of the two is the shrinkage, 1 for none."""


class RefitRow(DictionaryKey):
    """The same document after the active code entries were refitted by least squares."""

    document: int
    """Held-out document."""
    n_tokens: int
    """Tokens in the refit sample."""
    squared_error_before: float
    """Sum of squared errors of the dictionary's own codes on the sample."""
    squared_error_after: float
    """Sum of squared errors with the same active set and least-squares codes."""


class DictionaryRow(DictionaryKey):
    """The units of one dictionary, counted on the held-out tokens."""

    n_tokens: int
    """Held-out tokens over which firings were counted."""
    n_features: int
    """Dictionary size."""
    n_alive: int
    """Features with more than 10 non-zero activations (the paper's rule)."""
    n_silent: int
    """Features with no activation at all."""
    n_dense: int
    """Features active on more than a tenth of the tokens."""
    n_duplicated: int
    """Alive features with another alive feature at decoder cosine above 0.9."""
    n_duplicated_null: int
    """The same count in a random unit dictionary with as many features as are alive here."""
    n_pairs: int
    """Pairs of alive features."""
    n_duplicate_pairs: int
    """Pairs of alive features at decoder cosine above 0.9."""


class AgreementRow(Row):
    """One-to-one (Hungarian) matching of the alive features of two seeds of one setting."""

    site: str
    """Role of the site."""
    method: str
    """sae, random (two random dictionaries) or permuted (a dictionary and its own permutation)."""
    alpha: float
    """L1 coefficient."""
    width: float
    """Dictionary size over dimension."""
    seed_a: int
    """First seed."""
    seed_b: int
    """Second seed."""
    n_features: int
    """Features that could be matched: the smaller number of alive ones."""
    n_matched: int
    """Features whose matched partner has cosine at least 0.7."""
    cosine: float
    """Sum over matched pairs of their cosine."""


class SubstitutionRow(DictionaryKey):
    """Next-token loss of one document with the activations replaced by their reconstruction."""

    document: int
    """Held-out document."""
    n_predictions: int
    """Predicted tokens, the same for every column of losses."""
    loss_clean: float
    """Sum of cross-entropies of the untouched model, in nats."""
    loss_replaced: float
    """Sum of cross-entropies with x replaced by x_hat, in nats."""
    loss_zero: float
    """Sum of cross-entropies with x replaced by zero, in nats."""
    loss_mean: float
    """Sum of cross-entropies with x replaced by the training mean, in nats."""


class ToyRow(Row):
    """Recovery of planted features by one dictionary, trained or of chance."""

    regime: str
    """independent (equally likely, unrelated features) or hard (correlated, rare, hierarchical)."""
    method: str
    """sae, random (unit rows of chance) or truth (the true features in another order)."""
    alpha: float
    """L1 coefficient; 0 where there is no training."""
    width: float
    """Dictionary size over dimension."""
    seed: int
    """Seed of initialisation and data order."""
    fvu_rank: int
    """Place of this penalty by held-out FVU, 1 the smallest, among its regime, width and seed."""
    n_true: int
    """True features."""
    n_learned: int
    """Rows of the dictionary."""
    cosine: float
    """Sum over true features of the cosine with their one-to-one (Hungarian) partner."""
    n_recovered: int
    """True features whose partner has cosine at least 0.9."""
    nearest_cosine: float
    """Sum over true features of the largest cosine with any row; over n_true it is MMCS."""
    nearest_cosine_learned: float
    """Sum over rows of the largest cosine with any true feature."""
    active_true: float
    """True features active at once, on average."""
    n_tokens: int
    """Held-out vectors."""
    active: float
    """Sum over vectors of the number of non-zero code entries."""
    squared_error: float
    """Sum over vectors and coordinates of (x - x_hat)^2, in normalised units."""
    variance: float
    """Sum over vectors and coordinates of (x - mean)^2."""


ROW_MODELS: Mapping[str, type[Row]] = {
    "fidelity": FidelityRow,
    "refit": RefitRow,
    "dictionaries": DictionaryRow,
    "agreement": AgreementRow,
    "substitution": SubstitutionRow,
    "toy": ToyRow,
}

STAGE_OF: Mapping[str, str] = {
    "fidelity": "fidelity",
    "refit": "fidelity",
    "dictionaries": "fidelity",
    "agreement": "fidelity",
    "substitution": "fidelity",
    "interpret": "interpret",
    "ioi": "ioi",
    "features": "features",
    "toy": "toy",
    "steer": "steer",
    "erase": "erase",
    "ratings": "rate",
}
"""Which stage writes a table, built or not: an absent table names the stage to wait for."""


class Scope(BaseModel):
    """What the evidence speaks of, and so how far a verdict reaches."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    model: str
    """Language model, named for what it is."""
    text: str
    """Where the text comes from."""
    sites: dict[str, str]
    """Role of each site and the hook that it names."""
    tokens: dict[str, int]
    """Number of training and held-out tokens."""
    seeds: list[int]
    """Seeds of the grid."""
    device: str
    """Processor or accelerator and the arithmetic used."""
    max_logit_difference: float
    """Largest difference between the logits of the adapter and of the plain model, at load."""
    is_paper_setting: bool
    """Whether model, sites and sizes are those of the paper."""


class Header(BaseModel):
    """What stands beside a table: where it comes from and what it counts."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    schema_version: int = Field(default=SCHEMA)
    """Version of this format."""
    name: str
    """Name of the table."""
    stage: str
    """Stage that wrote it."""
    n_rows: int
    """Rows in the table."""
    columns: dict[str, str]
    """Column names and their types: str, int or float."""
    counts: dict[str, int]
    """Complete denominators: sampled, dead, dropped, failed, scored, ..."""
    scope: Scope | None
    """What the evidence speaks of; none where it speaks of planted data alone."""
    provenance: dict[str, Any]
    """Params, input hashes, versions, device; no clock time, so that a re-run is identical."""
    sha256: str
    """SHA-256 of the Parquet file."""


@dataclass(frozen=True)
class Table:
    """Columns of equal length with their header; row subsets share nothing with the original."""

    columns: Mapping[str, np.ndarray]
    header: Header

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rows(self, mask: np.ndarray) -> "Table":
        """The rows where `mask` holds."""
        return Table({name: values[mask] for name, values in self.columns.items()}, self.header)

    def replace(self, **columns: np.ndarray) -> "Table":
        """The same rows with some columns changed (saboteurs use this)."""
        return Table({**self.columns, **columns}, self.header)


_NUMPY_KIND = {str: "str", int: "int", float: "float"}


def column_types(model: type[Row]) -> dict[str, str]:
    """Column names of a row model and their types as the header spells them."""
    hints = get_type_hints(model)
    return {name: _NUMPY_KIND[hints[name]] for name in model.model_fields}


def write_evidence(
    folder: Path,
    name: str,
    rows: Sequence[Row],
    *,
    counts: Mapping[str, int],
    scope: Scope | None,
    provenance: Mapping[str, Any],
) -> None:
    """Write a table and its header; the header comes last and vouches for the table.

    Raises:
        EvidenceError: there are no rows.
    """
    model = ROW_MODELS[name]
    if not rows:
        raise EvidenceError(
            f"nothing was measured for {name}: the table would have zero rows",
            expected="at least one row a dictionary",
            mend=f"widen the section `{STAGE_OF[name]}` of params.yaml, then: dvc repro",
        )
    columns = {c: [getattr(row, c) for row in rows] for c in model.model_fields}
    target = folder / f"{name}.parquet"
    write_with(target, lambda part: pq.write_table(pa.table(columns), part, compression="zstd"))
    header = Header(
        name=name,
        stage=STAGE_OF[name],
        n_rows=len(rows),
        columns=column_types(model),
        counts=dict(counts),
        scope=scope,
        provenance=dict(provenance),
        sha256=sha256_of(target),
    )
    write_json(folder / f"{name}.json", header.model_dump())


def read_header(folder: Path, name: str) -> Header:
    """Read `<name>.json`.

    Raises:
        EvidenceError: it is missing, is no JSON, or does not follow the header model.
    """
    path = folder / f"{name}.json"
    try:
        return Header.model_validate(json.loads(path.read_text(encoding="utf8")))
    except FileNotFoundError:
        raise EvidenceError(
            f"{path} is missing", expected="a JSON header beside the table", mend=_mend(name)
        ) from None
    except (ValidationError, ValueError) as error:
        raise EvidenceError(
            f"{path} is not a header of evidence: {_first_line(error)}",
            expected=f"the fields of schema {SCHEMA}",
            mend=_mend(name),
        ) from None


def read_evidence(folder: Path, name: str) -> Table:
    """Read a table and hold it against its header and its row model.

    Raises:
        EvidenceError: a file is missing, truncated or altered; a column is missing, unknown or of
            the wrong type; there are no rows; a number is NaN or infinite.
    """
    header = read_header(folder, name)
    path = folder / f"{name}.parquet"
    if not path.exists():
        raise EvidenceError(
            f"{path} is missing", expected="the table its header names", mend=_mend(name)
        )
    found = sha256_of(path)
    if found != header.sha256:
        raise EvidenceError(
            f"{path} is not the file its header vouches for (sha256 {found[:12]}...)",
            expected=f"sha256 {header.sha256[:12]}...: the file was truncated or changed",
            mend=_mend(name),
        )
    try:
        # `pq.read_table` would go through pyarrow.dataset, which imports pandas (half a second).
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise EvidenceError(
            f"{path} cannot be read: {_first_line(error)}", expected="Parquet", mend=_mend(name)
        ) from None
    expected = column_types(ROW_MODELS[name]) if name in ROW_MODELS else header.columns
    columns = {
        column: _checked_column(path, name, table, column, kind)
        for column, kind in expected.items()
    }
    unknown = sorted(set(table.column_names) - set(expected))
    if unknown:
        raise EvidenceError(
            f"{path} has the unknown column {unknown[0]!r}",
            expected=f"the columns {', '.join(expected)}",
            mend=_mend(name),
        )
    if table.num_rows == 0:
        raise EvidenceError(f"{path} has zero rows", expected="at least one row", mend=_mend(name))
    return Table(columns, header)


_ARROW_KINDS = {
    "str": lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
    "int": pa.types.is_integer,
    "float": pa.types.is_floating,
}


def _checked_column(path: Path, name: str, table: pa.Table, column: str, kind: str) -> np.ndarray:
    if column not in table.column_names:
        raise EvidenceError(
            f"{path} has no column {column!r} (found: {', '.join(table.column_names)})",
            expected=f"a column {column!r} of type {kind}",
            mend=_mend(name),
        )
    arrow = table.column(column)
    if not _ARROW_KINDS[kind](arrow.type):
        raise EvidenceError(
            f"{path}: column {column!r} has type {arrow.type}", expected=kind, mend=_mend(name)
        )
    values = None if arrow.null_count else _numpy(arrow.combine_chunks(), kind)
    if values is None or (kind == "float" and not np.isfinite(values).all()):
        raise EvidenceError(
            f"{path}: column {column!r} holds NaN, infinite or missing values",
            expected="finite numbers: what could not be measured is left out and counted",
            mend=_mend(name),
        )
    return values


def _numpy(arrow: pa.Array, kind: str) -> np.ndarray:
    # Not `to_numpy`, which imports pandas (half a second) wherever it is installed.
    return np.array(arrow.to_pylist(), dtype=str) if kind == "str" else np.from_dlpack(arrow)


def _mend(name: str) -> str:
    return f"dvc repro {STAGE_OF.get(name, name)}"


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0]
