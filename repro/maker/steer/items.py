"""Work of the stage: features amplified before prompts, beside what they are compared with."""

from collections.abc import Iterator, Sequence
from itertools import groupby, product
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.contract.rows.steer import SteerRow, SteerTextRow
from repro.maker.activations.written import continued
from repro.maker.engine.record import Record
from repro.maker.engine.result import write_result
from repro.maker.interpret.text import tokenizer_of
from repro.maker.steer.bench import Bench, encoded
from repro.maker.steer.jobs import PROMPTED, RANDOM, REQUEST, SteerJob
from repro.maker.steer.labels import Label
from repro.maker.steer.push import costs_of, length_at, log_odds

AT_ONCE = 64
"""Continuations that are written together."""


class Steered(Record):
    """What an item came to."""

    rows: list[SteerRow]
    """By feature, push and prompt."""
    texts: list[SteerTextRow]
    """Continuations with the feature pushed so that it costs what is allowed."""
    n_labelled: int
    """Features of this part."""


class Plain(NamedTuple):
    """One prompt before the untouched model."""

    ids: list[int]
    """Its tokens."""
    text: Int[Tensor, " n"]
    """What the model writes after it."""
    loss: float
    """Loss of that, in nats, summed over tokens."""
    logits: Float[Tensor, "1 vocabulary"]
    """What it says right after the prompt."""


class Push(NamedTuple):
    """One push of one feature before one prompt."""

    how: str
    """How the feature was chosen."""
    label: Label
    """The feature."""
    method: str
    """What is pushed."""
    calibration: str
    """norm or loss."""
    length: float
    """Over the root mean square of the activations."""
    along: Float[Tensor, " d_in"]
    """Direction of norm 1."""
    prompt: int
    """Number of the prompt."""
    ids: list[int]
    """What stands before the continuation."""


def steer_item(job: SteerJob, folder: Path) -> None:
    """Work: rows of some features."""
    torch.set_num_threads(job.edited.threads)
    bench = Bench(job)
    features = bench.features()
    plain = [_plain(bench, n) for n in range(len(job.pushing.prompts))]
    rows, texts = [], []
    for number, batch in enumerate(_batches(list(_pushes(bench, features, plain)))):
        written = _written(bench, [one.ids for one in batch], _moved(bench, batch), number)
        rows += _rows(bench, batch, written, plain)
        texts += [
            _text_row(job, push, text, plain[push.prompt].text)
            for push, text in zip(batch, written, strict=True)
            if push.method == job.asked.method and push.calibration == "loss"
        ]
    write_result(folder, Steered(rows=rows, texts=texts, n_labelled=len(features)))


def _plain(bench: Bench, prompt: int) -> Plain:
    """What the untouched model makes of a prompt."""
    ids = encoded(bench.job, bench.job.pushing.prompts[prompt])
    text = _written(bench, [ids], torch.zeros(1, bench.x.shape[1]), prompt)
    logits = bench.lm.logits(torch.tensor([ids]), torch.tensor([len(ids) - 1])).cpu()
    return Plain(ids, text[0], _losses(bench, [ids], text)[0], logits)


def _pushes(
    bench: Bench, features: Sequence[tuple[str, Label]], prompts: Sequence[Plain]
) -> Iterator[Push]:
    """Every push before every prompt, lengths calibrated."""
    ours, rise = bench.job.pushing, bench.rise()
    labels = [label for _, label in features]
    for (how, label), several in zip(features, bench.directions(labels), strict=True):
        for one in several:
            costs = costs_of(one.along, bench.rms, ours.lengths, rise)
            lengths = {"loss": length_at(costs, ours.allowed_rise)}
            if one.method in (bench.job.asked.method, RANDOM):
                lengths["norm"] = ours.equal_norm
            for (name, length), (n, plain) in product(lengths.items(), enumerate(prompts)):
                yield Push(how, label, one.method, name, length, one.along, n, plain.ids)
        yield from _asked(bench, how, label)


def _asked(bench: Bench, how: str, label: Label) -> Iterator[Push]:
    """The keyword asked for in words, and no push."""
    none, request = torch.zeros(bench.x.shape[1]), REQUEST.format(word=label.words[0])
    for n, prompt in enumerate(bench.job.pushing.prompts):
        ids = encoded(bench.job, request + prompt)
        yield Push(how, label, PROMPTED, "loss", 0.0, none, n, ids)


def _batches(pushes: Sequence[Push]) -> Iterator[list[Push]]:
    """Pushes before prompts of one length, some at a time: none is padded."""

    def together(push: Push) -> int:
        return len(push.ids)

    for _, some in groupby(sorted(pushes, key=together), key=together):
        batch = list(some)
        yield from (batch[start : start + AT_ONCE] for start in range(0, len(batch), AT_ONCE))


def _moved(bench: Bench, batch: Sequence[Push]) -> Float[Tensor, "batch d_in"]:
    """What is added to every activation."""
    return torch.stack([one.length * bench.rms * one.along for one in batch])


def _written(
    bench: Bench, ids: list[list[int]], push: Float[Tensor, "batch d_in"], number: int
) -> Int[Tensor, "batch n"]:
    ours, edited = bench.job.pushing, bench.job.edited
    seed = ours.seed * 1000 + number
    return continued(bench.lm, torch.tensor(ids), edited.hook, push, ours.tokens_written, seed)


def _rows(
    bench: Bench, batch: Sequence[Push], written: Int[Tensor, "batch n"], plain: Sequence[Plain]
) -> Iterator[SteerRow]:
    """What the pushes of a batch did."""
    shifts = _shifts(bench, batch, plain)
    losses = _losses(bench, [plain[one.prompt].ids for one in batch], written)
    allowed = bench.job.pushing.allowed_rise * written.shape[1]
    for push, text, shift, loss in zip(batch, written, shifts, losses, strict=True):
        n_keywords = int(bench.is_keyword(push.label)[text].sum())
        key = {**bench.job.key, "method": push.method}
        yield SteerRow(
            **key,
            feature=push.label.unit,
            chosen=push.how,
            calibration=push.calibration,
            prompt=push.prompt,
            n=1,
            length=push.length,
            log_odds_shift=shift,
            n_with_keyword=int(n_keywords > 0),
            n_keywords=n_keywords,
            n_tokens=len(text),
            loss_steered=loss,
            loss_plain=plain[push.prompt].loss,
            loss_allowed=plain[push.prompt].loss + allowed,
        )


@torch.no_grad()
def _shifts(bench: Bench, batch: Sequence[Push], plain: Sequence[Plain]) -> Iterator[float]:
    """Rise of each push's keywords' log-odds right after the prompt."""
    hook, ids = bench.job.edited.hook, torch.tensor([one.ids for one in batch])
    several, place = ids.unique(dim=0, return_inverse=True)
    x = bench.lm.activations(several, [hook])[hook].float().cpu()[place]
    at = torch.full((len(ids),), ids.shape[1] - 1)
    logits = bench.lm.logits_from(x + _moved(bench, batch)[:, None], hook, ids, at).cpu()
    for push, row in zip(batch, logits, strict=True):
        is_keyword, before = bench.is_keyword(push.label), plain[push.prompt].logits
        yield float(log_odds(row[None], is_keyword) - log_odds(before, is_keyword))


def _losses(
    bench: Bench, prompts: Sequence[list[int]], texts: Int[Tensor, "batch n"]
) -> list[float]:
    """Loss of continuations after prompts, under the untouched model, summed over tokens."""
    found, n = torch.zeros(len(texts), dtype=torch.float64), torch.tensor([*map(len, prompts)])
    for length in n.unique().tolist():
        rows = (n == length).nonzero().squeeze(1)
        before = torch.tensor([prompts[row] for row in rows.tolist()])
        losses = bench.reader.losses(torch.cat([before, texts[rows]], dim=1)).cpu()
        found[rows] = losses[:, length - 1 :].double().sum(dim=1)
    return found.tolist()


def _text_row(
    job: SteerJob, push: Push, text: Int[Tensor, " n"], plain: Int[Tensor, " n"]
) -> SteerTextRow:
    tokenizer = tokenizer_of(job.edited.files.folder)
    return SteerTextRow(
        **job.key,
        feature=push.label.unit,
        chosen=push.how,
        calibration=push.calibration,
        prompt=push.prompt,
        keywords=", ".join(push.label.words),
        beginning=job.pushing.prompts[push.prompt],
        plain=tokenizer.decode(plain.tolist()),
        steered=tokenizer.decode(text.tolist()),
    )
