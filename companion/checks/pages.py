"""Pages: every chapter opens as a notebook and stands in the table of contents; an address that moved leads to a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch

import yaml

from companion.checks.reading import listed
from companion.oped import read_yaml, yaml_words
from companion.problems import Problem, Wrong, relative
from companion.project import Project

MOVED = "data/moved.yml"


def check(project: Project) -> Iterator[Problem]:
    for chapter in project.chapters:
        if not chapter.readable:
            continue
        yield from _front(chapter)
        if not chapter.title:
            yield Problem(chapter.where, 0, "page", "the page has no title; its first heading is '# …'")
    if not (project.root / "_toc.yml").exists():
        yield Problem("_toc.yml", 0, "page", "the file is missing; it lists the pages of the book in order")
        return
    read_yaml(project.root / "_toc.yml", project.root)
    names = listed(project)
    text = (project.root / "_toc.yml").read_text(encoding="utf-8")
    for name in names:
        if not any((project.root / f"{name}{suffix}").exists() for suffix in ("", ".md", ".ipynb", ".rst")):
            line = next((i for i, row in enumerate(text.split("\n"), 1) if name in row), 0)
            yield Problem("_toc.yml", line, "page", f"no page '{name}'; write its path without .md")
    wanted = [name.removesuffix(".md") for name in names] + re.findall(r"glob:\s*[\"']?([^\s\"']+)", text)
    for chapter in project.chapters:
        name = chapter.where.removesuffix(".md")
        if not any(fnmatch(name, pattern) for pattern in wanted):
            yield Problem(chapter.where, 0, "page", f"the page is not in _toc.yml; add '- file: {name}' there")
    try:
        moved(project)
    except Wrong as err:
        yield from err.problems


def _front(chapter) -> Iterator[Problem]:
    def wrong(line: int, message: str) -> Problem:
        return Problem(chapter.where, line, "page", message)

    lines = chapter.text.split("\n")
    if not lines or lines[0].rstrip() != "---":
        yield wrong(1, "no front matter, so Jupyter doesn't open it as a notebook; begin the file as the other chapters do")
        return
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        yield wrong(1, "the front matter has no closing '---'")
        return
    front = "\n".join(lines[1:end])
    try:
        front = yaml.safe_load(front)
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line + 2 if err.problem_mark else 1
        yield wrong(line, f"the front matter is not valid YAML: {yaml_words(err, front)}")
        return
    for keys, right in {
        ("jupytext", "text_representation", "format_name"): "myst",
        ("jupytext", "text_representation", "extension"): ".md",
        ("kernelspec", "name"): "python3",
        ("kernelspec", "language"): "python",
    }.items():
        given = front
        for key in keys:
            given = given.get(key) if isinstance(given, dict) else None
        if given != right:
            yield wrong(1, f"front matter {'.'.join(keys)} is {given!r}; write '{right}', so that Jupyter opens the page")


def moved(project: Project) -> dict[str, str]:
    """Old address to new, as ``data/moved.yml`` lists them: pages without ``.html``, the new one with ``#place`` if need be."""
    path = project.root / MOVED
    if not path.exists():
        return {}
    where = relative(path, project.root)
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as err:
        line = getattr(getattr(err, "problem_mark", None), "line", -1) + 1
        raise Wrong(Problem(where, line, "moved", f"not YAML: {getattr(err, 'problem', err)}")) from None
    right = "write 'old/page: new/page', both without .html"
    if not isinstance(given, dict):
        raise Wrong(Problem(where, 0, "moved", f"not a list of addresses; {right}"))
    lines = path.read_text(encoding="utf-8").split("\n")
    problems = []
    for old, new in given.items():
        line = next((i for i, row in enumerate(lines, 1) if row.strip().strip("'\"").startswith(str(old))), 0)
        if not isinstance(new, str) or not re.fullmatch(r"[\w./-]+", str(old)) or str(old).endswith(".html"):
            problems.append(Problem(where, line, "moved", f"'{old}: {new}' doesn't read; {right}"))
        elif (project.root / f"{old}.md").exists():
            problems.append(Problem(where, line, "moved", f"'{old}' is a page of the book still; take the line out"))
        elif not (project.root / f"{new.partition('#')[0]}.md").exists():
            problems.append(Problem(where, line, "moved", f"'{old}' leads to '{new}', which is no page of the book"))
    if problems:
        raise Wrong(*problems)
    return {str(old): new for old, new in given.items()}
