"""The sources: every publication once, in ``references.bib``."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from companion.problems import Problem, Wrong, relative

KINDS = ("poll", "news", "report", "dataset", "statement", "paper")
PRIMARY = ("yes", "no", "computed")
_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$")
_ENTRY = re.compile(r"^\s*@(\w+)\s*\{\s*([^,\s]+)\s*,", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """One publication.

    ``published`` is as printed (``2022-11``, ``2022-11-21`` or None); ``published_by`` is its last possible day;
    ``date_basis`` says how it is known, and begins with ``inferred:`` where the day itself was not seen.
    ``primary`` is ``yes``, ``no`` (then ``rests_on`` names the primary) or ``computed`` (then what from).
    """

    key: str
    title: str
    author: str
    publisher: str
    published: str | None
    published_by: date | None
    date_basis: str
    url: str | None
    accessed: date | None
    language: str
    kind: str
    primary: str
    rests_on: tuple[str, ...]
    licence: str | None
    note: str | None
    shorthand: str | None
    line: int
    bibtex: str
    title_language: str = "en"
    letter: str = ""

    @property
    def year(self) -> str:
        return self.published[:4] if self.published else "n.d."

    @property
    def short(self) -> str:
        """As cited in prose: its shorthand, else author with the month and year, or the year; a letter tells apart what
        one author published in one month."""
        if self.shorthand:
            return self.shorthand + self.letter
        if self.published and len(self.published) > 4:
            return f"{self.author}, {last_day(self.published):%B %Y}{self.letter}"
        return f"{self.author} {self.year}{self.letter}"

    @property
    def full(self) -> str:
        """The citation in one line, without markup."""
        parts = [f"{self.author} ({self.published or 'no date seen'}). {self.title.rstrip('.')}."]
        if self.publisher and self.publisher != self.author:
            parts.append(f"{self.publisher}.")
        if self.url:
            parts.append(self.url)
        if self.accessed:
            parts.append(f"(read {self.accessed:%Y-%m-%d})")
        return " ".join(parts)


def behind(key: str, known: dict[str, Source]) -> list[str]:
    """Whose figures a source's are: its author, or for what we computed the authors of what it was computed from."""
    if key not in known:
        return []
    source = known[key]
    names = [name for base in source.rests_on for name in behind(base, known)] if source.primary == "computed" else []
    return list(dict.fromkeys(names)) or [source.author]


def label(source: Source, known: dict[str, Source]) -> str:
    """A source as named beside a figure: author and year, or whose figures we computed it from."""
    if source.primary != "computed":
        return source.short
    names = behind(source.key, known)
    return f"our computing from {', '.join(names[:2])}{' and others' if len(names) > 2 else ''}"


def last_day(text: str) -> date:
    """The last day that a partial ISO date (``2022``, ``2022-11``, ``2022-11-21``) can mean."""
    match = _PARTIAL.match(text)
    if not match:
        raise ValueError(f"'{text}' is not a date such as 2022-11-21, 2022-11 or 2022")
    year, month, day = (int(part) if part else None for part in match.groups())
    if month is None:
        return date(year, 12, 31)
    if day is None:
        return date(year, month, calendar.monthrange(year, month)[1])
    return date(year, month, day)


def load(path: Path, root: Path) -> tuple[dict[str, Source], list[Problem]]:
    """Read a BibTeX file; returns the sources by key and what is wrong with the file."""
    from pybtex.database import BibliographyDataError, parse_string
    from pybtex.scanner import PybtexSyntaxError

    where = relative(path, root)
    if not path.exists():
        raise Wrong(Problem(where, 0, "source", "there is no references.bib; every source stands in it once"))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        raise Wrong(Problem(where, 0, "encoding", f"not UTF-8 (byte {err.start}); save it as UTF-8")) from None
    entries = list(_ENTRY.finditer(text))
    lines = {match.group(2): text.count("\n", 0, match.start(1)) + 1 for match in entries}
    ends = [match.start() for match in entries[1:]] + [len(text)]
    raw = {m.group(2): text[m.start() : end].strip() for m, end in zip(entries, ends, strict=True)}
    problems: list[Problem] = []
    try:
        database = parse_string(text, "bibtex")
    except PybtexSyntaxError as err:
        raise Wrong(Problem(where, err.lineno or 0, "source", f"BibTeX can't be read: {err.args[0]}")) from None
    except BibliographyDataError as err:
        keys = [match.group(2).lower() for match in entries]
        twice = next((i for i, key in enumerate(keys) if key in keys[:i]), None)
        if twice is None:
            raise Wrong(Problem(where, 0, "source", f"BibTeX can't be read: {err}")) from None
        at, before = (text.count("\n", 0, entries[i].start(1)) + 1 for i in (twice, keys.index(keys[twice])))
        message = f"the key '{entries[twice].group(2)}' stands on line {before} already; a key stands once"
        raise Wrong(Problem(where, at, "source", message)) from None

    sources: dict[str, Source] = {}
    for key, entry in database.entries.items():
        line = lines.get(key, 0)

        def wrong(message: str, key=key, line=line) -> None:
            problems.append(Problem(where, line, "source", f"source '{key}': {message}"))

        field = {name.lower(): _plain(value) for name, value in entry.fields.items()}
        author = " and ".join(_plain(str(person)) for person in entry.persons.get("author", []))
        for name in ("title", "kind", "primary", "urldate", "langid"):
            if not field.get(name):
                wrong(f"no {name}; an entry has title, author, kind, primary, urldate and langid")
        if not author:
            wrong("no author; for a poll read in a press copy, name the pollster: author = {{Levada Center}}")
        kind, primary = field.get("kind", ""), field.get("primary", "")
        if kind and kind not in KINDS:
            wrong(f"kind '{kind}' is unknown; use one of {', '.join(KINDS)}")
        if primary and primary not in PRIMARY:
            wrong(f"primary '{primary}' is unknown; use yes, no or computed")
        rests = field.get("restson", "")
        # Several keys stand between commas; words in plain text have commas of their own.
        parts = rests.split(",") if re.fullmatch(r"[\w-]+(\s*,\s*[\w-]+)+", rests) else [rests]
        rests_on = tuple(part.strip() for part in parts if part.strip())
        if primary in ("no", "computed") and not rests_on:
            wrong("a source that is not primary says what it rests on: restson = {…}")
        published_by = accessed = None
        try:
            published_by = last_day(field["date"]) if field.get("date") else None
            accessed = last_day(field["urldate"]) if field.get("urldate") else None
        except ValueError as err:
            wrong(f"{err}")
        if not field.get("date") and not field.get("note"):
            wrong("no date; give the publication date, or say in note why it is unknown")
        if field.get("url") and not re.match(r"https?://", field["url"]):
            wrong(f"address '{field['url']}' is not http(s)")
        sources[key] = Source(
            key=key,
            title=field.get("title", ""),
            author=author or "unknown",
            publisher=field.get("publisher", ""),
            published=field.get("date") if published_by else None,
            published_by=published_by,
            date_basis=field.get("datebasis") or _basis(field.get("date", "")),
            url=field.get("url") or None,
            accessed=accessed,
            language=field.get("langid", ""),
            kind=kind,
            primary=primary,
            rests_on=rests_on,
            licence=field.get("licence") or None,
            note=field.get("note") or None,
            shorthand=field.get("shorthand") or None,
            line=line,
            bibtex=raw.get(key, ""),
            title_language=field.get("titlelang") or _language_of(field.get("title", ""), field.get("langid", "")),
        )
    return _told_apart(sources), problems


def _told_apart(sources: dict[str, Source]) -> dict[str, Source]:
    """The sources, with a letter (a, b, … z, aa, …) for each of several that prose would cite by the same words; the
    earlier published comes first."""
    alike: dict[str, list[Source]] = {}
    for source in sources.values():
        alike.setdefault(source.short, []).append(source)
    letters = {}
    for group in alike.values():
        if len(group) > 1:
            for i, source in enumerate(sorted(group, key=lambda s: (s.published or "", s.key))):
                letters[source.key] = ("" if i < 26 else chr(96 + i // 26)) + chr(97 + i % 26)
    return {key: replace(source, letter=letters.get(key, "")) for key, source in sources.items()}


def _language_of(title: str, langid: str) -> str:
    """The language that a title is printed in: a source's own where its letters say so; most titles are given in English."""
    return langid if re.search("[\u0400-\u04ff]", title) and langid else "en"


def _basis(published: str) -> str:
    """How a date is known that has no ``datebasis`` of its own; one without a day was at best seen in part."""
    if len(published) == len("2022-11-21"):
        return f"printed: the source's date, {published}"
    return f"inferred: the source is of {published}; its day was not seen" if published else "not known"


def _plain(text: str) -> str:
    """A BibTeX field as plain text: protecting braces and backslash escapes gone."""
    text = re.sub(r"\\([&%#_$])", r"\1", text)
    return re.sub(r"\s+", " ", text.replace("{", "").replace("}", "")).strip()
