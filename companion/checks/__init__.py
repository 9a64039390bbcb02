"""What a contributor can break: one rule (or family of rules) a file, each ``check(project)`` giving problems.

``run`` calls them all. Nothing here draws, builds or executes a notebook, so that it takes about a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from companion.checks import charts, claims, clocks, markup, oped, pages, prose, quotes, sources, tables, values
from companion.problems import Problem, Wrong
from companion.project import Project, use

RULES: tuple[Callable[[Project], Iterable[Problem]], ...] = tuple(
    module.check for module in (oped, sources, tables, pages, markup, claims, clocks, values, charts, quotes, prose)
)


def run(project: Project, root: Path | None = None) -> list[Problem]:
    """Every problem of the project, sorted; bad input never raises, and one broken file doesn't hide the others.

    ``root`` is the folder that paths in messages are relative to, the project's own unless given.
    """
    if root is not None and Path(root).resolve() != project.root:
        project = Project(Path(root))
    with use(project):
        found = {problem for rule in RULES for problem in _guarded(rule, project)}
        found -= _told_twice(project, found)
    return sorted(found)


def _guarded(rule: Callable, project: Project) -> Iterator[Problem]:
    try:
        yield from rule(project)
    except Wrong as err:
        yield from err.problems
    except Exception as err:
        # Input that a rule did not foresee. It must not pass, and it must not hide what the other rules find.
        if os.environ.get("COMPANION_DEBUG"):
            raise
        where = "companion/checks/" + rule.__module__.rpartition(".")[2] + ".py"
        message = f"the check itself failed on this input ({type(err).__name__}: {err}); please report it"
        yield Problem(where, 0, "check", f"{message}; COMPANION_DEBUG=1 shows where")


def _told_twice(project: Project, found: set[Problem]) -> set[Problem]:
    """Problems of cells that only repeat that a table or the sources can't be read, which the file's own line says."""
    broken: set[str] = set()

    def read(what: Callable[[], object]) -> None:
        try:
            what()
        except Wrong as err:
            broken.update(f"({p.path}:{p.line})" if p.line else f"({p.path})" for p in err.problems)

    read(lambda: project.sources)
    for table in project.tables.values():
        read(lambda table=table: table.frame)
    return {p for p in found if not p.path.startswith("data/") and any(p.message.endswith(place) for place in broken)}
