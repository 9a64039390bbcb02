"""What a chapter may write: ``{claim}`` and its parts, ``{sentences}``, and the roles that place values and citations."""

from __future__ import annotations

import re
from html import escape

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

from companion.book.output import details
from companion.claims import CLAIM_OPTIONS, CLOCKS, PARTS, SIDES, Assessment, Chapter, Claim, clocks_of
from companion.project import current
from companion.sources import Source, label
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
        "", refdomain="", reftype="place", reftarget=label, refexplicit=True, refwarn=True, refdoc=docname
    )
    node += nodes.inline(words, words, classes=list(classes))
    return node


def resolve(app: Sphinx, env, node: addnodes.pending_xref, inside: nodes.Element) -> nodes.Element | None:
    """Resolve what ``xref`` made, with all that is in it: Sphinx's own domain would keep its text alone."""
    docname, ident = env.get_domain("std").anonlabels.get(node["reftarget"], (None, None))
    if node["reftype"] != "place" or docname is None:
        return None
    return make_refnode(app.builder, node["refdoc"], docname, ident, inside)


def citation(source: Source) -> list[nodes.Node]:
    """A source in one line, its title marked with its language."""
    before, _, after = source.full.partition(source.title.rstrip("."))
    named = text(source.title.rstrip("."), "source-title", *language(source.title_language))
    return [nodes.Text(before), named, nodes.Text(after)]


def language(tag: str) -> list[str]:
    """The class by which docutils writes a ``lang`` attribute; none for the book's own language."""
    return [f"language-{tag}"] if tag not in ("", "en") else []


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
            entry = nodes.entry(**({"morecols": len(header) - 1} if len(cells) == 1 < len(header) else {}))
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


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def slug(word: str) -> str:
    return word.replace(" ", "-")


STEPS = ["contradicted", "mostly contradicted", "mixed", "mostly supported", "supported"]
"""The scale's words that have a place on its line, from left to right."""


class scale(nodes.General, nodes.Element):
    """The scale drawn as a line of five steps, an open mark for then and a filled one for since; words stand beside it.

    ``then`` and ``since`` are steps from 0 to 4, or None; ``size`` is ``row`` or ``claim``.
    """


_SIZES = {"row": (300, 24, 12, 7.5), "claim": (640, 32, 40, 9)}  # width, height, room at the ends, radius of a mark


def visit_scale_html(self, node) -> None:
    width, height, room, radius = _SIZES[node["size"]]
    middle, gap = height / 2, (width - 2 * room) / (len(STEPS) - 1)
    at = {clock: room + gap * node[clock] for clock in CLOCKS if node[clock] is not None}
    ticks = "".join(f"M{room + gap * i:g} {middle - 4:g}v8" for i in range(len(STEPS)))
    drawn = [f'<path class="rail" d="M{room} {middle:g}H{width - room}{ticks}"/>']
    same = len(at) == 2 and at["then"] == at["since"]
    if len(at) == 2 and not same:
        ahead = 1 if at["since"] > at["then"] else -1
        reach = f"M{at['then'] + ahead * radius * 1.2:g} {middle:g}H{at['since'] - ahead * radius * 1.2:g}"
        drawn.append(f'<path class="move" d="{reach}"/>')
    sizes = {"then": radius * (1.33 if same else 1), "since": radius * (0.73 if same else 1.13)}
    drawn += [f'<circle class="clock-{c}" cx="{x:g}" cy="{middle:g}" r="{sizes[c]:g}"/>' for c, x in at.items()]
    words = f'<svg class="scale {node["size"]}" viewBox="0 0 {width} {height}" aria-hidden="true">{"".join(drawn)}</svg>'
    self.body.append(words)
    raise nodes.SkipNode


def scale_of(claim: Claim, size: str) -> scale:
    steps = {c: STEPS.index(a.word) if (a := getattr(claim, c)) and a.word in STEPS else None for c in CLOCKS}
    return scale("", size=size, **steps)


def in_words(claim: Claim) -> nodes.paragraph:
    """Both assessments: one word where they agree, else from the one to the other."""
    if claim.waits_for:
        return para(badge(None))
    low = [clock for clock in CLOCKS if getattr(claim, clock).confidence == "low"]
    then, since = claim.then.word, claim.since.word
    if then == since:
        said = "low confidence" if len(low) == 2 else f"low confidence {low[0]}" if low else ""
        both = [
            text("Then", "sr", "clock-then"),
            text(" and ", "sr", "clock-both"),
            text("since", "sr", "clock-since"),
            text(": ", "sr"),
        ]
        return para(*both, text(then, "assessed"), *_doubted(said, *([f"clock-{low[0]}"] if len(low) == 1 else [])))
    return para(
        nodes.inline(
            "",
            "",
            text("Then: ", "sr"),
            text(then, "assessed"),
            *_doubted("low confidence" if "then" in low else ""),
            classes=["clock-then"],
        ),
        text(" → ", "arrow"),
        nodes.inline(
            "",
            "",
            text("Since: ", "sr"),
            text(since, "assessed"),
            *_doubted("low confidence" if "since" in low else ""),
            classes=["clock-since"],
        ),
    )


def _doubted(said: str, *classes: str) -> list[nodes.Node]:
    """Low confidence, where a word stands without its reasons."""
    return [text(f" ({said})", "confidence", *classes)] if said else []


def badge(assessed: Assessment | None) -> nodes.inline:
    if assessed is None:
        return text("not yet assessed", "assessed", "waits")
    return text(assessed.word, "assessed", slug(assessed.word))


def clock_name(clock: str) -> list[nodes.Node]:
    day = current().oped.cut_off
    said = f": what could be known by {day.day} {day:%B %Y}" if clock == "then" else ": what came after"
    return [text("", "dot", clock), text(clock.capitalize(), "clock-word"), nodes.Text(said)]


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
        node = nodes.container(classes=["claim-part", self.name, f"clock-{clock}"])
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
        if self.name in ("evidence", "searched"):
            for paragraph in [child for child in node.children if type(child) is nodes.paragraph]:
                paragraph.replace_self(_by_sentence(paragraph))
        return [node]


def _by_sentence(paragraph: nodes.paragraph) -> list[nodes.paragraph]:
    """A paragraph for each line of the source, which holds one sentence with its sources: a narrow column stays readable."""
    lines: list[list[nodes.Node]] = [[]]
    for part in paragraph.children:
        for i, words in enumerate(part.astext().split("\n")) if isinstance(part, nodes.Text) else [(0, None)]:
            if i:
                lines.append([])
            lines[-1] += [part] if words is None else [nodes.Text(words)] if words else []
    return [nodes.paragraph("", "", *line, classes=list(paragraph["classes"])) for line in lines if line]


class ClaimDirective(SphinxDirective):
    """One claim with its two assessments, the evidence by clock and side, and what would change it."""

    has_content = True
    required_arguments = 1
    option_spec = {name: str for name in CLAIM_OPTIONS}

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
            node += self._forecast(claim, [p for p in held.children if p.get("part") == "base-rate"])
        for clock in CLOCKS:
            parts = [p for p in held.children if p.get("clock") == clock]
            by_side = {side: [p for p in parts if p["side"] == side] for side in SIDES}
            if any(by_side.values()):
                inside = section(clock_name(clock), f"claim-{claim.id}-{clock}", classes=("clock", f"clock-{clock}"))
                sides = nodes.container(classes=["sides"])
                # One box a side, so that a search recorded for a side stands below its evidence.
                sides += [nodes.container("", *said, classes=[f"side-{side}"]) for side, said in by_side.items() if said]
                inside += sides
                beside = [p for kind in ("would-change", "history") for p in parts if p["part"] == kind]
                inside += nodes.container("", *beside, classes=["beside"]) if beside else []
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
        line += self._drawn(claim)
        for clock, found in (("then", claim.then), ("since", claim.since)):
            verdict = nodes.container(classes=["verdict", f"clock-{clock}"])
            said = [text("", "dot", clock), text(clock.capitalize(), "clock-word"), " ", badge(found)]
            verdict += para(*said, *([text(f" · {found.confidence} confidence", "confidence")] if found else []))
            if clock in reasons:
                verdict += reasons[clock]
            line += verdict
        return line

    def _drawn(self, claim: Claim) -> list[nodes.Node]:
        """The scale with its words; nothing where neither assessment has a place on it."""
        drawn = scale_of(claim, "claim")
        if drawn["then"] is None and drawn["since"] is None:
            return []
        return [drawn, para(*[text(step) for step in STEPS], classes=("steps",))]

    def _forecast(self, claim: Claim, rates: list[nodes.container]) -> nodes.Node:
        listed = nodes.definition_list(classes=["forecast"])
        for name, key in (("What would count", "counts"), ("By when", "by"), ("Outcome", "outcome")):
            if claim.options.get(key):
                item = nodes.definition_list_item()
                since = ["clock-since"] if key == "outcome" else []
                item += [
                    nodes.term(name, name, classes=since),
                    nodes.definition("", para(claim.options[key]), classes=list(since)),
                ]
                listed += item
        for rate in rates:
            name = "How often such things happen"
            at = [f"clock-{rate['clock']}"]
            item = nodes.definition_list_item("", nodes.term(name, name, classes=at), nodes.definition("", rate, classes=at))
            listed.insert(len(listed) - bool(claim.options.get("outcome")), item)
        return listed


class OnClock(SphinxDirective):
    """Prose that holds on one clock: ``{answer}``, what a chapter finds, under its title; ``{clock}``, anywhere else."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        clock = self.arguments[0]
        if clock not in CLOCKS:  # the check has said why
            return []
        node = nodes.container(classes=[self.name, f"clock-{clock}"] if self.name == "answer" else [f"clock-{clock}"])
        if self.name == "answer":
            node += para(text(clock.capitalize(), "clock-word"), classes=("answer-clock",))
        # What an answer says in passing is free of the marks of inferred days: its figures' entries have them.
        self.env.temp_data["companion_clock"] = clock if self.name == "clock" else None
        self.state.nested_parse(self.content, self.content_offset, node)
        self.env.temp_data["companion_clock"] = None
        return [node]


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
        for name, number in chapter.placed.items():
            if name not in chapter.evaluated.values:
                continue
            value = chapter.evaluated.values[name]
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
                    [para(text(f"{number} ", "figure-number"), text(value.shown, "figure-shown"))],
                    [*filters, *how],
                    str(figure.as_of or "—"),
                    public,
                    [para(*joined(sources, "; ")), para(*back_link(name, value.shown))],
                ]
            )
            late = not figure.as_of or figure.as_of > project.oped.cut_off or not known or known > project.oped.cut_off
            marks.append({"ids": [f"figure-{name}"], "classes": ["clock-since"] if late else []})
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
            link = xref(f"source-{source.key}", "", self.env.docname)
            link.children = []
            link += nodes.inline("", "", *citation(source))
            late = source.published_by is None or source.published_by > project.oped.cut_off
            listed += nodes.list_item("", para(link), classes=["clock-since"] if late else [])
        node += details("", listed, summary=f"All {len(known)} sources" if len(known) > 1 else "The source")
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


def back_link(name: str, shown: str) -> list[nodes.Node]:
    """From a figure's entry back to where the text places it."""
    said = text(f"back to {shown} in the text", "sr")
    return [nodes.reference("", "", text("↩", "back", "seen"), said, refid=f"value-{name}", internal=True)]


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
                block["language"] = "none"  # colours would double the weight of what few open
            cell.append(details("", part, summary="Code of this chart", classes=["code"]))
        if drawn is None and not any(child for child in cell.findall(nodes.literal_block)):
            cell.parent.remove(cell)
    page = next(doctree.findall(nodes.section))
    for part in list(page.findall(nodes.section)):  # the chapter's end stands beside the others, not within the last of them
        if {f"figures-{chapter.name}", f"sources-{chapter.name}"} & set(part["ids"]) and part.parent is not page:
            part.parent.remove(part)
            page += part
    for claim in page.findall(lambda node: isinstance(node, nodes.section) and "claim" in node.get("classes", [])):
        _lead_chart(claim)
    title = next(page.findall(nodes.title))
    title.children = _numbered(title)
    answers = [node for node in page.findall(nodes.container) if "answer" in node.get("classes", [])]
    for answer in answers:
        answer.parent.remove(answer)
    pair = nodes.container("", *answers, classes=["answers-pair"])
    links = para(
        "Rerun this page: ",
        nodes.reference("notebook (.ipynb)", "notebook (.ipynb)", refuri=f"../notebooks/{chapter.name}.ipynb"),
        *(
            f" · {counted(n, what)}"
            for n, what in ((len(chapter.claims), "claim"), (len(chapter.evaluated.charts), "chart"))
            if n
        ),
        classes=("chapter-links",),
    )
    head = [links, *([pair] if answers else []), *glance(chapter, app.env.docname)]
    page.insert(page.index(title) + 1, head)


def _numbered(title: nodes.title) -> list[nodes.Node]:
    """A chapter's title with the paragraph's number set apart: "Paragraph 11: Territory" reads the same, in two lines."""
    number, colon, name = title.astext().partition(": ")
    if not colon or not number.startswith("Paragraph"):
        return title.children
    return [nodes.inline("", "", nodes.Text(number), text(": ", "sr"), classes=["number"]), nodes.Text(name)]


def _lead_chart(claim: nodes.section) -> None:
    """Move the first chart that follows a claim to where the claim's reasons end: a reader sees it before the evidence."""
    from companion.book.output import chart_node

    at = claim.parent.index(claim)
    after = next((node for node in claim.parent.children[at + 1 :] if not isinstance(node, nodes.comment)), None)
    if not isinstance(after, nodes.container) or next(after.findall(chart_node), None) is None:
        return
    clock = next((i for i, node in enumerate(claim.children) if "clock" in node.get("classes", [])), None)
    if clock is not None:
        after.parent.remove(after)
        claim.insert(clock, after)


def glance(chapter: Chapter, docname: str) -> list[nodes.Node]:
    """The chapter's claims on the scale, for its top; below them those that wait."""
    assessed = [claim for claim in chapter.claims if not claim.waits_for]
    waiting = [claim for claim in chapter.claims if claim.waits_for]
    out: list[nodes.Node] = []
    if len(assessed) > 1:
        out += [on_the_scale({"": assessed}, docname), key_of_marks()]
    if waiting:
        links = joined([xref(f"claim-{c.id}", c.paraphrase.rstrip("."), docname) for c in waiting], "; ")
        out.append(para(text("Not yet assessed: ", "group"), *links, ".", classes=("waiting",)))
    return out


def on_the_scale(groups: dict[str, list[Claim]], docname: str, numbered: bool = False) -> nodes.table:
    """Claims in groups, each a row with its marks on the scale and its two words; a group called ``""`` has no row of its own.

    ``numbered`` is for claims of several chapters: short labels, with the number of the paragraph.
    """
    body, marks = [], []
    for name, claims in groups.items():
        if name:
            body.append([[para(text(name, "group"), f" {counted(len(claims), 'claim')}")]])
            marks.append({"classes": ["group"]})
        for claim in claims:
            words = [named(claim, docname) if numbered else para(xref(f"claim-{claim.id}", claim.paraphrase, docname))]
            body.append([words, [scale_of(claim, "row")], [in_words(claim)]])
            marks.append({"classes": ["moved"] if claim.moved else []})
    ends = [text("contradicted"), text("mixed"), text("supported")]
    place = [nodes.inline("", "", *ends, classes=["ends"]), text("Place on the scale; the next column says it", "sr")]
    heads = ["Claim", place, "In words"]
    return table(heads, body, ("answers",), marks)


def named(claim: Claim, docname: str) -> nodes.paragraph:
    """A claim by its short label, a link, with the number of its paragraph: where claims of several chapters stand together."""
    line = para(xref(f"claim-{claim.id}", claim.short, docname))
    if claim.paragraph:
        number = (text("¶", "seen"), text("paragraph ", "sr"), nodes.Text(claim.paragraph))
        line += [nodes.Text(" "), nodes.inline("", "", *number, classes=["of"])]
    return line


def key_of_marks() -> nodes.paragraph:
    """What an open and a filled mark mean."""
    day = current().oped.cut_off
    said = {"then": f"then: by {day.day} {day:%B %Y}", "since": "since", "same": "the same word on both"}
    key = para(classes=("key",))
    for mark, words in said.items():
        key += nodes.inline("", "", text("", "dot", mark), nodes.Text(words), classes=[f"clock-{mark}"])
    return key


# Roles


class value_ref(nodes.Inline, nodes.TextElement):
    """A placed value: its text, with ``name``, ``note`` and the ``number`` of its entry."""


def visit_value_html(self, node) -> None:
    note = escape(node["note"], quote=True)
    ident = f' id="value-{node["name"]}"' if node["first"] else ""
    number = f' data-number="{node["number"]}"'
    self.body.append(f'<a class="value"{ident} href="#figure-{node["name"]}" data-note="{note}"{number}>')


def dagger() -> list[nodes.Node]:
    """The mark of an inferred day: a sign to the eye, words to the ear."""
    return [text(INFERRED, "seen"), text(" (day inferred)", "sr")]


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
        public = f"; public by {known} (inferred)" if basis.startswith("inferred") else f"; public on {known}"
        when = f"As of {figure.as_of}" + (public if known else "") if figure.as_of else ""
        note = "\n".join(_cut(part) for part in (sources, when, figure.how or where) if part)
        placed = self.env.temp_data.setdefault("companion_placed", set())
        first = self.text not in placed
        placed.add(self.text)
        node = value_ref("", "", name=self.text, note=note, first=first)
        node += [nodes.Text(value.shown), *(dagger() if inferred else [])]
        node["number"] = chapter.placed.get(self.text, 0)
        return [node], []


def _cut(line: str, most: int = 200) -> str:
    """A long line of a note, cut at a word; its entry has it whole."""
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + " …"


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
            link = xref(f"source-{key}", source.short, self.env.docname, "cite")
            link[0] += dagger() if inferred else []
            out.append(link)
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
            title = claim.paraphrase.rstrip(".") if claim else None  # it stands in a sentence
        else:
            found = [c.evaluated.charts[self.text] for c in project.chapters if self.text in c.evaluated.charts]
            title = found[0].title if found else None
        if title is None:
            log.warning("no %s '%s'", self.name, self.text, location=self.get_location(), type="companion")
            return [text(self.text, "missing")], []
        return [xref(f"{self.name}-{self.text}", title, self.env.docname)], []


def register(app: Sphinx) -> None:
    skip = (lambda self, node: None, lambda self, node: None)
    app.add_node(scale, html=(visit_scale_html, None), text=skip, latex=skip)
    app.add_node(
        value_ref,
        html=(visit_value_html, depart_value_html),
        text=skip,
        latex=skip,
    )
    for name in PARTS:
        app.add_directive(name, _Part)
    app.connect("missing-reference", resolve)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("answer", OnClock)
    app.add_directive("clock", OnClock)
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
