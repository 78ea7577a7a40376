"""The stage asks a language model: judged first, about few units, kept, replayed, resumed."""

import json
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.cards import read_cards
from repro.contract.evidence import Table, read_evidence
from repro.errors import ArtifactError, EndpointError, ParamsError
from repro.maker.interpret import asking, interview, units
from repro.maker.interpret.asking import ENDS
from repro.maker.interpret.llm import shared
from repro.maker.params.llm import EMBEDDED_MODEL
from tests.maker.interpret.asked_project import (
    answer,
    measure,
    values,
    without_transcripts,
)
from tests.maker.interpret.llm.clients import files
from tests.maker.interpret.llm.loopback import Answer, Seen, chat_reply, serving
from tests.maker.interpret.llm.test_server import servers
from tests.maker.interpret.trained_project import train
from tests.tiny_project import write_params

TABLES = ("interpret", "sampled", "units", "budgets", "scorers", "planted_units")
ASKING = {"simulation", "detection", "fuzzing", "intruder"}
GONE = "http://127.0.0.1:9/v1"
"""An address at which nothing listens."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    train(folder, values())
    return folder


@pytest.fixture(scope="module")
def first(project: Path) -> Path:
    """What a run wrote that asked a server."""
    with serving(answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared, "open_endpoint", at(server.url))
        return measure(project, "first")


def at(url: str) -> Any:
    """Opens the door at another address than the settings name, which the evidence tells."""
    opens = shared.open_endpoint

    def open_endpoint(llm: Any, **more: Any) -> Any:
        return opens(llm.model_copy(update={"base_url": url}), **more)

    return open_endpoint


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def tables(first: Path) -> dict[str, Table]:
    return {name: read_evidence(first, name) for name in TABLES}


def named(table: Table, names: set[str]) -> Table:
    return table.rows(np.isin(table.columns["scorer"], sorted(names)))


def test_scorers_that_ask_are_judged_on_few_features_of_each_number_of_meanings(
    tables: dict[str, Table],
):
    rows = named(tables["planted_units"], ASKING).columns
    counts = Counter(zip(rows["scorer"].tolist(), rows["n_meanings"].tolist(), strict=True))
    assert counts == {(scorer, n): 3 for scorer in ASKING for n in range(1, 6)}
    scored = {*rows["scorer"][rows["is_scored"] == 1].tolist()}
    shuffled = {*rows["scorer"][rows["is_scored_shuffled"] == 1].tolist()}
    assert scored == ASKING
    assert shuffled == ASKING - {"intruder"}
    assert {*tables["scorers"].columns["scorer"].tolist()} == {"rules", *ASKING}


def test_every_decomposition_is_asked_about_and_no_more_units_than_is_said(
    tables: dict[str, Table],
):
    """Two seeds, or two draws, share three units, the first having two of them."""
    rows = named(tables["interpret"], ASKING).columns
    assert {*rows["sampled"].tolist()} == {"effective"}
    assert {*rows["rate"].tolist()} == {"own"}
    assert {*rows["variant"].tolist()} == {
        "top_and_random", "top_only", "random_only", "unconditional"
    }  # fmt: skip
    asked = Counter()
    keys = ("scorer", "variant", "text_block", "method", "alpha", "seed", "n_sampled")
    for *key, n in zip(*(rows[name].tolist() for name in keys), strict=True):
        asked[tuple(key)] += n
    by_method = {(method, seed, n) for (*_, method, _, seed), n in asked.items()}
    assert by_method == {
        ("sae", 0, 2), ("sae", 1, 1), ("pca_topk", 0, 2), ("pca_topk", 1, 1),
        ("neurons_signed", 0, 3),
    }  # fmt: skip
    assert {scorer for scorer, *_ in asked} == ASKING


def test_units_without_a_score_stand_at_the_ends_of_their_scorer(tables: dict[str, Table]):
    rows = named(tables["interpret"], ASKING).columns
    worst, best = np.array([ENDS[name] for name in rows["scorer"].tolist()]).T
    failed = rows["n_sampled"] - rows["n"]
    assert (failed > 0).any()
    assert (failed < rows["n_sampled"]).any()
    np.testing.assert_allclose(rows["score_worst"], rows["score"] + failed * worst, atol=1e-6)
    np.testing.assert_allclose(rows["score_best"], rows["score"] + failed * best, atol=1e-6)


def test_other_rows_are_those_of_a_run_that_asks_nothing(project: Path, tables: dict[str, Table]):
    plain = measure(project, "plain", {"interpret__llm": None})
    assert not (plain / "transcripts").exists()
    for name in TABLES:
        without = read_evidence(plain, name)
        assert "asked" not in without.header.provenance
        rows = tables[name]
        if "scorer" in rows.columns:
            rows = named(rows, {"rules"})
        for column, expected in without.columns.items():
            assert rows.columns[column].tolist() == expected.tolist(), column


def test_a_card_has_the_explanation_and_the_scores_of_a_unit_that_was_asked_about(first: Path):
    told = [card for card in read_cards(first) if card.explanation]
    assert {card.method for card in told} == {"sae", "neurons_signed", "pca_topk"}
    assert all(card.explanation.startswith("words like number") for card in told)
    assert {name for card in told for name in card.scores} == {"rules", *ASKING}
    others = [card for card in read_cards(first) if not card.explanation]
    assert others
    assert all({*card.scores} <= {"rules"} for card in others)


def test_a_language_model_is_asked_about_the_fragments_that_the_rules_see(
    project: Path, first: Path, monkeypatch: pytest.MonkeyPatch
):
    seen: dict[bytes, list[Any]] = {}
    asked: list[bytes] = []
    draw, case_of = units.drawn_for, asking.case_of

    def drawn_for(activations: np.ndarray, *more: Any) -> Any:
        found = draw(activations, *more)
        seen.setdefault(activations.tobytes(), []).append(found)
        return found

    def asked_about(job: Any, text: Any, activations: np.ndarray, unit: int) -> Any:
        asked.append(activations.tobytes())
        return case_of(job, text, activations, unit)

    monkeypatch.setattr(units, "drawn_for", drawn_for)
    monkeypatch.setattr(asking, "case_of", asked_about)
    # No cards, whose making draws too: what is left is the scorers' own draw and ours.
    monkeypatch.setattr(units, "chosen_for", lambda *_: [])
    measure(project, "seen", mode="replay", transcripts=str(first / "transcripts"))
    assert len(asked) == 2 * 3 + 2 * 3
    for activations in asked:
        by_rules, ours = map(str, seen[activations])
        assert by_rules == ours


def test_a_replay_is_the_same_to_the_byte_without_a_network(
    project: Path, first: Path, no_network: None
):
    del no_network
    again = measure(
        project, "again", mode="replay", transcripts=str(first / "transcripts"), concurrency=1
    )
    assert without_transcripts(again) == without_transcripts(first)
    assert files(again / "transcripts") == files(first / "transcripts")
    assert files(project / "first-kept") == files(first / "transcripts")


def test_a_replay_from_the_folder_of_its_own_stage_leaves_it_as_it_is(project: Path, first: Path):
    own = project / "own"
    shutil.copytree(first / "transcripts", own / "transcripts")
    again = measure(project, "own", mode="replay", transcripts=str(own / "transcripts"))
    assert without_transcripts(again) == without_transcripts(first)
    assert files(own / "transcripts") == files(first / "transcripts")


def test_the_evidence_counts_the_units_that_were_asked_about(first: Path, project: Path):
    counts = read_evidence(first, "interpret").header.counts
    # Two penalties of two seeds that share three units, and three of each other decomposition.
    assert counts["units_asked_about"] == 2 * 3 + 2 * 3
    assert 0 < counts["units_answered"] <= counts["units_asked_about"]


def test_no_question_is_asked_whose_answer_is_dropped(first: Path):
    """The intruder scores no explanation, so none of another feature is tried."""
    rows = named(read_evidence(first, "interpret"), {"intruder"})
    cost = rows.header.provenance["asked"]["intruder"]["requests"]
    planted = named(read_evidence(first, "planted_units"), {"intruder"}).columns["feature"]
    cases = len(planted) + rows.header.counts["units_asked_about"]
    n_variants, n_blocks = (len({*rows.columns[name]}) for name in ("variant", "text_block"))
    draws = 5
    assert 0 < cost <= cases * draws * n_variants * n_blocks


def test_the_evidence_tells_what_asking_cost(first: Path):
    for name in TABLES:
        cost = json.loads((first / f"{name}.json").read_text())["provenance"]["asked"]
        purposes = {"explain", "simulate", "detection", "fuzzing", "intruder"}
        assert {*cost} == {*purposes, "probe answers", "probe simulation"}
        for spent in cost.values():
            n = spent["requests"]
            assert spent == {"requests": n, "prompt_tokens": 7 * n, "completion_tokens": 2 * n}


def test_what_a_replay_misses_is_told_with_what_mends_it(project: Path, first: Path):
    folder = project / "some"
    shutil.copytree(first / "transcripts", folder)
    gone = sorted(folder.rglob("*.json"))[7]
    gone.unlink()
    with pytest.raises(ArtifactError, match=gone.stem) as caught:
        measure(project, "missed", mode="replay", transcripts=str(folder))
    assert "set mode: record" in caught.value.mend


def test_a_run_that_was_cut_short_asks_again_for_nothing(project: Path, first: Path):
    good: list[str] = []

    def fails_after(seen: Seen, number: int) -> Answer:
        if number >= 150:
            return Answer(500, b"{}")
        good.append(json.dumps(seen.body))
        return answer(seen, number)

    with serving(fails_after) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared, "open_endpoint", at(server.url))
        with pytest.raises(EndpointError):
            measure(project, "cut")
    with serving(answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared, "open_endpoint", at(server.url))
        again = measure(project, "cut")
    asked = Counter([*good, *(json.dumps(seen.body) for seen in server.seen)])
    assert len(good) == 150
    assert set(asked.values()) == {1}
    assert len(asked) == len(files(first / "transcripts"))
    assert without_transcripts(again) == without_transcripts(first)


def test_an_endpoint_that_nobody_reaches_is_told(project: Path):
    with pytest.raises(EndpointError, match="APIConnection") as caught:
        measure(project, "unreached")
    assert "check the endpoint" in caught.value.mend
    assert not (project / "unreached").exists()


@pytest.mark.parametrize("scorer", ["detection", "intruder"])
def test_an_endpoint_without_log_probabilities_is_told(project: Path, scorer: str):
    with (
        serving(lambda *_: chat_reply("yes")) as server,
        pytest.raises(EndpointError, match="tells no log-probabilities") as caught,
    ):
        measure(project, "unread", base_url=server.url, scorers=[scorer])
    assert "choose a model" in caught.value.mend


def test_the_endpoint_is_closed_when_the_stage_fails(project: Path):
    with serving(lambda *_: chat_reply("yes")) as server, pytest.raises(EndpointError):
        measure(project, "unread", base_url=server.url)
    assert not shared._OPEN


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"scorers": ["magic"]}, r"interpret\.llm\.scorers\.0"),
        ({"scorers": []}, r"interpret\.llm\.scorers"),
        ({"planted": 1}, r"interpret\.llm\.planted"),
        ({"planted": 21}, r"interpret\.llm\.planted: 21 are asked about, 20 are drawn"),
        ({"max_features": 21}, r"interpret\.llm\.max_features: 21 are asked about, 20 are drawn"),
        ({"transcripts": ""}, r"interpret\.llm\.transcripts"),
        ({"mode": "ask"}, r"interpret\.llm\.mode"),
        ({"base_url": "embedded"}, r"interpret\.llm\.model: the embedded server has no 'fake'"),
        ({"more": 1}, r"interpret\.llm\.more: unknown key"),
    ],
)
def test_a_mistake_in_the_section_is_told_before_any_work(
    project: Path, changes: dict[str, Any], told: str
):
    with pytest.raises(ParamsError, match=told):
        measure(project, "wrong", **changes)


@pytest.fixture
def few(project: Path) -> Iterator[dict[str, Any]]:
    """Changes that leave the embedded model little to do."""
    yield {
        "interpret__dictionaries": {"middle_r2": [1.0e-2]},
        "interpret__baselines": [],
        "interpret__excerpts": {
            **values()["interpret"]["excerpts"],
            **{"scored_top": 1, "scored_random": 1, "scored_anywhere": 3},
        },
    }
    write_params(project, values())


@pytest.mark.slow
def test_the_embedded_model_is_started_once_and_a_replay_needs_none(
    project: Path, few: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    opens, started = shared.open_endpoint, []

    def counted(*words: Any, **more: Any) -> Any:
        started.append(len(servers()))
        return opens(*words, **more)

    monkeypatch.setattr(shared, "open_endpoint", counted)
    monkeypatch.setattr(interview, "MOST_MEANINGS", 1)
    embedded = {"base_url": "embedded", "model": EMBEDDED_MODEL, "scorers": ["detection"]}
    little = {"planted": 2, "max_features": 1, "top_logprobs": 20, **embedded}
    recorded = measure(project, "real", few, **little)
    assert started == [0]
    assert servers() == []
    rows = named(read_evidence(recorded, "scorers"), {"detection"}).columns
    assert rows["n"].sum() > 0
    assert any(card.explanation for card in read_cards(recorded))
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("asked"))
    kept = str(recorded / "transcripts")
    again = measure(project, "real-again", few, **little, mode="replay", transcripts=kept)
    assert started == [0]
    assert without_transcripts(again) == without_transcripts(recorded)
