"""The Chronicles surveys by group and on other questions: from the waves' files to four tables.

``python -m companion.recompute.chronicles_groups WAVE=FILE…``, such as ``8=w8.sav 15=w15.csv``, redoes the rows of these
waves in ``russian_opinion/chronicles_money_and_state``, ``chronicles_by_group``, ``chronicles_withdrawal`` and
``information/tv_by_age``. Files and steps are those of ``companion.recompute.chronicles``. Rows of several waves put
together need the files of all of them. The files stay on your own disk, and no share stands for fewer than 30 people.

The tables name the variable of each row; what it takes besides is here: the codes of answers and groups, and where each
wave keeps age and sex. Wave 11 has texts instead of codes; they are known by how they begin. Of wave 2 those asked with
the new wording count, of wave 13 the fresh sample. Who did not answer stays in the base of a question, but for readiness
to take part (asked of men of an age to serve, by wave) and for withdrawal in waves before the fifteenth. Groups that need
other questions (television by days, frankness, safety, own life, finances of the past year) are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from companion.problems import Problem, Wrong
from companion.recompute import Comparison, Tables, beside, finish
from companion.recompute.chronicles import FEWEST, ROUNDING, WAVES, Estimate, estimate, read

MONEY, GROUPS, WITHDRAWAL, TV = (
    "russian_opinion/chronicles_money_and_state",
    "russian_opinion/chronicles_by_group",
    "russian_opinion/chronicles_withdrawal",
    "information/tv_by_age",
)
KEYS = {
    MONEY: ["wave", "series", "group_by", "group", "answer"],
    GROUPS: ["wave", "series", "group_by", "group", "answer"],
    WITHDRAWAL: ["wave", "series", "answer"],
    TV: ["wave", "series", "age", "tv", "answer"],
}
AGE = {"10": "Q2_value", "11": "Q2", "12": "Q2", "13": "Q1", "14": "Q1", "15": "Q1"}
SEX = {"10": "Q1", "11": "Q1", "12": "Q1", "13": "Q46", "14": "Q38", "15": "Q43"}
OCCUPATION = {"7a": "OCCUP", "7b": "OCCUP", "10": "Q5", "11": "Q6", "12": "Q6", "13": "Q36", "14": "Q6", "15": "Q33"}
TELEVISION = {"8": "Q10_2", "15": "Q5_2"}
PARTS = {"2": ("подвыборка_2", 2), "13": ("выборка", 1)}
SEXES = {"men": {1}, "women": {2}}
FINANCES = {"low": {1, 2}, "middle": {3}, "higher": {4, 5, 6}}
NAMED = {"TV named": {1}, "TV not named": {0}}
EMPLOYERS = {
    "pensioners not working": {1},
    "out of work": {3},
    "state sector": {5},
    "private sector": {6, 7},
    "police, army and security services": {8},
}
SECTORS = {"state sector": {1}, "private sector": {2}}
"""Wave 9 asked for the sector and not for the occupation."""
GROUPED = {"employer": EMPLOYERS, "family finances": FINANCES, "TV as a source": NAMED}
SUPPORT = {"support": {1}, "do not support": {2}, "hard to say": {3, 99}, "declined": {4, 98, 100}}
ANSWERS = {
    "family finances": {"not enough even for food": {1}, "not enough for food or clothes": {1, 2}},
    "had to save on food": {"yes": {1}, "no": {2}},
    "employer": EMPLOYERS,
    "support": SUPPORT,
    "support, waves pooled": SUPPORT,
    "approval of Putin": {"approve": {1}},
    "change of power": {"more good": {2}},
    "ready to take part, men": {"voluntarily": {2}},
    "why volunteers go": {"solve material problems": {1}, "both": {2}, "fulfil their civic duty": {3}},
    "talk about politics": {"go on talking": {1}, "change the subject": {2}},
    "withdrawal without reaching the goals": SUPPORT,
    "withdrawal, goals not mentioned": SUPPORT,
}
READY, POOLED = "ready to take part, men", "support, waves pooled"
TEXTS = {
    "Мужской": 1,
    "Женский": 2,
    "Денег не хватает даже": 1,
    "На питание денег хватает": 2,
    "На покупку одежды": 3,
    "Денег вполне хватает": 4,
    "Денег хватает на все": 5,
    "Материальных затруднений": 6,
    "Неработающий": 1,
    "Временно не работаю": 3,
    "Работаю на гос": 5,
    "Работаю по найму": 6,
    "Собственник": 7,
    "Сотрудник сил": 8,
    "Да": 1,
    "Нет": 2,
    "поддержу": 1,
    "НЕ поддержу": 2,
    "ВЫБРАН": 1,
    "НЕ ВЫБРАН": 0,
    "На вооруженные": 1,
    "На социальную": 2,
    "Совершенно безопасно": 1,
    "Очень опасно": 5,
    "Очень замкнут": 1,
    "Вполне откровенен": 2,
    "Очень откровенный": 3,
    "Затрудняюсь": 99,
    "Предпочитаю": 100,
}
"""How the answers of wave 11 begin, by the codes of other waves."""
Files = dict[str, pd.DataFrame]


def coded(values: pd.Series) -> pd.Series:
    """Answers as codes: numbers as they are, texts by how they begin."""
    found = pd.to_numeric(values, errors="coerce")
    texts = values[found.isna()].dropna().astype(str)
    for start, code in TEXTS.items():
        found = found.mask(texts.str.startswith(start).reindex(values.index, fill_value=False), code)
    return found


def variable(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        raise Wrong(Problem("the survey", 0, "recompute", f"no variable '{name}' in the file"))
    return coded(frame[name])


def of_age(ages: pd.Series, group: str) -> pd.Series:
    """Who is in ``18-29``, ``60+`` or ``45 and over``."""
    first, _, last = group.replace(" and over", "+").removesuffix("+").partition("-")
    return ages.ge(int(first)) & ages.lt(int(last) + 1 if last else float("inf"))


def people(files: Files, wave: str, waves: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The sample of a wave and its weights."""
    frame = files[wave]
    if wave in PARTS and PARTS[wave][0] in frame:
        frame = frame[frame[PARTS[wave][0]] == PARTS[wave][1]]
    return frame, pd.to_numeric(variable(frame, _about(waves, wave)["weight_variable"].split(" (")[0]))


def _about(waves: pd.DataFrame, wave: str) -> pd.Series:
    return waves.set_index("wave").loc[wave]


def members(frame: pd.DataFrame, wave: str, row: dict) -> pd.Series:
    """Who of a wave's sample is in the row's group."""
    by, group = row.get("group_by", "all"), row.get("group", "all")
    if "tv" in row:
        return of_age(variable(frame, AGE.get(wave, "AGE")), row["age"]) & _is(frame, TELEVISION[wave], NAMED[row["tv"]])
    if by == "all":
        return pd.Series(True, frame.index)
    if by == "age":
        return of_age(variable(frame, AGE.get(wave, "AGE")), group)
    if by == "sex":
        return _is(frame, SEX.get(wave, "GENDER"), SEXES[group])
    if by == "sex and age":  # such as "men 18-34"
        sex, _, ages = group.partition(" ")
        return of_age(variable(frame, AGE.get(wave, "AGE")), ages) & _is(frame, SEX.get(wave, "GENDER"), SEXES[sex])
    if by == "employer":
        return _is(frame, "Economics", SECTORS[group]) if wave == "9" else _is(frame, OCCUPATION[wave], EMPLOYERS[group])
    return _is(frame, row["group_variable"], GROUPED[by][group])


def _is(frame: pd.DataFrame, name: str, wanted: set[int]) -> pd.Series:
    return variable(frame, name).isin(wanted)


def answered(frame: pd.DataFrame, wave: str, row: dict, waves: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Who gave the row's answer, and who counts as asked."""
    series, everybody = row["series"], pd.Series(True, frame.index)
    name = _about(waves, wave)["support_variable"] if series == POOLED or "tv" in row else row["variable"]
    given = variable(frame, name)
    if series == READY:
        several = wave == "8"  # a list of which 1 means named; others have one answer
        asked = given.notna() & _is(frame, SEX.get(wave, "GENDER"), SEXES["men"])
        return given.eq(1 if several else 2), asked
    asked = given.notna() if series.startswith("withdrawal") and wave != "15" else everybody
    if row["answer"] == "hard to say or declined":
        return ~given.isin({1, 2}), asked
    return given.isin(ANSWERS[series][row["answer"]]), asked


def redone(row: dict, files: Files, waves: pd.DataFrame) -> Estimate:
    """A row of a table from the files of its wave, or of its waves put together."""
    gave, weights = [], []
    for wave in waves_of(row["wave"], list(waves["wave"])):
        frame, weight = people(files, wave, waves)
        given, asked = answered(frame, wave, row, waves)
        counted = asked & members(frame, wave, row)
        gave.append(given[counted])
        weights.append(weight[counted])
    gave, weights = pd.concat(gave, ignore_index=True), pd.concat(weights, ignore_index=True)
    if (n := int((weights > 0).sum())) < FEWEST:
        which = ", ".join(str(row[key]) for key in ("wave", "series", "group_by", "group", "age", "tv") if key in row)
        raise Wrong(Problem("the survey", 0, "recompute", f"{n} respondents with a weight in {which}; shares stand for {FEWEST}"))
    return estimate(gave, weights)


def waves_of(label: str, waves: list[str]) -> list[str]:
    """``8``, ``13A``, ``7a and 7b`` or ``10 to 15`` as waves."""
    first, to, last = label.partition(" to ")
    return waves[waves.index(first) : waves.index(last) + 1] if to else [part.rstrip("AB") for part in label.split(" and ")]


def known_here(row: dict) -> bool:
    return row["series"] in ANSWERS and row.get("group_by", "all") in {"all", "age", "sex", "sex and age", *GROUPED}


def rows_of(table: pd.DataFrame, files: Files, waves: pd.DataFrame) -> Iterator[dict]:
    """The rows whose waves are all among the files, and which this recipe knows how to redo."""
    for row in table.to_dict("records"):
        if set(waves_of(row["wave"], list(waves["wave"]))) <= set(files) and known_here(row):
            yield row


def check_waves(files: Files, waves: pd.DataFrame) -> None:
    if unknown := sorted(set(files) - set(waves["wave"])):
        raise Wrong(Problem(f"data/{WAVES}.csv", 0, "recompute", f"no wave '{unknown[0]}'; there are {', '.join(waves['wave'])}"))


def redo(files: Files, tables: Tables) -> list[Comparison]:
    waves, parts = tables(WAVES).astype({"wave": str}), []
    check_waves(files, waves)
    for name, keys in KEYS.items():
        table = tables(name).astype({"wave": str})
        given = table[[set(waves_of(label, list(waves["wave"]))) <= set(files) for label in table["wave"]]]
        rows = list(rows_of(given, files, waves))
        if not rows:
            continue
        index = pd.MultiIndex.from_tuples([tuple(row[key] for key in keys) for row in rows], names=keys)
        found = pd.DataFrame([vars(redone(row, files, waves)) for row in rows], index)
        given = given.set_index(keys)
        parts.append(beside(f"{name}, sample_n", found["n"], given["sample_n"], 0, "people"))
        for column, of in {"value": "value", "ci_low": "low", "ci_high": "high"}.items():
            parts.append(beside(f"{name}, {column}", found[of], given[column], ROUNDING, "points"))
    return parts


def command(name: str, about: str, redo: Callable[[Files, Tables], list[Comparison]], arguments: list[str] | None) -> int:
    """The command line of a recipe that takes files of waves: as ``run``, but each file says which wave it is."""
    from companion.project import current

    parser = argparse.ArgumentParser(prog=f"python -m companion.recompute.{name}", description=about.split("\n")[0])
    parser.add_argument("files", nargs="+", metavar="WAVE=FILE", help="a wave as in the tables, and its .sav file or a CSV of it")
    try:
        given = dict(_pair(text) for text in parser.parse_args(arguments).files)
        comparisons = redo({wave: read(path) for wave, path in given.items()}, lambda name: current().table(name).frame)
        if not comparisons:
            raise Wrong(Problem(", ".join(given), 0, "recompute", "no row of a table can be redone from this"))
        return finish(comparisons)
    except (Wrong, OSError) as err:
        print(err, file=sys.stderr)
        return 2


def main(arguments: list[str] | None = None) -> int:
    return command("chronicles_groups", __doc__, redo, arguments)


def _pair(text: str) -> tuple[str, Path]:
    wave, equals, path = text.partition("=")
    if not equals:
        raise Wrong(Problem(text, 0, "recompute", "say which wave it is: WAVE=FILE, such as 8=w8.sav"))
    return wave, Path(path)


if __name__ == "__main__":
    sys.exit(main())
