"""The built book, as a reader meets it in a browser."""

from __future__ import annotations

import csv
import io
from collections import Counter
from types import SimpleNamespace
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from browser import MODES, WIDTHS, axe, pages_in, soup, window


@pytest.fixture(scope="module")
def named(site) -> dict[str, SimpleNamespace]:
    """Of each page the ids and the addresses that stand in it, each as often as it stands there, and how many charts."""
    attributes = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "srcset"}
    found = {}
    for path in site.pages:
        page = soup(site.html / path)
        addresses = [tag[attributes[tag.name]] for tag in page.find_all(list(attributes)) if tag.has_attr(attributes[tag.name])]
        ids, charts = [tag["id"] for tag in page.select("[id]")], len(page.select("figure.chart"))
        found[path] = SimpleNamespace(ids=ids, addresses=addresses, charts=charts)
    return found


@pytest.fixture(scope="module")
def charts(named) -> dict[str, int]:
    """The pages with charts, and how many."""
    assert sum(page.charts for page in named.values()), "no page has a chart"
    return {path: page.charts for path, page in named.items() if page.charts}


@pytest.mark.parametrize("mode", MODES)
def test_each_chart_shows_one_picture_with_words_table_and_files(browser, site, charts, mode):
    with window(browser, mode) as context:
        page = context.new_page()
        for path, number in charts.items():
            page.goto(f"{site.url}/{path}")
            figures = page.locator("figure.chart").all()
            assert len(figures) == number, f"{path}, {mode}: {len(figures)} of {number} charts"
            for figure in figures:
                where = f"{path}#{figure.get_attribute('id')}, {mode}"
                shown = [img for img in figure.locator("img").all() if img.is_visible()]
                assert len(shown) == 1, f"{where}: {len(shown)} pictures are visible"
                shown[0].scroll_into_view_if_needed()
                loaded = "img => img.decode().then(() => img.naturalWidth > 0)"
                assert shown[0].evaluate(loaded), f"{where}: the picture does not load"
                assert mode in (shown[0].get_attribute("src") or ""), f"{where}: the picture is of the other mode"
                assert len(shown[0].get_attribute("alt") or "") > 40, f"{where}: no alternative text"
                figure.locator("summary").first.click()
                assert figure.locator("tbody tr").first.is_visible(), f"{where}: no table behind it"
                if mode != MODES[0]:
                    continue  # the files are the same
                files = {a.inner_text().split()[0]: a.get_attribute("href") for a in figure.locator("a[download]").all()}
                assert set(files) == {"CSV", "SVG", "PNG"}, f"{where}: downloads are {sorted(files)}"
                for kind, href in files.items():
                    answer = context.request.get(urljoin(page.url, href))
                    assert answer.ok, f"{where}: {kind} answers {answer.status}"
                    _opens(kind, answer.body(), f"{where}: {kind}")


def _opens(kind: str, content: bytes, where: str) -> None:
    if kind == "CSV":
        assert len(list(csv.reader(io.StringIO(content.decode())))) > 1, f"{where} has no row"
    elif kind == "SVG":
        assert ElementTree.fromstring(content).tag.endswith("svg"), where
    else:
        assert content.startswith(b"\x89PNG\r\n\x1a\n"), where


def test_every_inner_link_leads_somewhere(site, named):
    """Pages, places on pages, notebooks, tables, pictures: every relative address of every page is there."""
    ids = {path: set(page.ids) for path, page in named.items()}
    checked, dead = 0, []
    for path, page in named.items():
        for given in page.addresses:
            address = urlsplit(urljoin(f"{site.url}/{path}", given))
            if f"{address.scheme}://{address.netloc}" != site.url:
                continue
            target, place = unquote(address.path).lstrip("/") or "index.html", unquote(address.fragment)
            checked += 1
            if not (site.html / target).is_file():
                dead.append(f"{path}: {given} is not there")
            elif place and place not in ids.get(target, {place}):
                dead.append(f"{path}: {given} has no such place")
    assert checked > 100, f"only {checked} links were found"
    assert not dead, "\n".join(dead)


def test_ids_are_used_once_a_page(named):
    twice = [f"{path}: {ident}" for path, page in named.items() for ident, times in Counter(page.ids).items() if times > 1]
    assert not twice, "\n".join(twice)


@pytest.mark.parametrize("width", WIDTHS)
def test_scorecard_filters(browser, site, width):
    with window(browser, width=width) as context:
        page = context.new_page()
        page.goto(f"{site.url}/scorecard.html")
        visible = "all => all.filter(row => row.checkVisibility())"
        rows = page.locator("table.scorecard tbody tr")
        every = rows.count()
        assert every > 1, "the scorecard has no claims"
        for name in ("p", "kind", "then", "since", "moved"):
            select = page.locator(f"select[name={name}]")
            for value in select.locator("option").evaluate_all("all => all.map(o => o.value)"):
                select.select_option(value)
                shown = [names.split() for names in rows.evaluate_all(f"{visible}.map(row => row.className)")]
                assert shown and (value or len(shown) == every), f"{width}: {name}={value} shows {len(shown)} of {every}"
                assert not value or all(f"{name}--{value}" in classes for classes in shown), f"{width}: {name}={value}"
                assert page.get_by_role("status").inner_text() == f"{len(shown)} of {every} claims shown"
            select.select_option("")
        page.locator("select[name=moved]").select_option("yes")
        kept = rows.evaluate_all(f"{visible}.map(row => row.innerText)")
        assert not axe(page), f"scorecard.html with a filter, light, {width}: {axe(page)}"
        page.goto(page.url)  # the address carries the choice
        assert "moved=yes" in page.url
        assert rows.evaluate_all(f"{visible}.map(row => row.innerText)") == kept, f"{width}: the address loses the filter"


# Pages on which a script shows something of its own; what they say without it, their own tests read.
MADE_BY_SCRIPT = ("search.html", "explore-polls.html", "explore-territory.html", "offline.html", "people-places.html")
READ = "document.querySelector('main').innerText"
PICTURES = """[...document.querySelectorAll('figure.chart')].map(
    figure => [...figure.querySelectorAll('img')].filter(img => img.checkVisibility()).map(img => img.getAttribute('src')))"""


def test_the_book_is_whole_with_scripts_off(browser, site, charts):
    with window(browser) as context:
        page, said = context.new_page(), {}
        for path in pages_in(site, ("light", "desktop")):
            page.goto(f"{site.url}/{path}")
            page.evaluate("document.querySelector('main .filters')?.nextElementSibling.remove()")
            page.evaluate("document.querySelector('main .filters')?.remove()")
            said[path] = page.evaluate(READ)
    for mode, width in (("light", "desktop"), ("dark", "phone")):
        with window(browser, mode, width, java_script_enabled=False) as context:
            page = context.new_page()
            for path in pages_in(site, (mode, width)):
                where = f"{path}, {mode}, {width}, scripts off"
                page.goto(f"{site.url}/{path}")
                assert page.locator("h1").count() == 1 and page.locator("h1").is_visible(), f"{where}: no heading"
                if width == "desktop" and path not in MADE_BY_SCRIPT:
                    assert page.evaluate(READ) == said[path], f"{where}: the text differs from that with scripts on"
                for shown in page.evaluate(PICTURES):
                    assert len(shown) == 1 and mode in shown[0], f"{where}: {shown} are visible"
            page.goto(f"{site.url}/{max(charts)}")
            page.locator("figure.chart summary").first.click()
            assert page.locator("figure.chart tbody tr").first.is_visible(), f"{mode}, {width}: the table does not open"
            assert not page.locator("nav#contents").is_visible()
            page.get_by_role("button", name="Contents").click()
            page.locator("nav#contents a", has_text="Scorecard").click()
            assert page.url.endswith("/scorecard.html"), f"{mode}, {width}: the contents do not lead on"
            assert page.locator("table.scorecard tbody tr").first.is_visible()


def test_keyboard_mode_and_lists(browser, site, charts):
    """The skip link, the choice of light or dark, and the lists that open over a phone's page, with what is inside them."""
    with window(browser, width="phone") as context:
        page = context.new_page()
        path = min((path for path in charts if path.startswith("chapters/")), key=lambda path: (site.html / path).stat().st_size)
        page.goto(f"{site.url}/{path}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        for button, ident in (("Contents", "contents"), ("On this page", "on-page")):
            page.get_by_role("button", name=button).click()
            assert page.locator(f"nav#{ident} a").first.is_visible(), f"{path}: {button} does not open"
            assert not axe(page), f"{path}, light, phone, {button} open: {axe(page)}"
            page.keyboard.press("Escape")
            assert not page.locator(f"nav#{ident}").is_visible(), f"{path}: {button} does not close"
        for ground in ("dark", "light"):
            page.locator("button.mode").click()
            page.reload()  # the choice is kept
            shown = page.evaluate(PICTURES)
            assert shown and all(len(one) == 1 and f"-{ground}-" in one[0] for one in shown), f"{path}: {ground} chosen, {shown}"


def test_search_finds_a_claim(browser, site):
    with window(browser) as context:
        page, errors = context.new_page(), []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{site.url}/index.html")
        page.get_by_role("searchbox").fill("scorecard")
        page.keyboard.press("Enter")
        page.locator("#search-results li a:visible").first.wait_for()
        page.wait_for_load_state("networkidle")
        assert not axe(page) and not errors, f"search.html?q=scorecard, light, desktop: {axe(page)} {errors}"


def test_answers_have_no_marks_of_inferred_days(site):
    chapters = [soup(site.html / path) for path in site.pages if path.startswith("chapters/")]
    assert any(chapter.select(".answer.clock-then a.value") for chapter in chapters)
    assert not any(chapter.select(".answer .seen") for chapter in chapters), "their entries in the list of figures have them"
    assert any(chapter.select(".clock-then .seen") for chapter in chapters)
