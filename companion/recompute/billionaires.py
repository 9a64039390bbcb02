"""Russia's billionaires: from Forbes' lists, a person a row, to the tables in ``data/elite/``.

``python -m companion.recompute.billionaires billionaires_*.csv`` takes copies of Forbes' World lists with a citizenship
and a net worth such as ``29.1 B`` for each person: those of 2013 to 2023 are in the GitHub repository
``GyanPrakashkushwaha/Forbes-Billionaires`` (commit d1240fda), that of 2024 is in ``sinamane/forbes-billionaires-analysis``
(commit a7e67cb5). A list is dated to the first day of its month.

Russians are those whose citizenship is given as Russia. Net worth is in billions of US dollars. The tables put Forbes'
fields together as in ``FIELDS``; "& family" after a name is dropped.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

COUNTS, FIELDS_TABLE, FORTUNES = (f"elite/{name}" for name in ("billionaire_lists", "wealth_by_field", "fortunes"))
FILES = {"list": ("year", "month", "net_worth", "full_name", "country_of_citizenship", "business_category", "self_made")}
OUR_COUNT, WORLD_LIST = "Forbes World list, our count", "Forbes World list"
ALL, SELF_MADE = "all", "all, self-made by Forbes"
FIELDS = {
    "Construction & Engineering": "Building and property",
    "Real Estate": "Building and property",
    "Finance & Investments": "Finance and investment",
    "Manufacturing": "Manufacturing, with fertiliser",
    "Metals & Mining": "Metals and mining",
    "Energy": "Oil, gas and energy",
    "Fashion & Retail": "Shops and food",
    "Food & Beverage": "Shops and food",
    "Media & Entertainment": "Technology and media",
    "Technology": "Technology and media",
    "Telecom": "Technology and media",
}
"""Forbes' fields as the table puts them together; the rest is "Other"."""
ROUNDING = 0.05
"""Billions of dollars, or percent."""


def people(lists: pd.DataFrame) -> pd.DataFrame:
    """A person and year a row: ``date`` of the list, ``person``, ``billions``, ``country``, ``field``, ``self_made``."""
    return pd.DataFrame(
        {
            "date": pd.to_datetime(lists[["year", "month"]].assign(day=1)),
            "person": lists["full_name"].str.replace(" & family", "").str.strip(),
            "billions": lists["net_worth"].str.removesuffix("B").astype(float),
            "country": lists["country_of_citizenship"],
            "field": lists["business_category"].map(FIELDS).fillna("Other"),
            "self_made": lists["self_made"].astype(str).str.lower().eq("true"),
        }
    )


def by_field(russians: pd.DataFrame) -> pd.DataFrame:
    """``people``, ``net_worth`` and ``share`` (of it, in percent) by list and field, with all and the self-made."""
    groups = [russians, russians.assign(field=ALL), russians[russians["self_made"]].assign(field=SELF_MADE)]
    found = pd.concat(groups).groupby(["date", "field"])["billions"].agg(people="size", net_worth="sum")
    return found.assign(share=100 * found["net_worth"] / found["net_worth"].xs(ALL, level="field"))


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    listed = people(known(files, **FILES)["list"])
    fields = by_field(listed[listed["country"] == "Russia"])
    whole = fields.xs(ALL, level="field")
    table = tables(COUNTS)
    ours = table[table["list"] == OUR_COUNT].set_index(["measure", "date"])["value"]
    parts = [
        beside("people", pd.concat({"people": whole["people"]}), ours[["people"]], 0, "people"),
        beside("net worth", pd.concat({"net worth": whole["net_worth"]}), ours[["net worth"]], ROUNDING, "billions"),
    ]
    table = tables(FIELDS_TABLE).set_index(["date", "field"])
    for column, within, unit in (("people", 0, "people"), ("net_worth", ROUNDING, "billions"), ("share", ROUNDING, "percent")):
        parts.append(beside(f"fields, {column}", fields[column], table[column], within, unit))
    table = tables(FORTUNES)
    table = table[table["list"] == WORLD_LIST].set_index(["date", "person"])["value"]
    fortunes = listed[listed["person"].isin(table.index.get_level_values("person"))].set_index(["date", "person"])
    return [*parts, beside("fortunes", fortunes["billions"], table, ROUNDING, "billions")]


def main(arguments: list[str] | None = None) -> int:
    return run("billionaires", __doc__, redo, arguments, "a copy of a list, a person a row")


if __name__ == "__main__":
    sys.exit(main())
