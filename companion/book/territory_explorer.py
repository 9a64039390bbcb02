"""``{territory-explorer}``: the oblasts of Ukraine on the days that a map maker has figures for, with the share held beside.

Everything stands in the page: maps, lines and tables are made here, and the script only chooses among them. It reads the
figures by oblast from the page's own tables, and the daily areas from the lines that it moves along, so that the page needs
no fetch and is whole without scripts. Nothing lies between two rows: a map is of a day that has rows, and no map is held
over days that have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.book.directives import joined, para, text, xref
from companion.charts.forms import shade_bounds
from companion.charts.frame import nice_range, nice_ticks, number
from companion.charts.lands import LANDS, label_places, oblast_outlines, simpler
from companion.problems import Problem, Wrong
from companion.project import Project, current
from companion.sources import label
from companion.tables import Rows, near, rows
from companion.territory import area, base_area

FILES = "territory.css territory.js"
OBLASTS = "territory/oblast_share"
BASE = "Ukraine with Crimea"
APART = 0.05
CRIMEA = "Crimea + Sevastopol"


@dataclass(frozen=True)
class Maker:
    """A map maker and what it counts: its series of ``territory/oblast_share`` and its areas of the whole, in the order in
    which they are asked for a day. Both are of one maker and one way of counting, so that makers are never mixed; but they
    may come from two copies of its map, and ``Shown.apart`` tells on which days these differ.

    ``areas`` name a map of ``companion.territory.MAPS``, or a table with a filter and the first day it is used from.
    """

    key: str
    name: str
    counts: str
    hue: int
    oblasts: tuple[str, ...]
    areas: tuple[tuple, ...]


MAKERS = {
    maker.key: maker
    for maker in (
        Maker(
            "isw",
            "ISW, control and advances",
            "The Institute for the Study of War (ISW) and the Critical Threats Project: land under Russian control, and land "
            "where they assess that Russian forces have advanced; land that Russia only claims is out.",
            0,
            ("isw_control_plus_advances",),
            (("isw", "control and advances"),),
        ),
        Maker(
            "isw-control",
            "ISW, control alone",
            "The first of these two layers alone. ISW moves land from the second to the first in batches, so control lags. "
            "Until 1 March 2022 ISW drew one layer, so the first map holds advances too. Two copies of the layer were at hand, "
            "with a stretch between that neither has.",
            3,
            ("isw_control", "isw_control_via_sdspieg"),
            (("isw", "control"), ("territory/isw_layers_daily", {"series": "control_only"}, None)),
        ),
        Maker(
            "deepstate",
            "DeepState",
            "A volunteer project from Ukraine: land that it marks as occupied; its grey zone, contested land, is out. A map of a "
            "day shows the state in that day's first hours.",
            1,
            ("deepstate",),
            (("deepstate", "occupied"),),
        ),
        Maker(
            "liveuamap",
            "Liveuamap",
            "Land that Liveuamap, which draws from reports in the open press, marks as under Russian control. By oblast it is "
            "read from the maps that the Neue Zürcher Zeitung (NZZ) drew from it, which leave Crimea out: it is set to the whole "
            "here. The daily area is another project's, and where that ends, the area of the NZZ maps.",
            2,
            ("liveuamap_via_nzz",),
            (
                ("liveuamap", "occupied"),
                ("territory/by_category_weekly", {"maker": "liveuamap_via_nzz", "category": "total"}, "2025-01-17"),
            ),
        ),
    )
}
"""Whose maps the explorer can show."""


@dataclass(frozen=True)
class Shown:
    """A maker with its rows: ``maps`` by day (columns of the table, highest share first), ``areas`` over time, and the days
    whose maps could be known ``then``: of a day up to the cut-off, and public by it."""

    maker: Maker
    maps: dict[pd.Timestamp, pd.DataFrame]
    areas: tuple[Rows, ...]
    breaks: tuple[dict, ...]
    then: frozenset[pd.Timestamp]

    def clock(self, day: pd.Timestamp) -> str:
        """The class of what shows a day's map; the stylesheet takes away what came since where only *then* is wanted."""
        return "of-then" if day in self.then else "of-since"

    @property
    def days(self) -> list[pd.Timestamp]:
        return list(self.maps)

    @property
    def apart(self) -> list[tuple[pd.Timestamp, float, float]]:
        """The days on which the oblasts of a map add up to another area than that of the whole by more than ``APART``: the
        day and both areas in km². Outlines of oblasts without the water at the coast explain less than that."""
        out = []
        for day, part in self.maps.items():
            found, parts = self.area_on(day), float(part["area_km2"].sum())
            if found and abs(parts / found[0] - 1) > APART:
                out.append((day, parts, found[0]))
        return out

    def area_on(self, day: pd.Timestamp) -> tuple[float, Rows] | None:
        """The area held on a day, in km², with the rows that it is from; None where the maker has no row of that day."""
        for part in self.areas:
            found = part.frame[part.frame["date"] == day]
            if len(found):
                return float(found["value"].iloc[0]), part
        return None


def named(makers: str | None) -> list[str]:
    """The keys that a directive's option ``makers`` names, each once; all of ``MAKERS`` where it isn't given."""
    return list(dict.fromkeys(key.strip() for key in makers.split(","))) if makers else list(MAKERS)


def shown(project: Project, key: str) -> Shown:
    """The rows of one of ``MAKERS``; ``Wrong`` where it isn't one, or where its tables don't hold it."""
    if key not in MAKERS:
        raise Wrong(Problem("", 0, "explorer", f"no map maker '{key}'; {near(key, MAKERS, 'there are ' + ', '.join(MAKERS))}"))
    maker = MAKERS[key]
    known = oblast_outlines(project.root)
    found = rows(OBLASTS, series=list(maker.oblasts))
    table = found.tables[0]
    for line, oblast in found.frame["oblast"].items():
        if oblast not in known:
            right = near(oblast, known, f"there are {', '.join(sorted(known))}")
            raise Wrong(Problem(table.path, line, "explorer", f"no oblast '{oblast}' in data/territory/oblasts.geojson; {right}"))
    twice = found.frame[found.frame.duplicated(["date", "oblast"])]
    if len(twice):
        row = twice.iloc[0]
        message = f"{row['oblast']} has two figures of {row['date']:%Y-%m-%d} in {' and '.join(maker.oblasts)}; one map shows one"
        raise Wrong(Problem(table.path, int(twice.index[0]), "explorer", message))
    maps = {
        day: part.sort_values(["pct", "oblast"], ascending=[False, True])
        for day, part in found.frame.sort_values("date").groupby("date")
    }
    cut_off = project.oped.cut_off

    def known_then(day: pd.Timestamp, part: pd.DataFrame) -> bool:
        public = [project.became_public(table, row)[0] for _, row in part.iterrows()]
        return day.date() <= cut_off and all(on is not None and on <= cut_off for on in public)

    then = frozenset(day for day, part in maps.items() if known_then(day, part))
    return Shown(maker, maps, tuple(_area_of(where) for where in maker.areas), found.breaks, then)


def _area_of(where: tuple) -> Rows:
    if len(where) == 2:
        return area(*where)
    table, filters, since = where
    found = rows(table, since=since, **filters)
    frame = found.frame.rename(columns={"km2": "value"}).sort_values("date")
    return Rows(frame, found.origins, "date", "km²", found.how, found.breaks)


# Words


def day_words(day: pd.Timestamp) -> str:
    return f"{day.day} {day:%B %Y}"


def pct_words(value: float) -> str:
    """An oblast's share as the book's maps print it: whole, with one decimal below one."""
    return "<0.1" if 0 < value < 0.05 else number(value, 0 if value >= 1 or value == 0 else 1)


def summary(who: Shown, day: pd.Timestamp, whole: float) -> str:
    """What a map says, in one or two sentences; the script says the same of other days."""
    return " ".join(_said(who, day, whole))


def _said(who: Shown, day: pd.Timestamp, whole: float) -> tuple[str, str]:
    """The sentence on the whole, and that on the oblasts."""
    found = who.area_on(day)
    if found:
        said = f"On {day_words(day)} Russian forces held {found[0] / whole * 100:.1f}% of Ukraine ({who.maker.name})."
    else:
        said = f"For {day_words(day)} there is no share of Ukraine at hand ({who.maker.name})."
    parts = [f"{row.oblast} {pct_words(row.pct)}%" for row in who.maps[day].itertuples()]
    return said, f"By oblast: {', '.join(parts)}."


# Pictures


class _Land:
    """The outlines in the px of one picture, ``wide`` px across."""

    def __init__(self, project: Project, wide: float, detail: float | None = None):
        shapes = oblast_outlines(project.root)
        every = np.vstack([ring for rings in shapes.values() for ring in rings])
        (x0, y0), (x1, y1) = every.min(axis=0), every.max(axis=0)
        flat = np.cos(np.radians((y0 + y1) / 2))  # a degree of longitude is that much of a degree of latitude
        scale = (wide - 2) / ((x1 - x0) * flat)
        self.wide, self.tall = wide, round((y1 - y0) * scale) + 2
        self._place = lambda lon, lat: ((lon - x0) * flat * scale + 1, (y1 - lat) * scale + 1)
        self.shapes = simpler(shapes, detail) if detail else shapes
        places = label_places(project.root).items()
        self.middles = {name: (*self._place(lon, lat), size * flat * scale**2) for name, (lon, lat, size) in places}

    def fitted(self, oblast: str, x: float, heights: tuple[float, ...], wide: float) -> float:
        """The middle nearest to ``x`` of words ``wide`` px across, so that they keep within the oblast at some heights;
        the middle of what there is where it is less."""
        low, high = 0.0, float(self.wide)
        for y in heights:
            cuts = []
            for ring in self.shapes[oblast]:
                xs, ys = self._place(ring[:, 0], ring[:, 1])
                i = np.flatnonzero((ys[:-1] > y) != (ys[1:] > y))
                cuts += list(xs[i] + (y - ys[i]) / (ys[i + 1] - ys[i]) * (xs[i + 1] - xs[i]))
            low = max([low, *(cut for cut in cuts if cut <= x)])
            high = min([high, *(cut for cut in cuts if cut > x)])
        half = min(wide, high - low) / 2
        return min(max(x, low + half), high - half)

    def path(self, oblast: str, decimals: int = 1) -> str:
        out = []
        for ring in self.shapes.get(oblast, []):
            xs, ys = self._place(ring[:-1, 0], ring[:-1, 1])
            points = np.round(np.column_stack([xs, ys]), decimals)
            steps = np.round(np.diff(points, axis=0), decimals)
            out.append(f"M{_pair(points[0])}l" + " ".join(_pair(step) for step in steps if step.any()) + "z")
        return "".join(out)


def _pair(point) -> str:
    x, y = (f"{v:.10g}".replace("-0.", "-.") for v in (point[0] + 0.0, point[1] + 0.0))
    x, y = (v[1:] if v.startswith("0.") else v for v in (x, y))
    return f"{x}{y}" if y.startswith("-") else f"{x} {y}"


def ident(oblast: str) -> str:
    return "oblast-" + "".join(c if c.isalnum() else "-" for c in oblast.lower()).replace("---", "-")


def shade(value: float) -> int:
    """The class of a share, 1 to 5, by the bounds that the book's maps have."""
    bounds = shade_bounds(pd.Series([0.0, 100.0]), "%")
    return min(max(int(np.searchsorted(bounds, value, side="left")), 1), 5)


WIDTH = 6.4
"""Px of a letter of an oblast's name on the map, with room at its sides."""


def _big_map(project: Project, who: Shown, day: pd.Timestamp) -> str:
    land = _Land(project, 560)
    known = who.maps[day].set_index("oblast")["pct"]
    ever = {o for maker in MAKERS for o in _ever(project, maker)}
    shapes, texts = [], []
    for oblast in sorted(land.shapes):
        kind, name = f"s{shade(known[oblast])}" if oblast in known else "none", escape(oblast)
        outline = land.path(oblast)
        shapes.append(f'<path class="oblast {kind}" data-oblast="{name}" d="{outline}"><title>{name}</title></path>')
        x, y, size = land.middles[oblast]
        words = oblast.removesuffix(" + Sevastopol")
        x = land.fitted(oblast, x, (y - 12, y - 4), WIDTH * len(words))
        if oblast in ever and size > 900:  # a city is too small to write in
            value = f"{pct_words(known[oblast])}%" if oblast in known else ""
            texts.append(
                f'<g class="at {kind}" data-at="{name}">'
                f'<text class="name" x="{x:.0f}" y="{y - 4:.0f}">{escape(words)}</text> '
                f'<text class="figure" x="{x:.0f}" y="{y + 12:.0f}">{escape(value)}</text></g>'
            )
    return (
        f'<svg class="territory-map" viewBox="0 0 {land.wide} {land.tall}" role="img" aria-labelledby="territory-map-name">'
        f'<title id="territory-map-name">Map of Ukraine by oblast; the table below has its figures</title>'
        f'<g>{"".join(shapes)}</g><g class="texts" aria-hidden="true">{" ".join(texts)}</g></svg>'
    )


def _ever(project: Project, key: str) -> set[str]:
    """The oblasts that any map of a maker has a row for."""
    frame = project.table(OBLASTS).frame
    return set(frame.loc[frame["series"].isin(MAKERS[key].oblasts), "oblast"])


def _key() -> str:
    bounds = shade_bounds(pd.Series([0.0, 100.0]), "%")
    parts = [
        f'<li><svg viewBox="0 0 28 12" aria-hidden="true"><path class="s{i + 1}" d="M0 0h28v12h-28z"/></svg>'
        f"{number(low)}–{number(high)}%</li>"
        for i, (low, high) in enumerate(zip(bounds[:-1], bounds[1:], strict=True))
    ]
    none = '<li><svg viewBox="0 0 28 12" aria-hidden="true"><path class="none" d="M0 0h28v12h-28z"/></svg>no figure</li>'
    return f'<ul class="territory-key" aria-label="Shades: share of the oblast">{"".join(parts)}{none}</ul>'


WIDE, TALL, LEFT, RIGHT, TOP, BOTTOM = 440, 330, 42, 8, 26, 26


def _thin(points: np.ndarray, off: float = 0.2) -> np.ndarray:
    """A line without the points that lie nearer than ``off`` px to it."""
    keep, todo = {0, len(points) - 1}, [(0, len(points) - 1)]
    while todo:
        i, j = todo.pop()
        if j - i < 2:
            continue
        a, along = points[i], points[j] - points[i]
        away = points[i + 1 : j] - a
        length = np.hypot(*along)
        gap = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length if length else np.hypot(*away.T)
        worst = int(gap.argmax())
        if gap[worst] > off:
            k = i + 1 + worst
            keep.add(k)
            todo += [(i, k), (k, j)]
    return points[sorted(keep)]


class _Chart:
    """The shares over time as lines, with the op-ed's window and the cut-off as on the book's charts."""

    def __init__(self, project: Project, makers: list[Shown], whole: float):
        self.project, self.makers, self.whole = project, makers, whole
        dates = pd.concat([part.frame["date"] for who in makers for part in who.areas])
        self.first, self.last = dates.min(), dates.max()
        top = max(part.frame["value"].max() for who in makers for part in who.areas) / whole * 100
        self.low, self.high = nice_range(0, top, True, 3)

    def x(self, day) -> float:
        return LEFT + (pd.Timestamp(day) - self.first) / (self.last - self.first) * (WIDE - LEFT - RIGHT)

    def y(self, share: float) -> float:
        return TOP + (self.high - share) / (self.high - self.low) * (TALL - TOP - BOTTOM)

    def lines(self, part: Rows) -> str:
        """The paths of a series, cut where rows are missing for over a month, at its breaks, and at the cut-off, so that
        what came after can be left out."""
        cut_off = pd.Timestamp(self.project.oped.cut_off)
        frame = part.frame
        breaks = [pd.Timestamp(mark["at"]) for mark in part.breaks]
        pieces: list[list[tuple[pd.Timestamp, float]]] = []
        before = None
        for day, value in zip(frame["date"], frame["value"], strict=True):
            cut = before is None or (day - before).days > 31 or any(before < at <= day for at in breaks)
            if cut:
                pieces.append([])
            elif before <= cut_off < day:
                pieces.append([pieces[-1][-1]])
            pieces[-1].append((day, value / self.whole * 100))
            before = day
        out = []
        for piece in pieces:
            points = _thin(np.array([(self.x(day), self.y(share)) for day, share in piece]))
            clock = "then" if piece[-1][0] <= cut_off else "since"
            drawn = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            out.append(f'<path class="of-{clock}" d="{drawn}"/>')
        return "".join(out)

    def svg(self, chosen: Shown, day: pd.Timestamp) -> str:
        oped = self.project.oped
        start, end = self.x(oped.window[0]), min(self.x(oped.window[1]), WIDE - RIGHT)
        cut = self.x(oped.cut_off)
        floor = TALL - BOTTOM
        parts = [
            f'<path class="since-ground of-since" d="M{cut:.1f} {TOP}H{WIDE - RIGHT}V{floor}H{cut:.1f}z"/>',
            f'<path class="oped-window" d="M{start:.1f} {TOP}H{end:.1f}V{floor}H{start:.1f}z"/>',
        ]
        ticks = nice_ticks(self.low, self.high, 3)
        for tick in ticks:
            at = self.y(tick)
            parts.append(f'<path class="{"base" if tick == 0 else "grid"}" d="M{LEFT} {at:.1f}H{WIDE - RIGHT}"/>')
            words = number(tick, None, "%" if tick == ticks[-1] else "")
            parts.append(f'<text class="tick end" x="{LEFT - 6}" y="{at + 4.5:.1f}">{words}</text>')
        for year in range(self.first.year, self.last.year + 1):
            a, b = (self.x(max(min(pd.Timestamp(y, 1, 1), self.last), self.first)) for y in (year, year + 1))
            if year > self.first.year:
                parts.append(f'<path class="base" d="M{a:.1f} {floor}v6"/>')
            if b - a > 34:
                parts.append(f'<text class="tick middle" x="{(a + b) / 2:.1f}" y="{floor + 20}">{year}</text>')
        said = min(max((start + end) / 2 - 46, LEFT), WIDE - 180)
        parts.append(f'<path class="oped-line" d="M{(start + end) / 2:.1f} {TOP - 8}V{TOP}"/>')
        parts.append(
            f'<text x="{said:.1f}" y="{TOP - 11}"><tspan class="oped-words">op-ed written</tspan>'
            '<tspan class="of-since" dx="8">since →</tspan></text>'
        )
        for who in sorted(self.makers, key=lambda w: w is chosen):
            drawn = []
            for part in who.areas:
                table = part.tables[0]
                drawn.append(f'<g data-table="{table.name}" data-km2="{packed(part)}">{self.lines(part)}</g>')
            marks = "".join(f'<path class="{who.clock(d)}" d="M{self.x(d):.1f} {floor - 7}v7"/>' for d in who.days)
            classes = f"line hue-{who.maker.hue}{' chosen' if who is chosen else ''}"
            parts.append(f'<g class="{classes}" data-line="{who.maker.key}">{"".join(drawn)}<g class="stops">{marks}</g></g>')
        found = chosen.area_on(day)
        at = self.x(day)
        y, value = (self.y(found[0] / self.whole * 100), f"{found[0] / self.whole * 100:.1f}%") if found else (TOP, "")
        turn, dx = (" end", -8) if at > WIDE - RIGHT - 84 else ("", 8)
        parts.append(
            f'<g class="cursor"><path d="M{at:.1f} {TOP}V{floor}"/>'
            f'<circle r="4.5" cx="{at:.1f}" cy="{y:.1f}"{"" if found else " hidden"}/>'
            f'<text class="value{turn}" x="{at + dx:.1f}" y="{y - 9:.1f}">{value}</text></g>'
            '<g class="reading" hidden><path d=""/><circle r="3.5"/></g>'
        )
        days = (self.last - self.first).days
        frame = f'data-first="{self.first:%Y-%m-%d}" data-days="{days}" data-box="{LEFT} {WIDE - RIGHT} {TOP} {floor}"'
        axis = f'data-low="{self.low:g}" data-high="{self.high:g}" data-whole="{self.whole:.10g}" data-cut-off="{oped.cut_off}"'
        then = escape(self.words(pd.Timestamp(oped.cut_off)))
        limit = f"By “then”, only maps that were public by {day_words(pd.Timestamp(oped.cut_off))}."
        name = f'<title id="territory-chart-name">{escape(self.words())}</title>'
        return (
            f'<svg class="territory-chart" viewBox="0 0 {WIDE} {TALL}" role="img" aria-labelledby="territory-chart-name" '
            f'{frame} {axis} data-then="{then}" data-limit="{limit}">{name}{" ".join(parts)}</svg>'
        )

    def words(self, until: pd.Timestamp | None = None) -> str:
        """What a reader of the lines would see, made from their ends and peaks; of rows to ``until`` where it is given."""
        said = []
        for who in self.makers:
            frame = pd.concat([part.frame[["date", "value"]] for part in who.areas]).sort_values("date")
            frame = frame[frame["date"] <= until] if until is not None else frame
            if frame.empty:
                continue
            frame = frame.reset_index(drop=True)
            ends = frame.iloc[0], frame.loc[frame["value"].idxmax()], frame.iloc[-1]  # of equal peaks, the first
            words = [f"{row['value'] / self.whole * 100:.1f}% on {day_words(row['date'])}" for row in ends]
            said.append(f"{who.maker.name}, {words[0]}, at most {words[1]}, at last {words[2]}")
        return f"Share of Ukraine held by Russian forces over time. {'; '.join(said)}."


def packed(part: Rows) -> str:
    """The areas of a series as the script reads them: runs of days without a gap, each ``first day:km2 km2 …``."""
    runs: list[list[str]] = []
    before = None
    for day, value in zip(part.frame["date"], part.frame["value"], strict=True):
        km2 = f"{value:.10g}"
        if before is not None and (day - before).days == 1:
            runs[-1].append(km2)
        else:
            runs.append([f"{day:%Y-%m-%d}:{km2}"])
        before = day
    return "|".join(" ".join(run) for run in runs)


# The page


def _radios(makers: list[Shown], chosen: Shown) -> str:
    items = []
    for who in makers:
        key, first = who.maker.key, who.days[0]
        late = not who.then
        given = (" checked" if who is chosen else "") + (" data-late" if late else "")
        items.append(
            f'<label><input type="radio" name="maker" value="{key}"{given}>'
            f'<svg viewBox="0 0 22 12" aria-hidden="true"><path class="hue-{who.maker.hue}" d="M0 6h22"/></svg>'
            f"<span>{escape(who.maker.name)}"
            + (f' <span class="territory-late">(no map before {day_words(first)})</span>' if late else "")
            + "</span></label> "
        )
    return f'<fieldset class="territory-makers"><legend>Whose map</legend> {"".join(items)}</fieldset>'


def _oblast_rows(project: Project, who: Shown, up: str, lead_day: bool, days: list[pd.Timestamp] | None = None) -> str:
    """The bodies of a table, one a day; the script copies the rows of the day that it shows."""
    out, anchors = [], _anchors(project)
    page = f"{up}tables/{OBLASTS.replace('/', '-')}.html"
    for day in days or who.days:
        lines = []
        for line, row in who.maps[day].iterrows():
            source = project.sources.get(str(row["source_id"]))
            name, short = escape(row["oblast"]), escape(pct_words(row["pct"]))
            words = label(source, project.sources) if source else str(row["source_id"])
            place = f"#line-{line}" if line in anchors else ""
            lead = f"<td>{day_words(day)}</td>" if lead_day else ""
            row_is, head_is, cell_is = ("", "", "") if lead_day else (' role="row"', ' role="rowheader"', ' role="cell"')
            km2 = f"{row['area_km2']:,.10g}" if pd.notna(row["area_km2"]) else "not given"
            lines.append(
                f'<tr{row_is} data-oblast="{name}" data-short="{short}">{lead}<th{head_is} scope="row">{name}</th>'
                f"<td{cell_is}>{row['pct']:.10g}%</td><td{cell_is}>{km2}</td>"
                f'<td{cell_is}><a href="{page}{place}">line {line}</a></td>'
                f'<td{cell_is}><a href="{up}sources.html#source-{row["source_id"]}">{escape(words)}</a></td></tr>'
            )
        said = f' data-day="{day:%Y-%m-%d}" class="{who.clock(day)}"' if lead_day else ' role="rowgroup"'
        out.append(f"<tbody{said}>{''.join(lines)}</tbody>")
    return "".join(out)


def _anchors(project: Project) -> set[int]:
    """The lines of the table of oblasts that its page shows one by one, since a chapter's figure rests on them."""
    from companion.book.directives import named_lines

    every = [o for c in project.chapters for v in c.evaluated.values.values() for o in v.figure.origins]
    return {line for origin in every if origin.table.name == OBLASTS for line in named_lines(origin)}


_HEADS = "".join(f'<th scope="col">{words}</th>' for words in ("Oblast", "Share held", "km²", "Row", "Source"))


def _small_maps(project: Project, makers: list[Shown], up: str) -> str:
    """Every map small, and every figure in tables: what a page without scripts has, and paper."""
    land = _Land(project, 240, detail=0.06)
    defs = "".join(f'<path id="{ident(o)}" d="{land.path(o)}"/>' for o in sorted(land.shapes) if land.path(o))
    ground = "".join(f'<use href="#{ident(o)}"/>' for o in sorted(land.shapes) if land.path(o))
    out = [f'<svg class="sr" aria-hidden="true" width="0" height="0"><defs>{defs}<g id="oblasts-all">{ground}</g></defs></svg>']
    for who in makers:
        figures, name = [], escape(who.maker.name)
        for day, part in who.maps.items():
            known = [(ident(row.oblast), shade(row.pct)) for row in part.itertuples() if land.path(row.oblast)]
            drawn = "".join(f'<use class="s{kind}" href="#{at}"/>' for at, kind in known)
            said = f"Map of {day_words(day)}, {name}; its figures are in the table"
            figures.append(
                f'<figure class="{who.clock(day)}"><svg viewBox="0 0 {land.wide} {land.tall}" role="img" aria-label="{said}">'
                f'<use class="none" href="#oblasts-all"/>{drawn}</svg><figcaption>{day_words(day)}</figcaption></figure>'
            )
        out.append(
            f'<section class="territory-all-of" data-maker="{who.maker.key}"><h2>{name}</h2>'
            f'<div class="territory-small">{"".join(figures)}</div>'
            f'<div class="table-scroll">{_table_of_all(project, who, up)}</div></section>'
        )
    return "".join(out)


def _table_of_all(project: Project, who: Shown, up: str) -> str:
    return (
        f"<table><caption>{escape(who.maker.name)}: share of each oblast held, on every day with a map</caption>"
        f'<thead><tr><th scope="col">Day</th>{_HEADS}</tr></thead>{_oblast_rows(project, who, up, True)}</table>'
    )


def explorer_html(project: Project, keys: list[str], up: str = "") -> str:
    """The explorer as it stands before a script runs; ``up`` leads from the page to the book's root."""
    makers = [shown(project, key) for key in keys]
    whole = float(base_area(BASE).value)
    chosen = makers[0]
    day = max(chosen.then, default=chosen.days[0])
    chart = _Chart(project, makers, whole)
    place = chosen.days.index(day)
    found = chosen.area_on(day)
    at = f"{found[0] / whole * 100:.1f}%" if found else "no figure"
    first, last = chart.first, chart.last
    count = sum(len(who.maps) for who in makers)
    of = f"{escape(chosen.maker.name)}, {day_words(day)}"
    lead, parts = _said(chosen, day, whole)
    heads = _HEADS.replace("<th ", '<th role="columnheader" ')
    return (
        '<div class="territory" id="territory" data-clocked><form class="territory-controls" aria-label="Choose a map">'
        f"{_radios(makers, chosen)}"
        '<div class="territory-days"><label for="territory-day">Day of the map</label> '
        f'<span class="territory-day" aria-hidden="true">{day_words(day)}</span> '
        '<div class="territory-slide"><button type="button" data-step="-1" aria-describedby="territory-end">Earlier</button> '
        f'<input type="range" id="territory-day" min="0" max="{len(chosen.days) - 1}" step="1" value="{place}" '
        f'aria-valuetext="{day_words(day)}, map {place + 1} of {len(chosen.days)}"> '
        '<button type="button" data-step="1" aria-describedby="territory-end">Later</button></div>'
        '<p class="territory-end" id="territory-end"></p></div></form>'
        '<div class="territory-pictures"><figure class="territory-left"><figcaption><strong>Share of each oblast held</strong> '
        f'<span class="territory-of">{of}</span></figcaption>{_big_map(project, chosen, day)}'
        f'<p class="territory-touched" aria-hidden="true">&#160;</p>{_key()}</figure>'
        '<figure class="territory-right"><figcaption><strong>Share of Ukraine held</strong> '
        f'<span class="territory-share">{at} on {day_words(day)}</span></figcaption>{chart.svg(chosen, day)}'
        '<form class="territory-read" aria-label="Read the line on another day">'
        '<label for="territory-line">Read the line on</label> '
        f'<input type="date" id="territory-line" min="{first:%Y-%m-%d}" max="{last:%Y-%m-%d}" value="{day:%Y-%m-%d}">'
        '<p role="status" class="territory-line-words"></p></form></figure></div>'
        f'<p class="territory-words"><span class="territory-lead" role="status">{escape(lead)}</span> '
        f'<span class="territory-parts">{escape(parts)}</span></p>'
        '<p class="territory-link"><a href="#territory">Link to this view</a></p>'
        f'<div class="table-scroll"><table class="territory-table" role="table">'
        f"<caption>{of}: every oblast with a figure, the same as on the "
        f'map, for those who don’t use a pointer</caption><thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f"{_oblast_rows(project, chosen, up, False, [day])}</table></div>"
        f'<details class="territory-all" open><summary>All {count} maps and their figures</summary>'
        f"{_small_maps(project, makers, up)}</details>"
        f'<p class="territory-credit">{LANDS["ukraine"].credit} Tables: {_table_links(makers, up)}.</p></div>'
    )


def _table_links(makers: list[Shown], up: str) -> str:
    names = dict.fromkeys([OBLASTS, *(t.name for who in makers for part in who.areas for t in part.tables)])
    return ", ".join(f'<a href="{up}tables/{name.replace("/", "-")}.html">{name}</a>' for name in names)


class explorer(nodes.General, nodes.Element):
    """The explorer; ``keys`` are the makers that it offers, ``said`` what the search is told of it."""


def _visit_html(self, node) -> None:
    here = self.builder.get_target_uri(self.builder.current_docname)
    project, up = current(), "../" * here.count("/")
    if self.builder.name == "epub":  # a reader of books runs no script, and keeps to the tables
        self.body.append("".join(_table_of_all(project, shown(project, key), up) for key in node["keys"]))
    else:
        self.body.append(explorer_html(project, node["keys"], up))
    raise nodes.SkipNode


def _visit_text(self, node) -> None:
    if hasattr(self, "add_text"):
        whole = float(base_area(BASE).value)
        for who in (shown(current(), key) for key in node["keys"]):
            self.add_text(summary(who, who.days[-1], whole) + "\n")
    raise nodes.SkipNode


class _OfMakers(SphinxDirective):
    """A directive that names makers of ``MAKERS``, in the order in which they are offered; all where none is named."""

    option_spec = {"makers": str}  # noqa: RUF012 - docutils' own form

    def makers(self) -> list[Shown]:
        """The makers named, with their rows; without those of which the check has said what is wrong."""
        found = []
        for key in named(self.options.get("makers")):
            try:
                found.append(shown(current(), key))
            except Wrong:
                continue
        return found


class TerritoryExplorer(_OfMakers):
    """Maps by oblast with a slider, the share of Ukraine beside, and every figure in tables."""

    def run(self) -> list[nodes.Node]:
        found = self.makers()
        if not found:
            return []
        meta = self.env.metadata[self.env.docname]
        meta["loads"] = " ".join(dict.fromkeys([*meta.get("loads", "").split(), *FILES.split()]))
        oblasts = sorted({oblast for who in found for day in who.maps.values() for oblast in day["oblast"]})
        said = (
            f"Explorer: an interactive map of Ukraine by oblast, with a slider through its days and the share of Ukraine held. "
            f"Whose maps: {'; '.join(who.maker.name for who in found)}. Oblasts: {', '.join(oblasts)}."
        )
        return [explorer("", keys=[who.maker.key for who in found], said=said)]


class TerritoryMakers(_OfMakers):
    """Whose maps these are: what each counts, of what whole, on which days, from which sources."""

    def small(self, who: Shown) -> str:
        """What Crimea reads on the maker's maps, and how small a row goes."""
        every = pd.concat(who.maps.values())
        crimea = [f"{v:.10g}%" for v in sorted(set(every.loc[every["oblast"] == CRIMEA, "pct"]))]
        said = f"Crimea and Sevastopol read {' to '.join(dict.fromkeys([crimea[0], crimea[-1]]))}. " if crimea else ""
        least = every.loc[every["area_km2"].idxmin()] if every["area_km2"].notna().any() else None
        if least is None:
            return said
        return f"{said}The smallest row has {least['area_km2']:,.10g} km² ({least['oblast']}, {day_words(least['date'])})."

    def run(self) -> list[nodes.Node]:
        project, docname = current(), self.env.docname
        listed = nodes.definition_list(classes=["territory-whose"])
        for who in self.makers():
            parts = [*who.areas]
            keys = list(dict.fromkeys(key for part in parts for key in part.sources))
            keys += [k for day in who.maps.values() for k in day["source_id"].unique() if k not in keys]
            known = [project.sources[key] for key in dict.fromkeys(keys) if key in project.sources]
            dates = pd.concat([part.frame["date"] for part in parts])
            days = (
                f"{len(who.days)} maps by oblast, from {day_words(who.days[0])} to {day_words(who.days[-1])}; "
                f"the share of Ukraine on {len(set(dates)):,} days, from {day_words(dates.min())} to {day_words(dates.max())}."
            )
            about = [para(who.maker.counts), para(days), para(self.small(who))]
            if who.apart:
                days = " and ".join(
                    f"on {day_words(day)}, when the oblasts add up to {a:,.0f} km² and the share is made from {b:,.0f} km²"
                    for day, a, b in who.apart
                )
                about.append(para(f"The maps and the share come from two copies, made at different times. They differ {days}."))
            about += [para(f"Break at {day_words(pd.Timestamp(b['at']))}: {b['why']}. Don’t read across it.") for b in who.breaks]
            tables = dict.fromkeys([OBLASTS, *(t.name for part in parts for t in part.tables)])
            about.append(
                para(
                    "Sources: ",
                    *joined([xref(f"source-{s.key}", label(s, project.sources), docname) for s in known], "; "),
                    ". Tables: ",
                    *joined([xref(f"table-{name}", name, docname) for name in tables]),
                    ".",
                )
            )
            listed += nodes.definition_list_item("", nodes.term("", "", text(who.maker.name)), nodes.definition("", *about))
        base = base_area(BASE)
        keys = [key for key in base.sources if key in project.sources]
        whole = para(
            f"The share of Ukraine is of {base.value:,.0f} km², all within the recognised borders, with Crimea and Sevastopol (",
            *joined([xref(f"source-{key}", label(project.sources[key], project.sources), docname) for key in keys], "; "),
            "; ",
            xref("table-territory/area_of_ukraine", "what others print", docname),
            ").",
        )
        return [whole, listed]


def register(app: Sphinx) -> None:
    app.add_node(explorer, html=(_visit_html, None), text=(_visit_text, None), latex=(_visit_text, None))
    app.add_directive("territory-explorer", TerritoryExplorer)
    app.add_directive("territory-makers", TerritoryMakers)
