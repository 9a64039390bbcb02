"""Refugees from Ukraine in Europe: from UNHCR's snapshots to the tables in ``data/human_cost/``.

``python -m companion.recompute.refugees *_hcr_data.csv`` takes snapshots of UNHCR's table of host countries, as kept in
``raw_data/`` of the GitHub repository ``ONEcampaign/ukraine_oda_tracker`` (we took commit 742bcfc4), July 2022 to January
2023. A snapshot's day is the newest date that any country has in it; its total is the sum over the countries, which have
dates of their own. In it stand border crossings (Russia) beside registrations so far (Poland) and people present.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TOTALS, COUNTRIES = "human_cost/refugees", "human_cost/refugees_by_country"
SERIES = "recorded across Europe"
RECORDED = "Individual refugees from Ukraine recorded across Europe"
FILES = {"snapshot": ("Country", "Data Date", RECORDED)}
NAMES = {"Czech Republic": "Czechia", "Republic of Moldova": "Moldova", "Russian Federation": "Russia", "Türkiye": "Turkey"}
"""UNHCR's names for countries that the map of Europe calls otherwise."""


def by_country(snapshots: pd.DataFrame) -> pd.Series:
    """People recorded, by day of the snapshot and country."""
    dated = pd.to_datetime(snapshots["Data Date"].str.strip(), format="%d %B %Y")
    rows = pd.DataFrame(
        {
            "snapshot": dated.groupby(level="file").transform("max"),
            "country": snapshots["Country"].str.strip("* ").replace(NAMES),
            "value": pd.to_numeric(snapshots[RECORDED], errors="coerce"),
        }
    )
    return rows.dropna().set_index(["snapshot", "country"])["value"]


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    recorded = by_country(known(files, **FILES)["snapshot"])
    totals, countries = tables(TOTALS), tables(COUNTRIES)
    sums = recorded.groupby(level="snapshot").sum()
    return [
        beside("in Europe", _keyed(sums), totals.set_index(["date", "series"])["value"], 0, "people"),
        beside("by country", recorded, countries.set_index(["snapshot", "country"])["value"], 0, "people"),
    ]


def _keyed(sums: pd.Series) -> pd.Series:
    return pd.concat({SERIES: sums}).swaplevel()


def main(arguments: list[str] | None = None) -> int:
    return run("refugees", __doc__, redo, arguments, "snapshots of UNHCR's table")


if __name__ == "__main__":
    sys.exit(main())
