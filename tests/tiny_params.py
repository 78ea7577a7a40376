"""A `params.yaml` for a tiny local model and local text files."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from repro.maker.hook_points import HookPoint
from repro.maker.params.model import Params, parse_params
from repro.maker.params.read import read_yaml


def resid_post(block: int) -> str:
    """The hook point after a block."""
    return HookPoint(block, "hook_resid_post").name


ROOT = Path(__file__).parent.parent


def tiny_content(model: Path, text: Path, **sections: dict[str, Any]) -> dict[str, Any]:
    """The repository's params with small sections; `sections` change single keys of a section."""
    content = read_yaml(ROOT / "params.yaml")
    content["fetch"] = {
        "model": {"source": "local", "path": str(model)},
        "text": {"source": "files", "paths": [str(text)]},
        "encoder": {"source": "none"},
    }
    content["interpret"]["scorers"] = ["rules"]
    content["tokenize"].update(
        sequence_length=16,
        train_tokens=1600,
        validation_tokens=160,
        heldout_tokens=480,
        max_document_tokens=80,
        max_train_document_tokens=120,
        balance_sources=True,
    )
    points = {role: resid_post(n) for role, n in (("early", 0), ("middle", 1), ("late", 3))}
    gone = {*content["activate"]["hook_points"], *content["activate"]["untrained"]} - {*points}
    groups = content["train"]["groups"].items()
    content["train"]["groups"] = {name: one for name, one in groups if one["site"] not in gone}
    kept = content["train"]["groups"]
    for section in ("interpret", "features", "erase", "steer"):
        chosen = content[section]["dictionaries"].items()
        content[section]["dictionaries"] = {name: v for name, v in chosen if name in kept}
    content["activate"].update(
        hook_points=points,
        untrained={},
        batch=4,
        skip_positions=1,
        train_tokens={},
        shard_tokens=256,
        threads=1,
        dtype="float32",
    )
    for name, changes in sections.items():
        content[name].update(changes)
    return content


def tiny_params(model: Path, text: Path, **sections: dict[str, Any]) -> Params:
    """The same, checked."""
    return parse_params(tiny_content(model, text, **sections), Path("params.yaml"))


def write_params(path: Path, content: dict[str, Any]) -> Path:
    """Save params for a stage that runs in a process of its own."""
    with path.open("w", encoding="utf8") as stream:
        YAML(typ="safe", pure=True).dump(content, stream)
    return path
