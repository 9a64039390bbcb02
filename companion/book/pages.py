"""Pages made from the claims, the tables and the sources: answers, scorecard, coverage, tables, sources, the scale."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from companion.book.directives import (
    STEPS,
    badge,
    counted,
    joined,
    key_of_marks,
    language,
    mark,
    named_lines,
    on_the_scale,
    para,
    scale_of,
    section,
    sentence_table,
    slug,
    table,
    text,
    xref,
)
from companion.book.output import details
from companion.claims import CLOCKS, CONFIDENCE, HELD, SCALE, Chapter, Claim, Part, refs
from companion.project import Project, current
from companion.sources import Source, label
from companion.tables import Table

log = logging.getLogger(__name__)


def stub(name: str) -> str:
    """The Markdown of a table's page; the directive makes its content."""
    return f"# {current().table(name).title}\n\n```{{table-page}} {name}\n```\n"


def notebook(chapter: Chapter, path: Path) -> None:
    """Write a chapter as a notebook whose first cell says what it needs."""
    import jupytext
    import nbformat

    book = jupytext.read(chapter.path, fmt="md:myst")
    needs = (
        "> **What this notebook needs.** It reads the project's tables through its package `companion`, so it runs inside a "
        "copy of the project: clone it, run `make lab`, and open this chapter there. With the environment of "
        "`requirements.txt` and the package installed (`pip install -e .`), it also runs when this file lies in the project's "
        f"`chapters/` (chapter `{chapter.name}`)."
    )
    cell = nbformat.v4.new_markdown_cell(needs)
    cell["id"] = "needs"
    book.cells.insert(0, cell)
    for i, other in enumerate(book.cells[1:]):
        other["id"] = f"cell-{i}"  # jupytext draws ids at random, which would make every build differ
    nbformat.write(book, path)


WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()


def _number(n: int) -> str:
    return WORDS[n] if n < len(WORDS) else str(n)


SAME = "The same word on both clocks"


class Answers(SphinxDirective):
    """Every claim on the scale, under a heading that says the finding.

    First how many have each word, then those whose word moved, and folded those whose didn't.
    """

    def run(self) -> list[nodes.Node]:
        project = current()
        assessed = [c for c in project.claims.values() if not c.waits_for]
        waiting = len(project.claims) - len(assessed)
        every = project.oped.sentences
        covered = {every[s].paragraph for claim in project.claims.values() for s in claim.sentences if s in every}
        node = section(self._finding(assessed), "answers", classes=("answers-chart",))
        said = (
            "Each claim on the scale from contradicted to supported; “held up” counts supported and mostly supported. "
            "Claims differ in weight, and the count doesn't weigh them. "
            + (
                f"Each of the op-ed's {len(covered)} paragraphs has a chapter"
                if len(covered) == len(project.oped.paragraphs)
                else f"{len(covered)} of the op-ed's {len(project.oped.paragraphs)} paragraphs have a chapter so far"
            )
        )
        node += para(
            f"{said}; {_number(waiting)} more claims wait for their evidence." if waiting else f"{said}.", classes=("sub",)
        )
        node += [key_of_marks(), self._tally(assessed)]
        groups = self._groups(assessed)
        still = groups.pop(SAME, [])
        node += on_the_scale(groups, self.env.docname, numbered=True) if groups else []
        if still:
            folded = details("", summary=f"{SAME}: {counted(len(still), 'claim')}", classes=["still"])
            folded += on_the_scale({"": still}, self.env.docname, numbered=True)
            node += folded
        return [node]

    def _tally(self, assessed: list[Claim]) -> nodes.table:
        """How many claims have each word, a mark for each: the chart of all claims in its shortest form."""
        body = []
        for word in (word for word in SCALE if any(word == getattr(c, clock).word for c in assessed for clock in CLOCKS)):
            cells: list[list[nodes.Node] | str] = [word]
            for clock in CLOCKS:
                number = sum(getattr(claim, clock).word == word for claim in assessed)
                marks = [text("", "dot", clock) for _ in range(number)]
                cells.append([nodes.inline("", "", text(str(number), "number"), *marks, classes=[f"clock-{clock}"])])
            body.append(cells)
        return table(["In words", "Then", "Since"], body, ("tally",))

    def _finding(self, assessed: list[Claim]) -> str:
        held = {clock: {c.id for c in assessed if getattr(c, clock).word in HELD} for clock in CLOCKS}
        then, since = len(held["then"]), len(held["since"])
        said = f"Of {_number(len(assessed))} claims, {_number(then)} held up then and {_number(since)} since"
        if then == since and held["then"] != held["since"]:
            said += f", but not the same {_number(then)}"
        early = sum(claim.since.word == "too early to tell" for claim in assessed)
        return f"{said}; {_number(early)} can’t be judged yet" if early else said

    def _groups(self, assessed: list[Claim]) -> dict[str, list[Claim]]:
        """Claims by how their word moved along the scale; within a group from supported to contradicted, then in book order."""

        def step(claim: Claim, clock: str) -> int | None:
            word = getattr(claim, clock).word
            return STEPS.index(word) if word in STEPS else None

        groups: dict[str, list[Claim]] = {
            "Better supported since": [],
            "Less supported since": [],
            SAME: [],
            "Not on the scale, on one clock or both": [],
        }
        better, less, same, off = groups.values()
        for claim in assessed:
            then, since = step(claim, "then"), step(claim, "since")
            group = off if None in (then, since) else better if since > then else less if since < then else same
            group.append(claim)
        for group in (better, less, same):
            group.sort(key=lambda claim: -step(claim, "since"))
        return {name: group for name, group in groups.items() if group}


class MainClaim(SphinxDirective):
    """The claim that a reader should know first, with its words; its id is the argument."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        claim = current().claims.get(self.arguments[0])
        if claim is None:
            log.warning("{main-claim}: no claim '%s'", self.arguments[0], location=self.get_location(), type="companion")
            return []
        linked = xref(f"claim-{claim.id}", claim.paraphrase.rstrip("."), self.env.docname)
        found = {clock: getattr(claim, clock) for clock in CLOCKS}
        # A word that is the same on both clocks is said once.
        together = [CLOCKS] if len({*found.values()}) == 1 else [(clock,) for clock in CLOCKS]
        said: list[nodes.Node | str] = []
        for clocks in together:
            word = found[clocks[0]]
            said += [
                "; " if said else ". We find it ",
                text(word.word if word else "not assessed", "assessed"),
                f" {' and '.join(clocks)}" + (", with low confidence" if word and word.confidence == "low" else ""),
            ]
        return [para("Its main claim, in our words: ", linked, *said, ".")]


class Paragraphs(SphinxDirective):
    """The op-ed's paragraphs as tiles: what each is about, and for one with a chapter its name and its claims' marks."""

    def run(self) -> list[nodes.Node]:
        project = current()
        chapters = {chapter.paragraph: chapter for chapter in project.chapters if chapter.paragraph}
        listed = nodes.bullet_list(classes=["paragraphs"])
        for paragraph in project.oped.paragraphs:
            chapter = chapters.get(paragraph.id)
            number = text(str(paragraph.number), "number")
            if chapter is None:
                item = nodes.list_item("", para(text("Paragraph ", "sr"), number), para(paragraph.about))
            else:
                link = nodes.reference("", "", internal=True, refuri=self._address(chapter))
                name = chapter.title.partition(": ")[2] or chapter.title
                link += nodes.inline("", "", text("Paragraph ", "sr"), number, text(": ", "sr"), nodes.Text(name))
                item = nodes.list_item("", para(link), para(*self._said(chapter)), classes=["written"])
            listed += item
        return [listed]

    def _address(self, chapter: Chapter) -> str:
        return self.env.app.builder.get_relative_uri(self.env.docname, f"chapters/{chapter.name}")

    def _said(self, chapter: Chapter) -> list[nodes.Node | str]:
        assessed = [claim for claim in chapter.claims if not claim.waits_for]
        moved = sum(claim.moved for claim in assessed)
        said = f"{counted(len(assessed), 'claim')} assessed, {moved} with a different word since"
        waiting = len(chapter.claims) - len(assessed)
        return [said + (f"; {waiting} more wait" if waiting else "")]


class Record(SphinxDirective):
    """What is known of the op-ed: who, where, when; and what isn't known."""

    def run(self) -> list[nodes.Node]:
        oped = current().oped
        record, (start, end) = oped.record, oped.window
        title = record.get("title")
        line = para(f"The op-ed is by {record['author']}, for {record['series']} of the {record['publisher']}")
        if title or oped.url:
            words = title or oped.url
            line += [nodes.Text(": "), nodes.reference(words, words, refuri=oped.url) if oped.url else text(words)]
        line += nodes.Text(f"; it appeared on {record['date']}." if record.get("date") else ".")
        names = {"title": "its title", "url": "its address", "date": "its exact day"}
        unknown = [words for key, words in names.items() if not record.get(key)]
        if unknown:
            said = ", ".join(unknown[:-1]) + (" or " if len(unknown) > 1 else "") + unknown[-1]
            line += nodes.Text(f" The copy that we worked from doesn't give {said}, and we don't supply them from memory.")
        if not record.get("date"):
            span = f"{start.day} {start:%B %Y} and {end.day} {end:%B %Y}"
            line += nodes.Text(f" From what it says and doesn't say, it was written between {span}; the charts mark that span.")
        return [line]


class Scorecard(SphinxDirective):
    """All claims in one table; a small script adds filters where scripts run."""

    def run(self) -> list[nodes.Node]:
        body, marks = [], []
        for claim in current().claims.values():
            cells = [
                f"¶{claim.paragraph}" if claim.sentences else "",
                [xref(f"claim-{claim.id}", claim.paraphrase, self.env.docname)],
                claim.kind,
                [scale_of(claim, "row")] if not claim.waits_for else "",
                self._assessed(claim, "then"),
                self._assessed(claim, "since"),
                "yes" if claim.moved else "no" if claim.then else "—",
            ]
            body.append(cells)
            then, since = (slug(a.word) if a else "waits" for a in (claim.then, claim.since))
            paragraph = claim.paragraph or "none"
            marks.append(
                {
                    "classes": [
                        f"p--{paragraph}",
                        f"kind--{claim.kind}",
                        f"then--{then}",
                        f"since--{since}",
                        f"moved--{'yes' if claim.moved else 'no'}",
                    ]
                }
            )
        header = [
            "Paragraph",
            "Claim",
            "Kind",
            [text("On the scale"), text(" (the next columns say it)", "sr")],
            "Then",
            "Since",
            "Changed since",
        ]
        return [table(header, body, ("scorecard",), marks)]

    def _assessed(self, claim: Claim, clock: str) -> list[nodes.Node]:
        found = getattr(claim, clock)
        return [para(badge(found), *([text(f" {found.confidence} confidence", "confidence")] if found else []))]


class Coverage(SphinxDirective):
    """All sentences of the op-ed: a square each, then a table by paragraph."""

    def run(self) -> list[nodes.Node]:
        project, env = current(), self.env
        claimed = {s for c in project.claims.values() for s in c.sentences}
        every = project.oped.sentences
        out: list[nodes.Node] = [
            para(
                f"{len(every)} of {len(every)} sentences are classed; {len(claimed & set(every))} have one or more claims so far."
            )
        ]
        grid = nodes.bullet_list(classes=["coverage-grid"])
        for paragraph in project.oped.paragraphs:
            line = para(text(f"¶{paragraph.number}", "coverage-paragraph"))
            for s in paragraph.sentences:
                state = "claimed" if s.id in claimed else "unclaimed"
                link = nodes.reference("", "", refid=f"sentence-{s.id}", internal=True, classes=["coverage-cell", state])
                said = "has a claim" if state == "claimed" else "no claim yet"
                link += [nodes.Text(s.id.split(".")[1]), text(f", paragraph {paragraph.number}, {said}", "sr")]
                line += [nodes.Text(" "), link]
            grid += nodes.list_item("", line)
        out.append(grid)
        out.append(
            para(
                text("s1", "coverage-cell", "claimed"),
                " has a claim; ",
                text("s1", "coverage-cell", "unclaimed"),
                " has none yet.",
            )
        )
        for paragraph in project.oped.paragraphs:
            node = section(f"Paragraph {paragraph.number}", f"paragraph-{paragraph.id}")
            node += para(paragraph.about)
            listed = sentence_table(paragraph.sentences, env.docname, env)
            if claimed & {s.id for s in paragraph.sentences}:
                node += listed
            else:
                node += details("", listed, summary=f"{counted(len(paragraph.sentences), 'sentence')}, no claim yet")
            out.append(node)
        return out


class Scale(SphinxDirective):
    """The scale of assessments, or with ``confidence`` the levels of confidence, with their definitions."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        listed = nodes.definition_list(classes=["scale"])
        confidence = self.arguments and self.arguments[0] == "confidence"
        for word, meaning in (CONFIDENCE if confidence else SCALE).items():
            term = nodes.term("", "", text(word, *([] if confidence else ["assessed", slug(word)])))
            meant = nodes.definition("", para(meaning))
            if not confidence:
                meant += self._examples(word)
            listed += nodes.definition_list_item("", term, meant)
        return [listed]

    def _examples(self, word: str) -> nodes.paragraph:
        """Two claims with the word, from two chapters if it can be: first those that have it on both clocks, most surely."""
        levels = list(CONFIDENCE)
        having = [
            (-len(clocks), max(levels.index(getattr(claim, clock).confidence) for clock in clocks), i, claim, clocks)
            for i, claim in enumerate(claim for claim in current().claims.values() if not claim.waits_for)
            if (clocks := [clock for clock in CLOCKS if getattr(claim, clock).word == word])
        ]
        having.sort(key=lambda found: found[:3])
        first = having[:1]
        second = [found for found in having[1:] if found[3].chapter != first[0][3].chapter] or having[1:]
        chosen = [*first, *second[:1]]
        if not chosen:
            return para("No claim of the book has this word.", classes=("examples",))
        links = []
        for *_, claim, clocks in chosen:
            said = "" if len(clocks) == len(CLOCKS) else f" ({clocks[0]})"
            links.append(nodes.inline("", "", xref(f"claim-{claim.id}", claim.short, self.env.docname), nodes.Text(said)))
        return para("For example: ", *joined(links, "; "), ".", classes=("examples",))


def sources_of(part: Part, chapter: Chapter) -> list[str]:
    """The keys of the sources under a part of a claim: those that it cites, and those of its figures."""
    figures = [chapter.evaluated.values[name].figure for name in part.refs("value") if name in chapter.evaluated.values]
    return list(dict.fromkeys([*part.refs("cite"), *(key for figure in figures for key in figure.sources)]))


def uses_of_sources(project: Project) -> dict[str, dict[str, list[str]]]:
    """What rests on each source: ``{key: {"claims": ids, "tables": names}}``."""
    uses: dict[str, dict[str, list[str]]] = {key: {"claims": [], "tables": []} for key in project.sources}

    def add(key: str, kind: str, name: str) -> None:
        if key in uses and name not in uses[key][kind]:
            uses[key][kind].append(name)

    for name, t in project.tables.items():
        for key in (*t.frame.get("source_id", pd.Series(dtype=str)).dropna().unique(), *(t.meta.get("upstream") or ())):
            add(str(key), "tables", name)
        for key in sorted(uses.keys() & t.named):
            add(key, "tables", name)
    for chapter in project.chapters:
        for claim in chapter.claims:
            for part in claim.parts:
                for key in sources_of(part, chapter):
                    add(key, "claims", claim.id)
    return uses


class SourceList(SphinxDirective):
    """Every source, with what cites it."""

    def run(self) -> list[nodes.Node]:
        project = current()
        uses = uses_of_sources(project)
        kinds = {"yes": "primary", "no": "secondary", "computed": "our computing"}
        counts = pd.Series([kinds.get(s.primary, "?") for s in project.sources.values()]).value_counts()
        out: list[nodes.Node] = [para(f"{len(project.sources)} sources: {', '.join(f'{n} {k}' for k, n in counts.items())}.")]
        listed = nodes.bullet_list(classes=["source-list"])
        for source in sorted(project.sources.values(), key=lambda s: s.full.lower()):
            listed += self._item(source, uses[source.key], kinds)
        return [*out, listed]

    def _item(self, source: Source, uses: dict, kinds: dict) -> nodes.list_item:
        item = nodes.list_item()
        mark(self.env, f"source-{source.key}", item)
        line = para(f"{source.author} ({source.published or 'no date seen'}). ")
        named = text(source.title, "source-title", *language(source.title_language))
        line += nodes.reference("", "", named, refuri=source.url) if source.url else named
        line += nodes.Text(f". {source.publisher}." if source.publisher and source.publisher != source.author else ".")
        item += line
        about = [source.kind, kinds.get(source.primary, "?"), f"language {source.language}"]
        if source.date_basis.startswith("inferred"):
            about.append(f"date {source.date_basis}")
        if source.accessed:
            about.append(f"read {source.accessed}")
        about.append(f"licence: {source.licence or 'not seen'}")
        about.append(f"key {source.key}")
        item += para(" · ".join(about), classes=("source-about",))
        if source.rests_on:
            known = current().sources
            parts = [
                xref(f"source-{key}", label(known[key], known), self.env.docname) if key in known else nodes.Text(key)
                for key in source.rests_on
            ]
            item += para("Rests on ", *joined(parts, "; "), ".", classes=("source-about",))
        if source.note:
            item += para(source.note, classes=("source-about",))
        cited = [xref(f"claim-{c}", c, self.env.docname) for c in uses["claims"]]
        tables = [xref(f"table-{t}", t, self.env.docname) for t in uses["tables"]]
        parts = [
            *(["Claims: ", *joined(cited)] if cited else []),
            *([". " if cited else "", "Tables: ", *joined(tables)] if tables else []),
        ]
        item += para(*parts, classes=("source-about",))
        return item


class TableIndex(SphinxDirective):
    """Every table with what it measures, under a heading for each topic: each folder of ``data/``."""

    def run(self) -> list[nodes.Node]:
        topics: dict[str, list[Table]] = {}
        for name, t in current().tables.items():
            topics.setdefault(name.partition("/")[0], []).append(t)
        out = []
        for topic, inside in topics.items():
            words = topic.replace("_", " ")
            node = section(words[:1].upper() + words[1:], f"tables-{slug(words)}")
            body = [
                [
                    [xref(f"table-{t.name}", t.title, self.env.docname)],
                    [para(*in_code(str(t.meta["measures"]), t))],
                    f"{len(t.frame):,}",
                    t.meta["made"],
                ]
                for t in inside
            ]
            node += table(["Table", "What it measures", "Rows", "How made"], body, ("table-index",))
            out.append(node)
        return out


def in_code(words: str, t: Table) -> list[nodes.Node]:
    """A sidecar's words with the names of its columns as code: those with an underscore, which can be no word of English."""
    names = {name for name in t.columns if "_" in name}
    parts = re.split(r"`?\b(\w*_\w*)\b`?", " ".join(words.split()))
    return [nodes.literal(part, part) if part in names else nodes.Text(part) for part in parts if part]


class TablePage(SphinxDirective):
    """One table: what, how, caveats, columns, preview, download, citation, and what uses it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        t = current().table(self.arguments[0])
        meta, name = t.meta, t.name
        top = nodes.container(classes=["table-page"])
        mark(self.env, f"table-{name}", top)
        top += para(*in_code(str(meta["measures"]), t))
        frame = t.frame
        days = frame[meta["date"]]
        dated = pd.api.types.is_datetime64_any_dtype(days) and days.notna().any()
        span = f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}" if dated else "no dates"
        licence = meta["licence"] if isinstance(meta["licence"], dict) else {"name": meta["licence"]}
        facts = {
            "Unit": meta["unit"],
            "Whom or where": meta.get("geography"),
            "Made": meta["made"],
            "Rows": f"{len(frame):,}, {span}",
            "Whose claim": meta.get("publisher_side"),
            "Licence": f"{licence.get('name')} (looked at {licence.get('seen', '?')}). {licence.get('note') or ''}",
            "Public": f"{meta['public']}: {meta.get('public_basis')}" if meta.get("public") else None,
        }
        listed = nodes.definition_list(classes=["facts"])
        for term, meaning in facts.items():
            if meaning:
                listed += nodes.definition_list_item("", nodes.term(term, term), nodes.definition("", para(str(meaning))))
        base = f"../data/{name}"
        links = para(
            nodes.reference("CSV", f"Download {name}.csv", refuri=f"{base}.csv"),
            " · ",
            nodes.reference("sidecar", "its description (YAML)", refuri=f"{base}.yml"),
            " · ",
            nodes.reference("package", "data package of the whole", refuri="../datapackage.json"),
            classes=("chapter-links",),
        )
        parts = [top, links, listed, self._how(t), self._caveats(t)]
        parts += [self._columns(t), self._preview(t), self._used_rows(t), self._uses(t), self._cite(t, span)]
        return [p for p in parts if p is not None]

    def _how(self, t: Table) -> nodes.section:
        node = section("How it was made", "how-it-was-made")
        node += para(*in_code(str(t.meta["how"]), t))
        return node

    def _caveats(self, t: Table) -> nodes.section:
        node = section("Read this before you use it", "caveats")
        listed = nodes.bullet_list()
        for caveat in t.meta["caveats"]:
            listed += nodes.list_item("", para(*in_code(str(caveat), t)))
        node += listed
        return node

    def _columns(self, t: Table) -> nodes.section:
        node = section("Columns", "columns")
        body = []
        for spec in t.meta["schema"]["fields"]:
            rules = ", ".join(_rule(*rule) for rule in (spec.get("constraints") or {}).items())
            body.append(
                [[nodes.literal(spec["name"], spec["name"])], spec["type"], str(spec.get("description", "")), rules or "—"]
            )
        node += table(["Column", "Type", "What", "Constraints"], body, ("columns",))
        return node

    def _preview(self, t: Table) -> nodes.section:
        frame = t.frame
        part = frame if len(frame) <= 14 else pd.concat([frame.head(8), frame.tail(4)])
        shown = part.drop(columns=[c for c in ("seen_at",) if c in part])
        node = section("Preview", "preview")
        node += para(f"The first and last rows of {len(frame):,}." if len(part) < len(frame) else f"All {len(frame)} rows.")
        body = [
            [str(line), *[_short(_cell(v)) for v in row]]
            for line, row in zip(shown.index, shown.itertuples(index=False), strict=True)
        ]
        node += table(["line", *([nodes.literal(c, c)] for c in shown.columns)], body, ("preview",))
        return node

    def _used_rows(self, t: Table) -> nodes.section | None:
        """The rows that figures of the chapters name one by one, whole, so that a figure leads to its row."""
        used: dict[int, list[nodes.Node]] = {}
        for chapter in current().chapters:
            for name, value in chapter.evaluated.values.items():
                for line in [n for o in value.figure.origins if o.table.name == t.name for n in named_lines(o)]:
                    used.setdefault(line, []).append(xref(f"figure-{chapter.name}-{name}", value.shown, self.env.docname))
        if not used:
            return None
        node = section("Rows behind figures in the book", "rows")
        node += para("Each row that a figure in a chapter rests on, as it stands in the CSV, with that figure.")
        body, marks = [], []
        for line in sorted(used):
            row = t.frame.loc[line]
            said = [
                para(nodes.literal(c, c, classes=["field"]), ": ", self._linked(c, _cell(row[c])))
                for c in t.columns
                if _cell(row[c])
            ]
            body.append([str(line), said, [para(*joined(used[line]))]])
            marks.append({"ids": [f"line-{line}"], "classes": []})
            self.env.get_domain("std").anonlabels[f"row-{t.name}-{line}"] = (self.env.docname, f"line-{line}")
        node += table(["Line", "Row", "Figures"], body, ("used-rows",), marks)
        return node

    def _linked(self, column: str, cell: str) -> nodes.Node:
        """A row's cell; a source's key leads on to the source."""
        known = column in ("source_id", "computed_source_id") and cell in current().sources
        return xref(f"source-{cell}", cell, self.env.docname) if known else nodes.Text(cell)

    def _uses(self, t: Table) -> nodes.section:
        project, node = current(), section("What uses it", "uses")
        charts, claims = [], {}
        for chapter in project.chapters:
            charts += [chart for chart in chapter.evaluated.charts.values() if t.name in chart.tables]
            named = {n for n, v in chapter.evaluated.values.items() if any(o.table.name == t.name for o in v.figure.origins)}
            claims |= {c.id: c for c in chapter.claims if any(n in named for p in c.parts for n in refs(p.text, "value"))}
        for what, links in (
            ("Claims", [xref(f"claim-{c.id}", c.paraphrase, self.env.docname) for c in claims.values()]),
            ("Charts", [xref(f"chart-{c.id}", c.title, self.env.docname) for c in charts]),
        ):
            if links:
                node += para(text(what))
                listed = nodes.bullet_list()
                listed += [nodes.list_item("", para(link)) for link in links]
                node += listed
            else:
                node += para(f"{what}: none yet.")
        return node

    def _cite(self, t: Table, span: str) -> nodes.section:
        project, node = current(), section("How to cite", "cite")
        node += para(f"{t.title} ({t.meta['made']}; {span}). Table {t.name} of this book.")
        keys = [k for k in dict.fromkeys(t.frame["source_id"].dropna())] if "source_id" in t.frame else []
        known = [project.sources[k] for k in keys if k in project.sources]
        node += para(
            "Its sources, to be cited with it: ",
            *joined([xref(f"source-{s.key}", s.short, self.env.docname) for s in known], "; "),
            ".",
        )
        return node


def _rule(name: str, value: object) -> str:
    """A constraint of the schema in words."""
    words = {"required": "always given", "unique": "each once"}
    if name in words:
        return words[name] if value else "may be missing" if name == "required" else "may repeat"
    if name == "enum":
        return f"one of {' | '.join(map(str, value))}"
    return f"{dict(minimum='at least', maximum='at most', pattern='of the form').get(name, name)} {value}"


def _short(cell: str, most: int = 60) -> str:
    """A long note cut, so that a preview's rows stay rows; the CSV has it whole."""
    return cell if len(cell) <= most else cell[:most].rsplit(" ", 1)[0] + " …"


def _cell(value: object) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def register(app: Sphinx) -> None:
    for name, directive in {
        "answers": Answers,
        "main-claim": MainClaim,
        "paragraphs": Paragraphs,
        "record": Record,
        "scorecard": Scorecard,
        "coverage": Coverage,
        "scale": Scale,
        "source-list": SourceList,
        "table-index": TableIndex,
        "table-page": TablePage,
    }.items():
        app.add_directive(name, directive)
