"""How a chart or a value, as a cell gives it, stands on the page."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import ClassVar
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform

from companion.project import current
from companion.sources import behind, label

CHART = "application/vnd.companion.chart+json"
VALUE = "application/vnd.companion.value+json"
FOLDER = "charts"  # of a chart's files and its own page, in the built book
OWN_PAGES = ("html", "dirhtml")  # the builders that give a chart a page of its own
NARROW = "(max-width: 600px)"  # where the narrow picture is shown
ON_PAGE, FEW = 40, 24  # rows of a table that stand under a chart at most; of one that can't be thinned by its dates
PERIODS = {"month": lambda day: day[:7], "quarter": lambda day: (day[:4], (int(day[5:7]) - 1) // 3), "year": lambda day: day[:4]}
NUMBER = re.compile(r"(?:[-−+]?[\d,]*\.?\d+)?")
BAR = 44  # px below the picture, in a frame on another site: a line or two of text
BELOW = "The table below has every number."
NOWHERE = "https://example.org/book/"  # stands for the book's address in what a reader pastes, while it has none


class chart_node(nodes.General, nodes.Element):
    """A chart; ``payload`` is what ``companion.charts.output.bundle`` gave."""


class details(nodes.General, nodes.Element):
    """A part that opens on demand; ``summary`` is its label."""


class ChartRenderer:
    """Lets MyST-NB place charts, and leave values to the prose that names them."""

    mime_priority_overrides: ClassVar = [("*", CHART, 0), ("*", VALUE, 1)]

    @staticmethod
    def handle_mime(renderer, data, inline: bool):
        if data.mime_type == VALUE:
            return [nodes.comment("", "a value; the prose places it")]
        if data.mime_type != CHART or inline:
            return None
        payload = data.content if isinstance(data.content, dict) else json.loads(data.string)
        node = chart_node("", payload=payload, ids=[f"chart-{payload['id']}"])
        return [node]


@dataclass(frozen=True)
class From:
    """A page of the book that is being built, and how it leads to files and other pages."""

    builder: Builder
    docname: str

    def file(self, path: str) -> str:
        """The address of a file of the built book, given from its root."""
        return "../" * self.builder.get_target_uri(self.docname).split("#")[0].count("/") + path

    def page(self, docname: str, place: str = "") -> str:
        """The address of another page, or of a place on it."""
        uri = self.builder.get_relative_uri(self.docname, docname)
        return f"{uri.split('#')[0]}#{place}" if place else uri  # in a book of one page, the page is a place itself

    def chart(self, payload: dict, end: str) -> str:
        """The address of one of a chart's files: ``<id>`` and ``end``."""
        return self.file(f"{FOLDER}/{payload['id']}{end}")


def then_state(payload: dict) -> str:
    """What the chart is when only figures up to the cut-off are known: ``same``, ``none`` (empty) or ``drawn`` (another)."""
    return (payload.get("then") or {}).get("state", "same")


def write_files(payload: dict, outdir: Path) -> None:
    """Write the chart's files into the built book."""
    folder = outdir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    files = {".csv": payload["csv"].encode(), ".png": base64.b64decode(payload["png"])}
    files |= {f"-{variant}.svg": svg.encode() for variant, svg in payload["svg"].items()}
    if then_state(payload) == "drawn":
        files |= {f"-then-{variant}.svg": svg.encode() for variant, svg in payload["then"]["svg"].items()}
    for end, content in files.items():
        (folder / f"{payload['id']}{end}").write_bytes(content)


def own_page(builder: Builder, payload: dict) -> str | None:
    """The name of the chart's own page; None where the builder makes none."""
    return f"{FOLDER}/{payload['id']}" if builder.name in OWN_PAGES else None


# The picture


def size(svg: str) -> tuple[int, int]:
    """Width and height of a picture in px."""
    box = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', svg[:2000])
    return (round(float(box.group(1))), round(float(box.group(2)))) if box else (760, 480)


def _sized(svg: str) -> str:
    return 'width="{}" height="{}"'.format(*size(svg))


def pictures(payload: dict, here: From, then: bool = False, alt: str | None = None, below: bool = False) -> str:
    """The picture on light and on dark ground; the stylesheet shows one, and a browser fetches only what is shown.

    Both are lazy, also where they stand at a page's top: a picture that is not lazy is fetched though it isn't shown.
    ``alt`` stands in place of the chart's own alternative text; ``below`` says after it that a table follows.
    """
    given, middle = (payload["then"], "-then") if then else (payload, "")
    words, out = escape((given["alt"] if alt is None else alt) + (f" {BELOW}" if below else "")), []
    for mode in ("light", "dark"):
        wide, narrow = (given["svg"][f"{mode}-{width}"] for width in ("wide", "narrow"))
        out.append(
            f'<picture class="chart-{mode}">'
            f'<source media="{NARROW}" srcset="{here.chart(payload, f"{middle}-{mode}-narrow.svg")}" {_sized(narrow)}>'
            f'<img src="{here.chart(payload, f"{middle}-{mode}-wide.svg")}" alt="{words}" {_sized(wide)}'
            ' loading="lazy" decoding="async"></picture>'
        )
    return "".join(out)


# The table


def shown_rows(payload: dict) -> tuple[list[list[str]], str]:
    """The rows to print under a chart, and which they are.

    All where they are few; of a long dated table, the first row of each month, quarter or year in each series, whichever
    is short enough; else its first rows.
    """
    columns, rows = payload["table"]["columns"], payload["table"]["rows"]
    if len(rows) <= ON_PAGE:
        return rows, f"all {len(rows)} rows" if len(rows) > 1 else "its one row"
    if "date" in columns:
        day, names = columns.index("date"), [columns.index(name) for name in ("panel", "series") if name in columns]
        dated = [row for row in rows if re.fullmatch(r"\d{4}-\d\d-\d\d", row[day])]
        for period, begin in PERIODS.items():
            first: dict[tuple, list[str]] = {}
            for row in sorted(dated, key=lambda row: row[day]):
                first.setdefault((*(row[i] for i in names), begin(row[day])), row)
            if dated and len(first) <= ON_PAGE:
                chosen = {id(row) for row in first.values()}
                kept = [row for row in rows if id(row) in chosen]
                each = " in each series" if len({tuple(row[i] for i in names) for row in dated}) > 1 else ""
                return kept, f"the first row of each {period}{each}, {len(kept)} of {len(rows):,} rows"
    return rows[:FEW], f"the first {FEW} of {len(rows):,} rows"


def table_html(columns: list[str], rows: list[list[str]], name: str, caption: str) -> str:
    """A table in a box that scrolls by itself; columns of numbers are set flush right. ``name`` says whose table it is to
    those who don't see what it stands by, ``caption`` which rows it has."""
    numeric = [any(row[i] for row in rows) and all(NUMBER.fullmatch(row[i]) for row in rows) for i in range(len(columns))]
    marks = [' class="num"' if number else "" for number in numeric]
    head = "".join(f'<th scope="col"{mark}>{escape(c)}</th>' for c, mark in zip(columns, marks, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{mark}>{escape(cell)}</td>" for cell, mark in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    # A wide table scrolls in its own box, which must then be reachable by keyboard and have a name.
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(name)}: table">'
        f'<table><caption><span class="chart-caption">{escape(caption)}</span></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


# How to cite


def address(config: Config, builder: Builder, docname: str) -> str | None:
    """The address of a page on the web; None while the book has none (``html_baseurl``)."""
    base = config.html_baseurl
    return urljoin(base if base.endswith("/") else f"{base}/", builder.get_target_uri(docname)) if base else None


def _data(payload: dict) -> str:
    """Whose figures a chart shows, all of them, in one line."""
    known = current().sources
    names = list(dict.fromkeys(name for key in payload["sources"] for name in behind(key, known)))
    ours = " (our computing)" if payload["source_line"].endswith("(our computing)") else ""
    return (", ".join(names) or payload["source_line"].removeprefix("Source: ").removesuffix(ours)) + ours


def citation(payload: dict, config: Config, at: str | None) -> str:
    """How to cite a chart, in one line; ``at`` is its address on the web, if it has one."""
    book = f"“{payload['title']}”, chart {payload['id']} in “{config.project}” by {config.author}, {config.copyright}."
    return f"{book} {f'{at} ' if at else ''}Data: {_data(payload)}."


_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {c: f"\\{c}" for c in "&%$#_{}"}


def bibtex(payload: dict, config: Config, at: str | None) -> str:
    """The citation as a BibTeX entry, its key made of the book's name and the chart's id."""

    def tex(words: str) -> str:
        return "".join(_TEX.get(sign, sign) for sign in words)

    key = "-".join(re.findall(r"[a-z0-9]+", f"{config.project} {payload['id']}".lower()))
    year = re.search(r"\d{4}", str(config.copyright))
    fields = {
        "author": f"{{{tex(config.author)}}}",
        "title": f"{{{tex(payload['title'])}}}",
        "year": year.group() if year else "",
        "howpublished": tex(f"Chart {payload['id']} in {config.project}"),
        "note": tex(f"Data: {_data(payload)}"),
        "url": at or "",
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{lines}\n}}"


def _cite_html(payload: dict, config: Config, at: str | None) -> str:
    return (
        f'<p class="chart-cite">{escape(citation(payload, config, at))}</p>'
        f'<div class="chart-small">For BibTeX:</div><pre class="bibtex"><code>{escape(bibtex(payload, config, at))}</code></pre>'
    )


def _sources_html(payload: dict, here: From) -> str:
    known = current().sources
    links = [
        f'<a href="{here.page("sources", f"source-{key}")}">{escape(label(known[key], known))}</a>'
        for key in payload["sources"]
        if key in known
    ]
    return ", ".join(links)


def _tables_html(payload: dict, here: From) -> str:
    links = [f'<a href="{here.page("tables/" + name.replace("/", "-"))}">{escape(name)}</a>' for name in payload["tables"]]
    return ", ".join(links)


# On a chapter's page


def visit_chart_html(self, node) -> None:
    payload, builder = node["payload"], self.builder
    here = From(builder, builder.current_docname)
    if builder.name == "epub":
        _epub_figure(self, payload, here)
        raise nodes.SkipNode
    write_files(payload, Path(builder.outdir))
    ident, state, own = payload["id"], then_state(payload), own_page(builder, payload)
    at = address(builder.config, builder, own) if own else None
    title = payload["title"]
    of = f'<span class="sr"> of {escape(title)}</span>'
    rows, which = shown_rows(payload)
    more = ""
    if len(rows) < len(payload["table"]["rows"]):
        whole = f'on <a href="{here.page(own)}">the chart’s own page</a> and ' if own else ""
        more = f"<p>The whole table, {len(payload['table']['rows']):,} rows, is {whole}in the CSV.</p>"
    how = f"<p>How: {escape(payload['how'])}</p>" if payload.get("how") else ""
    downloads = {"CSV": ".csv", "SVG": "-light-wide.svg", "PNG": ".png"}
    # The figure has the chart's name; of the links below it, two are told apart out of their place too.
    said = {"CSV": f"CSV{of}"}
    files = [f'<a href="{here.chart(payload, end)}" download>{said.get(kind, kind)}</a>' for kind, end in downloads.items()]
    alone = f'<a href="{here.page(own)}">This chart alone<span class="sr">: {escape(title)}</span></a>' if own else ""
    then = none = note = ""
    name = f' aria-label="{escape(title)}"'
    whole_name, figure_name = "", name
    if state != "same":  # the name is a finding: it goes with the picture that is shown
        whole_name, figure_name = f' role="group"{name}', ""
    if state == "drawn":
        then_name = f' role="group" aria-label="{escape(payload["then"]["title"])}"'
        then = f'<div class="chart-then"{then_name} hidden>{pictures(payload, here, then=True, below=True)}</div>'
        note = '<p class="chart-whole" hidden>The table, the files and the citation below hold later figures too.</p>'
    elif state == "none":
        none = f'<p class="chart-none" hidden>{escape(_later(payload))}</p>'
    self.body.append(
        f'<figure class="chart then-{state}" id="chart-{ident}"{figure_name}>'
        f'<div class="chart-all"{whole_name}>{pictures(payload, here, below=True)}</div>{then}{none}'
        f'<figcaption>{note}<div class="chart-links">'
        f"<details><summary>Table</summary>"
        f"<div>{table_html(payload['table']['columns'], rows, title, _counted(payload, which))}{more}</div></details>"
        f"{''.join(files)}"
        f"<details><summary>Cite</summary>"
        f"<div>{_cite_html(payload, builder.config, at)}<p>Sources: {_sources_html(payload, here)}.</p>{how}</div></details>"
        f'{alone}<span class="chart-tables">Data: {_tables_html(payload, here)}</span></div>'
        f'<p class="chart-print">Chart {ident} in “{escape(builder.config.project)}”.{f" {escape(at)}" if at else ""}</p>'
        "</figcaption></figure>"
    )
    raise nodes.SkipNode


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _later(payload: dict, alone: bool = False) -> str:
    """What stands in the place of a chart of which nothing, or too little to draw, was known by the cut-off.

    It is named by its measure, since its title is a finding, and a later one; ``alone``, where the chart stands above, not.
    """
    day, many = _day(current().oped.cut_off), len(payload["table"]["rows"]) > 1
    some = (payload.get("then") or {}).get("known")
    why = "too little was public" if some else "no figure was public" if many else "its one figure was not public"
    if alone:
        return f"{why[:1].upper()}{why[1:]} by {day}."
    return f"Not shown, since {why} by {day}: {payload['subtitle'].rstrip('.')}."


def _counted(payload: dict, which: str) -> str:
    """A table's caption: which rows it has, and their unit where the table's columns don't say it."""
    unit = "" if payload["unit"].startswith("see ") else f" ({payload['unit']})"
    return f"{which[:1].upper()}{which[1:]}{unit}"


# The chart's own page, and the part of it that other sites may embed


def collect_pages(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Each chart's own page and its page for a frame, as Sphinx asks for pages that have no source."""
    if app.builder.name not in OWN_PAGES:
        return
    labels = app.env.get_domain("std").anonlabels
    for docname in sorted({doc for name, (doc, _) in labels.items() if name.startswith("chart-")}):
        for node in app.env.get_doctree(docname).findall(chart_node):
            payload, own = node["payload"], own_page(app.builder, node["payload"])
            page = {
                "title": escape(payload["title"]),
                "metatags": f'<meta name="description" content="{escape(payload["alt"])}">',
            }
            yield own, page | {"body": own_html(app, payload, docname, own)}, "page.html"
            frame = f"{own}-embed"
            bare = {"title": escape(payload["title"]), "body": frame_html(app, payload, frame), "own": own}
            yield frame, bare, "chart-embed.html"


def own_html(app: Sphinx, payload: dict, docname: str, own: str) -> str:
    """The body of a chart's own page; ``docname`` is the page that it comes from."""
    builder, config, here = app.builder, app.config, From(app.builder, own)
    cut_off, state = current().oped.cut_off, then_state(payload)
    named = f"at the end of {cut_off.year}" if (cut_off.month, cut_off.day) == (12, 31) else f"on {_day(cut_off)}"
    rows, back = payload["table"]["rows"], here.page(docname, f"chart-{payload['id']}")
    count = f"all {len(rows):,} rows" if len(rows) > 1 else "its one row"
    table = table_html(payload["table"]["columns"], rows, payload["title"], _counted(payload, count))
    if len(rows) > ON_PAGE:
        table = f"<details><summary>The whole table, {len(rows):,} rows</summary>{table}</details>"
    as_then = f"As it could be seen {named}: "

    def figure(then: bool) -> str:
        title = f"{as_then}{payload['then']['title']}" if then else payload["title"]
        short = f"{title.rstrip('.')}. What it shows stands below in words."
        return f'<figure class="chart-alone" aria-label="{escape(title)}">{pictures(payload, here, then, short)}</figure>'

    parts = [
        f'<p class="chart-from">A chart of <a href="{back}">{escape(app.env.titles[docname].astext())}</a></p>',
        # The picture has the title in it, in large type, so that the page's heading is for those who don't see it.
        f'<h1 class="chart-title sr">{escape(payload["title"])}</h1>',
    ]
    if state == "drawn":
        parts += ["<h2>The whole</h2>", figure(False), f"<h2>As it could be seen {named}</h2>", figure(True)]
    else:
        parts.append(figure(False))
    if state == "none":
        parts.append(f"<p>{escape(_later(payload, alone=True))}</p>")
    parts.append(f"<h2>What the chart shows</h2><p>{escape(payload['alt'])}</p>")
    if state == "drawn":
        parts.append(f"<p>{as_then}{escape(payload['then']['alt'])}</p>")
    if payload.get("how"):
        parts.append(f"<p>How it is computed: {escape(payload['how'])}</p>")
    files = {
        ".csv": "CSV: the numbers",
        "-light-wide.svg": "SVG",
        "-light-narrow.svg": "SVG for a narrow column",
        "-dark-wide.svg": "SVG on dark ground",
        "-dark-narrow.svg": "SVG on dark ground for a narrow column",
        ".png": "PNG",
    }
    if state == "drawn":
        files["-then-light-wide.svg"] = f"SVG as it could be seen {named}"
    links = "".join(f'<li><a href="{here.chart(payload, end)}" download>{words}</a></li>' for end, words in files.items())
    tables, sources = _tables_html(payload, here), _sources_html(payload, here)
    parts += [
        f'<h2>The numbers</h2>{table}<h2>Files</h2><ul class="chart-files">{links}</ul>',
        f"<h2>Where the figures come from</h2><p>Sources: {sources}.</p><p>Tables: {tables}.</p>",
        f"<h2>How to cite</h2>{_cite_html(payload, config, address(config, builder, own))}",
        _embed_html(payload, config, builder, own),
        f'<p><a href="{back}">Back to its place in the chapter</a></p>',
    ]
    return "\n".join(parts)


def snippet(payload: dict, at: str, width: str) -> str:
    """The HTML that shows a chart on another site, ``wide`` or ``narrow``; ``at`` is the address of its page for a frame."""
    wide, high = size(payload["svg"][f"light-{width}"])
    return (
        f'<iframe src="{escape(at)}" title="{escape(payload["title"])}" width="{wide}" height="{high + BAR}"'
        ' style="border: 0; max-width: 100%" loading="lazy"></iframe>'
    )


def _embed_html(payload: dict, config: Config, builder: Builder, own: str) -> str:
    at = address(config, builder, f"{own}-embed")
    said = "Paste this into a page; it shows the picture and a link to this page, and asks nothing of your readers."
    if not at:
        at = urljoin(NOWHERE, builder.get_target_uri(f"{own}-embed"))
        said += (
            f"</p><p><strong>Before you paste, replace <code>{NOWHERE}</code></strong> by the address of the book as you read it:"
            " this copy doesn’t know its own, and as they stand the lines below show nothing."
        )
    codes = "".join(
        f'<p>{words}</p><pre class="embed"><code>{escape(snippet(payload, at, width))}</code></pre>'
        for width, words in (("wide", "Where there is room for it:"), ("narrow", "In a narrow column, or on a phone:"))
    )
    return f"<h2>Embed this chart</h2><p>{said}</p>{codes}"


def frame_html(app: Sphinx, payload: dict, docname: str) -> str:
    """What a frame on another site shows: the picture, whose figures they are, and a link to the chart's own page.

    No script of ours runs there, so the picture follows the system's mode alone, and one element can choose among the four.
    """
    here, svg = From(app.builder, docname), payload["svg"]
    sources = "".join(
        f'<source media="{media}" srcset="{here.chart(payload, f"-{variant}.svg")}" {_sized(svg[variant])}>'
        for variant, media in (
            ("dark-narrow", f"screen and (prefers-color-scheme: dark) and {NARROW}"),
            ("dark-wide", "screen and (prefers-color-scheme: dark)"),
            ("light-narrow", NARROW),
        )
    )
    image = f'<img src="{here.chart(payload, "-light-wide.svg")}" alt="{escape(payload["alt"])}" {_sized(svg["light-wide"])}>'
    own = here.page(own_page(app.builder, payload))
    return (
        f'<figure><picture>{sources}{image}</picture><figcaption><span class="sr">{escape(payload["source_line"])}. </span>'
        f'<a href="{own}" target="_blank" rel="noopener">Numbers and sources'
        f'<span class="sr"> of this chart, in a new window</span></a> · {escape(app.config.project)}</figcaption></figure>'
    )


# Other writers


def _epub_figure(self, payload: dict, here: From) -> None:
    """The picture with its words; the EPUB's list of files takes in what lies in its folder."""
    folder = Path(self.builder.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{payload['id']}.png").write_bytes(base64.b64decode(payload["png"]))
    self.body.append(
        f'<figure class="chart" id="chart-{payload["id"]}">'
        f'<img src="{here.chart(payload, ".png")}" alt="{escape(payload["alt"])}"/>'
        f"<figcaption><p>{escape(_caption(payload))}</p></figcaption></figure>"
    )


def _caption(payload: dict) -> str:
    return f"{payload['title'].rstrip('.')}. {payload['source_line']}."


class PrintedCharts(SphinxPostTransform):
    """For LaTeX a chart is a figure like any other: its picture, given to Sphinx as a file of the book, and its words."""

    default_priority = 100  # before Sphinx looks at the images, at 150 and later
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        folder = Path(self.app.doctreedir) / "images" / FOLDER
        for node in list(self.document.findall(chart_node)):
            payload = node["payload"]
            folder.mkdir(parents=True, exist_ok=True)
            picture = folder / f"{payload['id']}.png"
            picture.write_bytes(base64.b64decode(payload["png"]))
            self.env.images.add_file(self.env.docname, str(picture))
            image = nodes.image(uri=str(picture), candidates={"image/png": str(picture)}, alt=payload["alt"], width="100%")
            words = _caption(payload)
            node.replace_self(nodes.figure("", image, nodes.caption(words, words), ids=list(node["ids"])))


def visit_details_html(self, node) -> None:
    classes = " ".join(["part", *node.get("classes", [])])
    self.body.append(f'<details class="{classes}"><summary>{escape(node["summary"])}</summary>')


def depart_details_html(self, node) -> None:
    self.body.append("</details>")


def visit_chart_text(self, node) -> None:
    payload = node["payload"]
    self.new_state(0)
    self.add_text(f"[{_caption(payload)} {payload['alt']}]")
    self.end_state()
    raise nodes.SkipNode


def pass_by(self, node) -> None:
    """Other writers show the content as it stands."""


def register(app: Sphinx) -> None:
    app.add_node(chart_node, html=(visit_chart_html, None), text=(visit_chart_text, None))
    app.add_node(details, html=(visit_details_html, depart_details_html), text=(pass_by, pass_by), latex=(pass_by, pass_by))
    app.add_post_transform(PrintedCharts)
    app.connect("html-collect-pages", collect_pages)
