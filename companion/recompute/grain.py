"""Grain and oil from Ukraine's ports by income of the destination: to ``data/world_economy/grain_corridor``.

``python -m companion.recompute.grain voyages.csv`` takes the UN's list of vessel movements of the Black Sea Grain
Initiative (Joint Coordination Centre, through HDX) as kept in ``static/data/`` of the GitHub repository
``maiertech/experiment-black-sea-grain-initiative`` (commit 74743de6, to 17 March 2023): a parcel a row, ``Outbound +`` a
further parcel of the same ship.

Tonnes are summed by month of departure and by the income group that the file gives the destination, which is where the
ship went and not always where the grain was eaten.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TABLE = "world_economy/grain_corridor"
FILES = {"voyages": ("Tonnage", "Departure", "Income group")}


def monthly(voyages: pd.DataFrame) -> pd.Series:
    """Tonnes by month (its first day) and income group, such as ``lower-middle``."""
    tonnes = pd.to_numeric(voyages["Tonnage"].astype(str).str.replace(",", ""))
    month = pd.to_datetime(voyages["Departure"], format="%d-%b-%y").dt.to_period("M").dt.to_timestamp()
    return tonnes.groupby([month, voyages["Income group"].str.replace(r"[- ]income$", "", regex=True)]).sum()


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    table = tables(TABLE).set_index(["month", "income_group"])["value"]
    return [beside("tonnes", monthly(known(files, **FILES)["voyages"]), table, 0, "tonnes")]


def main(arguments: list[str] | None = None) -> int:
    return run("grain", __doc__, redo, arguments, "voyages.csv")


if __name__ == "__main__":
    sys.exit(main())
