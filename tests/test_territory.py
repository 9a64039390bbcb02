"""Territory: whose map, of which whole, and nothing filled in."""

from __future__ import annotations

import calendar
from datetime import date

import pandas as pd
import pytest
from conftest import MINIBOOK
from hypothesis import given, settings
from hypothesis import strategies as st

from companion import area, days_below, first_day_at, held, last_day_at, net_by_month, net_change, share_held, shares, territory
from companion.problems import Wrong
from companion.project import Project, use
from companion.tables import Origin, Rows
from companion.territory import MAPS, base_area

WHOLE = "Ukraine with Crimea"
PROJECT = Project(MINIBOOK)
with use(PROJECT):
    DAYS = {maker: [f"{d:%Y-%m-%d}" for d in area(*maker).frame["date"]] for maker in MAPS}
maps = st.sampled_from(list(MAPS))


@pytest.fixture(autouse=True)
def _current():
    with use(PROJECT):
        yield


def test_every_map_is_there():
    assert len(MAPS) == 4 and all(len(days) > 40 for days in DAYS.values())


@given(maker=maps, data=st.data())
def test_net_changes_add_up(maker, data):
    start, middle, end = (data.draw(st.sampled_from(DAYS[maker])) for _ in range(3))
    with use(PROJECT):
        whole = net_change(*maker, start, end).value
        assert net_change(*maker, start, middle).value + net_change(*maker, middle, end).value == pytest.approx(whole)
        assert whole == held(*maker, end).value - held(*maker, start).value


@given(maker=maps, data=st.data(), base=st.sampled_from([WHOLE, "Ukraine without Crimea"]))
def test_a_share_of_its_whole_is_the_area(maker, data, base):
    day = data.draw(st.sampled_from(DAYS[maker]))
    with use(PROJECT):
        part = share_held(*maker, base, day)
        assert part.value / 100 * base_area(base).value == pytest.approx(held(*maker, day).value)
        found = shares(*maker, base, since=day, until=day)
    assert list(found.frame["value"]) == [pytest.approx(part.value)]
    assert part.unit == f"% of {base}" and {o.table.name for o in part.origins} == {MAPS[maker][0], "territory/area_of_ukraine"}


def test_a_share_says_its_whole():
    with_crimea, without = (share_held("isw", "control", base, "2022-11-30") for base in (WHOLE, "Ukraine without Crimea"))
    assert with_crimea.value < without.value
    with pytest.raises(Wrong, match="never holds 'Atlantis'"):
        share_held("isw", "control", "Atlantis", "2022-11-30")


def test_the_net_changes_of_months_add_up_to_the_whole_change():
    months = net_by_month("isw", "control and advances", since="2022-03-01", until="2023-06-30")
    assert len(months) == 15
    assert list(months.frame["date"]) == list(pd.date_range("2022-04-30", "2023-06-30", freq="ME"))
    whole = net_change("isw", "control and advances", "2022-03-31", "2023-06-30")
    assert months.frame["value"].sum() == pytest.approx(whole.value) and whole.value < -10_000


def test_a_month_without_a_map_at_its_end_is_left_out_and_so_is_the_next():
    """The second maker has no map from 16 to 31 August."""
    months = net_by_month("deepstate", "occupied", since="2022-04-01", until="2022-12-31")
    assert months.frame["date"].dt.month.tolist() == [5, 6, 7, 10, 11, 12]


@settings(max_examples=60)
@given(data=st.data())
def test_net_by_month_compares_month_ends_and_fills_in_nothing(data):
    every = pd.date_range("2022-01-01", "2022-08-31")
    kept = data.draw(st.lists(st.booleans(), min_size=len(every), max_size=len(every)))
    days = every[kept]
    values = pd.Series(range(len(days)), dtype=float) ** 2
    table = PROJECT.tables["territory/isw_daily"]
    frame = pd.DataFrame({"date": days, "value": values.to_numpy(), "source_id": "maps_daily"}, index=range(2, len(days) + 2))
    found = Rows(frame, (Origin(table, (), "all"),), "date", "km²")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(territory, "area", lambda *arguments: found)
        made = net_by_month("isw", "control", "2022-01-01", "2022-08-31").frame
    ends = {}
    for month in range(1, 9):
        last = calendar.monthrange(2022, month)[1]
        close = [d for d in days if d.month == month and d.day >= last - 3]
        if close:
            ends[month] = max(close)
    assert made["date"].dt.month.tolist() == [m for m in ends if m - 1 in ends]
    on = dict(zip(frame["date"], frame["value"], strict=True))
    for _, row in made.iterrows():
        month = row["date"].month
        assert (row["start"], row["end"]) == (ends[month - 1], ends[month])
        assert row["value"] == on[row["end"]] - on[row["start"]]


@pytest.mark.parametrize(
    ("day", "near"),
    [("2022-08-31", "2022-08-15 and 2022-09-01"), ("2022-01-01", "2022-04-01"), ("2030-01-01", "2023-06-30")],
)
def test_a_day_without_a_map_is_an_error_that_names_the_nearest(day, near):
    for call in (lambda: held("deepstate", "occupied", day), lambda: net_change("deepstate", "occupied", day, "2022-11-30")):
        with pytest.raises(Wrong) as caught:
            call()
        assert f"no map of {day} in territory/deepstate_daily; the nearest days are {near}" in str(caught.value)
        assert str(caught.value).count("and 20") == near.count("and")


def test_an_unknown_map_is_an_error_that_names_those_there():
    with pytest.raises(Wrong, match="maker='isw', control='control and advances'"):
        area("isw", "everything")


def test_last_and_first_day_at_a_share():
    series = shares("isw", "control and advances", WHOLE).frame
    above = series[series["value"] >= 20]["date"]
    last = last_day_at("isw", "control and advances", WHOLE, share=20, before="2022-12-31")
    assert last.value == above.max().date() == last.as_of and isinstance(last.value, date)
    following = series[series["date"] > pd.Timestamp(last.value)].iloc[0]
    assert following["value"] < 20
    first = first_day_at("isw", "control and advances", WHOLE, share=20, after="2022-03-01")
    assert first.value == date(2022, 3, 2)
    with pytest.raises(Wrong, match="never stood at 90%"):
        last_day_at("isw", "control", WHOLE, share=90, before="2022-12-31")
    with pytest.raises(Wrong, match="never reached 90%"):
        first_day_at("isw", "control", WHOLE, share=90, after="2022-12-31")


@given(maker=maps, share=st.integers(0, 30))
def test_days_below_counts_mapped_days_and_no_others(maker, share):
    with use(PROJECT):
        since, until = DAYS[maker][0], DAYS[maker][-1]
        series = shares(*maker, WHOLE).frame["value"]
        made = days_below(*maker, WHOLE, share, since, until)
    assert made.value == sum(value < share for value in series) and made.unit == "days"
    assert len(made.origins[0].lines) == len(series)


def test_figures_lead_back_to_their_lines():
    change = net_change("liveuamap", "occupied", "2022-03-31", "2022-11-30")
    lines = PROJECT.tables["territory/liveuamap_daily"].csv.read_text().split("\n")
    (origin,) = change.origins
    assert [lines[n - 1][:10] for n in origin.lines] == ["2022-03-31", "2022-11-30"]
    assert change.as_of == date(2022, 11, 30)
    assert change.became_public(PROJECT) == (date(2022, 11, 30), "printed: the invented maps carry their day")
