"""Claims: ids kept and unique, sentences known, and both sides and both clocks heard before an assessment stands."""

from __future__ import annotations

from collections.abc import Iterator

from companion.checks.reading import all_readable, near, pages, roles
from companion.claims import CLOCKS, ROLE, Claim
from companion.problems import Problem
from companion.project import Project

OPEN = ("too vague to test", "too early to tell")
"""Words that may stand on a search alone, since nothing may be there to find."""

PLAIN = ("short", "waits-for", "counts", "by", "outcome")
"""Options that the page shows as they stand."""


def check(project: Project) -> Iterator[Problem]:
    first: dict[str, Claim] = {}
    for page in pages(project):
        yield from page.problems
        for claim in page.claims:
            if claim.id in first:
                other = first[claim.id]
                message = f"claim id '{claim.id}' stands at {other.path}:{other.line} already; ids are never reused"
                yield Problem(page.where, claim.line, "claim", message)
            first.setdefault(claim.id, claim)
            shown_plain = {"paraphrase": claim.paraphrase, **{f":{o}:": claim.options.get(o, "") for o in PLAIN}}
            for name, text in shown_plain.items():
                if ROLE.search(text):
                    message = f"{name} of claim '{claim.id}' holds a role, but is shown as plain text; say it in words"
                    yield Problem(page.where, claim.line, "claim", message)
            if claim.waits_for is None:
                yield from _assessed(claim)
        if any(claim.waits_for is None for claim in page.claims):
            for clock in CLOCKS:
                if clock not in {answer.clock for answer in page.answers}:
                    right = f"write '{{answer}} {clock}' under its title and say in a few sentences what it finds"
                    yield Problem(page.where, 0, "claim", f"the chapter has no answer on the {clock} clock; {right}")
    for page in pages(project) if all_readable(project) else ():
        for role in roles(page, "claim"):
            if role.text not in first:
                right = near(role.text, first, "write the id of a claim in the book")
                yield Problem(page.where, role.line, "claim", f"no claim '{role.text}'; {right}")
        yield from _reasons(page, first)
    # Last, since they need the op-ed, which may be unreadable.
    for page in pages(project):
        yield from _sentences(project, page)


def _sentences(project: Project, page) -> Iterator[Problem]:
    known = project.oped.sentences
    paragraphs = {paragraph.id for paragraph in project.oped.paragraphs}
    if page.paragraph and page.paragraph not in paragraphs:
        message = f"the file is named for paragraph {page.paragraph}, which {project.oped.path} does not have"
        yield Problem(page.where, 0, "claim", message)
    for claim in page.claims:
        for ident in claim.sentences:
            if ident not in known:
                right = near(ident, known, "write for example p09.s2")
                yield Problem(page.where, claim.line, "claim", f"no sentence '{ident}' in {project.oped.path}; {right}")
            elif page.paragraph and known[ident].paragraph != page.paragraph:
                right = f"a claim stands in the chapter of its paragraph, {known[ident].paragraph}"
                yield Problem(page.where, claim.line, "claim", f"sentence '{ident}' is not of {page.paragraph}; {right}")


def _reasons(page, every: dict[str, Claim]) -> Iterator[Problem]:
    """What a claim supports is in the book, and leads to a conclusion rather than round in a circle."""
    for claim in page.claims:
        for ident in claim.supports:
            if ident not in every:
                right = near(ident, every, "write the id of a claim in the book")
                yield Problem(page.where, claim.line, "claim", f":supports: no claim '{ident}'; {right}")
        reached, ahead = set(), list(claim.supports)
        while ahead:
            if (ident := ahead.pop()) not in reached:
                reached.add(ident)
                ahead += every[ident].supports if ident in every else ()
        if claim.id in reached:
            message = f"claim '{claim.id}' supports itself, by way of {', '.join(claim.supports)}; one of them is no reason"
            yield Problem(page.where, claim.line, "claim", message)


def _assessed(claim: Claim) -> Iterator[Problem]:
    def wrong(line: int, message: str) -> Problem:
        return Problem(claim.path, line, "claim", message)

    for clock in CLOCKS:
        word = getattr(claim, clock).word if getattr(claim, clock) else None
        searched = {side for side in ("for", "against") if claim.of("searched", side, clock)}
        heard = {side for side in ("for", "against") if claim.evidence(side, clock)}
        if not claim.evidence(clock=clock) and (word not in OPEN or not searched):
            right = f"write '{{evidence}} for, {clock}' and '{{evidence}} against, {clock}'"
            yield wrong(claim.line, f"claim '{claim.id}' has no evidence on the {clock} clock; {right}")
        else:
            for side in ("for", "against"):
                if side not in heard | searched:
                    right = f"add it, or record the search that found none: '{{searched}} {side}, {clock}' with its day"
                    yield wrong(claim.line, f"claim '{claim.id}' has no evidence {side} it on the {clock} clock; {right}")
        if not claim.of("why", clock=clock):
            right = f"write '{{why}} {clock}' and say in a sentence or two why it is this word and not the next"
            yield wrong(claim.line, f"claim '{claim.id}' does not say why it is '{word}' on the {clock} clock; {right}")
        if not claim.of("would-change", clock=clock):
            right = f"write '{{would-change}} {clock}' with the observation that would move the assessment"
            yield wrong(claim.line, f"claim '{claim.id}' does not say what would change it on the {clock} clock; {right}")
    for part in (*claim.evidence(), *claim.of("base-rate")):
        if not part.refs("value") and not part.refs("cite"):
            right = "place a {value}`name` or a {cite}`key`"
            said = " ".join(filter(None, (part.kind, part.side and f"{part.side},", part.clock)))
            yield wrong(part.line, f"{said} of '{claim.id}' has no source; {right}")
