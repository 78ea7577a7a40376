"""A page as a parser sees it: elements, references, and text by the element it stands in."""

from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "input"}


class Parsed(HTMLParser):
    """Tags in order, attributes of each, and what text stands below which classes or tags.

    `left_open` are elements that only the end of another one closes.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[list[str], str]] = []
        self.left_open: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        self.left_open += [tag for tag, _ in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self._open.append((tag, attributes.get("class", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while (closed := self._open.pop()[0]) != tag:
            self.left_open.append(closed)

    def handle_data(self, data: str) -> None:
        inside = [word for tag, classes in self._open for word in (tag, *classes.split())]
        self.texts.append((inside, data))

    @property
    def tags(self) -> list[str]:
        """Every element in order."""
        return [tag for tag, _ in self.elements]

    @property
    def references(self) -> list[str]:
        """All that the page refers to."""
        return [a[name] for _, a in self.elements for name in ("href", "src") if name in a]

    def attributes(self, tag: str) -> list[dict[str, str]]:
        """Attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, within: str = "body") -> str:
        """Text below elements of this tag or class, as one line."""
        found = "".join(data for inside, data in self.texts if within in inside)
        return " ".join(found.split())


def parsed(path: Path) -> Parsed:
    """The page in a file."""
    return Parsed(path.read_text(encoding="utf8"))
