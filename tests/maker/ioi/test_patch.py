"""The intervention against its equation, its two exact ends, and its measures."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from repro.maker.decompositions.basis import both_signs, rotation
from repro.maker.decompositions.decomposition import Decomposition, Knob
from repro.maker.decompositions.random import random_orthogonal
from repro.maker.dictionaries.model import Dictionary, Transform, encode, tied, unit_rows
from repro.maker.ioi import known
from repro.maker.ioi.patch import (
    Change,
    Task,
    change_of,
    difference,
    divergence,
    measure,
    measure_each,
    random_edit,
    run,
    run_each,
)

SEEDS = st.integers(0, 50)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small_task(seed: int, pairs: int = 3, tokens: int = 4, d_in: int = 6, batch: int = 64) -> Task:
    """Pairs of several tokens before a read-out that is not linear."""
    g = generator(seed)
    weights = torch.randn(tokens * d_in, 9, generator=g) / 4
    clean, counterfactual = torch.randn(2, pairs, tokens, d_in, generator=g)
    changed = torch.rand(pairs, tokens, generator=g) > 0.3

    def readout(x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x.flatten(1)) @ weights

    every = torch.arange(pairs)
    return Task(
        clean, counterfactual, changed, torch.tensor([[0, 1]] * pairs),
        readout(clean, every), readout(counterfactual, every), readout, batch,
    )  # fmt: skip


def relu_dictionary(seed: int, d_in: int = 6, d_sae: int = 10) -> Dictionary:
    g = generator(seed + 77)
    rows = unit_rows(torch.randn(d_sae, d_in, generator=g))
    return tied(rows, 0.1 * torch.randn(d_sae, generator=g))


def with_transform(dictionary: Dictionary, transform: Transform | None = None) -> Decomposition:
    """A dictionary and its centring and scaling; without any, neither."""
    plain = Transform(torch.zeros(dictionary.W_dec.shape[1]), 1.0)
    return Decomposition(dictionary, transform or plain, Knob("none", 0.0))


@given(seed=SEEDS, scale=st.floats(0.1, 10.0), chosen=st.sets(st.integers(0, 9)))
def test_an_edit_is_the_sum_of_the_changes_of_its_features(seed, scale, chosen):
    """x' = x + sum over F of (c_bar - c) f, features in units of the residual stream."""
    task, dictionary = small_task(seed), relu_dictionary(seed)
    transform = Transform(torch.ones(6), scale)
    change = change_of(task, with_transform(dictionary, transform))
    edit = change.edit(torch.tensor(sorted(chosen), dtype=torch.int64))
    for pair in range(3):
        for token in range(4):
            expected = torch.zeros(6, dtype=torch.float64)
            before, after = (
                encode(dictionary, transform.forward(x[pair, token][None]))[0].double()
                for x in (task.clean, task.counterfactual)
            )
            for j in chosen:
                row = dictionary.W_dec[j].double() / scale
                expected += (after[j] - before[j]) * row
            assert torch.allclose(edit[pair, token].double(), expected, atol=1e-5 / scale)


@given(seed=SEEDS)
def test_the_error_of_the_clean_run_is_kept(seed):
    """All patched: x' - x is the counterfactual's reconstruction less the clean one, no more."""
    task, dictionary = small_task(seed), relu_dictionary(seed)
    whole = change_of(task, with_transform(dictionary)).whole()
    told = [
        encode(dictionary, x.flatten(0, 1)) @ dictionary.W_dec
        for x in (task.clean, task.counterfactual)
    ]
    assert torch.allclose(whole.flatten(0, 1), told[1] - told[0], atol=1e-5)


@given(seed=SEEDS, signed=st.booleans())
def test_a_complete_basis_patched_as_a_whole_is_the_target(seed, signed):
    task = small_task(seed)
    rows = random_orthogonal(6, seed)
    basis = rotation(rows) if signed else both_signs(rows)
    moved = Transform(torch.randn(6, generator=generator(seed)), 3.0)
    change = change_of(task, with_transform(basis, moved))
    assert torch.allclose(task.clean + change.whole(), task.counterfactual, atol=1e-5)
    assert measure(task, change.whole()).kl < 1e-8


def test_an_identity_patch_changes_nothing_exactly():
    task = small_task(1)
    found = measure(task, torch.zeros_like(task.clean))
    assert torch.equal(run(task, torch.zeros_like(task.clean)), task.clean_logits)
    assert (found.logit_shift, found.edit_norm) == (0.0, 0.0)
    assert found.kl == float(divergence(task.clean_logits, task.counterfactual_logits).sum()) > 0


def test_patching_the_whole_residual_reaches_the_target():
    task = small_task(2)
    found = measure(task, task.counterfactual - task.clean)
    assert abs(found.kl) < 1e-10
    whole = difference(task, task.clean_logits) - difference(task, task.counterfactual_logits)
    assert math.isclose(found.logit_shift, float(whole.sum()), rel_tol=1e-5)


@given(seed=SEEDS)
def test_the_divergence_is_that_of_scipy_and_has_a_direction(seed):
    p, q = torch.randn(2, 5, 7, generator=generator(seed))
    found = divergence(p, q)
    expected = entropy(p.double().softmax(-1).numpy(), q.double().softmax(-1).numpy(), axis=1)
    assert torch.allclose(found, torch.from_numpy(expected), atol=1e-12)
    assert bool((found > 0).all())
    assert torch.equal(divergence(p, p), torch.zeros(5, dtype=torch.float64))
    assert not torch.allclose(found, divergence(q, p), atol=1e-6)


def test_kl_goes_from_patched_to_target_and_the_reverse_is_the_other():
    task = small_task(3)
    edit = 0.3 * (task.counterfactual - task.clean)
    found, logits = measure(task, edit), run(task, edit)
    assert found.kl == float(divergence(logits, task.counterfactual_logits).sum())
    assert found.kl_reverse == float(divergence(task.counterfactual_logits, logits).sum())


def test_the_shift_is_the_fall_of_io_over_s():
    task = small_task(4)
    edit = task.counterfactual - task.clean
    after = run(task, edit).double()
    fall = (task.clean_logits[:, 0] - task.clean_logits[:, 1]).double() - (
        after[:, 0] - after[:, 1]
    )
    assert math.isclose(measure(task, edit).logit_shift, float(fall.sum()), rel_tol=1e-6)


def test_the_size_of_an_edit_is_taken_over_changed_tokens():
    task = small_task(5)
    found = measure(task, torch.ones_like(task.clean))
    assert math.isclose(found.edit_norm, int(task.changed.sum()) * math.sqrt(6), rel_tol=1e-6)
    norms = task.clean.double().norm(dim=-1)[task.changed]
    assert math.isclose(found.norm, float(norms.sum()), rel_tol=1e-6)


@given(seed=SEEDS, batch=st.sampled_from([1, 2, 3, 7, 64]))
def test_many_edits_in_full_passes_are_the_edits_one_by_one(seed, batch):
    task = small_task(seed, batch=batch)
    edits = [0.2 * i * (task.counterfactual - task.clean) for i in range(5)]
    for edit, logits in zip(edits, run_each(task, edits), strict=True):
        assert torch.allclose(logits, run(task, edit), atol=1e-6)
    together = measure_each(task, edits)
    assert [round(one.kl, 5) for one in together] == [
        round(measure(task, edit).kl, 5) for edit in edits
    ]


def test_a_pass_holds_no_more_pairs_than_the_batch():
    task, sizes = small_task(6, batch=7), []

    def spy(x: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        sizes.append(len(x))
        assert rows.tolist() == [i % 3 for i in range(len(x))]
        return task.readout(x, rows)

    list(run_each(task._replace(readout=spy), [torch.zeros_like(task.clean)] * 5))
    assert sizes == [6, 6, 3]


@given(seed=SEEDS)
def test_a_random_edit_is_as_long_at_every_token_and_points_elsewhere(seed):
    like = torch.randn(4, 5, 32, generator=generator(seed))
    like[0, 0] = 0.0
    found = random_edit(like, generator(seed + 1))
    assert torch.allclose(found.norm(dim=-1), like.norm(dim=-1), atol=1e-4)
    cosine = torch.nn.functional.cosine_similarity(found[1:], like[1:], dim=-1)
    assert float(cosine.abs().mean()) < 0.5
    assert torch.equal(found, random_edit(like, generator(seed + 1)))


def test_first_pairs_alone():
    task = known.planted_task(0, 0)
    few = task.first(5)
    assert len(few.clean) == len(few.names) == len(few.counterfactual_logits) == 5
    assert torch.equal(few.clean, task.clean[:5])


def test_the_change_of_nothing_is_nothing():
    change = Change(torch.randn(2, 3, 4), torch.randn(4, 6))
    assert torch.equal(change.edit(torch.tensor([], dtype=torch.int64)), torch.zeros(2, 3, 6))
