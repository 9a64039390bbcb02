"""The companion: claims, clocks, evidence and provenance for a book that annotates an op-ed.

A chapter imports from here only. Everything in ``__all__`` takes literals and gives rows, figures, values or charts, so
that ``companion check`` can compute a chapter's evidence without running it.
"""

__version__ = "0.1.0"

from companion import charts as chart
from companion.figures import count, day_of, extreme, minus, one, ratio, rounded, total, value
from companion.polls import by_month, difference, poll, pool, share, smooth, together
from companion.tables import rows
from companion.territory import (
    area,
    days_below,
    first_day_at,
    held,
    last_day_at,
    net_by_month,
    net_change,
    printed_shares,
    share_held,
    shares,
)

__all__ = [
    "area",
    "by_month",
    "chart",
    "count",
    "day_of",
    "days_below",
    "difference",
    "extreme",
    "first_day_at",
    "held",
    "last_day_at",
    "minus",
    "net_by_month",
    "net_change",
    "one",
    "poll",
    "pool",
    "printed_shares",
    "ratio",
    "rounded",
    "rows",
    "share",
    "share_held",
    "shares",
    "smooth",
    "together",
    "total",
    "value",
]
