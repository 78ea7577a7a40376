"""The items of the fidelity stage: each measures one dictionary or pair into one JSON file."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from repro.files import write_json, write_with
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.shards import read_manifest, read_split
from repro.maker.dictionaries import baselines
from repro.maker.dictionaries.decompose import read_components, training_rows
from repro.maker.dictionaries.evaluate import document_sums, reconstruct, refit
from repro.maker.dictionaries.metrics import (
    duplicates,
    liveness,
    matched_cosines,
    spread_of,
    use_of,
)
from repro.maker.dictionaries.model import Dictionary, Transform, decode, encode, load_dictionary
from repro.maker.dictionaries.moments import load_transform
from repro.maker.engine.executor import Item

RESULT = "result.json"
FROZEN_SHARE = 0.5
"""Share of units silenced in the control whose dead units must be counted."""
COPIED_SHARE = 0.1
"""Share of units overwritten by copies in the control whose duplicates must be counted."""
GAIN_ROWS = 2_048
"""Training activations on which the gain of a random dictionary is fitted."""


def measure_item(item: Item, folder: Path) -> None:
    """Work: reconstruction by document, liveness and duplicates, and the refit of a trained one."""
    dictionary, transform = dictionary_of(item), transform_of(item)
    raw, document = _heldout(item["store"], item["manifest"])
    x = transform.forward(raw)
    spread = spread_of(x)
    found = reconstruct(dictionary, x, document, spread)
    state = liveness(
        found.firings,
        len(x),
        alive_firings=item["alive_firings"],
        dense_share=item["dense_share"],
    )
    result: dict[str, Any] = {"fidelity": document_sums(found)}
    if item["counts_units"]:
        use = use_of(
            found.firings,
            found.removal,
            found.sums,
            len(x),
            frequent_share=item["frequent_share"],
            effective_share=item["effective_share"],
        )
        result["dictionary"] = _unit_counts(item, dictionary, state.is_alive, len(x)) | {
            "n_silent": state.n_silent,
            "n_dense": state.n_dense,
            **use._asdict(),
        }
    if item["refit_tokens"]:
        again = refit(dictionary, x, document, item["refit_tokens"])
        result["refit"] = [
            {"document": d, "n_tokens": n, "squared_error_before": b, "squared_error_after": a}
            for d, n, b, a in zip(*(column.tolist() for column in again), strict=True)
        ]
    alive = {"decoder": dictionary.decoder[state.is_alive].contiguous()}
    write_with(folder / "alive.safetensors", lambda part: save_file(alive, part))
    write_json(folder / RESULT, result)


def _unit_counts(
    item: Item, dictionary: Dictionary, is_alive: Tensor, n_tokens: int
) -> dict[str, int]:
    alive = dictionary.decoder[is_alive]
    null = baselines.random_dictionary(alive.shape[1], len(alive), seed=item["null_seed"])
    found, by_chance = (duplicates(rows, item["duplicate_cosine"]) for rows in (alive, null))
    return {
        "n_tokens": n_tokens,
        "n_features": len(is_alive),
        "n_alive": len(alive),
        "n_duplicated": found.n_features,
        "n_duplicated_null": by_chance.n_features,
        "n_pairs": len(alive) * (len(alive) - 1) // 2,
        "n_duplicate_pairs": found.n_pairs,
    }


def agree_item(item: Item, folder: Path) -> None:
    """Work: one-to-one matching of the alive features of two seeds, of chance, or of a copy."""
    a = _alive(item["a"])
    b = _alive(item["b"])
    if item["method"] == "random":
        a = baselines.random_dictionary(a.shape[1], len(a), seed=item["null_seed"])
        b = baselines.random_dictionary(b.shape[1], len(b), seed=item["null_seed"] + 1)
    if item["method"] == "permuted":
        generator = torch.Generator().manual_seed(item["null_seed"])
        b = a[torch.randperm(len(a), generator=generator)]
    cosines = matched_cosines(a, b)
    n_matched = int((cosines >= item["match_cosine"]).sum())
    result = {"n_features": len(cosines), "n_matched": n_matched, "cosine": float(cosines.sum())}
    write_json(folder / RESULT, result)


def _alive(result: str) -> Tensor:
    return load_file(Path(result) / "alive.safetensors")["decoder"]


def substitute_item(item: Item, folder: Path) -> None:
    """Work: next-token loss with the residual stream replaced, for one dictionary or one bracket.

    Positions that no dictionary was trained on, the first of each sequence and attention sinks,
    stay as they are; so they do for the brackets, and every column speaks of the same tokens.
    "clean" runs the model whole and untouched: that replacing the stream by itself gives the same
    losses is a measured control.
    """
    model, ids, clean = _clean(
        item["model"], item["tokens"], item["tokens_sha256"], item["layer"], item["n_tokens"],
        item["device"], item["dtype"],
    )  # fmt: skip
    if item["method"] == "clean":
        losses = [model.losses(part).double().sum(dim=1).cpu() for part in ids.split(item["batch"])]
        write_json(folder / RESULT, {"losses": torch.cat(losses).tolist()})
        return
    replace = _replacement(item)
    manifest = read_manifest(Path(item["store"]))
    losses = []
    for part, stream in zip(ids.split(item["batch"]), clean.split(item["batch"]), strict=True):
        flat = stream.flatten(0, 1).float()
        is_sink = stream.float().norm(dim=-1, keepdim=True) > manifest.sink_norm
        is_sink[:, : manifest.skip_positions] = True
        new = torch.where(is_sink.flatten(0, 1), flat, replace(flat))
        changed = new.view_as(stream).to(stream.dtype)
        losses.append(model.losses_from(changed, item["layer"], part).double().sum(dim=1).cpu())
    write_json(folder / RESULT, {"losses": torch.cat(losses).tolist()})


def _replacement(item: Item) -> Any:
    """What is put in the place of activations [n, d]."""
    if item["method"] == "identity":
        return lambda x: x
    if item["method"] == "zero":
        return torch.zeros_like
    transform = transform_of(item)
    if item["method"] == "mean":
        return lambda x: transform.mean.to(x).expand_as(x)
    dictionary = dictionary_of(item)
    return lambda x: transform.inverse(
        decode(dictionary, encode(dictionary, transform.forward(x.cpu())))
    ).to(x.device)


def dictionary_of(item: Item) -> Dictionary:
    """The dictionary that an item names: a trained one, a changed one, or a baseline."""
    if "file" in item:
        return _changed(load_dictionary(Path(item["file"]))[0], item["method"])
    return _BASELINES[item["method"]](item)


def _changed(dictionary: Dictionary, method: str) -> Dictionary:
    match method:
        case "sae_frozen_dead":
            return baselines.with_frozen_units(dictionary, FROZEN_SHARE)
        case "sae_duplicated":
            return baselines.with_copied_units(dictionary, COPIED_SHARE)
        case _:
            return dictionary


def _random(item: Item) -> Dictionary:
    d_in = item["d_in"]
    rows = baselines.random_dictionary(d_in, round(item["width"] * d_in), item["seed"])
    return Dictionary(rows, torch.zeros(len(rows)), rows, "relu", 0)


def _random_topk(item: Item) -> Dictionary:
    d_in, sample = item["d_in"], training_sample(item, GAIN_ROWS)
    d_sae = round(item["width"] * d_in)
    return baselines.random_topk(d_in, d_sae, item["k"], item["seed"], sample)


def _components(item: Item) -> Tensor:
    return read_components(Path(item["components"])).pca


_BASELINES: dict[str, Callable[[Item], Dictionary]] = {
    "random": _random,
    "random_topk": _random_topk,
    "neurons_topk": lambda i: baselines.signed_topk(baselines.neurons(i["d_in"]), i["k"]),
    "pca_topk": lambda i: baselines.signed_topk(_components(i), i["k"]),
    "pca_static": lambda i: baselines.static(_components(i), i["k"]),
}


def training_sample(item: Item, count: int) -> Tensor:
    """At most `count` training activations at even steps, transformed."""
    return _sample(item["store"], item["transform"], item["manifest"], count)


@lru_cache(maxsize=1)
def _sample(store: str, transform: str, _manifest: str, count: int) -> Tensor:
    return training_rows(Path(store), load_transform(Path(transform)), count)


@lru_cache(maxsize=1)
def _heldout(store: str, _manifest: str) -> tuple[Tensor, Tensor]:
    x, document = read_split(Path(store), "heldout")
    return x.float(), document.long()


def transform_of(item: Item) -> Transform:
    """Centring and scaling that belong to a dictionary: saved with it, or those of its site."""
    if item.get("file"):
        return load_dictionary(Path(item["file"]))[1]
    return load_transform(Path(item["transform"]))


@lru_cache(maxsize=1)
def model_of(folder: str, device: str, dtype: str) -> LanguageModel:
    """The language model of a folder, loaded once a process."""
    return LanguageModel.load(
        Path(folder), dtype=getattr(torch, dtype), device=torch.device(device)
    )


@lru_cache(maxsize=1)
def _clean(
    folder: str, tokens: str, _sha256: str, layer: int, n_tokens: int, device: str, dtype: str
) -> tuple[LanguageModel, Tensor, Tensor]:
    """The model, the chosen held-out sequences and their untouched residual stream."""
    model = model_of(folder, device, dtype)
    ids, _ = chosen_sequences(Path(tokens), n_tokens)
    streams = [model.residual(part, [layer])[layer] for part in ids.split(16)]
    return model, ids, torch.cat(streams)


def chosen_sequences(tokens: Path, n_tokens: int) -> tuple[Tensor, Tensor]:
    """Held-out sequences at even steps (so from many documents) and the document of each."""
    content = load_file(tokens / "tokens.safetensors")
    ids, document = content["heldout"], content["heldout_document"]
    count = min(len(ids), max(1, n_tokens // ids.shape[1]))
    chosen = torch.linspace(0, len(ids) - 1, count).round().long()
    return ids[chosen], document[chosen]
