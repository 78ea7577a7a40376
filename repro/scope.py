"""What a run's evidence speaks of: the same for every table that a language model stands behind."""

from pathlib import Path

from repro.device import describe, resolve_device, resolve_dtype
from repro.evidence import Scope
from repro.params import Params
from repro.shards import read_manifest
from repro.sources import ModelRecord, TextRecord, read_record


def scope_of(params: Params, fetched: Path, activations: Path) -> Scope:
    """Model, text, sites, tokens, seeds and arithmetic of a run, from what its stages left.

    Raises:
        ArtifactError: what `fetch` or `activate` wrote is missing or malformed.
    """
    manifests = {site: read_manifest(activations / site) for site in params.activate.sites}
    first = next(iter(manifests.values()))
    device = resolve_device(params.activate.device)
    dtype = resolve_dtype(params.activate.dtype, device)
    seeds = {seed for group in params.train.groups.values() for seed in group.seeds}
    return Scope(
        model=read_record(fetched / "model", ModelRecord).name,
        text=read_record(fetched / "text", TextRecord).name,
        sites={site: manifest.hook for site, manifest in manifests.items()},
        tokens={"train": first.rows("train"), "heldout": first.rows("heldout")},
        seeds=sorted(seeds),
        device=describe(device, dtype, params.train.executor.threads),
        max_logit_difference=first.provenance["max_logit_difference"],
        is_paper_setting=params.is_paper_setting,
    )
