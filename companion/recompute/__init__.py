"""From an upstream file to the figures of a table: one recipe a file, for those who want to redo our computing.

The upstream files aren't in the project, since nobody here has seen the terms of most of them. Whoever has a copy runs,
for example, ``python -m companion.recompute.isw FILE.csv``, which redoes the computing and prints where it differs from
the table in ``data/``. No recipe writes into ``data/``.

A recipe reads its files with ``known``, which tells them apart by their columns, lays its figures beside the table's with
``beside``, and leaves the command line to ``run``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from companion.problems import Problem, Wrong

Tables = Callable[[str], pd.DataFrame]
"""The rows of a table of the project, by its name."""


@dataclass(frozen=True)
class Comparison:
    """Figures recomputed beside the table's own, row by row: ``frame`` has ``recomputed``, ``table`` and ``difference``.

    ``within`` is the largest difference that rounding explains; ``left_out`` says which rows the file can't give.
    """

    what: str
    frame: pd.DataFrame
    within: float
    unit: str
    left_out: str = ""

    @property
    def apart(self) -> pd.DataFrame:
        """The rows that differ by more than rounding, or that one side lacks."""
        off = self.frame["difference"].abs() > self.within + 1e-9
        return self.frame[off | self.frame["difference"].isna()]

    def __str__(self) -> str:
        worst, same = self.frame["difference"].abs().max(), len(self.frame) - len(self.apart)
        largest = f"largest difference {worst:.4g} {self.unit}" if pd.notna(worst) else "nothing to compare"
        lines = [f"{self.what}: {same:,} of {len(self.frame):,} rows within {self.within:g} {self.unit}; {largest}"]
        if self.left_out:
            lines.append(f"  left out: {self.left_out}")
        if len(self.apart):
            shown = self.apart.head(20).to_string(float_format=lambda number: f"{number:,.2f}")
            lines += ["  " + line for line in shown.split("\n")]
            lines += [f"  and {len(self.apart) - 20} more"] if len(self.apart) > 20 else []
        return "\n".join(lines)


def compare(what: str, recomputed: pd.Series, table: pd.Series, within: float, unit: str, left_out: str = "") -> Comparison:
    """Two series by their common index, side by side; a row that only one of them has stays, without a difference."""
    frame = pd.DataFrame({"recomputed": recomputed, "table": table})
    frame["difference"] = frame["recomputed"] - frame["table"]
    return Comparison(what, frame, within, unit, left_out)


def beside(what: str, recomputed: pd.Series, table: pd.Series, within: float, unit: str) -> Comparison:
    """As ``compare``, for a table that leads: it may have fewer rows than the file gives, or rows from elsewhere.

    Both are indexed by what tells a row from the others. What only the file has isn't compared, and neither is a row whose
    cell is empty in the table; what only the table has is said to be left out.
    """
    table = table.dropna()
    recomputed = recomputed[recomputed.index.isin(table.index)]
    for side, series in (("the file gives", recomputed), ("the table has", table)):
        if len(twice := series.index[series.index.duplicated()]):
            raise Wrong(Problem(what, 0, "recompute", f"{side} {_named(twice[:1])} more than once"))
    given = table.index.isin(recomputed.index)
    rest, table = table.index[~given], table[given]
    left_out = f"{len(rest):,} rows that the file can't give ({_named(rest[:3])}{'; …' if len(rest) > 3 else ''})"
    return compare(what, recomputed.loc[table.index], table, within, unit, left_out if len(rest) else "")


def _named(keys: Iterable) -> str:
    def text(part) -> str:
        return f"{part:%Y-%m-%d}" if isinstance(part, pd.Timestamp) else str(part)

    return "; ".join(", ".join(map(text, key)) if isinstance(key, tuple) else text(key) for key in keys)


def known(paths: Sequence[Path], **kinds: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Upstream files, CSV or JSON, by kind: each is known by its columns.

    Files of one kind are put one under the other; the first level of the index, ``file``, tells them apart.
    """
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for path in paths:
        frame = _read(path)
        kind = next((kind for kind, columns in kinds.items() if set(columns) <= set(frame.columns)), None)
        if kind is None:
            wanted = "; or ".join(f"{', '.join(columns)} ({kind})" for kind, columns in kinds.items())
            raise Wrong(Problem(str(path), 0, "recompute", f"this recipe doesn't know the file; it takes one with {wanted}"))
        found.setdefault(kind, {})[str(path)] = frame
    return {kind: pd.concat(frames, names=["file", "row"]) for kind, frames in found.items()}


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".json":
            return pd.DataFrame(json.loads(path.read_text(encoding="utf-8-sig")))
        return pd.read_csv(path, encoding="utf-8-sig", low_memory=False)
    except (ValueError, pd.errors.ParserError) as err:  # not text, not JSON, empty, or rows of odd lengths
        raise Wrong(Problem(str(path), 0, "recompute", f"not a CSV or JSON that can be read: {_first_line(err)}")) from None


def _first_line(err: Exception) -> str:
    return (str(err).strip().splitlines() or [type(err).__name__])[0]


def run(
    name: str, about: str, redo: Callable[[list[Path], Tables], list[Comparison]], arguments: list[str] | None, files: str
) -> int:
    """A recipe's command line: files in, comparisons out. 0: all agree; 1: a row is apart; 2: it can't be done, and why."""
    from companion.project import current

    parser = argparse.ArgumentParser(prog=f"python -m companion.recompute.{name}", description=about.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=files)
    given = parser.parse_args(arguments).files
    try:
        comparisons = redo(given, lambda table: current().table(table).frame)
        if not any(len(comparison.frame) for comparison in comparisons):
            raise Wrong(Problem(_named(given), 0, "recompute", "no row of a table can be redone from this"))
        return finish(comparisons)
    except (Wrong, OSError) as err:
        print(err, file=sys.stderr)
    except ValueError as err:  # a cell that can't be read as what its column should hold
        print(Problem(_named(given), 0, "recompute", f"not as in the file that we used: {_first_line(err)}"), file=sys.stderr)
    return 2


def finish(comparisons: list[Comparison]) -> int:
    """Print comparisons; the exit status is 1 where a row is apart."""
    for comparison in comparisons:
        print(comparison)
    return int(any(len(comparison.apart) for comparison in comparisons))
