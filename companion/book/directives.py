"""What a chapter may write: ``{claim}`` and its parts, ``{sentences}``, and the roles that place values and citations."""

from __future__ import annotations

import re
from html import escape

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from companion.book.output import details
from companion.claims import CLOCKS, PARTS, SIDES, Assessment, Chapter, Claim, clocks_of
from companion.project import current
from companion.sources import label
from companion.tables import Origin

log = logging.getLogger(__name__)
INFERRED = "†"  # marks a figure whose day of first publication is inferred


# Small makers of nodes, shared with the made pages


def text(words: str, *classes: str) -> nodes.inline:
    return nodes.inline(words, words, classes=list(classes))


def para(*parts: nodes.Node | str, classes: tuple[str, ...] = ()) -> nodes.paragraph:
    node = nodes.paragraph(classes=list(classes))
    for part in parts:
        node += nodes.Text(part) if isinstance(part, str) else part
    return node


def xref(label: str, words: str, docname: str, *classes: str) -> addnodes.pending_xref:
    """A link to a label of any page (``claim-…``, ``source-…``, ``sentence-…``, ``chart-…``, ``table-…``)."""
    node = addnodes.pending_xref(
        "", refdomain="std", reftype="ref", reftarget=label, refexplicit=True, refwarn=True, refdoc=docname
    )
    node += nodes.inline(words, words, classes=list(classes))
    return node


def mark(env, label: str, node: nodes.Element) -> None:
    """Make ``node`` the place that ``xref(label, …)`` leads to."""
    if label not in node["ids"]:
        node["ids"].append(label)
    env.get_domain("std").anonlabels[label] = (env.docname, label)


def section(title: str | list[nodes.Node], *ids: str, classes: tuple[str, ...] = ()) -> nodes.section:
    node = nodes.section(ids=list(ids), classes=list(classes))
    parts = [nodes.Text(title)] if isinstance(title, str) else title
    node += nodes.title("", "", *parts)
    return node


def table(
    header: list[list[nodes.Node] | str],
    body: list[list[list[nodes.Node] | str]],
    classes: tuple[str, ...] = (),
    rows: list | None = None,
    caption: str | None = None,
) -> nodes.table:
    """A table of nodes; a cell is text or a list of nodes; ``rows`` gives classes and ids for each row."""
    node = nodes.table(classes=[*classes])
    if caption:
        node += nodes.title(caption, caption)
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]
    head = nodes.row()
    for cell in header:
        head += nodes.entry("", nodes.paragraph(cell, cell) if isinstance(cell, str) else para(*cell))
    group += nodes.thead("", head)
    inside = nodes.tbody()
    for i, cells in enumerate(body):
        row = nodes.row(
            classes=list(rows[i].get("classes", [])) if rows else [], ids=list(rows[i].get("ids", [])) if rows else []
        )
        for cell in cells:
            given = [nodes.paragraph(cell, cell)] if isinstance(cell, str) else cell
            entry = nodes.entry()
            entry += [n if isinstance(n, nodes.Body) else nodes.paragraph("", "", n) for n in given]
            row += entry
        inside += row
    group += inside
    node += group
    return node


def joined(parts: list[nodes.Node], between: str = ", ") -> list[nodes.Node]:
    out: list[nodes.Node] = []
    for part in parts:
        out += [nodes.Text(between), part] if out else [part]
    return out


def slug(word: str) -> str:
    return word.replace(" ", "-")


def badge(assessed: Assessment | None) -> nodes.inline:
    if assessed is None:
        return text("not yet assessed", "assessed", "waits")
    return text(assessed.word, "assessed", slug(assessed.word))


def clock_name(clock: str) -> str:
    day = current().oped.cut_off
    return f"Then: what could be known by {day.day} {day:%B %Y}" if clock == "then" else "Since: what came after"


def chapter_of(docname: str) -> Chapter | None:
    return next((c for c in current().chapters if f"chapters/{c.name}" == docname), None)


# Directives


class _Part(SphinxDirective):
    """A part of a claim; the claim places it."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"on": str, "where": str}

    def run(self) -> list[nodes.Node]:
        given = clocks_of(self.arguments[0])
        clock = given[-1] if given and given[-1] in CLOCKS else "since"
        side = given[0] if len(given) == 2 else None
        node = nodes.container(classes=["claim-part", self.name, *([f"side-{side}"] if side else []), f"clock-{clock}"])
        node["part"], node["side"], node["clock"] = self.name, side, clock
        labels = {"for": "For", "against": "Against", "limits": "Limits of the evidence"}
        if self.name == "evidence":
            node += para(text(labels.get(side, side), "side"), classes=("side-line",))
        elif self.name == "searched":
            label = f"{labels.get(side, side)}: searched on {self.options.get('on', '?')}, not found"
            node += para(text(label, "side"), classes=("side-line",))
        elif self.name == "would-change":
            node += para(text(f"What would change it ({clock})", "side"), classes=("side-line",))
        elif self.name == "history":
            node += para(text(f"Earlier assessments ({clock})", "side"), classes=("side-line",))
        before = self.env.temp_data.get("companion_clock")
        self.env.temp_data["companion_clock"] = clock
        self.state.nested_parse(self.content, self.content_offset, node)
        self.env.temp_data["companion_clock"] = before
        return [node]


class ClaimDirective(SphinxDirective):
    """One claim with its two assessments, the evidence by clock and side, and what would change it."""

    has_content = True
    required_arguments = 1
    option_spec = {
        name: str for name in ("sentences", "kind", "then", "since", "assessed", "review", "waits-for", "counts", "by", "outcome")
    }

    def run(self) -> list[nodes.Node]:
        claim = current().claims.get(self.arguments[0])
        if claim is None:  # the check has said why
            return []
        held = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, held)
        node = section(claim.paraphrase, f"claim-{claim.id}", classes=("claim",))
        mark(self.env, f"claim-{claim.id}", node)
        node += self._about(claim)
        node += self._assessments(claim, {p["clock"]: p for p in held.children if p.get("part") == "why"})
        if claim.options.get("counts"):
            node += self._forecast(claim)
        for clock in CLOCKS:
            parts = [p for p in held.children if p.get("clock") == clock]
            evidence = [p for side in SIDES for p in parts if p["side"] == side]
            if evidence:
                inside = section(clock_name(clock), f"claim-{claim.id}-{clock}", classes=("clock", f"clock-{clock}"))
                pair = nodes.container(classes=["sides"])
                pair += evidence
                inside += pair
                inside += [p for kind in ("would-change", "history") for p in parts if p["part"] == kind]
                node += inside
        return [node]

    def _about(self, claim: Claim) -> nodes.paragraph:
        sentences = [xref(f"sentence-{s}", s, self.env.docname) for s in claim.sentences]
        words = "Sentence " if len(sentences) == 1 else "Sentences "
        line = para(words, *joined(sentences), f" · {claim.kind}", classes=("claim-about",))
        if claim.assessed:
            line += nodes.Text(f" · assessed {claim.assessed} · next review {claim.review}")
        return line

    def _assessments(self, claim: Claim, reasons: dict[str, nodes.container]) -> nodes.Node:
        if claim.waits_for:
            return para(badge(None), f" It waits for {claim.waits_for}.", classes=("verdicts",))
        line = nodes.container(classes=["verdicts"])
        for clock, found in (("then", claim.then), ("since", claim.since)):
            verdict = nodes.container(classes=["verdict", f"clock-{clock}"])
            confidence = f" {found.confidence} confidence" if found else ""
            verdict += para(text(clock.capitalize(), "clock-word"), " ", badge(found), confidence)
            if clock in reasons:
                verdict += reasons[clock]
            line += verdict
        return line

    def _forecast(self, claim: Claim) -> nodes.Node:
        listed = nodes.definition_list(classes=["forecast"])
        for name, key in (("What would count", "counts"), ("By when", "by"), ("Outcome", "outcome")):
            if claim.options.get(key):
                item = nodes.definition_list_item()
                item += [nodes.term(name, name), nodes.definition("", para(claim.options[key]))]
                listed += item
        return listed


class Sentences(SphinxDirective):
    """The sentences of a paragraph: their place in the original, class, and claims."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        paragraph = next((p for p in current().oped.paragraphs if p.id == self.arguments[0]), None)
        if paragraph is None:
            log.warning("{sentences}: no paragraph '%s'", self.arguments[0], location=self.get_location(), type="companion")
            return []
        return [sentence_table(paragraph.sentences, self.env.docname)]


def place(sentence) -> list[nodes.Node]:
    """Where a sentence stands in the original: its first and last words, a link once the address is known."""
    words = f"“{sentence.starts} … {sentence.ends}”"
    link = current().oped.link(sentence)
    return [nodes.reference(words, words, refuri=link, classes=["original"]) if link else text(words, "original")]


def sentence_table(sentences, docname: str, env=None) -> nodes.table:
    """A table of sentences; with ``env`` its rows are the places that links to sentences lead to."""
    project = current()
    body, marks = [], []
    for sentence in sentences:
        claims = [c for c in project.claims.values() if sentence.id in c.sentences]
        cell = joined([xref(f"claim-{c.id}", c.paraphrase, docname) for c in claims], "; ") or [text("no claim yet", "none")]
        name = [text(sentence.id)] if env else [xref(f"sentence-{sentence.id}", sentence.id, docname)]
        body.append([name, [para(*place(sentence))], sentence.classed, [para(*cell)]])
        marks.append({"ids": [f"sentence-{sentence.id}"] if env else [], "classes": [f"class-{sentence.classed}"]})
        if env:
            env.get_domain("std").anonlabels[f"sentence-{sentence.id}"] = (docname, f"sentence-{sentence.id}")
    return table(["Sentence", "Its first and last words", "Class", "Claims drawn from it"], body, ("sentences",), marks)


class ChapterEnd(SphinxDirective):
    """The end of every chapter, put there by the build: each figure's way back, the sources, how to rerun the page."""

    def run(self) -> list[nodes.Node]:
        chapter = chapter_of(self.env.docname)
        if chapter is None:
            return []
        return [node for node in (self._figures(chapter), self._sources(chapter)) if node is not None]

    def _figures(self, chapter: Chapter) -> nodes.section | None:
        project, body, marks, bases = current(), [], [], {}
        for name, value in chapter.evaluated.values.items():
            figure = value.figure
            known, basis = figure.became_public(project)
            filters = [
                para(
                    xref(f"table-{o.table.name}", o.table.name, self.env.docname),
                    f": {o.where} (",
                    *lines_of(o, self.env.docname),
                    ")",
                )
                for o in figure.origins
            ]
            how = [para(f"How: {figure.how}", classes=("how",))] if figure.how else []
            # Many figures share one reason for their day, so the reasons stand once, below the table.
            note = bases.setdefault(basis.removeprefix("inferred: "), len(bases) + 1) if basis.startswith("inferred") else None
            public = f"{known}{f' {INFERRED}{note}' if note else ''}" if known else "not known"
            sources = [
                xref(f"source-{k}", label(project.sources[k], project.sources), self.env.docname)
                for k in figure.sources
                if k in project.sources
            ]
            body.append(
                [
                    [para(text(value.shown, "figure-shown"), *back_link(name))],
                    [*filters, *how],
                    str(figure.as_of or "—"),
                    public,
                    [para(*joined(sources, "; "))],
                ]
            )
            marks.append({"ids": [f"figure-{name}"], "classes": []})
            target = f"figure-{chapter.name}-{name}"
            self.env.get_domain("std").anonlabels[target] = (self.env.docname, f"figure-{name}")
        if not body:
            return None
        node = section("The figures on this page", f"figures-{chapter.name}", classes=("figures",))
        node += para(
            "Each figure in the text above, with its table, the rows it comes from, the day it speaks of, the day it became "
            f"public, and its source. {INFERRED} marks a day of first publication that is inferred; in the text it stands "
            "on the “then” clock only."
        )
        node += table(["Figure", "Table, filter and lines", "As of", "Public on", "Source"], body, ("figure-table",), marks)
        if bases:
            listed = nodes.bullet_list(classes=["date-bases"])
            listed += [nodes.list_item("", para(f"{INFERRED}{number} {basis}")) for basis, number in bases.items()]
            node += [para("How an inferred day is known:"), listed]
        return node

    def _sources(self, chapter: Chapter) -> nodes.section | None:
        project = current()
        keys: dict[str, None] = {}
        for value in chapter.evaluated.values.values():
            keys |= dict.fromkeys(value.figure.sources)
        for chart in chapter.evaluated.charts.values():
            keys |= dict.fromkeys(chart.sources)
        for _, prose in chapter.blocks():
            from companion.claims import refs

            keys |= dict.fromkeys(refs(prose, "cite"))
        known = sorted((project.sources[k] for k in keys if k in project.sources), key=lambda s: s.full.lower())
        if not known:
            return None
        node = section("Sources of this chapter", f"sources-{chapter.name}")
        listed = nodes.bullet_list(classes=["source-list"])
        for source in known:
            listed += nodes.list_item("", para(xref(f"source-{source.key}", source.full, self.env.docname)))
        node += details("", listed, summary=f"All {len(known)} sources")
        return node


MOST_LINES = 4  # that a figure's entry names one by one, and that the table's page shows


def named_lines(origin: Origin) -> tuple[int, ...]:
    """The lines of a figure that are named one by one; none where it rests on a whole series."""
    return origin.lines if len(origin.lines) <= MOST_LINES else ()


def lines_of(origin: Origin, docname: str) -> list[nodes.Node]:
    """The CSV lines of a figure, each a link to the row on its table's page."""
    if not named_lines(origin):
        return [nodes.Text(f"{len(origin.lines)} lines, {min(origin.lines)} to {max(origin.lines)}")]
    links = [xref(f"row-{origin.table.name}-{line}", f"line {line}", docname) for line in origin.lines]
    return joined(links)


def back_link(name: str) -> list[nodes.Node]:
    """From a figure's entry back to where the text places it."""
    return [
        nodes.Text(" "),
        nodes.reference("", "", text("↩", "back"), text(" back to the text", "sr"), refid=f"value-{name}", internal=True),
    ]


def finish_chapter(app: Sphinx, doctree: nodes.document) -> None:
    """On a chapter's page: fold the code, mark its charts as places to link to, and say under the title how to rerun it."""
    chapter = chapter_of(app.env.docname)
    if chapter is None:
        return
    from companion.book.output import chart_node

    for chart in doctree.findall(chart_node):
        app.env.get_domain("std").anonlabels[f"chart-{chart['payload']['id']}"] = (
            app.env.docname,
            f"chart-{chart['payload']['id']}",
        )
    # A reader of the page meets a chart's code below it, folded; cells that only name values stay in the notebook.
    for cell in [node for node in doctree.findall(nodes.container) if "cell" in node.get("classes", [])]:
        parts = [node for node in cell.children if "cell_input" in node.get("classes", [])]
        drawn = next(cell.findall(chart_node), None)
        for part in parts:
            cell.remove(part)
            if drawn is None:
                continue
            for block in part.findall(nodes.literal_block):  # the line that keys the execution cache says nothing to readers
                shown = re.sub(r"  # inputs: [0-9a-f]{16}$", "", block.astext(), flags=re.MULTILINE)
                block.rawsource, block.children = shown, [nodes.Text(shown)]
            cell.append(details("", part, summary="Code of this chart", classes=["code"]))
        if drawn is None and not any(child for child in cell.findall(nodes.literal_block)):
            cell.parent.remove(cell)
    page = next(doctree.findall(nodes.section))
    for part in list(page.findall(nodes.section)):  # the chapter's end stands beside the others, not within the last of them
        if {f"figures-{chapter.name}", f"sources-{chapter.name}"} & set(part["ids"]) and part.parent is not page:
            part.parent.remove(part)
            page += part
    for title in doctree.findall(nodes.title):
        links = para(
            "Rerun this page: ",
            nodes.reference("notebook (.ipynb)", "notebook (.ipynb)", refuri=f"../notebooks/{chapter.name}.ipynb"),
            f" · {len(chapter.claims)} claims · {len(chapter.evaluated.charts)} charts",
            classes=("chapter-links",),
        )
        parent = title.parent
        parent.insert(parent.index(title) + 1, [links, *glance(chapter, app.env.docname)])
        break


def glance(chapter: Chapter, docname: str) -> list[nodes.Node]:
    """The chapter's claims with their two assessments, for its top."""
    if len(chapter.claims) < 2:
        return []
    body = [
        [[xref(f"claim-{claim.id}", claim.paraphrase, docname)], [para(badge(claim.then))], [para(badge(claim.since))]]
        for claim in chapter.claims
    ]
    return [table(["Claim", "Then", "Since"], body, ("glance",))]


# Roles


class value_ref(nodes.Inline, nodes.TextElement):
    """A placed value: its text, with ``name`` and ``note``."""


def visit_value_html(self, node) -> None:
    note = escape(node["note"], quote=True)
    ident = f' id="value-{node["name"]}"' if node["first"] else ""
    self.body.append(f'<a class="value"{ident} href="#figure-{node["name"]}" data-note="{note}">')


def depart_value_html(self, node) -> None:
    self.body.append("</a>")


class ValueRole(SphinxRole):
    """``{value}`name```: a figure that a cell of this page has named."""

    def run(self):
        chapter = chapter_of(self.env.docname)
        value = chapter.evaluated.values.get(self.text) if chapter else None
        if value is None:
            log.warning("no value '%s' on this page", self.text, location=self.get_location(), type="companion")
            return [text(f"[no value {self.text}]", "missing")], []
        figure = value.figure
        known, basis = figure.became_public(current())
        inferred = self.env.temp_data.get("companion_clock") == "then" and basis.startswith("inferred")
        known_sources = current().sources
        sources = "; ".join(label(known_sources[k], known_sources) for k in figure.sources if k in known_sources)
        where = "; ".join(f"{o.table.name}: {o.where}" for o in figure.origins)
        note = f"{sources}. {where}. As of {figure.as_of}" + (f"; public on {known}" if known else "")
        placed = self.env.temp_data.setdefault("companion_placed", set())
        first = self.text not in placed
        placed.add(self.text)
        node = value_ref("", value.shown + (INFERRED if inferred else ""), name=self.text, note=note[:400], first=first)
        return [node], []


class CiteRole(SphinxRole):
    """``{cite}`key,key```: sources, as author and year in brackets."""

    def run(self):
        out: list[nodes.Node] = [nodes.Text("(")]
        for i, key in enumerate(k.strip() for k in self.text.split(",")):
            source = current().sources.get(key)
            if source is None:
                log.warning("no source '%s' in references.bib", key, location=self.get_location(), type="companion")
                continue
            out += [nodes.Text("; ")] if i else []
            inferred = self.env.temp_data.get("companion_clock") == "then" and source.date_basis.startswith("inferred")
            out.append(xref(f"source-{key}", source.short + (INFERRED if inferred else ""), self.env.docname, "cite"))
        return [*out, nodes.Text(")")], []


class QuoteRole(SphinxRole):
    """``{quote}`p11.s2:words```: at most eight words of the op-ed, as verified in data/oped.yml."""

    def run(self):
        ident, _, words = self.text.partition(":")
        return [xref(f"sentence-{ident.strip()}", f"“{words.strip()}”", self.env.docname, "quote")], []


class LabelRole(SphinxRole):
    """``{label}`18–29```: a number that only names something."""

    def run(self):
        return [nodes.Text(self.text)], []


class ToRole(SphinxRole):
    """``{claim}`id``` and ``{chart}`id```: a link to a claim or a chart of any chapter, by its own title."""

    def run(self):
        project = current()
        if self.name == "claim":
            claim = project.claims.get(self.text)
            title = claim.paraphrase if claim else None
        else:
            found = [c.evaluated.charts[self.text] for c in project.chapters if self.text in c.evaluated.charts]
            title = found[0].title if found else None
        if title is None:
            log.warning("no %s '%s'", self.name, self.text, location=self.get_location(), type="companion")
            return [text(self.text, "missing")], []
        return [xref(f"{self.name}-{self.text}", title, self.env.docname)], []


def register(app: Sphinx) -> None:
    app.add_node(
        value_ref,
        html=(visit_value_html, depart_value_html),
        text=(lambda self, node: None, lambda self, node: None),
        latex=(lambda self, node: None, lambda self, node: None),
    )
    for name in PARTS:
        app.add_directive(name, _Part)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("sentences", Sentences)
    app.add_directive("chapter-end", ChapterEnd)
    for name, role in (
        ("value", ValueRole),
        ("cite", CiteRole),
        ("quote", QuoteRole),
        ("label", LabelRole),
        ("claim", ToRole),
        ("chart", ToRole),
    ):
        app.add_role(name, role())
