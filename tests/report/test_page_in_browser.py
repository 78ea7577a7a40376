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
