"""Missiles and drones that Russia launched, by month: from the Ukrainian Air Force's reports to ``data/war_machine/launches``.

``python -m companion.recompute.launches missile_attacks_daily.csv`` takes P. Ivaniuk's data set "Massive Missile Attacks on
Ukraine" (Kaggle, ``piterfm``; we read the copy in ``vovaara-droid/graphrag-learning``, commit 11283311), which has a row
for each reporting window and model of weapon.

A window counts in the month in which it begins. Attack drones are the rows that name Shahed-136/131; drones of unknown
kind, reconnaissance drones, other loitering munitions and guided bombs are left out. A row that joins several missiles
with "and" counts as ballistic or as cruise where all of them are, and is left out where they are not; surface-to-air missiles
fired at the ground and Zircons count as ballistic. A month's last window may end in the next.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

TABLE = "war_machine/launches"
FILES = {"windows": ("time_start", "model", "launched", "destroyed")}
DRONES, BALLISTIC, CRUISE = "attack drones", "ballistic missiles", "cruise and air-launched missiles"
SHAHED = "Shahed-136/131"
BALLISTIC_MODELS = {
    "3M22 Zircon",
    "Ballistic Missile",
    "C-300",
    "C-300/C-400",
    "C-400",
    "Intercontinental Ballistic Missile",
    "Intercontinental ballistic missile",
    "Iskander-M",
    "Iskander-M/KN-23",
    "KN-23",
    "X-47 Kinzhal",
}
CRUISE_MODELS = {
    "Banderol",
    "Iskander-K",
    "Kalibr",
    "P-800 Oniks",
    "X-101/X-555",
    "X-22",
    "X-31",
    "X-31P",
    "X-31PD",
    "X-32",
    "X-35",
    "X-59",
    "X-59/X-69",
    "X-59MK2",
    "X-69",
}


def kind(model: str) -> str | None:
    """The table's series of a model, or of several joined with "and"; None where it is in none."""
    models = set(model.split(" and "))
    if SHAHED in models:
        return DRONES
    return BALLISTIC if models <= BALLISTIC_MODELS else CRUISE if models <= CRUISE_MODELS else None


def monthly(windows: pd.DataFrame) -> pd.Series:
    """How many were launched, by month (its first day) and series."""
    month = pd.to_datetime(windows["time_start"].str[:7], format="%Y-%m").rename("month")
    return windows["launched"].groupby([month, windows["model"].map(kind).rename("series")]).sum()


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    table = tables(TABLE).set_index(["period_start", "series"])["value"]
    return [beside("launched", monthly(known(files, **FILES)["windows"]), table, 0, "missiles or drones")]


def main(arguments: list[str] | None = None) -> int:
    return run("launches", __doc__, redo, arguments, "missile_attacks_daily.csv")


if __name__ == "__main__":
    sys.exit(main())
