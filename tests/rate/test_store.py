"""Nothing that was acknowledged is lost: not to a kill, a torn line or a second writer."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from repro.rate.errors import RatingError
from repro.rate.records import Begun, Rated, Undone
from repro.rate.store import Store
from tests.import_graph import ROOT
from tests.rate.raters import submission

CARDS, OTHERS = "a" * 64, "b" * 64
ITEM = "0" * 20
WRITER = """
import sys
from pathlib import Path
from repro.rate.records import Rated
from repro.rate.store import Store
path, rater, cards, most = sys.argv[1:]
store = Store(Path(path), cards)
store.open()
for i in range(int(most)):
    name = f"{i:032x}"
    store.append(Rated(rater=rater, submission=name, item="0" * 20, rating=i % 5, name="x" * 150))
    print(name, flush=True)
"""


def rated(rater: str = "anna", **changed) -> Rated:
    plain = {"rater": rater, "submission": submission(), "item": ITEM, "rating": 3, "name": "é \n"}
    return Rated(**{**plain, **changed})


def started(path: Path, rater: str, most: int) -> subprocess.Popen[str]:
    """A process that writes answers and says each that was acknowledged."""
    words = [sys.executable, "-c", WRITER, str(path), rater, CARDS, str(most)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(file: Path) -> Store:
    """A file that has begun."""
    made = Store(file, CARDS)
    made.open()
    return made


def test_what_was_appended_is_read_in_its_order(store: Store):
    first, second = rated(), rated("ben")
    given = [Begun(rater="anna", seed=3, per_method=20), first, second,
             Undone(rater="anna", submission=submission(), undoes=first.submission)]  # fmt: skip
    for one in given:
        store.append(one)
    assert store.read()[1] == given
    assert all(json.loads(line) for line in store.path.read_text("utf8").splitlines())


def test_an_answer_is_on_the_disk_before_it_is_acknowledged(store: Store, monkeypatch):
    flushed: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _: flushed.append(store.path.read_bytes()))
    store.append(rated())
    assert flushed == [store.path.read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 40, 150])
def test_a_kill_amid_many_answers_loses_none_that_was_acknowledged(file: Path, after: int):
    with started(file, "anna", 100_000) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.read().split("\n")
        assert process.wait() == -signal.SIGKILL
    acknowledged = [name for name in told if re.fullmatch("[0-9a-f]{32}", name)]
    records = Store(file, CARDS).read()[1]
    kept = [one.submission for one in records if isinstance(one, Rated)]
    assert len(acknowledged) >= after
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) <= len(acknowledged) + 1, "at most the one that was under way"


@pytest.mark.slow
def test_two_processes_on_one_file_lose_nothing_and_mix_nothing(file: Path):
    both = [started(file, rater, 60) for rater in ("anna", "ben")]
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    records = Store(file, CARDS).read()[1]
    for rater in ("anna", "ben"):
        names = [r.submission for r in records if isinstance(r, Rated) and r.rater == rater]
        assert names == [f"{i:032x}" for i in range(60)]


def test_threads_on_one_file_lose_nothing(store: Store):
    given = [rated(rater) for _ in range(30) for rater in ("anna", "ben")]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.append, given))
    assert sorted(map(repr, store.read()[1])) == sorted(map(repr, given))


@pytest.mark.parametrize("cut", [1, 10, 60, -2])
def test_a_torn_last_line_is_cut_off_and_the_next_stands_by_itself(store: Store, cut: int):
    first, torn, after = rated(), rated(), rated()
    store.append(first)
    whole = store.path.read_bytes()
    line = torn.model_dump_json().encode() + b"\n"
    store.path.write_bytes(whole + line[:cut])
    assert store.read()[1] == [first]
    store.path.write_bytes(whole + line[:cut])
    assert store.append(after) == [first, after]
    assert store.path.read_bytes() == whole + after.model_dump_json().encode() + b"\n"


def test_a_last_line_that_lacks_its_end_alone_is_kept(store: Store):
    one = rated()
    store.append(one)
    store.path.write_bytes(store.path.read_bytes()[:-1])
    after = rated()
    assert store.append(after) == [one, after]
    assert Store(store.path, CARDS).read()[1] == [one, after]


@pytest.mark.parametrize("cut", [0, 1, 10, 70])
def test_a_file_that_was_killed_while_it_began_begins_again(store: Store, cut: int):
    store.path.write_bytes(store.path.read_bytes()[:cut])
    again = Store(store.path, CARDS)
    again.open()
    assert again.append(one := rated()) == [one]


@pytest.mark.parametrize("tail", [b"\0\0\0\0", b"\xff", '{"kind":"rated","é'.encode()[:-1]])
def test_rubbish_that_a_lost_power_leaves_is_cut_off(store: Store, tail: bytes):
    store.append(one := rated())
    with store.path.open("ab") as file:
        file.write(tail)
    assert store.read()[1] == [one]


def test_the_same_submission_counts_once_and_the_first_stays(store: Store):
    one = rated(rating=4)
    store.append(one)
    assert store.append(one) == [one]
    assert store.append(one.model_copy(update={"rating": 0})) == [one]
    assert len(store.append(one.model_copy(update={"rater": "ben"}))) == 2


def test_the_key_is_private_and_stays_the_same(store: Store):
    key = store.path.with_name("ratings.jsonl.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert store.open() == store.open() == store.read()[0]
    assert store.open() not in store.path.read_text("utf8")
    other = Store(store.path.with_name("other.jsonl"), CARDS)
    assert other.open() != store.open()


def test_a_file_of_another_run_is_refused_and_left_alone(store: Store):
    store.append(rated())
    before = store.path.read_bytes()
    for way in (Store.open, Store.read, lambda one: one.append(rated())):
        with pytest.raises(RatingError, match="is about the cards of another run") as caught:
            way(Store(store.path, OTHERS))
        assert OTHERS in caught.value.expected
    assert store.path.read_bytes() == before


def test_without_its_key_a_file_is_refused(store: Store):
    key = store.path.with_name("ratings.jsonl.key")
    content = key.read_text("utf8")
    for damaged in ("", "{}", content.replace(CARDS, OTHERS)):
        key.write_text(damaged, "utf8")
        with pytest.raises(RatingError, match=r"ratings\.jsonl\.key is "):
            store.read()
    key.unlink()
    with pytest.raises(RatingError, match="without it no item can be told"):
        store.open()
    assert not key.exists(), "a new secret would orphan what was rated"


def test_a_key_that_was_left_over_from_another_run_begins_no_file(store: Store):
    store.path.unlink()
    with pytest.raises(RatingError, match=r"ratings\.jsonl\.key is about the cards of another run"):
        Store(store.path, OTHERS).open()
    assert store.path.read_bytes() == b""
    store.open()
    assert store.append(one := rated()) == [one]


@pytest.mark.parametrize(
    "content", [b"my notes\nthat matter", b'{"a": 1}', b"\n", b"\xff\xd8\xff\n", b'{"kind":"x"}\n']
)
def test_a_file_of_something_else_is_refused_and_left_alone(file: Path, content: bytes):
    file.write_bytes(content)
    with pytest.raises(RatingError, match="line 1 is no record of ratings"):
        Store(file, CARDS).open()
    assert file.read_bytes() == content


def test_a_damaged_line_in_the_middle_is_named_and_left_alone(store: Store):
    store.append(rated())
    lines = store.path.read_bytes().splitlines(keepends=True)
    for bad in (b'{"kind":"rated"}\n', b"\xff\n", b"\n"):
        store.path.write_bytes(lines[0] + bad + lines[1])
        with pytest.raises(RatingError, match="line 2 is no record of ratings"):
            store.append(rated())
        assert store.path.read_bytes() == lines[0] + bad + lines[1]


def test_places_that_hold_no_file_are_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "below.jsonl"):
        with pytest.raises(RatingError, match="cannot be used"):
            Store(path, CARDS).open()
    with pytest.raises(RatingError, match="No such file"):
        Store(tmp_path / "nowhere.jsonl", CARDS).read()
    assert not (tmp_path / "nowhere.jsonl").exists()
