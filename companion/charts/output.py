"""What a chart gives the page: four SVGs, a PNG, its words, and the table behind it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
from PIL import Image

from companion.charts.forms import figure
from companion.charts.frame import DPI, WIDTHS
from companion.charts.lands import LANDS

MIME = "application/vnd.companion.chart+json"
PNG_WIDTH = 1600
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", _SVG)
ElementTree.register_namespace("xlink", _XLINK)


def render(chart, mode: str = "light", width: str = "wide", fmt: str = "svg") -> bytes:
    """One picture: ``mode`` light or dark, ``width`` wide (760 px) or narrow (360 px), ``fmt`` svg or png (1600 px wide)."""
    drawn, out = figure(chart, mode, width), io.BytesIO()
    if fmt == "png":
        drawn.set_dpi(DPI * PNG_WIDTH / WIDTHS["wide"])
        with matplotlib.rc_context({"text.hinting": "none"}):  # letters as wide as in the SVG
            drawn.canvas.draw()
        # 256 colours are plenty for a few hues and their edges, and weigh a third.
        picture = Image.fromarray(np.asarray(drawn.canvas.buffer_rgba())[..., :3])
        picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            out, "PNG", optimize=False, compress_level=6
        )
        return out.getvalue()
    salt = "c" + base64.b32encode(hashlib.sha256(f"{chart.id}/{mode}/{width}".encode()).digest())[:6].decode().lower()
    with matplotlib.rc_context({"svg.hashsalt": salt, "svg.fonttype": "path", "path.simplify": True}):
        drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, facecolor=drawn.get_facecolor())
    return _tidy(out.getvalue(), salt, chart.title, chart.alternative)


def _tidy(svg: bytes, salt: str, title: str, alternative: str) -> bytes:
    """The SVG as it may stand in a page beside others: ids its own, no style attribute or sheet (a strict
    Content-Security-Policy would drop them, and a sheet would reach the rest of the page), coordinates to a
    hundredth of a px, a title and description for those who can't see it."""
    root = ElementTree.fromstring(svg)
    used = {m for el in root.iter() for v in el.attrib.values() for m in re.findall(r"#([\w.:-]+)\)?$", v)}
    names = {}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    for el in root.iter():
        ident = el.attrib.pop("id", None)
        if ident in used:
            el.set("id", names.setdefault(ident, f"{salt}-{len(names):x}"))
        for part in el.attrib.pop("style", "").split(";"):
            name, _, value = part.partition(":")
            if value:
                el.set(name.strip(), value.strip())
    for el in root.iter():
        for name, value in list(el.attrib.items()):
            if name.endswith("href"):
                el.set(name, f"#{names[value[1:]]}")
            elif value.startswith("url(#"):
                el.set(name, f"url(#{names[value[5:-1]]})")
            elif name == "d":
                # Glyph outlines are in 1/64 px, the rest in px.
                el.set(name, _short(value, 0 if el.get("transform", "").startswith("scale(0.015625") else 2))
            elif name in ("x", "y", "width", "height", "stroke-width"):
                el.set(name, _short(value, 2))
        move = re.fullmatch(r"translate\(([-\d.]+)[ ,]+0\)", el.get("transform", ""))
        if el.tag == f"{{{_SVG}}}use" and move:
            del el.attrib["transform"]
            el.set("x", _short(move.group(1), 1))
    for parent in root.iter():
        parent.text = parent.text if (parent.text or "").strip() else None
        for child in parent:
            child.tail = None
    _unwrap(root)
    width, height = (re.sub(r"pt$", "", root.get(k)) for k in ("width", "height"))
    root.attrib.pop("version", None)
    root.attrib.update(
        {
            "width": width,
            "height": height,
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "aria-label": title,
            "aria-describedby": f"{salt}-desc",
            "stroke-linejoin": "round",
            "stroke-linecap": "butt",
        }
    )
    # No title element: browsers would show it as a tip over the picture, which has the title in it.
    words = ElementTree.Element(f"{{{_SVG}}}desc", {"id": f"{salt}-desc"})
    words.text = alternative
    root.insert(0, words)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True).encode()


def _short(numbers: str, digits: int) -> str:
    def shorter(match: re.Match) -> str:
        shown = f"{float(match.group()):.{digits}f}"
        shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
        return "0" if shown == "-0" else shown

    return re.sub(r"\s*([A-Za-z]|\s)\s*", r"\1", re.sub(r"-?\d+\.\d+(?:e-?\d+)?", shorter, numbers)).strip()


def _unwrap(el: ElementTree.Element) -> None:
    """Drop groups that say nothing, keeping what is in them."""
    children = []
    for child in el:
        _unwrap(child)
        children.extend(child if child.tag == f"{{{_SVG}}}g" and not child.attrib else [child])
    el[:] = [c for c in children if c.tag not in (f"{{{_SVG}}}g", f"{{{_SVG}}}defs") or len(c)]


# The table behind


def _shown(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)) or value is pd.NA:
        return ""
    if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (float, np.floating)):
        digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
        text = f"{value:,.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def table(chart) -> pd.DataFrame:
    """The table behind a chart, without columns that are empty or say the same as another."""
    data = chart.data.drop(columns="month", errors="ignore")
    data = data.drop(columns=[c for c in ("panel",) if c in data and data[c].equals(data.get("series"))])
    keep = [c for c in data.columns if c in ("x", "value") or not data[c].isna().all() and not (data[c].astype(str) == "").all()]
    data = data[keep]
    if "series" in data and data["series"].nunique() == 1 and data["series"].iloc[0] == "":
        data = data.drop(columns="series")
    if chart.form == "timeline" and "value" in data:
        data = data.drop(columns="value")  # every event counts one; that is no figure
    what = LANDS[chart.options["land"]].part if chart.form == "maps" else "label" if "label" not in data else "what"
    return data.rename(columns={"x": "date" if chart.dated else what})


def _pictures(chart) -> dict[str, str]:
    return {f"{mode}-{width}": render(chart, mode, width).decode() for width in WIDTHS for mode in ("light", "dark")}


def _then(chart) -> dict:
    """What the chart is when only what was known by the cut-off is: its state, and where it has one its second picture."""
    if chart.then is None:
        return {"state": chart.state} | ({"known": chart.known} if chart.state == "none" and chart.known else {})
    return {
        "state": chart.state,
        "title": chart.then.title,
        "subtitle": chart.then.subtitle,
        "alt": chart.then.alternative,
        "source_line": chart.then.source_line,
        "svg": _pictures(chart.then),
    }


def bundle(chart) -> dict:
    """The chart as a mimebundle: all of it for the book, a PNG for plain Jupyter, words for plain text."""
    behind = table(chart)
    png = base64.b64encode(render(chart, "light", "wide", "png")).decode()
    whole = {
        "id": chart.id,
        "form": chart.form,
        "title": chart.title,
        "subtitle": chart.subtitle,
        "alt": chart.alternative,
        "source_line": chart.source_line,
        "unit": chart.unit,
        "how": chart.how,
        "sources": list(chart.sources),
        "tables": list(chart.tables),
        "svg": _pictures(chart),
        "then": _then(chart),
        "png": png,
        "csv": behind.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n"),
        "table": {
            "columns": list(behind.columns),
            "rows": [[_shown(v) for v in row] for row in behind.itertuples(index=False, name=None)],
        },
    }
    return {MIME: whole, "image/png": png, "text/plain": f"{chart.title}\n{chart.alternative}"}
