"""What is published beside the pages: headers, the page for a lost address, pages that moved, the archive, the worker."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from browser import MODES, STRICT, WIDTHS, axe, build, recorded, served, window
from browser import Visit as Seen

from companion.book.publish import EMBEDDED, headers, headers_of
from companion.checks.pages import MOVED, moved
from companion.problems import Wrong
from companion.project import Project

MINIBOOK = Path(__file__).parent / "minibook"
VALUES = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


# Headers


def test_every_page_has_the_headers_and_one_policy(site):
    text = (site.html / "_headers").read_text()
    for path in site.pages:
        found = headers_of(text, f"/{path}")
        for name, value in VALUES.items():
            assert found.get(name) == value, f"{path}: {name} is {found.get(name)}"
        policy = found["Content-Security-Policy"]
        assert "," not in policy, f"{path}: two rules match, so that a host would join two policies"
        assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy and "'unsafe-eval'" not in policy, path
        assert "'sha256-" in policy, f"{path}: the inline script's hash is missing"
        framed = path.startswith(f"{EMBEDDED}/")
        assert ("frame-ancestors *" in policy) == framed and ("X-Frame-Options" in found) != framed, path


def test_rules_for_an_address():
    text = headers(["index.html", "chapters/p09.html", "charts/a.html"])
    assert headers_of(text, "/")["X-Frame-Options"] == "DENY"
    assert "frame-ancestors *" in headers_of(text, "/charts/a.html")["Content-Security-Policy"]
    assert "Content-Security-Policy" not in headers_of(text, "/_static/companion.css")
    assert headers_of("/*\n  A: 1\n/a/*\n  A: 2\n  B: 3\n", "/a/b") == {"A": "1, 2", "B": "3"}


def test_a_script_of_another_is_refused(browser, site):
    """The policy holds in the browser: an inline script and a foreign one, put into a page, don't run."""
    with window(browser) as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        body = (site.html / "how-to-read.html").read_text()
        evil = (
            "<script>window.evil = 1</script><script src='http://127.0.0.2:9/evil.js'></script>"
            "<p id=trap onclick='window.evil = 2'>x</p>"
        )
        context.route(
            "**/how-to-read.html",
            lambda route: route.fulfill(response=route.fetch(), body=body.replace("<h1>", f"{evil}<h1>", 1)),
        )
        page.goto(f"{site.url}/how-to-read.html")
        page.locator("#trap").click()
        assert page.evaluate("window.evil") is None
        assert sum("Content Security Policy" in line for line in said) >= 2, said


def test_another_site_may_frame_charts_and_nothing_else(browser, site, tmp_path):
    name = next(path for path in site.pages if path.startswith(f"{EMBEDDED}/"))
    (tmp_path / "index.html").write_text(
        f"<iframe name=chart src='{site.url}/{name}'></iframe><iframe name=page src='{site.url}/scorecard.html'></iframe>"
    )
    with served(tmp_path) as there, window(browser) as context:
        page = context.new_page()
        page.goto(there)
        page.wait_for_load_state("networkidle")
        assert page.frame("chart").locator("img").count() >= 1
        assert page.frame("page").url.startswith("chrome-error:"), "a page of the book stands in another site's frame"


# Lost and moved


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_lost_address_is_answered_kindly(browser, site, mode, width):
    with window(browser, mode, width) as context:
        page = context.new_page()
        for asked in ("chapters/p11-teritory-old.html", "nowhere/at/all.html", "p11"):
            answer = page.goto(f"{site.url}/{asked}")
            assert answer.status == 404
            assert page.locator("h1").inner_text() == "There is no such page"
            for link in page.locator("main a").all():
                there = context.request.get(link.evaluate("a => a.href"))
                assert there.ok, f"{asked}: {link.inner_text()} leads nowhere"
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Book Serif"'), "it has no styles"
        assert not axe(page), axe(page)
        page.goto(f"{site.url}/chapters/p11-war-machine.html")
        assert "Territory and the war machine" in page.locator("#near").inner_text()
        page.goto(f"{site.url}/qqq/xyz")
        assert not page.locator("#near").is_visible()


@pytest.fixture(scope="module")
def moved_book(tmp_path_factory):
    """A minibook with an address that moved, and an address of its own."""
    root = tmp_path_factory.mktemp("moved") / "book"
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build", "notebooks", "tables"))
    (root / MOVED).write_text("chapters/p09-old: chapters/p09-thin-support\nold/figures: scorecard\n")
    config = (root / "_config.yml").read_text()
    at = "  config:\n"
    (root / "_config.yml").write_text(config.replace(at, f"{at}    html_baseurl: https://example.org/book/\n", 1))
    done = build(root, *STRICT)
    assert done.returncode == 0, done.stdout[-3000:]
    return root / "_build" / "html"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_moved_page_leads_on(browser, moved_book, scripts):
    with served(moved_book) as url, window(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"{url}/chapters/p09-old.html#claims")
        if scripts:
            page.wait_for_url(f"{url}/chapters/p09-thin-support.html#claims")
        else:
            assert "This page has moved" in page.locator("h1").inner_text()
            page.locator("a#on").click()
            page.wait_for_url(f"{url}/chapters/p09-thin-support.html*")
        page.goto(f"{url}/old/figures.html")
        page.wait_for_url(f"{url}/scorecard.html", timeout=8000)


def test_a_lost_page_knows_where_the_book_lies(moved_book):
    """Below the site's root, the page's addresses begin with the book's own path."""
    text = (moved_book / "404.html").read_text()
    assert 'href="/book/_static/companion.css' in text and 'href="/book/scorecard.html"' in text
    assert 'href="_static' not in text and 'src="_static' not in text


BAD = {
    "chapters/p09-thin-support: scorecard\n": "data/moved.yml:1: 'chapters/p09-thin-support' is a page of the book still",
    "# a note\nold: nowhere\n": "data/moved.yml:2: 'old' leads to 'nowhere', which is no page of the book",
    "old.html: scorecard\n": "data/moved.yml:1: 'old.html: scorecard' doesn't read; write 'old/page: new/page'",
    "- old\n": "data/moved.yml: not a list of addresses; write 'old/page: new/page'",
    "old: [\n": "data/moved.yml:",
}


@pytest.mark.parametrize(("text", "said"), BAD.items())
def test_a_moved_address_that_leads_nowhere_is_told(book, text, said):
    (book / MOVED).write_text(text)
    with pytest.raises(Wrong) as wrong:
        moved(Project(book))
    lines = [str(problem) for problem in wrong.value.problems]
    assert len(lines) == 1 and lines[0].startswith(said), lines


# Offline


def test_the_archive_works_from_a_disk(browser, site, tmp_path):
    packed = next(site.html.glob("*.zip"))
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert len({name.split("/")[0] for name in names}) == 1, "the archive has more than one folder"
    root = tmp_path / packed.stem
    missing = [path for path in site.pages if path != "404.html" and not (root / path).exists()]
    assert not missing, missing
    with window(browser) as context:
        page = context.new_page()
        for path in ("index.html", "scorecard.html", "offline.html", max(p for p in site.pages if p.startswith("chapters/"))):
            seen = Seen((root / path).as_uri())
            with recorded(page, seen):
                page.goto(seen.path)
                page.wait_for_load_state("networkidle")
            assert not seen.errors, f"{path}: {seen.errors}"
            assert all(address.startswith(("file:", "data:")) for address in seen.requests), seen.requests
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Book Serif"'), f"{path}: no styles"
        chart = page.locator("figure.chart img:visible").first
        chart.scroll_into_view_if_needed()
        assert chart.evaluate("img => img.decode().then(() => img.naturalWidth > 0)")
        page.goto((root / "offline.html").as_uri())
        assert "copy from your disk" in page.locator("#keep-state").inner_text()


def test_the_archive_is_the_same_each_time(site, tmp_path):
    from companion.book.publish import archive

    folder = tmp_path / "html"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.html").write_text("x" * 999)
    first = archive(folder, "book").read_bytes()
    (folder / "a" / "b.html").touch()
    assert archive(folder, "book").read_bytes() == first


def test_a_page_once_read_stays_readable(browser, site):
    """Off until it is switched on; then pages that were read open without a network; switching off deletes them."""
    chapter = max(path for path in site.pages if path.startswith("chapters/"))
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{chapter}")
        assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
        page.goto(f"{site.url}/offline.html")
        page.get_by_role("button", name="Keep the pages that I read").click()
        page.get_by_role("button", name="Switch off").wait_for()
        page.goto(f"{site.url}/{chapter}")
        title = page.locator("h1").inner_text()
        page.wait_for_load_state("networkidle")
        context.set_offline(True)
        page.goto(f"{site.url}/{chapter}")
        assert page.locator("h1").inner_text() == title
        assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Book Serif"')
        page.goto(f"{site.url}/sources.html")  # never read: the page that says why
        assert "Read it offline" in page.locator("h1").inner_text()
        context.set_offline(False)
        page.goto(f"{site.url}/offline.html")
        page.get_by_role("button", name="Switch off").click()
        page.get_by_role("button", name="Keep the pages that I read").wait_for()
        assert page.evaluate("caches.keys()") == []
        assert not axe(page), axe(page)
