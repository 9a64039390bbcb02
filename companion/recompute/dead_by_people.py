"""Named dead by people, against the men of each: ratios and intervals of ``data/war_machine/deaths_by_people.csv``.

``python -m companion.recompute.dead_by_people FILE…`` takes these of A. Bessudnov's files in the GitHub repository
``abessudnov/ruCasualtiesPublic``, and tells them apart by their columns: ``census2010EthnPropPopulationAll.csv`` of commit
29aa86c8 (men by people, census of 2010), which is needed, and one or both lists of names, a person a row, without names:
``dfCasualtiesAnonymised.csv`` of b125fe3f (December 2022) and ``dfFatalitiesAnonymised.csv`` of 29aa86c8 (June 2023).

How many dead a people has can't be redone: it was guessed from names, and the public lists have none. These counts are taken
as the table has them, from his analyses. Redone are the men (8 to 32 in 2010, so 20 to 44 in 2022), all named dead (the rows
of a list), and from them the ratio: the people's share of the dead divided by its share of the men. The interval is the score
interval of a ratio of two shares (Koopman 1984; Miettinen and Nurminen 1985), which takes both as samples.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.problems import Problem, Wrong
from companion.recompute import Comparison, Tables, beside, known, run

TABLE = "war_machine/deaths_by_people"
FILES = {
    "men": ("newEthn", "nPopulation_8_32", "sumPopulation_8_32"),
    "2023": ("deathConfirmedDate", "unitType", "region"),
    "2022": ("deathConfirmedDate", "birthYear", "region"),
}
DATES = {"2022": pd.Timestamp("2022-12-01"), "2023": pd.Timestamp("2023-04-11")}
PEOPLES = {
    "Tuvan": "Tuvans",
    "Buryat": "Buryats",
    "CheDagIngKabAdKarBalOs": "peoples of the North Caucasus",
    "BashTat": "Bashkirs and Tatars",
    "BelRusUkr": "Russians, Ukrainians and Belarusians",
    "other": "others",
}
ROUNDING = 0.0005
"""Ratios have three decimals."""


def ratios(dead: pd.Series, men: pd.Series) -> pd.DataFrame:
    """``value``, ``ci_low`` and ``ci_high`` by people: the share of the dead over that of the men (each sums to all)."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    # As floats: the products in the interval are too large for whole numbers of 64 bits.
    dead, all_men, men = dead.astype(float), float(men.sum()), men.reindex(dead.index).astype(float)
    all_dead = float(dead.sum())
    ends = [
        confint_proportions_2indep(died, all_dead, living, all_men, compare="ratio", method="score")
        for died, living in zip(dead, men, strict=True)
    ]
    return pd.DataFrame(ends, dead.index, ["ci_low", "ci_high"]).assign(value=(dead / all_dead) / (men / all_men))


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found = known(files, **FILES)
    if "men" not in found:
        raise Wrong(Problem(str(files[0]), 0, "recompute", "give the men by people (census2010EthnPropPopulationAll.csv)"))
    table = tables(TABLE).set_index(["date", "people"])
    men = found["men"].set_index(found["men"]["newEthn"].map(PEOPLES))
    by_date = {day: men for day in table.index.unique("date")}  # the same men at both dates
    census = pd.concat(by_date, names=["date", "people"])
    redone = pd.concat({day: ratios(rows.loc[day], men["nPopulation_8_32"]) for day, rows in table["dead"].groupby(level="date")})
    parts = [
        beside("men", census["nPopulation_8_32"], table["men"], 0, "men"),
        beside("all men", census["sumPopulation_8_32"], table["men_of"], 0, "men"),
        *(
            beside(column, redone[column], table[column], ROUNDING, "times its share")
            for column in ("value", "ci_low", "ci_high")
        ),
    ]
    lists = pd.Series({DATES[kind]: len(found[kind]) for kind in DATES if kind in found}, dtype=float)
    for name, column in (("all dead", table["dead_of"].groupby(level="date").max()), ("peoples together", table["dead"])):
        parts.append(beside(name, lists, column.groupby(level="date").sum(), 0, "people"))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("dead_by_people", __doc__, redo, arguments, "A. Bessudnov's files")


if __name__ == "__main__":
    sys.exit(main())
