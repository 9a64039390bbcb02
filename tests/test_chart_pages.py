"""A chart on a chapter's page, on its own page and in a frame on another site, in a browser: a copy of the minibook."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from browser import MODES, WIDTHS, build, look, served, soup, window
from bs4 import BeautifulSoup
from pybtex.database import parse_string

from companion.book.output import BAR, BELOW, CHART, ON_PAGE, bibtex, shown_rows

MINIBOOK = Path(__file__).parent / "minibook"
POLLS, GROUND = "chapters/p09-thin-support.html", "chapters/p11-lost-ground.html"
DRAWN, SAME, NONE = "support-over-time", "support-two-days", "support-later"
SAID = "o figure was public by 31 December 2022"
LATER = f'''
```{{code-cell}} ipython3
:tags: [hide-input]

chart.lines(
    "{NONE}",
    {{"support": poll("polls/support", answer="support, total", since="2023-01-01")}},
    title="Support & its later waves <all>",
    subtitle="Share of adults in an invented land, %",
    alt="A line that rises a little after the cut-off",
)
```

'''


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> SimpleNamespace:
    """The minibook with one more chart, all of it from after the cut-off, built and served; with its charts' payloads."""
    root = tmp_path_factory.mktemp("charts") / "book"
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build", "notebooks", "tables"))
    chapter = root / "chapters" / "p09-thin-support.md"
    before, mark, after = chapter.read_text().partition("::::{claim}")
    chapter.write_text(before + LATER.lstrip() + mark + after)
    done = build(root)
    assert done.returncode == 0, done.stdout[-3000:]
    out = root / "_build" / "html"
    with served(out) as url:
        yield SimpleNamespace(root=root, html=out, url=url, payloads=payloads(root))


def payloads(root: Path) -> dict[str, dict]:
    """What the chapters' cells gave, by chart, as the executed notebooks have it."""
    found = {}
    for path in (root / "_build" / "jupyter_execute").rglob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                given = output.get("data", {}).get(CHART)
                if given:
                    given = json.loads("".join(given)) if isinstance(given, (str, list)) else given
                    found[given["id"]] = given
    assert {DRAWN, SAME, NONE} < set(found), f"the chapters gave {sorted(found)}"
    return found


def own_pages(made) -> list[str]:
    return [f"charts/{ident}.html" for ident in made.payloads]


def cells(table) -> list[list[str]]:
    return [[cell.get_text() for cell in row.select("td, th")] for row in table.select("tbody tr")]


# Files, links, words


def test_every_chart_has_its_files_and_its_pages(made):
    folder = made.html / "charts"
    for ident, payload in made.payloads.items():
        assert (folder / f"{ident}.csv").read_text() == payload["csv"]
        assert (folder / f"{ident}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / f"{ident}.html").is_file() and (folder / f"{ident}-embed.html").is_file()
        pictures = {f"{ident}-{variant}.svg": svg for variant, svg in payload["svg"].items()}
        if payload["then"]["state"] == "drawn":
            pictures |= {f"{ident}-then-{variant}.svg": svg for variant, svg in payload["then"]["svg"].items()}
            assert len(pictures) == 8
        for name, svg in pictures.items():
            assert (folder / name).read_text() == svg and ElementTree.fromstring(svg).tag.endswith("svg")
    states = {ident: payload["then"]["state"] for ident, payload in made.payloads.items()}
    assert (states[DRAWN], states[SAME], states[NONE]) == ("drawn", "same", "none")


def test_the_table_is_whole_on_the_own_page_and_short_in_the_chapter(made):
    lengths = set()
    for page in (POLLS, GROUND):
        for figure in soup(made.html / page).select("figure.chart"):
            payload = made.payloads[figure["id"].removeprefix("chart-")]
            every = payload["table"]["rows"]
            assert len(list(csv.reader(io.StringIO(payload["csv"])))) == len(every) + 1
            here = cells(figure.select_one("table"))
            assert 0 < len(here) <= ON_PAGE and all(row in every for row in here)
            lengths.add(len(here) < len(every))
            if len(here) < len(every):
                assert f"{len(here)} of {len(every)} rows" in figure.select_one("caption").get_text()
                assert "whole table" in figure.select_one(".chart-links details").get_text()
            whole = soup(made.html / "charts" / f"{payload['id']}.html").select_one("main table")
            assert cells(whole) == every
    assert lengths == {True, False}, "the minibook has a long table and a short one"


def rows_of(*days: str, series: tuple[str, ...] = ("a",)) -> dict:
    rows = [[name, day, str(i)] for name in series for i, day in enumerate(days)]
    return {"table": {"columns": ["series", "date", "value"], "rows": rows}}


def test_a_long_table_is_thinned_by_month_quarter_or_year():
    daily = [f"2022-{month:02}-{day:02}" for month in range(1, 13) for day in (3, 4, 5, 6)]
    rows, said = shown_rows(rows_of(*daily))
    assert [row[1] for row in rows] == [f"2022-{month:02}-03" for month in range(1, 13)]
    assert said == "the first row of each month, 12 of 48 rows"
    backwards, _ = shown_rows(rows_of(*daily[::-1]))
    assert sorted(row[1] for row in backwards) == [row[1] for row in rows], "the first is by date, not by place"
    rows, said = shown_rows(rows_of(*daily, series=tuple("abcde")))
    assert {row[1][5:7] for row in rows} == {"01", "04", "07", "10"} and len(rows) == 20
    assert said == "the first row of each quarter in each series, 20 of 240 rows"
    rows, said = shown_rows(rows_of(*daily, series=tuple("abcdefghijkl")))
    assert len(rows) == 12 and "of each year" in said
    labelled = {"table": {"columns": ["label", "value"], "rows": [[str(i), "1"] for i in range(50)]}}
    rows, said = shown_rows(labelled)
    assert rows == labelled["table"]["rows"][:24] and said == "the first 24 of 50 rows"
    few = rows_of("2022-01-01", "2022-01-02")
    assert shown_rows(few) == (few["table"]["rows"], "all 2 rows")


def test_every_link_of_a_chart_leads_somewhere(made):
    pages = [POLLS, GROUND, *own_pages(made), *(page.replace(".html", "-embed.html") for page in own_pages(made))]
    ids: dict[str, set[str]] = {}
    checked, dead = 0, []
    for page in pages:
        parts = soup(made.html / page).select("figure, main" if page.startswith("charts/") else "figure.chart")
        for tag in (tag for part in parts for tag in part.select("a[href], img[src], source[srcset]")):
            given = next(tag[name] for name in ("href", "src", "srcset") if tag.get(name))
            address = urlsplit(urljoin(f"{made.url}/{page}", given))
            target = unquote(address.path).lstrip("/")
            checked += 1
            if target not in ids and (made.html / target).is_file():
                ids[target] = {t["id"] for t in soup(made.html / target).select("[id]")} if target.endswith(".html") else set()
            if target not in ids or (address.fragment and unquote(address.fragment) not in ids[target]):
                dead.append(f"{page}: {given}")
    assert checked > 100 and not dead, "\n".join(dead)


def test_names_say_which_chart_and_begin_with_what_is_seen(made):
    figure = soup(made.html / POLLS).select_one(f"#chart-{DRAWN}")
    title = made.payloads[DRAWN]["title"]
    named = {}
    for part in figure.select("summary, .chart-links > a"):
        seen = "".join(text for text in part.find_all(string=True) if not text.find_parent(class_="sr"))
        assert part.get_text().startswith(seen), part
        assert part.get_text().endswith(title) == (seen in ("CSV", "This chart alone")), "the figure's name says the rest"
        named[seen] = part
    assert list(named) == ["Table", "CSV", "SVG", "PNG", "Cite", "This chart alone"]
    # Where there are two pictures, each has its own name, so that what was found later is not read out with the first.
    assert not figure.has_attr("aria-label")
    names = [figure.select_one(part)["aria-label"] for part in (".chart-all", ".chart-then")]
    assert names == [title, made.payloads[DRAWN]["then"]["title"]]
    page = soup(made.html / POLLS)
    assert page.select_one(f"#chart-{SAME}")["aria-label"] == made.payloads[SAME]["title"]
    # The title of a chart that came later is a finding too: nothing says it where the picture is hidden.
    later = page.select_one(f"#chart-{NONE}")
    assert not later.has_attr("aria-label") and later.select_one(".chart-all")["aria-label"] == made.payloads[NONE]["title"]
    assert made.payloads[NONE]["title"] not in later.select_one(".chart-none").get_text()
    assert [a.get_text() for a in figure.select(".chart-tables a")] == made.payloads[DRAWN]["tables"]


def test_the_citation_is_whole_and_its_bibtex_is_read(made):
    for ident, payload in made.payloads.items():
        page = soup(made.html / "charts" / f"{ident}.html")
        entries = parse_string(page.select_one("pre.bibtex").get_text(), "bibtex").entries
        assert list(entries) == [f"minibook-{ident}"]
        fields = entries[f"minibook-{ident}"].fields
        assert fields["title"].strip("{}") == payload["title"].replace("&", r"\&") and fields["year"] == "2026"
        assert "Invented" in fields["note"] and "url" not in fields
        said = page.select_one("pre.bibtex").find_previous("p").get_text()
        for words in (payload["title"], ident, "Minibook", "The inventors", "2026", "Invented"):
            assert words in said, f"{ident}: the citation lacks {words}: {said}"
        in_chapter = [soup(made.html / path).select_one(f"#chart-{ident} pre.bibtex") for path in (POLLS, GROUND)]
        assert page.select_one("pre.bibtex").get_text() in [found.get_text() for found in in_chapter if found]


def test_bibtex_survives_any_title(minibook):
    config = SimpleNamespace(project="A {book} & more", author="One_Author", copyright="2026")
    title = r"Half of 50% {of} $5 & #1 ~ a\b^c_d"
    payload = {"id": "x-1", "title": title, "sources": [], "source_line": "Source: A & B (our computing)"}
    entry = parse_string(bibtex(payload, config, "https://a.example/x_1.html"), "bibtex").entries["a-book-more-x-1"]
    assert entry.fields["url"] == "https://a.example/x_1.html"
    assert entry.fields["note"] == r"Data: A \& B (our computing)"
    plain = re.sub(
        r"\\text(backslash|asciitilde|asciicircum)\{\}",
        lambda m: {"b": "\\", "asciit": "~", "asciic": "^"}["b" if m[1][0] == "b" else m[1][:6]],
        entry.fields["title"][1:-1],
    )
    assert re.sub(r"\\([&%$#_{}])", r"\1", plain) == title


# In a browser


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_and_width_of_a_charts_own_pages(browser, made, mode, width):
    with window(browser, mode, width) as context:
        page, wrong = context.new_page(), []
        for ident in (DRAWN, SAME, NONE, "share-held"):
            for path in (f"charts/{ident}.html", f"charts/{ident}-embed.html"):
                visit = look(page, f"{made.url}/{path}")
                wrong += [f"{path}: {what}" for what in (*visit.violations, *visit.too_wide, *visit.errors, *visit.foreign)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("clock", ["", "then"])
def test_axe_on_the_charts_of_a_chapter(browser, made, clock):
    with window(browser, width="phone") as context:
        context.add_init_script(f"localStorage.setItem('clock', '{clock}')")
        visit = look(context.new_page(), f"{made.url}/{POLLS}")
    assert not [rule for rule in visit.violations if "chart" in rule] and not visit.errors, visit


def fetched(page) -> list[str]:
    """The pictures asked for so far, after every chart came into view."""
    for figure in page.locator("figure:has(picture)").all():
        if figure.is_visible():
            figure.scroll_into_view_if_needed()
            page.wait_for_timeout(60)
    page.wait_for_load_state("networkidle")
    return page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name.split('/').pop()).filter(n => n.endsWith('.svg'))"
    )


def charts_of(names: list[str]) -> list[str]:
    return sorted(name for name in names if name != "icon.svg")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("width", "variant"), [("phone", "narrow"), ("desktop", "wide")])
def test_one_picture_is_fetched_for_each_chart(browser, made, mode, width, variant):
    """And another only when the reader asks for the other mode or the other clock."""
    other = {"light": "dark", "dark": "light"}[mode]
    idents = (DRAWN, SAME, NONE)
    with window(browser, mode, width) as context:
        page = context.new_page()
        page.goto(f"{made.url}/{POLLS}")
        first = charts_of(fetched(page))
        assert first == sorted(f"{ident}-{mode}-{variant}.svg" for ident in idents)
        page.evaluate(f"document.documentElement.dataset.theme = '{other}'")
        second = charts_of(fetched(page))
        assert sorted(second) == sorted(first + [f"{ident}-{other}-{variant}.svg" for ident in idents])
        page.evaluate("document.documentElement.dataset.clock = 'then'")
        assert sorted(charts_of(fetched(page))) == sorted([*second, f"{DRAWN}-then-{other}-{variant}.svg"])
    with window(browser, mode, width) as context:  # one that has no picture in its memory
        page = context.new_page()
        page.goto(f"{made.url}/charts/{SAME}.html")
        assert charts_of(fetched(page)) == [f"{SAME}-{mode}-{variant}.svg"]


def test_pictures_below_the_fold_wait(browser, made):
    with window(browser) as context:
        page = context.new_page()
        page.route("**/charts/*.svg", lambda route: route.abort())
        page.goto(f"{made.url}/{POLLS}")
        images = page.locator("figure.chart img").all()
        assert len(images) == 8, "three charts on two grounds, and one of them as it was then"
        assert all(image.get_attribute("loading") == "lazy" for image in images)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_when_a_picture_comes(browser, made, width):
    """A picture that hasn't come has the height that it will have."""
    heights = []
    for blocked in (True, False):
        with window(browser, width=width) as context:
            page = context.new_page()
            if blocked:
                page.route("**/charts/*.svg", lambda route: None)  # never answered
            for path in (POLLS, f"charts/{DRAWN}.html", f"charts/{DRAWN}-embed.html"):
                page.goto(f"{made.url}/{path}", wait_until="domcontentloaded")
                if not blocked:
                    fetched(page)
                shown = "[...document.querySelectorAll('figure img')].filter(i => i.checkVisibility()).map(i => i.offsetHeight)"
                heights.append(page.evaluate(shown))
    assert heights[:3] == heights[3:] and all(height > 100 for page in heights for height in page), heights


def seen(page, ident: str) -> dict[str, bool]:
    parts = {
        "whole": ".chart-all img",
        "then": ".chart-then img",
        "line": ".chart-none",
        "row": ".chart-links",
        "of": ".chart-whole",
    }
    find = f"""parts => Object.fromEntries(Object.entries(parts).map(([name, part]) => [name,
        [...document.querySelectorAll('#chart-{ident} ' + part)].filter(e => e.checkVisibility()).length]))"""
    return page.evaluate(find, parts)


@pytest.mark.parametrize("scripts", [True, False])
def test_then_shows_the_then_picture_and_only_it(browser, made, scripts):
    with window(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"{made.url}/{POLLS}")
        for ident in (DRAWN, SAME, NONE):
            assert seen(page, ident) == {"whole": 1, "then": 0, "line": 0, "row": 1, "of": 0}, ident
        page.evaluate("document.documentElement.setAttribute('data-clock', 'since')")
        for ident in (DRAWN, SAME, NONE):
            assert seen(page, ident) == {"whole": 1, "then": 0, "line": 0, "row": 1, "of": 0}, ident
        page.evaluate("document.documentElement.setAttribute('data-clock', 'then')")
        assert seen(page, DRAWN) == {"whole": 0, "then": 1, "line": 0, "row": 1, "of": 1}
        assert seen(page, SAME) == {"whole": 1, "then": 0, "line": 0, "row": 1, "of": 0}
        assert seen(page, NONE) == {"whole": 0, "then": 0, "line": 1, "row": 0, "of": 0}
        assert (
            page.locator(f"#chart-{NONE}").inner_text().strip() == f"Not shown, since n{SAID}: {made.payloads[NONE]['subtitle']}."
        )
        # What a screen reader is given: one picture, with the words of what it shows.
        names = [image["name"] for image in images_heard(page)]
        alts = [made.payloads[DRAWN]["then"]["alt"], made.payloads[SAME]["alt"]]
        assert sorted(names) == sorted(f"{alt} {BELOW}" for alt in alts)  # the tree is not given in the page's order


def images_heard(page) -> list[dict]:
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [{"name": n["name"]["value"]} for n in tree if not n["ignored"] and n["role"]["value"] in ("image", "img")]


def test_the_own_page_has_both_pictures_in_words_and_files(browser, made):
    page = soup(made.html / "charts" / f"{DRAWN}.html")
    heads = [head.get_text() for head in page.select("main h1, main h2")]
    assert heads[0] == made.payloads[DRAWN]["title"] and page.html["lang"] == "en"
    assert heads[1:3] == ["The whole", "As it could be seen at the end of 2022"]
    text = page.select_one("main").get_text()
    assert made.payloads[DRAWN]["alt"] in text and made.payloads[DRAWN]["then"]["alt"] in text
    assert "The whole" not in soup(made.html / "charts" / f"{SAME}.html").select_one("main").get_text().splitlines()
    assert f"N{SAID}." in soup(made.html / "charts" / f"{NONE}.html").select_one("main").get_text()
    for name in (DRAWN, f"{DRAWN}-embed"):
        policy = soup(made.html / "charts" / f"{name}.html").select_one("meta[http-equiv]")["content"]
        assert policy == soup(made.html / POLLS).select_one("meta[http-equiv]")["content"]
    assert soup(made.html / "charts" / f"{DRAWN}-embed.html").select_one("meta[name=robots]")["content"] == "noindex"
    with window(browser) as context:
        opened = context.new_page()
        opened.goto((made.html / "charts" / f"{DRAWN}.html").as_uri())  # from a disk
        shown = "[...document.querySelectorAll('main img')].filter(i => i.checkVisibility()).map(i => i.getAttribute('src'))"
        assert opened.evaluate(shown) == [f"../charts/{DRAWN}-light-wide.svg", f"../charts/{DRAWN}-then-light-wide.svg"]
        opened.locator("main img").first.evaluate("image => image.decode()")
        opened.get_by_role("link", name="Back to its place").click()
        assert opened.url.endswith(f"{POLLS}#chart-{DRAWN}")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("which", [0, 1])
def test_the_snippet_works_on_another_site(browser, made, tmp_path, mode, which):
    """Pasted as it stands but for the address, it shows the whole picture and a way to the page, and nothing to scroll."""
    for ident, payload in made.payloads.items():
        code = soup(made.html / "charts" / f"{ident}.html").select("pre.embed")[which].get_text()
        assert "https://example.org/book/" in code
        (tmp_path / f"{ident}.html").write_text(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>Host</title><style>:root{{color-scheme:light dark}}"
            f"body{{margin:0}}</style><h1>{html.escape(ident)}</h1>{code.replace('https://example.org/book', made.url)}"
        )
        assert payload["title"] == BeautifulSoup(code, "html.parser").iframe["title"]
    with served(tmp_path) as host, window(browser, mode) as context:
        variant, wide = (("wide", 760), ("narrow", 360))[which]
        for ident in made.payloads:
            page = context.new_page()
            page.goto(f"{host}/{ident}.html")
            box = page.locator("iframe")
            box.scroll_into_view_if_needed()
            frame = box.element_handle().content_frame()
            frame.wait_for_load_state("load")
            assert box.evaluate("e => e.clientWidth") == wide
            image = frame.locator("img")
            assert image.count() == 1 and image.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
            assert image.evaluate("i => i.currentSrc").endswith(f"{ident}-{mode}-{variant}.svg")
            assert image.evaluate("i => i.clientWidth") == wide
            over = "[document.documentElement.scrollHeight - innerHeight, document.documentElement.scrollWidth - innerWidth]"
            assert frame.evaluate(over) == [0, 0], f"{ident}: something scrolls"
            room = frame.evaluate("innerHeight - document.querySelector('figcaption').getBoundingClientRect().bottom")
            assert 0 <= room < BAR, f"{ident}: {room} px are left"
            assert frame.locator("nav, header, footer, table, pre").count() == 0
            with context.expect_page() as opened:
                frame.get_by_role("link").click()
            assert opened.value.url == f"{made.url}/charts/{ident}.html"
            opened.value.close()
            page.close()


def test_with_an_address_the_snippet_and_the_citation_have_it(made, tmp_path):
    root = tmp_path / "book"
    shutil.copytree(made.root, root, ignore=shutil.ignore_patterns("html"))
    config = root / "_config.yml"
    config.write_text(
        config.read_text().replace("    nitpicky: true", "    nitpicky: true\n    html_baseurl: https://a.example/b")
    )
    done = build(root)
    assert done.returncode == 0, done.stdout[-3000:]
    page = soup(root / "_build" / "html" / "charts" / f"{DRAWN}.html")
    snippets = [BeautifulSoup(code.get_text(), "html.parser").iframe["src"] for code in page.select("pre.embed")]
    assert snippets == [f"https://a.example/b/charts/{DRAWN}-embed.html"] * 2
    entry = parse_string(page.select_one("pre.bibtex").get_text(), "bibtex").entries[f"minibook-{DRAWN}"]
    assert entry.fields["url"] == f"https://a.example/b/charts/{DRAWN}.html"
    assert entry.fields["url"] in page.select_one("pre.bibtex").find_previous("p").get_text()
    assert "example.org" not in page.get_text()


def test_print_has_a_light_picture_no_table_and_a_short_citation(browser, made):
    with window(browser, "dark") as context:
        page = context.new_page()
        page.goto(f"{made.url}/{POLLS}")
        page.locator(f"#chart-{DRAWN} summary").first.click()
        page.emulate_media(media="print", color_scheme="dark")
        shown = """all => all.filter(i => i.checkVisibility()).map(i => i.src.split("/").pop())"""
        assert page.locator(f"#chart-{DRAWN} img").evaluate_all(shown) == [f"{DRAWN}-light-wide.svg"]
        assert not page.locator(f"#chart-{DRAWN} table").is_visible() and not page.locator(f"#chart-{DRAWN} pre").is_visible()
        assert page.locator(f"#chart-{DRAWN} figcaption").inner_text().strip() == f"Chart {DRAWN} in “Minibook”."
