"""Every rule that a contributor can break: break it in a copy of the minibook, and read what the check says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import MINIBOOK, REAL

from companion.checks import RULES, run
from companion.checks.prose import typed_by_hand
from companion.claims import PARTS
from companion.problems import Problem
from companion.project import Project

LAST = -1  # a break on the last line of its file
P09, P11 = "chapters/p09-thin-support.md", "chapters/p11-lost-ground.md"
SUPPORT, TALKS, DETENTIONS = "data/polls/support", "data/polls/talks", "data/polls/detentions"
ISW = "data/territory/isw_daily"


def check(root: Path) -> list[Problem]:
    return run(Project(root), root)


def swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace the one place where ``old`` stands in a file."""

    def do(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        (root / name).write_text(text.replace(old, new), encoding="utf-8")

    return do


def append(name: str, text: str) -> Callable[[Path], None]:
    def do(root: Path) -> None:
        with (root / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return do


def remove(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


def write(name: str, content: str | bytes) -> Callable[[Path], None]:
    def do(root: Path) -> None:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return do


def both(*parts: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda root: [part(root) for part in parts] and None


def rule(name: str, text: str) -> Callable[[Path], None]:
    """Add a rule to the end of a sidecar, whose last key is ``rules``."""
    return append(f"{name}.yml", f"- {text}\n")


@dataclass(frozen=True)
class Break:
    """What is done, and what has to be said: the file, the line (its number, a text that stands on
    it alone, or such a text and how many lines after it), the rule and the words.

    ``also`` lists words of further problems that follow from it; any other problem fails the test.
    """

    name: str
    do: Callable[[Path], None]
    path: str
    at: str | int | tuple[str, int]
    rule: str
    says: str
    also: tuple[str, ...] = ()


CELL = "```{code-cell} ipython3\n:tags: [hide-input]\n\n"
CLAIM = "::::{claim} almost-a-fifth-lost\n"
ROW = "2022-09-22,2022-09-28,rather support,28,"

BREAKS = [
    # sources
    Break(
        "unknown source cited",
        swap(P09, "{cite}`poll_2024,poll_2023b`", "{cite}`poll_2024,poll_2032b`"),
        P09,
        "poll_2032b",
        "source",
        "the text cites 'poll_2032b', which is not in references.bib; did you mean poll_2023b",
    ),
    Break(
        "unknown source in a row",
        swap(f"{DETENTIONS}.csv", "19850,poll_2024", "19850,poll_1924"),
        f"{DETENTIONS}.csv",
        "poll_1924",
        "source",
        "source_id is 'poll_1924', which is not in references.bib",
    ),
    Break(
        "unknown upstream",
        swap(f"{ISW}.yml", "- maps_daily", "- maps_dailies"),
        f"{ISW}.yml",
        0,
        "source",
        "upstream names 'maps_dailies'",
    ),
    Break(
        "unused source",
        append(
            "references.bib",
            "\n@online{lonely,\n  title = {T}, author = {A}, date = {2022}, urldate ="
            " {2026-11-24}, langid = {en}, kind = {news}, primary = {yes},\n}\n",
        ),
        "references.bib",
        "lonely",
        "source",
        "nothing uses source 'lonely'",
    ),
    Break(
        "source without its kind",
        swap("references.bib", "  kind = {dataset},\n", ""),
        "references.bib",
        "@dataset{maps_daily",
        "source",
        "source 'maps_daily': no kind",
    ),
    Break(
        "secondary source names no primary",
        swap("references.bib", "  restson = {poll_2023b},\n", ""),
        "references.bib",
        "@report{poll_2024",
        "source",
        "says what it rests on",
    ),
    Break(
        "impossible date of a source",
        swap("references.bib", "date = {2023-10}", "date = {2023-13}"),
        "references.bib",
        "@online{poll_2023b",
        "source",
        "source 'poll_2023b': ",
    ),
    Break(
        "broken BibTeX",
        swap("references.bib", "title = {Lands that never were},", "title = {Lands that never were,"),
        "references.bib",
        73,
        "source",
        "BibTeX can't be read",
    ),
    Break("no references", remove("references.bib"), "references.bib", 0, "source", "there is no references.bib"),
    # tables: files
    Break(
        "table without sidecar",
        remove(f"{DETENTIONS}.yml"),
        f"{DETENTIONS}.yml",
        0,
        "sidecar",
        "the sidecar of data/polls/detentions.csv is missing",
    ),
    Break(
        "sidecar without table",
        write("data/polls/ghost.yml", "title: Ghost\n"),
        "data/polls/ghost.yml",
        0,
        "sidecar",
        "a sidecar without its table ghost.csv",
    ),
    Break(
        "table not UTF-8",
        write(f"{DETENTIONS}.csv", b"period_end,series,value,source_id\n2022-03-31,stra\xdfe,1,poll_2022\n"),
        f"{DETENTIONS}.csv",
        2,
        "encoding",
        "not UTF-8 (byte 0xDF, looks like Windows-1252); save the file as UTF-8 (in Excel: CSV UTF-8 (comma delimited))",
    ),
    Break("empty table", write(f"{DETENTIONS}.csv", ""), f"{DETENTIONS}.csv", 0, "table", "the file is empty; its first line"),
    Break(
        "column missing",
        write(f"{DETENTIONS}.csv", "period_end,series,source_id\n2022-03-31,street,poll_2022\n"),
        f"{DETENTIONS}.csv",
        1,
        "table",
        "column 'value' is missing; the sidecar's schema lists it",
    ),
    Break(
        "column not described",
        write(f"{DETENTIONS}.csv", "period_end,series,value,source_id,extra\n2022-03-31,street,1,poll_2022,x\n"),
        f"{DETENTIONS}.csv",
        1,
        "table",
        "column 'extra' is not in the sidecar's schema",
    ),
    Break(
        "columns in another order",
        swap(f"{DETENTIONS}.csv", "period_end,series,value", "series,period_end,value"),
        f"{DETENTIONS}.csv",
        1,
        "table",
        "another order",
    ),
    Break(
        "column twice",
        swap(f"{DETENTIONS}.csv", "period_end,series,value,source_id", "period_end,series,value,value"),
        f"{DETENTIONS}.csv",
        1,
        "table",
        "column 'value' stands twice",
    ),
    Break(
        "table that nothing reads",
        both(
            lambda root: shutil.copy(root / f"{DETENTIONS}.csv", root / "data/polls/spare.csv"),
            lambda root: shutil.copy(root / f"{DETENTIONS}.yml", root / "data/polls/spare.yml"),
        ),
        "data/polls/spare.csv",
        0,
        "table",
        'nothing reads this table: no chart, value or claim; use it in a chapter, for example rows("polls/spare")',
    ),
    Break("survey file", write("data/polls/wave.sav", b"$FL2"), "data/polls/wave.sav", 0, "respondents", "one respondent a row"),
    # tables: cells
    Break(
        "text in a number",
        swap(f"{SUPPORT}.csv", ROW, ROW.replace("support,28,", "support,many,")),
        f"{SUPPORT}.csv",
        ",many,",
        "table",
        "column 'value': 'many' is not a number such as 17.8",
    ),
    Break(
        "impossible day",
        swap(f"{DETENTIONS}.csv", "2022-09-30", "2022-09-31"),
        f"{DETENTIONS}.csv",
        "2022-09-31",
        "table",
        "column 'period_end': '2022-09-31' is not a date such as 2022-12-31",
    ),
    Break(
        "above the maximum",
        swap(f"{SUPPORT}.csv", ROW, ROW.replace("support,28,", "support,128,")),
        f"{SUPPORT}.csv",
        ",128,",
        "table",
        "column 'value': '128' is above the most that the sidecar allows, 100",
    ),
    Break(
        "below the minimum",
        swap(f"{SUPPORT}.csv", ROW, ROW.replace("support,28,", "support,-28,")),
        f"{SUPPORT}.csv",
        ",-28,",
        "table",
        "column 'value': '-28' is below the least that the sidecar allows, 0",
    ),
    Break(
        "word not in the list",
        swap(f"{SUPPORT}.csv", ROW, ROW.replace("rather", "rahter")),
        f"{SUPPORT}.csv",
        "rahter",
        "table",
        "column 'answer': 'rahter support' is not in the sidecar's list (definitely support, rather support, support, total, "
        "do not support, total, hard to say); if it is spelt right and new, add it to that column's enum in support.yml",
    ),
    Break(
        "cell left empty",
        swap(f"{SUPPORT}.csv", ROW, ROW.replace("support,28,", "support,,")),
        f"{SUPPORT}.csv",
        "rather support,,",
        "table",
        "column 'value' is empty; every row has one",
    ),
    Break(
        "row without source",
        swap(f"{TALKS}.csv", "57,54.6,59.4,1604,,poll_2022", "57,54.6,59.4,1604,,"),
        f"{TALKS}.csv",
        "57,54.6",
        "table",
        "column 'source_id' is empty",
        also=("value 'talks' on the then clock",),
    ),
    Break(
        "row twice",
        append(f"{DETENTIONS}.csv", "2023-12-31,street,19850,poll_2024\n"),
        f"{DETENTIONS}.csv",
        6,
        "table",
        "the row is the same in period_end, series as on line 5",
    ),
    Break(
        "row twice, no key",
        swap(
            "data/territory/events.csv",
            "2023-05-20,2023-05-21,gains,The invented town falls,poll_2023b\n",
            "2023-05-20,2023-05-21,gains,The invented town falls,poll_2023b\n" * 2,
        ),
        "data/territory/events.csv",
        5,
        "table",
        "the row is the same as on line 4",
    ),
    Break(
        "a cell too many",
        swap(f"{DETENTIONS}.csv", "19400,poll_2022", "19400,poll_2022,more"),
        f"{DETENTIONS}.csv",
        "more",
        "table",
        "a cell too many: 'more'",
    ),
    Break(
        "a cell too few",
        swap(f"{DETENTIONS}.csv", "19400,poll_2022", "19400"),
        f"{DETENTIONS}.csv",
        "19400",
        "table",
        "3 cells, the header has 4; a comma is missing",
        also=("value 'detained' on the then clock", "value 'detained-day' on the then clock"),
    ),
    Break("blank line", swap(f"{DETENTIONS}.csv", "2022-11-30", "\n2022-11-30"), f"{DETENTIONS}.csv", 4, "table", "a blank line"),
    Break(
        "line after a quoted line break",
        append(f"{SUPPORT}.csv", "2024-04-01,2024-04-02,hard to say,x,1628,1.5,,,poll_2024,\n"),
        f"{SUPPORT}.csv",
        "2024-04-02",
        "table",
        "column 'value': 'x' is not a number",
    ),
    Break(
        "true misspelt",
        swap(f"{TALKS}.csv", "50,47.6,52.4,1626,true", "50,47.6,52.4,1626,yes"),
        f"{TALKS}.csv",
        "yes",
        "table",
        "column 'conflict': 'yes' is not true or false",
    ),
    Break(
        "public_on without basis",
        swap(f"{SUPPORT}.csv", "rather support,29,1633,1.5,,,", "rather support,29,1633,1.5,2023-04-01,heard,"),
        f"{SUPPORT}.csv",
        "heard",
        "table",
        "public_on without saying how we know",
    ),
    # tables: sidecars
    Break(
        "sidecar lacks a key",
        swap(f"{DETENTIONS}.yml", "unit: persons\n", ""),
        f"{DETENTIONS}.yml",
        0,
        "sidecar",
        "no 'unit'; a sidecar has title, measures, unit",
    ),
    Break(
        "sidecar not YAML",
        swap(f"{DETENTIONS}.yml", "unit: persons\n", "unit: [persons\n"),
        f"{DETENTIONS}.yml",
        "geography:",
        "yaml",
        "not valid YAML",
    ),
    Break(
        "key twice",
        swap(f"{DETENTIONS}.yml", "unit: persons\n", "unit: persons\nunit: people\n"),
        f"{DETENTIONS}.yml",
        "unit: people",
        "yaml",
        "the key 'unit' stands twice",
    ),
    Break(
        "unknown way of making",
        swap(f"{DETENTIONS}.yml", "made: transcribed", "made: guessed"),
        f"{DETENTIONS}.yml",
        0,
        "sidecar",
        "made 'guessed' is unknown",
    ),
    Break(
        "column not described in words",
        swap(f"{DETENTIONS}.yml", "    description: What is counted.\n", ""),
        f"{DETENTIONS}.yml",
        0,
        "sidecar",
        "column 'series' has no description",
    ),
    Break(
        "unknown type",
        swap(f"{DETENTIONS}.yml", "type: integer", "type: whole"),
        f"{DETENTIONS}.yml",
        0,
        "sidecar",
        'schema: field type "whole" is not supported',
        also=("show '{value:,.0f}' does not fit",),
    ),
    Break(
        "date column of another type",
        swap(f"{DETENTIONS}.yml", "date: period_end", "date: series"),
        f"{DETENTIONS}.yml",
        0,
        "sidecar",
        "date names the column 'series', which has type string",
        also=("value 'detained' on the then clock has no date", "value 'detained-day' on the then clock"),
    ),
    Break(
        "licence not looked for",
        swap(f"{DETENTIONS}.yml", "  seen: 2026-11-24\n", ""),
        f"{DETENTIONS}.yml",
        0,
        "sidecar",
        "licence is a mapping with a name",
    ),
    Break(
        "break without its reason",
        swap(f"{SUPPORT}.yml", "  why: the invented pollster changed its question\n", ""),
        f"{SUPPORT}.yml",
        0,
        "sidecar",
        "a break says at which day and why",
    ),
    Break(
        "same day without basis",
        swap(f"{ISW}.yml", "public_basis: 'printed: the invented maps carry their day'\n", ""),
        f"{ISW}.yml",
        0,
        "sidecar",
        "public says 'same day' without public_basis",
    ),
    Break(
        "column of respondents",
        both(
            swap(
                f"{DETENTIONS}.yml",
                "  - name: source_id\n",
                "  - {name: weight, type: number, description: W.}\n  - name: source_id\n",
            ),
            lambda root: (root / f"{DETENTIONS}.csv").write_text(
                re.sub(r",(source_id|poll_\d+)\n", r",,\1\n", (root / f"{DETENTIONS}.csv").read_text()).replace(
                    ",,source", ",weight,source"
                )
            ),
        ),
        f"{DETENTIONS}.csv",
        1,
        "respondents",
        "column 'weight' is of single respondents; one respondent a row never comes into the project",
    ),
    Break(
        "small group",
        both(
            swap(
                f"{TALKS}.yml",
                "    description: Respondents in the group.\n    constraints:\n      minimum: 30\n",
                "    description: Respondents in the group.\n",
            ),
            swap(f"{TALKS}.csv", ",196,", ",29,"),
        ),
        f"{TALKS}.csv",
        ",29,",
        "respondents",
        "a subgroup of 29 respondents; figures stand for 30 or more",
    ),
    # tables: rules
    Break(
        "shares don't add up",
        swap(f"{SUPPORT}.csv", '2022-09-28,"do not support, total",21', '2022-09-28,"do not support, total",24'),
        f"{SUPPORT}.csv",
        '2022-09-28,"support, total"',
        "rule",
        "period_start 2022-09-22, source_id poll_2022: the rows add up to 103, not to 100 within 1 (three answers, each rounded)",
    ),
    Break(
        "total is not its parts",
        swap(f"{SUPPORT}.csv", ROW, ROW.replace("support,28,", "support,25,")),
        f"{SUPPORT}.csv",
        '2022-09-28,"support, total"',
        "rule",
        "'support, total' is 72, but its parts add up to 69",
    ),
    Break(
        "ends before it starts",
        swap("data/territory/events.csv", "2022-11-09,2022-11-11", "2022-11-09,2022-11-01"),
        "data/territory/events.csv",
        "2022-11-09",
        "rule",
        "period_end 2022-11-01 is before period_start 2022-11-09",
    ),
    Break(
        "outside its interval",
        swap(f"{TALKS}.csv", "57,54.6,59.4", "60,54.6,59.4"),
        f"{TALKS}.csv",
        "60,54.6",
        "rule",
        "value 60 is outside its interval, 54.6 to 59.4",
    ),
    Break(
        "two rows for one thing",
        swap(f"{TALKS}.csv", "50,47.6,52.4,1626,true", "50,47.6,52.4,1626,"),
        f"{TALKS}.csv",
        "51,48.6",
        "rule",
        "another row is the same in these (line 5); take one out, or mark all as conflict",
    ),
    Break(
        "running count falls",
        swap(f"{DETENTIONS}.csv", "19400", "17000"),
        f"{DETENTIONS}.csv",
        "17000",
        "rule",
        "series street: value falls by 600 to 17,000",
    ),
    Break(
        "unknown rule", rule(DETENTIONS, "{rule: sums_up}"), f"{DETENTIONS}.yml", 0, "rule", "rule 2 (sums_up): unknown; use one"
    ),
    Break(
        "rule lacks a key",
        rule(DETENTIONS, "{rule: adds_up, by: [series], column: value}"),
        f"{DETENTIONS}.yml",
        0,
        "rule",
        "rule 2 (adds_up): 'to' is missing",
    ),
    Break(
        "rule with an unknown key",
        rule(DETENTIONS, "{rule: ends_after_starts, start: period_end, end: period_end, at: 1}"),
        f"{DETENTIONS}.yml",
        0,
        "rule",
        "'at' is unknown",
    ),
    Break(
        "rule names no column",
        rule(DETENTIONS, "{rule: not_decreasing, by: [serie], order: period_end, column: value}"),
        f"{DETENTIONS}.yml",
        0,
        "rule",
        "the table has no column 'serie'",
    ),
    Break(
        "rule that checks nothing",
        rule(DETENTIONS, "{rule: not_decreasing, by: [series], order: period_end, column: value, where: {series: road}}"),
        f"{DETENTIONS}.yml",
        0,
        "rule",
        "'where' leaves no row",
    ),
    Break(
        "exception for no row",
        rule(
            DETENTIONS,
            "{rule: not_decreasing, by: [series], order: period_end, column: value,"
            " except: [{period_end: 2001-01-01, why: recount}]}",
        ),
        f"{DETENTIONS}.yml",
        0,
        "rule",
        "the exception period_end 2001-01-01 matches no row",
    ),
    Break(
        "exception without reason",
        rule(
            DETENTIONS,
            "{rule: not_decreasing, by: [series], order: period_end, column: value, except: [{period_end: 2022-11-30}]}",
        ),
        f"{DETENTIONS}.yml",
        0,
        "rule",
        "an exception names its row and says why",
    ),
    # the op-ed
    Break(
        "sentence unclassed",
        swap("data/oped.yml", "    class: forecast\n", ""),
        "data/oped.yml",
        "p11.s2",
        "oped",
        "sentence 'p11.s2' has no class; use one of fact",
    ),
    Break(
        "unknown class",
        swap("data/oped.yml", "class: forecast", "class: guess"),
        "data/oped.yml",
        "p11.s2",
        "oped",
        "class 'guess' is unknown",
    ),
    Break(
        "sentence skipped",
        swap("data/oped.yml", "id: p09.s2", "id: p09.s3"),
        "data/oped.yml",
        "p09.s3",
        "oped",
        "sentence 'p09.s3' stands where 'p09.s2' is due",
        also=("no sentence 'p09.s2'",),
    ),
    Break(
        "sentence twice",
        swap("data/oped.yml", "id: p09.s2", "id: p09.s1"),
        "data/oped.yml",
        ("class: fact\n    starts: Four", -1),
        "oped",
        "stands twice",
        also=("is due", "no sentence 'p09.s2'", "is not among the quotes of p09.s1"),
    ),
    Break(
        "paragraphs out of order",
        swap("data/oped.yml", "- id: p11\n", "- id: p08\n"),
        "data/oped.yml",
        "p11.s1",
        "oped",
        "paragraph 'p08' stands after 'p09'",
        also=("is due", "paragraph p11, which"),
    ),
    Break(
        "hash of another form",
        swap("data/oped.yml", "sha256: 0d44", "sha256: XX"),
        "data/oped.yml",
        "p09.s1",
        "oped",
        "sha256 is not 64 hexadecimal digits",
    ),
    Break(
        "words not a number",
        swap("data/oped.yml", "words: 17", "words: many"),
        "data/oped.yml",
        "p09.s1",
        "oped",
        "words 'many' is not a whole number",
        also=("1 or more",),
    ),
    Break(
        "long quote listed",
        swap(
            "data/oped.yml",
            "- a puddle after a summer storm",
            "- a puddle after a summer storm\n    - one two three four five six seven eight nine",
        ),
        "data/oped.yml",
        "p09.s1",
        "quote",
        "has 9 words; at most 8 in a row",
    ),
    Break(
        "cut-off not a day",
        swap("data/oped.yml", "cut_off: 2022-12-31", "cut_off: soon"),
        "data/oped.yml",
        0,
        "oped",
        "cut_off and window.start/end are dates",
    ),
    Break(
        "address not an address",
        swap("data/oped.yml", "url: null", "url: example.org"),
        "data/oped.yml",
        0,
        "oped",
        "url 'example.org' is not http(s)",
    ),
    Break(
        "paragraphs not a list",
        swap("data/oped.yml", "paragraphs:\n", "paragraphs: none\nothers:\n"),
        "data/oped.yml",
        0,
        "oped",
        "paragraphs is not a list of entries",
    ),
    # claims
    Break(
        "claim id twice",
        swap(P11, "{claim} maps-were-known", "{claim} support-is-thin"),
        P11,
        "::::{claim} support-is-thin",
        "claim",
        f"claim id 'support-is-thin' stands at {P09}:",
    ),
    Break(
        "claim id not kebab-case",
        swap(P11, "{claim} maps-were-known", "{claim} Maps_known"),
        P11,
        "{claim} Maps_known",
        "claim",
        "claim id 'Maps_known' is not kebab-case",
    ),
    Break(
        "unknown sentence",
        swap(P09, ":sentences: p09.s1, p09.s2", ":sentences: p09.s1, p09.s7"),
        P09,
        "::::{claim} support-is-thin",
        "claim",
        "no sentence 'p09.s7' in data/oped.yml",
    ),
    Break(
        "sentence of another paragraph",
        swap(P09, ":sentences: p09.s1, p09.s2", ":sentences: p09.s1, p11.s1"),
        P09,
        "::::{claim} support-is-thin",
        "claim",
        "sentence 'p11.s1' is not of p09",
    ),
    Break(
        "word off the scale",
        swap(P09, ":then: mixed (medium)", ":then: true (medium)"),
        P09,
        "{claim} support-is-thin",
        "claim",
        ":then: 'true' is not on the scale; use one of supported",
    ),
    Break(
        "no confidence",
        swap(P09, ":then: mixed (medium)", ":then: mixed"),
        P09,
        "{claim} support-is-thin",
        "claim",
        "has no confidence; write for example 'mixed (medium)'",
    ),
    Break(
        "no date of assessment",
        swap(P11, ":assessed: 2026-11-24\n:review: 2027-05-24\n:counts", ":review: 2027-05-24\n:counts"),
        P11,
        "{claim} half-by-next-harvest",
        "claim",
        "claim 'half-by-next-harvest' has no ':assessed:'",
    ),
    Break(
        "review before assessment",
        swap(P11, ":review: 2027-05-24\n:counts", ":review: 2026-05-24\n:counts"),
        P11,
        "{claim} half-by-next-harvest",
        "claim",
        ":review: is not after :assessed:",
    ),
    Break(
        "forecast without outcome",
        swap(P11, ":outcome: Did not come true. It held nearly all of it.\n", ""),
        P11,
        "{claim} half-by-next-harvest",
        "claim",
        "is a forecast without ':outcome:'",
    ),
    Break(
        "outcome in other words",
        swap(P11, ":outcome: Did not come true. It", ":outcome: It"),
        P11,
        "{claim} half-by-next-harvest",
        "claim",
        ":outcome: begins with what came of it and a full stop: Came true, Came true in part, Did not come true, Open",
    ),
    Break(
        "reason for an unknown claim",
        swap(P09, ":supports: support-is-thin", ":supports: support-is-thick"),
        P09,
        "{claim} many-would-talk",
        "claim",
        ":supports: no claim 'support-is-thick'; did you mean support-is-thin",
    ),
    Break(
        "reasons in a circle",
        swap(P11, ":kind: forecast\n", ":kind: forecast\n:supports: many-would-talk\n"),
        P11,
        "{claim} half-by-next-harvest",
        "claim",
        "claim 'half-by-next-harvest' supports itself, by way of many-would-talk; one of them is no reason",
        also=("claim 'many-would-talk' supports itself", "claim 'support-is-thin' supports itself"),
    ),
    Break(
        "base rate without a source",
        swap(
            P11,
            "Of what the first maker's map showed, {value}`lost-by-november` went in the months before; "
            "[longer series](p09-thin-support.md) are not known. {cite}`maps_daily`",
            "Rarely.",
        ),
        P11,
        "Rarely.",
        "claim",
        "base-rate since of 'half-by-next-harvest' has no source",
    ),
    Break(
        "unknown option",
        swap(P11, ":by: 2023-08-01", ":until: 2023-08-01"),
        P11,
        "{claim} half-by-next-harvest",
        "claim",
        "option ':until:' is unknown",
        also=("without ':by:'",),
    ),
    Break(
        "no paraphrase",
        swap(P11, "By autumn the army had lost almost a fifth of what it once held.\n", ""),
        P11,
        CLAIM.strip(),
        "claim",
        "has no paraphrase",
    ),
    Break(
        "evidence of no side",
        swap(P11, "{evidence} against, then", "{evidence} aginst, then"),
        P11,
        "aginst",
        "claim",
        "'{evidence} aginst, then' is not a side and a clock",
        also=("has no evidence against it on the then clock",),
    ),
    Break(
        "one side only",
        swap(P11, ":::{searched} against, since\n", ":::{searched} for, since\n"),
        P11,
        CLAIM.strip(),
        "claim",
        "claim 'almost-a-fifth-lost' has no evidence against it on the since clock; add it, or record the search",
    ),
    Break(
        "no evidence on a clock",
        both(
            swap(P11, "{evidence} for, since\nMaps drawn", "{evidence} limits, then\nMaps drawn"),
            swap(P11, "Maps drawn again later agree. {cite}`maps_daily`", "Maps drawn again agree. {cite}`area_book`"),
            swap(P11, ":::{searched} against, since\n", ":::{searched} against, then\n"),
        ),
        P11,
        CLAIM.strip(),
        "claim",
        "claim 'almost-a-fifth-lost' has no evidence on the since clock",
    ),
    Break(
        "search alone for a word that needs evidence",
        swap(P11, ":then: too early to tell (low)", ":then: mixed (low)"),
        P11,
        "{claim} half-by-next-harvest",
        "claim",
        "has no evidence on the then clock",
    ),
    Break(
        "search without its day",
        swap(P11, ":on: 2026-11-24\n\nA plan", "A plan"),
        P11,
        "{searched} for, then",
        "claim",
        "a recorded search has its day",
    ),
    Break(
        "no reason for the word",
        swap(P11, ":::{why} since\nThe later maps were drawn again and still agree.\n:::\n", ""),
        P11,
        CLAIM.strip(),
        "claim",
        "does not say why it is",
    ),
    Break(
        "nothing would change it",
        swap(P11, ":::{would-change} since\nSuch a revision.\n:::\n", ""),
        P11,
        CLAIM.strip(),
        "claim",
        "does not say what would change it on the since clock",
    ),
    Break(
        "evidence without a source",
        swap(P11, " {cite}`area_book`", ""),
        P11,
        "only passed through",
        "claim",
        "evidence limits, then of 'almost-a-fifth-lost' has no source; place a {value}`name` or a {cite}`key`",
    ),
    Break(
        "prose between parts",
        swap(P11, ":::\n:::{evidence} limits, then", ":::\nLoose words.\n:::{evidence} limits, then"),
        P11,
        "Loose words.",
        "claim",
        "prose between the parts of a claim",
    ),
    Break(
        "evidence outside a claim",
        append(P11, "\n:::{evidence} for, then\nLoose. {cite}`area_book`\n:::\n"),
        P11,
        ("Loose.", -1),
        "claim",
        "{evidence} stands outside a claim",
    ),
    Break(
        "history that doesn't read",
        swap(P09, "- 2026-10-01: mixed (low).", "- last autumn: mixed (low)."),
        P09,
        ("last autumn", -1),
        "claim",
        "history 'last autumn",
    ),
    Break(
        "link to no claim",
        swap(P11, "{claim}`support-is-thin`", "{claim}`support-is-thick`"),
        P11,
        "support-is-thick",
        "claim",
        "no claim 'support-is-thick'; did you mean support-is-thin",
    ),
    Break(
        "role in a paraphrase",
        swap(P11, "By autumn the army had lost", "By {label}`autumn` the army had lost"),
        P11,
        CLAIM.strip(),
        "claim",
        "paraphrase of claim 'almost-a-fifth-lost' holds a role",
    ),
    Break(
        "chapter of no paragraph",
        both(
            lambda root: (root / P11).rename(root / "chapters/p12-lost-ground.md"),
            swap("_toc.yml", "p11-lost-ground", "p12-lost-ground"),
            swap("index.md", "p11-lost-ground", "p12-lost-ground"),
        ),
        "chapters/p12-lost-ground.md",
        0,
        "claim",
        "named for paragraph p12, which data/oped.yml does not have",
        also=("is not of p12",),
    ),
    # clocks
    Break(
        "late source then",
        swap(P11, "{cite}`area_book`", "{cite}`poll_2024`"),
        P11,
        "passed through",
        "clock",
        "'poll_2024' was published 2024, after the cut-off 2022-12-31",
    ),
    Break(
        "undated source then",
        swap("references.bib", "  date = {2019-05-01},\n", "  note = {no date seen},\n"),
        P11,
        "{cite}`area_book`",
        "clock",
        "'area_book' has no date, so it can't stand on the then clock",
        also=("data/territory/area_of_ukraine.csv:2 became public nobody says when",),
    ),
    Break(
        "late figure then",
        swap(P09, "against {value}`doubters` who", "against {value}`support-latest` who"),
        P09,
        "`support-latest` who",
        "clock",
        "value 'support-latest' on the then clock is of 2024-03-27, after the cut-off 2022-12-31 (data/polls/support.csv:",
        also=("'doubters' is computed but",),
    ),
    Break(
        "figure that became public late",
        swap(
            f"{SUPPORT}.csv",
            '"support, total",74,1600,1.5,2022-12-02,printed: the date of the release that the page copies',
            '"support, total",74,1600,1.5,,',
        ),
        P09,
        "stood at {value}`support-autumn`",
        "clock",
        "value 'support-autumn' on the then clock: data/polls/support.csv:20"
        " became public 2023-04-03 (printed: the source's date, 2023-04-03)"
        ", after the cut-off 2022-12-31; if it was public by"
        " then, say when and how we know in public_on",
        also=("value 'support-fall' on the then clock",),
    ),
    Break(
        "series no longer public the same day",
        swap(f"{ISW}.yml", "public: same day\n", ""),
        P11,
        "by-november`, to",
        "clock",
        "value 'lost-by-november' on the then clock: data/territory/isw_daily.csv:5 became public 2023-07-01",
        also=(
            "value 'share-november' on the then clock",
            "value 'last-at-twenty' on the then clock",
            "chart 'net-by-month' has then=",
        ),
    ),
    # values
    Break(
        "value of no cell",
        swap(P09, "{value}`detained-day`", "{value}`detained-dya`"),
        P09,
        "detained-dya",
        "value",
        "no value 'detained-dya' in this page's cells; did you mean detained-day",
        also=("'detained-day' is computed but",),
    ),
    Break(
        "value not placed",
        swap(P09, "{value}`doubters` who", "those who"),
        P09,
        'value("doubters"',
        "value",
        "value 'doubters' is computed but stands nowhere in the text; place it with {value}`doubters`",
    ),
    Break(
        "value twice",
        both(swap(P09, 'value("doubters"', 'value("support-autumn"'), swap(P09, "{value}`doubters`", "{value}`talks`")),
        P09,
        'value("support-autumn", share("polls/support", period_end="2022-11-30", answer="do',
        "value",
        "value 'support-autumn' is named twice",
    ),
    Break(
        "no such table",
        swap(
            P09, 'one("polls/detentions", period_end="2022-11-30"), show', 'one("polls/detention", period_end="2022-11-30"), show'
        ),
        P09,
        'one("polls/detention",',
        "table",
        "no table 'polls/detention'; did you mean polls/detentions?",
    ),
    Break(
        "no such row",
        swap(
            P09,
            'value("detained", one("polls/detentions", period_end="2022-11-30")',
            'value("detained", one("polls/detentions", period_end="2022-11-29")',
        ),
        P09,
        "2022-11-29",
        "rows",
        "no row where period_end = 2022-11-29 (data/polls/detentions.csv)",
    ),
    Break(
        "several rows",
        swap(P09, 'answer="for talks", source_id="poll_2024"', 'answer="for talks"'),
        P09,
        'value("talks-later"',
        "rows",
        "2 rows (lines 5, 6) marked as in conflict; name each by source_id and place both",
    ),
    Break(
        "cell not Python", swap(P09, 'value("doubters", ', 'value("doubters" '), P09, 'value("doubters" ', "cell", "not Python"
    ),
    Break(
        "cell that can't be followed",
        swap(P09, 'show="{value:,.0f}")\nvalue("detained-day"', 'show="".join(["{value:,.0f}"]))\nvalue("detained-day"'),
        P09,
        '"".join',
        "cell",
        "can't follow",
    ),
    Break(
        "name the companion hasn't",
        swap(P11, "import area, chart", "import are, chart"),
        P11,
        "import are,",
        "cell",
        "companion has no 'are'; did you mean area",
    ),
    Break(
        "companion's name taken",
        swap(P11, 'whole = "Ukraine with Crimea"', 'whole = "Ukraine with Crimea"\nchart = chart.lines'),
        P11,
        "chart = chart.lines",
        "cell",
        "'chart' is the companion's own name",
    ),
    Break(
        "show that doesn't fit",
        swap(P09, 'answer="support, total"), show="{value:.0f}%")', 'answer="support, total"), show="{vlue:.0f}%")'),
        P09,
        "vlue",
        "value",
        "show '{vlue:.0f}%' does not fit",
    ),
    Break(
        "no map of the day",
        swap(P11, 'held("isw", "control", "2022-11-30")', 'held("isw", "control", "2022-11-20")'),
        P11,
        '"2022-11-20"',
        "territory",
        "no map of 2022-11-20 in territory/isw_layers_daily; the nearest days are 2022-11-15 and 2022-11-30",
    ),
    Break(
        "role misspelt",
        swap(P09, "{value}`doubters`", "{values}`doubters`"),
        P09,
        "{values}",
        "role",
        "no role {values}; did you mean value",
        also=("'doubters' is computed but",),
    ),
    Break(
        "role of another library",
        swap(P09, "{cite}`poll_2024,poll_2023b`", "{cite:p}`poll_2024,poll_2023b`"),
        P09,
        "{cite:p}",
        "role",
        "the check does not read {cite:p}; write {cite}`key`",
    ),
    Break(
        "semicolons between columns",
        lambda root: (root / f"{DETENTIONS}.csv").write_text((root / f"{DETENTIONS}.csv").read_text().replace(",", ";")),
        f"{DETENTIONS}.csv",
        1,
        "table",
        "the columns are separated by ';'; save the file with commas (in Excel: CSV UTF-8 (comma delimited))",
    ),
    Break(
        "tabs between columns",
        lambda root: (root / f"{DETENTIONS}.csv").write_text((root / f"{DETENTIONS}.csv").read_text().replace(",", "\t")),
        f"{DETENTIONS}.csv",
        1,
        "table",
        "the columns are separated by a tab; save the file with commas",
    ),
    Break(
        "tab in a sidecar",
        swap(f"{DETENTIONS}.yml", "unit: persons\n", "unit: persons\n\tmore: x\n"),
        f"{DETENTIONS}.yml",
        "more: x",
        "yaml",
        "not valid YAML: a tab; indent with spaces",
    ),
    Break(
        "colon in a sidecar's text",
        swap(f"{DETENTIONS}.yml", "unit: persons\n", "unit: persons: all\n"),
        f"{DETENTIONS}.yml",
        "unit: persons",
        "yaml",
        "not valid YAML: a text with ': ' in it needs quotes around it",
    ),
    Break(
        "source twice",
        append("references.bib", "\n@online{poll_2024,\n  title = {T},\n}\n"),
        "references.bib",
        ("  title = {T},", -1),
        "source",
        "the key 'poll_2024' stands on line 39 already; a key stands once",
    ),
    Break(
        "no answer on a clock",
        swap(P09, ":::{answer} then\nSupport was wide rather than thin.\n:::\n", ""),
        P09,
        0,
        "claim",
        "the chapter has no answer on the then clock; write '{answer} then' under its title",
    ),
    Break(
        "answer on no clock",
        swap(P09, ":::{answer} then", ":::{answer} later"),
        P09,
        "{answer} later",
        "claim",
        "'{answer} later' names no clock; write '{answer} then' or '{answer} since'",
        also=("the chapter has no answer on the then clock",),
    ),
    Break(
        "answer twice",
        swap(P09, ":::{answer} then", ":::{answer} since"),
        P09,
        ("It stood at", -1),
        "claim",
        "'{answer} since' stands twice; a chapter has one for each clock",
        also=("the chapter has no answer on the then clock",),
    ),
    Break(
        "answer with what was not known then",
        swap(P09, "Support was wide rather than thin.", "Support was {value}`support-latest`."),
        P09,
        "Support was {value}",
        "clock",
        "value 'support-latest' on the then clock is of",
    ),
    Break(
        "label too long",
        swap(
            P09,
            "::::{claim} support-is-thin\n",
            "::::{claim} support-is-thin\n:short: a label that goes on and on until no chart has any room for it\n",
        ),
        P09,
        "{claim} support-is-thin",
        "claim",
        ":short: has 62 characters; a label that charts have room for has at most 48",
    ),
    Break(
        "part not closed",
        swap(P11, ":::\n:::{evidence} limits, then", ":::{evidence} limits, then"),
        P11,
        "{evidence} against, then",
        "claim",
        "{evidence} against, then is not closed before line 114; put ::: on a line of its own",
    ),
    Break(
        "last part not closed",
        swap(P11, ":::{would-change} since\nSuch a revision.\n:::\n", ":::{would-change} since\nSuch a revision.\n"),
        P11,
        ("Such a revision.", -1),
        "claim",
        "{would-change} since is not closed before line 131; put ::: on a line of its own",
    ),
    Break(
        "claim not closed",
        swap(P11, "Such a revision.\n:::\n::::\n", "Such a revision.\n:::\n"),
        P11,
        CLAIM.strip(),
        "claim",
        "claim 'almost-a-fifth-lost' is not closed before line 133; put :::: on a line of its own",
    ),
    Break(
        "claim opened with three colons",
        swap(P11, CLAIM, CLAIM[1:]),
        P11,
        CLAIM[1:].strip(),
        "claim",
        "a claim that holds parts opens and closes with four colons",
    ),
    Break(
        "closed twice",
        swap(P11, ":::\n:::{evidence} limits, then", ":::\n:::\n:::{evidence} limits, then"),
        P11,
        ("{evidence} limits, then", -1),
        "claim",
        "this ':::' closes nothing that is open; take it out",
    ),
    Break(
        "cell not closed",
        swap(
            P09,
            'show="{value:.0f}%")\n```\n\n```{code-cell} ipython3\n:tags: [hide-input]\n\nvalue("doubters',
            'show="{value:.0f}%")\n\n```{code-cell} ipython3\n:tags: [hide-input]\n\nvalue("doubters',
        ),
        P09,
        ("autumn = share", -3),
        "cell",
        "the cell that opens here has no closing ``` before line 43",
    ),
    Break(
        "assessed and waiting",
        swap(P09, ":then: mixed (medium)", ":waits-for: a table\n:then: mixed (medium)"),
        P09,
        "{claim} support-is-thin",
        "claim",
        "claim 'support-is-thin' has assessments and ':waits-for:'; take one out",
    ),
    Break(
        "blank line before the options",
        swap(P11, CLAIM, CLAIM + "\n"),
        P11,
        CLAIM.strip(),
        "claim",
        "a blank line parts the claim from its options; take it out",
    ),
    Break(
        "part misspelt",
        swap(P11, "{would-change} since\nSuch a revision.", "{would change} since\nSuch a revision."),
        P11,
        "{would change}",
        "claim",
        "{would change} can't stand in a claim; did you mean would-change",
        also=("does not say what would change it",),
    ),
    Break(
        "name not imported",
        swap(P09, "ratio, share, smooth", "ratio, smooth"),
        P09,
        "autumn = share",
        "cell",
        "'share' is used but not imported; add it to the import at line 31",
    ),
    Break(
        "name misspelt",
        swap(P09, 'value("doubters"', 'vaule("doubters"'),
        P09,
        "vaule",
        "cell",
        "no name 'vaule'; did you mean value",
    ),
    Break(
        "name misspelt in plain Python",
        swap(P11, 'whole = "Ukraine with Crimea"', 'whole = "Ukraine with Crimea"\nprint(undefined_thing)'),
        P11,
        "undefined_thing",
        "cell",
        "no name 'undefined_thing'; import it or give it a value in a cell above",
    ),
    Break(
        "option misspelt",
        swap(P11, '    label="event",\n', '    labels="event",\n'),
        P11,
        "chart.timeline(",
        "cell",
        "timeline() has no option 'labels'; did you mean label",
    ),
    Break(
        "numbers for figures",
        swap(P09, "difference(autumn, spring)", "difference(1, 2)"),
        P09,
        "difference(1",
        "cell",
        "difference() takes figures; make them with one(…) or share(…)",
    ),
    Break(
        "space before a backtick",
        swap(P09, "{value}`doubters`", "{value} `doubters`"),
        P09,
        "{value} `doubters`",
        "role",
        "{value} is not followed by a backtick; write {value}`name`, without a space",
        also=("'doubters' is computed but",),
    ),
    Break(
        "citation of another kind",
        swap(P11, "{cite}`area_book`", "[@area_book]"),
        P11,
        "[@area_book]",
        "role",
        "'[@area_book]' is no citation here; write {cite}`area_book`",
        also=("has no source",),
    ),
    # charts
    Break(
        "chart without alternative text",
        swap(P09, 'alt="Two dots whose intervals do not overlap"', 'alt=" "'),
        P09,
        "chart.dots(",
        "chart",
        "chart 'support-two-days' has no alt; give a sentence that says what a reader would see",
    ),
    Break(
        "chart without its argument",
        swap(P09, '    alt="Two dots whose intervals do not overlap",\n', ""),
        P09,
        "chart.dots(",
        "chart",
        "chart 'support-two-days' has no alt; add alt=\"what a reader would see\"",
    ),
    Break(
        "chart twice in a chapter",
        swap(P09, '"support-two-days",', '"support-over-time",'),
        P09,
        "chart.dots(",
        "chart",
        "chart 'support-over-time' stands twice in this chapter",
        also=("no chart 'support-two-days'",),
    ),
    Break(
        "chart twice in the book",
        both(swap(P11, '"share-held",', '"support-over-time",'), swap(P11, "{chart}`share-held`, ", "")),
        P11,
        "chart.lines(",
        "chart",
        f"chart 'support-over-time' stands at {P09}:",
    ),
    Break(
        "link to no chart",
        swap(P11, "{chart}`net-by-month`", "{chart}`net-by-moth`"),
        P11,
        "net-by-moth",
        "chart",
        "no chart 'net-by-moth'; did you mean net-by-month",
    ),
    Break(
        "chart without source line",
        lambda root: (root / "data/territory/events.csv").write_text(
            re.sub("poll_\\w+", "ghost", (root / "data/territory/events.csv").read_text())
        ),
        P11,
        "chart.timeline(",
        "chart",
        "chart 'events' has no source line: its rows' source_id is not in references.bib",
        also=("source_id of 3 rows is 'ghost'",),
    ),
    Break(
        "chart column that isn't there",
        swap(P11, '    label="event",\n', '    label="evnt",\n'),
        P11,
        "chart.timeline(",
        "chart",
        "has no column 'evnt'",
    ),
    # quotes
    Break(
        "quote of no sentence", swap(P09, "{quote}`p09.s1:", "{quote}`p09.s9:"), P09, "p09.s9", "quote", "no sentence 'p09.s9'"
    ),
    Break(
        "quote of another form",
        swap(P09, "{quote}`p09.s1:a puddle", "{quote}`a puddle"),
        P09,
        "{quote}`a puddle",
        "quote",
        "is not a sentence and its words; write {quote}`p11.s2:a few words`",
    ),
    Break(
        "long quote",
        swap(P09, "a puddle after a summer storm`", "a puddle after a summer storm and it dries`"),
        P09,
        "it dries",
        "quote",
        "the quote has 9 words; at most 8",
    ),
    Break(
        "quote not held against the text",
        swap(P09, "a puddle after a summer storm`", "a puddle after a storm`"),
        P09,
        "puddle after a storm",
        "quote",
        "'a puddle after a storm' is not among the quotes of p09.s1 in data/oped.yml; add it"
        " there and have a maintainer run `companion verify-quotes`",
    ),
    # prose
    Break(
        "percentage by hand",
        swap(P11, "Such a revision.", "A revision to 73%."),
        P11,
        "A revision",
        "prose",
        "'73%' is typed by hand; compute it in a cell and place it with {value}`name`",
    ),
    Break(
        "number by hand in evidence",
        swap(P11, "The maps count as held", "The 3 maps count as held"),
        P11,
        "The 3 maps",
        "prose",
        "'3' is typed by hand",
    ),
    Break(
        "number word by hand",
        swap(P11, "Maps drawn again later agree.", "Maps drawn again later show ten percent."),
        P11,
        "ten percent",
        "prose",
        "'ten percent' is typed by hand",
    ),
    Break(
        "number in a paraphrase",
        swap(P11, "lost almost a fifth of what", "lost 19% of what"),
        P11,
        "lost 19% of what",
        "prose",
        "'19%' is typed by hand",
    ),
    Break(
        "number on the cover",
        swap("index.md", "A book of two pages", "A book of 2 pages"),
        "index.md",
        "A book of 2",
        "prose",
        "'2' is typed by hand",
    ),
    Break(
        "number on another page",
        append("coverage.md", "\nAll 6 sentences have a class.\n"),
        "coverage.md",
        "All 6",
        "prose",
        "'6' is typed by hand",
    ),
    Break(
        "number in a note", append(P11, "\n:::{note} Of 40 maps\nsome are lost\n:::\n"), P11, "{note}", "prose", "'40' is typed"
    ),
    # markup
    Break(
        "script", append(P11, "\n<script>alert(1)</script>\n"), P11, "<script>", "markup", "raw HTML '<script>alert(1)</script>'"
    ),
    Break(
        "HTML in a line",
        swap(P11, "Such a revision.", "Such a <b>revision</b>."),
        P11,
        "<b>",
        "markup",
        "raw HTML '<b>'",
        also=("raw HTML '</b>'",),
    ),
    Break("HTML in a note's title", append(P11, "\n:::{note} <i>x\nwords\n:::\n"), P11, "<i>", "markup", "raw HTML '<i>'"),
    Break(
        "HTML in a list in a note",
        append(P11, "\n- one\n\n  :::{note}\n  words\n\n  more <u>words\n  :::\n"),
        P11,
        "<u>",
        "markup",
        "raw HTML '<u>'",
    ),
    Break(
        "HTML comment", append(P11, "\n<!-- hidden -->\n"), P11, "<!--", "markup", "write a comment as a line that starts with %"
    ),
    Break(
        "script link", append(P11, "\n[here](javascript:alert%28%29)\n"), P11, "javascript", "markup", "begins with javascript:"
    ),
    Break(
        "script link in entities",
        append(P11, "\n[here](java&#115;cript:alert)\n"),
        P11,
        "java&#115;cript",
        "markup",
        "begins with javascript:",
    ),
    Break(
        "script link, capitals and a tab",
        append(P11, "\n[here](<JAVA&Tab;SCRIPT:alert>)\n"),
        P11,
        "JAVA",
        "markup",
        "begins with JAVASCRIPT:",
    ),
    Break("script link below the text", append(P11, "\n[here][a]\n\n[a]: vbscript:x\n"), P11, "[here][a]", "markup", "vbscript:"),
    Break("data link", append(P11, "\n[here](data:text/html,x)\n"), P11, "data:text", "markup", "begins with data:"),
    Break(
        "raw directive",
        append(P11, "\n```{raw} html\n<b>x</b>\n```\n"),
        P11,
        "{raw} html",
        "markup",
        "directive {raw} is refused",
    ),
    Break(
        "reStructuredText",
        append(P11, "\n:::{note}\n```{eval-rst}\n.. raw:: html\n```\n:::\n"),
        P11,
        "{eval-rst}",
        "markup",
        "directive {eval-rst} is refused",
    ),
    Break(
        "image without text",
        both(write("chapters/x.png", b""), append(P11, "\n![](x.png)\n")),
        P11,
        "![](x.png)",
        "markup",
        "image 'x.png' has no alternative text",
    ),
    Break(
        "figure without text",
        both(write("chapters/x.png", b""), append(P11, "\n```{figure} x.png\n:name: x\n\nWords.\n```\n")),
        P11,
        "{figure}",
        "markup",
        "{figure} has no ':alt:'",
    ),
    Break(
        "link to no file",
        append(P11, "\n[here](p10-nowhere.md#top)\n"),
        P11,
        "p10-nowhere",
        "markup",
        "no file 'p10-nowhere.md#top'",
    ),
    Break(
        "link out of the project",
        append(P11, "\n[here](../../outside.md)\n"),
        P11,
        "outside",
        "markup",
        "lies outside the project",
    ),
    # pages
    Break(
        "no front matter",
        lambda root: (root / P11).write_text(re.sub(r"\A---\n.*?\n---\n", "", (root / P11).read_text(), flags=re.S)),
        P11,
        1,
        "page",
        "no front matter, so Jupyter doesn't open it",
    ),
    Break(
        "no kernel",
        swap(P11, "  language: python\n  name: python3\n", "  language: python\n"),
        P11,
        1,
        "page",
        "front matter kernelspec.name is None; write 'python3'",
    ),
    Break(
        "front matter not YAML",
        swap(P11, "  language: python\n", "  language: [python\n"),
        P11,
        "  name: python3",
        "page",
        "the front matter is not valid YAML",
    ),
    Break(
        "front matter not closed",
        swap(P11, "  name: python3\n---\n", "  name: python3\n"),
        P11,
        1,
        "page",
        "has no closing '---'",
        also=("typed by hand",),
    ),
    Break(
        "page not in the contents",
        swap("_toc.yml", "      - file: chapters/p11-lost-ground\n", ""),
        P11,
        0,
        "page",
        "the page is not in _toc.yml; add '- file: chapters/p11-lost-ground'",
    ),
    Break(
        "contents name no page",
        swap("_toc.yml", "      - file: coverage\n", "      - file: cover\n"),
        "_toc.yml",
        "file: cover",
        "page",
        "no page 'cover'",
    ),
    Break(
        "chapter not UTF-8",
        lambda root: (root / P11).write_bytes((root / P11).read_bytes() + b"\xff\n"),
        P11,
        LAST,
        "encoding",
        "not UTF-8 (byte 0xFF); save the file as UTF-8",
    ),
]


def line_of(root: Path, broken: Break) -> int:
    if broken.at == LAST:
        return (root / broken.path).read_bytes().count(b"\n")
    if isinstance(broken.at, int):
        return broken.at
    text, plus = (broken.at, 0) if isinstance(broken.at, str) else broken.at
    content = (root / broken.path).read_text(encoding="utf-8")
    assert content.count(text) == 1, f"{text!r} stands {content.count(text)} times in {broken.path}"
    return content.count("\n", 0, content.index(text)) + 1 + plus


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.name)
def test_break(book, broken):
    broken.do(book)
    problems = check(book)
    shown = "\n".join(map(str, problems))
    said = [p for p in problems if broken.says in p.message and p.path == broken.path]
    assert said, f"not said; instead:\n{shown}"
    assert said[0].line == line_of(book, broken), shown
    assert said[0].rule == broken.rule, shown
    assert "\n" not in str(said[0]), "one line a problem"
    rest = [p for p in problems if p not in said and not any(also in str(p) for also in broken.also)]
    assert not rest, "also says:\n" + "\n".join(map(str, rest))
    for also in broken.also:
        assert also in shown, f"{also!r} does not follow; mend the test"


def test_names_are_unique_and_every_rule_is_broken():
    names = [broken.name for broken in BREAKS]
    assert len(names) == len(set(names))
    rules = {
        "oped",
        "source",
        "table",
        "sidecar",
        "rule",
        "respondents",
        "page",
        "markup",
        "claim",
        "clock",
        "value",
        "role",
        "cell",
    }
    rules |= {"chart", "quote", "prose", "encoding", "yaml", "rows", "territory"}
    assert {broken.rule for broken in BREAKS} == rules
    assert len(RULES) == len({rule.__module__ for rule in RULES}) == 14


def test_the_minibook_is_clean(book):
    assert check(book) == []


def test_the_minibook_has_every_feature(minibook):
    """What the tests below break has to be there, or they would pass on nothing."""
    claims = list(minibook.claims.values())
    assert {part.kind for claim in claims for part in claim.parts} == set(PARTS)
    seen = {(p.side, p.clock) for claim in claims for p in claim.evidence()}
    assert seen == {(side, clock) for side in ("for", "against", "limits") for clock in ("then", "since")}
    assert {claim.kind for claim in claims} >= {"fact", "cause", "forecast", "judgement"}
    assert any(claim.waits_for for claim in claims) and any(claim.moved for claim in claims)
    text = "".join(chapter.text for chapter in minibook.chapters)
    assert all(f"{{{role}}}`" in text for role in ("value", "cite", "quote", "label", "chart", "claim"))
    assert {c.form for ch in minibook.chapters for c in ch.evaluated.charts.values()} >= {"lines", "dots", "bars", "timeline"}
    rules = {r["rule"] for table in minibook.tables.values() for r in table.meta.get("rules", [])}
    assert rules == {"adds_up", "total_of_parts", "ends_after_starts", "within_interval", "one_row_per", "not_decreasing"}


def test_the_real_book_is_an_oped_of_twelve_paragraphs_and_fifty_sentences():
    oped = Project(REAL).oped
    assert [p.id for p in oped.paragraphs] == [f"p{n:02d}" for n in range(1, 13)]
    assert len(oped.sentences) == 50
    assert all(sentence.classed for sentence in oped.sentences.values())


# Nothing hides anything


def test_broken_files_do_not_hide_each_other(book):
    broken = [
        write(f"{TALKS}.csv", b"\xff"),
        swap(f"{DETENTIONS}.csv", "19400", "x"),
        swap(f"{SUPPORT}.yml", "title: ", "title: [ "),
        swap("references.bib", "  kind = {dataset},\n", ""),
        swap("data/oped.yml", "class: forecast", "class: guess"),
        swap(P09, ":then: mixed (medium)", ":then: mixed"),
        append(P11, "\n<script>\n"),
        swap("_toc.yml", "file: coverage", "file: cover"),
    ]
    for do in broken:
        do(book)
    paths = {p.path for p in check(book)}
    assert paths >= {
        f"{TALKS}.csv",
        f"{DETENTIONS}.csv",
        f"{SUPPORT}.yml",
        "references.bib",
        "data/oped.yml",
        P09,
        P11,
        "_toc.yml",
    }


def test_an_unreadable_chapter_does_not_hide_the_other(book):
    write(P09, b"\xff\xfe")(book)
    append(P11, "\n<script>\n")(book)
    problems = check(book)
    assert any(p.path == P09 and p.rule == "encoding" for p in problems)
    assert any(p.path == P11 and "raw HTML" in p.message for p in problems)


def test_every_bad_cell_is_said_at_once(book):
    swap(f"{DETENTIONS}.csv", "17600", "x")(book)
    swap(f"{DETENTIONS}.csv", "2023-12-31", "2023-12-32")(book)
    swap(f"{TALKS}.csv", "70,63.5", "170,63.5")(book)
    assert [(p.path, p.line) for p in check(book)] == [(f"{DETENTIONS}.csv", 3), (f"{DETENTIONS}.csv", 5), (f"{TALKS}.csv", 4)]


def test_a_broken_table_is_said_once_and_not_by_each_cell(book):
    swap(f"{SUPPORT}.csv", ROW, ROW.replace("support,28,", "support,many,"))(book)
    assert len(check(book)) == 1


def test_a_rule_that_fails_itself_is_a_problem_and_hides_no_other(book, monkeypatch):
    import companion.checks as checks

    def failing(project):
        raise ZeroDivisionError("what no one foresaw")
        yield

    monkeypatch.delenv("COMPANION_DEBUG", raising=False)
    monkeypatch.setattr(checks, "RULES", (failing, *checks.RULES))
    append(P11, "\n<script>\n")(book)
    problems = check(book)
    assert [p.rule for p in problems] == ["markup", "check"]
    assert "ZeroDivisionError: what no one foresaw" in problems[1].message


# The cache


def test_the_cache_spares_a_table_and_hides_no_new_error(book, monkeypatch):
    from companion.checks import tables

    validated = []
    validate = tables.validate
    monkeypatch.setattr(tables, "validate", lambda table: validated.append(table.name) or validate(table))
    assert check(book) == [] and validated == []
    swap(f"{DETENTIONS}.csv", "19400", "x")(book)
    assert [p.line for p in check(book)] == [4] and validated == ["polls/detentions"]
    # A known error is said again, from the cache.
    assert [p.line for p in check(book)] == [4] and validated == ["polls/detentions"]
    swap(f"{DETENTIONS}.csv", ",x,", ",19400,")(book)
    assert check(book) == [] and validated == ["polls/detentions"] * 2
    swap(f"{DETENTIONS}.yml", "minimum: 0", "minimum: 16000")(book)
    assert [p.line for p in check(book)] == [2] and validated == ["polls/detentions"] * 3


@pytest.mark.parametrize("content", ["", "not JSON", "[]", "{}", '{"version": "another", "tables": {}}'])
def test_a_cache_of_another_kind_is_not_trusted(book, content):
    write("_build/check-cache.json", content)(book)
    swap(f"{DETENTIONS}.csv", "19400", "x")(book)
    assert [p.line for p in check(book)] == [4]


def test_a_cache_of_other_checks_is_not_trusted(book):
    path = book / "_build/check-cache.json"
    stored = json.loads(path.read_text())
    assert set(stored) == {"version", "tables"} and len(stored["tables"]) == 9
    stored["version"] = "of older checks"
    stored["tables"] = {key: [["data/x.csv", 1, "table", "stale"]] for key in stored["tables"]}
    path.write_text(json.dumps(stored))
    assert check(book) == []


# Prose


@pytest.mark.parametrize(
    "text",
    [
        "On 24 February 2022, in February 2022, in 2022, from 2022–2026, by 2022-12-31, in the 2014 war, in the 1990s.",
        "From 30 October to 11 November 2022; on 6 and 7 January 2023; on February 24, 2022; the 9th of November.",
        "In 2021/22 and 2021-2022, by 2022-12, on 24–27 February, on Nov. 9, 2022.",
        "Paragraph 9, paragraphs 9 and 11, sentence 2, p09.s2 and p11.",
        "{value}`share-2022` and {cite}`isw_2022_12,mod_2022` and {quote}`p11.s2:one in 5` and {label}`18–29` {chart}`map-2`",
        "[see](https://example.org/2023/45) and <https://example.org/99> and https://example.org/7 and[^2]",
        "1. first\n2. second\n\n## 3. A heading\n\n### 3.1 Another",
        "At one point it seemed so; the two sides talk; a hundred times; nobody in one piece.",
        "&#8211; and &frac12;",
    ],
)
def test_what_is_no_figure(text):
    assert typed_by_hand(text) == []


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("It held 17.8% of it.", ["17.8%"]),
        ("It held 17.8 % of it", ["17.8 %"]),
        ("About 108,000 km² and 1.5 million.", ["108,000", "1.5"]),
        ("in 2000 km and 1950 tanks", ["2000", "1950"]),
        ("2,000 or 2022.5 or 20225", ["2,000", "2022.5", "20225"]),
        ("−5 points, +3, ±4", ["−5", "+3", "±4"]),
        ("(55%) and “60” and **7**", ["55%", "60", "7"]),
        ("18–29 year olds, a 36-hour truce", ["18–29", "36-hour"]),
        ("an F-16 and the G7", ["F-16", "G7"]),
        ("in February 2022 some 9 of them", ["9"]),
        (
            "ten percent, two per cent, five percentage points, three points",
            ["ten percent", "two per cent", "five percentage points", "three points"],
        ),
        (
            "twenty-one million, two hundred, three\nthousand, one billion",
            ["twenty-one million", "two hundred", "three thousand", "one billion"],
        ),
        ("six in ten, one in five, three out of four, nine km", ["six in ten", "one in five", "three out of", "nine km"]),
        ("Sixty percent", ["Sixty percent"]),
        ("May 24 were held", []),
        ("on March 2024 it was", []),
        ("1 of 2\nand\n3", ["1", "2", "3"]),
    ],
)
def test_what_is_typed_by_hand(text, figures):
    assert [figure for _, figure in typed_by_hand(text)] == figures


def test_the_line_of_a_figure():
    assert typed_by_hand("one\n\ntwo 5\n{label}`1\n2` 7") == [(3, "5"), (5, "7")]


def test_code_is_no_prose(book):
    append(
        P11,
        "\nInline `50` and ``{value}`none` 60`` code.\n\n    70 indented\n\n```\n80\n```\n\n"
        "```python\nx = 90\n```\n\n% 99 a comment\n",
    )(book)
    assert check(book) == []


def test_prose_after_code_keeps_its_line(book):
    append(P11, "\n```python\nx = 90\n```\n\n:::{note}\n:class: c-5\n\nwords `5` and\n66 more\n:::\n")(book)
    lines = (book / P11).read_text().split("\n")
    assert [(p.line, p.message[:4]) for p in check(book)] == [(lines.index("66 more") + 1, "'66'")]


# The command


def companion(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if key != "COMPANION_DEBUG"} | env
    command = [sys.executable, "-c", "from companion.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=120)


def test_command_on_a_clean_book(book):
    done = companion("check", cwd=book / "chapters")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No problem found: 2 chapters, 5 claims, 9 tables, 6 sources\n"


def test_command_says_lines_sorted_and_a_count(book, tmp_path):
    swap(f"{DETENTIONS}.csv", "19400", "x")(book)
    append(P11, "\n<script>\n")(book)
    done = companion("check", str(book), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    line = (book / P11).read_text().count("\n")
    assert done.stdout.splitlines() == [
        f"{P11}:{line}: raw HTML '<script>'; write Markdown [markup]",
        f"{DETENTIONS}.csv:4: column 'value': 'x' is not a whole number such as 1500 [table]",
        "2 problems in 2 files",
    ]


def test_github_format_escapes(book):
    name = "chapters/p11-lost,ground.md"
    (book / P11).rename(book / name)
    swap("_toc.yml", "p11-lost-ground", "p11-lost,ground")(book)
    swap("index.md", "p11-lost-ground", "p11-lost,ground")(book)
    swap(name, "Such a revision.", "A revision to 73%.")(book)
    done = companion("check", "--format", "github", str(book), cwd=book)
    assert done.returncode == 1
    line = (book / name).read_text().split("\n").index("A revision to 73%.") + 1
    first = done.stdout.splitlines()[0]
    assert first.startswith(f"::error file=chapters/p11-lost%2Cground.md,line={line},title=prose::'73%25' is typed by hand;")


def test_github_format_keeps_a_problem_on_one_line():
    text = Problem("a:b,c.md", 0, "r", "50%\nnext: ::error::").as_github()
    assert text == "::error file=a%3Ab%2Cc.md,line=1,title=r::50%25%0Anext: ::error::"


@pytest.mark.parametrize(
    "name",
    [
        "no references",
        "cut-off not a day",
        "sidecar not YAML",
        "chapter not UTF-8",
        "cell not Python",
        "paragraphs not a list",
        "table not UTF-8",
        "broken BibTeX",
    ],
)
def test_no_break_gives_a_traceback(book, name):
    next(broken for broken in BREAKS if broken.name == name).do(book)
    for arguments in (["check"], ["claims"], ["package"]):
        done = companion(*arguments, cwd=book)
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        assert done.returncode in (0, 1)
        assert arguments != ["check"] or done.returncode == 1


def test_outside_a_project(tmp_path):
    for arguments in (["check"], ["check", str(tmp_path)], ["claims", str(tmp_path / "none")]):
        done = companion(*arguments, cwd=tmp_path)
        assert done.returncode == 1 and "project" in done.stdout and not done.stderr


def test_version_and_help(tmp_path):
    assert re.fullmatch(r"companion \d+\.\d+\.\d+\n", companion("--version", cwd=tmp_path).stdout)
    assert "verify-quotes" in companion("--help", cwd=tmp_path).stdout


def test_claims_as_json(book):
    listed = json.loads(companion("claims", cwd=book).stdout)
    assert [claim["id"] for claim in listed] == [
        "support-is-thin",
        "many-would-talk",
        "almost-a-fifth-lost",
        "half-by-next-harvest",
        "maps-were-known",
    ]
    first = listed[0]
    assert first["sentences"] == ["p09.s1", "p09.s2"] and first["chapter"] == "p09-thin-support"
    assert first["then"] == {"word": "mixed", "confidence": "medium"} and first["assessed"] == "2026-11-24"
    assert first["evidence"] == {"then": {"for": 1, "against": 1, "limits": 1}, "since": {"for": 0, "against": 1, "limits": 1}}
    assert listed[-1]["then"] is None and listed[-1]["waits_for"] == "the invented archive of the map makers"


def test_data_package(book):
    done = companion("package", cwd=book)
    assert (done.returncode, done.stderr) == (0, "")
    described = json.loads((book / "datapackage.json").read_text())
    assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert len(described["resources"]) == 9
    resource = next(r for r in described["resources"] if r["name"] == "polls-detentions")
    assert resource["path"] == f"{DETENTIONS}.csv" and resource["schema"]["primaryKey"] == ["period_end", "series"]
    assert resource["sources"][0] == {
        "title": "The Invented Pollster (2022-12-01). Four waves of an invented poll. "
        "https://example.org/poll-2022 (read 2026-11-24)",
        "path": "https://example.org/poll-2022",
    }
    assert resource["licenses"] == [{"name": "CC0-1.0"}]

    from frictionless import Package

    assert Package(str(book / "datapackage.json")).validate().valid


def test_data_package_of_a_broken_table(book):
    swap(f"{DETENTIONS}.csv", "19400", "-5")(book)
    done = companion("package", cwd=book)
    assert done.returncode == 1 and f"{DETENTIONS}.csv" in done.stdout and not (book / "datapackage.json").exists()


# verify-quotes, in a repository of its own


@pytest.fixture
def repository(book) -> Path:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", "--all", ":(exclude)_build"]):
        subprocess.run([*git, *arguments], cwd=book, check=True)
    return book


def test_verify_quotes(repository):
    done = companion("verify-quotes", str(MINIBOOK / "oped.txt"), cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    files = len(subprocess.run(["git", "ls-files"], cwd=repository, capture_output=True, text=True).stdout.split())
    assert files > 25
    assert done.stdout == f"4 sentences, 2 quotes, {files} files: no sentence of the op-ed stands in them\n"


def test_verify_quotes_finds_a_committed_sentence(repository):
    text = (MINIBOOK / "oped.txt").read_text()
    sentence = text.split(". ")[0]
    (repository / "notes.md").write_text(f"Kept for later: {sentence.upper()}.")
    (repository / "picture.bin").write_bytes(b"\0" + sentence.encode())
    subprocess.run(["git", "add", "notes.md", "picture.bin"], cwd=repository, check=True)
    done = companion("verify-quotes", str(MINIBOOK / "oped.txt"), cwd=repository)
    assert done.returncode == 1
    assert "notes.md: carries p09.s1" in done.stdout and "1 difference" in done.stdout


def test_verify_quotes_of_another_text(repository, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("A text. With two sentences.\nAnd two. Paragraphs.\n")
    done = companion("verify-quotes", str(other), cwd=repository)
    assert done.returncode == 1 and "p09.s1: the hash is not that of the sentence" in done.stdout
    missing = companion("verify-quotes", str(tmp_path / "none.txt"), cwd=repository)
    assert missing.returncode == 1 and "can't be read" in missing.stdout and not missing.stderr
