"""What a notebook needs: read a run, judge evidence again, use a dictionary.

These names stay; everything else in `repro` is free to move.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from repro.contract.evidence import read_evidence
from repro.contract.verdict import Verdict, Verdicts
from repro.contract.verdict_file import read_verdicts
from repro.errors import EvidenceError
from repro.judge.verify import verify

if TYPE_CHECKING:
    from repro.maker.decompositions.decomposition import Decomposition

__all__ = ["Run", "judge", "load_dictionary", "load_run"]


@dataclass(frozen=True)
class Run:
    """What a run left in its folder of reports: verdicts and the evidence under them."""

    folder: Path
    """Folder with `verdicts.json` and `evidence/`."""

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on each claim, by its id.

        Raises:
            VerdictError: `verdicts.json` is missing or malformed.
        """
        return _by_id(read_verdicts(self.folder / "verdicts.json"))

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables of evidence.

        Raises:
            EvidenceError: there are none.
        """
        found = sorted(path.stem for path in (self.folder / "evidence").glob("*.parquet"))
        if not found:
            raise EvidenceError(
                f"{self.folder / 'evidence'} holds no tables",
                expected="a folder of reports, such as reports/laptop",
                mend="repro run",
            )
        return tuple(found)

    def table(self, name: str) -> Mapping[str, np.ndarray]:
        """A table of evidence as arrays by column, checked against its hash and its row model.

        Raises:
            EvidenceError: there is none of that name, it is altered, or not as its row model says.
        """
        if name not in self.tables:
            raise EvidenceError(
                f"{self.folder / 'evidence'} holds no table {name!r}",
                expected=f"one of {', '.join(self.tables)}",
                mend="load_run(...).tables lists them",
            )
        return read_evidence(self.folder / "evidence", name).columns


def load_run(folder: str | Path) -> Run:
    """A run by its folder, such as reports/laptop; nothing is read before it is asked for."""
    return Run(Path(folder))


def judge(evidence: str | Path, claims: str | Path = "claims") -> Mapping[str, Verdict]:
    """Judge each claim of a folder on a folder of evidence; the verdicts by claim id.

    Raises:
        EvidenceError: there is no folder of evidence.
        LockError: the lock beside the claims cannot be read.
        SpecError: a claim file is not one valid claim.
    """
    return _by_id(verify(Path(evidence), Path(claims)))


def load_dictionary(file: str | Path) -> "Decomposition":
    """A trained dictionary by its file, such as artifacts/train/middle_r2/seed0/a3.safetensors.

    Its `encode` takes activations [batch, d_in] of the language model and gives codes
    [batch, d_sae]; its `decode` gives activations back; `directions` are its features. Centring and
    scaling are inside.

    Raises:
        ArtifactError: missing, truncated or no dictionary.
    """
    from repro.maker.decompositions.saved import saved  # torch: two seconds, and the judge has none

    return saved(Path(file))


def _by_id(verdicts: Verdicts) -> Mapping[str, Verdict]:
    return {verdict.id: verdict for verdict in verdicts.verdicts}
