"""How a page looks and what it may load: the book's own templates, and repairs to the HTML that others write.

Jupyter Book's theme stays installed and its hooks run, but no page uses its layout, styles or scripts.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx.application import Sphinx

from companion.project import current
from companion.sources import label

HERE = Path(__file__).parent
LOADS = ("companion.css", "companion.js")  # all that a page loads, but for what its directives name in ``loads``
# What has to be there before the first paint: the reader's choices, so that nothing changes under the eye, and the faces,
# so that no line moves when they come. It is the one inline script; the policy of every page names its hash, and allows no
# other. From a disk no face can be fetched ahead.
EARLY = (
    '{const h=document.documentElement;h.classList.add("scripted");'
    'try{for(const[k,w]of[["mode","theme"],["clock","clock"]]){const v=localStorage.getItem(k);'
    "if(/^(light|dark|then|since)$/.test(v))h.dataset[w]=v}}catch{}"
    # Without the script that has the switches nothing may stay hidden by them.
    'addEventListener("error",e=>{if(/companion\\.js/.test(e.target.src))'
    '{h.classList.remove("scripted");delete h.dataset.clock}},true);'
    'if(location.protocol!="file:")for(const f of["serif-400","sans-var","serif-600"])document.head.append(Object.assign('
    'document.createElement("link"),{rel:"preload",as:"font",type:"font/woff2",crossOrigin:"",'
    'href:h.dataset.content_root+"_static/fonts/"+f+".woff2"}))}'
)
# Tables whose rows become cards on a phone, with the column whose cell names the row.
STACKED = {"scorecard": 1, "sentences": 0, "figure-table": 0, "table-index": 0, "answers": 0, "columns": 0, "whole": 0}


def drop_parts(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Leave out the parts of the theme's own layout, which ours doesn't show; the theme would render each on every page."""
    if app.builder.name != "epub":  # has its own layout
        for key, parts in context.items():
            if (key.startswith("theme_") or key == "sidebars") and ".html" in str(parts):
                context[key] = []


def page_context(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Repair the page's HTML and give the layout its two lists; leave out every file that no page of ours uses."""
    if "body" in context:
        context["body"] = repaired(context["body"])
    if app.builder.name == "epub":  # has its own layout
        return
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if Path(str(getattr(file, "filename", file))).name in LOADS]
    context["early"] = EARLY
    context["policy"] = policy()
    context["loads"] = [versioned(name) for name in (app.env.metadata.get(pagename) or {}).get("loads", "").split()]
    context["versioned"] = versioned
    day = current().oped.cut_off
    context["cut_off"] = f"{day.day} {day:%B %Y}"
    # A page has the switch where it has something to switch.
    body = context.get("body", "")
    held = pagename.startswith("chapters/") and re.search(r'class="[^"]*\bclock-(then|since)\b', body)
    context["clocked"] = bool(held or "data-clocked" in body)
    context["page_contents"] = page_contents(app.env.tocs.get(pagename))
    context["book_contents"] = ""
    if app.builder.name != "singlehtml" and "toctree" in context:
        html = context["toctree"](collapse=True, maxdepth=1, includehidden=True, titles_only=True) or ""
        # Sphinx calls the parts' captions headings, which break the text's order of headings, and marks the place by style alone.
        html = re.sub(r' (?:role="heading"|aria-level="\d")', "", html)
        html = html.replace('class="current reference', 'aria-current="page" class="current reference')
        context["book_contents"] = html


def versioned(name: str) -> str:
    """The name of a static file with a hash of what is in it, so that an old copy in a cache is never taken for it."""
    path = HERE / "static" / name
    return f"{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:8]}" if path.exists() else name


def policy() -> str:
    """The Content-Security-Policy of every page.

    ``file:`` lets a reader open the built book from disk; a page on the web can't load such an address anyway.
    """
    early = base64.b64encode(hashlib.sha256(EARLY.encode()).digest()).decode()
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' file: 'sha256-{early}'",
        "style-src": "'self' file:",
        "img-src": "'self' file: data:",
        "font-src": "'self' file:",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "manifest-src": "'self' file:",
        "base-uri": "'none'",
        "form-action": "'self' file:",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def page_contents(toc: nodes.Node | None) -> str:
    """The page's sections, two levels deep, without the two clocks that every claim has; empty for a page of one part."""

    def listed(items: nodes.Node | None, depth: int) -> str:
        out = []
        for item in items.children if items else []:
            link = next(item.findall(nodes.reference), None) if isinstance(item, nodes.list_item) else None
            if link is None or link["anchorname"].endswith(("-then", "-since")):
                continue
            below = next((child for child in item.children if isinstance(child, nodes.bullet_list)), None)
            inside = listed(below, depth - 1) if depth > 1 else ""
            out.append(f'<li><a href="{escape(link["anchorname"])}">{escape(link.astext())}</a>{inside}</li>')
        return f"<ul>{''.join(out)}</ul>" if out else ""

    page = next(iter(toc.findall(nodes.list_item)), None) if toc is not None else None
    parts = next((child for child in page.children if isinstance(child, nodes.bullet_list)), None) if page is not None else None
    found = listed(parts, 2)
    return found if found.count("<li>") > 1 else ""


def repaired(html: str) -> str:
    """The same HTML with tables that a keyboard and a screen reader can use, and without a script of anyone's."""
    soup = BeautifulSoup(html, "html.parser")
    names: set[str] = set()
    for script in soup.find_all("script"):  # MyST-NB's settings for live kernels, which the book does not have
        script.decompose()
    for link in soup.select("a.headerlink"):  # "On this page" and the rows' own links say the same, with words
        link["aria-hidden"], link["tabindex"] = "true", "-1"
    for mark in soup.select(".seen, .dot, .steps, .key, .ends, .arrow"):  # said in words beside it
        mark["aria-hidden"] = "true"
    for line in soup.select("p.side-line, p.answer-clock"):
        above = line.find_previous(re.compile("^h[1-6]$"))
        line["role"], line["aria-level"] = "heading", str(min(int(above.name[1]) + 1, 6)) if above else "2"
    _notes_of_citations(soup)
    for table in soup.find_all("table"):
        _header_cells(table)
        for kind, column in STACKED.items():
            if kind in table.get("class", []):
                _stack(soup, table, column)
        if {"preview", "used-rows"} & set(table.get("class", [])):
            for row in table.select("tbody tr"):
                first = row.find("td")
                first.name, first["scope"] = "th", "row"
        _scroller(soup, table, names)
    return str(soup)


def _notes_of_citations(soup: BeautifulSoup) -> None:
    """A citation's link says on hover and focus what it leads to."""
    known = current().sources
    for link in soup.select("a:has(.cite)"):
        source = known.get(link["href"].rpartition("#source-")[2])
        if source is None:
            continue
        kind = {"yes": "primary source", "no": "secondary source", "computed": "our computing"}.get(source.primary, "")
        rests = f"; rests on {', '.join(label(known[k], known) if k in known else k for k in source.rests_on)}"
        about = f"{source.kind}, {kind}{rests if source.rests_on and source.primary == 'no' else ''}"
        inferred = "; day of publication inferred" if source.date_basis.startswith("inferred") else ""
        dated = f"{source.author}, {source.published or 'no date seen'}{inferred}"
        link["data-note"] = "\n".join((source.title, dated, about))
        if source.title_language != "en":
            link["data-note-lang"] = source.title_language


def _header_cells(table: Tag) -> None:
    for cell in table.find_all("th"):
        if not cell.get_text(strip=True):  # the corner of a data frame heads nothing
            cell.name = "td"
        else:
            cell["scope"] = "col" if cell.find_parent("thead") else "row"


def _stack(soup: BeautifulSoup, table: Tag, column: int) -> None:
    """Name each cell by its column, for a phone, where the head is out of sight, and say the roles that ``display``
    takes away in some browsers."""
    table["class"] = [*table.get("class", []), "stack"]
    heads = [
        " ".join("".join(t for t in cell.strings if not t.find_parent(class_="sr")).split()).replace("\u00ad", "")
        for cell in table.select("thead th, thead td")
    ]
    table["role"] = "table"
    for part in table.find_all(["thead", "tbody"]):
        part["role"] = "rowgroup"
    for row in table.select("tbody tr.group"):  # a row that names those below it begins a part of the table
        part = soup.new_tag("tbody", role="rowgroup")
        below = [row, *row.find_next_siblings("tr")]
        row.parent.insert_after(part)
        part.extend(below)
        cell = row.find(["td", "th"])
        cell.name, cell["scope"], cell["role"] = "th", "rowgroup", "rowheader"
    for row in table.find_all("tr"):
        row["role"] = "row"
        if "group" in row.get("class", []):
            continue
        in_head = row.find_parent("thead") is not None
        for i, cell in enumerate(row.find_all(["td", "th"], recursive=False)):
            if not in_head and i == column:
                cell.name, cell["scope"] = "th", "row"
            elif not in_head and i < len(heads):
                cell["data-label"] = heads[i]
            kind = "columnheader" if in_head else "rowheader"
            cell["role"] = kind if cell.name == "th" else "cell"


def _scroller(soup: BeautifulSoup, table: Tag, names: set[str]) -> None:
    """A wide table scrolls in its own box, which must be reachable by keyboard and have a name of its own."""
    box = table.parent
    if not (isinstance(box, Tag) and {"pst-scrollable-table-container", "table-scroll"} & set(box.get("class", []))):
        box = table.wrap(soup.new_tag("div"))
    caption, heading = table.find("caption"), table.find_previous(["h1", "h2", "h3", "h4", "h5"])
    if caption:
        name = caption.get_text(" ", strip=True)
    else:
        said = "".join(part for part in heading.strings if part.parent.get("class") != ["headerlink"]) if heading else "this page"
        name = f"Table: {said.strip()}"
    base, count = name, 1
    while name in names:
        count += 1
        name = f"{base} ({count})"
    names.add(name)
    box["class"] = ["table-scroll"]
    box["role"], box["tabindex"], box["aria-label"] = "region", "0", name


def drop_unused(app: Sphinx, exception: Exception | None) -> None:
    """Take the theme's and other extensions' files out of the built book: megabytes that no page asks for."""
    folder = Path(app.outdir) / "_static"
    if exception or app.builder.name not in ("html", "dirhtml", "singlehtml") or not folder.exists():
        return
    ours = [Path(app.confdir) / entry for entry in app.config.html_static_path]
    ours = [path for path in ours if path == HERE / "static" or "site-packages" not in path.parts]
    keep = {child.name for path in ours if path.is_dir() for child in path.iterdir()}
    for child in folder.iterdir():
        if child.name not in keep:
            shutil.rmtree(child) if child.is_dir() else child.unlink()


def setup(app: Sphinx) -> None:
    def paths(app: Sphinx, config) -> None:
        config.templates_path.insert(0, str(HERE / "templates"))
        config.html_static_path.append(str(HERE / "static"))

    app.connect("config-inited", paths)
    app.connect("html-page-context", drop_parts, priority=100)
    app.connect("html-page-context", page_context, priority=900)
    app.connect("build-finished", drop_unused, priority=950)
    app.add_css_file("companion.css")
    app.add_js_file("companion.js", loading_method="defer")
