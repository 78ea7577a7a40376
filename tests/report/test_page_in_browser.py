"""The page in a real browser: quiet, readable on a phone, light and dark."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.report.chromium import LUMINANCE, NEEDS_CHROMIUM

pytestmark = NEEDS_CHROMIUM

CONTRASTS = f"""() => {{
  {LUMINANCE}
  const ground = luminance(getComputedStyle(document.documentElement).backgroundColor);
  const found = {{}};
  for (const selector of ["p", ".soft", "a", "small", "figcaption", "th", "dt", ".supported",
      ".refuted", ".inconclusive", ".invalid", ".absent", ".broken", "svg.figure text"]) {{
    const element = document.querySelector(selector);
    const style = getComputedStyle(element);
    const ink = luminance(element.tagName === "text" ? style.fill : style.color);
    found[selector] = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  }}
  return found;
}}"""


def opened(browser: Browser, report: Path, **options: Any) -> tuple[Page, list[str]]:
    """The page from its file, and everything it said or asked for."""
    page = browser.new_page(**options)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    url = (report / "claims.html").as_uri()
    page.on("request", lambda r: None if r.url in (url, "data:,") else heard.append(r.url))
    page.goto(url)
    return page, heard


@pytest.mark.parametrize("width", [360, 390, 800, 1100, 1160, 1280, 1600])
def test_nothing_is_asked_for_and_nothing_sticks_out(
    browser: Browser, report: Path, width: int
) -> None:
    page, heard = opened(browser, report, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert heard == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_colour_schemes(
    browser: Browser, report: Path, scheme: Any
) -> None:
    page, _ = opened(browser, report, color_scheme=scheme)
    contrasts = page.evaluate(CONTRASTS)
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}
    dark = page.evaluate(
        f"() => {{ {LUMINANCE} return "
        "luminance(getComputedStyle(document.documentElement).backgroundColor) < 0.1; }"
    )
    assert dark == (scheme == "dark")
    page.close()


def test_text_in_figures_is_no_smaller_on_a_phone_than_nine_pixels(
    browser: Browser, report: Path
) -> None:
    page, _ = opened(browser, report, viewport={"width": 390, "height": 800})
    sizes = page.eval_on_selector_all(
        "svg.figure text",
        """nodes => nodes.map(node => {
          const svg = node.ownerSVGElement;
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          return scale * parseFloat(getComputedStyle(node).fontSize);
        })""",
    )
    assert min(sizes) >= 9
    page.close()


def test_no_figure_cuts_off_its_own_text(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report)
    cut = page.eval_on_selector_all(
        "svg.figure text",
        """nodes => nodes.filter(node => {
          const [text, svg] = [node, node.ownerSVGElement].map(e => e.getBoundingClientRect());
          return text.left < svg.left - 1 || text.right > svg.right + 1
            || text.top < svg.top - 1 || text.bottom > svg.bottom + 1;
        }).map(node => node.textContent)""",
    )
    assert cut == []
    page.close()


def test_a_row_leads_to_its_card(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report)
    page.click('a[href="#k04"]')
    assert -1 <= page.eval_on_selector("#k04", "card => card.getBoundingClientRect().top") < 800
    page.close()


def test_the_table_becomes_cards_on_a_phone(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, viewport={"width": 390, "height": 800})
    assert page.locator(".claims thead").is_hidden()
    assert page.locator(".sheet thead").first.is_hidden()
    label = page.eval_on_selector(
        'td[data-label="controls"]', "cell => getComputedStyle(cell, '::before').content"
    )
    assert "controls" in label
    page.close()


def test_the_numbers_of_a_small_table_share_lines_on_a_phone(
    browser: Browser, report: Path
) -> None:
    """One a line, ten denominators of a dozen methods at each site fill twenty screens."""
    page, _ = opened(browser, report, viewport={"width": 390, "height": 800})
    tops: list[float] = page.eval_on_selector_all(
        "#c01 .sheet tbody tr:first-child td", "all => all.map(c => c.getBoundingClientRect().top)"
    )
    assert len({*tops}) <= 0.7 * len(tops)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def top(page: Page, selector: str) -> float:
    """How far below the upper edge of the window something begins."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


def shown(page: Page) -> list[str]:
    """The claims of the table, in order, that are not hidden."""
    return page.eval_on_selector_all(
        "table.claims tbody tr:not([hidden])", "rows => rows.map(row => row.cells[0].innerText)"
    )


def test_the_page_opens_with_every_interval_against_its_threshold(
    browser: Browser, report: Path
) -> None:
    page, _ = opened(browser, report, viewport={"width": 1280, "height": 900})
    drawn = page.eval_on_selector_all(
        ".overview li", "all => all.map(one => one.querySelector('a').innerText)"
    )
    assert len(drawn) > 15
    assert page.locator(".overview svg.standing").count() == len(drawn)
    assert top(page, ".overview") < 450
    page.click(f'.overview a[href="#{drawn[0]}"]')
    assert page.url.endswith(f"#{drawn[0]}")
    page.close()


def test_the_contents_stay_in_sight(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, viewport={"width": 390, "height": 800})
    page.evaluate("window.scrollTo(0, 5000)")
    assert top(page, "nav.contents") == 0
    page.close()


def test_the_table_is_narrowed_and_sorted(browser: Browser, report: Path) -> None:
    page, heard = opened(browser, report, viewport={"width": 1280, "height": 900})
    every = shown(page)
    page.select_option("select[name=verdict]", "refuted")
    refuted = shown(page)
    assert 0 < len(refuted) < len(every)
    verdicts = page.locator("table.claims tbody tr:not([hidden]) .chip").all_inner_texts()
    assert {text.split()[-1] for text in verdicts} == {"refuted"}
    page.select_option("select[name=stage]", "ioi")
    assert set(shown(page)) < set(refuted)
    assert page.locator("form.choice output").inner_text().endswith(f"of {len(every)} claims")
    page.select_option("select[name=verdict]", "")
    page.select_option("select[name=stage]", "")
    assert shown(page) == every
    claim = page.locator("table.claims th button").first
    claim.click()
    assert shown(page) == sorted(every)
    claim.click()
    assert shown(page) == sorted(every, reverse=True)
    page.locator("table.claims th button").nth(4).click()
    thresholds = page.locator('td[data-label="threshold"]').all_inner_texts()
    numbers = [
        float(text.replace("\u2212", "-")) for text in thresholds if text and "[" not in text
    ]
    assert numbers == sorted(numbers)
    assert heard == []
    page.close()


def test_without_scripts_the_page_is_whole(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((report / "claims.html").as_uri())
    assert page.locator("form.choice").is_hidden()
    assert page.locator("table.claims tbody tr").count() == 31
    assert page.locator(".overview li").first.is_visible()
    context.close()


def test_in_print_there_is_nothing_to_press(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, viewport={"width": 1000, "height": 1400})
    page.emulate_media(media="print")
    assert page.locator("nav.contents").is_hidden()
    assert page.locator("form.choice").is_hidden()
    assert page.locator(".overview li").first.is_visible()
    page.close()
