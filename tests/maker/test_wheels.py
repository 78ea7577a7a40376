"""Pinned wheels come through pip, once, and are never read when they are not the pinned bytes."""

import zipfile
from pathlib import Path

import pytest

from repro.errors import SourceError
from repro.files import sha256_of
from repro.maker.source.wheels import Wheel, obtain, read_member

pytestmark = pytest.mark.slow

NAME = "reprosample"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place where pip may look."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def put_on_sale(shop: Path, text: str, tag: str = "py3-none-any") -> Wheel:
    path = shop / f"{NAME}-1.0-{tag}.whl"
    info = f"{NAME}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{NAME}/words.txt", text)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    return Wheel(NAME, "1.0", sha256_of(path))


@pytest.mark.parametrize("tag", ["py3-none-any", "cp311-cp311-manylinux_2_28_x86_64"])
def test_a_wheel_is_downloaded_once_and_then_read_from_the_cache(
    shop: Path, tmp_path: Path, tag: str
) -> None:
    wheel, cache = put_on_sale(shop, "hello", tag), tmp_path / "cache"
    assert read_member(wheel, f"{NAME}/words.txt", cache=cache) == b"hello"
    next(shop.iterdir()).unlink()
    assert read_member(wheel, f"{NAME}/words.txt", cache=cache) == b"hello"
    assert [path.name for path in cache.iterdir()] == [f"{wheel.sha256}.whl"]


def test_a_release_with_other_bytes_is_refused_and_not_kept(shop: Path, tmp_path: Path) -> None:
    pinned = put_on_sale(shop, "hello")
    changed = put_on_sale(shop, "hallo")
    with pytest.raises(SourceError) as caught:
        obtain(pinned, cache=tmp_path / "cache")
    assert changed.sha256 in str(caught.value)
    assert pinned.sha256 in str(caught.value)
    assert "to mend" in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_damaged_cache_is_refused_and_healed_by_the_next_run(shop: Path, tmp_path: Path) -> None:
    wheel, cache = put_on_sale(shop, "hello"), tmp_path / "cache"
    path = obtain(wheel, cache=cache)
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not the pinned file"):
        read_member(wheel, f"{NAME}/words.txt", cache=cache)
    assert read_member(wheel, f"{NAME}/words.txt", cache=cache) == b"hello"


def test_a_wheel_that_cannot_be_had_says_what_to_type(shop: Path, tmp_path: Path) -> None:
    assert shop.is_dir()
    with pytest.raises(SourceError, match=r"could not download reprosample==1.0.*\n.*\n.*network"):
        obtain(Wheel(NAME, "1.0", "0" * 64), cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
