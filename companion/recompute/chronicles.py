"""The Chronicles surveys: from a wave's file to its rows in ``data/russian_opinion/chronicles_support.csv``.

``python -m companion.recompute.chronicles FILE.sav --wave 8`` redoes the wave's shares and intervals and prints what
differs. The files are in the GitHub repository ``dorussianswantwar/research1``; each wave's variables are in the table
``russian_opinion/chronicles_waves``. Waves that come as Excel are read from a CSV saved from it. A file holds one
respondent a row, so it stays on your own disk: what leaves this recipe are shares of a whole sample.

Steps: people without a weight are dropped; a share is the sum of the weights of those who gave the answer over that of
all who were asked; the effective sample is Kish's, (sum of weights)² / sum of squared weights; the interval is Wilson's
on it. Strata and calls are left out of account, so true intervals are a little wider.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from companion.polls import wilson
from companion.problems import Problem, Wrong
from companion.recompute import Comparison, compare, finish

TABLE, WAVES = "russian_opinion/chronicles_support", "russian_opinion/chronicles_waves"
ANSWERS = {"yes": "support", "no": "do not support", "hard": "hard to say", "declined": "declined"}
FEWEST = 30
"""Respondents below whom no share is given."""
ROUNDING = 0.006
"""Points: the table has two decimals."""


@dataclass(frozen=True)
class Estimate:
    """A weighted share in percent with its interval, the sample, the effective sample and the design effect."""

    value: float
    low: float
    high: float
    n: int
    n_eff: float

    @property
    def deff(self) -> float:
        return self.n / self.n_eff


def kish(weights: pd.Series) -> float:
    """Kish's effective sample: (sum of weights)² / sum of squared weights."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def estimate(gave: pd.Series, weights: pd.Series, level: float = 0.95) -> Estimate:
    """The weighted share of ``gave`` (true or false by respondent); those without a weight are left out."""
    asked = weights.notna() & (weights > 0)
    gave, weights = gave[asked], weights[asked].astype(float)
    if len(weights) < FEWEST:
        raise Wrong(
            Problem("the survey", 0, "recompute", f"{len(weights)} respondents with a weight; shares stand for {FEWEST} or more")
        )
    size = kish(weights)
    value = float(100 * weights[gave.astype(bool)].sum() / weights.sum())
    return Estimate(value, *wilson(value, size, level=level), len(weights), size)


def read(path: Path) -> pd.DataFrame:
    """A survey file: SPSS (.sav), or a CSV with the same variables."""
    path.stat()  # a file that isn't there is an OSError, where pyreadstat has its own
    if path.suffix.lower() == ".sav":
        import pyreadstat

        try:
            return pyreadstat.read_sav(str(path))[0]
        except pyreadstat.ReadstatError as err:
            raise Wrong(Problem(str(path), 0, "recompute", f"not an SPSS file: {err}")) from None
    if path.suffix.lower() == ".csv":
        return pd.read_csv(path)
    raise Wrong(Problem(str(path), 0, "recompute", "give a .sav file, or save the sheet as .csv and give that"))


def codes(text: str) -> dict[float, str]:
    """``1 yes;2 no;99 hard;100 declined`` as the answer by code."""
    pairs = [part.split(maxsplit=1) for part in text.split(";")]
    if not all(len(pair) == 2 and pair[1] in ANSWERS for pair in pairs):
        raise Wrong(
            Problem(f"data/{WAVES}.csv", 0, "recompute", f"this wave has no codes ('{text}'); it can't be redone by this recipe")
        )
    return {float(code): ANSWERS[answer] for code, answer in pairs}


def shares(
    frame: pd.DataFrame, variable: str, weight: str, by_code: dict[float, str], where: dict[str, float]
) -> dict[str, Estimate]:
    """Each answer's share in one survey, among those who meet ``where``."""
    for name in (variable, weight, *where):
        if name not in frame:
            raise Wrong(Problem("the survey", 0, "recompute", f"no variable '{name}' in the file"))
    for name, value in where.items():
        frame = frame[frame[name] == value]
    asked = frame[frame[variable].isin(list(by_code))]
    return {answer: estimate(asked[variable] == code, asked[weight]) for code, answer in by_code.items()}


def against(
    frame: pd.DataFrame, wave: str, table: pd.DataFrame, waves: pd.DataFrame, series: str = "support"
) -> list[Comparison]:
    """A wave's shares and interval ends beside those of the table."""
    rows, about = table[(table["wave"] == wave) & (table["series"] == series)], waves[waves["wave"] == wave.rstrip("AB")]
    if rows.empty or about.empty:
        known = ", ".join(table.loc[table["series"] == series, "wave"].unique())
        raise Wrong(Problem(f"data/{TABLE}.csv", 0, "recompute", f"no wave '{wave}' of series '{series}'; there are {known}"))
    variable, where = _subset(rows["variable"].iloc[0])
    weight, more = _subset(rows["weight_variable"].iloc[0])
    found = shares(frame, variable, weight, codes(about["support_codes"].iloc[0]), where | more)
    rows = rows.set_index("answer")
    columns = {"value": "value", "ci_low": "low", "ci_high": "high"}
    parts = [compare("sample", pd.Series({a: e.n for a, e in found.items()}), rows["sample_n"], 0, "people")]
    for column, name in columns.items():
        redone = pd.Series({answer: getattr(e, name) for answer, e in found.items()})
        parts.append(compare(f"{column} of wave {wave}", redone, rows[column], ROUNDING, "points"))
    return parts


def _subset(text: str) -> tuple[str, dict[str, float]]:
    """``Q11 (part==2)`` as the variable and the condition."""
    name, _, condition = str(text).partition(" (")
    left, equals, right = condition.rstrip(")").partition("==")
    return name.strip(), ({left.strip(): float(right)} if equals else {})


def main(arguments: list[str] | None = None) -> int:
    from companion.project import current

    parser = argparse.ArgumentParser(prog="python -m companion.recompute.chronicles", description=__doc__.split("\n")[0])
    parser.add_argument("survey", type=Path, help="the wave's .sav file, or a CSV of it")
    parser.add_argument("--wave", required=True, help="as in the table, such as 8 or 7a")
    parser.add_argument("--series", default="support", help="as in the table; 'support' unless given")
    given = parser.parse_args(arguments)
    try:
        project = current()
        table, waves = (project.table(name).frame for name in (TABLE, WAVES))
        return finish(against(read(given.survey), given.wave, table, waves, given.series))
    except (Wrong, OSError) as err:
        print(err, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
