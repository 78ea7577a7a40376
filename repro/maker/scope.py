"""What a run's evidence speaks of: the same for every table that a language model stands behind."""

from pathlib import Path

from repro.contract.header import Scope
from repro.maker.activations.harvested import harvested
from repro.maker.activations.shards import Manifest
from repro.maker.activations.splits import SPLITS
from repro.maker.activations.tokens import read_tokens_manifest
from repro.maker.engine.device import describe, resolve_device, resolve_dtype
from repro.maker.params.setting import Setting
from repro.maker.params.train import Train
from repro.maker.source.records import ModelRecord, TextRecord, read_record


def scope_of(
    setting: Setting, train: Train, fetched: Path, tokens: Path, activations: Path
) -> Scope:
    """Model, text, sites, tokens, seeds and arithmetic of a run, from what its stages left.

    Raises:
        ArtifactError: what `fetch`, `tokenize` or `activate` wrote is missing or malformed.
    """
    manifests = harvested(activations)
    sequences = read_tokens_manifest(tokens)
    device = resolve_device(train.device)
    dtype = resolve_dtype(train.precision, device)
    seeds = {seed for group in train.groups.values() for seed in group.seeds}
    return Scope(
        model=read_record(fetched / "model", ModelRecord).name,
        text=read_record(fetched / "text", TextRecord).name,
        sources={
            split: {name: count / sum(counts.values()) for name, count in counts.items()}
            for split, counts in sequences.sources.items()
        },
        bos=sequences.bos_token or "none",
        sites={site: manifest.place for site, manifest in manifests.items()},
        tokens=_tokens(manifests),
        seeds=sorted(seeds),
        device=describe(device, dtype, train.executor.threads),
        max_logit_difference=max(
            manifest.provenance["max_logit_difference"] for manifest in manifests.values()
        ),
        is_paper_setting=setting.is_paper_setting,
    )


def _tokens(manifests: dict[str, Manifest]) -> dict[str, int]:
    """Activations of each split at the site that has most; training ones of the others by name."""
    most = max(manifests.values(), key=lambda manifest: manifest.rows("train"))
    others = {
        f"train, {site}": manifest.rows("train")
        for site, manifest in manifests.items()
        if manifest.rows("train") < most.rows("train")
    }
    return {split: most.rows(split) for split in SPLITS} | others
