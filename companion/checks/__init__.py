"""What a contributor can break: one rule (or family of rules) a file, each ``check(project)`` giving problems.

``run`` calls them all. Nothing here draws, builds or executes a notebook, so that it takes seconds and not minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from companion.checks import (
    charts,
    claims,
    clocks,
    explorer,
    finding,
    markup,
    oped,
    pages,
    polls,
    prose,
    quotes,
    sources,
    tables,
    values,
)
from companion.problems import Problem, Wrong
from companion.project import Project, use

RULES: tuple[Callable[[Project], Iterable[Problem]], ...] = tuple(
    module.check
    for module in (oped, sources, tables, polls, pages, markup, claims, clocks, values, charts, quotes, prose, finding, explorer)
)


def run(project: Project, root: Path | None = None) -> list[Problem]:
    """Every problem of the project, sorted; bad input never raises, and one broken file doesn't hide the others.

    ``root`` is the folder that paths in messages are relative to, the project's own unless given.
    """
    if root is not None and Path(root).resolve() != project.root:
        project = Project(Path(root))
    with use(project):
        found, stopped = set(), set()
        for rule in RULES:
            found |= set(_guarded(rule, project, stopped))
        # What stopped a rule is a file that can't be read; where another rule speaks of that file, it says so better.
        found |= {problem for problem in stopped if problem.path not in {told.path for told in found}}
        found -= _told_twice(project, found)
    return sorted(found)


def _guarded(rule: Callable, project: Project, stopped: set[Problem]) -> Iterator[Problem]:
    try:
        yield from rule(project)
    except Wrong as err:
        stopped.update(err.problems)
    except Exception as err:
        # Input that a rule did not foresee. It must not pass, and it must not hide what the other rules find.
        if os.environ.get("COMPANION_DEBUG"):
            raise
        where = "companion/checks/" + rule.__module__.rpartition(".")[2] + ".py"
        message = f"the check itself failed on this input ({type(err).__name__}: {err}); please report it"
        yield Problem(where, 0, "check", f"{message}; COMPANION_DEBUG=1 shows where")


def _told_twice(project: Project, found: set[Problem]) -> set[Problem]:
    """Problems of cells that only repeat that a table, the sources or the op-ed can't be read, as the file's own line says."""
    broken: set[str] = set()

    def read(what: Callable[[], object]) -> None:
        try:
            what()
        except Wrong as err:
            broken.update(f"({p.path}:{p.line})" if p.line else f"({p.path})" for p in err.problems)

    read(lambda: project.sources)
    read(lambda: project.oped)
    for table in project.tables.values():
        read(lambda table=table: table.frame)
    return {p for p in found if not p.path.startswith("data/") and any(p.message.endswith(place) for place in broken)}
