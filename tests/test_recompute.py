"""Recipes from upstream files, on small made-up inputs whose right answers are known from elsewhere."""

import gzip
import json
import math

import numpy as np
import pandas as pd
import pytest

from companion.problems import Wrong
from companion.recompute import chronicles, compare, finish, isw, polygons

# Comparing


def test_comparison_names_the_rows_that_are_apart():
    result = compare("areas", pd.Series({"a": 1.0, "b": 2.4, "c": 3.0}), pd.Series({"a": 1.0, "b": 2.0, "d": 4.0}), 0.1, "km²")
    assert list(result.apart.index) == ["b", "c", "d"]
    text = str(result)
    assert text.startswith("areas: 1 of 4 rows within 0.1 km²; largest difference 0.4 km²")
    assert finish([result]) == 1


def test_comparison_that_agrees(capsys):
    assert finish([compare("areas", pd.Series([1.0]), pd.Series([1.04]), 0.05, "km²")]) == 0
    assert "1 of 1 rows" in capsys.readouterr().out


# Polygons


def square(west, south, size=1.0, **properties):
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def write(path, *features):
    text = json.dumps({"type": "FeatureCollection", "features": list(features)})
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def band(south, north):
    """The exact area in km² of a one-degree band between two parallels on WGS84 (closed form, authalic latitude)."""
    a, f = 6378.137, 1 / 298.257223563
    e = math.sqrt(f * (2 - f))

    def q(latitude):
        s = math.sin(math.radians(latitude))
        return a**2 * (1 - e**2) * (s / (2 * (1 - e**2 * s**2)) + math.atanh(e * s) / (2 * e))

    return math.radians(1) * (q(north) - q(south))


def test_geodesic_area_of_a_cell_at_the_equator(tmp_path):
    # Between the equator and 1° north: 12,308.78 km², as pyproj's and GeographicLib's authors have it.
    found = polygons.read([write(tmp_path / "a.geojson", square(30, 0))])
    assert polygons.geodesic_km2(found) == pytest.approx(12_308.78, abs=0.01)


@pytest.mark.parametrize("south", [44, 48, 52])
def test_geodesic_area_against_the_closed_form(tmp_path, south):
    # A parallel is no geodesic, so the cell's edges are cut into small steps.
    west, steps = 34, 200
    bottom = [[west + i / steps, south] for i in range(steps + 1)]
    top = [[west + 1 - i / steps, south + 1] for i in range(steps + 1)]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[*bottom, *top, bottom[0]]]}}
    found = polygons.read([write(tmp_path / "cell.geojson", feature)])
    assert polygons.geodesic_km2(found) == pytest.approx(band(south, south + 1), rel=2e-6)


def test_planar_area_grows_with_the_distance_from_the_meridian(tmp_path):
    near, far = (polygons.read([write(tmp_path / f"{w}.geojson", square(w, 47))]) for w in (20.5, 37))
    assert polygons.planar_km2(near) / polygons.geodesic_km2(near) == pytest.approx(1, abs=2e-4)
    # Transverse Mercator stretches by 1 / cos²(distance in degrees, seen along the parallel), to first order.
    stretch = 1 / (1 - (math.cos(math.radians(47.5)) * math.sin(math.radians(16.5))) ** 2)
    assert polygons.planar_km2(far) / polygons.geodesic_km2(far) == pytest.approx(stretch, rel=2e-3)


def test_land_in_two_layers_counts_once_and_holes_do_not(tmp_path):
    whole, half = write(tmp_path / "a.geojson", square(30, 48)), write(tmp_path / "b.geojson.gz", square(30.5, 48, 0.5))
    single, both = polygons.read([whole]), polygons.read([whole, half])
    # The union has more points on the edges, which then follow the parallel more closely.
    assert polygons.geodesic_km2(both) == pytest.approx(polygons.geodesic_km2(single), rel=1e-3)
    ring = square(30, 48)
    ring["geometry"]["coordinates"].append(square(30.25, 48.25, 0.5)["geometry"]["coordinates"][0])
    hole = polygons.read([write(tmp_path / "c.geojson", square(30.25, 48.25, 0.5))])
    holed = polygons.read([write(tmp_path / "d.geojson", ring)])
    rest = polygons.geodesic_km2(single) - polygons.geodesic_km2(hole)
    assert polygons.geodesic_km2(holed) == pytest.approx(rest, rel=1e-6)


def test_broken_rings_are_repaired_and_lines_left_out(tmp_path):
    bow = square(30, 48)
    bow["geometry"]["coordinates"] = [[[30, 48], [31, 49], [31, 48], [30, 49], [30, 48]]]
    line = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": [[20, 40], [40, 50]]}}
    found = polygons.read([write(tmp_path / "bow.geojson", bow, line)])
    whole = polygons.geodesic_km2(polygons.read([write(tmp_path / "s.geojson", square(30, 48))]))
    assert polygons.geodesic_km2(found) == pytest.approx(whole / 2, rel=0.01)


def test_area_command_takes_only_named_features(tmp_path, capsys):
    file = write(tmp_path / "m.geojson", square(30, 48, kind="occupied"), square(32, 48, kind="liberated"))
    assert polygons.main(["area", str(file), "--where", "kind=occupied"]) == 0
    one = capsys.readouterr().out
    assert polygons.main(["area", str(file)]) == 0
    both = capsys.readouterr().out
    km2 = [float(text.split("(WGS84)")[1].split("km²")[0].replace(",", "")) for text in (one, both)]
    assert km2[1] == pytest.approx(2 * km2[0], rel=1e-4)


@pytest.mark.parametrize("content", ["", "no json", '{"type": "FeatureCollection", "features": []}'])
def test_a_file_without_polygons_is_one_line(tmp_path, capsys, content):
    path = tmp_path / "m.geojson"
    path.write_text(content)
    assert polygons.main(["area", str(path)]) == 2
    assert len(capsys.readouterr().err.strip().split("\n")) == 1


def test_draw_writes_a_picture(tmp_path, capsys):
    file, out = write(tmp_path / "m.geojson", square(36, 47)), tmp_path / "map.png"
    assert polygons.main(["draw", str(file), str(out), "--title", "A made-up map", "--credit", "Nobody"]) == 0
    assert out.read_bytes().startswith(b"\x89PNG") and out.stat().st_size > 10_000


# The Economist's areas of ISW's map


def upstream(tmp_path, **days):
    path = tmp_path / "areas.csv"
    frame = pd.DataFrame({"date": list(days), isw.COLUMN: [km2 * 1e6 for km2 in days.values()]})
    frame.to_csv(path, index=False)
    return path


def test_planar_to_geodesic_with_factor_and_redraw(tmp_path):
    days = {"2022-09-10": 120_000.0, "2022-09-11": 118_000.0, "2022-09-12": 118_500.0, "2022-09-14": 118_400.0}
    published = isw.read(upstream(tmp_path, **days))
    measured = pd.Series({pd.Timestamp("2022-09-10"): 1.032, pd.Timestamp("2022-09-14"): 1.034})
    found = isw.geodesic(published, measured)
    assert found.loc["2022-09-10"] == pytest.approx(120_000 / 1.032 + 828.4)
    assert found.loc["2022-09-11"] == pytest.approx(118_000 / 1.0325 + 828.4)  # a quarter of the way between
    assert found.loc["2022-09-12"] == pytest.approx(118_500 / 1.033)  # from this day the map has the polygon
    assert found.loc["2022-09-14"] == pytest.approx(118_400 / 1.034)


def test_redraw_by_day():
    days = pd.to_datetime(["2022-02-22", "2022-02-23", "2022-02-24", "2022-04-02", "2022-04-03", "2022-09-11", "2022-09-12"])
    assert list(isw.added(days)) == [719, 719, 824, 824, 828.4, 828.4, 0]


def test_comparison_leaves_out_days_from_polygons(tmp_path):
    rows = [
        ("2023-01-01", isw.PUBLISHED, 110_000.0, None, None),
        ("2023-01-02", isw.PUBLISHED, 99_000.0, None, None),
        ("2023-01-01", isw.GEODESIC, 106_486.0, 1.033, "calibrated"),
        ("2023-01-02", isw.GEODESIC, 107_000.0, None, None),
    ]
    table = pd.DataFrame(rows, columns=["date", "series", "km2", "divided_by", "divisor_basis"])
    table["date"] = pd.to_datetime(table["date"])
    parts = isw.against(isw.read(upstream(tmp_path, **{"2023-01-01": 110_000.0, "2023-01-02": 99_000.0})), table)
    assert [len(part.apart) for part in parts] == [0, 0]
    assert len(parts[1].frame) == 1 and "2023-01-02" in parts[1].left_out


def test_another_file_is_refused(tmp_path, capsys):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    assert isw.main([str(path)]) == 2
    assert isw.main([str(tmp_path / "none.csv")]) == 2
    assert len(capsys.readouterr().err.strip().split("\n")) == 2


# Chronicles


def test_kish():
    assert chronicles.kish(pd.Series([1.0] * 50)) == pytest.approx(50)
    # Half weigh twice the others: (1·50 + 2·50)² / (1²·50 + 2²·50) = 150² / 250 = 90.
    assert chronicles.kish(pd.Series([1.0, 2.0] * 50)) == pytest.approx(90)
    # The effective sample knows no scale.
    assert chronicles.kish(pd.Series([10.0, 20.0] * 50)) == pytest.approx(90)


def survey(n=400):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"Q1": rng.choice([1.0, 2.0, 99.0], n, p=[0.6, 0.1, 0.3]), "w": rng.uniform(0.5, 2, n)})
    frame.loc[:9, "w"] = np.nan
    frame.loc[10:14, "w"] = 0
    return frame


def test_estimate_drops_people_without_weight_and_matches_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    frame = survey()
    found = chronicles.estimate(frame["Q1"] == 1, frame["w"])
    kept = frame[frame["w"] > 0]
    assert found.n == len(kept) == 385
    assert found.value == pytest.approx(100 * kept.loc[kept["Q1"] == 1, "w"].sum() / kept["w"].sum())
    assert found.deff == pytest.approx(found.n * (kept["w"] ** 2).sum() / kept["w"].sum() ** 2)
    low, high = proportion_confint(found.value / 100 * found.n_eff, found.n_eff, method="wilson")
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))


def test_shares_of_a_wave_add_up_and_take_a_subset():
    frame = survey().assign(part=np.tile([1.0, 2.0], 200))
    found = chronicles.shares(frame, "Q1", "w", chronicles.codes("1 yes;2 no;99 hard"), {"part": 2.0})
    assert sum(e.value for e in found.values()) == pytest.approx(100)
    assert found["support"].n == len(frame[(frame["part"] == 2) & (frame["w"] > 0)])


def test_fewer_than_thirty_give_no_share():
    with pytest.raises(Wrong, match="30 or more"):
        chronicles.estimate(pd.Series([True] * 29), pd.Series([1.0] * 29))


def test_a_wave_beside_its_table():
    frame = survey()
    found = chronicles.shares(frame, "Q1", "w", chronicles.codes("1 yes;2 no;99 hard"), {})
    table = pd.DataFrame(
        [("1", "support", a, e.value, e.low, e.high, e.n, "Q1", "w") for a, e in found.items()],
        columns=["wave", "series", "answer", "value", "ci_low", "ci_high", "sample_n", "variable", "weight_variable"],
    ).round(2)
    waves = pd.DataFrame({"wave": ["1"], "support_codes": ["1 yes;2 no;99 hard"]})
    assert not any(len(part.apart) for part in chronicles.against(frame, "1", table, waves))
    table.loc[0, "value"] += 1
    assert sum(len(part.apart) for part in chronicles.against(frame, "1", table, waves)) == 1
    with pytest.raises(Wrong, match="no wave '2'"):
        chronicles.against(frame, "2", table, waves)


def test_files_are_read_by_their_kind(tmp_path):
    import pyreadstat

    frame = survey()
    pyreadstat.write_sav(frame, str(tmp_path / "wave.sav"))
    frame.to_csv(tmp_path / "wave.csv", index=False)
    for name in ("wave.sav", "wave.csv"):
        assert chronicles.kish(chronicles.read(tmp_path / name)["w"].dropna()) == pytest.approx(
            chronicles.kish(frame["w"].dropna())
        )
    for name, content in {"broken.sav": b"not SPSS", "wave.xlsx": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Wrong):
            chronicles.read(tmp_path / name)


def test_condition_in_a_variable_name():
    assert chronicles._subset("Q11 (part==2)") == ("Q11", {"part": 2.0})
    assert chronicles._subset("Q16") == ("Q16", {})
