"""Work of the stage: words of one token, a probe for their first letter, and what absorbs it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from safetensors.torch import load_file, save_file
from torch import Tensor

from repro.contract.rows.features import AbsorptionRow
from repro.errors import SourceError
from repro.files import write_with
from repro.maker.activations.edited import EditedModel
from repro.maker.activations.loaded import model_of
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.registry import decomposition_of, transform_of
from repro.maker.engine.job import Job
from repro.maker.engine.kept import kept
from repro.maker.engine.record import Record
from repro.maker.engine.result import write_result
from repro.maker.features.absorption import Rule, Words, missed, own_latents
from repro.maker.interpret.prepared import read_text
from repro.maker.interpret.text import tokenizer_of

TENSORS = "words.safetensors"
SHORTEST = 4
"""Letters of a word."""
SPELLED = "river: R\ngarden: G\nmusic: M\n"
"""What stands before each word, so that its first letter is what is asked for next."""
FIRST_LETTER = "first_letter"
PLANTED_LETTERS, PLANTED_WORDS, PLANTED_CHILDREN, PLANTED_D = 12, 40, 0.25, 64
"""Of the planted words: letters, words of each, the share with a latent of their own, coordinates
beside those of the letters."""


class WordsJob(Job):
    """Activations at words, and a probe."""

    edited: EditedModel
    """The model, read at one hook point."""
    of: Asked
    """A decomposition of the site, for its centring and scaling."""
    least_words: int
    """Words that a letter has at least."""
    most_words: int
    """Words that are taken, the commonest first."""
    seed: int
    """Seed of the halves."""


class AbsorptionJob(Job):
    """One decomposition."""

    asked: Asked
    """The decomposition."""
    method: str
    """How the tables call it."""
    words: Path
    """Result of the words; its name is its hash."""
    rule: tuple[float, float, float]
    """From what on a latent is a letter's own, and another absorbs."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


class PlantedWordsJob(Job):
    """Words and a dictionary of known absorption."""

    site: str
    """Where the tables put them."""
    method: str
    """planted, where children absorb; planted_clean, where parents fire beside them."""
    rule: tuple[float, float, float]
    """As for every decomposition."""
    seed: int
    """Seed of the words."""


class Absorbed(Record):
    """What an item came to."""

    rows: list[AbsorptionRow]
    """By letter."""


class Spelled(NamedTuple):
    """Words with the activations on them, and the probe of their letters."""

    x: Float[Tensor, "word d_in"]
    """Activations at the words."""
    letter: Int[Tensor, " word"]
    """Number of the first letter, from 0 for a."""
    is_searched: Bool[Tensor, " word"]
    """The half on which latents are found and the probe is fitted."""
    read: Int[Tensor, " word"]
    """The letter that the probe reads."""
    probe: Float[Tensor, "letter d_in"]
    """Its direction for each letter, in units of z."""


def words_of(ids: Int[np.ndarray, "fragment token"], pieces: Sequence[str]) -> Iterator[int]:
    """Tokens that are whole words of small letters in running text, the commonest first.

    A word stands after a space, and no letter follows it anywhere that it is counted.
    """
    starts_in_letter = np.array([piece[:1].isalpha() for piece in pieces])
    is_word = np.array([_is_word(piece) for piece in pieces])
    whole = is_word[ids[:, :-1]] & ~starts_in_letter[ids[:, 1:]]
    counts = Counter(ids[:, :-1][whole].tolist())
    yield from (one for one, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _is_word(piece: str) -> bool:
    word = piece[1:]
    return (
        piece[:1] == " "
        and len(word) >= SHORTEST
        and word.isascii()
        and word.isalpha()
        and word.islower()
    )


def chosen_words(
    ids: Int[np.ndarray, "fragment token"], pieces: Sequence[str], least: int, most: int
) -> dict[int, str]:
    """Tokens of the words and their letters, of letters that have enough of them.

    Raises:
        SourceError: none has.
    """
    letters = {one: pieces[one][1] for one in list(words_of(ids, pieces))[:most]}
    counts = Counter(letters.values())
    found = {one: letter for one, letter in letters.items() if counts[letter] >= least}
    if len(set(found.values())) < 2:
        most_of = max(counts.values(), default=0)
        raise SourceError(
            f"no two letters have enough words of one token: {most_of} at most",
            expected=f"{least} words (features.absorption.least_words) of two letters or more",
            mend="lower features.absorption.least_words, or raise features.tokens, in params.yaml",
        )
    return found


def words_item(job: WordsJob, folder: Path) -> None:
    """Work: activations at the words, and the probe of their letters."""
    edited = job.edited
    torch.set_num_threads(edited.threads)
    text, _ = read_text(edited.text)
    found = chosen_words(text.ids, text.pieces, job.least_words, job.most_words)
    prefix = tokenizer_of(edited.files.folder).encode(SPELLED, add_special_tokens=False).ids
    before = torch.tensor([*edited.before, *prefix])
    ids = torch.cat([before.expand(len(found), -1), torch.tensor(list(found))[:, None]], dim=1)
    lm, hook = model_of(edited.files), edited.hook
    x = torch.cat([lm.activations(p, [hook])[hook][:, -1].float().cpu() for p in ids.split(64)])
    letter = torch.tensor([ord(one) - ord("a") for one in found.values()])
    is_searched = halves(letter, job.seed)
    z = transform_of(job.of.of).forward(x)
    probe, read = fitted(z, letter, is_searched)
    told = Spelled(x, letter, is_searched, read, probe)._asdict()
    write_with(folder / TENSORS, lambda part: save_file(told, part))


@kept(1)
def read_words(folder: Path) -> Spelled:
    """What `words_item` wrote; the folder is named for its content."""
    return Spelled(**load_file(folder / TENSORS))


def halves(letter: Int[Tensor, " word"], seed: int) -> Bool[Tensor, " word"]:
    """Every other word of each letter, in random order."""
    order = torch.from_numpy(np.random.default_rng([seed, 0xA5]).permutation(len(letter)))
    found = torch.zeros(len(letter), dtype=torch.bool)
    for one in letter.unique():
        here = order[letter[order] == one]
        found[here[::2]] = True
    return found


def fitted(
    z: Float[Tensor, "word d_in"], letter: Int[Tensor, " word"], is_searched: Bool[Tensor, " word"]
) -> tuple[Float[Tensor, "letter d_in"], Int[Tensor, " word"]]:
    """A logistic probe of all letters at once, fitted on one half: directions, what it reads."""
    from sklearn.linear_model import LogisticRegression  # half a second to import

    probe = LogisticRegression(C=0.01, max_iter=300)
    probe.fit(z[is_searched].numpy(), letter[is_searched].numpy())
    found = torch.zeros(26, z.shape[1])
    rows = torch.from_numpy(np.atleast_2d(probe.coef_)).float()
    # Two classes have one row: the direction of the second, and against that of the first.
    found[torch.from_numpy(probe.classes_)] = rows if len(rows) > 1 else torch.cat([-rows, rows])
    return found, torch.from_numpy(probe.predict(z.numpy()))


def absorption_item(job: AbsorptionJob, folder: Path) -> None:
    """Work: rows of one decomposition."""
    torch.set_num_threads(job.threads)
    spelled, of = read_words(job.words), decomposition_of(job.asked)
    z = of.transform.forward(spelled.x)
    words = Words(z, of.encode(spelled.x), of.directions)
    key = job.asked.key | {"method": job.method}
    write_result(folder, Absorbed(rows=list(rows_of(key, words, spelled, Rule(*job.rule)))))


def rows_of(
    key: Mapping[str, Any], words: Words, spelled: Spelled, rule: Rule
) -> Iterator[AbsorptionRow]:
    """What becomes of the words of each letter."""
    fires, searched = words.codes > 0, spelled.is_searched
    for letter in spelled.letter.unique().tolist():
        own = own_latents(fires[searched], spelled.letter[searched] == letter, rule.split_gain)
        here = ~searched & (spelled.letter == letter)
        others = ~searched & (spelled.letter != letter)
        some = Words(words.z[here], words.codes[here], words.features)
        found = missed(some, spelled.probe[letter], spelled.read[here] == letter, own, rule)
        yield AbsorptionRow(
            **key,
            target=FIRST_LETTER,
            letter=chr(ord("a") + letter),
            n_words=int(here.sum()),
            n_parent_expected=int(found.expected.sum()),
            n_silent=int(found.silent.sum()),
            n_kept=int(found.expected.sum() - found.absorbed.sum()),
            n_own=len(own),
            n_false=int(fires[others][:, own].any(dim=1).sum()),
            n_others=int(others.sum()),
        )


def planted_words_item(job: PlantedWordsJob, folder: Path) -> None:
    """Work: rows of words of known absorption."""
    words, spelled = planted_words(job.seed, is_absorbed=job.method == "planted")
    key = {"alpha": 0.0, "k": 0, "expansion_factor": 1.0, "seed": 0}
    told = {"site": job.site, "method": job.method, **key}
    write_result(folder, Absorbed(rows=list(rows_of(told, words, spelled, Rule(*job.rule)))))


def planted_words(seed: int, *, is_absorbed: bool) -> tuple[Words, Spelled]:
    """Words z = e_letter + r_word, some of which have a latent of their own.

    A child's latent writes r_word, and where it absorbs e_letter as well, so that the letter's own
    latent, which writes e_letter, has nothing left to add and is silent (Chanin et al., section 2).
    """
    rng = np.random.default_rng([seed, 0xAB])
    letter = torch.arange(PLANTED_LETTERS).repeat_interleave(PLANTED_WORDS)
    n, d = len(letter), PLANTED_LETTERS + PLANTED_D
    e = torch.eye(PLANTED_LETTERS, d)
    r = torch.zeros(n, d)
    r[:, PLANTED_LETTERS:] = torch.from_numpy(rng.standard_normal((n, PLANTED_D))).float()
    r /= r.norm(dim=-1, keepdim=True)
    has_own = torch.from_numpy(rng.random(n) < PLANTED_CHILDREN)
    children = has_own.nonzero().squeeze(1)
    parents_fire = torch.nn.functional.one_hot(letter, PLANTED_LETTERS).float()
    written = r[children]
    if is_absorbed:
        parents_fire[children] = 0.0
        written = written + e[letter[children]]
    codes = torch.zeros(n, PLANTED_LETTERS + len(children))
    codes[:, :PLANTED_LETTERS] = parents_fire
    codes[children, PLANTED_LETTERS + torch.arange(len(children))] = written.norm(dim=-1)
    features = torch.cat([e, written / written.norm(dim=-1, keepdim=True)])
    probe = torch.zeros(26, d)
    probe[:PLANTED_LETTERS] = e
    z = e[letter] + r
    spelled = Spelled(z, letter, halves(letter, seed), letter, probe)
    return Words(z, codes, features), spelled
