"""Russian soldiers named as dead, by month and status, and their ages: to the tables in ``data/war_machine/``.

``python -m companion.recompute.named_dead FILE…`` takes one or both of A. Bessudnov's files in the GitHub repository
``abessudnov/ruCasualtiesPublic``, a person a row, without names: ``dfFatalitiesAnonymised.csv`` of commit 29aa86c8 (June
2023), and for ages ``dfCasualtiesAnonymised.csv`` of b125fe3f (December 2022). They stay on your own disk; what leaves this
recipe are counts, and means of many people.

A month is that in which a death was confirmed, which is mostly later than that of the death; rows without that day are
left out. ``conscripted`` in the file means mobilised. The later file has ages; in the earlier an age is 2022 less the year of
birth, of those confirmed by 30 November 2022. Who has none is left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.recompute import Comparison, Tables, beside, known, run

MONTHLY, AGES = "war_machine/dead_by_month_and_status", "war_machine/ages"
FILES = {
    "later": ("deathConfirmedDate", "unitType", "age"),
    "earlier": ("deathConfirmedDate", "birthYear", "region"),
}
EARLIER, LATER = pd.Timestamp("2022-11-30"), pd.Timestamp("2023-04-11")
UNKNOWN = "not known"
STATUS = {"conscripted": "mobilised", "inmates": "prisoners", "police / national guard / FSB": "police, National Guard, FSB"}
GROUPS = {"professional army": "professional soldiers", "volunteers": "volunteers"}


def monthly(people: pd.DataFrame) -> pd.Series:
    """Deaths confirmed, by month (its first day) and status."""
    month = pd.to_datetime(people["deathConfirmedDate"]).dt.to_period("M").dt.to_timestamp().rename("month")
    return people.groupby([month, people["unitType"].replace(STATUS).fillna(UNKNOWN)]).size()


def of_age(ages: pd.Series) -> dict[str, tuple[float, int]]:
    """Mean age and share under 30, each with the number of people whose age is known."""
    ages = ages.dropna()
    return {
        "mean age of the named dead": (ages.mean(), len(ages)),
        "share of the named dead under 30": (100 * (ages < 30).mean(), len(ages)),
    }


def ages(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """``value`` and ``n`` by date of the list and series."""
    parts = {}
    if "earlier" in found:
        people = found["earlier"]
        people = people[pd.to_datetime(people["deathConfirmedDate"]) <= EARLIER]
        parts |= {(EARLIER, series): pair for series, pair in of_age(2022 - people["birthYear"]).items()}
    if "later" in found:
        people = found["later"]
        parts |= {(LATER, series): pair for series, pair in of_age(people["age"]).items()}
        for status, name in GROUPS.items():
            part = people.loc[people["unitType"] == status, "age"].dropna()
            parts[LATER, f"mean age of {name} among the named dead"] = (part.mean(), len(part))
    return pd.DataFrame(parts.values(), pd.MultiIndex.from_tuples(parts), ["value", "n"])


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found = known(files, **FILES)
    table, redone = tables(AGES).set_index(["date", "series"]), ages(found)
    parts = [
        beside("ages", redone["value"], table["value"], 0.05, "years or percent"),
        beside("people of known age", redone["n"], table["n"], 0, "people"),
    ]
    if "later" in found:
        table = tables(MONTHLY).set_index(["period_start", "status"])["value"]
        parts.insert(0, beside("confirmed dead", monthly(found["later"]), table, 0, "people"))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("named_dead", __doc__, redo, arguments, "A. Bessudnov's files")


if __name__ == "__main__":
    sys.exit(main())
