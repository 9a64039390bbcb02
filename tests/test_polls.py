"""The mathematics of polls, against statsmodels, a published example, and what must hold for any share."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from companion import difference, poll, pool, rows, share, smooth, together
from companion.figures import Figure
from companion.polls import DEFAULT_MARGIN, size_for_margin, wilson, with_intervals
from companion.problems import Wrong

SUPPORT = {"table": "polls/support", "answer": "support, total"}
sizes = st.integers(30, 100_000)
shares = st.floats(0, 100, allow_nan=False)
levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def figure(value: float, n: float, level: float = 0.95) -> Figure:
    low, high = wilson(value, n, level=level)
    return Figure(value, "%", (), low, high)


@given(n=sizes, data=st.data(), level=levels)
def test_wilson_is_that_of_statsmodels(n, data, level):
    count = data.draw(st.integers(0, n))
    expected = proportion_confint(count, n, alpha=1 - level, method="wilson")
    assert wilson(100 * count / n, n, level=level) == pytest.approx([100 * e for e in expected], abs=1e-8)


@given(share=shares, n=sizes, deff=st.floats(0.5, 10))
def test_wilson_holds_the_share_and_stays_a_share(share, n, deff):
    low, high = wilson(share, n, deff)
    assert 0 <= low <= share + 1e-9 and share - 1e-9 <= high <= 100
    assert high - low > 0


@given(share=shares, n=sizes, more=st.integers(1, 100_000))
def test_wilson_narrows_with_more_answers(share, n, more):
    (low, high), (lower, higher) = wilson(share, n + more), wilson(share, n)
    assert high - low < higher - lower


@given(share=shares, n=sizes)
def test_wilson_treats_yes_and_no_alike(share, n):
    low, high = wilson(share, n)
    assert wilson(100 - share, n) == pytest.approx((100 - high, 100 - low), abs=1e-9)


@given(share=shares, n=sizes, deff=st.floats(1.01, 5))
def test_a_design_effect_is_a_smaller_sample(share, n, deff):
    low, high = wilson(share, n, deff)
    assert (low, high) == pytest.approx(wilson(share, n / deff))
    assert high - low > wilson(share, n)[1] - wilson(share, n)[0]


def test_wilson_at_the_ends_is_exact():
    assert wilson(0, 1000)[0] == 0 and wilson(100, 1000)[1] == 100


@pytest.mark.parametrize("wrong", [(-1, 100), (101, 100), (50, 0), (50, 100, 0), (math.nan, 100)])
def test_wilson_refuses_what_is_no_share_or_sample(wrong):
    with pytest.raises(ValueError, match="share|sample"):
        wilson(*wrong)


@given(points=st.floats(0.5, 10))
def test_the_sample_for_a_margin_has_that_margin(points):
    n = size_for_margin(points)
    assert 1.959964 * 50 / math.sqrt(n) == pytest.approx(points, rel=1e-5)


def test_difference_is_newcombes_published_example():
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, example a: 56/70 less 48/80, method 10."""
    found = difference(figure(80, 70), figure(60, 80))
    assert found.value == pytest.approx(20)
    assert (found.low, found.high) == pytest.approx((5.24, 33.39), abs=0.005)
    assert found.unit == "percentage points"


@given(p=shares, q=shares, n=sizes, m=sizes)
def test_difference_holds_its_value_turns_its_sign_and_stays_in_range(p, q, n, m):
    there, back = difference(figure(p, n), figure(q, m)), difference(figure(q, m), figure(p, n))
    assert -100 - 1e-9 <= there.low <= there.value + 1e-9 and there.value - 1e-9 <= there.high <= 100 + 1e-9
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low), abs=1e-9)


@given(p=st.floats(5, 60), q=st.floats(5, 40), n=st.integers(200, 5000))
def test_two_answers_of_one_sample_vary_against_each_other(p, q, n):
    """More of one answer is less of the other, so that the interval is wider than for two samples."""
    assume(p + q < 100)
    found = difference(figure(p, n), figure(q, n), same_sample=n)
    half = found.high - found.value
    assert found.value == p - q and found.value - found.low == pytest.approx(half)
    # Variances of both and twice their covariance, -pq/n, subtracted; in percent.
    variance = (p * (100 - p) + q * (100 - q) + 2 * p * q) / n
    assert half == pytest.approx(1.959964 * math.sqrt(variance), rel=1e-6)
    assert half > 1.959964 * math.sqrt((p * (100 - p) + q * (100 - q)) / n)


def test_difference_needs_intervals():
    with pytest.raises(Wrong, match="intervals"):
        difference(Figure(50, "%", ()), figure(40, 100))


# On the minibook's tables


def test_every_estimate_of_a_poll_has_an_interval(minibook):
    found = poll(**SUPPORT)
    assert len(found) == 7
    for _, row in found.frame.iterrows():
        assert (row["low"], row["high"]) == pytest.approx(wilson(row["value"], row["n"], 1.5))
        assert row["interval"] == f"Wilson, effective n = {row['n'] / 1.5:,.0f}"


def test_the_tables_own_interval_comes_first(minibook):
    row = poll("polls/talks", answer="for talks", subgroup="young").frame.iloc[0]
    assert (row["low"], row["high"], row["interval"]) == (63.5, 76.1, "the table's own")


def test_where_no_sample_is_known_a_margin_stands_in(minibook):
    found = rows(**SUPPORT)
    bare = with_intervals(found.with_frame(found.frame.assign(n=math.nan, value=50.0)))
    for _, row in bare.frame.iterrows():
        # Wilson's interval for the sample that has the margin; it is a shade narrower than the plain one
        assert row["high"] - 50 == pytest.approx(DEFAULT_MARGIN, abs=0.02) and 50 - row["low"] == pytest.approx(
            DEFAULT_MARGIN, abs=0.02
        )
        assert row["interval"] == "a default margin of 4.0 points at 50%"


def test_an_effective_sample_is_not_shrunk_twice(minibook):
    found = rows(**SUPPORT)
    row = with_intervals(found.with_frame(found.frame.assign(n_eff=400.0))).frame.iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(wilson(row["value"], 400))


def test_share_is_one_row_with_its_interval_and_way_back(minibook):
    found = share(**SUPPORT, period_end="2022-11-30")
    assert (found.value, found.low, found.high) == pytest.approx((74, *wilson(74, 1600, 1.5)))
    assert [o.table.name for o in found.origins] == ["polls/support"] and found.sources == ["poll_2023"]
    assert minibook.tables["polls/support"].csv.read_text().split("\n")[found.origins[0].lines[0] - 1].startswith("2022-11-22")
    with pytest.raises(Wrong, match="7 rows"):
        share(**SUPPORT)


@given(value=st.floats(1, 99))
def test_pooling_polls_that_agree_gives_what_they_say(value):
    with _minibook():
        found = rows(**SUPPORT)
        result = pool(found.with_frame(found.frame.assign(value=value)))
    assert result.value == pytest.approx(value)
    assert "tau) 0.0 points" in result.how
    variance = [((h - low) / (2 * 1.959964)) ** 2 for low, h in (wilson(value, n, 1.5) for n in found.frame["n"])]
    half = 1.959964 / math.sqrt(sum(1 / v for v in variance))
    assert (result.low, result.high) == pytest.approx((value - half, value + half), rel=1e-4)


def test_polls_that_disagree_pool_to_a_wider_interval(minibook):
    found = rows(**SUPPORT)
    agreed = pool(found.with_frame(found.frame.assign(value=70.0)))
    apart = pool(found.with_frame(found.frame.assign(value=[60.0, 80, 60, 80, 60, 80, 70])))
    assert apart.value == pytest.approx(70, abs=0.5) and 60 < apart.low < apart.value < apart.high < 80
    assert apart.high - apart.low > 3 * (agreed.high - agreed.low)


def test_pooling_one_poll_is_an_error(minibook):
    with pytest.raises(Wrong, match="two polls or more"):
        pool(rows(**SUPPORT, period_end="2022-11-30"))


def test_smoothing_estimates_each_month_between_the_polls_and_none_outside(minibook):
    made = smooth(rows(**SUPPORT)).frame
    assert list(made["date"]) == list(pd.date_range("2022-03-31", "2024-03-31", freq="ME"))
    polled = made.loc[made["polls"] > 0, "date"].dt.strftime("%Y-%m").tolist()
    assert polled == ["2022-03", "2022-05", "2022-09", "2022-11", "2023-03", "2023-09", "2024-03"]
    assert (made["low"] <= made["value"]).all() and (made["value"] <= made["high"]).all()
    assert made["value"].between(70, 81).all()


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.ConvergenceWarning")  # no spread to find
def test_smoothing_what_does_not_move_leaves_it(minibook):
    found = rows(**SUPPORT)
    made = smooth(found.with_frame(found.frame.assign(value=70.0))).frame
    assert made["value"].to_numpy() == pytest.approx(70, abs=0.05)


def test_smoothing_needs_four_months(minibook):
    with pytest.raises(Wrong, match="four months"):
        smooth(rows(**SUPPORT, until="2022-10-31"))


def test_together_keeps_order_and_ways_back(minibook):
    one, two = rows(**SUPPORT, since="2023-01-01"), rows(**SUPPORT, until="2022-12-31")
    both = together(one, two)
    assert list(both.frame.index) == [*one.frame.index, *two.frame.index]
    assert both.origins == (*one.origins, *two.origins)
    with pytest.raises(Wrong, match="differ in unit"):
        together(one, rows("polls/detentions"))


def _minibook():
    from conftest import MINIBOOK

    from companion.project import Project, use

    return use(Project(MINIBOOK))


def test_an_interval_does_not_depend_on_whether_the_sample_was_printed(minibook):
    found = rows(**SUPPORT)
    table = found.tables[0]
    table.meta["default_margin"] = {"points": 3.4, "sample_n": 1600}
    bare = found.frame.assign(value=50.0, deff=math.nan)
    unknown, whole, half = (with_intervals(found.with_frame(bare.assign(n=n))).frame.iloc[0] for n in (math.nan, 1600, 800))
    assert (unknown["low"], unknown["high"]) == pytest.approx((whole["low"], whole["high"]))
    assert unknown["high"] - 50 == pytest.approx(3.4, abs=0.02)
    assert half["high"] - 50 == pytest.approx(3.4 * math.sqrt(2), abs=0.03)


def test_a_margin_of_another_pollster_is_said_to_be_that(minibook):
    found = rows(**SUPPORT)
    table = found.tables[0]
    bare = found.frame.assign(value=50.0, deff=math.nan, n=math.nan)
    table.meta["default_margin"] = {"points": 3.4, "sample_n": 1600, "of": "Pollster A"}
    whose = with_intervals(found.with_frame(bare.assign(pollster=["Pollster A", *["Pollster B"] * (len(bare) - 1)]))).frame
    assert whose["interval"].iloc[0] == "the pollster's margin of 3.4 points at 50%"
    borrowed = "a margin of 3.4 points at 50%, taken from that of Pollster A; this pollster's was not seen"
    assert set(whose["interval"].iloc[1:]) == {borrowed}
    assert whose["low"].nunique() == 1, "whose it is changes what is said and not the interval"
    half = with_intervals(found.with_frame(bare.assign(pollster="Pollster A", n=800))).frame
    assert set(half["interval"]) == {"the pollster's margin of 3.4 points at 50%, for this sample 4.8"}
    # Without a column the question says who asked, and its own margin goes before the table's.
    (about,) = table.meta["questions"].values()
    about["asked_by"] = "Pollster A (a city, independent)"
    assert with_intervals(found.with_frame(bare)).frame["interval"].iloc[0].startswith("the pollster's margin of 3.4")
    about["margin"] = {"points": 2.0}
    assert with_intervals(found.with_frame(bare)).frame["interval"].iloc[0] == "the pollster's margin of 2.0 points at 50%"


def test_norc_has_the_margin_that_it_states_for_its_own_sample():
    """3.4 points at 50% for the 1,046 whom NORC asked: at 63% a little less, and nothing is scaled."""
    from pathlib import Path

    from companion.polls import poll
    from companion.project import Project, use

    with use(Project(Path(__file__).parents[1])):
        every = poll("russian_opinion/other_polls").frame
    norc = every[every["pollster"] == "NORC"]
    assert set(norc["interval"]) == {"the pollster's margin of 3.4 points at 50%"} and set(norc["sample_n"]) == {1046}
    support = norc[norc["series"] == "norc support"].iloc[0]
    assert (support["value"], round(support["low"], 1), round(support["high"], 1)) == (63, 59.7, 66.2)
    for pollster in ("VTsIOM", "FOM", "Russian Field"):
        assert every.loc[every["pollster"] == pollster, "interval"].str.contains("this pollster's was not seen").all()
    assert not every.loc[every["pollster"] == "Levada Center", "interval"].str.contains("not seen").any()
