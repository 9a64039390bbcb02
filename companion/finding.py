"""What helps to find things: the names in the index (``data/index.yml``) and the terms of the glossary (``data/glossary.yml``).

Both files are optional. Where a name or a term stands in a text is decided here, for the check and for the book alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from companion.oped import read_yaml
from companion.problems import Problem, relative
from companion.project import Project
from companion.tables import near

INDEX, GLOSSARY = "data/index.yml", "data/glossary.yml"
KINDS = {
    "person": "People",
    "place": "Places",
    "pollster": "Pollsters",
    "map maker": "Map makers",
    "organisation": "Organisations and publishers",
}
"""The kinds of names, each with its heading, in the order of the page."""
MOST_SENTENCES = 3  # of a definition
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Name:
    """A name of the index. ``also`` are spellings that are found as well as the name itself; ``original`` are those of
    other languages, ``(language tag, spelling)``; ``about`` says who or what, or is None."""

    name: str
    kind: str
    also: tuple[str, ...]
    original: tuple[tuple[str, str], ...]
    about: str | None
    line: int

    @property
    def id(self) -> str:
        return f"name-{slug(self.name)}"

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.name, *self.also)


@dataclass(frozen=True)
class Term:
    """A term of the glossary. ``means`` defines it; ``more`` is a page and its section (``methods.md#intervals``) or None;
    ``linked`` says whether the text links it, which it doesn't where the term is an ordinary word as well."""

    term: str
    also: tuple[str, ...]
    original: tuple[tuple[str, str], ...]
    means: str
    more: str | None
    linked: bool
    line: int

    @property
    def id(self) -> str:
        return f"term-{slug(self.term)}"

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.term, *self.also)


def slug(words: str) -> str:
    """Words as they stand in an address: ASCII, lower case, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def names(project: Project) -> tuple[list[Name], list[Problem]]:
    """The names of ``data/index.yml`` and what is wrong with the file; none where there is no such file."""
    return _names(project)


def terms(project: Project) -> tuple[list[Term], list[Problem]]:
    """The terms of ``data/glossary.yml`` and what is wrong with the file; none where there is no such file."""
    return _terms(project)


@lru_cache(maxsize=8)
def _names(project: Project) -> tuple[list[Name], list[Problem]]:
    found, problems = [], []
    for entry in _entries(project, INDEX, "names", "name", {"name", "kind", "also", "original", "about"}, problems):
        kind = entry.values.get("kind")
        if kind not in KINDS:
            right = f"use one of {', '.join(KINDS)}"
            unknown = f"kind '{kind}' of '{entry.key}' is unknown; {near(str(kind), tuple(KINDS), right)}"
            problems.append(entry.wrong(unknown if kind else f"'{entry.key}' has no kind; {right}"))
            continue
        about = entry.text("about")
        found.append(Name(entry.key, kind, entry.also(), entry.original(), about, entry.line))
    problems += _twice(found, INDEX, "index")
    return found, problems


@lru_cache(maxsize=8)
def _terms(project: Project) -> tuple[list[Term], list[Problem]]:
    found, problems = [], []
    for entry in _entries(project, GLOSSARY, "terms", "term", {"term", "also", "original", "means", "more", "link"}, problems):
        means = entry.text("means")
        if not means:
            problems.append(entry.wrong(f"'{entry.key}' has no 'means'; define it in one to {MOST_SENTENCES} plain sentences"))
            continue
        sentences = len(re.findall(r"[.!?](?=\s|$)", means))
        if means[-1] not in ".!?":
            problems.append(entry.wrong(f"the definition of '{entry.key}' doesn't end in a full stop"))
        elif sentences > MOST_SENTENCES:
            problems.append(entry.wrong(f"the definition of '{entry.key}' has {sentences} sentences; {MOST_SENTENCES} at most"))
        figure = re.search(r"\d[\d.,]*%?", means)
        if figure:
            message = f"'{figure.group()}' in the definition of '{entry.key}'; a definition has no figures, say it in words"
            problems.append(entry.wrong(message))
        linked = entry.values.get("link", True)
        if not isinstance(linked, bool):
            problems.append(entry.wrong(f"'link' of '{entry.key}' is '{linked}'; write yes or no"))
        found.append(Term(entry.key, entry.also(), entry.original(), means, entry.text("more"), linked is True, entry.line))
    problems += _twice(found, GLOSSARY, "glossary")
    return found, problems


@dataclass
class _Entry:
    """One entry of either file, as it is read: its key words, its other values, and where it stands."""

    key: str
    values: dict
    line: int
    where: str
    rule: str
    problems: list[Problem]

    def wrong(self, message: str) -> Problem:
        return Problem(self.where, self.line, self.rule, message)

    def text(self, field: str) -> str | None:
        value = self.values.get(field)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.problems.append(self.wrong(f"'{field}' of '{self.key}' is not a text"))
            return None
        return " ".join(value.split())

    def also(self) -> tuple[str, ...]:
        value = self.values.get("also") or []
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self.problems.append(self.wrong(f"'also' of '{self.key}' is not a list of texts; write also: [one, another]"))
            return ()
        return tuple(value)

    def original(self) -> tuple[tuple[str, str], ...]:
        value = self.values.get("original") or {}
        right = "write original: {ru: Слово}, with a language tag such as ru or uk"
        if not isinstance(value, dict) or not all(isinstance(v, str) and v.strip() for v in value.values()):
            self.problems.append(self.wrong(f"'original' of '{self.key}' is not spellings by language; {right}"))
            return ()
        for tag in value:
            if not _LANGUAGE.fullmatch(str(tag)):
                self.problems.append(self.wrong(f"'{tag}' of '{self.key}' is not a language tag; {right}"))
        return tuple((str(tag), spelling) for tag, spelling in value.items())


def _entries(project: Project, name: str, listed: str, key: str, fields: set[str], problems: list[Problem]) -> Iterator[_Entry]:
    path = project.root / name
    rule = Path(name).stem
    if not path.exists():
        return
    raw = read_yaml(path, project.root)
    where = relative(path, project.root)
    lines = _lines(path)
    for unknown in [field for field in raw if field != listed]:
        problems.append(Problem(where, 0, rule, f"'{unknown}' is unknown; the file has one list, '{listed}:'"))
    entries = raw.get(listed)
    if not isinstance(entries, list) or not entries:
        problems.append(Problem(where, 0, rule, f"'{listed}' is not a list of entries, each beginning with '- {key}: …'"))
        return
    for line, values in zip(lines, entries, strict=True):
        words = values.get(key) if isinstance(values, dict) else None
        if not isinstance(words, str) or not slug(words):
            message = f"an entry without '{key}'; it begins with '- {key}: …', in Latin letters"
            problems.append(Problem(where, line, rule, message))
            continue
        entry = _Entry(" ".join(words.split()), values, line, where, rule, problems)
        for field in [field for field in values if field not in fields]:
            right = near(str(field), sorted(fields), f"an entry has {', '.join(sorted(fields))}")
            problems.append(entry.wrong(f"'{field}' of '{entry.key}' is unknown; {right}"))
        yield entry


def _lines(path: Path) -> list[int]:
    """The lines on which the entries of the file's list begin, counted from 1."""
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    sequences = [value for _, value in root.value if isinstance(value, yaml.SequenceNode)]
    return [item.start_mark.line + 1 for node in sequences[:1] for item in node.value]


def _twice(found: list[Name] | list[Term], where: str, rule: str) -> Iterator[Problem]:
    """Spellings that stand in two entries, or lead to the same place on the page."""
    seen: dict[str, Name | Term] = {}
    for entry in found:
        keys = {spelling.casefold(): spelling for spelling in (*entry.spellings, *(s for _, s in entry.original))}
        for folded, spelling in {**keys, entry.id: entry.spellings[0]}.items():
            first = seen.setdefault(folded, entry)
            if first is not entry:
                message = f"'{spelling}' stands twice, also on line {first.line}; one entry has all spellings"
                yield Problem(where, entry.line, rule, message)
                break


class Finder:
    """Finds spellings in a text as whole words, of two that begin at one place the longer.

    ``spellings`` gives what each leads to. Names are found as they are written, terms (``fold``) in any case.
    """

    def __init__(self, spellings: dict[str, object], fold: bool = False):
        self._fold = fold
        self._found = {self._key(spelling): entry for spelling, entry in spellings.items()}
        words = sorted(spellings, key=lambda s: (-len(s), s))
        inside = "|".join(r"\s+".join(map(re.escape, word.split())) for word in words)
        self._pattern = re.compile(rf"(?<![\w-])(?:{inside})(?!\w)", re.IGNORECASE if fold else 0) if words else None

    def _key(self, spelling: str) -> str:
        words = " ".join(spelling.split())
        return words.casefold() if self._fold else words

    def places(self, text: str) -> Iterator[tuple[int, int, object]]:
        """Start, end and entry of each spelling in the text."""
        for match in self._pattern.finditer(text) if self._pattern else ():
            yield match.start(), match.end(), self._found[self._key(match.group())]

    def entries(self, text: str) -> list:
        """What the text names, each once, in order."""
        return list(dict.fromkeys(entry for _, _, entry in self.places(text)))


def finder(entries: Iterable[Name] | Iterable[Term], fold: bool = False) -> Finder:
    return Finder({spelling: entry for entry in entries for spelling in entry.spellings}, fold)


def credits(source) -> str:
    """Whose a source is, as a text in which names are looked for."""
    return f"{source.author}; {source.publisher}"


def pollsters(project: Project) -> dict[str, str]:
    """The pollsters that the tables name in a column of that name: ``{pollster: first table}``; "several" is none."""
    found: dict[str, str] = {}
    for name, table in project.tables.items():
        for pollster in table.frame["pollster"].dropna().unique() if "pollster" in table.frame else ():
            if pollster != "several":
                found.setdefault(str(pollster), name)
    return found
