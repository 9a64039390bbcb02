"""The explorer of territory, as a reader uses it: what it shows is a row of a table, whoever asks and however."""

from __future__ import annotations

import csv
import gzip
import json
import re
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import MODES, WIDTHS, axe, window
from bs4 import BeautifulSoup

from companion.book.territory_explorer import MAKERS, ident, packed, shade, shown
from companion.charts.frame import PALETTES
from companion.checks import run
from companion.project import Project, use

REAL = Path(__file__).parents[1]
STATIC = REAL / "companion" / "book" / "static"
PAGE = "explore-territory.html"
SIZES = [(mode, width) for mode in MODES for width in WIDTHS]
PROJECT = Project(REAL)


# What the tables say, read here by other means than the book's


def read(table: str) -> list[dict]:
    with (REAL / "data" / "territory" / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


WHOLE = Decimal(next(row["km2"] for row in read("area_of_ukraine") if row["name"] == "Ukraine with Crimea"))
OBLASTS: dict[str, dict[str, dict[str, dict]]] = {}
for line, given in enumerate(read("oblast_share"), 2):
    for name, series in {
        "isw": ["isw_control_plus_advances"],
        "isw-control": ["isw_control", "isw_control_via_sdspieg"],
        "deepstate": ["deepstate"],
        "liveuamap": ["liveuamap_via_nzz"],
    }.items():
        if given["series"] in series:
            OBLASTS.setdefault(name, {}).setdefault(given["date"], {})[given["oblast"]] = given | {"line": line}
NZZ = {r["date"]: r["km2"] for r in read("by_category_weekly") if (r["maker"], r["category"]) == ("liveuamap_via_nzz", "total")}
LAYERS = read("isw_layers_daily")
AREAS: dict[str, dict[str, str]] = {
    "isw": {r["date"]: r["km2"] for r in read("isw_daily") if r["series"] == "control_plus_advances_geodesic"},
    "isw-control": {r["date"]: r["km2"] for r in LAYERS if r["series"] in ("control_only", "control_only_geodesic")},
    "deepstate": {r["date"]: r["km2"] for r in read("deepstate_daily")},
    "liveuamap": {d: a for d, a in NZZ.items() if d > "2025-01-16"}
    | {r["date"]: r["km2"] for r in read("liveuamap_daily") if not r["source_error"]},
}
CUT_OFF = "2022-12-31"


def words(day: str) -> str:
    at = date.fromisoformat(day)
    return f"{at.day} {at:%B %Y}"


def share(km2: str) -> str:
    return f"{(Decimal(km2) / WHOLE * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def whole(number: str) -> str:
    return f"{Decimal(number).quantize(Decimal(1), ROUND_HALF_UP):,}"


def test_the_tables_hold_what_these_tests_ask_for():
    assert set(OBLASTS) == set(MAKERS) == set(AREAS)
    assert all(len(days) >= 6 for days in OBLASTS.values()) and all(len(days) > 700 for days in AREAS.values())
    assert all(any(day in AREAS[name] for day in days) for name, days in OBLASTS.items())


# Without a browser


def test_the_stylesheet_has_the_colours_of_the_charts():
    css = (STATIC / "territory.css").read_text()
    has = {m[1]: (_long(m[2]), _long(m[3])) for m in re.finditer(r"--map-([\w-]+): light-dark\((#\w+), (#\w+)\)", css)}
    light, dark = PALETTES["light"], PALETTES["dark"]
    wants = {f"ramp-{i + 1}": (light.ramp[i], dark.ramp[i]) for i in range(5)}
    wants |= {f"hue-{m.hue}": (light.hues[m.hue], dark.hues[m.hue]) for m in MAKERS.values()}
    wants |= {name: (getattr(light, name), getattr(dark, name)) for name in ("empty", "window", "oped", "grid", "rule")}
    wants |= {"since-ground": (light.since, dark.since), "edge": (light.background, dark.background)}
    assert has == wants


def test_a_browser_without_pairs_of_colours_has_the_light_ones():
    css = (STATIC / "territory.css").read_text()
    pairs = dict(re.findall(r"(--[\w-]+): light-dark\((#\w+), #\w+\)", css))
    (fallback,) = re.findall(r"@supports not \(color: light-dark\(#fff, #000\)\) \{\n(.*?)\n\}\n", css, re.DOTALL)
    assert pairs and dict(re.findall(r"(--[\w-]+): (#\w+);", fallback)) == pairs
    assert css.count("light-dark(") == len(pairs) + 1, "a colour outside the pairs has no fallback"


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])


@pytest.mark.parametrize(
    ("value", "kind"), [(0, 1), (0.02, 1), (20, 1), (20.01, 2), (40, 2), (60, 3), (80, 4), (80.5, 5), (100, 5)]
)
def test_a_share_has_the_shade_of_the_charts(value, kind):
    assert shade(value) == kind


def test_the_areas_come_back_from_the_page_as_the_tables_have_them():
    with use(PROJECT):
        for key in MAKERS:
            back: dict[str, str] = {}
            for part in reversed(shown(PROJECT, key).areas):
                for stretch in packed(part).split("|"):
                    first, figures = stretch.split(":")
                    for i, km2 in enumerate(figures.split(" ")):
                        back[str(date.fromisoformat(first) + timedelta(i))] = km2
            assert {d: Decimal(a) for d, a in back.items()} == {d: Decimal(a) for d, a in AREAS[key].items()}, key


def test_a_day_on_which_the_source_is_wrong_stays_in_its_table_and_off_the_line():
    (bad,) = (row for row in read("liveuamap_daily") if row["source_error"])
    assert (bad["date"], bad["km2"]) == ("2022-09-08", "136687.511") and "124,274 and 122,714" in bad["note"]
    with use(PROJECT):
        daily = shown(PROJECT, "liveuamap").areas[0]
        assert bad["date"] not in set(daily.frame["date"].astype(str))
        assert int(daily.frame.index.max()) in daily.origins[0].lines
        assert len(daily.origins[0].lines) == len(daily.frame) == len(read("liveuamap_daily")) - 1
        ends = daily.frame.loc[daily.frame["date"].between("2022-09-07", "2022-09-09"), "value"]
        assert [round(v) for v in ends] == [124274, 122714]


def test_no_other_day_of_a_line_is_a_spike():
    """More than three percent off both its neighbours, to one side, is what an error of a file looks like."""
    for key, days in AREAS.items():
        found = sorted(days)
        for a, b, c in zip(found, found[1:], found[2:], strict=False):
            if _between(a, c) == 2:
                low, here, high = (float(days[day]) for day in (a, b, c))
                off = here / low - 1, here / high - 1
                assert min(map(abs, off)) < 0.03 or off[0] * off[1] < 0, (key, b)


def test_the_page_says_where_map_and_share_are_of_two_copies(site):
    """Shares of maps and of the whole may differ by water at the coast; where they differ by more, the page has both."""
    soup = BeautifulSoup((site.html / PAGE).read_text(), "html.parser")
    said = {dt.get_text(): dt.find_next_sibling("dd").get_text(" ", strip=True) for dt in soup.select(".territory-whose dt")}
    for key, days in OBLASTS.items():
        text = said[MAKERS[key].name]
        apart = [day for day in days if day in AREAS[key] and abs(float(_sum(days[day])) / float(AREAS[key][day]) - 1) > 0.05]
        assert ("come from two copies, made" in text) is bool(apart), key
        for day in apart:
            wanted = f"on {words(day)}, when the oblasts add up to {whole(_sum(days[day]))} km² and the share is made from "
            assert f"{wanted}{whole(AREAS[key][day])} km²" in text
    assert "Until 1 March 2022 ISW drew one layer, so the first map holds advances too." in said["ISW, control alone"]
    assert "on 24 February 2022, when the oblasts add up to 55,916 km² and the share is made from 70,157 km²" in said["Liveuamap"]


def _sum(rows: dict) -> str:
    return str(sum(Decimal(row["area_km2"]) for row in rows.values()))


def test_the_page_says_what_crimea_reads_and_how_small_a_row_goes(site):
    soup = BeautifulSoup((site.html / PAGE).read_text(), "html.parser")
    said = {dt.get_text(): dt.find_next_sibling("dd").get_text(" ", strip=True) for dt in soup.select(".territory-whose dt")}
    for key, days in OBLASTS.items():
        crimea = sorted({Decimal(rows["Crimea + Sevastopol"]["pct"]) for rows in days.values()})
        reads = " to ".join(f"{value:f}%" for value in dict.fromkeys([crimea[0], crimea[-1]]))
        assert f"Crimea and Sevastopol read {reads}." in said[MAKERS[key].name]
        least = min((row for rows in days.values() for row in rows.values()), key=lambda row: Decimal(row["area_km2"]))
        where = f"{least['oblast']}, {words(least['date'])}"
        assert f"The smallest row has {float(least['area_km2']):g} km² ({where})." in said[MAKERS[key].name]


def test_of_equal_peaks_the_words_of_the_lines_have_the_first(site):
    chart = BeautifulSoup((site.html / PAGE).read_text(), "html.parser").select_one(".territory-chart title").get_text()
    for key, days in AREAS.items():
        peak = max(days, key=lambda day: (Decimal(days[day]), -date.fromisoformat(day).toordinal()))
        assert f"at most {share(days[peak])} on {words(peak)}" in chart, key
    assert AREAS["liveuamap"]["2022-03-28"] == AREAS["liveuamap"]["2022-03-29"] == max(AREAS["liveuamap"].values(), key=Decimal)


def test_no_line_leads_over_days_that_a_maker_has_no_row_of(site):
    """ISW's control layer has no row from December 2022 to November 2023: its line must have a hole there."""
    chart = BeautifulSoup((site.html / PAGE).read_text(), "html.parser").select_one(".territory-chart")
    left, right, *_ = map(float, chart["data-box"].split())
    start, span = date.fromisoformat(chart["data-first"]), int(chart["data-days"])
    days = sorted(AREAS["isw-control"])
    before, after = max(zip(days, days[1:], strict=False), key=lambda pair: _between(*pair))
    assert _between(before, after) > 300
    hole = [left + _between(str(start), day) / span * (right - left) for day in (before, after)]
    for path in chart.select("[data-line=isw-control] [data-km2] path"):
        xs = [float(x) for x in re.findall(r"[ML]([\d.]+) ", path["d"])]
        assert not (min(xs) < hole[0] + 1 and max(xs) > hole[1] - 1), "a line leads over the hole"


def _between(a: str, b: str) -> int:
    return (date.fromisoformat(b) - date.fromisoformat(a)).days


def test_the_page_is_light(site):
    def size(path: Path) -> int:
        return len(gzip.compress(path.read_bytes(), 9))

    assert size(site.html / PAGE) < 60_000
    assert size(site.html / "_static" / "territory.js") < 8_000
    assert len(list(OBLASTS)) == 4


def test_only_this_page_loads_its_files(site):
    asking = [path for path in site.pages if re.search(r'(src|href)="[^"]*_static/territory\.', (site.html / path).read_text())]
    assert asking == [PAGE]
    html = (site.html / PAGE).read_text()
    assert " style=" not in html and not re.search(r"\son\w+=", html)


# In a browser


@pytest.fixture
def explorer(browser, site):
    """Opens the explorer with a query; whatever a script throws fails the test."""
    errors: list[str] = []
    with window(browser) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))

        def opened(query: str = ""):
            page.goto(f"{site.url}/{PAGE}{query}")
            page.wait_for_selector(".territory-all[data-ready]")
            return page

        yield opened
    assert not errors, "\n".join(errors)


def settled(page) -> str:
    """The words about the map, once they have been said."""
    page.wait_for_timeout(450)
    return page.locator(".territory-words").inner_text()


def state(page) -> tuple[str, str]:
    link = parse_qs(urlsplit(page.locator(".territory-link a").get_attribute("href")).query)
    return link["maker"][0], link["day"][0]


def holds(page, key: str, day: str) -> None:
    """Every number on the page's map, in its table and in its words is the row's."""
    where, rows = f"{key}, {day}", OBLASTS[key][day]
    assert state(page) == (key, day), where
    found = page.locator(".territory-table tbody tr").evaluate_all(
        "all => all.map(r => [...r.cells].map(c => c.innerText.trim()))"
    )
    assert {cells[0] for cells in found} == set(rows) and len(found) == len(rows), where
    for oblast, pct, km2, line, source in found:
        row = rows[oblast]
        assert Decimal(pct.rstrip("%")) == Decimal(row["pct"]), f"{where}, {oblast}"
        assert Decimal(km2.replace(",", "")) == Decimal(row["area_km2"]), f"{where}, {oblast}"
        assert line == f"line {row['line']}" and source, f"{where}, {oblast}"
    shades = page.locator(".territory-map [data-oblast]").evaluate_all("all => all.map(p => [p.dataset.oblast, p.classList[1]])")
    assert len(shades) == 26
    for oblast, kind in shades:
        assert kind == (f"s{shade(float(rows[oblast]['pct']))}" if oblast in rows else "none"), f"{where}, {oblast}"
    labels = dict(
        page.locator(".territory-map [data-at]").evaluate_all(
            "all => all.map(g => [g.dataset.at, g.lastElementChild.textContent])"
        )
    )
    for oblast, label in labels.items():
        assert label == (f"{rounded(rows[oblast]['pct'])}%" if oblast in rows else ""), f"{where}, {oblast}"
    assert set(rows) - set(labels) <= {"Kyiv city"}, "only the city is too small to write in"
    km2 = AREAS[key].get(day)
    said = settled(page)
    name = MAKERS[key].name
    lead = (
        f"On {words(day)} Russian forces held {share(km2)} of Ukraine ({name})." if km2 else f"For {words(day)} there is no share"
    )
    assert said.startswith(lead), where
    listed = dict(re.findall(r"([A-Z][\w+ ]*?) (<?[\d.]+)%", said.split("By oblast: ")[1]))
    assert listed == {oblast: rounded(row["pct"]) for oblast, row in rows.items()}, where
    assert page.locator(".territory-share").inner_text() == (
        f"{share(km2)} on {words(day)}" if km2 else f"no figure on {words(day)}"
    )
    assert page.locator(".cursor .value").text_content() == (share(km2) if km2 else "")
    slider = page.locator("#territory-day")
    stops = list(OBLASTS[key])
    assert slider.get_attribute("aria-valuetext") == f"{words(day)}, map {sorted(stops).index(day) + 1} of {len(stops)}"


def rounded(pct: str) -> str:
    """As the book's charts print a share of an oblast."""
    value = float(pct)
    return "<0.1" if 0 < value < 0.05 else f"{value:.0f}" if value >= 1 or value == 0 else f"{value:.1f}"


@pytest.mark.parametrize("key", OBLASTS)
def test_every_map_shows_its_rows(explorer, key):
    """All the days of a maker, gone through by the slider's own keys."""
    page = explorer()
    page.locator(f"input[value={key}]").check()
    slider = page.locator("#territory-day")
    slider.press("Home")
    for i, day in enumerate(sorted(OBLASTS[key])):
        if i:
            slider.press("ArrowRight")
        holds(page, key, day)
    slider.press("ArrowRight")  # there is no more
    holds(page, key, day)


@pytest.mark.parametrize("key", AREAS)
def test_the_line_is_read_on_any_day_that_has_a_row(explorer, key):
    days = sorted(AREAS[key])
    picked = [days[0], *(days[len(days) * i // 5] for i in range(1, 5)), days[-1]]
    page = explorer(f"?maker={key}")
    _, held = state(page)
    for day in picked:
        page.locator("#territory-line").fill(day)
        said = page.locator(".territory-line-words").inner_text()
        lead = f"{words(day)}: {share(AREAS[key][day])} of Ukraine, {whole(AREAS[key][day])} km² ({MAKERS[key].name})."
        assert said == lead + (f" The map is of {words(held)}." if day != held else "")
        assert state(page) == (key, held), "the map moved with the line"


def test_a_day_without_a_row_is_not_filled_in(explorer):
    page = explorer("?maker=isw-control&day=2022-11-08")
    page.locator("#territory-line").fill("2023-03-01")
    before, after = (
        max(d for d in AREAS["isw-control"] if d < "2023-03-01"),
        min(d for d in AREAS["isw-control"] if d > "2023-03-01"),
    )
    wanted = f"ISW, control alone has no figure of 1 March 2023; the nearest are of {words(before)} and {words(after)}."
    assert page.locator(".territory-line-words").inner_text() == wanted
    assert page.locator(".reading").is_hidden()


def test_a_touch_on_the_lines_reads_the_nearest_row(explorer):
    page = explorer("?maker=deepstate")
    box = page.locator(".territory-chart").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.15, box["y"] + box["height"] / 2)  # in 2022, before the maker's first row
    first = min(AREAS["deepstate"])
    assert page.locator(".territory-line-words").inner_text().startswith(f"{words(first)}: {share(AREAS['deepstate'][first])}")


def test_a_pointer_on_an_oblast_says_its_figure(explorer):
    page = explorer("?maker=isw&day=2022-11-30")
    row = OBLASTS["isw"]["2022-11-30"]["Luhansk"]
    page.locator(".territory-map [data-oblast=Luhansk]").hover()
    assert page.locator(".territory-touched").inner_text() == f"Luhansk: {row['pct']}% held, {Decimal(row['area_km2']):,} km²"
    assert "touched" in page.locator(".territory-table tr[data-oblast=Luhansk]").get_attribute("class")
    page.locator(".territory-map [data-oblast=Lviv]").hover()
    assert page.locator(".territory-touched").inner_text() == "Lviv: no figure on this map"
    page.locator("h1").hover()
    assert not page.locator(".territory-touched").inner_text().strip()


def test_the_keyboard_alone_reaches_everything(explorer):
    """Makers, days and the line are a few stops of the Tab key; the figures of oblasts are in a table, not in 26 stops."""
    page = explorer()
    page.locator("input[name=maker]:checked").focus()
    page.keyboard.press("ArrowDown")
    holds(page, "isw-control", "2022-11-30")
    stops = []
    for _ in range(4):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert stops == ["Earlier", "territory-day", "Later", "territory-line"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    holds(page, "isw-control", "2023-12-07")
    for _ in range(12):  # past the end: the button stays, and does nothing
        page.keyboard.press("Enter")
    holds(page, "isw-control", "2025-12-28")
    assert page.evaluate("document.activeElement.textContent") == "Later"
    assert page.locator("[data-step='1']").get_attribute("aria-disabled") == "true"
    assert page.locator("[data-step='-1']").get_attribute("aria-disabled") == "false"
    assert not page.locator(".territory svg [tabindex], .territory svg a").count()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus can't be seen"


def test_sliding_says_only_where_it_ends(explorer):
    page = explorer("?maker=liveuamap&day=2022-02-24")
    settled(page)
    page.evaluate(
        """() => { window.said = [];
             for (const live of document.querySelectorAll('.territory [role=status]')) {
               new MutationObserver(() => said.push(live.textContent))
                 .observe(live, { childList: true, characterData: true, subtree: true }); } }"""
    )
    for _ in range(6):
        page.locator("#territory-day").press("ArrowRight")
    settled(page)
    said = page.evaluate("said")
    assert len(said) == 1 and said[0].startswith(f"On {words(sorted(OBLASTS['liveuamap'])[6])}"), said
    live = page.locator(".territory [role=status], .territory [aria-live], .territory output")
    assert live.evaluate_all("all => all.map(e => e.className)") == ["territory-line-words", "territory-lead"]
    assert "By oblast" not in said[0] and "By oblast: " in page.locator(".territory-words").inner_text()


def test_the_address_carries_the_view(explorer, site):
    page = explorer("?maker=isw-control&day=2022-09-12&line=2022-10-09")
    holds(page, "isw-control", "2022-09-12")
    assert page.locator(".territory-line-words").inner_text().startswith("9 October 2022: ")
    page.locator("[data-step='1']").click()
    settled(page)
    assert parse_qs(urlsplit(page.url).query) == {"maker": ["isw-control"], "day": ["2022-10-02"]}
    page.reload()
    holds(page, "isw-control", "2022-10-02")
    linked = page.locator(".territory-link a").get_attribute("href")
    page.goto(f"{site.url}/{PAGE}{linked}")
    holds(page, "isw-control", "2022-10-02")


def test_a_day_between_two_maps_shows_the_earlier_and_says_both_dates(explorer):
    page = explorer("?maker=isw&day=2022-11-11")
    holds(page, "isw", "2022-10-02")
    wanted = f"11 November 2022: {share(AREAS['isw']['2022-11-11'])} of Ukraine"
    said = page.locator(".territory-line-words").inner_text()
    assert said.startswith(wanted) and said.endswith("The map is of 2 October 2022.")


@pytest.mark.parametrize("query", ["?maker=nobody", "?day=2022-13-99", "?day=x&maker=isw", "?line=%00", "?day=1900-01-01"])
def test_an_address_that_asks_for_nothing_known_is_borne(explorer, query):
    page = explorer(query)
    key, day = state(page)
    holds(page, key, day)
    assert key == "isw" and day == ("2022-03-25" if "1900" in query else "2022-11-30")


def test_then_ends_at_the_cut_off(explorer):
    page = explorer("?maker=deepstate&day=2026-08-22")
    holds(page, "deepstate", "2026-08-22")
    page.evaluate(
        """() => { document.documentElement.dataset.clock = 'then';
                   document.dispatchEvent(new CustomEvent('companion:clock', { detail: 'then' })); }"""
    )
    key, day = state(page)
    assert (key, day) == ("isw", "2022-11-30")
    late = page.locator("input[value=deepstate]")
    assert late.is_disabled() and page.get_by_text(f"(no map before {words(min(OBLASTS['deepstate']))})").is_visible()
    for key in ("isw", "isw-control", "liveuamap"):
        page.locator(f"input[value={key}]").check()
        slider = page.locator("#territory-day")
        slider.press("End")
        last = max(day for day in OBLASTS[key] if day <= CUT_OFF)
        assert state(page) == (key, last)
        assert int(slider.get_attribute("max")) == sum(day <= CUT_OFF for day in OBLASTS[key]) - 1
        page.locator("[data-step='1']").click(force=True)  # it says that it is disabled
        assert state(page) == (key, last), "a step leads past the cut-off"
    box = page.locator(".territory-chart").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)  # in 2026
    assert page.locator(".territory-line-words").inner_text().startswith("31 December 2022: ")
    assert page.locator("#territory-line").get_attribute("max") == CUT_OFF
    page.locator(".territory-all > summary").click()
    settled(page)
    text = page.locator(".territory").inner_text() + page.locator(".territory-chart title").text_content()
    assert not re.search(r"\d \w+ 202[3-6]", text.replace("(no map before 8 July 2024)", "")), "a later day is still to be read"
    page.evaluate(
        """() => { delete document.documentElement.dataset.clock;
                   document.dispatchEvent(new CustomEvent('companion:clock', { detail: 'both' })); }"""
    )
    assert late.is_enabled()
    assert int(page.locator("#territory-day").get_attribute("max")) == len(OBLASTS["liveuamap"]) - 1


def test_an_end_of_the_slider_says_why_and_where_to_go_on(explorer):
    page = explorer("?maker=isw")  # its last map by the cut-off is its last of all
    why = page.locator(".territory-end")
    assert max(OBLASTS["isw"]) < min(max(OBLASTS[key]) for key in OBLASTS if key != "isw")
    others = "; ".join(MAKERS[key].name for key in MAKERS if key != "isw")
    assert why.inner_text() == f"These maps end here. Later days: {others}."
    for step in page.locator("[data-step]").all():
        assert step.get_attribute("aria-describedby") == why.get_attribute("id")
    page.locator("[data-step='-1']").click()
    assert why.inner_text() == ""
    page.locator("input[value=deepstate]").check()
    page.locator("#territory-day").press("Home")
    first = min(OBLASTS["deepstate"])
    earlier = "; ".join(MAKERS[key].name for key in MAKERS if key != "deepstate" and min(OBLASTS[key]) < first)
    assert why.inner_text() == f"These maps begin here. Earlier days: {earlier}."
    last = max(OBLASTS, key=lambda key: max(OBLASTS[key]))
    page.locator(f"input[value={last}]").check()
    page.locator("#territory-day").press("End")
    assert why.inner_text() == "No map is later than this."


def test_then_says_that_it_limits_the_days(explorer):
    page = explorer("?maker=liveuamap&day=2022-09-01")
    why = page.locator(".territory-end")
    assert "then" not in why.inner_text()
    page.locator("form.clocks input[value=then]").check(force=True)
    limit = f"By “then”, only maps that were public by {words(CUT_OFF)}."
    assert why.inner_text() == limit
    page.locator("#territory-day").press("End")
    assert why.inner_text() == limit, "what came after is no way on"
    page.locator("input[value=isw]").check()
    page.locator("#territory-day").press("End")
    later = "; ".join(
        who.name for key, who in MAKERS.items() if any(max(OBLASTS["isw"]) < day <= CUT_OFF for day in OBLASTS[key])
    )
    assert why.inner_text() == limit + (f" These maps end here. Later days: {later}." if later else "")


def test_a_reader_who_chose_then_before_finds_it_so(browser, site):
    with window(browser) as context:
        page = context.new_page()
        page.add_init_script("localStorage.setItem('clock', 'then')")
        page.goto(f"{site.url}/{PAGE}?maker=liveuamap&day=2026-08-22")
        page.wait_for_selector(".territory-all[data-ready]")
        assert page.evaluate("document.documentElement.dataset.clock") == "then"
        assert state(page) == ("liveuamap", CUT_OFF)
        assert page.locator("form.clocks input[value=then]").is_checked(), "the switch shows what holds"


def test_the_page_is_whole_without_scripts(browser, site):
    with window(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{PAGE}")
        maps = sum(map(len, OBLASTS.values()))
        small = page.locator(".territory-small svg")
        assert small.count() == maps and all(svg.is_visible() for svg in small.all())
        rows = page.locator(".territory-all tbody tr")
        assert rows.count() == sum(len(rows) for days in OBLASTS.values() for rows in days.values())
        assert (
            rows.first.is_visible()
            and page.locator(".territory-map").is_visible()
            and page.locator(".territory-chart").is_visible()
        )
        for control in ("#territory-day", "#territory-line", "[data-step]", "input[name=maker]", ".territory-link"):
            assert not page.locator(control).first.is_visible(), f"{control} works by a script alone"
        assert page.get_by_text("ISW, control alone").first.is_visible(), "the lines have no legend"
        used = set(small.first.locator("use").evaluate_all("all => all.map(u => u.getAttribute('href').slice(1))"))
        first = min(OBLASTS["isw"])
        assert used - {"oblasts-all"} == {ident(oblast) for oblast in OBLASTS["isw"][first] if oblast != "Kyiv city"} | (
            used & {ident("Kyiv city")}
        )


def test_where_the_script_does_not_come_all_maps_open(browser, site):
    with window(browser) as context:
        context.route("**/territory.js*", lambda route: route.abort())
        page = context.new_page()
        page.goto(f"{site.url}/{PAGE}")
        small = page.locator(".territory-small svg").first
        assert not small.is_visible(), "folded while the script may still come"
        page.wait_for_timeout(4600)
        assert small.is_visible() and page.locator(".territory-all tbody tr").first.is_visible()
        assert page.locator(".territory-all > section").first.bounding_box()["height"] > 100
        for control in ("#territory-day", "#territory-line", "[data-step]", "input[name=maker]"):
            assert not page.locator(control).first.is_visible(), f"{control} works by a script alone"
        page.locator(".territory-all > summary").click()
        assert not small.is_visible()
        page.locator(".territory-all > summary").click()
        assert small.is_visible()


def test_on_a_phone_no_column_is_cut(browser, site):
    with window(browser, "light", "phone") as context:
        page = context.new_page()
        page.goto(f"{site.url}/{PAGE}?maker=liveuamap")
        page.wait_for_selector(".territory-all[data-ready]")
        assert page.locator(".table-scroll:has(> .territory-table)").evaluate("e => e.scrollWidth <= e.clientWidth")
        row = page.locator(".territory-table tbody tr").first
        roles = row.evaluate("r => [r, ...r.cells].map(e => e.getAttribute('role'))")
        assert roles == ["row", "rowheader", "cell", "cell", "cell", "cell"]
        assert row.locator("td a").last.is_visible()


def test_a_name_lies_within_its_oblast(explorer):
    """Where there is room for it: the narrow ones keep a ground around the words."""
    page = explorer("?maker=isw&day=2022-11-30")
    off = page.evaluate(
        """() => [...document.querySelectorAll('.territory-map .at:not(.none) .name')].filter(text => {
             const path = document.querySelector(`.territory-map path[data-oblast="${text.parentNode.dataset.at}"]`);
             const { x, y, width, height } = text.getBBox(), svg = path.ownerSVGElement;
             return [0, 0.5, 1].some(part => !path.isPointInFill(Object.assign(svg.createSVGPoint(),
               { x: x + width * part, y: y + height * 0.6 })));
           }).map(text => text.textContent)"""
    )
    assert not off


def test_paper_has_every_map(explorer):
    page = explorer()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    small = page.locator(".territory-small svg")
    assert small.count() and all(svg.is_visible() for svg in small.all())
    assert not page.locator("#territory-day").is_visible() and not page.locator("[data-step]").first.is_visible()


def test_it_works_from_disk(browser, site):
    with window(browser) as context:
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{(site.html / PAGE).as_uri()}?maker=liveuamap&day=2022-12-15")
        page.wait_for_selector(".territory-all[data-ready]")
        holds(page, "liveuamap", "2022-12-15")
        page.locator("[data-step='1']").click()
        holds(page, "liveuamap", "2022-12-31")
        page.goto((site.html / PAGE).as_uri() + page.locator(".territory-link a").get_attribute("href"))
        holds(page, "liveuamap", "2022-12-31")
        assert not errors


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_while_it_loads(browser, site, width):
    with window(browser, width=width) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{PAGE}", wait_until="load")
        page.wait_for_timeout(500)
        shifts = page.evaluate(
            """() => new Promise(done => {
                 const found = [], ours = (n) => n.node?.nodeType === 1 && n.node.closest('.territory');
                 new PerformanceObserver(list => found.push(...list.getEntries()))
                   .observe({ type: 'layout-shift', buffered: true });
                 setTimeout(() => done(found.filter(s => s.sources.some(ours))
                   .map(s => [s.value, s.sources.map(n => n.node?.className)])), 200); })"""
        )
        assert sum(value for value, _ in shifts) < 0.02, shifts


@pytest.mark.parametrize(("mode", "width"), SIZES)
def test_axe_finds_nothing_after_a_change(browser, site, mode, width):
    """As it opens the page is judged with all the others; here with another maker, a line read, and the maps unfolded."""
    with window(browser, mode, width) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{PAGE}?maker=liveuamap&day=2022-03-25&line=2023-01-01")
        page.wait_for_selector(".territory-all[data-ready]")
        settled(page)
        assert not axe(page, ".territory"), f"{mode}, {width}: {axe(page, '.territory')}"
        page.locator(".territory-all > summary").click()
        page.evaluate(
            "for (const b of document.querySelectorAll('.territory-all tbody')) [...b.rows].slice(2).forEach(r => r.remove())"
        )
        assert not axe(page, ".territory-all")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# What a contributor may break: a minibook with an explorer of its own


SQUARES = {"North": (30, 50), "South": (30, 48), "East": (32, 48)}
SHARES = """date,oblast,series,pct,area_km2,source_id
2022-11-15,North,isw_control_plus_advances,10,100,maps_daily
2022-11-15,South,isw_control_plus_advances,90,900,maps_daily
2022-12-31,South,isw_control_plus_advances,80,800,maps_daily
2023-01-15,East,deepstate,5,50,maps_daily
"""
SIDECAR = """title: Invented shares
measures: Invented.
unit: '% of the oblast'
geography: An invented land
made: computed
how: Invented.
upstream: [maps_daily]
licence: {name: CC0-1.0, seen: 2026-11-24, note: Invented for tests.}
date: date
public: same day
public_basis: 'printed: the invented maps carry their day'
caveats: [Every figure is invented.]
schema:
  fields:
  - {name: date, type: date, description: Day.}
  - {name: oblast, type: string, description: Name.}
  - {name: series, type: string, description: Maker.}
  - {name: pct, type: number, description: Share.}
  - {name: area_km2, type: number, description: Area.}
  - {name: source_id, type: string, description: Source.}
"""


@pytest.fixture
def mapped(book) -> Path:
    """The minibook with a table of oblasts, their outlines and a page with the explorer."""
    folder = book / "data" / "territory"
    (folder / "oblast_share.csv").write_text(SHARES)
    (folder / "oblast_share.yml").write_text(SIDECAR)
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [[[x, y], [x + 2, y], [x + 2, y + 2], [x, y + 2], [x, y]]]},
        }
        for name, (x, y) in SQUARES.items()
    ]
    (folder / "oblasts.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    toc = book / "_toc.yml"
    toc.write_text(
        toc.read_text().replace(
            "  - caption: The evidence", "  - caption: Maps\n    chapters:\n      - file: maps\n  - caption: The evidence"
        )
    )
    (book / "maps.md").write_text("# Maps\n\n```{territory-explorer}\n:makers: isw, deepstate\n```\n")
    return book


def said(root: Path) -> list[str]:
    return [str(problem) for problem in run(Project(root)) if problem.rule == "explorer"]


def test_an_explorer_in_order_passes(mapped):
    assert said(mapped) == []
    project = Project(mapped)
    with use(project):
        who = shown(project, "isw")
        assert [f"{day:%Y-%m-%d}" for day in who.days] == ["2022-11-15", "2022-12-31"] and len(who.then) == 2
        assert list(who.maps[who.days[0]]["oblast"]) == ["South", "North"], "the largest share comes first"
        assert not shown(project, "deepstate").then


@pytest.mark.parametrize(
    ("path", "old", "new", "wanted"),
    [
        ("maps.md", "isw, deepstate", "isv", "maps.md:3: no map maker 'isv'; did you mean isw? [explorer]"),
        (
            "maps.md",
            "isw, deepstate",
            "liveuamap",
            "maps.md:3: column 'series' never holds 'liveuamap_via_nzz'; it holds deepstate, isw_control_plus_advances "
            "(data/territory/oblast_share.csv) [explorer]",
        ),
        (
            "data/territory/oblast_share.csv",
            "2022-12-31,South",
            "2022-12-31,Southh",
            "data/territory/oblast_share.csv:4: no oblast 'Southh' in data/territory/oblasts.geojson; did you mean South? "
            "[explorer]",
        ),
        (
            "data/territory/oblast_share.csv",
            "2022-11-15,North",
            "2022-11-15,South",
            "data/territory/oblast_share.csv:3: South has two figures of 2022-11-15 in isw_control_plus_advances; "
            "one map shows one [explorer]",
        ),
    ],
)
def test_bad_input_is_said_in_a_line(mapped, path, old, new, wanted):
    file = mapped / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    assert said(mapped) == [wanted]


def test_a_map_that_became_public_later_is_not_of_then(mapped):
    """A row about December that was printed in January could not be known by the cut-off."""
    file = mapped / "data" / "territory" / "oblast_share.csv"
    lines = file.read_text().splitlines()
    file.write_text(
        "\n".join([lines[0] + ",public_on", *(line + "," for line in lines[1:3]), lines[3] + ",2023-01-09", lines[4] + ","])
    )
    sidecar = file.with_suffix(".yml")
    sidecar.write_text(sidecar.read_text() + "  - {name: public_on, type: date, description: Day public.}\n")
    project = Project(mapped)
    with use(project):
        assert [f"{day:%Y-%m-%d}" for day in shown(project, "isw").then] == ["2022-11-15"]
