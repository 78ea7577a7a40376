"""Saboteurs: each changes just what it says, and leaves the original alone."""

import numpy as np
import pytest

from repro.contract.evidence import Table
from repro.errors import EvidenceError, SpecError
from repro.judge.saboteurs import sabotage
from repro.spec import Drop, Jitter, Level, Reverse, Saboteur, Scale, Shuffle, Swap, Tilt, Where
from tests.judge_strategies import table_of

TURNS = {"name": "x", "reads": "fidelity", "turns_to": ("refuted",)}
SAE = (Where(column="method", values=("sae",)),)


def planted() -> Table:
    return table_of(
        method=["sae", "sae", "sae", "sae", "pca_topk", "pca_topk"],
        alpha=[1.0, 1.0, 2.0, 4.0, 0.0, 0.0],
        error=[1.0, 3.0, 8.0, 16.0, 5.0, 5.0],
        n=[1, 1, 2, 2, 3, 3],
    )


def after(saboteur: Saboteur, column: str) -> list:
    return sabotage(saboteur, planted()).columns[column].tolist()


def test_swap_exchanges_two_labels():
    found = after(Swap(**TURNS, column="method", a="sae", b="pca_topk"), "method")
    assert found == ["pca_topk"] * 4 + ["sae"] * 2


def test_scale_multiplies_the_selected_rows():
    found = after(Scale(**TURNS, column="error", factor=10.0, where=SAE), "error")
    assert found == [10, 30, 80, 160, 5, 5]


def test_scale_of_whole_numbers_is_not_rounded():
    assert after(Scale(**TURNS, column="n", factor=0.5), "n") == [0.5, 0.5, 1, 1, 1.5, 1.5]


def test_reverse_relabels_the_sorted_values():
    found = after(Reverse(**TURNS, along="alpha", where=SAE), "alpha")
    assert found == [4, 4, 2, 1, 0, 0]


def test_shuffle_permutes_within_the_selection_and_repeats():
    shuffle = Shuffle(**TURNS, column="error", seed=3, where=SAE)
    found = after(shuffle, "error")
    assert found == after(shuffle, "error")
    assert found != planted().columns["error"].tolist()
    assert sorted(found[:4]) == [1, 3, 8, 16]
    assert found[4:] == [5, 5]


def test_level_gives_each_value_the_sums_of_the_first():
    level = Level(**TURNS, along="alpha", columns=("error", "n"), where=SAE)
    assert after(level, "error") == [1, 3, 4, 4, 5, 5]
    assert after(level, "n") == [1, 1, 2, 2, 3, 3]


def test_level_works_apart_within_other_columns():
    table = table_of(expansion_factor=[1, 2, 1, 2], alpha=[0, 0, 1, 1], error=[4.0, 2.0, 9.0, 5.0])
    level = Level(**TURNS, along="expansion_factor", columns=("error",), within=("alpha",))
    assert sabotage(level, table).columns["error"].tolist() == [4, 4, 9, 9]


def test_level_fills_a_sum_of_zero():
    table = table_of(expansion_factor=[1, 2, 2], error=[4.0, 0.0, 0.0])
    level = Level(**TURNS, along="expansion_factor", columns=("error",))
    assert sabotage(level, table).columns["error"].tolist() == [4, 2, 2]


def test_jitter_shares_one_draw_for_each_value():
    jitter = Jitter(**TURNS, column="error", by="alpha", sd=0.5, seed=1, where=SAE)
    ratio = np.array(after(jitter, "error")) / planted().columns["error"]
    assert ratio[0] == pytest.approx(ratio[1])
    assert len(np.unique(ratio[:4].round(9))) == 3
    assert ratio[4:].tolist() == [1, 1]


def test_drop_leaves_the_rows_out():
    assert after(Drop(**TURNS, where=SAE), "method") == ["pca_topk"] * 2


def test_tilt_multiplies_by_powers_along_the_ranks():
    found = after(Tilt(**TURNS, column="error", along="alpha", factor=2.0, where=SAE), "error")
    assert found == [1, 3, 16, 64, 5, 5]


@pytest.mark.parametrize(
    "saboteur",
    [
        Swap(**TURNS, column="method", a="sae", b="pca_topk"),
        Scale(**TURNS, column="error", factor=2.0),
        Reverse(**TURNS, along="alpha"),
        Shuffle(**TURNS, column="error", seed=0),
        Level(**TURNS, along="alpha", columns=("error",)),
        Jitter(**TURNS, column="error", by="alpha", sd=1.0, seed=0),
        Drop(**TURNS, where=SAE),
        Tilt(**TURNS, column="error", along="alpha", factor=2.0),
    ],
)
def test_the_original_is_left_alone_and_the_change_is_one(saboteur: Saboteur):
    table = planted()
    changed = sabotage(saboteur, table)
    for name, values in planted().columns.items():
        assert table.columns[name].tolist() == values.tolist()
    assert any(
        changed.columns[name].tolist() != values.tolist() for name, values in table.columns.items()
    )


def test_a_label_that_is_not_there_cannot_be_swapped():
    with pytest.raises(EvidenceError, match="ica"):
        sabotage(Swap(**TURNS, column="method", a="sae", b="ica"), planted())


def test_a_column_that_is_not_there_is_the_claims_fault():
    with pytest.raises(SpecError, match="'erorr'"):
        sabotage(Scale(**TURNS, column="erorr", factor=2.0), planted())
