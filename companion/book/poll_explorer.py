"""The poll explorer: ``{poll-explorer}`` puts on its page a list of every poll series in the book, and a place where a
script lets a reader pick a question, a pollster and a period.

**Which tables are in it.** A table that meets all of this, whatever its topic; nothing is registered by hand:

- its sidecar has ``questions``: each a name with ``wording`` and ``asked_by``, and where known ``paid_by``, ``mode``,
  ``sample``, ``language`` and ``warning``;
- its ``unit`` begins with ``%``, and it has the columns ``answer``, ``value``, ``source_id`` and the sidecar's ``date``;
- a column ``series`` names the question of a row, unless the table has one question.

A question whose name is not under ``questions`` has no wording, and the page says so; who asked, how and for whom is then
taken from the table's questions if they agree. ``pollster`` (a column) or else ``asked_by`` says whose series it is; the
columns in ``AMONG``, and those of the primary key that say neither when nor what (a place, an age), say who was asked, and make
series of their own. Rows of ``kind`` ``mean`` are no shares and stay out.

**What a sidecar may add**, all of it optional. For the table, and for a question, which goes first: ``topic``, by which the
polls of different pollsters stand side by side (else the table's title). For a question: ``original``, its wording by
language tag (``{ru: …}``); ``compare``, the answer that is shown where several pollsters are; ``margin``, where it isn't the
table's ``default_margin`` (see ``companion.polls.with_intervals``); and ``interval: none`` where nobody may put an interval
on it, such as a leak with no method. For the table, ``compare`` is a list: the answers that are shown first of any question
that has them. Without either, the answer with the largest share in the last survey is shown, of those that are no part of a
total and say something. ``companion.checks.polls`` holds all of this against the table.

A line is one answer to one question by one pollster. Lines are never averaged nor joined; a line breaks where the sidecar's
``breaks`` say so and where the mode changes. Intervals are those of ``companion.polls``, made here and never in the script.
"""

from __future__ import annotations

import calendar
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.book.directives import INFERRED, joined, language, para, section, slug, table, text, xref
from companion.polls import pollster_of, with_intervals
from companion.problems import Problem, Wrong
from companion.project import Project, current
from companion.tables import Table, near, select

OWN = {"the table's own": "the table’s own; its page says how it was made"}
DATA = "polls-data.js"  # beside the other static files of the built book
LOADS = f"polls.css {DATA} polls.js"
AMONG = ("group_by", "group", "subgroup", "population", "base")
WHEN_OR_WHAT = ("wave", "pollster", "series", "answer", "source_id")  # columns of a key that don't say who was asked, nor do days
EVERYBODY = "all asked"
WHOLE = (EVERYBODY, "all", "all adults", "adults 18+")  # words of tables for the whole sample, which is shown first
SHOWN = ("wording", "language", "asked_by", "paid_by", "mode", "sample", "warning")
NOT_COVERED = (
    "The interval is about chance in drawing the sample, at 95%. It does not cover fear (what people won’t say to a stranger "
    "where words can be punished), refusal (those who never answered) or wording (another question, another share)."
)


@dataclass
class Series:
    """One question by one pollster among one group of people, in one table.

    ``frame`` has the table's rows by line in the CSV, with ``low``, ``high`` and ``interval`` (in percent; see
    ``companion.polls.with_intervals``), in the order of ``answers`` and then of dates. ``shown`` are the answers to show
    first: all but the parts of a total. ``lead`` is the one that stands for the series beside those of other pollsters.
    """

    table: Table
    topic: str
    pollster: str
    question: str
    among: str
    about: dict
    frame: pd.DataFrame
    answers: list[str]
    shown: list[str]
    lead: str
    breaks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def polls(self) -> int:
        """How many surveys it has: distinct days, however many answers."""
        return self.frame[self.table.meta["date"]].nunique()


def is_poll_table(table: Table) -> bool:
    """Whether a table is a poll series; see the module's head."""
    questions = table.meta.get("questions")
    if not isinstance(questions, dict) or not str(table.unit).startswith("%"):
        return False
    asked = [q for q in questions.values() if isinstance(q, dict) and q.get("wording") and q.get("asked_by")]
    named = "series" in table.columns or len(questions) == 1
    return len(asked) == len(questions) > 0 and named and {"answer", "value", "source_id"} <= set(table.columns)


def all_series(project: Project) -> list[Series]:
    """Every series of every poll table, by topic (those of several pollsters first), pollster and number of polls."""
    found = [s for t in project.tables.values() if is_poll_table(t) and len(t.frame) for s in _series(t)]
    pollsters: dict[str, set] = {}
    for s in found:
        pollsters.setdefault(s.topic, set()).add(s.pollster)
    whole = {s.table.name: i for i, s in enumerate(found)}
    return sorted(
        found,
        key=lambda s: (
            -len(pollsters[s.topic]),
            s.topic,
            s.pollster,
            s.among not in WHOLE,
            -s.polls,
            whole[s.table.name],
            s.question,
            s.among,
        ),
    )


def _series(table: Table) -> list[Series]:
    meta, day = table.meta, table.meta["date"]
    frame = with_intervals(select(table)).frame.dropna(subset=["value", day])
    if "kind" in frame:
        frame = frame[frame["kind"] != "mean"]
    asked = [c for c in ("pollster", "series") if c in table.columns]
    by = [*asked, *_who_was_asked(table)]
    only = next(iter(meta["questions"])) if len(meta["questions"]) == 1 else None
    groups = frame.groupby(by, sort=False, dropna=False) if by else [((), frame)]
    kinds = frame.groupby(asked, dropna=False)[by].nunique() if asked else None
    out = []
    for key, rows in groups:
        values = dict(zip(by, key, strict=True))
        if kinds is not None:  # a place or an age that is the same for the whole question goes without saying
            of_question = kinds.loc[tuple(values[c] for c in asked) if len(asked) > 1 else values[asked[0]]]
            values = {c: v for c, v in values.items() if c in (*asked, *AMONG) or of_question[c] > 1}
        question = values.get("series") or only
        about = _about(table, question)
        answers, shown, lead = _answers(table, rows, about)
        if about.get("interval") == "none":
            rows = rows.assign(low=float("nan"), high=float("nan"), interval="none: the sample is not known")
        order = rows["answer"].map({a: i for i, a in enumerate(answers)})
        rows = rows.assign(order=order).sort_values([day, "order"], kind="stable").drop(columns="order")
        pollster = pollster_of(values, about)
        topic = str(about.get("topic") or meta.get("topic") or table.title)
        breaks = _breaks(table, rows, values)
        out.append(Series(table, topic, pollster, question, _among(values), about, rows, answers, shown, lead, breaks))
    return out


def _about(table: Table, question: str) -> dict:
    """What the sidecar says of a question; of one that it doesn't name, what it says alike of all its questions."""
    questions = table.meta["questions"]
    if question in questions:
        return {key: value.strip() if isinstance(value, str) else value for key, value in questions[question].items()}
    given = list(questions.values())
    alike = ("asked_by", "paid_by", "mode", "sample")
    return {key: str(given[0][key]) for key in alike if given[0].get(key) and len({str(g.get(key)) for g in given}) == 1}


def _who_was_asked(table: Table) -> list[str]:
    """The columns that tell apart groups of people to whom one question was put."""
    schema = table.meta["schema"]
    days = [field["name"] for field in schema["fields"] if field["type"] == "date"]
    key = schema.get("primaryKey") or []
    key = [key] if isinstance(key, str) else key
    found = [c for c in (*AMONG, *key) if c in table.columns and c not in (*days, *WHEN_OR_WHAT)]
    return list(dict.fromkeys(found))


def _among(values: dict) -> str:
    parts = [str(v) for c, v in values.items() if c not in ("group_by", *WHEN_OR_WHAT) and pd.notna(v)]
    words = "; ".join(parts) or EVERYBODY
    return f"{values['group_by']}: {words}" if pd.notna(values.get("group_by", float("nan"))) else words


def _answers(table: Table, rows: pd.DataFrame, about: dict) -> tuple[list[str], list[str], str]:
    """The answers in their order (totals, others, parts, none), those to show first, and the one that leads."""
    from companion.charts.forms import NO_ANSWER

    spec = next(f for f in table.meta["schema"]["fields"] if f["name"] == "answer")
    listed = (spec.get("constraints") or {}).get("enum") or []
    counts = rows["answer"].value_counts()
    first = about.get("compare") or next((a for a in table.meta.get("compare") or () if a in counts), None)
    parts = {
        part
        for rule in table.meta.get("rules") or []
        if rule.get("rule") == "total_of_parts" and rule.get("total") in counts
        for part in rule.get("parts") or []
    }

    def rank(answer: str) -> tuple:
        place = listed.index(answer) if answer in listed else len(listed)
        none = bool(NO_ANSWER.search(answer))
        return (
            none,
            answer in parts,
            answer != first,
            not answer.endswith(", total"),
            -counts[answer],
            place,
            answer,
        )

    answers = sorted(counts.index, key=rank)
    shown = [a for a in answers if a not in parts]
    said = [a for a in shown if not NO_ANSWER.search(a)] or shown
    if first in counts:
        return answers, shown, first
    day = table.meta["date"]
    told = rows[rows["answer"].isin(said)]
    last = told[told[day] == told[day].max()].groupby("answer")["value"].max()
    return answers, shown, max((a for a in said if a in last), key=lambda a: (last[a], -said.index(a)))


def _breaks(table: Table, rows: pd.DataFrame, values: dict) -> list[tuple[str, str]]:
    """Where the line is cut, and why: what the sidecar says of these rows, and changes of mode. In order of dates."""
    out = []
    for mark in table.meta.get("breaks") or ():
        where = mark.get("where") or {}
        if all(column not in values or values[column] == value for column, value in where.items()):
            out.append((str(mark["at"]), " ".join(str(mark.get("why") or "the series breaks").split())))
    if "mode" in rows:
        known = rows[~rows["mode"].fillna("not").str.startswith("not")].drop_duplicates(table.meta["date"])
        for before, now, day in zip(known["mode"], known["mode"][1:], known[table.meta["date"]][1:], strict=False):
            if before != now:
                out.append((f"{day:%Y-%m-%d}", f"asked by another mode: {now}, before {before}"))
    return sorted(out)


# What the script reads


class _List:
    """Things that are named often, each once: ``at(thing)`` is its place."""

    def __init__(self) -> None:
        self.things: list = []
        self._places: dict[str, int] = {}

    def at(self, thing: object) -> int:
        key = json.dumps(thing, ensure_ascii=False, default=str)
        if key not in self._places:
            self._places[key] = len(self.things)
            self.things.append(thing)
        return self._places[key]


def data(project: Project, href: Callable[[str], str], has: Callable[[str], bool], opens: str | None = None) -> dict:
    """All series as plain data. ``href`` gives the address of a label of the book (``table-…``, ``source-…``, ``row-…``), and
    ``has`` tells whether there is such a label; ``opens`` names the table whose first series is shown first.

    A row is ``[start, end, exact, answer, value, low, high, n, how, public, source, line, row, note]``: days as ISO text,
    ``exact`` what the table says of the days (or null), ``answer``, ``how``, ``source`` and ``note`` places in lists,
    ``value`` as in the CSV, ``low`` and ``high`` in percent to one decimal or null, ``public`` a day (with a † where
    inferred) or null, ``line`` the row's in the CSV, ``row`` 1 where the table's page shows it.
    """
    from companion.charts.forms import NO_ANSWER

    tables, sources, how, notes, abouts, out = _List(), _List(), _List(), _List(), _List(), []
    found = all_series(project)
    for s in found:
        t, day = s.table, s.table.meta["date"]
        modes = s.frame["mode"].nunique() > 1 if "mode" in s.frame else False
        rows = []
        for line, row in s.frame.iterrows():
            public, basis = project.became_public(t, row)
            end = f"{row[day]:%Y-%m-%d}"
            start = row.get("period_start")
            note = {
                "qualifier": row.get("qualifier"),
                "conflict": row.get("conflict") is True or None,
                "derived": row.get("derived") is True or None,
                "mode": row["mode"] if modes else None,
                "note": row.get("note"),
            }
            size = next((int(row[c]) for c in ("n", "sample_n") if pd.notna(row.get(c))), None)
            key = str(row["source_id"])
            rows.append(
                [
                    f"{start:%Y-%m-%d}" if isinstance(start, pd.Timestamp) and pd.notna(start) else end,
                    end,
                    row.get("dates") if pd.notna(row.get("dates")) else None,
                    s.answers.index(row["answer"]),
                    _plain(row["value"]),
                    None if pd.isna(row["low"]) else round(float(row["low"]), 1),
                    None if pd.isna(row["high"]) else round(float(row["high"]), 1),
                    size,
                    how.at(
                        "the table’s own; its page says how it was made"
                        if row["interval"] == "the table's own"
                        else row["interval"]
                    ),
                    f"{public}{INFERRED if basis.startswith('inferred') else ''}" if public else None,
                    sources.at([project.sources[key].short if key in project.sources else key, href(f"source-{key}")]),
                    int(line),
                    1 if has(f"row-{t.name}-{line}") else 0,
                    notes.at({k: v for k, v in note.items() if v is not None and not (isinstance(v, float) and pd.isna(v))}),
                ]
            )
        caveats = [" ".join(str(c).split()) for c in t.meta["caveats"]]
        about = {key: " ".join(str(s.about[key]).split()) for key in SHOWN if s.about.get(key)}
        if isinstance(s.about.get("original"), dict):
            about["original"] = {str(k): " ".join(str(v).split()) for k, v in s.about["original"].items()}
        out.append(
            {
                "topic": s.topic,
                "pollster": s.pollster,
                "question": s.question,
                "among": s.among,
                "about": abouts.at(about),
                "table": tables.at([t.name, t.title, t.unit, caveats, href(f"table-{t.name}")]),
                "breaks": s.breaks,
                "answers": [[a, 1 if NO_ANSWER.search(a) else 0, 1 if a in s.shown else 0] for a in s.answers],
                "lead": s.answers.index(s.lead),
                "rows": rows,
            }
        )
    oped = project.oped
    return {
        "cutOff": str(oped.cut_off),
        "window": [str(day) for day in oped.window],
        "words": _words(oped.cut_off),
        "tables": tables.things,
        "sources": sources.things,
        "how": how.things,
        "notes": notes.things,
        "abouts": abouts.things,
        "series": out,
        "opens": next((i for i, s in enumerate(found) if s.table.name == opens), 0),
    }


def _words(cut_off: date) -> dict:
    """What the script says; ``%`` stands for what it fills in."""
    day = f"{cut_off.day} {cut_off:%B %Y}"
    return {
        "months": calendar.month_name[1:],
        "form": "Choose polls",
        "labels": {
            "topic": "What about",
            "pollster": "Pollster",
            "question": "Question",
            "among": "Among",
            "period": "Period",
            "from": "From",
            "to": "To",
        },
        "all": "all %, side by side",
        "ownQuestion": "each pollster’s own",
        "wholeSample": "the whole sample",
        "periods": {"whole": "whole", "until": f"until the cut-off ({day})", "since": "since the cut-off", "own": "own dates"},
        "link": "Permanent link to this view",
        "asked": "What was asked, and how",
        "answers": "Answers",
        "oneAnswer": "One answer of each pollster",
        "poll": "% poll",
        "polls": "% polls",
        "shown": ["% answer shown", "% answers shown"],
        "span": "% to %",
        "then": f"Only what was public by {day}.",
        "left": "Left out because it came or became public later: %.",
        "backwards": "The period ends before it begins; choose a later end.",
        "noAnswer": "No answer is chosen; tick one.",
        "none": "No poll of this choice lies in this period.",
        "noneThen": f"No poll of this choice lies in this period and was public by {day}.",
        "later": "There are later ones: choose “since” above.",
        "other": "Choose a longer period or another question.",
        "noInterval": "no interval",
        "written": "op-ed written",
        "since": "since →",
        "bars": "Bars: 95% intervals.",
        "bands": "Bands and bars: 95% intervals.",
        "notCovered": NOT_COVERED,
        "dotted": "Dotted: no figure for more than % days.",
        "hollow": "Hollow: two sources give different figures for one survey; both are shown, and the line passes by them.",
        "compare": "Each line is another pollster’s answer to another question: compare its course; its level only with care.",
        "unit": "Unit: %. Tables: ",
        "chart": "Line chart, shares in percent with 95% intervals.",
        "onlyOne": "%: %, the only figure.",
        "course": "%: % figures, from %, to %; lowest %; highest %.",
        "below": "The figures stand in the table below.",
        "facts": {
            "wording": "Wording, as the table has it",
            "translated": "Wording, translated",
            "original": "Original wording",
            "asked": "Asked by",
            "paid_by": "Paid by",
            "mode": "How",
            "sample": "Sample",
            "among": "Among",
            "warning": "Take care",
            "interval": "Interval",
            "table": "Table",
        },
        "noWording": "not in the table’s description",
        "noOriginal": "not in the table",
        "notStated": "not stated",
        "alike": "%, and the like for each survey",
        "caveats": "What to know of the table (%)",
        "clash": "another source has another figure",
        "derived": "computed from a stated change",
        "interval": "Interval",
        "notSeen": "not seen",
        "notKnown": "not known",
        "line": "line %",
        "head": ["Fieldwork", "Share", "95% interval", "Answer", "n", "Public", "Source", "Row", "Remarks"],
        "figures": "The figures in the chart",
        "caption": "All % of them.",
        "legend": "Share and interval in percent; n is the number asked; † marks a day that is inferred. Row leads to the table.",
    }


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)


def page_of(app: Sphinx) -> str | None:
    """The page that has the explorer; the first if there are several."""
    return next((doc for doc, meta in sorted(app.env.metadata.items()) if DATA in meta.get("loads", "").split()), None)


def write_data(app: Sphinx, exception: Exception | None) -> None:
    """Put the series beside the script, as a script: a page opened from a disk may not read another file."""
    page = None if exception or app.builder.name not in ("html", "dirhtml") else page_of(app)
    if page is None:
        return
    path = Path(app.outdir) / "_static" / DATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script_of_data(app, page), encoding="utf-8")


def name_data(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Name the data with a hash, so that an old copy in a cache is never taken for it."""
    if app.builder.name in ("html", "dirhtml") and DATA in context.get("loads", []):
        named = f"{DATA}?v={hashlib.sha256(script_of_data(app, page_of(app)).encode()).hexdigest()[:8]}"
        context["loads"] = [named if name == DATA else name for name in context["loads"]]


def script_of_data(app: Sphinx, page: str) -> str:
    """The series as the script that a page loads."""
    labels = app.env.get_domain("std").anonlabels

    def href(label: str) -> str:
        if label not in labels:
            return ""
        doc, place = labels[label]
        return f"{app.builder.get_relative_uri(page, doc).split('#')[0]}#{place}"

    opens = app.env.metadata[page].get("opens")
    made = data(current(), href, labels.__contains__, opens)
    given = json.dumps(made, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"window.companionPolls={given};\n"


# The page


class poll_place(nodes.General, nodes.Element):
    """The place where the script builds the explorer; ``said`` is what the search is told of it."""


class poll_list(nodes.General, nodes.Element):
    """The list of all series: open where no script runs, folded by the script."""


class PollExplorer(SphinxDirective):
    """The explorer's place, and below it the list of every series, which is all that a reader without scripts needs.

    ``:opens: topic/table`` names the table whose first series the explorer shows before a reader has chosen.
    """

    option_spec = {"opens": str}

    def run(self) -> list[nodes.Node]:
        found = all_series(current())
        if not found:
            right = (
                "a poll table has questions with wording and asked_by, a unit in %, and the columns answer, value and source_id"
            )
            raise self.error(str(Wrong(Problem("data", 0, "polls", f"there is no poll table for the explorer; {right}"))))
        opens, known = self.options.get("opens"), list(dict.fromkeys(s.table.name for s in found))
        if opens and opens not in known:
            said = f"opens: '{opens}' is no poll table; {near(opens, known, 'there are ' + ', '.join(known))}"
            raise self.error(str(Wrong(Problem("data", 0, "polls", said))))
        self.env.metadata[self.env.docname] |= {"loads": LOADS} | ({"opens": opens} if opens else {})
        listed = poll_list(words=f"All series: {len(found)} of {len({s.pollster for s in found})} pollsters")
        listed += para(NOT_COVERED)
        topics: dict[str, list[Series]] = {}
        for s in found:
            topics.setdefault(s.topic, []).append(s)
        for topic, inside in topics.items():
            part = section(topic, f"polls-{slug(topic)}")
            part += self._table(inside)
            listed += part
        said = (
            f"Explorer: an interactive chart of polls. What about: {'; '.join(topics)}. "
            f"Pollsters: {'; '.join(sorted({s.pollster for s in found}))}."
        )
        return [poll_place(said=said), listed]

    def _table(self, listed: list[Series]) -> nodes.table:
        head = ["Pollster", "Question", "Among", "Polls", "Answer", "First", "Last", "Sources", "Table"]
        body, before, by = [], None, ""
        for s in listed:
            asked = (s.pollster, s.question, s.about.get("wording"))
            how = "; ".join(" ".join(str(s.about[key]).split()) for key in ("asked_by", "mode", "warning") if s.about.get(key))
            words = self._question(s, how if how != by else "") if asked != before else [para("as above")]
            before, by = asked, how
            lead = s.frame[s.frame["answer"] == s.lead]
            body.append(
                [
                    s.pollster,
                    words,
                    s.among,
                    str(s.polls),
                    s.lead,
                    self._figure(s, lead.iloc[0]),
                    self._figure(s, lead.iloc[-1]) if len(lead) > 1 else "only this one",
                    [self._sources(s)],
                    [para(xref(f"table-{s.table.name}", s.table.csv.stem, self.env.docname))],
                ]
            )
        return table(head, body, ("all-polls",))

    def _question(self, s: Series, how: str) -> list[nodes.Node]:
        out = [para(text(s.question, "polls-name"))]
        if s.about.get("wording"):
            out.append(para(" ".join(str(s.about["wording"]).split())))
        else:
            out.append(para("The wording is not in the table's description."))
        for tag, words in (s.about.get("original") or {}).items():
            out.append(para(text(" ".join(str(words).split()), "original", *language(str(tag)))))
        return [*out, para(how, classes=("polls-how",))] if how else out

    def _figure(self, s: Series, row: pd.Series) -> str:
        span = "" if pd.isna(row["low"]) else f" ({row['low']:.1f} to {row['high']:.1f})"
        about = f"{row['qualifier']} " if isinstance(row.get("qualifier"), str) else ""
        return f"{row[s.table.meta['date']]:%Y-%m-%d}: {about}{_plain(row['value'])}%{span or ', no interval'}"

    def _sources(self, s: Series, most: int = 3) -> nodes.paragraph:
        known = current().sources
        keys = [key for key in s.frame["source_id"].dropna().unique() if key in known]
        links = [xref(f"source-{key}", known[key].short, self.env.docname) for key in keys[:most]]
        more = f"; and {len(keys) - most} more, named on the table's page" if len(keys) > most else ""
        return para(*joined(links, "; "), more)


def visit_place(self, node) -> None:
    words = "The explorer needs its script. Without it, the list below has every series, and leads to the tables."
    self.body.append(f'<div class="poll-explorer" id="polls" data-clocked><p class="polls-wait">{words}</p></div>')


def visit_list(self, node) -> None:
    self.body.append(f'<details class="polls-all" open="open"><summary>{escape(node["words"])}</summary>')


def depart_list(self, node) -> None:
    self.body.append("</details>")


def pass_by(self, node) -> None:
    """Other writers show the list as it stands, and have no explorer."""


def register(app: Sphinx) -> None:
    """Add the directive, and the data for its script."""
    app.add_node(poll_place, html=(visit_place, pass_by), text=(pass_by, pass_by), latex=(pass_by, pass_by))
    app.add_node(poll_list, html=(visit_list, depart_list), text=(pass_by, pass_by), latex=(pass_by, pass_by))
    app.add_directive("poll-explorer", PollExplorer)
    app.connect("html-page-context", name_data, priority=910)  # after the list of what the page loads is made
    app.connect("build-finished", write_data, priority=960)  # after what no page asks for has been taken out
