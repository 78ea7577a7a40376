"""Text arrives clean, whole, without doubles and in a stable order."""

import bz2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import ArtifactError, SourceError
from repro.maker.params.fetch import HubText, LocalText
from repro.maker.source.corpus import (
    Document,
    cleaned,
    file_documents,
    hub_documents,
    mend_quotes,
    read_documents,
    write_documents,
)
from repro.maker.source.wikitext import articles, prose

WORDS = st.lists(st.sampled_from(["river", "stone", "engine", "Garden", "seven"]), max_size=120)
DOCUMENTS = st.lists(
    st.builds(
        lambda words, end: " ".join(words) + end, WORDS, st.sampled_from(["", "!", "\ufffd"])
    ),
    max_size=12,
).map(lambda texts: [Document(str(i), "test", text) for i, text in enumerate(texts)])


@given(DOCUMENTS)
def test_every_document_is_kept_in_order_or_counted_as_dropped(documents: list[Document]) -> None:
    kept, dropped = cleaned(documents)
    assert len(kept) + sum(dropped.values()) == len(documents)
    assert [int(d.id) for d in kept] == sorted(int(d.id) for d in kept)
    assert all(len(d.text) >= 200 and "\ufffd" not in d.text for d in kept)


@given(DOCUMENTS)
def test_cleaning_twice_drops_nothing_more(documents: list[Document]) -> None:
    kept, _ = cleaned(documents)
    again, dropped = cleaned(kept)
    assert again == kept
    assert not any(dropped.values())


def test_near_copies_are_dropped() -> None:
    text = "The harbour was quiet, and nobody on the long pier said a word about it. " * 5
    other = "Prices rose again in the second quarter, by more than had been foreseen. " * 5
    copies = [text.upper(), text.replace(",", " -"), text + other, " \n" + text]
    documents = [Document(str(i), "x", t) for i, t in enumerate([text, *copies, other])]
    kept, dropped = cleaned(documents)
    assert [d.id for d in kept] == ["0", "5"]
    assert dropped == {"short": 0, "undecodable": 0, "duplicate": 4}


@given(DOCUMENTS)
def test_documents_survive_the_file(documents: list[Document]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.parquet"
        write_documents(path, documents)
        assert read_documents(path) == documents


def test_a_truncated_file_of_documents_is_an_artifact_error(tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    write_documents(path, [Document("a", "b", "c")])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_documents(path)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("'''Ants''' are [[Insect|insects]] of the [[family]].", "Ants are insects of the family."),
        ("Old<ref>Smith 1990</ref> news<ref name=a/>.", "Old news."),
        ("A {{convert|3|km}}thing ({{lang|de|Ding}})", "A thing"),
        ("[[File:Ant.jpg|thumb|An ''ant'']]Text [[Category:Ants]]", "Text"),
        ("{| class=x\n| cell || other\n|}\nAfter.", "After."),
        ("Lead.\n== History ==\nOld.\n== See also ==\n* [[Bee]]", "Lead.\n\nOld."),
        ("* one\n* two [http://a.org site] [http://b.org]", "one\n\ntwo site"),
        ("Caf&eacute; &amp; bar <!-- hidden -->open", "Café & bar open"),
        ("Good.\n\nNever closed <ref>{{cite web |url=x\n\nMore.", "Good.\n\nMore."),
        ("", ""),
    ],
)
def test_wikitext_becomes_prose(markup: str, text: str) -> None:
    assert prose(markup) == text


def test_redirects_and_other_namespaces_are_no_articles() -> None:
    page = "<page><title>{}</title><ns>{}</ns>{}<revision><text>{}</text></revision></page>"
    pages = [
        page.format("Ant", 0, "", "Ants."),
        page.format("Emmet", 0, '<redirect title="Ant" />', "#REDIRECT [[Ant]]"),
        page.format("Talk:Ant", 1, "", "Hello."),
    ]
    xml = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">{}</mediawiki>'
    dump = bz2.compress(xml.format("".join(pages)).encode())
    assert list(articles(dump)) == [("Ant", "Ants.")]


@pytest.mark.parametrize(
    ("found", "mended"),
    [
        ('He didn"t. They would"ve.', "He didn't. They would've."),
        ('"None,"?said Kelly', '"None," said Kelly'),
        ('the "end."? Then', 'the "end." Then'),
        ('He said "yes"? No!', 'He said "yes" No!'),
        ("It's \"fine\" (isn't it?)", "It's \"fine\" (isn't it?)"),
    ],
)
def test_lost_quotation_marks_are_put_back(found: str, mended: str) -> None:
    assert mend_quotes(found) == mended


def test_text_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "inner/c.txt", "skip.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    texts = LocalText(source="files", paths=[tmp_path.name, f"{tmp_path.name}/b.txt"])
    found = [(d.id, d.text) for d in file_documents(texts, tmp_path.parent)]
    top = tmp_path.name
    assert found == [
        (f"{top}/a.txt", "a.txt"),
        (f"{top}/b.txt", "b.txt"),
        (f"{top}/inner/c.txt", "inner/c.txt"),
        (f"{top}/b.txt", "b.txt"),
    ]


def test_bad_text_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    for name, message in [
        ("none.txt", "none.txt: No such file"),
        ("empty", "holds no .txt file"),
        ("latin.txt", "latin.txt: is not UTF-8"),
    ]:
        with pytest.raises(SourceError, match=message):
            list(file_documents(LocalText(source="files", paths=[name]), tmp_path))


def test_a_data_set_out_of_reach_says_what_to_type() -> None:
    text = HubText(
        source="hub",
        id="nobody/nothing",
        revision="main",
        split="train",
        column="text",
        documents=5,
    )
    with pytest.raises(SourceError, match=r"data set 'nobody/nothing'.*could not be read"):
        list(hub_documents(text))
