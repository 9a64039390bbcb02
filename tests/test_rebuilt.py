"""Copies of the minibook, as built, broken and rebuilt (``book`` is such a copy)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from browser import STRICT, build, executed, served, soup, until, window
from bs4 import BeautifulSoup
from conftest import MINIBOOK

from companion.book.theme import EARLY
from companion.project import Project


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
