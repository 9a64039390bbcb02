"""Named dead by region, and against regional poverty: from three lists of names to tables in ``data/war_machine/``.

``python -m companion.recompute.dead_by_region FILE…`` takes these, all but the last from the GitHub repository
``abessudnov/ruCasualtiesPublic``, and tells them apart by their columns:

- ``census2021_nMen16-615.csv`` (men of 16 to 61, census of 2021), ``regionCharacteristics.csv`` (Rosstat's figures of
  2020) and ``census_2010_ethn.csv`` (shares of peoples); the first two are always needed, the third for correlations;
- ``dfCasualtiesAnonymised.csv`` of commit b125fe3f (December 2022) and ``dfFatalitiesAnonymised.csv`` of 29aa86c8 (June
  2023), a person a row, without names. They stay on your own disk; what leaves this recipe are counts of regions;
- ``powerbi/regions.csv`` of ``AlexTsiris/Russian-Ukraine-War`` (commit 0b98f50a): names mapped to a place, June 2026.

The earlier list is cut at deaths confirmed by 30 November 2022; the later is taken whole, with names whose day is not
known. A rate is deaths for 10,000 men. Crimea and Sevastopol, of which Rosstat has no figures of poverty, are in neither
Russia's rate, nor the fifths, nor the correlations. A region is in the fifth in which the middle of its men falls, the
regions being in order of poverty. Rank correlations are Spearman's with the interval of Bonett and Wright (2000),
straight lines Pearson's with Fisher's; what is held fixed is taken out of both rankings by least squares, and costs the
interval one case each. As the table was made, incomes against subsistence are taken to two decimals and non-Russian
shares to one, which makes ties and moves a correlation by up to 0.003. The rural share comes from another file, so
correlations with it are left out.

By status (the column ``unitType`` of the list of June 2023) the same is done for the names of each kind of soldier.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from companion.problems import Problem, Wrong
from companion.recompute import Comparison, Tables, beside, known, run

REGIONS, FIFTHS, CORRELATIONS, STATUSES = (
    f"war_machine/{name}"
    for name in ("deaths_by_region", "deaths_by_poverty_fifth", "region_correlations", "deaths_by_status_and_poverty")
)
FILES = {
    "2023": ("deathConfirmedDate", "unitType", "region"),
    "2022": ("deathConfirmedDate", "birthYear", "region"),
    "2026": ("region_en", "total_deaths_full"),
    "men": ("nMen16_615_2021", "regNameEng"),
    "figures": ("percBelowSubsistence", "meanIncome", "subsistenceLevel", "regNameEng"),
    "peoples": ("percRus", "regNameEng"),
}
DATES = {"2022": pd.Timestamp("2022-11-30"), "2023": pd.Timestamp("2023-04-11"), "2026": pd.Timestamp("2026-06-24")}
NAMES = {
    "Jewish AO": "Jewish Autonomous Oblast",
    "Khanty-Mansi AO – Yugra": "Khanty-Mansi",
    "North Ossetia-Alania": "North Ossetia",
    "Saint Petersburg": "St Petersburg",
    "Sakha (Yakutia)": "Sakha",
    "St.Petersburg": "St Petersburg",
    "Yevreyskaya": "Jewish Autonomous Oblast",
}
"""Names of regions that the tables write otherwise; of others "Oblast", "Krai" and "AO" are dropped."""
KEPT = {"Altai Krai", "Moscow Oblast"}
CRIMEA = ["Crimea", "Sevastopol"]
CAPITALS = ["Moscow", "Moscow Oblast", "St Petersburg"]
CAUCASUS = ["Chechnya", "Dagestan", "Ingushetia", "Kabardino-Balkaria", "Karachay-Cherkessia", "North Ossetia"]
SUBSETS = {
    "all regions": [],
    "without the capitals": CAPITALS,
    "without the North Caucasus": CAUCASUS,
    "without the capitals and the North Caucasus": CAPITALS + CAUCASUS,
}
FEWEST = 5
"""Regions below which an interval can't be made."""
STATUS_NAMES = {
    "professional army": "professional soldiers",
    "conscripted": "mobilised",
    "volunteers": "volunteers",
    "inmates": "prisoners",
    "private military company": "private military companies",
    "not known": "not known",
}
"""The file's words for kinds of soldiers, and ours; kinds with fewer than 1,000 names are left out."""
FIFTH_NAMES = ["least poor fifth", "second fifth", "third fifth", "fourth fifth", "poorest fifth"]
POVERTY, INCOME, AGAINST, OTHERS = (
    "poverty",
    "mean income",
    "income against the local subsistence level",
    "non-Russian share",
)


def named(regions: pd.Series) -> pd.Series:
    """Names of regions as the tables have them."""
    short = regions.str.replace(r" (Oblast|Krai|AO)$", "", regex=True)
    return regions.map(NAMES).fillna(short.where(~regions.isin(KEPT), regions))


def deaths(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Named dead by region, a date of a list a column."""
    columns = {}
    if "2022" in found:
        people = found["2022"]
        people = people[pd.to_datetime(people["deathConfirmedDate"]) <= DATES["2022"]]
        columns[DATES["2022"]] = named(people["region"].dropna()).value_counts()
    if "2023" in found:
        columns[DATES["2023"]] = named(found["2023"]["region"].dropna()).value_counts()
    if "2026" in found:
        rows = found["2026"]
        columns[DATES["2026"]] = rows["total_deaths_full"].groupby(named(rows["region_en"])).sum()
    return pd.DataFrame(columns)


def by_region(counts: pd.DataFrame, men: pd.Series) -> pd.DataFrame:
    """``deaths``, ``men``, ``rate`` and ``relative`` (to Russia's rate) by date and region; a region without a name has 0."""
    found = counts.reindex(men.index).fillna(0).rename_axis(columns="date", index="region").unstack().to_frame("deaths")
    found["men"] = men.reindex(found.index, level="region")
    return with_rates(found, found.drop(CRIMEA, level="region", errors="ignore"))


def by_fifth(regions: pd.DataFrame, poverty: pd.Series) -> pd.DataFrame:
    """The regions put together into fifths of men by poverty, from the least poor on."""
    rows = (
        regions[["deaths", "men"]].join(poverty.rename("poverty"), on="region", how="inner").sort_values("poverty", kind="stable")
    )
    men = rows.groupby(level="date")["men"]
    middle = (men.cumsum() - rows["men"] / 2) / men.transform("sum")
    rows["fifth"] = [FIFTH_NAMES[int(5 * place)] for place in middle]
    found = rows.groupby(["date", "fifth"]).agg(
        regions=("men", "size"),
        poverty_from=("poverty", "min"),
        poverty_to=("poverty", "max"),
        men=("men", "sum"),
        deaths=("deaths", "sum"),
    )
    for column in ("men", "deaths"):
        found[f"{column}_share"] = 100 * found[column] / found.groupby(level="date")[column].transform("sum")
    return with_rates(found, found)


def by_status(people: pd.DataFrame, men: pd.Series, poverty: pd.Series) -> pd.DataFrame:
    """``value``, ``ci_low``, ``ci_high`` and ``dead`` by kind of soldier and measure: two fifths' shares, two correlations."""
    people = people.dropna(subset=["region"])
    status = people["unitType"].fillna("not known").map(STATUS_NAMES)
    counts = pd.crosstab(named(people["region"]), status)
    regions = by_region(counts, men)  # by status, where the lists have dates
    fifths = by_fifth(regions, poverty)
    dead = fifths["deaths"].groupby(level="date").sum()
    parts = {}
    for name, fifth in (("poorest fifth", FIFTH_NAMES[-1]), ("least poor fifth", FIFTH_NAMES[0])):
        for kind, share in fifths["deaths_share"].unstack().reindex(columns=[fifth])[fifth].dropna().items():
            parts[kind, f"share of the dead from the {name} of regions"] = (share, np.nan, np.nan, dead[kind])
    for (kind, _, subset, _, method), found in correlations(regions["rate"], poverty.to_frame(POVERTY)).iterrows():
        if method == "rank":
            parts[kind, f"rank correlation with poverty, {subset}"] = (*found[["value", "ci_low", "ci_high"]], dead[kind])
    keys = pd.MultiIndex.from_tuples(parts, names=["status", "measure"])
    return pd.DataFrame(list(parts.values()), keys, ["value", "ci_low", "ci_high", "dead"])


def with_rates(rows: pd.DataFrame, russia: pd.DataFrame) -> pd.DataFrame:
    whole = russia.groupby(level="date")[["deaths", "men"]].sum()
    rate = 10_000 * rows["deaths"] / rows["men"]
    return rows.assign(rate=rate, relative=rate / (10_000 * whole["deaths"] / whole["men"]).reindex(rate.index, level="date"))


def correlations(rates: pd.Series, measures: pd.DataFrame) -> pd.DataFrame:
    """``value``, ``ci_low``, ``ci_high`` and ``n`` by date, measure, subset of regions, what is held fixed, and method."""
    parts = {}
    for day, rate in rates.groupby(level="date"):
        rows = measures.join(rate.droplevel("date").rename("rate"), how="inner").dropna()
        for subset, without in SUBSETS.items():
            part = rows.drop(without, errors="ignore")
            if len(part) < FEWEST:
                continue
            for measure in measures:
                parts[day, measure, subset, "none", "rank"] = _ranks(part, measure)
            parts[day, POVERTY, subset, "none", "straight line"] = _line(part[POVERTY], part["rate"])
            if OTHERS in measures:
                parts[day, POVERTY, subset, OTHERS, "rank"] = _ranks(part, POVERTY, [OTHERS])
    keys = pd.MultiIndex.from_tuples(parts, names=["date", "measure", "regions", "held_fixed", "method"])
    return pd.DataFrame(list(parts.values()), keys, ["value", "ci_low", "ci_high", "n"])


def _ranks(rows: pd.DataFrame, measure: str, fixed: list[str] | None = None) -> tuple[float, float, float, int]:
    ranks, fixed = rows.rank(), fixed or []
    given = np.column_stack([np.ones(len(ranks)), *(ranks[name] for name in fixed)])
    left = [ranks[name] - given @ np.linalg.lstsq(given, ranks[name], rcond=None)[0] for name in (measure, "rate")]
    value = float(np.corrcoef(*left)[0, 1])
    return value, *_ends(value, np.sqrt((1 + value**2 / 2) / (len(ranks) - 3 - len(fixed)))), len(ranks)


def _line(x: pd.Series, y: pd.Series) -> tuple[float, float, float, int]:
    value = float(np.corrcoef(x, y)[0, 1])
    return value, *_ends(value, 1 / np.sqrt(len(x) - 3)), len(x)


def _ends(value: float, error: float) -> tuple[float, float]:
    half = NormalDist().inv_cdf(0.975) * error
    return float(np.tanh(np.arctanh(value) - half)), float(np.tanh(np.arctanh(value) + half))


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found = known(files, **FILES)
    if not {"men", "figures"} <= set(found) or not set(DATES) & set(found):
        raise Wrong(Problem(str(files[0]), 0, "recompute", "give the men, the regions' figures, and one list of names or more"))
    men, figures = (found[kind].set_index(named(found[kind]["regNameEng"])) for kind in ("men", "figures"))
    poverty = figures["percBelowSubsistence"].drop(CRIMEA, errors="ignore")
    regions = by_region(deaths(found), men["nMen16_615_2021"])
    measures = pd.DataFrame({POVERTY: poverty, INCOME: figures["meanIncome"]}).dropna()
    measures[AGAINST] = (figures["meanIncome"] / figures["subsistenceLevel"]).round(2)
    if "peoples" in found:
        measures[OTHERS] = 100 - found["peoples"].set_index(named(found["peoples"]["regNameEng"]))["percRus"].round(1)
    counts = {"regions": "regions", "men": "men", "deaths": "people", "n": "regions"}
    shares = {"men_share": "percent", "deaths_share": "percent", "rate": "in 10,000 men"}
    correlated = {"value": "of r", "ci_low": "of r", "ci_high": "of r"}
    parts = []
    for name, redone in (
        (REGIONS, regions),
        (FIFTHS, by_fifth(regions, poverty)),
        (CORRELATIONS, correlations(regions["rate"], measures)),
    ):
        table = tables(name).set_index(list(redone.index.names))
        for units, within in ((counts, 0), (shares, 0.005), ({"relative": "times Russia's", **correlated}, 0.0005)):
            for column in (column for column in units if column in redone):
                parts.append(beside(f"{name}, {column}", redone[column], table[column], within, units[column]))
    if "2023" in found:
        redone = by_status(found["2023"], men["nMen16_615_2021"], poverty)
        table = tables(STATUSES).set_index(list(redone.index.names))
        shares = table.index.get_level_values("measure").str.startswith("share")
        parts.append(beside(f"{STATUSES}, dead", redone["dead"], table["dead"], 0, "people"))
        parts.append(beside(f"{STATUSES}, shares", redone["value"], table.loc[shares, "value"], 0.005, "percent"))
        for column, unit in correlated.items():
            parts.append(beside(f"{STATUSES}, {column}", redone[column], table.loc[~shares, column], 0.0005, unit))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("dead_by_region", __doc__, redo, arguments, "A. Bessudnov's files, and A. Tsiris's regions.csv")


if __name__ == "__main__":
    sys.exit(main())
