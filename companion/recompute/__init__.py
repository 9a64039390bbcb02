"""From an upstream file to the figures of a table: one recipe a file, for those who want to redo our computing.

The upstream files aren't in the project, since nobody here has seen the terms of most of them. Whoever has a copy runs,
for example, ``python -m companion.recompute.isw FILE.csv``, which redoes the computing and prints where it differs from
the table in ``data/``. No recipe writes into ``data/``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


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


def finish(comparisons: list[Comparison]) -> int:
    """Print comparisons; the exit status is 1 where a row is apart."""
    for comparison in comparisons:
        print(comparison)
    return int(any(len(comparison.apart) for comparison in comparisons))
