"""The common frame: palettes, type, title, subtitle, key, notes, source line, and the cut-off on every dated chart.

All measures are in px of the picture as shown (760 wide, 360 narrow), from its top left; a figure has 72 dots an
inch, so that one px is one point of type and one unit of the SVG.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D

WIDTHS = {"wide": 760, "narrow": 360}
DPI = 72

_FONTS = Path(__file__).with_name("fonts")
FAMILY = ["Companion Sans", "DejaVu Sans"]  # the second only for signs that the first lacks
_FILES = {False: _FONTS / "CompanionSans-Regular.ttf", True: _FONTS / "CompanionSans-Bold.ttf"}
for _file in _FILES.values():
    font_manager.fontManager.addfont(_file)


@dataclass(frozen=True)
class Palette:
    """The colours of one mode.

    Text (``ink``, ``quiet``, ``oped``, every hue) has a contrast of 4.5:1 or more on ``background`` and on ``since``,
    marks (``greys``, ``rule``) 3:1. ``hues`` are used in their order; ``greys`` are for answers that are none (hard to
    say, refused), whose names are written in ``quiet``.
    """

    background: str
    ink: str
    quiet: str
    rule: str
    grid: str
    since: str
    window: str
    oped: str
    band: str
    hues: tuple[str, ...]
    greys: tuple[str, ...]
    ramp: tuple[str, ...]
    empty: str


# Both sets of hues were searched for the largest least distance (CIE L*a*b*) between any two, as seen with normal
# sight, protanopia, deuteranopia and (weighed less) tritanopia, with 4.5:1 on the shaded ground as a bound.
PALETTES = {
    "light": Palette(
        background="#ffffff",
        ink="#1b1f24",
        quiet="#57606a",
        rule="#7a828c",
        grid="#dfe2e6",
        since="#f5f3ee",
        window="#f0d48a",
        oped="#7a5200",
        band="#dbe4f3",
        hues=("#243ec2", "#a45c02", "#147c62", "#7d4c93", "#4d2906", "#1a1033"),
        greys=("#838b95", "#4f5761"),
        ramp=("#fbe3cf", "#f3b98c", "#dd8650", "#b4521f", "#7a2e0b"),
        empty="#eceef0",
    ),
    "dark": Palette(
        background="#14181e",
        ink="#eceff3",
        quiet="#a9b3bf",
        rule="#7d8894",
        grid="#2f3741",
        since="#1d232b",
        window="#574412",
        oped="#eac765",
        band="#263a59",
        hues=("#86a7d9", "#ef694e", "#7befaa", "#a379ff", "#f4ed61", "#cbf3ff"),
        greys=("#77828e", "#b4bec9"),
        ramp=("#4a2c1c", "#7f4523", "#c4703a", "#e99f66", "#ffd6ab"),
        empty="#262d36",
    ),
}


# Type


@lru_cache(maxsize=2)
def _face(bold: bool) -> FT2Font:
    return FT2Font(str(_FILES[bold]))


@lru_cache(maxsize=8192)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line of text in px; signs that the font lacks count as a wide letter."""
    face = _face(bold)
    face.set_size(100, DPI)
    known = "".join(c if face.get_char_index(ord(c)) else "M" for c in text)
    face.set_text(known)
    return face.get_width_height()[0] / 64 / 100 * size


def wrap(text: str, width: float, size: float, bold: bool = False, balanced: bool = False) -> list[str]:
    """Lines of ``text`` no wider than ``width`` px; ``balanced`` makes them about equally long. A no-break space holds words
    together and is printed as a space."""
    width *= 0.98  # hinting in a small PNG makes words a little wider than their outlines
    words: list[str] = []
    for word in (word.replace("\u00a0", " ") for word in re.split(r"[ \t\r\n]+", str(text).strip())):
        while text_width(word, size, bold) > width and len(word) > 4:  # a word wider than the line is cut
            part = len(word) - 1
            while part > 3 and text_width(word[:part] + "-", size, bold) > width:
                part -= 1
            words.append(word[:part] + "-")
            word = word[part:]
        words.append(word)

    def filled(limit: float) -> list[str]:
        lines, line = [], ""
        for word in words:
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, size, bold) > limit:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line] if line else lines

    lines = filled(width)
    if balanced and len(lines) > 1:
        low, high = max(text_width(w, size, bold) for w in words), width
        while high - low > 3:
            middle = (low + high) / 2
            low, high = (low, middle) if len(filled(middle)) == len(lines) else (middle, high)
        lines = filled(high)
    return lines


def spread(wanted: list[float], sizes: list[float], low: float, high: float) -> list[float]:
    """Centres as near as can be to ``wanted`` such that boxes of ``sizes`` don't overlap and stay in low..high."""
    order = np.argsort(wanted, kind="stable")
    blocks: list[list] = []  # [centre of mass wanted for the block's first box, members]
    offsets = {}
    for i in order:
        blocks.append([[i], wanted[i]])
        offsets[i] = 0.0
        while True:
            members, start = blocks[-1]
            if len(blocks) > 1:
                above, above_start = blocks[-2]
                gap = (sizes[above[-1]] + sizes[members[0]]) / 2
                if start < above_start + offsets[above[-1]] + gap:
                    shift = offsets[above[-1]] + gap
                    for m in members:
                        offsets[m] += shift
                    joined = above + members
                    blocks[-2:] = [[joined, float(np.mean([wanted[m] - offsets[m] for m in joined]))]]
                    continue
            break
    places = [0.0] * len(wanted)
    for members, start in blocks:
        for m in members:
            places[m] = start + offsets[m]
    edge = low
    for i in order:  # inside, from the low end and then from the high end
        places[i] = max(places[i], edge + sizes[i] / 2)
        edge = places[i] + sizes[i] / 2
    edge = high
    for i in order[::-1]:
        places[i] = min(places[i], edge - sizes[i] / 2)
        edge = places[i] - sizes[i] / 2
    return places


def number(value: float, decimals: int | None = None, unit: str = "", sign: bool = False) -> str:
    """A figure as printed in a picture: thousands grouped, a true minus, ``%`` where the unit is one."""
    if not np.isfinite(value):
        return ""
    if decimals is None:
        decimals = 0 if abs(value) >= 100 or float(value).is_integer() else 1
    shown = f"{abs(value):,.{decimals}f}"
    minus = value < 0 and float(shown.replace(",", "")) != 0
    return f"{'−' if minus else '+' if sign and value > 0 else ''}{shown}{'%' if unit.startswith('%') else ''}"


def decimals_of(values) -> int:
    """Decimals that all of ``values`` are printed with: none where they are whole or large."""
    known = [v for v in values if pd.notna(v)]
    return 0 if not known or max(abs(v) for v in known) >= 100 or all(abs(v - round(v)) < 0.005 for v in known) else 1


def decimals_between(ticks) -> int:
    """Decimals that print each of a scale's round figures as it is, up to three."""
    return next(n for n in range(4) if n == 3 or all(abs(t - round(t, n)) < 1e-9 for t in ticks))


# The sheet


@dataclass(frozen=True)
class Key:
    """One entry of the key above a plot: a name, its colour and its mark (a marker, ``line``, ``line o``, ``dash``, ``fill``)."""

    name: str
    colour: str
    mark: str
    second: str | None = None  # the other half of a fill in two colours


@dataclass(frozen=True)
class Flag:
    """The words of a vertical line, in the strip above dated axes: all in px, rows counted from the axes up."""

    text: str
    at: float
    start: float
    row: int
    role: str = "mark"


class Sheet:
    """A painted page with title, subtitle, key, notes and source line, and room of ``plot`` px height between."""

    def __init__(self, chart, mode: str, width: str, plot: float, key: list[Key] | None = None, notes: list[str] | None = None):
        self.chart, self.mode, self.narrow = chart, mode, width == "narrow"
        self.palette = PALETTES[mode]
        self.width = WIDTHS[width]
        self.pad = 12 if self.narrow else 16
        self.title_size, self.subtitle_size = (19, 14.5) if self.narrow else (22, 15.5)
        self.label_size, self.tick_size, self.source_size = (13.5, 13, 12) if self.narrow else (14, 13.5, 12.5)
        room = self.width - 2 * self.pad
        title = wrap(chart.title, room, self.title_size, True, balanced=True)
        subtitle = wrap(chart.subtitle, room, self.subtitle_size, balanced=True)
        foot = [line for note in (notes or []) for line in wrap(note, room, self.source_size)]
        source = wrap(chart.source_line, room, self.source_size)
        laid, rows = self._lay_key(key or [], room)
        step_t, step_s, step_f, step_k = (
            round(s * 1.24) for s in (self.title_size, self.subtitle_size, self.source_size, self.label_size)
        )
        y = self.pad + 6  # a short rule in the first hue stands at the very top
        self.top = y + len(title) * step_t + 3 + len(subtitle) * step_s + (8 + step_k * rows if laid else 0) + 10
        self.bottom = self.top + plot
        self.height = int(round(self.bottom + 10 + (len(foot) + len(source)) * step_f + self.pad - 4))
        self.figure = Figure(figsize=(self.width / DPI, self.height / DPI), dpi=DPI, facecolor=self.palette.background)
        FigureCanvasAgg(self.figure)
        self.rule([self.pad, self.pad + 34], [self.pad - 1, self.pad - 1], self.palette.hues[0], 4, capstyle="butt")
        for line in title:
            y += step_t
            self.text(self.pad, y - step_t * 0.24, line, self.title_size, bold=True, va="baseline", role="title")
        y += 3
        for line in subtitle:
            y += step_s
            self.text(self.pad, y - step_s * 0.26, line, self.subtitle_size, self.palette.quiet, va="baseline", role="subtitle")
        for x, row, entry, lines in laid:
            self._draw_key(entry, x, y + 8 + step_k * (row + 0.5), lines, step_k)
        y = self.bottom + 10
        for line in [*foot, *source]:
            y += step_f
            role = "source" if line in source else "note"
            self.text(self.pad, y - step_f * 0.3, line, self.source_size, self.palette.quiet, va="baseline", role=role)

    @cached_property
    def whole(self) -> bool:
        """Whether all figures are whole numbers: half of what is counted in ones would be no figure."""
        given = self.chart.data[["value", "low", "high"]].to_numpy(float)
        return bool(np.all(given[np.isfinite(given)] % 1 == 0))

    @property
    def left(self) -> float:
        return self.pad

    @property
    def right(self) -> float:
        return self.width - self.pad

    def ink_of(self, colour: str) -> str:
        """The colour in which a name is written whose mark has ``colour``."""
        return self.palette.quiet if colour in self.palette.greys else colour

    def _lay_key(self, entries: list[Key], room: float) -> tuple[list[tuple[float, int, Key, list[str]]], int]:
        """Each entry with its x, row and lines, and how many rows they take; a name wider than the room is wrapped."""
        laid, x, row = [], self.pad, 0
        for entry in entries:
            lines = wrap(entry.name, room - 22, self.label_size, True) or [""]
            wide = 22 + 1.03 * max(text_width(line, self.label_size, True) for line in lines)  # as in wrap
            if x > self.pad and (x + wide > self.pad + room or len(lines) > 1):
                x, row = self.pad, row + 1
            laid.append((x, row, entry, lines))
            x += wide + 16
            if len(lines) > 1:
                x, row = self.pad, row + len(lines)
        return laid, row + (1 if x > self.pad else 0)

    def _draw_key(self, entry: Key, x: float, y: float, lines: list[str], step: float) -> None:
        if entry.mark == "dash":
            for start in (0, 9):
                self.rule([x + start, x + start + 7], [y, y], entry.colour, 3, capstyle="butt")
        elif entry.mark.startswith("line"):
            line, *marker = entry.mark.split()
            self.rule([x, x + 16], [y, y], entry.colour, 2 if marker else 3)
            if marker:
                self.mark(x + 8, y, marker[0], entry.colour, 7)
        elif entry.mark == "fill":
            self.rule([x + 1, x + 15], [y, y], entry.colour, 12, capstyle="butt")
            if entry.second:
                self.rule([x + 8, x + 15], [y, y], entry.second, 12, capstyle="butt")
        else:
            self.mark(x + 8, y, entry.mark, entry.colour, 8)
        ink = self.palette.ink if entry.mark == "fill" else self.ink_of(entry.colour)
        for i, line in enumerate(lines):
            self.text(x + 22, y + i * step, line, self.label_size, ink, bold=True, role="key")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str | None = None,
        bold: bool = False,
        ha: str = "left",
        va: str = "center_baseline",
        role: str = "label",
    ):
        """Text at px from the top left; ``role`` becomes the artist's label, so that tests find it."""
        artist = self.figure.text(
            x / self.width,
            1 - y / self.height,
            text,
            fontsize=size,
            color=colour or self.palette.ink,
            ha=ha,
            va=va,
            family=FAMILY,
            weight=700 if bold else 400,
            parse_math=False,
        )
        artist.set_label(role)
        return artist

    def rule(self, xs, ys, colour: str, wide: float = 1, capstyle: str = "round", dashes=None) -> Line2D:
        """A line between px points."""
        line = Line2D(
            np.asarray(xs) / self.width,
            1 - np.asarray(ys) / self.height,
            color=colour,
            linewidth=wide,
            solid_capstyle=capstyle,
            transform=self.figure.transFigure,
            linestyle=dashes or "-",
        )
        self.figure.add_artist(line)
        return line

    def mark(self, x: float, y: float, marker: str, colour: str, size: float) -> None:
        self.figure.add_artist(
            Line2D(
                [x / self.width],
                [1 - y / self.height],
                marker=marker,
                color=colour,
                markersize=size,
                markeredgecolor=self.palette.background,
                markeredgewidth=0.8,
                transform=self.figure.transFigure,
            )
        )

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Bare axes between px edges (from the sheet's top left), without spines or ticks."""
        ax = self.figure.add_axes(
            (left / self.width, 1 - bottom / self.height, (right - left) / self.width, (bottom - top) / self.height)
        )
        ax.patch.set_visible(False)
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_visible(False)
        return ax

    def px(self, ax: Axes, x, y) -> tuple:
        """Data to px from the sheet's top left."""
        box, (x0, x1), (y0, y1) = ax.get_position(), ax.get_xlim(), ax.get_ylim()
        across = box.x0 + (np.asarray(x, float) - x0) / (x1 - x0) * box.width
        up = box.y0 + (np.asarray(y, float) - y0) / (y1 - y0) * box.height
        return across * self.width, (1 - up) * self.height

    def edges(self, ax: Axes) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of axes in px."""
        box = ax.get_position()
        return box.x0 * self.width, (1 - box.y1) * self.height, box.x1 * self.width, (1 - box.y0) * self.height

    # Scales

    def y_scale(self, ax: Axes, low: float, high: float, unit: str, count: int = 5) -> None:
        """Light lines at round figures with their labels at the left of the axes; the line at zero is dark."""
        ax.set_ylim(low, high)
        left, _, right, _ = self.edges(ax)
        ticks = nice_ticks(low, high, count, self.whole)
        decimals = decimals_between(ticks)
        for tick in ticks:
            ax.axhline(tick, color=self.palette.rule if tick == 0 else self.palette.grid, linewidth=1, zorder=1)
            _, y = self.px(ax, 0, tick)
            shown = number(tick, decimals, unit if tick == ticks[-1] else "")
            self.text(left - 7, y, shown, self.tick_size, self.palette.quiet, ha="right", role="tick")

    def y_room(self, low: float, high: float, unit: str, count: int = 5) -> float:
        """Px that the labels of ``y_scale`` take at the left."""
        ticks = nice_ticks(low, high, count, self.whole)
        decimals = decimals_between(ticks)
        return 9 + max((text_width(number(t, decimals, unit), self.tick_size) for t in ticks), default=0)

    def date_scale(self, ax: Axes) -> None:
        """Years or months below axes whose x is in days since 1970; the last year that data reach always has its label."""
        left, top, right, bottom = self.edges(ax)
        low, high = (pd.Timestamp(mdates.num2date(v)).tz_localize(None) for v in ax.get_xlim())
        days = (high - low).days or 1
        per_day = (right - left) / days
        base = bottom + 15
        ax.plot([0, 1], [0, 0], transform=ax.transAxes, color=self.palette.rule, linewidth=1, clip_on=False, zorder=3)

        def tick(day: pd.Timestamp, long: bool) -> float:
            x = left + (day - low).days * per_day
            self.rule([x, x], [bottom, bottom + (6 if long else 4)], self.palette.rule, 1, capstyle="butt")
            return x

        def years(labels: list[tuple[float, int]]) -> None:
            """The last label is printed, moved inwards where it has to be, and others as far as they leave it room."""
            edge = self.right + year_wide
            for x, year in labels[::-1]:
                x = min(x, self.right - year_wide / 2 + 4)
                if x + year_wide / 2 <= edge + 4:
                    self.text(x, base, str(year), self.tick_size, self.palette.quiet, ha="center", role="tick")
                    edge = x - year_wide / 2

        last = pd.to_datetime(self.chart.data["x"]).max()
        year_wide = text_width("2022", self.tick_size) + 8
        if days > 540 and per_day * 365 >= year_wide:
            starts, labels = [pd.Timestamp(y, 1, 1) for y in range(low.year, high.year + 2)], []
            for start, end in zip(starts[:-1], starts[1:], strict=True):
                seen = max(start, low), min(end, high)
                if start > low:
                    tick(start, True)
                if per_day * 365 >= 150:  # room enough for the quarters' ticks
                    for month in (4, 7, 10):
                        if low < (day := pd.Timestamp(start.year, month, 1)) < high:
                            tick(day, False)
                middle = left + ((seen[0] - low).days + (seen[1] - seen[0]).days / 2) * per_day
                wide = (seen[1] - seen[0]).days * per_day
                if wide >= year_wide - 6:
                    labels.append((middle, start.year))
                elif start.year == last.year:  # a stub: its label starts where it does
                    labels.append((middle + max(year_wide - 6 - wide, 0) / 2, start.year))
            years(labels)
        elif days > 540:
            step = next(s for s in (2, 5, 10, 20, 50, 100) if per_day * 365 * s >= year_wide + 6 or s == 100)
            shown = {*range(-(-low.year // step) * step, high.year + 1, step), last.year}
            days_of = [day for year in sorted(shown) if low <= (day := pd.Timestamp(year, 1, 1)) <= high]
            years([(tick(day, True), day.year) for day in days_of])
        elif days >= 45:
            wide = text_width("Sep  2022", self.tick_size) + 8
            # A tick where each month begins, its name below its middle: what happened in it stands over its name.
            months = pd.date_range(low.to_period("M").to_timestamp(), high, freq="MS")
            step = next(s for s in (1, 2, 3, 6) if per_day * 30 * s >= wide * 0.72 or s == 6)
            ends = {pd.Timestamp(day).to_period("M") for day in (pd.to_datetime(self.chart.data["x"]).min(), last)}
            edge, first = -1e9, True
            for month in months:
                if month >= low:
                    tick(month, month.month == 1)
                start, end = max(month, low), min(month + pd.offsets.MonthBegin(), high)
                # A sliver of a month at an end has no name, unless a figure is of it.
                if (end - start).days < 12 and month.to_period("M") not in ends or (month.month - 1) % step:
                    continue
                # Below the month's own middle where that is seen, since there its figure stands; else of what is seen of it.
                middle, seen = month + pd.Timedelta(days=month.days_in_month / 2), start + (end - start) / 2
                x = left + ((middle if low <= middle <= high else seen) - low).total_seconds() / 86400 * per_day
                # Two spaces: one is so thin in small type that month and year would read as one word.
                shown = f"{month:%b  %Y}" if first or month.month == 1 else f"{month:%b}"
                half = text_width(shown, self.tick_size) / 2
                x = min(max(x, self.left + half), self.right - half)
                if x - half > edge + 5:
                    self.text(x, base, shown, self.tick_size, self.palette.quiet, ha="center", role="tick")
                    edge, first = x + half, False
        else:
            count = max(2, int((right - left) / 90))
            for day in pd.date_range(low.ceil("D"), high.floor("D"), periods=min(count, max(days, 1))).normalize().unique():
                shown = f"{day.day} {day:%b}"
                half = text_width(shown, self.tick_size) / 2
                x = min(max(tick(day, True), self.left + half), self.right - half)
                self.text(x, base, shown, self.tick_size, self.palette.quiet, ha="center", role="tick")

    # The op-ed and its cut-off

    def oped_span(self, ax: Axes) -> tuple[float, float]:
        """The op-ed's window in days, no thinner than the eye sees: on a long axis two months are next to nothing."""
        from companion.project import current

        start, end = (mdates.date2num(pd.Timestamp(day)) for day in current().oped.window)
        (x0, x1), _ = self.px(ax, [start, end], [0, 0])
        spare = max(3 - (x1 - x0), 0) / 2 * (end - start) / (x1 - x0)
        low, high = ax.get_xlim()
        return max(start - spare, low), min(end + spare, high)

    def mark_cut_off(self, ax: Axes, how: str = "behind") -> None:
        """Mark when the op-ed was written and, where the chart shows it, shade what came after the cut-off.

        ``how`` is ``behind`` the marks; ``over``, the same with its two ends drawn over areas that hide it, where a fill would
        look like another part; or a ``bar`` at the top, where text stands on the ground. ``flags`` and ``draw_flags`` write the
        words.
        """
        from companion.project import current

        if not self.chart.known_only:
            cut_off = mdates.date2num(pd.Timestamp(current().oped.cut_off))
            since = ax.axvspan(cut_off, ax.get_xlim()[1], color=self.palette.since, linewidth=0, zorder=0)
            since.set_label("since")
        ends = self.oped_span(ax)
        _, top, _, bottom = self.edges(ax)
        (x0, x1), _ = self.px(ax, ends, [0, 0])
        if how == "over":
            for end in ends:
                ax.axvline(end, color=self.palette.background, linewidth=4, zorder=3.6).set_label("_casing")
                ax.axvline(end, color=self.palette.window, linewidth=2.2, zorder=3.7).set_label("op-ed end")
            cap = ax.axvspan(*ends, ymin=1, ymax=1 + 6 / (bottom - top), color=self.palette.window, linewidth=0, clip_on=False)
            cap.set_label("op-ed end")
        alpha = 0.55 if x1 - x0 > 60 and how != "bar" else 1  # a wide band is to stay quiet
        floor = 1 - 6 / (bottom - top) if how == "bar" else 0
        span = ax.axvspan(*ends, ymin=floor, color=self.palette.window, linewidth=0, zorder=0.5, alpha=alpha)
        span.set_label("op-ed window")

    def flags(self, ax: Axes, oped: bool, marks: dict[str, str] | None = None) -> list[Flag]:
        """Places for the words of ``marks`` ({label: ISO date}) and, where ``oped``, of the op-ed above dated axes."""
        left, _, _, _ = self.edges(ax)
        size = self.tick_size
        found = [(float(self.px(ax, mdates.date2num(pd.Timestamp(day)), 0)[0]), text) for text, day in (marks or {}).items()]
        items = [(x, text_width(text, size)) for x, text in found]
        starts: list[float | None] = [None] * len(items)
        if oped:
            (x0, x1), _ = self.px(ax, self.oped_span(ax), [0, 0])
            middle, wide, after = (x0 + x1) / 2, text_width("op-ed written", size, True), 8 + text_width("since →", size)
            after = 0 if self.chart.known_only else after
            start = min(max(middle - wide / 2, left), self.right - wide)
            whole = wide + (after if start + wide + after <= self.right else 0)
            # Centred over its band, unless a mark's line or words are there: then beside its leader, as the marks are.
            free = all(x > start + whole + 6 or x + 4 + w < start - 6 for x, w in items)
            items.append((middle, whole))
            starts.append(start if free else None)
            found.append((middle, "op-ed written"))
        placed = staircase(items, self.left, self.right, starts)
        return [
            Flag(text, x, *place, role="op-ed" if oped and i == len(found) - 1 else "mark")
            for i, ((x, text), place) in enumerate(zip(found, placed, strict=True))
        ]

    def draw_flags(self, ax: Axes, flags: list[Flag], floor: float) -> None:
        """Lines and words of ``flags`` in the strip of ``strip_of(flags)`` px that ends at ``floor`` (the top of the axes or
        of what else stands above them)."""
        _, top, _, bottom = self.edges(ax)
        size = self.tick_size
        for flag in flags:
            y = floor - 15 - FLAG_STEP * flag.row
            beside = flag.at < flag.start or flag.at > flag.start + text_width(flag.text, size)
            if flag.role == "op-ed":
                leader = self.rule([flag.at] * 2, [y - 6 if beside else y + 7, top], self.palette.oped, 1, capstyle="butt")
                leader.set_label("leader")
                self.text(flag.start, y, flag.text, size, self.palette.oped, True, role="op-ed")
                after = flag.start + text_width(flag.text, size, True) + 8
                if after + text_width("since →", size) <= self.right and not self.chart.known_only:
                    self.text(after, y, "since →", size, self.palette.quiet, role="since")
            else:
                ends = [y - 6 if beside else y + 7, bottom]
                self.rule([flag.at] * 2, ends, self.palette.quiet, 1, capstyle="butt").set_label("mark")
                self.text(flag.start, y, flag.text, size, role="mark")


def spans_cut_off(first: float, last: float) -> bool:
    """Whether days since 1970 from ``first`` to ``last`` have the cut-off between them."""
    from companion.project import current

    return first <= mdates.date2num(pd.Timestamp(current().oped.cut_off)) < last


STRIP, FLAG_STEP = 24, 16
"""Px above dated axes for one row of flags, and for each further row."""


def strip_of(flags: list[Flag]) -> float:
    """Px above axes that ``flags`` take, or a little air where there are none."""
    return STRIP + FLAG_STEP * max(flag.row for flag in flags) if flags else 6


def staircase(
    items: list[tuple[float, float]], left: float, right: float, starts: list[float | None] | None = None
) -> list[tuple[float, int]]:
    """Where words beside vertical lines begin, and in which row from the plot outwards, so that no words meet others or
    another's line on its way to the plot.

    Each item is the px of a line and the width of its words, which stand right of the line, or left of it where there is
    no room before ``right``; ``starts`` fixes where some begin.
    """
    begin: dict[int, float] = {}
    rightward, leftward, limit = [], [], right
    for i in sorted(range(len(items)), key=lambda i: -items[i][0]):
        x, wide = items[i]
        fixed = starts[i] if starts else None
        if fixed is not None or x + 4 + wide <= limit:
            begin[i] = x + 4 if fixed is None else fixed
            rightward.append(i)
        else:
            begin[i] = max(x - 4 - wide, left)
            leftward.append(i)
            limit = x - 4
    rows: dict[int, int] = {}
    ends = {i: (min(x, begin[i]), max(x, begin[i] + wide)) for i, (x, wide) in enumerate(items)}
    for i in [*rightward, *leftward[::-1]]:  # so each stands over all whose lines run where its words are
        met = [rows[j] for j in rows if ends[i][0] < ends[j][1] + 6 and ends[i][1] + 6 > ends[j][0]]
        rows[i] = 1 + max(met, default=-1)
    return [(begin[i], rows[i]) for i in range(len(items))]


def nice_ticks(low: float, high: float, count: int, whole: bool = False) -> list[float]:
    """Round figures within low..high, about ``count`` of them; whole ones where ``whole``."""
    if not high > low:
        return [low]
    raw = (high - low) / max(count, 1)
    raw = max(raw, 1) if whole else raw
    size = 10 ** np.floor(np.log10(raw))
    steps = [m * size for m in (1, 2, 2.5, 5, 10) if not whole or m * size % 1 == 0]
    step = next(step for step in steps if step >= raw * 0.999)
    first = int(np.ceil(low / step - 1e-9))
    return [round(i * step, 10) + 0.0 for i in range(first, int(np.floor(high / step + 1e-9)) + 1)]


def nice_range(low: float, high: float, zero: bool, count: int = 5) -> tuple[float, float]:
    """A range of round ends around low..high; from or through zero where ``zero``."""
    if zero:
        low, high = min(low, 0), max(high, 0)
    if low == high:
        low, high = (low - 1, high + 1) if not zero else (low, high + 1)
    raw = (high - low) / count
    size = 10 ** np.floor(np.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.999)
    return float(np.floor(low / step + 1e-9) * step), float(np.ceil(high / step - 1e-9) * step)
