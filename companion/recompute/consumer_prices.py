"""Prices in Russia on the year before: from Rosstat's monthly index to ``data/household_economy/prices``.

``python -m companion.recompute.consumer_prices ipc_monthly.csv`` takes Rosstat's consumer price index with the month before
as 100, as kept in the GitHub repository ``philipppogosov54-dotcom/rosstat_economics_prediction`` (commit 2fd0fa6c, to
November 2025). A change is the product of the monthly indices: of twelve for that on the year before, of March to November
2022 for that over the period.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TABLE = "household_economy/prices"
FILES = {"index": ("date", "ipc")}
YEAR, PERIOD = "on the year before", "over the period"
ROUNDING = 0.05
"""Percent: the change over the period has one decimal."""


def changes(index: pd.DataFrame, periods: list[tuple[pd.Timestamp, pd.Timestamp]]) -> pd.Series:
    """Percent by measure and first day: each month on the year before, and each of some periods from its first month on."""
    monthly = pd.Series(index["ipc"].to_numpy(float) / 100, index=pd.to_datetime(index["date"])).sort_index()
    monthly = monthly.asfreq("MS")  # a month that is missing makes the years which hold it unknown
    over = {first: 100 * (monthly[first:last].prod(skipna=False) - 1) for first, last in periods}
    return pd.concat({YEAR: 100 * (monthly.rolling(12).apply(lambda year: year.prod()) - 1), PERIOD: pd.Series(over)}).dropna()


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    table = tables(TABLE)
    periods = table.loc[table["measure"] == PERIOD, ["period_start", "period_end"]]
    redone = changes(known(files, **FILES)["index"], list(periods.itertuples(index=False, name=None)))
    return [beside("prices", redone, table.set_index(["measure", "period_start"])["value"], ROUNDING, "percent")]


def main(arguments: list[str] | None = None) -> int:
    return run("consumer_prices", __doc__, redo, arguments, "ipc_monthly.csv")


if __name__ == "__main__":
    sys.exit(main())
