"""Tables: lines, types, selections, and when a row became public."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from conftest import MINIBOOK
from hypothesis import given
from hypothesis import strategies as st

from companion import __all__, count, day_of, extreme, minus, one, ratio, rows, total, value
from companion.figures import Figure, evaluate
from companion.problems import Wrong
from companion.project import Project, current, use
from companion.tables import Table, find, recording

SIDECAR = """
title: T
measures: M
unit: u
made: transcribed
how: H
licence: {name: not seen, seen: 2026-11-24}
date: day
public: %s
public_basis: "printed: every day"
caveats: [C]
schema:
  fields:
    - {name: day, type: date, description: D}
    - {name: text, type: string, description: T}
    - {name: value, type: number, description: V}
    - {name: flag, type: boolean, description: F}
    - {name: public_on, type: date, description: P}
    - {name: public_basis, type: string, description: B}
    - {name: source_id, type: string, description: S}
"""
HEADER = ["day", "text", "value", "flag", "public_on", "public_basis", "source_id"]


def table(root: Path, records: list[list[str]], public: str = "null") -> Table:
    folder = root / "data" / "t"
    folder.mkdir(parents=True, exist_ok=True)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([HEADER, *records])
    (folder / "t.csv").write_bytes(out.getvalue().encode())
    (folder / "t.yml").write_text(SIDECAR % public)
    return find(root)["t/t"]


def record(
    text: str = "x", day: str = "2022-01-01", number: str = "1", flag: str = "", on: str = "", basis: str = "", key: str = "k"
):
    return [day, text, number, flag, on, basis, key]


def test_types(tmp_path):
    frame = table(
        tmp_path, [record(number="1.5", flag="true"), record("", "", "", "false", "2022-02-03", "printed: p", "")]
    ).frame
    assert frame["day"].dtype.kind == "M" and frame["day"].iloc[0] == pd.Timestamp("2022-01-01") and pd.isna(frame["day"].iloc[1])
    assert frame["value"].dtype.kind == "f" and frame["value"].iloc[0] == 1.5 and pd.isna(frame["value"].iloc[1])
    assert list(frame["flag"]) == [True, False]
    assert frame["text"].iloc[0] == "x" and pd.isna(frame["text"].iloc[1]) and pd.isna(frame["source_id"].iloc[1])


def test_words_that_pandas_reads_as_missing_are_words(tmp_path):
    words = ["NA", "null", "None", "nan", "n/a"]
    assert list(table(tmp_path, [record(word) for word in words]).frame["text"]) == words


def test_lines_with_quoted_line_breaks_and_blank_lines(tmp_path):
    made = table(tmp_path, [record("one"), record('two\nlines and a "quote"'), record("three"), record("a\n\nb"), record("last")])
    assert list(made.frame.index) == [2, 3, 5, 6, 9]
    text = made.csv.read_text()
    made.csv.write_text(text.replace("2022-01-01,three", "\n2022-01-01,three"))
    assert list(find(tmp_path)["t/t"].frame.index) == [2, 3, 6, 7, 10]


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=12)


@given(texts=st.lists(cells, min_size=1, max_size=6))
def test_every_row_has_the_line_on_which_it_starts(tmp_path_factory, texts):
    root = tmp_path_factory.mktemp("lines")
    records = [record(text) for text in texts]
    made = table(root, records)
    expected, line = [], 2
    for text in texts:
        expected.append(line)
        line += 1 + text.count("\n")
    assert list(made.frame.index) == expected
    assert list(made.frame["text"].fillna("")) == texts
    lines = made.csv.read_bytes().decode().split("\n")
    assert all(lines[n - 1].startswith("2022-01-01,") for n in made.frame.index)


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"", 0, "the file is empty; its first line names the columns: day,text"),
        (b"\xff", 1, "not UTF-8"),
        (b"day,text\n", 1, "column 'flag' is missing"),
        (b"day,text,value,flag,public_on,public_basis,source_id,more\n", 1, "column 'more' is not in the sidecar's schema"),
        (b"day,text,value,flag,public_on,public_basis,source_id\n2022-02-30,x,1,,,,k\n", 2, "'2022-02-30' is not a date"),
        (
            b'day,text,value,flag,public_on,public_basis,source_id\n2022-02-20,"a\nb",1,,,,k\n2022-02-20,x,1.2.3,,,,k\n',
            4,
            "column 'value': '1.2.3' is not a number",
        ),
        (b"day,text,value,flag,public_on,public_basis,source_id\n2022-02-20,x,1,TRUE,,,k\n", 2, "'TRUE' is not true or false"),
        (b"day,text,value,flag,public_on,public_basis,source_id\n2022-02-20,x,1,,,,k,1,2\n", 2, "more cells than the header"),
        (b"day,text,value,flag,public_on,public_basis,source_id\n2022-02-20,x,1,,,,k\n2022-02-20,x,1,,,,k,1,2\n", 0, "not a CSV"),
    ],
)
def test_a_malformed_file(tmp_path, content, line, says):
    made = table(tmp_path, [record()])
    made.csv.write_bytes(content)
    with pytest.raises(Wrong) as caught:
        made.frame  # noqa: B018
    (problem,) = caught.value.problems
    assert (problem.path, problem.line) == ("data/t/t.csv", line) and says in problem.message


def test_what_excel_saves_as_utf_8_is_read(tmp_path):
    made = table(tmp_path, [record("one")])
    made.csv.write_bytes(b"\xef\xbb\xbf" + made.csv.read_bytes().replace(b"\n", b"\r\n"))
    assert list(made.frame["text"]) == ["one"] and list(made.frame.index) == [2]


def test_the_digest_changes_with_either_file(tmp_path):
    made = table(tmp_path, [record()])
    digests = {made.digest}
    for path in (made.csv, made.sidecar):
        path.write_text(path.read_text() + "\n")
        digests.add(find(tmp_path)["t/t"].digest)
    assert len(digests) == 3


# When a row became public

BIB = "@online{k,\n title={T}, author={A}, date={2022-05}, urldate={2026-11-24}, langid={en}, kind={news}, primary={yes},\n}\n"
BIB += BIB.replace("{k,", "{undated,").replace("date={2022-05}, ", "note={no date}, ", 1)


def became_public(root: Path, given: list[str], public: str = "null"):
    made = table(root, [given], public)
    (root / "references.bib").write_text(BIB)
    return Project(root).became_public(made, made.frame.iloc[0])


def test_the_rows_own_day_comes_first(tmp_path):
    given = record(on="2022-02-03", basis="inferred: a copy")
    assert became_public(tmp_path, given, "same day") == (date(2022, 2, 3), "inferred: a copy")
    assert became_public(tmp_path, given) == (date(2022, 2, 3), "inferred: a copy")


def test_then_the_same_day_where_the_sidecar_says_so(tmp_path):
    assert became_public(tmp_path, record(), "same day") == (date(2022, 1, 1), "printed: every day")


def test_then_the_sources_date_of_which_the_last_day_counts(tmp_path):
    inferred = "inferred: the source is of 2022-05; its day was not seen"
    assert became_public(tmp_path, record()) == (date(2022, 5, 31), inferred)
    assert became_public(tmp_path, record(day=""), "same day") == (date(2022, 5, 31), inferred)


@pytest.mark.parametrize("key", ["undated", "unknown", ""])
def test_else_nobody_knows(tmp_path, key):
    assert became_public(tmp_path, record(key=key)) == (None, "not known")


def test_a_figure_is_public_when_its_last_row_is(minibook):
    early, late = (one("polls/support", period_end=day, answer="support, total") for day in ("2022-03-30", "2022-11-30"))
    assert early.became_public(minibook)[0] == date(2022, 12, 1)
    assert minus(early, late).became_public(minibook) == late.became_public(minibook)
    assert late.became_public(minibook)[0] == date(2022, 12, 2)
    assert minus(early, late).as_of == date(2022, 11, 30)


# Selections


def test_a_filter_keeps_lines_and_says_itself(minibook):
    found = rows("polls/support", answer="support, total", since="2022-05-30", until="2022-11-30")
    lines = minibook.tables["polls/support"].csv.read_text().split("\n")
    assert len(found) == 3
    assert all("support, total" in lines[n - 1] for n in found.frame.index)
    assert found.origins[0].where == "answer = support, total; period_end from 2022-05-30; period_end to 2022-11-30"
    assert found.sources == ["poll_2022", "poll_2023"]


def test_both_ends_are_in_and_lists_and_empties_choose(minibook):
    day = "2022-05-30"
    assert len(rows("polls/support", since=day, until=day)) == 5
    assert len(rows("polls/support", period_end=day, answer=["definitely support", "rather support"])) == 2
    assert len(rows("polls/talks", conflict=None)) == 4 and len(rows("polls/talks", conflict=True)) == 2
    assert len(rows("polls/talks", conflict=[None, True])) == 6


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rows("polls/suport"), "no table 'polls/suport'; did you mean polls/support"),
        (lambda: rows("polls/support", anser="x"), "no column 'anser'; there are period_start"),
        (lambda: rows("polls/support", answer="yes"), "column 'answer' never holds 'yes'; it holds definitely support"),
        (lambda: rows("polls/support", since="2030-01-01"), "no row where period_end from 2030-01-01"),
        (lambda: one("polls/support", period_end="2022-05-30"), "5 rows (lines 7, 8, 9, 10, 11)"),
        (lambda: one("polls/talks", "conflict", period_end="2022-10-30", answer="for war"), "column 'conflict' is empty"),
        (lambda: one("polls/detentions", "valu", period_end="2022-11-30"), "no column 'valu'"),
        (lambda: extreme("biggest", "polls/detentions"), "'biggest' is none of lowest"),
    ],
)
def test_a_filter_that_does_not_fit_is_an_error(minibook, call, says):
    with pytest.raises(Wrong) as caught:
        call()
    assert says in str(caught.value)


def test_breaks_go_with_the_rows_that_they_hold_for(minibook, tmp_path):
    assert [b["at"] for b in rows("polls/support").breaks] == [date(2023, 6, 1)]
    assert rows("polls/talks").breaks == ()
    made = table(tmp_path, [record("a"), record("b")])
    made.sidecar.write_text(made.sidecar.read_text() + "breaks: [{at: 2022-01-01, why: w, where: {text: a}}]\n")
    with use(Project(tmp_path)):
        assert [len(rows("t/t", text=text).breaks) for text in ("a", "b", ["a", "b"])] == [1, 0, 1]
        assert len(rows("t/t").breaks) == 1


def test_reading_is_recorded(minibook):
    with recording() as names:
        rows("polls/talks")
        one("polls/detentions", period_end="2022-11-30")
    assert names == {"polls/talks", "polls/detentions"}


# Figures


def test_figures(minibook):
    assert [extreme(which, "polls/detentions").value for which in ("lowest", "highest", "first", "last")] == [
        15000,
        19850,
        15000,
        19850,
    ]
    first = extreme("first", "polls/detentions")
    assert first.origins[0].lines == (2,) and day_of(first).value == date(2022, 3, 31)
    assert count("polls/support", answer="support, total").value == 7
    assert total("polls/detentions", until="2022-09-30").value == 32600
    a, b = (one("polls/support", period_end=day, answer="support, total") for day in ("2022-11-30", "2022-03-30"))
    assert (minus(a, b).value, minus(a, b).unit) == (-6, "percentage points")
    assert ratio(a, b, percent=True).value == pytest.approx(92.5) and ratio(a, b).unit == "ratio"
    with pytest.raises(Wrong, match="units differ"):
        minus(a, first)
    with_own = one("polls/talks", period_end="2022-10-30", answer="for talks", subgroup="all")
    assert (with_own.low, with_own.high) == (54.6, 59.4)


@pytest.mark.parametrize(
    ("figure", "show", "shown"),
    [
        (Figure(17.84, "%", ()), None, "17.8%"),
        (Figure(108000.0, "km²", ()), "{value:,.0f} km²", "108,000 km²"),
        (Figure(-5.0, "points", (), -7.2, -2.8), "{value:.0f} ({low:.0f} to {high:.0f})", "−5 (−7 to −3)"),
        (Figure(date(2022, 9, 11), "date", ()), None, "11 September 2022"),
        (Figure(date(2022, 9, 1), "date", ()), "{value:%B %Y}", "September 2022"),
        (Figure("mixed", "word", ()), None, "mixed"),
    ],
)
def test_figures_as_printed(figure, show, shown):
    assert value("x", figure, show).shown == shown


# A chapter's cells, read without running them


def read(code: str):
    with use(Project(MINIBOOK)):
        return evaluate("c.md", [(1, f"from companion import {', '.join(__all__)}"), (10, code)])


ATTACKS = [
    "chart = chart.pd\nvalue('x', chart.read_pickle('/tmp/x'))",
    "value('x', chart.pd)",
    "f = chart.dataclass\nvalue('x', f())",
    "value('x', chart.__getattribute__('pd'))",
    "value = chart.__loader__\nchart.x",
    "value('x', __import__('os').getcwd())",
    "value('x', rows.__globals__)",
    "value('x', (lambda: 1)())",
    "value('x', [v for v in (1,)])",
    "value('x', f'{1}')",
    "value('x', open('/etc/passwd'))",
    "value('x', one(*['a']))",
    "value('x', one(**{'table': 'a'}))",
    "import os\nvalue('x', os.getcwd())",
    "exec = value\nchart.exec('1')",
]


@pytest.mark.parametrize("code", ATTACKS)
def test_a_strangers_code_is_not_followed(code, monkeypatch):
    called = []
    monkeypatch.setattr(pd, "read_pickle", lambda *a, **k: called.append(a))
    found = read(code)
    assert found.problems and not found.values and not called
    assert all(p.path == "c.md" and p.line >= 10 for p in found.problems)


def test_plain_python_beside_values_is_let_be():
    found = read(
        "import os\nx = os.getcwd()\nfor i in range(3):\n    print(i)\n\ndef f():\n    return 1\nvalue('n', count('polls/talks'))"
    )
    assert found.problems == [] and found.values["n"].figure.value == 6 and found.lines["n"] == 17
    assert found.reads == {"polls/talks"}


@pytest.mark.parametrize(
    "again",
    ["a = int('3')", "a += 1"]
    + ["for a in (1,):\n    pass", "a, b = 1, 2", "a: int = 3", "import os as a"]
    + ["def a():\n    pass", "(a := 3)"],
)
def test_a_name_that_is_given_anew_is_not_what_it_was(again):
    """The notebook would show another value than the page."""
    first = "a = one('polls/detentions', period_end='2022-11-30')\nvalue('x', a)\n"
    assert read(first).problems == []
    found = read(first + again + "\nvalue('y', a)")
    assert list(found.values) == ["x"] and "can't follow 'a'" in found.problems[0].message


@pytest.mark.parametrize(
    "code",
    ["def one(*a, **k):\n    return 1"]
    + ["from numpy import one", "import numpy as one", "one = 3", "one, b = 1, 2"]
    + ["for one in (1,):\n    pass", "from companion import share as one", "if True:\n    one = 3"],
)
def test_the_companions_names_are_not_given_anew(code):
    (problem,) = read(code).problems
    assert "'one' is the companion's own name" in problem.message


def test_a_figure_may_be_made_of_itself():
    found = read("a = one('polls/detentions', period_end='2022-11-30')\na = minus(a, a)\nvalue('x', a)")
    assert found.problems == [] and found.values["x"].figure.value == 0


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("value('x', 3)", "value() takes figures; make them with one(…) or share(…)"),
        ("value('x', rows('polls/talks'))", "value() takes figures"),
        ("n = 2\nvalue('x', ratio(n, n))", "ratio() takes figures"),
        ("value('x', day_of())", "day_of() needs 'figure'"),
        ("value('x', count('polls/talks', 'yes'))", "count() takes table; whatever else is given needs its name"),
        ("value('x', one('talks'))", "no table 'talks'; did you mean polls/talks?"),
        ("chart.lines('c', {}, title='t', subtitle='s')", "chart 'c' has no alt; add alt=\"what a reader would see\""),
        ("chart.lines('c', {}, title='t', subtitle='s', alt='a', limit=1)", "lines() has no option 'limit'; did you mean limits"),
    ],
)
def test_a_call_that_does_not_fit_is_said_in_plain_words(code, says):
    (problem,) = read(code).problems
    assert says in problem.message


@pytest.mark.parametrize(
    "code",
    ["def f(a, *b, **c):\n    d = a\n    return d, b, c", "[i for i in range(3)]", "for k, w in {}.items():\n    print(k, w)"]
    + ["g = lambda z: z", "try:\n    1 / 0\nexcept ZeroDivisionError as err:\n    print(err)", "import os\nos.getcwd()"]
    + ["with open('x') as file:\n    print(file)", "from math import *\nprint(pi)", "display(1)", "n: int = 3\nprint(n)"],
)
def test_names_that_python_has_are_no_problem(code):
    assert read(code).problems == []


def test_a_name_is_there_once_it_is_given():
    (problem,) = read("print(later)\nlater = 1\nprint(later)").problems
    assert problem.line == 10 and "no name 'later'; import it or give it a value in a cell above" in problem.message


def test_a_name_that_is_not_imported_is_said_once_with_the_import():
    with use(Project(MINIBOOK)):
        cells = [(3, "from companion import value"), (10, "value('n', count('polls/talks'))\nvalue('m', count('polls/talks'))")]
        found = evaluate("c.md", cells)
        (problem,) = found.problems
        assert (problem.line, list(found.values)) == (10, ["n", "m"])
        assert problem.message == "'count' is used but not imported; add it to the import at line 3"
        (problem,) = evaluate("c.md", cells[1:] + cells[:1]).problems[:1]
        assert "write 'from companion import value' in the first cell" in problem.message


def test_what_follows_from_a_failed_cell_is_said_once():
    found = read("a = one('polls/nothing')\nb = day_of(a)\nvalue('x', b)\nvalue('n', count('polls/talks'))")
    assert [p.line for p in found.problems] == [10] and list(found.values) == ["n"]


def test_the_current_project_is_the_one_in_use():
    one_, two = Project(MINIBOOK), Project(MINIBOOK)
    with use(one_):
        with use(two):
            assert current() is two
        assert current() is one_
