"""A chart in words: typographic signs, and the alternative text."""

from __future__ import annotations

import re

import pandas as pd

LONGEST = 350
"""Characters of an alternative text beyond which no number is added; the author's own sentence is never cut."""
MOST = 6  # series or pairs of which an alternative text gives numbers


def typographic(text: str) -> str:
    """The text with curly quotes and apostrophes in place of straight ones."""
    text = re.sub(r"(^|[\s(\[–—“])\"", r"\1“", text).replace('"', "”")
    return re.sub(r"(^|[\s(\[–—“])'(?=\S)", r"\1‘", text).replace("'", "’")


def amount(value: float, unit: str = "") -> str:
    """A figure in a sentence: thousands grouped, at most one decimal, a true minus, and a short unit."""
    shown = f"{abs(value):,.0f}" if abs(value) >= 100 else f"{abs(value):.1f}".removesuffix(".0")
    return f"{'−' if value < 0 and shown.strip('0.') else ''}{shown}{_after(unit)}"


def _after(unit: str) -> str:
    """What follows a figure: nothing where the unit is a sentence about columns or too long to be repeated."""
    if unit.startswith("%"):
        return "%"
    return f" {unit.replace('km2', 'km²')}" if unit and len(unit) <= 12 and not unit.startswith("see") else ""


def _month(day: pd.Timestamp) -> str:
    return f"{day:%B %Y}"


def _moments(first: pd.Timestamp, last: pd.Timestamp) -> tuple[str, str]:
    """Two days in words: their months, or the days where they are of one month."""
    if (first.year, first.month) != (last.year, last.month):
        return _month(first), _month(last)
    return f"{first.day} {_month(first)}", f"{last.day} {_month(last)}"


def _numbers(chart) -> list[str]:
    """Sentence parts with the figures that help most, the most telling first."""
    known, unit = chart.data.dropna(subset=["value"]), chart.unit
    if chart.form == "timeline":
        first, last = known["x"].min(), known["x"].max()
        counts = ", ".join(
            f"{lane}: {len(part)}" if lane else f"{len(part)}" for lane, part in known.groupby("series", sort=False)
        )
        if first == last:
            return [f"{counts}; on {first.day} {_month(first)}"]
        return ["{}; from {} to {}".format(counts, *_moments(first, last))]
    if chart.form == "bars":
        bars = known[known["series"] == chart.series[0]] if (known["series"] == chart.series[0]).any() else known
        told = {"highest": bars["value"].idxmax(), "lowest": bars["value"].idxmin(), "last": bars.index[-1]}
        said, seen = [], set()
        for word, at in told.items():
            row = bars.loc[at]
            if at not in seen:
                where = f"in {_month(row['x'])}" if chart.dated else f"at {row['x']}"
                said.append(f"{word} {amount(row['value'], unit)} {where}")
            seen.add(at)
        return [f"{chart.series[0]}: {said[0]}" if chart.series[0] else said[0], *said[1:]]
    if chart.form == "maps":
        last = list(dict.fromkeys(known["panel"]))[-1]
        top = known[known["panel"] == last].sort_values("value", ascending=False, kind="stable").head(3)
        told = ", ".join(f"{x} {amount(v, unit)}" for x, v in zip(top["x"], top["value"], strict=True))
        return [f"{last}: {told}" if last else f"highest: {told}"]
    if chart.form == "dots":
        said = []
        for word, at in (("highest", known["value"].idxmax()), ("lowest", known["value"].idxmin())):
            row = known.loc[at]
            of = f" ({row['series']})" if row["series"] else ""
            said.append(f"{word} {row['x']}{of}: {amount(row['value'], unit)}")
        return said if len(known) > 1 else [said[0].removeprefix("highest ")]
    if chart.form == "slope":
        pairs = known.groupby("series", sort=False)["value"]
        return [f"{name}: {' to '.join(amount(v, unit) for v in part)}" for name, part in pairs][:MOST]
    points, said = set(chart.options.get("points") or ()), []
    by = ["panel", "series"] if "panel" in known and known["panel"].nunique() > 1 else ["series"]
    for names, part in known.groupby(by, sort=False):
        if names[-1] in points:
            continue
        label, first, last = ", ".join(str(name) for name in names if name), part.iloc[0], part.iloc[-1]
        ends = amount(first["value"], unit), amount(last["value"], unit)
        if len(part) == 1:
            text = f"{ends[0]} {f'in {_month(first.x)}' if chart.dated else f'at {first.x}'}"
        elif chart.dated:
            days = _moments(first["x"], last["x"])
            text = f"{ends[0]} in {days[0]}, {ends[1]} in {days[1]}"
            text = text.replace(" in ", " on ") if days[0][0].isdigit() else text
        else:
            text = f"{ends[0]} at {first['x']}, {ends[1]} at {last['x']}"
        said.append(f"{label}: {text}" if label else text)
    return said[:MOST]


def alternative(chart) -> str:
    """The author's sentence; then numbers and marked days, each while the whole stays within ``LONGEST`` characters.

    Lines and stacks give each series' first and last figure, bars the highest, lowest and last, dots the highest and lowest,
    pairs both ends, maps the three highest of the last map, timelines how many events a lane has.
    """
    text, numbers, more = f"{chart.alt.rstrip('. ')}.", "", []
    for part in _numbers(chart):
        longer = f"{numbers}; {part}" if numbers else f"{part[:1].upper()}{part[1:]}"
        if len(text) + len(longer) + 2 > LONGEST:
            break
        numbers = longer
    if chart.options.get("reference"):
        at, label = chart.options["reference"]
        more.append(f"Reference line at {amount(at, chart.unit)}: {label}.")
    if chart.options.get("marks"):
        marked = sorted(chart.options["marks"].items(), key=lambda mark: mark[1])
        more.append(f"Marked: {', '.join(f'{label} ({_month(pd.Timestamp(day))})' for label, day in marked)}.")
    text = f"{text} {numbers}." if numbers else text
    for part in more:
        text = f"{text} {part}" if len(text) + len(part) < LONGEST else text
    return typographic(text)
