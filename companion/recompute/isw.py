"""The daily area on ISW's map: from The Economist's file to ``data/territory/isw_daily.csv``.

``python -m companion.recompute.isw area_assessed_as_controlled_by_russia.csv`` redoes the table and prints what differs.
The file is ``source-data/deaths-and-casualties-data/area_assessed_as_controlled_by_russia.csv`` of the GitHub repository
``TheEconomist/the-economist-ukraine-war-dead-and-wounded-estimates`` (MIT); the table was made from commit 978a24b4.

The file's areas are planar: measured in the projection EPSG:28404, they come out some three percent too large. So

    km² = as published / factor + added

where the factor is the planar over the geodesic area of ISW's polygons. On days whose polygons were at hand it was
measured (``companion.recompute.polygons`` measures one: the table keeps it to four decimals); between them it is
interpolated. What is added takes out the redraw of 12 September 2022, when ISW put the eastern Syvash on its map, which
had been held all along and so is no gain. On a few days the file is far off and the table has the area of ISW's own
polygons instead, which this file can't give.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from companion.problems import Problem, Wrong
from companion.recompute import Comparison, compare, finish

TABLE = "territory/isw_daily"
PUBLISHED, GEODESIC = "control_plus_advances_as_published", "control_plus_advances_geodesic"
COLUMN = "area_assessed_as_russia_controlled"  # m², in The Economist's file
REDRAW = pd.Series(
    {
        pd.Timestamp("2022-02-22"): 719.0,
        pd.Timestamp("2022-02-24"): 824.0,
        pd.Timestamp("2022-04-03"): 828.4,
        pd.Timestamp("2022-09-12"): 0.0,
    }
)
"""km² of the redrawn polygon that ISW's map lacked, from each day on: at first only its Crimean part had been held."""
ROUNDING = 8.0
"""km²: the factor is kept to four decimals, half a unit of which is this much on the largest area."""


def read(path: Path) -> pd.Series:
    """The published area in km² by day, from The Economist's file."""
    frame = pd.read_csv(path)
    if "date" not in frame or COLUMN not in frame:
        raise Wrong(
            Problem(str(path), 1, "recompute", f"no columns 'date' and '{COLUMN}'; is this The Economist's file of areas?")
        )
    return pd.Series(frame[COLUMN].to_numpy(float) / 1e6, index=pd.to_datetime(frame["date"]), name="km2")


def factors(days: pd.DatetimeIndex, measured: pd.Series) -> pd.Series:
    """The planar over the geodesic area by day: as measured, a straight line between measured days, level beyond the ends."""
    known = measured.dropna().sort_index()
    axis = [index.to_numpy().astype("datetime64[D]").astype(float) for index in (days, known.index)]
    return pd.Series(np.interp(axis[0], axis[1], known.to_numpy(float)), index=days)


def added(days: pd.DatetimeIndex) -> pd.Series:
    """The km² to add by day for the redraw."""
    place = REDRAW.index.searchsorted(days, side="right") - 1
    return pd.Series(np.where(place < 0, REDRAW.iloc[0], REDRAW.to_numpy()[place]), index=days)


def geodesic(published: pd.Series, measured: pd.Series) -> pd.Series:
    """Geodesic km² by day, from the published planar ones and the factors measured on some days."""
    return published / factors(published.index, measured) + added(published.index)


def against(published: pd.Series, table: pd.DataFrame) -> list[Comparison]:
    """The recomputed series beside those of the table, whose measured factors are used."""
    ours = {name: part.set_index("date") for name, part in table.groupby("series")}
    corrected = ours[GEODESIC]
    # Redone from the map's own polygons: neither a factor nor the file stands behind these days.
    own = corrected.index[corrected["divided_by"].isna()]
    measured = corrected["divided_by"].where(
        corrected["divisor_basis"].astype("string").str.startswith("calibrated").fillna(False)
    )
    days = ", ".join(f"{day:%Y-%m-%d}" for day in own)
    return [
        compare("as published", published.round(1), ours[PUBLISHED]["km2"], 0.05, "km²"),
        compare(
            "geodesic",
            geodesic(published, measured).drop(own, errors="ignore"),
            corrected["km2"].drop(own),
            ROUNDING,
            "km²",
            f"{len(own)} days taken from ISW's polygons ({days})" if len(own) else "",
        ),
    ]


def main(arguments: list[str] | None = None) -> int:
    from companion.project import current

    parser = argparse.ArgumentParser(prog="python -m companion.recompute.isw", description=__doc__.split("\n")[0])
    parser.add_argument("upstream", type=Path, help="The Economist's CSV of daily areas")
    try:
        return finish(against(read(parser.parse_args(arguments).upstream), current().table(TABLE).frame))
    except (Wrong, OSError) as err:
        print(err, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
