"""The report as one HTML file that needs nothing but itself."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from repro.report.view import MARKS, MEANS, Page


def html(view: Page) -> str:
    """Render the page; all text is escaped, and only our own SVG elements enter as markup."""
    template = templates().get_template("template.html.j2")
    return template.render(view=view, marks=MARKS, means=MEANS, place=_place)


def _place(standing: float) -> float:
    """Percent from the left of a line on which the threshold, 0, stands in the middle."""
    return round(50 + 46 * standing, 2)


def templates() -> Environment:
    """The templates of this folder and those below it: what they are given is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["coded"] = coded
    return environment


def coded(plain: str) -> Markup:
    """Escaped text in which `a name` between backticks is set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(plain))))
