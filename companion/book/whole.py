"""Pages that only a whole book can have: the forecasts, what changed since, who rests on whom."""

from __future__ import annotations

import re
from collections import Counter

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.book.directives import (
    counted,
    in_words,
    named,
    para,
    place,
    section,
    table,
    text,
    xref,
)
from companion.book.pages import sources_of
from companion.claims import CLOCKS, OUTCOMES, ROLE, Chapter, Claim, Part
from companion.project import Project, current
from companion.sources import behind

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


class Docket(SphinxDirective):
    """Every forecast: what would count, by when, how often such things happen, what came of it, and the two words."""

    def run(self) -> list[nodes.Node]:
        project, docname = current(), self.env.docname
        forecasts = [claim for claim in project.claims.values() if claim.kind == "forecast"]
        judged = [claim for claim in forecasts if not claim.waits_for]
        sums = Counter(claim.outcome for claim in judged)
        said = "; ".join(f"{word}: {sums[word]}" for word in OUTCOMES if sums[word])
        out: list[nodes.Node] = [para(f"The op-ed's forecasts, a claim each: {len(forecasts)}. {said.capitalize()}.")]
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
    for name, directive in {"docket": Docket, "changed": Changed, "origins": Origins}.items():
        app.add_directive(name, directive)
