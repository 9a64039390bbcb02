"""How a chart or a value, as a cell gives it, stands on the page."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx

from companion.project import current
from companion.sources import label

CHART = "application/vnd.companion.chart+json"
VALUE = "application/vnd.companion.value+json"
FOLDER = "charts"  # of a chart's files, in the built book


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


def _files(self, payload: dict) -> dict[str, str]:
    """Write the chart's files into the built book; returns their addresses relative to the page."""
    builder = self.builder
    folder = Path(builder.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ident = payload["id"]
    files = {f"{ident}.csv": payload["csv"].encode(), f"{ident}.png": base64.b64decode(payload["png"])}
    for variant, svg in payload["svg"].items():
        files[f"{ident}-{variant}.svg"] = svg.encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    here = builder.get_target_uri(builder.current_docname)
    up = "../" * here.count("/")
    return {name: f"{up}{FOLDER}/{name}" for name in files}


def _picture(payload: dict, at: dict[str, str], mode: str) -> str:
    from xml.etree import ElementTree

    ident, alt = payload["id"], escape(payload["alt"], quote=True)

    def size(variant: str) -> tuple[int, int]:
        box = ElementTree.fromstring(payload["svg"][variant]).get("viewBox", "0 0 720 480").split()
        return round(float(box[2])), round(float(box[3]))

    wide, narrow = size(f"{mode}-wide"), size(f"{mode}-narrow")
    sources = {width: at[f"{ident}-{mode}-{width}.svg"] for width in ("wide", "narrow")}
    return (
        f'<picture class="chart-{mode}">'
        f'<source media="(max-width: 600px)" srcset="{sources["narrow"]}" width="{narrow[0]}" height="{narrow[1]}">'
        f'<img src="{sources["wide"]}" alt="{alt}" width="{wide[0]}" height="{wide[1]}" loading="lazy" decoding="async">'
        "</picture>"
    )


def table_html(columns: list[str], rows: list[list[str]], caption: str) -> str:
    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    # A wide table scrolls in its own box, which must then be reachable by keyboard and have a name.
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


MOST_ROWS = 150


def shown_rows(payload: dict) -> tuple[list[list[str]], str]:
    """The rows to print under a chart: all, or for a long daily series the last of each month; and what was done."""
    columns, rows = payload["table"]["columns"], payload["table"]["rows"]
    if len(rows) <= MOST_ROWS:
        return rows, f"all {len(rows)} rows"
    series, x = columns.index("series"), columns.index("x") if "x" in columns else 1
    last = {(row[series], row[x][:7]): row for row in rows}
    return list(last.values()), f"the last row of each month, {len(last)} of {len(rows)} rows; the CSV has all"


def visit_chart_html(self, node) -> None:
    payload = node["payload"]
    ident, at = payload["id"], _files(self, payload)
    project = current()
    rows, what = shown_rows(payload)
    here = self.builder.get_target_uri(self.builder.current_docname)
    up = "../" * here.count("/")
    known = [project.sources[key] for key in payload["sources"] if key in project.sources]
    sources = ", ".join(f'<a href="{up}sources.html#source-{s.key}">{escape(label(s, project.sources))}</a>' for s in known)
    tables = ", ".join(f'<a href="{up}tables/{t.replace("/", "-")}.html">{escape(t)}</a>' for t in payload["tables"])
    how = f"<p>How: {escape(payload['how'])}</p>" if payload.get("how") else ""
    said_by = payload["source_line"].removeprefix("Source: ")
    config = self.builder.config
    cite = f"“{payload['title']}”, chart {ident} in “{config.project}” by {config.author}, {config.copyright}. Data: {said_by}."
    caption = f"{payload['title']} ({payload['unit']}; {what})"
    of = f'<span class="sr"> of {escape(payload["title"])}</span>'
    downloads = {"CSV": f"{ident}.csv", "SVG": f"{ident}-light-wide.svg", "PNG": f"{ident}.png"}
    links = " ".join(f'<a href="{at[name]}" download>{kind}{of}</a>' for kind, name in downloads.items())
    self.body.append(
        f'<figure class="chart" id="chart-{ident}">'
        f"{_picture(payload, at, 'light')}{_picture(payload, at, 'dark')}"
        f'<figcaption><p class="chart-links">{links} <a href="#chart-{ident}">Link{of}</a></p>'
        f"<details><summary>Numbers, sources and how to cite{of}</summary>"
        f"<p>Tables: {tables}. Sources: {sources}.</p>{how}<p>Cite: {escape(cite)}</p>"
        f"{table_html(payload['table']['columns'], rows, caption)}"
        "</details></figcaption></figure>"
    )
    raise nodes.SkipNode


def visit_details_html(self, node) -> None:
    classes = " ".join(["part", *node.get("classes", [])])
    self.body.append(f'<details class="{classes}"><summary>{escape(node["summary"])}</summary>')


def depart_details_html(self, node) -> None:
    self.body.append("</details>")


def visit_chart_text(self, node) -> None:
    self.add_text(f"[{node['payload']['title']}. {node['payload']['alt']}]") if hasattr(self, "add_text") else None
    raise nodes.SkipNode


def pass_by(self, node) -> None:
    """Other writers show the content as it stands."""


def register(app: Sphinx) -> None:
    app.add_node(chart_node, html=(visit_chart_html, None), text=(visit_chart_text, None), latex=(visit_chart_text, None))
    app.add_node(details, html=(visit_details_html, depart_details_html), text=(pass_by, pass_by), latex=(pass_by, pass_by))
