"""Russia's register of foreign agents, by year: from a copy of it to ``data/information/foreign_agents.csv``.

``python -m companion.recompute.foreign_agents FILE.csv`` takes ``data/result/the-registry.csv`` of the GitHub repository
``theotheo/foreign-agents`` (commit 98a7a4b2, the register of 2 February 2024), an entry a row, or a copy of it without
names: ``decision_date``, ``exclusion_date`` (empty if still on the register), and ``kind``, which for a person begins with
"person". The register names people, so it stays on your own disk; what leaves this recipe are counts of entries.

An entry is added in the year of the ministry's decision and taken off in that of the exclusion. Who has a day of birth is a
person, all else an organisation. On the register at year end are all added so far less all taken off so far. The copy ends
in February 2024, so that year isn't counted. Figures of others in the table are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TABLE, SOURCE = "information/foreign_agents", "minjust_fa_2024_02"
ADDED, REMOVED, BORN = "Дата принятия решения о включении", "Дата принятия решения об исключении", "Дата рождения"
FILES = {"register": (ADDED, REMOVED, BORN), "dates": ("decision_date", "exclusion_date", "kind")}
LAST = 2023
"""The last year that the copy has whole."""


def entries(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """``added`` and ``removed`` (days), and whether the entry is a ``person``, of either kind of file."""
    parts = []
    if "register" in found:
        rows = found["register"]
        added, removed = (pd.to_datetime(rows[name], format="%d.%m.%Y") for name in (ADDED, REMOVED))
        parts.append(pd.DataFrame({"added": added, "removed": removed, "person": rows[BORN].notna()}))
    if "dates" in found:
        rows = found["dates"]
        added, removed = (pd.to_datetime(rows[name], format="%Y-%m-%d") for name in ("decision_date", "exclusion_date"))
        parts.append(pd.DataFrame({"added": added, "removed": removed, "person": rows["kind"].str.startswith("person")}))
    return pd.concat(parts)


def by_year(rows: pd.DataFrame) -> pd.Series:
    """Entries by indicator, group and last day of the year."""
    years = range(rows["added"].min().year, LAST + 1)

    def yearly(days: pd.Series) -> pd.Series:
        return days.dt.year.value_counts().reindex(years, fill_value=0)

    parts = {}
    for group, part in (("all", rows), ("persons", rows[rows["person"]]), ("organisations", rows[~rows["person"]])):
        added, removed = yearly(part["added"]), yearly(part["removed"])
        parts["added in the year", group] = added
        parts["taken off in the year", group] = removed
        parts["on the register at year end", group] = (added - removed).cumsum()
    found = pd.DataFrame(parts).unstack()
    days = [(indicator, group, pd.Timestamp(year, 12, 31)) for indicator, group, year in found.index]
    return found.set_axis(pd.MultiIndex.from_tuples(days, names=["indicator", "group", "date"]))


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    table = tables(TABLE)
    ours = table[table["source_id"] == SOURCE].set_index(["indicator", "group", "date"])["value"]
    return [beside("entries", by_year(entries(known(files, **FILES))), ours, 0, "entries")]


def main(arguments: list[str] | None = None) -> int:
    return run("foreign_agents", __doc__, redo, arguments, "the register, or its days and kinds without names")


if __name__ == "__main__":
    sys.exit(main())
