"""Nothing that a token may hold is markup, hidden, or reorders the page."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.report.features.spelled import alone, running


class Read(HTMLParser):
    """What a reader sees, and the tags on the way."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen, self.tags = "", set[str]()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.seen += data


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        (" word", " word"),
        ("two words", "two words"),
        ("\n", "<i>↵</i>"),
        ("a\t\r", "a<i>⇥</i><i>U+000D</i>"),
        (" ", "<i>␣</i>"),
        ("  code", "<i>␣</i><i>␣</i>code"),
        ("end ", "end<i>␣</i>"),
        ("\x00\x7f\x85", "<i>U+0000</i><i>U+007F</i><i>U+0085</i>"),
        ("\u202eevil", "<i>U+202E</i>evil"),
        ("\u2028", "<i>U+2028</i>"),
        ("\u00a0", "<i>U+00A0</i>"),
        ("\U000e0041", "<i>U+E0041</i>"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\u200d", "<i>U+200D</i>"),
        ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"),
        ("<b>\n", "&lt;b&gt;<i>↵</i>"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_what_is_shown_of_a_token_in_text(token: str, shown: str) -> None:
    assert running(token) == shown


def test_a_token_on_its_own_shows_its_space_and_its_absence() -> None:
    assert alone(" the") == "<i>␣</i>the"
    assert alone("<") == "&lt;"
    assert alone("") == "<i>∅</i>"


@given(st.text() | st.text("<>&;/\"'! \nab"))
def test_only_our_marks_are_elements_and_all_is_visible(text: str) -> None:
    for shown in (running(text), alone(text)):
        read = Read(shown)
        assert read.tags <= {"i"}
        assert all(char.isprintable() or char in "\u200c\u200d" for char in read.seen)


@given(st.text(st.characters(codec="utf8", exclude_categories=["C", "Z"])))
def test_visible_text_is_shown_as_it_is(text: str) -> None:
    assert Read(running(text)).seen == text
