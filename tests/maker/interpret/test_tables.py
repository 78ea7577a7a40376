"""The tables of interpretability are sums that anybody can add up again."""

import numpy as np
import pytest

from repro.maker.interpret.results import Explained, Judged, Scores, Unit, mean_score
from repro.maker.interpret.tables import (
    GROUPS,
    PLAIN,
    Dictionary,
    budget_rows,
    interpret_rows,
    planted_unit_rows,
    sampled_rows,
    scorer_rows,
    unit_rows,
)

BLOCKS = 4
VARIANTS = ("top_and_random", "top_only", "random_only", "unconditional")


def unit(
    number: int, rng: np.random.Generator, *, effective: bool = True, rare: bool = False
) -> Unit:
    scores: dict[str, list[float | None]] = {v: [*rng.random(BLOCKS).tolist()] for v in VARIANTS}
    scores["unconditional"][number % BLOCKS] = None
    told: Scores = {} if rare else {"rules": scores}
    return Unit(
        unit=number,
        is_effective=effective,
        is_alive=number % 2 == 0,
        density=0.1,
        effect=1.0,
        skewness=1.0,
        kurtosis=2.0,
        entropy=0.5,
        scores=told,
        matched={} if rare else {"rules": {"top_and_random": [0.1] * BLOCKS}},
        by_budget={} if rare else {"1": [0.2] * BLOCKS, "4": [0.4] * BLOCKS},
        rules=[],
    )


def dictionary(site: str, method: str, seed: int, layer: int, n: int = 50) -> Dictionary:
    rng = np.random.default_rng([seed, *method.encode(), *site.encode()])
    units = [unit(i, rng, effective=i % 3 > 0, rare=i % 10 == 9) for i in range(n)]
    found = Explained(
        n_tokens=1000, active=5e3, n_units=99, n_dead=4, n_alive=70, n_effective=60, units=units
    )
    key = {"site": site, "method": method, "alpha": 0.0, "k": 0, "expansion_factor": 2.0}
    return Dictionary({**key, "seed": seed}, layer, found)


ALL = [
    dictionary(site, method, seed, layer)
    for site, layer in (("early", 4), ("middle", 14), ("late", 24))
    for method, seed in (("sae", 0), ("sae", 1), *((m, 0) for m in PLAIN), ("pca_topk", 0))
]
SINGLE = 1e-6
"""What numbers of a few units lose when they are stored to seven digits."""
ROWS = list(interpret_rows(ALL, {"rules": (-1.0, 1.0)}, BLOCKS, 0))


def test_every_score_of_every_drawn_unit_is_in_the_sums():
    for one in ALL:
        for variant in VARIANTS:
            rows = [
                row
                for row in ROWS
                if (row.site, row.method, row.seed, row.variant)
                == (one.key["site"], one.key["method"], one.key["seed"], variant)
                and (row.sampled, row.rate) == ("effective", "own")
            ]
            units = [u for u in one.found.units if u.is_effective]
            scores = [s for u in units if u.scores for s in u.scores["rules"][variant]]
            there = [s for s in scores if s is not None]
            assert sum(row.n for row in rows) == len(there)
            assert sum(row.score for row in rows) == pytest.approx(sum(there))
            assert sum(row.n_sampled for row in rows) == len(units) * BLOCKS


def test_units_without_a_score_stand_at_the_ends():
    for row in ROWS:
        failed = row.n_sampled - row.n
        assert row.score_worst == pytest.approx(row.score - failed, abs=SINGLE)
        assert row.score_best == pytest.approx(row.score + failed, abs=SINGLE)
    assert any(row.n < row.n_sampled for row in ROWS)


def test_the_best_baseline_is_chosen_on_the_other_blocks():
    def total(method: str, site: str, blocks: set[int]) -> float:
        chosen = [
            row
            for row in ROWS
            if (row.site, row.method, row.variant) == (site, method, "top_and_random")
            and (row.sampled, row.rate) == ("effective", "own")
            and row.text_block in blocks
        ]
        return sum(row.score for row in chosen) / sum(row.n for row in chosen)

    for site in ("early", "middle", "late"):
        for block in range(BLOCKS):
            others = {*range(BLOCKS)} - {block}
            best = max(PLAIN, key=lambda method: total(method, site, others))
            mean = total(best, site, {block})
            own = [
                (row.feature_group, row.score / row.n if row.n else mean)
                for row in ROWS
                if (row.site, row.method, row.text_block) == (site, best, block)
                and (row.variant, row.sampled, row.rate) == ("top_and_random", "effective", "own")
            ]
            beside = {
                row.feature_group: row.score_best_plain / row.n if row.n else None
                for row in ROWS
                if (row.site, row.method, row.text_block) == (site, "sae", block)
                and (row.variant, row.sampled, row.rate) == ("top_and_random", "effective", "own")
            }
            scored = {group: value for group, value in beside.items() if value is not None}
            assert len(scored) > GROUPS // 2
            assert scored == pytest.approx({group: dict(own)[group] for group in scored})


def asked(one: Dictionary, numbers: list[int]) -> Dictionary:
    """A dictionary about some of whose units a language model was asked; of unit 19 in vain."""
    units = [
        u.model_copy(update={"scores": {"detection": u.scores.get("rules", {})}})
        for u in one.found.units
        if u.unit in numbers
    ]
    return one._replace(asked=one.found.model_copy(update={"units": units}))


def test_a_scorer_that_has_some_units_only_is_compared_on_those():
    """Baselines have fewer groups than the dictionary: their mean stands beside the others."""
    numbers = {"sae": [1, 2, 4, 5, 19], "pca": [1], "pca_topk": [2]}
    some = [
        asked(one, numbers[one.key["method"]]) if one.key["method"] in numbers else one
        for one in ALL
    ]
    rows = list(interpret_rows(some, {"rules": (-1.0, 1.0), "detection": (0.0, 1.0)}, BLOCKS, 0))
    assert [row for row in rows if row.scorer == "rules"] == ROWS
    ours = [row for row in rows if row.scorer == "detection"]
    assert {(row.sampled, row.rate) for row in ours} == {("effective", "own")}
    of = {
        (r.site, r.method, r.variant, r.feature_group, r.text_block): r for r in ours if r.seed == 0
    }
    for (site, method, variant, group, block), row in of.items():
        if method != "sae":
            continue
        assert row.n_sampled == 1
        number = numbers["sae"][group]
        assert row.n == (number != 19 and (variant, block) != ("unconditional", number % BLOCKS))
        for beside, baseline in ((row.score_best_plain, "pca"), (row.score_best_topk, "pca_topk")):
            best = of[site, baseline, variant, 0, block]
            assert beside == pytest.approx(row.n * best.score)
    assert {group for _, method, _, group, _ in of if method == "sae"} == {*range(5)}


def test_shuffled_layers_are_those_of_the_sites_each_once():
    places = {}
    for row in ROWS:
        places.setdefault((row.feature_group, row.text_block), {})[row.layer] = row.layer_shuffled
    assert all(sorted(one.values()) == [4, 14, 24] for one in places.values())
    moved = [one[layer] != layer for one in places.values() for layer in one]
    assert 0.4 < np.mean(moved) < 0.9


def test_denominators_add_up():
    for row in sampled_rows(ALL):
        assert row.n_rare + row.n_scored == row.n_sampled
        assert row.n_eligible in (60, 70)
        assert row.n_scored > 0


def test_a_row_a_unit_and_a_sum_a_budget():
    assert len(list(unit_rows(ALL))) == sum(len(one.found.units) for one in ALL)
    for row in budget_rows(ALL):
        assert row.score == pytest.approx(row.n * {1: 0.2, 4: 0.4}[row.budget])


def test_auroc_counts_pairs_of_a_group_and_ties_half():
    pure = Judged(scores=[0.9, 0.5, None] * 20, shuffled=[0.0, None, 0.1] * 20)
    mixed = Judged(scores=[0.4, 0.5, 0.95] * 20, shuffled=[0.0] * 60)
    rows = list(scorer_rows({("rules", 1): pure, ("rules", 2): mixed}))
    assert {row.feature_group for row in rows} == {*range(GROUPS)}
    for row in rows:
        group = row.feature_group
        ours = [s for s in mixed.scores[group::GROUPS] if s is not None]
        theirs = [s for s in pure.scores[group::GROUPS] if s is not None]
        if row.n_meanings == 1:
            assert row.n_pairs == 0
            continue
        assert row.n_pairs == len(ours) * len(theirs)
        expected = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in theirs for b in ours)
        assert row.n_ordered == expected


def test_a_row_a_planted_feature_adds_up_to_the_sums_of_the_groups():
    pure = Judged(scores=[0.9, 0.5, None] * 20, shuffled=[0.0, None, 0.1] * 20)
    mixed = Judged(scores=[0.4, 0.0, 0.95] * 20, shuffled=[-0.1] * 60)
    judged = {("rules", 1): pure, ("rules", 2): mixed}
    rows = list(planted_unit_rows(judged))
    assert [(row.n_meanings, row.feature) for row in rows] == [
        (n, i) for n in (1, 2) for i in range(60)
    ]
    for group in scorer_rows(judged):
        ours = [
            row
            for row in rows
            if (row.n_meanings, row.feature % GROUPS) == (group.n_meanings, group.feature_group)
        ]
        assert sum(row.is_scored for row in ours) == group.n
        assert sum(row.score for row in ours) == pytest.approx(group.score)
        assert sum(row.is_scored_shuffled for row in ours) == group.n_shuffled
        assert sum(row.score_shuffled for row in ours) == pytest.approx(group.score_shuffled)


@pytest.mark.parametrize(
    ("scores", "mean"), [([0.2, None, 0.6], 0.4), ([None, None], 0.0), ([], 0.0), ([-0.5], -0.5)]
)
def test_a_units_score_is_the_mean_of_the_blocks_that_have_one(
    scores: list[float | None], mean: float
) -> None:
    assert mean_score(scores) == pytest.approx(mean)
