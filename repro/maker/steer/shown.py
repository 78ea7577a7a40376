"""One feature amplified before one prompt, as a person asks for it: what is written, how well."""

import shutil
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import torch
from tokenizers import Tokenizer

from repro.errors import ParamsError
from repro.maker.activations.harvested import editable, harvested
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.written import continued
from repro.maker.decompositions.decomposition import Decomposition
from repro.maker.decompositions.saved import saved
from repro.maker.dictionaries.model import load_dictionary
from repro.maker.engine.device import resolve_device
from repro.maker.source.records import ModelRecord, read_record
from repro.maker.steer.fits import check_fits
from repro.maker.steer.push import unit

PROMOTED = 8
"""Tokens that a feature promotes, which are named."""
GAP = " │ "


class Asked(NamedTuple):
    """What a person asks for."""

    feature: int
    """Row of the dictionary."""
    prompt: str
    """Beginning of the text."""
    strength: float
    """Length of the push over the root mean square of the activations around their mean."""
    tokens: int
    """Tokens to write."""
    seed: int
    """Seed of the draws."""


class Shown(NamedTuple):
    """What came of it."""

    promotes: list[str]
    """Tokens whose logits the feature raises most by itself."""
    plain: str
    """What the untouched model writes."""
    steered: str
    """What it writes with the push."""
    loss_plain: float
    """Loss of that under the untouched model, in nats a token."""
    loss_steered: float
    """Loss of the other under the untouched model."""


def shown(artifacts: Path, dictionary: Path, asked: Asked) -> Shown:
    """Amplify one feature of a trained dictionary, and write with it and without it.

    Args:
        artifacts: folder of a run, with the model and the manifests of its sites.
        dictionary: file of a dictionary that was trained at one of them.
        asked: what is asked for.

    Raises:
        ArtifactError: the run or the dictionary is not there, or damaged.
        ParamsError: there is no such feature, or the prompt is too long or empty.
    """
    of, about = saved(dictionary), load_dictionary(dictionary)[2]
    _check_feature(asked.feature, of, dictionary)
    site = str(about.get("site", ""))
    manifests = harvested(artifacts / "activate")
    if site not in manifests:
        raise ParamsError(
            f"{dictionary} was trained at {site or 'no site'!r}, unknown to {artifacts}",
            expected=f"a dictionary of one of the sites {', '.join(manifests)}",
            mend="repro steer FEATURE --dictionary FILE --artifacts DIR --prompt TEXT",
        )
    hook = editable(manifests[site], "--dictionary").hook
    folder, device = artifacts / "fetch" / "model", resolve_device("auto")
    record = read_record(folder, ModelRecord)
    lm = LanguageModel.load(folder, dtype=torch.float32, device=device)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = _ids(tokenizer, record.bos_token_id, asked, lm)
    rms = of.d_in**0.5 / of.transform.scale
    push = asked.strength * rms * unit(of.directions[asked.feature])
    row = torch.tensor([ids])
    # One after the other with the same seed, so that nothing but the push tells them apart.
    text = torch.cat(
        [
            continued(lm, row, hook, one[None], asked.tokens, asked.seed)
            for one in (torch.zeros_like(push), push)
        ]
    )
    whole = torch.cat([row.expand(2, -1), text], dim=1)
    losses = lm.losses(whole)[:, len(ids) - 1 :].mean(dim=1).tolist()
    plain, steered = (tokenizer.decode(one) for one in text.tolist())
    promotes = _promoted(lm, of, asked.feature, tokenizer) if hook.endswith("resid_post") else []
    return Shown(promotes, plain, steered, *losses)


def side_by_side(asked: Asked, found: Shown, width: int = 0) -> str:
    """Both continuations in two columns, each after the prompt."""
    width = width or shutil.get_terminal_size((100, 24)).columns
    column = max(20, (width - len(GAP)) // 2)
    heads = ("untouched", f"feature {asked.feature}, strength {asked.strength:g}")
    losses = (found.loss_plain, found.loss_steered)
    texts = (f"{asked.prompt}{found.plain}", f"{asked.prompt}{found.steered}")
    told = [
        [head, f"loss {loss:.2f} nats a token", "", *_wrapped(text, column)]
        for head, loss, text in zip(heads, losses, texts, strict=True)
    ]
    lines = [f"{a:<{column}}{GAP}{b}".rstrip() for a, b in zip_longest(*told, fillvalue="")]
    if found.promotes:
        names = ", ".join(repr(one) for one in found.promotes)
        lines = [*textwrap.wrap(f"it promotes {names}", width), "", *lines]
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    return [line for part in text.splitlines() for line in textwrap.wrap(part, width) or [""]]


def _check_feature(feature: int, of: Decomposition, dictionary: Path) -> None:
    if not 0 <= feature < of.d_sae:
        raise ParamsError(
            f"there is no feature {feature}: {dictionary} has {of.d_sae}",
            expected=f"a number from 0 to {of.d_sae - 1}",
            mend="repro steer FEATURE --prompt TEXT",
        )


def _ids(tokenizer: Tokenizer, bos: int | None, asked: Asked, lm: LanguageModel) -> list[int]:
    ids = [
        *([] if bos is None else [bos]),
        *tokenizer.encode(asked.prompt, add_special_tokens=False).ids,
    ]
    check_fits(lm, len(ids), asked.tokens, "--prompt")
    if not ids:
        raise ParamsError(
            "the prompt is empty and this model begins no text by itself",
            expected="at least one token",
            mend="repro steer FEATURE --prompt TEXT",
        )
    return ids


def _promoted(
    lm: LanguageModel, of: Decomposition, feature: int, tokenizer: Tokenizer
) -> list[str]:
    raised = lm.unembedding().cpu() @ of.directions[feature]
    top = (raised - raised.mean()).topk(min(PROMOTED, len(raised))).indices.tolist()
    return [tokenizer.decode([one]) for one in top]
