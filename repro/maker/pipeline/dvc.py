"""`dvc.yaml`, as the stages declare it."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from repro.errors import ParamsError
from repro.files import write_bytes
from repro.maker.pipeline.stages import in_order
from repro.maker.stage import ARTIFACTS, COMMITTED, EVIDENCE

REPORT = "${root}/reports/${profile}"
PAGES = ARTIFACTS / "pages"
"""Where the report with a page for each unit goes."""
JUDGE = ["cli.py", "console.py", "contract", "errors.py", "files.py", "judge", "spec"]
"""What of the package decides a verdict; the report has its own folder on top."""
PROOFS = ["bench", "calibration", "multiverse", "mutants"]
"""Committed folders that the report shows beside the verdicts."""
PLOTS = {
    "tradeoff": "x: l0, y: fvu, template: series, title: FVU against L0",
    "localisation": "x: patched, y: kl, template: series, title: KL against features patched",
    "forest": "x: standing, y: claim, template: intervals, title: Distance from the threshold",
}
"""Tables that `dvc plots` draws, and how."""


def dvc_yaml() -> str:
    """The text of `dvc.yaml`, the same for every profile."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.get_template("dvc.yaml.j2").render(
        stages=in_order(),
        place_of=_place_of,
        evidence=f"{REPORT}/{EVIDENCE}",
        report=REPORT,
        pages=PAGES.as_posix(),
        judge=JUDGE,
        proofs=PROOFS,
        plots=PLOTS,
    )


def write_pipelines(root: Path) -> list[Path]:
    """Write `dvc.yaml` of the checkout and of each profile; returns those that changed.

    Raises:
        ParamsError: there is no checkout.
    """
    if not (root / "params.yaml").exists():
        raise ParamsError(
            f"{root} is no checkout: it has no params.yaml",
            expected="the folder of the project",
            mend="python -m repro.maker pipeline --root DIR",
        )
    content = dvc_yaml().encode()
    files = [root / "dvc.yaml"]
    files += [path.with_name("dvc.yaml") for path in sorted(root.glob("profiles/*/params.yaml"))]
    stale = [path for path in files if not path.exists() or path.read_bytes() != content]
    for path in stale:
        write_bytes(path, content)
    return stale


def _place_of(name: str) -> str:
    if name in COMMITTED:
        return f"${{root}}/{COMMITTED[name].as_posix()}"
    return (ARTIFACTS / name).as_posix()
