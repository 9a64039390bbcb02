"""Tables: each with its sidecar, valid against its schema and rules, read by a page, and holding no single respondent."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from companion.checks import rules
from companion.checks.reading import all_readable, pages
from companion.problems import Problem, Wrong, relative
from companion.project import Project
from companion.tables import Table

RESPONDENT = ("weight", "weights", "respondent", "respondent_id", "resp_id", "row_in_wave", "interview_id", "caseid")
"""Columns that a table has only if its rows are people."""
SURVEY_FILES = (".sav", ".dta", ".por", ".sas7bdat", ".rds")
MIN_GROUP = 30


def check(project: Project) -> Iterator[Problem]:
    data = project.root / "data"
    for path in sorted(data.glob("*/*.yml")):
        if not path.with_suffix(".csv").exists():
            message = f"a sidecar without its table {path.stem}.csv; add the table or take the sidecar out"
            yield Problem(relative(path, project.root), 0, "sidecar", message)
    for path in sorted(data.rglob("*")):
        if path.suffix.lower() in SURVEY_FILES:
            message = "one respondent a row never comes into the project; commit aggregates of 30 respondents or more"
            yield Problem(relative(path, project.root), 0, "respondents", message)
    cache = _Cache(project.root)
    sound = []
    for table in project.tables.values():
        if not table.sidecar.exists():
            where = relative(table.sidecar, project.root)
            yield Problem(where, 0, "sidecar", f"the sidecar of {table.path} is missing; it says what the table measures")
            continue
        problems = cache.problems(table)
        yield from problems
        if not problems:
            sound.append(table)
    cache.write()
    yield from _unread(project, sound)


def _unread(project: Project, sound: list[Table]) -> Iterator[Problem]:
    """Tables that nothing reads. One that a broken cell names is not counted: the cell has its own problem."""
    if not all_readable(project):
        return
    read = {name for page in pages(project) for name in page.evaluated.reads}
    broken = "\n".join(code for page in pages(project) if page.evaluated.problems for _, code in page.cells)
    for table in sound:
        if table.name not in read and f'"{table.name}"' not in broken:
            right = f'use it in a chapter, for example rows("{table.name}"), or take it out'
            yield Problem(table.path, 0, "table", f"nothing reads this table: no chart, value or claim; {right}")


class _Cache:
    """What was found in each table, kept under ``_build`` until the table, its sidecar or the checks change."""

    def __init__(self, root: Path):
        self.path = root / "_build" / "check-cache.json"
        here = Path(__file__)
        code = [here, here.with_name("rules.py"), here.parents[1] / "tables.py"]
        self.version = hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()
        self.kept: dict[str, list] = {}
        self.found: dict[str, list] = {}
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            if stored["version"] == self.version:
                self.kept = stored["tables"]
        except (OSError, ValueError, KeyError, TypeError):
            pass  # none yet, or not one of ours: every table is read again

    def problems(self, table: Table) -> list[Problem]:
        key = f"{table.name}:{table.digest}"
        try:
            problems = [Problem(*kept) for kept in self.kept[key]]
        except (KeyError, TypeError):
            problems = list(validate(table))
        self.found[key] = [[p.path, p.line, p.rule, p.message] for p in problems]
        return problems

    def write(self) -> None:
        if self.found == self.kept:
            return
        try:
            self.path.parent.mkdir(exist_ok=True)
            fresh = self.path.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps({"version": self.version, "tables": self.found}, indent=1), encoding="utf-8")
            fresh.replace(self.path)
        except OSError:
            pass  # a folder that can't be written only costs time


def validate(table: Table) -> list[Problem]:
    """Everything that is wrong with one table that has a sidecar."""
    try:
        table.meta  # noqa: B018 - reading is the test
    except Wrong as err:
        return list(err.problems)
    problems = [*_sidecar(table), *_respondents(table)]
    cells = list(_cells(table))
    if not cells:
        try:
            table.frame  # noqa: B018
        except Wrong as err:
            cells = list(err.problems)
    if not cells:
        cells = [*_rows(table), *rules.check(table)]
    return sorted({*problems, *cells})


def _sidecar(table: Table) -> Iterator[Problem]:
    meta, path = table.meta, relative(table.sidecar, table.root)

    def wrong(message: str) -> Problem:
        return Problem(path, 0, "sidecar", message)

    licence = meta["licence"]
    if not isinstance(licence, dict) or not licence.get("name") or not _is_day(licence.get("seen")):
        yield wrong("licence is a mapping with a name (or 'not seen') and the day it was looked for: {name: …, seen: 2026-11-23}")
    if not isinstance(meta["caveats"], list):
        yield wrong("caveats is a list, one trap each")
    if meta.get("public") not in (None, "same day"):
        yield wrong(f"public '{meta['public']}' is unknown; leave it empty or write 'same day'")
    if meta.get("public") and not meta.get("public_basis"):
        yield wrong("public says 'same day' without public_basis; say how we know")
    types = {}
    for field in meta["schema"]["fields"]:
        types[field["name"]] = field["type"]
        if not str(field.get("description") or "").strip():
            yield wrong(f"column '{field['name']}' has no description; say in a few words what it holds")
    if types[meta["date"]] != "date":
        yield wrong(f"date names the column '{meta['date']}', which has type {types[meta['date']]}; it has type date")
    if types.get("public_on", "date") != "date":
        yield wrong("column 'public_on' has type date")
    if "source_id" not in types:
        yield wrong("the schema has no column source_id; each row names its source")
    breaks = meta.get("breaks") or []
    for mark in breaks if isinstance(breaks, list) else [breaks]:
        if not isinstance(mark, dict) or not _is_day(mark.get("at")) or not mark.get("why"):
            yield wrong("a break says at which day and why: {at: 2022-03-13, why: …}")
        elif not isinstance(mark.get("where") or {}, dict) or set(mark.get("where") or {}) - set(types):
            yield wrong(f"the break at {mark['at']} names a column that the table does not have")


def _is_day(given) -> bool:
    """Whether YAML's value is a day, quoted or not."""
    try:
        return bool(date.fromisoformat(str(given)))
    except ValueError:
        return False


def _respondents(table: Table) -> Iterator[Problem]:
    for column in table.columns:
        if column.lower() in RESPONDENT:
            right = "one respondent a row never comes into the project; commit aggregates of 30 respondents or more"
            yield Problem(table.path, 1, "respondents", f"column '{column}' is of single respondents; {right}")


def _rows(table: Table) -> Iterator[Problem]:
    """What holds for every table, whatever its schema says."""
    frame = table.frame
    if "source_id" in frame:
        for line in frame.index[frame["source_id"].isna()]:
            yield Problem(table.path, int(line), "table", "source_id is empty; each row names its source")
    if "public_on" in frame:
        basis = frame["public_basis"] if "public_basis" in frame else pd.Series(None, index=frame.index)
        given = frame["public_on"].notna()
        known = basis.astype("string").str.match(r"(printed|inferred):\s*\S").fillna(False).astype(bool)
        for line in frame.index[given & ~known]:
            right = "begin public_basis with 'printed: ' or 'inferred: ' and the reason"
            yield Problem(table.path, int(line), "table", f"public_on without saying how we know; {right}")
    groups = [c for c in frame if c == "subgroup" or c.startswith("subgroup_")]
    for size in (c for c in ("n", "sample_n") if groups and c in frame):
        whole = frame[groups].isna().all(axis=1) | frame[groups[0]].isin(["all", "total"])
        for line, n in frame.loc[~whole & (pd.to_numeric(frame[size], errors="coerce") < MIN_GROUP), size].items():
            right = "leave it out or join it with another group"
            message = f"a subgroup of {n:g} respondents; figures stand for {MIN_GROUP} or more, {right}"
            yield Problem(table.path, int(line), "respondents", message)


# Frictionless, one line a cell

_KINDS = {
    "date": "a date such as 2022-12-31",
    "number": "a number such as 17.8",
    "integer": "a whole number such as 1500",
    "boolean": "true or false",
    "year": "a year such as 2022",
}


def _cells(table: Table) -> Iterator[Problem]:
    """The file against its schema, by Frictionless; every cell that doesn't fit, on its line."""
    try:
        text = table.csv.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return  # reading the frame says so, with the line
    if not text.strip():
        return
    header = next(csv.reader(io.StringIO(text)))
    if set(header) != set(table.columns) or len(header) != len(table.columns):
        if doubled := sorted({name for name in header if header.count(name) > 1}):
            yield Problem(table.path, 1, "table", f"column '{doubled[0]}' stands twice")
        return  # reading the frame says which is missing or not described
    if header != table.columns:
        order = ",".join(table.columns)
        yield Problem(table.path, 1, "table", f"the columns stand in another order than in the sidecar's schema: {order}")
        return

    from frictionless import Checklist, FrictionlessException, Resource, Schema, checks

    sidecar = relative(table.sidecar, table.root)
    try:
        schema = Schema.from_descriptor(json.loads(json.dumps(table.meta["schema"], default=str)))
    except FrictionlessException as err:
        for reason in err.reasons or [err.error]:
            yield Problem(sidecar, 0, "sidecar", f"schema: {_plain(reason.note)}")
        return
    resource = Resource(path=table.csv.name, basepath=str(table.csv.parent), schema=schema, format="csv", encoding="utf-8")
    report = resource.validate(Checklist(checks=[checks.duplicate_row()]))
    starts = _starts(text)
    specs = {f["name"]: f for f in table.meta["schema"]["fields"]}
    key = table.meta["schema"].get("primaryKey") or []
    records = list(csv.reader(io.StringIO(text, newline="")))
    told: set[tuple[int, str | None]] = set()
    for error in [error for task in report.tasks for error in task.errors] + list(report.errors):
        row = getattr(error, "row_number", None)
        line = starts[row - 1] if row and row <= len(starts) else 0
        column = getattr(error, "field_name", None)
        cells = len(records[row - 1]) if line else len(header)
        if error.type != "blank-row" and cells < len(header):
            if not any(at == line for at, _ in told):
                message = f"{cells} cell{'' if cells == 1 else 's'}, the header has {len(header)}; a comma is missing"
                yield Problem(table.path, line, "table", message)
            told.add((line, None))
            continue
        # A row that is broken in itself is also, and no more usefully, broken as a whole.
        if error.type in ("duplicate-row", "primary-key", "missing-cell") and any(at == line for at, _ in told):
            continue
        if error.type == "primary-key" and "None" in error.note:
            continue
        if (line, column) in told:
            continue
        told.add((line, column))
        yield Problem(table.path, line, "table", _say(error, specs.get(column, {}), key, starts, table.sidecar.name))


def _say(error, spec: dict, key, starts: list[int], sidecar: str) -> str:
    """A Frictionless error as one line: column, value, and what would be right."""
    if error.type in ("type-error", "constraint-error"):
        column, cell = error.field_name, error.cell
        if error.type == "type-error":
            return f"column '{column}': '{cell}' is not {_KINDS.get(spec.get('type'), 'of its type')}"
        limit = re.match(r'constraint "(\w+)" is "(.*)"$', error.note, re.DOTALL)
        name, bound = limit.groups() if limit else ("constraint", error.note)
        if name == "required":
            return f"column '{column}' is empty; every row has one"
        if name == "enum":
            words = [str(word) for word in spec["constraints"]["enum"]]
            listed = ", ".join(words[:20]) + (" …" if len(words) > 20 else "")
            right = f"if it is spelt right and new, add it to that column's enum in {sidecar}"
            return f"column '{column}': '{cell}' is not in the sidecar's list ({listed}); {right}"
        words = {
            "minimum": "is below the least that the sidecar allows,",
            "maximum": "is above the most that the sidecar allows,",
            "pattern": "does not have the form",
            "unique": "stands in another row too; it is unique:",
        }
        return f"column '{column}': '{cell}' {words.get(name, f'breaks {name}')} {bound.strip('[]')}"
    if error.type in ("primary-key", "duplicate-row"):
        other = re.search(r"(\d+)", error.note)
        line = starts[int(other.group(1)) - 1] if other and int(other.group(1)) <= len(starts) else "?"
        same = f"in {', '.join([key] if isinstance(key, str) else key)} " if error.type == "primary-key" and key else ""
        return f"the row is the same {same}as on line {line}; take one out"
    if error.type == "blank-row":
        return "a blank line; take it out"
    if error.type == "extra-cell":
        return f"a cell too many: '{error.cell}'; a comma inside a text needs \"quotes\" around the text"
    return _plain(error.note or error.title)


def _plain(note: str) -> str:
    return " ".join(note.split())


def _starts(text: str) -> list[int]:
    """The line on which each record starts, as Frictionless counts records: the header and blank lines too."""
    reader = csv.reader(io.StringIO(text, newline=""))
    starts, line = [], 1
    for _ in reader:
        starts.append(line)
        line = reader.line_num + 1
    return starts
