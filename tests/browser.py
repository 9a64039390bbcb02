"""Fixtures and helpers of the tests that open the built book in a browser. A test module imports the fixtures by name."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from companion.book.publish import HEADERS, headers_of

ROOT = Path(__file__).parent.parent
MODES = ("light", "dark")
WIDTHS = {"phone": 360, "desktop": 1280}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    # Off by default in axe, though its tag is named above.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    "preload": False,  # only an experimental rule would read it
}


# The book


@dataclass
class Site:
    """A built book: where it is, where it is served, and its pages as paths relative to its root."""

    root: Path
    url: str

    @property
    def html(self) -> Path:
        return self.root / "_build" / "html"

    @property
    def pages(self) -> list[str]:
        return sorted(str(path.relative_to(self.html)) for path in self.html.rglob("*.html"))


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


# Which pages to open


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


def copy_project(to: Path) -> Path:
    """A copy of what the repository tracks or would track: no built book, no cache, no environment."""
    named = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, named.stdout.decode().split("\0")):
        source, target = ROOT / name, to / name
        if source.is_file():  # a tracked file may have been deleted
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return to


def build(root: Path, *options: str) -> subprocess.CompletedProcess:
    """``jupyter-book build .`` in ``root``, with this interpreter's environment; output and errors together."""
    return subprocess.run(**_command(root, *options), text=True, stdout=subprocess.PIPE)


def _command(root: Path, *options: str) -> dict:
    # A chapter's cells run in a kernel of the same environment, and read the project they lie in.
    bin_dir = str(Path(sys.executable).parent)
    env = os.environ | {"PATH": bin_dir + os.pathsep + os.environ.get("PATH", ""), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return {"args": [f"{bin_dir}/jupyter-book", "build", ".", *options], "cwd": root, "env": env, "stderr": subprocess.STDOUT}


STRICT = ("--warningiserror", "--nitpick", "--keep-going")  # as `make book` has it


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on localhost as a static host does, with the headers that it asks for; gives its address."""
    asked = folder / HEADERS
    rules = asked.read_text(encoding="utf-8") if asked.exists() else ""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def end_headers(self) -> None:
            for name, value in headers_of(rules, urlsplit(self.path).path).items():
                if name != "Strict-Transport-Security":  # holds for https alone
                    self.send_header(name, value)
            super().end_headers()

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            lost = folder / "404.html"
            if code != 404 or not lost.exists():
                return super().send_error(code, message, explain)
            body = lost.read_bytes()
            self.send_response(404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Quiet, folder) as url:
        yield url


@contextmanager
def serving(handler: type[SimpleHTTPRequestHandler], folder: Path) -> Iterator[str]:
    """A server on localhost whose answers ``handler`` gives; gives its address."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:  # a page that closes takes its unfinished requests with it
            pass

    with Server(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Begun:
    """A build of the real book, from an empty tree with warnings as errors, that goes on beside other tests.

    One for all the processes that share the tests: it lies in a folder that all of them know, and the first to need it begins it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root, self._log, self._code, self._leader = (folder / name for name in ("book", "log.txt", "code", "leader"))

    def begin(self) -> None:
        try:
            self.root.mkdir(parents=True)
        except FileExistsError:
            return
        copy_project(self.root)
        command = _command(self.root, *STRICT)
        # Whoever waits may be no parent of the build, so that a file says how it ended.
        told = ["sh", "-c", '"$@"; echo $? > "$0.part"; mv "$0.part" "$0"', str(self._code), *command.pop("args")]
        with self._log.open("w") as log:
            process = subprocess.Popen(told, stdout=log, start_new_session=True, **command)
        self._leader.write_text(str(process.pid))

    def done(self) -> subprocess.CompletedProcess:
        while not self._code.exists():
            time.sleep(0.2)
        return subprocess.CompletedProcess(
            "jupyter-book build", int(self._code.read_text()), self._log.read_text(encoding="utf-8", errors="replace")
        )

    def end(self) -> None:
        """Stop it if it still goes on, and take it away."""
        if self._leader.exists() and not self._code.exists():
            with suppress(ProcessLookupError):
                os.killpg(int(self._leader.read_text()), signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


BEGUN = pytest.StashKey[Begun]()


@pytest.fixture(scope="session", name="site")
def the_site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The real book, built once; its build began when the tests were collected."""
    begun = request.config.stash[BEGUN]
    root, done = begun.root, begun.done()
    if done.returncode:
        pytest.fail("the book does not build:\n" + "\n".join(complaints(done)), pytrace=False)
    with served(root / "_build" / "html") as url:
        found = Site(root, url)
        assert len(found.pages) >= 10, f"only {len(found.pages)} pages were built"
        yield found


def complaints(done: subprocess.CompletedProcess) -> list[str]:
    """What a build said was wrong, without the list of pages that it wrote; its last lines if it died otherwise."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", done.stdout).splitlines()
    return [line for line in plain if re.search(r"(WARNING|ERROR|Error):", line)] or plain[-20:]


def executed(done: subprocess.CompletedProcess) -> list[str]:
    """The chapters that a build ran, by its own log."""
    return sorted({Path(name).stem for name in re.findall(r"(\S+\.md): Executed notebook in", done.stdout)})


# The browser


def chromium() -> str | None:
    """A Chromium on the PATH; None leaves it to Playwright's own."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def running() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        except PlaywrightError as error:
            why = str(error).splitlines()[0]
            pytest.fail(f"no browser: install Chromium (apt install chromium, or playwright install chromium): {why}", False)
        yield found
        found.close()


@pytest.fixture(scope="session", name="browser")
def the_browser() -> Iterator[Browser]:
    with running() as found:
        yield found


@contextmanager
def window(browser: Browser, mode: str = "light", width: str = "desktop", **options: object) -> Iterator[BrowserContext]:
    size = {"width": WIDTHS[width], "height": 800}
    context = browser.new_context(color_scheme=mode, viewport=size, **options)
    yield context
    context.close()


@dataclass
class Visit:
    """What happened while a page was opened."""

    path: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)


@contextmanager
def recorded(page: Page, visit: Visit) -> Iterator[None]:
    """Note every request, every answer that is an error, and every error that the console or a script reports."""
    host = urlsplit(visit.path).netloc

    def on_request(request) -> None:
        visit.requests.append(request.url)
        if urlsplit(request.url).scheme not in ("data", "blob") and urlsplit(request.url).netloc != host:
            visit.foreign.append(request.url)

    noted = {
        "request": on_request,
        "response": lambda r: visit.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None,
        "console": lambda m: visit.errors.append(m.text) if m.type in ("error", "warning") else None,
        "pageerror": lambda e: visit.errors.append(str(e)),
    }
    for event, note in noted.items():
        page.on(event, note)
    yield
    for event, note in noted.items():
        page.remove_listener(event, note)


def until(page: Page, condition: str, seconds: float = 15) -> None:
    """Wait until a JavaScript expression is true; Playwright's own wait evaluates in the page, as the book's policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"not true within {seconds} seconds: {condition}"
        page.wait_for_timeout(50)


# What is folded is judged too, and so is what a browser lays out only when a reader comes near. Of a long table or list the
# first rows will do, since the others are made alike and axe takes a quarter of a minute for some thousand cells.
UNFOLD = """() => {
  const lists = [['details tbody', 3], ['tbody', 60], ['.source-list', 60], ['.names-list', 60]];
  for (const [list, most] of lists)
    for (const whole of document.querySelectorAll(list)) [...whole.children].slice(most).forEach(row => row.remove());
  for (const part of document.querySelectorAll('details')) part.open = true;
  for (const part of document.querySelectorAll('section[id^="figures-"]')) part.style.contentVisibility = 'visible';
  return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
# Boxes that scroll by themselves may hold what is wider than the window; nothing else may.
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const out = [...document.querySelectorAll('main *, header *, footer *')].filter(e => e.getBoundingClientRect().right > room + 1
    && !e.closest('.table-scroll') && !e.closest('.sr'));
  return out.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).concat(`page is ${document.documentElement.scrollWidth} px wide`);
}"""


def look(page: Page, url: str) -> Visit:
    """Open a page; see whether it fits as it stands; unfold it, see again, and let axe judge it."""
    visit = Visit(url)
    with recorded(page, visit):
        page.goto(url, wait_until="load")
        visit.too_wide = page.evaluate(TOO_WIDE)
        page.evaluate(UNFOLD)
        visit.too_wide += page.evaluate(TOO_WIDE)
        visit.violations = axe(page)
    return visit


def axe(page: Page, part: str | None = None) -> list[str]:
    """One line for each rule that the page breaks, or a part of it, with the first places."""
    found = Axe().run(page, context=part, options=AXE).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}), {len(rule['nodes'])}×: {rule['help']}. "
        + " | ".join(f"{node['html'][:160]} [{'; '.join(map(str, node['target'][:1]))}]" for node in rule["nodes"][:2])
        for rule in found
    ]
