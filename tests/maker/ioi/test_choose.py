"""Ways of choosing features: what the integral must add up to, and oracles by brute force."""

from itertools import pairwise, permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.ioi import known
from repro.maker.ioi.choose import effects, eliminate, greedy, ranking
from repro.maker.ioi.patch import Change, Task, change_of, divergence, run
from tests.maker.ioi.test_patch import relu_dictionary, small_task, with_transform

SEEDS = st.integers(0, 30)
CAUSES = set(range(known.CAUSES))


def change_for(task: Task, seed: int) -> Change:
    return change_of(task, with_transform(relu_dictionary(seed)))


def mean_kl(task: Task, change: Change, features) -> float:
    edit = change.edit(torch.tensor(list(features), dtype=torch.int64))
    return float(divergence(run(task, edit), task.counterfactual_logits).mean())


@given(seed=SEEDS)
def test_effects_add_up_to_the_whole_change_of_kl(seed):
    """Completeness of integrated gradients."""
    task = small_task(seed)
    change = change_for(task, seed)
    found = float(effects(task, change, steps=200).double().sum()) / len(task.clean)
    expected = mean_kl(task, change, range(10)) - mean_kl(task, change, [])
    assert found == pytest.approx(expected, abs=2e-3)


@given(seed=SEEDS)
def test_an_effect_is_the_slope_along_its_feature(seed):
    """One small change: the effect is the finite difference of KL by that feature at that token."""
    task = small_task(seed)
    change = change_for(task, seed)
    tiny = Change(change.codes * 1e-2, change.features)
    found = effects(task, tiny, steps=1)
    j = int(tiny.codes.abs().flatten(0, 1).sum(0).argmax())
    middle = 0.5 * tiny.whole()
    step = tiny.edit(torch.tensor([j]))

    def kl(edit: torch.Tensor) -> torch.Tensor:
        return divergence(run(task, edit), task.counterfactual_logits)

    slope = kl(middle + 0.5 * step) - kl(middle - 0.5 * step)
    assert torch.allclose(found[:, :, j].double().sum(1), slope, atol=2e-5)


@given(seed=SEEDS, batch=st.sampled_from([1, 2, 64]))
def test_effects_do_not_depend_on_how_pairs_are_passed(seed, batch):
    task = small_task(seed)
    change = change_for(task, seed)
    split = effects(task._replace(batch=batch), change, steps=2)
    assert torch.allclose(split, effects(task, change, steps=2), atol=1e-6)


def test_the_order_begins_with_what_lowers_kl_most_and_ties_go_by_index():
    effect = torch.tensor([[[0.0, -3.0, 2.0, 0.0]], [[0.0, -1.0, 1.0, 0.0]]])
    assert ranking(effect).tolist() == [1, 0, 3, 2]


@given(seed=SEEDS)
def test_greedy_takes_the_best_next_feature_by_brute_force(seed):
    task = small_task(seed)
    change = change_for(task, seed)
    ranked = ranking(effects(task, change, 2))
    found = greedy(task, change, ranked, n_features=2, n_candidates=5).tolist()
    candidates = ranked[:5].tolist()
    first = min(candidates, key=lambda one: mean_kl(task, change, [one]))
    second = min(
        (one for one in candidates if one != first),
        key=lambda one: mean_kl(task, change, [first, one]),
    )
    assert found[:2] == [first, second]
    assert sorted(found) == list(range(10))
    rest = [one for one in ranked.tolist() if one not in (first, second)]
    assert found[2:] == rest


def plain_elimination(task: Task, change: Change, thresholds, seed: int) -> list[list[int]]:
    """The rule of section 4.1, one feature at a time, as plainly as it can be written."""
    generator = np.random.default_rng(seed)
    kept = [j for j in range(10) if bool((change.codes[..., j] != 0).any())]
    reference = mean_kl(task, change, kept)
    found = []
    for threshold in thresholds:
        for j in generator.permutation(kept).tolist():
            without = [one for one in kept if one != j]
            kl = mean_kl(task, change, without)
            if kl - reference < threshold:
                kept, reference = without, kl
        found.append(sorted(kept))
    return found


@given(seed=SEEDS, order=st.integers(0, 3))
def test_elimination_one_by_one_is_the_paper_s(seed, order):
    task = small_task(seed)
    change = change_for(task, seed)
    kept = eliminate(task, change, smallest=1e-3, n_thresholds=3, chunk=1, seed=order)
    expected = plain_elimination(task, change, np.geomspace(1e-3, 1.0, 3), order)
    assert [one.features.tolist() for one in kept] == expected
    assert [one.threshold for one in kept] == pytest.approx([1e-3, 10**-1.5, 1.0])


@given(seed=SEEDS, chunk=st.integers(1, 10), order=st.integers(0, 3))
def test_what_is_kept_shrinks_as_the_threshold_grows(seed, chunk, order):
    task = small_task(seed)
    change = change_for(task, seed)
    kept = eliminate(task, change, smallest=1e-4, n_thresholds=4, chunk=chunk, seed=order)
    sets = [set(one.features.tolist()) for one in kept]
    assert all(later <= earlier for earlier, later in pairwise(sets))
    # All given up at once cost less than the threshold, so nothing is lost by trying in chunks.
    first = kept[0]
    assert mean_kl(task, change, first.features) <= mean_kl(task, change, range(10)) + 10 * 1e-4


def test_a_feature_that_no_prompt_changes_is_given_up_without_a_trial():
    task = small_task(0)
    change = change_for(task, 0)
    change.codes[..., 4] = 0.0
    kept = eliminate(task, change, smallest=1e-9, n_thresholds=2, chunk=1, seed=0)
    assert all(4 not in one.features.tolist() for one in kept)


@pytest.mark.parametrize("seed", range(4))
def test_each_way_finds_just_the_planted_causes(seed):
    """A read-out whose causes are known: the basis that holds them needs them and no others."""
    task = known.planted_task(seed, 0)
    change = change_of(task, known.bases(seed)["planted"])
    order = ranking(effects(task, change, steps=4))
    assert set(order[: known.CAUSES].tolist()) == CAUSES
    taken = greedy(task, change, order, known.CAUSES, 8)
    assert set(taken[: known.CAUSES].tolist()) == CAUSES
    kept = eliminate(task, change, smallest=1e-5, n_thresholds=2, chunk=8, seed=seed)
    assert set(kept[0].features.tolist()) == CAUSES
    unseen = known.planted_task(seed, 1)
    there = change_of(unseen, known.bases(seed)["planted"])
    assert mean_kl(unseen, there, CAUSES) < 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_a_rotation_of_the_basis_cannot_localise_them(seed):
    task = known.planted_task(seed, 0)
    change = change_of(task, known.bases(seed)["planted_rotated"])
    order = ranking(effects(task, change, steps=4)).tolist()
    clean = mean_kl(task, change, [])
    assert mean_kl(task, change, order[: known.CAUSES]) > 0.3 * clean
    kept = eliminate(task, change, smallest=1e-5, n_thresholds=2, chunk=1, seed=seed)
    assert len(kept[0].features) > 10 * known.CAUSES


def test_the_order_of_visits_follows_its_seed():
    task = small_task(9)
    change = change_for(task, 9)
    found = {
        tuple(
            eliminate(task, change, smallest=0.02, n_thresholds=2, chunk=1, seed=order)[
                0
            ].features.tolist()
        )
        for order in range(8)
    }
    again = eliminate(task, change, smallest=0.02, n_thresholds=2, chunk=1, seed=0)[0]
    assert tuple(again.features.tolist()) in found


@pytest.mark.parametrize("order", list(permutations(range(3)))[:3])
def test_ranking_is_a_permutation_of_all_features(order):
    effect = torch.tensor([float(i) for i in order])[None, None]
    assert sorted(ranking(effect).tolist()) == [0, 1, 2]
    assert ranking(effect)[0] == order.index(0)
