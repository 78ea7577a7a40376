"""What the tables of a stage say of the run behind them, and how they are written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from repro.contract.header import Scope
from repro.contract.rows.row import Row
from repro.contract.written import write_evidence
from repro.files import sha256_of
from repro.maker.engine.provenance import key_of, versions
from repro.maker.interpret.reading import ReadInputs
from repro.maker.params.setting import Setting
from repro.maker.params.train import Train
from repro.maker.scope import scope_of
from repro.maker.source.records import ModelRecord, read_record
from repro.maker.stage import dumped


class Sections(Protocol):
    """Sections of `params.yaml` that every stage behind a trained grid reads."""

    @property
    def setting(self) -> Setting:
        """Name and kind of the profile."""
        ...

    @property
    def train(self) -> Train:
        """The grid."""
        ...


class Inputs(ReadInputs, Protocol):
    """Folders that other stages have made, by their names."""

    @property
    def train(self) -> Path:
        """Dictionaries."""
        ...


class About(NamedTuple):
    """What every table of a stage says beside its rows."""

    counts: Mapping[str, int]
    """Complete denominators."""
    scope: Scope
    """What the evidence speaks of."""
    provenance: Mapping[str, Any]
    """Params, hashes of the inputs and versions; no clock time."""


def about(params: Sections, inputs: Inputs, counts: Mapping[str, int], /, **more: Any) -> About:
    """What a stage says of its run; `more` is told of its provenance."""
    where = (inputs.fetch, inputs.tokenize, inputs.activate)
    provenance = {
        "profile": params.setting.profile,
        "params": dumped(params),
        **chain_of(inputs),
        "versions": versions(),
        **more,
    }
    return About(counts, scope_of(params.setting, params.train, *where), provenance)


def chain_of(inputs: Inputs) -> dict[str, str]:
    """Hashes from the model and the tokens to the dictionaries: equal in all tables of one run."""
    record = read_record(inputs.fetch / "model", ModelRecord)
    stores = sorted(inputs.activate.glob("*/manifest.json"))
    return {
        "model_sha256": key_of(record.model_dump(mode="json")),
        "tokens_sha256": sha256_of(inputs.tokenize / "tokens.safetensors"),
        "activations_sha256": key_of({path.parent.name: sha256_of(path) for path in stores}),
        "trained_sha256": sha256_of(inputs.train / "manifest.json"),
    }


def write_tables(folder: Path, tables: Mapping[str, Sequence[Row]], told: About) -> None:
    """Write every table of a stage.

    Raises:
        EvidenceError: one has no rows.
    """
    for name, rows in tables.items():
        write_evidence(folder, name, rows, **told._asdict())
