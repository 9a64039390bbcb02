"""How fast the pages are, beside Jupyter Book's default look on the same content, in one run; see README.md beside this file."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import mimetypes
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
LEFT_OUT = shutil.ignore_patterns(".*", "_build", "tables", "tests", "bench", "companion", "*.egg-info", "node_modules")
LIGHTHOUSE = BENCH / "node_modules" / "lighthouse" / "cli" / "index.js"
NODE = (18, 20)  # what the pinned Lighthouse needs
LOOKS = ("ours", "default")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What the project holds itself to, on a chapter's page.
BYTES, REQUESTS, SCORE = 0.25, 15, 0.95
KINDS = ("Document", "Stylesheet", "Script", "Font", "Image")
TIMES = {
    "FCP": "first-contentful-paint",
    "LCP": "largest-contentful-paint",
    "TBT": "total-blocking-time",
    "CLS": "cumulative-layout-shift",
}
SQUEEZED = (".html", ".css", ".js", ".svg", ".json", ".csv", ".bib", ".yml", ".txt")
_SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)


# What it needs


def node() -> str:
    """The path of Node.js, once it is known to be new enough, with npm beside it."""
    found = shutil.which("node")
    if not found:
        sys.exit("Lighthouse needs Node.js, which is not on the PATH: install it (nodejs.org), then run this again.")
    said = subprocess.run([found, "--version"], capture_output=True, text=True).stdout.strip()
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if version < NODE:
        sys.exit(f"Lighthouse needs Node.js {NODE[0]}.{NODE[1]} or newer; node says {said or 'nothing'}.")
    if not shutil.which("npm"):
        sys.exit("npm is not on the PATH, and it installs Lighthouse: install it, then run this again.")
    return found


def browser() -> str:
    """The path of Chromium or Chrome: what CHROME_PATH names, or the first on the PATH."""
    named = os.environ.get("CHROME_PATH")
    if named and not (os.path.isfile(named) and os.access(named, os.X_OK)):
        sys.exit(f"CHROME_PATH names {named}, which is no program: let it name Chromium or Chrome.")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        sys.exit("Chromium or Chrome is not on the PATH: install one, or name it (CHROME_PATH=/path/to/chrome).")
    return found


def install_lighthouse() -> None:
    """Install what package-lock.json pins into bench/node_modules, unless it is there."""
    lock, done = BENCH / "package-lock.json", BENCH / "node_modules" / ".lock-installed"
    pinned = hashlib.sha256(lock.read_bytes()).hexdigest()
    if LIGHTHOUSE.exists() and done.exists() and done.read_text(encoding="utf-8") == pinned:
        return
    print("Installing Lighthouse into bench/node_modules …", flush=True)
    command = [shutil.which("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run = subprocess.run(command, cwd=BENCH, capture_output=True, text=True)
    if run.returncode:
        reasons = [line for line in run.stderr.splitlines() if line.strip()]
        sys.exit(f"npm could not install Lighthouse ({reasons[0] if reasons else 'no reason'}); it needs the registry once.")
    done.write_text(pinned, encoding="utf-8")


# The two books


def build(look: str, at: Path) -> Path:
    """Build the project as it is in the folder ``at``, in our look or the default one; where the pages are."""
    shutil.copytree(ROOT, at, ignore=LEFT_OUT)
    cache = next((c for c in (at.with_name("ours"), ROOT) if c != at and (c / "_build" / ".jupyter_cache").is_dir()), None)
    if cache:  # chapters that have run needn't run again: both looks show the same outputs
        shutil.copytree(cache / "_build" / ".jupyter_cache", at / "_build" / ".jupyter_cache")
    if look == "default":
        config = at / "_config.yml"
        text = config.read_text(encoding="utf-8")
        with_look = text.replace("extra_extensions: [companion.book]", "extra_extensions: [companion.book, default_look]")
        if with_look == text:
            sys.exit(
                "_config.yml: the line `extra_extensions: [companion.book]`, to which the default look is added, is not there"
            )
        config.write_text(with_look, encoding="utf-8")
    paths = [str(BENCH), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "NO_COLOR": "1"}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
    run = subprocess.run(command, cwd=at, env=env, capture_output=True, text=True)
    if run.returncode:
        log = Path(tempfile.gettempdir()) / f"bench-pages-{look}.log"
        log.write_text(run.stdout + run.stderr, encoding="utf-8")
        sys.exit(f"The book does not build ({look} look); `make book` says why, and the log is in {log}.")
    return at / "_build" / "html"


# The server


@cache
def content(path: Path) -> tuple[bytes, bytes | None]:
    """A file as it is, and compressed where a static host would compress it."""
    raw = path.read_bytes()
    return raw, gzip.compress(raw, 9, mtime=0) if path.suffix in SQUEEZED and len(raw) > 256 else None


class Host(BaseHTTPRequestHandler):
    """A static host: HTTP/1.1 with connections kept open, gzip, and ten minutes of caching, as GitHub Pages has it.

    ``/ours/…`` and ``/default/…`` are the two books.
    """

    protocol_version = "HTTP/1.1"
    roots: dict[str, Path]

    def do_GET(self) -> None:
        look, _, name = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        root = self.roots.get(look)
        path = (root / (name + "index.html" if name.endswith("/") or not name else name)).resolve() if root else None
        if path is None or not path.is_relative_to(root) or not path.is_file():
            return self._send(404, "text/plain", b"There is no such file.\n", {})
        raw, squeezed = content(path)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        kind += "; charset=utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "json")) else ""
        headers = {
            "Cache-Control": "max-age=600",
            "ETag": f'"{hashlib.sha256(raw).hexdigest()[:16]}"',
            "Last-Modified": formatdate(path.stat().st_mtime, usegmt=True),
        }
        if squeezed is not None:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                raw, headers["Content-Encoding"] = squeezed, "gzip"
        self._send(200, kind, raw, headers)

    do_HEAD = do_GET

    def _send(self, status: int, kind: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args) -> None:
        """Nothing: the browser tells what it asked for."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """Nothing: a browser that is closed drops its connections."""


@contextmanager
def served(roots: dict[str, Path]) -> Iterator[str]:
    """Serve the books; the address to put ``<look>/<page>`` behind."""
    mimetypes.add_type("font/woff2", ".woff2")
    mimetypes.add_type("text/javascript", ".js")
    for root in roots.values():  # nothing is compressed while a page is timed
        for path in root.rglob("*"):
            if path.is_file() and path.suffix in (".html", ".css", ".js", ".svg"):
                content(path.resolve())
    host = type("BooksHost", (Host,), {"roots": {look: root.resolve() for look, root in roots.items()}})
    server = Server(("127.0.0.1", 0), host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


# The measurement


@dataclass
class Seen:
    """What Lighthouse saw of one page in one look, a value a round, and what the page is made of."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    kinds: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    foreign: Counter = field(default_factory=Counter)
    failed: set[str] = field(default_factory=set)
    lcp: str = ""

    def of(self, name: str) -> float:
        return statistics.median(self.values[name])

    def spread(self, name: str) -> str:
        low, high = min(self.values[name]), max(self.values[name])
        return f"{low:.2f} to {high:.2f}"

    def bytes_of(self, kind: str, rounds: int) -> float:
        got = self.kinds[kind]
        return statistics.median([*got, *[0] * (rounds - len(got))])


def lighthouse(url: str, programs: dict[str, str], folder: Path) -> dict:
    """Lighthouse's report on one page: its mobile preset, in a browser of its own with an empty cache."""
    out = folder / "report.json"
    out.unlink(missing_ok=True)
    command = [
        programs["node"],
        str(LIGHTHOUSE),
        url,
        "--only-categories=performance",
        "--form-factor=mobile",
        "--throttling-method=simulate",
        "--disable-full-page-screenshot",
        "--no-enable-error-reporting",
        "--output=json",
        f"--output-path={out}",
        "--chrome-flags=--headless=new --no-sandbox --disable-background-networking --disable-component-update",
        "--quiet",
    ]
    run = subprocess.run(command, env=os.environ | {"CHROME_PATH": programs["browser"]}, capture_output=True, text=True)
    report = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    error = report.get("runtimeError", {}).get("message")
    if error or not report:
        said = error or next(iter(run.stderr.strip().splitlines()[::-1]), "nothing")
        sys.exit(f"Lighthouse could not measure {urlsplit(url).path}: {said}")
    return report


def note(seen: Seen, report: dict, home: str) -> None:
    """Add one report to what is known of a page."""
    audits = report["audits"]
    kinds: Counter = Counter()
    requests = [r for r in audits["network-requests"]["details"]["items"] if not r["url"].startswith(("data:", "blob:"))]
    for request in requests:
        size = request.get("transferSize") or 0
        kind = request.get("resourceType") or "Other"
        kinds[kind if kind in KINDS else "Other"] += size
        at = urlsplit(request["url"])
        if at.netloc != urlsplit(home).netloc:
            seen.foreign[at.netloc] += 1
        elif request.get("statusCode", 0) >= 400:
            seen.failed.add(at.path)
    seen.values["bytes"].append(sum(kinds.values()))
    seen.values["requests"].append(len(requests))
    for kind, size in kinds.items():
        seen.kinds[kind].append(size)
    for name, audit in TIMES.items():
        seen.values[name].append(audits[audit]["numericValue"])
    seen.values["score"].append(report["categories"]["performance"]["score"])
    found = json.dumps(audits.get("lcp-breakdown-insight", audits.get("largest-contentful-paint-element", {})))
    element = re.search(r'"snippet": "((?:[^"\\]|\\.)*)"', found)
    seen.lcp = json.loads(f'"{element.group(1)}"') if element else seen.lcp
    items = audits.get("render-blocking-insight", {}).get("details", {}).get("items", [])
    seen.values["blocking styles"].append(sum(".css" in item.get("url", "") for item in items))


def blocking_scripts(page: Path) -> int:
    """How many of a page's scripts hold up its parser: those with a file that are neither deferred, async nor modules."""
    attributes = _SCRIPT.findall(page.read_text(encoding="utf-8"))
    return sum("src=" in a and not re.search(r"\b(?:defer|async)\b|\btype=\"?module", a) for a in attributes)


# The table


def kb(size: float) -> str:
    return f"{size / 1000:,.1f}"


def table(pages: list[str], seen: dict[tuple[str, str], Seen], roots: dict[str, Path], rounds: int) -> None:
    """One block a page: ours, the default, and ours as a share of the default."""
    for page in pages:
        ours, other = (seen[page, look] for look in LOOKS)
        rows: list[tuple[str, float, float, str]] = [("kB transferred", ours.of("bytes"), other.of("bytes"), "kB")]
        for kind in (*KINDS, "Other"):
            sizes = [s.bytes_of(kind, rounds) for s in (ours, other)]
            if any(sizes):
                rows.append((f"  {kind.lower()}", *sizes, "kB"))
        rows.append(("requests before scrolling", ours.of("requests"), other.of("requests"), "count"))
        rows += [(f"{name}, s", ours.of(name), other.of(name), "s") for name in ("FCP", "LCP")]
        rows += [("TBT, ms", ours.of("TBT"), other.of("TBT"), "count"), ("CLS", ours.of("CLS"), other.of("CLS"), "shift")]
        rows.append(("performance score", ours.of("score"), other.of("score"), "score"))
        rows.append(("scripts that block", *(blocking_scripts(roots[look] / page) for look in LOOKS), "count"))
        shown = {
            "kB": kb,
            "count": lambda v: f"{v:,.0f}",
            "s": lambda v: f"{v / 1000:.2f}",
            "shift": lambda v: f"{v:.3f}",
            "score": lambda v: f"{v:.2f}",
        }
        print(f"\n{page:34}{'ours':>10}{'default':>10}{'ratio':>8}")
        for name, mine, theirs, kind in rows:
            ratio = f"{mine / theirs:.2f}" if theirs and kind != "shift" else ""
            print(f"{name:34}{shown[kind](mine):>10}{shown[kind](theirs):>10}{ratio:>8}")
        print(f"  score in each round: ours {ours.spread('score')}, default {other.spread('score')}")
        for look, side in zip(LOOKS, (ours, other), strict=True):
            print(f"  largest paint, {look}: {side.lcp[:90] or 'unknown'}")
            if side.foreign:
                hosts = ", ".join(f"{host} ({count // rounds or 1})" for host, count in sorted(side.foreign.items()))
                print(f"  {look} asks other hosts: {hosts}; counted above, with no bytes where they can't be reached")
            if side.failed:
                print(f"  {look} asks for what is not there: {', '.join(sorted(side.failed))}")


def held(pages: list[str], seen: dict[tuple[str, str], Seen], roots: dict[str, Path]) -> None:
    """A line for each thing that the project holds itself to and a page does not keep."""
    broken = []
    for page in pages:
        ours, other = (seen[page, look] for look in LOOKS)
        share = ours.of("bytes") / other.of("bytes")
        if page.startswith("chapters/") and share > BYTES:
            broken.append(f"{page}: {share:.2f} of the default's bytes; at most {BYTES}")
        if ours.of("requests") > REQUESTS:
            broken.append(f"{page}: {ours.of('requests'):.0f} requests before scrolling; at most {REQUESTS}")
        if ours.of("score") < SCORE:
            broken.append(f"{page}: score {ours.of('score'):.2f}; at least {SCORE}")
        if ours.of("CLS") > 0.0005:  # shown as 0.000
            broken.append(f"{page}: the layout shifts by {ours.of('CLS'):.3f}; it should not")
        if blocking := blocking_scripts(roots["ours"] / page):
            broken.append(f"{page}: {blocking} scripts block; none should")
    print("\n" + ("\n".join(f"Not kept: {line}" for line in broken) or "Every page keeps what the project holds itself to."))


def say(what: str) -> None:
    """What is being measured, in one line that the next takes the place of; nothing where nobody looks on."""
    if sys.stdout.isatty():
        print(f"\r\033[K{what}", end="", flush=True)


def main() -> None:
    about = argparse.ArgumentParser(prog="bench/pages.py", description=__doc__)
    about.add_argument("pages", nargs="*", help="pages to measure (chapters/p09-public-opinion); the cover and every chapter")
    about.add_argument("--rounds", type=int, default=5, help="measurements of each page in each look (5)")
    about.add_argument("--ours", type=Path, metavar="FOLDER", help="take this built book as ours")
    about.add_argument("--default", type=Path, metavar="FOLDER", help="take this built book as the default look")
    about.add_argument("--reports", type=Path, metavar="FOLDER", help="keep Lighthouse's reports, which say what costs what")
    given = about.parse_args()
    if given.rounds < 1:
        about.error("--rounds: one or more")
    programs = {"node": node(), "browser": browser()}
    install_lighthouse()
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as name:
        folder, roots = Path(name), {}
        for look in LOOKS:
            taken = getattr(given, look)
            if not taken:
                print(f"Building the book in a throw-away folder, {look} look …", flush=True)
            roots[look] = taken or build(look, folder / look)
        pages = given.pages or ["index", *sorted(f"chapters/{path.stem}" for path in (ROOT / "chapters").glob("*.md"))]
        pages = [page if page.endswith(".html") else f"{page}.html" for page in pages]
        for page in pages:
            if missing := [look for look in LOOKS if not (roots[look] / page).is_file()]:
                about.error(f"{page} is not in the book ({' and '.join(missing)})")
        seen: dict[tuple[str, str], Seen] = defaultdict(Seen)
        with served(roots) as home:
            for number in range(given.rounds):
                for page in pages:
                    # By turns, and each look first as often: what else the machine does then falls on both.
                    for look in LOOKS if number % 2 == 0 else LOOKS[::-1]:
                        say(f"Round {number + 1} of {given.rounds}: {page}, {look}")
                        report = lighthouse(f"{home}{look}/{page}", programs, folder)
                        note(seen[page, look], report, home)
                        if given.reports:
                            given.reports.mkdir(parents=True, exist_ok=True)
                            kept = given.reports / f"{page.removesuffix('.html').replace('/', '-')}-{look}-{number + 1}.json"
                            kept.write_text(json.dumps(report, indent=1), encoding="utf-8")
        say("")
        print(f"Lighthouse {version()}, mobile preset, local server with gzip; medians of {given.rounds} rounds, by turns.")
        print("Times and scores depend on the machine and on what else it does: read the ratios.")
        table(pages, seen, roots, given.rounds)
        held(pages, seen, roots)


def version() -> str:
    return json.loads((LIGHTHOUSE.parents[1] / "package.json").read_text(encoding="utf-8"))["version"]


if __name__ == "__main__":
    main()
