"""The activation store loses nothing, doubles nothing, shuffles, resumes, and catches damage."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import ArtifactError
from repro.maker.activations.shards import batches, read_manifest, read_split
from repro.maker.activations.splits import SPLITS
from tests.examples import FEW
from tests.tiny_store import write_store


def write_numbers(folder: Path, n_rows: int, rows_per_shard: int, pieces: int = 7) -> None:
    """Training row i holds the number i, held-out rows negative ones, validation large ones."""
    train = torch.arange(n_rows)[:, None].float().expand(-1, 3)
    write_store(folder, train, -1 - train, rows_per_shard, pieces, validation=10_000 + train[::2])


def numbers(folder: Path, **how: int) -> list[list[int]]:
    how = {"batch": 8, "seed": 0, "mixing_shards": 3, **how}
    return [batch[:, 0].int().tolist() for batch in batches(folder, **how)]


SIZES = st.tuples(
    st.integers(1, 120),
    st.integers(20, 60),
    st.integers(1, 40),
    st.integers(1, 16),
    st.integers(1, 4),
)


@given(SIZES)
def test_nothing_is_lost_or_doubled(sizes: tuple[int, int, int, int, int]) -> None:
    n_rows, rows_per_shard, pieces, batch, mixing = sizes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_numbers(folder, n_rows, rows_per_shard, pieces)
        x, document = read_split(folder, "train")
        assert x[:, 0].tolist() == list(range(n_rows))
        assert torch.equal(document, (torch.arange(n_rows) // 10).int())
        assert all(s.rows == rows_per_shard for s in read_manifest(folder).train[:-1])
        found = numbers(folder, batch=batch, mixing_shards=mixing)
        assert all(len(part) == batch for part in found)
        rows = [row for part in found for row in part]
        assert len(rows) == len(set(rows)) == n_rows // batch * batch
        assert set(rows) <= set(range(n_rows))


@given(SIZES, st.integers(0, 30))
def test_skipping_batches_is_resuming(sizes: tuple[int, int, int, int, int], skip: int) -> None:
    n_rows, rows_per_shard, pieces, batch, mixing = sizes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_numbers(folder, n_rows, rows_per_shard, pieces)
        how = {"batch": batch, "mixing_shards": mixing}
        assert numbers(folder, **how, skip=skip) == numbers(folder, **how)[skip:]


@FEW
@given(SIZES)
def test_each_split_is_read_alone_and_in_its_order(sizes: tuple[int, int, int, int, int]) -> None:
    n_rows, rows_per_shard, pieces, _, _ = sizes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_numbers(folder, n_rows, rows_per_shard, pieces)
        found = {split: read_split(folder, split)[0][:, 0].tolist() for split in SPLITS}
        assert found["heldout"] == [-1 - row for row in range(n_rows)]
        assert found["validation"] == [10_000 + row for row in range(0, n_rows, 2)]
        manifest = read_manifest(folder)
        assert {split: manifest.rows(split) for split in SPLITS} == {
            split: len(found[split]) for split in SPLITS
        }


def correlation(rows: list[int]) -> float:
    """Between each row's number and that of the row read after it."""
    values = np.array(rows, dtype=float)
    return float(np.corrcoef(values[:-1], values[1:])[0, 1])


@FEW
@given(st.integers(400, 1500), st.integers(50, 400), st.integers(1, 32), st.integers(0, 2**32))
def test_neighbours_in_the_store_are_no_neighbours_in_training(
    n_rows: int, rows_per_shard: int, batch: int, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_numbers(folder, n_rows, rows_per_shard, pieces=100)
        found = numbers(folder, batch=batch, seed=seed, mixing_shards=100)
    rows = [row for part in found for row in part]
    bound = 6 / np.sqrt(len(rows))
    assert abs(correlation(rows)) < bound
    assert abs(np.corrcoef(rows, np.arange(len(rows)))[0, 1]) < bound, "early is not read first"
    assert correlation(sorted(rows)) > 0.99


@FEW
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_a_small_mix_shuffles_shards_and_the_rows_in_them(seed: int, mixing: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_numbers(folder, 720, 20, pieces=100)
        rows = np.array(numbers(folder, batch=20, seed=seed, mixing_shards=mixing)).ravel()
    groups = (rows // 20).reshape(-1, 20 * mixing)
    assert {len(set(group)) for group in groups} == {mixing}, "so many shards are mixed"
    first = [min(group) for group in groups]
    assert first != sorted(first), "the shards themselves are shuffled"
    assert (np.abs(np.diff(rows)) == 1).mean() < 0.2, "the rows of a shard are shuffled"


@FEW
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.integers(1, 4))
def test_the_seed_decides_the_order(seed: int, other: int, mixing: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_numbers(folder, 200, 50)
        first = numbers(folder, seed=seed, mixing_shards=mixing)
        assert numbers(folder, seed=seed, mixing_shards=mixing) == first
        assert (numbers(folder, seed=other, mixing_shards=mixing) == first) == (seed == other)


def test_every_coordinate_of_a_row_comes_along(tmp_path: Path) -> None:
    x = torch.randn(130, 3, generator=torch.Generator().manual_seed(0))
    write_store(tmp_path, x, torch.full_like(x, torch.nan), 40)
    found = torch.cat(list(batches(tmp_path, batch=13, seed=0, mixing_shards=2)))
    assert torch.equal(found[found[:, 0].argsort()], x[x[:, 0].argsort()])


def test_no_more_shards_are_held_than_are_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import repro.maker.activations.shards as shards

    write_numbers(tmp_path, 1000, 100)
    read, seen = shards.read_shard, []
    monkeypatch.setattr(shards, "read_shard", lambda *a: seen.append(1) or read(*a))
    stream = batches(tmp_path, batch=10, seed=0, mixing_shards=2)
    next(stream)
    assert len(seen) == 2
    for _ in range(19):
        next(stream)
    assert len(seen) == 2
    next(stream)
    assert len(seen) == 4


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_shard_is_never_read(tmp_path: Path, damage: str) -> None:
    write_numbers(tmp_path, 100, 50)
    path = tmp_path / "train-00001.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[:-8])
    message = "is missing" if damage == "gone" else "truncated or altered"
    with pytest.raises(ArtifactError, match=message):
        read_split(tmp_path, "train")
    with pytest.raises(ArtifactError, match=message):
        numbers(tmp_path)
    read_split(tmp_path, "heldout")


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"site": 3}', "\xff"])
def test_a_bad_manifest_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content.encode("latin1"))
    with pytest.raises(ArtifactError, match=r"manifest.json is (missing|no manifest)"):
        read_manifest(tmp_path)
