"""A page as the rules read it: which pages there are, the roles placed in one, and its prose with all else blanked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin

from companion.claims import PARTS, ROLE, Chapter, parse, split_options
from companion.project import Project
from companion.tables import near as near

markdown = MarkdownIt("commonmark").use(colon_fence_plugin).use(myst_block_plugin)
# Every link reaches the markup rule as a link; left to itself, the parser would drop an unsafe one into the text.
markdown.validateLink = lambda url: True

OWN = ("claim", *PARTS)
"""The companion's own directives: their arguments are ids and words of the grammar, not prose."""
FILES = ("figure", "image", "include", "literalinclude", "csv-table")
"""Directives whose argument is a file."""
NO_PROSE = ("code-cell", "code-block", "code", "sourcecode", "math", "mermaid", "literalinclude", "raw", "eval-rst", "role")
NO_PROSE += ("bibliography", "toctree", "tableofcontents", "include", "csv-table")
_FENCE = re.compile(r"\{([\w:-]+)\}\s*(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Role:
    """One of the companion's roles, where it is placed: ``{value}`share-held``` has kind ``value`` and text ``share-held``."""

    kind: str
    text: str
    line: int

    @property
    def keys(self) -> list[str]:
        """The keys of a citation."""
        return [key.strip() for key in self.text.split(",") if key.strip()]


@lru_cache(maxsize=4)
def pages(project: Project) -> tuple[Chapter, ...]:
    """Every Markdown page of the book: the chapters, the cover, and what else ``_toc.yml`` names."""
    known = {chapter.path.resolve(): chapter for chapter in project.chapters}
    for name in ["index", *listed(project)]:
        path = (project.root / (name if name.endswith(".md") else f"{name}.md")).resolve()
        if path.exists() and path not in known:
            known[path] = parse(path, project.root)
    return tuple(known.values())


def listed(project: Project) -> list[str]:
    """The files that ``_toc.yml`` names, in order, as written; none where it can't be read."""
    try:
        toc = yaml.safe_load((project.root / "_toc.yml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []

    def walk(node) -> list[str]:
        if isinstance(node, list):
            return [name for part in node for name in walk(part)]
        if isinstance(node, dict):
            own = [str(node[key]) for key in ("root", "file") if isinstance(node.get(key), str)]
            return own + [name for key in ("parts", "chapters", "sections") for name in walk(node.get(key))]
        return []

    return walk(toc)


def all_readable(project: Project) -> bool:
    """Whether every page could be read; what one uses that could not is not known, so nothing is called unused or missing."""
    return all(page.readable for page in pages(project))


def directive(info: str) -> tuple[str | None, str]:
    """The name and arguments of a fence's directive; None for a plain fence."""
    match = _FENCE.match(info.strip())
    return (match.group(1), match.group(2).strip()) if match else (None, "")


def options_of(content: list[str]) -> tuple[dict[str, str], int]:
    """A directive's options, written as ``:key: value`` lines or as a YAML block, and how many lines they take."""
    if content and content[0].strip() == "---" and "---" in [line.strip() for line in content[1:]]:
        end = [line.strip() for line in content].index("---", 1)
        try:
            block = yaml.safe_load("\n".join(content[1:end]))
        except yaml.YAMLError:
            block = None
        return {str(k): str(v) for k, v in block.items()} if isinstance(block, dict) else {}, end + 1
    return split_options(content)


@lru_cache(maxsize=256)
def _masked(text: str) -> tuple[str, str]:
    """A page's text twice, line for line: with code blanked (roles may stand there), and with all but prose blanked."""
    lines = text.split("\n")
    placed, prose = list(lines), list(lines)

    def blank(start: int, end: int) -> None:
        placed[start:end] = prose[start:end] = [""] * (end - start)

    def walk(body: list[str], offset: int) -> None:
        for token in markdown.parse("\n".join(body)):
            if token.map is None:
                continue
            start, end = offset + token.map[0], min(offset + token.map[1], len(lines))
            if token.type in ("code_block", "html_block", "myst_line_comment", "myst_target", "myst_block_break"):
                blank(start, end)
            elif token.type in ("fence", "colon_fence"):
                name, arguments = directive(token.info)
                if name is None or name in NO_PROSE:
                    blank(start, end)
                    continue
                content = token.content.rstrip("\n").split("\n")
                _, taken = options_of(content)
                prose[start] = "" if name in OWN or name in FILES else arguments
                prose[start + 1 : start + 1 + taken] = [""] * taken
                walk(content[taken:], start + 1 + taken)

    front = re.match(r"---\n(.*?\n)?---\n", text, re.DOTALL)
    offset = front.group(0).count("\n") if front else 0
    blank(0, offset)
    walk(lines[offset:], offset)
    return _no_inline_code("\n".join(placed)), _no_inline_code("\n".join(prose))


# A role and a code span look alike but for the name before the first backtick; neither goes past a blank line.
_INLINE_CODE = re.compile(r"(\{[\w:-]+\})?(?<![`\\])(`+)(?!`)((?:(?!\n[ \t]*\n).)+?)(?<!`)\2(?!`)", re.DOTALL)


def spaces(match: re.Match) -> str:
    """As many spaces as the match is long, its line breaks kept, so that places stay as they were."""
    return re.sub(r"[^\n]", " ", match.group(0))


def _no_inline_code(text: str) -> str:
    return _INLINE_CODE.sub(lambda match: match.group(0) if match.group(1) else spaces(match), text)


def prose(page: Chapter) -> str:
    """The page's text, line for line, with front matter, code, options and inline code blanked."""
    return _masked(page.text)[1]


def roles(page: Chapter, kind: str | None = None) -> list[Role]:
    """The companion's roles in a page, in order; also those in a directive's options."""
    text = _masked(page.text)[0]
    return [
        Role(match.group(1), match.group(2), line_at(text, match.start()))
        for match in ROLE.finditer(text)
        if kind in (None, match.group(1))
    ]


def roles_in(text: str, line: int, kind: str | None = None) -> list[Role]:
    """The roles in a piece of prose that starts on ``line``."""
    return [
        Role(match.group(1), match.group(2), line + text.count("\n", 0, match.start()))
        for match in ROLE.finditer(_no_inline_code(text))
        if kind in (None, match.group(1))
    ]


def line_at(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
