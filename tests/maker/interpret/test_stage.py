"""The interpret stage on a small project: complete tables, the same bytes, clear errors."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from repro.contract.cards import read_cards
from repro.contract.evidence import Table, read_evidence
from repro.errors import ParamsError, SourceError
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.tokens import read_tokens_manifest
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.listed import write_listed
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.decompositions.trained import asked_of, read_trained, site_files
from repro.maker.interpret.text import EXPLAIN, Cut, fragments_of, tokenizer_of
from repro.maker.interpret.units import codes_of, counted
from repro.maker.source.corpus import read_documents
from tests.maker.interpret.trained_project import LISTING, train
from tests.stages import run
from tests.tiny_project import content, group, params_of, write_params

TABLES = ("interpret", "sampled", "units", "budgets", "scorers", "planted_units")
LISTED = [5, 0, 3]
"""Units that a localisation is said to patch first, of one dictionary."""
CUT = Cut(count=64, fragment=8, longest=64, balanced=True, blocks=3, seed=0)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose dictionaries are trained."""
    folder = tmp_path_factory.mktemp("interpret")
    train(folder, values(), lambda made: [(asked_sae(made).sha256, LISTED)])
    return folder


def values() -> dict[str, Any]:
    """Params with a site of a re-initialised model beside the trained one's."""
    found = content()
    version = {"of": "middle", "weights": "all", "seed": 0}
    found["activate"]["untrained"] = {"middle_reinitialised": version}
    found["train"]["groups"]["fresh"] = group("middle_reinitialised", [2.0e-3], [0])
    found["interpret"]["dictionaries"]["fresh"] = [2.0e-3]
    return found


def measure(project: Path, out: str, **changes: Any) -> Path:
    write_params(project, values(), **changes)
    made = project / "artifacts"
    folders = {name: made / name for name in ("fetch", "tokenize", "activate", "train", *LISTING)}
    run("interpret", params_of(project), project / out, **folders)
    return project / out


@pytest.fixture(scope="module")
def tables(project: Path) -> dict[str, Table]:
    folder = measure(project, "first")
    return {name: read_evidence(folder, name) for name in TABLES}


def test_every_decomposition_is_in_every_table(tables: dict[str, Table], project: Path):
    trained = {"sae", "sae_random_decoder", "sae_reinitialised_model"}
    asked = {*params_of(project).interpret.baselines} | trained
    for name in ("interpret", "sampled", "units"):
        assert {*tables[name].columns["method"].tolist()} == asked, name
        assert {*tables[name].columns["site"].tolist()} == {"middle"}
    for name in ("scorers", "planted_units"):
        assert {*tables[name].columns["n_meanings"].tolist()} == {1, 2, 3, 4, 5}


def test_units_that_do_something_are_drawn_among_those_that_do(
    tables: dict[str, Table], project: Path
):
    """In the small project too some units are alive and do next to nothing."""
    units, least = tables["units"].columns, params_of(project).interpret.effective_share
    effective, alive = (units[name] == 1 for name in ("is_effective", "is_alive"))
    assert (units["effect"][effective] >= least).all()
    assert (units["effect"][alive] < least).any()


def test_as_many_units_are_drawn_of_a_method_over_all_its_seeds(tables: dict[str, Table]):
    drawn = Counter()
    found = tables["sampled"].columns
    for method, alpha, sampled, n in zip(
        *(found[c].tolist() for c in ("method", "alpha", "sampled", "n_sampled")), strict=True
    ):
        drawn[method, alpha, sampled] += n
    assert {n for (_, _, sampled), n in drawn.items() if sampled == "alive"} == {20}
    assert all(n <= 20 for n in drawn.values())
    for n_rare, n_scored, n_sampled in zip(
        *(found[c].tolist() for c in ("n_rare", "n_scored", "n_sampled")), strict=True
    ):
        assert n_rare + n_scored == n_sampled


def test_a_topk_baseline_keeps_as_many_codes_as_the_middle_dictionary_has(
    tables: dict[str, Table],
):
    found = tables["sampled"].columns
    middle = (found["method"] == "sae") & (found["alpha"] == 1.0e-2)
    l0 = (found["active"] / found["n_tokens"])[middle].mean()
    for method in ("pca_topk", "random_topk", "neurons_topk", "ica_topk"):
        assert {*found["k"][found["method"] == method].tolist()} == {max(1, round(l0))}


def test_the_text_is_from_documents_that_nothing_else_has_used(project: Path):
    made = project / "artifacts"
    documents = read_documents(made / "fetch" / "text" / "documents.parquet")
    splits = read_tokens_manifest(made / "tokenize").documents.values()
    used = {one for split in splits for one in split}
    text = fragments_of(tokenizer_of(made / "fetch" / "model"), documents, used, CUT)
    assert not {documents[row].id for row in text.document.tolist()} & used
    blocks = {}
    for document, block in zip(text.document.tolist(), text.block.tolist(), strict=True):
        assert blocks.setdefault(document, block) == block
    counts = Counter(text.block.tolist())
    assert counts[EXPLAIN] == pytest.approx(32, abs=8)
    assert {*counts} == {EXPLAIN, 0, 1, 2}
    for fragment in range(3):
        assert "".join(text.tokens(fragment)) in " " + documents[text.document[fragment]].text


def asked_sae(project: Path) -> Asked:
    made = project / "artifacts"
    members = read_trained(made / "train").dictionaries
    member = next(m for m in members if (m.group, m.alpha) == ("middle_r2", 1.0e-2))
    files = site_files(made / "train", made / "activate" / member.site)
    return asked_of(member, files, made / "train")


def test_counts_are_those_of_one_pass_and_effects_those_of_each_removal(project: Path):
    decomposition = decomposition_of(asked_sae(project))
    x = torch.randn(5000, decomposition.d_in, generator=torch.Generator().manual_seed(0))
    found = counted(decomposition, x)
    z = decomposition.transform.forward(x)
    c = decomposition.encode(x)
    rows = decomposition.directions
    error = (z - c @ rows).double().square().sum()
    assert found.firings.tolist() == (c > 0).sum(dim=0).tolist()
    variance = (z - z.mean(dim=0)).double().square().sum()
    assert found.explained == pytest.approx(float(variance - error), rel=1e-3)
    for unit in range(0, len(rows), 3):
        without = c.clone()
        without[:, unit] = 0.0
        cost = (z - without @ rows).double().square().sum() - error
        assert float(found.removal[unit]) == pytest.approx(float(cost), rel=2e-3, abs=1e-2)


def test_codes_of_some_units_are_those_of_all(project: Path):
    decomposition = decomposition_of(asked_sae(project))
    x = torch.randn(6, 7, decomposition.d_in, generator=torch.Generator().manual_seed(1))
    units = np.array([3, 0, 5])
    expected = decomposition.encode(x.flatten(0, 1))[:, [3, 0, 5]].unflatten(0, (6, 7))
    torch.testing.assert_close(codes_of(decomposition, x, units), expected)


@pytest.mark.slow
def test_a_second_run_writes_the_same_bytes_whatever_the_workers(project: Path, tables: object):
    del tables
    pool = {"kind": "processes", "workers": 2, "threads": 1}
    measure(project, "second", interpret__executor=pool)
    for name in TABLES:
        one, other = (project / f / f"{name}.parquet" for f in ("first", "second"))
        assert one.read_bytes() == other.read_bytes()
    first, second = (project / f / "cards.jsonl" for f in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_a_card_shows_fragments_that_did_not_explain_with_what_the_rules_predict(
    tables: dict[str, Table], project: Path
):
    cards = list(read_cards(project / "first"))
    assert len({card.id for card in cards}) == len(cards)
    assert {card.method for card in cards} >= {"sae", "pca", "random_topk"}
    units = tables["units"].columns
    for card in cards:
        same = (units["method"] == card.method) & (units["unit"] == card.unit)
        same &= (units["seed"] == card.seed) & (units["alpha"] == card.alpha)
        if "interpret" in card.chosen:
            assert units["is_effective"][same].tolist() == [1]
        shown = [tuple(excerpt.tokens) for excerpt in card.excerpts]
        assert shown
        strongest = [max(e.activations) for e in card.excerpts if e.kind == "top"]
        assert strongest == sorted(strongest, reverse=True)
        assert all(max(e.activations) > 0 for e in card.excerpts if e.kind != "anywhere")
        assert sum(card.histogram) > 0
        assert len(card.promoted) == len(card.suppressed) == 10
        assert card.promoted != card.suppressed
        assert all(one.unit != card.unit for one in card.neighbours)
        assert bool(card.rules) == any(excerpt.predicted for excerpt in card.excerpts)


def test_units_that_a_localisation_patches_first_have_a_card_and_enter_no_table(
    tables: dict[str, Table], project: Path
):
    listed = {card.unit: card for card in read_cards(project / "first") if "ioi" in card.chosen}
    assert [*listed] == sorted(LISTED)
    for card in listed.values():
        assert (card.method, card.alpha, card.seed) == ("sae", 1.0e-2, asked_sae(project).seed)
        assert sum(card.histogram) > 0
    drawn = tables["units"].columns
    assert ((drawn["is_effective"] == 1) | (drawn["is_alive"] == 1)).all()
    write_listed(project / "nothing", [])
    write_params(project, values())
    made = project / "artifacts"
    folders = {name: made / name for name in ("fetch", "tokenize", "activate", "train")}
    folders |= dict.fromkeys(LISTING, project / "nothing")
    run("interpret", params_of(project), project / "unlisted", **folders)
    for name in TABLES:
        same = [(project / f / f"{name}.parquet").read_bytes() for f in ("first", "unlisted")]
        assert same[0] == same[1]
    without = [*read_cards(project / "unlisted")]
    assert {card.id for card in without} == {
        card.id for card in read_cards(project / "first") if "interpret" in card.chosen
    }


def test_what_a_direction_promotes_is_what_it_adds_to_the_logits(project: Path):
    lm = LanguageModel.load(
        project / "artifacts" / "fetch" / "model", dtype=torch.float32, device=torch.device("cpu")
    )
    direction = torch.randn(lm.d_model, generator=torch.Generator().manual_seed(2))
    plain = lm.bridge.original_model
    expected = plain.lm_head.weight @ (plain.model.norm.weight * direction)
    torch.testing.assert_close(lm.unembedding() @ direction, expected)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"interpret__dictionaries": {"nobody": [1.0]}}, "no group on the language model"),
        ({"interpret__dictionaries": {"middle_r2": [3.0]}}, "no alpha 3.0 is trained"),
        ({"interpret__dictionaries": {"middle_random": [4]}}, "whose L0 top-k baselines take"),
        ({"interpret__blocks": 2}, "greater than or equal to 3"),
        ({"interpret__scorers": ["magic"]}, "scorers"),
    ],
)
def test_a_mistake_in_the_params_is_told_before_any_work(project: Path, changes, told):
    with pytest.raises(ParamsError, match=told):
        measure(project, "wrong", **changes)


def test_a_text_that_is_too_short_is_told_with_what_to_lower(project: Path):
    with pytest.raises(SourceError, match="the text is too short") as error:
        measure(project, "short", interpret__tokens=10_000_000)
    assert "interpret.tokens" in str(error.value)
    write_params(project)
