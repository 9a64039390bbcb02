"""The poll explorer, as a reader uses it: each figure that it shows is a row of a table, with the interval made for that row."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import shutil
from itertools import combinations
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import MODES, WIDTHS, Visit, axe, build, complaints, recorded, served, window
from bs4 import BeautifulSoup
from conftest import MINIBOOK, REAL

from companion.book.poll_explorer import NOT_COVERED, all_series, is_poll_table
from companion.charts.frame import PALETTES
from companion.checks import polls as rule
from companion.polls import poll
from companion.project import Project, use

STATIC = REAL / "companion" / "book" / "static"
PAGE = "explore-polls.html"
SIZES = [(mode, width) for mode in MODES for width in WIDTHS]
PROJECT = Project(REAL)

NEW = """\
period_start,period_end,pollster,series,answer,value,mode,sample_n,source_id
2022-06-01,2022-06-05,Pollster A,calm,calm,60,telephone,900,poll_2022
2022-07-01,2022-07-05,Pollster A,calm,calm,58,telephone,900,poll_2022
2022-08-01,2022-08-05,Pollster A,calm,calm,41,face to face,900,poll_2022
2022-09-01,2022-09-05,Pollster A,calm,calm,40,face to face,900,poll_2022
2022-08-01,2022-08-05,Pollster A,calm,refused,9,face to face,900,poll_2022
2023-02-01,2023-02-05,Pollster B,calm here,calm,70,telephone,1000,poll_2023
"""
FIELDS = ("pollster", "series", "answer", "mode", "source_id")
SIDECAR = {
    "title": "Calm in an invented land",
    "measures": "Share of adults who say that they are calm.",
    "unit": "% of respondents",
    "made": "transcribed",
    "how": "Invented for a test.",
    "licence": {"name": "CC0-1.0", "seen": "2026-11-24"},
    "date": "period_end",
    "caveats": ["Every figure is invented."],
    "questions": {
        "calm": {"wording": "Are you calm?", "original": {"ru": "Вы спокойны?"}, "asked_by": "Pollster A", "mode": "two modes"},
        "calm here": {"wording": "Are you calm here?", "asked_by": "Pollster B", "warning": "asked of friends"},
    },
    "schema": {
        "fields": [
            *({"name": name, "type": "date"} for name in ("period_start", "period_end")),
            *({"name": name, "type": "string"} for name in FIELDS),
            {"name": "value", "type": "number"},
            {"name": "sample_n", "type": "integer"},
        ]
    },
}


def read(table: str) -> dict[int, dict]:
    """A table's rows by their line in the CSV, read by other means than the book's; no cell of ours holds a line break."""
    with (REAL / "data" / f"{table}.csv").open(encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return {line: row for row in reader for line in [reader.line_num]}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The minibook with the real tables of polls, and one table more that only follows the contract; built and served."""
    root = tmp_path_factory.mktemp("polls") / "book"
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build", "notebooks", "tables"))
    shutil.copytree(REAL / "data" / "russian_opinion", root / "data" / "russian_opinion")
    sources = (MINIBOOK / "references.bib").read_text(encoding="utf-8"), (REAL / "references.bib").read_text(encoding="utf-8")
    (root / "references.bib").write_text("\n".join(sources), encoding="utf-8")
    (root / "data" / "polls" / "calm.csv").write_text(NEW, encoding="utf-8")
    (root / "data" / "polls" / "calm.yml").write_text(json.dumps(SIDECAR, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(REAL / "explore-polls.md", root / "explore-polls.md")
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    part = "  - caption: Explore\n    chapters:\n      - file: explore-polls\n"
    (root / "_toc.yml").write_text(
        toc.replace("  - caption: The evidence\n", f"{part}  - caption: The evidence\n"), encoding="utf-8"
    )
    done = build(root, "--keep-going")
    html = root / "_build" / "html"
    assert (html / PAGE).exists(), complaints(done)
    with served(html) as url:
        yield html, url


@pytest.fixture(scope="module")
def given(book):
    """What the script was given."""
    text = (book[0] / "_static" / "polls-data.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.companionPolls=").removesuffix(";\n"))


def test_it_opens_on_what_its_page_says(book, given, browser):
    opens = given["series"][given["opens"]]
    assert given["tables"][opens["table"]][0] == "russian_opinion/levada_support"
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{book[1]}/explore-polls.html")
        chosen = {name: page.input_value(f"select[name={name}]") for name in ("topic", "pollster", "question")}
        assert chosen == {name: opens[name] for name in chosen}
        assert page.evaluate("document.querySelector('.polls-form').getBoundingClientRect().top < innerHeight"), "at once"
        page.goto(f"{book[1]}/explore-polls.html?q=nothing-known&pollster=all")
        assert page.input_value("select[name=topic]")


@pytest.fixture
def page(browser):
    with window(browser) as context:
        yield context.new_page()


def rows_of(page) -> list[list[str]]:
    return page.eval_on_selector_all(
        ".polls-figures tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def said(page) -> str:
    return page.inner_text(".polls-said")


def options(page, name: str) -> list[str]:
    return page.eval_on_selector(f"select[name={name}]", "s => [...s.options].map(o => o.textContent)")


# What is in it


@pytest.mark.parametrize(
    ("table", "is_one"),
    {
        "levada_support": True,
        "chronicles_by_group": True,
        "other_polls": True,
        "response_rates": False,
        "antiwar_detentions": False,
        "preference_falsification": False,
        "chronicles_waves": False,
    }.items(),
)
def test_a_poll_table_is_told_by_its_sidecar(table, is_one):
    assert is_poll_table(PROJECT.table(f"russian_opinion/{table}")) is is_one


def test_every_row_of_every_poll_table_is_in_one_series():
    with use(PROJECT):
        found = all_series(PROJECT)
        tables = {s.table.name: s.table for s in found}
        assert len(tables) >= 15
        for name, table in tables.items():
            lines = sorted(line for s in found if s.table is table for line in s.frame.index)
            shares = {line for line, row in read(name).items() if row["value"] and row.get("kind") != "mean"}
            assert lines == sorted(shares), name


def test_a_place_is_a_line_of_its_own_and_goes_without_saying_where_there_is_one():
    with use(PROJECT):
        named = {(s.question, s.among) for s in all_series(PROJECT) if s.table.name == "ukrainian_opinion/end_of_war"}
    assert ("gallup fight or negotiate, by region", "adults; East of Ukraine") in named
    assert ("norc ceding land for peace", "adults") in named, "all of its rows are of one place"


def test_a_line_is_one_pollsters_answer_to_one_question():
    with use(PROJECT):
        for s in all_series(PROJECT):
            for column in ("pollster", "series", "group_by", "group", "subgroup", "population", "base", "geography", "age"):
                if column in s.frame:
                    assert s.frame[column].nunique(dropna=False) == 1, (s.table.name, s.question, column)
            sure = s.frame[s.frame["conflict"] != True] if "conflict" in s.frame else s.frame  # noqa: E712 (empty is not true)
            days = [c for c in ("period_start", "period_end") if c in sure]
            assert not sure.duplicated([*days, "answer"]).any(), (s.table.name, s.question)


def test_rows_and_intervals_are_those_of_the_table(given):
    """Every row that the script gets, held against the CSV and against the intervals of companion.polls."""
    checked = 0
    with use(PROJECT):
        for table in {s["table"] for s in given["series"]}:
            name = given["tables"][table][0]
            if not name.startswith("russian_opinion/"):
                continue
            printed, made = read(name), poll(name).frame
            for s in (s for s in given["series"] if s["table"] == table):
                for start, last, _, answer, value, low, high, n, _, _, _, line, _, _ in s["rows"]:
                    row = printed[line]
                    assert (row["period_start"], row["period_end"]) == (start, last), (name, line)
                    assert row["answer"] == s["answers"][answer][0]
                    assert float(row["value"]) == value, (name, line)
                    assert (row.get("n") or row.get("sample_n") or "") == ("" if n is None else str(n))
                    if s["question"] == "fso continue or talks":
                        assert (low, high) == (None, None), "a leak with no method has no interval"
                    else:
                        assert (low, high) == tuple(round(float(made.loc[line, end]), 1) for end in ("low", "high")), (name, line)
                        assert low <= value <= high or row.get("ci_low")
                    checked += 1
    assert checked > 2500


def test_a_total_leads_and_its_parts_wait():
    with use(PROJECT):
        s = next(s for s in all_series(PROJECT) if s.table.name.endswith("levada_support"))
    assert s.lead == "support, total" == s.answers[0]
    assert s.shown == ["support, total", "do not support, total", "hard to say"]
    assert s.answers[-1] == "hard to say", "an answer that is none comes last"


LEADS = {
    ("levada_support", "support"): "support, total",
    ("other_polls", "levada successful"): "successful",
    ("other_polls", "vtsiom successful"): "successful",
    ("other_polls", "russian field approval"): "approve, total",
    ("crimea_obligations", "agree or disagree with a statement"): "did not break them",
    ("crimea_obligations", "did Russia break its obligations"): "did not break them",
    ("knowledge_of_harm", "who is responsible"): "United States and NATO",
    ("knowledge_of_harm", "who blew up the Kakhovka dam"): "Ukraine",
    ("chronicles_other_questions", "emotion about operation: shame"): "feel",
    ("chronicles_other_questions", "left because of mobilisation: family member left"): "named",
    ("chronicles_by_group", "withdrawal without reaching the goals"): "support",
}


@pytest.mark.parametrize(("table", "question"), LEADS)
def test_the_answer_that_leads_is_the_sidecars_else_the_largest(table, question):
    with use(PROJECT):
        found = [s for s in all_series(PROJECT) if s.table.csv.stem == table and s.question == question]
    assert found and {s.lead for s in found} == {LEADS[table, question]}


def test_without_a_word_of_the_sidecar_the_largest_share_of_the_last_survey_leads():
    checked = 0
    with use(PROJECT):
        for s in all_series(PROJECT):
            told = s.frame[s.frame["answer"].isin(s.shown) & ~s.frame["answer"].str.contains("hard to say|declined|no answer")]
            first = [s.about.get("compare"), *s.table.meta.get("compare", ())]
            if any(answer in set(s.frame["answer"]) for answer in first) or told.empty:
                continue
            day = s.table.meta["date"]
            last = told[told[day] == told[day].max()].set_index("answer")["value"]
            assert last[s.lead].max() == last.max(), (s.table.name, s.question, s.among)
            checked += 1
    assert checked > 60


def test_two_totals_of_one_poll_are_the_sums_of_their_parts():
    rows = [r for r in read("russian_opinion/other_polls").values() if r["series"] == "russian field approval"]
    values = {r["answer"]: float(r["value"]) for r in rows}
    for word in ("approve", "disapprove"):
        assert values[f"{word}, total"] == pytest.approx(values[f"definitely {word}"] + values[f"rather {word}"])


def test_a_table_that_follows_the_contract_appears_by_itself(book, given, page):
    own = [s for s in given["series"] if s["topic"] == SIDECAR["title"]]
    assert [(s["pollster"], s["question"]) for s in own] == [("Pollster A", "calm"), ("Pollster B", "calm here")]
    page.goto(f"{book[1]}/{PAGE}?q=calm-in-an-invented-land&pollster=pollster-a")
    assert page.text_content(".polls-card [lang=ru]") == "Вы спокойны?"
    assert "Wording, translated" in page.inner_text(".polls-card")
    assert said(page).startswith("4 polls, Pollster A, 5 June 2022 to 5 September 2022")
    # The line is cut where the mode changed, and the page says so.
    assert page.locator(".polls-plot .hue-1 path.line").count() == 2
    assert page.locator(".polls-plot path.break").count() == 1
    assert "5 August 2022: asked by another mode: face to face, before telephone" in page.inner_text(".poll-explorer figcaption")
    page.select_option("select[name=pollster]", "Pollster B")
    assert "asked of friends" in page.inner_text(".polls-card")


# What a reader sees

VIEWS = {
    "levada_support": ("?q=support-for-the-war&pollster=levada-center", "support", "Levada Center"),
    "levada_approval": ("?q=approval-of-putin", "approval", "Levada Center"),
    "chronicles_support": ("?q=support-for-the-war&pollster=chronicles&question=support", "support", "Chronicles"),
    "chronicles_by_group": (
        "?q=support-for-the-war&pollster=chronicles&question=support&among=age-18-29",
        "support",
        "Chronicles",
    ),
    "other_polls": ("?q=support-for-the-war&pollster=vtsiom", "vtsiom decision", "VTsIOM"),
    "levada_talks": ("?q=go-on-or-begin-talks&pollster=levada-center&question=talks", "talks", "Levada Center"),
}


@pytest.mark.parametrize("table", VIEWS)
def test_the_table_on_the_page_shows_the_rows_of_the_csv(book, page, table):
    where, question, pollster = VIEWS[table]
    page.goto(f"{book[1]}/{PAGE}{where}")
    name = f"russian_opinion/{table}"
    printed, shown = read(name), rows_of(page)
    ticked = set(
        page.eval_on_selector_all(".polls-answers input:checked", "all => all.map(i => i.parentElement.textContent.trim())")
    )
    wanted = {
        line
        for line, row in printed.items()
        if row["answer"] in ticked
        and row.get("series", question) == question
        and row.get("pollster", pollster) == pollster
        and row.get("group", "18-29") == "18-29"
    }
    lines = [int(row[7].removeprefix("line ")) for row in shown]
    assert sorted(lines) == sorted(wanted)
    with use(PROJECT):
        made = poll(name).frame
    for row, line in zip(shown, lines, strict=True):
        given = printed[line]
        assert row[3] == given["answer"]
        assert row[1] == (f"{given['qualifier']} " if given.get("qualifier") else "") + f"{float(given['value']):g}%"
        assert row[2] == f"{made.loc[line, 'low']:.1f} to {made.loc[line, 'high']:.1f}"
        assert row[4] == (given.get("sample_n") or "not seen")
        assert given["period_end"][:4] in row[0]
    assert [r[0] for r in shown] == [r[0] for r in sorted(shown, key=lambda r: printed[int(r[7].split()[1])]["period_end"])]
    polls = len({printed[line]["period_end"] for line in lines})
    assert said(page).startswith(f"{polls} polls, {pollster}, ")
    # The source and the row lead on, and lead somewhere.
    for link in page.eval_on_selector_all(".polls-figures tbody tr:first-child a", "all => all.map(a => a.getAttribute('href'))"):
        target, _, place = link.partition("#")
        assert f'id="{place}"' in (book[0] / target).read_text(encoding="utf-8"), link


def test_the_chart_says_in_words_what_it_shows(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=levada-center")
    words = page.get_attribute(".polls-plot svg", "aria-label")
    assert page.get_attribute(".polls-plot svg", "role") == "img"
    support = {r["period_end"]: r for r in read("russian_opinion/levada_support").values() if r["answer"] == "support, total"}
    first, last = support[min(support)], support[max(support)]
    assert f"support, total: {len(support) + 1} figures, from {first['value']}%" in words, "one survey has two figures"
    assert f"to {last['value']}% (" in words
    assert "hard to say" in words
    drawn = page.locator(".polls-plot .hue-1 path.mark").count()
    assert drawn == len(support) + 1
    assert page.locator(".polls-plot .hue-1 path.hollow").count() == 2, "figures that sources give differently stand off the line"
    assert page.locator(".polls-plot .hue-1 path.bar").count() == drawn, "an interval on every estimate"
    assert page.locator(".polls-plot rect.window").count() == page.locator(".polls-plot rect.since").count() == 1
    notes = page.inner_text(".poll-explorer figcaption")
    assert NOT_COVERED in notes
    assert all(word in NOT_COVERED for word in ("fear", "refusal", "wording"))


def test_marks_stand_where_the_figures_are(book, page, given):
    """A mark's height is its share: read off the axis, it gives the CSV's value."""
    page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=chronicles&question=support&show=support")
    axis = page.eval_on_selector_all(
        ".polls-plot svg > text.axis",
        "all => all.map(t => [t.textContent, +t.getAttribute('y') - 4]).filter(t => /^\\d+%?$/.test(t[0]))",
    )
    ticks = {int(text.rstrip("%")): y for text, y in axis if int(text.rstrip("%")) <= 100}
    zero, sixty = ticks[0], ticks[60]
    bars = page.eval_on_selector_all(".polls-plot .hue-1 path.bar", "all => all.map(b => b.getAttribute('d'))")
    s = next(s for s in given["series"] if (s["pollster"], s["question"], s["among"]) == ("Chronicles", "support", "all asked"))
    rows = [r for r in s["rows"] if s["answers"][r[3]][0] == "support"]
    assert len(bars) == len(rows) == 15
    for path, row in zip(bars, rows, strict=True):
        low, high = (float(y) for y in re.fullmatch(r"M[\d.]+ ([\d.]+)V([\d.]+)", path).groups())
        for y, value in ((low, row[5]), (high, row[6])):
            assert (zero - y) / (zero - sixty) * 60 == pytest.approx(value, abs=0.01)


def test_pollsters_stand_side_by_side_and_are_never_averaged(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=all")
    ticked = page.eval_on_selector_all(".polls-answers input:checked", "all => all.map(i => i.parentElement.textContent.trim())")
    assert {name.split(":")[0] for name in ticked} == {"Levada Center", "Chronicles", "VTsIOM", "FOM", "NORC", "Russian Field"}
    names = page.eval_on_selector_all(".polls-plot text.name", "all => all.map(t => t.textContent)")
    assert len(names) == len(ticked)
    printed = {
        float(v)
        for table in ("levada_support", "chronicles_support", "other_polls")
        for v in (r["value"] for r in read(f"russian_opinion/{table}").values())
    }
    assert {float(re.sub(r"[^\d.]", "", row[1])) for row in rows_of(page)} <= printed
    assert page.locator(".polls-card").count() == len(ticked)
    assert "compare its course" in page.inner_text(".poll-explorer figcaption")
    page.uncheck(".polls-answers input >> nth=0")
    assert page.locator(".polls-plot text.name").count() == len(ticked) - 1
    assert "Levada Center" not in said(page)


def test_a_break_of_the_sidecar_cuts_the_line(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=the-war&pollster=the-invented-pollster&show=support-total")
    # March to May 2022; the other gaps are longer than three months and dotted, but for the one with the break.
    assert page.locator(".polls-plot .hue-1 path.gap").count() == 3
    assert page.locator(".polls-plot .hue-1 path.line").count() == 2
    assert "the invented pollster changed its question" in page.inner_text(".poll-explorer figcaption")
    assert page.text_content(".polls-card [lang=ru]") == "Поддерживаете ли Вы действия армии?"


# Then and since


@pytest.mark.parametrize("how", ["stored", "switched"])
def test_then_shows_what_was_public_by_the_cut_off(book, page, how):
    where = f"{book[1]}/{PAGE}?q=the-war&pollster=the-invented-pollster"
    page.goto(where)
    assert said(page).startswith("7 polls, The Invented Pollster, 30 March 2022 to 27 March 2024")
    if how == "stored":
        page.evaluate("localStorage.setItem('clock', 'then')")
        page.goto(where)
    else:
        page.evaluate(
            "document.documentElement.dataset.clock = 'then';"
            "document.dispatchEvent(new CustomEvent('companion:clock', { detail: 'then' }))"
        )
    assert said(page).startswith("4 polls, The Invented Pollster, 30 March 2022 to 30 November 2022")
    assert "Only what was public by 31 December 2022." in said(page)
    assert "Left out because it came or became public later: 9." in said(page)
    assert {row[5] for row in rows_of(page)} == {"2022-12-01", "2022-12-02"}
    assert page.input_value("input[name=to]") == "2022-12-31", "the period ends at the cut-off"
    assert page.locator(".polls-plot rect.since").count() == 0


def test_then_leaves_out_a_poll_of_2022_that_was_published_later(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=how-the-war-is-going&pollster=vtsiom")
    before = {row[7] for row in rows_of(page) if "2022" in row[0]}
    late = {row[7] for row in rows_of(page) if "2022" in row[0] and not re.match(r"2022-", row[5])}
    assert late, "there is such a poll among the tables"
    page.evaluate("localStorage.setItem('clock', 'then')")
    page.reload()
    assert {row[7] for row in rows_of(page)} == before - late


def test_then_with_nothing_to_show_says_so(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=calm-in-an-invented-land&pollster=pollster-b")
    page.evaluate("localStorage.setItem('clock', 'then')")
    page.reload()
    assert said(page) == (
        "No poll of this choice lies in this period and was public by 31 December 2022. "
        "There are later ones: choose “since” above."
    )
    assert page.locator(".polls-plot svg").count() == 0
    assert rows_of(page) == []


@pytest.mark.parametrize(
    ("query", "words"),
    {
        "&from=2030-01-01": "No poll of this choice lies in this period. Choose a longer period or another question.",
        "&from=2023-01-01&to=2022-01-01": "The period ends before it begins; choose a later end.",
        "&show=": "No answer is chosen; tick one.",
    }.items(),
)
def test_an_empty_choice_is_answered_kindly(book, page, query, words):
    visit = Visit(book[1])
    with recorded(page, visit):
        page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=levada-center{query}")
    assert said(page) == words
    assert page.locator(".polls-plot svg").count() == 0
    assert not visit.errors


def test_presets_of_the_period(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=levada-center")
    whole = len(rows_of(page))
    page.select_option("select[name=period]", "until")
    until = rows_of(page)
    assert all("2022" in row[0] for row in until)
    page.select_option("select[name=period]", "since")
    since = rows_of(page)
    assert not any("2022" in row[0] for row in since)
    assert len(until) + len(since) == whole
    page.select_option("select[name=period]", "whole")
    assert len(rows_of(page)) == whole
    page.fill("input[name=from]", "2023-01-01")
    page.fill("input[name=to]", "2023-12-31")
    assert page.input_value("select[name=period]") == "own"
    assert all("2023" in row[0] for row in rows_of(page))


# The address


def test_the_address_keeps_the_choice(book, page):
    page.goto(f"{book[1]}/{PAGE}")
    page.select_option("select[name=topic]", "Go on or begin talks")
    page.select_option("select[name=pollster]", "Russian Field")
    page.select_option("select[name=period]", "until")
    page.uncheck(".polls-answers input[value=continue]")
    query = parse_qs(urlsplit(page.url).query)
    assert query == {"q": ["go-on-or-begin-talks"], "pollster": ["russian-field"], "to": ["2022-12-31"], "show": ["talks"]}
    link, before = page.get_attribute(".polls-link", "href"), (said(page), rows_of(page))
    assert link == page.url
    assert before[1]
    page.goto("about:blank")
    page.goto(link)
    assert (said(page), rows_of(page)) == before


def test_an_address_that_names_nothing_shows_the_first_view(book, page):
    visit = Visit(book[1])
    with recorded(page, visit):
        page.goto(f"{book[1]}/{PAGE}?q=nothing&pollster=nobody&from=2022-99-99&among=x")
    assert "polls" in said(page)
    assert rows_of(page)
    assert not visit.errors


def test_it_works_from_a_disk(book, page):
    visit = Visit("file://")
    with recorded(page, visit):
        page.goto(f"file://{book[0]}/{PAGE}?q=approval-of-putin")
        assert said(page).startswith("129 polls, Levada Center")
        page.select_option("select[name=topic]", "Go on or begin talks")
        assert "q=go-on-or-begin-talks" in page.get_attribute(".polls-link", "href")
        page.goto(page.get_attribute(".polls-link", "href"))
        assert page.input_value("select[name=topic]") == "Go on or begin talks"
    assert not visit.errors
    assert not visit.foreign


# Whoever asks


def test_a_keyboard_alone_is_enough(book, page):
    page.goto(f"{book[1]}/{PAGE}")
    page.evaluate("document.querySelector('#main').focus()")

    def to(test: str, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate(f"(e => {test})(document.activeElement)"):
                return
        pytest.fail(f"no Tab leads to where {test}")

    to("e.name === 'topic'")
    page.keyboard.type("Approval")
    assert page.input_value("select[name=topic]") == "Approval of Putin"
    assert said(page).startswith("129 polls")
    assert page.evaluate("document.activeElement.name") == "topic", "the focus stays where it was"
    to("e.name === 'period'")
    page.keyboard.type("until")
    assert "December 2022" in said(page)
    to("e.type === 'checkbox'")
    page.keyboard.press("Space")
    assert "approve" not in {row[3] for row in rows_of(page)}
    assert page.evaluate("document.activeElement.value") == "approve"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    to("e.matches('.polls-figures .table-scroll')")
    to("e.matches('.polls-figures a')")
    to("e.matches('.polls-all > summary')", 1000)  # after the links of every row
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('.polls-all').open")


def test_what_is_shown_is_announced(book, page):
    page.goto(f"{book[1]}/{PAGE}")
    assert page.get_attribute(".polls-said", "role") == "status"
    for name in ("topic", "pollster", "question", "among", "period", "from", "to"):
        assert page.evaluate(f"document.querySelector('[name={name}]').labels.length") == 1
    assert page.locator(".polls-answers legend").count() == 1
    head = page.eval_on_selector_all(".polls-figures thead th", "all => all.map(c => c.scope + c.textContent)")
    assert head[0] == "colFieldwork"
    assert page.get_attribute(".polls-figures tbody tr:first-child :first-child", "scope") == "row"


def test_a_tick_is_announced_once_and_a_redrawing_not_at_all(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=levada-center")
    page.evaluate(
        """() => { window.heard = []; const said = document.querySelector('.polls-said');
             new MutationObserver(() => heard.push(said.textContent)).observe(said, { childList: true, subtree: true }); }"""
    )
    page.uncheck(".polls-answers input[value=hard-to-say]")
    (words,) = page.evaluate("heard")
    assert words.endswith("2 answers shown: support, total; do not support, total.")
    page.evaluate("document.dispatchEvent(new CustomEvent('companion:clock', { detail: 'both' }))")
    assert page.evaluate("heard.length") == 1
    assert page.inner_text(".polls-card h3") == "Levada Center: support"


@pytest.mark.parametrize("lost", ["polls.js", "polls-data.js"])
def test_where_a_script_does_not_come_the_words_in_its_place_do(book, browser, lost):
    with window(browser) as context:
        context.route(f"**/{lost}*", lambda route: route.abort())
        page = context.new_page()
        page.goto(f"{book[1]}/{PAGE}")
        wait = page.locator(".polls-wait")
        assert not wait.is_visible(), "room is kept at first"
        page.wait_for_timeout(4300)
        assert wait.is_visible() and "The explorer needs its script" in wait.inner_text()
        assert page.locator("#polls").bounding_box()["height"] < 300
        assert page.locator(".polls-all table").first.is_visible()


def test_an_explorer_that_fails_gives_way_to_the_words(book, browser):
    with window(browser) as context:
        page = context.new_page()
        page.add_init_script(
            "delete window.ResizeObserver; Element.prototype.toggleAttribute = null; DOMTokenList.prototype.toggle = null"
        )
        page.goto(f"{book[1]}/{PAGE}")
        page.wait_for_timeout(4300)
        assert page.locator(".polls-wait").is_visible() and not page.locator(".polls-form").count()


def test_an_older_browser_draws_the_same(book, browser):
    """What browsers of 2021 don't have yet is not needed."""
    with window(browser) as context:
        page = context.new_page()
        missing = ("Array.prototype.at", "String.prototype.at", "Array.prototype.toReversed", "Array.prototype.toSorted")
        more = ("Array.prototype.findLast", "Array.prototype.with", "Object.hasOwn", "window.structuredClone")
        page.add_init_script(";".join(f"delete {name}" for name in (*missing, *more)))
        page.goto(f"{book[1]}/{PAGE}?q=approval-of-putin")
        assert page.locator("#polls.ready .polls-plot svg .band").count() and rows_of(page)


def test_on_a_phone_a_row_of_figures_is_a_card(book, browser):
    with window(browser, "light", "phone") as context:
        page = context.new_page()
        page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=levada-center")
        box = page.locator(".polls-figures .table-scroll")
        assert box.evaluate("e => e.scrollWidth <= e.clientWidth"), "a column is cut"
        row = page.locator(".polls-figures tbody tr").first
        assert row.get_attribute("role") == "row"
        heads = page.locator(".polls-figures thead th").all_text_contents()
        labels = row.locator("td").evaluate_all("all => all.map(c => getComputedStyle(c, '::before').content.slice(1, -1))")
        assert labels == heads[1:] and row.locator("td").first.is_visible()


def test_on_a_desktop_every_column_is_seen(book, browser):
    with window(browser, "light", "desktop") as context:
        page = context.new_page()
        page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=levada-center")
        assert page.locator(".polls-figures .table-scroll").evaluate("e => e.scrollWidth <= e.clientWidth")


@pytest.mark.parametrize(("mode", "width"), SIZES)
@pytest.mark.parametrize(
    "query", ["?q=the-war&pollster=the-invented-pollster", "?q=support-for-the-war&pollster=all", "?q=the-war&from=2030-01-01"]
)
def test_the_page_is_sound(book, browser, mode, width, query):
    with window(browser, mode, width) as context:
        page, visit = context.new_page(), Visit(book[1])
        visit.path = book[1]
        with recorded(page, visit):
            page.goto(f"{book[1]}/{PAGE}{query}")
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
        assert not visit.errors
        assert not visit.foreign


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_while_it_loads(book, browser, width):
    with window(browser, "light", width) as context:
        page = context.new_page()
        page.goto(f"{book[1]}/{PAGE}", wait_until="load")
        page.wait_for_selector(".polls-plot svg")
        moved = page.evaluate(
            """() => new Promise(done => { let sum = 0;
              new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })
                .observe({ type: "layout-shift", buffered: true });
              setTimeout(() => done(sum), 400); })"""
        )
        assert moved < 0.01


@pytest.mark.parametrize("width", WIDTHS)
def test_names_in_the_chart_stay_inside_and_apart(book, browser, width):
    with window(browser, "light", width) as context:
        page = context.new_page()
        for query in ("?q=support-for-the-war&pollster=all", "?q=support-for-the-war&pollster=levada-center"):
            page.goto(f"{book[1]}/{PAGE}{query}")
            boxes = page.eval_on_selector_all(
                ".polls-plot text.name",
                "all => all.map(t => t.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom])",
            )
            left, top, right, bottom = page.eval_on_selector(
                ".polls-plot svg", "s => (b => [b.left, b.top, b.right, b.bottom])(s.getBoundingClientRect())"
            )
            assert len(boxes) > 2
            assert all(left <= b[0] and top <= b[1] and b[2] <= right + 1 and b[3] <= bottom + 3 for b in boxes), (
                query,
                boxes,
                right,
            )
            for a, b in combinations(boxes, 2):
                beside = a[2] <= b[0] + 4 or b[2] <= a[0] + 4
                assert beside or a[3] <= b[1] + 4 or b[3] <= a[1] + 4, (query, a, b)


def test_a_line_that_ends_early_has_its_name_at_its_last_point(book, page):
    page.goto(f"{book[1]}/{PAGE}?q=support-for-the-war&pollster=levada-center")
    last = page.locator(".polls-plot .none-1 path.mark").last.bounding_box()
    name = page.locator(".polls-plot .none-1 text.name")
    box, figures = (
        name.bounding_box(),
        [r for r in read("russian_opinion/levada_support").values() if r["answer"] == "hard to say"],
    )
    newest = max(figures, key=lambda r: r["period_end"])
    assert name.text_content().startswith(f"hard to say {float(newest['value']):g}%, ")
    assert name.text_content().endswith(newest["period_end"][:4])
    assert -5 < box["x"] - (last["x"] + last["width"]) < 25
    assert abs(box["y"] + box["height"] / 2 - last["y"] - last["height"] / 2) < 40


def test_a_browser_without_pairs_of_colours_has_the_light_ones():
    css = (STATIC / "polls.css").read_text(encoding="utf-8")
    pairs = dict(re.findall(r"(--[\w-]+): light-dark\((#\w+), #\w+\)", css))
    (fallback,) = re.findall(r"@supports not \(color: light-dark\(#fff, #000\)\) \{\n(.*?)\n\}\n", css, re.DOTALL)
    assert pairs and dict(re.findall(r"(--[\w-]+): (#\w+);", fallback)) == pairs


def test_colours_are_those_of_the_charts():
    css = (STATIC / "polls.css").read_text(encoding="utf-8")
    pairs = dict(re.findall(r"--([\w-]+): light-dark\((#\w+, #\w+)\)", css))
    light, dark = PALETTES["light"], PALETTES["dark"]
    wanted = {f"hue-{i}": pair for i, pair in enumerate(zip(light.hues, dark.hues, strict=True), 1)}
    wanted |= {f"none-{i}": pair for i, pair in enumerate(zip(light.greys, dark.greys, strict=True), 1)}
    wanted |= {
        "ground-since": (light.since, dark.since),
        "ground-window": (light.window, dark.window),
        "quiet": (light.quiet, dark.quiet),
    }
    wanted |= {"oped": (light.oped, dark.oped), "grid": (light.grid, dark.grid), "rule": (light.rule, dark.rule)}
    assert pairs == {name: f"{a}, {b}" for name, (a, b) in wanted.items()}


# Without scripts, on paper, and what it costs


def test_without_scripts_every_series_is_listed(book, browser, given):
    with window(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{book[1]}/{PAGE}")
        assert page.is_visible("details.polls-all table")
        assert page.locator(".polls-form").count() == 0
        assert page.locator("details.polls-all tbody tr").count() == len(given["series"])
        assert page.evaluate("document.querySelector('.poll-explorer').getBoundingClientRect().height") < 200
    soup = BeautifulSoup((book[0] / PAGE).read_text(encoding="utf-8"), "html.parser")
    every = soup.select_one("details.polls-all")
    assert every.has_attr("open")
    assert NOT_COVERED in " ".join(every.get_text().split())
    assert every.select_one("[lang=ru]").get_text() in ("Вы спокойны?", "Поддерживаете ли Вы действия армии?")
    row = next(r for r in every.select("tbody tr") if "levada_support" in r.get_text())
    cells = [c.get_text(" ", strip=True) for c in row.select("td, th")]
    rows = [r for r in read("russian_opinion/levada_support").values() if r["answer"] == "support, total"]
    support = sorted(((r["period_end"], r) for r in rows), key=lambda pair: pair[0])
    with use(PROJECT):
        made = poll("russian_opinion/levada_support", answer="support, total").frame.sort_values("period_end")
    for cell, (day, first), interval in ((cells[5], support[0], made.iloc[0]), (cells[6], support[-1], made.iloc[-1])):
        assert cell == f"{day}: {first['value']}% ({interval['low']:.1f} to {interval['high']:.1f})"
    assert cells[0] == "Levada Center"
    assert "Do you personally support the actions" in cells[1]
    (link,) = row.select("td:last-child a")
    assert link["href"].startswith("tables/russian_opinion-levada_support.html")


def test_with_scripts_the_list_is_folded(book, page):
    page.goto(f"{book[1]}/{PAGE}")
    assert not page.evaluate("document.querySelector('.polls-all').open")
    assert not page.is_visible(".polls-all table")


@pytest.mark.parametrize("scripts", [True, False])
def test_on_paper_every_series_is_listed(book, browser, scripts):
    with window(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"{book[1]}/{PAGE}")
        page.emulate_media(media="print")
        if scripts:
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert not page.is_visible(".polls-form")
            assert page.is_visible(".polls-plot svg")
        assert page.is_visible("details.polls-all tbody tr >> nth=-1")


def test_only_its_page_loads_it(book):
    for path in book[0].glob("*.html"):
        text = path.read_text(encoding="utf-8")
        loaded = [name for name in ("polls.css", "polls-data.js", "polls.js") if f"_static/{name}" in text]
        assert loaded == (["polls.css", "polls-data.js", "polls.js"] if path.name == PAGE else []), path.name
        if path.name == PAGE:
            assert not re.search(r"\sstyle=", text)
            assert re.search(r'polls\.js[^">]*"[^>]* defer', text)
            (named,) = re.findall(r"polls-data\.js\?v=(\w+)", text)
            given = (book[0] / "_static" / "polls-data.js").read_bytes()
            assert hashlib.sha256(given).hexdigest().startswith(named), "the page asks for other data than was written"


def test_it_stays_small(book):
    assert len(gzip.compress((STATIC / "polls.js").read_bytes())) < 10 * 1024
    parts = [book[0] / PAGE, *(book[0] / "_static" / name for name in ("polls.css", "polls-data.js", "polls.js"))]
    assert sum(len(gzip.compress(part.read_bytes())) for part in parts) < 150_000


# What a contributor may get wrong


@pytest.mark.parametrize(
    ("found", "put", "message"),
    [
        (
            "      ru: Поддерживаете",
            "      Russian!: Поддерживаете",
            "original gives the wording by language, such as original: {ru: …}",
        ),
        ("    paid_by: nobody", "    interval: wide", "interval is 'none' or left out, not 'wide'"),
        ("    paid_by: nobody", "    topic: [a]", "topic '['a']' is not a text"),
        (
            "    paid_by: nobody",
            "    compare: yes please",
            "compare 'yes please' is no answer of it; there are definitely support; ",
        ),
        ("topic: The war", "topic: [1]", "topic '[1]' is not a text"),
        ("    paid_by: nobody", "    margin: 3.4", "margin '3.4' has no parts; give its points: and"),
        ("    paid_by: nobody", "    margin: {sample_n: 1600}", "margin has points 'None'; give percentage points"),
        ("    paid_by: nobody", "    margin: {points: 3.4, sample_n: many}", "margin has sample_n 'many'; give the sample"),
        ("    paid_by: nobody", "    margin: {points: 3.4, of: [a]}", "margin has of '['a']'; give the pollster's name"),
    ],
)
def test_a_sidecar_that_says_it_wrong_is_told(tmp_path, found, put, message):
    root = tmp_path / "book"
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build"))
    path = root / "data/polls/support.yml"
    text = path.read_text(encoding="utf-8")
    assert found in text
    path.write_text(text.replace(found, put, 1), encoding="utf-8")
    (problem,) = rule.check(Project(root))
    assert problem.path == "data/polls/support.yml"
    assert problem.line == text.split("\n").index("topic: The war" if found.startswith("topic") else "  support:") + 1
    assert message in problem.message


@pytest.mark.parametrize(
    ("put", "message"),
    [
        ("compare: support", "the table's compare 'support' is no list of answers, such as compare: [support]"),
        ("compare: [definitely suport]", "compare 'definitely suport' is no answer in it; did you mean definitely support"),
        ("default_margin: {points: -1}", "default_margin has points '-1'; give percentage points"),
        (
            "default_margin: {points: 3.4}",
            "several pollsters, and default_margin doesn't say whose it is; name the pollster in of:",
        ),
    ],
)
def test_what_a_table_says_wrong_is_told(tmp_path, put, message):
    root = tmp_path / "book"
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build"))
    path, csv = root / "data/polls/support.yml", root / "data/polls/support.csv"
    path.write_text(f"{put}\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    if "3.4" in put:  # two pollsters in one table
        head, *lines = csv.read_text(encoding="utf-8").rstrip("\n").split("\n")
        csv.write_text(
            "\n".join([f"pollster,{head}", *(f"{'AB'[i % 2]},{line}" for i, line in enumerate(lines))]) + "\n", "utf-8"
        )
        text = path.read_text(encoding="utf-8")
        assert text.count("  fields:\n") == 1
        path.write_text(text.replace("  fields:\n", "  fields:\n  - {name: pollster, type: string}\n"), encoding="utf-8")
    (problem,) = rule.check(Project(root))
    assert (problem.path, problem.line) == ("data/polls/support.yml", 1) and message in problem.message


def test_the_books_sidecars_say_it_right():
    assert list(rule.check(PROJECT)) == []
