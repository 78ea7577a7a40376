"""A rater's way through the items: on, back, away and on again."""

import pytest

from repro.errors import ReproError
from repro.rate.known import TRAINING
from repro.rate.records import Answers, Begun
from tests.rate.raters import attentive, indifferent, rate, submission


def test_training_comes_first_with_feedback_and_the_rest_has_none(sits_down):
    anna = sits_down()
    state = anna.state()
    for i in range(TRAINING):
        assert (state["phase"], state["done"], state["total"]) == ("training", i, TRAINING)
        known = anna.deck.known[anna.ids[state["item"]["id"]].key]
        state = anna.rate(submission(), state["item"]["id"], 4, "")
        assert state["feedback"] == {"right": bool(known.word), "answer": known.answer()}
    assert (state["phase"], state["done"]) == ("rating", 0)
    for i in range(14):
        assert (state["done"], state["total"]) == (i, 14)
        state = anna.rate(submission(), state["item"]["id"], 4, "")
        assert "feedback" not in state
    assert (state["phase"], state["item"]) == ("done", None)


def test_who_comes_back_goes_on_where_they_were(sits_down):
    anna = sits_down()
    before = rate(anna, indifferent, most=7)
    again = sits_down()
    for state in (anna.state(), again.state()):
        assert {**state, "submission": ""} == {**before, "submission": ""}
    assert rate(again, indifferent)["phase"] == "done"
    assert sits_down().state()["phase"] == "done"


def test_raters_on_one_file_do_not_see_each_other(sits_down):
    anna, ben = sits_down("anna"), sits_down("ben")
    rate(anna, indifferent, most=9)
    assert ben.state()["done"] == 0
    assert ben.state()["phase"] == "training"
    assert not anna.ids.keys() & ben.ids.keys()
    with pytest.raises(ReproError, match="no such item"):
        ben.rate(submission(), next(iter(anna.ids)), 2, "")


def test_a_double_submit_counts_once(sits_down):
    anna = sits_down()
    rate(anna, indifferent, most=TRAINING)
    state = anna.state()
    first = anna.rate(state["submission"], state["item"]["id"], 3, "once")
    again = anna.rate(state["submission"], state["item"]["id"], 3, "once")
    assert first["done"] == again["done"] == 1
    assert first["item"] == again["item"]
    assert len(Answers(anna.store.read()[1], "anna").all) == TRAINING + 1


def test_undo_brings_an_item_back_with_what_was_said(sits_down):
    anna = sits_down()
    before = rate(anna, indifferent, most=6)
    after = anna.rate(before["submission"], before["item"]["id"], 4, " a word ")
    back = anna.undo(after["submission"], after["undoes"])
    assert back["item"] == before["item"]
    assert back["done"] == before["done"]
    assert back["said"] == {"rating": 4, "name": "a word"}
    assert anna.undo(after["submission"], after["undoes"])["done"] == before["done"], "sent twice"
    assert back["undoes"] == before["undoes"]
    assert anna.undo(submission(), back["undoes"])["done"] == before["done"] - 1


def test_undo_of_an_answer_out_of_turn_brings_that_very_item_back(sits_down):
    anna = sits_down()
    state = rate(anna, indifferent, most=6)
    later = list(anna.ids)[10]
    after = anna.rate(submission(), later, 1, "")
    assert after["item"] == state["item"]
    assert anna.undo(submission(), after["undoes"])["item"]["id"] == later


def test_all_can_be_undone_and_then_nothing_is_left_to_undo(sits_down):
    anna = sits_down()
    state, steps = rate(anna, indifferent), 0
    while state["undoes"]:
        state, steps = anna.undo(submission(), state["undoes"]), steps + 1
    assert steps == 14 + TRAINING
    assert (state["phase"], state["done"]) == ("training", 0)
    assert len(anna.store.path.read_bytes().splitlines()) == 2 + 2 * steps, "undo removes nothing"


def test_nobody_undoes_what_another_said(sits_down):
    anna, ben = sits_down("anna"), sits_down("ben")
    done = rate(anna, indifferent, most=5)
    ben.undo(submission(), done["undoes"])
    assert {**anna.state(), "submission": ""} == {**done, "submission": ""}


def test_the_last_answer_about_an_item_counts_and_undo_gives_the_one_before_back(sits_down):
    anna = sits_down()
    at = rate(anna, indifferent, most=5)["item"]["id"]
    for rating in (1, 4):
        last = anna.rate(submission(), at, rating, "")
    answers = Answers(anna.store.read()[1], "anna")
    assert (answers.by_item[at].rating, answers.n_replaced) == (4, 1)
    anna.undo(submission(), last["undoes"])
    answers = Answers(anna.store.read()[1], "anna")
    assert (answers.by_item[at].rating, answers.n_replaced, answers.n_undone) == (1, 0, 1)


def test_the_file_keeps_how_each_rater_began(sits_down):
    sits_down("anna", seed=3, per_method=1)
    sits_down("ben")
    records = sits_down("anna").store.read()[1]
    assert records == [
        Begun(rater="anna", seed=3, per_method=1),
        Begun(rater="ben", seed=0, per_method=20),
        Begun(rater="anna", seed=0, per_method=20),
    ]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "<b>", "x" * 41, "-a", "../etc"])
def test_a_name_that_cannot_be_kept_is_refused_before_anything_is_written(sits_down, file, name):
    with pytest.raises(ReproError, match="a rater cannot be called"):
        sits_down(name)
    assert not file.exists()


def test_names_may_be_of_any_script(sits_down):
    assert sits_down(" Zoë Ångström-2 ").rater == "Zoë Ångström-2"


def test_an_attentive_rater_is_right_about_all_that_is_known(sits_down):
    anna = sits_down()
    rate(anna, opinion := attentive(anna))
    for key, known in anna.deck.known.items():
        rating, name = opinion(known.item)
        assert known.is_right(rating), key
        assert known.is_named(name) == bool(known.word)
