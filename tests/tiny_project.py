"""A whole project in small: a random language model, stories, params of seconds, its stages."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import torch
from ruamel.yaml import YAML

from repro.maker.activations.shards import read_manifest, write_manifest
from repro.maker.activations.weights import TRAINED
from repro.maker.params.features import Searched
from repro.maker.params.interpret import Baseline as ScoredBaseline
from repro.maker.params.ioi import Baseline
from repro.maker.params.model import Params, load_params
from repro.maker.params.read import read_yaml
from repro.maker.planted import PLANTED_SETS
from repro.maker.stages.plant import write_set
from tests.import_graph import ROOT
from tests.tiny_params import resid_post

BASELINES = list(get_args(Baseline))


def group(site: str, alphas: list[float], seeds: list[int], **more: Any) -> dict[str, Any]:
    return {
        "site": site,
        "method": "sae",
        "expansion_factor": 2.0,
        "alphas": alphas,
        "seeds": seeds,
        **more,
    }


def frozen(site: str, ks: list[int], seeds: list[int]) -> dict[str, Any]:
    method = "sae_random_decoder"
    return {"site": site, "method": method, "expansion_factor": 2.0, "ks": ks, "seeds": seeds}


def plan(dictionaries: dict[str, Any], baselines: list[str], **more: Any) -> dict[str, Any]:
    fixed = {"site": "middle", "corruption": "io", "selection": "attribution"}
    seeds = {"draws": [0, 1], "orders": [0], "design": "full"}
    return {**fixed, "dictionaries": dictionaries, "baselines": baselines, **seeds, **more}


def content() -> dict[str, Any]:
    """Params under which the whole pipeline takes seconds."""
    return {
        "profile": "tiny",
        "root": ".",
        "is_paper_setting": False,
        "fetch": {
            "model": {"source": "local", "path": "model"},
            "text": {"source": "files", "paths": ["stories"]},
            "encoder": {"source": "none"},
        },
        "tokenize": {
            "sequence_length": 16,
            "bos": True,
            "train_tokens": 4096,
            "validation_tokens": 256,
            "heldout_tokens": 1024,
            "max_document_tokens": 128,
            "max_train_document_tokens": 160,
            "balance_sources": True,
            "seed": 0,
        },
        "activate": {
            "hook_points": {"middle": resid_post(1)},
            "untrained": {},
            "batch": 8,
            "train_tokens": {},
            "skip_positions": 1,
            "dtype": "float32",
            "sink_factor": 10.0,
            "shard_tokens": 1024,
            "device": "cpu",
            "threads": 1,
        },
        "plant": {
            "dimension": 8,
            "active": 2,
            "train_tokens": 2048,
            "heldout_tokens": 512,
            "documents": 8,
            "seed": 0,
            "toy": {
                "dimension": 6,
                "features": 12,
                "active": 1.5,
                "train_tokens": 1024,
                "heldout_tokens": 256,
                "seed": 5,
            },
        },
        "train": {
            "batch": 32,
            "optimiser": {
                "lr": 1.0e-3,
                "lr_at": {"planted_independent": 1.0e-2},
                "beta1": 0.9,
                "beta2": 0.999,
                "eps": 1.0e-8,
                "clip": 1.0,
                "step_counter": "advances",
            },
            "schedule": {"warmup": 0.0, "decay": 0.2, "penalty_warmup": 0.3},
            "start_scale": 0.5,
            "reduction": "mean",
            "tied": True,
            "faithful": False,
            "precision": "float32",
            "device": "cpu",
            "mixing_shards": 2,
            "checkpoint_s": 30.0,
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
            "components": {"draws": [0, 1], "share": 0.5},
            "ica": {"sites": ["middle"], "rows": 512, "iterations": 5, "threads": 1},
            "groups": {
                "middle_r2": group("middle", [0.0, 2.0e-3, 1.0e-2], [0, 1]),
                "middle_standard": group("middle", [2.0e-3], [0], method="sae_standard"),
                "middle_random": frozen("middle", [2, 4], [0]),
                "knee": group("planted_knee", [1.0e-2, 1.0e-1], [0, 1]),
                "width": group("planted_width", [1.0e-2], [0], expansion_factor=0.5),
                "toy_easy": group("planted_independent", [1.0e-3, 1.0e-2], [0, 1]),
                "toy_hard": group("planted_hard", [1.0e-2], [0]),
            },
        },
        "fidelity": {
            "top_k": [4, 8],
            "alive_firings": 2,
            "dense_share": 0.1,
            "frequent_share": 1.0e-3,
            "effective_share": 0.1,
            "duplicate_cosine": 0.9,
            "match_cosine": 0.7,
            "refit_tokens": 64,
            "spliced_tokens": 256,
            "spliced_groups": ["middle_r2"],
            "spliced_top_k": [4],
            "spliced_batch": 4,
            "device": "cpu",
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
        },
        "toy": {
            "recovered_cosine": 0.9,
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
        },
        "interpret": {
            "tokens": 1024,
            "fragment": 8,
            "blocks": 3,
            "dictionaries": {"middle_r2": [2.0e-3, 1.0e-2], "middle_random": [4]},
            "baselines": list(get_args(ScoredBaseline)),
            "features": 20,
            "alive_firings": 2,
            "counted_tokens": 256,
            "effective_share": 0.01,
            "matched_density": 0.1,
            "excerpts": {
                "explained_top": 3,
                "explained_random": 3,
                "explained_anywhere": 3,
                "scored_top": 1,
                "scored_random": 1,
                "scored_anywhere": 3,
            },
            "rules": {"budget": 2, "budgets": [1, 4], "shrinkage": 1.0},
            "scorers": ["rules"],
            "llm": None,
            "planted": {"features": 20, "seed": 0},
            "cards": 2,
            "seed": 0,
            "batch": 8,
            "device": "cpu",
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
        },
        "features": {
            "tokens": 1024,
            "fragment": 8,
            "blocks": 3,
            "targets": ["full_stop", "the", "digits"],
            "least_recall": 0.2,
            "dictionaries": {"middle_r2": [2.0e-3, 1.0e-2], "middle_random": [4]},
            "baselines": list(get_args(Searched)),
            "drawn": 20,
            "alive_firings": 2,
            "effective_share": 0.01,
            "matched_density": 0.1,
            "token_set": 2,
            "ablated": {"targets": ["full_stop"], "contexts": 6},
            "circuits": None,
            "absorption": {
                "least_words": 2,
                "most_words": 100,
                "split_gain": 0.03,
                "least_cosine": 0.1,
                "least_share": 0.4,
            },
            "seed": 0,
            "batch": 8,
            "device": "cpu",
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
        },
        "erase": {
            "tokens": 1024,
            "fragment": 8,
            "blocks": 3,
            "names": "embedded",
            "site": "middle",
            "dictionaries": {"middle_r2": [1.0e-2]},
            "shots": 1,
            "most_names": 40,
            "candidates": 2,
            "strengths": [1.0, 8.0],
            "seed": 0,
            "batch": 8,
            "device": "cpu",
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
        },
        "steer": {
            "tokens": 1024,
            "fragment": 8,
            "blocks": 3,
            "site": "middle",
            "dictionaries": {"middle_r2": [1.0e-2]},
            "random": 2,
            "best": 1,
            "alive_firings": 2,
            "keywords": 2,
            "least_purity": 0.0,
            "most_common": 1.0,
            "prompts": ["The rivers of", "People said", "All of them"],
            "tokens_written": 4,
            "equal_norm": 0.5,
            "lengths": [0.5, 1.0, 2.0],
            "calibrated_tokens": 16,
            "allowed_rise": 0.1,
            "seed": 0,
            "batch": 8,
            "device": "cpu",
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
        },
        "ioi": {
            "words": "embedded",
            "select_pairs": 3,
            "heldout_pairs": 3,
            "steps": 2,
            "counts": [1, 4, 512],
            "levels": [0.5],
            "carrying_share": 0.5,
            "edited": 4,
            "greedy_features": 2,
            "greedy_candidates": 3,
            "trial_pairs": 2,
            "elimination": {"thresholds": 2, "smallest": 0.01, "chunk": 8},
            "listed": 2,
            "batch": 16,
            "dtype": "float32",
            "device": "cpu",
            "executor": {"kind": "inline", "workers": 1, "threads": 1},
            "plans": {
                "middle": plan({"middle_r2": [0.0, 2.0e-3], "middle_random": [4]}, BASELINES),
                "elimination": plan({"middle_r2": [2.0e-3]}, [], selection="elimination"),
                "greedy": plan({}, ["neurons"], selection="greedy", corruption="swapped"),
                "all": plan({}, ["pca"], corruption="all"),
            },
        },
    }


def write_params(folder: Path, values: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write `params.yaml`; `train__batch=64` changes one key."""
    values = values or content()
    for name, value in changes.items():
        *parents, key = name.split("__")
        section = values
        for parent in parents:
            section = section[parent]
        section[key] = value
    path = folder / "params.yaml"
    with path.open("w", encoding="utf8") as stream:
        YAML(typ="safe", pure=True).dump(values, stream)
    return path


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each stage of `dvc.yaml`, its module and arguments, for a project in its folder."""
    for name, stage in read_yaml(ROOT / "dvc.yaml")["stages"].items():
        words = stage["cmd"].replace("${root}/claims", str(ROOT / "claims"))
        words = words.replace("${root}", ".").replace("${profile}", "tiny")
        yield name, words.split()[2:]


def write_stores(folder: Path, params: Params) -> None:
    """Planted sets in `folder/plant`, and one that passes for a language model's in `activate`."""
    torch.set_num_threads(1)
    for site in PLANTED_SETS:
        write_set(site, params.plant, folder / "plant" / site)
    middle = folder / "activate" / "middle"
    shutil.copytree(folder / "plant" / "planted_width", middle)
    told = {"site": "middle", "weights": TRAINED}
    write_manifest(middle, read_manifest(middle).model_copy(update=told))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, scratch left out."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and ".scratch" not in p.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def params_of(folder: Path) -> Params:
    return load_params(folder / "params.yaml")
