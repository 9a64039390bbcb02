"""Sources: each well described in references.bib, none cited that isn't there, none there that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.checks.reading import all_readable, near, pages, roles
from companion.problems import Problem, Wrong, relative
from companion.project import Project

_BIB = "references.bib"
_KEYS = re.compile(r"[\w:.-]+")  # what may be a key, in a text that may hold some


def check(project: Project) -> Iterator[Problem]:
    sources, problems = project._sources
    yield from problems
    used: set[str] = set()

    def unknown(path: str, line: int, key: str, where: str) -> Problem:
        right = near(key, sources, f"add it to {_BIB} or mend the key")
        return Problem(path, line, "source", f"{where} '{key}', which is not in {_BIB}; {right}")

    for page in pages(project):
        for role in roles(page, "cite"):
            used.update(role.keys)
            for key in role.keys:
                if key not in sources:
                    yield unknown(page.where, role.line, key, "the text cites")
    for table in project.tables.values():
        try:
            meta, frame = table.meta, table.frame
        except Wrong:
            # The rule on tables says so; whatever the table cites is not unused for that.
            for path in (table.csv, table.sidecar):
                if path.exists():
                    used.update(_KEYS.findall(path.read_text(encoding="utf-8", errors="replace")))
            continue
        upstream = meta.get("upstream") or []
        for key in map(str, upstream if isinstance(upstream, list) else [upstream]):
            used.add(key)
            if key not in sources:
                yield unknown(relative(table.sidecar, project.root), 0, key, "upstream names")
        if "source_id" in frame:
            given = frame["source_id"].dropna().astype(str)
            for key, lines in given.groupby(given).groups.items():
                used.add(key)
                if key not in sources:
                    rows = f"source_id of {len(lines)} rows is" if len(lines) > 1 else "source_id is"
                    yield unknown(table.path, int(min(lines)), key, rows)
        # A row that rests on two pages names the second one in its notes, and so does one whose day another page shows.
        used |= table.named
    for source in sources.values():
        if source.key in used:
            used.update(key for text in source.rests_on for key in _KEYS.findall(text))
    for key, source in sources.items():
        if key not in used and all_readable(project):
            message = f"nothing uses source '{key}': no row, no citation, no upstream; cite it or take it out"
            yield Problem(_BIB, source.line, "source", message)
