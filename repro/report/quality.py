"""How good are these dictionaries? Tables beside the field's own trainer, and of the search."""

from collections.abc import Sequence
from math import isclose

from repro.contract.proofs.quality import Comparison, Search, Speed, Trial
from repro.contract.verdict import VerdictScope
from repro.report.numbers import count, number
from repro.report.sheet import Sheet

TRAINERS = {
    "sae": "ours: the paper's (tied, unit rows, L1)",
    "sae_standard": "ours: own encoder and decoder bias, L1",
    "saelens_standard": "SAELens: L1",
    "saelens_topk": "SAELens: TopK",
    "sae_own_encoder": "ours: own encoder, no decoder bias, L1",
    "sae_random_decoder": "ours: frozen random decoder, L1",
    "sae_random_topk": "ours: frozen random decoder, TopK",
}


def site_of(compared: Comparison, scope: VerdictScope) -> str | None:
    """The site of a run whose activations a comparison speaks of, if it does of any.

    Their number may differ by a hundredth: another processor rounds another way, and then a token
    at the bound on the norm is a sink here and none there.
    """
    if compared.model != scope.model:
        return None
    for site, hook in (scope.sites or {}).items():
        n_tokens = scope.tokens.get(f"train, {site}", scope.tokens.get("train", 0))
        if compared.hook == hook and isclose(compared.activations, n_tokens, rel_tol=0.01):
            return site
    return None


def quality_sheets(
    compared: Sequence[Comparison], search: Search | None, scope: VerdictScope
) -> list[Sheet]:
    """The tables for which there are measurements on the activations of a run."""
    of_site = {site_of(one, scope): one for one in compared}
    found = [_at_equal_l0(of_site[site]) for site in ("middle", "early", "late") if site in of_site]
    if "middle" not in of_site:
        return found
    middle = of_site["middle"]
    found += [_in_use(middle), *([_speed(middle.speed)] if middle.speed else [])]
    return found + (_rounds(search) if search else [])


def _at_equal_l0(found: Comparison) -> Sheet:
    head = ("trainer", *(f"L0 {number(at)}" for at in found.l0_grid))
    rows = [
        (TRAINERS[name], *(number(value) for value in values))
        for name, values in found.fvu_at_l0.items()
    ]
    theirs = found.fvu_at_l0.get("saelens_standard", [])
    for name in ("sae", "sae_standard") if theirs else ():
        over = [_over(a, b) for a, b in zip(found.fvu_at_l0[name], theirs, strict=True)]
        rows.append((f"{TRAINERS[name]}, over SAELens's L1", *map(number, over)))
    caption = (
        f"FVU at equal L0 on held-out documents: {found.hook}, "
        f"R = {number(found.expansion_factor)}, "
        f"{count(found.activations)} training activations in one pass for each; SAELens "
        f"{found.peer_versions['sae-lens']}; between two penalties straight in logarithms"
    )
    return Sheet(caption, head, rows)


def _over(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else ours / theirs


def _in_use(found: Comparison) -> Sheet:
    rows = [
        (
            TRAINERS[one.trainer],
            f"k = {one.k}" if one.k else f"alpha = {number(one.alpha)}",
            number(one.heldout.l0),
            number(one.heldout.fvu),
            number(one.heldout.frac_frequent),
            number(one.heldout.frac_effective),
            number(one.heldout.frac_silent),
        )
        for one in found.dictionaries
    ]
    head = ("trainer", "setting", "L0", "FVU", "fire on 1 % of tokens", "matter", "never fire")
    caption = (
        "Share of units that do something: a unit matters where its removal costs at least a tenth "
        "of an even share of the variance explained"
    )
    return Sheet(caption, head, rows)


def _speed(speed: Speed) -> Sheet:
    rows = [
        (TRAINERS[name], f"{count(round(value))} /s")
        for name, value in speed.tokens_times_autoencoders_per_s.items()
    ]
    ratio = number(speed.ours_over_saelens_standard)
    rows.append(("ours (the paper's) over SAELens's L1", f"{ratio} times"))
    caption = (
        f"Training speed on {speed.threads} threads, in turn within one run: ours as a stack, "
        "theirs one by one"
    )
    return Sheet(caption, ("trainer", "tokens × autoencoders"), rows)


def _named(trial: Trial, found: Search) -> str:
    """A trial's name; the one that params.yaml has is marked."""
    return f"{trial.name} (taken)" if trial.changes == found.taken else trial.name


def _rounds(found: Search) -> list[Sheet]:
    first = f"The search for the recipe, first round: {_on(found, found.tokens)}"
    second = (
        "Second round, the better ones that cost no more time, on the activations of the run "
        f"itself: {_on(found, found.final_tokens)}"
    )
    return [_trials(found, found.trials, first), _trials(found, found.finals, second)]


def _on(found: Search, tokens: int) -> str:
    return (
        f"FVU at equal L0 on {count(found.validation_tokens)} tokens of validation documents, "
        f"{count(tokens)} training tokens each"
    )


def _trials(found: Search, trials: list[Trial], caption: str) -> Sheet:
    head = ("autoencoder", "recipe", *(f"L0 {number(at)}" for at in found.l0_grid))
    rows = [
        (TRAINERS[trial.arm], _named(trial, found), *map(number, trial.fvu_at_l0))
        for trial in trials
    ]
    return Sheet(caption, head, rows)
