"""Stages called from tests: with params in hand, or as `dvc.yaml` calls them."""

from pathlib import Path

from repro.cli import app as judge
from repro.maker.__main__ import app as maker
from repro.maker.params.model import Params
from repro.maker.params.setting import Setting
from repro.maker.pipeline.stages import stage

APPS = {"repro.maker": maker, "repro.cli": judge}


def run(name: str, params: Params, out: Path, **inputs: Path) -> None:
    """A stage with params in hand; `inputs` are folders, by the stages that made them."""
    setting = Setting(**{field: getattr(params, field) for field in Setting.model_fields})
    sections = {section: getattr(params, section, setting) for section in stage(name).sections}
    stage(name).call(sections, inputs, out)


def called(module: str, *words: str) -> int:
    """The exit status of `python -m <module> <words>`, run in this process."""
    try:
        APPS[module](words, prog_name=module)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def at(**folders: Path) -> list[str]:
    """Options that name folders which are elsewhere."""
    return [word for name, folder in folders.items() for word in ("--at", f"{name}={folder}")]
