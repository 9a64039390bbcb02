"""The Chronicles surveys' other questions, and consistent supporters: from the waves' files to two tables.

``python -m companion.recompute.chronicles_questions WAVE=FILE…``, such as ``8=w8.sav 15=w15.csv``, redoes the rows of these
waves in ``russian_opinion/chronicles_other_questions`` and ``chronicles_core_groups``. Files, samples and steps are those of
``companion.recompute.chronicles_groups``. The files stay on your own disk, and no share stands for fewer than 30 people.

The tables name the variable of each row; here are the answers in the order of their codes, by the questionnaires of the
waves and the labels of the SPSS files. Where all were asked, all are the base, and an empty cell is "hard to say" (wave 15
leaves these empty). Else the base is those with a code: half of a sample, or men of an age to serve. A mean is weighted, with
its weighted standard error: √(weighted variance ÷ effective sample), 1.96 of them to each side.

Consistent supporters of war support the operation, would not support a withdrawal and would spend on the army first;
those of peace don't say that they support it, would support a withdrawal and would spend on social services first. Only who
was asked about withdrawal without the goals counts, which in wave 13 is half of the fresh sample.
"""

from __future__ import annotations

import math
import sys

import pandas as pd

from companion.problems import Problem, Wrong
from companion.recompute import Comparison, Tables, beside
from companion.recompute.chronicles import FEWEST, WAVES, estimate, kish
from companion.recompute.chronicles_groups import Files, check_waves, command, people, variable, waves_of

CORE, OTHER = "russian_opinion/chronicles_core_groups", "russian_opinion/chronicles_other_questions"
KEY = ["wave", "series", "answer"]
APPROVAL, DANGER = ("approve", "disapprove"), ("1 not dangerous at all", "2", "3", "4", "5 very dangerous")
ORDER: dict[str, tuple[str, ...]] = {
    "would stop operation now if it depended on you": ("would stop now", "would not stop"),
    "seek capitulation or finish soon": ("seek capitulation of Ukrainian army", "finish as soon as possible regardless"),
    "support for Putin decision on partial mobilisation": ("support", "do not support"),
    "approval of partial mobilisation no Putin name": APPROVAL,
    "approval of partial mobilisation Putin named": APPROVAL,
    "new mobilisation or bring home": (
        "new mobilisation to replace the mobilised",
        "leave as is",
        "bring the mobilised home, no new mobilisation",
    ),
    "if new mobilisation needed to continue": ("carry out another mobilisation", "stop and make peace agreement"),
    "right to openly criticise operation": ("should have the right", "should not"),
    "how dangerous to speak against operation publicly": DANGER,
    "how dangerous to speak against operation in private conversation": DANGER,
    "criminal punishment for public condemnation of operation": APPROVAL,
    "how safe to take part in surveys on operation": ("1 quite safe", *DANGER[1:]),
    "heard of event": ("has not heard", "important to me", "not important to me"),
    "attitude to Russians who evade service in operation": ("with condemnation", "with understanding"),
    "attitude to Russians who left after operation began": ("condemn", "do not condemn"),
    "attitude to those who do not support operation": ("with condemnation", "with understanding", "neutrally"),
    "emotion about operation": ("feel", "do not feel"),
    "ready to take part in operation": ("ready", "not ready"),
    "ready to take part in operation by kind": ("not ready", "voluntarily", "by order", "not subject to mobilisation"),
    "circle supports operation": ("majority supports", "about half and half", "majority does not support"),
    "own finances past year": ("improved", "unchanged", "worsened"),
    "effect of operation on daily life": ("rather positive", "no effect", "rather negative"),
    "family income fell": ("yes", "no"),
    "family financial situation worsened": ("yes", "no"),
    "family income past year": ("increased", "decreased", "unchanged"),
    "close people emigrated since start": ("someone emigrated", "nobody"),
    "wish to emigrate": ("would like to, have the possibility", "would like to, no possibility", "would not like to"),
    "expected social tension next half year": (
        "will surely grow",
        "will rather grow",
        "no change",
        "will rather fall",
        "will surely fall",
    ),
    "Russians safer since operation": ("safer", "less safe", "no effect"),
    "change of power brings": ("more harm", "more good", "other"),
    "interviewer rating of frankness": (
        "guarded, spoke warily",
        "fairly frank",
        "very frank and open",
        "depressed/upset",
    ),
}
"""Answers by question; what stands behind a colon or in brackets in the tables says no more than which row it is."""
ORDER_OF_WAVE = {("12", "own finances past year"): ("improved", "worsened", "unchanged")}
HARD, DECLINED = {99}, {98, 100}
WITHIN = {
    "sample_n": (0, "people"),
    "value": (0.006, "points"),
    "ci_low": (0.006, "points"),
    "ci_high": (0.006, "points"),
    "n_eff": (0.06, "people"),
    "deff": (0.0006, "times"),
    "unweighted_value": (0.006, "points"),
}
"""Shares have two decimals, effective samples one, design effects three."""


def gave(given: pd.Series, row: dict, wave: str) -> pd.Series:
    """Who gave the row's answer, from the codes of its variable."""
    question, answer = row["series"].split(":")[0], row["answer"].split(" (")[0]
    if row["kind"] == "one of several":
        return given.eq(0 if answer == "not named" else 1)
    if answer.startswith("hard to say"):
        also = DECLINED if answer.endswith("or declined") else set()
        return given.isna() | given.isin(HARD | also)
    if answer == "declined":
        return given.isin(DECLINED)
    order = ORDER_OF_WAVE.get((wave, question), ORDER.get(question, ()))
    if answer not in order:
        raise Wrong(Problem(f"data/{OTHER}.csv", 0, "recompute", f"no code known for '{answer}' in '{row['series']}'"))
    return given.eq(1 + order.index(answer))


def other(row: dict, frame: pd.DataFrame, weights: pd.Series, wave: str) -> dict[str, float]:
    """A row of other questions."""
    given = variable(frame, row["variable"])
    asked = pd.Series(True, frame.index) if row["base"] == "all asked" else given.notna()
    if row["kind"] == "mean":
        return mean(given[asked], weights[asked])
    return share(gave(given, row, wave)[asked], weights[asked], row)


def core(row: dict, frame: pd.DataFrame, weights: pd.Series, wave: str) -> dict[str, float]:
    """A row on consistent supporters, or on what to spend on first."""
    answers = [variable(frame, name) for name in row["variable"].split("+")]
    if row["series"] == "budget priority":
        (first,) = answers
        found = {"army first": first.eq(1), "social services first": first.eq(2), "other or hard to say": ~first.isin({1, 2})}
        return share(found[row["answer"]], weights, row)
    support, withdrawal, budget = answers
    # In wave 15 an empty cell is an answer that was hard to give.
    asked = pd.Series(True, frame.index) if wave == "15" else withdrawal.notna()
    if row["series"] == "supporters who would back withdrawal":
        asked &= support.eq(1)
    found = {
        "consistent supporters of war": support.eq(1) & withdrawal.eq(2) & budget.eq(1),
        "consistent supporters of peace": support.ne(1) & withdrawal.eq(1) & budget.eq(2),
        "supporters who would back withdrawal": withdrawal.eq(1),
    }
    return share(found[row["series"]][asked], weights[asked], row)


def share(gave: pd.Series, weights: pd.Series, row: dict) -> dict[str, float]:
    counted = weights > 0
    _enough(int(counted.sum()), ", ".join(row[key] for key in KEY))
    found = estimate(gave, weights)
    return _row(found.n, found.value, found.low, found.high, found.n_eff, 100 * gave[counted].mean())


def mean(numbers: pd.Series, weights: pd.Series) -> dict[str, float]:
    """The weighted mean of those who named a number."""
    counted = weights > 0
    numbers, weights = numbers[counted], weights[counted].astype(float)
    _enough(len(numbers), "a mean")
    value, size = float((weights * numbers).sum() / weights.sum()), kish(weights)
    spread = float((weights * (numbers - value) ** 2).sum() / weights.sum())
    half = 1.959964 * math.sqrt(spread / size)
    return _row(len(numbers), value, value - half, value + half, size, float(numbers.mean()))


def _enough(people: int, which: str) -> None:
    if people < FEWEST:
        text = f"{people} respondents with a weight in {which}; figures stand for {FEWEST} or more"
        raise Wrong(Problem("the survey", 0, "recompute", text))


def _row(n: int, value: float, low: float, high: float, n_eff: float, unweighted: float) -> dict[str, float]:
    return dict(zip(WITHIN, (n, value, low, high, n_eff, n / n_eff, unweighted), strict=True))


def redo(files: Files, tables: Tables) -> list[Comparison]:
    waves, parts = tables(WAVES).astype({"wave": str}), []
    check_waves(files, waves)
    for name, redone in ((CORE, core), (OTHER, other)):
        table = tables(name).astype({"wave": str})
        given = table[[set(waves_of(label, list(waves["wave"]))) <= set(files) for label in table["wave"]]]
        found = {}
        for row in given.to_dict("records"):
            (wave,) = waves_of(row["wave"], list(waves["wave"]))
            found[tuple(row[key] for key in KEY)] = redone(row, *people(files, wave, waves), wave)
        if not found:
            continue
        index = pd.MultiIndex.from_tuples(found, names=KEY)
        frame, given = pd.DataFrame(list(found.values()), index), given.set_index(KEY)
        parts += [beside(f"{name}, {column}", frame[column], given[column], *within) for column, within in WITHIN.items()]
    return parts


def main(arguments: list[str] | None = None) -> int:
    return command("chronicles_questions", __doc__, redo, arguments)


if __name__ == "__main__":
    sys.exit(main())
