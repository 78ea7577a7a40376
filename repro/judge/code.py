"""What the judge is made of, as a hash: other code may come to something else."""

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
PARTS = ("contract", "spec", "judge")
"""Folders of the package whose files decide what evidence comes to."""


def judge_sha256() -> str:
    """SHA-256 over the names and contents of the judge's sources."""
    found = hashlib.sha256()
    for part in PARTS:
        for file in sorted((PACKAGE / part).rglob("*.py")):
            found.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()
