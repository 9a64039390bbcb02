"""Prose: no figure of evidence is typed by hand; a cell computes it and ``{value}`` places it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.checks.reading import line_at, pages, prose, spaces
from companion.problems import Problem
from companion.project import Project

MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan\.?|Feb\.?|Mar\.?|Apr\.?|Jun\.?|Jul\.?|Aug\.?|Sept?\.?|Oct\.?|Nov\.?|Dec\.?)"
)
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
DAYS = rf"{DAY}(?:\s*(?:,|–|-|and|or|to)\s*{DAY})*"  # 6 and 7, 24–27
YEAR = r"(?:19|20)\d\d"
UNIT = r"(?:%|per\s?cent|percentage|points?\b|km|kilomet|sq|people|men\b|tanks?\b|million|thousand|billion|hundred)"

NOT_FIGURES = [
    # the grammar of a page
    re.compile(r"\{[\w:-]+\}`[^`]*`"),  # any role: value, cite, quote, label, chart, claim, and Sphinx's own
    re.compile(r"(?<=\])\([^)\n]*\)"),  # where a link leads
    re.compile(r"^\s*\[[^\]\n]+\]:.*$", re.MULTILINE),  # the same, written below
    re.compile(r"<?https?://[^\s)>\]]+>?|\bwww\.[^\s)>\]]+"),
    re.compile(r"\[\^[^\]\n]+\]"),  # a footnote's mark
    re.compile(r"\{[#.%][^}\n]*\}"),  # attributes
    re.compile(r"&#?\w+;"),  # an entity
    re.compile(r"^[ >\t]*\d+[.)](?=\s)", re.MULTILINE),  # a list's number
    re.compile(r"^#+\s+\d+(?:\.\d+)*[.):]?(?=\s)", re.MULTILINE),  # a heading's number
    # places in the op-ed
    re.compile(r"\bp\d\d(?:\.s\d+)?\b"),
    re.compile(r"\b(?:[Pp]aragraph|[Ss]entence|[Cc]hapter)s?\s+\d+(?:\s*(?:,|–|-|and|or|to)\s*\d+)*"),
    # dates
    re.compile(rf"\b{YEAR}-\d\d(?:-\d\d)?\b"),  # 2022-12-31, 2022-12
    re.compile(rf"\b{DAYS}(?:\s+of)?\s+{MONTH}(?!\w)(?:,?\s+{YEAR}\b)?"),  # 24 February 2022
    re.compile(rf"\b{MONTH}\s+{DAYS}(?![\d%.])(?:,\s+{YEAR}\b)?"),  # February 24, 2022
    # a year, a decade, a span of years; but "2000 km" and "2,000" are figures
    re.compile(rf"(?<![\d.,–-]){YEAR}(?:s|(?:–|-|/)(?:{YEAR}|\d\d))?(?![\d%])(?![.,]\d)(?!\s*{UNIT})"),
]
"""What holds digits and is no figure of evidence; each is blanked before figures are looked for, in this order."""

_SMALL = r"one|two|three|four|five|six|seven|eight|nine"
_WORD = (
    rf"(?:{_SMALL}|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    rf"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-(?:{_SMALL}))?)"
)
_MEASURED = (
    r"(?:per\s?cent\b|percentage\s+points?\b|points?\b|hundred\b|thousand\b|million\b|billion\b|km\b|km²|(?:square\s+)?kilomet(?:re|er)s?\b"
    rf"|in\s+{_WORD}\b|out\s+of\b)"
)
TYPED = re.compile(
    r"(?P<digits>[^\s()\[\]*_|,;“”\"'‘’]*\d(?:[^\s()\[\]*_|;“”\"'‘’]*[^\s()\[\]*_|,;:.!?“”\"'‘’])?(?:\s%)?)"
    # "at one point" is no measure
    rf"|\b(?P<words>(?!one\s+point\b){_WORD}[\s-]+{_MEASURED})",
    re.IGNORECASE,
)
"""A figure typed by hand: a word with a digit in it, or a number word with its measure."""


def typed_by_hand(text: str) -> list[tuple[int, str]]:
    """The figures typed by hand in a piece of prose, each with its line in it."""
    for pattern in NOT_FIGURES:
        text = pattern.sub(spaces, text)
    return [(line_at(text, match.start()), " ".join(match.group(0).split())) for match in TYPED.finditer(text)]


def check(project: Project) -> Iterator[Problem]:
    for page in pages(project):
        for line, figure in typed_by_hand(prose(page)):
            right = "compute it in a cell and place it with {value}`name` (a number that only names something goes in {label}`…`)"
            yield Problem(page.where, line, "prose", f"'{figure}' is typed by hand; {right}")
