"""The items of the fidelity stage: each measures one decomposition or pair into one JSON file."""

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from repro.contract.rows.fidelity import AgreementRow, DictionaryRow, FidelityRow, RefitRow
from repro.files import write_with
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.loaded import ModelFiles, model_of
from repro.maker.activations.sample import chosen_sequences
from repro.maker.activations.shards import read_manifest, read_split
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.random import random_dictionary
from repro.maker.decompositions.registry import decomposition_of, transform_of
from repro.maker.dictionaries.evaluate import (
    Reconstruction,
    document_sums,
    reconstruct,
    refit,
)
from repro.maker.dictionaries.metrics import (
    Liveness,
    duplicates,
    liveness,
    matched_cosines,
    moments_of,
    use_of,
)
from repro.maker.dictionaries.model import Dictionary
from repro.maker.engine.job import Job
from repro.maker.engine.kept import kept
from repro.maker.engine.result import write_result
from repro.maker.fidelity.results import Agreed, Measured, Spliced

ALIVE = "alive.safetensors"
BRACKETS = ("clean", "identity", "zero", "mean")
"""What stands in the place of activations besides decompositions."""


class MeasureJob(Job):
    """One decomposition on held-out activations."""

    asked: Asked
    """The decomposition."""
    group: str
    """Group of the grid that it belongs to; empty for baselines."""
    refit_tokens: int
    """Held-out tokens on which active codes are refitted; 0 for none."""
    counts_units: bool
    """Whether its units are counted as well."""
    alive_firings: int
    """A unit is alive above this many activations."""
    dense_share: float
    """A unit is dense above this share of tokens."""
    frequent_share: float
    """A unit is frequent from this share of tokens."""
    effective_share: float
    """A unit is effective from this part of an even share of the variance explained."""
    duplicate_cosine: float
    """Cosine above which two units are duplicates."""
    null_seed: int
    """Seed of the directions of chance beside which duplicates are counted."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


class AgreeJob(Job):
    """The alive units of two seeds of a setting, or of chance, or of a copy."""

    site: str
    """Role of the site."""
    method: str
    """What is matched: two seeds of an autoencoder, two sets of chance as large (random), or one
    seed and its own permutation (permuted)."""
    alpha: float
    """L1 coefficient of the setting."""
    expansion_factor: float
    """Its dictionary size over dimension."""
    seed_a: int
    """Seed of the first."""
    seed_b: int
    """Seed of the second."""
    a: Path
    """Result of measuring the first; its name is its hash."""
    b: Path
    """Result of measuring the second."""
    match_cosine: float
    """Cosine from which a match counts."""
    null_seed: int
    """Seed of chance and of the permutation."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


class Prompting(Job):
    """A language model and held-out sequences that it is run on."""

    model: ModelFiles
    """The language model."""
    tokens: Path
    """Folder of the sequences."""
    tokens_sha256: str
    """Their hash."""
    hook: str
    """Hook point at which activations are replaced."""
    n_tokens: int
    """Held-out tokens."""


class SpliceJob(Job):
    """One decomposition, or a bracket, in the place of the activations at a hook point."""

    asked: Asked
    """The decomposition; a method of `BRACKETS` is none."""
    on: Prompting
    """Model and sequences."""
    batch: int
    """Sequences a forward pass."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


def measure_item(job: MeasureJob, folder: Path) -> None:
    """Work: reconstruction by document, liveness and duplicates, and the refit of a trained one."""
    measured = decomposition_of(job.asked)
    dictionary = measured.dictionary
    raw, document = _heldout(job.asked.of.store, job.asked.of.manifest)
    x = measured.transform.forward(raw)
    moments = moments_of(x)
    found = reconstruct(dictionary, x, document, moments, removes=job.counts_units)
    state = liveness(
        found.firings,
        len(x),
        alive_firings=job.alive_firings,
        dense_share=job.dense_share,
    )
    alive = {"W_dec": dictionary.W_dec[state.is_alive].contiguous()}
    write_with(folder / ALIVE, lambda part: save_file(alive, part))
    cost = found.removal
    units = None if cost is None else _units(job, dictionary, found, state, cost)
    again = refit(dictionary, x, document, job.refit_tokens) if job.refit_tokens else ()
    write_result(
        folder,
        Measured(
            fidelity=[FidelityRow(**job.asked.key, **row) for row in document_sums(found)],
            units=units,
            refit=[
                RefitRow(
                    **job.asked.key,
                    document=d,
                    n_tokens=n,
                    squared_error_before=before,
                    squared_error_after=after,
                )
                for d, n, before, after in zip(*(part.tolist() for part in again), strict=True)
            ],
        ),
    )


def _units(
    job: MeasureJob,
    dictionary: Dictionary,
    found: Reconstruction,
    state: Liveness,
    removal: Tensor,
) -> DictionaryRow:
    """Units alive, silent, dense, in use and duplicated, beside as many of chance."""
    n_tokens = int(found.n_tokens.sum())
    use = use_of(
        found.firings,
        removal,
        found.sums,
        n_tokens,
        frequent_share=job.frequent_share,
        effective_share=job.effective_share,
    )
    alive = dictionary.W_dec[state.is_alive]
    null = random_dictionary(alive.shape[1], len(alive), seed=job.null_seed)
    copies, by_chance = (duplicates(rows, job.duplicate_cosine) for rows in (alive, null))
    return DictionaryRow(
        **job.asked.key,
        n_tokens=n_tokens,
        n_features=len(state.is_alive),
        n_alive=len(alive),
        n_silent=state.n_silent,
        n_dense=state.n_dense,
        **use._asdict(),
        n_duplicated=copies.n_features,
        n_duplicated_null=by_chance.n_features,
        n_pairs=len(alive) * (len(alive) - 1) // 2,
        n_duplicate_pairs=copies.n_pairs,
    )


def agree_item(job: AgreeJob, folder: Path) -> None:
    """Work: one-to-one matching of the alive features of two seeds, of chance, or of a copy."""
    a = _alive(job.a)
    b = _alive(job.b)
    if job.method == "random":
        a = random_dictionary(a.shape[1], len(a), seed=job.null_seed)
        b = random_dictionary(b.shape[1], len(b), seed=job.null_seed + 1)
    if job.method == "permuted":
        generator = torch.Generator().manual_seed(job.null_seed)
        b = a[torch.randperm(len(a), generator=generator)]
    cosines = matched_cosines(a, b)
    n_matched = int((cosines >= job.match_cosine).sum())
    names = {"site", "method", "alpha", "expansion_factor", "seed_a", "seed_b"}
    row = AgreementRow(
        **job.model_dump(include=names),
        n_features=len(cosines),
        n_matched=n_matched,
        cosine=float(cosines.sum()),
    )
    write_result(folder, Agreed(row=row))


def _alive(result: Path) -> Tensor:
    return load_file(result / ALIVE)["W_dec"]


def splice_item(job: SpliceJob, folder: Path) -> None:
    """Work: next-token loss with a hook point's activations replaced, by a dictionary or a bracket.

    Positions that no dictionary was trained on, the first of each sequence and attention sinks,
    stay as they are; so they do for the brackets, and every column speaks of the same tokens.
    "clean" runs the model whole and untouched: that replacing activations by themselves gives the
    same losses is a measured control.
    """
    model, ids, clean = _clean(job.on)
    if job.asked.method == "clean":
        losses = [model.losses(part).double().sum(dim=1).cpu() for part in ids.split(job.batch)]
        write_result(folder, Spliced(losses=torch.cat(losses).tolist()))
        return
    replace = _replacement(job.asked)
    manifest = read_manifest(job.asked.of.store)
    losses = []
    for part, stream in zip(ids.split(job.batch), clean.split(job.batch), strict=True):
        flat = stream.flatten(0, 1).float()
        is_sink = stream.float().norm(dim=-1, keepdim=True) > manifest.sink_norm
        is_sink[:, : manifest.skip_positions] = True
        new = torch.where(is_sink.flatten(0, 1), flat, replace(flat))
        changed = new.view_as(stream).to(stream.dtype)
        losses.append(model.losses_from(changed, job.on.hook, part).double().sum(dim=1).cpu())
    write_result(folder, Spliced(losses=torch.cat(losses).tolist()))


def _replacement(asked: Asked) -> Callable[[Tensor], Tensor]:
    """What is put in the place of activations [n, d]."""
    match asked.method:
        case "identity":
            return lambda x: x
        case "zero":
            return torch.zeros_like
        case "mean":
            mean = transform_of(asked.of).mean
            return lambda x: mean.to(x).expand_as(x)
    found = decomposition_of(asked)
    return lambda x: found.decode(found.encode(x.cpu())).to(x.device)


@kept(1)
def _heldout(store: Path, _manifest: str) -> tuple[Tensor, Tensor]:
    x, document = read_split(store, "heldout")
    return x.float(), document.long()


@kept(1)
def _clean(on: Prompting) -> tuple[LanguageModel, Tensor, Tensor]:
    """The model, the chosen held-out sequences and their untouched activations."""
    model = model_of(on.model)
    ids, _ = chosen_sequences(on.tokens, on.n_tokens)
    streams = [model.activations(part, [on.hook])[on.hook] for part in ids.split(16)]
    return model, ids, torch.cat(streams)
