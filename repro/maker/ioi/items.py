"""The items of the ioi stage: prompts, means of names, and one localisation each, as files."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from repro.errors import ArtifactError
from repro.files import write_json, write_with
from repro.maker.dictionaries.baselines import random_dictionary, random_topk
from repro.maker.dictionaries.decompose import read_components
from repro.maker.dictionaries.model import Dictionary, encode, load_dictionary
from repro.maker.engine.executor import Item
from repro.maker.fidelity.measure import model_of, training_sample, transform_of
from repro.maker.ioi import decompositions, known
from repro.maker.ioi.choose import effects, eliminate, greedy, ranking
from repro.maker.ioi.curve import Point, area, curve, prefixes, reach
from repro.maker.ioi.listing import listed
from repro.maker.ioi.patch import (
    Change,
    Measured,
    Task,
    change_of,
    difference,
    divergence,
    measure,
    random_edit,
)
from repro.maker.ioi.prompts import Batch, Encode, Pair, as_batch, draw_pairs, usable_names
from repro.maker.ioi.words import read_words

RESULT = "result.json"
TENSORS = "tensors.safetensors"
GAIN_ROWS = 2_048
"""Training activations on which the gain of random top-k directions is fitted."""


def prompts_item(item: Item, folder: Path) -> None:
    """Work: the pairs of one draw and family, what the model says to them, and its streams."""
    model = model_of(item["model"], item["device"], item["dtype"])
    encode_text = encoder(item["model"])
    drawn = pairs_of(item)
    rows, tensors = [], {}
    for split, pairs in drawn.items():
        batch = as_batch(pairs, encode_text)
        logits = {n: model.logits(getattr(batch, n), batch.at).cpu() for n in ("base", "target")}
        for name, layer in item["sites"].items():
            for side in ("base", "target"):
                stream = model.residual(getattr(batch, side), [layer])[layer]
                tensors[f"{split}.{name}.{side}"] = stream.float().cpu()
        for side, found in logits.items():
            tensors[f"{split}.{side}_logits"] = found
        gap = logits["base"].double().gather(1, batch.names)
        kl = divergence(logits["base"], logits["target"])
        for number, pair in enumerate(pairs):
            rows.append(
                {
                    **_told(pair, split, number),
                    "n_changed": int(batch.changed[number].sum()),
                    "correct": int(gap[number, 0] > gap[number, 1]),
                    "logit_difference": float(gap[number, 0] - gap[number, 1]),
                    "kl_clean": float(kl[number]),
                }
            )
    ready = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_with(folder / TENSORS, lambda part: save_file(ready, part))
    write_json(folder / RESULT, rows)


def _told(pair: Pair, split: str, number: int) -> dict[str, Any]:
    return {
        "split": split,
        "pair": number,
        "template": pair.template,
        "io": pair.base_names[0],
        "subject": pair.base_names[1],
        "target_io": pair.target_names[0],
        "target_subject": pair.target_names[1],
        "base": pair.base,
        "target": pair.target,
        "n_prompts": 1,
        "n_tokens": len(pair.base_ids),
    }


def pairs_of(item: Item) -> dict[Any, list[Pair]]:
    """The pairs that an item's draw and family stand for, by split."""
    return draw_pairs(
        read_words(item["words"]),
        encoder(item["model"]),
        family=item["family"],
        counts=item["counts"],
        seed=item["draw"],
        bos=item["bos"],
    )


def names_item(item: Item, folder: Path) -> None:
    """Work: the activation at each name at the end of plain sentences, at each site."""
    model = model_of(item["model"], item["device"], item["dtype"])
    words, encode_text = read_words(item["words"]), encoder(item["model"])
    prefix = [] if item["bos"] is None else [item["bos"]]
    names = usable_names(words, encode_text)
    found: dict[str, list[Tensor]] = {role: [] for role in item["sites"]}
    for form in words.plain:
        ids = torch.tensor([prefix + encode_text(form.format(name=name)) for name in names])
        streams = model.residual(ids, sorted(set(item["sites"].values())))
        for role, layer in item["sites"].items():
            found[role].append(streams[layer][:, -1].float().cpu())
    tensors = {role: torch.stack(parts, dim=1) for role, parts in found.items()}
    write_with(folder / TENSORS, lambda part: save_file(tensors, part))


def localise_item(item: Item, folder: Path) -> None:
    """Work: features put in order on the select prompts and measured on the held-out ones."""
    select, heldout = (_task(item, split) for split in ("select", "heldout"))
    if item["method"] in ("identity", "full_residual"):
        write_json(folder / RESULT, _end_of_scale(item, heldout))
        return
    dictionary, transform = dictionary_of(item), transform_of(item)
    changes = [change_of(task, dictionary, transform) for task in (select, heldout)]
    result = localise(item, (select, heldout), (changes[0], changes[1]))
    if item["listed"]:
        effect = effects(select, changes[0], item["steps"])
        pairs, encode_text = pairs_of(item)["select"], encoder(item["model"])
        result["listed"] = listed(
            item, dictionary, transform, changes[0], effect, pairs, encode_text
        )
    write_json(folder / RESULT, result)


def planted_item(item: Item, folder: Path) -> None:
    """Work: the same on planted truth, for one basis of a linear read-out of known causes."""
    seed = item["draw"]
    tasks = known.planted_task(seed, 0), known.planted_task(seed, 1)
    basis = known.bases(seed)[item["method"]]
    select, heldout = (change_of(task, basis, known.plain()) for task in tasks)
    write_json(folder / RESULT, localise(item, tasks, (select, heldout)))


def localise(item: Item, tasks: tuple[Task, Task], changes: tuple[Change, Change]) -> Any:
    """Choose on the first task, measure on the second: curve, area, levels and directed edits."""
    (select, heldout), (seen, unseen) = tasks, changes
    few = select.first(item["trial_pairs"])
    seen_few = seen._replace(codes=seen.codes[: len(few.base)])
    if item["selection"] == "elimination":
        kept = eliminate(
            few,
            seen_few,
            smallest=item["smallest"],
            n_thresholds=item["n_thresholds"],
            chunk=item["chunk"],
            seed=item["order"],
        )
        sets = [one.features for one in kept if len(one.features)]
        points, _ = curve(heldout, unseen, sets)
        return _summary(item, heldout, points, len(unseen.features)) | _left(select, seen)
    order = ranking(effects(select, seen, item["steps"]))
    if item["selection"] == "greedy":
        order = greedy(few, seen_few, order, item["greedy_features"], item["greedy_candidates"])
    chosen = order[: item["edited"]]
    generator = torch.Generator().manual_seed(5000 + item["draw"])
    as_long = random_edit(unseen.edit(chosen), generator)
    points, beside = curve(heldout, unseen, prefixes(order, item["counts_at"]), [as_long])
    edits = {
        item["method"]: next(p.measured for p in points if p.n_patched == len(chosen)),
        "random_edit": beside[0],
    }
    told = {name: {"n_patched": len(chosen), **_shift(heldout, e)} for name, e in edits.items()}
    short = _summary(item, heldout, points, len(unseen.features))
    return short | {"edits": told} | _left(select, seen)


def _left(task: Task, change: Change) -> dict[str, float]:
    """KL on these prompts with nothing and with everything patched: can the task be carried?"""
    return {
        "select_clean": float(divergence(task.base_logits, task.target_logits).sum()),
        "select_floor": measure(task, change.whole()).kl,
    }


def _shift(task: Task, found: Measured) -> dict[str, Any]:
    whole = difference(task, task.base_logits) - difference(task, task.target_logits)
    return {
        "n": len(task.base),
        "logit_shift": found.logit_shift,
        "logit_shift_counterfactual": float(whole.sum()),
        "edit_norm": found.edit_norm,
        "norm": found.norm,
    }


def _end_of_scale(item: Item, task: Task) -> Any:
    """Nothing patched, or the whole residual stream: the two ends that must be exact."""
    whole = task.target - task.base
    edit = whole if item["method"] == "full_residual" else torch.zeros_like(whole)
    found = measure(task, edit)
    clean = float(divergence(task.base_logits, task.target_logits).sum())
    return {
        "n": len(task.base),
        "n_features": 0,
        "kl_area": found.kl,
        "kl_clean": clean,
        "kl_floor": found.kl,
        "select_clean": clean,
        "select_floor": found.kl,
        "curve": [],
        "levels": [],
        "edits": {item["method"]: {"n_patched": 0, **_shift(task, found)}},
    }


def _summary(item: Item, task: Task, points: list[Point], n_features: int) -> dict[str, Any]:
    n = len(task.base)
    norm = points[0].measured.norm
    levels = [reach(points, level) for level in item["levels"]]
    return {
        "n": n,
        "n_features": n_features,
        "kl_area": area(points),
        "kl_clean": points[0].measured.kl,
        "kl_floor": points[-1].measured.kl,
        "curve": [{"n_patched": p.n_patched, "n": n, **p.measured._asdict()} for p in points],
        "edits": {},
        "levels": [
            {
                "level": one.level,
                "n": n,
                "is_reached": int(one.ln_patched is not None),
                "ln_patched": n * (one.ln_patched or 0.0),
                "edit_norm": one.edit_norm,
                "norm": norm,
            }
            for one in levels
        ],
    }


def dictionary_of(item: Item) -> Dictionary:
    """The dictionary that an item names: a trained one, or a baseline."""
    if item["file"]:
        return load_dictionary(Path(item["file"]))[0]
    return _BASELINES[item["method"]](item)


def _ica(item: Item) -> Dictionary:
    found = read_components(Path(item["components"]))
    if found.ica_read is None or found.ica_write is None:
        raise ArtifactError(
            f"{item['components']} holds no independent components",
            expected=f"{item['site']} in train.ica.sites",
            mend="dvc repro train",
        )
    read = found.ica_read
    return Dictionary(read, torch.zeros(len(read)), found.ica_write, "linear", len(read))


def _pca(item: Item) -> Tensor:
    return read_components(Path(item["components"])).pca


def _random(item: Item) -> Dictionary:
    d_in = item["d_in"]
    rows = random_dictionary(d_in, round(item["width"] * d_in), item["seed"])
    return Dictionary(rows, torch.zeros(len(rows)), rows, "relu", 0)


def _random_topk(item: Item) -> Dictionary:
    """At the L0 that the dictionary named by `like` has on these prompts."""
    like, transform, _ = load_dictionary(Path(item["like"]))
    task = _task(item, "select")
    codes = encode(like, transform.forward(task.base[task.changed]))
    k = max(1, round(float((codes > 0).sum(dim=-1).double().mean())))
    d_in = item["d_in"]
    d_sae = round(item["width"] * d_in)
    return random_topk(d_in, d_sae, min(k, d_sae), item["seed"], training_sample(item, GAIN_ROWS))


def _mean_difference(item: Item) -> Dictionary:
    by_name = load_file(Path(item["names"]) / TENSORS)[item["site"]]
    flat = transform_of(item).forward(by_name.flatten(0, 1))
    return decompositions.mean_differences(flat.unflatten(0, by_name.shape[:2]))


_BASELINES: dict[str, Callable[[Item], Dictionary]] = {
    "pca": lambda i: decompositions.rotation(_pca(i)),
    "pca_signed": lambda i: decompositions.both_signs(_pca(i)),
    "ica": _ica,
    "neurons": lambda i: decompositions.rotation(torch.eye(i["d_in"])),
    "random_orthogonal": lambda i: decompositions.rotation(
        decompositions.random_orthogonal(i["d_in"], i["seed"])
    ),
    "random_topk": _random_topk,
    "random": _random,
    "mean_difference": _mean_difference,
}


def _task(item: Item, split: str) -> Task:
    """The prompts of one split before the language model, patched at the item's site."""
    tensors = load_file(Path(item["prompts"]) / TENSORS)
    model = model_of(item["model"], item["device"], item["dtype"])
    batch: Batch = as_batch(pairs_of(item)[split], encoder(item["model"]))
    layer = item["layer"]

    def readout(x: Tensor, part: Tensor) -> Tensor:
        return model.logits_from(x, layer, batch.base[part], batch.at[part]).to(x.device)

    return Task(
        base=tensors[f"{split}.{item['site']}.base"],
        target=tensors[f"{split}.{item['site']}.target"],
        changed=batch.changed,
        names=batch.names,
        base_logits=tensors[f"{split}.base_logits"],
        target_logits=tensors[f"{split}.target_logits"],
        readout=readout,
        batch=item["batch"],
    )


@lru_cache(maxsize=1)
def encoder(model: str) -> Encode:
    """The tokenizer of a fetched model, as text to ids without special tokens."""
    tokenizer = Tokenizer.from_file(str(Path(model) / "tokenizer.json"))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids
