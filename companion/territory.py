"""How much of Ukraine Russia holds: by whose map, counting what as control, of which whole; nothing filled in silently."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from companion.figures import Figure, one
from companion.problems import Problem, Wrong
from companion.tables import Origin, Rows
from companion.tables import rows as _rows

MAPS = {
    ("isw", "control and advances"): ("territory/isw_daily", {"series": "control_plus_advances_geodesic"}),
    ("isw", "control"): ("territory/isw_layers_daily", {"series": "control_only_geodesic"}),
    ("deepstate", "occupied"): ("territory/deepstate_daily", {}),
    ("liveuamap", "occupied"): ("territory/liveuamap_daily", {}),
}
"""Whose map and what it counts as control -> the table and rows that hold its daily area (``km2``)."""


def area(maker: str, control: str, since: str | None = None, until: str | None = None) -> Rows:
    """The area held, day by day, in km²: columns ``date`` and ``value``. Days that the maker didn't map are not there, nor
    those whose row is marked ``source_error``.

    ``maker`` and ``control`` choose the map and what it counts as control, as in ``MAPS``.
    """
    if (maker, control) not in MAPS:
        known = "; ".join(f"maker='{m}', control='{c}'" for m, c in MAPS)
        raise Wrong(Problem("", 0, "territory", f"no map with maker='{maker}', control='{control}'; there are {known}"))
    table, where = MAPS[maker, control]
    found = _rows(table, since=since, until=until, **where)
    frame = found.frame.rename(columns={"km2": "value"}).sort_values("date")
    if "source_error" in frame:
        frame = frame[frame["source_error"].ne(True)]
        found = replace(found, origins=(replace(found.origins[0], lines=tuple(int(line) for line in frame.index)),))
    return Rows(frame, found.origins, "date", "km²", found.how, found.breaks)


def base_area(base: str) -> Figure:
    """The whole that a share is of, in km²: a row of ``territory/area_of_ukraine`` by its ``name``."""
    return one("territory/area_of_ukraine", "km2", name=base)


def shares(maker: str, control: str, base: str, since: str | None = None, until: str | None = None) -> Rows:
    """The share held, day by day, in percent of ``base``: columns ``date`` and ``value``."""
    held, whole = area(maker, control, since, until), base_area(base)
    frame = held.frame.assign(value=held.frame["value"] / whole.value * 100)
    how = f"area by {maker} ({control}) divided by {whole.value:,.0f} km² ({base})"
    return Rows(frame, held.origins, "date", f"% of {base}", how, held.breaks)


def _on(held: Rows, on: str) -> pd.Series:
    day = pd.Timestamp(on)
    found = held.frame[held.frame["date"] == day]
    if found.empty:
        days = held.frame["date"]
        before, after = days[days < day].max(), days[days > day].min()
        near = " and ".join(f"{d:%Y-%m-%d}" for d in (before, after) if pd.notna(d))
        raise Wrong(Problem("", 0, "territory", f"no map of {on} in {held.tables[0].name}; the nearest days are {near}"))
    return found.iloc[0]


def held(maker: str, control: str, on: str) -> Figure:
    """The area held on a day, in km². A day without a map is an error that names the nearest ones."""
    found = area(maker, control)
    row = _on(found, on)
    return Figure(float(row["value"]), "km²", (_origin(found, [row.name], f"date = {on}"),), how=found.how)


def share_held(maker: str, control: str, base: str, on: str) -> Figure:
    """The share held on a day, in percent of ``base``."""
    whole, part = base_area(base), held(maker, control, on)
    how = f"{part.value:,.0f} km² held by {maker} ({control}) on {on}, of {whole.value:,.0f} km²"
    return Figure(part.value / whole.value * 100, f"% of {base}", (*part.origins, *whole.origins), how=how)


def net_change(maker: str, control: str, start: str, end: str) -> Figure:
    """The area held on ``end`` less that held on ``start``, in km²; below zero, Russia lost ground."""
    found = area(maker, control)
    before, after = _on(found, start), _on(found, end)
    origin = _origin(found, [before.name, after.name], f"date = {start}, {end}")
    return Figure(
        float(after["value"] - before["value"]), "km²", (origin,), how=f"area on {end} minus area on {start}, {maker} ({control})"
    )


def last_day_at(maker: str, control: str, base: str, share: float, before: str) -> Figure:
    """The last day before ``before`` on which the share stood at ``share`` percent or more."""
    found = shares(maker, control, base, until=before)
    days = found.frame[(found.frame["value"] >= share) & (found.frame["date"] < pd.Timestamp(before))]
    if days.empty:
        raise Wrong(Problem("", 0, "territory", f"the share never stood at {share}% before {before}"))
    row = days.iloc[-1]
    how = f"last mapped day before {before} with {share}% of {base} or more; the share that day: {row['value']:.2f}%"
    return Figure(row["date"].date(), "date", (_origin(found, [row.name], f"date = {row['date']:%Y-%m-%d}"),), how=how)


def first_day_at(maker: str, control: str, base: str, share: float, after: str) -> Figure:
    """The first day after ``after`` on which the share stood at ``share`` percent or more."""
    found = shares(maker, control, base, since=after)
    days = found.frame[(found.frame["value"] >= share) & (found.frame["date"] > pd.Timestamp(after))]
    if days.empty:
        raise Wrong(Problem("", 0, "territory", f"the share never reached {share}% after {after}"))
    row = days.iloc[0]
    how = f"first mapped day after {after} with {share}% of {base} or more; the share that day: {row['value']:.2f}%"
    return Figure(row["date"].date(), "date", (_origin(found, [row.name], f"date = {row['date']:%Y-%m-%d}"),), how=how)


def days_below(maker: str, control: str, base: str, share: float, since: str, until: str) -> Figure:
    """How many mapped days from ``since`` to ``until`` had a share of under ``share`` percent."""
    found = shares(maker, control, base, since=since, until=until)
    below = found.frame[found.frame["value"] < share]
    how = f"{len(below)} of {len(found.frame)} mapped days from {since} to {until} with under {share}% of {base}"
    return Figure(float(len(below)), "days", (_origin(found, list(found.frame.index), f"date from {since} to {until}"),), how=how)


def net_by_month(maker: str, control: str, since: str, until: str) -> Rows:
    """Net change by calendar month in km², from the last mapped day of a month to that of the next.

    Columns ``date`` (month's last day), ``value``, ``start`` and ``end`` (the days compared). A month whose last mapped day is
    over three days from its end is left out, and so is the one after it, rather than filled in.
    """
    found = area(maker, control, since, until)
    frame = found.frame.sort_values("date")
    last = frame.groupby(frame["date"].dt.to_period("M")).tail(1)
    last = last[(last["date"].dt.to_period("M").dt.end_time.dt.normalize() - last["date"]).dt.days <= 3]
    months = last["date"].dt.to_period("M")
    follows = months.diff().map(lambda gap: getattr(gap, "n", 0)) == 1
    out = pd.DataFrame(
        {
            "date": months.dt.end_time.dt.normalize(),
            "value": last["value"].diff(),
            "start": last["date"].shift(),
            "end": last["date"],
            "source_id": last["source_id"],
        }
    )[follows]
    used = found.frame.index[found.frame["date"].isin(pd.concat([out["start"], out["end"]]))]
    origin = _origin(found, list(used), f"month ends from {since} to {until}")
    return Rows(out, (origin,), "date", "km²", f"net change between month ends, {maker} ({control})", found.breaks)


def printed_shares(base: str, since: str | None = None, until: str | None = None, **where) -> Rows:
    """Shares held as others printed them, in percent: rows of ``territory/published_points`` with ``value``.

    A printed share stands as printed. Where a publisher printed an area for a day and no share, the area is divided by
    ``base``, and ``how`` says so. ``where`` filters as in ``rows``, for example ``who``.
    """
    found, whole = _rows("territory/published_points", since=since, until=until, **where), base_area(base)
    frame = found.frame[found.frame["indicator"].isin(["occupied_share", "occupied_area"])]
    given = frame["indicator"] == "occupied_share"
    has_share = pd.MultiIndex.from_frame(frame.loc[given, ["date", "who"]])
    frame = frame[given | ~pd.MultiIndex.from_frame(frame[["date", "who"]]).isin(has_share)].sort_values("date")
    divided = frame["indicator"] == "occupied_area"
    frame = frame.assign(value=frame["pct"].where(~divided, frame["km2"] / whole.value * 100))
    if frame["value"].isna().any() or frame.empty:
        raise Wrong(Problem(found.tables[0].path, 0, "territory", "no printed share or area where " + found.origins[0].where))
    how = f"{divided.sum()} printed areas divided by {whole.value:,.0f} km² ({base})" if divided.any() else None
    return Rows(frame, (_origin(found, list(frame.index), found.origins[0].where),), "date", f"% of {base}", how, found.breaks)


def _origin(found: Rows, lines: list, where: str) -> Origin:
    base = found.origins[0].where
    said = where if where.startswith(base) or base == "all rows" else f"{base}; {where}"
    return replace(found.origins[0], lines=tuple(int(line) for line in lines), where=said)
