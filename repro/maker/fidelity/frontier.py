"""The reference frontier: what the field's own trainer reaches on the same activations, committed.

A frontier belongs to one model, text split and hook point, by content. It is made once by another
library in an environment of its own (`make frontier`); a run takes the one that fits, or none.
"""

from pathlib import Path
from typing import Any

from repro.contract.evidence import Table, read_evidence
from repro.contract.rows.fidelity import FidelityRow
from repro.files import sha256_of
from repro.maker.activations.shards import read_manifest
from repro.maker.engine.provenance import key_of
from repro.maker.source.records import ModelRecord, read_record

NAME = "fidelity"
"""Its table has the rows of that name: `reports/frontier/<profile>/fidelity.parquet`."""


def identity(artifacts: Path, site: str) -> dict[str, Any]:
    """What a frontier belongs to: the model at its revision, tokens by content, hook point.

    A hook point in an untrained version of the model says so: it is another one.
    """
    return identity_of(artifacts / "fetch", artifacts / "tokenize", artifacts / "activate" / site)


def identity_of(fetched: Path, tokens: Path, store: Path) -> dict[str, Any]:
    """The same from the folders of the stages."""
    manifest = read_manifest(store)
    model = read_record(fetched / "model", ModelRecord)
    left_out = manifest.n_skipped.get("train", 0) + manifest.n_sinks.get("train", 0)
    return {
        "model": model.name,
        "revision": model.revision or key_of(model.sha256),
        "tokens_sha256": sha256_of(tokens / "tokens.safetensors"),
        "training_tokens": manifest.rows("train") + left_out,
        "hook": manifest.place,
        "skip_positions": manifest.skip_positions,
        "sink_factor": round(manifest.sink_norm / (manifest.median_norm or 1.0), 6),
    }


def frontier_of(folder: Path, wanted: dict[str, Any]) -> list[FidelityRow]:
    """Rows of the frontier in `folder` that belongs to `wanted`; none where there is no such one.

    Raises:
        EvidenceError: a frontier is damaged.
    """
    for header in sorted(folder.glob(f"*/{NAME}.json")):
        table = read_evidence(header.parent, NAME)
        if all(table.header.provenance.get(key) == value for key, value in wanted.items()):
            return _rows(table)
    return []


def _rows(table: Table) -> list[FidelityRow]:
    names = list(table.columns)
    lists = [table.columns[name].tolist() for name in names]
    rows = zip(*lists, strict=True)
    return [FidelityRow(**dict(zip(names, values, strict=True))) for values in rows]
