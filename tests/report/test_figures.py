"""Figures show the numbers of their table, in any page, in the same bytes."""

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection

from repro.contract.evidence import Table, read_evidence
from repro.contract.vocabulary import made
from repro.judge.checks.curves import residuals
from repro.report.figures import style as look
from repro.report.figures.catalogue import drawn_from, drawn_frontier
from repro.report.figures.curves import SumRatio, above, curve, seed_curves, select
from repro.report.figures.dictionaries import agreement_by_alpha, dead_by_alpha, shrinkage_by_alpha
from repro.report.figures.losses import added_loss
from repro.report.figures.plans import PLANS
from repro.report.figures.style import panel, style
from repro.report.figures.svg import standalone, svg_of
from repro.report.figures.toy import recovery_by_alpha, recovery_by_alpha_and_r
from repro.report.figures.tradeoff import FVU, L0, frontier, smoothness, tradeoff
from repro.spec import load_claims
from repro.spec.decisions import SMOOTH_DEGREE, Smooth, parts_of
from tests.import_graph import ROOT

COLOURS = ("VERMILLION", "BLUE", "SKY", "GREEN", "PURPLE", "GREY")


@pytest.fixture(scope="module")
def tables(evidence: Path) -> dict[str, Table]:
    """All tables."""
    return {name: read_evidence(evidence, name) for name in made()}


def middle(table: Table) -> Table:
    """The rows of the middle site."""
    return select(table, site="middle")


def line_called(figure, label: str) -> tuple[np.ndarray, np.ndarray]:
    """The points of a labelled line."""
    (line,) = [line for line in figure.axes[0].get_lines() if line.get_label() == label]
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


def test_a_point_of_the_tradeoff_is_a_ratio_of_sums_over_documents_and_seeds(
    tables: dict[str, Table],
) -> None:
    columns = middle(tables["fidelity"]).columns
    alpha = 1e-4
    mask = (
        (columns["method"] == "sae")
        & (columns["expansion_factor"] == 2)
        & (columns["alpha"] == alpha)
    )
    l0 = columns["active"][mask].sum() / columns["n_tokens"][mask].sum()
    fvu = columns["squared_error"][mask].sum() / columns["variance"][mask].sum()
    with style():
        x, y = line_called(tradeoff(middle(tables["fidelity"])), "sparse autoencoder")
    assert np.isclose(x, l0).any()
    assert np.isclose(y[np.isclose(x, l0)], fvu).all()


def test_the_frontier_shows_our_dictionary_beside_that_of_the_fields_own_trainer(
    tables: dict[str, Table],
) -> None:
    columns = middle(tables["fidelity"]).columns
    with style():
        figure = frontier(middle(tables["fidelity"]))
    for label, method in (("sparse autoencoder", "sae"), ("SAELens, L1", "saelens_standard")):
        mask = (
            (columns["method"] == method)
            & (columns["alpha"] > 0)
            & (columns["expansion_factor"] == 2)
        )
        x, _ = line_called(figure, label)
        assert len(x) == len(np.unique(columns["alpha"][mask]))


def test_without_the_fields_own_trainer_there_is_no_frontier_to_show(
    tables: dict[str, Table],
) -> None:
    table = tables["fidelity"]
    assert drawn_frontier(table) is not None
    assert drawn_frontier(table.rows(table.columns["method"] != "saelens_standard")) is None


def test_the_dictionary_without_penalty_is_no_point_of_the_tradeoff(
    tables: dict[str, Table],
) -> None:
    with style():
        x, _ = line_called(tradeoff(middle(tables["fidelity"])), "sparse autoencoder")
    assert len(x) == 7


def test_each_seed_has_its_own_stroke_with_a_gap_after_it(tables: dict[str, Table]) -> None:
    rows = above(select(middle(tables["fidelity"]), method="sae", expansion_factor=2.0), "alpha", 0)
    strokes = seed_curves(rows, "alpha", L0, FVU)
    assert np.isnan(strokes.x).sum() == 3
    one = curve(select(rows, seed=0), "alpha", L0, FVU)
    assert np.array_equal(strokes.x[: len(one.x)], one.x)


def test_the_planted_knee_leaves_larger_residuals_than_the_smooth_curve(
    tables: dict[str, Table],
) -> None:
    def largest(site: str) -> float:
        with style():
            figure = smoothness(select(tables["fidelity"], site=site))
        (bars,) = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
        return max(abs(np.log(end / start)) for (_, start), (_, end) in bars.get_segments())

    assert largest("planted_knee") > 5 * largest("middle")


def test_the_fit_of_a_curve_is_that_of_the_rule_that_judges_it(tables: dict[str, Table]) -> None:
    (claim,) = [one for one in load_claims(ROOT / "claims") if one.id == "c14"]
    (rule,) = [part for part in parts_of(claim.check) if isinstance(part, Smooth)]
    table = middle(tables["fidelity"])
    rows = above(select(table, method="sae", expansion_factor=2.0), "alpha", 0)
    points = curve(rows, "alpha", L0, FVU)
    expected = residuals(np.log(points.x)[None], np.log(points.y)[None], rule.degree)[0]
    with style():
        figure = smoothness(table)
    (bars,) = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    found = [np.log(end / start) for (_, start), (_, end) in bars.get_segments()]
    assert found == pytest.approx(expected.tolist())
    _, line = line_called(figure, f"fit of degree {rule.degree} in ln L0")
    assert np.log(line[[0, -1]]) == pytest.approx((np.log(points.y) - expected)[[0, -1]])


def test_every_rule_of_smoothness_has_the_degree_that_is_drawn() -> None:
    claims = load_claims(ROOT / "claims")
    checks = [one.check for one in claims] + [c.check for one in claims for c in one.controls]
    rules = [part for check in checks for part in parts_of(check) if isinstance(part, Smooth)]
    assert {rule.degree for rule in rules} == {SMOOTH_DEGREE}


def test_dead_is_what_is_not_alive(tables: dict[str, Table]) -> None:
    rows = select(
        middle(tables["dictionaries"]), method="sae", expansion_factor=2.0, alpha=0.0
    ).columns
    dead = 1 - rows["n_alive"].sum() / rows["n_features"].sum()
    with style():
        _, y = line_called(dead_by_alpha(middle(tables["dictionaries"])), "sparse autoencoder")
    assert y[0] == pytest.approx(dead)


def test_shrinkage_without_penalty_is_one_in_the_planted_table(tables: dict[str, Table]) -> None:
    with style():
        figure = shrinkage_by_alpha(middle(tables["fidelity"]))
    x, y = line_called(figure, "sparse autoencoder")
    assert (x[0], y[0]) == (0, pytest.approx(1))
    assert (np.diff(y) > 0).all()


def test_added_loss_is_bracketed_by_its_ablations(tables: dict[str, Table]) -> None:
    with style():
        figure = added_loss(middle(tables["spliced"]), middle(tables["fidelity"]))
    _, zero = line_called(figure, "zero ablation")
    _, mean = line_called(figure, "mean ablation")
    _, replaced = line_called(figure, "sparse autoencoder")
    assert zero[0] == pytest.approx(8.0)
    assert replaced.max() < mean[0] < zero[0]


def test_a_dictionary_agrees_with_itself(tables: dict[str, Table]) -> None:
    with style():
        figure = agreement_by_alpha(middle(tables["agreement"]))
    assert (line_called(figure, "a dictionary with itself")[1] == 1).all()
    assert (line_called(figure, "random dictionary")[1] == 0).all()


def test_the_heat_map_shows_the_cosine_of_each_cell(tables: dict[str, Table]) -> None:
    with style():
        figure = recovery_by_alpha_and_r(select(tables["toy"], regime="independent"))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["0.28", "0.49", "0.77", "0.97"]


def test_recovery_stands_between_chance_and_the_truth(tables: dict[str, Table]) -> None:
    with style():
        figure = recovery_by_alpha(select(tables["toy"], regime="hard"))
    _, found = line_called(figure, "sparse autoencoder")
    _, truth = line_called(figure, "the true features")
    _, chance = line_called(figure, "random dictionary")
    assert found.tolist() == pytest.approx([0.4, 0.6])
    assert (truth[0], chance[0]) == (pytest.approx(1.0), pytest.approx(0.2))


def test_a_zero_denominator_is_a_gap_and_not_a_number(tables: dict[str, Table]) -> None:
    table = tables["fidelity"]
    assert np.isnan(SumRatio("active", "n_tokens").of(table.replace(n_tokens=np.zeros(len(table)))))


@pytest.mark.slow
def test_every_plan_is_drawn_and_needs_only_its_own_tables(tables: dict[str, Table]) -> None:
    assert {drawn.claim for drawn in drawn_from(tables)} == {plan.claim for plan in PLANS}
    only = list(drawn_from({"agreement": tables["agreement"]}))
    assert [drawn.name for drawn in only] == ["k04_middle"]


def test_a_site_without_the_method_is_left_out(tables: dict[str, Table]) -> None:
    rows = select(tables["dictionaries"], method="sae_frozen_dead")
    assert list(drawn_from({"dictionaries": rows})) == []


def test_bytes_do_not_depend_on_the_readers_matplotlib_settings(tables: dict[str, Table]) -> None:
    table = {"agreement": tables["agreement"]}
    before = next(drawn_from(table)).svg
    with mpl.rc_context({"xtick.major.size": 20, "svg.fonttype": "path"}):
        assert next(drawn_from(table)).svg == before


def small_svg(name: str, title: str = "A title") -> str:
    """The smallest figure with a clip path and a marker."""
    with style():
        figure, axes = panel("x", "y")
        axes.plot([1, 2], [1, 3], marker="o", color=look.BLUE)
        return svg_of(figure, name, title)


def test_ids_and_looks_are_a_figures_own_and_references_meet_them() -> None:
    """Two figures that differ in nothing but their names stand in one page."""
    named: list[set[str]] = []
    for name in ("c14", "c15"):
        svg = small_svg(name)
        ids = re.findall(r' id="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)) == {*ids} - {f"{name}-figure_1"}
        looks = set(re.findall(r' class="([^"]+)"', svg)) - {"figure"}
        assert looks == set(re.findall(r"\.([^.{}]+)\{", svg))
        named.append({*ids, *looks})
    assert named[0]
    assert not named[0] & named[1]


def test_text_stays_text_in_the_colour_and_font_of_the_page() -> None:
    svg = small_svg("c14")
    assert "<text" in svg
    assert "currentColor" in svg
    assert look.INK not in svg
    assert "DejaVu" not in svg


def test_a_title_is_announced_and_escaped() -> None:
    svg = small_svg("c14", 'a < b & "c"')
    assert svg.startswith(
        '<svg class="figure" role="img" aria-label="a &lt; b &amp; &quot;c&quot;"'
    )
    assert "<title>a &lt; b &amp; &quot;c&quot;</title>" in svg


def test_a_file_of_its_own_is_light_or_dark_by_preference() -> None:
    assert "prefers-color-scheme:dark" in standalone(small_svg("c14"))


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("ground", ["#ffffff", "#14171a"])
def test_series_are_seen_on_a_light_and_on_a_dark_page(name: str, ground: str) -> None:
    lighter, darker = sorted((luminance(getattr(look, name)), luminance(ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
