"""World prices by month, and each as a percentage of January 2022: to the tables in ``data/world_economy/``.

``python -m companion.recompute.prices FILE…`` takes one or more of these, and tells them apart by their columns:

- FAO's Food Price Index and its five parts, nominal, by month (fao.org; we read it in
  ``Wozhenshipofang/acc102-food-inflation-tracker``, as FAO had it in April 2026; FAO revises earlier months);
- the World Bank's Commodity Price Data, "CMO-Historical-Data-Monthly.xlsx" (worldbank.org; we took the edition of 3 March
  2026). None of the project's packages reads Excel, so save its sheets Monthly Prices and Monthly Indices as CSV first.

January 2022 is the last month without war. The table's percentages were taken from prices that are
rounded to two decimals, so they may be a little more than half of their last digit off.
"""

from __future__ import annotations

import csv
import sys
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from companion.problems import Problem, Wrong
from companion.recompute import Comparison, Tables, beside, run

MONTH = r"\d{4}[-M]\d{2}$"
BEFORE = pd.Timestamp("2022-01-01")
"""The last month without war."""
PRICES, FAO = "world_economy/prices", "world_economy/fao_food_price_index"
EDITION = "as of April 2026"
COMMODITIES = {
    "Crude oil, Brent": "oil (Brent)",
    "Natural gas, Europe": "gas, Europe",
    "Food": "food index",
    "Fertilizers": "fertiliser index",
    "Wheat, US HRW": "wheat (US hard red)",
    "Maize": "maize",
    "Sunflower oil": "sunflower oil",
    "Coal, Australian": "coal, Australia",
}
"""The World Bank's name of a price, and the table's."""


def read(path: Path) -> pd.DataFrame:
    """A price a column, a month (its first day) a row, from a CSV with titles, names and units above the first month.

    A series' name is the first cell that is not empty in its column; what is no number (``…``) is no price.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = pd.DataFrame(zip_longest(*csv.reader(file)), dtype=str).T
    except (UnicodeDecodeError, csv.Error) as err:
        raise Wrong(Problem(str(path), 0, "recompute", f"not a CSV; save the sheet as one: {err}")) from None
    rows = cells[0].str.match(MONTH) if len(cells) else pd.Series(dtype=bool)
    if not rows.any():
        raise Wrong(Problem(str(path), 0, "recompute", "no month such as 2022-01 or 2022M01 in the first column"))
    months = pd.to_datetime(cells.loc[rows, 0].str[:7].str.replace("M", "-"), format="%Y-%m")
    above = cells[: rows.idxmax()].apply(lambda column: column.str.strip().replace("", pd.NA)).bfill().iloc[0]
    names = {column: name.strip("* ") for column, name in above.items() if column and pd.notna(name)}
    values = cells.loc[rows, list(names)].apply(pd.to_numeric, errors="coerce")
    return values.set_axis(names.values(), axis=1).set_axis(months, axis=0)


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    given = [read(path) for path in files]
    parts = []
    if bank := [frame for frame in given if set(COMMODITIES) & set(frame)]:
        monthly = pd.concat([frame[[name for name in COMMODITIES if name in frame]] for frame in bank], axis=1)
        monthly = monthly.rename(columns=COMMODITIES)
        table = tables(PRICES).set_index(["month", "commodity"])
        parts.append(beside("price", monthly.stack(), table["value"], 0.005, "in its unit"))
        parts.append(beside("January 2022 = 100", (100 * monthly / monthly.loc[BEFORE]).stack(), table["index"], 0.06, "percent"))
    for frame in given:
        if "Food Price Index" in frame:
            redone = pd.concat({EDITION: frame["Food Price Index"]}).swaplevel()
            parts.append(beside("FAO's index", redone, tables(FAO).set_index(["month", "edition"])["value"], 0.05, "points"))
    if not parts:
        raise Wrong(Problem(", ".join(map(str, files)), 0, "recompute", "neither FAO's index nor a price of the World Bank's"))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("prices", __doc__, redo, arguments, "FAO's CSV, or a sheet of the World Bank's workbook saved as CSV")


if __name__ == "__main__":
    sys.exit(main())
