"""How much insincerity a majority could bear: from the project's own polls to ``data/russian_opinion/break_even.csv``.

``python -m companion.recompute.break_even`` takes no file: the table follows from three other tables of polls, so run it
when a row of them has changed. Each row names its table, source and days; the answer that counts as support is here. The
share and its interval are those that ``share`` of the book gives, and of every hundred supporters 100 × (1 − 50 ÷ share)
would have to be insincere for support to be half of all asked, or none if the share is under half.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import pandas as pd

from companion.figures import Figure
from companion.problems import Wrong
from companion.recompute import Comparison, beside, finish

TABLE = "russian_opinion/break_even"
SUPPORT: dict[str, dict[str, dict[str, str]]] = {
    "russian_opinion/levada_support": {"Levada Center": {"answer": "support, total"}},
    "russian_opinion/chronicles_support": {"Chronicles": {"series": "support", "answer": "support"}},
    "russian_opinion/other_polls": {
        "FOM": {"series": "fom decision right", "answer": "right"},
        "VTsIOM": {"series": "vtsiom decision", "answer": "support"},
        "NORC": {"series": "norc support", "answer": "support"},
        "Russian Field": {"series": "russian field approval", "answer": "approve, total"},
    },
}
ROUNDING = 0.05
"""Percent: all figures have one decimal, and shares of Chronicles two."""


def insincere(share: float) -> float:
    """Of a hundred supporters, how many would have to be insincere for support to be half of all asked."""
    return max(0.0, 100 * (1 - 50 / share)) if share else 0.0


def redo(table: pd.DataFrame, share: Callable[..., Figure]) -> list[Comparison]:
    """The table beside what follows from the shares; ``share`` takes a table's name and a filter."""
    found = {}
    for row in table.itertuples():
        name = row.seen_at.removeprefix("data/").removesuffix(".csv")
        figure = share(name, source_id=row.source_id, period_start=row.period_start, **SUPPORT[name][row.pollster])
        low, high = sorted((figure.low, figure.high))
        found[row.poll] = {"support": figure.value, "support_low": low, "support_high": high}
        found[row.poll] |= {"value": insincere(figure.value), "ci_low": insincere(low), "ci_high": insincere(high)}
    redone, table = pd.DataFrame.from_dict(found, orient="index"), table.set_index("poll")
    return [beside(f"{TABLE}, {name}", redone[name], table[name], ROUNDING, "percent") for name in redone]


def main(arguments: list[str] | None = None) -> int:
    from companion.polls import share
    from companion.project import current

    argparse.ArgumentParser(prog="python -m companion.recompute.break_even", description=__doc__.split("\n")[0]).parse_args(
        arguments
    )
    try:
        return finish(redo(current().table(TABLE).frame, share))
    except Wrong as err:
        print(err, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
