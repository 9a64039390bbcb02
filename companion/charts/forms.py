"""The drawing of each form, from ``chart.data`` and ``chart.options``.

Every mark that stands for a row is an artist whose label is the row's series, so that tests (and nobody else) can hold
what is drawn against the table; artists labelled ``_…`` are ornament.
"""

from __future__ import annotations

import calendar
import re

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from companion.charts.frame import (
    DPI,
    PALETTES,
    STRIP,
    WIDTHS,
    Key,
    Sheet,
    decimals_between,
    decimals_of,
    nice_range,
    nice_ticks,
    number,
    spans_cut_off,
    spread,
    staircase,
    strip_of,
    text_width,
    wrap,
)
from companion.charts.lands import LANDS, area, label_places, outlines, parts_by_px
from companion.charts.said import typographic
from companion.charts.then import cut_off_in_words
from companion.problems import Problem, Wrong

MARKERS = ("o", "D", "s", "^", "v", "P")
DASHES = ("-", (0, (3.2, 1.1)), (0, (1.6, 0.8)), (0, (6, 1, 1, 1)))
NO_ANSWER = re.compile(
    r"hard to (say|tell)|refus|declin|don.t know|no answer|not sure|undecided|cannot say|can't say", re.IGNORECASE
)


def figure(chart, mode: str = "light", width: str = "wide") -> Figure:
    """The chart drawn for ``mode`` (light, dark) and ``width`` (wide, narrow), as a Matplotlib figure."""
    return _FORMS[chart.form](chart, mode, width).figure


def _style(names: list[str], palette) -> dict[str, tuple[str, str]]:
    """Colour and marker of each series, in order; answers that are none get greys."""
    hues, greys, out = iter([*palette.hues, *([palette.quiet] * 99)]), iter([*palette.greys] * 9), {}
    for i, name in enumerate(names):
        out[name] = (next(greys) if NO_ANSWER.search(name) else next(hues), MARKERS[i % len(MARKERS)])
    return out


def _styled(chart, mode: str) -> dict[str, tuple[str, str]]:
    """``_style`` of all of a chart's series, also in its picture of what was known, so that each keeps its look in both."""
    return _style(list(chart.series), PALETTES[mode])


def _days(x: pd.Series) -> np.ndarray:
    return mdates.date2num(pd.to_datetime(x).to_numpy())


class _Across:
    """The x axis of a chart over time: days since 1970 where dated, numbers as they are, labels by their order.

    ``data`` are the chart's with the place of each row on it, ``at``; a month's figure stands in the middle of its month.
    """

    def __init__(self, chart):
        x = chart.data["x"]
        self.dated = chart.dated
        numeric = pd.api.types.is_numeric_dtype(x)
        self.names = None if self.dated or numeric else list(dict.fromkeys(x.astype(str)))
        at = self.of(x)
        if self.dated and "month" in chart.data:
            at = np.where(chart.data["month"], _days(x.dt.to_period("M").dt.start_time) + x.dt.days_in_month / 2, at)
        self.data = chart.data.assign(at=at)
        known = at[np.isfinite(at)]
        self.first, self.last = float(known.min()), float(known.max())
        shown = [chart.options["begins"]] if chart.options.get("begins") else []
        for day in (*shown, *(chart.options.get("marks") or {}).values()):
            day = mdates.date2num(pd.Timestamp(day))
            self.first, self.last = min(self.first, day), max(self.last, day)
        if self.dated and chart.known_only:  # all of the op-ed's window, and nothing long after it
            from companion.project import current

            start, end = (mdates.date2num(pd.Timestamp(day)) for day in current().oped.window)
            self.first, self.last = min(self.first, start), max(self.last, end)

    def of(self, x: pd.Series) -> np.ndarray:
        if self.dated:
            return _days(x)
        if self.names is None:
            return x.to_numpy(float)
        return np.array([self.names.index(str(v)) for v in x], float)

    def limits(self, share: float, least: float) -> tuple[float, float]:
        """Ends of the axis: the data with ``share`` of their span as room on both sides, ``least`` when there is none."""
        room = (self.last - self.first) * share or least
        low = self.first - room
        if self.dated and 45 <= self.last - self.first <= 540:  # months get their names: the first is to have its whole width
            low = min(low, mdates.date2num(pd.Timestamp(mdates.num2date(self.first)).tz_localize(None).to_period("M").start_time))
        return low, self.last + room

    def scale(self, sheet: Sheet, ax: Axes) -> None:
        if self.dated:
            return sheet.date_scale(ax)
        left, _, right, bottom = sheet.edges(ax)
        ax.plot([0, 1], [0, 0], transform=ax.transAxes, color=sheet.palette.rule, linewidth=1, clip_on=False, label="_base")
        low, high = ax.get_xlim()
        ticks = list(range(len(self.names))) if self.names else nice_ticks(low, high, int((right - left) / 80))
        shown = self.names or [number(t, 0).replace(",", "") for t in ticks]
        edge = -1e9
        for tick, text in zip(ticks, shown, strict=True):
            x, half = float(sheet.px(ax, tick, 0)[0]), text_width(text, sheet.tick_size) / 2
            x = min(max(x, sheet.left + half), sheet.right - half)
            if x - half > edge + 6:
                sheet.text(x, bottom + 15, text, sheet.tick_size, sheet.palette.quiet, ha="center", role="tick")
                edge = x + half


def _thin(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Places to keep of a line with ``x`` in px: in each half px the first, last, lowest and highest, so it looks the same."""
    column = np.floor(x * 2).astype(int)
    keep: set[int] = set()
    for places in np.split(np.arange(len(x)), np.flatnonzero(np.diff(column)) + 1):
        keep |= {places[0], places[-1], places[np.argmin(y[places])], places[np.argmax(y[places])]}
    return np.array(sorted(keep))


def _pieces(x: np.ndarray, y: np.ndarray, breaks: list[float]) -> list[np.ndarray]:
    """Places of each unbroken piece of a line: cut at the breaks and at figures that aren't there."""
    pieces, piece = [], []
    for i in range(len(x)):
        cut = piece and any(x[piece[-1]] < at <= x[i] for at in breaks)
        if (cut or not np.isfinite(y[i])) and piece:
            pieces.append(np.array(piece))
            piece = []
        if np.isfinite(y[i]):
            piece.append(i)
    return [*pieces, np.array(piece)] if piece else pieces


def _gaps(x: np.ndarray, y: np.ndarray, breaks: list[float]) -> list[int]:
    """Places after which a series of days ``x`` that has a figure every month or two has none for over three months."""
    known = x[np.isfinite(y)]
    if len(known) < 3 or np.median(np.diff(known)) > 62:
        return []
    return [
        i
        for i in range(len(x) - 1)
        if x[i + 1] - x[i] > 95 and np.isfinite(y[i : i + 2]).all() and not any(x[i] < at <= x[i + 1] for at in breaks)
    ]


BREAKS = 15
"""Px above axes for the breaks' numbers."""


def _breaks(chart, across: _Across) -> list[tuple[float, str, tuple]]:
    """Breaks within the chart's span: place, why, and the series they hold for (empty: all)."""
    found = []
    for mark in sorted(chart.breaks, key=lambda b: str(b.get("at"))):
        at = mdates.date2num(pd.Timestamp(mark["at"])) if across.dated else float("nan")
        if across.first < at <= across.last:
            found.append(
                (
                    at,
                    f"{pd.Timestamp(mark['at']).day} {pd.Timestamp(mark['at']):%b %Y}: {mark.get('why') or 'the series breaks'}",
                    tuple(mark.get("series") or ()),
                )
            )
    return found


def _break_notes(found: list[tuple]) -> list[str]:
    return [f"({i}) Break, {why}" for i, (_, why, _) in enumerate(found, 1)]


def _draw_breaks(sheet: Sheet, ax: Axes, found: list[tuple], only: str | None = None) -> None:
    """A dotted line at each break with its number in the strip above; ``only`` leaves those of other panels out."""
    _, top, _, bottom = sheet.edges(ax)
    edge = -1e9
    for i, (at, _, who) in enumerate(found, 1):
        if only is not None and who and only not in who:
            continue
        x = float(sheet.px(ax, at, 0)[0])
        sheet.rule([x, x], [top - 2, bottom], sheet.palette.rule, 1, dashes=(0, (1, 2.5))).set_label("break")
        half = text_width(f"({i})", sheet.tick_size - 1) / 2 + 2
        edge = max(x, edge + 2 * half)
        sheet.text(edge, top - BREAKS / 2 - 1, f"({i})", sheet.tick_size - 1, sheet.palette.quiet, ha="center", role="break")


def _end_labels(
    sheet: Sheet, ax: Axes, entries: list[tuple[float, str, str]], x: float, width: float, low: float, high: float
) -> None:
    """Names at the right of the plot, each beside its y (data) and moved as little as keeps them apart."""
    size = sheet.label_size
    step = size * 1.16
    texts = [wrap(text, width, size, True) for _, text, _ in entries]
    wanted = [float(sheet.px(ax, 0, y)[1]) for y, _, _ in entries]
    places = spread(wanted, [len(t) * step + 3 for t in texts], low, high)
    for (_, _, colour), lines, y, end in zip(entries, texts, places, wanted, strict=True):
        if abs(y - end) > 9:  # moved so far that a thread has to lead back
            sheet.rule([x - 7, x - 2], [end, y], colour, 0.8)
        for i, line in enumerate(lines):
            sheet.text(x, y + (i - (len(lines) - 1) / 2) * step, line, size, sheet.ink_of(colour), True, role="series")


def _inked(sheet: Sheet, ax: Axes, across: _Across) -> tuple[np.ndarray, np.ndarray]:
    """Where the chart's lines and marks run, as px points close enough together to find free room for a label."""
    points = tuple(sheet.chart.options.get("points") or ())
    xs, ys = [], []
    for name, part in across.data.dropna(subset=["value"]).groupby("series", sort=False):
        x, y = sheet.px(ax, part["at"], part["value"].to_numpy(float))
        if name not in points and len(x) > 1:
            steps = np.maximum(np.ceil(np.hypot(np.diff(x), np.diff(y)) / 4), 1).astype(int)
            at = np.concatenate([i + np.arange(n) / n for i, n in enumerate(steps)] + [[len(x) - 1]])
            x, y = np.interp(at, np.arange(len(x)), x), np.interp(at, np.arange(len(x)), y)
        xs.append(x)
        ys.append(y)
    _, top, _, bottom = sheet.edges(ax)
    for day in (sheet.chart.options.get("marks") or {}).values():
        ys.append(np.arange(top, bottom, 4))
        xs.append(np.full(len(ys[-1]), float(sheet.px(ax, mdates.date2num(pd.Timestamp(day)), 0)[0])))
    return np.concatenate(xs), np.concatenate(ys)


def _references(chart) -> list[tuple[float, float, str]]:
    """The chart's band and reference line as (low, high, label); a line is as low as it is high."""
    band, line = chart.options.get("band"), chart.options.get("reference")
    return ([tuple(band)] if band else []) + ([(line[0], line[0], line[1])] if line else [])


def _draw_reference(sheet: Sheet, ax: Axes, low: float, high: float, span: tuple[float, float] | None = None) -> None:
    """A band or dashed line across the plot; with ``span`` (ends in y) upright."""
    if low < high:
        across = ax.axhspan(low, high) if span is None else ax.fill_betweenx(span, low, high)
        across.set(color=sheet.palette.band, linewidth=0, zorder=0.8, label="band")
        return
    (line,) = [ax.axhline(low)] if span is None else ax.plot([low, low], span)
    line.set(color=sheet.palette.ink, linewidth=1.2, linestyle=(0, (4, 2.5)), zorder=1.5, label="reference")


def _references_across(sheet: Sheet, ax: Axes, taken: list[tuple]) -> None:
    """Bands and reference lines with their labels, clear of the lines and of the boxes ``taken``."""
    left, top, right, bottom = sheet.edges(ax)
    size, taken = sheet.tick_size, list(taken)
    px, py = _inked(sheet, ax, _Across(sheet.chart))
    for low, high, text in _references(sheet.chart):
        _draw_reference(sheet, ax, low, high)
        y0, y1 = (float(v) for v in sheet.px(ax, [0, 0], [high, low])[1])
        wide = text_width(text, size, True)
        best, cost = (left + 6, y0 - size * 0.7), 1e9
        heights = [(y1 + size * 0.75, 0.5), (y0 - size * 0.75, 0.6)] + ([((y0 + y1) / 2, 0.0)] if y1 - y0 > size + 4 else [])
        for y, dislike in heights:
            for x in np.linspace(left + 6, right - wide - 6, 9):
                near = (px > x - 8) & (px < x + wide + 8) & (abs(py - y) < size * 0.95)
                met = any(x < b[2] + 6 and x + wide > b[0] - 6 and abs(y - (b[1] + b[3]) / 2) < size * 1.2 for b in taken)
                this = near.sum() + dislike + 1000 * (not top < y < bottom - 4) + 100 * met
                if this < cost:
                    best, cost = (x, y), this
        taken.append((best[0], best[1] - size / 2, best[0] + wide, best[1] + size / 2))
        sheet.text(*best, text, size, sheet.palette.ink, True, role="band" if low < high else "reference")


def _whiskers(ax: Axes, x, low, high, colour: str, name: str, upright: bool = True, wide: float = 1.5) -> None:
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        draw = ax.vlines if upright else ax.hlines
        draw(np.asarray(x)[known], low[known], high[known], colors=colour, linewidth=wide, zorder=4, label=name, capstyle="butt")


def _range(chart, extra: tuple = ()) -> tuple[float, float]:
    """The y axis's ends for lines: the author's limits, else round ends; from 0 unless all figures stand far above it."""
    if chart.options.get("limits"):
        return tuple(map(float, chart.options["limits"]))
    figures = np.concatenate([chart.data[c].to_numpy(float) for c in ("value", "low", "high")] + [np.array(extra, float)])
    figures = figures[np.isfinite(figures)]
    low, high = (figures.min(), figures.max()) if len(figures) else (0.0, 1.0)
    near_zero = low >= 0 and low < 0.55 * high or low < 0 < high
    low, high = nice_range(low, high, zero=bool(near_zero))
    return (low, min(high, 100.0)) if chart.unit.startswith("%") and figures.max(initial=0) <= 100 else (low, high)


def _lines(chart, mode: str, width: str) -> Sheet:
    across = _Across(chart)
    data = across.data
    names = list(dict.fromkeys(data["series"]))
    only_points = [n for n in names if n in (chart.options.get("points") or ())]
    lined = [n for n in names if n not in only_points]
    breaks = _breaks(chart, across)
    low, high = _range(chart, tuple(end for reference in _references(chart) for end in reference[:2]))
    narrow = width == "narrow"

    style = _styled(chart, mode)
    if len(only_points) == len(lined) and data.loc[data["series"].isin(lined), "line"].isna().all():
        # Estimates, each with the figures that it rests on: one hue for both.
        style |= {p: (style[n][0], style[p][1]) for n, p in zip(lined, only_points, strict=True)}
    measures = Sheet(chart, mode, width, 100)
    ends = {}
    for name in lined:
        part = data[(data["series"] == name) & data["value"].notna()]
        if len(part):
            ends[name] = part.iloc[-1]
    named = [n for n in ends if n]
    decimals = decimals_of([e["value"] for e in ends.values()])
    shown = {n: number(e["value"], decimals, chart.unit) for n, e in ends.items()}
    labels = shown if narrow or not named else {n: f"{n} {v}".strip() for n, v in shown.items()}
    left = measures.left + measures.y_room(low, high, chart.unit)
    limits = across.limits(0.015, 15 if across.dated else 0.5)
    # Names stand at the right of the plot, of lines that reach it, or inside beside a line that stops early.
    reach = limits[1] - 0.1 * (limits[1] - limits[0])
    at_end, inside = [], []
    for name, end in ends.items():
        x = float(end["at"])
        (at_end if x >= reach or narrow and len(ends) < 2 else inside).append((name, x, end["value"]))
    widest = max((text_width(labels[n], measures.label_size, True) for n, _, _ in at_end), default=0)
    room = (widest + 12 if narrow or not named else min(168, widest) + 14) if at_end else 8

    # What the strip above and the key hold depends on where things fall across, which is the same on any sheet.
    ax = measures.axes(left, 0, measures.right - room, 100)
    ax.set_xlim(*limits)
    marked = _spans(across)
    flags = measures.flags(ax, marked, chart.options.get("marks"))
    apart, gaps, estimated, seen = {}, {}, {}, {}
    for name in names:
        part = data[data["series"] == name]
        x, y = part["at"].to_numpy(float), part["value"].to_numpy(float)
        steps = np.diff(np.unique(measures.px(ax, x, 0)[0]))
        apart[name] = float(np.median(steps)) if len(steps) else 99.0  # px between a series' figures
        off = [at for at, _, who in breaks if not who or name in who]
        gaps[name] = _gaps(x, y, off) if across.dated and name in lined else []
        # Figures that no row of a table holds are estimates between polls: a line and its band, but no points.
        estimated[name] = name in lined and len(x) > 1 and part["line"].isna().all() and part["low"].notna().any()
        seen[name] = name in only_points or (apart[name] >= 2.6 or len(x) == 1) and not estimated[name]
    # Lines without points differ by dashes too, so that they are told apart without colour.
    plain = [n for n in lined if not seen[n]]
    dashes = {n: DASHES[i % len(DASHES)] for i, n in enumerate(n for n in chart.series if n in plain)}
    # A lone mark has its name beside it; another report of what is on a line is hollow, and a note says so.
    others = {n: of for n, of in (chart.options.get("others") or {}).items() if n in only_points}
    style |= {n: style[of] for n, of in others.items() if of in style}
    alone = [n for n in only_points if n not in others and (data["series"] == n).sum() == 1]
    key = [Key(n, style[n][0], style[n][1]) for n in only_points if n not in others and n not in alone]
    if narrow:  # where a line has only its figure beside it, its name stands in the key
        marks = {n: f"line {style[n][1]}" if seen[n] else "dash" if dashes.get(n, "-") != "-" else "line" for n in named}
        key = [Key(n, style[n][0], marks[n]) for n in named] + key
    notes = _break_notes(breaks) + (["Dotted: no figure found between."] if any(gaps.values()) else [])
    if chart.options.get("point") and any(seen[n] for n in lined):
        notes.insert(0, f"Each mark is {chart.options['point']}.")
    if others:
        point = (chart.options.get("point") or "figure").removeprefix("one ")
        notes.append(f"Hollow: another report of the same {point}.")
    over = BREAKS if breaks else 0
    strip = strip_of(flags) + over
    sheet = Sheet(chart, mode, width, strip + (250 if narrow else 300) + 26, key, notes)
    ax = sheet.axes(left, sheet.top + strip, sheet.right - room, sheet.bottom - 26)
    ax.set_xlim(*limits)
    sheet.y_scale(ax, low, high, chart.unit, 4 if narrow else 5)
    across.scale(sheet, ax)
    if marked:
        sheet.mark_cut_off(ax)
    sheet.draw_flags(ax, flags, sheet.top + strip - over)
    begins = mdates.date2num(pd.Timestamp(chart.options["begins"])) if chart.options.get("begins") else None
    for name in names:
        part = data[data["series"] == name]
        colour, marker = style[name]
        x, y = part["at"].to_numpy(float), part["value"].to_numpy(float)
        lo, hi = part["low"].to_numpy(float), part["high"].to_numpy(float)
        px, spacing = np.asarray(sheet.px(ax, x, np.zeros(len(x)))[0]), apart[name]
        size = 7.5 if name in only_points else 6.5 if spacing > 9 else 4.2 if spacing > 5 else 3.0
        cuts = [at for at, _, who in breaks if not who or name in who] + [x[i + 1] for i in gaps[name]]
        pieces = [] if name in only_points else _pieces(x, y, cuts)
        for i in gaps[name]:
            ax.plot(
                x[i : i + 2],
                y[i : i + 2],
                color=colour,
                linewidth=1.8,
                linestyle=(0, (1, 2)),
                drawstyle="steps-post" if chart.options.get("step") else "default",
                zorder=4.5,
                label=f"_gap {name}",
            )
        as_band = not seen[name]
        if begins and name == names[0] and len(x):
            ax.plot(
                [begins, x[0]], [0, y[0]], color=colour, linewidth=1.8, linestyle=(0, (1, 2)), zorder=4.5, label=f"_begin {name}"
            )
        for piece in pieces:
            if as_band and len(piece) == 1:
                _whiskers(ax, x[piece], lo[piece], hi[piece], colour, f"{name} interval")
            elif as_band and (np.isfinite(lo[piece]) & np.isfinite(hi[piece])).any():
                kept = piece[_thin(px[piece], hi[piece])] if len(piece) > 300 else piece
                ax.fill_between(
                    x[kept],
                    lo[kept],
                    hi[kept],
                    color=colour,
                    alpha=0.2,
                    linewidth=0,
                    zorder=2.5,
                    label=f"{name} interval",
                    step="post" if chart.options.get("step") else None,
                )
            kept = piece if seen[name] else piece[_thin(px[piece], y[piece])]
            ax.plot(
                x[kept],
                y[kept],
                color=colour,
                linewidth=1.9 if seen[name] else 2.1,
                linestyle=dashes.get(name, "-"),
                dash_capstyle="butt",
                solid_capstyle="round",
                solid_joinstyle="round",
                drawstyle="steps-post" if chart.options.get("step") else "default",
                zorder=5,
                label=f"_line {name}",
            )
            if len(piece) == 1 and as_band:  # no line leads to it, so it needs a mark that is seen
                ax.plot(x[piece], y[piece], color=colour, marker="o", markersize=4, zorder=5, label=f"_line {name}")
        if not as_band:
            _whiskers(ax, x, lo, hi, colour, f"{name} interval", wide=1.5 if spacing > 9 else 0.9)
        if seen[name]:
            ax.plot(
                x,
                y,
                linestyle="none",
                marker=marker,
                markersize=size,
                color=colour,
                markerfacecolor=sheet.palette.background if name in others else colour,
                markeredgecolor=colour if name in others else sheet.palette.background,
                markeredgewidth=1.6 if name in others else 0.7 if size > 4 else 0.3,
                zorder=7 if name in others else 6,
                label=name,
                clip_on=False,
            )
        elif len(x):
            ends_at = np.flatnonzero(np.isfinite(y))[[0, -1]]
            ax.plot(x[ends_at], y[ends_at], linestyle="none", marker="o", markersize=4, color=colour, zorder=6, label=name)
    _draw_breaks(sheet, ax, breaks)

    _end_labels(
        sheet,
        ax,
        [(v, labels[n], style[n][0]) for n, _, v in at_end],
        sheet.right - room + 9,
        room - 9,
        sheet.top + strip - 6,
        sheet.bottom - 20,
    )
    entries = []
    for name in alone:
        row = data[data["series"] == name].iloc[0]
        entries.append((name, float(row["at"]), row["value"], style[name][0]))
    for day in chart.options.get("tell") or ():
        row = data[(data["series"] == names[0]) & (data["x"] == pd.Timestamp(day))]
        for at, value in zip(row["at"], row["value"], strict=True):
            entries.append((number(value, None, chart.unit), at, value, style[names[0]][0]))
    entries += [(labels[n], x, v, style[n][0]) for n, x, v in inside]
    taken = _inside_labels(sheet, ax, across, entries)
    _references_across(sheet, ax, taken)
    return sheet


def _spans(across: _Across) -> bool:
    return across.dated and spans_cut_off(across.first, across.last)


def _inside_labels(sheet: Sheet, ax: Axes, across: _Across, entries: list[tuple[str, float, float, str]]) -> list[tuple]:
    """Names of lines that stop early, where the fewest points and no other name are; returns their boxes."""
    size = sheet.label_size
    px, py = _inked(sheet, ax, across)
    left, top, right, bottom = sheet.edges(ax)
    taken: list[tuple[float, float, float, float]] = []
    band = [float(v) for v in sheet.px(ax, sheet.oped_span(ax), [0, 0])[0]] if _spans(across) else None
    for text, x, y, colour in entries:
        x0, y0 = (float(v) for v in sheet.px(ax, x, y))
        wide, tall = text_width(text, size, True), size * 1.1
        best, cost = None, 1e9
        for dx, dy in (
            (9, 0),
            (9, -15),
            (9, 15),
            (-wide / 2, -17),
            (-wide / 2, 17),
            (-wide - 9, -15),
            (-wide - 9, 15),
            (9, -32),
            (9, 32),
            (-wide, -32),
            (-wide, 32),
            (-wide / 2, -48),
            (-wide / 2, 48),
        ):
            bx, by = x0 + dx, y0 + dy
            over = int(((px > bx - 3) & (px < bx + wide + 3) & (abs(py - by) < tall * 0.75)).sum())
            over += 4 * sum(bx < t[2] and bx + wide > t[0] and by - tall / 2 < t[3] and by + tall / 2 > t[1] for t in taken)
            over += 5 * bool(band and bx < band[1] + 3 and bx + wide > band[0] - 3)  # half on the op-ed's band, words read badly
            over += 100 * (bx < left or bx + wide > right + 8 or by - tall / 2 < top or by + tall / 2 > bottom)
            this = over + 0.01 * abs(dy) + (0.05 if dx < 0 else 0)
            if this < cost:
                best, cost = (bx, by), this
        bx, by = best
        bx = min(max(bx, sheet.left), sheet.right - wide)
        taken.append((bx, by - tall / 2, bx + wide, by + tall / 2))
        if abs(by - y0) >= 30:  # so far that a thread has to lead back
            ends = [y0 + np.copysign(6, by - y0), by - np.copysign(tall / 2, by - y0)]
            sheet.rule([x0, min(max(x0, bx + 3), bx + wide - 3)], ends, colour, 0.8).set_label("thread")
        sheet.text(bx, by, text, size, sheet.ink_of(colour), True, role="series")
    return taken


# Shares that add up


def _stacked(chart, mode: str, width: str) -> Sheet:
    across, narrow = _Across(chart), width == "narrow"
    data = across.data
    order = [o for o in chart.options.get("order") or dict.fromkeys(data["series"]) if (data["series"] == o).any()]
    panels = list(dict.fromkeys(data["panel"]))
    style = _style([o for o in chart.options["order"] if o in chart.series], PALETTES[mode])
    breaks = _breaks(chart, across)
    twice = data[data.duplicated(["panel", "series", "x"], keep=False)]
    if len(twice):
        row = twice.iloc[0]
        what = f"{row['series']!r} on {row['x']:%Y-%m-%d}" if across.dated else f"{row['series']!r} at {row['x']}"
        raise Wrong(Problem("", 0, "chart", f"chart '{chart.id}' has two figures for {what}; choose rows so that one is left"))
    sums = data.groupby(["panel", "x"])["value"].sum()
    high = 100.0 if chart.unit.startswith("%") and sums.max() <= 102 else nice_range(0, float(sums.max()), True)[1]
    last = data[(data["panel"] == panels[-1]) & data["value"].notna()]
    direct = not narrow and len(panels) <= 3 and set(last["series"]) == set(order)
    key = [] if direct else [Key(o, style[o][0], "fill") for o in order]
    marked = _spans(across)
    over = BREAKS if breaks else 0
    head = (STRIP if marked else 0) + over + (22 if any(panels) else 6)
    columns = 1 if narrow else min(len(panels), 3)
    lines = -(-len(panels) // columns)
    tall = (210 if lines == 1 else 150) if narrow else (270 if lines == 1 else 200)
    # Where no name stands beside its part, its place in the stack is told without colour.
    notes = ["Parts stand from the bottom up in the order of the key."] if key else []
    sheet = Sheet(chart, mode, width, lines * (tall + head + 26) + (lines - 1) * 8, key, [*notes, *_break_notes(breaks)])
    room = 0.0
    if direct:
        room = min(170, max(text_width(o, sheet.label_size, True) for o in order)) + 14
    elif narrow or len(panels) == 1:
        room = 4
    left = sheet.left + sheet.y_room(0, high, chart.unit, 4)
    gap = 22
    each = (sheet.right - room - left - gap * (columns - 1)) / columns
    for k, panel in enumerate(panels):
        row, column = divmod(k, columns)
        x0 = left + column * (each + gap)
        y0 = sheet.top + row * (tall + head + 34) + head
        ax = sheet.axes(x0, y0, x0 + each, y0 + tall)
        part = data[data["panel"] == panel]
        wide = part.pivot_table(index="at", columns="series", values="value", aggfunc="first").reindex(columns=order).sort_index()
        x = wide.index.to_numpy(float)
        own = _Across(chart) if not across.dated else across
        ax.set_xlim(own.first, own.last) if own.last > own.first else ax.set_xlim(own.first - 15, own.last + 15)
        if column == 0:
            sheet.y_scale(ax, 0, high, chart.unit, 4)
        else:
            ax.set_ylim(0, high)
        across.scale(sheet, ax)
        if panel:
            names = wrap(panel, each, sheet.label_size, True)
            shown = names[0] + ("…" if len(names) > 1 else "")
            if len(panels) > 1:
                sheet.text(x0, y0 - head + 8, shown, sheet.label_size, bold=True, role="panel")
            else:  # no other panel to be told from: a quiet word on the whole
                sheet.text(x0, y0 - head + 8, shown, sheet.tick_size, sheet.palette.quiet, role="panel")
        if marked:
            sheet.mark_cut_off(ax, how="over")
            if row == 0 or narrow:
                sheet.draw_flags(ax, sheet.flags(ax, True), y0 - over)
        figures = wide.to_numpy(float)
        tops = np.nancumsum(figures, axis=1)
        bottoms = tops - np.nan_to_num(figures)
        whole = np.where(np.isfinite(figures).any(axis=1), 0.0, np.nan)
        pieces = _pieces(x, whole, [at for at, _, who in breaks if not who or panel in who])
        for j, name in enumerate(order):
            colour = style[name][0]
            for piece in pieces:
                if not np.isfinite(figures[piece, j]).any():
                    continue
                if len(piece) == 1:  # a single wave is a bar
                    bar = 0.018 * (ax.get_xlim()[1] - ax.get_xlim()[0])
                    at = min(max(x[piece][0], ax.get_xlim()[0] + bar / 2), ax.get_xlim()[1] - bar / 2)
                    ax.bar(
                        [at],
                        figures[piece, j],
                        width=bar,
                        bottom=bottoms[piece, j],
                        color=colour,
                        linewidth=0,
                        zorder=3,
                        label=name,
                    )
                else:
                    ax.fill_between(
                        x[piece],
                        bottoms[piece, j],
                        tops[piece, j],
                        facecolor=colour,
                        edgecolor=sheet.palette.background,
                        linewidth=1.0,
                        zorder=3,
                        label=name,
                    )
        if len(x) <= 40:  # where somebody asked; between the waves the area is a guess
            for at, sum_ in zip(x, tops[:, -1], strict=True):
                ax.plot([at, at], [0, sum_], color=sheet.palette.background, linewidth=0.8, alpha=0.55, zorder=3.5, label="_wave")
        _values_in_areas(sheet, ax, x, figures, bottoms, tops, high, pieces, [style[o][0] for o in order])
        _draw_breaks(sheet, ax, breaks, panel)
        if direct and k == len(panels) - 1:
            end = int(np.flatnonzero(np.isfinite(figures).any(axis=1))[-1])
            entries = [((bottoms[end, j] + tops[end, j]) / 2, name, style[name][0]) for j, name in enumerate(order)]
            stop = float(sheet.px(ax, x[end], 0)[0])
            if x0 + each - stop > 12:  # the op-ed's window stands between the parts and their names
                for at, _, colour in entries:
                    y = float(sheet.px(ax, 0, at)[1])
                    sheet.rule([stop + 3, x0 + each + 3], [y, y], colour, 0.9, dashes=(0, (1.5, 2))).set_label("thread")
            _end_labels(sheet, ax, entries, x0 + each + 9, room - 9, y0 - 4, y0 + tall + 4)
    return sheet


def _values_in_areas(sheet: Sheet, ax: Axes, x, figures, bottoms, tops, high: float, pieces: list, colours: list[str]) -> None:
    """The figures of the first and last wave of each part, inside its area where there is room for them."""
    size, unit = sheet.tick_size, sheet.chart.unit
    _, top, _, bottom = sheet.edges(ax)
    px = np.asarray(sheet.px(ax, x, np.zeros(len(x)))[0])
    wide = [p for p in pieces if px[p[-1]] - px[p[0]] > 90] or [p for p in pieces if px[p[-1]] - px[p[0]] > 45][-1:]
    if not wide:
        return
    starts = [(wide[0][0], wide[0], "left")] if px[wide[0][-1]] - px[wide[0][0]] > 90 else []
    for wave, piece, ha in [*starts, (wide[-1][-1], wide[-1], "right")]:
        for j, colour in enumerate(colours):
            if not np.isfinite(figures[wave, j]):
                continue
            text = number(figures[wave, j], 0, unit)
            reach = text_width(text, size, True) + 8
            at = px[wave] + (5 if ha == "left" else -5)
            # The area has to hold the figure over all of its width, not only at the wave.
            over = np.linspace(at, at + (reach if ha == "left" else -reach), 5)
            lows, highs = (np.interp(over, px[piece], v[piece, j]) / high * (bottom - top) for v in (bottoms, tops))
            floor, ceiling = lows.max(), highs.min()
            if ceiling - floor > size * 1.1:
                sheet.text(
                    at, bottom - (floor + ceiling) / 2, text, size, _readable(colour, sheet.palette), True, ha=ha, role="value"
                )


# Pairs and single figures


def _slope(chart, mode: str, width: str) -> Sheet:
    data, (start, end) = chart.data, chart.options["ends"]
    names, narrow = list(dict.fromkeys(data["series"])), width == "narrow"
    style = _styled(chart, mode)
    # Each figure is printed, so the scale needs no zero: it has to show the slopes.
    low, high = (
        np.nanmin(data[["value", "low", "high"]].to_numpy(float)),
        np.nanmax(data[["value", "low", "high"]].to_numpy(float)),
    )
    room = (high - low or 1) * 0.06
    size = 13.5 if narrow else 14
    decimals = decimals_of(data["value"])
    value = {(r.series, r.x): r for r in data.itertuples()}
    last = {n: f"{number(value[n, end].value, decimals, chart.unit)} {n}".strip() for n in names}
    first = {n: number(value[n, start].value, decimals, chart.unit) for n in names}
    left_room = max(text_width(t, size, True) for t in first.values()) + 14
    right_room = min(165 if narrow else 250, 1.03 * max(text_width(t, size, True) for t in last.values())) + 16
    inner = WIDTHS[width] - 2 * (12 if narrow else 16) - left_room - right_room
    heads = [wrap(start, left_room + inner * 0.5 - 8, size, True), wrap(end, right_room + inner * 0.5 - 8, size, True)]
    head = max(map(len, heads)) * size * 1.2 + 12
    tall = sum(len(wrap(t, right_room - 14, size, True)) for t in last.values()) * size * 1.2
    sheet = Sheet(chart, mode, width, head + max(250 if narrow else 270, tall + 20))
    left, right = sheet.left + left_room, sheet.right - right_room
    top, bottom = sheet.top + head, sheet.bottom - 8
    ax = sheet.axes(left, top, right, bottom)
    ax.set_xlim(0, 1)
    ax.set_ylim(low - room, high + room)
    for lines, x, ha in ((heads[0], sheet.left, "left"), (heads[1], max(right - inner * 0.5 + 8, right - 60), "left")):
        for i, line in enumerate(lines):
            sheet.text(x, sheet.top + size * (0.6 + 1.2 * i), line, size, bold=True, ha=ha, role="end")
    ax.vlines([0, 1], low - room, high + room, colors=sheet.palette.rule, linewidth=1, zorder=1, label="_end")
    for i, name in enumerate(names):
        colour, marker = style[name]
        # Side by side, so that the intervals of one pair don't hide those of another.
        inset = (i + 0.5) * 7 / (right - left) if data["low"].notna().any() else 0
        at, pair = np.array([inset, 1 - inset]), [value[name, start], value[name, end]]
        _whiskers(
            ax,
            at,
            np.array([p.low for p in pair], float),
            np.array([p.high for p in pair], float),
            colour,
            f"{name} interval",
            wide=2,
        )
        ax.plot(
            at,
            [p.value for p in pair],
            color=colour,
            linewidth=2.2,
            marker=marker,
            markersize=8,
            markeredgecolor=sheet.palette.background,
            markeredgewidth=0.8,
            zorder=5,
            label=name,
            clip_on=False,
        )
    known = [n for n in names if np.isfinite(value[n, start].value)]
    wanted = [float(sheet.px(ax, 0, value[n, start].value)[1]) for n in known]
    for name, y in zip(known, spread(wanted, [size * 1.15] * len(known), top - 8, bottom + 8), strict=True):
        sheet.text(left - 9, y, first[name], size, sheet.ink_of(style[name][0]), True, ha="right", role="value")
    known = [n for n in names if np.isfinite(value[n, end].value)]
    _end_labels(
        sheet,
        ax,
        [(value[n, end].value, last[n], style[n][0]) for n in known],
        right + 12,
        right_room - 12,
        top - 10,
        bottom + 10,
    )
    return sheet


def _dots(chart, mode: str, width: str) -> Sheet:
    data, narrow = chart.data, width == "narrow"
    names, labels = list(dict.fromkeys(data["series"])), list(dict.fromkeys(data["x"].astype(str)))
    if chart.options.get("by_value"):
        largest = data.groupby(data["x"].astype(str))["value"].max()
        labels.sort(key=lambda label: -largest[label])
    style = _styled(chart, mode)
    key = [Key(n, style[n][0], style[n][1]) for n in names if n and data.loc[data["series"] == n, "value"].notna().any()]
    size, step = (13.5, 17) if narrow else (14, 18)
    references = _references(chart)
    room = 330 if narrow else 240
    wrapped = {label: wrap(label, room, size, balanced=True) for label in labels}
    own = {label: [n for n in names if ((data["series"] == n) & (data["x"].astype(str) == label)).any()] for label in labels}
    tall = {}
    for label in labels:
        marks = 17 * max(len(own[label]), 1)
        tall[label] = len(wrapped[label]) * step + marks + 8 if narrow else max(len(wrapped[label]) * step, marks) + 12
    head = 4 + 16 * len(references)
    plot = head + sum(tall.values()) + 28
    sheet = Sheet(chart, mode, width, plot, key)
    limits = chart.options.get("limits")
    figures = np.concatenate(
        [data[c].to_numpy(float) for c in ("value", "low", "high")] + [np.array([r[:2] for r in references], float).ravel()]
    )
    figures = figures[np.isfinite(figures)]
    low, high = limits or nice_range(figures.min(), figures.max(), zero=bool(figures.min() >= 0 or figures.max() <= 0))
    if not limits and chart.unit.startswith("%") and figures.max() <= 100:
        high = min(high, 100)
    decimals = decimals_of(data["value"])
    shown = [number(v, decimals, chart.unit) for v in data["value"]]
    end_room = max(text_width(s, size, True) for s in shown) + 12
    label_room = 0 if narrow else min(room, max(text_width(line, size) for lines in wrapped.values() for line in lines)) + 16
    ax = sheet.axes(sheet.left + label_room + 4, sheet.top + head, sheet.right - end_room, sheet.bottom - 28)
    left, top, right, bottom = sheet.edges(ax)
    ax.set_xlim(low, high)
    ax.set_ylim(bottom - top, 0)  # y in px from the top of the axes
    ticks = nice_ticks(low, high, 4 if narrow else 6, sheet.whole)
    for tick in ticks:
        x = float(sheet.px(ax, tick, 0)[0])
        text = number(tick, decimals_between(ticks), chart.unit if tick == ticks[-1] else "")
        half = text_width(text, sheet.tick_size) / 2
        sheet.text(
            min(max(x, sheet.left + half), sheet.right - half),
            bottom + 14,
            text,
            sheet.tick_size,
            sheet.palette.quiet,
            ha="center",
            role="tick",
        )
    for i, (start, end, text) in enumerate(references):
        half = text_width(text, sheet.tick_size, True) / 2
        x = min(max(float(sheet.px(ax, (start + end) / 2, 0)[0]), sheet.left + half), sheet.right - half)
        at = top - 9 - 16 * (len(references) - 1 - i)
        role = "band" if start < end else "reference"
        sheet.text(x, at, text, sheet.tick_size, sheet.palette.ink, True, ha="center", role=role)
    lines_at = [float(sheet.px(ax, at, 0)[0]) for at in (0.0, *(r[0] for r in references if r[0] == r[1]))]
    y = 0.0
    for i, label in enumerate(labels):
        if i:
            sheet.rule([sheet.left, sheet.right], [top + y, top + y], sheet.palette.grid, 1, capstyle="butt")
        lines = wrapped[label]
        marks = 17 * max(len(own[label]), 1)
        if narrow:
            for k, line in enumerate(lines):
                sheet.text(sheet.left, top + y + 4 + step * (k + 0.5), line, size, role="label")
            middle = y + 4 + len(lines) * step + marks / 2
        else:
            middle = y + tall[label] / 2
            for k, line in enumerate(lines):
                sheet.text(sheet.left, top + middle + (k - (len(lines) - 1) / 2) * step, line, size, role="label")
        # Light lines at the round figures, but not through a label that stands over its marks.
        floor, ceiling = (middle + marks / 2 + 4, middle - marks / 2) if narrow else (y + tall[label], y)
        for tick in ticks:
            ax.plot(
                [tick, tick],
                [floor, ceiling],
                color=sheet.palette.rule if tick == 0 else sheet.palette.grid,
                linewidth=1,
                zorder=1,
                label="_grid",
                solid_capstyle="butt",
            )
        for start, end, _ in references:
            _draw_reference(sheet, ax, start, end, (ceiling, floor))
        for k, name in enumerate(own[label]):
            row = data[(data["series"] == name) & (data["x"].astype(str) == label)].iloc[0]
            if pd.isna(row["value"]):
                continue
            colour, marker = style[name]
            at = middle + (k - (len(own[label]) - 1) / 2) * 17
            lo, hi = float(row["low"]), float(row["high"])
            _whiskers(ax, np.array([at]), np.array([lo]), np.array([hi]), colour, f"{name} interval", upright=False, wide=2.4)
            ax.plot(
                [row["value"]],
                [at],
                linestyle="none",
                marker=marker,
                markersize=9,
                color=colour,
                markeredgecolor=sheet.palette.background,
                markeredgewidth=0.8,
                zorder=6,
                label=name,
                clip_on=False,
            )
            text = number(row["value"], decimals, chart.unit)
            wide = text_width(text, size, True)
            ends = np.clip(np.nanmin([row["value"], lo]), low, high), np.clip(np.nanmax([row["value"], hi]), low, high)
            x0, x1 = (float(v) for v in sheet.px(ax, ends, [0, 0])[0])
            # Right of the mark, or left of a figure below zero, if no line that means something runs there.
            places = [x0 - 9 - wide, x1 + 9] if row["value"] < 0 else [x1 + 9, x0 - 9 - wide]
            beyond = max([x1 + 3, *(line for line in lines_at if x1 < line < x1 + wide + 12)]) + 6
            free = [p for p in places if p >= left - 4 and not any(p - 3 < line < p + wide + 3 for line in lines_at)]
            x = min([*free, beyond][0], sheet.right - wide)
            sheet.text(x, top + at, text, size, sheet.ink_of(colour), True, role="value")
        y += tall[label]
    return sheet


# Bars


def _bars(chart, mode: str, width: str) -> Sheet:
    across, narrow = _Across(chart), width == "narrow"
    data = across.data
    palette = PALETTES[mode]
    names = list(chart.series)
    signs = chart.options.get("signs")
    # Below zero in another hue only where the author says in words what it means.
    up, down = palette.hues[0], palette.hues[1] if signs else palette.hues[0]
    style = {n: (palette.ink if i == 0 else palette.hues[2 + i % 4], MARKERS[1 + i % 5]) for i, n in enumerate(names[1:])}
    values = data["value"].dropna()
    low, high = chart.options.get("limits") or nice_range(float(values.min()), float(values.max()), zero=True)
    low, high = min(low, 0.0), max(high, 0.0)
    drawn = data[data["value"].notna()]
    below = signs and (drawn.loc[drawn["series"] == names[0], "value"] < 0).any()
    key = [Key(names[0], up, "fill", down if below else None), *(Key(n, *style[n]) for n in names[1:])]
    key = [entry for entry in key if (drawn["series"] == entry.name).any()] if len(names) > 1 else []
    marked = _spans(across)
    own = np.unique(data.loc[data["series"] == names[0], "at"] if (data["series"] == names[0]).any() else data["at"])
    slot = float(np.median(np.diff(own))) if len(own) > 1 else 30.0 if across.dated else 1.0
    beyond = data[(data["value"] > high) | (data["value"] < low)].sort_values("at")
    measures = Sheet(chart, mode, width, 100)
    left, right = measures.left + measures.y_room(low, high, chart.unit), measures.right - 4
    x_low, x_high = data["at"].min() - slot * 0.7, data["at"].max() + slot * 0.7
    if chart.known_only and across.dated:  # with all of the op-ed's window
        x_low, x_high = min(x_low, across.first), max(x_high, across.last + slot * 0.2)
    ax = measures.axes(left, 0, right, 100)
    ax.set_xlim(x_low, x_high)
    flags = measures.flags(ax, marked, chart.options.get("marks"))
    size = 12 if narrow else 12.5

    def px(at):
        return left + (np.asarray(at, float) - x_low) / (x_high - x_low) * (right - left)

    # A bar beyond the limits is cut there and its figure printed outside, where neither its words nor its thread meet
    # another's. Marks beyond the limits are named in a note: they'd be too many to print.
    cut, depth = [], {True: 0, False: 0}
    for above in (True, False):
        bars = beyond[(beyond["series"] == names[0]) & ((beyond["value"] > high) if above else (beyond["value"] < low))]
        shown = [number(v, 0 if abs(v) >= 100 else None, chart.unit, sign=True) for v in bars["value"]]
        items = [(float(px(at)), text_width(text, size, True)) for at, text in zip(bars["at"], shown, strict=True)]
        placed = staircase(items, left, right)
        depth[above] = 1 + max((row for _, row in placed), default=-1)
        for value, text, (x, _), (start, row) in zip(bars["value"], shown, items, placed, strict=True):
            cut.append((above, row, x, text, start, down if value < 0 else up))
    notes = []
    for name in names[1:]:
        far = beyond[beyond["series"] == name]
        if len(far):
            listed = "; ".join(
                f"{f'{r.x:%b %Y}' if across.dated else r.x} {number(r.value, None, chart.unit, sign=True)}"
                for r in far.itertuples()
            )
            notes.append(f"{name} beyond the scale: {listed}.")
    step = size + 3
    strip = strip_of(flags) + (depth[True] * step + 8 if depth[True] else 0)
    under = depth[False] * step + 10 if depth[False] else 0
    sheet = Sheet(chart, mode, width, strip + (230 if narrow else 290) + under + 26, key, notes)
    ax = sheet.axes(left, sheet.top + strip, right, sheet.bottom - 26 - under)
    ax.set_xlim(x_low, x_high)
    sheet.y_scale(ax, low, high, chart.unit, 4 if narrow else 6)
    _, top, _, bottom = sheet.edges(ax)
    if marked:
        sheet.mark_cut_off(ax)
    sheet.draw_flags(ax, flags, sheet.top + strip_of(flags))
    base = sheet.axes(left, sheet.bottom - 27, right, sheet.bottom - 26)
    base.set_xlim(x_low, x_high)
    across.scale(sheet, base)
    for name in names:
        part = data[data["series"] == name]
        at, value = part["at"].to_numpy(), part["value"].to_numpy(float)
        lo, hi = part["low"].to_numpy(float), part["high"].to_numpy(float)
        if part.empty:
            continue
        if name == names[0]:
            ax.bar(
                at,
                np.clip(value, low, high),
                width=slot * 0.78,
                color=[down if v < 0 else up for v in value],
                linewidth=0,
                zorder=3,
                label=name,
            )
            _whiskers(ax, at, lo, hi, palette.ink, f"{name} interval", wide=1.2)
            continue
        colour, marker = style[name]
        ax.plot(
            at,
            np.where((value >= low) & (value <= high), value, np.nan),
            linestyle="none",
            marker=marker,
            markersize=4.5 if narrow else 6,
            color=colour,
            markeredgecolor=palette.background,
            markeredgewidth=0.8,
            zorder=5,
            label=name,
            clip_on=False,
        )
        _whiskers(ax, at, lo, hi, colour, f"{name} interval", wide=1.2)
        for above, far in ((True, value > high), (False, value < low)):
            for x in px(at[far]):
                sheet.mark(float(x), top + 5 if above else bottom - 5, "^" if above else "v", colour, 6.5)
    half = slot * 0.5 / (x_high - x_low) * (right - left)
    printed = _bar_values(sheet, ax, px, data, names, slot, (down, up), (low, high)) if chart.options.get("values") else []
    for above, row, x, text, start, colour in cut:
        y = top - 8 - (row + 0.5) * step if above else bottom + 9 + (row + 0.5) * step
        edge, inward = (top, 1) if above else (bottom, -1)
        sheet.rule([x, x], [edge - 2 * inward, y], colour, 0.9, capstyle="butt")
        sheet.rule([x - half, x + half], [edge + 14 * inward + 2, edge + 14 * inward - 2], palette.background, 2, capstyle="butt")
        words = sheet.text(start, y, text, size, colour, True, role="beyond")
        if above and chart.options.get("marks"):  # whose lines pass here
            words.set_bbox({"facecolor": palette.background, "edgecolor": "none", "pad": 1})
    for word, y, colour, arrow in ((signs[0], top + 12, up, "↑"), (signs[1], bottom - 12, down, "↓")) if signs else ():
        text = f"{arrow} {word}"
        wide = text_width(text, sheet.label_size, True)
        xs, ys = px(data["at"]), np.asarray(sheet.px(ax, 0, np.clip(data["value"].to_numpy(float), low, high))[1])
        near = xs[ys < y + 14 if arrow == "↑" else ys > y - 14]
        near = np.concatenate([near, *(b[[0, 2]] for b in printed if b[1] < y + 14 and b[3] > y - 14)])
        near = np.concatenate([near, *([flag.at] * 9 for flag in flags if flag.role == "mark")])
        if marked:  # on the op-ed's band the words would be harder to read
            near = np.concatenate([near, np.linspace(*sheet.px(ax, sheet.oped_span(ax), [0, 0])[0], 9)])
        places = np.linspace(right - wide - 6, left + 6, 13)
        at = min(places, key=lambda s: int((abs(near - s - wide / 2) < wide / 2 + 8).sum()))  # noqa: B023 - used at once
        words = sheet.text(at, y, text, sheet.label_size, colour, True, role="sign")
        if chart.options.get("marks"):  # where no place is free of their lines, the line stops for the words
            words.set_bbox({"facecolor": palette.since if marked else palette.background, "edgecolor": "none", "pad": 1})
    return sheet


def _bar_values(sheet: Sheet, ax: Axes, px, data: pd.DataFrame, names: list[str], slot: float, hues, limits) -> list[np.ndarray]:
    """The figure of each bar beyond its end, moved outwards where marks or words are; gives the boxes of the words (left, top,
    right, bottom). Where words are wider than a bar's place, only bars too low to be read off have theirs."""
    size = 12 if sheet.narrow else 12.5
    left, top, right, bottom = sheet.edges(ax)
    known = data.dropna(subset=["value"])
    known = known[known["value"].between(*limits)]  # one that is cut has its figure at the edge
    bars = known[known["series"] == names[0]]
    room = float(px(slot) - px(0))
    texts = [number(v, 0 if abs(v) >= 100 else None, sheet.chart.unit, sign=True) for v in bars["value"]]
    tight = any(text_width(text, size, True) > room for text in texts)
    across, heights = px(known["at"]), np.asarray(sheet.px(ax, 0, known["value"].to_numpy(float))[1])
    zero, solid, boxes = float(sheet.px(ax, 0, 0)[1]), [], []
    for x, y, name in zip(across, heights, known["series"], strict=True):
        half, above, below = (room * 0.4, min(y, zero), max(y, zero)) if name == names[0] else (5, y - 5, y + 5)
        solid.append(np.array([x - half, above, x + half, below]))
    for at, value, text in zip(bars["at"], bars["value"], texts, strict=True):
        x, end = float(px(at)), float(sheet.px(ax, 0, value)[1])
        if tight and abs(end - zero) > 0.12 * (bottom - top):
            continue
        wide, way = text_width(text, size, True), -1 if value >= 0 else 1
        middle = min(max(x, left + wide / 2), right - wide / 2)
        start = y = end + way * (size * 0.5 + 4)
        for _ in range(40):
            box = np.array([middle - wide / 2 - 2, y - size * 0.55, middle + wide / 2 + 2, y + size * 0.55])
            if not any(box[0] < b[2] and box[2] > b[0] and box[1] < b[3] and box[3] > b[1] for b in (*boxes, *solid)):
                break
            y += way * 3
        boxes.append(box)
        colour = hues[int(value >= 0)]
        if abs(y - start) > 8:  # a thread leads back to the bar
            ends = [start - way * size * 0.5, y - way * size * 0.55]
            sheet.rule([x, x], ends, colour, 0.8, capstyle="butt").set_label("thread")
        sheet.text(middle, y, text, size, colour, True, ha="center", role="value")
    return boxes


# Maps


def shade_bounds(values: pd.Series, unit: str, limits: tuple[float, float] | None = None) -> list[float]:
    """Bounds of the five shades: fifths of ``limits``, else of 100 for shares that reach more than half of it, else round
    fifths up to the largest value (from the lowest, where that is below zero)."""
    if limits is None:
        low, high = float(min(values.min(), 0)), float(values.max())
        share = unit.startswith("%") and low == 0 and 50 < high <= 100
        limits = (0.0, 100.0) if share else nice_range(low, high or 1, True)
    low, high = limits
    return [round(low + (high - low) * i / 5, 10) for i in range(6)]


def _printed(values: pd.Series) -> dict[float, str]:
    """Each value as printed on a map: whole where some reach ten or all are whole, else with the decimals that tell them
    apart; one that would read as nothing is "less than"."""
    known, out = values.dropna(), {}
    high = float(known.abs().max()) if len(known) else 0.0
    whole = bool(((known - known.round()).abs() < 1e-9).all())
    for value in map(float, known.unique()):
        digits = 0 if whole else (0 if abs(value) >= 1 or value == 0 else 1) if high >= 10 else 1 if high >= 1 else 2
        least = 10.0**-digits
        out[value] = f"<{number(least, digits)}" if 0 < value < least / 2 else number(value, digits)
    return out


def _maps(chart, mode: str, width: str) -> Sheet:
    from companion.project import current

    data, narrow = chart.data, width == "narrow"
    palette, land = PALETTES[mode], LANDS[chart.options["land"]]
    shapes = outlines(current().root, chart.options["land"])
    panels = list(dict.fromkeys(data["panel"]))
    bounds = chart.options["bounds"]
    columns = 1 if narrow or len(panels) == 1 else 3 if len(panels) in (3, 5, 6, 9) else 2
    lines = -(-len(panels) // columns)
    every = np.vstack([ring for rings in shapes.values() for ring in rings])
    (x0, y0), (x1, y1) = every.min(axis=0), every.max(axis=0)
    flat = land.flat(y0, y1)
    pad, gap = (12, 0) if narrow else (16, 18)
    each = ((360 if narrow else 760) - 2 * pad - gap * (columns - 1)) / columns
    if len(panels) == 1 and not narrow:
        each = land.alone
    map_tall = each * (y1 - y0) / ((x1 - x0) * flat)
    head, legend = 24 if any(panels) else 4, 40
    known = {p: {r.x: float(r.value) for r in data[data["panel"] == p].itertuples() if pd.notna(r.value)} for p in panels}
    scale = each / ((x1 - x0) * flat)
    size = 12.5 if each > 280 else 12
    middles = label_places(current().root, chart.options["land"])
    printed = _printed(data["value"])
    texts = {(p, o): printed[v] for p in panels for o, v in known[p].items()}

    def within(x: float, y: float) -> tuple[float, float]:
        """Px from a panel's top left."""
        return (x - x0) * flat * scale, (y1 - y) * scale

    drawn = {o: [Path([within(*point) for point in ring]) for ring in rings] for o, rings in shapes.items()}
    names, pixels = parts_by_px(current().root, chart.options["land"], each)

    def grounds(box: tuple, panel: str) -> list[tuple[str, str]]:
        """What lies under a box of words, as (part or "", colour)."""
        left, top, right, bottom = (int(np.floor(v)) for v in box)
        under = pixels[max(top, 0) : max(bottom + 1, 0), max(left, 0) : max(right + 1, 0)]
        beyond = top < 0 or left < 0 or bottom >= pixels.shape[0] or right >= pixels.shape[1]
        parts = [names[i] if i >= 0 else "" for i in np.unique(under)]
        parts += [""] if beyond and "" not in parts else []
        shades = {p: _shade(known[panel][p], bounds, palette) if p in known[panel] else palette.empty for p in parts}
        return [(p, shades[p] if p else palette.background) for p in parts]

    def part_at(x: float, y: float) -> str:
        """Which part lies there; "" where none does."""
        return grounds((x, y, x, y), panels[0])[0][0]

    def beside(part: str, half: float, tall: float) -> list[tuple[float, float]]:
        """Middles of words close to a part's outline, left, right and below, the nearest to its own middle first."""
        outer = max((p.vertices for p in drawn[part]), key=area)
        if area(outer) < 40:  # nobody would see what is meant
            return []
        (x, y), found = within(*middles[part][:2]), []
        for up in np.arange(outer[:, 1].min(), outer[:, 1].max(), 4):
            level = outer[np.abs(outer[:, 1] - up) <= tall + 2, 0]
            found += [(level.max() + half + 4, up), (level.min() - half - 4, up)] if len(level) else []
        for across in np.arange(outer[:, 0].min(), outer[:, 0].max(), 4):
            column = outer[np.abs(outer[:, 0] - across) <= half, 1]
            found += [(across, column.max() + tall + 3)] if len(column) else []
        return sorted(found, key=lambda at: abs(at[0] - x) + 1.5 * abs(at[1] - y))

    def ink_on(panel: str, part: str) -> str:
        ground = _shade(known[panel][part], bounds, palette) if part in known[panel] else palette.empty
        return _readable(ground, palette)

    def value_box(part: str, text: str) -> tuple[float, float, float, float]:
        (x, y), half = within(*middles[part][:2]), text_width(text, size, True) / 2
        return x - half, y - size * 0.5, x + half, y + size * 0.5

    def has_room(panel: str, part: str, text: str) -> bool:
        """Whether a figure can be printed in its part: large enough, and legible where it runs over a border."""
        room = middles[part][2] * flat * scale**2
        if room < max(text_width(text, size, True), 1.2 * size) * size * 1.5:
            return False
        under, ink = grounds(_grown(value_box(part, text), 0.5, -1.5), panel), ink_on(panel, part)
        return all(contrast(ink, ground) >= 4.5 for _, ground in under)

    small = {at: text for at, text in texts.items() if not has_room(*at, text)}
    notes = [_too_small(small, panels)] if small else []
    # The parts that matter are named once, in the panel that holds the fewest figures: in full where there is room for it.
    name_size = size - 0.5
    namer = min(panels, key=lambda p: len(known[p]))
    taken, named, cut = [], {}, []
    taken += [value_box(o, text) for (p, o), text in texts.items() if p == namer and (p, o) not in small]
    found = data[data["value"].notna() if land.named_from is None else data["value"] >= land.named_from]
    wanted = sorted(found["x"].astype(str).unique())
    short = _short_names(wanted) if land.shortened else {}
    for part in sorted(wanted, key=lambda o: (o not in known[namer], -middles[o][2])):
        (x, y), whole = within(*middles[part][:2]), part.partition(" + ")[0]
        ink = ink_on(namer, part)
        under = size * 1.05 if part in known[namer] and (namer, part) not in small else 0
        heights = [way * (under + more) for way in (1, -1) for more in ((0, 2, 4, 8) if under else (0, 3, 6, 12))]
        for text in dict.fromkeys((whole, short.get(part, whole))):
            half, tall = text_width(text, name_size) / 2, name_size / 2
            places = [(x + dx, y + dy) for dy in heights for dx in range(-28, 29, 2)]
            places.sort(key=lambda at: abs(at[0] - x) + 1.5 * abs(at[1] - y))  # noqa: B023 - used at once
            outside = beside(part, half, tall) if text == whole else []
            for tx, ty in [*places, *outside]:
                box = (tx - half, ty - tall, tx + half, ty + tall)
                if box[0] < 0 or box[2] > each or box[3] > map_tall or any(_meet(box, other) for other in taken):
                    continue
                if (tx, ty) in outside:  # at sea, or abroad, with so much air that no other part can be meant
                    near = {o for o, _ in grounds(_grown(box, 2 if land.over_borders else 10), namer)}
                    fits, own_ink = near <= {part, ""} and {o for o, _ in grounds(_grown(box, 2), namer)} <= {""}, palette.ink
                else:  # in a colour that is legible on all of it; over a border, if at all, where no other is shaded
                    under_it, own_ink = grounds(_grown(box, 0 if land.over_borders else 1, -1), namer), ink
                    fits = part_at(tx, ty) == part and all(contrast(ink, ground) >= 4.5 for _, ground in under_it)
                    others = {o for o, _ in under_it} - {part}
                    fits = fits and not (others & known[namer].keys() if land.over_borders else others)
                if fits:
                    taken.append(box)
                    named[part] = (tx, ty, text, own_ink)
                    cut += [f"{text} = {part}"] if text != whole else []
                    break
            if part in named:
                break
    notes += [f"Names: {', '.join(sorted(cut))}."] if cut else []
    grey = any(o not in known[p] for p in panels for o in shapes)
    if grey:
        means = chart.options.get("grey")
        notes.insert(0, f"Grey: {_grey(chart)}{f'; {means}' if means else ''}.")
    tall = legend + lines * (head + map_tall) + (lines - 1) * 10
    sheet = Sheet(chart, mode, width, tall, None, [*notes, land.credit])
    _shade_key(sheet, bounds, grey)
    corners = []
    for k, panel in enumerate(panels):
        row, column = divmod(k, columns)
        corners.append((sheet.left + column * (each + gap), sheet.top + legend + row * (head + map_tall + 10) + head))
        if panel:
            name = wrap(panel, each, sheet.label_size + 1, True)[0]
            sheet.text(corners[-1][0], corners[-1][1] - 14, name, sheet.label_size + 1, bold=True, role="panel")
    # One outline for each part, set once in each panel: a picture of four maps is hardly heavier than of one.
    page = sheet.axes(0, 0, sheet.width, sheet.height)
    page.set_xlim(0, sheet.width)
    page.set_ylim(sheet.height, 0)
    to_dots = Affine2D().scale(1 / DPI) + sheet.figure.dpi_scale_trans
    for part, rings in shapes.items():
        outline = Path.make_compound_path(*(Path((ring - [x0, y1]) * [flat * scale, scale], closed=True) for ring in rings))
        shades = [_shade(known[p][part], bounds, palette) if part in known[p] else palette.empty for p in panels]
        drawn_part = PathCollection(
            [outline],
            offsets=corners,
            offset_transform=page.transData,
            facecolors=shades,
            edgecolors=palette.background,
            linewidths=0.7,
            label=part,
        )
        drawn_part.set_transform(to_dots)
        page.add_collection(drawn_part, autolim=False)
    for (panel, part), text in texts.items():
        if (panel, part) not in small:
            left, top = corners[panels.index(panel)]
            x, y = within(*middles[part][:2])
            sheet.text(left + x, top + y, text, size, ink_on(panel, part), True, ha="center", role="value")
    left, top = corners[panels.index(namer)]
    for x, y, text, ink in named.values():
        sheet.text(left + x, top + y, text, name_size, ink, ha="center", role="place")
    return sheet


def _grey(chart) -> str:
    """What the colour of a place without a figure says: the table may have got one since."""
    return f"no figure public by {cut_off_in_words()}" if chart.known_only else "no figure in the table"


def _too_small(small: dict[tuple[str, str], str], panels: list[str]) -> str:
    """The figures that have no room in their part, panel by panel, as a note."""
    said = []
    for panel in panels:
        parts = ", ".join(f"{part}\u00a0{text}" for (p, part), text in small.items() if p == panel)
        said += [f"{parts} ({panel})" if len(panels) > 1 else parts] if parts else []
    return f"Too small to print in: {'; '.join(said)}."


def _grown(box: tuple, across: float, upwards: float | None = None) -> tuple:
    """The box with so many px more on each side, all round where only ``across`` is given."""
    upwards = across if upwards is None else upwards
    return box[0] - across, box[1] - upwards, box[2] + across, box[3] + upwards


def _meet(a: tuple, b: tuple) -> bool:
    """Whether two boxes (left, top, right, bottom) overlap or nearly do."""
    return a[0] < b[2] + 3 and a[2] > b[0] - 3 and a[1] < b[3] + 1 and a[3] > b[1] - 1


def _short_names(names: list[str]) -> dict[str, str]:
    """Each name by its first letters, at least three, as many as tell it from the others; short names whole."""
    out = {}
    for name in names:
        others = [other for other in names if other != name]
        letters = next((n for n in range(3, len(name)) if not any(o.startswith(name[:n]) for o in others)), len(name))
        out[name] = name if len(name) <= letters + 1 else name[:letters]
    return out


def _shade(value: float, bounds: list[float], palette) -> str:
    return palette.ramp[min(max(int(np.searchsorted(bounds, value, side="left")) - 1, 0), 4)]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _readable(ground: str, palette) -> str:
    return max((palette.ink, palette.background), key=lambda c: contrast(c, ground))


def _shade_key(sheet: Sheet, bounds: list[float], grey: bool) -> None:
    """What the shades mean, in one row, and where there is any what grey does."""
    palette, size = sheet.palette, sheet.tick_size
    y, x, box = sheet.top + 7, sheet.left, 40
    for i, colour in enumerate(palette.ramp):
        sheet.rule([x + i * box, x + (i + 1) * box - 1], [y, y], colour, 12, capstyle="butt")
    unit = sheet.chart.unit if sheet.chart.unit.startswith("%") else ""
    digits = decimals_between(bounds)
    for i, bound in enumerate(bounds):
        sheet.text(
            x + i * box,
            y + 15,
            number(bound, digits if bound else 0, unit if i == 5 else ""),
            size - 1,
            palette.quiet,
            ha="left" if i == 0 else "center",
            role="tick",
        )
    if not grey:
        return
    x += 5 * box + 26
    sheet.rule([x, x + 20], [y, y], palette.empty, 12, capstyle="butt")
    lines = wrap(_grey(sheet.chart), sheet.right - x - 26, size - 1)
    for i, line in enumerate(lines):
        sheet.text(x + 26, y + (i - (len(lines) - 1) / 2) * (size + 1), line, size - 1, palette.quiet, role="key")


# Events


def _timeline(chart, mode: str, width: str) -> Sheet:
    data = chart.data[chart.data["x"].notna()]
    lanes = list(dict.fromkeys(data["series"]))
    style = _styled(chart, mode)
    # A row of events runs along a time axis while it is short; a long one, and every one on a phone, runs down the page.
    if width == "narrow" or len(data) > 8:
        return _timeline_down(chart, mode, width, data, style)
    return _timeline_across(chart, mode, width, data, lanes, style)


def _when(row) -> str:
    day = f"{row.x.day} {row.x:%b %Y}"
    start = getattr(row, "start", None)
    if start is None or pd.isna(start) or start == row.x:
        return day
    same_year, same_month = start.year == row.x.year, (start.year, start.month) == (row.x.year, row.x.month)
    if (start.day, row.x.day) == (1, row.x.days_in_month) and same_year:
        if same_month:
            return f"{row.x:%b %Y}"
        if (start.month, row.x.month) == (1, 12):
            return f"{row.x.year}"
    first = f"{start.day}" if same_month else f"{start.day} {start:%b}" if same_year else f"{start.day} {start:%b %Y}"
    return f"{first} – {day}"


_MONTHS = "|".join(calendar.month_name[1:]) + "|" + "|".join(calendar.month_abbr[1:])
_DATED = re.compile(rf"^(?:\d{{1,2}}(?:[–-]\d{{1,2}})? )?(?:{_MONTHS}) \d{{4}}: (?=.)")


def _undated(row) -> str:
    """An event's words without the date that stands beside them."""
    text = _DATED.sub("", row.label)
    text = text.removesuffix(f" {row.x.day} {row.x:%B %Y}")
    return typographic(text[:1].upper() + text[1:])


def _event(ax, sheet: Sheet, x: object, y: float, colour: str, marker: str, lane: str) -> None:
    ax.plot(
        [x],
        [y],
        linestyle="none",
        marker=marker,
        markersize=8.5,
        color=colour,
        markeredgecolor=sheet.palette.background,
        markeredgewidth=1,
        zorder=5,
        label=lane,
        clip_on=False,
    )


def _timeline_down(chart, mode: str, width: str, data: pd.DataFrame, style: dict) -> Sheet:
    from companion.project import current

    narrow = width == "narrow"
    size, small = (14, 13) if narrow else (14.5, 13.5)
    pad = 12 if narrow else 16
    turns_at = [pd.Timestamp(day) for day in (current().oped.window[0], current().oped.cut_off, current().oped.window[1])]
    starts = data["start"].fillna(data["x"]) if "start" in data else data["x"]
    # By when each began, but none before one that ended on the other side of the op-ed's days.
    data = data.assign(turn=[sum(x > turn for turn in turns_at) for x in data["x"]], since=starts)
    data = data.sort_values(["turn", "since", "x"], kind="stable")
    whens = [_when(r) for r in data.itertuples()]
    when_room = 0 if narrow else max(text_width(w, small) for w in whens) + 10
    rail = pad + when_room + 6
    room = (360 if narrow else 760) - pad - rail - 16
    oped = current().oped
    marked = _spans(_Across(chart))
    step = size * 1.22
    items, y, waiting = [], 4.0, []
    # The op-ed's window, its end, and the cut-off stand between the events that they fall between.
    turns = (
        {"start": pd.Timestamp(oped.window[0]), "cut_off": pd.Timestamp(oped.cut_off), "end": pd.Timestamp(oped.window[1])}
        if marked
        else {}
    )
    places: dict[str, float] = {}
    for row, when in zip(data.itertuples(), whens, strict=True):
        waiting = [t for t in turns if t not in places and row.x > turns[t]]
        for turn in waiting:  # each with a row of its own for its words
            # The window's last days are after the cut-off: where nothing fell in them, its strip ends where that stands.
            places[turn] = places["cut_off"] if turn == "end" and "cut_off" in waiting else y - 4
            y += 22 if turn == "start" or turn == "cut_off" and not chart.known_only else 0
        lines = wrap(_undated(row), room, size)
        items.append((y, row, when, lines))
        y += (small * 1.25 if narrow else 0) + len(lines) * step + 9
    if turns and "start" not in places:  # the window stands below the last event
        places["start"] = y - 4
        y += 26
    lanes = [n for n in style if (data["series"] == n).any()]
    sheet = Sheet(chart, mode, width, y, [Key(n, *style[n]) for n in lanes if n] if len(lanes) > 1 else [])
    ax = sheet.axes(0, sheet.top, sheet.width, sheet.bottom)
    ax.set_xlim(0, sheet.width)
    ax.set_ylim(y, 0)
    if marked:
        start, cut_at, end = places.get("start", 0.0), places.get("cut_off", y), places.get("end", y)
        if not chart.known_only:
            ax.axhspan(cut_at, y, color=sheet.palette.since, linewidth=0, zorder=0).set_label("since")
        ax.fill_between(
            [rail - 7, rail + 7],
            start,
            max(end, start + 6),
            color=sheet.palette.window,
            linewidth=0,
            zorder=0.5,
            label="op-ed window",
        )
        sheet.text(rail + 14, sheet.top + start + 11, "op-ed written", small, sheet.palette.oped, True, role="op-ed")
        if not chart.known_only:
            sheet.text(rail + 14, sheet.top + cut_at + 11, "since ↓", small, sheet.palette.quiet, role="since")
    middle = size * 0.62
    ax.plot(
        [rail, rail],
        [items[0][0] + middle, max(items[-1][0] + middle, places.get("start", 0.0))],
        color=sheet.palette.rule,
        linewidth=1,
        zorder=1,
        label="_rail",
    )
    for at, row, when, lines in items:
        colour, marker = style[row.series]
        _event(ax, sheet, rail, at + middle, colour, marker, row.series)
        y = sheet.top + at + middle
        if narrow:
            sheet.text(rail + 14, y, when, small, sheet.palette.quiet, True, role="date")
            y += small * 1.25
        else:
            sheet.text(rail - 12, y, when, small, sheet.palette.quiet, ha="right", role="date")
        for i, line in enumerate(lines):
            sheet.text(rail + 14, y + i * step, line, size, role="event")
    return sheet


def _timeline_across(chart, mode: str, width: str, data: pd.DataFrame, lanes: list[str], style: dict) -> Sheet:
    size, small = 13.5, 12.5
    step, pad = size * 1.18, 16
    across = _Across(chart)
    starts = _days(data["start"]) if "start" in data else None
    first = min(across.first, np.nanmin(starts)) if starts is not None and np.isfinite(starts).any() else across.first
    span = (across.last - first) or 30
    low, high = first - span * 0.02, across.last + span * 0.02
    left, right = pad + 4, 760 - pad - 4
    marked = _spans(across)

    def px(at: float) -> float:
        return left + (at - low) / (high - low) * (right - left)

    y, placed, heads = 8.0, [], []
    for lane in lanes:
        heads.append((y, lane))
        y += 22 if lane else 4
        boxes: list[tuple[float, float, float, float]] = []
        lane_top = y
        part = data[data["series"] == lane].sort_values("x", kind="stable")
        for row in part.itertuples():
            x = px(float(_days(pd.Series([row.x]))[0]))
            x_start = (
                px(float(_days(pd.Series([row.start]))[0]))
                if getattr(row, "start", None) is not None and pd.notna(row.start)
                else x
            )
            lines = wrap(_undated(row), 185, size)
            wide = max([text_width(line, size) for line in lines] + [text_width(_when(row), small)])
            tall = (len(lines) * step) + small * 1.2 + 8
            to_right = x + 10 + wide <= right + 4
            x0, x1 = (x_start - 6, x + 10 + wide) if to_right else (min(x_start, x) - 10 - wide, x + 6)
            at = lane_top
            while any(x0 < b[2] + 8 and x1 > b[0] - 8 and at < b[3] and at + tall > b[1] for b in boxes):
                at += 4
            boxes.append((x0, at, x1, at + tall))
            placed.append((row, x, x_start, at, lines, to_right))
        y = max([b[3] for b in boxes], default=y) + 6
    strip = STRIP if marked else 4
    sheet = Sheet(chart, mode, width, strip + y + 26)
    ax = sheet.axes(left, sheet.top + strip, right, sheet.bottom - 26)
    ax.set_xlim(low, high)
    ax.set_ylim(y, 0)
    across.scale(sheet, ax)
    if marked:
        sheet.mark_cut_off(ax, how="bar")
        sheet.draw_flags(ax, sheet.flags(ax, True), sheet.top + strip)
    top = sheet.top + strip
    for at, lane in heads:
        if at > 8:
            sheet.rule([sheet.left, sheet.right], [top + at - 2, top + at - 2], sheet.palette.grid, 1)
        if lane:
            sheet.text(sheet.left, top + at + 11, lane, sheet.label_size, style[lane][0], True, role="series")
    for row, x, x_start, at, lines, to_right in placed:
        colour, marker = style[row.series]
        middle = at + 9
        day = float(_days(pd.Series([row.x]))[0])
        if x_start < x:
            begin = float(_days(pd.Series([row.start]))[0])
            ax.plot(
                [begin, day],
                [middle, middle],
                color=colour,
                linewidth=4,
                alpha=0.6,
                solid_capstyle="butt",
                zorder=4,
                label=f"_span {row.series}",
            )
        _event(ax, sheet, day, middle, colour, marker, row.series)
        tx, ha = (x + 9, "left") if to_right else (min(x_start, x) - 9, "right")
        sheet.text(tx, top + middle, _when(row), small, sheet.palette.quiet, True, ha=ha, role="date")
        for i, line in enumerate(lines):
            sheet.text(tx, top + middle + small * 1.2 + i * step, line, size, ha=ha, role="event")
    return sheet


_FORMS = {
    "lines": _lines,
    "stacked": _stacked,
    "slope": _slope,
    "dots": _dots,
    "bars": _bars,
    "maps": _maps,
    "timeline": _timeline,
}
