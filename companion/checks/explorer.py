"""The explorer of territory: the makers that a page names are known, and their rows fit the map."""

from __future__ import annotations

from collections.abc import Iterator

from companion.checks.reading import directive, markdown, options_of, pages
from companion.problems import Problem, Wrong
from companion.project import Project

DIRECTIVES = ("territory-explorer", "territory-makers")


def check(project: Project) -> Iterator[Problem]:
    for page in pages(project):
        if not any(f"{{{name}}}" in page.text for name in DIRECTIVES):
            continue
        for token in markdown.parse(page.text):
            if token.type in ("fence", "colon_fence") and directive(token.info)[0] in DIRECTIVES:
                yield from _makers(project, page.where, token.map[0] + 1, options_of(token.content.split("\n"))[0])


def _makers(project: Project, where: str, line: int, options: dict) -> Iterator[Problem]:
    from companion.book.territory_explorer import named, shown  # loads Sphinx, which most checks do without

    for key in named(options.get("makers")):
        try:
            shown(project, key)
        except Wrong as err:
            # What is wrong in a table stands at the table's line; what the page names wrongly stands at the page's.
            yield from (p if p.line else Problem(where, line, "explorer", _with_path(p)) for p in err.problems)


def _with_path(problem: Problem) -> str:
    return f"{problem.message} ({problem.path})" if problem.path else problem.message
