"""The page as people meet it, in headless Chromium: offline, on a phone, in the dark, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtest.messages.catalogue import LANGUAGES
from loadtest.reporting import card, report
from loadtest.reporting.html.page_links import PageLink
from loadtest.reporting.texts import Texts
from toolchain import locate
from toolchain.errors import ToolError

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}
DESKTOP = {"width": 1200, "height": 900}
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    try:
        chromium = locate.chromium()
    except ToolError as error:
        pytest.skip(str(error))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Everything runs as root in a container; the page is our own.
        launched = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"],
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def files(story: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("report")
    found: dict[str, Path] = {}
    for language, other in (("en", "ko"), ("ko", "en")):
        link = PageLink(f"report.{other}.html", other, LANGUAGES[other])
        found[language] = directory / f"report.{language}.html"
        found[language].write_text(report.render_html(story.report, story.evidence, language, link))
    found["card"] = directory / "card.svg"
    found["card"].write_text(card.render(story.report, story.evidence, Texts("en")))
    return found


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    contexts: list[Any] = []

    def opened(file: Path, viewport: dict[str, int] = DESKTOP, scheme: str = "light") -> Any:
        context = browser.new_context(viewport=viewport, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def axe(page: Any) -> list[str]:
    """What axe-core objects to: WCAG 2 A and AA, and its best practices. Contrast is among them."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {n['html'][:120]}" for v in found for n in v["nodes"]]


@pytest.mark.parametrize("name", ["en", "ko", "card"])
def test_nothing_is_asked_of_any_network(files: dict[str, Path], open_page: Any, name: str):
    page = open_page(files[name])
    page.emulate_media(media="print")
    page.wait_for_timeout(300)
    assert page.asked == [files[name].as_uri()]
    assert page.complaints == []


def test_paper_gets_whole_tables_though_it_is_narrow(files: dict[str, Path], open_page: Any):
    # A4 has some 700 pixels: a report took 21 pages in the layout of phones.
    page = open_page(files["en"], {"width": 700, "height": 1000})
    shown = "document.querySelector('.reflow tr').getBoundingClientRect().width > 0 && "
    shown += "getComputedStyle(document.querySelector('.reflow tr')).display"
    assert page.evaluate(shown) == "grid"
    page.emulate_media(media="print")
    assert page.evaluate(shown) == "table-row"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_paper_cuts_nothing_off(files: dict[str, Path], open_page: Any, language: str):
    page = open_page(files[language], {"width": 700, "height": 1000})
    page.emulate_media(media="print")
    assert page.locator("[aria-labelledby=instances] tbody tr").count() > 0
    # As long as they are on AWS.
    page.evaluate(
        """const real = ['i-0123456789abcdef0', null, 'ap-northeast-2a', 'd8799bebee60', '13,424',
                        '100.0 %', '9,724\xa0ms', '9,928\xa0ms', '9,987\xa0ms'];
           for (const row of document.querySelectorAll('[aria-labelledby=instances] tbody tr'))
             [...row.children].forEach((one, n) => { if (real[n]) one.textContent = real[n]; });"""
    )
    wide = """[...document.querySelectorAll('table, figure, pre, .card')]
      .filter((one) => one.getBoundingClientRect().right > 701)
      .map((one) => `${one.tagName} ${one.textContent.slice(0, 60)}`)"""
    assert page.evaluate(wide) == []


def test_a_page_that_asks_would_be_noticed(tmp_path: Path, files: dict[str, Path], open_page: Any):
    spoiled = tmp_path / "spoiled.html"
    html = (
        files["en"].read_text().replace("</main>", '<img alt="" src="http://127.0.0.1:9/x"></main>')
    )
    spoiled.write_text(html)
    page = open_page(spoiled)
    page.wait_for_timeout(300)
    # The page's own policy stops it, and says so.
    assert any("Content Security Policy" in complaint for complaint in page.complaints)


@pytest.mark.parametrize(
    ("viewport", "language", "scheme"),
    [
        (DESKTOP, "en", "light"),
        (PHONE, "en", "dark"),
        (DESKTOP, "ko", "dark"),
        (PHONE, "ko", "light"),
    ],
    ids=["desktop-en-light", "phone-en-dark", "desktop-ko-dark", "phone-ko-light"],
)
def test_axe_finds_nothing(
    files: dict[str, Path], open_page: Any, viewport: dict[str, int], language: str, scheme: str
):
    page = open_page(files[language], viewport, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe(page) == []


def test_axe_would_find_a_pale_text(files: dict[str, Path], open_page: Any):
    page = open_page(files["en"])
    page.evaluate("document.querySelector('h1').style.color = '#999'")
    assert any(found.startswith("color-contrast") for found in axe(page))


@pytest.mark.parametrize("width", [320, 375, 768, 1200])
@pytest.mark.parametrize("language", LANGUAGES)
def test_only_tables_scroll_sideways(
    files: dict[str, Path], open_page: Any, language: str, width: int
):
    page = open_page(files[language], {"width": width, "height": 812})
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wider = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1
                         && !e.closest('.scroll') && !e.closest('.defs') && !e.closest('.hidden'))
            .map(e => e.outerHTML.slice(0, 90))"""
    )
    assert wider == []


def test_labels_of_charts_do_not_run_out_of_them(files: dict[str, Path], open_page: Any):
    for language in LANGUAGES:
        for viewport in (DESKTOP, PHONE):
            page = open_page(files[language], viewport)
            outside = page.evaluate(
                """() => [...document.querySelectorAll('svg.chart')].flatMap(svg => {
                    const b = svg.getBoundingClientRect();
                    return [...svg.querySelectorAll('text')].filter(t => {
                        const r = t.getBoundingClientRect();
                        return r.left < b.left - 1 || r.right > b.right + 1 || r.top < b.top - 1
                            || r.bottom > b.bottom + 1;
                    }).map(t => svg.id + ': ' + t.textContent);
                })"""
            )
            assert outside == []


def test_texts_in_charts_are_large_enough_on_a_phone(files: dict[str, Path], open_page: Any):
    page = open_page(files["en"], PHONE)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('svg.chart')].map(svg => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return scale * parseFloat(getComputedStyle(svg.querySelector('text')).fontSize);
        })"""
    )
    assert len(sizes) == 7
    assert min(sizes) >= 9.5


def test_the_dark_scheme_is_dark(files: dict[str, Path], open_page: Any):
    read = "getComputedStyle(document.body).backgroundColor"
    light, dark = (open_page(files["en"], scheme=s).evaluate(read) for s in SCHEMES)
    assert sum(map(int, light[4:-1].split(","))) > 700
    assert sum(map(int, dark[4:-1].split(","))) < 100


def test_by_keyboard(files: dict[str, Path], open_page: Any):
    page = open_page(files["en"])
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the figures")
    assert skip.evaluate("e => e === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "figures"

    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """() => { const e = document.activeElement;
                return [e.id || e.getAttribute('aria-labelledby') || e.tagName,
                        getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth]; }"""
        )
        if name == "BODY":
            break
        assert outline == "solid3px", name
        reached.append(name)
    charts = [
        f"{kind}-{arm}" for kind in ("rates", "latency", "outcomes") for arm in ("single", "ha")
    ]
    assert [name for name in reached if name in charts] == charts
    assert {"distribution", "endpoints", "instances"} <= set(reached)
    assert reached.count("SUMMARY") == 4


def test_a_charts_table_opens_by_keyboard(files: dict[str, Path], open_page: Any):
    page = open_page(files["en"])
    table = page.get_by_role("table", name="Arrivals and responses")
    assert not table.is_visible()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    assert table.get_by_role("columnheader", name="Single instance").is_visible()


def test_what_a_screen_reader_says(files: dict[str, Path], open_page: Any):
    page = open_page(files["en"], PHONE)
    for role in ("banner", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    assert page.get_by_role("navigation", name="On this page").is_visible()
    for name in (
        "Single instance: arrivals and responses over time",
        "High availability: latency over time",
        "Share of all requests answered within a given time",
    ):
        assert page.get_by_role("img", name=name, exact=True).is_visible()
    # On a phone the table is laid out as cards; it must stay a table.
    table = page.get_by_role("table", name="Both runs, and the published figures")
    cells = table.get_by_role("row", name="Virtual users").get_by_role("cell")
    assert cells.first.text_content() == "2,550"


def test_the_other_language_is_one_link_away(files: dict[str, Path], open_page: Any):
    page = open_page(files["en"])
    page.get_by_role("link", name="한국어").click()
    page.wait_for_url(files["ko"].as_uri())
    assert page.get_by_role("heading", level=1).text_content().startswith("HA 스택은")
    page.get_by_role("link", name="English").click()
    page.wait_for_url(files["en"].as_uri())


def test_the_card_keeps_inside_its_frame(files: dict[str, Path], open_page: Any, story: Any):
    for language in LANGUAGES:
        files["card"].write_text(card.render(story.report, story.evidence, Texts(language)))
        page = open_page(files["card"])
        right = page.evaluate(
            "Math.max(...[...document.querySelectorAll('text')]"
            ".map(t => t.getBBox().x + t.getBBox().width))"
        )
        assert 400 < right <= 1200 - 60
