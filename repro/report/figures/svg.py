"""How a figure becomes an SVG: the same bytes every time, and few of them."""

import io
import re
from collections import Counter
from html import escape
from zlib import crc32

from matplotlib.figure import Figure

from repro.report.figures.style import INK

_STANDALONE = (
    "<style>svg{color:#1b1f24}@media(prefers-color-scheme:dark){svg{color:#e6e6e6}}</style>"
)


def svg_of(figure: Figure, name: str, title: str) -> str:
    """The figure as one `<svg>` element that can stand in a page beside others.

    Its ids carry `name`, it is announced as an image called `title`, and what was drawn in `INK`
    takes the colour of the text around it.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # The metadata hold the time of writing.
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg)
    svg = svg.replace(INK, "currentColor")
    svg = svg.replace("'DejaVu Sans'", "system-ui, sans-serif")
    svg = re.sub(
        r"\s*\n\s*", " ", re.sub(r"<!--.*?-->|<style.*?</style>", "", svg, flags=re.DOTALL)
    )
    svg = _shorter(svg, name)
    label = escape(title)
    return svg.replace("<svg ", f'<svg class="figure" role="img" aria-label="{label}" ', 1).replace(
        ">", f"><title>{label}</title>", 1
    )


_REFERENCES = re.compile(r'(?:url\(|href=")#([^")]*)')
_LONG = re.compile(r"(\.\d\d)\d+")
_MARKS = re.compile(
    r'<g([^>]*)> ((?:<use [^>]* style="([^"]*)"/> )(?:<use [^>]* style="\3"/> )+)</g>'
)


def _shorter(svg: str, name: str) -> str:
    """The same figure in a third of the bytes.

    Places to a hundredth of a point; of a run of equal marks the group carries the style, which
    they inherit; names for the figure itself and short ones for what is referred to, no others.
    """
    tag = f"s{crc32(name.encode()):x}"
    own = f"{name}-figure_1"
    short = {one: f"{tag}-{i}" for i, one in enumerate(dict.fromkeys(_REFERENCES.findall(svg)))}
    kept = {one: f' id="{short.get(one, one)}"' for one in (own, *short)}
    svg = re.sub(r' id="([^"]*)"', lambda m: kept.get(m[1], ""), svg)
    svg = _REFERENCES.sub(lambda m: m[0].replace(m[1], short[m[1]]), svg)
    svg = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda m: _LONG.sub(r"\1", m[0]), svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    svg = re.sub(
        r'(?<= d=")[^"]*', lambda m: re.sub(r"(?<=[A-Za-z]) | (?=[A-Za-z]|$)", "", m[0]), svg
    )
    return _classed(_ungrouped(_MARKS.sub(_styled_once, svg)), tag)


def _ungrouped(svg: str) -> str:
    """Without the groups that say nothing of what they hold."""
    bare: list[bool] = []

    def kept(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            bare.append(tag[0] == "<g>")
            return "" if bare[-1] else tag[0]
        return "" if bare.pop() else tag[0]

    return re.sub(" {2,}", " ", re.sub(r"<g(?: [^>]*[^>/])?>|</g>", kept, svg))


_STYLE = re.compile(r' style="([^"]*)"')


def _classed(svg: str, tag: str) -> str:
    """Looks that many parts of a figure share, told once in a style sheet of its own."""
    looks = Counter(_STYLE.findall(svg))
    shared = [look for look, n in looks.items() if n > 2]
    names = {look: f"{tag}c{i}" for i, look in enumerate(shared)}
    svg = _STYLE.sub(lambda m: f' class="{names[m[1]]}"' if m[1] in names else m[0], svg)
    sheet = "".join(f".{names[look]}{{{look}}}" for look in shared)
    return svg.replace(">", f"><style>{sheet}</style>", 1) if sheet else svg


def _styled_once(found: re.Match[str]) -> str:
    group, marks, look = found.groups()
    style = f' style="{look}"'
    return f"<g{group}{style}> {marks.replace(style, '')}</g>"


def standalone(svg: str) -> str:
    """The same element as a file of its own, light or dark by the reader's preference."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        + svg.replace("</title>", f"</title>{_STANDALONE}", 1)
        + "\n"
    )
