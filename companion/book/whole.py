"""Pages that only a whole book can have: the argument, the forecasts, what changed since, who rests on whom."""

from __future__ import annotations

import re
from collections import Counter

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.book.directives import (
    counted,
    in_words,
    key_of_marks,
    named,
    para,
    place,
    scale_of,
    section,
    table,
    text,
    xref,
)
from companion.book.pages import sources_of
from companion.claims import CLOCKS, HELD, OUTCOMES, ROLE, Chapter, Claim, Part
from companion.project import Project, current
from companion.sources import behind

NEAR = 2
"""A claim within so many steps of a conclusion bears weight."""
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def _chapter_of(claim: Claim, project: Project) -> Chapter:
    return next(chapter for chapter in project.chapters if chapter.where == claim.path)


def in_plain(part: Part, claim: Claim, project: Project) -> str:
    """A part's prose where it stands away from its chapter: figures as text, without citations and links."""
    values = _chapter_of(claim, project).evaluated.values

    def said(match: re.Match) -> str:
        role, what = match.groups()
        if role == "value":
            return values[what].shown if what in values else what
        if role == "quote":
            return f"“{what.partition(':')[2]}”"
        return what if role == "label" else ""

    plain = _LINK.sub(r"\1", ROLE.sub(said, part.text))
    return re.sub(r"\s+([.,;)])", r"\1", " ".join(plain.split()))


def steps_to_a_conclusion(claims: dict[str, Claim]) -> dict[str, int]:
    """How many reasons lie between each claim and the nearest one that supports nothing further; 0 for that one."""
    steps: dict[str, int] = {}

    def count(claim: Claim) -> int:
        if claim.id not in steps:
            steps[claim.id] = 1 + min(count(claims[up]) for up in claim.supports) if claim.supports else 0
        return steps[claim.id]

    for claim in claims.values():
        count(claim)
    return steps


def _under(claim: Claim, reasons: dict[str, list[Claim]]) -> set[str]:
    """The claims on which one rests, by id, however far down."""
    return {ident for below in reasons[claim.id] for ident in {below.id} | _under(below, reasons)}


class Argument(SphinxDirective):
    """What supports what, from the conclusions down to the claims that rest on nothing else in the op-ed.

    First the conclusions, then the weak points near them, then the whole as a nested list.
    """

    def run(self) -> list[nodes.Node]:
        claims = current().claims
        reasons: dict[str, list[Claim]] = {ident: [] for ident in claims}
        for claim in claims.values():
            for ident in claim.supports:
                reasons[ident].append(claim)
        tops = [claim for claim in claims.values() if not claim.supports and reasons[claim.id]]
        under = {claim.id: _under(claim, reasons) for claim in tops}
        tops.sort(key=lambda claim: -len(under[claim.id]))
        order = {ident: i for i, claim in reversed([*enumerate(tops)]) for ident in under[claim.id]}
        apart = [claim for claim in claims.values() if not claim.supports and not reasons[claim.id]]
        ends = section("Where it leads", "conclusions")
        for claim in tops:
            line = in_words(claim)
            line.insert(0, [xref(f"claim-{claim.id}", claim.paraphrase.rstrip("."), self.env.docname), nodes.Text(": ")])
            ends += line
        out: list[nodes.Node] = [ends, self._weak(claims, reasons, order)]
        whole = section("The whole", "the-whole", classes=("argument",))
        whole += [key_of_marks(), self._tree(tops, reasons, set())]
        out.append(whole)
        if apart:
            beside = section("Beside the argument", "beside-the-argument")
            beside += para("These claims are neither a reason for another one nor rest on one.")
            beside += nodes.bullet_list("", *[nodes.list_item("", named(c, self.env.docname)) for c in apart])
            out.append(beside)
        return out

    def _weak(self, claims: dict[str, Claim], reasons: dict[str, list[Claim]], order: dict[str, int]) -> nodes.section:
        """``order`` ranks claims by the conclusion that they lead to, the one with most claims under it first."""
        node = section("Where it bears weight and is not shown to hold", "weak-points")
        node += para(
            "The claims that are at most two steps from a conclusion and whose word, on one of the clocks, is not supported or "
            "mostly supported; the nearest to a conclusion first. Too early or too vague is not a claim that failed. "
            "What fails further down weakens its own branch alone."
        )
        steps = steps_to_a_conclusion(claims)
        body = []
        for claim in sorted(claims.values(), key=lambda claim: (order.get(claim.id, len(order)), steps[claim.id])):
            weak = not claim.waits_for and any(getattr(claim, clock).word not in HELD for clock in CLOCKS)
            if weak and claim.supports and steps[claim.id] <= NEAR:
                leads = [named(claims[up], self.env.docname) for up in claim.supports]
                below = counted(len(reasons[claim.id]), "claim") if reasons[claim.id] else "none in the op-ed"
                body.append([[named(claim, self.env.docname)], [in_words(claim)], leads, below])
        node += table(["Claim", "In words", "It is a reason for", "Reasons given for it"], body, ("whole",))
        return node

    def _tree(self, claims: list[Claim], reasons: dict[str, list[Claim]], shown: set[str]) -> nodes.bullet_list:
        listed = nodes.bullet_list(classes=["reasons"])
        for claim in claims:
            item = nodes.list_item("")
            line = nodes.container("", named(claim, self.env.docname), classes=["reason"])
            drawn = scale_of(claim, "row") if not claim.waits_for else None
            if drawn is not None and (drawn["then"] is not None or drawn["since"] is not None):
                line += drawn
            line += in_words(claim)
            item += line
            below = reasons[claim.id]
            if below and claim.id in shown:
                item += para("Its reasons stand where it is first named.", classes=("again",))
            elif below:
                shown.add(claim.id)
                item += self._tree(below, reasons, shown)
            listed += item
        return listed


class Docket(SphinxDirective):
    """Every forecast: what would count, by when, how often such things happen, what came of it, and the two words."""

    def run(self) -> list[nodes.Node]:
        project, docname = current(), self.env.docname
        forecasts = [claim for claim in project.claims.values() if claim.kind == "forecast"]
        judged = [claim for claim in forecasts if not claim.waits_for]
        sums = Counter(claim.outcome for claim in judged)
        said = "; ".join(f"{word}: {sums[word]}" for word in OUTCOMES if sums[word])
        out: list[nodes.Node] = [para(f"Forecasts with a claim: {len(forecasts)}. {said.capitalize()}.")]
        for word in (*OUTCOMES, None):
            found = [claim for claim in forecasts if claim.outcome == word]
            if found:
                group = section(
                    word.capitalize() if word else "Not assessed yet", f"outcome-{(word or 'waits').replace(' ', '-')}"
                )
                group += [self._forecast(claim, project, docname) for claim in found]
                out.append(group)
        named = {ident for claim in forecasts for ident in claim.sentences}
        left = [s for s in project.oped.sentences.values() if s.classed == "forecast" and s.id not in named]
        if left:
            group = section("Sentences about the future without a forecast", "without-a-forecast")
            group += nodes.bullet_list("", *[nodes.list_item("", para(*place(s))) for s in left])
            out.append(group)
        return out

    def _forecast(self, claim: Claim, project: Project, docname: str) -> nodes.section:
        node = section([xref(f"claim-{claim.id}", claim.paraphrase, docname)], f"forecast-{claim.id}")
        node += in_words(claim)
        listed = nodes.definition_list(classes=["forecast"])
        rates = " ".join(in_plain(part, claim, project) for part in claim.of("base-rate"))
        rows = [("What would count", claim.options.get("counts")), ("By when", claim.options.get("by"))]
        rows += [("How often such things happen", rates or "No base rate was found that fits.")]
        rows += [("Outcome", claim.options.get("outcome")), ("It waits for", claim.waits_for)]
        for name, words in rows:
            if words:
                listed += nodes.definition_list_item("", nodes.term(name, name), nodes.definition("", para(words)))
        node += listed
        return node


class Changed(SphinxDirective):
    """The claims whose word differs between the clocks, with the reason given on each."""

    def run(self) -> list[nodes.Node]:
        project, docname = current(), self.env.docname
        moved = [claim for claim in project.claims.values() if claim.moved]
        assessed = [claim for claim in project.claims.values() if not claim.waits_for]
        body = []
        for claim in moved:
            why = {clock: " ".join(in_plain(part, claim, project) for part in claim.of("why", clock=clock)) for clock in CLOCKS}
            words = [[para(text(getattr(claim, c).word, "assessed")), para(why[c])] for c in CLOCKS]
            body.append([[named(claim, docname)], *words])
        head = para(f"Of {counted(len(assessed), 'claim')} assessed, {len(moved)} have another word since than then.")
        return [head, table(["Claim", "Then, and why", "Since, and why"], body, ("whole",))]


class Origins(SphinxDirective):
    """For each claim, how many publications its evidence cites and whose figures and statements they are.

    An origin is whoever says the thing (a source's author), wherever it was read; for what we computed, whose data it was
    computed from. Six articles that repeat one estimate are one origin.
    """

    def run(self) -> list[nodes.Node]:
        project = current()
        body = []
        for claim in project.claims.values():
            if claim.waits_for:
                continue
            cited = self._cited(claim, project)
            origins = Counter(name for key in cited for name in behind(key, project.sources))
            most = origins.most_common(3)
            first = [f"{name} ({number})" for name, number in most if number > 1]
            body.append(
                (
                    len(origins) / max(len(cited), 1),
                    [
                        [named(claim, self.env.docname)],
                        str(len(cited)),
                        str(len(origins)),
                        "; ".join(first) or "none more than once",
                    ],
                )
            )
        heads = ["Claim", "Publications", "Origins", "Origins named most often (how often)"]
        return [table(heads, [row for _, row in sorted(body, key=lambda pair: pair[0])], ("whole",))]

    def _cited(self, claim: Claim, project: Project) -> list[str]:
        chapter = _chapter_of(claim, project)
        keys = dict.fromkeys(key for part in claim.evidence() for key in sources_of(part, chapter))
        return [key for key in keys if key in project.sources]


def register(app: Sphinx) -> None:
    for name, directive in {"argument": Argument, "docket": Docket, "changed": Changed, "origins": Origins}.items():
        app.add_directive(name, directive)
