"""Stage `activate`: activations of the language model at several hook points, as shards.

The same hook points may be read on the same text in untrained versions of the model, as sites of
their own. A version is loaded once the one before it is gone: one model is in memory at a time.
"""

import gc
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from repro.errors import ParamsError
from repro.files import write_json
from repro.maker.activations.harvest import HarvestedShard, Harvester, Preview
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.shards import Manifest, write_manifest
from repro.maker.activations.splits import SPLITS, Split
from repro.maker.activations.tokens import Tokens, read_tokens
from repro.maker.activations.weights import Redrawn
from repro.maker.engine.code import code_of
from repro.maker.engine.device import describe, resolve_device, resolve_dtype
from repro.maker.engine.progress import shown
from repro.maker.engine.provenance import key_of, versions
from repro.maker.engine.record import Record, read_json_record
from repro.maker.engine.scratch import put_in_place, scratch_folder
from repro.maker.hook_points import hook_point
from repro.maker.params.activate import Activate
from repro.maker.source.records import ModelRecord, read_record
from repro.maker.stage import Stage


@dataclass(frozen=True)
class ShardWork:
    """Sequences first .. last of a split, which make one shard of each of some sites."""

    split: Split
    number: int
    first: int
    last: int
    roles: tuple[str, ...]


class Harvested(Record):
    """One finished piece of work, of which a resumed run reads that it is."""

    sites: dict[str, HarvestedShard]
    """The shard of each site, by its role."""


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    activate: Activate


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Write `out/<role>/` for each site: shards of all splits and a manifest.

    Shards are made one by one in a scratch folder beside `out`, from which a killed run goes on;
    the result is the same bytes. `out` appears at the end, whole.

    Raises:
        ParamsError: a hook point does not exist.
        SourceError: the model does not go on with what a hook point says.
        ArtifactError: an input is missing or altered.
        StageError: another run writes the same output.
    """
    model = inputs.fetch / "model"
    record = read_record(model, ModelRecord)
    _check_blocks(params.activate, record)
    ids, manifest = read_tokens(inputs.tokenize)
    device = resolve_device(params.activate.device)
    dtype = resolve_dtype(params.activate.dtype, device)
    made_by = {
        "params": params.activate.model_dump(),
        "model": record.model_dump(),
        "tokens_sha256": manifest.sha256,
        "versions": versions(),
        "device": describe(device, dtype, params.activate.threads),
    }
    torch.set_num_threads(params.activate.threads)
    with scratch_folder(out, key_of([made_by, code_of(__name__)])) as scratch:
        for redrawn, sites in versions_of(params.activate).items():
            lm = LanguageModel.load(model, dtype=dtype, device=device, redrawn=redrawn)
            _harvest_version(lm, sites, params.activate, ids, scratch, made_by)
            del lm
            gc.collect()  # the adapter's parts hold each other
        put_in_place(scratch / "out", out)


def versions_of(section: Activate) -> dict[Redrawn | None, dict[str, str]]:
    """Hook point of each role, by the weights that are redrawn for it; the trained model first."""
    found: dict[Redrawn | None, dict[str, str]] = {None: {**section.hook_points}}
    for role, one in section.untrained.items():
        found.setdefault(Redrawn(one.weights, one.seed), {})[role] = section.sites[role]
    return found


def work_of(tokens: Tokens, section: Activate, sites: Iterable[str]) -> list[ShardWork]:
    """The shards to make: whole batches of sequences, at most `shard_tokens` where a batch allows.

    A shard depends on its own sequences alone, so a resumed run makes the same bytes. A site with
    a number of training tokens of its own takes the shards that begin below it.
    """
    found = []
    for split in SPLITS:
        ids, _ = tokens.split(split)
        batch_tokens = section.batch * ids.shape[1]
        step = section.batch * max(1, section.shard_tokens // batch_tokens)
        for number, first in enumerate(range(0, len(ids), step)):
            begun = first * ids.shape[1] if split == "train" else 0
            tokens_of = section.train_tokens
            roles = tuple(role for role in sites if begun < tokens_of.get(role, ids.size))
            if roles:
                found.append(ShardWork(split, number, first, min(first + step, len(ids)), roles))
    return found


def _harvest_version(
    lm: LanguageModel,
    sites: dict[str, str],
    section: Activate,
    tokens: Tokens,
    scratch: Path,
    made_by: dict[str, Any],
) -> None:
    """Every shard and the manifest of the sites of one version of the model into `scratch/out`."""
    lm.check_hook_points(list(sites.values()))
    harvester = Harvester(lm, sites, section.batch, section.skip_positions)
    previews, parts = _harvest(harvester, section, tokens, scratch)
    made_by = {**made_by, "max_logit_difference": lm.max_logit_difference}
    for role in sites:
        manifest = _manifest(role, harvester, previews[role], parts, made_by)
        write_manifest(scratch / "out" / role, manifest)


def _harvest(
    harvester: Harvester, section: Activate, tokens: Tokens, scratch: Path
) -> tuple[dict[str, Preview], dict[str, list[dict[str, HarvestedShard]]]]:
    """Every shard of its sites into `scratch/out`; what an earlier run has finished is kept."""
    previews = harvester.previews(tokens.train, section.sink_factor)
    parts: dict[str, list[dict[str, HarvestedShard]]] = {split: [] for split in SPLITS}
    works = work_of(tokens, section, harvester.sites)
    for work in shown(works, what=f"shards of activations, {harvester.model.weights}"):
        done = scratch / harvester.model.weights / f"{work.split}-{work.number:05d}.json"
        if not done.exists():
            ids, documents = (a[work.first : work.last] for a in tokens.split(work.split))
            target = scratch / "out"
            made = harvester.write(
                target, work.split, work.number, ids, documents, previews, work.roles
            )
            write_json(done, Harvested(sites=made).model_dump())
        parts[work.split].append(_finished(done))
    return previews, parts


def _finished(done: Path) -> dict[str, HarvestedShard]:
    mend = f"remove {done.parents[1]}, then: dvc repro activate"
    return read_json_record(done, Harvested, what="record of shards", mend=mend).sites


def _manifest(
    role: str,
    harvester: Harvester,
    preview: Preview,
    parts: dict[str, list[dict[str, HarvestedShard]]],
    made_by: dict[str, Any],
) -> Manifest:
    of = {split: [p[role] for p in parts[split] if role in p] for split in SPLITS}
    return Manifest(
        site=role,
        hook=harvester.sites[role],
        weights=harvester.model.weights,
        dimension=preview.d_in,
        dtype=str(harvester.model.dtype).removeprefix("torch."),
        **{split: [part.shard for part in of[split]] for split in SPLITS},
        n_skipped={split: sum(part.n_skipped for part in of[split]) for split in SPLITS},
        skip_positions=harvester.skip_positions,
        n_sinks={split: sum(part.n_sinks for part in of[split]) for split in SPLITS},
        sink_norm=preview.sink_norm,
        median_norm=preview.median_norm,
        provenance=made_by,
    )


def _check_blocks(section: Activate, model: ModelRecord) -> None:
    """What is wrong without the model is told before it is loaded."""
    for role, name in section.hook_points.items():
        if hook_point(name).block >= model.blocks:
            raise ParamsError(
                f"activate.hook_points.{role} is {name}: {model.name} has {model.blocks} blocks",
                expected=f"blocks 0 to {model.blocks - 1}",
                mend=f"edit activate.hook_points.{role} in params.yaml",
            )


STAGE = Stage(run, desc="Activations at every hook point, in one forward pass.")
