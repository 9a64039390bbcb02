"""What of a chart a reader could know by the cut-off, by the rule that values on the then clock are held to.

A row or figure was known when it speaks of a day on or before the cut-off and had become public by it
(``Project.became_public``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from companion.figures import Figure
from companion.problems import Problem, Wrong
from companion.project import current
from companion.tables import Origin, Rows


@dataclass(frozen=True)
class Words:
    """What an author gives for the picture of what was known then: each None where not given."""

    title: str | None = None
    alt: str | None = None
    subtitle: str | None = None


def cut_off_in_words() -> str:
    day = current().oped.cut_off
    return f"{day.day} {day:%B %Y}"


def known_lines(origin: Origin, lines: Iterable[int]) -> set[int]:
    """Which ``lines`` of an origin's table were known."""
    project, table = current(), origin.table
    frame = table.frame.loc[list(lines)]
    early = frame[frame[table.meta["date"]] <= pd.Timestamp(project.oped.cut_off)]  # a row without a day is not known
    days = ((line, project.became_public(table, row)[0]) for line, row in early.iterrows())
    return {int(line) for line, day in days if day is not None and day <= project.oped.cut_off}


def known_figure(figure: Figure) -> bool:
    """Whether all rows under a figure were known."""
    project = current()
    public, _ = figure.became_public(project)
    return (
        figure.as_of is not None
        and figure.as_of <= project.oped.cut_off
        and public is not None
        and public <= project.oped.cut_off
    )


def known_rows(part: Rows) -> Rows | None:
    """The rows of ``part`` that were known, or None where none was.

    Rows that lead to no line of a table are estimates from many rows (a smoothed series), each of which may rest on a later
    one: they were known if every row under them was.
    """
    within = {origin: known_lines(origin, origin.lines) for origin in part.origins}
    held = {line for origin in part.origins for line in origin.lines}
    if part.frame.index.name != "line" or not held.issuperset(part.frame.index):
        return part if all(len(known) == len(origin.lines) for origin, known in within.items()) else None
    if len(part.origins) == 1:
        keep = part.frame.index.isin(within[part.origins[0]])
    else:
        keep = [all(line in within[origin] for origin in _holders(part, line, row)) for line, row in part.frame.iterrows()]
    frame = part.frame[keep]
    if frame.empty:
        return None
    origins = tuple(replace(o, lines=tuple(line for line in o.lines if line in known)) for o, known in within.items() if known)
    cut_off = current().oped.cut_off
    breaks = tuple(mark for mark in part.breaks if str(mark.get("at")) <= cut_off.isoformat())
    return replace(part, frame=frame, origins=origins, breaks=breaks)


def _holders(part: Rows, line: int, row: pd.Series) -> list[Origin]:
    """The origins that a row of several tables can be from: those with its line and, of these, with its day and source."""
    holders = [origin for origin in part.origins if line in origin.lines]
    agree = []
    for origin in holders:
        own = origin.table.frame.loc[line]
        same = [own.get(column) == row.get(column) for column in (origin.table.meta["date"], "source_id") if column in row]
        if all(same):
            agree.append(origin)
    return agree or holders


def state_of(every: int, known: int) -> str:
    """``same`` where all of a chart's rows were known, ``drawn`` where two or more were: a picture of its own; else ``none``.

    A picture of a single mark compares nothing with anything: the text around the chart says such a figure.
    """
    return "same" if known == every else "drawn" if known > 1 else "none"


def check_words(ident: str, state: str, words: Words, subtitle: str, known: int) -> None:
    """Hold what an author gave for the then picture against whether there is one.

    Raises ``Wrong``: words without a picture; a picture without its finding or alternative text; a subtitle of the whole
    chart that names a later year and has no other for this picture.
    """
    day = cut_off_in_words()

    def wrong(message: str) -> Wrong:
        return Wrong(Problem("", 0, "chart", f"chart '{ident}' {message}"))

    given = [
        f"then{end}" for end, text in (("", words.title), ("_alt", words.alt), ("_subtitle", words.subtitle)) if text is not None
    ]
    if state != "drawn":
        why = (
            f"every figure in it was known by {day}"
            if state == "same"
            else f"{'too little' if known else 'no figure'} in it was known by {day}"
        )
        if given:
            raise wrong(f"has {given[0]}=, but no picture to use it on: {why}; take it out")
        return
    if not str(words.title or "").strip():
        message = "shows figures from after the cut-off and before it"
        raise wrong(f"{message}; give then=…, the finding as it could be read by {day}")
    if not str(words.alt or "").strip():
        raise wrong(f"has then= and no then_alt; give a sentence that says what a reader of the picture up to {day} would see")
    year = current().oped.cut_off.year
    later = [n for n in years(subtitle) if n > year]
    if words.subtitle is None and later:
        raise wrong(f"has a subtitle that names {later[0]}; give then_subtitle=…, the measure as of {day}")
    if words.subtitle is not None and not words.subtitle.strip():
        raise wrong("has an empty then_subtitle; take it out, or give the measure and unit")


def years(text: str) -> list[int]:
    """Years that a text names, from 1900 to 2099; a figure such as 2,020 or 20.24 is none."""
    return [int(n) for n in re.findall(r"(?<![\d.,])(?:19|20)\d\d(?![\d]|[.,]\d)", text)]
