"""What the items of one dictionary share: text and activations, labels, and what a push costs."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from repro.maker.activations.loaded import model_of
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.features.search import added, best_units, fit_of
from repro.maker.interpret.prepared import read_activations, read_text
from repro.maker.interpret.text import EXPLAIN, tokenizer_of
from repro.maker.interpret.units import ROWS, codes_of
from repro.maker.steer.fits import check_fits
from repro.maker.steer.jobs import PLANTED, RANDOM, SteerJob
from repro.maker.steer.labels import Label, chosen, label_of, members, words_in
from repro.maker.steer.push import log_odds, mean_difference, random_direction, unit

STEPS, STEP = 10, 0.3
"""In which the planted direction is found, and the length of each over its own."""


class Direction(NamedTuple):
    """What is pushed along."""

    method: str
    """How the tables call it."""
    along: Float[Tensor, " d_in"]
    """Of norm 1."""


class Directions(NamedTuple):
    """The same for several labels."""

    method: str
    """How the tables call it."""
    along: list[Float[Tensor, " d_in"]]
    """Of norm 1, one a label."""


class Bench:
    """The text, the dictionary, and its labelled features."""

    def __init__(self, job: SteerJob) -> None:
        self.job, (self.text, _) = job, read_text(job.edited.text)
        self.lm, self.reader = model_of(job.edited.files), model_of(job.reader)
        self.of = decomposition_of(job.asked)
        x, is_kept = read_activations(job.read, job.asked.of.site)
        kept = is_kept.flatten()
        self.x = x.flatten(0, 1)[kept].float()
        self.ids = self.text.ids.ravel()[kept.numpy()]
        block = np.repeat(self.text.block, self.text.ids.shape[1])[kept.numpy()]
        self.is_searched: Bool[np.ndarray, " token"] = block == EXPLAIN
        self.words = words_in(self.text.pieces)
        self.prompts = self._read([encoded(job, text) for text in job.pushing.prompts])
        self.rms = float((self.x - self.x.mean(dim=0)).square().sum(dim=1).mean().sqrt())

    def features(self) -> list[tuple[str, Label]]:
        """This part's features, and how each was chosen."""
        ours, (part, parts) = self.job.pushing, self.job.part
        seed = [ours.seed, self.job.asked.seed, 0x57]
        found = chosen(
            list(self._labels()),
            ours.n_random,
            ours.n_best,
            ours.least_purity,
            ours.most_common,
            seed,
        )
        return found[part::parts]

    def is_keyword(self, label: Label) -> Bool[Tensor, " vocabulary"]:
        """Token ids that spell a keyword, as many as the model has."""
        found = torch.from_numpy(members(label.words, self.words))
        n = self.lm.bridge.original_model.config.vocab_size
        return torch.nn.functional.pad(found, (0, max(0, n - len(found))))[:n]

    def directions(self, labels: Sequence[Label]) -> Iterator[list[Direction]]:
        """For each label the feature, what stands beside it, and two controls."""
        if not labels:
            return
        searched = torch.from_numpy(self.is_searched)
        x, ids = self.x[searched], self.ids[self.is_searched]
        is_on = np.stack([members(one.words, self.words)[ids] for one in labels], axis=1)
        on = torch.from_numpy(is_on)
        others = [Directions(one.method, self._best(one, on, x)) for one in self.job.others]
        for i, label in enumerate(labels):
            seed = [self.job.pushing.seed, self.job.asked.seed, label.unit]
            found = [
                Direction(self.job.asked.method, unit(self.of.directions[label.unit])),
                Direction(RANDOM, random_direction(self.x.shape[1], seed)),
                Direction(PLANTED, self._planted(label)),
            ]
            if on[:, i].any():
                found.append(Direction("mean_difference", mean_difference(x, on[:, i])))
                found += [Direction(one.method, one.along[i]) for one in others]
            yield found

    def _labels(self) -> Iterator[Label]:
        ours = self.job.pushing
        for first in range(0, self.of.d_sae, 128):
            units = np.arange(first, min(first + 128, self.of.d_sae))
            codes = codes_of(self.of, self.x[:, None], units)[:, 0].numpy()
            for place, one in enumerate(units.tolist()):
                if (codes[:, place] > 0).sum() > ours.alive_firings:
                    label = label_of(
                        one, codes[:, place], self.ids, self.is_searched, self.words, ours.keywords
                    )
                    if label:
                        yield label

    def _best(
        self, other: Asked, on: Bool[Tensor, "token label"], x: Float[Tensor, "token d_in"]
    ) -> list[Float[Tensor, " d_in"]]:
        """The directions of the units that fit each label's keywords best, as `features` seeks."""
        of = decomposition_of(other)
        parts = zip(x.split(ROWS), on.split(ROWS), strict=True)
        fit = added([fit_of(of.encode(rows), is_on) for rows, is_on in parts])
        found = best_units(fit, self.job.pushing.least_recall)
        return [unit(of.directions[one]) for one in found.tolist()]

    def _planted(self, label: Label) -> Float[Tensor, " d_in"]:
        """A direction found by gradient, so that the keywords rise after the prompts themselves.

        Steps along the mean gradient of their log-odds, on the sphere of pushes of equal norm.
        """
        length = self.job.pushing.equal_norm * self.rms
        along = unit(self._slope(label, torch.zeros(self.x.shape[1])))
        for _ in range(STEPS):
            along = unit(along + STEP * unit(self._slope(label, length * along)))
        return along

    def _slope(self, label: Label, push: Float[Tensor, " d_in"]) -> Float[Tensor, " d_in"]:
        """Gradient of the keywords' log-odds after the prompts, summed, at a push."""
        (ids, last, x), moved = self.prompts, push.clone().requires_grad_(True)
        with torch.enable_grad():
            logits = self.lm.logits_from(x + moved, self.job.edited.hook, ids, last).cpu()
            total = log_odds(logits, self.is_keyword(label)).sum()
            (gradient,) = torch.autograd.grad(total, moved)
        return gradient

    def _read(self, prompts: list[list[int]]) -> "Prompts":
        """The prompts side by side, padded on the right, which attention never sees."""
        hook, tokens = self.job.edited.hook, [torch.tensor(ids) for ids in prompts]
        ids = torch.nn.utils.rnn.pad_sequence(tokens, batch_first=True)
        last = torch.tensor([len(one) - 1 for one in prompts])
        return Prompts(ids, last, self.lm.activations(ids, [hook])[hook].float().cpu().clone())

    def _sequences(self, rows: np.ndarray) -> Tensor:
        before = torch.tensor(self.job.edited.before, dtype=torch.int64).expand(len(rows), -1)
        return torch.cat([before, torch.from_numpy(self.text.ids[rows].astype(np.int64))], dim=1)

    @torch.no_grad()
    def rise(self) -> "Rise":
        """What measures the rise of the loss by a push, on other documents."""
        edited, n = self.job.edited, self.text.ids.shape[1]
        count = max(1, self.job.pushing.calibrated_tokens // n)
        ids = self._sequences(np.flatnonzero(self.text.block != EXPLAIN)[:count])
        x = self.reader.activations(ids, [edited.hook])[edited.hook].float().cpu()
        return Rise(self, ids, x, float(self.reader.losses(ids).double().mean()))


class Prompts(NamedTuple):
    """What the pushes stand before."""

    ids: Int[Tensor, "prompt position"]
    """Their tokens."""
    last: Int[Tensor, " prompt"]
    """Position of the last token of each."""
    x: Float[Tensor, "prompt position d_in"]
    """Activations on them."""


class Rise(NamedTuple):
    """The rise of the loss on some text, in nats a token, by a push at every position."""

    bench: Bench
    """The model."""
    ids: Tensor
    """Sequences."""
    x: Tensor
    """Their activations."""
    clean: float
    """Their mean loss."""

    @torch.no_grad()
    def __call__(self, push: Float[Tensor, " d_in"]) -> float:
        """The mean loss with the push, less that without."""
        edited = self.bench.job.edited
        found = [
            self.bench.reader.losses_from(self.x[part] + push, edited.hook, self.ids[part]).cpu()
            for part in torch.arange(len(self.ids)).split(edited.batch)
        ]
        return float(torch.cat(found).double().mean()) - self.clean


def encoded(job: SteerJob, text: str) -> list[int]:
    """Token ids of a prompt, with the token that begins a sequence, if one does.

    Raises:
        ParamsError: prompt and continuation are longer than the model can read.
    """
    tokenizer = tokenizer_of(job.edited.files.folder)
    ids = [*job.edited.before, *tokenizer.encode(text, add_special_tokens=False).ids]
    check_fits(model_of(job.edited.files), len(ids), job.pushing.tokens_written, "steer.prompts")
    return ids
