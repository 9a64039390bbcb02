"""Charts: one call gives the picture for each page and print, its alternative text, and the table behind it.

Each form takes rows or figures (never bare numbers), a title that says the finding, a subtitle that says measure
and unit, and ``alt``, a sentence that says what a reader would see. Nothing is drawn until it is shown.

Where some of a chart's rows were known by the cut-off and others not, it has a second picture of those that were, for
readers who switch to *then* (a single figure makes no picture, nor do some parts of a sum): the call gives ``then`` (the finding
as it could be read by that day), ``then_alt`` and, where the measure's words speak of later years, ``then_subtitle``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import pandas as pd

from companion.charts.said import alternative, typographic
from companion.charts.then import Words, check_words, known_figure, known_rows, state_of
from companion.figures import Figure
from companion.problems import Problem, Wrong
from companion.sources import behind
from companion.tables import Origin, Rows, merge_origins

COLUMNS = ["series", "x", "value", "low", "high", "source_id", "table", "line"]
"""Columns of the table behind a chart: ``x`` is a date or a label; ``table`` and ``line`` lead back to the CSV. Not printed is
``month``, whether a row's figure is of a whole month: it is drawn in its middle, whichever day stands for it in the table."""


@dataclass(frozen=True)
class Chart:
    """One chart, not yet drawn.

    ``data`` is the table behind it, one mark a row, with ``COLUMNS`` (and ``panel`` for small multiples); ``options`` are the
    form's own. ``state`` says whether its figures were known by the cut-off (``same``: all, ``none``: none, or too few,
    ``drawn``: some, which ``then`` shows), and ``series`` names its series in their order; the picture of what was known has
    those of the whole chart, so that each keeps its colour, and ``known_only`` is true. ``known`` counts the figures known by
    the cut-off where there is no second picture.
    """

    id: str
    form: str
    title: str
    subtitle: str
    alt: str
    data: pd.DataFrame = field(repr=False)
    unit: str
    origins: tuple[Origin, ...] = field(repr=False)
    how: str | None = None
    breaks: tuple[dict, ...] = ()
    options: dict = field(default_factory=dict, repr=False)
    state: str = "same"
    then: Chart | None = field(default=None, repr=False)
    series: tuple[str, ...] = ()
    known_only: bool = False
    known: int | None = None

    def __post_init__(self) -> None:
        for name in ("title", "subtitle", "alt"):  # a missing one is named by _checked
            if isinstance(words := getattr(self, name), str):
                object.__setattr__(self, name, typographic(words))

    @property
    def sources(self) -> list[str]:
        return Rows(pd.DataFrame(), self.origins, "", self.unit).sources

    @property
    def tables(self) -> list[str]:
        return list(dict.fromkeys(origin.table.name for origin in self.origins))

    @property
    def dated(self) -> bool:
        """Whether its x axis is time, so that the frame marks the op-ed and the cut-off."""
        return pd.api.types.is_datetime64_any_dtype(self.data["x"])

    @property
    def days(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The first and last day that a dated chart's figures speak of: of a month's figure, of the month."""
        x = self.data["x"]
        months = self.data.get("month", False) & x.notna()
        starts, ends = x.where(~months, x.dt.to_period("M").dt.start_time), x.where(~months, x + pd.offsets.MonthEnd(0))
        return starts.min(), ends.max()

    @cached_property
    def said_of_sources(self) -> str:
        """What its pictures show of sources and their dates besides what its tables hold: changes when they have to."""
        then = self.then
        known = "" if then is None else f"{then.source_line} {','.join(map(str, then.data['line']))}"
        return f"{self.source_line} {self.state} {known}"

    @cached_property
    def source_line(self) -> str:
        """Who says it, made from the sidecars and references; stands inside the picture."""
        from companion.project import current

        known = current().sources
        names = list(dict.fromkeys(name for key in self.sources for name in behind(key, known)))
        if not names:
            return ""
        # A picture has room for a few names; the page lists all.
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        computed = any(_ours(origin, known) for origin in self.origins)
        return f"Source: {shown}" + (" (our computing)" if computed or self.how else "")

    @cached_property
    def alternative(self) -> str:
        """The alternative text: the author's sentence, then the numbers that help, as far as there is room for them."""
        return alternative(self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        from companion.charts.output import bundle

        return bundle(self)


def _ours(origin: Origin, known: dict) -> bool:
    """Whether rows that we computed are among an origin's. In a table that mixes them with printed ones, the sources of a
    row say which is which (``computed_source_id`` where a printed figure stands beside ours); else the table as a whole does.
    """

    def computed(frame: pd.DataFrame) -> bool:
        columns = [c for c in ("source_id", "computed_source_id") if c in frame]
        keys = {key for column in columns for key in frame[column].dropna().unique()}
        return any(known[key].primary == "computed" for key in keys if key in known)

    return computed(origin.frame) if computed(origin.table.frame) else origin.table.meta["made"] == "computed"


def whole_months(part: Rows) -> pd.Series:
    """Which rows have a figure of a whole month: those of a table that counts by ``month``, and those whose period is one.

    Not so the rows of polls: of many only the month is known, but they were taken on a few days of it, as a rule the last.
    """
    frame = part.frame
    if part.date == "month":
        return pd.Series(True, index=frame.index)
    asked = any("answer" in table.columns for table in part.tables)
    if asked or part.date not in ("period_start", "period_end") or not {"period_start", "period_end"} <= set(frame.columns):
        return pd.Series(False, index=frame.index)
    start, end = frame["period_start"], frame["period_end"]
    return (start.dt.day == 1) & end.dt.is_month_end & (start.dt.to_period("M") == end.dt.to_period("M"))


def _day(said: str, day: str) -> pd.Timestamp:
    try:
        return pd.Timestamp(date.fromisoformat(day))
    except (TypeError, ValueError):
        raise Wrong(Problem("", 0, "chart", f"{said} needs a date like 2022-09-21, not {day!r}")) from None


def _checked(chart: Chart) -> Chart:
    for name in ("id", "title", "subtitle", "alt"):
        if not str(getattr(chart, name) or "").strip():
            right = {"alt": "a sentence that says what a reader would see", "title": "the finding, as a sentence"}
            raise Wrong(Problem("", 0, "chart", f"chart '{chart.id}' has no {name}; give {right.get(name, 'one')}"))
    at, limits = (chart.options.get("reference") or (None,))[0], chart.options.get("limits")
    if at is not None and limits and not limits[0] <= at <= limits[1]:
        raise Wrong(Problem("", 0, "chart", f"chart '{chart.id}': its reference line at {at} lies outside its limits"))
    for label, day in (chart.options.get("marks") or {}).items():
        said = f"chart '{chart.id}': mark '{label}'"
        if not chart.dated:
            raise Wrong(Problem("", 0, "chart", f"{said} has no place, since the chart has no dates"))
        at = _day(said, day)
        first, last = chart.days
        if chart.options.get("begins"):
            first = min(first, pd.Timestamp(chart.options["begins"]))
        if not first <= at <= last:
            raise Wrong(Problem("", 0, "chart", f"{said} ({day}) lies outside its dates, {first:%Y-%m-%d} to {last:%Y-%m-%d}"))
    if not chart.source_line:
        raise Wrong(
            Problem("", 0, "chart", f"chart '{chart.id}' has no source line: its rows' source_id is not in references.bib")
        )
    return chart


def _from_rows(series: dict[str, Rows], y: str, x: str | None = None, **extra: str) -> pd.DataFrame:
    """The table behind a chart from ``{label: Rows}``; ``extra`` maps further columns to columns of the rows."""
    parts = []
    for label, part in series.items():
        if not isinstance(part, Rows):
            raise Wrong(Problem("", 0, "chart", f"series '{label}' is not rows; use rows(…) or a function that gives rows"))
        frame, by_x = part.frame, x or part.date
        for column in (y, by_x, *extra.values()):
            if column not in frame.columns:
                raise Wrong(
                    Problem("", 0, "chart", f"series '{label}' has no column '{column}'; it has {', '.join(frame.columns)}")
                )
        low, high = (next((c for c in names if c in frame.columns), None) for names in (("low", "ci_low"), ("high", "ci_high")))
        parts.append(
            pd.DataFrame(
                {
                    "series": label,
                    "x": frame[by_x].to_numpy(),
                    "month": whole_months(part).to_numpy(),
                    "value": frame[y].to_numpy(),
                    "low": frame[low].to_numpy() if low else float("nan"),
                    "high": frame[high].to_numpy() if high else float("nan"),
                    "source_id": frame["source_id"].to_numpy() if "source_id" in frame else ";".join(part.sources[:3]),
                    "table": "; ".join(t.name for t in part.tables),
                    "line": frame.index if frame.index.name == "line" else pd.NA,
                    **{name: frame[column].to_numpy() for name, column in extra.items()},
                }
            )
        )
    data = pd.concat(parts, ignore_index=True)
    if pd.api.types.is_datetime64_any_dtype(data["x"]):
        order = {label: i for i, label in enumerate(series)}
        data = data.sort_values(["series", "x"], key=lambda c: c.map(order) if c.name == "series" else c, kind="stable")
    return data.reset_index(drop=True)


def _from_figures(figures: dict[str, dict[str, Figure]]) -> pd.DataFrame:
    """The table behind a chart from ``{series: {label: Figure}}``."""
    records = []
    for series, labelled in figures.items():
        for label, figure in labelled.items():
            if not isinstance(figure, Figure):
                raise Wrong(Problem("", 0, "chart", f"'{label}' is not a figure; use one(…) or a function that gives a figure"))
            lines = [line for o in figure.origins for line in o.lines]
            records.append(
                {
                    "series": series,
                    "x": label,
                    "value": figure.value,
                    "low": figure.low,
                    "high": figure.high,
                    "source_id": "; ".join(figure.sources),
                    "table": "; ".join(dict.fromkeys(o.table.name for o in figure.origins)),
                    "line": "; ".join(map(str, lines[:6])) + ("…" if len(lines) > 6 else ""),
                    "as_of": figure.as_of,
                }
            )
    data = pd.DataFrame.from_records(records)
    data[["low", "high"]] = data[["low", "high"]].astype(float)
    return data


def _how(parts) -> str | None:
    said = list(dict.fromkeys(part.how for part in parts if part.how))
    return "; ".join(part.rstrip(".") for part in said) or None


def _rows_chart(
    form: str,
    id: str,
    rows: dict[str, Rows],
    make: Callable[[dict[str, Rows]], pd.DataFrame],
    said: tuple[str, str, str],
    unit: str | None,
    words: Words,
    whole: list[str] | None = None,
    **options,
) -> Chart:
    """A chart of ``rows`` whose table ``make`` gives; ``said`` is title, subtitle and alt. Of the rows with the same values in
    the columns ``whole`` (the parts of one sum), those known by the cut-off are drawn only if all were known."""

    def made(rows: dict[str, Rows], data: pd.DataFrame, said: tuple[str, str, str]) -> Chart:
        parts = list(rows.values())
        breaks: dict[tuple, dict] = {}
        for label, part in rows.items():  # a break holds for the series whose table says so, and for no other
            for mark in part.breaks:
                key = (str(mark.get("at")), mark.get("why"))
                breaks.setdefault(key, {**mark, "series": []})["series"].append(label)
        title, subtitle, alt = said
        one = unit or parts[0].unit
        return Chart(
            id, form, title, subtitle, alt, data, one, merge_origins(parts), _how(parts), tuple(breaks.values()), options
        )

    data = make(rows)
    chart = _checked(_cast(made(rows, data, said)))
    known = {label: part for label, given in rows.items() if (part := known_rows(given)) is not None}
    found = shown = make(known) if known else data[:0]
    if whole and known:
        every = data.groupby(whole).size()
        shown = shown[[every[key] == n for key, n in zip(*_sums(shown, whole), strict=True)]].reset_index(drop=True)
    return _with_then(chart, len(shown), words, lambda said: made(known, shown, said), len(found))


def _figures_chart(
    form: str,
    id: str,
    figures: dict[str, dict[str, Figure]],
    said: tuple[str, str, str],
    unit: str | None,
    words: Words,
    pairs: bool = False,
    **options,
) -> Chart:
    """A chart of labelled figures; of ``pairs`` (all that a series holds) only whole ones are kept."""

    def made(figures: dict[str, dict[str, Figure]], said: tuple[str, str, str]) -> Chart:
        every = [figure for labelled in figures.values() for figure in labelled.values()]
        origins = tuple(dict.fromkeys(origin for figure in every for origin in figure.origins))
        title, subtitle, alt = said
        one = unit or every[0].unit
        return Chart(id, form, title, subtitle, alt, _from_figures(figures), one, origins, _how(every), (), options)

    chart = _checked(_cast(made(figures, said)))
    known = {
        series: {label: figure for label, figure in labelled.items() if known_figure(figure)}
        for series, labelled in figures.items()
    }
    known = {series: kept for series, kept in known.items() if kept and (not pairs or len(kept) == len(figures[series]))}
    return _with_then(chart, sum(map(len, known.values())), words, lambda said: made(known, said))


def _sums(frame: pd.DataFrame, by: list[str]) -> tuple[list[tuple], list[int]]:
    """Of each row its values in the columns ``by``, and how many rows have the same."""
    return list(frame[by].itertuples(index=False, name=None)), list(frame.groupby(by)[by[0]].transform("size"))


def _cast(chart: Chart) -> Chart:
    return replace(chart, series=tuple(dict.fromkeys(chart.data["series"])))


def _with_then(
    chart: Chart, shown: int, words: Words, made: Callable[[tuple[str, str, str]], Chart], known: int | None = None
) -> Chart:
    """The chart with the picture of the ``shown`` rows, which ``made`` gives for its title, subtitle and alt; ``known`` counts
    the rows that were known, where some of them can't be shown."""
    state, known = state_of(len(chart.data), shown), shown if known is None else known
    check_words(chart.id, state, words, chart.subtitle, known)
    if state != "drawn":
        return replace(chart, state=state, known=known)
    then = made((words.title, words.subtitle or chart.subtitle, words.alt))
    options = dict(then.options)
    if options.get("points"):
        options["points"] = tuple(name for name in options["points"] if name in set(then.data["series"]))
    if options.get("marks"):
        from companion.project import current

        first = min(str(then.days[0])[:10], options.get("begins") or "9999")
        last = current().oped.cut_off.isoformat()
        options["marks"] = {label: day for label, day in options["marks"].items() if first <= day <= last}
    # An id of its own: both pictures may stand on one page.
    then = replace(then, id=f"{chart.id}-then", options=options, series=chart.series, known_only=True)
    return replace(chart, state=state, then=then)


def lines(
    id: str,
    series: dict[str, Rows],
    *,
    title: str,
    subtitle: str,
    alt: str,
    y: str = "value",
    points: dict[str, Rows] | None = None,
    others: dict[str, Rows] | None = None,
    begins: str | None = None,
    tell: list[str] | None = None,
    step: bool = False,
    limits: tuple | None = None,
    band: tuple | None = None,
    reference: tuple[float, str] | None = None,
    marks: dict[str, str] | None = None,
    point: str | None = None,
    unit: str | None = None,
    then: str | None = None,
    then_alt: str | None = None,
    then_subtitle: str | None = None,
) -> Chart:
    """Lines over time, a point where each figure was measured and its interval where known.

    ``points`` are further rows drawn as marks without a line (other publishers' single figures, a pollster's own points under
    a smoothed line); a single one has its name beside it, more have it in the key. ``others`` are ``{name of a line: Rows}``,
    other reports of a poll or count that is on that line: hollow marks in its colour, which a note explains. ``begins`` is
    the ISO date on which a count began at nothing: a dotted line leads from there to the first figure. ``tell`` are ISO dates
    of the first line whose figures are printed beside their marks. ``step`` holds each value until the next; ``limits`` are
    the y axis's ends; ``band`` is ``(low, high, label)``, a reference such as the range that a wording would cover, and
    ``reference`` is ``(value, label)``, one line such as ``(50, "half")``. ``marks`` are ``{label: ISO date}``, thin labelled
    vertical lines at events; keep their labels to a few words. ``point`` says in a note what each mark is ("one poll").

    A month's figure stands in the middle of its month. Lines stop at the sidecar's breaks. Where a series that has a figure
    every month or two has none for more than three months, its line is dotted there, without an interval, and a note below
    says so.
    """
    strange = [name for name in others or {} if name not in series]
    if strange:
        said = f"chart '{id}': others= names '{strange[0]}', which is none of its lines; there are {', '.join(series)}"
        raise Wrong(Problem("", 0, "chart", said))
    hollow = {f"{name}, another report": name for name in others or {}}
    both = series | (points or {}) | {label: (others or {})[name] for label, name in hollow.items()}
    for option, days in (("begins", [begins] if begins else []), ("tell", tell or [])):
        for day in days:
            _day(f"chart '{id}': {option}=", day)
    return _rows_chart(
        "lines",
        id,
        both,
        lambda found: _from_rows(found, y),
        (title, subtitle, alt),
        unit,
        Words(then, then_alt, then_subtitle),
        points=(*(points or ()), *hollow),
        others=hollow,
        begins=begins,
        tell=tuple(tell or ()),
        step=step,
        limits=limits,
        band=band,
        reference=reference,
        marks=marks,
        point=point,
    )


def stacked(
    id: str,
    rows: dict[str, Rows],
    *,
    by: str,
    order: list[str],
    title: str,
    subtitle: str,
    alt: str,
    y: str = "value",
    names: dict[str, str] | None = None,
    unit: str | None = None,
    then: str | None = None,
    then_alt: str | None = None,
    then_subtitle: str | None = None,
) -> Chart:
    """Shares that add up, over time: one panel for each entry of ``rows``, parts by column ``by`` in ``order``.

    A single panel may be called ``""``, and then has no name above it. ``names`` gives parts a label other than the table's
    own word. What was known by the cut-off is drawn where all parts of a sum were.
    """
    called = {part: (names or {}).get(part, part) for part in order}

    def made(found: dict[str, Rows]) -> pd.DataFrame:
        data = _from_rows(found, y, part=by)
        data = data[data["part"].isin(order)].rename(columns={"series": "panel", "part": "series"})
        data["series"] = pd.Categorical(data["series"].map(called), list(called.values()))
        data["panel"] = pd.Categorical(data["panel"], list(rows))
        data = data.sort_values(["panel", "series", "x"], kind="stable").reset_index(drop=True)
        data[["panel", "series"]] = data[["panel", "series"]].astype(str)
        return data

    words = Words(then, then_alt, then_subtitle)
    said, names_of = (title, subtitle, alt), list(called.values())
    return _rows_chart("stacked", id, rows, made, said, unit, words, whole=["panel", "x"], order=names_of)


def slope(
    id: str,
    pairs: dict[str, tuple[Figure, Figure]],
    *,
    ends: tuple[str, str],
    title: str,
    subtitle: str,
    alt: str,
    unit: str | None = None,
    then: str | None = None,
    then_alt: str | None = None,
    then_subtitle: str | None = None,
) -> Chart:
    """A line for each pair of figures, from the left end to the right."""
    return _figures_chart(
        "slope",
        id,
        {label: dict(zip(ends, pair, strict=True)) for label, pair in pairs.items()},
        (title, subtitle, alt),
        unit,
        Words(then, then_alt, then_subtitle),
        pairs=True,
        ends=ends,
    )


def dots(
    id: str,
    figures: dict[str, dict[str, Figure]],
    *,
    title: str,
    subtitle: str,
    alt: str,
    limits: tuple | None = None,
    band: tuple | None = None,
    reference: tuple[float, str] | None = None,
    by_value: bool = False,
    unit: str | None = None,
    then: str | None = None,
    then_alt: str | None = None,
    then_subtitle: str | None = None,
) -> Chart:
    """A dot with its interval for each figure, one line a label; ``{series: {label: Figure}}``, series by colour and mark.

    ``band`` is ``(low, high, label)`` and ``reference`` is ``(value, label)``, one line such as ``(50, "half")``; both have
    their label above the rows. ``by_value`` orders the labels by their largest figure, the largest first.
    """
    words, options = Words(then, then_alt, then_subtitle), {"limits": limits, "band": band, "reference": reference}
    return _figures_chart("dots", id, figures, (title, subtitle, alt), unit, words, by_value=by_value, **options)


def bars(
    id: str,
    series: dict[str, Rows],
    *,
    title: str,
    subtitle: str,
    alt: str,
    y: str = "value",
    signs: tuple[str, str] | None = None,
    limits: tuple | None = None,
    marks: dict[str, str] | None = None,
    values: bool = False,
    unit: str | None = None,
    then: str | None = None,
    then_alt: str | None = None,
    then_subtitle: str | None = None,
) -> Chart:
    """Bars over time for the first series, marks for the others, so that two sources for one change stand together.

    ``signs`` says in words what above and below zero mean; with ``limits``, a bar beyond them is cut and labelled.
    ``marks`` are ``{label: ISO date}``, thin labelled vertical lines at events. The bar of a month's figure fills its month, so
    that a mark stands within the month's bar. ``values`` prints the figure of each bar at its end, for
    charts of a dozen bars of which some are too low to be read off.
    """
    return _rows_chart(
        "bars",
        id,
        series,
        lambda found: _from_rows(found, y),
        (title, subtitle, alt),
        unit,
        Words(then, then_alt, then_subtitle),
        signs=signs,
        limits=limits,
        marks=marks,
        values=values,
    )


def maps(
    id: str,
    panels: dict[str, Rows],
    *,
    by: str,
    title: str,
    subtitle: str,
    alt: str,
    y: str = "value",
    land: str = "ukraine",
    limits: tuple[float, float] | None = None,
    grey: str | None = None,
    unit: str | None = None,
    then: str | None = None,
    then_alt: str | None = None,
    then_subtitle: str | None = None,
) -> Chart:
    """Small maps, one for each ``{label: Rows}``, shaded by ``y`` of the oblast or country named in column ``by``.

    ``land`` is what they show: ``"ukraine"``, its oblasts, or ``"europe"``, its countries by their English names (``Czechia``,
    ``United Kingdom``, ``Bosnia and Herzegovina``), in an equal-area projection and with Crimea in Ukraine. A name that is not
    on the map is an error that says the nearest right one; a panel has one figure for each name. A single map may be called
    ``""``, and then has no name above it.

    The five shades are fifths of ``limits``; where none are given, of 0 to 100 for shares of which one is over 50, else from 0
    to a round figure above the largest. Both pictures of a chart have the same shades. Grey is a place without a figure; one
    with 0 has the lightest shade. The picture says that grey is no figure in the table, and the picture of what was known then
    that it is none public by that day; ``grey`` adds what that means there, where the table's description says it ("that map
    shows no held land"). Figures are printed where there is room, the others in a note. The first map with the fewest figures
    has names where there is room: on Ukraine of oblasts with a figure of 10 or more in any panel, shortened where they are
    long; on Europe of countries with a figure, in full.
    """
    from companion.charts.forms import shade_bounds
    from companion.charts.lands import LANDS, check_names
    from companion.project import current

    def wrong(message: str) -> Wrong:
        return Wrong(Problem("", 0, "chart", f"chart '{id}': {message}"))

    def made(found: dict[str, Rows]) -> pd.DataFrame:
        data = _from_rows(found, y, x=by).rename(columns={"series": "panel"})
        data.insert(0, "series", data["panel"])
        return data

    if land not in LANDS:
        raise wrong(f"no land '{land}'; there are {', '.join(LANDS)}")
    data = made(panels)
    check_names(current().root, land, data["x"], f"chart '{id}'")
    twice = data[data.duplicated(["panel", "x"], keep=False)]
    if len(twice):
        panel, name = twice.iloc[0][["panel", "x"]]
        count = int(((data["panel"] == panel) & (data["x"] == name)).sum())
        raise wrong(f"map '{panel}' has {count} rows for {name}; choose one, as with date=")
    if limits is not None and not limits[0] < limits[1]:
        raise wrong(f"limits= are the lower end and the upper, as (0, 100), not {limits}")
    outside = data[(data["value"] < limits[0]) | (data["value"] > limits[1])] if limits else data[:0]
    if len(outside):
        row = outside.iloc[0]
        raise wrong(f"{row['x']} has {row['value']:g}, outside limits={limits}; widen them")
    bounds = shade_bounds(data["value"], unit or next(iter(panels.values())).unit, limits)
    said, words = (title, subtitle, alt), Words(then, then_alt, then_subtitle)
    return _rows_chart("maps", id, panels, made, said, unit, words, land=land, grey=grey, bounds=bounds)


def timeline(
    id: str,
    lanes: dict[str, Rows],
    *,
    label: str,
    title: str,
    subtitle: str,
    alt: str,
    start: str | None = None,
    then: str | None = None,
    then_alt: str | None = None,
    then_subtitle: str | None = None,
) -> Chart:
    """Dated events in lanes, each with the text of column ``label``; ``start`` names the column where an event begins."""
    extra = {"label": label} | ({"start": start} if start else {})

    def made(found: dict[str, Rows]) -> pd.DataFrame:
        counted = {name: part.with_frame(part.frame.assign(value=1.0)) for name, part in found.items()}
        return _from_rows(counted, "value", **extra)

    return _rows_chart("timeline", id, lanes, made, (title, subtitle, alt), "events", Words(then, then_alt, then_subtitle))
