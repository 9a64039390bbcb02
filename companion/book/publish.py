"""What a published book needs beside its pages: headers for a static host, a page for an address that isn't there, pages
for addresses that have moved, a service worker that readers may switch on, and the whole as one archive.
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from companion.book import theme
from companion.checks.pages import moved
from companion.project import current

log = logging.getLogger(__name__)

HEADERS = "_headers"
"""The file in which Netlify, Cloudflare Pages and others look for headers: a path, then ``Name: value`` lines, indented."""
ALWAYS = {
    "Cache-Control": "no-cache",  # kept, but asked for again each time: pages and what they load must be of one build
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
EMBEDDED = "charts"  # the one folder whose pages may stand in frames of other sites


# Addresses that have moved


def _moved_page(old: str, new: str, title: str) -> str:
    page, _, place = new.partition("#")
    up = "../" * old.count("/")
    to = f"{up}{page}.html{'#' + place if place else ''}"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{theme.policy()}">\n'
        f'<meta http-equiv="refresh" content="3; url={escape(to)}">\n<meta name="robots" content="noindex">\n'
        f'<link rel="canonical" href="{escape(to)}">\n<link rel="stylesheet" href="{up}_static/companion.css">\n'
        f'<script src="{up}_static/moved.js" defer></script>\n<title>This page has moved · {escape(title)}</title>\n</head>\n'
        f'<body class="alone"><main id="main">\n<h1>This page has moved</h1>\n'
        f'<p>It is now at <a id="on" href="{escape(to)}">{escape(page)}</a>; you are taken there in a moment.</p>\n'
        "</main></body>\n</html>\n"
    )


# The page for an address that isn't there


def lost_page(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    if app.builder.name == "html":
        based = bool(app.config.html_baseurl)
        if not based:
            log.info("404.html: works at a host's root only; for a book below it, set html_baseurl in _config.yml")
        yield "404", {"title": "No such page", "based": based}, "404.html"


def _anchored(html: str, base: str) -> str:
    """The same page with every relative address from the site's root on, since a host shows it at any depth."""
    soup = BeautifulSoup(html, "html.parser")
    prefix = urlsplit(base).path.rstrip("/") + "/" if base else "/"
    for name in ("href", "src", "action"):
        for tag in soup.select(f"[{name}]"):
            if not re.match(r"[a-z]+:|/|#", tag[name]):
                tag[name] = prefix + tag[name]
    return str(soup)


# Headers


def headers(pages: list[str]) -> str:
    """The file of headers for a built book's ``pages`` (paths relative to its root).

    The policy is given folder by folder, since hosts join what several matching rules say, and a page that may be embedded
    can't take back what a rule for all forbade. A page at the root has its rule twice, for hosts that leave ``.html`` out.
    """
    policy = theme.policy()
    said = "".join(f"  {name}: {value}\n" for name, value in ALWAYS.items())
    blocks = [f"/*\n{said}"]
    tops = {f"/{PurePosixPath(page).parts[0]}/*" for page in pages if "/" in page}
    tops |= {f"/{name}" for page in pages if "/" not in page for name in (page, page.removesuffix(".html"))}
    for path in ["/", *sorted(tops)]:
        if path == f"/{EMBEDDED}/*":
            blocks.append(f"{path}\n  Content-Security-Policy: {policy}; frame-ancestors *\n")
            continue
        blocks.append(f"{path}\n  Content-Security-Policy: {policy}; frame-ancestors 'none'\n  X-Frame-Options: DENY\n")
    return "\n".join(blocks)


def headers_of(text: str, path: str) -> dict[str, str]:
    """The headers that a file of headers gives an address (``/chapters/p09.html``), as a host that follows it would."""
    found: dict[str, str] = {}
    holds = False
    for line in text.splitlines():
        if line and not line.startswith(" "):
            holds = path.startswith(line[:-1]) if line.endswith("*") else path == line
        elif holds and ":" in line:
            name, _, value = line.strip().partition(":")
            found[name] = f"{found[name]}, {value.strip()}" if name in found else value.strip()
    return found


# The whole as one archive


def _unpacked(page: bytes, name: str) -> bytes:
    """The page without the paragraph that offers the archive: within the archive there is none."""
    if f'"{name}.zip"'.encode() not in page:
        return page
    soup = BeautifulSoup(page, "html.parser")
    for link in soup.select(f'a[href="{name}.zip"]'):
        (link.find_parent("p") or link).decompose()
    return str(soup).encode()


def archive(folder: Path, name: str) -> Path:
    """Write ``folder`` into ``folder/name.zip``, below one folder ``name``; the same files give the same bytes."""
    target, made = folder / f"{name}.zip", folder / f".{name}.zip.part"
    since = (2026, 1, 1, 0, 0, 0)
    skip = {target, made, folder / HEADERS, folder / "404.html", folder / "sw.js", folder / ".buildinfo", folder / ".nojekyll"}
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and path not in skip):
            entry = zipfile.ZipInfo(f"{name}/{path.relative_to(folder).as_posix()}", since)
            entry.external_attr = 0o644 << 16
            # What is compressed already stays as it is.
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in (".png", ".woff2", ".zip") else zipfile.ZIP_DEFLATED
            body = path.read_bytes()
            packed.writestr(entry, _unpacked(body, name) if path.suffix == ".html" else body)
    os.replace(made, target)
    return target


class OfflineCopy(SphinxDirective):
    """The link to the archive, and the switch of the service worker, which a script makes where it can work."""

    def run(self) -> list[nodes.Node]:
        name = f"{self.config.epub_basename}.zip"
        words = f"Download {name}"
        link = nodes.paragraph("", "", nodes.reference(words, words, refuri=name, classes=["download"]))
        self.env.metadata[self.env.docname]["loads"] = "offline.js"
        return [link, nodes.container(ids=["keep-pages"], classes=["keep-pages"])]


def publish(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    out, project = Path(app.outdir), current()
    title = app.config.html_title
    for old, new in moved(project).items():
        target = out / f"{old}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_moved_page(old, new, title), encoding="utf-8")
    lost = out / "404.html"
    lost.write_text(_anchored(lost.read_text(encoding="utf-8"), app.config.html_baseurl), encoding="utf-8")
    shutil.copyfile(theme.HERE / "static" / "sw.js", out / "sw.js")  # it speaks for the folder it lies in, and only there
    (out / "_static" / "sw.js").unlink(missing_ok=True)
    pages = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.html"))
    (out / HEADERS).write_text(headers(pages), encoding="utf-8")
    archive(out, app.config.epub_basename)


def register(app: Sphinx) -> None:
    app.add_directive("offline-copy", OfflineCopy)
    app.connect("html-collect-pages", lost_page)
    app.connect("build-finished", publish, priority=990)
