"""The features that a curve patches first: where they act, on which names, and in which text."""

from pathlib import Path

import torch
from jaxtyping import Float
from tokenizers import Tokenizer
from torch import Tensor

from repro.contract.rows.ioi import FeatureRow
from repro.maker.activations.loaded import model_of
from repro.maker.activations.sample import chosen_sequences
from repro.maker.decompositions.decomposition import Decomposition
from repro.maker.engine.kept import kept
from repro.maker.ioi.choose import ranking
from repro.maker.ioi.jobs import LocaliseJob, Speaker
from repro.maker.ioi.patch import Change
from repro.maker.ioi.prompted import encoder_of, read_pairs
from repro.maker.ioi.prompts import Encode, Pair, roles
from repro.maker.ioi.results import NOT_YET

CONTEXT_TOKENS = 4_096
"""Held-out tokens among which contexts are looked for."""
N_CONTEXTS, N_NAMES, AROUND, LONGEST = 3, 4, 5, 60
"""Contexts and names a feature, tokens before a context's token, and characters of a context."""


def listed(
    job: LocaliseJob,
    of: Decomposition,
    change: Change,
    effect: Float[Tensor, "pairs tokens d_sae"],
) -> list[FeatureRow]:
    """The first features of the order with what they react to."""
    speaker = job.speaker
    pairs, encode_text = read_pairs(job.prompts, "select"), encoder_of(speaker.model)
    top = ranking(effect)[: job.listed]
    tokenizer = Tokenizer.from_file(str(speaker.model.folder / "tokenizer.json"))
    of_text = (speaker, job.tokens, job.tokens_sha256, job.hook)
    ids, streams = _text(*of_text)
    codes = of.encode(streams.flatten(0, 1))[:, top]
    codes = codes.unflatten(0, streams.shape[:2])
    found = []
    for rank, feature in enumerate(top.tolist()):
        own = effect[:, :, feature]
        position, share = _position(own, pairs, encode_text)
        found.append(
            FeatureRow(
                **job.key.model_dump(),
                carries=NOT_YET,
                rank=rank + 1,
                feature=feature,
                effect=float(own.double().sum()) / len(own),
                position=position,
                position_share=share,
                names=_names(change.codes[:, :, feature], pairs),
                contexts=" | ".join(_contexts(codes[:, :, rank], ids, tokenizer)),
            )
        )
    return found


def _position(
    effect: Float[Tensor, "pairs tokens"], pairs: list[Pair], encode_text: Encode
) -> tuple[str, float]:
    """The role of most of the absolute effect, and its share."""
    sums: dict[str, float] = dict.fromkeys(("io", "s1", "s2", "end", "other"), 0.0)
    for row, pair in zip(effect.abs().double(), pairs, strict=True):
        rest = float(row.sum())
        for role, positions in roles(pair, encode_text).items():
            part = float(row[positions].sum())
            sums[role] += part
            rest -= part
        sums["other"] += rest
    whole = sum(sums.values())
    role = max(sums, key=lambda one: sums[one])
    return role, sums[role] / whole if whole else 0.0


def _names(change: Float[Tensor, "pairs tokens"], pairs: list[Pair]) -> str:
    """Indirect objects of the pairs on which the code changes most, rising (+) or falling (-)."""
    told: dict[str, None] = {}
    size = change.abs().amax(dim=1)
    for row in size.argsort(descending=True, stable=True).tolist():
        if not size[row] > 0 or len(told) >= N_NAMES:
            break
        rises = bool(change[row, change[row].abs().argmax()] > 0)
        name = pairs[row].counterfactual_names[0] if rises else pairs[row].clean_names[0]
        told[f"{'+' if rises else '-'}{name}"] = None
    return ", ".join(told)


def _contexts(
    codes: Float[Tensor, "sequences tokens"], ids: Tensor, tokenizer: Tokenizer
) -> list[str]:
    """Short stretches around the largest codes, each from another sequence, the token bracketed."""
    best, where = codes[:, 1:].abs().max(dim=1)
    found = []
    for row in best.argsort(descending=True, stable=True)[:N_CONTEXTS].tolist():
        if not best[row] > 0:
            break
        at = int(where[row]) + 1
        before = tokenizer.decode(ids[row, max(0, at - AROUND) : at].tolist())
        token = tokenizer.decode([int(ids[row, at])]).strip()
        text = f"{before[-LONGEST:]} [{token}]"
        found.append(" ".join(text.replace("|", "/").split()))
    return found


@kept()
def _text(speaker: Speaker, tokens: Path, _sha256: str, hook: str) -> tuple[Tensor, Tensor]:
    """Some held-out sequences and their activations."""
    ids, _ = chosen_sequences(tokens, CONTEXT_TOKENS)
    lm = model_of(speaker.model)
    streams = [lm.activations(part, [hook])[hook].float().cpu() for part in ids.split(16)]
    return ids, torch.cat(streams)
