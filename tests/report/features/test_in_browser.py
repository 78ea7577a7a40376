"""The pages in a real browser, from their files: found, sorted, turned, read by hand and by key."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from repro.contract.cards import Card
from repro.report.features import link_of, write_pages
from tests.report.chromium import LUMINANCE, NEEDS_CHROMIUM
from tests.report.features.plausible_cards import plausible_card
from tests.report.features.test_pages import with_text

pytestmark = NEEDS_CHROMIUM
UNIT = "middle-sae-21"
HOSTILE = (
    "<img src=x onerror=alert(1)>\"'</script><script>alert(1)</script>\u202e\x00\n" + "w" * 3000
)
WIDTHS = [360, 390, 800, 1000, 1160, 1280, 1600]


def opened(
    browser: Browser, path: Path, anchor: str = "", **options: Any
) -> tuple[Page, list[str]]:
    """A page from its file; what it said, and what it asked for outside its folder."""
    page = browser.new_page(**options)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    inside = path.parent.as_uri()
    page.on(
        "request", lambda r: None if r.url.startswith((inside, "data:,")) else heard.append(r.url)
    )
    page.goto(path.as_uri() + anchor)
    return page, heard


def column(page: Page, number: int) -> list[str]:
    """The shown cells of a column."""
    return page.locator(f".units tbody tr td:nth-child({number})").all_inner_texts()


@pytest.fixture
def index(site: Path) -> Path:
    return site / "features" / "index.html"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["index", UNIT])
def test_nothing_sticks_out_and_nothing_is_asked_for(
    browser: Browser, site: Path, name: str, width: int
) -> None:
    page, heard = opened(browser, site / link_of(name), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if name == UNIT:
        page.locator(".fragment b").last.hover()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert heard == []
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["index", "middle-sae-7"])
def test_hostile_text_runs_nothing_and_stays_within_the_page(
    browser: Browser, tmp_path: Path, name: str, width: int
) -> None:
    write_pages([with_text(plausible_card(2, n_tokens=4, firing=0.5), HOSTILE)], tmp_path)
    path = tmp_path / link_of(name)
    page, heard = opened(browser, path, viewport={"width": width, "height": 800})
    assert heard == []
    assert page.locator("img, script:not([src])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert "<img src=x onerror=alert(1)>" in page.inner_text("main")
    page.close()


TOKENS = f"""() => {{
  {LUMINANCE}
  const channels = colour => colour.match(/[\\d.]+(?:e-?\\d+)?/g).map(Number);
  const ground = channels(getComputedStyle(document.documentElement).backgroundColor);
  return [...document.querySelectorAll(".legend b[class^=a]")].map(token => {{
    const style = getComputedStyle(token);
    const [r, g, b, share] = channels(style.backgroundColor.replace("srgb", ""));
    const mixed = [r, g, b].map((v, i) => 255 * v * share + ground[i] * (1 - share));
    const [ink, tint, line, page] = [style.color, mixed.join(), style.borderBottomColor,
      ground.join()].map(luminance);
    const contrast = (x, y) => (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    return [contrast(ink, tint), contrast(line, page), parseFloat(style.borderBottomWidth), share];
  }});
}}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_stronger_is_darker_and_thicker_and_the_word_stays_readable(
    browser: Browser, site: Path, scheme: Any
) -> None:
    page, _ = opened(browser, site / link_of(UNIT), color_scheme=scheme)
    words, lines, widths, tints = zip(*page.evaluate(TOKENS), strict=True)
    assert min(words) >= 4.5
    assert min(lines) >= 3
    assert list(widths) == sorted(set(widths))
    assert list(tints) == sorted(set(tints))
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", UNIT])
def test_text_is_readable_in_both_colour_schemes(
    browser: Browser, site: Path, name: str, scheme: Any
) -> None:
    page, _ = opened(browser, site / link_of(name), color_scheme=scheme)
    contrasts = page.evaluate(f"""() => {{
      {LUMINANCE}
      const ground = luminance(getComputedStyle(document.documentElement).backgroundColor);
      return [...document.querySelectorAll("p, a, small, h1, h2, dt, dd, th, td, i, li, text")]
        .map(element => {{
          const style = getComputedStyle(element);
          const ink = luminance(element.tagName === "text" ? style.fill : style.color);
          return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        }});
    }}""")
    assert len(contrasts) > 50
    assert min(contrasts) >= 4.5
    page.close()


def test_text_in_the_histogram_is_no_smaller_than_nine_pixels_and_is_not_cut(
    browser: Browser, site: Path
) -> None:
    for width in (390, 1280):
        page, _ = opened(browser, site / link_of(UNIT), viewport={"width": width, "height": 800})
        smallest, outside = page.evaluate("""() => {
          const svg = document.querySelector(".histogram").getBoundingClientRect();
          const texts = [...document.querySelectorAll(".histogram text")];
          const boxes = texts.map(text => text.getBoundingClientRect());
          const sizes = texts.map(text => parseFloat(getComputedStyle(text).fontSize));
          return [Math.min(...sizes) * svg.width / 360,
            boxes.filter(b => b.left < svg.left - 4 || b.right > svg.right + 4).length];
        }""")
        assert smallest >= 9
        assert outside == 0
        page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_has_pages_and_they_are_turned(
    browser: Browser, index: Path, cards: list[Card], width: int
) -> None:
    page, _ = opened(browser, index, viewport={"width": width, "height": 800})
    seen: list[str] = []
    for number in (1, 2, 3):
        assert page.inner_text(".pager span") == f"page {number} of 3"
        seen += page.eval_on_selector_all(".units td a", "all => all.map(a => a.href)")
        if number < 3:
            page.click("text=next →")
    assert [one.rpartition("/")[2] for one in seen] == [f"{card.id}.html" for card in cards]
    assert page.locator("text=next →").is_disabled()
    page.click("text=← previous")
    assert page.inner_text(".pager span") == "page 2 of 3"
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_search_finds_all_words_anywhere_in_a_line(
    browser: Browser, index: Path, cards: list[Card], width: int
) -> None:
    page, _ = opened(browser, index, viewport={"width": width, "height": 800})
    page.fill("input[type=search]", "LATE pca")
    assert page.inner_text("[role=status]") == "10 of 120"
    assert page.locator(".units tbody tr").count() == 10
    assert set(column(page, 2)) == {"late"}
    assert set(column(page, 3)) == {"PCA, top k per token"}
    assert page.locator(".pager").is_hidden()
    page.fill("input[type=search]", "rivers")
    assert page.locator(".units tbody tr").count() == sum("rivers" in c.explanation for c in cards)
    page.fill("input[type=search]", "no such word")
    assert page.locator(".units tbody tr").count() == 0
    page.fill("input[type=search]", "")
    assert page.locator(".units tbody tr").count() == 50
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_units_of_one_claim_can_be_had_alone(
    browser: Browser, tmp_path: Path, cards: list[Card], width: int
) -> None:
    told = [["c01"], ["c01", "k01"], [], ["k01"]]
    some = [
        card.model_copy(update={"claims": claims})
        for card, claims in zip(cards, told, strict=False)
    ]
    write_pages(some, tmp_path)
    at = tmp_path / link_of("index")
    page, _ = opened(browser, at, viewport={"width": width, "height": 800})
    assert page.eval_on_selector_all("option", "all => all.map(one => one.text)") == [
        "all", "c01", "k01"
    ]  # fmt: skip
    page.select_option("select", "k01")
    assert page.inner_text("[role=status]") == "2 of 4"
    page.reload()
    assert page.input_value("select") == "k01"
    assert page.locator(".units tbody tr").count() == 2
    page.select_option("select", "")
    assert page.locator(".units tbody tr").count() == 4
    page.goto(f"{at.as_uri()}#claim=c99")
    page.reload()
    assert page.locator(".units tbody tr").count() == 4
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_heading_sorts_all_lines_and_then_turns_them_round(
    browser: Browser, index: Path, cards: list[Card], width: int
) -> None:
    page, _ = opened(browser, index, viewport={"width": width, "height": 800})
    by_density = sorted(cards, key=lambda card: card.density, reverse=True)
    page.click("th >> text=density")
    shown = page.eval_on_selector_all(
        ".units td:nth-child(5)", "all => all.map(cell => Number(cell.dataset.value))"
    )
    assert shown == [card.density for card in by_density[:50]]
    assert page.get_attribute("th:nth-child(5)", "aria-sort") == "descending"
    page.click("th >> text=density")
    first = page.get_attribute(".units td:nth-child(5)", "data-value")
    assert float(first or "nan") == by_density[-1].density
    assert page.get_attribute("th:nth-child(5)", "aria-sort") == "ascending"
    page.click("th >> text=method")
    assert column(page, 3) == sorted(column(page, 3), key=str.lower)
    assert page.locator("th[aria-sort]").count() == 1
    page.click("th >> text=unit")
    assert [int(one.split()[-1]) for one in column(page, 1)[:13]] == [0] * 12 + [7]
    page.close()


def test_lines_without_a_number_stand_last_both_ways(browser: Browser, tmp_path: Path) -> None:
    scores = [{}, {"rules": 0.1}, {"rules": -0.5}, {}]
    write_pages(
        [
            plausible_card(unit, unit=unit, n_tokens=2).model_copy(update={"scores": score})
            for unit, score in enumerate(scores)
        ],
        tmp_path,
    )
    page, _ = opened(browser, tmp_path / link_of("index"))
    page.click("th >> text=rules")
    assert column(page, 1) == ["1", "2", "0", "3"]
    page.click("th >> text=rules")
    assert column(page, 1) == ["2", "1", "0", "3"]
    page.close()


def test_what_was_chosen_is_there_again_on_the_way_back(browser: Browser, index: Path) -> None:
    page, _ = opened(browser, index)
    page.click("th >> text=kurtosis")
    page.fill("input[type=search]", "sparse autoencoder")
    before = column(page, 8)
    page.click(".units td a")
    assert page.inner_text("h1").startswith("Unit ")
    page.go_back()
    assert page.input_value("input[type=search]") == "sparse autoencoder"
    assert column(page, 8) == before
    page.close()


@pytest.mark.parametrize("anchor", ["#column=99&page=7", "#page=x&column=y", "#%00", "#column=3"])
def test_an_address_that_says_nonsense_shows_the_list(
    browser: Browser, index: Path, anchor: str
) -> None:
    page, heard = opened(browser, index, anchor)
    assert page.locator(".units tbody tr").count() >= 20
    assert heard == []
    page.close()


def test_without_scripts_the_whole_list_and_every_token_is_there(
    browser: Browser, site: Path
) -> None:
    page, _ = opened(browser, site / link_of("index"), java_script_enabled=False)
    assert page.locator(".units tbody tr").count() == 120
    assert not page.locator("form:visible, .pager:visible, button:visible").count()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.locator(".units thead").is_hidden()
    page.goto((site / link_of(UNIT)).as_uri())
    assert page.locator(".fragment").count() == 25
    page.close()


def readout(page: Page, nth: int = 0) -> str:
    """What stands beside a fragment for one of the marked tokens."""
    token = f"document.querySelectorAll('.fragment b')[{nth}]"
    return page.evaluate(f"getComputedStyle({token}, '::after').content")


def test_the_value_stands_beside_the_fragment_when_pointed_at(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / link_of(UNIT))
    token = page.locator(".fragment b").first
    assert readout(page) == "none"
    token.hover()
    value, guess = (token.get_attribute(name) for name in ("data-v", "data-p"))
    assert value
    assert readout(page).startswith(f'"{value}')
    assert f"{guess} pred." in readout(page)
    page.close()


def test_without_predictions_the_value_stands_alone(browser: Browser, tmp_path: Path) -> None:
    card = plausible_card(1, n_tokens=4, firing=1.0, is_predicted=False)
    write_pages([card], tmp_path)
    page, _ = opened(browser, tmp_path / link_of(card.id))
    token = page.locator(".fragment b").first
    token.hover()
    assert readout(page) == f'"{token.get_attribute("data-v")}"'
    page.close()


def test_a_fragment_is_one_stop_and_arrows_go_through_it(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / link_of(UNIT))
    tokens = page.locator(".fragment:has(b + b) >> nth=0 >> b")
    tokens.first.focus()
    siblings = "[...document.activeElement.parentNode.querySelectorAll('b')]"
    where = f"{siblings}.indexOf(document.activeElement)"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(where) == 1
    assert page.evaluate("getComputedStyle(document.activeElement, '::after').content") != "none"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(where) == 0
    fragment = page.evaluate("document.activeElement.parentNode.textContent")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.parentNode.textContent") != fragment
    page.close()


def test_predictions_can_be_switched_off(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / link_of(UNIT))
    line = "getComputedStyle(document.querySelector('.fragment b[class*=p]')).textDecorationLine"
    assert page.evaluate(line) == "underline"
    page.uncheck("#predicted")
    assert page.evaluate(line) == "none"
    page.close()


def test_on_paper_the_text_comes_without_controls(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / link_of(UNIT), color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator(".ways").first.is_hidden()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    exact = "getComputedStyle(document.querySelector('.fragment b')).printColorAdjust"
    assert page.evaluate(exact) == "exact"
    page.close()
