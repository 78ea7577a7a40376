"""What a notebook needs works as the README shows it, word for word."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from repro import api
from repro.contract.verdict_file import read_verdicts
from repro.errors import ArtifactError, EvidenceError, VerdictError
from repro.maker.dictionaries.model import Transform, encode, save_dictionary, tied
from tests.import_graph import ROOT

PAGE = (ROOT / "docs" / "use.md").read_text(encoding="utf8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
FILE = Path("artifacts/train/middle_r2/seed0/a3.safetensors")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout after a run: claims, lock and reports as committed, and one dictionary."""
    for name in ("claims", "claims.lock", "reports"):
        (tmp_path / name).symlink_to(ROOT / name)
    generator = torch.Generator().manual_seed(0)
    one = tied(torch.randn(32, 16, generator=generator), torch.zeros(32))
    (tmp_path / FILE).parent.mkdir(parents=True)
    about = {"alpha": 2.0e-3, "k": 0}
    save_dictionary(tmp_path / FILE, one, Transform(torch.full((16,), 3.0), 0.5), about)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_lines_of_the_page_run_and_say_what_they_say(checkout: Path) -> None:
    assert checkout
    assert len(CODE) == 1
    lines = [line for line in CODE[0].splitlines() if line.strip()]
    assert len(lines) <= 10
    names: dict[str, Any] = {}
    exec(compile(CODE[0], "use.md", "exec"), names)
    assert names["codes"].shape == (names["x"].shape[0], names["sae"].d_sae)
    assert names["x_hat"].shape == names["x"].shape
    assert names["again"] == names["run"].verdicts
    assert 0 < names["fvu"] < 1
    shown = {alias.name for node in ast.walk(ast.parse(CODE[0])) if isinstance(node, ast.ImportFrom)
             for alias in node.names}  # fmt: skip
    assert shown == {*api.__all__} - {"Run"}, "the whole of it is shown"


def test_a_run_gives_its_verdicts_and_tables(checkout: Path) -> None:
    run = api.load_run(checkout / "reports/laptop")
    listed = read_verdicts(ROOT / "reports/laptop/verdicts.json").verdicts
    assert list(run.verdicts.values()) == listed
    assert {"fidelity", "ioi"} <= set(run.tables)
    assert len(np.unique(run.table("fidelity")["document"])) > 1


def test_a_dictionary_reads_activations_as_they_come(checkout: Path) -> None:
    sae = api.load_dictionary(checkout / FILE)
    x = torch.randn(5, 16)
    torch.testing.assert_close(sae.encode(x), encode(sae.dictionary, (x - 3.0) * 0.5))
    assert (sae.d_in, sae.d_sae, sae.knob) == (16, 32, ("alpha", 2.0e-3))
    torch.testing.assert_close(sae.directions.norm(dim=1), torch.ones(32))


def test_verdicts_are_read_where_there_is_no_torch() -> None:
    code = "import sys, repro.api; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_what_is_not_there_is_told_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(VerdictError, match="to mend"):
        _ = api.load_run(tmp_path).verdicts
    with pytest.raises(EvidenceError, match="to mend"):
        api.load_run(tmp_path).table("fidelity")
    with pytest.raises(EvidenceError, match="no folder of evidence"):
        api.judge(tmp_path / "nowhere", ROOT / "claims")
    with pytest.raises(ArtifactError, match="to mend"):
        api.load_dictionary(tmp_path / "none.safetensors")


def test_tables_that_are_not_there_are_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="holds no tables"):
        _ = api.load_run(tmp_path).tables
    with pytest.raises(EvidenceError, match=r"no table 'fidelty'(.|\n)*fidelity"):
        api.load_run(ROOT / "reports/laptop").table("fidelty")
