"""Charts: ids unique across the book, and every chart that the prose speaks of is there.

What a chart itself lacks (a title, alternative text, a source) is a problem of its cell; the rule on values passes it on.
"""

from __future__ import annotations

from collections.abc import Iterator

from companion.checks.reading import all_readable, near, pages, roles
from companion.problems import Problem
from companion.project import Project


def check(project: Project) -> Iterator[Problem]:
    first: dict[str, str] = {}
    failed: set[str] = set()
    for page in pages(project):
        for ident in page.evaluated.charts:
            line = page.evaluated.lines[ident]
            if ident in first:
                message = f"chart '{ident}' stands at {first[ident]} already; give each its own id"
                yield Problem(page.where, line, "chart", message)
            first.setdefault(ident, f"{page.where}:{line}")
        if page.evaluated.problems:
            # A chart that failed has its problem said; a reference to it is no second one.
            failed.add("\n".join(code for _, code in page.cells))
    for page in pages(project) if all_readable(project) else ():
        for role in roles(page, "chart"):
            if role.text not in first and not any(f'"{role.text}"' in code for code in failed):
                right = near(role.text, first, "write the id of a chart in the book")
                yield Problem(page.where, role.line, "chart", f"no chart '{role.text}'; {right}")
