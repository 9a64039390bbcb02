"""The project at hand: where it lies, and its op-ed, sources, tables and chapters, each read once."""

from __future__ import annotations

from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd

from companion import oped as _oped
from companion import sources as _sources
from companion import tables as _tables
from companion.problems import Problem, Wrong


class Project:
    """Everything that the book is made of, below one folder."""

    def __init__(self, root: Path):
        self.root = Path(root).resolve()

    @cached_property
    def _oped(self):
        return _oped.load(self.root / "data" / "oped.yml", self.root)

    @property
    def oped(self) -> _oped.Oped:
        return self._oped[0]

    @cached_property
    def _sources(self):
        return _sources.load(self.root / "references.bib", self.root)

    @property
    def sources(self) -> dict[str, _sources.Source]:
        return self._sources[0]

    @cached_property
    def tables(self) -> dict[str, _tables.Table]:
        return _tables.find(self.root)

    def table(self, name: str) -> _tables.Table:
        if name not in self.tables:
            near = ", ".join(sorted(self.tables)) or "none"
            raise Wrong(Problem("data", 0, "table", f"no table '{name}'; there are {near}"))
        return self.tables[name]

    @cached_property
    def chapters(self) -> list:
        """The chapters in the order of the op-ed's paragraphs, parsed."""
        from companion.claims import parse

        return [parse(path, self.root) for path in sorted((self.root / "chapters").glob("*.md"))]

    @cached_property
    def claims(self) -> dict:
        return {claim.id: claim for chapter in self.chapters for claim in chapter.claims}

    def became_public(self, table: _tables.Table, row: pd.Series) -> tuple[date | None, str]:
        """When a row's figure first became public, and how we know.

        The row's ``public_on`` if it has one; else its own date where the sidecar says ``public: same day``;
        else the publication date of its source; else None.
        """
        own, day = row.get("public_on"), row.get(table.meta["date"])
        if pd.notna(own) and isinstance(own, pd.Timestamp):
            return own.date(), str(row.get("public_basis") or "stated in the row")
        if table.meta.get("public") == "same day" and pd.notna(day) and isinstance(day, pd.Timestamp):
            return day.date(), str(table.meta.get("public_basis") or "published daily")
        source = self.sources.get(str(row.get("source_id")))
        if source and source.published_by:
            return source.published_by, source.date_basis
        return None, "not known"


def find_root(start: Path | None = None) -> Path:
    """The nearest folder upward that holds ``_config.yml`` and ``data/oped.yml``."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "_config.yml").exists() and (folder / "data" / "oped.yml").exists():
            return folder
    raise Wrong(
        Problem(start.as_posix(), 0, "project", "not inside the project: no _config.yml with data/oped.yml here or above")
    )


@lru_cache(maxsize=8)
def _at(root: Path) -> Project:
    return Project(root)


_chosen: list[Project] = []


def current() -> Project:
    """The project that code without one at hand works on: the one last opened by ``use``, else the one around."""
    return _chosen[-1] if _chosen else _at(find_root())


class use:
    """``with use(project):`` makes it the current one inside the block."""

    def __init__(self, project: Project):
        self.project = project

    def __enter__(self) -> Project:
        _chosen.append(self.project)
        return self.project

    def __exit__(self, *exc) -> None:
        _chosen.pop()
