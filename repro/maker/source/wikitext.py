"""Wikipedia articles out of a dump: prose without tables, references, templates and headings."""

import bz2
import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import mwparserfromhell
from mwparserfromhell.nodes import ExternalLink, Heading, HTMLEntity, Tag, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

_NAMESPACE = "{http://www.mediawiki.org/xml/export-0.10/}"
_TAGS_WITHOUT_PROSE = {
    *("ref", "references", "table", "gallery", "math", "code", "source", "syntaxhighlight"),
    *("timeline", "imagemap", "score"),
}
_BACK_MATTER = {
    *("see also", "references", "notes", "footnotes", "citations", "bibliography", "sources"),
    *("further reading", "external links", "notes and references", "works cited"),
}
_LINK_WITHOUT_PROSE = re.compile(r"\s*:?(file|image|category|media|[a-z]{2,3}(-[a-z]+)*):", re.I)
# Markup that the parser could not close, in articles that never closed it.
_BROKEN_MARKUP = re.compile(r"^[|!{}]|\[\[|\]\]|\{\{|\}\}|</?[a-z]+[^>]*>", re.I)
_EMPTY_BRACKETS = re.compile(r"\s*\([\s,;:/\u2013-]*\)")


def articles(dump: bytes) -> Iterator[tuple[str, str]]:
    """Title and wikitext of each article of a bz2 dump, without redirects and other namespaces."""
    for _, page in ElementTree.iterparse(io.BytesIO(bz2.decompress(dump))):
        if page.tag != f"{_NAMESPACE}page":
            continue
        is_article = page.findtext(f"{_NAMESPACE}ns") == "0"
        if is_article and page.find(f"{_NAMESPACE}redirect") is None:
            text = page.findtext(f"{_NAMESPACE}revision/{_NAMESPACE}text") or ""
            yield page.findtext(f"{_NAMESPACE}title") or "", text
        page.clear()


def prose(wikitext: str) -> str:
    """The running text of an article, up to its references and links."""
    text = "".join(_pieces(mwparserfromhell.parse(wikitext), is_top=True))
    text = _EMPTY_BRACKETS.sub("", text).replace("''", "")
    lines = (" ".join(line.split()).lstrip("*#:; ") for line in text.splitlines())
    return "\n\n".join(line for line in lines if line and not _BROKEN_MARKUP.search(line))


def _pieces(code: Wikicode, *, is_top: bool = False) -> Iterator[str]:
    # One pass over the tree: strip_code() and remove() are quadratic in the size of an article.
    for node in code.nodes:
        if isinstance(node, Heading):
            if is_top and str(node.title).strip().lower() in _BACK_MATTER:
                return
            yield "\n"
        else:
            yield from _piece(node)


def _piece(node: object) -> Iterator[str]:
    match node:
        case Text():
            yield node.value
        case HTMLEntity():
            yield node.normalize()
        case Wikilink() if not _LINK_WITHOUT_PROSE.match(str(node.title)):
            yield from _pieces(node.text or node.title)
        case ExternalLink() if node.title is not None:
            yield from _pieces(node.title)
        case Tag() if node.contents and str(node.tag).lower() not in _TAGS_WITHOUT_PROSE:
            yield from _pieces(node.contents)
        case _:
            pass
