"""The table of speed and memory that the README embeds, from the JSON under reports/bench/."""

import json
from pathlib import Path
from typing import Any

from repro.errors import ArtifactError

_ROWS = (
    ("smoke", "wall_s", "`smoke` profile from nothing", "{:.0f} s", "≤ 240 s"),
    ("smoke", "peak_gib", "… its peak memory", "{:.1f} GiB", ""),
    ("laptop", "wall_s", "`laptop` profile from nothing", "{:.0f} s", "≤ 2,400 s"),
    ("laptop", "peak_gib", "… its peak memory", "{:.1f} GiB", "≤ 8 GiB"),
    ("laptop", "ioi_s", "… its localisation", "{:.0f} s", "≤ 480 s"),
    ("laptop", "ioi_peak_gib", "… its peak memory", "{:.1f} GiB", "≤ 6 GiB"),
    ("tests", "wall_s", "`make test` after set-up", "{:.0f} s", "≤ 720 s"),
    ("engine", "grid_share_of_peak", "grid training over matmul peak", "{:.2f}", "≥ 0.50"),
    ("engine", "tokens_per_s_one_sae", "… tokens × autoencoders", "{:.0f} /s", ""),
    ("dictionaries", "speed.ours_over_saelens_standard", "… over SAELens", "{:.1f} times", "≥ 3"),
    ("harvest", "harvest_share_of_plain", "harvest over the plain forward", "{:.2f}", "≥ 0.85"),
    ("harvest", "harvest_tokens_per_s", "… tokens", "{:.0f} /s", ""),
    ("ioi", "patched_over_naive", "patched forward over a whole one", "{:.2f}", "≥ 1.70"),
    ("ioi", "patched_per_s", "… prompts", "{:.0f} /s", ""),
    ("rules", "features_per_s", "features explained and scored by rules", "{:.0f} /s", "≥ 200"),
    ("judge", "verify_s", "`repro verify` on the laptop evidence", "{:.2f} s", "≤ 1.5 s"),
    ("judge", "report_s", "`repro report` on it", "{:.2f} s", ""),
    ("judge", "help_s", "`repro --help`", "{:.2f} s", "≤ 0.5 s"),
    ("engine-cuda", "grid_share_of_peak", "grid training on a CUDA device", "{:.2f}", "≥ 0.50"),
    ("ioi-cuda", "patched_over_naive", "patched forward on a CUDA device", "{:.2f}", ""),
)


def speed_table(folder: Path) -> str:
    """Each figure beside its target, its machine and its date; "not run" where there is none.

    Raises:
        ArtifactError: a file is no JSON of `python -m repro.proofs.bench`.
    """
    lines = ["| what | measured | target | machine, date |", "|---|---|---|---|"]
    for name, key, what, form, target in _ROWS:
        content = _read(folder / f"{name}.json")
        value = _value(content["figures"], key) if content else None
        if content is None or value is None:
            lines.append(f"| {what} | not run | {target} | |")
            continue
        machine = content["machine"]
        where = f"{machine['device']}, {machine['memory_gib']:.0f} GiB, {content['date']}"
        lines.append(f"| {what} | {form.format(value)} | {target} | {where} |")
    return "\n".join(lines)


def _value(figures: Any, key: str) -> Any:
    """A figure by its name, or by the names that lead to it; none where it is not there."""
    for name in key.split("."):
        figures = figures.get(name) if isinstance(figures, dict) else None
    return figures


def _read(path: Path) -> Any:
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf8"))
        return {name: content[name] for name in ("date", "machine", "figures")}
    except (ValueError, KeyError, TypeError):
        raise ArtifactError(
            f"{path} is no measurement",
            expected="JSON with date, machine and figures",
            mend="make bench",
        ) from None
