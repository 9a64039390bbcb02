"""Equipment seen lost, by month: from readings of Oryx's pages to ``data/war_machine/oryx_losses``.

``python -m companion.recompute.oryx FILE.csv`` takes the versions of ``totals_by_type.csv`` in the GitHub repository
``scarnecchia/oryx_data`` (CC BY 4.0), put one under the other with the day of the commit as ``date``.

A month's figure is that of its last commit, which is a total since February 2022. Rows before 20 April 2022 are left
out, as the reading of the pages was still being built.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TABLE = "war_machine/oryx_losses"
FILES = {"versions": ("date", "country", "equipment_type", "destroyed", "captured", "type_total")}
STATUS = {"type_total": "all lost", "destroyed": "destroyed", "captured": "captured"}
SINCE = pd.Timestamp("2022-04-20")


def last_of_month(versions: pd.DataFrame) -> pd.Series:
    """Items lost so far, by day, side, type and status, on the last day of each month that has any."""
    rows = versions.assign(date=pd.to_datetime(versions["date"]), type=versions["equipment_type"].str.lower())
    rows = rows[rows["date"] >= SINCE]
    rows = rows[rows["date"] == rows.groupby(rows["date"].dt.to_period("M"))["date"].transform("max")]
    counts = rows.rename(columns={"country": "side", **STATUS}).set_index(["date", "side", "type"])[list(STATUS.values())]
    return counts.rename_axis(columns="status").stack()


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    table = tables(TABLE).set_index(["date", "side", "type", "status"])["value"]
    return [beside("items", last_of_month(known(files, **FILES)["versions"]), table, 0, "items")]


def main(arguments: list[str] | None = None) -> int:
    return run("oryx", __doc__, redo, arguments, "versions of totals_by_type.csv, one under the other, with their date")


if __name__ == "__main__":
    sys.exit(main())
