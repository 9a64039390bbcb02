"""What helps to find things: the index of names and the glossary are well formed, used, complete, and lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from docutils.nodes import make_id

from companion.checks.reading import all_readable, markdown, pages, prose
from companion.finding import GLOSSARY, INDEX, Finder, credits, finder, names, pollsters, terms
from companion.problems import Problem
from companion.project import Project


def check(project: Project) -> Iterator[Problem]:
    known, problems = names(project)
    yield from problems
    defined, wrong = terms(project)
    yield from wrong
    if all_readable(project):  # what a page says that could not be read is not known
        yield from _names(project, known)
        yield from _terms(project, defined)
    for term in defined:
        message = _lost(project, term.more) if term.more else None
        if message:
            yield Problem(GLOSSARY, term.line, "glossary", f"'more' of '{term.term}': {message}")


def _names(project: Project, known: list) -> Iterator[Problem]:
    if not known:
        return
    find = finder(known)
    used = {name for page in pages(project) for name in find.entries(prose(page))}
    used |= {name for words in _charts(project) for name in find.entries(words)}
    used |= {n for source in project.sources.values() for n in find.entries(credits(source)) if n.kind != "place"}
    for name in known:
        if name not in used:
            others = " or ".join(f"'{s}'" for s in name.spellings)
            message = f"no page and no source names {others}; add the spelling that they use to 'also', or take the entry out"
            yield Problem(INDEX, name.line, "index", message)
    of_pollsters = finder([name for name in known if name.kind == "pollster"])
    for pollster, table in pollsters(project).items():
        if not of_pollsters.entries(pollster):
            message = f"pollster '{pollster}' of table {table} has no entry; add '- name: {pollster}' with 'kind: pollster'"
            yield Problem(INDEX, 0, "index", message)


def _terms(project: Project, defined: list) -> Iterator[Problem]:
    find: Finder = finder(defined, fold=True)
    used = {term for page in pages(project) for term in find.entries(prose(page))}
    used |= {term for words in _charts(project) for term in find.entries(words)}
    for table in project.tables.values():
        used |= set(find.entries(" ".join(str(table.meta.get(key, "")) for key in ("measures", "how", "caveats"))))
    for term in defined:
        if term not in used:
            forms = " or ".join(f"'{s}'" for s in term.spellings)
            message = f"no page, chart or table says {forms}; add the form that they use to 'also', or take the term out"
            yield Problem(GLOSSARY, term.line, "glossary", message)


def _charts(project: Project) -> Iterator[str]:
    """What the charts say in words."""
    for chapter in project.chapters:
        for chart in chapter.evaluated.charts.values():
            yield f"{chart.title}. {chart.subtitle}. {chart.alt}"


def _lost(project: Project, target: str) -> str | None:
    """Why ``page.md#section`` leads nowhere; None where it leads somewhere."""
    path, _, anchor = target.partition("#")
    page = next((page for page in pages(project) if page.where == path), None)
    if page is None:
        return f"no page '{path}'; write it as 'methods.md#intervals'"
    headings = _headings(page.text)
    if anchor and anchor not in headings:
        return f"no section '{anchor}' in {path}; it has {', '.join(headings)}"
    return None


@lru_cache(maxsize=64)
def _headings(text: str) -> list[str]:
    """The addresses of a page's sections, as the build makes them."""
    tokens = markdown.parse(text)
    return [make_id(tokens[i + 1].content) for i, token in enumerate(tokens) if token.type == "heading_open"]
