"""Parquet files, each vouched for by the hash that stands in a JSON file beside it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from repro.errors import EvidenceError
from repro.files import sha256_of, write_with


def write_table(target: Path, table: pa.Table) -> str:
    """Write a table, whole or not at all; the SHA-256 of the file."""
    write_with(target, lambda part: pq.write_table(table, part, compression="zstd"))
    return sha256_of(target)


def read_table(path: Path, sha256: str, mend: str) -> pa.Table:
    """Read a table and hold it against its hash; `mend` is the command that makes it again.

    Raises:
        EvidenceError: the file is missing, truncated or altered.
    """
    if not path.exists():
        raise EvidenceError(f"{path} is missing", expected="the table its header names", mend=mend)
    found = sha256_of(path)
    if found != sha256:
        raise EvidenceError(
            f"{path} is not the file its header vouches for (sha256 {found[:12]}...)",
            expected=f"sha256 {sha256[:12]}...: the file was truncated or changed",
            mend=mend,
        )
    try:
        # `pq.read_table` would go through pyarrow.dataset, which imports pandas (half a second).
        return pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise EvidenceError(
            f"{path} cannot be read: {str(error).splitlines()[0]}", expected="Parquet", mend=mend
        ) from None
