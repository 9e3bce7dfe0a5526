"""The report as a reader sees it: in a browser, without a network."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stages import compare
from tests.drawn import results as drawn_results

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    # Long and hostile names are where a layout breaks first.
    labels = ["<script>alert(1)</script>", "a_label_of_one_very_long_word_that_cannot_be_broken", "cup"]
    drawn_results.project(folder, labels, num_each=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        compare.main([])
    return folder / "reports/index.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width_px", [1280, 390])
def test_the_page_stands_alone_and_fits_the_screen(
    browser: Browser, report: Path, width_px: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width_px, "height": 800}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())

    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert page.evaluate("document.documentElement.clientWidth") < width_px, "there is a scroll bar"
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.locator("h1").count() == 1
    assert "recognised" in page.locator("h1").inner_text()
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4, h5')].map(h => +h.tagName[1])")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    pictures = page.evaluate("[...document.images].map(i => [i.alt, i.naturalWidth])")
    assert len(pictures) == 1 + 3 * 2
    assert all(alt and natural_width > 0 for alt, natural_width in pictures)
    widths = page.evaluate(
        "[...document.querySelectorAll('.sheet svg.photo use')].map(u => u.getBoundingClientRect().width)"
    )
    assert len(widths) == 48
    assert min(widths) > 20  # drawn from the album, not merely referred to
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, report: Path, scheme: str) -> None:
    """Soft and plain ink on paper, card and fill reach 4.5 to 1 (WCAG 2.2, level AA)."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(report.as_uri())
    ratios = page.evaluate(
        """() => {
            const style = getComputedStyle(document.documentElement);
            const light = name => {
                const hex = style.getPropertyValue(name).trim().slice(1);
                const parts = [0, 2, 4].map(i => parseInt(hex.slice(i, i + 2), 16) / 255)
                    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
            };
            const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return ['--paper', '--fill'].flatMap(ground =>
                ['--ink', '--soft', '--sure'].map(ink => ratio(light(ink), light(ground))));
        }"""
    )
    assert min(ratios) >= 4.5
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width_px", [1280, 390])
def test_axe_finds_nothing_that_shuts_a_reader_out(
    browser: Browser, report: Path, width_px: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core comes with requirements-dev.txt")
    context = browser.new_context(viewport={"width": width_px, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(report.as_uri())
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    for opened in (None, page.locator(".confusion button").first):
        if opened:
            opened.click()
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert len(found["passes"]) > 10
        grave = [
            (each["id"], each["nodes"][0]["html"])
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert grave == []
    context.close()


def test_a_cell_opens_its_photos_by_keyboard_and_without_a_script(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    button = page.locator(".confusion button").first
    target = page.locator(f"#{button.get_attribute('popovertarget')}")
    assert not target.is_visible()
    button.focus()
    page.keyboard.press("Enter")
    assert target.is_visible()
    number = int((button.text_content() or "").strip())
    assert target.locator("svg.photo").count() == min(number, 24)
    page.keyboard.press("Escape")
    assert not target.is_visible()
    context.close()


def test_every_cell_opens_its_own_photos(browser: Browser, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    labels = page.locator(".confusion").first.locator("thead th").all_inner_texts()[1:]
    found = 0
    for table in page.locator(".confusion").all():
        for i, row in enumerate(table.locator("tbody tr").all()):
            for j, cell in enumerate(row.locator("td").all()):
                for button in cell.locator("button").all():
                    target = page.locator(f"#{button.get_attribute('popovertarget')}")
                    assert target.get_attribute("aria-label") == f"{labels[i]} taken for {labels[j]}"
                    number = int((button.text_content() or "").strip())
                    assert target.locator("svg.photo").count() == min(number, 24)
                    found += 1
    assert found > 3
    page.close()


def test_on_paper_everything_is_open_and_nothing_is_cut(browser: Browser, report: Path) -> None:
    context = browser.new_context(viewport={"width": 720, "height": 1000}, color_scheme="dark")
    page = context.new_page()
    page.goto(report.as_uri())
    folded = page.locator("details:not([open])")
    inside = folded.first.locator("table, img, ul, ol").first
    assert folded.count() > 3
    assert not inside.is_visible()
    page.emulate_media(media="print")
    assert inside.bounding_box()["height"] > 10
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    context.close()


def test_the_skip_link_comes_first_and_leads_to_the_answer(browser: Browser, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#answer")
    page.close()


def test_the_first_screen_holds_the_answer_the_bars_and_the_photos(browser: Browser, report: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(report.as_uri())
    for place in ("h1", ".bars li:last-child", ".sheet .tiles"):
        assert page.locator(place).first.bounding_box()["y"] < 800
    assert page.locator(".bars .whisker").count() == 3  # a variant each
    page.close()
