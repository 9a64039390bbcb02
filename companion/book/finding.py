"""Finding things: the search's index, the index of names, the glossary, and the links to it from the text.

The index of the search is a script that assigns data, ``find-index.js``, and no file to be fetched, so that the search
works in a book opened from disk too, where a browser fetches nothing. The claims stand on the search page itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from companion.book.directives import joined, mark, para, slug, text
from companion.book.output import chart_node, details
from companion.finding import GLOSSARY, INDEX, KINDS, Name, Term, credits, finder, names, terms
from companion.finding import slug as address
from companion.project import Project, current

SEARCHED = ("html", "dirhtml")
"""The builders that make a search page; a book of one page has the browser's own search."""
DATA = "find-index.js"
PLACES = ("claim", "section", "page", "chart", "table", "source", "term", "name", "sentence", "explorer")
"""The kinds of places that a search leads to, as the index counts them."""
LEFT_OUT = {"figures", "preview", "rows", "columns", "uses", "cite"}
"""Sections that repeat tables, by class or id, and a chapter's list of sources."""
FEW = 6  # sources of a name that stand open; more of them fold


@dataclass(frozen=True)
class Place:
    """Somewhere a search or the index can lead to: a page and an id on it, its title, and what it says.

    ``unit`` is the id of the claim that it is a part of, ``label`` what the part is called there ("Then").
    """

    kind: str
    docname: str
    anchor: str
    title: str
    text: str
    unit: str = ""
    label: str = ""


# What the pages say


UNREAD = {"source-list", "chapter-links", "claim-about", "facts", "back", "cite", "steps", "verdict"}
"""What is no text to be read, by class: links, dates and licences that a page has beside what it says."""


def plain(node: nodes.Node) -> str:
    """A node's text for reading, without what is folded, tables, code, pictures and citations."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if "said" in node:  # an explorer, whose parts are made later
        return f"{node['said']}\n"
    if isinstance(node, nodes.table | nodes.literal_block | details | chart_node | nodes.comment | nodes.raw | addnodes.toctree):
        return ""
    classes = {*node.get("classes", [])}
    if UNREAD & classes:
        return ""
    inside = "".join(map(plain, node.children))
    if isinstance(node, nodes.title) or "side-line" in classes:
        return f"{inside.strip().rstrip('.:')}: \n"
    if isinstance(node, nodes.paragraph) and inside.strip() and inside.strip()[-1] not in '.:;!?…”"':
        inside = f"{inside.rstrip()}."
    return f"{inside}\n" if isinstance(node, nodes.Body | nodes.term | nodes.definition) else inside


def squeezed(words: str) -> str:
    """Words in one line, without the brackets that citations leave."""
    return re.sub(r"([.!?:])(\s*\.)+", r"\1", " ".join(re.sub(r"\s*\([;\s]*\)", "", words).split()))


def places_of(docname: str, doctree: nodes.document) -> Iterator[Place]:
    """The places of one page, in order: the page, its sections, claims with their clocks, and charts."""
    top = next((n for n in doctree.children if isinstance(n, nodes.section)), None)
    if top is None:
        return
    if docname.startswith("tables/"):
        said = squeezed(" ".join(plain(n) for n in _kept(top)))
        yield Place("table", docname, "", top[0].astext(), said)
    else:
        yield from _section(docname, top, "page")


def _kept(node: nodes.Element) -> Iterator[nodes.Node]:
    """The children of a table's page that say something about it in words."""
    for child in node.children[1:]:
        if not (isinstance(child, nodes.section) and LEFT_OUT & {*child["classes"], *child["ids"]}):
            yield child


@dataclass(frozen=True)
class _Claim:
    """The claim that a section lies in, with the reasons for its words by clock, which belong to what each clock says."""

    anchor: str
    title: str
    why: dict[str, str]


def _section(docname: str, node: nodes.section, kind: str, claim: _Claim | None = None) -> Iterator[Place]:
    ids, classes = node["ids"], node["classes"]
    if LEFT_OUT & {*ids, *classes} or any(ident.startswith("sources-") for ident in ids):
        return
    title, anchor, label = squeezed(node[0].astext()), ids[0] if ids else "", ""
    if kind == "page" and any("said" in child for child in node.findall(nodes.Element)):
        kind = "explorer"
    said = ""
    if "claim" in classes:
        kind, claim = "claim", _Claim(anchor, title, {})
        for reason in node.findall(lambda n: isinstance(n, nodes.Element) and "why" in n.get("classes", [])):
            claim.why[reason.get("clock")] = plain(reason)
    elif claim and "clock" in classes:
        kind, label, title = "claim", title.split(":")[0], claim.title
        said = "".join(words for clock, words in claim.why.items() if f"clock-{clock}" in classes)
    inside = [child for child in node.children[1:] if isinstance(child, nodes.section)]
    own = [child for child in node.children[1:] if not isinstance(child, nodes.section)]
    said = squeezed(" ".join((said, *map(plain, own))))
    if said or kind != "section":
        yield Place(
            kind, docname, "" if kind in ("page", "explorer") else anchor, title, said, claim.anchor if claim else "", label
        )
    for child in own:
        for chart in child.findall(chart_node):
            ident = chart["payload"]["id"]
            drawn = next((c.evaluated.charts[ident] for c in current().chapters if ident in c.evaluated.charts), None)
            if drawn:  # its author's words, without the figures that the picture's text adds
                yield Place("chart", docname, f"chart-{ident}", drawn.title, squeezed(f"{drawn.subtitle}. {drawn.alt}"))
    for child in inside:
        yield from _section(docname, child, "section", claim)


def gather(env: BuildEnvironment) -> list[Place]:
    """The places of all pages, in the order of the contents."""
    order = [name for name in _order(env) if name in env.found_docs]
    order += sorted(set(env.found_docs) - set(order))
    return [place for name in order for place in places_of(name, env.get_doctree(name))]


def _order(env: BuildEnvironment) -> Iterator[str]:
    seen, queue = set(), [env.config.root_doc]
    while queue:
        name = queue.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            queue = [*env.toctree_includes.get(name, []), *queue]


def before_reading(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    app.companion_changed = bool(docnames)  # type: ignore[attr-defined]


def after_reading(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Gather what all pages say; the index of names is written again when any of them was read."""
    app.companion_places = gather(env)  # type: ignore[attr-defined]
    changed = getattr(app, "companion_changed", True)
    return sorted(pages_of(env, "names") & env.found_docs) if changed else []


def outdated(app: Sphinx, env: BuildEnvironment, added, changed, removed) -> list[str]:
    """A changed glossary or index is read into every page again."""
    digest = hashlib.sha256()
    for name in (GLOSSARY, INDEX):
        path = current().root / name
        digest.update(path.read_bytes() if path.exists() else b"")
    before, env.companion_finding = getattr(env, "companion_finding", None), digest.hexdigest()
    return [] if before == env.companion_finding else [name for name in env.found_docs if name not in added]


def pages_of(env: BuildEnvironment, kind: str) -> set[str]:
    """The pages that hold the list of ``names`` or of ``terms``."""
    return {name for name, meta in env.metadata.items() if kind in meta.get("finding", "").split()}


def load(env: BuildEnvironment, files: str, kind: str) -> None:
    """Have the page at hand load files, and be known as the one that holds a list."""
    meta = env.metadata[env.docname]
    meta["loads"] = " ".join(dict.fromkeys(f"{meta.get('loads', '')} {files}".split()))
    meta["finding"] = f"{meta.get('finding', '')} {kind}".strip()


# The index of names


class names_list(nodes.General, nodes.Element):
    """Stands for the list until all pages are read."""


class Names(SphinxDirective):
    """People, places, pollsters, map makers and organisations, each with the places that name it."""

    def run(self) -> list[nodes.Node]:
        load(self.env, "find.css names.js", "names")
        known, _ = names(current())
        for name in known:
            self.env.get_domain("std").anonlabels[name.id] = (self.env.docname, name.id)
        out: list[nodes.Node] = [names_list()]
        for kind, title in KINDS.items():  # the headings stand now, so that the page's own contents have them
            if any(name.kind == kind for name in known):
                node = nodes.section(ids=[slug(f"{kind}s" if kind != "person" else "people")], classes=["names"])
                node += [nodes.title(title, title), names_list(kind=kind)]
                out.append(node)
        return out


def others(entry: Name | Term) -> list[str]:
    """The entry's other spellings, without those that only have fewer of the same words, or their plural."""
    own = set(address(entry.spellings[0]).split("-"))
    own |= {f"{word}s" for word in own}
    return [one for one in entry.also if not {word for word in address(one).split("-") if len(word) > 1} <= own]


def spelled(entry: Name | Term) -> list[nodes.Node]:
    """The entry's other spellings for its list, each of another language marked as such."""
    found = [nodes.Text(one) for one in others(entry)]
    found += [text(spelling, f"language-{tag}") for tag, spelling in entry.original]
    return [nodes.inline("", "", nodes.Text(" also "), *joined(found), classes=["also"])] if found else []


def named_in(app: Sphinx, known: list[Name]) -> dict[Name, dict[tuple[str, str], Place]]:
    """Where the text names what: ``{name: {(page, id): place}}``, a claim once however many of its parts name it."""
    find, out = finder(known), {name: {} for name in known}
    lists = pages_of(app.env, "names") | pages_of(app.env, "terms")
    heads = {(p.docname, p.anchor): p for p in app.companion_places}
    for place in app.companion_places:
        if place.kind == "table" or place.docname in lists:
            continue
        for name in find.entries(f"{place.title}. {place.text}"):
            head = heads.get((place.docname, place.unit), place)
            out[name].setdefault((head.docname, head.anchor), head)
    return out


def fill_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    known, _ = names(current())
    empty = list(doctree.findall(names_list))
    if not empty:
        return
    where = named_in(app, known)
    for node in empty:
        if not node.get("kind"):
            node.replace_self([])
            continue
        listed = nodes.bullet_list(classes=["names-list"])
        for name in sorted((n for n in known if n.kind == node["kind"]), key=_letters):
            listed += _name_item(app.builder, docname, name, list(where[name].values()))
        node.replace_self(listed)


def _letters(name: Name) -> tuple[str, str]:
    """What a name is sorted by: a person's last name, anything else without an article."""
    words = name.name.removeprefix("The ")
    return address(words.rpartition(" ")[2] if name.kind == "person" else words), name.name


def _link(builder: Builder, docname: str, to: str, anchor: str, words: str) -> nodes.reference:
    uri = builder.get_relative_uri(docname, to)
    return nodes.reference(words, words, internal=True, refuri=f"{uri}#{anchor}" if anchor else uri)


def _name_item(builder: Builder, docname: str, name: Name, where: list[Place]) -> nodes.list_item:
    item = nodes.list_item(ids=[name.id], classes=["name"])
    line = para(text(name.name, "name-words"), *spelled(name), classes=("name-line",))
    item += line
    if name.about:
        item += para(name.about, classes=("name-about",))
    project = current()
    find = finder(names(project)[0])
    shown = {"In claims": ("claim",), "In the text": ("page", "section"), "On charts": ("chart",), "To explore": ("explorer",)}
    for label, kinds in shown.items():
        links = [_link(builder, docname, p.docname, p.anchor, p.title.rstrip(".")) for p in where if p.kind in kinds]
        if links:
            item += para(text(f"{label}: ", "name-where"), *joined(links, "; "), classes=("name-places",))
    sources = [s for s in project.sources.values() if name.kind != "place" and name in find.entries(credits(s))]
    page = _sources_page(builder.env)
    if sources and page:
        links = [
            _link(builder, docname, page, f"source-{s.key}", s.short)
            for s in sorted(sources, key=lambda s: (s.published or "0", s.key))
        ]
        label = text("As a source: ", "name-where")
        if len(links) <= FEW:
            item += para(label, *joined(links, "; "), classes=("name-places",))
        else:
            inside = para(*joined(links, "; "), classes=("name-places",))
            item += details("", inside, summary=f"As a source: {len(links)} publications", classes=["name-sources"])
    return item


def _sources_page(env: BuildEnvironment) -> str | None:
    """The page with the list of sources."""
    found = (doc for label, (doc, _) in env.get_domain("std").anonlabels.items() if label.startswith("source-"))
    return next(found, None)


# The glossary


class term_ref(nodes.reference):
    """A term where a text uses it: a link to the glossary, with the definition as its note."""


def visit_term_html(self, node: term_ref) -> None:
    self.body.append(
        self.starttag(
            node, "a", "", CLASS="term", href=node["refuri"], **{"data-note": node["note"], "data-on": "In the glossary"}
        )
    )


def depart_term_html(self, node: term_ref) -> None:
    self.body.append("</a>")


class Terms(SphinxDirective):
    """Every term with its definition."""

    def run(self) -> list[nodes.Node]:
        load(self.env, "find.css", "terms")
        listed = nodes.definition_list(classes=["terms"])
        for term in sorted(terms(current())[0], key=lambda t: t.term.casefold()):
            head = nodes.term("", "", text(term.term, "term-words"), *spelled(term))
            mark(self.env, term.id, head)
            meaning = nodes.definition("", para(term.means))
            if term.more:
                meaning += para(*self._more(term.more), classes=("term-more",))
            listed += nodes.definition_list_item("", head, meaning)
        return [listed]

    def _more(self, target: str) -> list[nodes.Node]:
        path, _, anchor = target.partition("#")
        node = term_more(docname=path.removesuffix(".md"), anchor=anchor)
        return [nodes.Text("More: "), node]


class term_more(nodes.Inline, nodes.TextElement):
    """Stands for the link to a section of another page until that page is read."""


NOT_IN = (
    nodes.reference,
    addnodes.pending_xref,
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.table,
    nodes.block_quote,
    nodes.caption,
    nodes.term,
    details,
)
NOT_CLASSED = {"side-line", "claim-about", "chapter-links", "answer-clock", "assessed", "clock-word", "source-about", "sources"}


def link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each term in a claim, and in each section outside claims, to the glossary."""
    defined, _ = terms(current())
    found = sorted(pages_of(app.env, "terms"))
    for node in list(doctree.findall(term_more)):
        title = _title_of(app.env, node["docname"], node["anchor"])
        node.replace_self(_link(app.builder, docname, node["docname"], node["anchor"], title))
    if not defined or not found:
        return
    find = finder([term for term in defined if term.linked], fold=True)
    skipped = {*found, *pages_of(app.env, "names"), app.config.root_doc}
    # Where a term is explained at length, it needs no note.
    explained = {(page.removesuffix(".md"), anchor) for page, _, anchor in (t.more.partition("#") for t in defined if t.more)}
    skipped |= {page for page, anchor in explained if not anchor}

    def linked(node: nodes.Element, page: str, seen: set[Term]) -> None:
        """Walk a part in the order of reading; each claim begins anew, and so does each section right below the page."""
        for child in list(node.children):
            if isinstance(child, addnodes.start_of_file):  # in a book of one page
                linked(child, child["docname"], set())
            elif isinstance(child, nodes.Text):
                if page not in skipped and not isinstance(node, nodes.document):
                    _linked_text(app.builder, docname, found[0], child, find, seen)
            elif isinstance(child, nodes.section):
                anew = "claim" in child["classes"] or isinstance(node.parent, nodes.document | addnodes.start_of_file)
                here = {(page, ident) for ident in child["ids"]}
                if not LEFT_OUT & {*child["ids"], *child["classes"]} and not explained & here:
                    linked(child, page, set() if anew else seen)
            elif isinstance(child, nodes.Element) and not isinstance(child, NOT_IN):
                if not NOT_CLASSED & {*child.get("classes", [])}:
                    linked(child, page, seen)

    linked(doctree, docname, set())


def _linked_text(builder: Builder, docname: str, glossary: str, node: nodes.Text, find, seen: set[Term]) -> None:
    words, out, done = node.astext(), [], 0
    for start, end, term in find.places(words):
        if term in seen or _quoted(node, start):
            continue
        seen.add(term)
        uri = f"{builder.get_relative_uri(docname, glossary)}#{term.id}"
        link = term_ref("", words[start:end], internal=True, refuri=uri, note=term.means)
        out += [nodes.Text(words[done:start]), link] if start > done else [link]
        done = end
    if out:
        node.parent.replace(node, [*out, nodes.Text(words[done:])] if done < len(words) else out)


def _quoted(node: nodes.Text, at: int) -> bool:
    """Whether a place lies within quotation marks of its paragraph."""
    block = node.parent
    while isinstance(block, nodes.Inline) and block.parent is not None:
        block = block.parent
    before = ""
    for piece in block.findall(nodes.Text):
        if piece is node:
            before += piece.astext()[:at]
            break
        before += piece.astext()
    return before.count('"') % 2 == 1 or before.count("“") > before.count("”")


def _title_of(env: BuildEnvironment, docname: str, anchor: str) -> str:
    for section in env.get_doctree(docname).findall(nodes.section):
        if (anchor in section["ids"]) if anchor else True:
            return section[0].astext()
    return docname


# The search


def claims_on_page(app: Sphinx) -> list[dict]:
    """The claims as the search page lists them: ``href, paraphrase, paragraph, sentences, kind, then, since``."""
    project, out = current(), []
    domain = app.env.get_domain("std")
    for claim in project.claims.values():
        label = f"claim-{claim.id}"
        if label not in domain.anonlabels:
            continue
        docname, anchor = domain.anonlabels[label]
        paragraph = claim.sentences[0].split(".")[0].lstrip("p0") if claim.sentences else ""
        uri = app.builder.get_relative_uri("search", docname)
        assessed = [
            {"clock": clock, "word": found.word, "slug": slug(found.word), "confidence": found.confidence}
            for clock in ("then", "since")
            if (found := getattr(claim, clock))
        ]
        out.append(
            {"href": f"{uri}#{anchor}", "claim": claim, "paragraph": paragraph, "assessed": assessed, "waits": claim.waits_for}
        )
    return out


def indexed(app: Sphinx) -> dict:
    """The search's data: ``pages`` (address, title), ``kinds``, ``places`` (kind, page, id, title, text, and for a part of
    a claim the claim's id and the part's label), ``same`` (spellings of one name or term), ``languages`` of spellings."""
    env, project = app.env, current()
    domain = env.get_domain("std")
    found = list(app.companion_places)
    known, defined = names(project)[0], terms(project)[0]

    def at(label: str, kind: str, title: str, said: str) -> None:
        if label in domain.anonlabels:
            docname, anchor = domain.anonlabels[label]
            found.append(Place(kind, docname, anchor, title, squeezed(said)))

    def at_entry(entry: Name | Term, kind: str, said: str) -> None:
        also = ", ".join((*others(entry), *(spelling for _, spelling in entry.original)))
        at(entry.id, kind, entry.spellings[0], f"{said}{f' Also: {also}.' if also else ''}")

    for term in defined:
        at_entry(term, "term", term.means)
    for name in known:
        at_entry(name, "name", name.about or "")
    for source in project.sources.values():
        publisher = f" {source.publisher}." if source.publisher != source.author else ""
        at(f"source-{source.key}", "source", source.short, f"{source.title}.{publisher}")
    for sentence in project.oped.sentences.values():
        at(f"sentence-{sentence.id}", "sentence", f"Sentence {sentence.id}", f"“{sentence.starts} … {sentence.ends}”")
    lists = pages_of(env, "names") | pages_of(env, "terms")
    for i, place in enumerate(found):  # what the lists of terms and of names say stands at each of them
        if place.docname in lists and place.kind in ("page", "section"):
            found[i] = replace(place, text="")
    pages: dict[str, int] = {}
    rows = []
    for place in found:
        page = pages.setdefault(place.docname, len(pages))
        row = [PLACES.index(place.kind), page, place.anchor, place.title, place.text]
        rows.append([*row, place.unit, place.label] if place.unit else row)
    return {
        "kinds": PLACES,
        "pages": [[app.builder.get_relative_uri("search", name), env.titles[name].astext()] for name in pages],
        "places": rows,
        "languages": {spelling: tag for entry in (*known, *defined) for tag, spelling in entry.original},
        "same": [
            [*entry.spellings, *(s for _, s in entry.original)] for entry in (*known, *defined) if entry.also or entry.original
        ],
    }


def write_index(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name not in SEARCHED:
        return
    (Path(app.outdir) / DATA).write_text(script_of_index(app), encoding="utf-8")


def script_of_index(app: Sphinx) -> str:
    """The index as the script that the search page asks for."""
    return f"window.companionIndex={json.dumps(indexed(app), ensure_ascii=False, separators=(',', ':'))};\n"


def own_search(app: Sphinx) -> None:
    """The book's own search takes the place of Sphinx's, whose index isn't made."""
    if app.builder.name in SEARCHED:
        app.builder.search = False  # type: ignore[attr-defined]


def search_page(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    if app.builder.name in SEARCHED:
        project: Project = current()
        links = {
            name: app.builder.get_relative_uri("search", page)
            for name, page in {
                "scorecard": "scorecard",
                "coverage": "coverage",
                "names": next(iter(sorted(pages_of(app.env, "names"))), None),
                "terms": next(iter(sorted(pages_of(app.env, "terms"))), None),
            }.items()
            if page in app.env.found_docs
        }
        example = next((sentence for claim in project.claims.values() for sentence in claim.sentences), "")
        # Named with a hash, so that an old index in a cache is never taken for it.
        index = f"{DATA}?v={hashlib.sha256(script_of_index(app).encode()).hexdigest()[:8]}"
        yield "search", {"claims": claims_on_page(app), "links": links, "example": example, "index": index}, "search.html"


def register(app: Sphinx) -> None:
    app.add_directive("names", Names)
    app.add_directive("terms", Terms)
    for node in (names_list, term_more):
        app.add_node(node)
    plain_link = (lambda self, node: None, lambda self, node: None)
    app.add_node(term_ref, html=(visit_term_html, depart_term_html), text=plain_link, latex=plain_link)
    app.connect("builder-inited", own_search)
    app.connect("env-get-outdated", outdated)
    app.connect("env-before-read-docs", before_reading)
    app.connect("env-updated", after_reading)
    app.connect("doctree-resolved", fill_names)
    app.connect("doctree-resolved", link_terms)
    app.connect("html-collect-pages", search_page)
    app.connect("build-finished", write_index, priority=400)  # before what packs the built book
