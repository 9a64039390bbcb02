"""The tables: ``data/<topic>/<table>.csv`` with a sidecar; selections of rows that remember where they came from."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from companion.oped import read_yaml
from companion.problems import Problem, Wrong, relative

MADE = ("as printed", "transcribed", "computed")
REQUIRED = ("title", "measures", "unit", "made", "how", "licence", "date", "caveats", "schema")

EXCEL = "CSV UTF-8 (comma delimited)"
"""What Excel calls a CSV as we read it; it begins with a byte order mark, which is let be."""

_read: ContextVar[set[str] | None] = ContextVar("tables read", default=None)


@contextmanager
def recording():
    """Collects the names of the tables whose rows are read inside the block."""
    names: set[str] = set()
    token = _read.set(names)
    try:
        yield names
    finally:
        _read.reset(token)


class Table:
    """One table: its sidecar, and its rows with the CSV's line numbers as index."""

    def __init__(self, csv: Path, root: Path):
        self.csv, self.root = csv, root
        self.sidecar = csv.with_suffix(".yml")
        self.name = f"{csv.parent.name}/{csv.stem}"
        self.path = relative(csv, root)

    @cached_property
    def meta(self) -> dict:
        meta = read_yaml(self.sidecar, self.root)
        where = relative(self.sidecar, self.root)
        missing = [key for key in REQUIRED if not meta.get(key)]
        if missing:
            raise Wrong(*(Problem(where, 0, "sidecar", f"no '{key}'; a sidecar has {', '.join(REQUIRED)}") for key in missing))
        if meta["made"] not in MADE:
            raise Wrong(Problem(where, 0, "sidecar", f"made '{meta['made']}' is unknown; use one of {', '.join(MADE)}"))
        fields = meta["schema"].get("fields") if isinstance(meta["schema"], dict) else None
        if not fields or not all(isinstance(f, dict) and f.get("name") and f.get("type") for f in fields):
            raise Wrong(Problem(where, 0, "sidecar", "schema has no fields, each with a name and a type"))
        if meta["date"] not in [f["name"] for f in fields]:
            raise Wrong(Problem(where, 0, "sidecar", f"date names the column '{meta['date']}', which is not in schema"))
        return meta

    @property
    def title(self) -> str:
        return self.meta["title"]

    @property
    def unit(self) -> str:
        return self.meta["unit"]

    @property
    def columns(self) -> list[str]:
        return [f["name"] for f in self.meta["schema"]["fields"]]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the CSV and its sidecar: changes when either does."""
        return hashlib.sha256(self.csv.read_bytes() + b"\0" + self.sidecar.read_bytes()).hexdigest()

    @cached_property
    def named(self) -> set[str]:
        """Every word of the columns that say where a row was seen and how its day is known: source keys may be among them."""
        columns = [c for c in ("seen_at", "public_basis", "note") if c in self.columns]
        texts = [str(text) for c in columns for text in self._frame[c].dropna().unique()]
        texts += [str(self.meta.get(key) or "") for key in ("seen_at", "public_basis")]
        return {word for text in texts for word in re.findall(r"[\w:.-]+", text)} | {
            word for text in texts for word in re.findall(r"\w+", text)
        }

    @property
    def frame(self) -> pd.DataFrame:
        """All rows, typed as the sidecar's schema says; index ``line`` is the row's line in the CSV file."""
        names = _read.get()
        if names is not None:
            names.add(self.name)
        return self._frame

    @cached_property
    def _frame(self) -> pd.DataFrame:
        def wrong(line: int, rule: str, message: str):
            return Wrong(Problem(self.path, line, rule, message))

        try:
            text = self.csv.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as err:
            line = err.object[: err.start].count(b"\n") + 1
            looks = f"byte 0x{err.object[err.start]:02X}" + (", looks like Windows-1252" if _windows(err.object) else "")
            raise wrong(line, "encoding", f"not UTF-8 ({looks}); save the file as UTF-8 (in Excel: {EXCEL})") from None
        if not text.strip():
            raise wrong(0, "table", f"the file is empty; its first line names the columns: {','.join(self.columns)}")
        header = text.split("\n", 1)[0]
        if "," not in header and (found := re.search("[;\t]", header)):
            shown = "a tab" if found.group() == "\t" else f"'{found.group()}'"
            raise wrong(1, "table", f"the columns are separated by {shown}; save the file with commas (in Excel: {EXCEL})")
        try:
            frame = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False, na_values=[""])
        except (pd.errors.ParserError, ValueError) as err:
            raise wrong(0, "table", f"not a CSV: {str(err).strip().removeprefix('Error tokenizing data. C error: ')}") from None
        if not isinstance(frame.index, pd.RangeIndex):  # pandas takes the first cells for names of rows, and shifts the others
            raise wrong(2, "table", "the row has more cells than the header; a comma inside a text needs quotes around the text")
        missing, extra = set(self.columns) - set(frame.columns), set(frame.columns) - set(self.columns)
        if missing:
            raise wrong(1, "table", f"column '{sorted(missing)[0]}' is missing; the sidecar's schema lists it")
        if extra:
            raise wrong(1, "table", f"column '{sorted(extra)[0]}' is not in the sidecar's schema; describe it there")
        frame.index = pd.Index(_line_numbers(text, len(frame)), name="line")
        for spec in self.meta["schema"]["fields"]:
            name, kind = spec["name"], spec["type"]
            given = frame[name]
            if kind in ("number", "integer", "year"):
                typed, right = pd.to_numeric(given, errors="coerce"), "a number such as 17.8"
            elif kind == "date":
                typed, right = pd.to_datetime(given, format="%Y-%m-%d", errors="coerce"), "a date such as 2022-12-31"
            elif kind == "boolean":
                typed, right = given.map({"true": True, "false": False}), "true or false"
            else:
                continue
            bad = given[typed.isna() & given.notna()]
            if len(bad):
                raise wrong(int(bad.index[0]), "table", f"column '{name}': '{bad.iloc[0]}' is not {right}")
            frame[name] = typed
        return frame

    def holding(self, column: str, wanted: object) -> np.ndarray:
        """Which rows hold a value in a column, as booleans; None stands for an empty cell. Each is looked up once."""
        key = column, type(wanted), wanted
        if key not in self._holding:
            given = self._frame[column]
            if wanted is None:
                held = given.isna()
            else:
                held = given.isin([pd.Timestamp(wanted) if pd.api.types.is_datetime64_any_dtype(given) else wanted])
            self._holding[key] = held.to_numpy(dtype=bool)
        return self._holding[key]

    @cached_property
    def _holding(self) -> dict[tuple, np.ndarray]:
        return {}


def _windows(content: bytes) -> bool:
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True


def _line_numbers(text: str, rows: int) -> list[int]:
    """The line on which each CSV record starts; records may hold quoted line breaks, and blank lines are no record."""
    reader = csv.reader(StringIO(text, newline=""))
    lines, line = [], 1
    try:
        for record in reader:
            if len(record) > 1 or "".join(record).strip():
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error:
        pass  # a cell of over 128 kB; what follows it gets the last line
    lines = lines[1 : rows + 1]
    return lines + [line] * (rows - len(lines))


@dataclass(frozen=True)
class Origin:
    """Where a figure came from: a table, the lines of its CSV, and the filter in words."""

    table: Table
    lines: tuple[int, ...]
    where: str

    @property
    def frame(self) -> pd.DataFrame:
        return self.table.frame.iloc[self._places]

    def column(self, name: str) -> pd.Series:
        """One column of ``frame``, without copying the others."""
        return self.table.frame[name].iloc[self._places]

    @property
    def _places(self) -> np.ndarray:
        # By place and not by label, which takes pandas ten times as long; lines go up from row to row.
        return np.searchsorted(self.table.frame.index.to_numpy(), self.lines)


@dataclass(frozen=True)
class Rows:
    """A selection of rows, or rows computed from such a selection.

    ``frame`` has the table's columns (for computed rows: ``date``, ``value`` and, where known, ``low`` and ``high``);
    ``origins`` lead back to the lines read; ``how`` says what we computed, None where nothing was.
    """

    frame: pd.DataFrame
    origins: tuple[Origin, ...]
    date: str
    unit: str
    how: str | None = None
    breaks: tuple[dict, ...] = field(default=())

    @property
    def tables(self) -> list[Table]:
        return list({origin.table.name: origin.table for origin in self.origins}.values())

    @property
    def sources(self) -> list[str]:
        known = [origin for origin in self.origins if "source_id" in origin.table.columns]
        return list(dict.fromkeys(key for origin in known for key in origin.column("source_id").dropna().unique()))

    def __len__(self) -> int:
        return len(self.frame)

    def _repr_html_(self) -> str:
        return self.frame.to_html(max_rows=12)

    def with_frame(self, frame: pd.DataFrame, how: str | None = None, **changed) -> Rows:
        return replace(self, frame=frame, how=how or self.how, **changed)


def near(word: str, known: Iterable[str], otherwise: str) -> str:
    """What was perhaps meant: ``did you mean …``, else ``otherwise``."""
    close = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


def find(root: Path) -> dict[str, Table]:
    """Every table below ``data/``, by name."""
    return {t.name: t for path in sorted((root / "data").glob("*/*.csv")) for t in [Table(path, root)]}


def rows(table: str, since: str | date | None = None, until: str | date | None = None, **where) -> Rows:
    """The rows of a table that meet a filter.

    ``where`` maps a column to a value, or to a list of values; ``since`` and ``until`` bound the sidecar's date column
    (both ends included). A table, column or value that does not exist is an error; so is a filter that leaves nothing.
    """
    from companion.project import current

    known = current().tables
    if table not in known:
        of_topics = [name for name in known if name.endswith(f"/{table}")]
        right = near(table, of_topics or known, f"there are {', '.join(sorted(known)) or 'none'}")
        raise Wrong(Problem("data", 0, "table", f"no table '{table}'; {right}"))
    return select(known[table], since, until, **where)


def select(table: Table, since: str | date | None = None, until: str | date | None = None, **where) -> Rows:
    """As ``rows``, for a table at hand."""

    def wrong(message: str) -> Wrong:
        return Wrong(Problem(table.path, 0, "rows", message))

    frame, words = table.frame, []
    kept = np.ones(len(frame), dtype=bool)
    for column, wanted in where.items():
        if column not in table.columns:
            raise wrong(f"no column '{column}'; there are {', '.join(table.columns)}")
        choices = list(wanted) if isinstance(wanted, (list, tuple)) else [wanted]
        holding = [table.holding(column, choice) for choice in choices]
        # A day may be asked for that no row has, and an empty cell as well; of other values each must be there.
        if None not in choices and not pd.api.types.is_datetime64_any_dtype(frame[column]):
            unknown = [choice for choice, held in zip(choices, holding, strict=True) if not (kept & held).any()]
            if unknown:
                shown = ", ".join(map(str, sorted(set(frame[column][kept].dropna()), key=str)[:12]))
                raise wrong(f"column '{column}' never holds '{unknown[0]}'; it holds {shown}")
        kept = kept & np.logical_or.reduce(holding)
        words.append(f"{column} = {', '.join('empty' if c is None else str(c) for c in choices)}")
    day = table.meta["date"]
    if since is not None:
        kept = kept & (frame[day] >= pd.Timestamp(since)).to_numpy()
        words.append(f"{day} from {since}")
    if until is not None:
        kept = kept & (frame[day] <= pd.Timestamp(until)).to_numpy()
        words.append(f"{day} to {until}")
    frame = frame.iloc[np.flatnonzero(kept)]
    if frame.empty:
        raise wrong(f"no row where {'; '.join(words)}")
    origin = Origin(table, tuple(int(line) for line in frame.index), "; ".join(words) or "all rows")
    breaks = tuple(b for b in table.meta.get("breaks") or () if _applies(b, where))
    return Rows(frame, (origin,), day, table.unit, breaks=breaks)


def _applies(mark: dict, where: dict) -> bool:
    """Whether a break of the sidecar holds for rows chosen by ``where``."""
    for column, value in (mark.get("where") or {}).items():
        chosen = where.get(column)
        if chosen is not None and value not in (chosen if isinstance(chosen, (list, tuple)) else [chosen]):
            return False
    return True


def merge_origins(parts: Iterable[Rows]) -> tuple[Origin, ...]:
    return tuple(dict.fromkeys(origin for part in parts for origin in part.origins))
