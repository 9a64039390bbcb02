"""A sidecar's ``rules``: what a schema can't say about rows together, each a pandera check on the table's frame.

A rule is a function of the frame and its own mapping in the sidecar. It gives, for each row, what is wrong with it
(empty where the rule holds), by the line of the CSV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pandas as pd

from companion.problems import Problem, relative
from companion.tables import Table

_ROUNDING = 1e-9  # sums of decimals come out a hair off


def check(table: Table) -> Iterator[Problem]:
    """Hold a table, whose frame can be read, against its sidecar's rules."""
    frame, sidecar = table.frame, relative(table.sidecar, table.root)
    checks, said = [], []
    listed = table.meta.get("rules") or []
    if not isinstance(listed, list):
        yield Problem(sidecar, 0, "rule", "rules is not a list; write '- {rule: adds_up, …}' lines")
        return
    for number, rule in enumerate(listed, 1):
        name = rule.get("rule") if isinstance(rule, dict) else None
        wrong = list(_malformed(rule, table)) if name in RULES else [f"unknown; use one of {', '.join(RULES)}"]
        if wrong:
            yield from (Problem(sidecar, 0, "rule", f"rule {number} ({name}): {message}") for message in wrong)
            continue
        chosen = frame[_where(frame, rule.get("where") or {})]
        if chosen.empty:
            yield Problem(sidecar, 0, "rule", f"rule {number} ({name}): 'where' leaves no row, so nothing is checked")
            continue
        messages = RULES[name][0](chosen, rule).reindex(frame.index, fill_value="")
        for exception in rule.get("except") or []:
            keys = {key: value for key, value in exception.items() if key != "why"}
            if not exception.get("why") or not keys:
                yield Problem(sidecar, 0, "rule", f"rule {number} ({name}): an exception names its row and says why")
            elif not (excepted := _where(frame, keys)).any():
                yield Problem(sidecar, 0, "rule", f"rule {number} ({name}): the exception {_say(keys)} matches no row")
            else:
                messages = messages.where(~_with_group(frame, excepted, rule), "")
        checks.append(lambda _, messages=messages: messages.eq(""))
        said.append((f"rule {number} ({name})", messages))
    for number, line in _failures(frame, checks):
        name, messages = said[number]
        because = str(listed[int(name.split()[1]) - 1].get("because") or "")
        yield Problem(table.path, line, "rule", messages[line] + (f" ({because})" if because else ""))


def _failures(frame: pd.DataFrame, checks: list[Callable]) -> list[tuple[int, int]]:
    """Which check fails on which line, from pandera."""
    if not checks:
        return []
    import pandera.pandas as pandera

    schema = pandera.DataFrameSchema(checks=[pandera.Check(check, ignore_na=False) for check in checks])
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as err:
        cases = err.failure_cases
        return sorted({(int(n), int(line)) for n, line in zip(cases["check_number"], cases["index"], strict=True)})
    return []


def _malformed(rule: dict, table: Table) -> Iterator[str]:
    """What is wrong with a rule itself: a key it lacks or doesn't know, a column that isn't there."""
    _, needed, optional = RULES[rule["rule"]]
    for key in needed:
        if rule.get(key) is None:
            yield f"'{key}' is missing; it has {', '.join(needed)}"
    for key in set(rule) - set(needed) - set(optional) - {"rule", "where", "except", "because"}:
        yield f"'{key}' is unknown; it has {', '.join((*needed, *optional, 'where', 'except', 'because'))}"
    where, exceptions = rule.get("where") or {}, rule.get("except") or []
    if not isinstance(where, dict):
        yield "'where' is not a mapping of column to value"
        where = {}
    if not isinstance(exceptions, list) or not all(isinstance(e, dict) for e in exceptions):
        yield "'except' is not a list of rows, each {column: value, why: …}"
        exceptions = []
    named = [*where, *(key for exception in exceptions for key in exception if key != "why")]
    for key in ("by", "columns", "column", "label", "start", "end", "low", "high", "order"):
        given = rule.get(key)
        named += given if isinstance(given, list) else [given] if given is not None else []
    if rule.get("only_if_all") and "label" not in rule:
        named.append("answer")
    for column in named:
        if column not in table.columns:
            yield f"the table has no column '{column}'; it has {', '.join(table.columns)}"
    for key in ("to", "within"):
        if key in rule and not isinstance(rule[key], (int, float)):
            yield f"'{key}' is not a number"
    numeric = {"adds_up": ["column"], "total_of_parts": ["column"], "not_decreasing": ["column"]}
    numeric["within_interval"] = ["column", "low", "high"]
    types = {f["name"]: f["type"] for f in table.meta["schema"]["fields"]}
    for key in numeric.get(rule["rule"], ()):
        if types.get(rule.get(key), "number") not in ("number", "integer"):
            yield f"column '{rule[key]}' is not of type number"


def _where(frame: pd.DataFrame, where: dict) -> pd.Series:
    """Which rows meet ``{column: value or values}``; an empty value means an empty cell."""
    keep = pd.Series(True, index=frame.index)
    for column, wanted in where.items():
        choices = wanted if isinstance(wanted, list) else [wanted]
        if pd.api.types.is_datetime64_any_dtype(frame[column]):
            choices = [None if c is None else pd.Timestamp(c) for c in choices]
        elif pd.api.types.is_numeric_dtype(frame[column]) and frame[column].dtype != bool:
            pass
        elif frame[column].map(type).eq(bool).any():
            pass
        else:
            # YAML reads an unquoted true, 2022 or 2022-03-01 as more than text.
            choices = [None if c is None else str(c).lower() if isinstance(c, bool) else str(c) for c in choices]
        keep &= frame[column].isin([c for c in choices if c is not None]) | (frame[column].isna() & (None in choices))
    return keep


def _with_group(frame: pd.DataFrame, rows: pd.Series, rule: dict) -> pd.Series:
    """The rows, and where a rule is about groups, all rows of their groups."""
    by = rule.get("by") or rule.get("columns")
    return rows.groupby([frame[c] for c in _list(by)], dropna=False).transform("any") if by else rows


def _groups(frame: pd.DataFrame, by) -> Iterator[tuple[str, pd.DataFrame]]:
    columns = _list(by)
    for keys, group in frame.groupby(columns, dropna=False, sort=False):
        yield _say(dict(zip(columns, keys, strict=True))), group


def _list(given) -> list:
    return given if isinstance(given, list) else [given]


def _say(keys: dict) -> str:
    def word(value) -> str:
        if isinstance(value, (pd.Timestamp, date)) and not pd.isna(value):
            return f"{value:%Y-%m-%d}"
        return "empty" if value is None or (not isinstance(value, list) and pd.isna(value)) else str(value)

    return ", ".join(f"{key} {word(value)}" for key, value in keys.items())


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _none(frame: pd.DataFrame) -> pd.Series:
    return pd.Series("", index=frame.index, dtype=object)


def _adds_up(frame: pd.DataFrame, rule: dict) -> pd.Series:
    """The rows of each group add up; a group with an empty cell can't, and is left out."""
    said, within = _none(frame), rule.get("within", 0)
    for name, group in _groups(frame, rule["by"]):
        wanted = set(map(str, rule.get("only_if_all") or ()))
        if not wanted <= set(group[rule.get("label", "answer")].astype(str)) if wanted else False:
            continue
        if group[rule["column"]].isna().any():
            continue
        total = group[rule["column"]].sum()
        if abs(total - rule["to"]) > within + _ROUNDING:
            margin = f" within {_number(within)}" if within else ""
            said[group.index[0]] = f"{name}: the rows add up to {_number(total)}, not to {_number(rule['to'])}{margin}"
    return said


def _total_of_parts(frame: pd.DataFrame, rule: dict) -> pd.Series:
    """A total is the sum of its parts, in each group that holds it and all of them."""
    said, column, within = _none(frame), rule["column"], rule.get("within", 0)
    for name, group in _groups(frame, rule["by"]):
        labels = group[rule["label"]].astype(str)
        parts = group[labels.isin(map(str, rule["parts"]))]
        if set(parts[rule["label"]].astype(str)) != set(map(str, rule["parts"])) or parts[column].isna().any():
            continue
        expected = parts[column].sum()
        for line, total in group.loc[labels == str(rule["total"]), column].dropna().items():
            if abs(total - expected) > within + _ROUNDING:
                said[line] = f"{name}: '{rule['total']}' is {_number(total)}, but its parts add up to {_number(expected)}"
    return said


def _ends_after_starts(frame: pd.DataFrame, rule: dict) -> pd.Series:
    said, (start, end) = _none(frame), (rule["start"], rule["end"])
    for line, row in frame[frame[end] < frame[start]].iterrows():
        said[line] = f"{_say({end: row[end]})} is before {_say({start: row[start]})}"
    return said


def _within_interval(frame: pd.DataFrame, rule: dict) -> pd.Series:
    said, (value, low, high) = _none(frame), (rule["column"], rule["low"], rule["high"])
    outside = (frame[value] < frame[low]) | (frame[value] > frame[high]) | (frame[low] > frame[high])
    for line, row in frame[outside].iterrows():
        said[line] = f"{value} {_number(row[value])} is outside its interval, {_number(row[low])} to {_number(row[high])}"
    return said


def _one_row_per(frame: pd.DataFrame, rule: dict) -> pd.Series:
    """One row for each combination; several only if all are marked as figures in conflict."""
    said, marked = _none(frame), rule.get("conflict", "conflict")
    for name, group in _groups(frame, rule["columns"]):
        if len(group) < 2:
            continue
        if marked in group and group[marked].astype(str).str.lower().eq("true").all():
            continue
        lines = ", ".join(map(str, group.index[:-1]))
        right = f"take one out, or mark all as {marked}" if marked in group else "take one out"
        said[group.index[-1]] = f"{name}: another row is the same in these (line {lines}); {right}"
    return said


def _not_decreasing(frame: pd.DataFrame, rule: dict) -> pd.Series:
    said, column = _none(frame), rule["column"]
    for name, group in _groups(frame.dropna(subset=[column]), rule["by"]):
        group = group.sort_values(rule["order"], kind="stable")
        for line, fall in group[column].diff().items():
            if fall < -_ROUNDING:
                said[line] = (
                    f"{name}: {column} falls by {_number(-fall)} to {_number(group[column][line])}; it is a running count"
                )
    return said


RULES = {
    "adds_up": (_adds_up, ("by", "column", "to"), ("within", "only_if_all", "label")),
    "total_of_parts": (_total_of_parts, ("by", "label", "total", "parts", "column"), ("within",)),
    "ends_after_starts": (_ends_after_starts, ("start", "end"), ()),
    "within_interval": (_within_interval, ("column", "low", "high"), ()),
    "one_row_per": (_one_row_per, ("columns",), ("conflict",)),
    "not_decreasing": (_not_decreasing, ("by", "order", "column"), ()),
}
"""Rule -> its function, the keys it needs, and those it may have."""
