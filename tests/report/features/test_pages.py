"""The written pages: complete, linked, escaped, the same bytes every time, whole or not at all."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.cards import Card
from repro.errors import EvidenceError
from repro.report.features import allowance, link_of, write_pages
from repro.report.features.folder import whole_folder
from tests.report.features.parsed import Parsed, parsed
from tests.report.features.plausible_cards import plausible_card, plausible_cards

SHARED = {"index.html", "index.js", "tokens.js", "style.css"}
BUDGET = 20_000_000


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written(cards: list[Card], name: str) -> Parsed:
    with tempfile.TemporaryDirectory() as out:
        write_pages(cards, Path(out))
        return parsed(Path(out) / name)


def page_of(card: Card) -> Parsed:
    return written([card], link_of(card.id))


def with_text(card: Card, text: str) -> Card:
    """The card with `text` wherever its text comes from the web or from a model."""
    excerpts = [
        one.model_copy(update={"tokens": [text] * len(one.tokens)}) for one in card.excerpts
    ]
    return card.model_copy(
        update={
            "excerpts": excerpts, "rules": [text], "explanation": "x" + text,
            "promoted": [text], "suppressed": [text],
        }
    )  # fmt: skip


def test_a_page_for_each_card_and_the_index(pages: Path, cards: list[Card], tmp_path: Path) -> None:
    names = {path.name for path in (pages / "features").iterdir()}
    assert names == SHARED | {f"{card.id}.html" for card in cards}
    assert write_pages(cards[:3], tmp_path) == 3


def test_a_page_shows_everything_on_its_card() -> None:
    card = plausible_card(4, n_tokens=8)
    page = page_of(card)
    assert page.text("head") == "middle, sparse autoencoder, unit 7"
    assert page.text("over") == "middle · sparse autoencoder"
    assert page.text("h1") == "Unit 7"
    assert page.text("explanation") == card.explanation
    for said in (card.hook, "α = 0.0008, R = 2, seed 0", *card.rules, "c01", "c13", "k01"):
        assert said in page.text()
    assert page.text("measures").count("score: ") == 2
    for group in ("Strongest", "At random", "Barely firing", "Anywhere"):
        assert group in page.text("h2")
    assert page.text("fragments").count("of 25 fragments") == 0
    assert sum(a.get("class") == "fragment" for a in page.attributes("div")) == 25
    assert len(page.attributes("rect")) == sum(n > 0 for n in card.histogram)
    assert all(word.strip() in page.text("tokens") for word in card.promoted + card.suppressed)
    assert "unit 14, cosine 0.800" in page.text("plain")


def test_every_token_that_fires_carries_its_value_and_its_level() -> None:
    card = plausible_card(5, n_tokens=20, firing=0.5)
    marked = [a for a in page_of(card).attributes("b") if "data-v" in a]
    fires = sum(value > 0 for one in card.excerpts for value in one.activations)
    assert sum("a" in a["class"] for a in marked) == fires
    guessed = sum(value > 0 for one in card.excerpts for value in one.predicted)
    assert sum("p" in a["class"] for a in marked) == guessed > 0


def test_without_predictions_there_is_no_switch() -> None:
    with_them = page_of(plausible_card(1, n_tokens=4))
    without = page_of(plausible_card(1, n_tokens=4, is_predicted=False))
    assert [len(page.attributes("input")) for page in (with_them, without)] == [1, 0]
    assert not any("data-p" in a for a in without.attributes("b"))


def test_a_unit_that_never_fires_has_a_page() -> None:
    bare = {"excerpts": [], "largest": 0.0, "histogram": [], "neighbours": [], "claims": []}
    empty = {"rules": [], "explanation": "", "promoted": [], "suppressed": [], "scores": {}}
    page = page_of(plausible_card(1).model_copy(update=bare | empty))
    assert "No fragments." in page.text()
    assert "None above zero." in page.text("aside")


def test_a_method_without_a_look_goes_by_its_own_name() -> None:
    card = plausible_card(1, n_tokens=2, method="sae_shuffled_tokens")
    assert page_of(card).text("over") == "middle · sae_shuffled_tokens"


def test_a_page_that_would_be_too_large_says_what_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allowance, "ALL_FRAGMENTS", 3_000)
    page = page_of(plausible_card(1, n_tokens=10, firing=1.0))
    shown = sum(a.get("class") == "fragment" for a in page.attributes("div"))
    assert 0 < shown < 25
    assert f"{shown} of 25 fragments: the first of each kind in turn" in page.text("note")


def test_the_whole_list_stands_in_the_index_without_any_script(
    pages: Path, cards: list[Card]
) -> None:
    index = parsed(pages / "features" / "index.html")
    assert index.text("h1") == "120 units"
    assert index.tags.count("tr") == 1 + len(cards)
    assert {f"{card.id}.html" for card in cards} <= set(index.references)
    hidden = [tag for tag, attributes in index.elements if "hidden" in attributes]
    assert hidden == ["form", "nav"]


def test_the_index_names_the_scores_that_most_cards_have() -> None:
    scores = [{"a": 1.0, "b": 1.0}, {"b": 1.0, "c": 1.0, "d": 1.0}, {"d": 0.25}]
    cards = [
        plausible_card(i, unit=i, n_tokens=2).model_copy(update={"scores": score})
        for i, score in enumerate(scores)
    ]
    index = written(cards, link_of("index"))
    assert index.text("thead").split()[-3:] == ["b", "d", "a"]
    cells = [a["data-value"] for a in index.attributes("td") if a.get("data-label") == "d"]
    assert cells == ["", "1.0", "0.25"]


def test_no_cards_are_an_index_of_none() -> None:
    assert written([], "features/index.html").text("h1") == "0 units"


def all_references(site: Path) -> Iterator[tuple[Path, str]]:
    for path in (site / "features").glob("*.html"):
        for reference in parsed(path).references:
            yield path, reference


def test_every_element_is_closed_and_every_id_unique(pages: Path) -> None:
    for path in (pages / "features").glob("*.html"):
        page = parsed(path)
        ids = [a["id"] for _, a in page.elements if "id" in a]
        assert (page.left_open, len(ids)) == ([], len(set(ids))), path


@pytest.mark.slow
def test_every_link_leads_to_a_file_and_an_anchor_that_are_there(site: Path) -> None:
    anchors = {a["id"] for _, a in parsed(site / "claims.html").elements if "id" in a}
    for path, reference in all_references(site):
        if reference == "data:,":
            continue
        name, _, anchor = unquote(reference).partition("#")
        assert (path.parent / name).resolve().is_file(), (path, reference)
        if anchor:
            assert (name, anchor in anchors) == ("../claims.html", True), (path, reference)


def test_pages_follow_each_other_and_neighbours_are_linked_where_they_are(pages: Path) -> None:
    name, seen = "early-sae-0", []
    while name:
        page = parsed(pages / link_of(name))
        seen.append(name)
        following = [a["href"] for a in page.attributes("a") if a.get("rel") == "next"]
        name = following[0].removesuffix(".html") if following else ""
    assert len(seen) == len(set(seen)) == 120
    first = parsed(pages / link_of("early-sae-0"))
    assert "early-sae-7.html" in first.references
    assert not any(a.get("rel") == "prev" for a in first.attributes("a"))
    assert first.text("ways").startswith("all units unit 7 →")
    turn = parsed(pages / link_of("early-pca_topk-0"))
    assert turn.text("ways").startswith("← early, sparse autoencoder, unit 63 all units unit 7 →")
    last = parsed(pages / link_of("late-random_topk-63"))
    assert "unit 70, cosine 0.800" in last.text()
    assert not any("70" in reference for reference in last.references)


def test_a_neighbour_is_a_unit_of_the_same_dictionary() -> None:
    cards = [
        plausible_card(1, unit=unit, n_tokens=2).model_copy(update={"id": str(unit), "seed": seed})
        for unit, seed in ((0, 0), (7, 1), (14, 0))
    ]
    page = written(cards, link_of("0"))
    links = [a["href"] for a in page.attributes("a")]
    assert "14.html" in links
    assert links.count("7.html") == 2
    assert all("cosine" not in link for link in links)
    assert {a["href"] for a in page.attributes("a") if "rel" not in a} == {
        *("index.html", "14.html"),
        *(f"../claims.html#{claim}" for claim in ("c01", "c13", "k01")),
    }


HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "<script>alert(1)</script>", "</b></p></div>", '" onmouseover="alert(1)', "<!--", "]]>",
            "&lt;img src=x onerror=alert(1)&gt;", "\u202e\u2066", "\x00\x1b", "{{ 7 * 7 }}",
            "</title><script>", "<svg/onload=alert(1)>", "\ufeff", "`", "</script>", "a" * 5000,
        ]
    ),
)  # fmt: skip


@given(HOSTILE)
def test_no_text_makes_an_element_or_an_attribute(text: str) -> None:
    tame, hostile = (page_of(with_text(plausible_card(2, n_tokens=3), one)) for one in ("x", text))
    marks = {"i"}
    assert [tag for tag in hostile.tags if tag not in marks] == tame.tags
    names = [Counter(name for _, a in page.elements for name in a) for page in (tame, hostile)]
    assert names[0] == names[1]


@given(HOSTILE)
def test_no_text_makes_an_element_of_the_index(text: str) -> None:
    tame, hostile = (
        written([with_text(plausible_card(2, n_tokens=3), one)], link_of("index"))
        for one in ("x", text)
    )
    assert [tag for tag in hostile.tags if tag != "i"] == tame.tags


def test_names_of_ours_are_escaped_as_well() -> None:
    evil = "<script>alert(1)</script>"
    changed = {"site": evil, "method": evil, "hook": evil, "scores": {evil: 1.0}, "claims": [evil]}
    card = plausible_card(2, n_tokens=2).model_copy(update=changed)
    for name, scripts in ((card.id, ["tokens.js"]), ("index", ["index.js"])):
        page = written([card], link_of(name))
        assert [a.get("src") for a in page.attributes("script")] == scripts


def test_the_same_cards_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_pages(iter(plausible_cards(5, n_tokens=6)), tmp_path / name)
    first, second = (contents(tmp_path / name / "features") for name in ("one", "two"))
    assert first == second


def test_pages_of_an_earlier_run_are_gone_and_nothing_else_is_left(tmp_path: Path) -> None:
    cards = plausible_cards(4, n_tokens=2)
    write_pages(cards, tmp_path)
    (tmp_path / "features" / "old.html").write_text("old", encoding="utf8")
    write_pages(cards[1:], tmp_path)
    names = {path.name for path in (tmp_path / "features").iterdir()}
    assert names == SHARED | {f"{card.id}.html" for card in cards[1:]}
    assert [path.name for path in tmp_path.iterdir()] == ["features"]


def broken_off(cards: list[Card]) -> Iterator[Card]:
    yield from cards
    raise EvidenceError("line 3 is no card", expected="a card", mend="make it again")


def test_a_bad_card_leaves_the_earlier_pages_as_they_were(tmp_path: Path) -> None:
    cards = plausible_cards(2, n_tokens=2)
    write_pages(cards, tmp_path)
    before = contents(tmp_path / "features")
    with pytest.raises(EvidenceError):
        write_pages(broken_off(cards[1:]), tmp_path)
    assert contents(tmp_path / "features") == before


def test_a_crash_half_way_leaves_the_earlier_folder_as_it_was(tmp_path: Path) -> None:
    def fail_in(target: Path) -> None:
        with whole_folder(target) as folder:
            (folder / "a").write_text("new", encoding="utf8")
            raise KeyboardInterrupt

    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a").write_text("old", encoding="utf8")
    for target in (tmp_path / "set", tmp_path / "other"):
        with pytest.raises(KeyboardInterrupt):
            fail_in(target)
    assert contents(tmp_path / "set") == {"a": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_where_the_new_folder_cannot_take_its_place_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError("no")
        return rename(self, target)

    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a").write_text("old", encoding="utf8")
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="no"), whole_folder(tmp_path / "set"):
        pass
    assert contents(tmp_path / "set") == {"a": b"old"}


@pytest.mark.parametrize("ids", [("a", "a"), ("a", "A"), ("index", "b"), ("Index", "b")])
def test_two_pages_are_never_one_file(ids: tuple[str, str], tmp_path: Path) -> None:
    cards = [plausible_card(1, n_tokens=2).model_copy(update={"id": one}) for one in ids]
    with pytest.raises(EvidenceError, match=r"2 pages would be called .*\.html"):
        write_pages(cards, tmp_path)
    assert not (tmp_path / "features").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("firing", "all_shown"), [(0.1, True), (1.0, False)])
def test_six_hundred_units_stay_below_twenty_megabytes(
    firing: float, all_shown: bool, tmp_path: Path
) -> None:
    write_pages(plausible_cards(600, firing=firing), tmp_path)
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "features").iterdir()}
    assert len(sizes) == 604
    assert 15_000_000 < sum(sizes.values()) < BUDGET
    page = parsed(tmp_path / link_of("early-sae-0"))
    assert (page.text("note") == "") == all_shown
