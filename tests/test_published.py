"""What is published beside the pages: headers, the page for a lost address, pages that moved, the archive, the worker."""

from __future__ import annotations

import re
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

import pytest
from browser import MODES, STRICT, WIDTHS, axe, build, recorded, served, serving, window
from browser import Visit as Seen
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from companion.book import publish
from companion.book.publish import EMBEDDED, headers, headers_of
from companion.checks.pages import MOVED, moved
from companion.problems import Wrong
from companion.project import Project

MINIBOOK = Path(__file__).parent / "minibook"
VALUES = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


# Headers


def test_every_page_has_the_headers_and_one_policy(site):
    text = (site.html / "_headers").read_text()
    for path in site.pages:
        found = headers_of(text, f"/{path}")
        assert headers_of(text, f"/{path.removesuffix('.html')}") == found, f"{path}: other headers without its ending"
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
        for asked in ("chapters/p11-teritory-old.html", "nowhere/at/all.html", "p11", "100%/p11-%zz"):
            answer = page.goto(f"{site.url}/{asked}")
            assert answer.status == 404
            assert page.locator("h1").inner_text() == "There is no such page"
            for link in page.locator("main a").all():
                there = context.request.get(link.evaluate("a => a.href"))
                assert there.ok, f"{asked}: {link.inner_text()} leads nowhere"
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Book Serif"'), "it has no styles"
        assert not axe(page), axe(page)
        for asked in ("chapters/p11-war-machine.html", "100%/p11-war-machine-%zz"):
            page.goto(f"{site.url}/{asked}")
            assert "Territory and the war machine" in page.locator("#near").inner_text(), asked
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
    assert "take the end off the address" not in text


def test_a_book_without_an_address_says_what_its_lost_page_lacks(site, monkeypatch):
    """Such a page can't know where the book lies; it reads without its styles, and the build says how to mend it."""
    based = "html_baseurl:" in (site.root / "_config.yml").read_text()
    assert ("take the end off the address" in (site.html / "404.html").read_text()) != based
    said = []
    monkeypatch.setattr(publish.log, "info", said.append)
    for address in ("", "https://example.org/book/"):
        app = SimpleNamespace(builder=SimpleNamespace(name="html"), config=SimpleNamespace(html_baseurl=address))
        ((_, context, _),) = publish.lost_page(app)
        assert context["based"] == bool(address)
    assert len(said) == 1 and "html_baseurl" in said[0], said


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
    assert not [name for name in names if name.endswith(("sw.js", ".zip"))], "it holds what a disk has no use for"
    for path in sorted(root.rglob("*.html")):
        at = f"http://book/{path.relative_to(root)}"
        found = BeautifulSoup(path.read_text(), "html.parser").select("[href], [src]")
        for to in {urlsplit(urljoin(at, tag.get("href") or tag.get("src"))) for tag in found}:
            assert to.netloc != "book" or (root / to.path.lstrip("/")).is_file(), f"{at}: {to.path} is not in the archive"
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
        expect(page.locator("#keep-state")).to_contain_text("copy from your disk")


def test_the_archive_is_the_same_each_time(site, tmp_path):
    from companion.book.publish import archive

    folder = tmp_path / "html"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.html").write_text("x" * 999)
    first = archive(folder, "book").read_bytes()
    (folder / "a" / "b.html").touch()
    assert archive(folder, "book").read_bytes() == first


# Kept pages. Their host is one that can be told to be slow, or to leave the ending out of addresses.


@dataclass
class Host:
    url: str = ""
    clean: bool = False
    """``/page.html`` is sent on to ``/page``."""
    held: dict[str, threading.Event] = field(default_factory=dict)
    """Paths whose answer waits: the head is sent, and half the body, or nothing at all if the path ends with ``!``."""
    asked: list[str] = field(default_factory=list)


@contextmanager
def hosted(folder: Path) -> Iterator[Host]:
    host = Host()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            host.asked.append(self.path)
            if f"{path}!" in host.held:
                host.held[f"{path}!"].wait(60)
            file = folder / (path.lstrip("/") or "index.html")
            if host.clean and path.endswith(".html"):
                self.send_response(308)
                self.send_header("Location", path.removesuffix("index.html").removesuffix(".html"))
                self.send_header("Content-Length", "0")
                return self.end_headers()
            if host.clean and not file.suffix:
                file = file.with_suffix(".html")
            body = file.read_bytes() if file.is_file() else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", self.guess_type(str(file)))
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")  # what is kept, the worker alone keeps
            self.send_header("Vary", "Origin")
            self.end_headers()
            half = len(body) // 2 if path in host.held else 0
            self.wfile.write(body[:half])
            self.wfile.flush()
            if half:
                host.held[path].wait(60)
            self.wfile.write(body[half:])

    with serving(Handler, folder) as url:
        host.url = url
        try:
            yield host
        finally:
            for event in host.held.values():
                event.set()


ON, OFF = "Keep the pages that I read", "Switch off"
# Which addresses are kept, without the host.
KEPT = """async () => {
  const within = async name => (await (await caches.open(name)).keys()).map(asked => asked.url.slice(location.origin.length));
  return (await Promise.all((await caches.keys()).map(within))).flat();
}"""


def switch_on(page, url):
    page.goto(f"{url}/offline.html")
    page.get_by_role("button", name=ON).click()
    page.get_by_role("button", name=OFF).wait_for()


def settled(page, url):
    """Open a page and wait until the worker has written what it loads."""
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.evaluate("async () => { for (const name of await caches.keys()) await navigator.locks.request(name, () => 0) }")


def styled(page):
    return page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Book Serif"')


def kept_until(page, path):
    for _ in range(50):
        if path in page.evaluate(KEPT):
            return True
        page.wait_for_timeout(100)
    return False


@pytest.fixture
def host(site):
    with hosted(site.html) as found:
        yield found


@pytest.fixture
def chapter(site):
    return max(path for path in site.pages if path.startswith("chapters/"))


@pytest.mark.parametrize("clean", [False, True])
def test_a_page_once_read_stays_readable(browser, host, chapter, clean):
    """Off until it is switched on; then pages that were read open without a network; switching off deletes them."""
    host.clean = clean
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{host.url}/{chapter}")
        assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
        switch_on(page, host.url)
        expect(page.locator("#keep-state")).to_contain_text("On: 2 pages kept")  # this page and the first
        settled(page, f"{host.url}/{chapter}")
        title = page.locator("h1").inner_text()
        context.set_offline(True)
        for path in (chapter, chapter.removesuffix(".html"), "", "index.html", "offline.html"):
            page.goto(f"{host.url}/{path}")
            assert styled(page), f"{path or '/'}: no styles"
        page.goto(f"{host.url}/{chapter}")
        assert page.locator("h1").inner_text() == title
        # Never read, and below a folder: the page that says why, with its styles and links that lead to the right place.
        page.goto(f"{host.url}/chapters/unread.html")
        assert "was not kept" in page.locator("h1 + p").inner_text() and styled(page)
        assert page.locator("nav.contents a[href$='scorecard.html']").evaluate("a => a.href") == f"{host.url}/scorecard.html"
        page.reload()
        assert page.get_by_text("was not kept").count() == 0, "it is this page now that was asked for"
        expect(page.locator("#keep-state")).to_contain_text("On: 3 pages kept")
        context.set_offline(False)
        page.goto(f"{host.url}/offline.html")
        page.get_by_role("button", name=OFF).click()
        page.get_by_role("button", name=ON).wait_for()
        assert page.evaluate("document.activeElement.textContent") == ON, "the focus is lost"
        assert page.evaluate("caches.keys()") == []
        assert not axe(page), axe(page)


def test_what_is_kept_tells_no_search_and_holds_no_archive(browser, host):
    with window(browser) as context:
        page = context.new_page()
        switch_on(page, host.url)
        settled(page, f"{host.url}/search.html?q=secret#found")
        page.evaluate("async () => (await fetch('/pause-or-peace.zip')).blob()")
        kept = page.evaluate(KEPT)
        assert "/search" in kept and not [path for path in kept if "secret" in path or ".zip" in path], kept
        context.set_offline(True)
        page.goto(f"{host.url}/search.html?q=another")
        assert page.locator("input[name=q]").first.is_visible() and "q=another" in page.url


def test_an_answer_waits_for_no_disk(browser, host, chapter):
    """A page is shown as it comes, though it can't be kept before it is whole; a full disk keeps nothing and hides nothing."""
    with window(browser) as context:
        page = context.new_page()
        switch_on(page, host.url)
        host.held[f"/{chapter}"] = threading.Event()
        page.goto(f"{host.url}/{chapter}", wait_until="commit")
        page.locator("h1").wait_for(timeout=4000)
        assert f"/{chapter.removesuffix('.html')}" not in page.evaluate(KEPT)
        host.held.pop(f"/{chapter}").set()
        assert kept_until(page, f"/{chapter.removesuffix('.html')}")
        full = context.new_cdp_session(page)
        full.send("Storage.overrideQuotaForOrigin", {"origin": host.url, "quotaSize": 1})
        settled(page, f"{host.url}/scorecard.html")
        assert page.title().startswith("Scorecard") and styled(page)
        assert "/scorecard" not in page.evaluate(KEPT), "the disk was not full: the test shows nothing"


def test_a_slow_network_is_not_waited_for(browser, host):
    with window(browser) as context:
        page = context.new_page()
        switch_on(page, host.url)
        settled(page, f"{host.url}/scorecard.html")
        host.held["/scorecard.html!"] = threading.Event()
        page.goto("about:blank")
        page.goto(f"{host.url}/scorecard.html", wait_until="commit", timeout=12000)
        assert page.title().startswith("Scorecard")


def test_of_two_versions_the_later_is_kept(browser, site, tmp_path):
    """After a new build, the page loads the new file and the old one is deleted; the old page has the new file offline."""
    folder = tmp_path / "html"
    shutil.copytree(site.html, folder, ignore=shutil.ignore_patterns("charts", "data", "tables", "*.zip"))
    old = re.search(r"companion\.css(\?v=\w+)", (folder / "scorecard.html").read_text())[1]
    with hosted(folder) as host, window(browser) as context:
        page = context.new_page()
        switch_on(page, host.url)
        settled(page, f"{host.url}/scorecard.html")
        sheets = lambda: [path for path in page.evaluate(KEPT) if path.startswith("/_static/companion.css")]  # noqa: E731
        assert sheets() == [f"/_static/companion.css{old}"], "no copy without its version"
        for path in ("index.html", "sources.html"):
            (folder / path).write_text((folder / path).read_text().replace(f"companion.css{old}", "companion.css?v=new"))
        with (folder / "_static" / "companion.css").open("a") as sheet:
            sheet.write("\nbody { outline: 7px solid red; }\n")
        settled(page, f"{host.url}/sources.html")
        assert sheets() == ["/_static/companion.css?v=new"]
        context.set_offline(True)
        for path in ("sources.html", "scorecard.html"):
            page.goto(f"{host.url}/{path}")
            assert page.evaluate("getComputedStyle(document.body).outlineWidth") == "7px", path


def test_switched_off_is_off_in_every_tab(browser, host, chapter):
    """Another tab's worker lives on after the switch: it keeps nothing more, nor what it was loading just then."""
    with window(browser) as context:
        page, other = context.new_page(), context.new_page()
        switch_on(page, host.url)
        settled(other, f"{host.url}/{chapter}")
        assert other.evaluate("navigator.serviceWorker.controller !== null")
        host.held["/datapackage.json"] = threading.Event()
        other.evaluate("() => { window.late = fetch('/datapackage.json').then(answer => answer.text()) }")
        page.get_by_role("button", name=OFF).click()
        page.get_by_role("button", name=ON).wait_for()
        assert page.evaluate("caches.keys()") == []
        host.held.pop("/datapackage.json").set()
        assert other.evaluate("async () => (await late).length") > 0
        other.evaluate("async () => (await fetch('/claims.json')).text()")
        settled(other, f"{host.url}/scorecard.html")
        assert other.evaluate("caches.keys()") == []
        # And on again, while that tab is still open.
        page.get_by_role("button", name=ON).click()
        page.get_by_role("button", name=OFF).wait_for()
        settled(page, f"{host.url}/{chapter}")
        assert f"/{chapter.removesuffix('.html')}" in page.evaluate(KEPT)


def test_the_switch_does_what_it_says(browser, host):
    """A tab whose button is out of date doesn't do the opposite; what stays of a worker that is gone is deleted."""
    with window(browser) as context:
        page, other = context.new_page(), context.new_page()
        switch_on(page, host.url)
        other.goto(f"{host.url}/offline.html")
        page.get_by_role("button", name=OFF).click()
        page.get_by_role("button", name=ON).wait_for()
        other.get_by_role("button", name=OFF).click()
        other.get_by_role("button", name=ON).wait_for()
        assert other.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
        page.evaluate("url => caches.open(`kept-pages ${url}/`)", host.url)
        page.evaluate("caches.open('of another book')")
        page.reload()
        page.get_by_role("button", name=ON).wait_for()
        assert page.evaluate("caches.keys()") == ["of another book"]


BLOCKED = """Object.defineProperty(window, 'caches', {
  get() { throw new DOMException('The operation is insecure.', 'SecurityError') }
})"""
FAILING = "navigator.serviceWorker.register = async () => { throw new Error('It failed.') }"


def test_where_nothing_may_be_stored_the_page_says_so(browser, host):
    with window(browser) as context:
        page, thrown = context.new_page(), []
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.add_init_script(BLOCKED)
        page.goto(f"{host.url}/offline.html")
        page.get_by_text("lets this site store nothing").wait_for()
        assert page.locator("#keep-pages button").count() == 0 and not thrown, thrown
    with window(browser) as context:
        page = context.new_page()
        page.add_init_script(FAILING)
        page.goto(f"{host.url}/offline.html")
        page.get_by_role("button", name=ON).click()
        page.get_by_text("didn't work: It failed. The archive").wait_for()
        assert page.evaluate("caches.keys()") == [] and page.get_by_role("button", name=ON).is_enabled()
