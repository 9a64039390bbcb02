"""How wars end and how often fighting starts again: from UCDP's and COW's files to the tables in ``data/negotiations/``.

``python -m companion.recompute.war_endings FILE…`` takes one or more of these, and tells them apart by their columns:

- UCDP Conflict Termination Dataset, dyadic, version 3-2021 (ucdp.uu.se; we read it in ``chilinhhovo/project_6``);
- UCDP Peace Agreement Dataset 22.1 (the same);
- Inter-State War Data 4.0 of the Correlates of War (correlatesofwar.org; we read it in ``johnymontana/BattleMapz``).

*Endings and recurrence.* UCDP has a row for each year in which a dyad (two sides) had 25 deaths or more. An episode is an
unbroken run of such years, and it ended if its last year says how (``outcome``). We go by the years and not by
``dyadepisode``, which four dyads bear twice, nor by ``dyadterm``, which is 0 in four years with an outcome after which the
dyad has no row. Fighting resumed within five years if the dyad's next run begins no more than five calendar years after
the last year of this one; that is counted for episodes which ended by 2015, so that each has five years in the data.
Between states UCDP names the sides by the alphabet, so the table has either side's victory as one outcome.

*Short of victory, and long wars.* The same episodes, but for those in which a side ceased to exist: victory against all
other outcomes, in all and for those with an intensity of 2 (1,000 deaths in battle) in any year. Long wars are those of
them between states that ran into a third calendar year; the table names them, so they are known by their years here.

*Wars.* COW has a row for each state in a war. A war was won if any state is coded as winner; else its outcome is that of
the states, who then agree but for wars that became another.

*Agreements.* An agreement ended if UCDP says so; it lasted from its date to the day that UCDP gives for the end. Five have
no such day, and one has a day before its own date; they count as ended, but within no span.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from companion.polls import wilson
from companion.recompute import Comparison, Tables, beside, compare, known, run

RECURRENCE, ENDINGS, AGREEMENTS, SHORT, LONG_WARS = (
    f"negotiations/{name}"
    for name in ("conflict_recurrence", "war_endings", "peace_agreements_ended", "short_of_victory", "long_wars")
)
FILES = {
    "dyads": ("dyad_id", "dyadterm", "outcome", "type_of_conflict2", "intensity_level", "year"),
    "wars": ("WarNum", "Outcome", "StartYear1", "EndYear1", "EndYear2"),
    "agreements": ("pa_date", "pa_type", "ended", "duration", "conflict_id"),
}
BETWEEN, WITHIN = "between states", "within a state"
POPULATIONS = {2: BETWEEN, 3: WITHIN}
VICTORY = "victory of either side"
OUTCOMES = {1: "peace agreement", 2: "ceasefire", 3: VICTORY, 4: VICTORY, 5: "no settlement", 6: "a side ceased to exist"}
CEASED, SHORT_OF_VICTORY = OUTCOMES[6], "anything short of victory"
SIZES = {"25 deaths in battle a year or more": 1, "1,000 deaths in battle in a year": 2}
WAR_OUTCOMES = {3: "compromise or tie", 4: "became another kind of war", 6: "stalemate"}
LONG = f"{BETWEEN}, three or more calendar years"
HORIZONS = {"within five years": (2015, 5), "to 2020": (2020, float("inf"))}
"""By which year an episode had ended, and within how many years fighting resumed."""
ROUNDING = 0.05
"""Percent: shares and intervals have one decimal."""


def endings(dyads: pd.DataFrame) -> pd.DataFrame:
    """An ended episode a row: ``population``, ``outcome``, ``first`` and ``last`` year, and years ``until`` the dyad's next."""
    rows = dyads.sort_values(["dyad_id", "year"])
    unbroken = (rows.groupby("dyad_id")["year"].diff() != 1).cumsum()
    episodes = rows.groupby(unbroken).agg(
        dyad=("dyad_id", "first"),
        first=("year", "first"),
        last=("year", "last"),
        population=("type_of_conflict2", "last"),
        outcome=("outcome", lambda given: given.iloc[-1]),  # "last" would take that of an earlier year for a missing one
        intensity=("intensity_level", "max"),
    )
    episodes["until"] = episodes.groupby("dyad")["first"].shift(-1) - episodes["last"]
    episodes["population"] = episodes["population"].map(POPULATIONS)
    episodes["outcome"] = episodes["outcome"].map(OUTCOMES)
    return episodes.dropna(subset=["population", "outcome"])


def recurrence(ended: pd.DataFrame) -> pd.DataFrame:
    """By horizon, population and outcome: how many episodes ended, and after how many fighting resumed."""
    parts = {}
    for horizon, (by, years) in HORIZONS.items():
        groups = ended[ended["last"] <= by].groupby(["population", "outcome"])["until"]
        parts[horizon] = groups.agg(n_of="size", count=lambda until, years=years: int((until <= years).sum()))
    return with_shares(pd.concat(parts))


def short_of_victory(ended: pd.DataFrame) -> pd.DataFrame:
    """As ``recurrence``, by population, size, victory or anything short of it, and horizon."""
    rows = ended[ended["outcome"] != CEASED]
    rows = rows.assign(outcome=rows["outcome"].where(rows["outcome"] == VICTORY, SHORT_OF_VICTORY))
    parts = {size: recurrence(rows[rows["intensity"] >= least]) for size, least in SIZES.items() if len(rows)}
    found = pd.concat(parts, names=["size", "horizon", "population", "ending"])
    return found.reorder_levels(["population", "size", "ending", "horizon"])


def long_wars(ended: pd.DataFrame) -> pd.DataFrame:
    """Large episodes between states in three or more calendar years, by first and last year: ``outcome``, ``resumed_in``."""
    rows = ended[(ended["population"] == BETWEEN) & (ended["intensity"] == 2) & (ended["last"] - ended["first"] >= 2)]
    rows = rows[rows["outcome"] != CEASED].assign(resumed_in=rows["last"] + rows["until"])
    return rows.set_index(["first", "last"])[["outcome", "resumed_in"]]


def wars(states: pd.DataFrame) -> pd.DataFrame:
    """A war a row: its ``start`` and ``end`` year and its ``outcome``. COW writes -8 for what does not apply."""
    by_war = states.assign(end=states[["EndYear1", "EndYear2"]].max(axis=1)).groupby("WarNum")
    found = by_war.agg(start=("StartYear1", "min"), end=("end", "max"))
    won = by_war["Outcome"].agg(lambda codes: codes.eq(1).any()).astype(bool)
    return found.assign(outcome=by_war["Outcome"].min().map(WAR_OUTCOMES).where(~won, VICTORY))


def shares_of(groups: dict[tuple, pd.Series]) -> pd.DataFrame:
    """Of each group's outcomes, how many are of each kind; kinds that occur in another group only have 0."""
    found = pd.DataFrame({key: outcomes.value_counts() for key, outcomes in groups.items()}).fillna(0)
    count = found.T.stack()
    sizes = pd.Series({key: len(outcomes) for key, outcomes in groups.items()})
    return with_shares(pd.DataFrame({"count": count, "n_of": sizes.loc[count.index.droplevel(-1)].to_numpy()}))


def agreements(rows: pd.DataFrame) -> pd.DataFrame:
    """How many agreements ended, how many within a year, and how many of those that were a conflict's first."""
    ended = rows["ended"].astype(str).str.lower().eq("true")
    signed, over = (pd.to_datetime(rows[name], errors="coerce") for name in ("pa_date", "duration"))
    in_a_year = ended & (over >= signed) & ((over - signed).dt.days <= 365.25)
    first = rows.assign(signed=signed).sort_values("signed").drop_duplicates("conflict_id").index
    groups = {
        ("all agreements", "recorded as ended"): ended,
        ("all agreements", "ended within a year"): in_a_year,
        ("first agreement of each conflict", "recorded as ended"): ended[first],
    }
    return with_shares(
        pd.DataFrame({"count": {k: g.sum() for k, g in groups.items()}, "n_of": {k: len(g) for k, g in groups.items()}})
    )


def with_shares(counted: pd.DataFrame) -> pd.DataFrame:
    """``count`` of ``n_of`` as a ``value`` in percent with Wilson's interval, which takes cases to be independent."""
    value = 100 * counted["count"] / counted["n_of"]
    ends = [wilson(share, n) for share, n in zip(value, counted["n_of"], strict=True)]
    return counted.assign(value=value, ci_low=[low for low, _ in ends], ci_high=[high for _, high in ends])


def laid_beside(what: str, redone: pd.DataFrame, table: pd.DataFrame, count: str, n_of: str) -> list[Comparison]:
    """Counts, shares and interval ends, each beside the table's column."""
    columns = {"count": count, "n_of": n_of, "value": "value", "ci_low": "ci_low", "ci_high": "ci_high"}
    return [
        beside(
            f"{what}, {column}",
            redone[name],
            table[column],
            *((0, "cases") if column in (count, n_of) else (ROUNDING, "percent")),
        )
        for name, column in columns.items()
    ]


def long_wars_beside(redone: pd.DataFrame, table: pd.DataFrame) -> list[Comparison]:
    """Which wars there are, by their years (one more or less on either side is apart), their outcome, and the next year."""
    table = table.set_index([pd.DatetimeIndex(table[name]).year for name in ("period_start", "period_end")])
    same = redone["outcome"].eq(table["outcome"].reindex(redone.index)).astype(float)
    return [
        compare("long wars, outcome as in the table", same, pd.Series(1.0, table.index), 0, "(1 yes, 0 no)"),
        beside("long wars, resumed_in", redone["resumed_in"].fillna(0), table["resumed_in"].fillna(0), 0, "years"),
    ]


def redo(files: list[Path], tables: Tables) -> list[Comparison]:
    found, parts, groups = known(files, **FILES), [], {}
    if "dyads" in found:
        ended = endings(found["dyads"])
        table = tables(RECURRENCE).set_index(["horizon", "population", "outcome"])
        parts += laid_beside("recurrence", recurrence(ended), table, "resumed", "ended")
        table = tables(SHORT).set_index(["population", "size", "ending", "horizon"])
        parts += laid_beside("short of victory", short_of_victory(ended), table, "resumed", "ended")
        parts += long_wars_beside(long_wars(ended), tables(LONG_WARS))
        between = ended[ended["population"] == BETWEEN]
        groups = {("UCDP", since, BETWEEN): between.loc[between["last"] >= since, "outcome"] for since in (1946, 1990)}
    if "wars" in found:
        since_1946 = (war := wars(found["wars"]))[war["start"] >= 1946]
        groups[("COW", 1946, BETWEEN)] = since_1946["outcome"]
        groups[("COW", 1946, LONG)] = since_1946.loc[since_1946["end"] - since_1946["start"] >= 2, "outcome"]
    if groups:
        table = tables(ENDINGS)
        table = table.set_index(["dataset", table["period_start"].dt.year, "population", "outcome"])
        parts += laid_beside("endings", shares_of(groups), table, "ended", "n_of")
    if "agreements" in found:
        table = tables(AGREEMENTS).set_index(["population", "series"])
        parts += laid_beside("agreements", agreements(found["agreements"]), table, "ended", "n_of")
    return parts


def main(arguments: list[str] | None = None) -> int:
    return run("war_endings", __doc__, redo, arguments, "a file of UCDP's or COW's")


if __name__ == "__main__":
    sys.exit(main())
