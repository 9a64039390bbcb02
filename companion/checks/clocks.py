"""Clocks: what stands on the then clock (evidence, reasons, a chapter's answer) was so, and was public, by the cut-off."""

from __future__ import annotations

from collections.abc import Iterator

from companion.checks.reading import Role, roles_in
from companion.figures import Figure
from companion.problems import Problem
from companion.project import Project


def check(project: Project) -> Iterator[Problem]:
    for chapter in project.chapters:
        said = [
            part for claim in chapter.claims for kind in ("why", "evidence", "base-rate") for part in claim.of(kind, clock="then")
        ]
        for part in (*(part for part in (*chapter.answers, *chapter.clocked) if part.clock == "then"), *said):
            for role in roles_in(part.text, part.line):
                if role.kind == "cite":
                    yield from _cited(project, chapter.where, role)
                elif role.kind == "value" and role.text in chapter.evaluated.values:
                    figure = chapter.evaluated.values[role.text].figure
                    yield from _placed(project, chapter.where, role, figure)


def _cited(project: Project, path: str, role: Role) -> Iterator[Problem]:
    cut_off = project.oped.cut_off
    for key in role.keys:
        source = project.sources.get(key)
        if source is None:
            continue  # the rule on sources says so
        if source.published_by is None:
            message = f"'{key}' has no date, so it can't stand on the then clock; give its date in references.bib"
            yield Problem(path, role.line, "clock", f"{message}, or move the evidence to since")
        elif source.published_by > cut_off:
            message = f"'{key}' was published {source.published}, after the cut-off {cut_off}"
            right = "cite what was public by then, or move the evidence to since"
            yield Problem(path, role.line, "clock", f"{message}; {right}")


def _placed(project: Project, path: str, role: Role, figure: Figure) -> Iterator[Problem]:
    cut_off, name = project.oped.cut_off, role.text
    as_of = figure.as_of
    if as_of is None or as_of > cut_off:
        what = "has no date" if as_of is None else f"is of {as_of}, after the cut-off {cut_off}"
        where = ", ".join(f"{o.table.path}:{max(o.lines)}" for o in figure.origins if o.lines)
        right = "choose rows up to it, or move the evidence to since"
        yield Problem(path, role.line, "clock", f"value '{name}' on the then clock {what} ({where}); {right}")
        return
    public, _ = figure.became_public(project)
    if public is not None and public <= cut_off:
        return
    # Name the row that keeps the figure out, so that its date can be looked up and written there.
    for origin in figure.origins:
        for line, row in origin.frame.iterrows():
            day, basis = project.became_public(origin.table, row)
            if day is not None and day <= cut_off:
                continue
            when = f"became public {day} ({basis}), after the cut-off {cut_off}" if day else "became public nobody says when"
            right = "if it was public by then, say when and how we know in public_on and public_basis; else move it to since"
            message = f"value '{name}' on the then clock: {origin.table.path}:{line} {when}; {right}"
            yield Problem(path, role.line, "clock", message)
            return
