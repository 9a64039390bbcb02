"""Deaths before and after each Donbas truce, deaths by month, and corridors of 2022: to the tables in ``data/negotiations/``.

``python -m companion.recompute.truces FILE…`` takes one or more of these, and tells them apart by their columns:

- ``docs/data/daily_events.json`` of the GitHub repository ``sdspieg/war-datasets-dashboard`` (we took commit cc9e7eb5):
  deaths in Ukraine by day from a later release of UCDP's georeferenced events, which ends with 2024;
- ``data/UCDP-Ukraine.csv`` of ``peacerep/humanitarian-corridors`` (commit 365fa290): the same events as a copy of early
  2023 had them, an event a row; its ``date_start`` is written in two ways, the month first in both;
- ``data/Humanitarian Corridors Ukraine - HC_geocoded.csv`` of that repository: a proposed evacuation route a row.

Deaths are UCDP's best estimates for all Ukraine. An event known only to the month counts on its first day. The 30 days
before a truce end on the day before its date; days 1 to 30 begin on that date, days 31 to 60 follow.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

WINDOWS, MONTHLY, CORRIDORS = (f"negotiations/{name}" for name in ("donbas_truce_windows", "donbas_violence", "corridors"))
FILES = {
    "daily": ("date", "ucdp_events", "ucdp_fatalities"),
    "events": ("date_start", "best", "conflict_name", "dyad_name"),
    "routes": ("HC_ID", "proposal", "status_result"),
}
EARLIER, LATER = "public in 2022", "later"
"""The two releases, as the tables call them."""
SPANS = {"30 days before": (-30, -1), "days 1 to 30": (0, 29), "days 31 to 60": (30, 59)}
"""First and last day of a window, counted from the truce's date."""
OUTCOMES = {"proposed route/outcome unknown": "outcome not known", "unsuccessful/disrupted": "failed or disrupted"}
PROPOSED = {"Agreed": "agreed by both"}


def deaths(found: dict[str, pd.DataFrame]) -> dict[str, pd.Series]:
    """Deaths by day in each release that was given; days with none may be missing."""
    releases = {}
    if "events" in found:
        events = found["events"]
        day = pd.to_datetime(events["date_start"].str.split().str[0], format="%m/%d/%Y")
        releases[EARLIER] = events["best"].groupby(day.to_numpy()).sum()
    if "daily" in found:
        daily = found["daily"]
        releases[LATER] = daily["ucdp_fatalities"].groupby(pd.to_datetime(daily["date"]).dt.normalize().to_numpy()).sum()
    return releases


def windows(by_day: pd.Series, truces: pd.DatetimeIndex) -> pd.Series:
    """Deaths by truce and window."""
    found = {
        (day, name): by_day[day + pd.Timedelta(days=first) : day + pd.Timedelta(days=last)].sum()
        for day in truces
        for name, (first, last) in SPANS.items()
    }
    return pd.Series(found)


def monthly(by_day: pd.Series) -> pd.Series:
    """Deaths by month, the month as its first day; a month between the first and the last without a death has 0."""
    return by_day.resample("MS").sum()


def routes(rows: pd.DataFrame) -> pd.Series:
    """Routes by who proposed them and what came of them, pairs without a route included."""
    proposed, outcome = rows["proposal"].replace(PROPOSED), rows["status_result"].replace(OUTCOMES)
    return rows.groupby([proposed, outcome]).size().unstack(fill_value=0).stack()


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found = known(files, **FILES)
    releases, parts = deaths(found), []
    if releases:
        table = tables(WINDOWS).set_index(["release", "date", "window"])["value"]
        truces = pd.DatetimeIndex(table.index.get_level_values("date").unique())
        redone = pd.concat({release: windows(by_day, truces) for release, by_day in releases.items()})
        parts.append(beside("deaths around truces", redone, table, 0, "deaths"))
        table = tables(MONTHLY).set_index(["release", "period_start"])["value"]
        redone = pd.concat({release: monthly(by_day) for release, by_day in releases.items()})
        parts.append(beside("deaths by month", redone, table, 0, "deaths"))
    if "routes" in found:
        table = tables(CORRIDORS).set_index(["proposed_by", "outcome"])["value"]
        parts.append(beside("corridors", routes(found["routes"]), table, 0, "routes"))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("truces", __doc__, redo, arguments, "daily_events.json, UCDP-Ukraine.csv, or the file of corridors")


if __name__ == "__main__":
    sys.exit(main())
