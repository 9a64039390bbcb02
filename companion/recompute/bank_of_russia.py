"""The rouble, the key rate and the reserves: from the Bank of Russia's series to the tables in ``data/economy/``.

``python -m companion.recompute.bank_of_russia FILE…`` takes one or more of ``fx_rates.csv``, ``key_rate.csv`` and
``reserves_monthly.csv`` of the GitHub repository ``lorenzo-pasteris/Analisi-Russia-Ucraina`` (commit 1ee36a72, to August
2026), which keeps the bank's official series, and tells them apart by their columns.

A month's rouble is the mean of the days with a rate, so without weekends; a month that the file breaks off in is the mean of
its days so far. The weakest day of 2022 is that with the most roubles for a dollar. A month's key rate is that of its
last day. Reserves are billions of dollars, frozen ones included.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

ROUBLE, KEY_RATE, RESERVES = "economy/rouble", "economy/key_rate", "economy/reserves"
FILES = {
    "roubles": ("date", "currency", "rub_per_unit"),
    "key rate": ("date", "key_rate_pct"),
    "reserves": ("date", "total_mln_usd"),
}
MEAN, WEAKEST, STRONGEST = "mean of the month", "weakest day of 2022", "strongest day of 2022"


def daily(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column by day, in order."""
    return pd.Series(rows[column].to_numpy(float), index=pd.to_datetime(rows["date"])).sort_index()


def roubles(rates: pd.DataFrame) -> pd.Series:
    """Roubles for a dollar by series and first day: means of months, and the two extremes of 2022."""
    dollar = daily(rates[rates["currency"] == "USD"], "rub_per_unit")
    in_2022 = dollar["2022-01-01":"2022-12-31"]
    extremes = {WEAKEST: in_2022[[in_2022.idxmax()]], STRONGEST: in_2022[[in_2022.idxmin()]]} if len(in_2022) else {}
    return pd.concat({MEAN: dollar.resample("MS").mean().dropna(), **extremes})


def at_month_ends(by_day: pd.Series) -> pd.Series:
    """The last figure known on each month's last day."""
    return by_day.resample("ME").last().ffill()


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found, parts = known(files, **FILES), []
    if "roubles" in found:
        table = tables(ROUBLE).set_index(["series", "period_start"])["value"]
        parts.append(beside("roubles for a dollar", roubles(found["roubles"]), table, 0.005, "roubles"))
    if "key rate" in found:
        rates = at_month_ends(daily(found["key rate"], "key_rate_pct"))
        parts.append(beside("key rate", rates, tables(KEY_RATE).set_index("date")["value"], 0.005, "percent"))
    if "reserves" in found:
        billions = daily(found["reserves"], "total_mln_usd") / 1000
        parts.append(beside("reserves", billions, tables(RESERVES).set_index("date")["value"], 0.005, "billions"))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("bank_of_russia", __doc__, redo, arguments, "fx_rates.csv, key_rate.csv or reserves_monthly.csv")


if __name__ == "__main__":
    sys.exit(main())
