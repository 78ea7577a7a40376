"""A rater at work in a real browser: keyboard alone, desktop and phone, light and dark."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from repro.contract.verdict import Status
from repro.judge.verify import verify
from repro.rate.cards import Cards, load_cards
from repro.rate.export import export
from repro.rate.known import TRAINING
from repro.rate.server import app_of, listening
from repro.rate.session import Session, begin
from tests.import_graph import ROOT
from tests.rate import planted_cards
from tests.rate.raters import attentive, rate

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
SIZES = {"desktop": (1280, 800), "phone": (390, 780)}
ODD = ("<img src=x onerror=alert(1)>", "\u202eevil", "a\x00b", "W" * 4000, " <b>bold</b>", "مرحبا")
CONTRASTS = """() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], ground) => [r, g, b].map((v, i) => a * v + (1 - a) * ground[i]);
  const luminance = rgb => {
    const [r, g, b] = rgb.map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    if (!element) return [255, 255, 255];
    return over(channels(getComputedStyle(element).backgroundColor), ground(element.parentElement));
  };
  const found = {};
  for (const element of document.querySelectorAll(
      "h1, h2, p, li, mark, legend, button:enabled, dt, dd, input, kbd, code")) {
    if (!element.checkVisibility() || element.matches(":disabled *")) continue;
    const [ink, paper] = [over(channels(getComputedStyle(element).color), [0, 0, 0]),
      ground(element)].map(luminance);
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    const name = element.tagName + (element.dataset.level || "");
    found[name] = Math.min(found[name] || 21, ratio);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def many(tmp_path: Path) -> Cards:
    """Three features of each method, one of them with text that would do harm if it could."""
    cards = planted_cards.cards(3)
    first = planted_cards.sentence(3)
    odd = [
        planted_cards.excerpt(i, "top", 0, 1.0).model_copy(
            update={"tokens": [text, *first], "activations": [5.0, *(float(j) for j in range(8))]}
        )
        for i, text in enumerate(ODD)
    ]
    cards[0] = cards[0].model_copy(update={"excerpts": odd + cards[0].excerpts[-3:]})
    return load_cards(planted_cards.write(tmp_path, *cards))


@contextmanager
def served(session: Session) -> Iterator[str]:
    """The address of a session's page, from a server of its own."""
    with listening(0) as bound:
        port = bound.getsockname()[1]
        config = uvicorn.Config(app_of(session, port), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}/"
        server.should_exit = True
        thread.join()


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page, and everything that it complained of or asked for elsewhere."""
    page = browser.new_page(**options)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda r: None if r.url.startswith((url, "data:")) else heard.append(r.url))
    page.goto(url)
    yield page, heard
    page.close()


def place(page: Page) -> str:
    return page.locator("#place").inner_text()


def wait_until(page: Page, text: str) -> None:
    page.wait_for_function(
        "text => document.getElementById('place').textContent.includes(text)", arg=text
    )


def train(page: Page) -> None:
    """Read the help and go through the training."""
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Enter")
    for i in range(TRAINING):
        wait_until(page, f"Practice, does not count: {i + 1} of {TRAINING}")
        page.keyboard.press("04"[i % 2])
        page.keyboard.press("Enter")
        page.wait_for_selector("#feedback[open]")
        assert page.locator("#feedback-title").inner_text() == "Not quite"
        page.keyboard.press("Enter")


def answer(page: Page, session: Session, opinion: Callable[..., tuple[int, str]]) -> None:
    """Rate what is shown as somebody thinks of it, found by its text."""
    shown = session.state()["item"]["id"]
    rating, name = opinion(session.ids[shown])
    page.keyboard.press(str(rating))
    page.keyboard.type(name)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_rater_rates_undoes_reloads_and_finishes_and_the_judge_decides(
    browser: Browser, many: Cards, tmp_path: Path, size: str, scheme: Any
):
    width, height = SIZES[size]
    file = tmp_path / "ratings.jsonl"
    for rater in ("ben", "carl"):
        other = begin(many, file, rater, 0, 20)
        rate(other, attentive(other, by_method={"sae": 4, "neurons": 1}))
    anna = begin(many, file, "anna", 0, 20)
    opinion = attentive(anna, by_method={"sae": 4, "neurons": 1})
    n = len(anna.deck.items)
    options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    with served(anna) as url, opened(browser, url, **options) as (page, heard):
        train(page)
        for i in range(10):
            wait_until(page, f"{i + 1} of {n}")
            answer(page, anna, opinion)
        wait_until(page, f"11 of {n}")
        before = page.locator("#strongest").inner_text()
        page.keyboard.press("3")
        page.keyboard.type("u 4 is no key here")
        page.keyboard.press("Enter")
        wait_until(page, f"12 of {n}")
        page.keyboard.press("u")
        wait_until(page, f"11 of {n}")
        assert page.locator("#strongest").inner_text() == before
        assert page.locator("#name").input_value() == "u 4 is no key here"
        assert page.locator('[data-rating="3"]').get_attribute("aria-pressed") == "true"
        page.keyboard.press("Backspace")
        wait_until(page, f"10 of {n}")
        page.reload()
        wait_until(page, f"10 of {n}")
        assert not page.locator("#help").is_visible()
        for i in range(9, n):
            wait_until(page, f"{i + 1} of {n}")
            answer(page, anna, opinion)
        page.wait_for_selector("#done:not([hidden])")
        assert place(page) == f"{n} of {n} rated"
        assert heard == []
    export(many, [file], tmp_path / "out")
    (one,) = [v for v in verify(tmp_path / "out", ROOT / "claims").verdicts if v.id == "c05"]
    assert one.status == Status.SUPPORTED, one.reason


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 390, 800, 1280])
def test_every_page_fits_and_can_be_read_whatever_its_text(
    browser: Browser, many: Cards, tmp_path: Path, width: int, scheme: Any
):
    anna = begin(many, tmp_path / "ratings.jsonl", "anna", 0, 20)
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with served(anna) as url, opened(browser, url, **options) as (page, heard):
        page.wait_for_selector("#help[open]")
        contrasts, seen = [page.evaluate(CONTRASTS)], ""
        train(page)
        n = len(anna.deck.items)
        for i in range(n):
            wait_until(page, f"{i + 1} of {n}")
            seen += page.locator("#item").inner_text()
            contrasts.append(page.evaluate(CONTRASTS))
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.keyboard.press("2")
            page.keyboard.press("Enter")
        page.wait_for_selector("#done:not([hidden])")
        contrasts.append(page.evaluate(CONTRASTS))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("img, b, script:not([src])").count() == 0
        assert heard == []
    for text in ("<img src=x onerror=alert(1)>", "⟨202E⟩evil", "a⟨0000⟩b", "<b>bold</b>"):
        assert text in seen
    poor = {name: ratio for one in contrasts for name, ratio in one.items() if ratio < 4.5}
    assert poor == {}
    levels = {name for one in contrasts for name in one if re.fullmatch("MARK[1-9]", name)}
    assert {"MARK1", "MARK5", "MARK9"} <= levels


def test_an_answer_that_got_lost_is_sent_again_and_counts_once(
    browser: Browser, many: Cards, tmp_path: Path
):
    anna = begin(many, tmp_path / "ratings.jsonl", "anna", 0, 20)
    with served(anna) as url, opened(browser, url) as (page, _):
        train(page)
        wait_until(page, "1 of ")
        lost: list[str] = []

        def lose_the_reply(route: Any) -> None:
            route.fetch()
            lost.append(route.request.post_data)
            route.abort()

        page.route("**/rate", lose_the_reply, times=1)
        page.keyboard.press("3")
        page.keyboard.press("Enter")
        page.wait_for_selector("#error:not([hidden])")
        assert "Not kept yet: no answer from repro rate" in page.locator("#error").inner_text()
        page.keyboard.press("Enter")
        wait_until(page, "2 of ")
        assert len(lost) == 1
    lines = anna.store.path.read_text("utf8").splitlines()
    assert len([line for line in lines if '"rated"' in line]) == TRAINING + 1


def test_a_page_can_be_worked_by_touch_alone(browser: Browser, many: Cards, tmp_path: Path):
    anna = begin(many, tmp_path / "ratings.jsonl", "anna", 0, 20)
    phone = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
    with served(anna) as url, opened(browser, url, **phone) as (page, heard):
        page.tap("#help [data-close]")
        page.tap('[data-rating="4"]')
        assert page.evaluate("document.activeElement.id") != "name", "no keyboard comes up"
        page.tap("#next")
        page.tap("#feedback [data-close]")
        wait_until(page, "2 of 4")
        page.tap("#answer [data-undo]")
        wait_until(page, "1 of 4")
        boxes = page.eval_on_selector_all(
            "button", "all => all.filter(b => b.checkVisibility()).map(b => b.offsetHeight)"
        )
        assert min(boxes) >= 34
        assert heard == []
