"""Scores of erased prompts: what is not edited keeps the score that it had."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from repro.maker.erase import items
from repro.maker.erase.read import Asking


class _Rounding:
    """A model whose answers are a little off, as another path through it is."""

    def __init__(self, *_: object) -> None: ...

    def logits(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Logits of two answers: none is more likely, but for the rounding."""
        del ids
        return torch.tensor([[0.1, 0.0]]).expand(len(x), 2)


def test_a_prompt_of_which_nothing_is_edited_keeps_its_score_to_the_last_bit(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(items, "Prefixed", _Rounding)
    monkeypatch.setattr(items, "model_of", lambda files: files)
    asking = Asking(
        ids=torch.zeros(3, 2, dtype=torch.int64),
        label=torch.tensor([0, 1, 0]),
        is_training=torch.zeros(3, dtype=torch.bool),
        is_edited=torch.tensor([[False, True], [False, True], [True, False]]),
        shared=torch.zeros(1, dtype=torch.int64),
        answers=torch.tensor([0, 1]),
        x=torch.tensor([[[0.0], [2.0]], [[0.0], [0.0]], [[0.0], [2.0]]]),
        score=torch.tensor([0.5, 0.5, 0.5]),
        gradient=torch.zeros(3, 2, 1),
    )
    job = cast("Any", SimpleNamespace(edited=SimpleNamespace(files=None, hook="here")))
    found = items.scored(job, asking, lambda x: x, strength=1.0)
    assert found[0] > 0.51, "edited, so the model is asked"
    assert found[1:].tolist() == [0.5, 0.5], "nothing to take out; and not where it may be edited"
