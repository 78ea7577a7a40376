"""The activation store loses nothing, doubles nothing, shuffles, resumes, and catches damage."""

import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import ArtifactError
from repro.shards import Manifest, ShardWriter, batches, read_manifest, read_split, write_manifest


def write_store(folder: Path, n_rows: int, rows_per_shard: int, pieces: int = 7) -> None:
    """Row i holds the number i, and comes from document i // 10."""
    shards = {}
    for split in ("train", "heldout"):
        writer = ShardWriter(folder, split, rows_per_shard)
        for part in torch.arange(n_rows).split(pieces):
            writer.add(part[:, None].float().expand(-1, 3), part // 10)
        shards[split] = writer.close()
    write_manifest(
        folder,
        Manifest(
            site="early",
            hook="test",
            dimension=3,
            dtype="float32",
            train=shards["train"],
            heldout=shards["heldout"],
            n_sinks={"train": 0, "heldout": 0},
            sink_norm=0.0,
            median_norm=0.0,
            provenance={},
        ),
    )


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
        write_store(folder, n_rows, rows_per_shard, pieces)
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
        write_store(folder, n_rows, rows_per_shard, pieces)
        how = {"batch": batch, "mixing_shards": mixing}
        assert numbers(folder, **how, skip=skip) == numbers(folder, **how)[skip:]


def test_neighbours_in_the_store_are_no_neighbours_in_training(tmp_path: Path) -> None:
    write_store(tmp_path, 4000, 500)
    rows = torch.tensor(numbers(tmp_path, mixing_shards=8)).flatten().double()
    pairs = torch.stack([rows[:-1], rows[1:]])
    assert abs(float(torch.corrcoef(pairs)[0, 1])) < 0.06
    stored = torch.arange(4000).double()
    assert float(torch.corrcoef(torch.stack([stored[:-1], stored[1:]]))[0, 1]) > 0.99


def test_the_seed_decides_the_order(tmp_path: Path) -> None:
    write_store(tmp_path, 200, 50)
    assert numbers(tmp_path, seed=1) == numbers(tmp_path, seed=1)
    assert numbers(tmp_path, seed=1) != numbers(tmp_path, seed=2)


def test_no_more_shards_are_held_than_are_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import repro.shards as shards

    write_store(tmp_path, 1000, 100)
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
    write_store(tmp_path, 100, 50)
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
