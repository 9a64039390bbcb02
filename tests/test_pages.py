"""The built book, as a reader meets it: the real one in a browser, and copies of the minibook that are broken and rebuilt."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from browser import (
    MODES,
    STRICT,
    WIDTHS,
    Site,
    Visit,
    axe,
    build,
    executed,
    look,
    running,
    served,
    until,
    window,
)
from bs4 import BeautifulSoup

from companion.book.theme import EARLY

MINIBOOK = Path(__file__).parent / "minibook"
SIZES = [(mode, width) for mode in MODES for width in WIDTHS]
MADE_ALIKE = re.compile(r"(?P<embed>charts/.+-embed\.html)|(?P<chart>charts/.+)|(?P<table>tables/.+)")
MOST = 32
"""How many pages of a make are opened; there are hundreds of charts and tables, and the rest differ in their words alone."""
ALL_FOUR = {"index.html", "scorecard.html"}


def pages_in(site: Site, size: tuple[str, str]) -> list[str]:
    """The pages to open in this mode and width, so that every make of page is judged in all of them.

    A written page is opened in two that have nothing in common, so once in each mode and each width, and two of them in all
    four; a page that is made for each chart or table in one: of those the longest, and others from first to last.
    """
    turn, makes, written = SIZES.index(size), {}, []
    for path in site.pages:
        make = MADE_ALIKE.match(path)
        (makes.setdefault(make.lastgroup, []) if make else written).append(path)
    found = [path for i, path in enumerate(written) if path in ALL_FOUR or turn in (i % 4, 3 - i % 4)]
    for paths in makes.values():
        longest = sorted(paths, key=lambda path: -(site.html / path).stat().st_size)[: MOST // 2]
        spread = [path for path in paths if path not in longest]
        spread = spread[:: -(-len(spread) // (MOST // 2)) or 1]
        found += (longest + spread)[turn :: len(SIZES)]
    return found


@pytest.fixture(scope="session")
def visits(site: Site) -> dict[tuple[str, str], dict[str, Visit]]:
    """Pages, opened in each mode and width that is asked of them: ``{(mode, width): {page: what happened}}``."""

    def opened(size: tuple[str, str]) -> dict[str, Visit]:
        with running() as browser, window(browser, *size) as context:
            page = context.new_page()
            return {path: look(page, f"{site.url}/{path}") for path in pages_in(site, size)}

    # Most of the time goes into axe, so a browser for each processor.
    with ThreadPoolExecutor(min(len(SIZES), os.cpu_count() or 1)) as pool:
        return dict(zip(SIZES, pool.map(opened, SIZES), strict=True))


def test_every_make_of_page_is_opened_in_each_size(site):
    opened = {size: pages_in(site, size) for size in SIZES}
    every = set().union(*opened.values())
    makes = {path: make.lastgroup for path in site.pages if (make := MADE_ALIKE.match(path))}
    assert set(site.pages) - set(makes) <= every, "a page is not opened"
    for make in ("embed", "chart", "table"):
        there, seen = ({path for path in paths if makes.get(path) == make} for paths in (site.pages, every))
        assert len(seen) >= min(len(there), MOST) - len(SIZES), f"only {len(seen)} of {len(there)} pages of a {make} are opened"
    chapters = {path for path in site.pages if path.startswith("chapters/")}
    for size, paths in opened.items():
        assert ALL_FOUR <= set(paths) and chapters & set(paths), size
        assert {makes[path] for path in paths if path in makes} == {"embed", "chart", "table"}, size
    for path in set(site.pages) - set(makes) - ALL_FOUR:
        (one, other) = (size for size, paths in opened.items() if path in paths)
        assert one[0] != other[0] and one[1] != other[1], f"{path} is opened in {one} and {other}"


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


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


# The real book in a browser


def test_axe_sees_what_is_wrong(browser):
    """A page with faults of each kind, so that silence about the others means something."""
    with window(browser) as context:
        page = context.new_page()
        page.set_content(
            "<html><body><img src='data:,'><p style='color:#aaa;background:#fff'>faint</p>"
            "<button style='width:9px;height:9px;padding:0'>a</button><button style='width:9px;height:9px;padding:0'>b</button>"
        )
        found = "\n".join(axe(page))
    for rule in ("image-alt", "color-contrast", "target-size", "html-has-lang", "region", "page-has-heading-one"):
        assert f"{rule} (" in found, f"axe is silent about {rule}:\n{found}"


@pytest.mark.parametrize(("mode", "width"), SIZES)
def test_every_page_passes_axe(visits, mode, width):
    broken = [f"{path}: {rule}" for path, visit in visits[mode, width].items() for rule in visit.violations]
    assert not broken, f"{mode}, {width} ({WIDTHS[width]} px):\n" + "\n".join(broken)


@pytest.mark.parametrize(("mode", "width"), SIZES)
def test_no_page_asks_another_host_or_reports_an_error(visits, mode, width):
    seen = visits[mode, width]
    assert all(visit.requests for visit in seen.values()), "a page made no request, so none was recorded"
    wrong = [f"{path}: {what}" for path, visit in seen.items() for what in (*visit.foreign, *visit.errors)]
    assert not wrong, f"{mode}, {width} ({WIDTHS[width]} px):\n" + "\n".join(wrong)


@pytest.mark.parametrize(("mode", "width"), SIZES)
def test_no_page_is_wider_than_its_window(visits, mode, width):
    wide = [f"{path}: {what}" for path, visit in visits[mode, width].items() for what in visit.too_wide]
    assert not wide, f"{mode}, {width} ({WIDTHS[width]} px):\n" + "\n".join(wide)


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


# Copies of the minibook, broken and rebuilt (``book`` is such a copy)


def tree(html: Path) -> dict[str, bytes]:
    return {str(path.relative_to(html)): path.read_bytes() for path in sorted(html.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> SimpleNamespace:
    """The minibook, built from an empty tree: its folder, the build's log, its files, and a copy of its execution cache."""
    root, cache = (tmp_path_factory.mktemp("built") / name for name in ("book", "cache"))
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build", "notebooks", "tables"))
    done = build(root, *STRICT)
    assert done.returncode == 0, done.stdout[-3000:]
    shutil.copytree(root / "_build" / ".jupyter_cache", cache)
    return SimpleNamespace(root=root, done=done, files=tree(root / "_build" / "html"), cache=cache)


@pytest.fixture
def ready(book, built) -> Path:
    """A copy of the minibook whose cells were run before."""
    shutil.copytree(built.cache, book / "_build" / ".jupyter_cache")
    return book


def test_a_page_says_what_it_has_in_its_place(built):
    """The number above a chapter's title, tables by topic, and names of columns as code."""

    def page(path: str) -> BeautifulSoup:
        return soup(built.root / "_build" / "html" / path)

    chapter = page("chapters/p09-thin-support.html")
    assert chapter.select_one("h1").get_text().startswith("Paragraph 9: ")
    assert chapter.select_one("h1 .number > .sr").get_text() == ": ", "heard and not seen"
    tables = page("tables.html")
    topics = tables.select("main section section")
    assert [part.h2.contents[0] for part in topics] == ["Polls", "Territory"]
    assert all(part.select("table.table-index tbody tr") for part in topics)
    (path,) = [path for path in built.files if path.startswith("tables/") and path.endswith("support.html")]
    assert "period_end" in [code.get_text() for code in page(path).select(".preview th code")]


def test_answers_have_no_marks_of_inferred_days(site):
    chapters = [soup(site.html / path) for path in site.pages if path.startswith("chapters/")]
    assert any(chapter.select(".answer.clock-then a.value") for chapter in chapters)
    assert not any(chapter.select(".answer .seen") for chapter in chapters), "their entries in the list of figures have them"
    assert any(chapter.select(".clock-then .seen") for chapter in chapters)


def test_the_switch_goes_while_a_reader_goes_down(built, browser):
    """And comes back on the way up and with the focus; a page that grows above the reader moves nothing."""
    shown = "document.querySelector('.clocks').getBoundingClientRect().top < innerHeight"
    with served(built.root / "_build" / "html") as url, window(browser, "light", "phone", reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{url}/chapters/p09-thin-support.html")
        page.evaluate("document.querySelectorAll('img').forEach(img => { img.loading = 'eager'; })")
        until(page, "[...document.images].every(img => img.complete)")

        def go(by: int, right: str) -> None:
            # Twice, since a part of the page may be laid out on the way, and that is not counted as the reader's.
            for _ in range(2):
                page.evaluate(f"scrollBy({{ top: {by}, behavior: 'instant' }})")
                page.wait_for_timeout(100)
            until(page, right)

        assert page.evaluate(shown)
        go(600, f"!({shown})")
        go(-200, shown)
        before = page.evaluate("document.documentElement.dataset.goes")
        page.evaluate("document.querySelector('h1').style.paddingTop = '400px'")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.dataset.goes") == before == "up"
        go(600, f"!({shown})")
        page.keyboard.press("Tab")
        page.evaluate("document.querySelector('.clocks input:checked').focus({ focusVisible: true })")
        until(page, shown)


def test_no_words_of_a_scale_meet_on_paper(built, browser):
    with served(built.root / "_build" / "html") as url, window(browser) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        page.goto(f"{url}/chapters/p09-thin-support.html")
        ends = page.eval_on_selector_all(
            ".ends > span",
            """spans => spans.map(span => { const r = document.createRange(); r.selectNodeContents(span);
            const box = r.getBoundingClientRect(); return [box.left, box.right]; })""",
        )
        assert all(b[0] - a[1] > 8 for a, b in zip(ends, ends[1:], strict=False) if b[0] > a[0]), ends


def test_a_build_runs_only_what_changed(built):
    """An edited table re-runs the chapters that read it and no other, and their pages change; a second build runs none."""
    root, html, polls, ground = built.root, built.root / "_build" / "html", "p09-thin-support", "p11-lost-ground"
    assert executed(built.done) == [polls, ground]
    again = build(root, *STRICT)
    assert again.returncode == 0 and executed(again) == [], again.stdout[-3000:]
    assert tree(html) == built.files, "a second build changed a page"
    table = root / "data" / "polls" / "detentions.csv"
    assert "19400" in table.read_text()
    table.write_text(table.read_text().replace("19400", "19450"))
    edited = build(root)
    assert edited.returncode == 0, edited.stdout[-3000:]
    assert executed(edited) == [polls], f"only {polls} reads the edited table"
    page = f"chapters/{polls}.html"
    assert (html / page).read_bytes() != built.files[page], "the edited table left the page as it was"
    assert "19450" in (html / "data/polls/detentions.csv").read_text()


def test_the_plain_command_gives_the_same_pages(ready, built):
    done = build(ready)
    assert done.returncode == 0, done.stdout[-3000:]
    plain = tree(ready / "_build" / "html")
    assert plain.keys() == built.files.keys() and sum(name.endswith(".html") for name in plain) > 10
    assert not [name for name in plain if plain[name] != built.files[name]]


def test_a_failing_cell_fails_the_build(ready):
    chapter = ready / "chapters" / "p09-thin-support.md"
    chapter.write_text(chapter.read_text() + "\n```{code-cell} ipython3\n1 / 0\n```\n")
    for options in (STRICT, ()):  # a later build of the same tree fails too, and so does the plain command
        done = build(ready, *options)
        assert done.returncode != 0, f"{options}: a failing cell passed"
        assert "ZeroDivisionError" in done.stdout, done.stdout[-3000:]


HOSTILE = """
<script>window.hacked = "block"</script>

Inline <script>window.hacked = "inline"</script> and <img src="x" onerror="window.hacked = 'image'">.

[link](javascript:window.hacked='link')

```{raw} html
<script>window.hacked = "raw"</script>
```
"""


def test_hostile_markdown_never_reaches_a_page(browser, ready):
    """The check refuses it, which fails the strict build; here even the plain build, which goes on, leaves it out."""
    chapter = ready / "chapters" / "p09-thin-support.md"
    chapter.write_text(chapter.read_text() + HOSTILE)
    done = build(ready)
    assert done.returncode == 0 and done.stdout.count("raw HTML") > 2, done.stdout[-3000:]
    page = soup(ready / "_build" / "html" / "chapters" / "p09-thin-support.html")
    bodies = [script for script in page.find_all("script") if not script.get("src")]
    assert [script.string for script in bodies] == [EARLY], f"a script stands in the page: {bodies}"
    handlers = [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    assert not handlers and not page.select("a[href^='javascript:']"), handlers
    with served(ready / "_build" / "html") as url, window(browser) as context:
        opened = context.new_page()
        opened.goto(f"{url}/chapters/p09-thin-support.html")
        assert opened.evaluate("window.hacked") is None


def test_an_address_turns_every_anchor_into_a_text_fragment_link(browser, ready, tmp_path):
    """With ``url`` alone filled in, each sentence's link opens the original at the sentence."""
    from companion.project import Project

    sentences = [s for line in (MINIBOOK / "oped.txt").read_text().splitlines() for s in re.split(r"(?<=\.) ", line) if s]
    # An original in which each sentence stands far below the one before.
    filler = "<p>Other words stand here, and many of them.</p>" * 60
    parts = "".join(f'{filler}<p>Before it. <span id="s{i}">{s}</span> After it.</p>' for i, s in enumerate(sentences))
    original = tmp_path / "original"
    original.mkdir()
    (original / "oped.html").write_text(f"<!doctype html><meta charset=utf-8><title>Invented</title>{parts}{filler}")
    record = ready / "data" / "oped.yml"
    assert record.read_text().count("  url: null\n") == 1
    with served(original) as there:
        record.write_text(record.read_text().replace("  url: null\n", f"  url: {there}/oped.html\n"))
        known = Project(ready).oped.sentences
        assert len(known) == len(sentences) > 2
        done = build(ready, *STRICT)
        assert done.returncode == 0, done.stdout[-3000:]
        page = soup(ready / "_build" / "html" / "coverage.html")
        links = {row["id"].removeprefix("sentence-"): row.select_one("a.original") for row in page.select("tr[id^=sentence-]")}
        assert list(links) == list(known) and all(links.values()), "a sentence has no link to the original"
        with served(ready / "_build" / "html") as here, window(browser) as context:
            for i, (ident, link) in enumerate(links.items()):
                tab = context.new_page()
                tab.goto(f"{here}/coverage.html")
                tab.locator(f"[id='sentence-{ident}'] a.original").click()
                tab.wait_for_url(f"{there}/oped.html*")
                in_view = f"""() => {{ const box = document.getElementById("s{i}").getBoundingClientRect();
                    return scrollY > 200 && box.top >= 0 && box.bottom <= innerHeight; }}"""
                until(tab, in_view)
                assert ":~:text=" in link["href"], f"{ident}: {link['href']}"
                tab.close()
