"""Land that a side's terms would hand over: from the oblast shares to ``data/negotiations/terms_in_land.csv``.

``python -m companion.recompute.terms_in_land`` takes no file: the areas follow from ``territory/oblast_share``, so run it
when a row of that table has changed. What a side asked for was read in the press, so terms and maker of the map are the
table's own; the day and the areas are redone.

The day is the nearest on which the maker's map has all oblasts, which are those days in ``oblast_share``. What Ukraine would
leave is the oblast's land less what Russia held, in km² (WGS84); what Russia would leave is what it held. Where the terms are
of land taken since 24 February 2022, what it had held the day before is taken off. Where the terms are of all land, each
oblast in which any is left makes a row; for other terms the table says which. Percent are of the oblast's land.
"""

from __future__ import annotations

import argparse
import sys

import pandas as pd

from companion.problems import Problem, Wrong
from companion.recompute import Comparison, Tables, compare, finish

TABLE, SHARES = "negotiations/terms_in_land", "territory/oblast_share"
BEFORE, SINCE = "pre2022_line_liveuamap", "all land taken since 24 February 2022"
EVERYWHERE = {SINCE, "all of Ukraine, Crimea included"}
"""Terms that name no oblast."""
WITHIN = {"value": (0.05, "km²"), "pct": (0.005, "percent")}
"""The table has a tenth of a km² and a hundredth of a percent."""


def areas(rows: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """``value`` (km²) and ``pct`` by oblast and day of the map, for one side's terms of one occasion."""
    date, side, map_maker = (_only(rows, column) for column in ("date", "side", "map"))
    maps = shares[(shares["series"] == map_maker) & shares["area_km2"].notna()]
    if maps.empty:
        raise Wrong(Problem(f"data/{SHARES}.csv", 0, "recompute", f"no areas of the map '{map_maker}'"))
    day = min(maps["date"].unique(), key=lambda other: abs(other - date))
    held = maps[maps["date"] == day].set_index("oblast")
    land, whole = held["area_km2"], held["oblast_polygon_km2"]
    everywhere = set(rows["terms"]) <= EVERYWHERE
    if set(rows["terms"]) == {SINCE}:
        land = land - shares[shares["series"] == BEFORE].set_index("oblast")["area_km2"].reindex(land.index, fill_value=0)
    if side == "Russia":  # what Ukraine would leave
        land = whole - land
    land = land[land > 0] if everywhere else land.reindex(rows["oblast"])
    found = pd.DataFrame({"value": land, "pct": 100 * land / whole.reindex(land.index)})
    return found.set_index(pd.MultiIndex.from_product([found.index, [day]]))


def _only(rows: pd.DataFrame, column: str):
    if len(found := rows[column].unique()) != 1:
        text = f"one side's terms of one day have more than one {column}: {', '.join(map(str, found))}"
        raise Wrong(Problem(f"data/{TABLE}.csv", 0, "recompute", text))
    return found[0]


def redo(tables: Tables) -> list[Comparison]:
    table, shares = tables(TABLE), tables(SHARES)
    parts = {(date, side): areas(rows, shares) for (date, side), rows in table.groupby(["date", "side"])}
    names = ["date", "side", "oblast", "map_date"]
    found, table = pd.concat(parts, names=names), table.set_index(names)
    return [compare(f"{TABLE}, {name}", found[name], table[name], *within) for name, within in WITHIN.items()]


def main(arguments: list[str] | None = None) -> int:
    from companion.project import current

    argparse.ArgumentParser(prog="python -m companion.recompute.terms_in_land", description=__doc__.split("\n")[0]).parse_args(
        arguments
    )
    try:
        return finish(redo(lambda name: current().table(name).frame))
    except Wrong as err:
        print(err, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
