"""A whole folder or none: built beside its place, then put there instead of what was there."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which replaces `target` when the block ends well and vanishes otherwise.

    Nothing of the old `target` stays. Only between two renames is there none of them.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=f".{target.name}.", suffix=".part", ignore_cleanup_errors=True
    ) as name:
        new, old = Path(name) / "new", Path(name) / "old"
        new.mkdir()
        yield new
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
