"""Cases of disinformation on Ukraine, by year: from a copy of EUvsDisinfo to ``data/information/euvsdisinfo_ukraine.csv``.

``python -m companion.recompute.euvsdisinfo FILE.csv`` takes ``data/posts.csv`` of the GitHub repository
``cknabs/EUvsDisinfo`` (commit c4acb109, February 2021), a case a row; several countries or keywords stand in a cell with
plus signs between them.

A case is counted in the year of its day of publication. It is on Ukraine if Ukraine is one of its countries, and has a Nazi
word if its title or a keyword has "Nazi", "fascist" or "Bandera" in it, also within a word. Shares are percent: of all
cases of the year, and of those on Ukraine.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TABLE = "information/euvsdisinfo_ukraine"
FILES = {"cases": ("date", "title", "countries", "keywords")}
COUNT, SHARE, NAZI = "cases on Ukraine", "share of all cases that are on Ukraine", "share of cases on Ukraine with a Nazi word"
WORDS = "nazi|fascist|bandera"
ROUNDING = 0.05
"""Percent: shares have one decimal."""


def by_year(cases: pd.DataFrame) -> pd.DataFrame:
    """The three figures, a column each, by the last day of the year."""
    year = pd.to_datetime(cases["date"]).dt.year
    ukraine = cases["countries"].fillna("").str.split("+").map(lambda countries: "Ukraine" in countries)
    text = cases["title"].fillna("") + " " + cases["keywords"].fillna("")
    word = text.str.contains(WORDS, case=False)
    count = ukraine.groupby(year).sum()
    # A year without a case on Ukraine has no share of them with a word.
    named = 100 * word[ukraine].groupby(year[ukraine]).mean()
    found = pd.DataFrame({COUNT: count, SHARE: 100 * ukraine.groupby(year).mean(), NAZI: named})
    return found.set_axis(pd.to_datetime(found.index.astype(str) + "-12-31"))


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found = by_year(known(files, **FILES)["cases"])
    table = tables(TABLE).set_index(["indicator", "date"])["value"]
    parts = []
    for name, within, unit in ((COUNT, 0, "cases"), (SHARE, ROUNDING, "percent"), (NAZI, ROUNDING, "percent")):
        parts.append(beside(name, found[name], table.loc[name], within, unit))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("euvsdisinfo", __doc__, redo, arguments, "posts.csv of cknabs/EUvsDisinfo")


if __name__ == "__main__":
    sys.exit(main())
