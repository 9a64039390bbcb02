"""Aid to Ukraine by month and group of donors: from the Kiel Institute's files to ``data/aid/allocations_monthly``.

``python -m companion.recompute.kiel data_explorer.csv total_allocations.csv`` takes one or both files, which are in
``data/`` of the GitHub repository ``UkraineSupportTrackerWebsite/ukraine-support-tracker`` (Ukraine Support Tracker,
Release 29; we took commit ddf24c0f). Another release has other figures for the same months.

``data_explorer.csv`` has a row for each donor and month in which there was something; a month without a row is 0. A
group's figure is the sum over its donors, in billions of euros. European governments are those of the EU's members, of
the United Kingdom, Norway, Switzerland and Iceland, without the EU's own institutions; other donors are all others.
``total_allocations.csv`` has the sum over all donors by month.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TABLE = "aid/allocations_monthly"
FILES = {"donors": ("country", "year", "month", "total"), "all": ("year", "month", "total_allocations")}
STATES, INSTITUTIONS, EUROPE, OTHERS = "United States", "EU institutions", "European governments", "Other donors"
EUROPEAN = {
    *"Austria Belgium Bulgaria Croatia Cyprus Czechia Denmark Estonia Finland France Germany Greece Hungary".split(),
    *"Iceland Ireland Italy Latvia Lithuania Luxembourg Malta Netherlands Norway Poland Portugal Romania".split(),
    *"Slovakia Slovenia Spain Sweden Switzerland".split(),
    "United Kingdom",
}
ROUNDING = 0.0000005
"""Billions of euros: the file goes to the thousand."""


def group(donor: str) -> str:
    """The group that a donor belongs to."""
    if donor == STATES:
        return STATES
    return INSTITUTIONS if donor.startswith("EU ") else EUROPE if donor in EUROPEAN else OTHERS


def month_of(rows: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(rows[["year", "month"]].assign(day=1)).rename("month")


def by_group(donors: pd.DataFrame) -> pd.Series:
    """Billions of euros by month (its first day) and group; every group has every month that any has."""
    summed = donors.groupby([month_of(donors), donors["country"].map(group).rename("donors")])["total"].sum()
    return summed.unstack(fill_value=0.0).stack()


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found, table, parts = known(files, **FILES), tables(TABLE).set_index(["month", "donors"])["value"], []
    if "donors" in found:
        parts.append(beside("by group", by_group(found["donors"]), table, ROUNDING, "billions"))
    if "all" in found:
        whole = found["all"].set_index(month_of(found["all"]))["total_allocations"]
        parts.append(beside("all donors", whole, table.groupby(level="month").sum(), ROUNDING, "billions"))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("kiel", __doc__, redo, arguments, "data_explorer.csv or total_allocations.csv")


if __name__ == "__main__":
    sys.exit(main())
