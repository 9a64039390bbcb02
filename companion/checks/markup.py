"""Markup: no raw HTML and no script in a page, links that are safe and lead somewhere, a text for every image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from companion.checks.reading import NO_PROSE, directive, markdown, options_of, pages
from companion.claims import Chapter
from companion.problems import Problem
from companion.project import Project

REFUSED = {
    "raw": "it puts HTML into the page unseen",
    "eval-rst": "it can do all that a raw directive can",
    "role": "it can define a role for raw HTML",
}
SCHEMES = ("http", "https", "mailto", "path", "project", "inv")
"""What a link may begin with; the last three are MyST's own."""
BUILT = (".html", ".json", ".xml", ".pdf", ".epub")
"""Files that the build may make, so that they needn't lie there before it."""
_SCHEME = re.compile(r"^\s*([a-zA-Z][\w+.-]*):")


def check(project: Project) -> Iterator[Problem]:
    for page in pages(project):
        front = re.match(r"---\n(.*?\n)?---\n", page.text, re.DOTALL)
        offset = front.group(0).count("\n") if front else 0
        yield from _walk(project, page, page.text.split("\n")[offset:], offset)


def _walk(project: Project, page: Chapter, body: list[str], offset: int) -> Iterator[Problem]:
    """The problems of a piece of Markdown whose first line is line ``offset + 1`` of the page."""
    for token in markdown.parse("\n".join(body)):
        line = offset + token.map[0] + 1 if token.map else 0

        def wrong(message: str, at: int) -> Problem:
            return Problem(page.where, at, "markup", message)

        if token.type == "html_block":
            yield wrong(_html(token.content), line)
        elif token.type == "inline":
            yield from _inline(project, page, token.children or (), line)
        elif token.type in ("fence", "colon_fence"):
            name, arguments = directive(token.info)
            if name in REFUSED:
                yield wrong(f"directive {{{name}}} is refused: {REFUSED[name]}; write Markdown", line)
            if name is None or name in NO_PROSE:
                continue
            content = token.content.rstrip("\n").split("\n")
            options, taken = options_of(content)
            if name in ("image", "figure"):
                if not options.get("alt", "").strip():
                    yield wrong(f"{{{name}}} has no ':alt:'; say what a reader would see", line)
                yield from _target(project, page, arguments, line)
            else:
                for inline in markdown.parseInline(arguments):
                    yield from _inline(project, page, inline.children or (), line)
            for text in options.values():
                for inline in markdown.parseInline(text):
                    yield from _inline(project, page, inline.children or (), line)
            yield from _walk(project, page, content[taken:], offset + token.map[0] + 1 + taken)


def _inline(project: Project, page: Chapter, children, line: int) -> Iterator[Problem]:
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "html_inline":
            yield Problem(page.where, line, "markup", _html(child.content))
        elif child.type == "image":
            if not child.content.strip():
                message = f"image '{child.attrs.get('src')}' has no alternative text; write ![what a reader would see](…)"
                yield Problem(page.where, line, "markup", message)
            yield from _target(project, page, str(child.attrs.get("src", "")), line)
        elif child.type == "link_open":
            yield from _target(project, page, str(child.attrs.get("href", "")), line)


def _html(content: str) -> str:
    shown = " ".join(content.split())[:40]
    right = "write a comment as a line that starts with %" if shown.startswith("<!--") else "write Markdown"
    return f"raw HTML '{shown}'; {right}"


def _target(project: Project, page: Chapter, target: str, line: int) -> Iterator[Problem]:
    # Browsers drop control characters and white space inside a scheme, so they go before it is read.
    scheme = _SCHEME.match(re.sub(r"[\x00-\x20]", "", unquote(target)))
    if scheme:
        if scheme.group(1).lower() not in SCHEMES:
            message = f"address '{target[:40]}' begins with {scheme.group(1)}:; a link is https, http, mailto or a path"
            yield Problem(page.where, line, "markup", message)
        return
    path = unquote(target.split("#")[0].split("?")[0])
    # A word without an ending is a reference to a label or a page, which the build resolves.
    if not path or not Path(path).suffix or Path(path).suffix in BUILT or path.startswith("//"):
        return
    full = project.root / path.lstrip("/") if path.startswith("/") else page.path.parent / path
    if not full.resolve().is_relative_to(project.root):
        yield Problem(
            page.where, line, "markup", f"'{target}' lies outside the project; link to a file in it or to a web address"
        )
    elif not full.exists():
        yield Problem(page.where, line, "markup", f"no file '{target}'; a path starts from the page's own folder")
