"""A method looks the same in every figure, and what stands in one figure can be told apart."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from repro.contract.evidence import Table, read_evidence
from repro.contract.vocabulary import made
from repro.report.figures import style as colours
from repro.report.figures.curves import select
from repro.report.figures.interpretability import READINGS
from repro.report.figures.palette import (
    BY_R,
    COMPARED,
    LEVELS,
    LOCALISED,
    METHODS,
    NEAREST,
    TRAINERS,
    UNPENALISED,
    Look,
    look_of_r,
)
from repro.report.figures.plans import PLANS
from repro.report.figures.style import style
from repro.report.figures.tradeoff import frontier, tradeoff
from repro.spec.decisions import SMOOTH_DEGREE

LOOKS = [*METHODS.values(), UNPENALISED, *BY_R.values(), NEAREST, *LEVELS.values()]
BY_LABEL = {look.label: look for look in LOOKS}
NO_METHOD = (
    *("one α", f"fit of degree {SMOOTH_DEGREE} in ln L0"),
    *(label for label, _, _ in READINGS),
    *("as they are", "at one firing rate"),
    *("best of the paper's", "best, as wide and sparse"),
    *("its own explanation", "another feature's explanation"),
    *("equal", "other candidates", "parents", "no latent of its own fires", "absorbed"),
    *("gender", "pronoun", "drawn at random", "purest labels", "untouched", "allowed"),
)
"""Labels of lines that stand for no method."""
MEANINGS = re.compile(r"\d meanings, area")
"""Labels of the curves of a ROC."""
BY_METHOD_DOWN = (
    *("c13  ", "c11 levels", "c01  ", "c01 units", "c01 scorer", "c01 roc", "c02 "),
    *("c12  ", "c23  ", "c23 keywords", "c24 ", "c25 tasks", "k06 "),
)
"""Figures that have the methods along the axis, or none."""


@pytest.fixture(scope="module")
def figures(evidence: Path) -> dict[str, Figure]:
    """Every figure of the list at every site, and that of the trainers."""
    tables = {name: read_evidence(evidence, name) for name in made()}
    with style():
        return dict(drawn(tables))


def drawn(tables: dict[str, Table]) -> Iterator[tuple[str, Figure]]:
    for plan in PLANS:
        for site in plan.sites:
            here = [select(tables[name], **{plan.by: site}) for name in plan.tables]
            if all(len(t) and "sae" in t.columns.get("method", ("sae",)) for t in here):
                yield f"{plan.claim} {plan.part} {site}", plan.draw(*here)
    yield "frontier", frontier(select(tables["fidelity"], site="middle"))


def labelled(figure: Figure) -> list[Line2D]:
    lines = figure.axes[0].get_lines()
    return [line for line in lines if not str(line.get_label()).startswith("_")]


def seen(line: Line2D) -> tuple[object, ...]:
    return line.get_color(), str(line.get_marker()), line.get_linestyle()


def test_every_line_has_the_look_that_the_palette_gives_its_label(figures: dict[str, Figure]):
    found = set()
    for name, figure in figures.items():
        for line in labelled(figure):
            label = str(line.get_label())
            if label in NO_METHOD or MEANINGS.match(label):
                continue
            look = BY_LABEL[label]
            colour, marker, dash = seen(line)
            assert colour == look.colour, (name, label)
            assert marker in (look.marker, "", "None"), (name, label)
            assert dash in (look.dash, "None"), (name, label)
            found.add(label)
    drawn = {METHODS[name].label for name in (*COMPARED, *LOCALISED, "permuted", "truth")}
    assert drawn - {METHODS["sae_untied"].label} <= found, "the untied one is drawn at MLPs alone"


def test_the_untied_autoencoder_is_drawn_by_its_penalty_where_there_is_one(evidence: Path):
    table = select(read_evidence(evidence, "fidelity"), site="middle")
    method = table.columns["method"]
    untied = table.replace(method=np.where(method == "sae", "sae_untied", method))
    lines = {line.get_label(): line for line in labelled(tradeoff(untied))}
    look = METHODS["sae_untied"]
    assert seen(lines[look.label]) == (look.colour, look.marker, look.dash)
    tied = {line.get_label(): line for line in labelled(tradeoff(table))}[METHODS["sae"].label]
    assert np.array_equal(lines[look.label].get_xydata(), tied.get_xydata())
    assert METHODS["sae"].label not in lines


def test_the_autoencoder_is_called_so_wherever_lines_are_methods(figures: dict[str, Figure]):
    without = ("c10 ", "c16 ", "c22 widths ", *BY_METHOD_DOWN)
    for name, figure in figures.items():
        labels = {line.get_label() for line in labelled(figure)}
        assert (METHODS["sae"].label in labels) != name.startswith(without), name


def test_the_rows_of_the_edit_are_called_and_coloured_as_elsewhere(figures: dict[str, Figure]):
    axes = figures["c10  middle"].axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert set(names) <= BY_LABEL.keys()
    for line in axes.get_lines():
        if str(line.get_linestyle()) == "None":
            (place, *_) = [float(y) for y in line.get_ydata()]  # pyright: ignore[reportGeneralTypeIssues, reportArgumentType]
            assert line.get_color() == BY_LABEL[names[int(place)]].colour


def test_no_two_lines_of_a_figure_look_alike(figures: dict[str, Figure]):
    for name, figure in figures.items():
        looks = [seen(line) for line in labelled(figure)]
        assert len(set(looks)) == len(looks), name


def test_every_method_has_its_own_look_and_its_own_name():
    looks = [*METHODS.values(), UNPENALISED]
    assert len({look[1:4] for look in looks}) == len(looks)
    assert len(BY_LABEL) == len(LOOKS)


@pytest.mark.parametrize("methods", [COMPARED, TRAINERS, LOCALISED], ids=lambda names: names[-1])
def test_a_figure_can_be_read_without_its_markers(methods: tuple[str, ...]):
    looks = [METHODS[name] for name in methods]
    if methods is LOCALISED:
        looks.append(UNPENALISED)
    assert len({(look.colour, look.dash) for look in looks}) == len(looks)


def test_colours_are_those_that_are_told_apart():
    names = ("VERMILLION", "BLUE", "SKY", "GREEN", "PURPLE", "GREY")
    assert {look.colour for look in LOOKS} <= {getattr(colours, name) for name in names}


def test_only_penalised_methods_have_curves_along_a_penalty():
    penalised = {name for name, look in METHODS.items() if look.knob == "alpha"}
    assert penalised == {"sae", "sae_untied", "sae_standard", "saelens_standard"}
    assert {look.knob for look in LOOKS} == {"alpha", "k"}


def test_a_width_that_is_seldom_drawn_is_unlike_the_others():
    other = look_of_r(8.0)
    assert other.label == "R = 8"
    assert other[1:4] not in {look[1:4] for look in BY_R.values()}
    assert look_of_r(2.0) == BY_R[2.0]


def test_a_look_is_told_to_matplotlib_with_and_without_its_points():
    look = Look("a", "#000000", "x", ":")
    assert look.stroke == {"color": "#000000", "linestyle": ":"}
    assert look.pointed == {**look.stroke, "marker": "x"}
