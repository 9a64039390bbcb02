"""The mathematics of polls: intervals, differences, pooling and smoothing, with what they do not cover.

Shares are in percent. Every interval here is about sampling alone: it does not cover refusal, fear or wording.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd

from companion.figures import Figure, _both
from companion.problems import Problem, Wrong
from companion.tables import Rows, Table, merge_origins
from companion.tables import rows as _rows

DEFAULT_MARGIN = 4.0
"""Percentage points at a share of 50%, where neither the sample's size nor the pollster's margin is known."""


def wilson(share: float, n: float, deff: float = 1.0, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share in percent, on the effective sample ``n / deff``.

    ``n`` is the number of answers, ``deff`` the design effect (Kish: n times the sum of squared weights over the
    square of their sum). Returns low and high in percent. Method: E. B. Wilson (1927), JASA 22, 209-212.
    """
    if not 0 <= share <= 100:
        raise ValueError(f"a share lies between 0 and 100 percent, not {share}")
    if n <= 0 or deff <= 0:
        raise ValueError(f"sample ({n}) and design effect ({deff}) are above 0")
    p, size = share / 100, n / deff
    z = NormalDist().inv_cdf(0.5 + level / 2)
    middle = (p + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * math.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    # The exact ends at 0% and 100% come out a rounding error off.
    low = 0.0 if p == 0 else max(0.0, middle - half)
    high = 1.0 if p == 1 else min(1.0, middle + half)
    return 100 * low, 100 * high


def size_for_margin(points: float, level: float = 0.95) -> float:
    """The simple random sample whose margin at 50% is ``points`` percentage points."""
    return (NormalDist().inv_cdf(0.5 + level / 2) * 50 / points) ** 2


def with_intervals(found: Rows, y: str = "value", level: float = 0.95) -> Rows:
    """Rows of a poll table with ``low``, ``high`` and ``interval`` (how it was made), in percent.

    In this order: the table's own interval (``ci_low``, ``ci_high``); Wilson on the effective sample, where ``n_eff`` or
    ``n`` or ``sample_n`` with ``deff`` is known; the margin at 50% that a pollster states, from the sidecar: the ``margin``
    of the question, else the table's ``default_margin``; Wilson on the plain sample; and else ``DEFAULT_MARGIN``. A margin is
    turned into the simple random sample that has it, so that it narrows toward 0 and 100. Where it names the ``sample_n``
    that it is for, the two give a design effect, and a row with another sample is scaled by it: an interval never depends on
    whether the page that a row was read on happened to print the sample. Where it names in ``of`` whose margin it is, and
    that is another pollster than the row's, ``interval`` says so.
    """
    table = found.tables[0]

    def interval(row: pd.Series) -> tuple[float, float, str]:
        share = row[y]
        if pd.isna(share):
            return math.nan, math.nan, ""
        if pd.notna(row.get("ci_low")) and pd.notna(row.get("ci_high")):
            return row["ci_low"], row["ci_high"], "the table's own"
        if pd.notna(row.get("n_eff")):
            return *wilson(share, row["n_eff"], 1.0, level), f"Wilson, effective n = {row['n_eff']:,.0f}"
        size = next((row[c] for c in ("n", "sample_n") if pd.notna(row.get(c))), None)
        if size is not None and pd.notna(row.get("deff")):
            return *wilson(share, size, row["deff"], level), f"Wilson, effective n = {size / row['deff']:,.0f}"
        about = _question(table, row)
        stated = about.get("margin") or table.meta.get("default_margin")
        if stated:
            points, of = stated.get("points", DEFAULT_MARGIN), stated.get("of")
            scale = size / stated["sample_n"] if size is not None and stated.get("sample_n") else 1.0
            own = of is None or of == pollster_of(row, about)
            how = ("the pollster's" if own else "a") + f" margin of {points} points at 50%"
            scaled = round(points / math.sqrt(scale), 1)
            how += f", for this sample {scaled}" if scaled != points else ""
            how += "" if own else f", taken from that of {of}; this pollster's was not seen"
            return *wilson(share, size_for_margin(points, level) * scale, 1.0, level), how
        if size is not None:
            return *wilson(share, size, 1.0, level), f"Wilson, n = {size:,.0f}"
        whole = size_for_margin(DEFAULT_MARGIN, level)
        return *wilson(share, whole, 1.0, level), f"a default margin of {DEFAULT_MARGIN} points at 50%"

    frame = found.frame.copy()
    made = [interval(row) for _, row in frame.iterrows()]
    frame["low"], frame["high"], frame["interval"] = (pd.Series(part, index=frame.index) for part in zip(*made, strict=True))
    return found.with_frame(frame)


def _question(table: Table, row: pd.Series) -> dict:
    """What the sidecar says of the question of a row; nothing, where it doesn't name it."""
    questions = table.meta.get("questions")
    if not isinstance(questions, dict):
        return {}
    only = next(iter(questions)) if len(questions) == 1 else None
    about = questions.get(row.get("series") if isinstance(row.get("series"), str) else only)
    return about if isinstance(about, dict) else {}


def pollster_of(row: pd.Series | dict, about: dict) -> str:
    """Whose poll a row is of: its ``pollster``, else the name at the head of the question's ``asked_by``."""
    named = row.get("pollster")
    return named if isinstance(named, str) else re.split(r" \(|, |; ", str(about.get("asked_by") or "not stated"))[0]


def poll(table: str, **where) -> Rows:
    """``rows(table, …)`` with an interval on every estimate; see ``with_intervals``."""
    return with_intervals(_rows(table, **where))


def share(table: str, column: str = "value", **where) -> Figure:
    """One share from a poll table, with its interval; the filter must leave one row."""
    from companion.figures import one

    figure = one(table, column, **where)
    found = Rows(figure.origins[0].frame, figure.origins, "", figure.unit)
    row = with_intervals(found, column).frame.iloc[0]
    return replace(figure, low=float(row["low"]), high=float(row["high"]))


def difference(a: Figure, b: Figure, same_sample: int | None = None, level: float = 0.95) -> Figure:
    """``a - b`` in percentage points, with its interval.

    For two samples the interval is Newcombe's hybrid of the two shares' own intervals (R. G. Newcombe (1998), Statistics
    in Medicine 17, 873-890, method 10). For two answers to one question in one sample give its effective size as
    ``same_sample``: the answers exclude each other, so the variance is that of a multinomial difference.
    """
    for figure in (a, b):
        if figure.low is None or figure.high is None:
            raise Wrong(Problem("", 0, "value", "a difference needs shares with intervals; make them with share(…)"))
    gap = a.value - b.value
    if same_sample:
        p, q = a.value / 100, b.value / 100
        half = NormalDist().inv_cdf(0.5 + level / 2) * 100 * math.sqrt((p + q - (p - q) ** 2) / same_sample)
        low, high, how = gap - half, gap + half, f"two answers in one sample of {same_sample:,.0f}"
    else:
        low = gap - math.hypot(a.value - a.low, b.high - b.value)
        high = gap + math.hypot(a.high - a.value, b.value - b.low)
        how = "two samples, Newcombe's interval"
    return Figure(gap, "percentage points", _both(a, b), low, high, how=f"first share minus second; {how}")


def pool(found: Rows, y: str = "value", level: float = 0.95) -> Figure:
    """One estimate from several polls of one thing: random effects, so that pollsters may differ by more than sampling.

    DerSimonian and Laird's method through ``statsmodels.stats.meta_analysis.combine_effects``. Returns percent.
    """
    from statsmodels.stats.meta_analysis import combine_effects

    frame = with_intervals(found, y).frame.dropna(subset=[y])
    if len(frame) < 2:
        raise Wrong(Problem(found.tables[0].path, 0, "value", "pooling needs two polls or more"))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    variance = ((frame["high"] - frame["low"]) / (2 * z)) ** 2
    # The method sets a spread below zero to none, which leaves the fixed-effect mean; statsmodels goes on with it as it is.
    with np.errstate(invalid="ignore", divide="ignore"):
        result = combine_effects(frame[y].to_numpy(float), variance.to_numpy(float), method_re="dl", alpha=1 - level)
        estimate = result.summary_frame().loc["random effect" if result.tau2 > 0 else "fixed effect"]
    tau = math.sqrt(max(result.tau2, 0))
    how = f"random-effects mean of {len(frame)} polls (DerSimonian-Laird); spread between polls (tau) {tau:.1f} points"
    return Figure(float(estimate["eff"]), found.unit, found.origins, float(estimate["ci_low"]), float(estimate["ci_upp"]), how)


def smooth(found: Rows, y: str = "value", level: float = 0.95) -> Rows:
    """A monthly estimate from polls at odd dates, with a band: rows of ``date``, ``value``, ``low`` and ``high`` in percent.

    A local-level model (random walk plus sampling noise) by the Kalman smoother of ``statsmodels.tsa.UnobservedComponents``.
    Polls of one month are averaged first. A month without a poll is estimated from its neighbours and has ``polls`` = 0; nothing
    is estimated before the first poll or after the last. Draw the polls themselves beside it.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    frame = found.frame.dropna(subset=[y])
    month = frame[found.date].dt.to_period("M")
    by_month = frame.groupby(month)[y]
    if len(by_month) < 4:
        raise Wrong(Problem(found.tables[0].path, 0, "value", "smoothing needs polls in four months or more"))
    grid = pd.period_range(month.min(), month.max(), freq="M")
    means, polls = by_month.mean().reindex(grid), by_month.size().reindex(grid, fill_value=0)
    fitted = UnobservedComponents(means.to_numpy(float), level="local level").fit(disp=False)
    state, spread = fitted.smoothed_state[0], np.sqrt(fitted.smoothed_state_cov[0, 0])
    z = NormalDist().inv_cdf(0.5 + level / 2)
    out = pd.DataFrame(
        {
            "date": grid.to_timestamp(how="end").normalize(),
            "value": state,
            "low": state - z * spread,
            "high": state + z * spread,
            "polls": polls.to_numpy(),
            "source_id": ";".join(found.sources[:3]),
        }
    )
    return Rows(out, found.origins, "date", found.unit, how="Monthly local-level estimate (Kalman smoother) with 95% band.")


def together(*parts: Rows) -> Rows:
    """Several selections as one, in the order given; they must share unit and date column."""
    if len({(part.unit, part.date) for part in parts}) > 1:
        raise Wrong(Problem("", 0, "rows", "the selections differ in unit or date column"))
    frame = pd.concat([part.frame for part in parts])
    return Rows(frame, merge_origins(parts), parts[0].date, parts[0].unit, breaks=tuple(b for p in parts for b in p.breaks))


def by_month(found: Rows, column: str = "period_end") -> Rows:
    """The same rows, each placed on the first day of the month of ``column``, so that its bar stands over its month's name.

    (Placed by its last day, the bar of March would stand over April.) Two rows of one series in one month are an error.
    """
    frame = found.frame
    if column not in frame or not pd.api.types.is_datetime64_any_dtype(frame[column]):
        raise Wrong(Problem(found.tables[0].path, 0, "rows", f"no date column '{column}'; it has {', '.join(frame.columns)}"))
    month = frame[column].dt.to_period("M").dt.to_timestamp()
    if month.duplicated().any():
        twice = f"{month[month.duplicated()].iloc[0]:%Y-%m}"
        raise Wrong(Problem(found.tables[0].path, 0, "rows", f"two rows in {twice} where {found.origins[0].where}; name one"))
    return replace(found, frame=frame.assign(month=month), date="month")
