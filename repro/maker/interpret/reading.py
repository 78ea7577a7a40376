"""Fragments of text and the activations on them, made once for all decompositions of a stage."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import torch

from repro.maker.activations.edited import EditedModel
from repro.maker.activations.harvested import editable, harvested
from repro.maker.activations.loaded import ModelFiles, model_files
from repro.maker.activations.tokens import read_tokens_manifest
from repro.maker.activations.weights import Redrawn
from repro.maker.engine.device import resolve_device
from repro.maker.engine.executor import Crew
from repro.maker.engine.provenance import key_of
from repro.maker.interpret.prepared import ReadJob, TextJob, read_item, text_item
from repro.maker.interpret.text import Cut
from repro.maker.params.activate import Activate
from repro.maker.params.fragments import Fragments
from repro.maker.params.tokenize import Tokenize
from repro.maker.source.records import ModelRecord, TextRecord, read_record


class ReadSections(Protocol):
    """Sections of `params.yaml` on which the text and its activations depend."""

    @property
    def tokenize(self) -> Tokenize:
        """How much of a document is used."""
        ...

    @property
    def activate(self) -> Activate:
        """Hook points, and untrained versions of the model."""
        ...


class ReadInputs(Protocol):
    """Folders that other stages have made, by their names."""

    @property
    def fetch(self) -> Path:
        """Language model and documents."""
        ...

    @property
    def tokenize(self) -> Path:
        """Sequences of the other stages, whose documents are left out."""
        ...

    @property
    def activate(self) -> Path:
        """Bounds of attention sinks."""
        ...


class Reading:
    """The text of a stage, and what the language model makes of it."""

    def __init__(
        self, params: ReadSections, inputs: ReadInputs, ours: Fragments, workers: Crew
    ) -> None:
        self.params, self.inputs, self.ours, self.workers = params, inputs, ours, workers
        self.on_model = harvested(inputs.activate)
        self.text = workers.map(text_item, [self._text()], desc="text")[0]

    def at(self, sites: Iterable[str]) -> dict[str, Path]:
        """Where the activations of each site are; one pass for each version of the model."""
        jobs = [self._read(version, some) for version, some in self._versions(sites).items()]
        folders = self.workers.map(read_item, jobs, desc="activations")
        return {
            site: folder for job, folder in zip(jobs, folders, strict=True) for site in job.hooks
        }

    def edited(self, site: str) -> EditedModel:
        """The language model on the same text, edited at a site.

        In float32, whatever the activations were harvested in: what an edit does is a difference
        of two predictions, of which bfloat16 keeps steps of some hundredths.

        Raises:
            ParamsError: the site is of an untrained version of the model.
        """
        manifest = editable(self.on_model[site], self.params.activate.key_of(site))
        read = self._read(None, [site])
        return EditedModel(
            files=self.model(torch.float32),
            text=read.text,
            before=read.before,
            hook=manifest.hook,
            sink_norm=manifest.sink_norm,
            skip_positions=read.skip_positions,
            batch=read.batch,
            threads=read.threads,
        )

    def _text(self) -> TextJob:
        ours, split, fetched = self.ours, self.params.tokenize, self.inputs.fetch
        return TextJob(
            fetched=fetched,
            model_sha256=key_of(read_record(fetched / "model", ModelRecord).sha256),
            documents_sha256=read_record(fetched / "text", TextRecord).sha256,
            tokens=self.inputs.tokenize,
            tokens_sha256=read_tokens_manifest(self.inputs.tokenize).sha256,
            cut=Cut(
                count=ours.tokens // ours.fragment,
                fragment=ours.fragment,
                longest=split.max_document_tokens,
                balanced=split.balance_sources,
                blocks=ours.blocks,
                seed=ours.seed,
            ),
        )

    def _versions(self, sites: Iterable[str]) -> Mapping[Redrawn | None, list[str]]:
        """Sites by the version of the language model that is run for them."""
        found: dict[Redrawn | None, list[str]] = {}
        for site in sites:
            version = self.params.activate.untrained.get(site)
            redrawn = Redrawn(version.weights, version.seed) if version else None
            found.setdefault(redrawn, []).append(site)
        return found

    def _read(self, redrawn: Redrawn | None, sites: list[str]) -> ReadJob:
        ours = self.ours
        manifests = {site: self.on_model[site] for site in sites}
        first = manifests[sites[0]]
        bos = read_tokens_manifest(self.inputs.tokenize).bos_token_id
        return ReadJob(
            model=self.model(getattr(torch, first.dtype), redrawn),
            text=self.text,
            before=[] if bos is None else [bos],
            skip_positions=first.skip_positions,
            hooks={site: manifest.hook for site, manifest in manifests.items()},
            sink_norm={site: manifest.sink_norm for site, manifest in manifests.items()},
            batch=ours.batch,
            threads=ours.executor.threads,
        )

    def model(self, dtype: torch.dtype, redrawn: Redrawn | None = None) -> ModelFiles:
        """The language model in some arithmetic, or a version of it that no text has trained."""
        device = resolve_device(self.ours.device)
        return model_files(self.inputs.fetch / "model", device, dtype, redrawn)
