"""Planted cases: a model that knows the rule scores best, one told another scores chance."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from repro.errors import EndpointError
from repro.maker.interpret.auroc import auroc
from repro.maker.interpret.case import Case, Drawn, Scored, Scorer, Variant
from repro.maker.interpret.llm.answers import margins
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.detection import Detection
from repro.maker.interpret.llm.fuzzing import Fuzzing, others
from repro.maker.interpret.llm.intruder import Intruder
from repro.maker.interpret.llm.simulate import Simulation, expected_level
from repro.maker.interpret.llm.variants import VARIANTS
from tests.maker.interpret.llm.clients import client, files
from tests.maker.interpret.llm.ideal import IdealModel
from tests.maker.interpret.llm.loopback import (
    Answer,
    Probabilities,
    Seen,
    Server,
    chat_reply,
    echo_reply,
    serving,
    texts_reply,
)
from tests.maker.interpret.planted_cases import FRUIT, ODD_PIECES, case_of, fruit_case

BEST = {"simulation": 1.0, "detection": 1.0, "fuzzing": 1.0, "intruder": 1.0}
SCORERS: dict[str, Callable[[Client], Scorer]] = {
    "simulation": Simulation, "detection": Detection, "fuzzing": Fuzzing, "intruder": Intruder,
}  # fmt: skip


def contains(explanation: str, text: str) -> int:
    """The rule of most worlds: an explanation is a word, and what contains it is at the top."""
    return 9 if explanation in text else 0


@pytest.fixture
def ideal():
    with serving(IdealModel("pear", contains)) as server:
        yield server


def scored(
    make: Callable[[Client], Scorer], case: Case, url: str, at: Path, **how: object
) -> Scored:
    with client(url, at, **how) as opened:
        return make(opened)(case)


@pytest.mark.parametrize("name", SCORERS)
def test_a_scorer_says_what_it_is(name: str, ideal: Server, tmp_path: Path):
    with client(ideal.url, tmp_path) as opened:
        scorer = SCORERS[name](opened)
    assert scorer.name == name
    assert scorer.metric
    assert scorer.chance == {"simulation": 0.0, "intruder": 0.2}.get(name, 0.5)


@pytest.mark.parametrize("name", SCORERS)
def test_the_right_explanation_scores_best(name: str, ideal: Server, tmp_path: Path):
    found = scored(SCORERS[name], fruit_case(), ideal.url, tmp_path)
    assert found.explanation == (() if name == "intruder" else ("pear",))
    for variant, values in found.scores.items():
        best = math.nan if (name, variant) == ("intruder", "unconditional") else BEST[name]
        assert values == pytest.approx((best, best), nan_ok=True), variant


def test_of_blocks_in_which_a_unit_fires_everywhere_there_is_no_detection(
    ideal: Server, tmp_path: Path
):
    case = fruit_case()
    dense = case._replace(activations=case.activations + 1)
    for name in ("detection", "intruder"):
        found = scored(SCORERS[name], dense, ideal.url, tmp_path)
        assert all(math.isnan(value) for values in found.scores.values() for value in values)


def shuffled(case: Case, seed: int) -> Case:
    """The same text with the unit's activations moved to other tokens."""
    moved = np.random.default_rng(seed).permutation(case.activations.ravel())
    return case._replace(activations=moved.reshape(case.activations.shape))


def test_activations_that_follow_no_rule_are_simulated_at_chance(ideal: Server, tmp_path: Path):
    case = fruit_case(length=64)
    values = [
        value
        for seed in range(5)
        for value in scored(Simulation, shuffled(case, seed), ideal.url, tmp_path).scores[
            "unconditional"
        ]
    ]
    assert abs(np.mean(values)) < 0.1


def test_the_explanation_of_another_unit_simulates_at_chance(tmp_path: Path):
    with serving(IdealModel("dog", contains)) as server:
        found = scored(Simulation, fruit_case(length=64), server.url, tmp_path)
    assert all(-0.2 < value < 0.1 for values in found.scores.values() for value in values)
    assert 0.0 not in found.scores["top_and_random"]


@pytest.mark.parametrize("name", ["simulation", "detection", "fuzzing"])
def test_an_explanation_of_something_else_scores_chance(name: str, tmp_path: Path):
    with serving(IdealModel("nothing of the kind", contains)) as server:
        found = scored(SCORERS[name], fruit_case(), server.url, tmp_path)
    chance = 0.0 if name == "simulation" else 0.5
    assert set(found.scores["top_and_random"]) == {chance}


@pytest.mark.parametrize("name", ["simulation", "detection", "fuzzing"])
def test_no_explanation_is_no_score(name: str, tmp_path: Path):
    with serving(IdealModel("", contains)) as server:
        found = scored(SCORERS[name], fruit_case(), server.url, tmp_path)
    assert found.explanation == ()
    assert {len(values) for values in found.scores.values()} == {2}
    assert all(math.isnan(value) for values in found.scores.values() for value in values)


def test_scorers_of_a_case_ask_for_one_explanation(ideal: Server, tmp_path: Path):
    with client(ideal.url, tmp_path) as opened:
        for make in SCORERS.values():
            make(opened)(fruit_case())
        ledger = opened.ledger.by_purpose()
    assert (ledger["explain"].sent, ledger["explain"].requests) == (1, 3)


def test_requests_are_as_many_as_is_stated(ideal: Server, tmp_path: Path):
    case = fruit_case()
    with client(ideal.url, tmp_path) as opened:
        for make in SCORERS.values():
            make(opened)(case)
        sent = {purpose: one.sent for purpose, one in opened.ledger.by_purpose().items()}
    # A block has eight fragments that fire and, from anywhere, one of those and four that do not.
    assert sent == {
        "probe simulation": 1, "probe answers": 1, "explain": 1, "simulate": 24, "detection": 24,
        "fuzzing": 32, "intruder": 30,
    }  # fmt: skip
    assert len(ideal.seen) == sum(sent.values())


@pytest.mark.parametrize("name", SCORERS)
def test_a_replayed_score_is_the_same_with_the_server_gone(name: str, tmp_path: Path):
    with serving(IdealModel("pear", contains)) as server:
        before = scored(SCORERS[name], fruit_case(), server.url, tmp_path, concurrency=4)
    kept = files(tmp_path)
    after = scored(SCORERS[name], fruit_case(), server.url, tmp_path, mode="replay")
    assert repr(after) == repr(before)
    assert files(tmp_path) == kept


def odd_level(piece: str) -> int:
    """A level for each odd token, mostly another."""
    return ODD_PIECES.index(piece) % 10 if piece in ODD_PIECES else 0


class TestPairing:
    """Every prediction belongs to its own token, whatever the tokens are."""

    def case(self) -> Case:
        draw = np.random.default_rng(3)
        rows = [draw.permutation(len(ODD_PIECES)).tolist() for _ in range(8)]
        parts = Drawn(np.arange(2, 5), np.arange(5, 7), np.arange(7, 8))
        return case_of(rows, ODD_PIECES, odd_level, Drawn(*[np.arange(2)] * 3), [parts])

    @pytest.mark.parametrize("echo", [False, True])
    def test_odd_tokens_get_their_own_levels(self, echo: bool, tmp_path: Path):
        case = self.case()
        model = IdealModel("odd things", lambda _, token: odd_level(token))
        with (
            serving(model) as server,
            client(server.url, tmp_path, prompt_logprobs=echo) as opened,
        ):
            scorer = Simulation(opened)
            found = scorer.predict(case, "odd things", np.arange(2, 8))
            scores = scorer(case).scores
        assert {seen.body.get("echo", False) for seen in server.seen if "prompt" in seen.body} == {
            echo
        }
        for fragment, values in found.items():
            assert values.tolist() == case.activations[fragment].tolist()
        assert all(values == pytest.approx((1.0,)) for values in scores.values())

    def test_both_ways_of_asking_are_the_same_question(self, tmp_path: Path):
        """What stands before a place is the same text to the last character."""
        with serving(IdealModel("pear", contains)) as server:
            for echo in (False, True):
                with client(server.url, tmp_path / str(echo), prompt_logprobs=echo) as opened:
                    Simulation(opened).predict(fruit_case(), "pear", np.array([3]))
        single, whole = (s.body["prompt"] for s in server.seen if len(s.body["prompt"][0]) > 500)
        assert len(single) == 12
        assert [whole[0][: len(prompt)] for prompt in single] == single
        assert whole[0] == single[-1] + "unknown"


def test_the_explainer_sees_the_top_fragments_with_levels(ideal: Server, tmp_path: Path):
    case = fruit_case()
    scored(Simulation, case, ideal.url, tmp_path)
    [seen] = [seen for seen in ideal.seen if seen.path.endswith("/chat/completions")]
    shown = seen.body["messages"][-1]["content"].split("The same")[0]
    pairs = [line.split("\t") for line in shown.splitlines() if "\t" in line]
    expected = [
        (token.replace("\n", "\\n"), "10" if token == " pear" else "0")
        for fragment in case.explain.top.tolist()
        for token in case.text.tokens(fragment)
    ]
    assert [tuple(pair) for pair in pairs] == expected


class TestEndpointsThatCannotBeRead:
    """One clear error before any work."""

    @staticmethod
    def mute(seen: Seen, _: int) -> Answer:
        if seen.path.endswith("/chat/completions"):
            return chat_reply("yes")
        return texts_reply([{"1": 1.0}])._replace(
            body=b'{"model": "m", "choices": [{"index": 0, "text": "1", "logprobs": null}]}'
        )

    @pytest.mark.parametrize("name", SCORERS)
    def test_no_log_probabilities(self, name: str, tmp_path: Path):
        with serving(self.mute) as server, client(server.url, tmp_path) as opened:
            with pytest.raises(EndpointError, match="tells no log-probabilities"):
                SCORERS[name](opened)
            assert len(server.seen) == 1

    def test_prompts_whose_log_probabilities_are_not_told(self, tmp_path: Path):
        """As llama.cpp does: `echo` is taken, and only the answer's token is told."""
        with (
            serving(lambda _, __: texts_reply([{"1": 1.0}])) as server,
            client(server.url, tmp_path, prompt_logprobs=True) as opened,
            pytest.raises(EndpointError, match="prompt_logprobs: false"),
        ):
            Simulation(opened)

    def test_tabs_that_are_parts_of_larger_tokens(self, tmp_path: Path):
        def merged(seen: Seen, _: int) -> Answer:
            [prompt] = seen.body["prompt"]
            tokens = prompt.replace("\t", "\0\t").split("\0")
            return echo_reply([*tokens, "1"], [{"1": 1.0}] * (len(tokens) + 1))

        with (
            serving(merged) as server,
            client(server.url, tmp_path, prompt_logprobs=True) as opened,
            pytest.raises(EndpointError, match="prompt_logprobs: false"),
        ):
            Simulation(opened)

    @pytest.mark.parametrize(("ten", "largest"), [(True, 10), (False, 9)])
    def test_the_scale_ends_at_nine_where_ten_is_two_tokens(
        self, ten: bool, largest: int, tmp_path: Path
    ):
        with serving(IdealModel("pear", contains, ten=ten)) as server:
            with client(server.url, tmp_path) as opened:
                scorer = Simulation(opened)
                scorer.predict(fruit_case(), "pear", np.array([3]))
            assert scorer.top == largest
            assert f"from 0 to {largest}" in server.seen[-1].body["prompt"][0]
            assert ("\t10\n" in server.seen[-1].body["prompt"][0]) == ten


class Terse:
    """Tells a level at pears alone, or after the probe none at all."""

    def __init__(self, *, at_pears: bool) -> None:
        self.at_pears = at_pears

    def __call__(self, seen: Seen, number: int) -> Answer:
        if seen.path.endswith("/chat/completions"):
            return chat_reply("pear")
        tops: list[Probabilities] = []
        for prompt in seen.body["prompt"]:
            tells = self.at_pears and prompt.endswith("pear\t")
            tops.append({"9": 1.0} if tells or not number else {"the": 1.0})
        return texts_reply(tops)


def test_places_at_which_no_level_is_told_count_zero(tmp_path: Path):
    with serving(Terse(at_pears=True)) as server:
        found = scored(Simulation, fruit_case(), server.url, tmp_path)
    assert all(values == pytest.approx((1.0, 1.0)) for values in found.scores.values())


def test_fragments_of_which_no_level_is_told_have_no_score(tmp_path: Path):
    with serving(Terse(at_pears=False)) as server:
        found = scored(Simulation, fruit_case(), server.url, tmp_path)
    assert all(math.isnan(value) for values in found.scores.values() for value in values)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ({"3": 0.2, "unknown": 0.8}, 3.0),
        ({"0": 0.25, "10": 0.25, "x": 0.5}, 5.0),
        ({" 4": 0.1, "4": 0.1, "8": 0.2}, 6.0),
        ({"11": 0.5, "-1": 0.2, "٣": 0.1, "½": 0.1, "07": 0.1, "2": 0.01}, 2.0),
        ({"1": 1e-300, "3": 1e-300}, 2.0),
        ({"x": 1.0}, math.nan),
        ({}, math.nan),
    ],
)
def test_an_expected_level_is_a_mean_over_levels_alone(top: dict[str, float], expected: float):
    logprobs = {token: math.log(p) for token, p in top.items()}
    assert expected_level(logprobs, 10) == pytest.approx(expected, nan_ok=True)


def test_levels_beyond_the_smallest_number_still_have_a_mean():
    assert expected_level({"1": -2000.0, "4": -2000.0}, 10) == 2.5


def test_every_variant_is_scored():
    assert get_args(Variant) == VARIANTS


def test_auroc_is_the_chance_to_outscore():
    draw = np.random.default_rng(0)
    a, b = draw.integers(0, 5, 30).astype(float), draw.integers(0, 4, 20).astype(float)
    slow = sum((x > y) + (x == y) / 2 for x in a for y in b) / 600
    assert auroc(a, b) == pytest.approx(slow)
    assert auroc(b, a) == pytest.approx(1 - slow)
    assert math.isnan(auroc(a, b[:0]))


@pytest.mark.parametrize("count", [1, 3, 5])
def test_other_marks_are_as_many_and_none_of_the_right_ones(count: int):
    marks = np.arange(8) < count
    wrong = others(marks, np.random.default_rng(0))
    assert wrong.sum() == min(count, 8 - count)
    assert not (wrong & marks).any()


@pytest.mark.parametrize("name", ["detection", "fuzzing", "simulation"])
def test_each_variant_is_scored_on_its_own_fragments(name: str, ideal: Server, tmp_path: Path):
    """Of the random fragments the text is changed, so that the explanation fits the top alone."""
    case = fruit_case()
    ids = case.text.ids.copy()
    for drawn in case.score:
        ids[drawn.random] = np.where(ids[drawn.random] == FRUIT, FRUIT + 1, ids[drawn.random])
    changed = case._replace(text=case.text._replace(ids=ids))
    found = scored(SCORERS[name], changed, ideal.url, tmp_path).scores
    lost = 0.0 if name == "simulation" else 0.5
    assert found["top_only"] == pytest.approx((1.0, 1.0))
    assert found["random_only"] == pytest.approx((lost, lost))
    assert all(lost < value < 1.0 for value in found["top_and_random"])


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ({"yes": 0.4, "no": 0.1}, 4.0),
        ({"yes": 0.4, " YES": 0.2, "No": 0.1, "maybe": 0.01}, 6.0),
        ({"yes": 0.4, "maybe": 0.05}, 8.0),
        ({"no": 0.4, "maybe": 0.05}, 1 / 8),
        ({"maybe": 0.4, "yesterday": 0.2}, 1.0),
        ({}, 1.0),
    ],
)
def test_a_margin_is_how_much_likelier_yes_is_than_no(top: dict[str, float], expected: float):
    logprobs = {token: math.log(p) for token, p in top.items()}
    assert margins([logprobs]).tolist() == pytest.approx([math.log(expected)])


class TestIntruder:
    """Draws are fair, and answers are taken at their word."""

    def test_a_model_that_always_names_the_same_place_scores_chance(self, tmp_path: Path):
        with serving(lambda _, __: chat_reply("2", {"2": 0.9, "1": 0.1})) as server:
            found = scored(Intruder, fruit_case(), server.url, tmp_path)
        assert set(found.scores["top_and_random"]) == {0.2}

    def test_a_model_that_names_no_place_is_wrong(self, tmp_path: Path):
        with serving(lambda _, __: chat_reply("?", {"none": 0.9, "6": 0.1})) as server:
            found = scored(Intruder, fruit_case(), server.url, tmp_path)
        assert set(found.scores["top_and_random"]) == {0.0}

    def test_the_intruder_is_marked_as_often_as_the_others(self, ideal: Server, tmp_path: Path):
        scored(Intruder, fruit_case(), ideal.url, tmp_path)
        asked = [seen.body["messages"][-1]["content"] for seen in ideal.seen[1:]]
        for question in asked:
            texts = question.split("Text ")[1:]
            counts = [sum(" pear" in text for text in texts), len(texts)]
            assert counts == [4, 5]
            assert all("<<" in text for text in texts)

    def test_other_numbers_of_fragments_have_other_chances(self, ideal: Server, tmp_path: Path):
        with client(ideal.url, tmp_path) as opened:
            scorer = Intruder(opened, fragments=3, draws=6)
            found = scorer(fruit_case())
        assert scorer.chance == pytest.approx(1 / 3)
        assert set(found.scores["top_and_random"]) == {1.0}


def test_yes_and_no_are_read_in_any_case_and_summed(tmp_path: Path):
    """The margin is what ranks: a model that says yes to all, but surer where it is so, is best."""

    def eager(seen: Seen, _: int) -> Answer:
        if not seen.body.get("logprobs"):
            return chat_reply("pear")
        text = seen.body["messages"][-1]["content"]
        if "pear" in text.split("Text:")[-1]:
            return chat_reply("yes", {"yes": 0.4, " Yes": 0.3, "no": 0.2})
        return chat_reply("yes", {"YES": 0.6, "No": 0.2})

    with serving(eager) as server:
        found = scored(Detection, fruit_case(), server.url, tmp_path)
    assert set(found.scores["top_and_random"]) == {1.0}
