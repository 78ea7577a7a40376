"""The exported table is what an independent recount of the files says."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from repro.cli import app
from repro.contract.evidence import Table, read_evidence
from repro.contract.rows.fidelity import AgreementRow, RefitRow
from repro.contract.verdict import Status
from repro.contract.written import write_evidence
from repro.errors import ReproError
from repro.judge.verify import verify
from repro.rate.agreement import alpha
from repro.rate.cards import Cards, load_cards
from repro.rate.export import export
from repro.rate.items import Item
from repro.rate.session import begin
from tests.import_graph import ROOT
from tests.judge_strategies import RUN
from tests.planted_evidence import SCOPE
from tests.rate import planted_cards
from tests.rate.raters import Opinion, attentive, indifferent, rate, submission

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve
# units, some values missing; alpha is 0.743 nominal, 0.815 ordinal, 0.849 interval.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text("utf8").splitlines()]


def rows_of(table: Table) -> list[dict]:
    columns = {name: values.tolist() for name, values in table.columns.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def exported(cards: Cards, out: Path, *files: Path) -> Table:
    export(cards, files, out)
    return read_evidence(out, "ratings")


def recount(cards: Cards, file: Path, rater: str, keys: dict[str, str]) -> dict[str, int]:
    """Key and rating of each answer that counts, from the lines of the file alone."""
    mine = [one for one in lines(file) if one.get("rater") == rater]
    gone = {one["undoes"] for one in mine if one["kind"] == "undone"}
    return {
        keys[one["item"]]: one["rating"]
        for one in mine
        if one["kind"] == "rated" and one["submission"] not in gone
    }


def always(rating: int) -> Opinion:
    def opinion(item: Item) -> tuple[int, str]:
        return rating, ""

    return opinion


def random_walk(session, seed: int) -> None:
    """Answers, undoes and second thoughts by chance."""
    draw = np.random.default_rng(seed)
    for _ in range(60):
        state = session.state()
        if draw.random() < 0.25 and state["undoes"]:
            session.undo(submission(), state["undoes"])
            continue
        names = list(session.ids)
        at = state["item"]["id"] if state["item"] else names[draw.integers(len(names))]
        if draw.random() < 0.2:
            at = names[draw.integers(len(names))]
        session.rate(submission(), at, int(draw.integers(5)), "")


@pytest.mark.parametrize("seed", range(4))
def test_the_table_is_what_a_recount_says(cards, sits_down, file, tmp_path, seed):
    expected = []
    for rater in ("anna", "ben"):
        session = sits_down(rater)
        random_walk(session, seed)
        counted = recount(cards, file, rater, {name: i.key for name, i in session.ids.items()})
        for key, rating in counted.items():
            known = session.deck.known.get(key)
            if known and known.item in session.deck.training:
                continue
            method = "planted" if known else key.removeprefix("card:").split("-")[0]
            right = bool(known) and (rating >= 3 if known.word else rating <= 1)
            expected.append((rater, method, rating / 4, int(bool(known)), int(right)))
    table = exported(cards, tmp_path / "out", file)
    names = ("rater", "method", "rating", "is_catch_item", "is_right")
    assert Counter(tuple(row[n] for n in names) for row in rows_of(table)) == Counter(expected)
    assert set(table.columns["n"].tolist()) == {1}
    counts = table.header.counts
    rated = [one for one in expected if not one[3]]
    assert counts["offered"] == 20
    assert counts["rated"] == len(rated) == counts["offered"] - counts["unrated"]
    assert counts["catch_items"] == len(expected) - len(rated)
    assert counts["catch_items_right"] == sum(one[4] for one in expected)
    answers = Counter(one["kind"] for one in lines(file)[1:])["rated"]
    accounted = ("rated", "catch_items", "training", "undone", "replaced")
    assert answers == sum(counts[name] for name in accounted), "every answer is somewhere"


def test_a_feature_is_the_line_of_its_card_and_is_the_same_for_all_raters(
    cards, sits_down, file, tmp_path
):
    for rater in ("anna", "ben"):
        rate(sits_down(rater), indifferent)
    rows = rows_of(exported(cards, tmp_path / "out", file))
    for row in rows:
        if not row["is_catch_item"]:
            assert cards.cards[row["feature"]].method == row["method"]
    of = defaultdict(set)
    for row in rows:
        of[row["rater"]].add(row["feature"])
    assert of["anna"] == of["ben"] == set(range(len(cards.cards) + 4))


def test_files_merge_and_the_later_one_wins(cards, tmp_path):
    opinions = {"one": ("anna", 4), "two": ("anna", 0), "three": ("ben", 3)}
    for name, (rater, rating) in opinions.items():
        session = begin(cards, tmp_path / name, rater, 0, 20)
        rate(session, always(rating))
    files = [tmp_path / name for name in opinions]
    table = exported(cards, tmp_path / "out", *files)
    found = {(row["rater"], row["rating"]) for row in rows_of(table)}
    assert found == {("anna", 0.0), ("ben", 0.75)}
    counts = table.header.counts
    assert (counts["raters"], counts["offered"], counts["replaced"]) == (2, 20, 18)
    swapped = exported(cards, tmp_path / "swapped", *reversed(files))
    assert {r["rating"] for r in rows_of(swapped) if r["rater"] == "anna"} == {1.0}


def test_exporting_twice_gives_the_same_bytes(cards, sits_down, file, tmp_path):
    rate(sits_down(), indifferent)
    for name in ("one", "two"):
        exported(cards, tmp_path / name, file)
    for name in ("ratings.parquet", "ratings.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("broken", ["ratings.json", "ratings.parquet"])
@pytest.mark.parametrize("content", [None, b"no table"])
def test_a_broken_table_names_the_command_that_makes_it(
    folder, cards, sits_down, file, tmp_path, broken, content
):
    out = tmp_path / "out"
    rate(sits_down("anna"), indifferent)
    exported(cards, out, file)
    (out / broken).unlink() if content is None else (out / broken).write_bytes(content)
    with pytest.raises(ReproError) as caught:
        read_evidence(out, "ratings")
    words = caught.value.mend
    for option, path in (("--cards DIR", folder), ("--ratings FILE", file), ("--out DIR", out)):
        assert option in words
        words = words.replace(option, f"{option.split()[0]} {path}")
    assert CliRunner().invoke(app, words.split()[1:]).exit_code == 0, "it mends the table"
    assert len(read_evidence(out, "ratings")) > 0


def test_names_of_planted_words_are_counted(cards, sits_down, file, tmp_path):
    anna, ben = sits_down("anna"), sits_down("ben")
    rate(anna, attentive(anna))
    rate(ben, indifferent)
    counts = exported(cards, tmp_path / "out", file).header.counts
    assert counts["catch_items_of_one_word"] == 4
    assert counts["catch_items_of_one_word_named"] == 2
    assert counts["catch_items_right"] == 4


def test_without_a_counted_answer_there_is_no_table(cards, sits_down, file, tmp_path):
    anna = sits_down()
    rate(anna, indifferent, most=4)
    with pytest.raises(ReproError, match="no answer counts"):
        export(cards, [file], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_of_another_run_is_refused(cards, sits_down, file, tmp_path):
    rate(sits_down(), indifferent)
    other = load_cards(planted_cards.write(tmp_path, *planted_cards.cards(1)))
    with pytest.raises(ReproError, match="is about the cards of another run"):
        export(other, [file], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_key_of_another_file_of_the_same_cards_is_noticed(cards, sits_down, file, tmp_path):
    rate(sits_down(), indifferent)
    begin(cards, tmp_path / "other", "anna", 0, 20)
    (tmp_path / "other.key").replace(file.with_name("ratings.jsonl.key"))
    with pytest.raises(ReproError, match="no card and no item of known answer is called"):
        export(cards, [file], tmp_path / "out")


def test_fewer_features_of_a_method_are_as_many_fewer_in_the_denominator(cards, file, tmp_path):
    rate(begin(cards, file, "anna", 0, 1), indifferent)
    counts = exported(cards, tmp_path / "out", file).header.counts
    assert (counts["offered"], counts["rated"]) == (5, 5)
    begin(cards, file, "anna", 0, 20)
    counts = exported(cards, tmp_path / "out", file).header.counts
    assert (counts["offered"], counts["rated"], counts["unrated"]) == (10, 5, 5)
    begin(cards, file, "anna", 0, 1)
    assert exported(cards, tmp_path / "out", file).header.counts == counts, "what was once offered"


def test_scope_and_profile_are_those_of_the_tables_that_it_joins(cards, sits_down, file, tmp_path):
    rate(sits_down(), indifferent)
    alone = exported(cards, tmp_path / "alone", file).header
    assert alone.scope is None
    assert "profile" not in alone.provenance
    row = RefitRow(
        site="middle", method="sae", alpha=0.0, k=0, expansion_factor=2.0, seed=0, document=0,
        n_tokens=1, squared_error_before=1.0, squared_error_after=1.0,
    )  # fmt: skip
    out = tmp_path / "joined"
    pair = AgreementRow(
        site="middle", method="sae", alpha=0.0, expansion_factor=2.0, seed_a=0, seed_b=1,
        n_features=1, n_matched=1, cosine=1.0,
    )  # fmt: skip
    write_evidence(out, "agreement", [pair], counts={}, scope=None, provenance={"profile": "no"})
    assert exported(cards, out, file).header.scope is None
    (out / "agreement.json").unlink()
    write_evidence(
        out, "refit", [row], counts={}, scope=SCOPE, provenance={"profile": "laptop", **RUN}
    )
    joined = exported(cards, out, file).header
    assert joined.scope == SCOPE
    assert joined.provenance["profile"] == "laptop"
    assert exported(cards, out, file).header == joined, "a second export reads no scope of its own"
    assert joined.provenance["cards"] == cards.sha256
    assert joined.counts == alone.counts
    assert verify(out, ROOT / "claims").profile == "laptop"
    (out / "refit.json").unlink()
    assert exported(cards, out, file).header == alone, "nothing is read of what was here before"


def ratings_of(*observers: str) -> dict[tuple[str, int], int]:
    """Values 1 to 5 as ratings 0 to 4, by rater and item."""
    return {
        (f"observer {i}", unit): int(value) - 1
        for i, line in enumerate(observers)
        for unit, value in enumerate(line.split())
        if value != "."
    }


def test_ratings_beside_a_table_of_another_run_are_judged_and_that_one_is_not(
    cards, sits_down, file, tmp_path
):
    rate(sits_down(), indifferent)
    row = RefitRow(
        site="middle", method="sae", alpha=0.0, k=0, expansion_factor=2.0, seed=0, document=0,
        n_tokens=1, squared_error_before=1.0, squared_error_after=1.0,
    )  # fmt: skip
    for scope in (SCOPE, SCOPE.model_copy(update={"model": "another"})):
        write_evidence(tmp_path, "refit", [row], counts={}, scope=scope, provenance=RUN)
        if scope is SCOPE:
            export(cards, [file], tmp_path)
    found = {one.id: one for one in verify(tmp_path, ROOT / "claims").verdicts}
    assert found["c05"].status != "broken"
    assert found["c20"].status == "broken"
    assert "table refit is of another run than the others: it differs in" in found["c20"].reason
    assert found["c20"].reason.endswith("dvc repro fidelity")


def test_agreement_is_krippendorffs_own_example():
    assert alpha(ratings_of(*OBSERVERS)) == pytest.approx(0.815, abs=0.0005)


def test_full_agreement_is_one_and_one_rater_or_one_value_has_none():
    assert alpha(ratings_of("1 2 5", "1 2 5")) == pytest.approx(1.0)
    assert alpha(ratings_of("1 2 5")) is None
    assert alpha(ratings_of("1 2 . .", ". . 3 4")) is None
    assert alpha(ratings_of("3 3 3 1", "3 3 3 .")) is None


def test_agreement_stands_in_the_header_over_features_alone(cards, sits_down, file, tmp_path):
    rate(sits_down("anna"), indifferent)
    table = exported(cards, tmp_path / "one", file)
    assert table.header.provenance["krippendorff_alpha_ordinal"] is None
    for rater, liked in (("ben", 4), ("carl", 3)):
        session = sits_down(rater)
        rate(session, attentive(session, by_method={"sae": liked, "pca": 0}))
    table = exported(cards, tmp_path / "out", file)
    features = {
        (row["rater"], row["feature"]): round(4 * row["rating"])
        for row in rows_of(table)
        if not row["is_catch_item"]
    }
    assert table.header.provenance["krippendorff_alpha_ordinal"] == alpha(features)


def verdict_of(tmp_path: Path, **opinions: Opinion | dict[str, int]) -> tuple[Status, str]:
    """What the judge makes of c05 after these raters have rated three features a method."""
    tmp_path.mkdir()
    cards = load_cards(planted_cards.write(tmp_path, *planted_cards.cards(3)))
    for rater, opinion in opinions.items():
        session = begin(cards, tmp_path / "ratings.jsonl", rater, 0, 20)
        rate(
            session, attentive(session, by_method=opinion) if isinstance(opinion, dict) else opinion
        )
    exported(cards, tmp_path / "out", tmp_path / "ratings.jsonl")
    (one,) = [v for v in verify(tmp_path / "out", ROOT / "claims").verdicts if v.id == "c05"]
    return one.status, one.reason


LIKED, DISLIKED = {"sae": 4, "neurons": 1}, {"sae": 1, "neurons": 3}


@pytest.mark.parametrize(
    ("opinion", "status"), [(LIKED, Status.SUPPORTED), (DISLIKED, Status.REFUTED)]
)
def test_the_judge_decides_c05_on_what_was_exported(tmp_path, opinion, status):
    found, reason = verdict_of(tmp_path / "all", anna=opinion, ben=opinion, carl=opinion)
    assert found == status, reason


def test_two_raters_are_too_few_and_raters_who_skim_decide_nothing(tmp_path):
    found, reason = verdict_of(tmp_path / "two", anna=LIKED, ben=LIKED)
    assert found == Status.INVALID
    assert "too thin: 2 of rater" in reason
    found, reason = verdict_of(tmp_path / "skim", anna=LIKED, ben=indifferent, carl=always(4))
    assert found == Status.INVALID
    assert "control `catch items of known answer` must be supported but is" in reason
